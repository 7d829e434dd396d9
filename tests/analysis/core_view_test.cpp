// Drawings of cores: what stands in them, and their bounds.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/core_items.hpp"
#include "analysis/core_view.hpp"
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
