// The interface of sequential specifications: what an object does when operations come one at a
// time.
//
// A model understands one vocabulary of operations. For a search it compiles a list of operations
// into a Machine, whose states are numbered, so that a step is one call and states compare as
// integers. Besides, it tells what an operation reads and writes, so that a violation can be made
// small and put in words.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/check/operations.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Whether the reply is not known, so that the operation may take effect at any time, or never.
inline bool pending(const Operation& op) { return op.outcome == OperationOutcome::unknown; }

/// Values as dense numbers; equal numbers mean equal values. 0 is null.
class ValueTable {
 public:
  ValueTable() { intern(Value()); }
  std::int32_t intern(const Value& value);
  const Value& value(std::int32_t number) const {
    return values_[static_cast<std::size_t>(number)];
  }
  /// Bytes that the values hold, about.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
  std::vector<Value> values_;
  std::unordered_map<std::int64_t, std::int32_t> integers_;
  std::unordered_map<std::string, std::int32_t> others_;  ///< by text, which is unambiguous
};

/// A list of operations, ready to be tried in any order.
class Machine {
 public:
  using State = std::uint32_t;
  /// One number a key: a value of the table, or kAbsent.
  using Cells = std::vector<std::int32_t>;
  static constexpr std::int32_t kAbsent = -1;

  virtual ~Machine() = default;

  State initial() const { return initial_; }

  /// The state after operation `op`, or nothing when it cannot have done what it reports in this
  /// state.
  std::optional<State> step(State state, std::size_t op);

  /// Why `op` cannot go next in this state, in words: "read y = 10, but y = 20". Empty when it can.
  std::string why_not(State state, std::size_t op);

  /// Bytes that its states hold, about.
  std::uint64_t bytes() const { return bytes_ + values_.bytes(); }

  /// The state as an object key -> value, absent ones left out; compile() accepts it as initial.
  virtual Value value_of(State state) const;

 protected:
  /// Changes the cells as the operation does; returns whether it can. When it cannot, and `why` is
  /// given, says so there.
  virtual bool apply(Cells& cells, std::size_t op, std::string* why) = 0;

  /// Every key that cell_of() has numbered starts with its value in `initial` (an object, or null),
  /// or with `unset`.
  void start_from(const Value& initial, std::int32_t unset);
  std::int32_t cell_of(const std::string& key);
  const std::string& key_of(std::int32_t cell) const {
    return keys_[static_cast<std::size_t>(cell)];
  }
  /// Starts with these cells, for machines that number no keys.
  void start_with(const Cells& cells) { initial_ = intern(cells, kNoParent); }
  /// O(cells), of large states some tens of times that at worst.
  Cells cells_of(State state) const;
  /// "10", or "absent".
  std::string text_of(std::int32_t value) const;

  ValueTable values_;

 private:
  static constexpr State kNoParent = ~State{0};

  /// How a large state differs from another: it has `fresh` in place of the `gone` cells from `at`.
  struct Change {
    std::span<const std::int32_t> fresh;
    State parent = kNoParent;
    std::uint32_t at = 0;
    std::uint32_t gone = 0;
    std::uint32_t size = 0;   ///< cells, in all
    std::uint32_t depth = 0;  ///< changes up to a state that is kept whole
  };

  /// The number of the state with these cells, which came of `parent`, the one that is held.
  State intern(const Cells& cells, State parent);
  bool is_state(State state, const Cells& cells) const;
  /// What made these cells of those that are held; nothing where they are better kept whole.
  std::optional<Change> change_to(const Cells& cells, State parent) const;
  std::span<const std::int32_t> keep(std::span<const std::int32_t> cells);
  void hold(State state);

  State initial_ = 0;
  std::uint64_t bytes_ = 0;
  Cells scratch_;
  Cells held_;  ///< of the state of the last step
  Cells made_;  ///< of the state that it led to
  State held_state_ = kNoParent;
  State made_state_ = kNoParent;
  std::vector<std::string> keys_;
  std::map<std::string, std::int32_t> cells_by_key_;
  std::vector<std::span<const std::int32_t>> states_;  ///< no cells: a change, or without cells
  std::unordered_map<State, Change> changes_;          ///< of states that are not kept whole
  NumberTable numbers_;                                ///< of states
  /// The cells of the states, one after the other: so they are gone at once, however many.
  std::vector<std::unique_ptr<std::int32_t[]>> blocks_;
  std::size_t room_ = 0;   ///< cells that are free at the end of the last block
  std::size_t block_ = 0;  ///< cells that it has
};

/// A value read from or left in a key; null stands for "absent".
struct Touch {
  std::string key;
  Value value;
};

/// What a completed operation certainly read and what it leaves behind.
struct Footprint {
  std::vector<Touch> reads;
  std::vector<Touch> writes;
  std::vector<std::string> unclear;  ///< keys that it may change in a way that cannot be told here
};

/// A reduction that keeps a linearizable history linearizable: leave out all that concerns a key,
/// or all writes and reads of one value of it. What is left and still is not linearizable is a
/// proof.
struct Cut {
  std::string key;
  std::optional<Value> value;
};

/// Several cuts, so that operations are looked through once for all of them.
class Cuts {
 public:
  explicit Cuts(std::span<const Cut> cuts);
  /// Whether all of this key is left out. O(log cuts).
  bool leaves_out(const std::string& key) const { return keys_.count(key) != 0; }
  /// Whether this value of it is, or all of it. O(log cuts).
  bool leaves_out(const std::string& key, const Value& value) const;

 private:
  std::set<std::string, std::less<>> keys_;
  std::map<std::string, std::set<std::string>> values_;  ///< as texts, by key
};

class Model {
 public:
  virtual ~Model() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view summary() const = 0;

  /// The functions of its operations, as histories name them.
  virtual std::vector<std::string_view> functions() const = 0;

  /// Whether the operation's f and value belong to this model's vocabulary.
  virtual bool understands(const Operation& op) const = 0;

  /// What is wrong with an operation, as the end of a sentence; nothing when it can be judged.
  virtual std::optional<std::string> problem(const Operation& op) const = 0;

  /// The keys that it concerns. Operations without a common key, directly or over others, are
  /// independent.
  virtual std::vector<std::string> keys(const Operation& op) const = 0;

  /// Whether every operation concerns the object of its key alone.
  virtual bool one_key() const { return false; }

  /// Whether it concerns all keys, so that no operations are independent.
  virtual bool joins_all(const Operation&) const { return false; }

  /// Whether it changes no state whatever the state; such an operation may be left out of a history
  /// that is linearizable.
  virtual bool pure(const Operation& op) const = 0;

  /// "read x = 10, write y = 20".
  virtual std::string text(const Operation& op) const = 0;

  virtual Footprint footprint(const Operation& op) const = 0;

  /// What a key holds that is not in the initial state, as a Touch tells it.
  virtual Value unset() const { return {}; }

  /// The cuts worth trying on this history.
  virtual std::vector<Cut> cuts(const History& history) const = 0;

  /// What cuts leave of an operation.
  virtual std::optional<Operation> apply(const Operation& op, const Cuts& cuts) const = 0;

  /// Operation i of the machine is history[i]; one whose outcome is unknown has no results yet.
  /// `initial`: object key -> value, or null. The history has no problem().
  virtual std::unique_ptr<Machine> compile(const History& history, const Value& initial) const = 0;
};

/// What most models of one object a key have in common: an operation concerns its key, what it
/// reads and writes is not told, and nothing but whole keys can be cut.
class KeyedModel : public Model {
 public:
  bool one_key() const override { return true; }
  std::vector<std::string> keys(const Operation& op) const override { return {op.key}; }
  Footprint footprint(const Operation&) const override { return {}; }
  std::vector<Cut> cuts(const History&) const override { return {}; }
  std::optional<Operation> apply(const Operation& op, const Cuts& cuts) const override {
    return cuts.leaves_out(op.key) ? std::nullopt : std::optional<Operation>(op);
  }
};

/// Whether it replied that a precondition failed.
inline bool replied_nok(const Operation& op) { return !pending(op) && op.reply == "nok"; }

/// "the reply … has no meaning here" when it is neither ok nor nok.
std::optional<std::string> reply_problem(const Operation& op);

/// The cuts by value that suit a model of one read/write register a key: those keys in which
/// nothing but plain reads and writes (`plain`) happens.
std::vector<Cut> value_cuts(const Model& model, const History& history,
                            bool (*plain)(const Operation& op));

}  // namespace sibyl::analysis
