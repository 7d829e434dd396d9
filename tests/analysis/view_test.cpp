// Tests of the views for people: as text and as a drawing.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "analysis/svg_labels.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scale.hpp"
#include "analysis/svg_scene.hpp"
#include "analysis/svg_text.hpp"
#include "analysis/svg_view.hpp"
#include "analysis/text_view.hpp"
#include "analysis/view_words.hpp"
#include "tests/analysis/drawing_checks.hpp"
#include "tests/analysis/view_traces.hpp"

namespace sibyl::view_test {
namespace {

using analysis::svg::Area;
using analysis::svg::Picture;
using analysis::svg::Text;
using namespace drawing_checks;
using view_traces::Builder;
using view_traces::Case;

Picture picture_of(const Case& c) {
  return analysis::svg::lay_out(analysis::svg::scene_of(c.trace, c.findings));
}

void check_picture(const Case& c) { drawing_checks::check_picture(picture_of(c)); }

}  // namespace

TEST_CASE("the text view pairs every send with its receive by the events' numbers") {
  const Case c = view_traces::case_32();
  const std::string text = text_view(c.trace, c.findings);
  const TraceEvent& receive = *std::find_if(
      c.trace.events.begin(), c.trace.events.end(),
      [](const TraceEvent& e) { return e.kind == TraceKind::receive && e.name == "ds::Consult"; });
  const std::string sent = "#" + std::to_string(receive.parents.at(0));
  const std::string received = "#" + std::to_string(receive.id);
  CHECK(contains(line_with(text, "send     Consult"), "to O -> " + received));
  CHECK(contains(line_with(text, "receive  Consult"), "from c1 <- " + sent));
  CHECK(contains(line_with(text, "receive  Consult"), received + "   5 ms  O"));
}

TEST_CASE("the numbered steps of an explanation overlap no text, and what is no part is pale") {
  const Case c = view_traces::case_32();
  analysis::Explanation why;
  why.property = "linearizability";
  why.conclusion = "So it is.";
  for (const EventId id : c.findings[1].events) {
    why.steps.push_back({id, "A step.", {}, {}});
    why.steps.push_back({id, "Another step at the same instant.", {}, {}});
    why.events.push_back(id);
  }
  const Picture picture =
      analysis::svg::lay_out(analysis::svg::scene_of(c.trace, c.findings, {}, {why}));
  CHECK(overlapping_texts(picture.texts) == "");
  const auto numbers = std::count_if(picture.texts.begin(), picture.texts.end(),
                                     [](const Text& t) { return t.style == "number"; });
  CHECK(static_cast<std::size_t>(numbers) == why.steps.size());
  for (const auto& shape : picture.shapes) {
    if (shape.layer == analysis::svg::Layer::arrow && !shape.title.empty()) CHECK(shape.pale);
    if (shape.style.rfind("op", 0) == 0 && !shape.title.empty()) CHECK(!shape.pale);
  }
}

TEST_CASE("the text view marks the witness events and the span of the violation in the margin") {
  Case c = view_traces::case_32();
  c.findings[1].window = {{Time{3'000'000}, Time{6'000'000}}};
  const std::string text = text_view(c.trace, c.findings);
  for (const std::string& line : lines_of(text)) {
    const bool inside = contains(line, " 3 ms  c") || contains(line, " 4 ms  c") ||
                        contains(line, " 5 ms  O") || contains(line, " 6 ms  c");
    CAPTURE(line);
    CHECK((line.substr(0, 2) == " |") == inside);
    const bool shown = contains(line, "  Invoke  ") || contains(line, "  Return  ");
    CHECK((line.size() > 2 && line[2] == '*') == shown);
  }
  CHECK(contains(text, "VIOLATED      linearizability"));
  CHECK(contains(text, "from 3 ms to 6 ms"));
  CHECK(contains(text, "holds         acyclic_order, prefix_order"));
  CHECK(contains(text, "inconclusive  termination"));
}

TEST_CASE("the text view has one line an event and no line over 140 characters") {
  Builder b("Long", {{"c1", "client", "c1"}});
  b.note(1, "c1", "Own", {{"object", Value(std::string(500, 'x'))}});
  const std::string text = text_view(b.build(), {});
  for (const std::string& line : lines_of(text)) CHECK(analysis::character_count(line) <= 140);
  CHECK(contains(text, "x…"));
  const Case c = view_traces::crowd(3, 2, 4);
  const auto lines = lines_of(text_view(c.trace, c.findings));
  const auto is_event = [](const std::string& line) { return line.find(" ms  ") < 24; };
  CHECK(static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), is_event)) ==
        c.trace.events.size());
}

TEST_CASE("the text view tells lost messages from those that never arrive") {
  const Case c = view_traces::faults();
  const std::string text = text_view(c.trace, c.findings);
  CHECK(contains(line_with(text, "send     Object"), "to P2 lost #"));
  CHECK(contains(line_with(text, "lose     Object"), "why=loss"));
  CHECK(contains(line_with(text, "send     Access"), "to P1.2 (never arrives)"));
}

TEST_CASE("times are written exactly and without needless zeros") {
  const analysis::TimeUnit ms = analysis::unit_for(5'000'000);
  CHECK(ms.name == "ms");
  CHECK(analysis::in_unit(3'000'000, ms) == "3");
  CHECK(analysis::in_unit(3'000'001, ms) == "3.000001");
  CHECK(analysis::in_unit(250'000, ms) == "0.25");
  CHECK(analysis::in_unit(-250'000, ms) == "-0.25");
  CHECK(analysis::time_words(1'500'000'000) == "1.5 s");
  CHECK(analysis::time_words(0) == "0");
}

TEST_CASE("operations are told in words") {
  using view_traces::access;
  const auto call = [](Value::List list) {
    return analysis::call_words("command", "", Value(std::move(list)));
  };
  const auto reply = [](const char* word, Value::List list) {
    return analysis::reply_words(word, "command", Value(std::move(list)));
  };
  CHECK(call({access("write", "x", 20), access("write", "y", 20)}) == "write x=20, write y=20");
  CHECK(call({access("move", "x", "P2")}) == "move x to P2");
  CHECK(call({access("add", "x", Value(Value::List{Value(5), Value()}))}) == "add 5 to x");
  CHECK(reply("ok", {access("add", "x", Value(Value::List{Value(5), Value(6)}))}) == "6");
  CHECK(reply("ok", {access("read", "x", 10)}) == "10");
  CHECK(reply("ok", {access("read", "x", 10), access("read", "y", 2)}) == "x=10, y=2");
  CHECK(reply("nok", {access("read", "x")}) == "not found");
  CHECK(reply("nok", {access("create", "x", 1)}) == "exists already");
  CHECK(analysis::call_words("write", "x", Value(3)) == "write x=3");
  CHECK(analysis::reply_words("ok", "read", Value(3)) == "3");
  CHECK(analysis::reply_words("ok", "write", Value(3)) == "ok");
}

TEST_CASE("a message that wraps another is named after both") {
  TraceEvent e;
  e.name = "skeen::Start";
  e.data.set("id", Value(3));
  e.data.set("payload", Value(Value::Object{{"type", "ds::Create"}, {"object", "x"}}));
  CHECK(analysis::message_words(e) == "Start(Create)");
  CHECK(analysis::fields_words(e.data) == "payload={object: x} id=3");
}

TEST_CASE("executions that follow one another at one instant stand side by side") {
  Builder b("Two", {{"P1", "partition", "P1"}});
  b.execute(0, 0, "P1", 1, "C1", "");
  b.execute(0, 1000, "P1", 2, "C2", "");
  const Picture picture = picture_of({b.build(), {}});
  std::vector<Area> boxes;
  for (const auto& shape : picture.shapes) {
    if (shape.style != "ex" || shape.title.empty()) continue;
    boxes.push_back({shape.points[0].first, shape.points[0].second, shape.points[1].first,
                     shape.points[1].second});
  }
  REQUIRE(boxes.size() == 2);
  CHECK(!boxes[0].overlaps(boxes[1]));
  CHECK(boxes[0].y0 == boxes[1].y0);
}

TEST_CASE("text that is no UTF-8 or has control characters is made printable") {
  CHECK(analysis::printable("a\nb\x01") == "a b ");
  CHECK(analysis::printable("\xc3\xa9") == "\xc3\xa9");
  CHECK(analysis::printable("\xc3") == "\xef\xbf\xbd");
  CHECK(analysis::printable("\xed\xa0\x80z") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
  CHECK(analysis::printable("\xef\xbf\xbf").size() == 9);
  // C1 controls, separators, and what turns the text round it.
  CHECK(analysis::printable("a\u009b31m") == "a\\u{9b}31m");
  CHECK(analysis::printable("\xc2\x80\xc2\x9f\xc2\xa0") == "\\u{80}\\u{9f}\xc2\xa0");
  CHECK(analysis::printable("\u061c\u200d\u200e\u200f") == "\\u{61c}\u200d\\u{200e}\\u{200f}");
  CHECK(analysis::printable("\u2027\u2028\u2029\u202a\u202e\u202f") ==
        "\u2027\\u{2028}\\u{2029}\\u{202a}\\u{202e}\u202f");
  CHECK(analysis::printable("\u2065\u2066\u2069\u206a") == "\u2065\\u{2066}\\u{2069}\u206a");
  CHECK(analysis::printable("\U0002202e") == "\U0002202e");
  CHECK(analysis::shortened("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9…");
}

TEST_CASE("fitted text is never wider than its room and never cut within a character") {
  const std::string text = "caf\xc3\xa9 \xe2\x86\x92 not found";
  for (int width = 0; width < 140; ++width) {
    const std::string fit = analysis::svg::fitted(text, width, {11, false});
    CHECK(analysis::svg::text_width(fit, {11, false}) <= width);
    CHECK(analysis::printable(fit) == fit);
    CHECK(!contains(fit, "\xef\xbf\xbd"));
  }
  const auto lines = analysis::svg::wrapped("one two three four five", 50, {11, false}, 2);
  REQUIRE(lines.size() == 2);
  CHECK(contains(lines[1], "…"));
}

TEST_CASE("the overlap check of these tests finds two texts that overlap") {
  const Text a{10, 20, analysis::svg::Anchor::start, {11, false}, "in", "hello", {}};
  Text b = a;
  b.x += 10;
  CHECK(overlapping_texts({b, a}) == "hello | hello");
  b.y += 12;
  CHECK(overlapping_texts({b, a}) == "");
}

TEST_CASE("no two texts of a drawing overlap and none leaves the page") {
  check_picture(view_traces::case_32());
  check_picture(view_traces::six_steps());
  check_picture(view_traces::faults());
  check_picture(view_traces::crowd(3, 2, 4));
  check_picture(view_traces::crowd(8, 4, 30));
  check_picture({Builder("Nothing", {}).build(), {}});
  check_picture({Builder("No event", {{"c1", "client", "c1"}}).build(), {}});
}

TEST_CASE("a drawing is well-formed XML also when names are hostile, and is the same every time") {
  Builder b("a < b && \"c\" \x01 \xff", {{"<c1>", "client", "&"}, {"P]]>", "partition", "P"}});
  b.invoke(0, "<c1>", 1, "</text>", {view_traces::access("write", "x\"'", "\xc3")});
  b.message(0, 10, "<c1>", "P]]>", "ds::<Access>");
  Case hostile{b.build(), {}};
  hostile.findings.push_back(view_traces::finding("p<q", analysis::Verdict::violated, "a & b"));
  for (const Case& c : {hostile, view_traces::case_32(), view_traces::faults()}) {
    const std::string svg = svg_view(c.trace, c.findings);
    CHECK(xml_problem(svg) == "");
    CHECK(analysis::printable(lines_of(svg)[1]) == lines_of(svg)[1]);
    CHECK(svg == svg_view(c.trace, c.findings));
  }
  CHECK(xml_problem("<a><b></a>") != "");
  CHECK(xml_problem("<a>x & y</a>") != "");
}

TEST_CASE("the drawing of case 3.2 shows who saw what and why it is a violation") {
  const Case c = view_traces::case_32();
  const std::string svg = svg_view(c.trace, c.findings);
  for (const char* part : {"C2: create x=3 → ok", "C1: read x → not found", "cache of x → P1",
                           "C1 → not found", "linearizability violated", "did not find it.",
                           "class=\"op proof\"", "class=\"own\"", "time in ms", ">Consult<"}) {
    CAPTURE(part);
    CHECK(contains(svg, part));
  }
}

TEST_CASE("lanes stand in the order clients, oracles, other nodes") {
  const Case c = view_traces::faults();
  const auto scene = analysis::svg::scene_of(c.trace, {});
  std::vector<std::string> names;
  for (const auto& lane : scene.lanes) names.push_back(lane.name);
  CHECK(names == std::vector<std::string>{"network", "c1", "O", "P1.1", "P1.2", "P2"});
  CHECK(scene.lanes[3].role == "replica of P1");
}

TEST_CASE("lost, unfinished and interrupted things are told apart") {
  const auto scene = analysis::svg::scene_of(view_traces::faults().trace, {});
  const auto count = [&](analysis::svg::Fate fate) {
    return std::count_if(scene.arrows.begin(), scene.arrows.end(),
                         [&](const auto& a) { return a.fate == fate; });
  };
  CHECK(count(analysis::svg::Fate::lost) == 1);
  CHECK(count(analysis::svg::Fate::under_way) == 1);
  CHECK(scene.marks.size() == 6);
  REQUIRE(scene.outages.size() == 2);
  CHECK(scene.outages[0].crashed);
  CHECK(scene.outages[0].to == 902'000'000);
  // The crashed replica's x is available before the crash and after the recovery.
  CHECK(std::count_if(scene.bars.begin(), scene.bars.end(),
                      [](const auto& bar) { return bar.lane == 3; }) == 2);
}

TEST_CASE("a crash ends a pause, and only a recovery ends a crash") {
  Builder b("Outages", {{"P1", "partition", "P1"}});
  b.fault(1000, "P1", "Pause");
  b.fault(2000, "P1", "Crash");
  b.fault(3000, "P1", "Resume");
  b.fault(4000, "P1", "Recover");
  b.fault(9000, "P1", "Slow");
  const auto scene = analysis::svg::scene_of(b.build(), {});
  REQUIRE(scene.outages.size() == 2);
  CHECK_FALSE(scene.outages[0].crashed);
  CHECK(scene.outages[0].to == 2'000'000);
  CHECK(scene.outages[1].crashed);
  CHECK(scene.outages[1].to == 4'000'000);
}

TEST_CASE("labels of short executions read from the first down to the last") {
  Builder b("Short", {{"P1", "partition", "P1"}});
  b.note(0, "P1", "Own", {{"object", "x"}});
  b.note(50'000, "P1", "Disown", {{"object", "x"}});
  for (int i = 0; i < 5; ++i) {
    b.execute(100'000 + i * 100, 100'050 + i * 100, "P1", i,
              "the command with the number " + std::to_string(i), "");
  }
  const Case c{b.build(), {}};
  check_picture(c);
  std::map<std::string, int> by_label;
  for (const Text& text : picture_of(c).texts) {
    if (contains(text.text, "the command")) by_label.emplace(text.text, text.y);
  }
  REQUIRE(by_label.size() == 5);
  std::vector<int> heights;
  for (const auto& [label, height] : by_label) heights.push_back(height);
  CHECK(heights[0] == heights[4]);  // beside their boxes, on the life line
  CHECK(heights[1] < heights[2]);
  CHECK(heights[2] < heights[3]);
  CHECK(heights[3] < heights[4]);
}

TEST_CASE("own messages are not drawn, duplicates are drawn twice") {
  Builder b("Own", {{"a", "client", "a"}, {"b", "server", "b"}});
  b.message(0, 0, "a", "a", "m::Own");
  const EventId sent = b.send(0, "a", "b", "m::Twice");
  b.arrive(1000, sent);
  b.arrive(2000, sent);
  const auto scene = analysis::svg::scene_of(b.build(), {});
  REQUIRE(scene.arrows.size() == 2);
  CHECK(scene.arrows[0].to == 1'000'000);
  CHECK(scene.arrows[1].to == 2'000'000);
  CHECK(scene.kinds == std::vector<std::string>{"Twice"});
}

TEST_CASE("beyond 2000 messages no arrows are drawn and the drawing says so") {
  Builder b("Many messages", {{"a", "client", "a"}, {"b", "server", "b"}});
  for (int i = 0; i < 2001; ++i) b.message(i * 10, i * 10 + 5, "a", "b", "m::M");
  b.invoke(0, "a", 1, "C", {view_traces::access("read", "x")});
  const Case c{b.build(), {}};
  check_picture(c);
  const std::string svg = svg_view(c.trace, {});
  CHECK(contains(svg, "The 2001 messages are not drawn"));
  CHECK(!contains(svg, "class=\"msg"));
  CHECK(svg.size() < 20'000);
}

TEST_CASE("the legend speaks of breaks and of spread bursts only where the axis has them") {
  const auto drawn = [](std::vector<std::int64_t> instants) {
    Builder b("Axis", {{"a", "client", "a"}, {"b", "server", "b"}});
    for (const std::int64_t at : instants) b.message(at, at + 1'000, "a", "b", "m::M");
    return svg_view(b.build(), {});
  };
  const std::string even = drawn({0, 1'000, 2'000, 3'000});
  CHECK(!contains(even, "idle time is shortened"));
  CHECK(!contains(even, "bursts are spread"));
  CHECK(!contains(even, "class=\"zigzag\""));
  const std::string idle = drawn({0, 1'000, 2'000, 900'000});
  CHECK(contains(idle, "idle time is shortened"));
  CHECK(contains(idle, "class=\"zigzag\""));
  CHECK(!contains(idle, "bursts are spread"));
  const std::string bursts = drawn({0, 10, 20'000, 40'000, 60'000, 80'000, 100'000});
  CHECK(!contains(bursts, "idle time is shortened"));
  CHECK(!contains(bursts, "class=\"zigzag\""));
  CHECK(contains(bursts, "bursts are spread"));
}

TEST_CASE("many nodes and many objects are bounded and the drawing says so") {
  std::vector<TraceNode> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back({"n" + std::to_string(i), "server", "g"});
  Builder b("Many", nodes);
  for (int i = 0; i < 100; ++i) {
    b.note(i, "n" + std::to_string(i), "Own", {{"object", "x"}});
    b.note(i, "n1", "Own", {{"object", Value("o" + std::to_string(i))}});
  }
  const Case c{b.build(), {}};
  check_picture(c);
  const auto scene = analysis::svg::scene_of(c.trace, {});
  CHECK(scene.lanes.size() == 60);
  REQUIRE(scene.omissions.size() == 2);
  CHECK(scene.omissions[0] == "140 nodes left out: too many to be read.");
  CHECK(scene.omissions[1] == "n1: 93 more objects not drawn.");
}

TEST_CASE("of many nodes those are drawn that take part, wherever they stand in the list") {
  std::vector<TraceNode> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back({"n" + std::to_string(i), "server", "g"});
  nodes.push_back({"c", "client", "c"});
  Builder b("Many", nodes);
  for (int i = 0; i < 200; ++i) {
    const EventId start = b.start(0, "n" + std::to_string(i));
    b.caused_note(0, "n" + std::to_string(i), "Own", {{"object", "x"}}, start);
  }
  b.message(1, 2, "c", "n190", "m::M");
  b.message(3, 4, "n190", "n7", "m::M");
  const auto scene = analysis::svg::scene_of(b.build(), {});
  std::vector<std::string> names;
  for (const auto& lane : scene.lanes) names.push_back(lane.name);
  CHECK(names == std::vector<std::string>{"c", "n7", "n190"});
  REQUIRE(!scene.omissions.empty());
  CHECK(scene.omissions[0] == "198 nodes left out: too many to be read.");
}

TEST_CASE("the scale is monotone, keeps instants apart and breaks idle time") {
  const std::vector<std::int64_t> instants{0, 1, 2, 1'000, 2'000, 3'000, 900'000'000, 900'001'000};
  const analysis::svg::TimeScale scale(instants, 700, 14, 16'000);
  for (std::size_t i = 1; i < instants.size(); ++i) {
    CHECK(scale.at(instants[i]) - scale.at(instants[i - 1]) >= 14);
    const std::int64_t middle = (instants[i] + instants[i - 1]) / 2;
    CHECK(scale.at(middle) >= scale.at(instants[i - 1]));
    CHECK(scale.at(middle) <= scale.at(instants[i]));
  }
  CHECK(scale.stretched());
  REQUIRE(scale.broken().size() == 1);
  CHECK(scale.broken()[0].from == 3'000);
  CHECK(scale.at(-5) == 0);
  CHECK(scale.at(1'000'000'000) == scale.width());
  int free_from = 0;
  for (const auto& tick : scale.ticks(analysis::unit_for(900'001'000), 46)) {
    CHECK(scale.at(tick.ns) >= free_from);
    free_from = scale.at(tick.ns) + 46;
  }
  CHECK(free_from > 0);
  const analysis::svg::TimeScale even({0, 10, 20, 30}, 300, 14, 16'000);
  CHECK(!even.stretched());
  CHECK(even.at(15) - even.at(10) == even.at(25) - even.at(20));
}

TEST_CASE("a short run with one late arrival has room for what happens before, and two ticks") {
  const analysis::svg::TimeScale late({0, 1'000'000, 10'000'000}, 680, 14, 16'000);
  CHECK(late.at(1'000'000) >= 100);
  REQUIRE(late.broken().size() == 1);
  CHECK(late.broken()[0].from == 1'000'000);
  const analysis::svg::TimeScale two({0, 35'000'000}, 680, 14, 16'000);
  const auto ticks = two.ticks(analysis::unit_for(35'000'000), 56);
  REQUIRE(ticks.size() == 2);
  CHECK(ticks[1].ns == 35'000'000);
  CHECK(ticks[1].label == "35");
}

TEST_CASE("a step of an explanation stands at its time, also where nothing else is drawn then") {
  Builder b("Steps", {{"n0", "node", "n0"}});
  b.note(0, "n0", "Own", {{"object", "x"}});
  const EventId sent = b.send(7, "n0", "n0", "m::Self");
  analysis::Explanation why;
  why.property = "agreement";
  why.events = {sent};
  why.steps = {{sent, "n0 told itself.", {}, {}}};
  const auto scene = analysis::svg::scene_of(b.build(), {}, {}, {why});
  REQUIRE(scene.markers.size() == 1);
  CHECK(scene.markers[0].at == 7'000);
  CHECK(scene.end == 7'000);
}

TEST_CASE("labels beside their places do not overlap and no line to a label crosses another") {
  std::vector<analysis::svg::Anchored> labels;
  std::uint64_t state = 3;
  for (int i = 0; i < 200; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    labels.push_back({static_cast<int>((state >> 33U) % 3000), "label " + std::to_string(i)});
  }
  const analysis::svg::Font font{11, false};
  CHECK(place_beside(labels, font, 4) == 4);
  for (const auto& a : labels) {
    for (const auto& b : labels) {
      if (&a == &b || !a.placed || !b.placed) continue;
      const int b_end = b.x + 3 + text_width(b.shown, font);
      const bool reaches = a.x >= b.x + 3 && a.x < b_end;
      CHECK(!(a.row >= b.row && reaches));
    }
  }
}

TEST_CASE("stacks of labels that are turned overlap nothing before them, and no line crosses one") {
  const analysis::svg::Font font{11, false};
  std::vector<analysis::svg::Anchored> labels;
  std::uint64_t state = 5;
  for (int i = 0; i < 300; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    labels.push_back({static_cast<int>((state >> 33U) % 20000), "label " + std::to_string(i)});
  }
  place_beside(labels, font, 4);
  CHECK(turn_stacks(labels, font, 4, 0) <= 4);
  std::size_t turned = 0;
  const auto extent = [&](const analysis::svg::Anchored& l) {
    const int width = text_width(l.shown, font);
    return l.leftwards ? std::pair(l.x - 3 - width, l.x - 3) : std::pair(l.x + 3, l.x + 3 + width);
  };
  for (const auto& a : labels) {
    turned += a.leftwards ? 1 : 0;
    if (a.leftwards) CHECK(a.shown == a.text);
    for (const auto& b : labels) {
      if (&a == &b || !a.placed || !b.placed) continue;
      const auto [begin, end] = extent(b);
      const auto [from, to] = extent(a);
      CHECK(!(a.row >= b.row && a.x >= begin && a.x < end));
      CHECK(!(a.row == b.row && from < end && begin < to));
    }
  }
  CHECK(turned > 20);
}

}  // namespace sibyl::view_test
