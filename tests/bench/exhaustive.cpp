// Exhaustive search beside spin (G. J. Holzmann, The Model Checker SPIN, IEEE TSE 23(5), 1997), on
// the same model with the same states, taking turns.
#include "tests/bench/exhaustive.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/ratios.hpp"
#include "tests/bench/replication.hpp"

namespace sibyl::bench {

namespace {

constexpr std::uint8_t kFollowers = 3;
constexpr std::uint8_t kCommands = 2;

struct Figures {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  double seconds = 0;
  double bytes = 0;  ///< a state
};

/// Nothing to be told but that something is wrong.
struct Silent final : StateSearch::Listener {
  void ended(Outcome /*outcome*/) override {}
  void cut_off() override { std::abort(); }
  void returned(std::size_t /*since*/) override {}
  void broken() override { std::abort(); }
  void hit(const std::string& /*probe*/) override {}
  void again() override {}
};

Figures search(bool reduce) {
  const double begin = thread_seconds();
  StateSearchOptions options;
  options.states = 100'000'000;
  options.observed = false;
  options.reduce = reduce;
  options.invariant = replication::applied_is_committed();
  Silent silent;
  StateSearch search(replication::make(kFollowers, kCommands), options, false, silent);
  search.run();
  const double seconds = thread_seconds() - begin;
  return {search.states, search.transitions, seconds,
          static_cast<double>(search.memory_bytes()) / static_cast<double>(search.states)};
}

/// A folder of its own, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sibyl-bench-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// False when the command fails.
  bool run(const std::string& command) const {
    const std::string all = fmt::format("cd '{}' && {}", path_.string(), command);
    return !path_.empty() && std::system(all.c_str()) == 0;  // NOLINT: a fixed command
  }
  std::string read(const char* file) const {
    std::ifstream in(path_ / file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_;
};

double children_seconds() {
  rusage r{};
  getrusage(RUSAGE_CHILDREN, &r);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(r.ru_utime) + seconds(r.ru_stime);
}

/// The number before `what` in what pan prints.
double number_before(const std::string& text, const std::string& what) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) return 0;
  const std::size_t line = text.rfind('\n', at) + 1;
  return std::strtod(text.c_str() + line, nullptr);
}

/// spin's verifiers of the model, built once.
class Spin {
 public:
  Spin() {
    const std::string generate =
        fmt::format("spin -m -DFOLLOWERS={} -DCOMMANDS={} -a '{}/replication.pml' > spin.log 2>&1",
                    kFollowers, kCommands, SIBYL_BENCH_SOURCE_DIR);
    const std::string compile =
        " && cc -O2 -w -DNDEBUG -DSAFETY -DNOREDUCE -DMEMLIM=6000 -o whole pan.c"
        " && cc -O2 -w -DNDEBUG -DSAFETY -DMEMLIM=6000 -o reduced pan.c";
    there_ = folder_.run("command -v spin > /dev/null && " + generate + compile);
  }
  bool there() const { return there_; }
  std::optional<Figures> run(bool reduce) const {
    const double begin = children_seconds();
    if (!there_ || !folder_.run(reduce ? "./reduced -m100000 -w24 > out.txt"
                                       : "./whole -m100000 -w24 > out.txt")) {
      return std::nullopt;
    }
    Figures f;
    f.seconds = children_seconds() - begin;
    const std::string text = folder_.read("out.txt");
    f.states = static_cast<std::uint64_t>(number_before(text, " states, stored"));
    f.transitions = static_cast<std::uint64_t>(number_before(text, " transitions (="));
    const double megabytes = number_before(text, "actual memory usage for states");
    f.bytes = megabytes * 1024 * 1024 / static_cast<double>(std::max<std::uint64_t>(1, f.states));
    return f;
  }

 private:
  Folder folder_;
  bool there_ = false;
};

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

void print(const char* who, const Figures& f, double seconds) {
  fmt::print("{:<16} {:>10} {:>12} {:>8.2f} {:>12.0f} {:>10.1f}\n", who, f.states, f.transitions,
             seconds, static_cast<double>(f.states) / seconds, f.bytes);
  std::fflush(stdout);
}

void report(bool reduce, int rounds, const Spin& spin) {
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  Figures mine;
  std::optional<Figures> other;
  for (int i = 0; i < rounds; ++i) {
    mine = search(reduce);
    ours.push_back(mine.seconds);
    other = spin.run(reduce);
    if (!other) continue;
    theirs.push_back(other->seconds);
    ratios.push_back((static_cast<double>(mine.states) / mine.seconds) /
                     (static_cast<double>(other->states) / other->seconds));
  }
  const std::string kind = reduce ? ", reduced" : "";
  print(("sibyl" + kind).c_str(), mine, median(ours));
  if (!other) return;
  print(("spin" + kind).c_str(), *other, median(theirs));
  fmt::print("{:<16} {:.2f} of spin's states a CPU second\n", "ratio" + kind, median(ratios));
}

}  // namespace

void report_exhaustive(int rounds) {
  const Spin spin;
  fmt::print("{:<16} {:>10} {:>12} {:>8} {:>12} {:>10}\n", "", "states", "transitions", "CPU s",
             "states/s", "bytes/state");
  report(false, rounds, spin);
  report(true, rounds, spin);
  if (!spin.there()) fmt::print("spin is not there (Debian package spin): sibyl alone\n");
}

}  // namespace sibyl::bench
