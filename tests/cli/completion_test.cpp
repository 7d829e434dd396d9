// Completion scripts: they know every verb and option, and bash completes by them.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::completion_test {

namespace {

std::string output_of(const std::vector<std::string>& arguments) {
  const test::Ran ran = test::sibyl_with(arguments);
  CHECK(ran.status == cli::kAsExpected);
  return ran.out;
}

/// The first words of the lines of "sibyl --help" after "Subcommands:".
std::vector<std::string> verbs_in_help() {
  std::istringstream help(output_of({"--help"}));
  std::vector<std::string> verbs;
  bool inside = false;
  for (std::string line; std::getline(help, line);) {
    std::istringstream words(line);
    std::string first;
    if (inside && line.rfind("  ", 0) == 0 && line[2] != ' ' && words >> first) {
      verbs.push_back(first);
    }
    inside = inside ? !line.empty() : line == "Subcommands:";
  }
  return verbs;
}

/// The long options that the help of a verb names at the beginning of a line.
std::vector<std::string> options_in_help(const std::string& verb) {
  std::istringstream help(output_of({verb, "--help"}));
  std::vector<std::string> options;
  for (std::string line; std::getline(help, line);) {
    const auto begin = line.find("--");
    if (line.rfind("  -", 0) != 0 || begin == std::string::npos) continue;
    options.push_back(line.substr(begin, line.find_first_of(" ,=", begin) - begin));
  }
  return options;
}

/// What bash offers for the last of these words, after the script was read.
std::string bash_offers(const std::string& script, const std::string& words) {
  const test::Folder folder;
  const std::string file = folder / "words.bash";
  write_file(file, script + "\nCOMP_WORDS=(" + words +
                       ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                       "_sibyl\necho \"${COMPREPLY[@]}\"\n");
  std::string out;
  std::FILE* pipe = popen(("bash --norc '" + file + "' 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), static_cast<int>(block.size()), pipe) != nullptr) {
    out += block.data();
  }
  CHECK(pclose(pipe) == 0);
  return out;
}

}  // namespace

TEST_CASE("the completion of every shell has every verb and every option of it") {
  const std::vector<std::string> verbs = verbs_in_help();
  REQUIRE(verbs.size() >= 7);
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string script = output_of({"completion", shell});
    for (const std::string& verb : verbs) {
      CAPTURE(shell);
      CAPTURE(verb);
      CHECK(script.find(verb) != std::string::npos);
      const std::vector<std::string> options = options_in_help(verb);
      CHECK(options.size() >= 4);
      for (const std::string& option : options) {
        CAPTURE(option);
        const std::string in_fish =
            "'__fish_seen_subcommand_from " + verb + "'" + (option == "--out" ? " -s o" : "");
        if (shell != "fish") {
          const auto line = script.find("'" + verb + " '-*)");
          REQUIRE(line != std::string::npos);
          const std::string offered = script.substr(line, script.find('\n', line) - line);
          CHECK(offered.find(option) != std::string::npos);
        } else if (option != "--help") {
          CHECK(script.find(in_fish + " -l " + option.substr(2) + " ") != std::string::npos);
        }
      }
    }
  }
}

TEST_CASE("bash completes verbs, options, their choices and arguments") {
  const std::string script = output_of({"completion", "bash"});
  CHECK(bash_offers(script, "sibyl ve") == "version\n");
  CHECK(bash_offers(script, "sibyl run --hist") == "--history\n");
  CHECK(bash_offers(script, "sibyl run --color ''") == "auto always never\n");
  CHECK(bash_offers(script, "sibyl list sta") == "state-machines\n");
  CHECK(bash_offers(script, "sibyl completion ''") == "bash zsh fish\n");
  CHECK(bash_offers(script, "sibyl run ''") == "\n");  // files, by the shell's default
}

TEST_CASE("completion for an unknown shell is refused with those there are") {
  const test::Ran ran = test::sibyl_with({"completion", "tcsh"});
  CHECK(ran.status == cli::kUsage);
  CHECK(ran.says("bash,zsh,fish"));
}

}  // namespace sibyl::completion_test
