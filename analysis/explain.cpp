// A violation of linearizability in words and as data.
#include "analysis/explain.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/layers.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// Steps of the search for the longest beginning, after the first one was found.
constexpr std::uint64_t kMostSteps = 100'000;

/// The longest beginning, and why nothing could follow.
struct DeadEnd {
  std::vector<std::string> order;
  Value state;
  std::vector<std::pair<std::string, std::string>> blocked;  ///< operation, reason
};

std::string name_of(const Part& part, std::size_t i) {
  return operation_name(part.operations[i], part.index[i]);
}

/// Nothing where the bounds ended the search.
std::optional<DeadEnd> dead_end_of(const Part& part, const Model& model, const Bounds& bounds) {
  const FlatHistory history = flat_over(part.operations);
  std::vector<std::uint32_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto steps = machine_steps_of(history, history.operations, all, model, part.initial);
  const auto stuck = stuck_of(history.operations, all, *steps, bounds, kMostSteps);
  if (!stuck) return std::nullopt;
  const auto machine = model.compile(part.operations, part.initial);
  Machine::State state = machine->initial();
  DeadEnd end;
  for (const std::uint32_t i : stuck->order) {
    end.order.push_back(name_of(part, i));
    state = *machine->step(state, i);
  }
  end.state = machine->value_of(state);
  for (const std::uint32_t i : stuck->next) {
    const auto first = std::find_if(stuck->next.begin(), stuck->next.end(),
                                    [&](std::uint32_t j) { return ended_before(part, j, i); });
    end.blocked.emplace_back(name_of(part, i), first == stuck->next.end()
                                                   ? machine->why_not(state, i)
                                                   : has_to_follow(name_of(part, *first)));
  }
  return end;
}

std::string sentence_of(const DeadEnd& stuck) {
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

Value witness_of(const Part& window, const Model& model, const DeadEnd& stuck,
                 const std::vector<std::string>& because, const Contradiction& found) {
  Value::List operations;
  for (std::size_t i = 0; i < window.operations.size(); ++i) {
    const Operation full = window.whole == nullptr
                               ? window.operations[i]
                               : unflat(*window.whole, window.whole->operations[window.index[i]]);
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
  const auto rank = [&](std::size_t i) {
    return std::pair(part.operations[i].call, part.index[i]);
  };
  std::sort(by_call.begin(), by_call.end(),
            [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  Part sorted;
  sorted.initial = part.initial;
  sorted.whole = part.whole;
  sorted.closed = part.closed;
  for (const std::size_t i : by_call) {
    sorted.operations.push_back(std::move(part.operations[i]));
    sorted.index.push_back(part.index[i]);
  }
  part = std::move(sorted);
}

}  // namespace

bool ended_before(const Part& part, std::size_t a, std::size_t b) {
  const Operation& first = part.operations[a];
  const Operation& second = part.operations[b];
  if (first.outcome != OperationOutcome::ok || !first.ret || *first.ret > second.call) return false;
  const std::int64_t end =
      second.outcome == OperationOutcome::ok && second.ret ? *second.ret : FlatOperation::kNever;
  return *first.ret < second.call ||
         (first.process == second.process && std::tuple(first.call, *first.ret, part.index[a]) <
                                                 std::tuple(second.call, end, part.index[b]));
}

std::string has_to_follow(const std::string& name) {
  return fmt::format("has to come after {}, which ended before it began", name);
}

std::string operation_name(const Operation& op, std::size_t index) {
  return op.label.empty() ? fmt::format("operation {}", index) : op.label;
}

ViolationWords explain(Part part, const Model& model, const Bounds& bounds) {
  sort_by_call(part);
  // Of what was read from elsewhere, what the operations have among themselves says nothing.
  const std::optional<DeadEnd> end =
      part.closed ? dead_end_of(part, model, bounds) : std::optional<DeadEnd>();
  const DeadEnd stuck = end.value_or(DeadEnd{});
  const Contradiction found =
      part.closed ? contradiction(part, model, bounds.stop) : Contradiction{};
  const std::string sentence =
      !found.sentence.empty() ? found.sentence
      : end                   ? sentence_of(stuck)
      : part.closed ? "where the orders of its operations end was not found within the bounds"
      : part.operations.size() == 1
          ? fmt::format("no choice of the other operations makes {} possible", name_of(part, 0))
      : part.whole != nullptr && part.whole->operations.size() == part.operations.size()
          ? fmt::format("these {} operations have no order", part.operations.size())
          : fmt::format("no choice of the other operations gives these {} an order",
                        part.operations.size());
  ViolationWords told;
  told.because = found.reasons;
  if (told.because.empty()) {
    for (const auto& [operation, why] : stuck.blocked)
      told.because.push_back(fmt::format("{} {}", operation, why));
  }
  for (std::size_t i = 0; i < part.operations.size(); ++i) {
    told.window.push_back({part.index[i], name_of(part, i), model.text(part.operations[i])});
  }
  told.initial = part.initial;
  told.of_end = found.sentence.empty() && end.has_value();
  told.summary = "Not linearizable: " + sentence + ".";
  told.witness = witness_of(part, model, stuck, told.because, found);
  return told;
}

}  // namespace sibyl::analysis
