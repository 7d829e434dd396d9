// Where the orders of a few operations end.
#include "analysis/check/why_ends.hpp"

#include <cstdint>
#include <set>

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostOrdered = 24;
constexpr std::size_t kMostPlaces = 50'000;
constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 20U;  // of states

class Ends {
 public:
  Ends(const Part& part, const Model& model)
      : part_(part), machine_(model.compile(part.operations, part.initial)) {
    const std::size_t n = part.operations.size();
    before_.assign(n, 0);
    for (std::size_t i = 0; i < n; ++i) {
      if (!pending(part.operations[i])) completed_ |= 1U << i;
      for (std::size_t j = 0; j < n; ++j) {
        if (ended_before(part, j, i)) before_[i] |= 1U << j;
      }
    }
  }

  FinalConfigurations run(std::size_t most) {
    go(0, machine_->initial());
    FinalConfigurations result;
    if (too_many()) return result;
    for (const End& end : ends_) {
      if (result.shown.size() == most) {
        ++result.more;
        continue;
      }
      FinalConfiguration shown{end.order, machine_->value_of(end.state), {}};
      for (std::size_t i = 0; i < part_.operations.size(); ++i) {
        if ((completed_ & ~end.done & 1U << i) == 0) continue;
        shown.left.emplace_back(i, need(i, end));
      }
      result.shown.push_back(std::move(shown));
    }
    return result;
  }

 private:
  struct End {
    std::uint32_t done = 0;
    Machine::State state = 0;
    std::vector<std::size_t> order;
  };

  bool too_many() const { return seen_.size() > kMostPlaces || machine_->bytes() > kMostBytes; }

  void go(std::uint32_t done, Machine::State state) {
    if (too_many() || !seen_.emplace(done, state).second) return;
    bool goes_on = false;
    for (std::size_t i = 0; i < part_.operations.size(); ++i) {
      if ((done & 1U << i) != 0 || (before_[i] & ~done) != 0) continue;
      const auto next = machine_->step(state, i);
      if (!next || (pending(part_.operations[i]) && *next == state)) continue;
      goes_on = true;
      order_.push_back(i);
      go(done | 1U << i, *next);
      order_.pop_back();
    }
    if (goes_on) return;
    const int score = __builtin_popcount(done & completed_);
    if (score > best_) ends_.clear();
    best_ = std::max(best_, score);
    if (score == best_) ends_.push_back({done, state, order_});
  }

  std::string need(std::size_t i, const End& end) {
    for (std::size_t j = 0; j < part_.operations.size(); ++j) {
      if ((before_[i] & ~end.done & 1U << j) == 0) continue;
      return has_to_follow(operation_name(part_.operations[j], part_.index[j]));
    }
    return machine_->why_not(end.state, i);
  }

  const Part& part_;
  std::unique_ptr<Machine> machine_;
  std::uint32_t completed_ = 0;
  std::vector<std::uint32_t> before_;  ///< by operation: those that have to come before it
  std::set<std::pair<std::uint32_t, Machine::State>> seen_;
  std::vector<std::size_t> order_;
  std::vector<End> ends_;
  int best_ = -1;
};

}  // namespace

FinalConfigurations final_configurations(const Part& part, const Model& model, std::size_t most) {
  if (part.operations.size() > kMostOrdered) return {};
  return Ends(part, model).run(most);
}

}  // namespace sibyl::analysis
