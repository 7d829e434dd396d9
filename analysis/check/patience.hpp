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

  /// A step of the work, of less than a microsecond or so. Throws TimeIsUp.
  void step() {
    constexpr std::uint64_t kBetweenQuestions = 4096;
    if (steps_++ % kBetweenQuestions == 0) ask();
  }
  /// Between two parts of the work. Throws TimeIsUp.
  void ask() const {
    if (stop_ && stop_()) throw TimeIsUp();
  }

 private:
  const std::function<bool()>& stop_;
  std::uint64_t steps_ = 0;
};

}  // namespace sibyl::analysis
