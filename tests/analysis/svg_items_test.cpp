// Drawings of broadcasts and replicas: what was applied, and what messages carry.
#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

#include "analysis/svg_items.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scene.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::svg::svg_items_test {

namespace {

Value fields(std::initializer_list<std::pair<const char*, Value>> members) {
  Value data{Value::Object{}};
  for (const auto& [name, value] : members) data.set(name, value);
  return data;
}

struct Replicated : TraceBuilder {
  NodeId p0 = node("P0", "party", "counter");
  NodeId p1 = node("P1", "party", "counter");

  void call(NodeId party, std::int64_t op, const std::string& label) {
    invoke(party, op, label, Value(2));
    note(party, "Broadcast",
         fields({{"origin", trace().nodes[party.value].name}, {"number", 1}, {"label", label}}));
  }
  void applies(NodeId party, std::int64_t op, Value value, const std::string& reply = "ok") {
    applied(party, 1, op, "00");
    put_out(party, op, std::move(value), reply);
  }
  void put_out(NodeId party, std::int64_t op, Value value, const std::string& reply = "ok") {
    note(party, "Output", fields({{"op", op}, {"reply", reply}, {"value", std::move(value)}}));
  }
  Scene scene() const { return scene_of(trace(), {}, {}, {}); }
  std::vector<std::string> boxes() const {
    std::vector<std::string> labels;
    for (const Box& box : scene().boxes) labels.push_back(box.label);
    return labels;
  }
};

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("a command that a replica applies is a box with the answer") {
  Replicated w;
  w.call(w.p0, 1, "divide 2");
  w.at(1000);
  w.applies(w.p1, 1, "1/2");
  CHECK(w.boxes() == Labels{"divide 2: command 2 → no reply", "divide 2 → 1/2"});
}

TEST_CASE("a party's own command that is applied at once is one box with the answer") {
  Replicated w;
  w.at(5);
  w.call(w.p0, 1, "set 1");
  w.at(5);
  w.applies(w.p0, 1, 1);
  w.give_back(w.p0, 1, "ok", 1);
  CHECK(w.boxes() == Labels{"set 1: command 2 → 1"});
}

TEST_CASE("answers to others that waited stand behind, and a refusal is told") {
  Replicated w;
  w.call(w.p0, 1, "release");
  w.call(w.p1, 2, "acquire");
  w.at(1000);
  w.applies(w.p1, 1, {});
  w.put_out(w.p1, 2, {});
  w.at(2000);
  w.applies(w.p0, 1, "why", "nok");
  const Labels boxes = w.boxes();
  REQUIRE(boxes.size() == 4);
  CHECK(boxes[2] == "release → ok; acquire → ok");
  CHECK(boxes[3] == "release → nok");
}

TEST_CASE("a message is called by the item or command that it carries") {
  Replicated w;
  w.call(w.p0, 7, "set 1");
  const Items items(w.trace());
  const Value id = fields({{"origin", "P0"}, {"number", 1}});
  CHECK(items.carried_by(fields({{"item", fields({{"id", id}})}})) == "set 1");
  CHECK(items.carried_by(fields({{"content", fields({{"op", 7}})}})) == "set 1");
  CHECK(items.carried_by(fields({{"op", 7}})) == "set 1");
  CHECK(items.carried_by(fields({{"op", 8}})).empty());
  w.send(w.p0, w.p1, "naive::Data", fields({{"item", fields({{"id", id}})}}));
  CHECK(w.scene().arrows.at(0).label == "set 1");
}

TEST_CASE("where nothing is broadcast and nothing put out, drawings are as ever") {
  TraceBuilder w;
  const NodeId a = w.node("A1", "partition", "A");
  const NodeId b = w.node("A2", "partition", "A");
  w.invoke(a, 1, "C", Value(1));
  w.applied(b, 1, 1, "00");
  w.send(a, b, "x::M", fields({{"op", 1}}));
  const Scene scene = scene_of(w.trace(), {}, {}, {});
  CHECK(scene.boxes.size() == 1);
  CHECK(scene.arrows.at(0).label.empty());
}

TEST_CASE("along a long bar the object's name is repeated, its first value is not") {
  TraceBuilder t;
  const NodeId p0 = t.node("P0", "server", "store");
  t.initial(p0, "x", 7);
  for (int i = 1; i <= 60; ++i) {
    t.at(i * 2'000'000);
    t.invoke(p0, i, "operation " + std::to_string(i), Value(i));
    t.at(i * 2'000'000 + 1'000'000);
    t.give_back(p0, i, "ok", Value(i));
  }
  const Picture picture = lay_out(scene_of(t.trace(), {}));
  const auto count = [&](std::string_view words) {
    return std::count_if(picture.texts.begin(), picture.texts.end(),
                         [&](const Text& text) { return text.text == words; });
  };
  REQUIRE(picture.width > 2000);
  CHECK(count("x, initially 7") == 1);
  CHECK(count("x") >= 1);
}

TEST_CASE("a verdict in a drawing says when the events were that it names") {
  TraceBuilder t;
  const NodeId p0 = t.node("P0", "party", "counter");
  t.at(5'000'000);
  const EventId event = t.note(p0, "Broadcast", Value(Value::Object{}));
  Finding finding;
  finding.property = "single_owner";
  finding.verdict = Verdict::violated;
  finding.summary = "It held it (since event " + std::to_string(event) + "; see (#" +
                    std::to_string(event) + ")), not event 999 nor event x.";
  const Scene scene = scene_of(t.trace(), {finding}, {}, {});
  CHECK(scene.findings.at(0).summary == "It held it (since event " + std::to_string(event) +
                                            " at 5 ms; see (#" + std::to_string(event) +
                                            " at 5 ms)), not event 999 nor event x.");
}

}  // namespace sibyl::analysis::svg::svg_items_test
