// One part of a history (a key, or all of it where operations concern several) that grows event by
// event, for any model.
//
// A linearization of the part so far is kept. A return that has to be judged is judged by a search
// over the end of that order (its last operations, those open, and the returned one) from the state
// before: an answer is a linearization of the whole. Only where there is none is the whole part
// searched, and what is not linearizable then is so for certain; of several returns judged together
// the first after which it is not is found by halving. So a history that holds costs a short search
// a return, and the answer is that of the searches for whole histories. A whole search costs as
// much as its part is long: when too many are needed they are put off (kCredit), so that the time
// an event takes stays bounded on average; the event that is reported is the earliest all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/check/plain.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

struct OnlineOptions {
  /// Asked now and then: whether to give up. May be empty.
  std::function<bool()> stop;
  std::uint64_t max_bytes = std::uint64_t{1} << 30U;  ///< of one search
  std::uint64_t max_steps = 50'000'000;               ///< of one search of a whole part
  /// At most so many returns of a part are judged together, fewer where it is short. 1: a violation
  /// is noticed at its own event.
  std::size_t batch = 1;
};

/// What the parts of one history share. All live as long as the parts.
struct OnlineGround {
  const FlatHistory& history;                    ///< words and values
  const std::vector<FlatOperation>& operations;  ///< as they are now, with one_before_other()
  const Model& model;
  const PlainView& view;
  const OnlineOptions& options;
};

class OnlinePart {
 public:
  enum class Answer : std::uint8_t {
    fine,      ///< nothing is certain
    violated,  ///< at() is the place of the event at which it became certain
    gave_up,   ///< a bound was reached; the part is not followed any more
  };

  /// `initial`: an object key -> value, or null.
  OnlinePart(const OnlineGround& ground, Value initial);

  /// Operation `op` of the ground has just been called. `judged`: it is known of the history until
  /// here (by zones) that it is linearizable.
  void called(std::uint32_t op);
  /// It has just returned, with event `at`.
  Answer returned(std::uint32_t op, std::int64_t at);
  /// It has just failed, with event `at`, and had no effect.
  Answer failed(std::uint32_t op, std::int64_t at);
  /// Takes operations, in the order of their calls, of which it is known that they are linearizable
  /// up to now, at place `at`.
  void take_over(const std::vector<std::uint32_t>& ops, std::int64_t at);
  /// What an open operation was thought to do is not what it did.
  void doubt() { has_order_ = false; }
  /// Judges what was put off.
  Answer finish();
  /// Where the violation became certain.
  std::int64_t at() const { return at_; }
  /// Of all its operations that did not fail.
  const std::vector<std::uint32_t>& operations() const { return ops_; }
  std::uint64_t bytes() const;

 private:
  using Numbers = std::vector<std::uint32_t>;
  struct End {
    std::int64_t at = 0;
    std::uint32_t op = 0;
    bool failed = false;
  };

  std::size_t batch() const;
  Answer judge(bool must);
  bool judge_end();
  Answer judge_all();
  /// The first event since the last that was judged after which there is no linearization.
  Answer first_bad();
  PartAnswer decide(const std::vector<FlatOperation>& operations, const Numbers& part,
                    const Value& initial, bool wants_order, std::uint64_t max_steps) const;
  void take_order(const Numbers& part, const Numbers& order, std::size_t kept);
  void freeze();
  void thaw(std::uint32_t op);
  void forget(std::uint32_t op);

  OnlineGround ground_;
  Value initial_;
  Numbers ops_;
  Numbers order_;           ///< a linearization as of the last event judged
  std::size_t frozen_ = 0;  ///< of it; the state after so many is state_
  Value state_;
  std::set<std::uint32_t> guessed_;  ///< open ones among the frozen: what they return is not known
  Numbers rest_;                     ///< operations that are not in it
  bool has_order_ = true;
  std::vector<End> since_;  ///< ends of operations since the last event judged
  std::int64_t good_ = 0;   ///< the last event judged
  std::int64_t at_ = 0;
  std::uint64_t credit_;
  bool dead_ = false;
};

}  // namespace sibyl::analysis
