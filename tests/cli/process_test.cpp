// The program as a process: standard streams that are closed or shared with files, and signals.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "scenarios/files.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::process_test {

using namespace sibyl::test;

namespace {

constexpr std::size_t kMost = std::size_t{1} << 20U;

/// What the shell's command ends with, and what it writes; `sibyl` is the program.
Ran shell(const Folder& folder, std::string command) {
  // The word, and no part of a path: the tree may lie in a folder of that name.
  for (auto at = command.find("sibyl "); at != std::string::npos; at = command.find("sibyl ", at)) {
    const bool is_word = at == 0 || command[at - 1] == ' ' || command[at - 1] == '(';
    if (is_word) command.replace(at, 5, SIBYL_BINARY);
    at += is_word ? std::string(SIBYL_BINARY).size() : 5;
  }
  const std::string whole =
      "cd '" + folder.path.string() + "' && { " + command + "; } 2> err > out";
  const int status = std::system(whole.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder / "out", kMost),
          read_file(folder / "err", kMost)};
}

/// Retries for ever.
constexpr std::string_view kEndless = R"({"format": "sibyl-scenario/1", "id": "endless",
  "protocol": {"name": "ds-smr", "variants": ["printed-map"], "options": {"fallback_after": 0}},
  "deployment": {"partitions": {"P1": {}, "P2": {}}, "objects": {"x": {"at": "P1"}}},
  "limits": {"events": 100000000},
  "workload": {"operations": [{"client": "a", "do": "delete", "object": "x"},
                              {"client": "a", "do": "read", "object": "x"}]}})";

/// Starts the program, sends it the signal after a while, and waits.
Ran interrupted(const Folder& folder, std::vector<std::string> arguments, int signal) {
  const pid_t child = fork();
  if (child == 0) {
    const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int out = open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    std::vector<char*> argv{const_cast<char*>(SIBYL_BINARY)};
    for (std::string& each : arguments) argv.push_back(each.data());
    argv.push_back(nullptr);
    execv(SIBYL_BINARY, argv.data());
    _exit(127);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  kill(child, signal);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder / "out", kMost),
          read_file(folder / "err", kMost)};
}

}  // namespace

TEST_CASE("an output that standard input is read from is refused, and stays") {
  const Folder folder;
  write_file(folder / "a.json", read_file(kOne, kMost));
  const std::string before = read_file(folder / "a.json", kMost);
  for (const std::string option : {"-o", "--trace", "--history"}) {
    const Ran ran = shell(folder, "sibyl run - " + option + " a.json < a.json");
    CHECK(ran.status == 64);
    CHECK(ran.err == "sibyl: " + option +
                         " a.json would overwrite the file that standard input is read from; give "
                         "another path\n");
  }
  CHECK(shell(folder, "sibyl view - -o ./a.json --to text < a.json").status == 64);
  CHECK(read_file(folder / "a.json", kMost) == before);
  CHECK(shell(folder, "sibyl run - -o b.json < a.json").status == 0);
  CHECK(shell(folder, "cat a.json | sibyl run - -o a.json").status == 0);  // a pipe is no file
}

TEST_CASE("a closed standard stream is file trouble, and no file takes its place") {
  const Folder folder;
  write_file(folder / "a.json", read_file(kOne, kMost));
  const Ran in = shell(folder, "sibyl run - <&-");
  CHECK(in.status == 74);
  CHECK(in.says("standard input: cannot be read: Bad file descriptor"));
  const Ran out = shell(folder, "sibyl run a.json >&-");
  CHECK(out.status == 74);
  CHECK(out.says("standard output: cannot be written: Bad file descriptor"));
  CHECK(shell(folder, "sibyl run a.json --quiet --trace t >&- 2>&- <&-").status == 0);
  CHECK(read_file(folder / "t", kMost).substr(0, 10) == "{\"format\":");
}

TEST_CASE("a file that grows too large ends with 74 and leaves nothing") {
  const Folder folder;
  const Ran ran = shell(folder, "(ulimit -f 4; sibyl run --quiet " + kOne + " --trace t)");
  CHECK(ran.status == 74);
  CHECK(ran.says("t: cannot be written: File too large"));
  CHECK_FALSE(std::filesystem::exists(folder / "t"));
}

TEST_CASE("what is no scenario, or no trace, is named as what it is") {
  const Folder folder;
  REQUIRE(shell(folder, "sibyl run " + kOne + " --quiet --trace t --history h").status == 0);
  REQUIRE(shell(folder, "sibyl run " + kOne + " --quiet --trace t.zst").status == 0);
  const Ran trace = shell(folder, "sibyl run t");
  CHECK(trace.status == 65);
  CHECK(trace.err == "t: is a trace, not a scenario; sibyl view and sibyl diff read it\n");
  CHECK(shell(folder, "sibyl run t.zst").says("t.zst: is compressed; only a trace"));
  CHECK(shell(folder, "sibyl run h").says("h: is a history, not a scenario"));
  CHECK(shell(folder, "sibyl view h").says("h: is a history, not a scenario"));
  CHECK(shell(folder, "sibyl diff h t").says("h: is no trace but a history"));
  const Ran scenario = shell(folder, "sibyl diff t " + kOne);
  CHECK(scenario.status == 65);
  CHECK(scenario.says("is no trace but a scenario; sibyl run with --trace makes a trace of it"));
}

TEST_CASE("one interruption ends a run, a drawing and a checker, with 130 and nothing written") {
  const Folder folder;
  write_file(folder / "endless.json", kEndless);
  for (const int signal : {SIGINT, SIGTERM}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"run", folder / "endless.json", "-o", folder / "x"},
          std::vector<std::string>{"view", folder / "endless.json", "-o", folder / "x.svg"},
          std::vector<std::string>{"run", folder / "endless.json", folder / "endless.json", "-o",
                                   folder / "x"}}) {
      const Ran ran = interrupted(folder, arguments, signal);
      CHECK(ran.status == 130);
      CHECK(ran.err.rfind("sibyl: interrupted", 0) == 0);
      CHECK(ran.out.empty());
    }
  }
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    ++files;
  }
  CHECK(files == 3);  // the scenario, out, err
}

TEST_CASE("check --online of a pipe ends where it is certain, while the pipe is open still") {
  const Folder folder;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
    dup2(open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    execl(SIBYL_BINARY, SIBYL_BINARY, "check", "-", "--model", "register", "--online", nullptr);
    _exit(127);
  }
  close(ends[0]);
  const std::string events =
      "{:process 0 :type :invoke :f :write :value 1}\n"
      "{:process 0 :type :ok :f :write :value 1}\n"
      "{:process 1 :type :invoke :f :read :value nil}\n"
      "{:process 1 :type :ok :f :read :value nil}\n";
  REQUIRE(write(ends[1], events.data(), events.size()) == ssize_t(events.size()));
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  close(ends[1]);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(read_file(folder / "out", kMost).find("certain at line 4") != std::string::npos);
}

TEST_CASE("a report that cannot be written is file trouble, whatever the verdict is") {
  const Folder folder;
  const std::string b1 = SIBYL_SOURCE_DIR "/scenarios/partitioned/B1.json --only ssmr-B1";
  write_file(folder / "campaign.json", R"({"format": "sibyl-campaign/1", "runs": 512, "entries": [
      {"scenario": ")" SIBYL_SOURCE_DIR
                                       R"(/scenarios/partitioned/B1.json", "only": "ssmr-B1",
       "expect": "holds"}]})");
  for (const std::string& command :
       {"explore " + b1 + " --runs 512",  // a small report: 1 without trouble
        "explore " + b1 + " --runs 512 --json",
        "explore " + b1 + " --strategy exhaustive --states 10 --json",  // 2 without trouble
        std::string("explore --campaign campaign.json"), "shrink " + b1 + " --search 0",
        "shrink " + b1 + " --search 0 --json",
        "run " + b1 + " --set /expect={} --json",  // 1 without trouble
        std::string("list scenarios"), std::string("list --json"), std::string("schema"),
        std::string("schema shrink"), std::string("version"), std::string("completion bash")}) {
    const Ran ran = shell(folder, "sibyl " + command + " > /dev/full");
    CHECK_MESSAGE(ran.status == 74, command);
    CHECK(ran.says("standard output: cannot be written: No space left on device"));
  }
  CHECK(shell(folder, "sibyl run none.json > /dev/full").status == 74);
  CHECK(shell(folder, "sibyl run --nothing > /dev/full").status == 64);
}

}  // namespace sibyl::process_test
