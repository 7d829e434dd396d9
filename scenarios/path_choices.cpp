// Leading a world along a path of a search.
#include "scenarios/state_search.hpp"

#include <algorithm>

namespace sibyl {

std::uint64_t PathChoices::pick(Question /*q*/, std::uint64_t options) {
  if (step_ >= path_.size() || next_ >= path_[step_].answers.size()) return 0;
  const std::uint64_t answer = path_[step_].answers[next_++];
  parted = parted || answer >= options;
  return answer < options ? answer : 0;
}

std::int64_t PathChoices::draw(Question /*q*/, const Distribution& d) { return d.minimum(); }

bool PathChoices::chance(Question q, Probability p) {
  if (p.scaled == 0) return false;
  if (p.scaled >= Probability::kOne) return true;
  if (q.what == Decision::loss && steps_.may_stay_away(q.node, q.peer)) {
    const SentOn sent{q.node, q.peer, sent_[{q.node, q.peer}]++};
    return std::find(lost_.begin(), lost_.end(), sent) != lost_.end();
  }
  return pick(q, 2) == 1;
}

std::size_t PathChoices::pick_event(EventQueue& queue, std::size_t ready) {
  if (step_ >= path_.size()) return 0;
  const PathStep& step = path_[step_];
  for (std::size_t i = 0; i < ready; ++i) {
    const Event& e = queue.peek(i);
    const EventView seen = World::look(e);
    if (seen.node != step.to) continue;
    const bool fits = step.kind == PathStep::Kind::timer ? seen.is_timer && seen.slot == step.slot
                      : step.start                       ? seen.is_start
                                   : seen.is_message && seen.content == step.content;
    if (fits) return i;
  }
  parted = true;
  return 0;
}

std::size_t PathChoices::pick_arrival(const Arrivals& arrivals) {
  if (step_ >= path_.size()) return 0;
  const PathStep& step = path_[step_];
  if (step.kind == PathStep::Kind::arrival) {
    for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
      const Held& held = arrivals.message(i);
      const EventView seen = World::look(held.event);
      if (seen.node == step.to && seen.from == step.from && held.message.hash() == step.content) {
        return i;
      }
    }
    parted = true;
  } else if (arrivals.time_passes) {
    return arrivals.places.size();
  }
  return 0;
}

}  // namespace sibyl
