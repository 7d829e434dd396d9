// Loads, repairs, runs and judges candidates; remembers them by a hash of their text.
#include "scenarios/shrink_oracle.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "sim/hash.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

constexpr int kMostRepairs = 200;

std::uint64_t hash_of(const std::string& text) {
  Hasher hasher;
  hasher.add(text);
  return hasher.value();
}

/// Whether the complaint is about what contains something that was removed.
bool concerns(const std::string& pointer, const std::vector<Thing>& removed) {
  const Place place = place_of_pointer(pointer);
  return std::any_of(removed.begin(), removed.end(), [&](const Thing& t) {
    return place.size() < t.place.size() && std::equal(place.begin(), place.end(), t.place.begin());
  });
}

const Finding* violated(const RunResult& result, const std::string& property) {
  for (const Finding& f : result.findings) {
    if (f.verdict == Verdict::violated && (property.empty() || f.property == property)) return &f;
  }
  return nullptr;
}

/// The property to keep: the wanted one; else the one that a counterexample was found for; else the
/// first that is expected to be violated and is; else the first that is.
std::string choose_property(const Scenario& scenario, const RunResult& result,
                            const std::string& wanted) {
  if (!wanted.empty()) return violated(result, wanted) != nullptr ? wanted : "";
  const std::string found_for = property_of_counterexample(scenario.id);
  for (const auto& [name, verdict] : scenario.expect.properties) {
    if (name == found_for && verdict == Verdict::violated && violated(result, name) != nullptr) {
      return name;
    }
  }
  for (const auto& [name, verdict] : scenario.expect.properties) {
    if (verdict == Verdict::violated && violated(result, name) != nullptr) return name;
  }
  const Finding* first = violated(result, "");
  return first == nullptr ? "" : first->property;
}

}  // namespace

ShrinkOracle::ShrinkOracle(const Scenario& scenario, const ShrinkOptions& options)
    : options_(options), file_(scenario.file) {
  most_events_ = scenario.limits.events;
  may_reach_limit_ = true;
  const auto result = evaluate(scenario, true);
  property_ = choose_property(scenario, *result, options.property);
  if (property_.empty()) {
    throw NoViolation(fmt::format("shows no violation{}: there is nothing to shrink",
                                  options.property.empty() ? "" : " of " + options.property));
  }
  cause_ = cause_in(*result).value_or("");
  may_reach_limit_ = result->trace.outcome == Outcome::limit;
  constexpr std::uint64_t kAtLeast = 2000;
  if (!may_reach_limit_) most_events_ = std::max(kAtLeast, 4 * result->events);
}

void ShrinkOracle::check_stop() const {
  if (options_.stop && options_.stop()) throw ShrinkStopped();
}

std::shared_ptr<const RunResult> ShrinkOracle::evaluate(Scenario scenario, bool first) const {
  RunOptions options;
  options.interrupted = first ? options_.interrupted : options_.stop;
  if (!first) options.properties = {property_};
  if (first && !options_.property.empty()) options.properties = {options_.property};
  const bool capped = scenario.limits.events > most_events_;
  if (capped) scenario.limits.events = most_events_;
  try {
    auto result = std::make_shared<const RunResult>(run_scenario(scenario, options));
    // It would go on: what it shows at the end is not known.
    return capped && result->trace.outcome == Outcome::limit ? nullptr : result;
  } catch (const Interrupted&) {
    throw ShrinkStopped();
  }
}

std::optional<std::string> ShrinkOracle::cause_in(const RunResult& result) const {
  const Finding* finding = violated(result, property_);
  if (finding == nullptr) return std::nullopt;
  const auto explanation = analysis::explain_causes(result.trace, *finding);
  return analysis::cause_signature(explanation, *finding, result.trace);
}

bool ShrinkOracle::shows(const RunResult& result) const {
  if (result.trace.outcome == Outcome::limit && !may_reach_limit_) return false;
  if (options_.any_cause) return violated(result, property_) != nullptr;
  const auto cause = cause_in(result);
  return cause && *cause == cause_;
}

std::optional<Scenario> ShrinkOracle::load(Value& document,
                                           const std::vector<Thing>& removed) const {
  for (int i = 0; i < kMostRepairs; ++i) {
    try {
      return load_document(document, file_);
    } catch (const InputError& e) {
      if (concerns(e.place, removed)) return std::nullopt;
      std::optional<Value> better = repaired(document, e.place);
      if (!better) return std::nullopt;
      document = std::move(*better);
    }
  }
  return std::nullopt;
}

bool ShrinkOracle::evaluate_try(const Scenario& scenario, Tried& tried) {
  if (tries_ < options_.outcomes.size()) return options_.outcomes[tries_] == '1';
  tried.run = evaluate(scenario);
  if (!tried.run || !shows(*tried.run)) return false;
  try {
    load_text(to_json(tried.document), file_);  // also by the schema
    return true;
  } catch (const InputError&) {
    return false;
  }
}

ShrinkOracle::Tried ShrinkOracle::ask(const Value& document, const std::vector<Thing>& removed) {
  Tried tried;
  tried.document = document;
  const std::uint64_t given = hash_of(to_json(document));
  const auto before = known_.find(given);
  if (before != known_.end() && before->second != Answer::shown) {
    tried.answer = before->second;
    tried.remembered = true;
    return tried;
  }
  const auto scenario = load(tried.document, removed);
  // Not remembered when refused: the same document may be fine when something else was removed.
  if (!scenario) return tried;
  const std::uint64_t hash = hash_of(to_json(tried.document));
  const auto known = known_.find(hash);
  if (known != known_.end()) {
    tried.answer = known->second;
    tried.remembered = true;
  } else {
    check_stop();
    if (options_.tries != 0 && tries_ >= options_.tries) throw ShrinkStopped();
    const bool shown = evaluate_try(*scenario, tried);
    ++tries_;
    outcomes_ += shown ? '1' : '0';
    tried.answer = shown ? Answer::shown : Answer::lost;
    known_[hash] = tried.answer;
  }
  known_[given] = tried.answer;
  return tried;
}

bool ShrinkOracle::confirm(const Value& document, const std::vector<Thing>& removed) {
  check_stop();
  Value candidate = document;
  const auto scenario = load(candidate, removed);
  if (!scenario) return false;
  const auto result = evaluate(*scenario);
  return result && shows(*result);
}

bool ShrinkOracle::removable(const Value& document, const Thing& thing) {
  if (thing.kind != ThingKind::part) return true;
  Place parent = thing.place;
  parent.pop_back();
  const Value* container = value_at(document, parent);
  std::string key;
  for (const std::string& token : thing.place) key += token + "/";
  const std::uint64_t hash = hash_of(key + to_json(*container));
  const auto known = removable_.find(hash);
  if (known != removable_.end()) return known->second;
  Value candidate = without(document, {thing});
  const bool fits = load(candidate, {thing}).has_value();
  removable_[hash] = fits;
  return fits;
}

std::shared_ptr<const RunResult> ShrinkOracle::run(const Value& document) const {
  return evaluate(load_document(document, file_));
}

}  // namespace sibyl
