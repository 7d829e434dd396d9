// Linearizability judged while a history grows: the first event after which it is certain that the
// history is not linearizable, whatever follows.
//
// A beginning of a history is the history with the operations open then unknown. Its answer is that
// of judge() for it, and once it is not linearizable no continuation is. Keys of plain reads and
// writes whose values all differ go to zones (online_zones.hpp), O(log n) an event; all else, and a
// key from its first value with two sources on, to online_part.hpp. Events of one instant are taken
// together, calls first; what happened at an instant is certain once time has passed it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/check/online_part.hpp"
#include "analysis/check/online_zones.hpp"

namespace sibyl::analysis {

/// Where a history stopped being linearizable.
struct OnlineViolation {
  std::uint32_t operation = 0;  ///< at whose end it was certain
  bool failed = false;          ///< that end was a failure: somebody had seen its effect
  std::uint64_t event = 0;      ///< the how-manieth call or end it was, from 1
  std::uint64_t noticed = 0;    ///< after how many events it was found
};

class OnlineJudge {
 public:
  /// `history` gives the words and values, and may grow; its operations are not looked at.
  /// `initial`: an object key -> value, or null. All live as long.
  OnlineJudge(FlatHistory& history, const Model& model, Value initial, OnlineOptions options = {});

  /// An operation is called at op.call, which is not before any earlier event. Its number: those of
  /// the calls, from 0. What it will have returned is not looked at.
  std::uint32_t call(const FlatOperation& op);
  /// The operation of that number ends at op.ret, as `op` says: ok, or failed. One that never ends,
  /// or about whose end nothing is known, stays open.
  void end(std::uint32_t number, const FlatOperation& op);
  /// Time has come so far: what happened before is judged.
  void pass(std::int64_t at);
  /// Nothing follows.
  void finish();

  /// The first violation, once it is certain. Nothing is looked at after that.
  const std::optional<OnlineViolation>& violation() const { return violation_; }
  /// Why some part is not followed any more, as a sentence; empty: all are.
  const std::string& undecided() const { return undecided_; }
  /// The operations up to the violation, of its part, with what was open then open: what judge()
  /// finds violated. Stamps are the numbers of the events; where a process called something at
  /// the instant of its own return, those of that instant are the number of its first event.
  /// `numbers`, where given, gets the operations' own, one by one.
  FlatHistory proof(std::vector<std::uint32_t>* numbers = nullptr) const;
  /// The same of all parts, after so many events.
  FlatHistory beginning(std::uint64_t events) const;
  /// Calls and ends so far.
  std::uint64_t events() const { return ended_.size() - 1; }
  /// Of what is kept, about.
  std::uint64_t bytes() const { return bytes_ + parts_.size() * sizeof(Part); }

 private:
  struct Event {
    std::uint32_t op = 0;
    std::uint32_t end = kCall;  ///< the place of what it ended as in ends_
    bool is_end() const { return end != kCall; }
  };
  static constexpr std::uint32_t kCall = std::numeric_limits<std::uint32_t>::max();
  struct Part {
    std::unique_ptr<OnlineZones> zones;
    std::unique_ptr<OnlinePart> search;
    std::vector<std::uint32_t> ops;  ///< while it is judged by zones
    std::size_t first_open = 0;      ///< of them; no read before it is open
    std::uint64_t bytes() const;
  };

  void flush();
  void order_instant();
  void find_sequences();
  void take(const Event& event);
  void take_in_zones(Part& part, const Event& event);
  void drop_closed(Part& part, std::int64_t now);
  void search_from_now(Part& part, std::int64_t before);
  void answered(OnlinePart::Answer answer, const OnlinePart& part);
  void look_at_words();
  std::size_t place_of(const FlatOperation& op);
  FlatHistory beginning(std::uint64_t events, const std::uint32_t* key,
                        std::vector<std::uint32_t>* numbers) const;
  void settle();
  void note_undecided();
  void note_violation(std::int64_t at);

  FlatHistory& history_;
  const Model& model_;
  Value initial_;
  OnlineOptions options_;
  PlainView view_;
  std::vector<FlatOperation> placed_;  ///< with the numbers of events for stamps, or of instants
  std::vector<std::uint32_t> ended_;   ///< by event from 1: twice its operation, +1 for an end
  std::vector<Part> parts_;            ///< by key, the first: without one
  std::vector<Event> instant_;         ///< the events of the instant now_, in order
  std::vector<FlatOperation> ends_;    ///< as what operations ended at that instant
  std::int64_t now_ = GreatestOf::kLeast;
  std::int64_t instant_begins_ = 0;  ///< with which event, and
  std::set<std::size_t> sequenced_;  ///< in which parts that is the stamp of all of them
  std::optional<OnlineViolation> violation_;
  std::string undecided_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sibyl::analysis
