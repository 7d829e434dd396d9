// Faulty nodes of a scenario: how they are read, that they are installed, and that what they report
// is not held against the protocol. (What is refused: data/malformed.json.)
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "analysis/properties.hpp"
#include "scenarios/byzantine_format.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"
#include "scenarios/trace_file.hpp"

namespace sibyl::byzantine_format_test {

namespace {

/// x at P1, y at P2. c1 reads x at 10 ms and both at 20 ms, c2 writes x at 15 ms.
std::string scenario(const std::string& byzantine, const std::string& more = "") {
  return R"({
    "format": "sibyl-scenario/1", "id": "byzantine",
    "protocol": {"name": "s-smr"},
    "deployment": {
      "partitions": {"P1": {"replicas": 2}, "P2": {}}, "clients": ["c1", "c2"],
      "objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"}}},
    "workload": {"operations": [
      {"client": "c1", "at": "10ms", "label": "R", "do": "read", "object": "x"},
      {"client": "c2", "at": "15ms", "label": "W", "do": "write", "object": "x", "value": 3},
      {"client": "c1", "at": "20ms", "label": "B", "do": "access",
       "steps": [["read", "x"], ["read", "y"]]}]},
    "limits": {"deadline": "1s"})" +
         more + R"(, "byzantine": )" + byzantine + "}";
}

Scenario loaded(const std::string& byzantine, const std::string& more = "") {
  return load_text(scenario(byzantine, more), "test.json").front();
}

RunResult result_of(const std::string& byzantine, const std::string& more = "") {
  return run_scenario(loaded(byzantine, more));
}

std::vector<std::string> deviations(const RunResult& result) {
  std::vector<std::string> out;
  for (const TraceEvent& e : result.trace.events) {
    if (e.name != "byzantine::Deviation") continue;
    out.push_back(result.trace.nodes[e.node.value].name + " " +
                  *e.data.find("behaviour")->as_string() + " " + *e.data.find("to")->as_string() +
                  " " + *e.data.find("message")->as_string() + ": " +
                  *e.data.find("what")->as_string());
  }
  return out;
}

const analysis::Finding& finding(const RunResult& result, const Scenario& s,
                                 const std::string& property) {
  const auto& all = s.protocol->properties;
  const auto it = std::find(all.begin(), all.end(), property);
  REQUIRE(it != all.end());
  return result.findings[static_cast<std::size_t>(it - all.begin())];
}

analysis::Verdict verdict(const std::string& byzantine, const std::string& property,
                          const std::string& more = "") {
  const Scenario s = loaded(byzantine, more);
  return finding(run_scenario(s), s, property).verdict;
}

const Operation& operation(const RunResult& result, const std::string& label) {
  const auto it = std::find_if(result.history.begin(), result.history.end(),
                               [&](const Operation& op) { return op.label == label; });
  REQUIRE(it != result.history.end());
  return *it;
}

const std::string kEverything = R"([
  {"node": "P1.1", "behaviour": "silent", "after": 3, "counting": "received"},
  {"node": "c1", "behaviour": "omit", "to": ["P2"], "messages": ["Start"], "probability": 0.5},
  {"node": "P1.1", "behaviour": "delay", "to": ["P1", "c2"], "delay": {"uniform": ["1ms", "2ms"]}},
  {"node": "P2", "behaviour": "replay", "messages": ["reliable::Data"], "times": 2},
  {"node": "P2", "behaviour": "equivocate", "to": ["P1"], "field": "payload.value", "value": 5},
  {"node": "P2", "behaviour": "equivocate", "messages": ["Propose"], "mutations": 3},
  {"node": "c1", "behaviour": "twins", "with": ["P1.2", "P2"]}])";

}  // namespace

TEST_CASE("behaviours are read, and those of one node are a chain in the order of the list") {
  const Scenario s = loaded(kEverything);
  REQUIRE(s.byzantine.size() == 3);
  const ByzantineNode& p11 = s.byzantine[0];
  CHECK(s.nodes[p11.node.value].name == "P1.1");
  REQUIRE(p11.behaviours.size() == 2);
  const auto& silence = std::get<byzantine::Silence>(p11.behaviours[0]);
  CHECK(silence.after == 3);
  CHECK(silence.counting == byzantine::Counted::received);
  const auto& delay = std::get<byzantine::Delay>(p11.behaviours[1]);
  std::vector<std::string> to;
  for (const NodeId n : delay.scope.to) to.push_back(s.nodes[n.value].name);
  CHECK(to == std::vector<std::string>{"P1.2", "c2"});  // its group without itself
  CHECK(delay.delay == Distribution::uniform(1'000'000, 2'000'000));
  const ByzantineNode& c1 = s.byzantine[1];
  CHECK(std::get<byzantine::Omission>(c1.behaviours[0]).probability ==
        Probability::from_double(0.5));
  CHECK(c1.has_twin);
  CHECK(c1.twin_speaks_with.size() == 2);
  const ByzantineNode& p2 = s.byzantine[2];
  REQUIRE(p2.behaviours.size() == 3);
  CHECK(std::get<byzantine::Replay>(p2.behaviours[0]).times == 2);
  CHECK(std::get<byzantine::Equivocation>(p2.behaviours[1]).value == Value(5));
  CHECK_FALSE(std::get<byzantine::Equivocation>(p2.behaviours[1]).mutations.has_value());
  CHECK(std::get<byzantine::Equivocation>(p2.behaviours[2]).mutations == 3U);
  for (const TraceNode& node : s.nodes)
    CHECK(node.faulty == (node.name != "P1.2" && node.name != "c2"));
  CHECK_FALSE(check_against_schema(s.document).has_value());
}

namespace {

/// What the loader says of an agreement among six in which P5 has this behaviour.
std::string refusal(const std::string& behaviour, const std::string& protocol = "weak-agreement",
                    const std::string& inputs = "[0, 1, 0, 1, 0, 1]") {
  try {
    load_text(R"({"format": "sibyl-scenario/1", "id": "lies", "protocol": {"name": ")" + protocol +
                  R"("}, "deployment": {"parties": 6}, "workload": {"inputs": )" + inputs +
                  R"(}, "byzantine": [{"node": "P5", "behaviour": )" + behaviour + "}]}",
              "test.json");
  } catch (const InputError& e) {
    return e.place + ": " + e.what();
  }
  return "(accepted)";
}

bool says(const std::string& text, const std::string& words) {
  CAPTURE(text);
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a lie that the field cannot have is refused, with what the field is") {
  CHECK(refusal(R"("equivocate", "field": "value", "value": false)") == "(accepted)");
  const std::string integer = refusal(R"("equivocate", "field": "value", "value": 0)");
  CHECK(says(integer, "/byzantine/0/value: "));
  CHECK(says(integer, "0 is nothing that the field \"value\" can have; it is a boolean"));
  CHECK(says(refusal(R"("also", "field": "value", "values": [false, 3])"),
             "/byzantine/0/values/1: "));
  CHECK(says(refusal(R"("omit", "where": {"value": "yes"})"), "/byzantine/0/where/value: "));
  CHECK(says(refusal(R"("script", "steps": [{"when": {"received": "Vote", "where": {"value": 2}},
                        "to": ["P0"], "message": "Vote", "fields": {"value": true}}])"),
             "/byzantine/0/steps/0/when/where/value: "));
}

TEST_CASE("what a field can have is asked of the messages that a behaviour is for") {
  const auto said = [](const std::string& behaviour) { return refusal(behaviour, "ben-or"); };
  // A bit in a report; in a proposal there may be none.
  CHECK(said(R"("equivocate", "field": "value", "value": null)") == "(accepted)");
  CHECK(said(R"("equivocate", "messages": ["Proposal"], "field": "value", "value": null)") ==
        "(accepted)");
  CHECK(says(said(R"("equivocate", "messages": ["Report"], "field": "value", "value": null)"),
             "it is a boolean"));
  CHECK(says(said(R"("equivocate", "field": "value", "value": 1)"), "it is a boolean or null"));
  CHECK(says(said(R"("equivocate", "field": "round", "value": -1)"), "an integer from 0 to "));
}

TEST_CASE("enumerations and nodes have names, and what a content is nobody knows") {
  const auto said = [](const std::string& behaviour) {
    return refusal(behaviour, "common-subset", R"(["a", "b", "c", "d", "e", "f"])");
  };
  CHECK(said(R"("equivocate", "field": "values", "value": "both")") == "(accepted)");
  CHECK(says(said(R"("equivocate", "field": "values", "value": "neither")"),
             "one of \"none\", \"zero\""));
  CHECK(said(R"("equivocate", "field": "proposer", "value": "P2")") == "(accepted)");
  CHECK(says(said(R"("equivocate", "field": "proposer", "value": "P6")"), "a node, by its name"));
  for (const char* content : {"1", "true", R"("lie")"}) {
    CHECK(said(R"("equivocate", "field": "content", "value": )" + std::string(content)) ==
          "(accepted)");
  }
}

TEST_CASE("a script without a step is refused, unless it keeps back what the node says") {
  CHECK(says(refusal(R"("script", "steps": [])"), "/byzantine/0/steps: "));
  CHECK(refusal(R"("script", "steps": [], "alone": true)") == "(accepted)");
}

TEST_CASE("an empty list of behaviours is a scenario without faulty nodes") {
  const RunResult none = result_of("[]");
  CHECK(none.trace.digest ==
        result_of(R"([{"node": "P2", "behaviour": "delay", "delay": "0ns"}])").trace.digest);
  for (const TraceNode& node : none.trace.nodes) CHECK_FALSE(node.faulty);
}

TEST_CASE("a run with faulty nodes is a function of its seed") {
  CHECK(result_of(kEverything).trace.digest == result_of(kEverything).trace.digest);
  CHECK(trace_text(result_of(kEverything).trace) == trace_text(result_of(kEverything).trace));
}

TEST_CASE(
    "a partition that equivocates in its replies breaks S-SMR, which tolerates no such fault") {
  const std::string lie =
      R"([{"node": "P1.1", "behaviour": "equivocate", "to": ["c1"], "messages": ["Reply"],
           "field": "results", "value": 7}])";
  // The reply of the correct replica comes later: the first one counts.
  const std::string late =
      R"(, "network": {"links": [{"from": "P1.2", "to": "c1", "delay": "5ms"}]})";
  const RunResult result = result_of(lie, late);
  CHECK(operation(result, "R").value.text() == "[[read, x, 7]]");
  CHECK(verdict(lie, "linearizability", late) == analysis::Verdict::violated);
  CHECK(verdict("[]", "linearizability", late) == analysis::Verdict::holds);
  CHECK(deviations(result).at(0) == "P1.1 equivocate c1 partitioned::Reply: results[0] 1 -> 7");
}

TEST_CASE("a partition that equivocates in a variable breaks linearizability and replica state") {
  const std::string lie =
      R"([{"node": "P2", "behaviour": "equivocate", "to": ["P1.1"], "messages": ["Data"],
           "field": "value", "value": 9}])";
  const RunResult result = result_of(lie);
  const auto what = deviations(result);
  REQUIRE_FALSE(what.empty());
  CHECK(what[0] ==
        "P2 equivocate P1.1 reliable::Data (partitioned::Variable): payload.value 2 -> 9");
}

TEST_CASE("a silent partition leaves operations of correct clients open") {
  const RunResult result = result_of(R"([{"node": "P2", "behaviour": "silent"}])");
  CHECK_FALSE(operation(result, "B").ret.has_value());
  CHECK(verdict(R"([{"node": "P2", "behaviour": "silent"}])", "termination") ==
        analysis::Verdict::violated);
}

TEST_CASE("what a faulty client calls is not judged, and may have taken effect") {
  const std::string mute = R"([{"node": "c1", "behaviour": "silent"}])";
  CHECK(verdict(mute, "termination") == analysis::Verdict::holds);
  CHECK(verdict(mute, "validity") == analysis::Verdict::holds);
  const std::string odd =
      R"([{"node": "c2", "behaviour": "equivocate", "messages": ["Start"],
           "field": "payload.steps.value", "value": 4}])";
  const RunResult result = result_of(odd);
  const Operation& w = operation(result, "W");
  CHECK(w.outcome == OperationOutcome::unknown);
  CHECK_FALSE(w.ret.has_value());
}

TEST_CASE("notes of twins make no checker complain") {  // see also tests/analysis/faulty_test.cpp
  // Of the twins at P1.1 one hears of the write alone, the other of all else.
  const RunResult result = result_of(R"([{"node": "P1.1", "behaviour": "twins", "with": ["c2"]}])");
  CHECK(result.trace.nodes.back().name == "P1.1'");
  CHECK(result.trace.nodes.back().faulty);
  for (const std::string_view property :
       {"integrity", "prefix_order", "acyclic_order", "single_owner", "replica_state"}) {
    CAPTURE(property);
    CHECK(analysis::check(property, result.trace).verdict == analysis::Verdict::holds);
  }
}

TEST_CASE("a trace says which nodes are faulty, and is read back") {
  const RunResult result = result_of(R"([{"node": "P2", "behaviour": "silent"}])");
  const std::string text = trace_text(result.trace);
  CHECK(text.find(R"({"name":"P2","role":"partition","group":"P2","faulty":true})") !=
        std::string::npos);
  CHECK(parse_trace(text, "t.jsonl").nodes == result.trace.nodes);
  CHECK(trace_text(result_of("[]").trace).find("faulty") == std::string::npos);
}

TEST_CASE("whatever a faulty node of a scenario says, every run ends and is judged") {
  std::size_t lies = 0;
  for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios/partitioned")) {
    const Scenario honest = load_file(file).front();
    for (const TraceNode& node : honest.nodes) {
      const std::string name = to_json(Value(node.name));
      Value document = honest.document;
      document.set(
          "byzantine",
          parse_json(R"([{"behaviour": "equivocate", "mutations": 4, "node": )" + name +
                         R"(}, {"behaviour": "replay", "times": 2, "node": )" + name + "}]",
                     "test"));
      document.set("limits", Value(Value::Object{{"events", Value(3000)}}));
      const Scenario s = load_text(to_json(document), file).front();
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(file);
        CAPTURE(node.name);
        CAPTURE(seed);
        RunOptions options;
        options.seed = seed;
        RunResult result;
        CHECK_NOTHROW(result = run_scenario(s, options));
        lies += deviations(result).size();
      }
    }
  }
  CHECK(lies > 500);
}

}  // namespace sibyl::byzantine_format_test
