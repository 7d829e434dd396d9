// Validity, integrity and the two forms of agreement of broadcast; and of a trace that has
// multicasts or agreements too, all judged as one.
// Source: Cachin, Guerraoui, Rodrigues: Introduction to Reliable and Secure Distributed
// Programming, 2nd ed., 2011, chapter 3.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/agreement_reading.hpp"
#include "analysis/broadcast_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// An item that some correct processes have not delivered.
struct MissingItem {
  const ItemId* id = nullptr;
  EventId cause = 0;  ///< what obliges them: a broadcast or a delivery
  std::vector<NodeId> processes;
};

using DeliveredBy = std::map<ItemId, std::set<NodeId>>;

DeliveredBy delivered_by(const Broadcasts& all) {
  DeliveredBy result;
  for (const ItemDelivery& d : all.deliveries) result[d.id].insert(d.process);
  return result;
}

std::vector<NodeId> missing_at(const Broadcasts& all, const ItemId& id,
                               const DeliveredBy& delivered) {
  std::vector<NodeId> missing;
  const auto done = delivered.find(id);
  for (const NodeId process : all.processes) {
    if (!all.is_correct(process)) continue;
    if (done == delivered.end() || done->second.count(process) == 0) missing.push_back(process);
  }
  return missing;
}

Finding judge_missing(const Trace& trace, const std::vector<MissingItem>& missing,
                      const std::string& what) {
  const MissingItem& first = missing.front();
  Value witness;
  witness.set("item", item_value(*first.id));
  return analysis::judge_missing(trace, what, first.processes, first.cause, missing.size(), "item",
                                 std::move(witness));
}

// --- agreement ---

/// Two deliveries of one item with different contents.
Finding different_contents(const Trace& trace, const Broadcasts& all, const ItemDelivery& a,
                           const ItemDelivery& b) {
  Value witness;
  witness.set("item", item_value(a.id)).set("reason", "different contents");
  witness.set("p", node_name(trace, a.process)).set("q", node_name(trace, b.process));
  witness.set("at_p", a.content).set("at_q", b.content);
  return violated(
      trace,
      fmt::format("{} delivered {} for {}, but {} delivered {}.", process_words(trace, all, a),
                  content_words(a.content), item_words(all, a.id), process_words(trace, all, b),
                  content_words(b.content)),
      {a.event, b.event}, std::move(witness));
}

Finding agreement_of(const Trace& trace, bool uniform) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No item was delivered.");
  const auto counts = [&](const ItemDelivery& d) { return uniform || all.is_correct(d.process); };
  std::map<ItemId, const ItemDelivery*> first;
  for (const ItemDelivery& d : all.deliveries) {
    if (d.again || !counts(d)) continue;
    const auto [earlier, fresh] = first.emplace(d.id, &d);
    if (!fresh && !(earlier->second->content == d.content)) {
      return different_contents(trace, all, *earlier->second, d);
    }
  }
  const DeliveredBy delivered = delivered_by(all);
  std::vector<MissingItem> missing;
  for (const ItemDelivery& d : all.deliveries) {
    const auto it = first.find(d.id);
    if (it == first.end() || it->second != &d) continue;  // not the first that counts
    std::vector<NodeId> processes = missing_at(all, d.id, delivered);
    if (!processes.empty()) missing.push_back({&it->first, d.event, std::move(processes)});
  }
  if (!missing.empty()) {
    const ItemDelivery& by = *first.at(*missing.front().id);
    return judge_missing(
        trace, missing,
        fmt::format("{}, delivered by {}", item_words(all, by.id), process_words(trace, all, by)));
  }
  if (first.empty()) return vacuous("No correct process delivered an item.");
  return holds(fmt::format("{} {} delivered by all correct processes, with one content each.",
                           counted(first.size(), "item"), first.size() == 1 ? "was" : "were"));
}

// --- validity ---

/// Whether the origin crashed within the step of the broadcast, before it had done anything with
/// it: then it has not broadcast the item, whatever it may do later.
bool cut_short(const Trace& trace, const BroadcastItem& item) {
  for (std::size_t i = item.event; i < trace.events.size(); ++i) {  // the one behind it
    const TraceEvent& next = trace.events[i];
    if (next.node == item.process) return is_named(next.name, "Crash");
    if (next.at != trace.events[item.event - 1].at) return false;
  }
  return false;
}

Finding broadcast_validity(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  const DeliveredBy delivered = delivered_by(all);
  std::map<ItemId, std::vector<const ItemDelivery*>> deliveries;
  for (const ItemDelivery& d : all.deliveries) deliveries[d.id].push_back(&d);
  std::vector<MissingItem> missing;
  std::size_t judged = 0;
  for (const BroadcastItem& item : all.sent) {
    if (!all.is_correct(item.process) || cut_short(trace, item)) continue;
    ++judged;
    const auto mine = deliveries.find(item.id);
    if (mine != deliveries.end()) {
      std::map<NodeId, const ItemDelivery*> wrong;  // null: it came with its content, too
      for (const ItemDelivery* d : mine->second) {
        const auto it = wrong.emplace(d->process, d).first;
        if (d->content == item.content) it->second = nullptr;
      }
      for (const auto& [process, d] : wrong) {
        if (d == nullptr || !all.is_correct(process)) continue;
        Value witness;
        witness.set("item", item_value(item.id)).set("reason", "another content");
        witness.set("process", node_name(trace, process)).set("event", number(d->event));
        return violated(trace,
                        fmt::format("{}, broadcast as {}, was delivered by {} as {}.",
                                    item_words(all, item.id), content_words(item.content),
                                    process_words(trace, all, *d), content_words(d->content)),
                        {item.event, d->event}, std::move(witness));
      }
    }
    std::vector<NodeId> processes = missing_at(all, item.id, delivered);
    if (!processes.empty()) missing.push_back({&item.id, item.event, std::move(processes)});
  }
  if (!missing.empty()) {
    return judge_missing(trace, missing, item_words(all, *missing.front().id) + ", broadcast");
  }
  if (judged == 0) return vacuous("No correct process broadcast an item.");
  return holds(fmt::format("{} of correct processes {} delivered by every correct one.",
                           counted(judged, "item"), judged == 1 ? "was" : "were"));
}

// --- integrity ---

Finding broadcast_integrity(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No item was delivered.");
  std::map<std::pair<std::pair<NodeId, std::size_t>, ItemId>, EventId> first;
  for (const ItemDelivery& d : all.deliveries) {
    const std::string who =
        fmt::format("{} delivered {}", node_name(trace, d.process), item_words(all, d.id));
    Value witness;
    witness.set("item", item_value(d.id)).set("process", node_name(trace, d.process));
    witness.set("event", number(d.event));
    const auto [earlier, fresh] =
        first.emplace(std::pair(std::pair(d.process, d.life), d.id), d.event);
    if (!fresh) {
      witness.set("reason", "delivered twice").set("first", number(earlier->second));
      return violated(trace, who + " twice.", {earlier->second, d.event}, std::move(witness));
    }
    // That nothing came creates nothing; and what a faulty origin has said nobody can tell.
    if (d.is_nothing() || all.is_faulty_origin(d.id)) continue;
    const BroadcastItem* said = all.find(d.id);
    const BroadcastItem* item = all.find(d.id, d.content);
    if (said == nullptr) {
      witness.set("reason", "never broadcast");
      return violated(trace,
                      fmt::format("{} ({}), which {} had not broadcast.", who,
                                  content_words(d.content), d.id.origin),
                      {d.event}, std::move(witness));
    }
    if (item == nullptr) {
      witness.set("reason", "another content");
      return violated(
          trace,
          fmt::format("{} as {}, but {} had broadcast {}.", who, content_words(d.content),
                      d.id.origin, content_words(said->content)),
          {said->event, d.event}, std::move(witness));
    }
    if (item->event > d.event) {
      witness.set("reason", "delivered before its broadcast");
      return violated(trace, who + " before it was broadcast.", {d.event, item->event},
                      std::move(witness));
    }
  }
  return holds(fmt::format("{}, each the first of its item and as its origin broadcast it.",
                           all.deliveries.size() == 1
                               ? std::string("1 delivery")
                               : fmt::format("{} deliveries", all.deliveries.size())));
}

// --- with multicasts and agreements ---

using Check = Finding (*)(const Trace&);

bool has_note(const Trace& trace, std::string_view a, std::string_view b) {
  return std::any_of(trace.events.begin(), trace.events.end(), [&](const TraceEvent& event) {
    return is_note(event, a) || is_note(event, b);
  });
}

/// All that the trace has of the three; without any, as of multicasts.
Finding judge(const Trace& trace, Check multicasts, Check broadcasts, Check agreements) {
  std::optional<Finding> all;
  const auto add = [&](Finding finding) {
    all = all ? worse_of(std::move(*all), std::move(finding)) : std::move(finding);
  };
  if (has_note(trace, "Multicast", "Deliver")) add(multicasts(trace));
  if (has_note(trace, "Broadcast", "BroadcastDelivery")) add(broadcasts(trace));
  if (has_agreements(trace)) add(agreements(trace));
  return all ? std::move(*all) : multicasts(trace);
}

}  // namespace

Finding check_validity(const Trace& trace) {
  return judge(trace, check_multicast_validity, broadcast_validity, check_decision_validity);
}

Finding check_integrity(const Trace& trace) {
  return judge(trace, check_multicast_integrity, broadcast_integrity, check_decision_integrity);
}

Finding check_agreement(const Trace& trace) {
  return judge(
      trace, check_multicast_agreement, [](const Trace& t) { return agreement_of(t, false); },
      check_decision_agreement);
}

Finding check_uniform_agreement(const Trace& trace) {
  return judge(
      trace, check_multicast_uniform_agreement,
      [](const Trace& t) { return agreement_of(t, true); }, check_decision_uniform_agreement);
}

}  // namespace sibyl::analysis
