// Words for explanations.
#include "analysis/causes_words.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string object_of(const TraceEvent& e) { return printable(text_field(e.data, "object")); }

/// "A of P0", by the label of the broadcast, or "item 2 of P0". O(events).
std::string item_of_words(const CausalGraph& graph, const TraceEvent& item) {
  const Value* origin = item.data.find("origin");
  const Value* number = item.data.find("number");
  const std::string name = printable(text_field(item.data, "origin"));
  for (const TraceEvent& e : graph.trace().events) {
    if (origin == nullptr || number == nullptr || !is_note(e, "Broadcast")) continue;
    const Value* from = e.data.find("origin");
    const Value* its = e.data.find("number");
    if (from == nullptr || its == nullptr || !(*from == *origin) || !(*its == *number)) continue;
    const std::string label = printable(text_field(e.data, "label"));
    if (!label.empty()) return label + " of " + name;
  }
  return fmt::format("item {} of {}", integer_field(item.data, "number", 0), name);
}

/// A note that has a meaning for every protocol, as a predicate; empty for others.
std::string note_words(const CausalGraph& graph, const TraceEvent& e) {
  const std::string name = short_name(e.name);
  const std::int64_t op = integer_field(e.data, "op", -1);
  const auto named = [&] { return operation_words(graph, op); };
  if (name == "Invoke" || name == "ActionCall") return "called " + named();
  if (name == "Return" || name == "ActionDone") return "got the answer to " + named();
  if (name == "Own") return "became the owner of " + object_of(e);
  if (name == "Disown") return "gave up " + object_of(e);
  if (name == "Initial") return "held " + object_of(e) + " from the start";
  if (name == "ExecuteStart") return "began to execute " + named();
  if (name == "ExecuteEnd") return "had executed " + named();
  if (name == "Applied") {
    return fmt::format("applied {} as its number {}", named(), integer_field(e.data, "index", 0));
  }
  if (name == "Multicast" || name == "Deliver") {
    const std::string what = multicast_words(graph, integer_field(e.data, "message", -1));
    return (name == "Deliver" ? "delivered " : "multicast ") + what;
  }
  if (name == "Broadcast") return "broadcast " + item_of_words(graph, e);
  if (name == "BroadcastDelivery") {
    const Value* content = e.data.find("content");
    const bool nothing = content == nullptr || content->is_null();
    return fmt::format("delivered {}{}", nothing ? "NoMsg for " : "", item_of_words(graph, e));
  }
  if (name == "Output") return "put out the answer to " + named();
  if (name == "Propose" || name == "Decide") {
    const Value* value = e.data.find("value");
    const Value content = value == nullptr ? Value() : *value;
    if (name == "Propose") return "proposed " + content_text(content);
    return decided_words(content, integer_field(e.data, "round", 0));
  }
  if (name == "TryAgain") return "sent " + named() + " again";
  if (name == "LockTaken") return fmt::format("took the lock of {} for {}", object_of(e), named());
  if (name == "LockReturned") return "gave back the lock of " + object_of(e);
  if (name == "Touched") return fmt::format("executed {} on {}", named(), object_of(e));
  if (name == "CacheFill") {
    const std::string where = printable(text_field(e.data, "where"));
    if (where == "copy") return "took a copy of " + object_of(e);
    return fmt::format("learned that {} is at {}", object_of(e), where);
  }
  if (name == "CacheDrop") return "dropped what it knew of " + object_of(e);
  return {};
}

/// What an operation does to a key; all that it does when it does nothing to the key.
std::set<std::string> functions_of(const TraceEvent& call, const std::string& key) {
  const Value* value = call.data.find("value");
  std::set<std::string> of_key;
  std::set<std::string> all;
  if (value != nullptr && value->as_list() != nullptr) {
    for (const Value& access : *value->as_list()) {
      const Value::List* parts = access.as_list();
      if (parts == nullptr || parts->size() < 2 || (*parts)[0].as_string() == nullptr) continue;
      all.insert(*(*parts)[0].as_string());
      const std::string* object = (*parts)[1].as_string();
      if (object != nullptr && printable(*object) == key) of_key.insert(*(*parts)[0].as_string());
    }
  }
  if (all.empty()) all.insert(std::string(text_field(call.data, "f")));
  return of_key.empty() ? all : of_key;
}

std::string joined(const std::set<std::string>& functions) {
  std::string out;
  for (const std::string& f : functions) out += (out.empty() ? "" : "+") + f;
  return printable(out);
}

}  // namespace

std::string look_words(const TraceEvent& call, const std::string& key) {
  const std::set<std::string> functions = functions_of(call, key);
  const bool looks = std::all_of(functions.begin(), functions.end(), [](const std::string& f) {
    return f == "read" || f == "write" || f == "add";
  });
  return looks ? "read" : joined(functions);
}

std::string change_words(const TraceEvent& call, const std::string& key) {
  std::set<std::string> functions = functions_of(call, key);
  if (functions.size() > 1) functions.erase("read");
  return joined(functions);
}

std::set<std::string> blocked_in(const Value& witness) {
  std::set<std::string> names;
  const Value* beginning = witness.find("longest_beginning");
  const Value* blocked = beginning == nullptr ? nullptr : beginning->find("blocked");
  if (blocked == nullptr || blocked->as_list() == nullptr) return names;
  for (const Value& op : *blocked->as_list()) names.insert(printable(text_field(op, "name")));
  return names;
}

std::string event_mark(EventId id) { return fmt::format("#{}", id); }

std::string operation_words(const CausalGraph& graph, std::int64_t op) {
  for (const EventId id : graph.events_of(op)) {
    const TraceEvent& e = graph.at(id);
    if (!is_note(e, "Invoke") && !is_note(e, "ActionCall")) continue;
    std::string label = printable(text_field(e.data, "label"));
    if (!label.empty()) return label;
    std::string what = printable(text_field(e.data, "what"));
    if (!what.empty()) return what;
    break;
  }
  return fmt::format("operation {}", op);
}

std::string multicast_words(const CausalGraph& graph, std::int64_t message) {
  const std::int64_t op = graph.operation_of_message(message);
  return op < 0 ? fmt::format("message {}", message) : operation_words(graph, op);
}

std::string message_of_words(const CausalGraph& graph, EventId id) {
  const TraceEvent& e = graph.at(id);
  std::string out = message_words(e);
  const std::vector<std::int64_t>& ops = graph.operations_of(id);
  if (ops.size() == 1) out += " of " + operation_words(graph, ops.front());
  const NodeId sender = e.kind == TraceKind::receive ? e.peer : e.node;
  return out + " from " + printable(node_name(graph.trace(), sender));
}

std::string role_of(const Trace& trace, NodeId node) {
  if (node.value >= trace.nodes.size()) return "node";
  const std::string role = printable(trace.nodes[node.value].role);
  return role.empty() ? "node" : role;
}

std::string event_words(const CausalGraph& graph, EventId id) {
  const TraceEvent& e = graph.at(id);
  const Trace& trace = graph.trace();
  const std::string who = e.node == kNobody ? "" : printable(node_name(trace, e.node)) + " ";
  const std::string peer = printable(node_name(trace, e.peer));
  switch (e.kind) {
    case TraceKind::start:
      return who + "started";
    case TraceKind::send:
      return fmt::format("{}sent {} to {}", who, message_words(e), peer);
    case TraceKind::receive:
      return who + "received " + message_of_words(graph, id);
    case TraceKind::lose:
      return fmt::format("{} to {} was lost", message_of_words(graph, id), peer);
    case TraceKind::timer:
      return fmt::format("{}had its timer {}", who, short_name(e.name));
    case TraceKind::fault:
      if (is_named(e.name, "Crash")) return who + "crashed";
      if (is_named(e.name, "Recover")) return who + "recovered";
      return who + "fault " + short_name(e.name);
    case TraceKind::note:
      break;
  }
  const std::string known = note_words(graph, e);
  return who + (known.empty() ? "reported " + short_name(e.name) : known);
}

std::string event_kind(const CausalGraph& graph, EventId id) {
  const TraceEvent& e = graph.at(id);
  const std::string name = e.kind == TraceKind::note || e.kind == TraceKind::fault
                               ? short_name(e.name)
                               : message_words(e);
  return fmt::format("{} {} at {}", trace_kind_name(e.kind), name, role_of(graph.trace(), e.node));
}

}  // namespace sibyl::analysis
