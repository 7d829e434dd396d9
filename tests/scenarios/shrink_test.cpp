// The shrinker: what it keeps, that nothing more can go, and that it can be stopped.
#include "scenarios/shrink.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "analysis/causes.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/shrink_schedule.hpp"
#include "tests/scenarios/random_violations.hpp"

namespace sibyl::shrink_test {

using analysis::Verdict;

namespace {

/// A create that the partition answers alone, with much round about it. The decision that matters
/// is about the second message of its kind.
const std::string kBallast = R"({
  "format": "sibyl-scenario/1", "id": "ballast", "title": "A title", "story": "A story", "seed": 9,
  "protocol": {"name": "ds-smr", "variants": ["create-answered-alone"]},
  "deployment": {"partitions": {"P1": {"clock": 10}, "P2": {"clock": 3}}, "oracle": {"clock": 1},
                 "objects": {"u": {"value": 3, "at": "P2"}, "v": {"value": 4, "at": "P1"}}},
  "workload": {"operations": [
    {"client": "c3", "label": "U", "do": "read", "object": "u"},
    {"client": "c2", "label": "Y", "do": "create", "object": "y", "value": 5, "to": "P1"},
    {"client": "c2", "at": "50ms", "label": "X", "do": "create", "object": "x", "value": 7,
     "to": "P1"},
    {"client": "c1", "at": "62ms", "label": "R", "do": "read", "object": "x"},
    {"client": "c4", "at": "20ms", "label": "V1", "do": "read", "object": "v"},
    {"client": "c4", "label": "V2", "do": "read", "object": "v"},
    {"client": "c4", "label": "V3", "do": "read", "object": "v"},
    {"client": "c4", "at": "90ms", "label": "V4", "do": "access",
     "steps": [["read", "v"], ["add", "v", 9]]}
  ], "cache": {"c4": {"v": "P1"}}},
  "ties": "insertion",
  "schedule": {"decisions": [
    {"delay": "2ms", "from": "c3", "to": "P2", "message": "Start"},
    {"delay": "17ms", "from": "P1", "to": "O", "message": "Propose", "nth": 2}]},
  "faults": [{"at": "900ms", "crash": "P2"}],
  "clocks": {"c4": {"drift_ppb": 5}},
  "limits": {"deadline": "10s"},
  "expect": {"properties": {"linearizability": "violated"}}
})";

Scenario loaded(const std::string& text) { return load_text(text, "test").front(); }

/// The cause of a violation of the property that the scenario shows, if it does.
std::optional<std::string> cause_of(const Scenario& scenario, const std::string& property) {
  const RunResult result = run_scenario(scenario);
  for (const analysis::Finding& f : result.findings) {
    if (f.property != property || f.verdict != Verdict::violated) continue;
    return analysis::cause_signature(analysis::explain_causes(result.trace, f), f, result.trace);
  }
  return std::nullopt;
}

/// All documents that lack one element of a list or one member, but for names and what says which
/// protocol is run.
void each_without_one(const Value& v, const std::string& key, std::vector<Value>& out) {
  static const std::vector<std::string> kFixed{
      "format", "id",     "title",    "story",    "seed",      "ties",   "expect",
      "label",  "source", "protocol", "schedule", "otherwise", "$schema"};
  if (std::find(kFixed.begin(), kFixed.end(), key) != kFixed.end() && key != "schedule") return;
  const auto nested = [&](const std::string& name, const Value& inner, auto&& put) {
    std::vector<Value> smaller;
    each_without_one(inner, name, smaller);
    for (Value& s : smaller) {
      Value copy = v;
      put(copy, std::move(s));
      out.push_back(std::move(copy));
    }
  };
  if (const Value::List* list = v.as_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      Value copy = v;
      copy.as_list()->erase(copy.as_list()->begin() + static_cast<std::ptrdiff_t>(i));
      out.push_back(std::move(copy));
      if (key == "decisions") continue;  // of a decision every member matters
      nested("", (*list)[i], [&](Value& c, Value s) { (*c.as_list())[i] = std::move(s); });
    }
  } else if (const Value::Object* object = v.as_object()) {
    for (std::size_t i = 0; i < object->size(); ++i) {
      const std::string& name = (*object)[i].first;
      if (std::find(kFixed.begin(), kFixed.end(), name) == kFixed.end()) {
        Value copy = v;
        copy.as_object()->erase(copy.as_object()->begin() + static_cast<std::ptrdiff_t>(i));
        out.push_back(std::move(copy));
      }
      nested(name, (*object)[i].second,
             [&](Value& c, Value s) { (*c.as_object())[i].second = std::move(s); });
    }
  }
}

/// What a smaller scenario that shows the same has instead of this one; empty: there is none.
std::string smaller_than(const ShrinkResult& result) {
  std::vector<Value> candidates;
  each_without_one(result.scenario, "", candidates);
  for (Value& candidate : candidates) {
    candidate.set("expect", Value(Value::Object{}));
    std::optional<Scenario> scenario;
    try {
      scenario = loaded(to_json(candidate));
    } catch (const InputError&) {
      continue;  // it cannot be left out
    }
    scenario->limits.events = std::min<std::uint64_t>(scenario->limits.events, 5000);
    if (cause_of(*scenario, result.property) == result.cause) return to_json(candidate);
  }
  return {};
}

std::size_t decisions_in(const Value& document) {
  const Value* schedule = document.find("schedule");
  return schedule == nullptr ? 0 : schedule->find("decisions")->as_list()->size();
}

}  // namespace

TEST_CASE("what is shrunk shows the same property with the same cause, and expects what it shows") {
  const Scenario scenario = loaded(kBallast);
  const auto cause = cause_of(scenario, "linearizability");
  REQUIRE(cause);
  const ShrinkResult result = shrink(scenario);
  CHECK(result.minimal);
  CHECK(result.property == "linearizability");
  CHECK(result.cause == *cause);
  const Scenario small = loaded(to_json(result.scenario));
  CHECK(cause_of(small, "linearizability") == cause);
  CHECK(run_scenario(small).as_expected());
  CHECK(result.scenario.find("expect")->find("replies")->as_object()->size() == 2);
  for (const char* kept : {"id", "title", "story"}) {
    CHECK(*result.scenario.find(kept) == *scenario.document.find(kept));
  }
}

TEST_CASE("operations, faults, decisions, nodes and settings that do not matter go") {
  const ShrinkResult result = shrink(loaded(kBallast));
  CHECK(result.before.operations == 8);
  CHECK(result.after.operations == 2);
  CHECK(result.before.faults == 1);
  CHECK(result.after.faults == 0);
  CHECK(result.before.decisions == 2);
  CHECK(result.after.decisions == 1);
  CHECK(result.after.all() < result.before.all() / 3);
  CHECK(result.nodes_after < result.nodes_before);
  for (const char* gone : {"faults", "clocks", "limits", "network"}) {
    CHECK(result.scenario.find(gone) == nullptr);
  }
  CHECK(*result.scenario.find("seed") == Value(0));
}

TEST_CASE("a decision about the second message follows it when the first one's operation goes") {
  const ShrinkResult result = shrink(loaded(kBallast));
  const Value& decision = result.scenario.find("schedule")->find("decisions")->as_list()->front();
  CHECK(*decision.find("from") == Value("P1"));
  CHECK(decision.find("nth") == nullptr);
}

TEST_CASE("messages of two runs are matched by what they say, and decisions renumbered by that") {
  const Scenario scenario = loaded(kBallast);
  const Value fewer =
      without(scenario.document, {{{"workload", "operations", "1"}, ThingKind::operation}});
  const Scenario other = loaded(to_json(fewer));
  CHECK_FALSE(cause_of(other, "linearizability"));  // the second message is not there
  const Trace before = run_scenario(scenario).trace;
  const Trace after = run_scenario(other).trace;
  const auto moved = renumbered(fewer, before, after);
  REQUIRE(moved);
  CHECK(moved->find("schedule")->find("decisions")->as_list()->back().find("nth") == nullptr);
  CHECK(cause_of(loaded(to_json(*moved)), "linearizability"));
  CHECK_FALSE(renumbered(scenario.document, before, before));
}

TEST_CASE("a run is told again with the least delays, but for those that its order needs") {
  std::string text = kBallast;
  const auto at = text.find("\"17ms\"");
  text.replace(at, 6, "\"17000001ns\"");
  const Scenario scenario = loaded(text);
  const auto told = retimed(scenario, run_scenario(scenario).trace, 1'000'000, 1);
  REQUIRE(told);
  const Value::List decisions = *told->find("schedule")->find("decisions")->as_list();
  for (const Value& d : decisions) CHECK(d.find("delay")->as_string()->ends_with("ms"));
  CHECK(cause_of(loaded(to_json(*told)), "linearizability") ==
        cause_of(scenario, "linearizability"));
}

TEST_CASE("removing any one thing from what is shrunk loses the violation") {
  CHECK(smaller_than(shrink(loaded(kBallast))) == "");
  ShrinkResult untouched;  // the check itself finds what is superfluous
  untouched.property = "linearizability";
  untouched.cause = *cause_of(loaded(kBallast), "linearizability");
  untouched.scenario = loaded(kBallast).document;
  CHECK(smaller_than(untouched) != "");
}

TEST_CASE("shrinking twice gives the same, and the smallest stays as it is") {
  const ShrinkResult one = shrink(loaded(kBallast));
  const ShrinkResult two = shrink(loaded(kBallast));
  CHECK(to_json(one.scenario) == to_json(two.scenario));
  CHECK(one.tries == two.tries);
  const ShrinkResult again = shrink(loaded(to_json(one.scenario)));
  CHECK(to_json(again.scenario) == to_json(one.scenario));
}

TEST_CASE("a shrink that is stopped after every k-th try ends with the same result") {
  const ShrinkResult whole = shrink(loaded(kBallast));
  for (const std::uint64_t k : {3, 10, 64}) {
    std::string outcomes;
    ShrinkResult result;
    do {
      ShrinkOptions options;
      options.outcomes = outcomes;
      options.tries = outcomes.size() + k;
      result = shrink(loaded(kBallast), options);
      // What there is when it is stopped shows the violation, too.
      CHECK(cause_of(loaded(to_json(result.scenario)), whole.property) == whole.cause);
      CHECK(result.stopped != result.minimal);
      outcomes = result.outcomes;
    } while (result.stopped);
    CHECK(to_json(result.scenario) == to_json(whole.scenario));
    CHECK(result.tries == whole.tries);
  }
}

TEST_CASE("a shrink that is interrupted at any time keeps a scenario that shows the violation") {
  const ShrinkResult whole = shrink(loaded(kBallast));
  for (std::uint64_t after = 40; after < whole.tries; after += 1 + whole.tries / 10) {
    std::uint64_t asked = 0;
    ShrinkOptions options;
    options.stop = [&] { return ++asked > after; };
    const ShrinkResult part = shrink(loaded(kBallast), options);
    CHECK(part.stopped);
    CHECK_FALSE(part.minimal);
    CHECK(run_scenario(loaded(to_json(part.scenario))).as_expected());
    ShrinkOptions rest;
    rest.outcomes = part.outcomes;
    CHECK(to_json(shrink(loaded(kBallast), rest).scenario) == to_json(whole.scenario));
  }
}

TEST_CASE("a scenario that shows no violation is refused, and so is one of another property") {
  std::string fine = kBallast;
  fine.replace(fine.find(R"(, "variants": ["create-answered-alone"])"), 39, "");
  CHECK_THROWS_AS(shrink(loaded(fine)), NoViolation);
  ShrinkOptions options;
  options.property = "agreement";
  CHECK_THROWS_AS(shrink(loaded(kBallast), options), NoViolation);
}

TEST_CASE("another property of the same scenario is shrunk when it is asked for") {
  std::string text = kBallast;
  const RunResult run = run_scenario(loaded(text));
  for (const analysis::Finding& f : run.findings) {
    if (f.verdict != Verdict::violated) continue;
    ShrinkOptions options;
    options.property = f.property;
    const ShrinkResult result = shrink(loaded(text), options);
    CHECK(result.property == f.property);
    CHECK(smaller_than(result) == "");
  }
}

TEST_CASE(
    "the property that a counterexample was found for is shrunk unless another is asked for") {
  const std::string path = SIBYL_SOURCE_DIR "/scenarios/partitioned/create-twice.json";
  Scenario scenario = load_file(path).front();
  std::vector<std::string> violated;
  for (const analysis::Finding& f : run_scenario(scenario).findings) {
    if (f.verdict == Verdict::violated) violated.push_back(f.property);
  }
  REQUIRE(violated.size() > 1);
  for (const std::string& property : violated) {
    Value document = scenario.document;
    document.set("id", Value(scenario.id + "/" + property));
    const Scenario found = loaded(to_json(document));
    ShrinkOptions options;
    options.tries = 1;
    CHECK(shrink(found, options).property == property);
    options.property = violated.front();
    CHECK(shrink(found, options).property == violated.front());
  }
  // An id that names no violated property says nothing.
  Value document = scenario.document;
  document.set("id", Value("a/validity"));
  ShrinkOptions options;
  options.tries = 1;
  CHECK(shrink(loaded(to_json(document)), options).property == violated.front());
}

TEST_CASE("a search for another schedule takes out what the present one needs") {
  ShrinkOptions options;
  options.search = 256;
  const ShrinkResult with = shrink(loaded(kBallast), options);
  CHECK(with.after.all() <= shrink(loaded(kBallast)).after.all());
  CHECK(smaller_than(with) == "");
}

TEST_CASE("decisions about a node that is gone go with it, and so do faults and settings") {
  const Value document = parse_json(kBallast, "test");
  Value smaller = without(document, {{{"deployment", "partitions", "P2"}, ThingKind::part}});
  for (;;) {
    try {
      load_document(smaller, "test");
      break;
    } catch (const InputError& e) {
      const auto better = repaired(smaller, e.place);
      REQUIRE(better);
      smaller = *better;
    }
  }
  CHECK(smaller.find("faults")->as_list()->empty());
  CHECK(smaller.find("deployment")->find("objects")->find("u") == nullptr);
  CHECK(smaller.find("deployment")->find("objects")->find("v") != nullptr);
  CHECK(decisions_in(smaller) == 1);
}

TEST_CASE("of several faults the one that matters stays") {
  std::string text = kBallast;
  const std::string crash = R"({"at": "900ms", "crash": "P2"})";
  text.replace(text.find(crash), crash.size(),
               crash + R"(, {"at": "21234us", "crash": "P1"}, {"at": "950ms", "crash": "c3"})");
  ShrinkOptions options;
  options.property = "termination";
  const ShrinkResult result = shrink(loaded(text), options);
  CHECK(result.before.faults == 3);
  CHECK(result.after.faults == 1);
  CHECK(result.after.operations <= 3);  // one a part of the cause
  const Value& fault = result.scenario.find("faults")->as_list()->front();
  CHECK(*fault.find("crash") == Value("P1"));
  CHECK(*fault.find("at") != Value("21234us"));  // rounder
  CHECK(smaller_than(result) == "");
}

TEST_CASE("things are counted by kind, and several go at once") {
  const Value document = parse_json(kBallast, "test");
  const auto things = things_of(document);
  const ThingCount count = count_things(things);
  CHECK(count.operations == 8);
  CHECK(count.faults == 1);
  CHECK(count.decisions == 2);
  const Value nothing = without(document, things);
  CHECK(nothing.find("faults") == nullptr);
  CHECK(decisions_in(nothing) == 0);
  CHECK(nothing.find("protocol")->find("variants")->as_list()->size() == 1);
}

TEST_CASE("random scenarios with a violation become minimal and keep its cause") {
  std::size_t shrunk = 0;
  for (std::uint64_t n = 0; n < 5000 && shrunk < 50; ++n) {
    const Scenario scenario = loaded(test::random_scenario(n));
    ShrinkResult result;
    try {
      result = shrink(scenario);
    } catch (const NoViolation&) {
      continue;
    }
    ++shrunk;
    INFO(n);
    CHECK(result.minimal);
    CHECK(cause_of(loaded(to_json(result.scenario)), result.property) == result.cause);
    CHECK(run_scenario(loaded(to_json(result.scenario))).as_expected());
    CHECK(smaller_than(result) == "");
  }
  CHECK(shrunk == 50);
}

TEST_CASE("the standing corpus runs as it expects; what a protocol's fault violates is violated") {
  const auto files = scenario_files(SIBYL_SOURCE_DIR "/tests/regressions");
  CHECK(files.size() >= 7);
  for (const std::string& file : files) {
    for (const Scenario& s : load_file(file)) {
      const RunResult result = run_scenario(s);
      std::string unmet;
      for (const Unmet& each : result.unmet) unmet += "\n  " + each.line;
      CHECK_MESSAGE(result.as_expected(), s.id << unmet);
      CHECK_MESSAGE(result.schedule_parts.empty(), s.id);
      const bool violated =
          std::any_of(result.findings.begin(), result.findings.end(),
                      [](const auto& f) { return f.verdict == Verdict::violated; });
      CHECK_MESSAGE(violated == !s.setup.variants.empty(), s.id);  // mended ones have no variants
    }
  }
}

}  // namespace sibyl::shrink_test
