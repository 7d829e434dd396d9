// Non-terminating agreement: see non_terminating_agreement.hpp.
#include "protocols/agreement/non_terminating_agreement.hpp"

#include "protocols/agreement/participant.hpp"
#include "protocols/agreement/setup.hpp"
#include "protocols/agreement/weak_agreement.hpp"
#include "sim/notes.hpp"

namespace sibyl::agreement {

using NtbaOptions = non_terminating_agreement::Options;
using NtbaVote = non_terminating_agreement::Vote;

// upon Input(v): v is the vote; enter iteration 1.
Outputs NonTerminatingAgreement::input(Context context, const Value& input) {
  const std::optional<bool> bit = bit_in(input);
  if (!bit || iteration != 0) return {};
  value = *bit;
  enter(context, 1);
  Outputs outputs;
  proceed(context, outputs);
  return outputs;
}

// Votes of later iterations are counted until the party enters them; those of earlier ones nobody
// waits for.
Outputs NonTerminatingAgreement::receive(Context context, NodeId from, const Message& message) {
  const auto* vote = message.as<NtbaVote>();
  if (vote == nullptr || !parties_->has(from) || stopped) return {};
  if (vote->iteration == 0 || vote->iteration < iteration) return {};
  if (vote->iteration > iteration + non_terminating_agreement::kMostAhead) return {};
  if (!votes_of(vote->iteration).add(parties_->index(from), vote->value)) return {};
  Outputs outputs;
  proceed(context, outputs);
  return outputs;
}

Tally& NonTerminatingAgreement::votes_of(std::uint64_t of_iteration) {
  return votes.try_emplace(of_iteration, parties_->n()).first->second;
}

// loop: d := WeakAgreement(v).
void NonTerminatingAgreement::enter(Context& context, std::uint64_t next) {
  iteration = next;
  context.count("iteration");
  if (next > 1 && !options_.decides) {
    context.note(note::Propose{instance_name(next - 1), bit_value(value), 0});
  }
  context.send(parties_->all, NtbaVote{next, value});
}

// wait until n - t parties' votes of the iteration are there.
void NonTerminatingAgreement::proceed(Context& context, Outputs& outputs) {
  while (iteration != 0 && !stopped) {
    const auto at = votes.find(iteration);
    if (at == votes.end() || at->second.total() + parties_->t < parties_->n()) return;
    const Tally all = std::move(at->second);
    votes.erase(at);
    end_iteration(context, all, outputs);
  }
}

// if d is a bit, v := d; else v is a bit by chance.
void NonTerminatingAgreement::end_iteration(Context& context, const Tally& all, Outputs& outputs) {
  const std::optional<bool> bit =
      weak_bit(context, *parties_, all, weak_agreement::Enough::n_minus_2t);
  if (!bit) bit_since = iteration + 1;
  if (!options_.decides) {
    outputs.push_back(
        {iteration - 1, bit ? bit_since : iteration, bit ? bit_value(*bit) : Value()});
  }
  value = bit ? *bit : context.choose(Decision::coin, 2) == 1;
  // decides-at-n-minus-t: upon n - t votes for b: decide b, and enter one more iteration to help.
  const bool helped = decided;
  if (options_.decides && !decided && bit && all.votes_for(*bit) + parties_->t >= parties_->n()) {
    decided = true;
    outputs.push_back({0, iteration, bit_value(*bit)});
  }
  if (helped || ends_here(iteration + 1)) {
    stopped = true;
    votes.clear();
    context.count("stopped");
    return;
  }
  enter(context, iteration + 1);
}

bool NonTerminatingAgreement::ends_here(std::uint64_t next) const {
  if (options_.iterations != 0 && next > options_.iterations) return true;
  return options_.bits_in_a_row != 0 && next - bit_since >= options_.bits_in_a_row;
}

ProtocolInfo non_terminating_agreement() {
  AgreementProtocol p;
  p.name = "non-terminating-agreement";
  p.line = "weak agreements without end, between them local coins; all come to one bit, for n > 5t";
  p.variants = {
      {{"decides-at-n-minus-t",
        "who has n - t votes for a bit decides it, and helps for one more iteration; right while "
        "faulty parties only crash",
        {"agreement", "termination"}},
       {{"decides", Value(true)}}}};
  p.properties = {"agreement", "validity", "unanimity", "integrity", "termination"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 5; };
  p.read = made_with<NtbaOptions>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const NtbaOptions& options) {
        return make_agreement<NonTerminatingAgreement>(system->parties, options);
      });
  p.sizes = {6, 6, 7};
  p.words = words_of<NtbaVote>();
  p.words.counters = {"iteration", "bit", "no_bit", "stopped"};
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
