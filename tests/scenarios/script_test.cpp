// Scripts of faulty nodes, conditions on the messages that a behaviour concerns, and how many
// faulty nodes a run has had.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"

namespace sibyl::script_test {

namespace {

/// P0 broadcasts m; n = 4, one delay is a millisecond.
Scenario loaded(const std::string& byzantine, const std::string& more = "") {
  const std::string text = R"({
    "format": "sibyl-scenario/1", "id": "script", "protocol": {"name": "reliable-broadcast"},
    "deployment": {"parties": 4}, "ties": "insertion",
    "workload": {"broadcasts": [{"party": "P0", "label": "m"}]})" +
                           more + R"(, "byzantine": )" + byzantine + "}";
  return load_text(text, "test.json").front();
}

RunResult result_of(const std::string& byzantine, const std::string& more = "") {
  const Scenario s = loaded(byzantine, more);
  CHECK_FALSE(check_against_schema(s.document).has_value());
  return run_scenario(s);
}

std::string refusal(const std::string& byzantine) {
  try {
    loaded(byzantine);
  } catch (const InputError& e) {
    return e.what();
  }
  return "(accepted)";
}

/// "P0 -> P1 bracha::Echo k @2": what a node has sent to others, in ms.
std::vector<std::string> sends_of(const RunResult& result, const std::string& node) {
  std::vector<std::string> out;
  const auto& nodes = result.trace.nodes;
  for (const TraceEvent& e : result.trace.events) {
    if (e.kind != TraceKind::send || e.peer == e.node || nodes[e.node.value].name != node) continue;
    out.push_back(nodes[e.peer.value].name + " " + e.name + " " +
                  e.data.find("item")->find("content")->text() + " @" +
                  std::to_string(e.at.ns / 1'000'000));
  }
  return out;
}

/// Who delivered: "P1:m P2:m".
std::string deliveries(const RunResult& result) {
  std::string out;
  for (const TraceEvent& e : result.trace.events) {
    if (e.name != "note::BroadcastDelivery" || result.trace.nodes[e.node.value].faulty) continue;
    out += (out.empty() ? "" : " ") + result.trace.nodes[e.node.value].name + ":" +
           e.data.find("content")->text();
  }
  return out;
}

std::size_t count_of(const std::vector<std::string>& all, const std::string& part) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& each) {
    return each.find(part) != std::string::npos;
  }));
}

std::string fields(const std::string& content) {
  return R"("fields": {"item": {"id": {"origin": "P0", "number": 1}, "content": ")" + content +
         R"("}}})";
}

std::string script(const std::string& steps, const std::string& node = "P0",
                   const std::string& more = "") {
  return R"([{"node": ")" + node + R"(", "behaviour": "script", "steps": [)" + steps + "]" + more +
         "}]";
}

}  // namespace

TEST_CASE("a script sends what is written at its moment, to the module that it is for") {
  const RunResult r = result_of(
      script(R"({"when": {"sent": "bracha::Send"}, "to": ["P2", "P1"], "message": "Echo", )" +
                 fields("k") +
                 R"(, {"when": {"received": "Echo", "from": ["P3"]}, "delay": "5ms",
                       "to": ["P3"], "message": "bracha::Ready", )" +
                 fields("j"),
             "P0", R"(, "alone": true)"));
  using Lines = std::vector<std::string>;
  CHECK(sends_of(r, "P0") == Lines{"P2 bracha::Echo k @0", "P1 bracha::Echo k @0"});
  CHECK(deliveries(r).empty());
}

TEST_CASE("a script says numbers from 2^63 on as traces show them") {
  const RunResult r = result_of(
      script(R"({"when": {"sent": "bracha::Send"}, "to": ["P1"], "message": "Echo", "fields":
                 {"item": {"id": {"origin": "P0", "number": -9223372036854775808},
                            "content": 1}}})"));
  const auto& events = r.trace.events;
  CHECK(std::any_of(events.begin(), events.end(), [](const TraceEvent& e) {
    const Value* item = e.data.find("item");
    return e.kind == TraceKind::receive && e.name == "bracha::Echo" && item != nullptr &&
           item->find("id")->find("number")->text() == "-9223372036854775808";
  }));
}

TEST_CASE("a step waits for the nth message from some nodes, with some values, and comes once") {
  const std::string step =
      R"({"when": {"received": "bracha::Echo", "from": ["P2", "P3"], "nth": 2,
                   "where": {"content": "m"}}, "delay": "1ms", "to": ["P1"],
          "message": "bracha::Ready", )";
  const RunResult r = result_of(script(step + fields("x"), "P0"));
  const auto sends = sends_of(r, "P0");
  CHECK(count_of(sends, "bracha::Ready x") == 1);
  CHECK(count_of(sends, "P1 bracha::Ready x") == 1);
  CHECK(count_of(sends, "bracha::Ready m") == 3);  // its own code goes on
  const RunResult other = result_of(
      script(R"({"when": {"received": "bracha::Echo", "where": {"content": "n"}}, "to": ["P1"],
                 "message": "bracha::Ready", )" +
             fields("x")));
  CHECK(count_of(sends_of(other, "P0"), "bracha::Ready x") == 0);
}

TEST_CASE("what a script sends is a note of its trace, and so is what it keeps back") {
  const RunResult r =
      result_of(script(R"({"when": {"sent": "bracha::Send", "to": ["P3"]}, "to": ["P1"],
                 "message": "bracha::Send", )" +
                           fields("k"),
                       "P0", R"(, "alone": true)"));
  std::vector<std::string> told;
  for (const TraceEvent& e : r.trace.events) {
    if (e.name == "byzantine::Deviation") {
      told.push_back(*e.data.find("to")->as_string() + " " + *e.data.find("what")->as_string());
    }
  }
  CHECK(count_of(told, "P1 sent by step 1") == 1);
  CHECK(told.front() == "P1 not sent");
}

TEST_CASE("a behaviour concerns only the messages whose fields have the values of where") {
  const std::string more = R"(, "network": {"default": {"delay": "1ms"}})";
  const auto omitted = [&](const std::string& where) {
    const RunResult r =
        result_of(R"([{"node": "P1", "behaviour": "omit", "where": )" + where + "}]", more);
    return 6 - sends_of(r, "P1").size();
  };
  CHECK(omitted("{}") == 6);
  CHECK(omitted(R"({"content": "m"})") == 6);
  CHECK(omitted(R"({"content": "n"})") == 0);
  CHECK(omitted(R"({"origin": "P0", "item.id.number": 1})") == 6);
  CHECK(omitted(R"({"origin": "P0", "number": 2})") == 0);
  CHECK(omitted(R"({"origin": "P1"})") == 0);
}

TEST_CASE("a mistake in a script is refused at its place") {
  const std::string when = R"("when": {"sent": "bracha::Send"}, )";
  const std::string to = R"("to": ["P1"], )";
  CHECK(refusal(script("{" + when + to + R"("message": "bracha::Sent", "fields": {}})")) ==
        "test.json: /byzantine/0/steps/0/message: unknown message \"bracha::Sent\"; did you mean "
        "\"bracha::Send\"? Known: bracha::Send, bracha::Echo, bracha::Ready");
  CHECK(refusal(script("{" + when + to + R"("message": "Send", "fields": {"item": {"id": {"origin":
        "P9", "number": 1}, "content": 1}}})")) ==
        "test.json: /byzantine/0/steps/0/fields/item/id/origin: unknown node \"P9\"; known: "
        "P0, P1, P2, P3");
  CHECK(refusal(script("{" + when + to + R"("message": "Send", "fields": {"item": {"id": {"origin":
        "P0", "number": 1.5}, "content": 1}}})"))
            .find("test.json: /byzantine/0/steps/0/fields/item/id/number: ") == 0);
  CHECK(refusal(script("{" + when + to +
                       R"("message": "Send", "fields": {"item": {"content": 1}}})")) ==
        "test.json: /byzantine/0/steps/0/fields/item: the member \"id\" is missing");
  CHECK(refusal(script("{" + when + to + R"("message": "Send"})")) ==
        "test.json: /byzantine/0/steps/0: the member \"item\" is missing");
  CHECK(refusal(script(R"({"when": {"nth": 1}, )" + to + R"("message": "Send"})")) ==
        "test.json: /byzantine/0/steps/0/when: needs one of \"sent\" and \"received\": a message's "
        "name");
  CHECK(refusal(script(R"({"when": {"sent": "Send", "from": ["P1"]}, )" + to +
                       R"("message": "Send"})")) ==
        "test.json: /byzantine/0/steps/0/when/from: unknown member \"from\"; known here: sent, to, "
        "where, nth");
  CHECK(refusal(script("{" + when + R"("message": "Send"})")) ==
        "test.json: /byzantine/0/steps/0: the member \"to\" is missing");
  CHECK(
      refusal(R"([{"node": "P0", "behaviour": "omit", "where": {"contents": 1}}])")
          .find("test.json: /byzantine/0/where/contents: unknown field \"contents\"; did you mean "
                "\"content\"?") == 0);
  CHECK(refusal(R"([{"node": "P0", "behaviour": "omit", "where": {"content": [1]}}])")
            .find("test.json: /byzantine/0/where/content: found a list ([1])") == 0);
}

TEST_CASE("a node that crashes with its broadcast sends nothing of it") {
  const std::string crash =
      R"(, "faults": [{"after_event": {"event": "note::Broadcast", "node": "P0"}, "crash": "P0"}])";
  const RunResult r = result_of("[]", crash);
  CHECK(sends_of(r, "P0").empty());
  CHECK(deliveries(r).empty());
  // With its delivery: the others have what they need.
  const std::string late = R"(, "faults": [
      {"after_event": {"event": "BroadcastDelivery", "node": "P0"}, "crash": "P0"}])";
  CHECK(deliveries(result_of("[]", late)) == "P0:m P1:m P2:m P3:m");
}

TEST_CASE("faulty nodes are counted, and more than the protocol is made for is reported") {
  const auto faulty = [](const std::string& byzantine, const std::string& more = "") {
    const FaultyNodes f = result_of(byzantine, more).faulty;
    return std::to_string(f.nodes) + " " + std::to_string(f.byzantine) +
           (f.exceeded() ? " exceeded" : "");
  };
  const std::string silent = R"([{"node": "P3", "behaviour": "silent"}])";
  CHECK(faulty("[]") == "0 0");
  CHECK(faulty(silent) == "1 1");
  CHECK(faulty(silent, R"(, "faults": [{"at": "1ms", "crash": "P3"}])") == "1 1");
  CHECK(faulty(silent, R"(, "faults": [{"at": "1ms", "crash": "P2"}])") == "2 1 exceeded");
  // One after the other; but the first does not take part again.
  const std::string turns =
      R"(, "faults": [{"at": "1ms", "crash": "P2"}, {"at": "2ms", "recover": {"node": "P2")";
  CHECK(faulty("[]", turns + R"(}}, {"at": "3ms", "crash": "P1"}])") == "2 0 exceeded");
  CHECK(faulty("[]", turns + R"(, "storage": false}}, {"at": "3ms", "crash": "P1"}])") ==
        "2 0 exceeded");
  const std::string never = R"(, "faults": [{"after_event": {"event": "Count", "count": 99},
                                            "crash": "P2"}])";
  CHECK(faulty("[]", never) == "0 0");
}

TEST_CASE("the report says how many nodes were faulty, and its text only when it is too many") {
  const std::string two =
      R"([{"node": "P3", "behaviour": "silent"}, {"node": "P2", "behaviour": "silent"}])";
  const Scenario s = loaded(two);
  const RunResult r = run_scenario(s);
  CHECK(to_json(*report_json(s, r, false).find("faulty")) ==
        R"({"nodes":2,"byzantine":2,"tolerated":1,"byzantine_tolerated":1,"exceeded":true})");
  const std::string line =
      "outside the model: 2 Byzantine nodes; the protocol is made for at most 1 Byzantine node\n";
  CHECK(report_text(s, r, false).find(line) != std::string::npos);
  const Scenario fine = loaded(R"([{"node": "P3", "behaviour": "silent"}])");
  CHECK(report_text(fine, run_scenario(fine), false).find("made for") == std::string::npos);
}

}  // namespace sibyl::script_test
