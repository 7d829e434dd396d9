// Ben-Or's binary agreement: see ben_or.hpp.
#include "protocols/agreement/ben_or.hpp"

#include <string>

#include "protocols/agreement/setup.hpp"

namespace sibyl::ben_or {

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kVariants{
      {{"crash-adopts-at-t-plus-1",
        "model crash: a bit is taken up at t + 1 proposals, where the paper has one",
        {"agreement"}},
       {{"model", "crash"}, {"adopts", "t_plus_one"}}},
      {{"crash-decides-at-one", "model crash: one proposal decides, not t + 1", {"agreement"}},
       {{"model", "crash"}, {"decides", "one"}}},
      {{"crash-majority-of-received",
        "model crash: a majority of the reports that a party has is proposed, not one of n",
        {"agreement"}},
       {{"model", "crash"}, {"proposes", "majority"}}},
      {{"proposes-at-one",
        "one report of a bit makes a party propose it, not more than (n + t)/2",
        {"validity", "unanimity"}},
       {{"proposes", "one"}}},
      {{"adopts-at-one",
        "one proposal of a bit makes a party take it up, not t + 1",
        {"agreement"}},
       {{"adopts", "one"}}},
      {{"decides-at-t-plus-1", "t + 1 proposals decide, not more than (n + t)/2", {"agreement"}},
       {{"decides", "t_plus_one"}}},
      {{"majority-of-received",
        "a majority of the reports that a party has is proposed, not more than (n + t)/2 of them",
        {"agreement"}},
       {{"proposes", "majority"}}},
      {{"stops-when-decided", "who has decided takes part in no further round", {"termination"}},
       {{"helps", Value(false)}}},
  };
  return kVariants;
}

}  // namespace sibyl::ben_or

namespace sibyl::agreement {

using BenOrOptions = ben_or::Options;
using ben_or::Report;

// Step 0. upon Input(v): r := 1.
Outputs BenOr::input(Context context, const Value& input) {
  const std::optional<bool> bit = bit_in(input);
  if (!bit || round != 0) return {};
  value = *bit;
  enter(context, 1);
  Outputs outputs;
  proceed(context, outputs);
  return outputs;
}

// Messages of later rounds are counted until the party enters them; those of earlier ones nobody
// waits for.
Outputs BenOr::receive(Context context, NodeId from, const Message& message) {
  const auto* report = message.as<Report>();
  const auto* proposal = message.as<ben_or::Proposal>();
  if ((report == nullptr && proposal == nullptr) || !parties_->has(from) || halted) return {};
  const std::uint64_t of_round = report != nullptr ? report->round : proposal->round;
  if (of_round == 0 || of_round < round || of_round > round + ben_or::kMostAhead) return {};
  const std::size_t party = parties_->index(from);
  Round& votes = votes_of(of_round);
  const bool fresh = report != nullptr ? votes.reports.add(party, report->value)
                                       : votes.proposals.add(party, proposal->value);
  if (!fresh) return {};
  Outputs outputs;
  proceed(context, outputs);
  return outputs;
}

BenOr::Round& BenOr::votes_of(std::uint64_t of_round) {
  const auto at = rounds.find(of_round);
  if (at != rounds.end()) return at->second;
  const std::size_t n = parties_->n();
  return rounds.emplace(of_round, Round{Tally(n), Tally(n)}).first->second;
}

/// Whether these are as many for the bit as the step needs.
bool BenOr::enough(Step step, const Tally& votes, bool bit) const {
  const std::uint32_t votes_for = votes.votes_for(bit);
  const std::uint32_t n = parties_->n();
  const std::uint32_t t = parties_->t;
  const bool crash = options_.model == ben_or::Model::crash;
  const ben_or::Enough rule = step == Step::propose ? options_.proposes
                              : step == Step::adopt ? options_.adopts
                                                    : options_.decides;
  switch (rule) {
    case ben_or::Enough::one:
      return votes_for >= 1;
    case ben_or::Enough::t_plus_one:
      return votes_for >= t + 1;
    case ben_or::Enough::majority:
      return 2 * votes_for > votes.total();
    case ben_or::Enough::paper:
      break;
  }
  if (!crash && step != Step::adopt) return 2 * votes_for > n + t;
  if (step == Step::propose) return 2 * votes_for > n;
  return votes_for >= (crash && step == Step::adopt ? 1 : t + 1);
}

/// Fewer than n - t are there.
bool BenOr::waits_for(const Tally& votes) const {
  return votes.total() + parties_->t < parties_->n();
}

// Step 1. send (1, r, v) to all.
void BenOr::enter(Context& context, std::uint64_t next) {
  if (options_.rounds != 0 && next > options_.rounds) {
    context.count("stopped");
    halt();
    return;
  }
  round = next;
  proposed = false;
  context.count("round");
  context.send(parties_->all, Report{round, value});
}

void BenOr::proceed(Context& context, Outputs& outputs) {
  while (round != 0 && !halted) {
    Round& votes = votes_of(round);
    if (!proposed) {
      if (waits_for(votes.reports)) return;
      propose(context, votes.reports);
      if (halted) return;
    }
    if (waits_for(votes.proposals)) return;
    const Tally proposals = votes.proposals;
    rounds.erase(round);
    end_round(context, proposals, outputs);
  }
}

// Step 2. wait until n - t parties' (1, r, *) are there: if more than n/2 (crash), or (n + t)/2
// (byzantine), of them are for b, send (2, r, b, D) to all; else (2, r, ?).
void BenOr::propose(Context& context, const Tally& reports) {
  proposed = true;
  std::optional<bool> bit;
  for (const bool each : {false, true}) {
    if (!bit && enough(Step::propose, reports, each)) bit = each;
  }
  context.send(parties_->all, ben_or::Proposal{round, bit});
  if (decided) halt();  // that was the round of help
}

// Step 3. wait until n - t parties' (2, r, *) are there:
//   if 1 (crash), or t + 1 (byzantine), of them are for b: v := b;
//   if t + 1 (crash), or more than (n + t)/2 (byzantine), of them are for b: decide b;
//   if v was not set: v is a bit by chance.
// Step 4. r := r + 1.
void BenOr::end_round(Context& context, const Tally& proposals, Outputs& outputs) {
  std::optional<bool> bit;
  for (const bool each : {false, true}) {
    if (!bit && enough(Step::adopt, proposals, each)) bit = each;
  }
  if (!bit) context.count("coin");
  value = bit ? *bit : context.choose(Decision::coin, 2) == 1;
  for (const bool each : {false, true}) {
    if (decided || !enough(Step::decide, proposals, each)) continue;
    decided = each;
    outputs.push_back({0, round, bit_value(each)});
  }
  if (decided && !options_.helps) {
    halt();
    return;
  }
  enter(context, round + 1);
}

/// The party takes no part any more.
void BenOr::halt() {
  halted = true;
  rounds.clear();
}

namespace {

AgreementProtocol ben_or_in(ben_or::Model model) {
  const bool crash = model == ben_or::Model::crash;
  AgreementProtocol p;
  p.name = "ben-or";
  p.line =
      "one bit in rounds of two exchanges with local coins; for n > 5t, or n > 2t with crashes";
  p.variants = ben_or::variants();
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.most_faulty = crash ? [](std::uint32_t n) { return (n - 1) / 2; }
                        : [](std::uint32_t n) { return (n - 1) / 5; };
  p.faults = crash ? FaultsBorne::crashes : FaultsBorne::byzantine;
  p.read = made_with<BenOrOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const BenOrOptions& options) {
        return make_agreement<BenOr>(system->parties, options);
      });
  if (crash) {
    p.sizes = {3, 4, 5};
  } else {
    p.sizes = {6, 6, 7};
  }
  p.words = words_of<Report, ben_or::Proposal>();
  p.words.counters = {"round", "coin", "stopped"};
  return p;
}

}  // namespace

/// One protocol of two models: what is borne, and so what is drawn, follows from the options.
ProtocolInfo ben_or_agreement() {
  const ProtocolInfo crash = agreement_protocol(ben_or_in(ben_or::Model::crash));
  ProtocolInfo info = agreement_protocol(ben_or_in(ben_or::Model::byzantine));
  const auto crashes = [](const Setup& setup) {
    return read_options<BenOrOptions>(setup, ben_or::variants()).model == ben_or::Model::crash;
  };
  info.build = [crashes, a = crash.build, b = info.build](const Setup& setup) {
    return crashes(setup) ? a(setup) : b(setup);
  };
  info.tolerates = [crashes, a = crash.tolerates, b = info.tolerates](const Setup& setup) {
    return crashes(setup) ? a(setup) : b(setup);
  };
  info.draw = [crashes, a = crash.draw, b = info.draw](const Setup& setup, Stream& stream,
                                                       unsigned size) {
    return crashes(setup) ? a(setup, stream, size) : b(setup, stream, size);
  };
  return info;
}

}  // namespace sibyl::agreement
