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
#include "scenarios/replayed.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/strategies.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

/// What the run shows, as a scenario expects it.
Value seen(const RunResult& result, bool live) {
  Value::Object properties;
  for (const Finding& f : result.findings) {
    if (f.verdict == Verdict::holds) continue;
    properties.emplace_back(f.property, Value(std::string(analysis::verdict_name(f.verdict))));
  }
  Value::Object all{{"properties", Value(std::move(properties))}};
  // The run ends where what is demanded has not come.
  if (live && result.trace.outcome == Outcome::limit) all.emplace_back("outcome", "limit");
  return Value(std::move(all));
}

RunResult run_of(const Value& document) {
  return run_scenario(load_text(to_json(document), "counterexample").front());
}

bool has_violation(const RunResult& result, const std::string& property) {
  return std::any_of(result.findings.begin(), result.findings.end(), [&](const Finding& f) {
    return f.property == property && f.verdict == Verdict::violated;
  });
}

bool has_cause(const RunResult& result, const std::string& property, const std::string& cause) {
  return std::any_of(result.findings.begin(), result.findings.end(), [&](const Finding& f) {
    if (f.property != property || f.verdict != Verdict::violated) return false;
    const auto explanation = analysis::explain_causes(result.trace, f);
    return analysis::cause_signature(explanation, f, result.trace) == cause;
  });
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
  scenario.scheduler.reset();
  if (Value::Object* members = scenario.document.as_object()) {
    std::erase_if(*members, [&](const auto& m) {
      return (m.first == "liveness" && !scenario.rounds) || m.first == "scheduler";
    });
  }
  return scenario;
}

bool shows(const Value& document, const std::string& property, const std::string& cause) {
  return has_cause(run_of(document), property, cause);
}

Value replayed(const Scenario& scenario, const Recorded& run, const Value& names,
               const std::function<Shows(const RunResult&)>& shows) {
  Value document = scenario.document;
  for (const auto& [member, value] : *names.as_object()) document.set(member, value);
  document.set("seed", Value(std::int64_t{0}));
  document.set("expect", Value(Value::Object{}));
  add_faults(run, scenario, document);
  const std::vector<TraceNode> nodes = nodes_with_twins(scenario.byzantine, scenario.nodes);
  Value best;  // one that shows enough, but not all
  const auto finish = [&](const char* ties, const Schedule& decisions) {
    document.set("ties", Value(ties));
    document.set("schedule", encode_schedule(decisions, nodes));
    const RunResult result = run_of(document);
    document.set("expect", seen(result, run.liveness || scenario.rounds));
    if (!result.schedule_parts.empty()) return false;  // it is another run
    const Shows shown = shows(result);
    if (best.is_null() && shown != Shows::nothing) best = document;
    return shown == Shows::all;
  };
  if (!run.asynchronous) {
    const bool same =
        finish(scenario.world.ties == TieRule::insertion ? "insertion" : "chosen", run.schedule);
    return same ? document : best;
  }
  Schedule timed = run.schedule;
  std::erase_if(timed.decisions, [](const NamedDecision& d) {
    return d.question.what == Decision::arrival || d.question.what == Decision::tie;
  });
  for (NamedDecision& d : delays_of(run.trace)) timed.decisions.push_back(std::move(d));
  const bool same = finish("insertion", timed) || finish("any", run.schedule);
  return same ? document : best;
}

Value counterexample(const Scenario& scenario, const Recorded& run, const std::string& property,
                     const std::string& cause, const std::string& story,
                     std::vector<Departure>& departures) {
  const Value names(
      Value::Object{{"id", Value(fmt::format("{}/{}", scenario.id, property))},
                    {"title", Value(fmt::format("{} is violated: found by a search", property))},
                    {"story", Value(story)}});
  Value made = replayed(scenario, run, names, [&](const RunResult& result) {
    if (has_cause(result, property, cause)) return Shows::all;
    return run.endless || has_violation(result, property) ? Shows::enough : Shows::nothing;
  });
  departures.clear();
  if (made.is_null()) return made;
  departures = run_of(made).departures;
  std::string told = story;
  for (const Departure& each : departures) told += " Outside the model: " + each.text + ".";
  made.set("story", Value(told));
  return made;
}

}  // namespace sibyl
