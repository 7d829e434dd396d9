// Builds small traces by hand: nodes first, then events in order.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/properties.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Each call that adds an event returns its number. Events are one nanosecond apart unless at()
/// says otherwise.
class TraceBuilder {
 public:
  NodeId node(std::string name, std::string role, std::string group = "") {
    if (group.empty()) group = name;
    trace_.nodes.push_back({std::move(name), std::move(role), std::move(group)});
    return NodeId{static_cast<std::uint32_t>(trace_.nodes.size() - 1)};
  }

  TraceBuilder& at(std::int64_t ns) {
    now_ = ns;
    return *this;
  }

  EventId note(NodeId node, const std::string& name, Value data) {
    return event(TraceKind::note, node, kNobody, "note::" + name, std::move(data), {});
  }

  EventId multicast(NodeId node, std::int64_t message, std::vector<std::string> groups) {
    Value data;
    data.set("message", message);
    data.set("groups", Value::List(groups.begin(), groups.end()));
    return note(node, "Multicast", data);
  }

  EventId deliver(NodeId node, std::int64_t message) {
    Value data;
    data.set("message", message).set("group", trace_.nodes[node.value].group);
    return note(node, "Deliver", data);
  }

  EventId own(NodeId node, const std::string& object) {
    return note(node, "Own", Value().set("object", object));
  }
  EventId disown(NodeId node, const std::string& object) {
    return note(node, "Disown", Value().set("object", object));
  }

  EventId applied(NodeId node, std::int64_t index, std::int64_t op, const std::string& state) {
    return note(node, "Applied", Value().set("index", index).set("op", op).set("state", state));
  }

  EventId initial(NodeId node, const std::string& object, Value value) {
    return note(node, "Initial", Value().set("object", object).set("value", std::move(value)));
  }

  EventId invoke(NodeId node, std::int64_t op, const std::string& label, Value steps) {
    Value data;
    data.set("op", op).set("label", label).set("f", "command").set("key", "");
    return note(node, "Invoke", data.set("value", std::move(steps)));
  }
  EventId give_back(NodeId node, std::int64_t op, const std::string& reply, Value steps) {
    Value data;
    return note(node, "Return",
                data.set("op", op).set("reply", reply).set("value", std::move(steps)));
  }

  EventId crash(NodeId node) {
    return event(TraceKind::fault, node, kNobody, "fault::Crash", Value(), {});
  }
  EventId recover(NodeId node, bool storage = true) {
    return event(TraceKind::fault, node, kNobody, "fault::Recover", Value().set("storage", storage),
                 {});
  }
  EventId send(NodeId from, NodeId to, const std::string& name, Value data = {}) {
    return event(TraceKind::send, from, to, name, std::move(data), {});
  }
  EventId receive(NodeId to, NodeId from, const std::string& name, EventId sent) {
    return event(TraceKind::receive, to, from, name, Value(), {sent});
  }

  EventId lose(NodeId from, NodeId to, const std::string& name, EventId sent) {
    return event(TraceKind::lose, from, to, name, Value(), {sent});
  }

  EventId event_with_data(TraceKind kind, NodeId node, NodeId peer, const std::string& name,
                          Value data, std::vector<EventId> parents) {
    return event(kind, node, peer, name, std::move(data), std::move(parents));
  }

  TraceBuilder& ends(Outcome outcome) {
    trace_.outcome = outcome;
    return *this;
  }
  TraceBuilder& pending(std::uint64_t events) {
    trace_.pending = events;
    return *this;
  }

  const Trace& trace() const { return trace_; }
  Finding check(std::string_view property) const { return analysis::check(property, trace_); }

 private:
  EventId event(TraceKind kind, NodeId node, NodeId peer, std::string name, Value data,
                std::vector<EventId> parents) {
    const EventId id = trace_.events.size() + 1;
    trace_.events.push_back(
        {id, Time{now_}, kind, node, peer, std::move(parents), std::move(name), std::move(data)});
    trace_.end = Time{now_++};
    return id;
  }

  Trace trace_;
  std::int64_t now_ = 0;
};

/// Two groups of two replicas each, and a client.
struct TwoGroups : TraceBuilder {
  NodeId a1 = node("A1", "partition", "A");
  NodeId a2 = node("A2", "partition", "A");
  NodeId b1 = node("B1", "partition", "B");
  NodeId b2 = node("B2", "partition", "B");
  NodeId client = node("C", "client");
};

/// One step of a command: ["read", "x", 3].
inline Value step(const char* f, const char* key, Value value = {}) {
  return Value(Value::List{Value(f), Value(key), std::move(value)});
}
inline Value steps(std::vector<Value> list) { return Value(std::move(list)); }

}  // namespace sibyl::analysis
