// A replica of PBFT: checkpoints, which cut the log, and state transfer. See pbft.hpp.
#include <algorithm>
#include <functional>
#include <utility>

#include "protocols/broadcast/pbft.hpp"

namespace sibyl::broadcast {

using pbft::State;

namespace {

/// Of one party so many checkpoints above the stable one are kept, the highest, or as many as two
/// windows have, where that is more.
constexpr std::size_t kCheckpointsKept = 16;

}  // namespace

// ---- Checkpoints ----

/// Says to all what it has executed so far.
void Pbft::take_checkpoint(Context& context) {
  const Signed<State> state{self_, {done, digest}};
  context.send(others_, pbft::Checkpoint{state});
  if (done > log.stable) on_checkpoint(context, self_, state);
}

// upon Checkpoint(n, d) from a quorum: it is stable.
void Pbft::on_checkpoint(Context& context, NodeId from, const Signed<State>& m) {
  const Number number = m.what.number;
  if (m.by != from || number <= log.stable || number % options_.checkpoint != 0) return;
  note_seen(from, number);
  if (!checkpoints[number].emplace(from, m).second) return;
  forget_old_checkpoint(from);
  const auto votes = checkpoints.find(number);
  if (votes == checkpoints.end()) return;  // it was this one that was too many
  std::vector<Signed<State>> alike;
  for (const auto& [party, vote] : votes->second) {
    if (vote.what == m.what) alike.push_back(vote);
  }
  if (alike.size() >= quorum()) {
    make_stable(context, number, std::move(alike));
    take_early(context);
  }
  if (!active) catch_up(context);
}

/// One too many at most: it is called after each.
void Pbft::forget_old_checkpoint(NodeId party) {
  const std::size_t most =
      std::max(kCheckpointsKept, std::size_t{2} * options_.window / options_.checkpoint);
  if (checkpoints.size() <= most) return;
  std::size_t kept = 0;
  for (const auto& [number, votes] : checkpoints) kept += votes.count(party);
  if (kept <= most) return;
  const auto lowest = std::find_if(checkpoints.begin(), checkpoints.end(),
                                   [&](const auto& of) { return of.second.count(party) > 0; });
  lowest->second.erase(party);
  if (lowest->second.empty()) checkpoints.erase(lowest);
}

bool Pbft::is_proof(Number number, const std::vector<Signed<State>>& states) const {
  if (number == 0) return states.empty();
  if (states.size() > parties_->n()) return false;
  pbft::Voters voters;
  for (const Signed<State>& s : states) {
    if (!parties_->has(s.by) || s.what.number != number || !(s.what == states.front().what)) {
      return false;
    }
    voters.add(s.by);
  }
  return voters.count >= quorum();
}

/// Cuts the log at a checkpoint above the last stable one. What is not executed below, others tell.
void Pbft::make_stable(Context& context, Number number, std::vector<Signed<State>> states) {
  context.count("checkpoint");
  log.truncate(number);
  proof = std::move(states);
  checkpoints.erase(checkpoints.begin(), checkpoints.upper_bound(number));
  if (done < number) fetch(context, number);
}

/// Proposals that came too early, once their view has begun and the window has moved. Those of its
/// NewView stand by then: for their numbers, others come too late.
void Pbft::take_early(Context& context) {
  std::vector<pbft::PrePrepare> ready;
  for (auto next = early.begin(); next != early.end();) {
    const auto [of, number] = next->first;
    const bool late = of < view || number <= log.stable;
    const bool now = of == view && active && number <= top();
    if (now && !late) ready.push_back(next->second);
    next = late || now ? early.erase(next) : std::next(next);
  }
  for (const pbft::PrePrepare& m : ready) on_pre_prepare(context, m.proposal.by, m);
}

// ---- State transfer ----

void Pbft::note_seen(NodeId party, Number number) {
  Number& highest = seen[parties_->index(party)];
  highest = std::max(highest, number);
}

void Pbft::note_reached(NodeId party, View v) {
  View& highest = reached[parties_->index(party)];
  highest = std::max(highest, v);
}

/// Asks for what f + 1 others, of whom one is correct, are at.
void Pbft::catch_up(Context& context) {
  std::vector<Number> numbers = seen;
  const auto place = numbers.begin() + static_cast<std::ptrdiff_t>(parties_->t);
  std::nth_element(numbers.begin(), place, numbers.end(), std::greater<>());
  if (*place > std::max(done, asked)) fetch(context, *place);
}

void Pbft::fetch(Context& context, Number last) {
  if (last <= std::max(done, asked)) return;
  context.count("fetch");
  asked = last;
  context.send(others_, pbft::Fetch{done + 1, last});
}

// upon Fetch(first, last): answer what is executed, and owe the rest.
void Pbft::on_fetch(Context& context, NodeId from, const pbft::Fetch& m) {
  if (m.first == 0) return;
  const Number last = std::min(m.last, done);
  if (m.first <= last) {
    const auto place = [&](Number n) { return history.begin() + static_cast<std::ptrdiff_t>(n); };
    context.send(from, pbft::Executed{m.first, {place(m.first - 1), place(last)}});
  }
  owed.resize(parties_->n());
  Number& up_to = owed[parties_->index(from)];
  up_to = std::max(up_to, m.last);
}

/// Tells those who have asked what was executed just now.
void Pbft::serve(Context& context) {
  for (std::size_t i = 0; i < owed.size(); ++i) {
    if (owed[i] >= done) context.send(parties_->all[i], pbft::Executed{done, {history.back()}});
  }
}

void Pbft::on_executed(NodeId from, const pbft::Executed& m) {
  if (m.first == 0 || m.first > asked) return;
  Number number = m.first;
  for (const Item& item : m.items) {
    if (number > asked) return;
    if (number > done) answers[number].emplace(from, item);
    ++number;
  }
}

/// What f + 1 parties say was executed at the number done + 1: one of them is correct.
std::optional<Item> Pbft::answered() const {
  const auto found = answers.find(done + 1);
  if (found == answers.end()) return std::nullopt;
  for (const auto& answer : found->second) {
    const auto alike =
        std::count_if(found->second.begin(), found->second.end(),
                      [&](const auto& other) { return other.second == answer.second; });
    if (static_cast<std::uint32_t>(alike) > parties_->t) return answer.second;
  }
  return std::nullopt;
}

}  // namespace sibyl::broadcast
