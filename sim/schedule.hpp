// A schedule: decisions by name rather than by place. Each says which question it answers (the
// second delay of a Propose from P1 to P2) and how; everything that no decision names goes the
// default way. So a schedule survives changes to the code that do not concern what it names, and a
// shorter one is a simpler one.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/choices.hpp"

namespace sibyl {

/// Which question: the `number`-th (from 1) of its kind that a node asks; for the fate of a
/// message, of those about messages of that type on that link.
struct QuestionName {
  Decision what = Decision::protocol;
  NodeId node = kNobody;  ///< who asks; the sender of a message; kNobody: the world
  NodeId peer = kNobody;  ///< the receiver of a message
  std::string type;       ///< of the message, qualified; empty if it is about no message
  std::uint64_t number = 1;
  friend auto operator<=>(const QuestionName&, const QuestionName&) = default;
};

/// One decision of a schedule.
struct NamedDecision {
  QuestionName question;
  std::int64_t answer = 0;
  std::uint64_t options = 0;  ///< how many alternatives there were; 0: a number, or not known
  friend bool operator==(const NamedDecision&, const NamedDecision&) = default;
};

/// Numbers the questions of a run as they are asked. O(log n) a question.
class QuestionCounter {
 public:
  QuestionName name(const Question& q);

 private:
  struct Key {
    Decision what;
    NodeId node;
    NodeId peer;
    const TypeInfo* type;
    bool operator<(const Key& other) const;
  };
  std::map<Key, std::uint64_t> asked_;
};

/// The default answers: the first alternative, the least number, and "no" to what is not certain.
/// Of what is due at one instant, the event that was caused first; of the messages in flight, the
/// one sent first, and time passes only when there is none.
class DefaultChoices final : public Choices {
 public:
  std::uint64_t pick(Question, std::uint64_t) override { return 0; }
  std::int64_t draw(Question, const Distribution& d) override { return d.minimum(); }
  bool chance(Question, Probability p) override { return p.scaled >= Probability::kOne; }
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
};

/// Answers by a schedule; what it does not name is `then`'s. An answer that does not fit its
/// question (an alternative that there is not, a number outside the distribution) is left to `then`
/// as well, and remembered.
class ScheduleChoices final : public Choices {
 public:
  ScheduleChoices(const std::vector<NamedDecision>& schedule, Choices& then);
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  std::size_t pick_arrival(const Arrivals& arrivals) override;

  /// What became of the decision at a place of the schedule.
  enum class Fate : std::uint8_t { unasked, taken, unfit };
  const std::vector<Fate>& fates() const { return fates_; }

 private:
  const NamedDecision* find(const Question& q, std::size_t& place);
  std::vector<NamedDecision> schedule_;
  std::map<QuestionName, std::size_t> places_;
  std::vector<Fate> fates_;
  QuestionCounter counter_;
  Choices& then_;
};

/// Writes down, by name, every decision that another Choices takes otherwise than the default.
class ScheduleRecorder final : public Choices {
 public:
  explicit ScheduleRecorder(Choices& inner) : inner_(inner) {}
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  std::size_t pick_arrival(const Arrivals& arrivals) override;
  const std::vector<NamedDecision>& schedule() const { return schedule_; }

 private:
  void keep(const Question& q, std::int64_t answer, std::int64_t standard, std::uint64_t options);
  Choices& inner_;
  QuestionCounter counter_;
  std::vector<NamedDecision> schedule_;
};

}  // namespace sibyl
