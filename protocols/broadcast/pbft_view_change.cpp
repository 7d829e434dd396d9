// A replica of PBFT: view changes. See pbft.hpp.
#include <algorithm>
#include <utility>

#include "protocols/broadcast/gave_up.hpp"
#include "protocols/broadcast/pbft.hpp"

namespace sibyl::broadcast {

using pbft::Certificate;
using pbft::Change;
using pbft::NewView;
using pbft::Proposal;
using pbft::Vote;

/// What follows from a quorum of view changes.
struct Pbft::Plan {
  Number stable = 0;  ///< min-s: the highest checkpoint among them
  std::vector<Signed<pbft::State>> proof;
  Number last = 0;  ///< max-s: the highest number that was prepared; at least `stable`
  std::vector<Proposal> proposals;
};

// ---- Asking for a view ----

/// How many parties, this one among them, are in the present view or a higher one, or ask for it.
/// Votes count as well as view changes: who has seen a new view may have entered it unasked.
std::size_t Pbft::support() const {
  const auto others =
      std::count_if(reached.begin(), reached.end(), [&](View v) { return v >= view && v > 0; });
  return static_cast<std::size_t>(others) + 1;
}

/// Its own requests that are not executed yet.
void Pbft::say_own(Context& context, const std::vector<NodeId>& whom) const {
  for (const auto& [order, item] : pending) {
    if (item.by == self_) context.send(whom, pbft::Request{item});
  }
}

/// Leaves the view, and shows all what is prepared here.
void Pbft::change_view(Context& context, View next) {
  if (!options_.view_change || next > pbft::kMostView) {
    attempts = options_.tries;  // nothing that this party could do
    return;
  }
  context.count("view_change");
  view = next;
  active = false;
  ++attempts;
  if (attempts == options_.tries) context.note(gave_up(attempts, "tries"));
  if (timeout.generation != 0) context.cancel(timeout);
  timeout = {};
  awaited.reset();
  Signed<Change> change{self_, {view, log.stable, proof, {}}};
  for (const pbft::Slot& slot : log.slots) {
    if (slot.prepared) change.what.prepared.push_back(certificate(slot));
  }
  changes.erase(changes.begin(), changes.lower_bound(view));
  changes[view].emplace(self_, change);
  context.send(others_, pbft::ViewChange{std::move(change)});
  say_own(context, others_);  // or nobody else might know that something is awaited
  catch_up(context);
  begin_view(context);
}

Certificate Pbft::certificate(const pbft::Slot& slot) const {
  const pbft::Choice& choice = *slot.prepared;
  const pbft::Tally* tally = slot.find(choice.view, choice.digest);
  Certificate c{slot.of(choice)->proposal, {}};
  const Vote vote{choice.view, c.proposal.what.number, choice.digest};
  for (const NodeId party : parties_->all) {
    if (c.prepares.size() + 1 >= quorum()) break;
    if (tally->prepares.has(party)) c.prepares.push_back({party, vote});  // as it was received
  }
  return c;
}

// ---- What others show ----

bool Pbft::is_valid(const Certificate& c) const {
  const Proposal& p = c.proposal.what;
  if (p.view > pbft::kMostView || c.proposal.by != primary_of(p.view)) return false;
  if (p.request && !makes_sense(*p.request)) return false;
  const Vote vote{p.view, p.number, pbft::digest_of(p.request)};
  if (c.prepares.size() > parties_->n()) return false;
  pbft::Voters voters;
  for (const Signed<Vote>& prepare : c.prepares) {
    if (!parties_->has(prepare.by) || prepare.by == c.proposal.by || !(prepare.what == vote)) {
      return false;
    }
    voters.add(prepare.by);
  }
  return voters.count + 1 >= quorum();
}

bool Pbft::is_valid(const Signed<Change>& m) const {
  const Change& change = m.what;
  if (!parties_->has(m.by) || change.view == 0 || change.view > pbft::kMostView) return false;
  if (change.stable % options_.checkpoint != 0 || !is_proof(change.stable, change.proof)) {
    return false;
  }
  Number last = change.stable;
  for (const Certificate& c : change.prepared) {
    const Proposal& p = c.proposal.what;
    if (p.number <= last || p.number - change.stable > options_.window) return false;
    if (p.view >= change.view || !is_valid(c)) return false;
    last = p.number;
  }
  return true;
}

// upon ViewChange(v) from another.
void Pbft::on_view_change(Context& context, NodeId from, const Signed<Change>& m) {
  const View next = m.what.view;
  if (m.by != from || next < view || (active && next == view) || !is_valid(m)) return;
  note_reached(from, next);
  if (!keep(m)) return;
  join(context);
  begin_view(context);
}

/// Keeps the highest view's of each party, which has left all lower ones. Whether it is new.
bool Pbft::keep(const Signed<Change>& m) {
  for (auto of = changes.begin(); of != changes.end(); ++of) {
    if (of->second.count(m.by) == 0) continue;
    if (of->first >= m.what.view) return false;
    of->second.erase(m.by);
    if (of->second.empty()) changes.erase(of);
    break;
  }
  changes[m.what.view].emplace(m.by, m);
  return true;
}

/// f + 1 others have left for higher views, of whom one is correct: go with them, to the lowest.
void Pbft::join(Context& context) {
  if (!options_.view_change) return;
  pbft::Voters ahead;
  for (auto of = changes.upper_bound(view); of != changes.end() && ahead.count <= parties_->t;
       ++of) {
    for (const auto& [party, change] : of->second) ahead.add(party);
  }
  if (ahead.count > parties_->t) change_view(context, changes.upper_bound(view)->first);
}

// ---- A view begins ----

/// In each number above the checkpoint the certificate of the highest view counts: if anything was
/// committed there, it is that. Where there is none, nothing was.
Pbft::Plan Pbft::plan(View next, const std::vector<Signed<Change>>& all) const {
  Plan found;
  for (const Signed<Change>& change : all) {
    if (change.what.stable <= found.stable) continue;
    found.stable = change.what.stable;
    found.proof = change.what.proof;
  }
  found.last = found.stable;
  std::map<Number, const Proposal*> best;
  for (const Signed<Change>& change : all) {
    for (const Certificate& c : change.what.prepared) {
      const Proposal& p = c.proposal.what;
      if (p.number <= found.stable || !options_.certificates) continue;
      const Proposal*& known = best[p.number];
      if (known == nullptr || known->view < p.view) known = &p;
    }
  }
  if (!best.empty()) found.last = best.rbegin()->first;
  for (Number number = found.stable + 1; number <= found.last; ++number) {
    const auto known = best.find(number);
    if (known != best.end()) {
      found.proposals.push_back({next, number, known->second->request});
    } else if (options_.null_requests) {
      found.proposals.push_back({next, number, std::nullopt});
    }
  }
  return found;
}

// upon ViewChange(v) from a quorum, at the primary of v: send NewView to all.
void Pbft::begin_view(Context& context) {
  const auto asked_for = changes.find(view);
  if (active || primary_of(view) != self_ || asked_for == changes.end()) return;
  if (asked_for->second.size() < quorum()) return;
  NewView m{view, {}, {}};
  for (const auto& [party, change] : asked_for->second) m.changes.push_back(change);
  const Plan found = plan(view, m.changes);
  for (const Proposal& proposal : found.proposals) {
    context.count(proposal.request ? "adopted" : "null_request");
    m.proposals.push_back({self_, proposal});
  }
  context.send(others_, m);
  enter(context, m, found);
}

// upon NewView(v, V, O) from the primary of v: if O follows from V, enter the view.
void Pbft::on_new_view(Context& context, NodeId from, const NewView& m) {
  if (m.view < view || m.view > pbft::kMostView || (active && m.view == view) || m.view == 0) {
    return;
  }
  if (primary_of(m.view) != from) return;
  pbft::Voters voters;
  for (const Signed<Change>& change : m.changes) {
    if (change.what.view != m.view || !is_valid(change)) return;
    voters.add(change.by);
  }
  if (voters.count < quorum()) return;
  const Plan found = plan(m.view, m.changes);
  const bool follows = std::equal(
      m.proposals.begin(), m.proposals.end(), found.proposals.begin(), found.proposals.end(),
      [&](const auto& told, const Proposal& p) { return told.by == from && told.what == p; });
  if (follows) enter(context, m, found);
}

/// The first proposals of the view are NewView's: what its primary said before comes behind them.
void Pbft::enter(Context& context, const NewView& m, const Plan& found) {
  context.count("new_view");
  view = m.view;
  active = true;
  if (timeout.generation != 0) context.cancel(timeout);
  timeout = {};
  awaited.reset();
  changes.erase(changes.begin(), changes.upper_bound(view));
  placed.clear();
  offered = 0;
  if (found.stable > log.stable) make_stable(context, found.stable, found.proof);
  proposed = std::max(found.last, log.stable);
  for (const Signed<Proposal>& proposal : m.proposals) {
    const Proposal& p = proposal.what;
    if (p.request) placed.insert(p.request->what.id);
    if (p.number > log.stable) accept(context, proposal);
  }
  take_early(context);
  // What is this party's own, the new primary may not know.
  if (!leads()) say_own(context, {primary_of(view)});
}

}  // namespace sibyl::broadcast
