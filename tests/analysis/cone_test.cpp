// Causal cones: what led to the answers of a core, and what did not.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "analysis/cone.hpp"
#include "analysis/reading.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scene.hpp"
#include "analysis/svg_view.hpp"
#include "analysis/text_view.hpp"
#include "analysis/within.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/drawing_checks.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::cone_test {

using namespace drawing_checks;

namespace {

bool has(const std::vector<EventId>& events, EventId id) {
  return std::find(events.begin(), events.end(), id) != events.end();
}

Finding violated_by(std::vector<EventId> events) {
  Finding finding;
  finding.property = "linearizability";
  finding.verdict = Verdict::violated;
  finding.events = std::move(events);
  return finding;
}

/// Two servers and their clients; a write at P, and a read at Q that misses it, since what P tells
/// Q comes too late.
struct StaleRead : TraceBuilder {
  NodeId c1 = node("c1", "client");
  NodeId c2 = node("c2", "client");
  NodeId c3 = node("c3", "client");
  NodeId p = node("P", "server");
  NodeId q = node("Q", "server");
  NodeId z = node("Z", "server");
  EventId call_w = 0, ret_w = 0, call_r = 0, ret_r = 0, write_sent = 0, write_came = 0;
  EventId told = 0, told_came = 0, noise = 0, noise_came = 0;

  void write() {
    call_w = invoke(c1, 1, "W", steps({step("write", "x", 1)}));
    write_sent = send(c1, p, "Write", Value().set("op", 1));
    write_came = receive(p, c1, "Write", write_sent);
    told = send(p, q, "Tell", Value().set("op", 1).set("ballot", 2));
    ret_w = give_back(c1, 1, "ok", steps({step("write", "x", 1)}), send(p, c1, "Done"));
  }
  void read() {
    call_r = invoke(c2, 2, "R", steps({step("read", "x")}));
    receive(q, c2, "Read", send(c2, q, "Read", Value().set("ballot", 1)));
    noise = send(q, c3, "Noise");
    noise_came = receive(c3, q, "Noise", noise);
    ret_r = give_back(c2, 2, "ok", steps({step("read", "x", 0)}), send(q, c2, "Answer"));
  }
  void tell() { told_came = receive(q, p, "Tell", told); }

  EventId give_back(NodeId client, std::int64_t op, const std::string& reply, Value value,
                    EventId answer) {
    const TraceEvent sent = trace().events[answer - 1];
    receive(client, sent.node, sent.name, answer);
    return TraceBuilder::give_back(client, op, reply, std::move(value));
  }
  Finding finding() const { return violated_by({call_w, ret_w, call_r, ret_r}); }
  Cone cone() const { return cone_of(CausalGraph(trace()), finding()); }
};

}  // namespace

TEST_CASE("a message that came before an answer is in the cone, one that led nowhere is not") {
  StaleRead run;
  run.write();
  run.read();
  run.tell();
  const Cone cone = run.cone();
  CHECK(has(cone.events, run.write_sent));
  CHECK(has(cone.events, run.write_came));
  CHECK_FALSE(has(cone.events, run.noise));
  CHECK_FALSE(has(cone.events, run.noise_came));
  CHECK_FALSE(has(cone.events, run.told));
  CHECK_FALSE(has(cone.events, run.told_came));
  CHECK(cone.messages == 4);
  CHECK(cone.nodes == std::vector<NodeId>{run.c1, run.c2, run.p, run.q});
  CHECK(cone.begin == run.call_w);
  CHECK(cone.end == run.ret_r);
}

TEST_CASE("with what came in time the cone has more: who had seen what") {
  StaleRead run;
  run.write();
  run.tell();
  run.read();
  const Cone cone = run.cone();
  CHECK(has(cone.events, run.told));
  CHECK(has(cone.events, run.told_came));
  CHECK(cone.messages == 5);
  REQUIRE(cone.terms.size() == 2);
  CHECK(cone.terms[0].event == run.told_came);
  CHECK(cone.terms[1].value == "1");
  const std::vector<std::string> words = cone_words(run.trace(), cone);
  REQUIRE(words.size() == 2);
  CHECK(contains(words[0], "5 messages (1 Answer, 1 Done, 1 Read, 1 Tell and 1 Write)"));
  CHECK(contains(words[1], "of ballot 2 (#" + std::to_string(run.told_came) + ") and 1 (#"));
}

TEST_CASE("what happened before the first call of the core is cut off") {
  StaleRead run;
  const EventId before = run.receive(run.p, run.q, "Hello", run.send(run.q, run.p, "Hello"));
  run.write();
  run.read();
  const Cone cone = run.cone();
  CHECK_FALSE(has(cone.events, before));
  CHECK(cone.events.front() == run.call_w);
}

TEST_CASE("a crash of who takes part is in the cone and is told, that of a bystander is not") {
  StaleRead run;
  const EventId lasting = run.crash(run.z);
  run.write();
  const EventId crash = run.crash(run.q);
  const NodeId other_server = run.node("Y", "server");
  const EventId bystander = run.crash(other_server);
  const EventId recovery = run.recover(run.q);
  run.recover(other_server);
  run.read();
  Cone cone = run.cone();
  CHECK(cone.faults == std::vector<EventId>{crash, recovery});
  CHECK_FALSE(has(cone.events, bystander));
  CHECK_FALSE(has(cone.events, lasting));
  const std::vector<std::string> words = cone_words(run.trace(), cone);
  REQUIRE(words.size() >= 2);
  CHECK(contains(words[1], "Q crashes at "));
  CHECK(contains(words[1], "(#" + std::to_string(crash) + ")"));

  // Who was down already, and was sent something.
  StaleRead other;
  const EventId down = other.crash(other.z);
  other.write();
  other.send(other.p, other.z, "Tell", Value().set("op", 1));
  other.read();
  CHECK(other.cone().faults.empty());  // sent after P had answered
  StaleRead third;
  const EventId again = third.crash(third.z);
  third.call_w = third.invoke(third.c1, 1, "W", steps({step("write", "x", 1)}));
  third.send(third.c1, third.z, "Write");
  third.ret_w = third.give_back(third.c1, 1, "ok", steps({step("write", "x", 1)}),
                                third.send(third.p, third.c1, "Done"));
  third.read();
  CHECK(third.cone().faults == std::vector<EventId>{again});
  CHECK(third.cone().begin > again);
  CHECK(down == again);
}

TEST_CASE("a message of the cone that was lost is in it, with its loss") {
  StaleRead run;
  run.call_w = run.invoke(run.c1, 1, "W", steps({step("write", "x", 1)}));
  const EventId sent = run.send(run.c1, run.z, "Write", Value().set("op", 1));
  const EventId lost = run.lose(run.c1, run.z, "Write", sent);
  run.ret_w = run.give_back(run.c1, 1, "ok", steps({step("write", "x", 1)}),
                            run.send(run.p, run.c1, "Done"));
  run.read();
  const Cone cone = run.cone();
  CHECK(has(cone.events, sent));
  CHECK(has(cone.events, lost));
}

TEST_CASE("the core's own calls and returns begin and end the cone where the witness names them") {
  StaleRead run;
  const EventId early = run.invoke(run.c3, 3, "E", steps({step("write", "y", 1)}));
  run.write();
  run.read();
  Finding finding = violated_by({early, run.call_w, run.ret_w, run.call_r, run.ret_r});
  const auto op = [](EventId call, EventId ret, const char* role) {
    Value item;
    item.set("call_event", number(call)).set("return_event", number(ret)).set("role", role);
    return item;
  };
  finding.witness.set("operations",
                      Value::List{op(early, 0, "source"), op(run.call_w, run.ret_w, "core"),
                                  op(run.call_r, run.ret_r, "core")});
  const CausalGraph graph(run.trace());
  CHECK(cone_of(graph, finding).begin == run.call_w);
  CHECK(cone_of(graph, finding).core.size() == 4);
}

TEST_CASE("a finding that is not violated, or names events that there are not, has no cone") {
  StaleRead run;
  run.write();
  run.read();
  CHECK(has_cone(run.trace(), run.finding()));
  Finding holds = run.finding();
  holds.verdict = Verdict::holds;
  CHECK_FALSE(has_cone(run.trace(), holds));
  CHECK_FALSE(has_cone(run.trace(), violated_by({})));
  CHECK_FALSE(has_cone(run.trace(), violated_by({1'000'000})));
  CHECK_FALSE(has_cone(Trace(), run.finding()));
  std::vector<Finding> findings{holds, violated_by({1'000'000}), run.finding()};
  CHECK(add_cones(run.trace(), findings).size() == 1);
  CHECK(findings[0].witness.find("cone") == nullptr);
  CHECK(findings[2].witness.find("cone") != nullptr);
}

TEST_CASE("of a long run the events nearest to the core are data, within the bounds") {
  StaleRead run;
  run.write();
  const std::string hostile = "a \"name\" \\ \x01\x02 " + std::string(4'000, '"');
  for (int i = 0; i < 20'000; ++i) {
    const EventId there = run.send(run.p, run.q, hostile, Value().set("epoch", i));
    run.receive(run.q, run.p, hostile, there);
    run.receive(run.p, run.q, "Yes", run.send(run.q, run.p, "Yes"));
  }
  const EventId crash = run.crash(run.p);
  for (int i = 0; i < 1'000; ++i) {
    run.receive(run.q, run.p, "More", run.send(run.p, run.q, "More"));
  }
  run.read();
  const CausalGraph graph(run.trace());
  const Cone cone = cone_of(graph, run.finding());
  CHECK(cone.events.size() > 80'000);
  std::vector<Finding> findings{run.finding()};
  add_cones(run.trace(), findings);
  const Value& data = *findings.front().witness.find("cone");
  CHECK(data.text().size() < kMostConeBytes);
  const Value::List& events = *data.find("events")->as_list();
  CHECK(events.size() > 20);
  CHECK(*data.find("events_left_out") == number(cone.events.size() - events.size()));
  const std::vector<EventId> near = nearest_events(graph, cone, 40);
  CHECK(near.size() <= 40);
  for (const EventId id : cone.core) CHECK(has(near, id));
  CHECK(has(near, crash));
  for (const EventId id : near) {
    if (graph.at(id).kind == TraceKind::receive) CHECK(has(near, graph.send_of(id)));
  }
  // Little room: the counts alone.
  findings = {run.finding()};
  add_cones(run.trace(), findings, 10);
  CHECK(findings.front().witness.find("cone")->find("events")->as_list()->empty());
}

TEST_CASE("a witness keeps its bound with its cone, however long names and texts are") {
  const std::string hostile = "a \"name\" \\ \x01\x02 " + std::string(4'000, '"');
  StaleRead run;
  run.write();
  for (int i = 0; i < 300; ++i) {
    const std::string name = std::to_string(i) + hostile;
    const NodeId other = run.node(name, "client");
    run.receive(other, run.p, name,
                run.send(run.p, other, name, Value().set("epoch", name).set("leader", name)));
    run.receive(run.q, other, name, run.send(other, run.q, name, Value().set("view", name)));
  }
  run.read();
  Value::List operations;
  for (int i = 0; i < 600; ++i) {
    Value item;
    operations.push_back(item.set("text", hostile).set("call_event", 1 + i));
  }
  for (const std::size_t most : {4'000U, 20'000U, 200'000U}) {
    std::vector<Finding> findings{run.finding(), run.finding()};
    findings[1].witness.set("operations", operations).set(hostile, hostile);
    add_cones(run.trace(), findings, most);
    for (const Finding& finding : findings) {
      CHECK(json_bytes(finding.witness) <= most);
      REQUIRE(finding.witness.find("cone") != nullptr);
      CHECK(*finding.witness.find("cone")->find("begin") == number(run.call_w));
    }
    const Value& operations_left_out = *findings[1].witness.find("operations_left_out");
    CHECK(*operations_left_out.as_int() > 0);
  }
}

TEST_CASE("drawings of a cone show its messages and crashes, and nothing else") {
  StaleRead run;
  run.write();
  run.crash(run.q);
  run.recover(run.q);
  run.read();
  run.tell();
  const CausalGraph graph(run.trace());
  const Excerpt part = excerpt_of(graph, run.cone(), nullptr, 100);
  const std::string text = text_view(run.trace(), {run.finding()}, {}, &part);
  CHECK(contains(text, "Only the causal cone of linearizability: "));
  CHECK(contains(text, "Write"));
  CHECK(contains(text, "Crash"));
  CHECK_FALSE(contains(text, "Noise"));
  CHECK_FALSE(contains(text, "receive  Tell"));
  const std::string svg = svg_view(run.trace(), {run.finding()}, {}, &part);
  CHECK(xml_problem(svg) == "");
  CHECK(contains(svg, "Write from c1 to P"));
  CHECK(contains(svg, ">crashes<"));
  CHECK_FALSE(contains(svg, "Noise"));
  CHECK_FALSE(contains(svg, ">c3<"));
  CHECK_FALSE(contains(svg, ">Z<"));
  const svg::Scene scene = svg::scene_of(run.trace(), {run.finding()}, {}, {}, &part);
  check_picture(svg::lay_out(scene));
  CHECK(scene.arrows.size() == 4);
}

TEST_CASE("what nodes hold at the begin of a cone, and what ends after it, is told as it is") {
  StaleRead run;
  run.own(run.p, "x");
  run.own(run.q, "gone");
  run.disown(run.q, "gone");
  const EventId down = run.crash(run.z);
  run.write();
  run.invoke(run.c2, 9, "Long", steps({step("write", "y", 1)}));
  run.read();
  run.TraceBuilder::give_back(run.c2, 9, "ok", steps({step("write", "y", 1)}));
  const CausalGraph graph(run.trace());
  Cone cone = run.cone();
  cone.events.insert(cone.events.begin(), down);
  const Excerpt part = excerpt_of(graph, cone, nullptr, 100);
  const svg::Scene scene = svg::scene_of(run.trace(), {}, {}, {}, &part);
  REQUIRE(scene.bars.size() == 1);
  CHECK(scene.bars[0].from == scene.begin);
  CHECK(scene.marks.empty());
  REQUIRE(scene.outages.size() == 1);
  CHECK(scene.outages[0].from == scene.begin);
  const auto open = std::find_if(scene.boxes.begin(), scene.boxes.end(),
                                 [](const svg::Box& box) { return box.open; });
  REQUIRE(open != scene.boxes.end());
  CHECK(contains(open->label, "→ later"));
}

namespace {

/// Any events at any nodes, with causes that there are not, or that come later.
Trace random_trace(Random& random) {
  Trace trace;
  for (const char* name : {"a", "b", "c", "d"}) trace.nodes.push_back({name, "server", name});
  const std::size_t n = 5 + random.below(60);
  for (EventId id = 1; id <= n; ++id) {
    TraceEvent e;
    e.id = id;
    e.at = Time{static_cast<std::int64_t>(id)};
    e.kind = static_cast<TraceKind>(random.below(7));
    const std::uint32_t node = random.below(6);  // two of them are not described
    e.node = node == 5 ? kNobody : NodeId{node};
    e.peer = NodeId{static_cast<std::uint32_t>(random.below(5))};
    for (int i = random.below(3); i > 0; --i) e.parents.push_back(random.below(70));
    e.name = e.kind == TraceKind::fault ? "fault::Crash" : random.one_in(3) ? "note::Invoke" : "m";
    e.data.set("op", random.below(3)).set("term", random.below(4));
    trace.events.push_back(std::move(e));
  }
  trace.end = trace.events.back().at;
  return trace;
}

/// Happened before, by vector clocks: of each event, how many events of each node it knows of.
std::vector<std::map<std::uint32_t, EventId>> clocks_of(const Trace& trace) {
  std::vector<std::map<std::uint32_t, EventId>> clocks(trace.events.size() + 1);
  std::map<std::uint32_t, EventId> last;
  for (const TraceEvent& e : trace.events) {
    auto& clock = clocks[e.id];
    const auto learn = [&](EventId from) {
      for (const auto& [node, id] : clocks[from]) clock[node] = std::max(clock[node], id);
    };
    for (const EventId parent : e.parents) {
      if (parent >= 1 && parent < e.id) learn(parent);
    }
    const bool of_node = e.kind != TraceKind::lose && e.kind != TraceKind::fault;
    if (of_node && last.count(e.node.value) > 0) learn(last[e.node.value]);
    // What is in no node's order has a place of its own.
    const std::uint32_t place = of_node ? e.node.value : 1'000 + static_cast<std::uint32_t>(e.id);
    clock[place] = e.id;
    if (of_node) last[e.node.value] = e.id;
  }
  return clocks;
}

}  // namespace

TEST_CASE("cones agree with vector clocks, and any trace is drawn") {
  Random random(5);
  std::size_t cones = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    const Trace trace = random_trace(random);
    const EventId end = 1 + random.below(static_cast<int>(trace.events.size()));
    const EventId other = 1 + random.below(static_cast<int>(end));
    const Finding finding = violated_by({other, end});
    REQUIRE(has_cone(trace, finding));
    const CausalGraph graph(trace);
    const auto clocks = clocks_of(trace);
    const std::vector<bool> past = graph.past_of({end});
    for (const TraceEvent& e : trace.events) {
      const bool of_node = e.kind != TraceKind::lose && e.kind != TraceKind::fault;
      const std::uint32_t place = of_node ? e.node.value : 1'000 + static_cast<std::uint32_t>(e.id);
      const auto known = clocks[end].find(place);
      CHECK(past[e.id - 1] == (known != clocks[end].end() && known->second >= e.id));
      CHECK(graph.happens_before(e.id, end) == (past[e.id - 1] && e.id < end));
      CHECK(graph.future_of({e.id})[end - 1] == past[e.id - 1]);
    }
    const Cone cone = cone_of(graph, finding);
    CHECK(std::is_sorted(cone.events.begin(), cone.events.end()));
    CHECK(std::adjacent_find(cone.events.begin(), cone.events.end()) == cone.events.end());
    for (const EventId id : nearest_events(graph, cone, 10)) CHECK(has(cone.events, id));
    cones += cone.events.size() > 5 ? 1U : 0U;
    const Excerpt part = excerpt_of(graph, cone, nullptr, 20);
    CHECK(xml_problem(svg_view(trace, {finding}, {}, &part)) == "");
    CHECK(!text_view(trace, {finding}, {}, &part).empty());
    CHECK(!cone_words(trace, cone).empty());
    std::vector<Finding> findings{finding};
    CHECK(add_cones(trace, findings).size() == 1);
  }
  CHECK(cones > 100);
}

}  // namespace sibyl::analysis::cone_test
