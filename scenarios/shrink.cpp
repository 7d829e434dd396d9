// The shrinker: its passes, and the check that nothing more can go.
#include "scenarios/shrink.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/verdict.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/shrink_oracle.hpp"
#include "scenarios/shrink_schedule.hpp"
#include "sibyl_embedded/shrink_schema.hpp"
#include "sibyl_embedded/shrink_state_schema.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;
using Answer = ShrinkOracle::Answer;

constexpr std::int64_t kMillisecond = 1'000'000;

const Place kDecisions{"schedule", "decisions"};

std::size_t decisions_of(const Value& document) {
  const Value* found = value_at(document, kDecisions);
  return found == nullptr || found->as_list() == nullptr ? 0 : found->as_list()->size();
}

Value without_member(const Value& document, std::string_view key) {
  Value out = document;
  std::erase_if(*out.as_object(), [&](const auto& m) { return m.first == key; });
  return out;
}

/// What a run shows, as expectations that it meets.
Value seen_expectations(const RunResult& result) {
  Value::Object properties;
  for (const Finding& f : result.findings) {
    if (f.verdict == Verdict::holds) continue;
    properties.emplace_back(f.property, Value(std::string(analysis::verdict_name(f.verdict))));
  }
  Value::Object replies;
  for (const Operation& op : result.history) {
    const bool twice = std::any_of(replies.begin(), replies.end(),
                                   [&](const auto& m) { return m.first == op.label; });
    if (!op.ret || op.label.empty() || op.reply.empty() || twice) continue;
    Value::Object reply{{"reply", Value(op.reply)}};
    Value::Object reads;
    const Value::List* parts = op.value.as_list();
    for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i) {
      const Value::List* part = (*parts)[i].as_list();
      if (part == nullptr || part->size() != 3 || (*part)[0] != Value("read")) continue;
      const std::string* object = (*part)[1].as_string();
      const bool known =
          object == nullptr || std::any_of(reads.begin(), reads.end(),
                                           [&](const auto& m) { return m.first == *object; });
      if (!known && op.reply == "ok") reads.emplace_back(*object, (*part)[2]);
    }
    if (!reads.empty()) reply.emplace_back("reads", Value(std::move(reads)));
    replies.emplace_back(op.label, Value(std::move(reply)));
  }
  Value::Object expect;
  if (result.trace.outcome != Outcome::limit) {
    expect.emplace_back("outcome", Value(std::string(outcome_name(result.trace.outcome))));
  }
  expect.emplace_back("properties", Value(std::move(properties)));
  if (!replies.empty()) expect.emplace_back("replies", Value(std::move(replies)));
  return Value(std::move(expect));
}

class Shrinker {
 public:
  Shrinker(const Scenario& scenario, const ShrinkOptions& options)
      : scenario_(scenario),
        options_(options),
        oracle_(scenario, options),
        current_(without_member(scenario.document, "expect")) {
    least_ns_ = scenario.world.network.standard.delay.minimum();
    if (least_ns_ <= 0) least_ns_ = kMillisecond;
  }

  ShrinkResult run() {
    ShrinkResult result;
    result.property = oracle_.property();
    result.cause = oracle_.cause();
    result.before = count_things(things());
    result.nodes_before = scenario_.nodes.size();
    left_ = result.before;
    try {
      prepare();
      settle();
      settled_ = current_;
      if (options_.search != 0) search_smaller();
    } catch (const ShrinkStopped&) {
      result.stopped = true;
      if (settled_) current_ = *settled_;
    }
    result.minimal = settled_.has_value();
    result.after = count_things(things());
    result.tries = oracle_.tries();
    result.outcomes = oracle_.outcomes();
    finish(result);
    return result;
  }

 private:
  std::vector<Thing> things() {
    std::vector<Thing> all = things_of(current_);
    std::erase_if(all, [&](const Thing& t) { return !oracle_.removable(current_, t); });
    return all;
  }

  const RunResult& current_run() {
    if (!run_) run_ = oracle_.run(current_);
    return *run_;
  }

  void tell() {
    if (!options_.progress) return;
    options_.progress(
        {oracle_.tries(), left_, settled_ ? *settled_ : current_, oracle_.outcomes()});
  }

  bool accept(ShrinkOracle::Tried tried) {
    if (tried.answer != Answer::shown) {
      tell();
      return false;
    }
    current_ = std::move(tried.document);
    run_ = std::move(tried.run);
    left_ = count_things(things());
    tell();
    return true;
  }

  bool attempt(const Value& document) { return accept(oracle_.ask(document)); }

  /// Takes things away; when that loses the violation because others became the n-th message,
  /// once more with the decisions renumbered.
  bool attempt_without(const std::vector<Thing>& removed) {
    ShrinkOracle::Tried tried = oracle_.ask(without(current_, removed), removed);
    if (tried.answer != Answer::lost || tried.remembered || decisions_of(current_) == 0 ||
        std::all_of(removed.begin(), removed.end(),
                    [](const Thing& t) { return t.kind == ThingKind::decision; })) {
      return accept(std::move(tried));
    }
    if (!tried.run) tried.run = oracle_.run(tried.document);
    if (!tried.run) return accept(std::move(tried));
    const auto moved = renumbered(tried.document, current_run().trace, tried.run->trace);
    return moved ? attempt(*moved) : accept(std::move(tried));
  }

  /// A schedule with every decision in it, in the timed model, with as few delays as may be.
  void prepare() {
    const bool loose = !scenario_.schedule || scenario_.schedule->otherwise == Otherwise::seed ||
                       scenario_.world.ties == TieRule::any;
    if (loose) {
      RunOptions record;
      record.record = true;
      record.properties = {oracle_.property()};
      attempt(without_member(with_schedule(scenario_, run_scenario(scenario_, record)), "expect"));
    }
    order_by_cause();
    retime();
  }

  bool order_by_cause() {
    const Value* ties = current_.find("ties");
    if (ties != nullptr && *ties == Value("insertion")) return false;
    Value document = current_;
    document.set("ties", Value("insertion"));
    if (const Value* decisions = value_at(document, kDecisions)) {
      Value::List kept;
      for (const Value& d : *decisions->as_list()) {
        if (d.find("tie") == nullptr && d.find("arrival") == nullptr) kept.push_back(d);
      }
      replace_at(document, kDecisions, Value(std::move(kept)));
    }
    return attempt(document);
  }

  /// Only what makes the schedule shorter counts.
  bool retime() {
    const std::size_t had = decisions_of(current_);
    if (had == 0) return false;
    Value document = current_;
    const auto loaded = oracle_.load(document, {});
    if (!loaded) return false;
    const Trace trace = current_run().trace;
    for (const std::int64_t stretch : {1, 10, 100, 1000}) {
      const auto told = retimed(*loaded, trace, least_ns_, stretch);
      if (told && decisions_of(*told) < had && attempt(*told)) return true;
    }
    return false;
  }

  /// One round of delta debugging over the things of these kinds, in blocks of half of them down to
  /// single ones.
  bool reduce_kinds(const std::vector<ThingKind>& kinds) {
    const auto listed = [&] {
      std::vector<Thing> all = things();
      std::erase_if(all, [&](const Thing& t) {
        return std::find(kinds.begin(), kinds.end(), t.kind) == kinds.end();
      });
      return all;
    };
    bool changed = false;
    std::vector<Thing> list = listed();
    for (std::size_t size = list.size(); size != 0; size = size == 1 ? 0 : (size + 1) / 2) {
      for (std::size_t i = 0; i < list.size();) {
        const std::size_t end = std::min(i + size, list.size());
        const std::vector<Thing> removed(list.begin() + static_cast<std::ptrdiff_t>(i),
                                         list.begin() + static_cast<std::ptrdiff_t>(end));
        if (attempt_without(removed)) {
          changed = true;
          list = listed();
        } else {
          i = end;
        }
      }
      size = std::min(size, std::max<std::size_t>(list.size(), 1));
    }
    return changed;
  }

  bool reduce() {
    bool changed = false;
    using enum ThingKind;
    for (const ThingKind kind : {operation, fault, decision, part}) {
      changed = reduce_kinds({kind}) || changed;
    }
    return reduce_kinds({operation, fault, part, decision}) || changed;
  }

  bool simplify() {
    bool changed = order_by_cause();
    if (current_.find("schedule") != nullptr && decisions_of(current_) == 0) {
      changed = attempt(without_member(current_, "schedule")) || changed;
    }
    // Where a schedule has to be, an empty list need not.
    if (value_at(current_, kDecisions) != nullptr && decisions_of(current_) == 0) {
      Value document = current_;
      document.set("schedule", without_member(*current_.find("schedule"), "decisions"));
      changed = attempt(document) || changed;
    }
    std::vector<Value> merged = merged_names(current_);
    for (std::size_t i = 0; i < merged.size();) {
      if (attempt(merged[i])) {
        changed = true;
        merged = merged_names(current_);
        i = 0;
      } else {
        ++i;
      }
    }
    changed = plain_values() || changed;
    return retime() || changed;
  }

  bool plain_values() {
    bool changed = false;
    std::vector<Plainer> list = plainer_values(current_, least_ns_);
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (const Value& instead : list[i].instead) {
        Value document = current_;
        replace_at(document, list[i].place, instead);
        if (!attempt(document)) continue;
        changed = true;
        list = plainer_values(current_, least_ns_);
        break;
      }
    }
    return changed;
  }

  /// Until nothing changes any more: the things, then the values.
  void settle() {
    for (bool changed = true; changed;) {
      changed = reduce();
      changed = simplify() || changed;
      changed = changed || !is_minimal();
    }
  }

  /// Leaves parts out for which another schedule has to be found; keeps what is smaller on the
  /// whole once it has been shrunk itself.
  void search_smaller() {
    std::vector<Thing> parts = things();
    for (std::size_t i = 0; i < parts.size();) {
      const Value before = current_;
      const std::uint64_t size = parts.size();
      if (parts[i].kind == ThingKind::decision || !search_without(parts[i])) {
        ++i;
        continue;
      }
      settle();
      if (things().size() < size) {
        settled_ = current_;
        parts = things();
        i = 0;
      } else {
        current_ = before;
        run_.reset();
        ++i;
      }
    }
  }

  /// Whether some schedule shows the violation without the part; then that is the present one.
  bool search_without(const Thing& part) {
    Value document = without_member(without(current_, {part}), "schedule");
    const auto loaded = oracle_.load(document, {part});
    if (!loaded || count_parts(document) >= count_parts(current_)) return false;
    oracle_.check_stop();
    ExploreOptions options;
    options.runs = options_.search;
    options.properties = {oracle_.property()};
    options.stop = options_.stop;
    const ExploreResult found = explore(*loaded, options);
    oracle_.check_stop();
    for (const FoundCause& each : found.found) {
      if (each.scenario.is_null()) continue;
      if (!options_.any_cause && each.cause != oracle_.cause()) continue;
      Value candidate = without_member(each.scenario, "expect");
      for (const char* key : {"id", "title", "story"}) {
        candidate = without_member(candidate, key);
        if (const Value* old = current_.find(key)) candidate.set(key, *old);
      }
      if (!attempt(candidate)) continue;
      order_by_cause();
      retime();
      return true;
    }
    return false;
  }

  static std::uint64_t count_parts(const Value& document) {
    const ThingCount count = count_things(things_of(document));
    return count.all() - count.decisions;
  }

  /// Runs every single removal once more, whatever is remembered. One that keeps the violation is
  /// taken (there is none but for a collision of hashes), and the search goes on.
  bool is_minimal() {
    for (const Thing& thing : things_of(current_)) {
      const Value candidate = without(current_, {thing});
      if (!oracle_.confirm(candidate, {thing})) continue;
      Value document = candidate;
      oracle_.load(document, {thing});
      current_ = std::move(document);
      run_.reset();
      return false;
    }
    return true;
  }

  void finish(ShrinkResult& result) {
    result.scenario = current_;
    Value::Object alone{
        {"properties", Value(Value::Object{{oracle_.property(), Value("violated")}})}};
    result.scenario.set("expect", Value(std::move(alone)));
    try {
      const Scenario last = load_text(to_json(result.scenario), scenario_.file).front();
      result.nodes_after = last.nodes.size();
      const RunResult shown = run_scenario(last);
      // What was tried in this process was run; only remembered outcomes can be wrong.
      if (!options_.outcomes.empty() && !oracle_.shows(shown)) throw WrongOutcomes();
      result.scenario.set("expect", seen_expectations(shown));
    } catch (const InputError&) {
      if (options_.outcomes.empty()) throw;
      throw WrongOutcomes();
    }
  }

  const Scenario& scenario_;
  const ShrinkOptions& options_;
  ShrinkOracle oracle_;
  Value current_;
  std::shared_ptr<const RunResult> run_;  ///< of current_; null: to be made when asked for
  std::optional<Value> settled_;          ///< the smallest so far that is known to be minimal
  ThingCount left_;
  std::int64_t least_ns_ = kMillisecond;
};

}  // namespace

std::string_view shrink_schema() { return embedded::shrink_schema; }
std::string_view shrink_state_schema() { return embedded::shrink_state_schema; }

ShrinkResult shrink(const Scenario& scenario, const ShrinkOptions& options) {
  try {
    return Shrinker(scenario, options).run();
  } catch (const ShrinkStopped&) {
    throw Interrupted();  // before there was anything to keep
  }
}

}  // namespace sibyl
