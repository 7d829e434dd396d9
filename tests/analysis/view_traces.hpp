// Hand-made traces for the tests of the views.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::view_traces {

/// Collects events in any order of time; build() sorts and numbers them. Times in microseconds.
class Builder {
 public:
  explicit Builder(std::string title, std::vector<TraceNode> nodes) {
    trace_.seed = 7;
    trace_.scenario_id = "ssmr-hand-made";
    trace_.scenario = Value(Value::Object{{"title", Value(std::move(title))}});
    trace_.nodes = std::move(nodes);
  }

  NodeId node(const std::string& name) const {
    for (std::uint32_t i = 0; i < trace_.nodes.size(); ++i) {
      if (trace_.nodes[i].name == name) return {i};
    }
    return kNobody;
  }

  /// Returns a number for `lose` and `arrive`.
  EventId send(std::int64_t us, const std::string& from, const std::string& to, std::string name,
               Value data = {}) {
    return add(us, TraceKind::send, node(from), node(to), std::move(name), std::move(data), {});
  }
  EventId arrive(std::int64_t us, EventId sent, TraceKind kind = TraceKind::receive) {
    const TraceEvent e = trace_.events[sent - 1];
    const bool lost = kind == TraceKind::lose;
    Value data = e.data;
    if (lost) data.set("why", Value("loss"));
    return add(us, kind, lost ? e.node : e.peer, lost ? e.peer : e.node, e.name, data, {sent});
  }
  EventId message(std::int64_t sent_us, std::int64_t received_us, const std::string& from,
                  const std::string& to, std::string name, Value data = {}) {
    return arrive(received_us, send(sent_us, from, to, std::move(name), std::move(data)));
  }
  EventId note(std::int64_t us, const std::string& where, std::string name, Value::Object data) {
    return add(us, TraceKind::note, node(where), kNobody, "note::" + name, Value(std::move(data)),
               {});
  }
  EventId start(std::int64_t us, const std::string& where) {
    return add(us, TraceKind::start, node(where), kNobody, "world::Start", Value(), {});
  }
  /// A note reported within the step `cause`.
  EventId caused_note(std::int64_t us, const std::string& where, std::string name,
                      Value::Object data, EventId cause) {
    return add(us, TraceKind::note, node(where), kNobody, "note::" + name, Value(std::move(data)),
               {cause});
  }
  EventId fault(std::int64_t us, const std::string& where, std::string name) {
    return add(us, TraceKind::fault, node(where), kNobody, "fault::" + name,
               Value(Value::Object{{"node", Value(where)}}), {});
  }
  EventId invoke(std::int64_t us, const std::string& client, int op, std::string label,
                 Value::List accesses) {
    return note(us, client, "Invoke",
                {{"op", op},
                 {"label", Value(std::move(label))},
                 {"f", "command"},
                 {"key", ""},
                 {"value", Value(std::move(accesses))}});
  }
  EventId ret(std::int64_t us, const std::string& client, int op, std::string reply,
              Value::List accesses) {
    return note(
        us, client, "Return",
        {{"op", op}, {"reply", Value(std::move(reply))}, {"value", Value(std::move(accesses))}});
  }
  void execute(std::int64_t from_us, std::int64_t to_us, const std::string& where, int op,
               std::string label, std::string result) {
    note(from_us, where, "ExecuteStart", {{"op", op}, {"label", Value(label)}});
    note(to_us, where, "ExecuteEnd",
         {{"op", op}, {"label", Value(label)}, {"result", Value(std::move(result))}});
  }

  /// `numbers` are rewritten to the final numbers of the events.
  Trace build(std::vector<EventId>* numbers = nullptr) {
    std::vector<TraceEvent> sorted = trace_.events;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.at < b.at; });
    std::vector<EventId> now(sorted.size() + 1, 0);
    for (std::size_t i = 0; i < sorted.size(); ++i) now[sorted[i].id] = i + 1;
    for (TraceEvent& e : sorted) {
      e.id = now[e.id];
      for (EventId& parent : e.parents) parent = now[parent];
    }
    if (numbers != nullptr) {
      for (EventId& n : *numbers) n = now[n];
    }
    Trace out = trace_;
    out.events = std::move(sorted);
    out.end = out.events.empty() ? Time{0} : out.events.back().at;
    return out;
  }

 private:
  EventId add(std::int64_t us, TraceKind kind, NodeId where, NodeId peer, std::string name,
              Value data, std::vector<EventId> parents) {
    TraceEvent e;
    e.id = trace_.events.size() + 1;
    e.at = Time{us * 1000};
    e.kind = kind;
    e.node = where;
    e.peer = peer;
    e.name = std::move(name);
    e.data = std::move(data);
    e.parents = std::move(parents);
    trace_.events.push_back(std::move(e));
    return trace_.events.back().id;
  }

  Trace trace_;
};

inline Value access(const char* f, const char* key, Value value = {}) {
  return Value(Value::List{Value(f), Value(key), std::move(value)});
}

struct Case {
  Trace trace;
  std::vector<analysis::Finding> findings;
};

inline analysis::Finding finding(std::string property, analysis::Verdict verdict,
                                 std::string summary = {}) {
  analysis::Finding f;
  f.property = std::move(property);
  f.verdict = verdict;
  f.summary = std::move(summary);
  return f;
}

/// The overlapping create and read of the notes' case 3.2: the create's answer overtakes the
/// create.
inline Case case_32() {
  Builder b("Case 3.2: the oracle knows x before the partition does", {{"c1", "client", "c1"},
                                                                       {"c2", "client", "c2"},
                                                                       {"O", "oracle", "O"},
                                                                       {"P1", "partition", "P1"}});
  std::vector<EventId> shown;
  shown.push_back(b.invoke(0, "c2", 1, "C2", {access("create", "x", 3)}));
  b.message(0, 1000, "c2", "O", "ds::Create", Value(Value::Object{{"object", "x"}}));
  b.message(0, 20'000, "c2", "P1", "ds::Create", Value(Value::Object{{"object", "x"}}));
  b.execute(1000, 1000, "O", 1, "C2", "x at P1");
  b.message(1000, 3000, "O", "c2", "ds::Outcome");
  shown.push_back(b.ret(3000, "c2", 1, "ok", {access("create", "x", 3)}));
  shown.push_back(b.invoke(4000, "c1", 2, "C1", {access("read", "x")}));
  b.message(4000, 5000, "c1", "O", "ds::Consult");
  b.message(5000, 6000, "O", "c1", "ds::Prophecy", Value(Value::Object{{"where", "P1"}}));
  b.note(6000, "c1", "CacheFill", {{"object", "x"}, {"where", "P1"}});
  b.message(6000, 7000, "c1", "P1", "ds::Access");
  b.execute(7000, 7000, "P1", 2, "C1", "not found");
  b.message(7000, 22'000, "P1", "c1", "ds::Reply");
  shown.push_back(b.ret(22'000, "c1", 2, "nok", {access("read", "x")}));
  b.execute(20'000, 21'000, "P1", 1, "C2", "created");
  b.note(21'000, "P1", "Own", {{"object", "x"}});
  Case c;
  c.trace = b.build(&shown);
  analysis::Finding f = finding(
      "linearizability", analysis::Verdict::violated,
      "C2 created x and returned at 3 ms; C1, called at 4 ms, did not find it. No order of the two "
      "commands that respects real time explains both answers.");
  f.events = shown;
  f.window = {{Time{0}, Time{22'000'000}}};
  c.findings = {finding("acyclic_order", analysis::Verdict::holds), f,
                finding("prefix_order", analysis::Verdict::holds),
                finding("termination", analysis::Verdict::inconclusive,
                        "The run was stopped while a message was under way.")};
  return c;
}

/// The six steps of the notes' first figure.
inline Case six_steps() {
  Builder b("The six steps of S-SMR: write(x, y) over two partitions",
            {{"client", "client", "client"},
             {"O", "oracle", "O"},
             {"P1", "partition", "P1"},
             {"P2", "partition", "P2"}});
  for (const auto& [where, object] : {std::pair{"P1", "x"}, std::pair{"P2", "y"}}) {
    b.note(0, where, "Own", {{"object", object}});
    b.note(0, where, "Initial", {{"object", object}, {"value", 10}});
  }
  b.invoke(0, "client", 1, "C", {access("write", "x", 20), access("write", "y", 20)});
  b.message(0, 1000, "client", "O", "ssmr::Ask");
  b.message(1000, 2000, "O", "client", "ssmr::Answer");
  for (const char* p : {"P1", "P2"}) {
    b.message(2000, 3000, "client", p, "skeen::Start");
    b.message(3000, 4000, p, "O", "ssmr::Ask");
    b.message(4000, 5000, "O", p, "ssmr::Answer");
    b.execute(5000, 6000, p, 1, "C", "ok");
    b.message(6000, 7000, p, "client", "ssmr::Reply");
  }
  b.message(5000, 6000, "P1", "P2", "ssmr::Exchange");
  b.message(5000, 6000, "P2", "P1", "ssmr::Exchange");
  b.ret(7000, "client", 1, "ok", {access("write", "x", 20), access("write", "y", 20)});
  return {b.build(), {finding("linearizability", analysis::Verdict::holds)}};
}

/// Two replicas a partition, a lost message, a crash, a pause, a move, and long idle times.
inline Case faults() {
  Builder b("A replica crashes, another pauses, x moves", {{"P1.1", "partition", "P1"},
                                                           {"P1.2", "partition", "P1"},
                                                           {"P2", "partition", "P2"},
                                                           {"c1", "client", "c1"},
                                                           {"O", "oracle", "O"}});
  for (const char* p : {"P1.1", "P1.2"}) b.note(0, p, "Own", {{"object", "x"}});
  b.invoke(0, "c1", 1, "", {access("move", "x", "P2")});
  for (const char* p : {"P1.1", "P1.2", "P2", "O"}) b.message(10, 1000, "c1", p, "ds::Move");
  b.arrive(1500, b.send(1200, "P1.1", "P2", "ds::Object"), TraceKind::lose);
  b.fault(1600, "P1.1", "Crash");
  b.fault(1700, "", "Cut");
  b.execute(1000, 1300, "P1.2", 1, "", "");
  b.note(1300, "P1.2", "Disown", {{"object", "x"}});
  b.message(1300, 900'000, "P1.2", "P2", "ds::Object");
  b.fault(900'100, "", "Heal");
  b.note(900'000, "P2", "Own", {{"object", "x"}});
  b.execute(1000, 900'000, "P2", 1, "", "x moved here");
  b.fault(900'200, "P1.2", "Pause");
  b.message(900'000, 901'000, "P2", "c1", "ds::Reply");
  b.ret(901'000, "c1", 1, "ok", {access("move", "x", "P2")});
  b.invoke(901'000, "c1", 2, "C2", {access("read", "x")});
  b.send(901'000, "c1", "P1.2", "ds::Access");
  b.fault(902'000, "P1.1", "Recover");
  b.fault(903'000, "P1.2", "Resume");
  return {b.build(), {}};
}

/// Many clients, partitions and operations at times that look random.
inline Case crowd(int clients, int partitions, int operations) {
  std::vector<TraceNode> nodes{{"O", "oracle", "O"}};
  for (int p = 1; p <= partitions; ++p) {
    const std::string name = "P" + std::to_string(p);
    nodes.push_back({name, "partition", name});
  }
  for (int c = 1; c <= clients; ++c) {
    const std::string name = "c" + std::to_string(c);
    nodes.push_back({name, "client", name});
  }
  Builder b("Many clients", nodes);
  std::uint64_t state = 1;
  const auto next = [&](std::int64_t most) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>(state >> 33U) % most;
  };
  int op = 0;
  for (int c = 1; c <= clients; ++c) {
    const std::string client = "c" + std::to_string(c);
    std::int64_t t = next(500);
    for (int i = 0; i < operations; ++i) {
      ++op;
      const std::string p = "P" + std::to_string(1 + next(partitions));
      const std::string label = "C" + std::to_string(op);
      const std::string object = "object" + std::to_string(next(20));
      b.invoke(t, client, op, label, {access("write", object.c_str(), op)});
      const std::int64_t consulted =
          b.message(t, t + 200 + next(900), client, "O", "ds::Consult") != 0 ? t + 1200 : t;
      b.message(consulted, consulted + 300, "O", client, "ds::Prophecy");
      b.note(consulted + 300, client, "CacheFill",
             {{"object", Value(object)}, {"where", Value(p)}});
      const std::int64_t at = consulted + 600 + next(700);
      b.message(consulted + 300, at, client, p, "ds::Access");
      b.execute(at, at + next(2) * next(400), p, op, label, "ok");
      b.note(at, p, "Own", {{"object", Value(object)}});
      b.message(at + 400, at + 1000, p, client, "ds::Reply");
      b.ret(at + 1000, client, op, "ok", {access("write", object.c_str(), op)});
      t = at + 1000 + next(3) * next(2000);
    }
  }
  Case c{b.build(), {}};
  for (int i = 0; i < 5; ++i) {
    analysis::Finding f =
        finding("property_" + std::to_string(i), analysis::Verdict::violated,
                "A sentence about what happened that is long enough to be wrapped "
                "because it goes on and on, and then a little further, for it has "
                "to reach the end of the line and go beyond it, twice if it can.");
    f.window = {{Time{1'000'000 * i}, Time{1'000'000 * i + 3'000'000}}};
    f.events = {10, 20};
    c.findings.push_back(std::move(f));
  }
  return c;
}

}  // namespace sibyl::view_traces
