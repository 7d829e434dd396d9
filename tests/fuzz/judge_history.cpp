// Fuzzes the judges: whatever the history, the cheapest method that decides it, the layered search
// and the judge of growing histories do not contradict each other, and a violation is explained.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analysis/check/judge.hpp"
#include "scenarios/histories/follow.hpp"
#include "scenarios/histories/load.hpp"

namespace {

using sibyl::analysis::Verdict;

/// Gives up after so many questions.
std::function<bool()> patience() {
  return [asked = 0]() mutable { return ++asked > 200; };
}

bool contradict(Verdict a, Verdict b) {
  return a != b && a != Verdict::inconclusive && b != Verdict::inconclusive;
}

}  // namespace

/// The first byte chooses the model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sibyl;
  if (size == 0) return 0;
  constexpr std::string_view kModels[] = {"register", "kv",   "mutex", "queue",
                                          "objects",  "bank", "set"};
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20U;
  const std::string model(kModels[(data[0] + 1U) % 7U]);
  analysis::OnlineOptions online;
  online.stop = patience();
  online.max_bytes = kMostBytes;
  HistoryFollower follower(model, online);
  LoadOptions options;
  options.format = "jsonl";
  options.model = model;
  options.listener = &follower;
  try {
    TextWindow window(
        ByteSource::of_text({reinterpret_cast<const char*>(data) + 1, size - 1}, "fuzz"));
    const LoadedHistory loaded = load_history(window, options);
    analysis::JudgeOptions how;
    how.model = model;
    how.stop = patience();
    how.max_bytes = kMostBytes;
    const Verdict one = analysis::judge(loaded.history, how).verdict;
    how.stop = patience();
    how.from = analysis::Method::layered;
    how.explains = false;
    const Verdict other = analysis::judge(loaded.history, how).verdict;
    const Verdict grown = follower.certain()             ? Verdict::violated
                          : follower.undecided().empty() ? Verdict::holds
                                                         : Verdict::inconclusive;
    if (contradict(one, other) || contradict(one, grown)) std::abort();
  } catch (const InputError& e) {
    if (e.file != "fuzz") std::abort();
  }
  return 0;
}
