// Binding, in every state of an exhaustive search: which values correct nodes put out in the
// continuations of a state (scenarios/binding.hpp says what binding is).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "scenarios/state_set.hpp"
#include "sim/step_table.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

class ValuesAhead {
 public:
  /// Values by their bits, in the order in which they are met.
  using Values = std::uint8_t;
  static constexpr std::size_t kMost = 8;
  /// What a step puts out. `first`: it may be the first output: a value, "?" (null), or that a node
  /// stops undecided (counter "stopped").
  struct Output {
    Values values = 0;
    bool first = false;
  };

  explicit ValuesAhead(const std::vector<TraceNode>& nodes) : nodes_(nodes) {}
  Output of(const std::vector<Observed>& observed) {
    Output all;
    for (const Observed& o : observed) {
      if (o.node.value >= nodes_.size() || nodes_[o.node.value].faulty) continue;
      all.first = all.first || o.decided || o.counted == "stopped";
      if (o.decided && !o.decided->is_null()) all.values |= bit_of(*o.decided);
    }
    return all;
  }
  static bool two(Values values) { return std::popcount(values) > 1; }
  /// Of a state, by its hash; kept when all its continuations are known.
  void keep(std::uint64_t state, Values values) {
    for (std::size_t i = 0; i < kMost; ++i) {
      if ((values >> i & 1U) != 0) ahead_[i].insert(state);
    }
  }
  Values after(std::uint64_t state) const {
    Values all = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (ahead_[i].contains(state)) all = static_cast<Values>(all | 1U << i);
    }
    return all;
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const StateSet& set : ahead_) sum += set.bytes();
    return sum;
  }

 private:
  /// Of more than kMost values the last ones share a bit.
  Values bit_of(const Value& value) {
    auto at = std::find(values_.begin(), values_.end(), value);
    if (at == values_.end() && values_.size() < kMost) {
      values_.push_back(value);
      at = values_.end() - 1;
    }
    const auto place = std::min<std::ptrdiff_t>(at - values_.begin(), kMost - 1);
    return static_cast<Values>(1U << place);
  }

  std::vector<TraceNode> nodes_;
  std::vector<Value> values_;
  std::array<StateSet, kMost> ahead_;
};

}  // namespace sibyl
