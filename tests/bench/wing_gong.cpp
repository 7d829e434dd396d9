// The baseline of the checkers' benchmark.
#include "tests/bench/wing_gong.hpp"

#include <algorithm>
#include <ctime>
#include <string>
#include <unordered_map>
#include <vector>

namespace sibyl::bench {

namespace {

using analysis::FlatHistory;
using analysis::FlatOperation;

constexpr std::size_t kNil = ~std::size_t{0};

struct BaselineEntry {
  std::int64_t at = 0;
  bool is_return = false;
  std::uint32_t op = 0;  ///< in the key's operations
  std::size_t match = kNil;
  std::size_t previous = kNil;
  std::size_t next = kNil;
};

using Bits = std::vector<std::uint64_t>;

std::uint64_t hash_of(const Bits& bits) {
  std::uint64_t hash = bits.size();
  for (const std::uint64_t word : bits) hash = (hash ^ word) * 0x9e3779b97f4a7c15U ^ (hash >> 29U);
  return hash;
}

std::uint32_t function_of(const FlatHistory& history, std::string_view word) {
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    if (history.functions.word(f) == word) return f;
  }
  return ~std::uint32_t{0};
}

/// Integers: what a register holds.
struct NumberStore {
  using State = std::uint32_t;
  std::uint32_t write;
  explicit NumberStore(const FlatHistory& history) : write(function_of(history, "write")) {}
  static State initial() { return analysis::kNullCode; }
  bool step(State& state, const FlatOperation& op) const {
    if (op.f == write) {
      state = op.value;
      return true;
    }
    return op.outcome != OperationOutcome::ok || op.value == state;
  }
};

/// Texts: what a key of a key-value store holds.
struct TextStore {
  using State = std::string;
  const FlatHistory& history;
  std::uint32_t get;
  std::uint32_t put;
  explicit TextStore(const FlatHistory& of)
      : history(of), get(function_of(of, "get")), put(function_of(of, "put")) {}
  static State initial() { return {}; }
  bool step(State& state, const FlatOperation& op) const {
    if (op.f == get)
      return op.outcome != OperationOutcome::ok || history.values.text(op.value) == state;
    if (op.f == put) state.clear();
    state += history.values.text(op.value);
    return true;
  }
};

template <class Model>
class Lowe {
 public:
  using State = typename Model::State;

  Lowe(const Model& model, const std::vector<const FlatOperation*>& operations, double deadline,
       std::uint64_t bytes)
      : model_(model), operations_(operations), deadline_(deadline), bytes_left_(bytes) {
    link();
  }

  Baseline run() {
    Bits done(operations_.size() / 64 + 1, 0);
    State state = Model::initial();
    std::size_t entry = entries_[0].next;
    std::uint64_t steps = 0;
    while (entries_[0].next != kNil) {
      if (++steps % 1024 == 0 && (bytes_left_ == 0 || seconds() > deadline_))
        return Baseline::gave_up;
      const BaselineEntry& e = entries_[entry];
      if (!e.is_return) {
        State next = state;
        if (model_.step(next, *operations_[e.op])) {
          Bits with = done;
          with[e.op / 64] |= std::uint64_t{1} << (e.op % 64);
          if (remember(with, next)) {
            calls_.emplace_back(entry, state);
            state = next;
            done = with;
            lift(entry);
            entry = entries_[0].next;
            continue;
          }
        }
        entry = e.next;
        continue;
      }
      if (calls_.empty()) return Baseline::violated;
      entry = calls_.back().first;
      state = calls_.back().second;
      calls_.pop_back();
      done[entries_[entry].op / 64] &= ~(std::uint64_t{1} << (entries_[entry].op % 64));
      unlift(entry);
      entry = entries_[entry].next;
    }
    return Baseline::linearizable;
  }

  static double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

 private:
  void link() {
    entries_.push_back({});
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const bool returned = operations_[i]->outcome == OperationOutcome::ok;
      entries_.push_back({operations_[i]->call, false, i});
      entries_.push_back({returned ? operations_[i]->ret : FlatOperation::kNever, true, i});
    }
    std::sort(entries_.begin() + 1, entries_.end(),
              [](const BaselineEntry& a, const BaselineEntry& b) {
                if (a.at != b.at) return a.at < b.at;
                return a.is_return != b.is_return ? !a.is_return : a.op < b.op;
              });
    std::vector<std::size_t> call(operations_.size());
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      entries_[i].previous = i - 1;
      entries_[i - 1].next = i;
      if (entries_[i].is_return) {
        entries_[call[entries_[i].op]].match = i;
      } else {
        call[entries_[i].op] = i;
      }
    }
  }

  bool remember(const Bits& bits, const State& state) {
    std::vector<std::pair<Bits, State>>& bucket = memory_[hash_of(bits)];
    for (const auto& [other, with] : bucket) {
      if (with == state && other == bits) return false;
    }
    bucket.emplace_back(bits, state);
    const std::uint64_t cost = bits.size() * 8 + 96;
    bytes_left_ -= std::min(bytes_left_, cost);
    return true;
  }

  void take_out(std::size_t at) {
    const BaselineEntry& e = entries_[at];
    entries_[e.previous].next = e.next;
    if (e.next != kNil) entries_[e.next].previous = e.previous;
  }
  void put_back(std::size_t at) {
    const BaselineEntry& e = entries_[at];
    entries_[e.previous].next = at;
    if (e.next != kNil) entries_[e.next].previous = at;
  }
  void lift(std::size_t call) {
    take_out(call);
    take_out(entries_[call].match);
  }
  void unlift(std::size_t call) {
    put_back(entries_[call].match);
    put_back(call);
  }

  const Model& model_;
  const std::vector<const FlatOperation*>& operations_;
  double deadline_;
  std::uint64_t bytes_left_;
  std::vector<BaselineEntry> entries_;
  std::vector<std::pair<std::size_t, State>> calls_;
  std::unordered_map<std::uint64_t, std::vector<std::pair<Bits, State>>> memory_;
};

template <class Model>
Baseline judge_keys(const FlatHistory& history, double limit, std::uint64_t bytes) {
  const Model model{history};
  std::vector<std::vector<const FlatOperation*>> keys(history.keys.size() + 1);
  for (const FlatOperation& op : history.operations) {
    const bool keyed = op.key != FlatOperation::kNoKey;
    keys[keyed ? op.key : history.keys.size()].push_back(&op);
  }
  const double deadline = Lowe<Model>::seconds() + limit;
  Baseline result = Baseline::linearizable;
  for (const auto& operations : keys) {
    const Baseline found = Lowe<Model>(model, operations, deadline, bytes).run();
    if (found == Baseline::violated) return found;
    if (found == Baseline::gave_up) return found;
  }
  return result;
}

}  // namespace

Baseline wing_gong(const FlatHistory& history, double seconds, std::uint64_t bytes) {
  const bool texts = history.functions.size() > 0 && history.functions.word(0) == "get";
  return texts ? judge_keys<TextStore>(history, seconds, bytes)
               : judge_keys<NumberStore>(history, seconds, bytes);
}

}  // namespace sibyl::bench
