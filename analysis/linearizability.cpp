// Linearizability: splits a history by keys, searches each part, and puts the answer together.
#include "analysis/linearizability.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include <fmt/core.h>

#include "analysis/explain.hpp"
#include "analysis/reading.hpp"
#include "analysis/search.hpp"

namespace sibyl::analysis {

namespace {

std::optional<std::string> problem_of(const Operation& op, const Model& model) {
  if (std::optional<std::string> problem = model.problem(op)) return problem;
  if (op.outcome == OperationOutcome::ok && !op.ret) {
    return "its outcome is ok, but it has no time of return";
  }
  if (op.ret && *op.ret < op.call) {
    return fmt::format("it returned at {}, before its call at {}", *op.ret, op.call);
  }
  return std::nullopt;
}

/// Joins operations that share a key; returns the parts, each as indices in ascending order.
std::vector<std::vector<std::size_t>> parts_of(const History& history, const Model& model) {
  std::vector<std::size_t> parent(history.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::map<std::string, std::size_t> first;
  std::vector<bool> used(history.size(), false);
  const auto takes_part = [&](const Operation& op) { return op.outcome != OperationOutcome::fail; };
  const bool joined = std::any_of(history.begin(), history.end(), [&](const Operation& op) {
    return takes_part(op) && model.joins_all(op);
  });
  if (joined) {
    std::vector<std::vector<std::size_t>> whole(1);
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (takes_part(history[i])) whole.front().push_back(i);
    }
    return whole;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    for (const std::string& key : model.keys(history[i])) {
      used[i] = true;
      const auto [it, fresh] = first.emplace(key, i);
      if (!fresh) parent[std::max(root(i), root(it->second))] = std::min(root(i), root(it->second));
    }
  }
  std::map<std::size_t, std::vector<std::size_t>> by_root;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (used[i]) by_root[root(i)].push_back(i);
  }
  std::vector<std::vector<std::size_t>> parts;
  for (auto& [unused, part] : by_root) parts.push_back(std::move(part));
  return parts;
}

/// Puts the linearizations of the parts together. Each operation of a part may be thought to happen
/// at the latest call among it and those before it, which is no later than its return; ordered by
/// these instants, the whole respects real time.
std::vector<std::size_t> merge(const History& history,
                               const std::vector<std::vector<std::size_t>>& orders) {
  std::vector<std::pair<std::int64_t, std::size_t>> points;
  for (const std::vector<std::size_t>& order : orders) {
    std::int64_t at = std::numeric_limits<std::int64_t>::min();
    for (const std::size_t i : order) {
      at = std::max(at, history[i].call);
      points.emplace_back(at, i);
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> merged;
  merged.reserve(points.size());
  for (const auto& [at, i] : points) merged.push_back(i);
  return merged;
}

Linearizability gave_up(const Budget& budget, const LinearizabilityOptions& options) {
  Linearizability result;
  result.verdict = Verdict::inconclusive;
  result.steps = budget.steps;
  const bool out_of_steps = budget.steps > options.max_steps;
  result.summary =
      fmt::format("Undecided after {} steps: {}.", budget.steps,
                  out_of_steps                     ? "the limit on steps was reached"
                  : options.stop && options.stop() ? "the time or memory allowed was used up"
                                                   : "the limit on remembered states was reached");
  return result;
}

}  // namespace

Linearizability check_linearizability(const History& history, const Model& model,
                                      const Value& initial, const LinearizabilityOptions& options) {
  Linearizability result;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    const std::optional<std::string> problem = problem_of(history[i], model);
    if (!problem) continue;
    result.verdict = Verdict::inconclusive;
    result.summary =
        fmt::format("{} cannot be judged: {}.", operation_name(history[i], i), *problem);
    return result;
  }
  std::map<std::string, Value> objects;
  if (initial.as_object() != nullptr) {
    objects.insert(initial.as_object()->begin(), initial.as_object()->end());
  }
  Budget budget{options.max_steps, options.max_states, options.stop, 0, false};
  const History ordered = in_places(history);
  std::vector<std::vector<std::size_t>> parts = parts_of(history, model);
  std::vector<std::vector<std::size_t>> orders;
  bool undecided = false;
  for (const std::vector<std::size_t>& part : parts) {
    Part now = part_of(ordered, part, objects, model);
    now.recorded = &history;
    const SearchResult found = search_part(now, model, budget);
    if (found.found == Found::gave_up) {
      undecided = true;  // another part may still show a violation
      if (budget.steps > options.max_steps || (options.stop && options.stop())) break;
      budget.exhausted = false;
      continue;
    }
    if (found.found == Found::no) {
      result = explain(now, model, options);
      result.steps += budget.steps;
      return result;
    }
    std::vector<std::size_t> order;
    for (const std::size_t i : found.order) order.push_back(now.index[i]);
    orders.push_back(std::move(order));
  }
  if (undecided) return gave_up(budget, options);
  result.order = merge(ordered, orders);
  result.steps = budget.steps;
  result.summary =
      fmt::format("{} can be put in one order that respects real time and the model \"{}\".",
                  counted(history.size(), "operation"), model.name());
  return result;
}

}  // namespace sibyl::analysis
