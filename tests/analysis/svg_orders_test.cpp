// Drawings fit for a slide: the table of orders, labels that nothing hides, tails left out.
#include <algorithm>
#include <string>

#include "analysis/svg_labels.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scene.hpp"
#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::svg::svg_orders_test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Two replicas of a counter that apply two commands, and a faulty one.
struct Parted : ThreeParties {
  explicit Parted(bool parted) {
    faulty = {p2};
    broadcasts(p0, 1, command(1, "divide"), "divide 2");
    broadcasts(p1, 1, command(2, "add"), "add 1");
    invoke(p0, 1, "divide 2", {});
    invoke(p1, 2, "add 1", {});
    apply(p0, 1, 1, "1/2", "a");
    apply(p0, 2, 2, "3/2", "b");
    apply(p1, 1, parted ? 2 : 1, parted ? Value(2) : Value("1/2"), parted ? "c" : "a");
    apply(p1, 2, parted ? 1 : 2, parted ? Value(1) : Value("3/2"), parted ? "d" : "b");
    apply(p2, 1, 2, 7, "e");
  }
  void apply(NodeId node, std::int64_t index, std::int64_t op, Value value, const char* state) {
    applied(node, index, op, state);
    puts_out(node, index, op, "P0", "ok", std::move(value));
  }
  Orders orders() const { return scene_of(trace(), {}).orders; }
};

std::vector<std::string> texts(const Orders::Row& row) {
  std::vector<std::string> out;
  for (const Orders::Cell& cell : row.cells) out.push_back(cell.text);
  return out;
}

bool any_differs(const Orders& orders) {
  return std::any_of(orders.rows.begin(), orders.rows.end(), [](const Orders::Row& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const Orders::Cell& cell) { return cell.differs; });
  });
}

const Text* text_of(const Picture& picture, const std::string& words) {
  const auto it = std::find_if(picture.texts.begin(), picture.texts.end(),
                               [&](const Text& text) { return text.text == words; });
  return it == picture.texts.end() ? nullptr : &*it;
}

}  // namespace

TEST_CASE("the table of orders says what each replica applied, in which order, and what came out") {
  const Orders parted = Parted(true).orders();
  REQUIRE(parted.rows.size() == 2);  // the faulty one's report proves nothing
  CHECK(texts(parted.rows[0]) == std::vector<std::string>{"divide 2", "add 1", "3/2"});
  CHECK(texts(parted.rows[1]) == std::vector<std::string>{"add 1", "divide 2", "1"});
  for (const Orders::Row& row : parted.rows) {
    for (const Orders::Cell& cell : row.cells) CHECK(cell.differs);
  }
  const Orders alike = Parted(false).orders();
  REQUIRE(alike.rows.size() == 2);
  CHECK(texts(alike.rows[0]) == texts(alike.rows[1]));
  CHECK(!any_differs(alike));
}

TEST_CASE("the cells of the table of orders stand at the heights of their lanes") {
  const Parted t(true);
  const Picture picture = lay_out(scene_of(t.trace(), {}));
  const Text* answer = text_of(picture, "3/2");
  const Text* name = text_of(picture, "P0");
  REQUIRE(answer != nullptr);
  REQUIRE(name != nullptr);
  CHECK(std::abs(answer->y - name->y) <= 2);
  CHECK(answer->style == "bad");
  CHECK(answer->area().x1 <= picture.width);
}

TEST_CASE("of long orders the part with the first difference is shown") {
  ThreeParties t;
  for (int i = 1; i <= 12; ++i) {
    t.delivers(t.p0, t.p0, i, "c");
    t.delivers(t.p1, t.p0, i == 9 ? 10 : i == 10 ? 9 : i, "c");
  }
  const Orders orders = scene_of(t.trace(), {}).orders;
  REQUIRE(orders.rows.size() == 3);
  CHECK(orders.columns.front() == "7.");
  CHECK(orders.columns.size() == 6);
  CHECK(!orders.rows[0].cells[1].differs);
  CHECK(orders.rows[0].cells[2].differs);
  CHECK(orders.rows[2].cells[0].text == "–");  // P2 delivered nothing
}

TEST_CASE("what is delivered where no replica applies it is drawn, and that nothing came") {
  ThreeParties t;
  t.broadcasts(t.p0, 1, "m", "m");
  t.delivers(t.p0, t.p0, 1, "m");
  t.at(kMs);
  t.delivers(t.p1, t.p0, 1, {});
  t.at(2 * kMs);
  t.delivers(t.p2, t.p0, 1, "other");
  const Scene scene = scene_of(t.trace(), {});
  std::vector<std::string> labels;
  for (const Box& box : scene.boxes) labels.push_back(box.label);
  CHECK(labels == std::vector<std::string>{"broadcasts m", "m", "NoMsg", "other"});
}

TEST_CASE("the name of a violation of no length is not cut") {
  ThreeParties t;
  t.delivers(t.p0, t.p0, 1, "m");
  t.delivers(t.p1, t.p0, 1, "m");
  Finding finding;
  finding.property = "uniform_agreement_of_all_processes";
  finding.verdict = Verdict::violated;
  finding.window = std::pair(Time{0}, Time{0});
  const Picture picture = lay_out(scene_of(t.trace(), {finding}));
  CHECK(text_of(picture, "uniform_agreement_of_all_processes violated") != nullptr);
}

TEST_CASE("the label of a short execution stands on its life line, where messages pass it by") {
  TraceBuilder t;
  const NodeId a = t.node("A", "partition");
  const NodeId b = t.node("B", "partition");
  const auto executes = [&](NodeId node, const char* label) {
    t.at(5 * kMs).note(node, "ExecuteStart", Value().set("op", 1).set("label", label));
    t.at(5 * kMs).note(node, "ExecuteEnd", Value().set("op", 1).set("label", label));
  };
  t.at(0).note(a, "Count", {});
  executes(b, "a command with a long name");
  const EventId sent = t.at(5 * kMs).send(b, a, "x::M");
  t.at(9 * kMs).receive(a, b, "x::M", sent);
  const Picture picture = lay_out(scene_of(t.trace(), {}));
  const Text* label = text_of(picture, "a command with a long name");
  const Text* name = text_of(picture, "B");
  REQUIRE(label != nullptr);
  CHECK(std::abs(label->y - name->y) <= 2);
  for (const Shape& shape : picture.shapes) {
    if (shape.layer != Layer::arrow) continue;
    const auto [x0, y0] = shape.points.front();
    const auto [x1, y1] = shape.points.back();
    CHECK(!meets({x0, y0, x1, y1}, label->area()));
  }
}

TEST_CASE("an execution that belongs to no operation is named by its result") {
  TraceBuilder t;
  const NodeId o = t.node("O", "oracle");
  const auto executes = [&](std::int64_t op, const char* result) {
    t.at(kMs).note(o, "ExecuteStart", Value().set("op", op).set("label", ""));
    t.at(kMs).note(o, "ExecuteEnd", Value().set("op", op).set("label", "").set("result", result));
  };
  executes(0, "x@P1 locked");
  executes(7, "x@P1");
  const Scene scene = scene_of(t.trace(), {});
  std::vector<std::string> labels;
  for (const Box& box : scene.boxes) labels.push_back(box.label);
  CHECK(labels == std::vector<std::string>{"x@P1 locked", "#7 → x@P1"});
}

TEST_CASE("messages that come when all is done are left out, and the drawing says so") {
  ThreeParties t;
  t.broadcasts(t.p0, 1, "m", "m");
  t.at(kMs);
  t.delivers(t.p1, t.p0, 1, "m");
  const auto chatter = [&](int n) {
    for (int i = 0; i < n; ++i) {
      const EventId sent = t.at((10 + i) * kMs).send(t.p0, t.p1, "x::Beat");
      t.receive(t.p1, t.p0, "x::Beat", sent);
    }
  };
  chatter(5);
  CHECK(scene_of(t.trace(), {}).arrows.size() == 5);
  chatter(20);
  const Scene scene = scene_of(t.trace(), {});
  CHECK(scene.arrows.empty());
  CHECK(scene.end == kMs);
  REQUIRE(scene.omissions.size() == 1);
  CHECK(scene.omissions[0].find("25 messages sent after 1 ms left out") == 0);
  t.calls(t.p2, 9, "set");  // which waits: what comes may be why
  CHECK(scene_of(t.trace(), {}).arrows.size() == 25);
}

TEST_CASE("the name of a message stands beside a steep line, off the names of the lanes") {
  FreeSpace space;
  space.add_line(100, 0, 110, 200);
  space.add_line(60, 0, 60, 200);
  space.occupy({80, 0, 100, 200});
  Text text;
  text.font = {12, false};
  text.text = "Start(Access)";
  REQUIRE(space.place_on_line(100, 0, 110, 200, text));
  CHECK(text.area().x0 >= 100);
  CHECK(!meets({60, 0, 60, 200}, text.area()));
}

}  // namespace sibyl::analysis::svg::svg_orders_test
