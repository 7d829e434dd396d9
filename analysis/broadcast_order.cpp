// Total, FIFO and causal order of broadcasts. What happened before what is told by the notes of
// the trace, never by clocks that a protocol keeps.
// Source: Hadzilacos, Toueg: A modular approach to fault-tolerant broadcasts and related problems,
// 1994; Lamport: Time, clocks, and the ordering of events in a distributed system, CACM 21(7),
// 1978.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// The delivery of that item's content in a sequence, or null.
const ItemDelivery* find_in(const DeliverySequence& sequence, const ItemId& id) {
  const auto it =
      std::find_if(sequence.items.begin(), sequence.items.end(),
                   [&](const ItemDelivery* d) { return d->id == id && !d->is_nothing(); });
  return it == sequence.items.end() ? nullptr : *it;
}

// --- total order ---

/// A sequence without what did not come.
struct Contents {
  const DeliverySequence* of = nullptr;
  std::vector<const ItemDelivery*> items;
};

/// Where two sequences differ first.
struct Difference {
  const Contents* p = nullptr;
  const Contents* q = nullptr;
  std::size_t place = 0;
  EventId event() const { return std::max(p->items[place]->event, q->items[place]->event); }
};

std::optional<Difference> difference(const Contents& p, const Contents& q) {
  for (std::size_t i = 0; i < std::min(p.items.size(), q.items.size()); ++i) {
    if (p.items[i]->id != q.items[i]->id || !(p.items[i]->content == q.items[i]->content)) {
      return Difference{&p, &q, i};
    }
  }
  return std::nullopt;
}

/// The earliest difference of any of these to the longest of them; none when all are prefixes of
/// each other. O(deliveries).
std::optional<Difference> earliest_difference(const std::vector<const Contents*>& all) {
  if (all.empty()) return std::nullopt;
  const Contents* longest = *std::max_element(
      all.begin(), all.end(),
      [](const Contents* a, const Contents* b) { return a->items.size() < b->items.size(); });
  std::optional<Difference> earliest;
  for (const Contents* each : all) {
    const std::optional<Difference> found = difference(*each, *longest);
    if (found && (!earliest || found->event() < earliest->event())) earliest = found;
  }
  return earliest;
}

Finding order_violation(const Trace& trace, const Broadcasts& all, Difference found) {
  if (found.q->items[found.place]->event < found.p->items[found.place]->event) {
    std::swap(found.p, found.q);
  }
  const ItemDelivery& a = *found.p->items[found.place];
  const ItemDelivery& b = *found.q->items[found.place];
  std::vector<EventId> events{a.event, b.event};
  const auto say = [&](const ItemDelivery& d) {
    return a.id == b.id ? fmt::format("{} ({})", item_words(all, d.id), content_words(d.content))
                        : item_words(all, d.id);
  };
  const auto side = [&](const DeliverySequence& sequence, const ItemDelivery& own,
                        const ItemDelivery& other) {
    std::string words = fmt::format("{} delivered {}", process_words(trace, all, own), say(own));
    if (own.id == other.id) return words;
    const ItemDelivery* later = find_in(sequence, other.id);
    if (later != nullptr) events.push_back(later->event);
    return words + fmt::format("{} {}", later == nullptr ? " without" : " before",
                               item_words(all, other.id));
  };
  const std::string at_p = side(*found.p->of, a, b);
  const std::string summary =
      fmt::format("{}, but {} (number {}).", at_p, side(*found.q->of, b, a), found.place + 1);
  Value witness;
  witness.set("place", number(found.place + 1));
  witness.set("p", node_name(trace, a.process)).set("q", node_name(trace, b.process));
  witness.set("item_at_p", item_value(a.id)).set("item_at_q", item_value(b.id));
  if (a.id == b.id) witness.set("content_at_p", a.content).set("content_at_q", b.content);
  return violated(trace, summary, events, std::move(witness));
}

// --- FIFO order ---

/// What the origins that are not faulty broadcast, each in its order.
struct OwnOrder {
  std::map<std::string, std::vector<const BroadcastItem*>> items;
  std::map<ItemId, std::size_t> position;
};

OwnOrder own_order(const Broadcasts& all) {
  OwnOrder order;
  for (const BroadcastItem& item : all.sent) {
    auto& own = order.items[item.id.origin];
    if (order.position.emplace(item.id, own.size()).second) own.push_back(&item);
  }
  return order;
}

/// `first` ought to have been delivered before `second`, at the process of `at`.
struct Overtaking {
  const BroadcastItem* first = nullptr;
  const BroadcastItem* second = nullptr;
  const ItemDelivery* at = nullptr;  ///< the delivery of `second`
  const DeliverySequence* sequence = nullptr;
  EventId before = 0;  ///< what puts `first` before `second` at the origin of `second`
  bool heard = false;  ///< that is no delivery
};

Finding overtaking_violation(const Trace& trace, const Broadcasts& all, const Overtaking& found) {
  const ItemDelivery* later = find_in(*found.sequence, found.first->id);
  std::vector<EventId> events{found.first->event, found.before, found.second->event,
                              found.at->event};
  if (later != nullptr) events.push_back(later->event);
  const std::string first = item_words(all, found.first->id);
  const std::string second = item_words(all, found.second->id);
  const bool own = found.first->process == found.second->process;
  const std::string why =
      own ? fmt::format("{} had broadcast {} before", found.second->id.origin, first)
          : fmt::format("{} had {} {} when it broadcast {}", found.second->id.origin,
                        found.heard ? "heard of" : "delivered", first, second);
  const std::string summary =
      fmt::format("{} delivered {} {} {}, though {}.", process_words(trace, all, *found.at), second,
                  later == nullptr ? "without" : "before", first, why);
  Value witness;
  witness.set("process", node_name(trace, found.at->process));
  witness.set("first", item_value(found.first->id)).set("second", item_value(found.second->id));
  witness.set("reason", own           ? "broadcast before"
                        : found.heard ? "heard of before its broadcast"
                                      : "delivered before its broadcast");
  return violated(trace, summary, events, std::move(witness));
}

/// The first item of an origin that a sequence delivers with a gap before it.
std::optional<Overtaking> fifo_gap(const OwnOrder& order, const DeliverySequence& sequence,
                                   std::size_t& judged) {
  std::map<std::string, std::size_t> next;
  for (const ItemDelivery* d : sequence.items) {
    if (d->is_nothing()) continue;
    const auto it = order.position.find(d->id);
    if (it == order.position.end()) continue;  // a faulty origin's, or never broadcast
    ++judged;
    const auto& own = order.items.at(d->id.origin);
    std::size_t& expected = next[d->id.origin];
    if (it->second == expected) {
      ++expected;
      continue;
    }
    const BroadcastItem* missed = own[expected];
    return Overtaking{missed, own[it->second], d, &sequence, missed->event, false};
  }
  return std::nullopt;
}

// --- causal order ---

/// An item that another one depends on, and the event at the origin of the other that makes it so.
struct Dependency {
  const BroadcastItem* item = nullptr;
  EventId event = 0;
  bool heard = false;  ///< of, but not delivered
};

/// What each item directly depends on: the item that its origin had broadcast before it, and what
/// the origin delivered, or heard of, since then. That is enough: who delivers each item after
/// those that it directly depends on delivers it after all that happened before it.
std::map<ItemId, std::vector<Dependency>> dependencies(const Broadcasts& all,
                                                       const OwnOrder& order) {
  struct Step {
    EventId event = 0;
    const BroadcastItem* sent = nullptr;
    const BroadcastItem* delivered = nullptr;
    bool heard = false;
  };
  std::map<NodeId, std::vector<Step>> steps;
  for (const auto& [origin, items] : order.items) {
    for (const BroadcastItem* item : items)
      steps[item->process].push_back({item->event, item, nullptr, false});
  }
  for (const ItemDelivery& d : all.deliveries) {
    const BroadcastItem* item = all.find(d.id);
    if (item == nullptr || d.is_nothing() || steps.count(d.process) == 0) continue;
    steps[d.process].push_back({d.event, nullptr, item, false});
  }
  for (const Hearing& h : all.heard) {
    const BroadcastItem* item = all.find(h.id);
    if (item == nullptr || steps.count(h.process) == 0) continue;
    steps[h.process].push_back({h.event, nullptr, item, true});
  }
  std::map<ItemId, std::vector<Dependency>> result;
  for (auto& [process, own] : steps) {
    std::sort(own.begin(), own.end(),
              [](const Step& a, const Step& b) { return a.event < b.event; });
    std::vector<Dependency> since;
    for (const Step& step : own) {
      if (step.delivered != nullptr) {
        since.push_back({step.delivered, step.event, step.heard});
        continue;
      }
      result[step.sent->id] = std::move(since);
      since = {{step.sent, step.event, false}};
    }
  }
  return result;
}

std::optional<Overtaking> causal_gap(const OwnOrder& order,
                                     const std::map<ItemId, std::vector<Dependency>>& needs,
                                     const DeliverySequence& sequence, std::size_t& judged) {
  std::set<ItemId> done;
  for (const ItemDelivery* d : sequence.items) {
    if (d->is_nothing()) continue;
    const auto it = needs.find(d->id);
    if (it == needs.end()) continue;
    ++judged;
    for (const Dependency& need : it->second) {
      if (need.item->id == d->id || done.count(need.item->id) > 0) continue;
      const auto position = order.position.at(d->id);
      return Overtaking{need.item, order.items.at(d->id.origin)[position], d, &sequence, need.event,
                        need.heard};
    }
    done.insert(d->id);
  }
  return std::nullopt;
}

/// Judges every sequence; the finding names the earliest gap.
template <class Gap>
Finding judge_sequences(const Trace& trace, const Broadcasts& all, const char* order, Gap gap) {
  std::optional<Overtaking> earliest;
  std::size_t judged = 0;
  for (const DeliverySequence& sequence : all.sequences) {
    const std::optional<Overtaking> found = gap(sequence, judged);
    if (found && (!earliest || found->at->event < earliest->at->event)) earliest = found;
  }
  if (earliest) return overtaking_violation(trace, all, *earliest);
  if (judged == 0) return vacuous("No item of a correct origin was delivered.");
  return holds(fmt::format(
      "{} in {}.", judged == 1 ? std::string("1 delivery") : fmt::format("{} deliveries", judged),
      order));
}

}  // namespace

Finding check_total_order(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  std::vector<Contents> contents;
  for (const DeliverySequence& sequence : all.sequences) {
    contents.push_back({&sequence, {}});
    std::copy_if(sequence.items.begin(), sequence.items.end(),
                 std::back_inserter(contents.back().items),
                 [](const ItemDelivery* d) { return !d->is_nothing(); });
    if (contents.back().items.empty()) contents.pop_back();
  }
  std::vector<const Contents*> everybody;
  std::vector<const Contents*> correct;
  for (const Contents& each : contents) {
    everybody.push_back(&each);
    if (all.is_correct(each.of->process)) correct.push_back(&each);
  }
  // Those that did not crash first: their quarrel says more.
  std::optional<Difference> found = earliest_difference(correct);
  if (!found) found = earliest_difference(everybody);
  if (found) return order_violation(trace, all, *found);
  if (contents.empty()) return vacuous("No item was delivered.");
  if (contents.size() == 1) return vacuous("Only one process delivered items.");
  return holds(fmt::format("{} of deliveries, all beginnings of one order.",
                           counted(contents.size(), "sequence")));
}

Finding check_fifo_order(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (!all.any) return check_multicast_fifo_order(trace);
  const OwnOrder order = own_order(all);
  return judge_sequences(trace, all, "the order of their origin's broadcasts, without gaps",
                         [&](const DeliverySequence& sequence, std::size_t& judged) {
                           return fifo_gap(order, sequence, judged);
                         });
}

Finding check_causal_order(const Trace& trace) {
  const Broadcasts all = read_broadcasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  const OwnOrder order = own_order(all);
  const auto needs = dependencies(all, order);
  return judge_sequences(trace, all, "causal order",
                         [&](const DeliverySequence& sequence, std::size_t& judged) {
                           return causal_gap(order, needs, sequence, judged);
                         });
}

}  // namespace sibyl::analysis
