// Binary agreement with a common coin: see binary_agreement.hpp.
#include "protocols/agreement/binary_agreement.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "protocols/agreement/setup.hpp"

namespace sibyl::binary_agreement {

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kVariants{
      {{"podc14", "without CONF: who knows the coins can keep it from ever deciding (E-2)", {}},
       {{"form", "podc14"}}},
      {{"crusader", "binding crusader agreement in place of BVAL, AUX and CONF", {}},
       {{"form", "crusader"}}},
      {{"keeps-estimate",
        "who has settled on one value, and the coin shows the other, keeps its estimate (E-M1)",
        {}},
       {{"takes_value", Value(false)}}},
      {{"conf-carries-bin-values",
        "CONF says which values have 2t + 1 BVAL, not which have n - t AUX (E-M2)",
        {}},
       {{"conf_carries_bin_values", Value(true)}}},
      {{"estimates-from-bin-values",
        "at the coin all of bin_values counts, not what CONF has settled (E-M3)",
        {}},
       {{"estimates_from_bin_values", Value(true)}}},
      {{"halts-at-second-coin",
        "no TERM: who could decide once more in a later round halts (E-M4)",
        {"termination"}},
       {{"ending", "second_coin"}}},
      {{"halts-a-round-later",
        "no TERM: who has decided plays one more round and halts (E-M4)",
        {"termination"}},
       {{"ending", "one_more_round"}}},
      {{"no-relay",
        "BVAL from t + 1 parties does not make a party send BVAL (E-M5)",
        {"termination"}},
       {{"relays", Value(false)}}},
      {{"aux-not-checked",
        "AUX counts also for a value that is not in bin_values; without CONF (E-M6)",
        {"agreement", "validity", "unanimity"}},
       {{"aux_in_bin_values", Value(false)}, {"form", "podc14"}}},
      {{"drops-future",
        "messages of rounds that the party has not entered yet are dropped (E-M7)",
        {"termination"}},
       {{"keeps_future", Value(false)}}},
      {{"weak-coin",
        "the coin shows the same to all with probability 1/2 only, else what the adversary likes",
        {"agreement"}},
       {{"coin", Value(Value::Object{{"one_in", Value(std::int64_t{4})}})}}},
      {{"local-coin", "each party throws a coin of its own", {"agreement"}},
       {{"coin", Value(Value::Object{{"kind", Value("local")}})}}},
  };
  return kVariants;
}

void check(const Options& options, const std::string& pointer) {
  agreement::check_coin(options.coin, pointer_to(pointer, "coin"));
  const auto refuse = [&](bool set, const char* option, const char* why) {
    if (set) throw ConfigError(pointer_to(pointer, option), why);
  };
  const bool crusader = options.form == Form::crusader;
  const char* const no_votes = "says nothing of form \"crusader\", which sends no BVAL and no AUX";
  refuse(options.conf_carries_bin_values && options.form != Form::conf, "conf_carries_bin_values",
         "is of form \"conf\" alone: the others send no CONF");
  refuse(options.estimates_from_bin_values && crusader, "estimates_from_bin_values", no_votes);
  refuse(!options.relays && crusader, "relays", no_votes);
  refuse(!options.aux_in_bin_values && crusader, "aux_in_bin_values", no_votes);
}

}  // namespace sibyl::binary_agreement

namespace sibyl::agreement {

using binary_agreement::Aux;
using binary_agreement::Bval;
using binary_agreement::Conf;
using binary_agreement::Ending;
using binary_agreement::Form;
using binary_agreement::kMostAhead;
using binary_agreement::Options;
using binary_agreement::Term;

namespace {

std::optional<std::uint64_t> vote_round_of(const Message& message) {
  if (const auto* bval = message.as<Bval>()) return bval->round;
  if (const auto* aux = message.as<Aux>()) return aux->round;
  if (const auto* conf = message.as<Conf>()) return conf->round;
  return std::nullopt;
}

}  // namespace

// upon Input(v): est := v; enter round 1.
Outputs BinaryAgreement::input(Context context, const Value& value) {
  const std::optional<bool> bit = bit_in(value);
  if (!bit || round != 0 || halted) return {};
  estimate = *bit;
  enter(context, 1);
  Outputs outputs;
  proceed(context, outputs);
  return outputs;
}

Outputs BinaryAgreement::receive(Context context, NodeId from, const Message& message) {
  if (halted || !parties_->has(from)) return {};
  Outputs outputs;
  if (const auto* term = message.as<Term>()) {
    on_term(context, from, term->value, outputs);
  } else if (const auto* share = message.as<coin::Share>()) {
    if (too_far(share->round)) return {};
    const auto open = coin.receive(context, from, message);
    if (open && open->first == round) shows = open->second;
  } else if (const auto of_round =
                 crusader() ? crusader_round_of(message) : vote_round_of(message)) {
    on_votes(context, from, *of_round, message);
  }
  proceed(context, outputs);
  return outputs;
}

bool BinaryAgreement::too_far(std::uint64_t of_round) const {
  return of_round > round + (options_.keeps_future ? kMostAhead : 0);
}

// Votes of later rounds are counted until the party enters them. Those of earlier rounds are still
// answered: others may need this party's BVAL there. What it has no more to say in is forgotten.
void BinaryAgreement::on_votes(Context& context, NodeId from, std::uint64_t of_round,
                               const Message& message) {
  if (of_round == 0 || too_far(of_round)) return;
  const RoundPlace place{context, *parties_, of_round};
  const auto let = [&](auto& rounds, auto fresh) {
    auto at = rounds.find(of_round);
    if (at == rounds.end()) {
      if (of_round < round) return;
      at = rounds.emplace(of_round, fresh()).first;
    }
    at->second.receive(place, from, message);
    if (of_round < round && at->second.finished()) rounds.erase(at);
  };
  if (crusader()) {
    let(crusaders, [&] { return CrusaderRound(parties_->n(), true); });
  } else {
    let(votes, [&] { return new_votes(); });
  }
}

VoteRound BinaryAgreement::new_votes() const {
  return {parties_->n(),
          {options_.form == Form::conf, options_.relays, options_.aux_in_bin_values,
           options_.conf_carries_bin_values}};
}

/// What the votes of the party's round have settled.
Bits BinaryAgreement::settled() const {
  return crusader() ? crusaders.at(round).settled : votes.at(round).settled;
}

// upon the votes of the round being settled: ask for its coin; upon the coin: end the round.
void BinaryAgreement::proceed(Context& context, Outputs& outputs) {
  while (round != 0 && !stopped && !halted) {
    if (!asked) {
      if (settled() == Bits::none) return;
      asked = true;
      shows = coin.request(context, round);
    }
    if (!shows) return;
    end_round(context, *shows, outputs);
  }
}

void BinaryAgreement::enter(Context& context, std::uint64_t next) {
  if (options_.rounds != 0 && next > options_.rounds) {
    stopped = true;
    context.count("stopped");
    return;
  }
  const RoundPlace place{context, *parties_, next};
  const auto turn = [&](auto& rounds, auto fresh) {
    const auto before = rounds.find(round);
    if (before != rounds.end() && before->second.finished()) rounds.erase(before);
    auto at = rounds.find(next);
    if (at == rounds.end()) at = rounds.emplace(next, fresh()).first;
    at->second.begin(place, estimate);
  };
  context.count("round");
  coin.forget_below(next);
  coin.enter(context, next);
  if (crusader()) {
    turn(crusaders, [&] { return CrusaderRound(parties_->n(), true); });
  } else {
    turn(votes, [&] { return new_votes(); });
  }
  round = next;
  asked = false;
  shows.reset();
}

// upon Coin(r) = s, with vals settled: if vals = {b}: est := b; if b = s, decide b.
//                                     Else est := s. Enter round r + 1.
void BinaryAgreement::end_round(Context& context, bool side, Outputs& outputs) {
  const bool had_decided = decided.has_value();
  Bits values = settled();
  if (options_.estimates_from_bin_values && !crusader()) values = votes.at(round).bin_values;
  const std::optional<bool> value = only(values);
  if (!value) {
    estimate = side;
  } else if (*value == side) {
    estimate = side;
    decide(context, side, outputs);
  } else if (options_.takes_value) {
    estimate = *value;
  }
  const bool once_more = had_decided && value == side;
  if ((options_.ending == Ending::one_more_round && had_decided) ||
      (options_.ending == Ending::second_coin && once_more)) {
    halt();
    return;
  }
  enter(context, round + 1);
}

// upon Decide(b): send TERM(b) to all.
void BinaryAgreement::decide(Context& context, bool value, Outputs& outputs) {
  if (decided) return;
  decided = value;
  outputs.push_back({0, std::max<std::uint64_t>(round, 1), bit_value(value)});
  if (options_.ending == Ending::term) context.send(parties_->all, Term{value});
}

// upon TERM(b) from t + 1 parties: decide b.
// upon TERM(b) from n - t parties: halt.
void BinaryAgreement::on_term(Context& context, NodeId from, bool value, Outputs& outputs) {
  if (options_.ending != Ending::term) return;
  if (!terms.add(parties_->index(from), value ? 2 : 1, 3)) return;
  const std::uint32_t number = ++term_counts_[value ? 1 : 0];
  if (number > parties_->t && !decided) {
    context.count("decided_by_term");
    decide(context, value, outputs);
  }
  if (number + parties_->t >= parties_->n()) halt();
}

/// The party takes no part any more; all that it knows of the rounds is forgotten.
void BinaryAgreement::halt() {
  halted = true;
  asked = false;
  shows.reset();
  votes.clear();
  crusaders.clear();
  terms = Said();
  coin = Coin();
}

ProtocolInfo binary_agreement_protocol() {
  AgreementProtocol p;
  p.name = "binary-agreement";
  p.line = "one bit in rounds of votes, each followed by a common coin; for n > 3t";
  p.variants = binary_agreement::variants();
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.alike = true;
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.read = [variants = p.variants](const Setup& setup) -> Make {
    const auto options = read_options<Options>(setup, variants);
    binary_agreement::check(options, kOptionsPointer);
    return [options](const SystemPtr& system, NodeId /*self*/) {
      return make_agreement<BinaryAgreement>(system->parties, 1, options);
    };
  };
  p.words = words_of<Bval, Aux, Conf, crusader::Echo1, crusader::Echo2, crusader::Echo3,
                     coin::Share, Term>();
  p.words.counters = {"round", "decided_by_term", "stopped"};
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
