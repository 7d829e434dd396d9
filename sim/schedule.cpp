// Schedules: naming questions, answering by name, recording by name.
#include "sim/schedule.hpp"

#include <functional>
#include <tuple>

#include "sim/message.hpp"

namespace sibyl {

namespace {
/// The place, among the events that are due, of the one that was caused first.
std::size_t first_caused(const EventQueue& queue, std::size_t ready) {
  std::size_t first = 0;
  for (std::size_t i = 1; i < ready; ++i) {
    const Event& a = queue.peek(i);
    const Event& b = queue.peek(first);
    if (a.id < b.id || (a.id == b.id && a.target < b.target)) first = i;
  }
  return first;
}

/// How many of the events that are due were caused before the one at `place`.
std::int64_t rank_of(const EventQueue& queue, std::size_t ready, std::size_t place) {
  std::int64_t rank = 0;
  const Event& mine = queue.peek(place);
  for (std::size_t i = 0; i < ready; ++i) {
    const Event& e = queue.peek(i);
    if (e.id < mine.id || (e.id == mine.id && e.target < mine.target)) ++rank;
  }
  return rank;
}

constexpr Question kTie{Decision::tie, kNobody};
constexpr Question kArrival{Decision::arrival, kNobody};
}  // namespace

/// Types by name, not by address: the order of a map must not depend on the program's layout.
bool QuestionCounter::Key::operator<(const Key& other) const {
  const auto name = [](const auto& k) {
    return k.type == nullptr ? std::string_view() : k.type->name;
  };
  return std::tuple(what, node, peer, name(*this)) <
         std::tuple(other.what, other.node, other.peer, name(other));
}

QuestionName QuestionCounter::name(const Question& q) {
  const std::uint64_t number = ++asked_[{q.what, q.node, q.peer, q.type}];
  return {q.what, q.node, q.peer, q.type == nullptr ? std::string() : std::string(q.type->name),
          number};
}

std::size_t DefaultChoices::pick_event(EventQueue& queue, std::size_t ready) {
  return first_caused(queue, ready);
}

ScheduleChoices::ScheduleChoices(const std::vector<NamedDecision>& schedule, Choices& then)
    : schedule_(schedule), fates_(schedule.size(), Fate::unasked), then_(then) {
  for (std::size_t i = 0; i < schedule_.size(); ++i) places_.emplace(schedule_[i].question, i);
}

const NamedDecision* ScheduleChoices::find(const Question& q, std::size_t& place) {
  const auto it = places_.find(counter_.name(q));
  if (it == places_.end()) return nullptr;
  place = it->second;
  fates_[place] = Fate::taken;
  return &schedule_[place];
}

std::uint64_t ScheduleChoices::pick(Question q, std::uint64_t options) {
  std::size_t place = 0;
  const NamedDecision* d = find(q, place);
  if (d == nullptr) return then_.pick(q, options);
  if (d->answer >= 0 && static_cast<std::uint64_t>(d->answer) < options) {
    return static_cast<std::uint64_t>(d->answer);
  }
  fates_[place] = Fate::unfit;
  return then_.pick(q, options);
}

/// A delay need not be one that the link would draw: a schedule may make any message late.
std::int64_t ScheduleChoices::draw(Question q, const Distribution& dist) {
  std::size_t place = 0;
  const NamedDecision* d = find(q, place);
  if (d == nullptr) return then_.draw(q, dist);
  const bool free = q.what == Decision::delay && d->answer >= 0;
  if (free || (d->answer >= dist.minimum() && d->answer <= dist.maximum())) return d->answer;
  fates_[place] = Fate::unfit;
  return then_.draw(q, dist);
}

bool ScheduleChoices::chance(Question q, Probability p) {
  std::size_t place = 0;
  const NamedDecision* d = find(q, place);
  return d == nullptr ? then_.chance(q, p) : d->answer != 0;
}

std::size_t ScheduleChoices::pick_event(EventQueue& queue, std::size_t ready) {
  std::size_t place = 0;
  const NamedDecision* d = find(kTie, place);
  if (d == nullptr) return then_.pick_event(queue, ready);
  for (std::size_t i = 0; i < ready; ++i) {
    if (rank_of(queue, ready, i) == d->answer) return i;
  }
  fates_[place] = Fate::unfit;
  return then_.pick_event(queue, ready);
}

std::size_t ScheduleChoices::pick_arrival(const Arrivals& arrivals) {
  std::size_t place = 0;
  const NamedDecision* d = find(kArrival, place);
  if (d == nullptr) return then_.pick_arrival(arrivals);
  if (d->answer >= 0 && static_cast<std::uint64_t>(d->answer) < arrivals.size()) {
    return static_cast<std::size_t>(d->answer);
  }
  fates_[place] = Fate::unfit;
  return then_.pick_arrival(arrivals);
}

void ScheduleRecorder::keep(const Question& q, std::int64_t answer, std::int64_t standard,
                            std::uint64_t options) {
  QuestionName name = counter_.name(q);
  if (answer != standard) schedule_.push_back({std::move(name), answer, options});
}

std::uint64_t ScheduleRecorder::pick(Question q, std::uint64_t options) {
  const std::uint64_t answer = inner_.pick(q, options);
  keep(q, static_cast<std::int64_t>(answer), 0, options);
  return answer;
}

std::int64_t ScheduleRecorder::draw(Question q, const Distribution& d) {
  const std::int64_t answer = inner_.draw(q, d);
  keep(q, answer, d.minimum(), 0);
  return answer;
}

bool ScheduleRecorder::chance(Question q, Probability p) {
  const bool answer = inner_.chance(q, p);
  keep(q, answer ? 1 : 0, p.scaled >= Probability::kOne ? 1 : 0, 2);
  return answer;
}

std::size_t ScheduleRecorder::pick_event(EventQueue& queue, std::size_t ready) {
  const std::size_t answer = inner_.pick_event(queue, ready);
  keep(kTie, rank_of(queue, ready, answer), 0, ready);
  return answer;
}

std::size_t ScheduleRecorder::pick_arrival(const Arrivals& arrivals) {
  const std::size_t answer = inner_.pick_arrival(arrivals);
  keep(kArrival, static_cast<std::int64_t>(answer), 0, arrivals.size());
  return answer;
}

}  // namespace sibyl
