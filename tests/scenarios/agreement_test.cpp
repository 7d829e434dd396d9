// Agreements as runs and searches judge them: what is owed at the end, the exhaustive search, and
// binding.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "scenarios/binding.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/trace_source.hpp"

namespace sibyl::agreement_test {
namespace {

/// Weak agreement of parties of which `faulty` may be faulty, with these inputs.
Scenario weak(const std::string& parties, const std::string& inputs, const std::string& more = "") {
  return load_text(R"({"format": "sibyl-scenario/1", "id": "weak", "seed": 1,
                       "protocol": {"name": "weak-agreement"}, "deployment": )" +
                       parties + R"(, "workload": {"inputs": )" + inputs +
                       R"(}, "network": {"default": {"delay": "1ms"}})" + more + "}",
                   "test")
      .front();
}

const std::string kBeyond = R"({"parties": 3, "faulty": 1})";  // it bears none

std::string verdict_of(const RunResult& result, const std::string& property) {
  for (const auto& finding : result.findings) {
    if (finding.property == property) return std::string(analysis::verdict_name(finding.verdict));
  }
  return "not judged";
}

std::string refusal_of(const std::string& protocol, const std::string& parties) {
  try {
    load_text(R"({"format": "sibyl-scenario/1", "id": "refused", "protocol": )" + protocol +
                  R"(, "deployment": )" + parties + R"(, "workload": {"inputs": [0, 1, 0, 1]}})",
              "test");
  } catch (const InputError& e) {
    return e.what();
  }
  return "(accepted)";
}

BindingOptions few_runs() {
  BindingOptions options;
  options.runs = 70;
  return options;
}

}  // namespace

TEST_CASE("what says nothing of a kind of coin is refused with it") {
  const auto said = [](const std::string& coin) {
    return refusal_of(R"({"name": "binary-agreement", "options": {"coin": )" + coin + "}}",
                      R"({"parties": 4})");
  };
  const auto names = [&](const std::string& coin, const std::string& member) {
    return said(coin).find("/protocol/options/coin/" + member + ": ") != std::string::npos;
  };
  CHECK(said(R"({"leaks": true, "one_in": 10, "threshold": "one"})") == "(accepted)");
  CHECK(said(R"({"kind": "local"})") == "(accepted)");
  CHECK(said(R"({"kind": "scheduled", "one_in": 10, "threshold": "one"})") == "(accepted)");
  CHECK(names(R"({"kind": "scheduled", "leaks": true})", "leaks"));
  CHECK(names(R"({"kind": "local", "leaks": true, "one_in": 10})", "leaks"));
  CHECK(names(R"({"kind": "local", "one_in": 10, "threshold": "one"})", "one_in"));
  CHECK(names(R"({"kind": "local", "threshold": "one"})", "threshold"));
}

TEST_CASE(
    "what a scenario demands besides its protocol's promises counts, as it does of its trace") {
  const char* const text = R"({"format": "sibyl-scenario/1", "id": "demanded",
    "protocol": {"name": "binary-agreement"}, "deployment": {"parties": 4}, "seed": 1,
    "workload": {"inputs": [0, 1, 0, 1]}, "liveness": {"rounds": ROUNDS}})";
  const auto run = [&](const std::string& rounds) {
    std::string with = text;
    return run_scenario(load_text(with.replace(with.find("ROUNDS"), 6, rounds), "test").front());
  };
  CHECK(run("50").exit_status() == 0);
  const RunResult late = run("1");
  CHECK(late.exit_status() == 1);
  REQUIRE(late.unmet.size() == 1);
  CHECK(late.unmet.front().line.rfind("decision_in_rounds: violated, expected holds; ", 0) == 0);
  bool judged = false;
  for (const analysis::Finding& finding : findings_of(late.trace)) {
    judged = judged || (finding.property == "decision_in_rounds" &&
                        finding.verdict == analysis::Verdict::violated);
  }
  CHECK(judged);
}

TEST_CASE("deliveries are expected of labels and nodes that there are") {
  const auto said = [](const std::string& protocol, const std::string& workload,
                       const std::string& deliveries) {
    try {
      load_text(R"({"format": "sibyl-scenario/1", "id": "refused", "deployment": {"parties": 4},
                    "protocol": {"name": ")" +
                    protocol + R"("}, "workload": )" + workload + R"(, "expect": {"deliveries": )" +
                    deliveries + "}}",
                "test");
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("(accepted)");
  };
  const auto of_pbft = [&](const std::string& deliveries) {
    return said("pbft", R"({"broadcasts": [{"party": "P0", "label": "m"}]})", deliveries);
  };
  CHECK(of_pbft(R"({"m": {"P3": "3ms"}})") == "(accepted)");
  CHECK(of_pbft(R"({"n": {"P3": "3ms"}})").find("/expect/deliveries/n: unknown label") !=
        std::string::npos);
  CHECK(of_pbft(R"({"m": {"P4": "3ms"}})").find("/expect/deliveries/m/P4: unknown node") !=
        std::string::npos);
  CHECK(of_pbft(R"({"m": {}})").find("/expect/deliveries/m: is empty") != std::string::npos);
  const auto of_multicast = [](const std::string& node) -> std::string {
    try {
      load_text(R"({"format": "sibyl-scenario/1", "id": "refused",
                    "deployment": {"groups": {"A": 1}, "clients": ["c"]},
                    "protocol": {"name": "ideal-multicast"},
                    "workload": {"multicasts": [{"from": "c", "to": ["A"], "label": "m"}]},
                    "expect": {"deliveries": {"m": {")" +
                    node + R"(": "3ms"}}}})",
                "test");
    } catch (const InputError& e) {
      return e.what();
    }
    return "(accepted)";
  };
  CHECK(of_multicast("A") == "(accepted)");
  for (const char* node : {"c", "sequencer"}) {
    CHECK(of_multicast(node) == std::string("test: /expect/deliveries/m/") + node +
                                    ": unknown node that delivers \"" + node + "\"; known: A");
  }
  CHECK(said("binary-agreement", R"({"inputs": [0, 1, 0, 1]})", R"({"m": {"P3": "3ms"}})")
            .find("/expect/deliveries: ") != std::string::npos);
}

TEST_CASE("what says nothing of a form of binary agreement is refused with it") {
  const auto said = [](const std::string& form, const std::string& member, const char* value) {
    return refusal_of(R"({"name": "binary-agreement", "options": {"form": ")" + form + R"(", ")" +
                          member + R"(": )" + value + "}}",
                      R"({"parties": 4})");
  };
  const auto refused = [&](const std::string& form, const std::string& member, const char* value) {
    return said(form, member, value).find("/protocol/options/" + member + ": ") !=
           std::string::npos;
  };
  for (const char* form : {"conf", "podc14"}) {
    CHECK(said(form, "estimates_from_bin_values", "true") == "(accepted)");
    CHECK(said(form, "relays", "false") == "(accepted)");
    CHECK(said(form, "aux_in_bin_values", "false") == "(accepted)");
  }
  CHECK(said("conf", "conf_carries_bin_values", "true") == "(accepted)");
  CHECK(refused("podc14", "conf_carries_bin_values", "true"));
  for (const char* member : {"conf_carries_bin_values", "estimates_from_bin_values"}) {
    CHECK(refused("crusader", member, "true"));
  }
  for (const char* member : {"relays", "aux_in_bin_values"}) {
    CHECK(refused("crusader", member, "false"));
    CHECK(said("crusader", member, "true") == "(accepted)");
  }
}

TEST_CASE("numbers of parties have one range, whichever side they are beyond") {
  const std::string weak_agreement = R"({"name": "weak-agreement"})";
  for (const char* n : {"-4", "0", "1025", "5000000000"}) {
    const std::string said = refusal_of(weak_agreement, R"({"parties": )" + std::string(n) + "}");
    CAPTURE(said);
    CHECK(said.find("out of range: from 1 to 1024") != std::string::npos);
  }
  for (const char* t : {"-1", "4", "5000000000"}) {
    const std::string said =
        refusal_of(weak_agreement, R"({"parties": 4, "faulty": )" + std::string(t) + "}");
    CAPTURE(said);
    CHECK(said.find("out of range: from 0 to 3") != std::string::npos);
  }
}

TEST_CASE(
    "while correct nodes are owed messages, termination is undecided and the report says so") {
  const std::string inputs = "[1, 1, 0, 1, 1, 0]";
  const std::string silent = R"(, "byzantine": [{"node": "P5", "behaviour": "silent"}])";
  const auto owed = [&](const Scenario& scenario, const RunResult& result) {
    return *report_json(scenario, result, false).find("owed");
  };
  SUBCASE("at a deadline") {
    const Scenario s =
        weak(R"({"parties": 6})", inputs, silent + R"(, "limits": {"deadline": "500us"})");
    const RunResult result = run_scenario(s);
    CHECK(result.trace.outcome == Outcome::deadline);
    CHECK(verdict_of(result, "termination") == "inconclusive");
    const Value all = owed(s, result);
    CHECK(*all.find("messages")->as_int() == 20);  // five correct parties; none of P5 and to it
    CHECK(*all.find("oldest_sent_ns")->as_int() == 0);
    CHECK(*all.find("oldest_arrivals")->as_int() == 0);
    CHECK(report_text(s, result, false).find("20 messages between correct nodes") !=
          std::string::npos);
  }
  SUBCASE("at a limit") {
    const Scenario s = weak(R"({"parties": 6})", inputs, silent + R"(, "limits": {"events": 14})");
    const RunResult result = run_scenario(s);
    CHECK(result.trace.outcome == Outcome::limit);
    CHECK(verdict_of(result, "termination") == "inconclusive");
    CHECK(*owed(s, result).find("messages")->as_int() > 0);
  }
  SUBCASE("when all has come nothing is owed") {
    const Scenario s = weak(R"({"parties": 6})", inputs, silent);
    const RunResult result = run_scenario(s);
    CHECK(verdict_of(result, "termination") == "holds");
    CHECK(owed(s, result).is_null());
    CHECK(report_text(s, result, false).find("owed") == std::string::npos);
  }
}

TEST_CASE("an exhaustive search finds that weak agreement beyond its bound disagrees") {
  const Scenario s = weak(kBeyond, "[1, 1, 0]");
  ExhaustiveOptions options;
  const ExhaustiveResult by_numbers = explore_exhaustively(s, options);
  options.copy = true;
  const ExhaustiveResult by_copies = explore_exhaustively(s, options);
  for (const ExhaustiveResult* result : {&by_numbers, &by_copies}) {
    CHECK(result->incomplete.empty());
    CHECK(result->states == by_numbers.states);
    CHECK(result->transitions == by_numbers.transitions);
    CHECK(result->judged == by_numbers.judged);
    REQUIRE(result->found.size() == 1);
    CHECK(result->found[0].property == "agreement");
    CHECK(result->found[0].cause == "agreement: different decisions at party");
    CHECK(verdict_of(run_scenario(load_text(to_json(result->found[0].scenario), "x").front()),
                     "agreement") == "violated");
  }
  CHECK(explore_exhaustively(weak(R"({"parties": 3})", "[1, 1, 0]"), {}).found.empty());
}

TEST_CASE("binding is violated where one fork leads to two values, and both can be replayed") {
  const BindingResult result = search_binding(weak(kBeyond, "[1, 1, 0]"), few_runs());
  CHECK(std::string(result.verdict()) == "violated");
  REQUIRE(result.found);
  REQUIRE(result.found->scenarios.size() == 2);
  CHECK(result.found->values[0] != result.found->values[1]);
  std::string first;
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE_FALSE(result.found->scenarios[i].is_null());
    const RunResult run =
        run_scenario(load_text(to_json(result.found->scenarios[i]), "test").front());
    CHECK(run.as_expected());
    std::vector<std::string> decided;
    for (const TraceEvent& e : run.trace.events) {
      if (e.name != "note::Decide") continue;
      decided.push_back(e.data.find("value")->text());
      if (decided.size() > 1) continue;
      const std::string how = std::to_string(e.id) + decided[0];
      if (i == 0) first = how;
      CHECK(how == first);  // they are forks of one run
    }
    CHECK(std::count(decided.begin(), decided.end(), result.found->values[i]) > 0);
  }
}

TEST_CASE("crusader agreement is binding with ECHO3, and a search shows that it is not without") {
  const auto searched = [](const std::string& variant) {
    for (const Scenario& s :
         load_file(std::string(SIBYL_SOURCE_DIR) + "/scenarios/smr/E-crusader.json")) {
      if (s.id == "smr-E-crusader/" + variant) return search_binding(s, few_runs());
    }
    FAIL("there is no such scenario");
    return BindingResult{};
  };
  const BindingResult without = searched("not-binding");
  CHECK(without.violating > 0);
  REQUIRE(without.found);
  CHECK(without.found->values[0] != without.found->values[1]);
  const BindingResult with = searched("binding");
  CHECK(with.forks == 70);
  CHECK(with.violating == 0);
}

TEST_CASE("forks of which every continuation leads to one value are complete") {
  BindingOptions options = few_runs();
  const Scenario s = weak(kBeyond, "[1, 1, 1]");
  const BindingResult result = search_binding(s, options);
  CHECK(std::string(result.verdict()) == "complete");
  CHECK(result.forks == options.runs);
  CHECK(result.complete == result.forks);
  CHECK(result.states > result.forks);
  options.states = 2;  // not enough for any
  CHECK(std::string(search_binding(s, options).verdict()) == "none_found");
  options.states = 0;
  CHECK(std::string(search_binding(s, options).verdict()) == "none_found");
}

TEST_CASE("exhaustive continuations find the other value without any that is drawn") {
  BindingOptions options = few_runs();
  options.forks = 0;
  const BindingResult result = search_binding(weak(kBeyond, "[1, 1, 0]"), options);
  CHECK(result.violating > 0);
  CHECK(result.continuations == 0);
  REQUIRE(result.found);
  for (const Value& scenario : result.found->scenarios) CHECK_FALSE(scenario.is_null());
}

TEST_CASE("a run in which nobody decides has no fork") {
  const BindingResult result = search_binding(weak(kBeyond, "[1, null, null]"), few_runs());
  CHECK(result.forks == 0);
  CHECK(std::string(result.verdict()) == "none_found");
}

TEST_CASE("a search for binding does not depend on the number of jobs") {
  BindingOptions options = few_runs();
  const Scenario s = weak(R"({"parties": 4, "faulty": 1})", "[1, 1, 0, 0]");
  const BindingResult one = search_binding(s, options);
  options.jobs = 3;
  const BindingResult three = search_binding(s, options);
  CHECK(one.forks == three.forks);
  CHECK(one.continuations == three.continuations);
  CHECK(one.complete == three.complete);
  CHECK(one.states == three.states);
  CHECK(one.events == three.events);
  CHECK(one.violating == three.violating);
  REQUIRE(one.found.has_value() == three.found.has_value());
  if (one.found) CHECK(one.found->scenarios == three.found->scenarios);
}

/// By party, the epoch in which it delivered the item with this content.
std::map<std::string, std::uint64_t> epochs_of(const Scenario& scenario, const std::string& item) {
  const RunResult run = run_scenario(scenario);
  std::map<NodeId, std::uint64_t> epochs;
  std::map<std::string, std::uint64_t> found;
  for (const TraceEvent& e : run.trace.events) {
    if (e.kind != TraceKind::note) continue;
    const Value* what = e.data.find("what");
    if (e.name == "note::Count" && what != nullptr && *what == Value("delivered_epoch")) {
      ++epochs[e.node];
    }
    const Value* content = e.data.find("content");
    if (e.name == "note::BroadcastDelivery" && content != nullptr && *content == Value(item)) {
      found.emplace(run.trace.nodes[e.node.value].name, epochs[e.node]);
    }
  }
  return found;
}

TEST_CASE("samples that can be read are kept out for epochs, sealed ones and full blocks are not") {
  // E-9: what the scenario tells.
  const auto file = load_file(std::string(SIBYL_SOURCE_DIR) + "/scenarios/smr/E-9.json");
  const std::map<std::string, std::uint64_t> in_epoch{
      {"smr-E-9", 5}, {"smr-E-9/sealed", 2}, {"smr-E-9/full", 2}};
  REQUIRE(file.size() == in_epoch.size());
  for (const Scenario& s : file) {
    CAPTURE(s.id);
    const auto found = epochs_of(s, "x");
    CHECK(found.size() == 4);
    for (const auto& [party, epoch] : found) CHECK(epoch == in_epoch.at(s.id));
    for (const auto& [party, epoch] : epochs_of(s, "first")) CHECK(epoch == 1);
  }
}

}  // namespace sibyl::agreement_test
