// Builds traces of agreements by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis {

/// Three parties that agree, of which any may be said to be faulty.
struct ThreeVoters : ThreeParties {
  EventId proposes(NodeId process, Value value, const std::string& instance = "0",
                   std::int64_t least = 0) {
    return note(
        process, "Propose",
        Value().set("instance", instance).set("value", std::move(value)).set("least", least));
  }
  EventId decides(NodeId process, Value value, std::int64_t round = 0,
                  const std::string& instance = "0") {
    return note(
        process, "Decide",
        Value().set("instance", instance).set("round", round).set("value", std::move(value)));
  }
  EventId pauses(NodeId process) {
    return event_with_data(TraceKind::fault, process, kNobody, "fault::Pause", Value(), {});
  }
  EventId resumes(NodeId process) {
    return event_with_data(TraceKind::fault, process, kNobody, "fault::Resume", Value(), {});
  }
  void all_propose(std::vector<Value> values) {
    proposes(p0, std::move(values[0]));
    proposes(p1, std::move(values[1]));
    proposes(p2, std::move(values[2]));
  }
  /// A vote from one to another, which arrives at once.
  EventId votes(NodeId from, NodeId to, bool value, std::int64_t round) {
    const Value data = Value().set("round", round).set("value", value);
    return receive(to, from, "toy::Vote", send(from, to, "toy::Vote", data));
  }
};

/// The value of a common subset: ["P0", "a"], ["P1", "b"].
inline Value subset(const std::vector<std::pair<const char*, const char*>>& members) {
  Value::List list;
  for (const auto& [name, input] : members) {
    list.emplace_back(Value::List{Value(name), Value(input)});
  }
  return Value(std::move(list));
}

}  // namespace sibyl::analysis
