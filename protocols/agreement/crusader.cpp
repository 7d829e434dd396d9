// Binding crusader agreement: see crusader.hpp.
#include "protocols/agreement/crusader.hpp"

#include <utility>
#include <vector>

#include "protocols/agreement/setup.hpp"

namespace sibyl::agreement {

using crusader::Echo1;
using crusader::Echo2;
using crusader::Echo3;

namespace {

// What a party has said.
constexpr unsigned kEcho1Zero = 1;
constexpr unsigned kEcho1One = 2;
constexpr unsigned kEcho2 = 4;
constexpr unsigned kEcho3 = 8;

constexpr std::size_t kNull = 2;

}  // namespace

// upon Begin(v): send ECHO1(v) to all.
void CrusaderRound::begin(const RoundPlace& place, bool estimate) {
  begun = true;
  send_echo1(place, estimate);
  proceed(place);
}

void CrusaderRound::receive(const RoundPlace& place, NodeId from, const Message& message) {
  const std::size_t party = place.parties.index(from);
  if (const auto* echo1 = message.as<Echo1>()) {
    if (!said.add(party, echo1->value ? kEcho1One : kEcho1Zero)) return;
    ++echoes1_[echo1->value ? 1 : 0];
  } else if (const auto* echo2 = message.as<Echo2>()) {
    if (!said.add(party, kEcho2)) return;
    ++echoes2_[echo2->value ? 1 : 0];
  } else if (const auto* echo3 = message.as<Echo3>()) {
    if (!said.add(party, kEcho3)) return;
    ++echoes3_[echo3->value ? (*echo3->value ? 1 : 0) : kNull];
  }
  if (begun) proceed(place);
}

void CrusaderRound::proceed(const RoundPlace& place) {
  const std::uint32_t enough = place.parties.n() - place.parties.t;
  for (const bool value : {false, true}) {
    const std::size_t at = value ? 1 : 0;
    // upon ECHO1(v) from t + 1 parties: send ECHO1(v) to all, once.
    if (echoes1_[at] > place.parties.t) send_echo1(place, value);
    if (echoes1_[at] < enough) continue;
    echoed_ = echoed_ | set_of(value);
    // upon ECHO1(v) from n - t parties: send ECHO2(v) to all, for the first v alone.
    if (!std::exchange(echo2_sent, true)) {
      place.context.send(place.parties.all, Echo2{place.round, value});
    }
    // upon ECHO2(v) and ECHO1(v) from n - t parties each: send ECHO3(v) to all, unless one is sent.
    if (echoes2_[at] >= enough) send_echo3(place, value);
  }
  // upon ECHO1(0) and ECHO1(1) from n - t parties each: send ECHO3("?"), unless one is sent.
  const bool both_echoed = echoes1_[0] >= enough && echoes1_[1] >= enough;
  if (both_echoed) send_echo3(place, std::nullopt);
  settle(place, both_echoed);
}

void CrusaderRound::send_echo1(const RoundPlace& place, bool value) {
  if (holds(sent, value)) return;
  sent = sent | set_of(value);
  place.context.send(place.parties.all, Echo1{place.round, value});
}

void CrusaderRound::send_echo3(const RoundPlace& place, std::optional<bool> value) {
  if (!binding_ || std::exchange(echo3_sent, true)) return;
  place.context.send(place.parties.all, Echo3{place.round, value});
}

// upon ECHO3(v) from n - t parties: put out v.
// upon ECHO3 from n - t parties that differ, where both values have their echoes: put out "?".
void CrusaderRound::settle(const RoundPlace& place, bool both_echoed) {
  if (settled != Bits::none) return;
  const std::uint32_t enough = place.parties.n() - place.parties.t;
  const std::uint32_t zero = binding_ ? echoes3_[0] : echoes2_[0];
  const std::uint32_t one = binding_ ? echoes3_[1] : echoes2_[1];
  const std::uint32_t neither = binding_ ? echoes3_[kNull] : 0;
  if (zero >= enough) {
    settled = Bits::zero;
  } else if (one >= enough) {
    settled = Bits::one;
  } else if (both_echoed && zero + one + neither >= enough) {
    settled = Bits::both;
  }
}

// ECHO1(b) is counted for ECHO1(b) and as n - t of them, ECHO2 for ECHO3 (without that: until all
// is settled), ECHO3 until all is settled.
void CrusaderRound::hash_into(Hasher& h) const {
  const bool over = settled != Bits::none;
  unsigned open = 0;
  if (!holds(sent, false) || !holds(echoed_, false)) open |= kEcho1Zero;
  if (!holds(sent, true) || !holds(echoed_, true)) open |= kEcho1One;
  if (binding_ ? !echo3_sent : !over) open |= kEcho2;
  if (!over) open |= kEcho3;
  Said relevant = said;
  for (std::uint8_t& what : relevant.by_party) what = static_cast<std::uint8_t>(what & open);
  for (const Bits bits : {sent, echoed_, settled}) h.add(static_cast<std::uint64_t>(bits));
  h.add((begun ? 1U : 0U) | (echo2_sent ? 2U : 0U) | (echo3_sent ? 4U : 0U));
  relevant.hash_into(h);
  // What they said is not in `said`.
  if ((open & kEcho2) != 0) {
    for (const std::uint32_t votes : echoes2_) h.add(votes);
  }
  if ((open & kEcho3) != 0) {
    for (const std::uint32_t votes : echoes3_) h.add(votes);
  }
}

Outputs BindingCrusaderAgreement::input(Context context, const Value& value) {
  const std::optional<bool> bit = bit_in(value);
  if (!bit || round.begun) return {};
  round.begin({context, *parties_}, *bit);
  return put_out();
}

Outputs BindingCrusaderAgreement::receive(Context context, NodeId from, const Message& message) {
  if (!parties_->has(from) || crusader_round_of(message) != 1) return {};
  round.receive({context, *parties_}, from, message);
  return put_out();
}

Outputs BindingCrusaderAgreement::put_out() {
  if (done || round.settled == Bits::none) return {};
  done = true;
  const std::optional<bool> bit = only(round.settled);
  return {{0, 0, bit ? bit_value(*bit) : Value()}};
}

std::optional<std::uint64_t> crusader_round_of(const Message& message) {
  if (const auto* echo1 = message.as<Echo1>()) return echo1->round;
  if (const auto* echo2 = message.as<Echo2>()) return echo2->round;
  if (const auto* echo3 = message.as<Echo3>()) return echo3->round;
  return std::nullopt;
}

ProtocolInfo binding_crusader_agreement() {
  AgreementProtocol p;
  p.name = "binding-crusader-agreement";
  p.line = "a bit or \"?\"; the first party that puts out anything binds all to one bit, n > 3t";
  p.variants = {
      {{"not-binding", "without ECHO3: the first output leaves both bits open to the others", {}},
       {{"binding", Value(false)}}},
  };
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.alike = true;
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.read = made_with<crusader::Options>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const crusader::Options& options) {
        return make_agreement<BindingCrusaderAgreement>(system->parties, options);
      });
  p.words = words_of<Echo1, Echo2, Echo3>();
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
