// The states of models: numbers that stand for what they hold, however it is kept.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::states_test {

namespace {

Operation of(const char* f, Value value) {
  Operation op;
  op.f = f;
  op.value = std::move(value);
  op.outcome = OperationOutcome::ok;
  return op;
}

/// Enqueues of 0 to n-1, then as many dequeues that got them.
History queue_history(int n) {
  History history;
  for (const char* f : {"enqueue", "dequeue"}) {
    for (int i = 0; i < n; ++i) history.push_back(of(f, Value(i)));
  }
  return history;
}

Value as_state(const std::vector<int>& elements) {
  Value::List list;
  for (const int each : elements) list.emplace_back(each);
  return Value::Object{{"", std::move(list)}};
}

}  // namespace

TEST_CASE("a state of any size holds what the steps to it made, whichever of them was asked last") {
  constexpr int kValues = 12;
  const auto queue = find_model("queue")->compile(queue_history(kValues), Value());
  Random random(7);
  std::map<std::vector<int>, Machine::State> known{{{}, queue->initial()}};
  std::vector<std::vector<int>> all{{}};
  std::vector<int> now;
  Machine::State state = queue->initial();
  for (int i = 0; i < 30'000; ++i) {
    if (random.one_in(40)) {
      now = all[static_cast<std::size_t>(random.below(static_cast<int>(all.size())))];
      state = known.at(now);
    }
    const bool takes = !random.one_in(3) && now.size() > 280;
    const int value = takes && !random.one_in(4) ? now.front() : random.below(kValues);
    const auto next = queue->step(state, static_cast<std::size_t>(takes ? kValues + value : value));
    REQUIRE(next.has_value() == (!takes || now.front() == value));
    if (!next) continue;
    state = *next;
    if (takes) {
      now.erase(now.begin());
    } else {
      now.push_back(value);
    }
    const auto [place, fresh] = known.emplace(now, state);
    REQUIRE(place->second == state);
    if (fresh) all.push_back(now);
    if (i % 64 == 0) REQUIRE(queue->value_of(state) == as_state(now));
  }
  std::set<Machine::State> numbers;
  for (const auto& [elements, number] : known) {
    REQUIRE(numbers.insert(number).second);
    if (number % 32 == 0) REQUIRE(queue->value_of(number) == as_state(elements));
  }
}

TEST_CASE("elements of a set come and go at any place, in whatever order") {
  constexpr int kElements = 600;
  History history;
  for (const char* f : {"add", "remove"}) {
    for (int i = 0; i < kElements; ++i) history.push_back(of(f, Value(i)));
  }
  const auto set = find_model("set")->compile(history, Value());
  Random random(3);
  Machine::State state = set->initial();
  std::set<int> now;
  std::vector<std::pair<std::set<int>, Machine::State>> seen;
  for (int i = 0; i < 6'000; ++i) {
    const int element = random.below(kElements);
    const bool adds = !random.one_in(3);
    state = *set->step(state, static_cast<std::size_t>(adds ? element : kElements + element));
    adds ? (void)now.insert(element) : (void)now.erase(element);
    if (i % 50 == 0) seen.emplace_back(now, state);
  }
  for (const auto& [elements, number] : seen) {
    CHECK(set->value_of(number) == as_state({elements.begin(), elements.end()}));
    // The same elements by other ways are the same state.
    Machine::State again = set->initial();
    for (auto each = elements.rbegin(); each != elements.rend(); ++each)
      again = *set->step(again, static_cast<std::size_t>(*each));
    CHECK(again == number);
  }
}

TEST_CASE("a queue that fills and empties takes memory by its operations, not by their square") {
  constexpr int kOperations = 4'000;
  const auto queue = find_model("queue")->compile(queue_history(kOperations), Value());
  Machine::State state = queue->initial();
  for (std::size_t i = 0; i < 2 * kOperations; ++i) state = *queue->step(state, i);
  CHECK(state == queue->initial());
  // Whole they would take 64 MB.
  CHECK(queue->bytes() < 5'000'000);
}

}  // namespace sibyl::analysis::states_test
