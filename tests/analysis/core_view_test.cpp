// Drawings of cores: what stands in them, and their bounds.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/core_items.hpp"
#include "analysis/core_view.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/view_words.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/drawing_checks.hpp"

namespace sibyl::analysis::core_view_test {

using namespace drawing_checks;

namespace {

Operation of(std::int64_t process, const char* f, Value value, std::int64_t call,
             std::optional<std::int64_t> ret) {
  Operation op;
  op.process = process;
  op.f = f;
  op.key = "x";
  op.value = std::move(value);
  op.call = call;
  op.ret = ret;
  op.outcome = ret ? OperationOutcome::ok : OperationOutcome::unknown;
  return op;
}

Judgement judged(const History& history, const char* model) {
  JudgeOptions options;
  options.model = model;
  Judgement judgement = judge(flat(history), options);
  REQUIRE(judgement.verdict == Verdict::violated);
  return judgement;
}

History stale() {
  return {of(0, "write", 3, 1, 2), of(1, "write", 4, 3, 4), of(2, "read", 3, 5, 6)};
}

/// Checks all that every drawing has to be; returns the SVG.
std::string drawn(const Judgement& judgement) {
  const CoreHead head{"h.jsonl: not linearizable", judgement.summary, {}};
  check_picture(core::picture_of(head, core::items_of(judgement.witness, 100, 100)));
  std::string svg = core_svg(head, judgement.witness);
  CHECK(xml_problem(svg) == "");
  CHECK(svg.size() <= kMostCoreDrawing);
  CHECK(svg == core_svg(head, judgement.witness));
  const std::string text = core_text(head, judgement.witness);
  CHECK(text.size() <= kMostCoreDrawing);
  for (const std::string& line : lines_of(text)) CHECK(character_count(line) <= 140);
  return svg;
}

}  // namespace

TEST_CASE("a stale read is drawn with arrows for why, and numbered sentences") {
  const Judgement told = judged(stale(), "register");
  const std::string svg = drawn(told);
  for (const char* words :
       {">line 1: write x = 3<", ">line 2: write x = 4<", ">line 3: read x = 3<", ">process 2<",
        ": ended before<", ": did not see<", ">was read by<", ">5 to 6<"}) {
    CAPTURE(words);
    CHECK(contains(svg, words));
  }
  const std::string text = core_text({"h", told.summary, {{"2", "carol"}}}, told.witness);
  CHECK(contains(line_with(text, "read x = 3 (5 to 6)"), "* carol"));
  CHECK(contains(line_with(text, "write x = 3"), "  process 0  [===="));
}

namespace {

using Points = std::vector<std::pair<int, int>>;

/// Whether a line runs behind a bar, but for those at its ends.
bool passes_behind(const Points& line, const svg::Shape& bar) {
  const std::pair<int, int> least = bar.points[0];
  const std::pair<int, int> most = bar.points[1];
  const auto at_bar = [&](const std::pair<int, int>& end) {
    return end.first >= least.first && end.first <= most.first && end.second >= least.second &&
           end.second <= most.second;
  };
  if (at_bar(line.front()) || at_bar(line.back())) return false;
  for (std::size_t i = 1; i < line.size(); ++i) {
    constexpr int kPieces = 200;
    for (int k = 0; k <= kPieces; ++k) {
      const auto between = [&](int a, int b) { return a + (b - a) * k / kPieces; };
      if (at_bar({between(line[i - 1].first, line[i].first),
                  between(line[i - 1].second, line[i].second)})) {
        return true;
      }
    }
  }
  return false;
}

/// Whether two lines go up or down in one place.
bool in_one_place(const Points& a, const Points& b) {
  for (std::size_t i = 1; i < a.size(); ++i) {
    for (std::size_t k = 1; k < b.size(); ++k) {
      const bool upright = a[i].first == a[i - 1].first && b[k].first == b[k - 1].first;
      if (!upright || std::abs(a[i].first - b[k].first) > 5) continue;
      const auto [a0, a1] = std::minmax({a[i].second, a[i - 1].second});
      const auto [b0, b1] = std::minmax({b[k].second, b[k - 1].second});
      if (a0 < b1 && b0 < a1) return true;
    }
  }
  return false;
}

/// A command of steps [f, key, value].
Operation command(std::int64_t process, Value::List steps, std::int64_t call, std::int64_t ret) {
  Operation op = of(process, "command", Value(std::move(steps)), call, ret);
  op.key.clear();
  return op;
}

Value step(const char* f, const char* key, int value) {
  return Value(Value::List{Value(f), Value(key), Value(value)});
}

}  // namespace

TEST_CASE("arrows go round the bars between, each in a place of its own") {
  const History skew{command(9, {step("create", "x", 0), step("create", "y", 0)}, -9, -8),
                     command(0, {step("write", "x", 1)}, 1, 9),
                     command(1, {step("write", "y", 1)}, 1, 9),
                     command(2, {step("read", "x", 1), step("read", "y", 0)}, 2, 8),
                     command(4, {step("read", "x", 0), step("read", "y", 1)}, 2, 8)};
  const History swaps{of(0, "write", 1, 1, 2),
                      of(1, "cas", Value(Value::List{Value(1), Value(2)}), 3, 4),
                      of(2, "cas", Value(Value::List{Value(1), Value(3)}), 3, 5)};
  const History turns{of(0, "write", 1, 1, 10), of(1, "write", 2, 1, 10), of(2, "read", 1, 2, 3),
                      of(3, "read", 2, 4, 5), of(2, "read", 1, 6, 7)};
  History late = stale();
  for (Operation& op : late) {
    op.call *= 900'000;
    *op.ret *= 900'000;
  }
  for (const auto& [history, model] :
       {std::pair(stale(), "register"), std::pair(late, "register"), std::pair(swaps, "register"),
        std::pair(turns, "register"), std::pair(skew, "objects")}) {
    const Judgement told = judged(history, model);
    drawn(told);
    const core::Items items = core::items_of(told.witness, 100, 100);
    const svg::Picture picture = core::picture_of({"h", told.summary, {}}, items);
    std::vector<svg::Shape> bars;
    std::vector<Points> arrows;
    for (const svg::Shape& shape : picture.shapes) {
      if (shape.rectangle && shape.style.starts_with("op")) bars.push_back(shape);
      if (shape.style == "msg") arrows.push_back(shape.points);
    }
    REQUIRE(arrows.size() == items.edges.size());
    REQUIRE(arrows.size() >= 3);
    for (std::size_t i = 0; i < arrows.size(); ++i) {
      for (const svg::Shape& bar : bars) {
        CAPTURE(bar.title);
        CAPTURE(told.summary);
        CHECK_FALSE(passes_behind(arrows[i], bar));
      }
      for (std::size_t k = 0; k < i; ++k) CHECK_FALSE(in_one_place(arrows[i], arrows[k]));
      for (const svg::Text& text : picture.texts) {
        const svg::Area area = text.area();
        const auto [x, y] = arrows[i].back();
        CHECK_FALSE(
            (text.style == "out" && x > area.x0 && x < area.x1 && std::abs(y - area.y0) < 6));
      }
    }
  }
}

TEST_CASE("where no circle is found the longest order has numbers, and what cannot follow a mark") {
  const Judgement told = judged({of(0, "acquire", {}, 1, 2), of(0, "release", {}, 3, 4),
                                 of(1, "acquire", {}, 5, 6), of(2, "acquire", {}, 7, 8)},
                                "mutex");
  const core::Items items = core::items_of(told.witness, 100, 100);
  REQUIRE(items.edges.empty());
  CHECK(items.ordered);
  const std::string svg = drawn(told);
  CHECK(contains(svg, ">1</text>"));
  CHECK(contains(svg, ">×</text>"));
  CHECK(contains(svg, "nothing can follow"));
  CHECK(contains(core_text({"h", "", {}}, told.witness), " x line "));
}

TEST_CASE("what never returned is open to the right, and times are counted from large ones") {
  const std::int64_t now = 1'700'000'000'000'000'000;
  const Judgement told =
      judged({of(0, "write", 1, now, std::nullopt), of(1, "read", 1, now + 5, now + 6),
              of(2, "read", {}, now + 8, now + 9)},
             "register");
  const std::string svg = drawn(told);
  CHECK(contains(svg, "op open"));
  CHECK(contains(svg, "0, no return"));
  CHECK(contains(svg, "counted from 1700000000000000000"));
  CHECK(contains(core_text({"h", "", {}}, told.witness), "=>"));
}

TEST_CASE("cycles of other consistencies are drawn, too") {
  const History history{of(0, "write", 1, 1, 2), of(1, "write", 2, 3, 4), of(2, "read", 2, 5, 6),
                        of(2, "read", 1, 7, 8), of(2, "read", 2, 9, 10)};
  const Consistency found = check_sequential_consistency(flat(history));
  REQUIRE(found.verdict == Verdict::violated);
  REQUIRE(has_core(found.witness));
  const core::Items items = core::items_of(found.witness, 100, 100);
  CHECK(items.bars.size() == found.operations.size());
  REQUIRE(items.edges.size() == found.cycle.size());
  for (const core::Edge& edge : items.edges) {
    CHECK(contains(items.sentences[edge.number - 1], " before "));
    CHECK(contains(items.sentences[edge.number - 1], items.bars[edge.before].name));
  }
  check_picture(core::picture_of({"h", found.summary, {}}, items));
  CHECK(xml_problem(core_svg({"h", found.summary, {}}, found.witness)) == "");
}

TEST_CASE("long texts are cut in bars and told beneath; hostile ones leave XML whole") {
  const std::string text = "<&\"'> \x01 \xff " + std::string(5'000, 'w');
  const Judgement told =
      judged({of(0, "put", Value(text), 1, 2), of(1, "append", Value(text), 3, 4),
              of(2, "get", Value(text + "?"), 5, 6)},
             "kv");
  const std::string svg = drawn(told);
  CHECK(contains(svg, "…</text>"));
  CHECK(svg.size() < 20'000);
}

TEST_CASE("drawings keep their bound whatever the history") {
  // A hundred operations with long names and texts that no core can make fewer, and as many others.
  Value witness;
  Value::List operations;
  Value::List context;
  Value::List circle;
  Value::List because;
  std::string wide;
  for (int i = 0; i < 400; ++i) wide += "\xf0\x9f\x98\x80";
  for (int i = 0; i < 300; ++i) {
    Value item;
    item.set("name", wide).set("text", wide).set("role", "core").set("process", i % 40);
    item.set("call", i * 10).set("return", i % 7 == 0 ? Value() : Value(i * 10 + 55));
    operations.push_back(item);
    context.push_back(std::move(item));
    Value edge;
    circle.push_back(edge.set("before", i).set("after", (i + 1) % 300).set("why", "overwrites"));
    because.emplace_back(wide);
  }
  witness.set("operations", std::move(operations)).set("context", std::move(context));
  witness.set("circle", std::move(circle)).set("because", std::move(because));
  const CoreHead head{wide, wide, {{"3", wide}}};
  const std::string svg = core_svg(head, witness);
  CHECK(svg.size() <= kMostCoreDrawing);
  CHECK(contains(svg, "more operations not drawn."));
  CHECK(xml_problem(svg) == "");
  CHECK(core_text(head, witness).size() <= kMostCoreDrawing);
}

TEST_CASE("a witness that is malformed is drawn as far as it can be, or not at all") {
  CHECK_FALSE(has_core(Value()));
  CHECK_FALSE(has_core(Value(Value::Object{{"operations", 3}})));
  CHECK_FALSE(has_core(Value(Value::Object{{"operations", Value::List{Value(1)}}})));
  CHECK(core_svg({"h", "", {}}, Value()).empty());
  Value item;
  item.set("call", 5).set("return", 1).set("process", Value::List{});
  Value edge;
  edge.set("before", 7).set("after", -1).set("why", "because");
  const Value witness(Value::Object{{"operations", Value::List{item, item}},
                                    {"circle", Value::List{edge, Value(3)}},
                                    {"configurations", "none"},
                                    {"because", Value::List{Value(1)}}});
  CHECK(has_core(witness));
  CHECK(xml_problem(core_svg({"", "", {}}, witness)) == "");
  CHECK_FALSE(core_text({"", "", {}}, witness).empty());
}

}  // namespace sibyl::analysis::core_view_test
