// Weak agreement: see weak_agreement.hpp.
#include "protocols/agreement/weak_agreement.hpp"

#include <algorithm>
#include <utility>

namespace sibyl::agreement {

using weak_agreement::Vote;

// upon Input(v): send VOTE(v) to all.
Outputs WeakAgreement::input(Context context, const Value& value) {
  context.send(parties_->all, Vote{*bit_in(value)});
  return {};
}

// upon VOTE from n - t parties: if n - 2t of them are for b, put out b; else "?".
Outputs WeakAgreement::receive(Context /*context*/, NodeId from, const Message& message) {
  const auto* vote = message.as<Vote>();
  if (vote == nullptr || !parties_->has(from) || done) return {};
  votes.emplace(from, vote->value);
  const std::uint32_t n = parties_->n();
  const std::uint32_t t = parties_->t;
  if (votes.size() < n - t) return {};
  done = true;
  for (const bool bit : {false, true}) {
    const auto votes_for = std::count_if(votes.begin(), votes.end(),
                                         [&](const auto& each) { return each.second == bit; });
    if (static_cast<std::size_t>(votes_for) + 2 * t >= n) return {{0, 0, bit_value(bit)}};
  }
  return {{0, 0, Value()}};
}

ProtocolInfo weak_agreement() {
  AgreementProtocol p;
  p.name = "weak-agreement";
  p.line = "one exchange of votes: no two correct parties hold different bits, for n > 5t";
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 5; };
  p.read = made_with<weak_agreement::Options>(
      p.variants,
      [](const SystemPtr& system, NodeId /*self*/, const weak_agreement::Options& /*options*/) {
        return make_agreement<WeakAgreement>(system->parties);
      });
  p.sizes = {6, 6, 7};
  p.words = words_of<Vote>();
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
