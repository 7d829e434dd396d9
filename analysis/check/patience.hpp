// Whether the time allowed is over, asked now and then by work that is no search.
#pragma once

#include <cstdint>
#include <functional>

namespace sibyl::analysis {

/// Thrown where it is over.
struct TimeIsUp {};

class Patience {
 public:
  /// `stop` may be empty; it lives as long.
  explicit Patience(const std::function<bool()>& stop) : stop_(stop) {}

  /// So many steps of the work, each of less than a microsecond or so, are done. Throws TimeIsUp.
  void step(std::uint64_t steps = 1) {
    constexpr std::uint64_t kBetweenQuestions = 4096;
    steps_ += steps;
    if (steps_ < kBetweenQuestions) return;
    steps_ = 0;
    if (stop_ && stop_()) throw TimeIsUp();
  }

 private:
  const std::function<bool()>& stop_;
  std::uint64_t steps_ = 0;  ///< since the last question
};

}  // namespace sibyl::analysis
