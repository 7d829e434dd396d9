// Judges sets of operations that must have happened, while all others may have: what the search for
// the core of a violation asks again and again.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "analysis/check/code_table.hpp"
#include "analysis/check/events.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/check/text_makers.hpp"
#include "analysis/check/why_core.hpp"
#include "analysis/check/why_values.hpp"

namespace sibyl::analysis {

/// Sets are numbers of operations of the question's part. All searches together look at
/// `most_steps` operations, long values counting for several; then every set is Found::gave_up.
class SetJudge {
 public:
  SetJudge(const CoreQuestion& question, const Bounds& bounds, std::uint64_t most_steps);

  /// From now on the operations that change states are no longer optional.
  void all_happen() { all_happen_ = true; }

  /// From now on a set may cost more.
  void be_patient() { patience_ = 16; }

  bool plain() const { return plain_; }
  bool texts() const { return makers_.has_value(); }
  bool pure(std::uint32_t op) const { return pure_[op]; }
  bool tired() const { return steps_left_ == 0 || (bounds_.stop && bounds_.stop()); }
  std::uint64_t tried() const { return tried_; }

  /// Whether no choice of the others makes this linearizable. With `others`, they are all there is
  /// to choose from. gave_up: the bounds did not allow to say.
  Found judge(const std::vector<std::uint32_t>& must,
              const std::vector<std::uint32_t>* others = nullptr);

  /// Of the writes of each value that a set reads, the last ones that could have been its source.
  std::vector<std::uint32_t> nearest_writes(const std::vector<std::uint32_t>& must,
                                            std::size_t most_each) const;

 private:
  struct Write {
    std::uint32_t op;
    std::int64_t latest;  ///< the last return of this one and those before it in the list
  };

  /// Whether one of them returned at the end; else the answers until then do not count.
  bool ends(const std::vector<std::uint32_t>& must) const;

  std::int64_t return_of(std::uint32_t op) const;

  std::int64_t end_of(const std::vector<std::uint32_t>& must) const;

  std::int64_t begin_of(const std::vector<std::uint32_t>& must) const;

  bool is_text(const FlatOperation& op) const;

  /// What is not plain reads and writes is judged with its values.
  void weigh_values();

  void collect_makers();

  /// Lists the writes by value, each list by call.
  void collect_writes();

  /// Of a register with cas: what its operations make of it, and when a write of that returned
  /// first.
  void collect_made();

  /// The values that a set reads and that somebody writes.
  std::vector<std::uint32_t> values_read(const std::vector<std::uint32_t>& must) const;

  void choose(const std::vector<std::uint32_t>& must, const std::vector<std::uint32_t>* others);

  /// What changes states until the end of a set, but for what its past can do without.
  void choose_all(const std::vector<std::uint32_t>& must);

  /// Of a register with cas, whether a write of each value stands for all that had returned before
  /// a set began: only the value that it left matters; what was open then can come after the write.
  bool writes_tell(std::int64_t begin) const;

  /// The puts and appends that can matter to a set: that can have made what it reads.
  void choose_makers(const std::vector<std::uint32_t>& must);

  /// Those without which what a set reads cannot have been made are no longer optional.
  void demand_makers(const std::vector<std::uint32_t>& must);

  /// The writes that can matter to a set: of values that it reads, until its end; of those that had
  /// returned before its beginning one of each value says what the register can have held then.
  void choose_writes(const std::vector<std::uint32_t>& must);

  const CoreQuestion& ask_;
  const Bounds& bounds_;
  std::set<std::uint32_t> is_end_;
  std::uint64_t steps_left_;
  std::uint64_t patience_ = 1;
  std::uint64_t tried_ = 0;
  bool plain_ = false;
  bool all_happen_ = false;
  std::vector<bool> pure_;
  CodeTable values_;
  std::vector<std::vector<Write>> writes_;  ///< by value
  std::vector<std::uint32_t> made_;         ///< by operation, of a register with cas
  std::vector<std::int64_t> first_return_;  ///< by what is made
  std::optional<TextMakers> makers_;
  std::optional<ChosenValues> chosen_;
  std::vector<std::uint64_t> cost_;  ///< by operation: of looking at it
  std::uint64_t step_cost_ = 1;
  std::vector<bool> must_;  ///< scratch
  std::vector<std::uint32_t> sub_;
  std::vector<bool> optional_;  ///< by place in sub_
};

}  // namespace sibyl::analysis
