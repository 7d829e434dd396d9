// Scheduled consensus broadcast: see scheduled.hpp.
#include "protocols/broadcast/scheduled.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/broadcast/slot_draw.hpp"

namespace sibyl::broadcast {

DolevStrongRules rules_of(const ChainOptions& options, const Parties& parties) {
  DolevStrongRules rules;
  const std::uint32_t full = options.rounds.value_or(parties.t + 1);
  rules.rounds = full > options.fewer_rounds ? full - options.fewer_rounds : 1;
  rules.relay_cap = options.relay_cap;
  rules.signatures = options.signatures;
  rules.bind_signatures = options.bind_signatures;
  rules.check_chain_length = options.check_chain_length;
  rules.count_distinct_signers = options.count_distinct_signers;
  return rules;
}

namespace {

void check_king(const ScheduledOptions& options, const Parties& parties) {
  if (options.rounds) {
    throw ConfigError(pointer_to(kOptionsPointer, "rounds"),
                      "the king algorithm has always 3(t + 1) + 1 rounds; leave it out");
  }
  if (parties.n() <= 3 * parties.t) {
    throw ConfigError(
        pointer_to(kDeploymentPointer, "faulty"),
        fmt::format("found {}; the king algorithm needs more than 3t parties: of {} at "
                    "most {} may be faulty",
                    parties.t, parties.n(), (parties.n() - 1) / 3));
  }
}

}  // namespace

std::vector<Variant> with_scheduled_variants(std::vector<Variant> own) {
  const std::vector<std::string> agreement{"agreement"};
  own.insert(
      own.end(),
      {{{"chain-length-not-checked",
         "Dolev-Strong without the rule that round r takes r signatures (C-8)", agreement},
        {{"check_chain_length", false}}},
       {{"rounds-t", "Dolev-Strong with t rounds instead of t + 1 (C-9)", agreement},
        {{"fewer_rounds", 1}}},
       {{"no-signatures",
         "Dolev-Strong in which what is passed on is believed (C-11)",
         {"agreement", "validity"}},
        {{"signatures", false}}},
       {{"unbound-signatures",
         "a signature says nothing about the instance: what is old can be said again (C-12)",
         {"agreement", "validity"}},
        {{"bind_signatures", false}}},
       {{"duplicate-signers-counted", "a signer counts as often as it has signed (C-13)",
         agreement},
        {{"count_distinct_signers", false}}},
       {{"relay-cap-1", "Dolev-Strong in which a party passes on one value only (C-14)", agreement},
        {{"relay_cap", 1}}}});
  return with_slot_variants(std::move(own));
}

// ---- One instance ----

ScheduledInstance::ScheduledInstance(const PartiesPtr& parties, const ScheduledOptions& options,
                                     ItemId id, std::uint64_t start, Message payload) {
  const DolevStrongRules rules = rules_of(options, *parties);
  if (options.agreement == Agreement::king) {
    check_king(options, *parties);
    agreement_ = King(parties, id, start, std::move(payload));
  } else {
    agreement_ = DolevStrong(parties, rules, id, start, std::move(payload));
  }
}

ItemId ScheduledInstance::id() const {
  return std::visit([](const auto& a) { return a.instance; }, agreement_);
}

std::uint64_t ScheduledInstance::first_slot() const {
  return std::visit([](const auto& a) { return a.first_slot; }, agreement_);
}

std::uint32_t ScheduledInstance::rounds() const {
  return std::visit([](const auto& a) { return a.rounds(); }, agreement_);
}

void ScheduledInstance::step(Context context, Slots& slots, std::uint64_t slot,
                             const ReceivedInSlot& received) {
  slots.mark_absent(
      context, std::visit([&](auto& a) { return a.step(context, slot, received); }, agreement_));
}

Message ScheduledInstance::outcome() const {
  return std::visit([](const auto& a) { return a.outcome(); }, agreement_);
}

void ScheduledInstance::hash_into(Hasher& h) const {
  h.add(agreement_.index());
  std::visit([&](const auto& a) { hash_append(h, a); }, agreement_);
}

Words scheduled_words() {
  Words words;
  words.messages = names_of<dolev_strong::Relay, dolev_strong::Hearsay, king::First, king::Mine,
                            king::Propose, king::Reign>();
  words.steps = names_of<slots::SlotBegins>();
  words.fields =
      field_names_of<dolev_strong::Relay, dolev_strong::Hearsay, king::First, scheduled::Content>();
  // Inside the content, where it is a command.
  for (const char* member : {"op", "client", "f", "key", "value"}) {
    words.fields.emplace_back(member);
  }
  words.literals = literals_of<dolev_strong::Relay, dolev_strong::Hearsay, king::First, king::Mine,
                               king::Propose, king::Reign, scheduled::Content>();
  words.counters = slot_counters();
  return words;
}

std::optional<std::uint64_t> slot_of(const Message& message) {
  if (const auto* relay = message.as<dolev_strong::Relay>()) return relay->slot;
  if (const auto* hearsay = message.as<dolev_strong::Hearsay>()) return hearsay->slot;
  if (const auto* first = message.as<king::First>()) return first->slot;
  if (const auto* mine = message.as<king::Mine>()) return mine->slot;
  if (const auto* propose = message.as<king::Propose>()) return propose->slot;
  if (const auto* reign = message.as<king::Reign>()) return reign->slot;
  return std::nullopt;
}

// ---- The plan ----

std::vector<Planned> plan_of(const System& system, const Slots& slots, std::uint32_t rounds) {
  std::map<std::uint64_t, std::uint64_t> first;  // slot, by op
  while (first.size() < system.entries.size()) {
    const std::size_t before = first.size();
    for (const Entry& entry : system.entries) {
      if (first.count(entry.op) > 0) continue;
      std::vector<std::uint64_t> waits_for = entry.after;
      for (const std::uint64_t op : system.own[entry.party.value]) {
        if (entry.is_command() && op < entry.op) waits_for.push_back(op);
      }
      std::uint64_t slot = slots.first_after(entry.at);
      const bool known = std::all_of(waits_for.begin(), waits_for.end(), [&](std::uint64_t op) {
        const auto found = first.find(op);
        // What is delivered when a slot begins can be answered in the next.
        if (found != first.end()) slot = std::max(slot, found->second + rounds + 1);
        return found != first.end();
      });
      if (known) first.emplace(entry.op, slot);
    }
    if (first.size() == before) {
      throw ConfigError(pointer_to(kWorkloadPointer, "broadcasts"),
                        "entries wait for each other in a circle; a scheduled broadcast needs a "
                        "time for each");
    }
  }
  std::vector<Planned> plan;
  for (const auto& [op, slot] : first) plan.push_back({{system.entry(op).party, 0}, op, slot});
  std::stable_sort(plan.begin(), plan.end(),
                   [](const Planned& a, const Planned& b) { return a.first_slot < b.first_slot; });
  std::vector<std::uint64_t> numbers(system.own.size(), 0);
  for (Planned& each : plan) each.id.number = ++numbers[each.id.origin.value];
  return plan;
}

// ---- The protocol ----

ScheduledBroadcast::ScheduledBroadcast(const SystemPtr& system, NodeId self,
                                       const ScheduledOptions& options)
    : slots(options), options_(options), parties_(system->parties), self_(self) {
  if (system->clients > 0) {
    throw ConfigError(pointer_to(kDeploymentPointer, "clients"),
                      "all have to know who speaks when: a scheduled broadcast serves no external "
                      "clients; a rotating leader does");
  }
  const ScheduledInstance any(parties_, options_, {}, 1, {});
  plan_ = plan_of(*system, slots, any.rounds());
}

bool ScheduledBroadcast::has_work() const { return begun < plan_.size() || !running.empty(); }

Deliveries ScheduledBroadcast::start(Context context) {
  if (has_work()) slots.arm(context);
  return {};
}

/// Of the first own instance that has not started and has no input.
std::uint64_t ScheduledBroadcast::next_number() const {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const ItemId& id = plan_[i].id;
    if (id.origin != self_) continue;
    last = id.number;
    if (i >= begun && inputs.count(id.number) == 0) return id.number;
  }
  return inputs.empty() ? last + 1 : std::max(last, inputs.rbegin()->first) + 1;
}

// upon (BROADCAST, D, id, m) at D: m is sent when the instance starts.
Deliveries ScheduledBroadcast::broadcast(Context /*context*/, Value content) {
  inputs.emplace(next_number(), std::move(content));
  return {};
}

Deliveries ScheduledBroadcast::receive(Context context, NodeId from, const Message& message) {
  Deliveries out = catch_up(context);
  if (const auto slot = slot_of(message)) slots.take(context, from, *slot, message);
  return out;
}

Deliveries ScheduledBroadcast::timer(Context context, const Message& tag) {
  if (tag.as<slots::SlotBegins>() == nullptr) return {};
  Deliveries out = catch_up(context);
  if (has_work()) slots.arm(context);
  return out;
}

Deliveries ScheduledBroadcast::catch_up(Context context) {
  Deliveries out;
  while (has_work() && slots.has_begun(context)) {
    const std::uint64_t slot = slots.next;
    const ReceivedInSlot received = slots.enter();
    run(context, slot, received, out);
  }
  return out;
}

// upon the beginning of a slot: those that are over put out (D, id, m) or NoMsg; the others take
// their step; those that are planned for the slot start.
void ScheduledBroadcast::run(Context context, std::uint64_t slot, const ReceivedInSlot& received,
                             Deliveries& out) {
  for (; begun < plan_.size() && plan_[begun].first_slot <= slot; ++begun) {
    const Planned& planned = plan_[begun];
    const auto input = inputs.find(planned.id.number);
    Message payload;
    if (planned.id.origin == self_ && input != inputs.end()) {
      payload = Message::make(scheduled::Content{std::move(input->second)});
      inputs.erase(input);
    }
    running.emplace_back(parties_, options_, planned.id, planned.first_slot, std::move(payload));
  }
  for (ScheduledInstance& instance : running) {
    instance.step(context, slots, slot, received);
    if (!instance.is_over(slot)) continue;
    const Message outcome = instance.outcome();
    const auto* said = outcome.as<scheduled::Content>();
    if (said == nullptr) context.count("no-message");
    out.push_back({instance.id(), said == nullptr ? Value() : said->content});
  }
  std::erase_if(running, [&](const ScheduledInstance& instance) { return instance.is_over(slot); });
}

ProtocolInfo scheduled_broadcast() {
  BroadcastProtocol p;
  p.name = "scheduled-broadcast";
  p.line = "consensus on what is said in a slot, by whom all know; Dolev-Strong or king algorithm";
  p.variants = with_scheduled_variants({});
  p.properties = {"validity", "integrity", "agreement", "total_order"};
  // Of what both agreements bear; Dolev-Strong takes any t < n from a scenario.
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  p.sizes = {4, 4, 4, 5};
  p.read = made_with<ScheduledOptions>(
      p.variants, [](const SystemPtr& system, NodeId self, const ScheduledOptions& options) {
        return make_broadcast<ScheduledBroadcast>(system, self, options);
      });
  p.words = scheduled_words();
  p.words.counters.emplace_back("no-message");
  p.answers = false;  // what a faulty party says may come too late for the slot of the answer
  p.clocks_within = milliseconds(1);  // the default of max_drift
  return protocol_in_slots<ScheduledOptions>(std::move(p));
}

}  // namespace sibyl::broadcast
