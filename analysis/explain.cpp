// A violation of linearizability in words and as data.
#include "analysis/explain.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// Where the search got stuck: the longest beginning, and why nothing could follow.
struct Stuck {
  std::vector<std::string> order;
  Value state;
  std::vector<std::pair<std::string, std::string>> blocked;  ///< operation, reason
};

std::string name_of(const Part& part, std::size_t i) {
  return operation_name(part.operations[i], part.index[i]);
}

Stuck stuck_at(const Part& part, const Model& model, const LinearizabilityOptions& options,
               std::uint64_t& steps) {
  Budget budget{options.max_steps, options.max_states, options.stop, 0, false};
  std::vector<bool> pure;
  for (const Operation& op : part.operations) pure.push_back(model.pure(op));
  const auto machine = model.compile(part.operations, part.initial);
  const SearchResult found = search(*machine, part.operations, pure, budget);
  steps += budget.steps;
  Stuck stuck;
  for (const std::size_t i : found.order) stuck.order.push_back(name_of(part, i));
  stuck.state = machine->value_of(found.state);
  for (const std::size_t i : found.next) {
    std::string why = machine->why_not(found.state, i);
    if (!why.empty()) stuck.blocked.emplace_back(name_of(part, i), std::move(why));
  }
  return stuck;
}

std::string sentence_of(const Stuck& stuck) {
  std::string out = stuck.order.empty()
                        ? std::string("nothing can go first: ")
                        : fmt::format("after {} nothing can go next: ", listed(stuck.order, 8));
  const std::size_t shown = std::min<std::size_t>(stuck.blocked.size(), 4);
  for (std::size_t i = 0; i < shown; ++i) {
    out += (i == 0 ? "" : "; ") + stuck.blocked[i].first + " " + stuck.blocked[i].second;
  }
  return out;
}

/// The circle as data; numbers are places among the witness's operations.
Value circle_of(const Contradiction& found) {
  Value::List circle;
  for (const CircleEdge& edge : found.circle) {
    Value item;
    item.set("before", number(edge.before)).set("after", number(edge.after)).set("why", edge.why);
    if (edge.reader) {
      item.set("key", edge.key).set("reader", number(*edge.reader));
      item.set("writer", edge.writer ? number(*edge.writer) : Value());
    }
    circle.push_back(std::move(item));
  }
  return circle;
}

Value witness_of(const Part& original, const Part& window, const Model& model, const Stuck& stuck,
                 const std::vector<std::string>& because, const Contradiction& found) {
  Value::List operations;
  for (std::size_t i = 0; i < window.operations.size(); ++i) {
    const Operation& full = (*original.recorded)[window.index[i]];
    Value item;
    item.set("operation", number(window.index[i])).set("name", name_of(window, i));
    item.set("process", full.process).set("text", model.text(window.operations[i]));
    item.set("call", full.call).set("return", full.ret ? Value(*full.ret) : Value());
    if (full.call_event != 0) item.set("call_event", number(full.call_event));
    if (full.return_event != 0) item.set("return_event", number(full.return_event));
    operations.push_back(std::move(item));
  }
  Value::List reasons(because.begin(), because.end());
  Value::List order(stuck.order.begin(), stuck.order.end());
  Value::List blocked;
  for (const auto& [operation, why] : stuck.blocked) {
    Value item;
    item.set("name", operation).set("why", why);
    blocked.push_back(std::move(item));
  }
  Value witness;
  witness.set("model", model.name()).set("initial", window.initial);
  witness.set("operations", std::move(operations)).set("because", std::move(reasons));
  if (!found.circle.empty()) witness.set("circle", circle_of(found));
  Value longest;
  longest.set("order", std::move(order))
      .set("state", stuck.state)
      .set("blocked", std::move(blocked));
  witness.set("longest_beginning", std::move(longest));
  return witness;
}

void sort_by_call(Part& part) {
  std::vector<std::size_t> by_call(part.operations.size());
  for (std::size_t i = 0; i < by_call.size(); ++i) by_call[i] = i;
  std::stable_sort(by_call.begin(), by_call.end(), [&](std::size_t a, std::size_t b) {
    return part.operations[a].call < part.operations[b].call;
  });
  Part sorted;
  sorted.initial = part.initial;
  for (const std::size_t i : by_call) {
    sorted.operations.push_back(std::move(part.operations[i]));
    sorted.index.push_back(part.index[i]);
  }
  part = std::move(sorted);
}

}  // namespace

std::string operation_name(const Operation& op, std::size_t index) {
  return op.label.empty() ? fmt::format("operation {}", index) : op.label;
}

Linearizability explain(const Part& part, const Model& model,
                        const LinearizabilityOptions& options) {
  Linearizability result;
  result.verdict = Verdict::violated;
  Part window = part;
  if (options.explain_steps > 0) window = smallest_window(part, model, options, result.steps);
  sort_by_call(window);
  const Stuck stuck = stuck_at(window, model, options, result.steps);
  const Contradiction found = contradiction(window, model);
  const std::string sentence = found.sentence.empty() ? sentence_of(stuck) : found.sentence;
  result.because = found.reasons;
  if (result.because.empty()) {
    for (const auto& [operation, why] : stuck.blocked)
      result.because.push_back(fmt::format("{} {}", operation, why));
  }
  for (std::size_t i = 0; i < window.operations.size(); ++i) {
    result.window.push_back(
        {window.index[i], name_of(window, i), model.text(window.operations[i])});
  }
  result.initial = window.initial;
  result.summary = "Not linearizable: " + sentence + ".";
  result.witness = witness_of(part, window, model, stuck, result.because, found);
  return result;
}

}  // namespace sibyl::analysis
