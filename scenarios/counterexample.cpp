// Counterexamples as scenarios.
#include "scenarios/counterexample.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/properties.hpp"
#include "scenarios/byzantine_format.hpp"
#include "scenarios/fault_search.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/strategies.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

/// What the run shows.
Value seen(const Scenario& scenario, const Recorded& run) {
  Value::Object properties;
  for (const std::string& property : scenario.protocol->properties) {
    const Finding f = analysis::check(property, run.trace);
    if (f.verdict == Verdict::holds) continue;
    properties.emplace_back(property, Value(std::string(analysis::verdict_name(f.verdict))));
  }
  Value::Object all{{"properties", Value(std::move(properties))}};
  // The run ends where what is demanded has not come.
  if (run.liveness && run.trace.outcome == Outcome::limit) all.emplace_back("outcome", "limit");
  return Value(std::move(all));
}

/// The healing and what is demanded after it; no other end of the run than that.
void add_liveness(const Recorded& run, const std::vector<TraceNode>& nodes, Value& document) {
  document.set("liveness", encode_liveness(*run.liveness, nodes));
  Value::Object* members = document.as_object();
  std::erase_if(*members, [](const auto& m) { return m.first == "faults"; });
  if (const Value* limits = document.find("limits")) {
    Value left = *limits;
    std::erase_if(*left.as_object(), [](const auto& m) { return m.first == "deadline"; });
    document.set("limits", std::move(left));
  }
}

/// The faults that the search has added, and links on which a message may meet its decided fate.
void add_faults(const Recorded& run, const Scenario& scenario, Value& document) {
  Value::List faults;
  const std::vector<TraceNode> nodes = nodes_with_twins(scenario.byzantine, scenario.nodes);
  if (run.liveness) add_liveness(run, nodes, document);
  if (const Value* own = document.find("faults")) faults = *own->as_list();
  for (const fault::Fault& f : run.faults) faults.push_back(encode_fault(f, nodes));
  if (!faults.empty()) document.set("faults", Value(std::move(faults)));
  const auto has = [&](Decision what) {
    return std::any_of(run.schedule.decisions.begin(), run.schedule.decisions.end(),
                       [&](const NamedDecision& d) { return d.question.what == what; });
  };
  const auto open = [&](const char* key) {
    Value network = Value::Object{};
    if (const Value* n = document.find("network")) network = *n;
    Value standard = Value::Object{};
    if (const Value* d = network.find("default")) standard = *d;
    if (standard.find(key) == nullptr) standard.set(key, Value(kHardlyEver));
    network.set("default", std::move(standard));
    document.set("network", std::move(network));
  };
  if (run.losses && has(Decision::loss)) open("loss");
  if (run.duplicates && has(Decision::duplicate)) open("duplicate");
}

}  // namespace

std::string property_of_counterexample(const std::string& id) {
  const auto slash = id.rfind('/');
  return slash == std::string::npos ? std::string() : id.substr(slash + 1);
}

Scenario without_schedule(Scenario scenario) {
  scenario.schedule.reset();
  scenario.liveness.reset();
  if (Value::Object* members = scenario.document.as_object()) {
    std::erase_if(*members, [](const auto& m) { return m.first == "liveness"; });
  }
  return scenario;
}

bool shows(const Value& document, const std::string& property, const std::string& cause) {
  const std::vector<Scenario> loaded = load_text(to_json(document), "counterexample");
  const RunResult result = run_scenario(loaded.front());
  for (const Finding& finding : result.findings) {
    if (finding.property != property || finding.verdict != Verdict::violated) continue;
    const auto explanation = analysis::explain_causes(result.trace, finding);
    return analysis::cause_signature(explanation, finding, result.trace) == cause;
  }
  return false;
}

Value counterexample(const Scenario& scenario, const Recorded& run, const std::string& property,
                     const std::string& cause, const std::string& story) {
  Value document = scenario.document;
  document.set("id", Value(fmt::format("{}/{}", scenario.id, property)));
  document.set("title", Value(fmt::format("{} is violated: found by a search", property)));
  document.set("story", Value(story));
  document.set("seed", Value(std::int64_t{0}));
  document.set("expect", seen(scenario, run));
  add_faults(run, scenario, document);
  const std::vector<TraceNode> nodes = nodes_with_twins(scenario.byzantine, scenario.nodes);
  const auto finish = [&](const char* ties, const Schedule& decisions) {
    document.set("ties", Value(ties));
    document.set("schedule", encode_schedule(decisions, nodes));
    return shows(document, property, cause);
  };
  if (!run.asynchronous) {
    finish(scenario.world.ties == TieRule::insertion ? "insertion" : "chosen", run.schedule);
    return document;
  }
  Schedule timed = run.schedule;
  std::erase_if(timed.decisions, [](const NamedDecision& d) {
    return d.question.what == Decision::arrival || d.question.what == Decision::tie;
  });
  for (NamedDecision& d : delays_of(run.trace)) timed.decisions.push_back(std::move(d));
  if (!finish("insertion", timed)) finish("any", run.schedule);
  return document;
}

}  // namespace sibyl
