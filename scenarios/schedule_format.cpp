// Reads and writes schedules, and makes delays of the arrivals of an asynchronous run.
#include "scenarios/schedule_format.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include <fmt/core.h>

#include "scenarios/fields.hpp"

namespace sibyl {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
/// A message that was under way at the end of a run comes so much later.
constexpr std::int64_t kAfterwards = 1'000'000;

/// The key that says what is decided about a message.
struct Fate {
  std::string_view key;
  Decision what;
};
constexpr std::array<Fate, 3> kFates{
    {{"delay", Decision::delay}, {"lost", Decision::loss}, {"twice", Decision::duplicate}}};

class Reader {
 public:
  explicit Reader(const Names& names) : names_(names) {}

  NamedDecision decision(const Value& v, const std::string& pointer) const {
    const Fields any(v, pointer,
                     {"delay", "lost", "twice", "tie", "arrival", "choose", "draw", "from", "to",
                      "message", "nth", "answer", "of", "node"});
    for (const Fate& fate : kFates) {
      if (any.find(fate.key) != nullptr) return of_message(v, pointer, fate);
    }
    if (any.find("tie") != nullptr) return of_world(v, pointer, "tie", Decision::tie);
    if (any.find("arrival") != nullptr) return of_world(v, pointer, "arrival", Decision::arrival);
    if (any.find("choose") != nullptr) return other(v, pointer, "choose");
    if (any.find("draw") != nullptr) return other(v, pointer, "draw");
    throw ConfigError(pointer,
                      "a decision has one of the members \"delay\", \"lost\", \"twice\", \"tie\", "
                      "\"arrival\", \"choose\", \"draw\"");
  }

 private:
  static std::uint64_t number(const Fields& fields) {
    const Value* nth = fields.find("nth");
    return nth == nullptr ? 1
                          : static_cast<std::uint64_t>(
                                decode_int(*nth, fields.at("nth"), 1, std::int64_t{1} << 53));
  }
  NodeId node(const Fields& fields, std::string_view key) const {
    std::string name;
    fields.require(key, name);
    return names_.node(name, fields.at(key));
  }

  NamedDecision of_message(const Value& v, const std::string& pointer, const Fate& fate) const {
    const Fields fields(v, pointer, {std::string(fate.key), "from", "to", "message", "nth"});
    NamedDecision d;
    d.question = {fate.what, node(fields, "from"), node(fields, "to"), {}, number(fields)};
    if (d.question.node == d.question.peer) {
      throw ConfigError(fields.at("to"),
                        "is the sender itself: what a node sends to itself is neither delayed nor "
                        "lost nor doubled, so that there is nothing to decide");
    }
    std::string message;
    fields.require("message", message);
    d.question.type = names_.qualified_message(message, fields.at("message"));
    const Value& value = fields.get(fate.key);
    if (fate.what == Decision::delay) {
      Duration delay;
      decode(value, fields.at(fate.key), delay);
      if (delay.ns < 0) throw ConfigError(fields.at(fate.key), "must not be negative");
      d.answer = delay.ns;
    } else {
      bool yes = false;
      decode(value, fields.at(fate.key), yes);
      d.answer = yes ? 1 : 0;
      d.options = 2;
    }
    return d;
  }

  static NamedDecision of_world(const Value& v, const std::string& pointer, std::string_view key,
                                Decision what) {
    const Fields fields(v, pointer, {std::string(key), "nth", "of"});
    NamedDecision d;
    d.question = {what, kNobody, kNobody, {}, number(fields)};
    d.answer = decode_int(fields.get(key), fields.at(key), 0, kLargest);
    read_options(fields, d);
    return d;
  }

  NamedDecision other(const Value& v, const std::string& pointer, std::string_view key) const {
    const Fields fields(v, pointer, {std::string(key), "node", "nth", "answer", "of"});
    std::string what;
    fields.require(key, what);
    const auto decision = decision_from(what);
    const bool fits = decision && *decision != Decision::tie && *decision != Decision::arrival &&
                      *decision != Decision::delay && *decision != Decision::loss &&
                      *decision != Decision::duplicate;
    if (!fits) {
      std::vector<std::string> known;
      for (const Decision d :
           {Decision::service, Decision::fault, Decision::unsynced, Decision::coin, Decision::order,
            Decision::placement, Decision::workload, Decision::byzantine, Decision::protocol}) {
        known.emplace_back(decision_name(d));
      }
      unknown_name(fields.at(key), what, known, "kind of decision");
    }
    NamedDecision d;
    d.question = {*decision, kNobody, kNobody, {}, number(fields)};
    if (fields.find("node") != nullptr) d.question.node = node(fields, "node");
    d.answer = decode_int(fields.get("answer"), fields.at("answer"), 0, kLargest);
    read_options(fields, d);
    return d;
  }

  static void read_options(const Fields& fields, NamedDecision& d) {
    const Value* of = fields.find("of");
    if (of == nullptr) return;
    d.options = static_cast<std::uint64_t>(decode_int(*of, fields.at("of"), 2, kLargest));
    if (static_cast<std::uint64_t>(d.answer) >= d.options) {
      throw ConfigError(fields.at("of"), fmt::format("the answer {} is not below it", d.answer));
    }
  }

  const Names& names_;
};

std::string ordinal(std::uint64_t n) {
  const std::uint64_t two = n % 100;
  const std::uint64_t one = n % 10;
  const char* suffix = "th";
  if (two < 11 || two > 13) suffix = one == 1 ? "st" : one == 2 ? "nd" : one == 3 ? "rd" : "th";
  return fmt::format("{}{}", n, suffix);
}

std::string name_of(NodeId node, const std::vector<TraceNode>& nodes) {
  if (node.value < nodes.size()) return nodes[node.value].name;
  return node == kNobody ? "the world" : fmt::format("node {}", node.value);
}

Value encode_decision(const NamedDecision& d, const std::vector<TraceNode>& nodes) {
  const QuestionName& q = d.question;
  Value::Object o;
  const auto add = [&](std::string_view key, Value v) {
    o.emplace_back(std::string(key), std::move(v));
  };
  const auto fate =
      std::find_if(kFates.begin(), kFates.end(), [&](const Fate& f) { return f.what == q.what; });
  if (fate != kFates.end()) {
    add(fate->key,
        q.what == Decision::delay ? Value(fmt::format("{}ns", d.answer)) : Value(d.answer != 0));
    add("from", Value(name_of(q.node, nodes)));
    add("to", Value(name_of(q.peer, nodes)));
    add("message", Value(q.type));
  } else if (q.what == Decision::tie || q.what == Decision::arrival) {
    add(decision_name(q.what), Value(d.answer));
  } else {
    add(d.options == 0 ? "draw" : "choose", Value(std::string(decision_name(q.what))));
    if (q.node != kNobody) add("node", Value(name_of(q.node, nodes)));
    add("answer", Value(d.answer));
  }
  if (q.number != 1) add("nth", Value(static_cast<std::int64_t>(q.number)));
  if (fate == kFates.end() && d.options != 0) {
    add("of", Value(static_cast<std::int64_t>(d.options)));
  }
  return Value(std::move(o));
}

}  // namespace

Schedule decode_schedule(const Value& v, const std::string& pointer, const Names& names) {
  const Fields fields(v, pointer, {"otherwise", "decisions"});
  Schedule schedule;
  fields.read("otherwise", schedule.otherwise);
  const Value* decisions = fields.find("decisions");
  if (decisions == nullptr) return schedule;
  const std::string at = fields.at("decisions");
  if (decisions->as_list() == nullptr) wrong_kind(at, *decisions, "a list of decisions");
  std::map<QuestionName, std::string> places;
  const Reader reader(names);
  for (std::size_t i = 0; i < decisions->as_list()->size(); ++i) {
    const std::string place = pointer_to(at, i);
    schedule.decisions.push_back(reader.decision((*decisions->as_list())[i], place));
    const auto [first, is_new] = places.emplace(schedule.decisions.back().question, place);
    if (!is_new) {
      throw ConfigError(
          place, fmt::format("the decision at {} answers the same question: {}", first->second,
                             question_text(first->first, names.nodes())));
    }
  }
  return schedule;
}

Value encode_schedule(const Schedule& schedule, const std::vector<TraceNode>& nodes) {
  Value::List decisions;
  for (const NamedDecision& d : schedule.decisions) decisions.push_back(encode_decision(d, nodes));
  return Value(Value::Object{
      {"otherwise", Value(std::string(boost::describe::enum_to_string(schedule.otherwise, "?")))},
      {"decisions", Value(std::move(decisions))}});
}

std::string question_text(const QuestionName& q, const std::vector<TraceNode>& nodes) {
  if (!q.type.empty()) {
    return fmt::format("the {} {} of {} from {} to {}", ordinal(q.number), decision_name(q.what),
                       q.type, name_of(q.node, nodes), name_of(q.peer, nodes));
  }
  return fmt::format("the {} {} of {}", ordinal(q.number), decision_name(q.what),
                     name_of(q.node, nodes));
}

namespace {

/// Under whose name a node sends: of a twin, the first of the two (nodes_with_twins()).
NodeId identity_of(const Trace& trace, NodeId node) {
  if (node.value >= trace.nodes.size() || !trace.nodes[node.value].faulty) return node;
  const std::string& name = trace.nodes[node.value].name;
  for (std::uint32_t i = 0; i < node.value; ++i) {
    if (trace.nodes[i].name + "'" == name) return {i};
  }
  return node;
}

}  // namespace

std::vector<NamedDecision> delays_of(const Trace& trace) {
  // The arrivals of each send. What is lost at the instant of sending asks for no delay.
  std::map<EventId, std::vector<const TraceEvent*>> arrivals;
  std::map<EventId, bool> lost_at_once;
  std::vector<std::int64_t> sent_at(trace.events.size() + 1, -1);
  for (const TraceEvent& e : trace.events) {
    if (e.kind == TraceKind::send && e.id < sent_at.size()) sent_at[e.id] = e.at.ns;
    const bool ends = e.kind == TraceKind::receive || e.kind == TraceKind::lose;
    if (!ends || e.parents.empty() || e.parents.front() >= sent_at.size()) continue;
    const EventId send = e.parents.front();
    if (e.kind == TraceKind::lose && sent_at[send] == e.at.ns) {
      lost_at_once[send] = true;
    } else {
      arrivals[send].push_back(&e);
    }
  }
  std::vector<NamedDecision> delays;
  std::map<std::tuple<NodeId, NodeId, std::string>, std::uint64_t> asked;
  const auto add = [&](const TraceEvent& send, NodeId to, std::int64_t delay) {
    const std::uint64_t number = ++asked[{send.node, to, send.name}];
    delays.push_back({{Decision::delay, send.node, to, send.name, number}, delay, 0});
  };
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::send || identity_of(trace, e.node) == e.peer) continue;
    const auto ends = arrivals.find(e.id);
    if (ends != arrivals.end()) {
      for (const TraceEvent* end : ends->second) {
        const NodeId to = end->kind == TraceKind::lose ? end->peer : end->node;
        add(e, to, end->at.ns - e.at.ns);
      }
    } else if (!lost_at_once.contains(e.id)) {
      add(e, e.peer, trace.end.ns - e.at.ns + kAfterwards);
    }
  }
  return delays;
}

}  // namespace sibyl
