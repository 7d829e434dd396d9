// One round of votes: see vote_round.hpp.
#include "protocols/agreement/vote_round.hpp"

namespace sibyl::agreement {

using binary_agreement::Aux;
using binary_agreement::Bval;
using binary_agreement::Conf;

namespace {

// What a party has said.
constexpr unsigned kBvalZero = 1;
constexpr unsigned kBvalOne = 2;
constexpr unsigned kAux = 4;
constexpr unsigned kConf = 8;

constexpr unsigned bval_flag(bool value) { return value ? kBvalOne : kBvalZero; }

}  // namespace

// upon Begin(est): send BVAL(est) to all.
void VoteRound::begin(const RoundPlace& place, bool estimate) {
  begun = true;
  send_bval(place, estimate);
  for (const bool value : {false, true}) test_bval(place, value);
  settle(place);
}

void VoteRound::receive(const RoundPlace& place, NodeId from, const Message& message) {
  const std::size_t party = place.parties.index(from);
  if (const auto* bval = message.as<Bval>()) {
    if (!said.add(party, bval_flag(bval->value))) return;
    ++bvals_[bval->value ? 1 : 0];
    if (begun) test_bval(place, bval->value);
  } else if (const auto* aux = message.as<Aux>()) {
    if (!said.add(party, kAux)) return;
    ++auxs_[aux->value ? 1 : 0];
  } else if (const auto* conf = message.as<Conf>()) {
    if (conf->values == Bits::none || !said.add(party, kConf)) return;
    ++confs_[static_cast<std::size_t>(conf->values)];
  }
  if (begun) settle(place);
}

// upon BVAL(b) from t + 1 parties: send BVAL(b) to all, once.
// upon BVAL(b) from 2t + 1 parties: add b to bin_values; for the first one, send AUX(b) to all.
void VoteRound::test_bval(const RoundPlace& place, bool value) {
  const std::uint32_t votes = bvals_[value ? 1 : 0];
  const std::uint32_t t = place.parties.t;
  if (votes > t && rules_.relays) send_bval(place, value);
  if (votes <= 2 * t || holds(bin_values, value)) return;
  bin_values = bin_values | set_of(value);
  if (aux_sent) return;
  aux_sent = true;
  place.context.send(place.parties.all, Aux{place.round, value});
}

void VoteRound::send_bval(const RoundPlace& place, bool value) {
  if (holds(sent, value)) return;
  sent = sent | set_of(value);
  place.context.send(place.parties.all, Bval{place.round, value});
}

// wait until n - t parties' AUX are in bin_values: send CONF(their values) to all, once.
// wait until n - t parties' CONF are subsets of bin_values: the round's values are their union.
void VoteRound::settle(const RoundPlace& place) {
  if (settled != Bits::none || !aux_sent) return;
  if (confirmed == Bits::none) {
    const Bits values = aux_values(place);
    if (values == Bits::none) return;
    if (!rules_.conf) {  // PODC'14: these are the round's values
      settled = values;
      return;
    }
    confirmed = rules_.conf_carries_bin_values ? bin_values : values;
    place.context.send(place.parties.all, Conf{place.round, confirmed});
  }
  settled = conf_values(place);
}

/// None: there are not enough yet.
Bits VoteRound::aux_values(const RoundPlace& place) const {
  Bits values = Bits::none;
  std::uint32_t votes = 0;
  for (const bool value : {false, true}) {
    const std::uint32_t votes_for = auxs_[value ? 1 : 0];
    if (votes_for == 0 || (rules_.aux_in_bin_values && !holds(bin_values, value))) continue;
    values = values | set_of(value);
    votes += votes_for;
  }
  return votes + place.parties.t >= place.parties.n() ? values : Bits::none;
}

/// None: there are not enough yet.
Bits VoteRound::conf_values(const RoundPlace& place) const {
  Bits values = Bits::none;
  std::uint32_t votes = 0;
  for (const Bits set : {Bits::zero, Bits::one, Bits::both}) {
    const std::uint32_t votes_for = confs_[static_cast<std::size_t>(set)];
    if (votes_for == 0 || !within(set, bin_values)) continue;
    values = values | set;
    votes += votes_for;
  }
  return votes + place.parties.t >= place.parties.n() ? values : Bits::none;
}

// BVAL(b) is counted for BVAL(b) and for bin_values, AUX until CONF, CONF until all is settled.
void VoteRound::hash_into(Hasher& h) const {
  const bool over = settled != Bits::none;
  unsigned open = 0;
  for (const bool value : {false, true}) {
    if (!holds(sent, value) || !holds(bin_values, value)) open |= bval_flag(value);
  }
  if (confirmed == Bits::none && !over) open |= kAux;
  if (!over) open |= kConf;
  Said relevant = said;
  for (std::uint8_t& what : relevant.by_party) what = static_cast<std::uint8_t>(what & open);
  h.add(begun ? 1 : 0);
  for (const Bits bits : {bin_values, sent, confirmed, settled}) {
    h.add(static_cast<std::uint64_t>(bits));
  }
  h.add(aux_sent ? 1 : 0);
  relevant.hash_into(h);
  // What they said is not in `said`.
  if ((open & kAux) != 0) {
    for (const std::uint32_t votes : auxs_) h.add(votes);
  }
  if ((open & kConf) != 0) {
    for (const std::uint32_t votes : confs_) h.add(votes);
  }
}

}  // namespace sibyl::agreement
