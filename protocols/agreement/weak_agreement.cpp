// Weak agreement: see weak_agreement.hpp.
#include "protocols/agreement/weak_agreement.hpp"

namespace sibyl::agreement {

using weak_agreement::Enough;
using weak_agreement::Vote;

// if n - 2t of the votes are for b, put out b; else "?".
std::optional<bool> weak_bit(Context& context, const Parties& parties, const Tally& votes,
                             Enough enough) {
  for (const bool bit : {false, true}) {
    const std::uint32_t votes_for = votes.votes_for(bit);
    const bool many = enough == Enough::majority ? 2 * votes_for > votes.total()
                                                 : votes_for + 2 * parties.t >= parties.n();
    if (!many) continue;
    context.count("bit");
    return bit;
  }
  context.count("no_bit");
  return std::nullopt;
}

// upon Input(v): send VOTE(v) to all.
Outputs WeakAgreement::input(Context context, const Value& value) {
  const std::optional<bool> bit = bit_in(value);
  if (!bit || begun) return {};
  begun = true;
  context.send(parties_->all, Vote{*bit});
  return proceed(context);
}

Outputs WeakAgreement::receive(Context context, NodeId from, const Message& message) {
  const auto* vote = message.as<Vote>();
  if (vote == nullptr || !parties_->has(from) || done) return {};
  if (!votes.add(parties_->index(from), vote->value)) return {};
  return proceed(context);
}

// wait until n - t parties' VOTE are there: put out what they come to.
Outputs WeakAgreement::proceed(Context& context) {
  if (!begun || done || votes.total() + parties_->t < parties_->n()) return {};
  done = true;
  const std::optional<bool> bit = weak_bit(context, *parties_, votes, options_.enough);
  return {{0, 0, bit ? bit_value(*bit) : Value()}};
}

ProtocolInfo weak_agreement() {
  AgreementProtocol p;
  p.name = "weak-agreement";
  p.line = "one exchange of votes: no two correct parties hold different bits, for n > 5t";
  p.variants = {{{"majority-is-enough",
                  "a majority of the votes that a party has makes it put out a bit, not n - 2t",
                  {"agreement"}},
                 {{"enough", "majority"}}}};
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 5; };
  p.read = made_with<weak_agreement::Options>(
      p.variants,
      [](const SystemPtr& system, NodeId /*self*/, const weak_agreement::Options& options) {
        return make_agreement<WeakAgreement>(system->parties, options);
      });
  p.sizes = {6, 6, 7};
  p.words = words_of<Vote>();
  p.words.counters = {"bit", "no_bit"};
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
