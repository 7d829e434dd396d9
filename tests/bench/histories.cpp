// Histories of a simulated store: clients in a closed loop, in continuous time.
#include "tests/bench/histories.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace sibyl::bench {

namespace {

using analysis::FlatHistory;
using analysis::FlatOperation;

/// Numbers in [0, 1) from a counter (SplitMix64).
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U) {}
  std::uint64_t word() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  double next() { return static_cast<double>(word() >> 11U) * 0x1p-53; }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(word() % n); }

 private:
  std::uint64_t state_;
};

enum class Phase : std::uint8_t { call, effect, giving_back };

struct Due {
  double at = 0;
  std::uint64_t tie = 0;
  std::uint32_t client = 0;
  Phase phase = Phase::call;
  double rest = 0;  ///< from the effect to the return
  bool operator>(const Due& other) const {
    return at != other.at ? at > other.at : tie > other.tie;
  }
};

class Store {
 public:
  explicit Store(const HistoryShape& shape) : shape_(shape), draw_(shape.seed) {
    read_ = static_cast<std::uint16_t>(history_.functions.number(shape.texts ? "get" : "read"));
    write_ =
        static_cast<std::uint16_t>(history_.functions.number(shape.texts ? "append" : "write"));
    if (shape.texts) put_ = static_cast<std::uint16_t>(history_.functions.number("put"));
    for (std::uint32_t i = 0; i < shape.keys; ++i) history_.keys.number("k" + std::to_string(i));
    values_.assign(shape.keys, analysis::kNullCode);
    texts_.resize(shape.keys);
    history_.operations.reserve(shape.operations);
    choose_pending();
  }

  FlatHistory run() {
    for (std::uint32_t c = 0; c < shape_.clients; ++c) {
      process_.push_back(history_.processes.number(std::to_string(c)));
      open_.push_back(0);
      push({draw_.next(), 0, c, Phase::call, 0});
    }
    while (!due_.empty()) {
      const Due now = due_.top();
      due_.pop();
      if (now.phase == Phase::call) {
        call(now);
      } else if (now.phase == Phase::effect) {
        take_effect(history_.operations[open_[now.client]]);
        push({now.at + now.rest, 0, now.client, Phase::giving_back, 0});
      } else {
        history_.operations[open_[now.client]].ret = ++stamp_;
        history_.operations[open_[now.client]].outcome = OperationOutcome::ok;
        push({now.at + 0.001 * draw_.next(), 0, now.client, Phase::call, 0});
      }
    }
    if (shape_.bad) spoil();
    return std::move(history_);
  }

 private:
  void push(Due due) {
    due.tie = ++ties_;
    due_.push(due);
  }

  void choose_pending() {
    never_.assign(shape_.operations, false);
    for (std::uint32_t left = std::min(shape_.pending, shape_.operations); left > 0;) {
      const std::uint32_t at = draw_.below(shape_.operations);
      if (never_[at]) continue;
      never_[at] = true;
      --left;
    }
  }

  void call(const Due& now) {
    const auto number = static_cast<std::uint32_t>(history_.operations.size());
    if (number == shape_.operations) return;
    FlatOperation op;
    op.call = ++stamp_;
    op.process = process_[now.client];
    op.key = draw_.below(shape_.keys);
    op.line = number + 1;
    op.outcome = OperationOutcome::unknown;
    op.f = draw_.next() < shape_.reads && !never_[number] ? read_ : write_;
    if (op.f == write_) op.value = written(op);
    history_.operations.push_back(op);
    const double time = draw_.next() + 0.01;
    if (never_[number]) {
      if (draw_.below(2) == 0) take_effect(history_.operations.back());
      process_[now.client] = history_.processes.number(std::to_string(history_.processes.size()));
      push({now.at + 0.5, 0, now.client, Phase::call, 0});
      return;
    }
    open_[now.client] = number;
    const double before = draw_.next() * time;
    push({now.at + before, 0, now.client, Phase::effect, time - before});
  }

  analysis::ValueCode written(FlatOperation& op) {
    const std::uint32_t number = shape_.domain > 0 ? draw_.below(shape_.domain) + 1 : ++last_value_;
    if (!shape_.texts) return history_.values.code(std::int64_t{number});
    if (draw_.below(20) == 0) op.f = put_;
    const std::string text =
        "x " + std::to_string(op.process) + " " + std::to_string(number) + " y";
    return history_.values.code(std::string_view(text));
  }

  void take_effect(FlatOperation& op) {
    if (op.f == read_) {
      op.value =
          shape_.texts ? history_.values.code(std::string_view(texts_[op.key])) : values_[op.key];
      return;
    }
    values_[op.key] = op.value;
    if (!shape_.texts) return;
    if (op.f == put_) texts_[op.key].clear();
    texts_[op.key] += history_.values.text(op.value);
  }

  /// Makes the read nearest to bad_at for which there is a place stale.
  void spoil() {
    std::vector<FlatOperation>& ops = history_.operations;
    const auto target = static_cast<std::int64_t>(shape_.bad_at * static_cast<double>(ops.size()));
    std::vector<std::uint32_t> reads;
    for (std::uint32_t i = 0; i < ops.size(); ++i) {
      if (ops[i].f == read_) reads.push_back(i);
    }
    std::sort(reads.begin(), reads.end(), [&](std::uint32_t a, std::uint32_t b) {
      const std::int64_t da = std::abs(a - target);
      const std::int64_t db = std::abs(b - target);
      return da != db ? da < db : a < b;
    });
    for (const std::uint32_t r : reads) {
      if (shape_.texts ? forget(r) : make_stale(r)) return;
    }
  }

  /// Gives a read the value of a write that returned before another was called that returned before
  /// the read was called.
  bool make_stale(std::uint32_t r) {
    std::vector<FlatOperation>& ops = history_.operations;
    std::optional<std::uint32_t> later;
    for (std::uint32_t i = r; i-- > 0;) {
      const FlatOperation& w = ops[i];
      if (w.key != ops[r].key || w.f == read_ || w.outcome != OperationOutcome::ok) continue;
      if (!later) {
        if (w.ret < ops[r].call) later = i;
      } else if (w.ret < ops[*later].call && w.value != ops[*later].value) {
        ops[r].value = w.value;
        return true;
      }
    }
    return false;
  }

  /// Takes the last append out of what a read returned, when that had returned before.
  bool forget(std::uint32_t r) {
    std::vector<FlatOperation>& ops = history_.operations;
    const std::string text(history_.values.text(ops[r].value));
    for (std::uint32_t i = r; i-- > 0;) {
      const FlatOperation& w = ops[i];
      if (w.key != ops[r].key || w.f != write_ || w.ret >= ops[r].call) continue;
      const std::string_view piece = history_.values.text(w.value);
      if (text.size() <= piece.size() || text.substr(text.size() - piece.size()) != piece) continue;
      ops[r].value =
          history_.values.code(std::string_view(text).substr(0, text.size() - piece.size()));
      return true;
    }
    return false;
  }

  const HistoryShape& shape_;
  Uniform draw_;
  FlatHistory history_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<std::uint32_t> process_;  ///< by client
  std::vector<std::uint32_t> open_;     ///< by client
  std::vector<analysis::ValueCode> values_;
  std::vector<std::string> texts_;
  std::vector<bool> never_;
  std::int64_t stamp_ = 0;
  std::uint64_t ties_ = 0;
  std::uint32_t last_value_ = 0;
  std::uint16_t read_ = 0;
  std::uint16_t write_ = 0;
  std::uint16_t put_ = std::numeric_limits<std::uint16_t>::max();
};

}  // namespace

FlatHistory make_history(const HistoryShape& shape) { return Store(shape).run(); }

}  // namespace sibyl::bench
