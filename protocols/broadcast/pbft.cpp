// A replica of PBFT in the normal case: requests, the three phases, execution and its timer. See
// pbft.hpp; checkpoints and state transfer: pbft_checkpoint.cpp; view changes:
// pbft_view_change.cpp.
#include "protocols/broadcast/pbft.hpp"

#include <algorithm>
#include <string>

#include "protocols/broadcast/gave_up.hpp"
#include "sim/decode.hpp"

namespace sibyl::broadcast {

using pbft::Accepted;
using pbft::Commit;
using pbft::digest_of;
using pbft::PrePrepare;
using pbft::SignedItem;
using pbft::Slot;
using pbft::Tally;

namespace {

/// Timeouts double so often.
constexpr std::uint32_t kPbftDoublings = 10;

}  // namespace

Pbft::Pbft(PartiesPtr parties, NodeId self, const PbftOptions& options)
    : seen(parties->n()),
      reached(parties->n()),
      parties_(std::move(parties)),
      self_(self),
      others_(parties_->others(self)),
      options_(options) {
  if (options_.window == 0) options_.window = 2 * options_.checkpoint;
}

// ---- Requests ----

/// What comes from the network may be anything; but nobody signs in another's name.
bool Pbft::makes_sense(const SignedItem& item) const {
  const ItemId& id = item.what.id;
  return parties_->has(id.origin) && item.by == id.origin && id.number > 0 &&
         !item.what.content.is_null();
}

void Pbft::add_pending(const SignedItem& item) {
  if (is_done(item.what.id) || !arrival.emplace(item.what.id, arrived + 1).second) return;
  pending.emplace(++arrived, item);
}

void Pbft::forget_pending(const ItemId& id) {
  const auto found = arrival.find(id);
  if (found == arrival.end()) return;
  pending.erase(found->second);
  arrival.erase(found);
}

// upon Broadcast(m): the client sends its request to the primary; to all while there is none.
Deliveries Pbft::broadcast(Context context, Value content) {
  const SignedItem item{self_, {{self_, ++sent}, std::move(content)}};
  add_pending(item);
  if (!active) {
    context.send(others_, pbft::Request{item});
  } else if (!leads()) {
    context.send(primary_of(view), pbft::Request{item});
  }
  return settle(context);
}

/// Gives pending requests the next numbers, as far as the window goes. Whether it did.
bool Pbft::propose(Context& context) {
  if (!leads()) return false;
  bool any = false;
  proposed = std::max(proposed, log.stable);
  for (auto next = pending.upper_bound(offered); next != pending.end() && proposed < top();
       next = pending.upper_bound(offered)) {
    offered = next->first;
    const SignedItem item = next->second;
    if (options_.deduplicate && placed.count(item.what.id) > 0) continue;
    const Signed<pbft::Proposal> proposal{self_, {view, ++proposed, item}};
    context.send(others_, PrePrepare{proposal});
    accept(context, proposal);
    any = true;
  }
  return any;
}

// ---- The three phases ----

Deliveries Pbft::receive(Context context, NodeId from, const Message& message) {
  if (!parties_->has(from) || from == self_) return {};
  if (const auto* commit = message.as<Commit>()) {
    on_commit(context, from, *commit);
  } else if (const auto* prepare = message.as<pbft::Prepare>()) {
    on_prepare(context, from, prepare->vote);
  } else if (const auto* pre_prepare = message.as<PrePrepare>()) {
    on_pre_prepare(context, from, *pre_prepare);
  } else if (const auto* request = message.as<pbft::Request>()) {
    if (makes_sense(request->item)) add_pending(request->item);
  } else if (const auto* checkpoint = message.as<pbft::Checkpoint>()) {
    on_checkpoint(context, from, checkpoint->state);
  } else if (const auto* change = message.as<pbft::ViewChange>()) {
    on_view_change(context, from, change->change);
  } else if (const auto* new_view = message.as<pbft::NewView>()) {
    on_new_view(context, from, *new_view);
  } else if (const auto* question = message.as<pbft::Fetch>()) {
    on_fetch(context, from, *question);
  } else if (const auto* answer = message.as<pbft::Executed>()) {
    on_executed(from, *answer);
  }
  return settle(context);
}

// upon PrePrepare(v, n, m) from the primary of v, in view v, n within the window, and no other for
// (v, n) before: accept it.
void Pbft::on_pre_prepare(Context& context, NodeId from, const PrePrepare& m) {
  const pbft::Proposal& p = m.proposal.what;
  if (p.view < view || p.view > pbft::kMostView || primary_of(p.view) != from ||
      m.proposal.by != from || !p.request || !makes_sense(*p.request)) {
    return;
  }
  note_reached(from, p.view);
  if (!in_log(p.number)) {
    if (p.number > log.stable) note_seen(from, p.number);
    return;
  }
  if (p.view > view || !active || p.number > top()) {
    keep_early(m);
    return;
  }
  const Slot& slot = log.at(p.number);
  const bool again = slot.in_view(view) != nullptr;
  if (again && (options_.one_proposal || slot.with(digest_of(p.request)) != nullptr)) return;
  accept(context, m.proposal);
}

/// Of each primary the proposals of the highest of its views alone: it has left the others.
void Pbft::keep_early(const PrePrepare& m) {
  const pbft::Proposal& p = m.proposal.what;
  for (auto next = early.begin(); next != early.end();) {
    const View of = next->first.first;
    const auto behind = early.lower_bound({of + 1, 0});
    if (primary_of(of) == m.proposal.by && of != p.view) {
      if (of > p.view) return;
      early.erase(next, behind);
    }
    next = behind;
  }
  early.emplace(std::pair(p.view, p.number), m);
}

/// A proposal of this view, by its primary: the others send Prepare(v, n, d) to all.
void Pbft::accept(Context& context, const Signed<pbft::Proposal>& proposal) {
  const pbft::Proposal& p = proposal.what;
  const Digest d = digest_of(p.request);
  Slot& slot = log.at(p.number);
  slot.accepted.push_back({d, proposal});
  if (p.request && p.number > done) add_pending(*p.request);
  if (!leads()) {
    slot.prepare(view, d, self_, options_.one_proposal);
    context.send(others_, pbft::Prepare{{self_, {view, p.number, d}}});
  }
  advance(context, p.number);
}

void Pbft::on_prepare(Context& context, NodeId from, const Signed<pbft::Vote>& m) {
  const pbft::Vote& vote = m.what;
  if (m.by != from || vote.view < view || vote.view > pbft::kMostView) return;
  note_reached(from, vote.view);
  if (!in_log(vote.number) || primary_of(vote.view) == from) return;
  log.at(vote.number).prepare(vote.view, vote.digest, from, options_.one_proposal);
  advance(context, vote.number);
}

// upon prepared(m, v, n): the proposal and matching prepares of other backups make a quorum: send
// Commit(v, n, d) to all.
void Pbft::advance(Context& context, Number number) {
  if (!active) return;
  Slot& slot = *log.find(number);
  for (const Accepted& accepted : slot.accepted) {
    if (accepted.proposal.what.view != view) continue;
    const Tally* tally = slot.find(view, accepted.digest);
    std::uint32_t prepares = tally == nullptr ? 0 : tally->prepares.count;
    if (!options_.match_digests) prepares = slot.prepares(view);
    if (prepares + 1 < quorum() || (tally != nullptr && tally->commits.has(self_))) continue;
    slot.prepared = {view, accepted.digest};
    slot.commit(view, accepted.digest, self_, options_.one_proposal);
    if (options_.commit_phase) context.send(others_, Commit{view, number, accepted.digest});
  }
}

// upon Commit(v, n, d): count it, of whatever view: a quorum of commits proves what was decided.
void Pbft::on_commit(Context& context, NodeId from, const Commit& m) {
  if (m.view > pbft::kMostView) return;
  note_reached(from, m.view);
  if (m.number <= log.stable) return;
  note_seen(from, m.number);
  if (!in_log(m.number)) return catch_up(context);
  log.at(m.number).commit(m.view, m.digest, from, options_.one_proposal);
  if (!active) catch_up(context);
}

/// What is to be executed at the number done + 1, if that is committed here: in the present view it
/// has to be prepared here too (committed-local), in others a quorum of commits is enough.
std::optional<Item> Pbft::committed() const {
  const Slot* slot = log.find(done + 1);
  if (slot == nullptr) return std::nullopt;
  for (const Tally& tally : slot->tallies) {
    const bool own = tally.commits.has(self_);
    if (options_.commit_phase) {
      std::uint32_t commits = tally.commits.count;
      if (!options_.match_digests && own) commits = slot->commits(tally.view);
      if (commits < commits_needed()) continue;
      if (active && tally.view == view && !own) continue;
    } else if (!own) {
      continue;
    }
    if (tally.digest == pbft::kNullDigest) return Item{};
    if (const Accepted* found = slot->with(tally.digest)) return found->proposal.what.request->what;
  }
  return std::nullopt;
}

// ---- Execution ----

// upon committed-local(m, v, done + 1), or f + 1 answers alike: execute it.
void Pbft::run(Context& context, Deliveries& deliveries) {
  for (;;) {
    std::optional<Item> next = committed();
    if (!next && !answers.empty()) {
      next = answered();
      if (next) context.count("transferred");
    }
    if (!next) return;
    execute(context, *next, deliveries);
  }
}

/// Null requests do nothing, and what was executed before is left aside.
void Pbft::execute(Context& context, const Item& item, Deliveries& deliveries) {
  ++done;
  attempts = 0;
  answers.erase(answers.begin(), answers.upper_bound(done));
  history.push_back(item);
  Hasher chain;
  chain.add(digest);
  hash_append(chain, item);
  digest = chain.value();
  if (item.id.number > 0) {
    const bool again = !executed.insert(item.id).second;
    if (again) context.count("executed_twice");
    if (!again || !options_.deduplicate) deliveries.push_back(item);
    forget_pending(item.id);
  }
  serve(context);
  if (done % options_.checkpoint == 0) take_checkpoint(context);
}

/// The end of every step.
Deliveries Pbft::settle(Context& context) {
  Deliveries deliveries;
  do {
    run(context, deliveries);
  } while (propose(context));
  see_to_timer(context);
  return deliveries;
}

// ---- The timer ----

/// It runs for the oldest pending request; without any, while there are numbers in use that others
/// may have to tell of; between views, once a quorum has left the one before.
void Pbft::see_to_timer(Context& context) {
  std::optional<ItemId> wanted;
  if (attempts >= options_.tries) {
    // Others may go on, and this party with them.
  } else if (!active) {
    if (support() >= quorum()) wanted = ItemId{};
  } else if (!pending.empty()) {
    wanted = pending.begin()->second.what.id;
  } else if (log.highest() > std::max(done, asked)) {
    wanted = ItemId{};
  }
  if (wanted == awaited && (timeout.generation != 0 || !wanted)) return;
  if (timeout.generation != 0) context.cancel(timeout);
  timeout = {};
  if (wanted != awaited) warned = false;
  awaited = wanted;
  if (!wanted) return;
  const std::uint32_t doublings = options_.double_timeouts ? std::min(attempts, kPbftDoublings) : 0;
  std::int64_t wait = 0;
  if (__builtin_mul_overflow(options_.timeout.ns, std::int64_t{1} << doublings, &wait)) {
    wait = kNever.ns;
  }
  timeout = context.arm(Duration{wait}, pbft::Timeout{});
}

// upon Timeout: say the requests to all, and ask for what may have been missed; the second time, or
// when no new view came, go on to the next view.
Deliveries Pbft::timer(Context context, const Message& tag) {
  if (tag.as<pbft::Timeout>() == nullptr) return {};
  timeout = {};
  if (!active) {
    change_view(context, view + 1);
    return settle(context);
  }
  if (log.highest() > std::max(done, asked)) fetch(context, log.highest());
  if (!pending.empty() && warned) {
    change_view(context, view + 1);
  } else if (!pending.empty()) {
    context.count("suspicion");
    warned = true;
    for (const auto& [order, item] : pending) context.send(others_, pbft::Request{item});
  }
  return settle(context);
}

// ---- The protocol ----

namespace {

const std::vector<Variant>& pbft_variants() {
  const std::vector<std::string> order = {"validity", "agreement", "total_order"};
  static const std::vector<Variant> kVariants = with_party_variants({
      {{"no-prepare-certificates",
        "a new view begins without what was prepared in earlier ones: numbers are given twice",
        order},
       {{"certificates", false}}},
      {{"commit-at-f-plus-1", "f + 1 commits are enough, where a quorum is needed", order},
       {{"commit_quorum", false}}},
      {{"no-commit-phase",
        "what is prepared is executed at once: nobody else need know of it when the view changes",
        order},
       {{"commit_phase", false}}},
      {{"accepts-two-pre-prepares",
        "backups accept a second proposal for a number, and vote for both",
        {"agreement", "total_order"}},
       {{"one_proposal", false}}},
      {{"ignores-digests",
        "votes for a number count together, whatever proposal they are for",
        {"agreement", "total_order"}},
       {{"match_digests", false}}},
      {{"fixed-timeouts",
        "timeouts do not double: where messages are slower than that, views change until all give "
        "up",
        {"validity"}},
       {{"double_timeouts", false}}},
      {{"no-view-change",
        "nobody asks for another view: a primary that says nothing stops all",
        {"validity"}},
       {{"view_change", false}}},
      {{"no-null-requests",
        "a new view leaves numbers out for which nothing was prepared: what is behind them is "
        "never executed",
        {"validity"}},
       {{"null_requests", false}}},
      {{"no-dedup", "items that have two numbers are delivered twice", {"integrity"}},
       {{"deduplicate", false}}},
  });
  return kVariants;
}

void check_pbft_options(const PbftOptions& options) {
  const auto refuse = [](const char* option, const std::string& what) {
    throw ConfigError(pointer_to(kOptionsPointer, option), what);
  };
  if (options.timeout.ns <= 0) {
    refuse("timeout", "found " + format_duration(options.timeout) + ", must be above 0");
  }
  if (options.window != 0 && options.window < options.checkpoint) {
    refuse("window",
           "found " + std::to_string(options.window) + ", must be 0, or from \"checkpoint\" (" +
               std::to_string(options.checkpoint) + ") to " +
               std::to_string(PbftOptions::kMostWindow) + ": it moves on with checkpoints alone");
  }
}

}  // namespace

ProtocolInfo pbft() {
  BroadcastProtocol p;
  p.name = "pbft";
  p.line = "PBFT: total order with Byzantine parties, n > 3f, under a primary that can be replaced";
  p.variants = pbft_variants();
  p.properties = {"validity",       "integrity",      "agreement",  "total_order",
                  "termination",    "replica_state",  "rsm_safety", "rsm_liveness_1",
                  "rsm_liveness_2", "accepted_output"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  const auto read = made_with<PbftOptions>(
      p.variants, [](const SystemPtr& system, NodeId self, const PbftOptions& options) {
        return make_broadcast<Pbft>(system->parties, self, options);
      });
  p.read = [read](const Setup& setup) {
    check_pbft_options(read_options<PbftOptions>(setup, pbft_variants()));
    return read(setup);
  };
  p.sizes = {4, 4, 4, 5, 7};
  p.drawn_steps = 8000;
  p.timely_in_the_end = true;
  p.numbered = "number";
  p.words = words_of<pbft::Request, PrePrepare, pbft::Prepare, Commit, pbft::Checkpoint,
                     pbft::ViewChange, pbft::NewView, pbft::Fetch, pbft::Executed>();
  p.words.steps = names_of<pbft::Timeout, GaveUp>();
  p.words.counters = {"suspicion",  "view_change",    "new_view", "adopted",    "null_request",
                      "checkpoint", "executed_twice", "fetch",    "transferred"};
  return broadcast_protocol(std::move(p));
}

}  // namespace sibyl::broadcast
