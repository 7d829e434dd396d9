// Cores of violations against trying all orders of all choices of the other operations, on small
// random histories; and their sizes on larger ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>

#include "analysis/check/layers.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/registers.hpp"
#include "analysis/check/why_core.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::why_core_test {

namespace {

using Cell = std::vector<std::string>;

/// A model of one object, read a second time: the state is a list of words.
struct Vocabulary {
  const char* model;
  Operation (*draw)(Random& random);
  bool (*take)(Operation& op, Cell& state, bool fill);
};

Operation of(const char* f, Value value = {}) {
  Operation op;
  op.f = f;
  op.key = "x";
  op.value = std::move(value);
  return op;
}

Value small(Random& random) { return Value(std::int64_t{random.below(3)}); }
std::string word(const Value& value) { return value.is_null() ? "" : value.text(); }
bool ended(const Operation& op) { return op.outcome == OperationOutcome::ok; }

Operation draw_plain(Random& random) {
  return of(random.one_in(2) ? "read" : "write", small(random));
}

Operation draw_cas(Random& random) {
  if (!random.one_in(3)) return draw_plain(random);
  return of("cas", Value::List{small(random), small(random)});
}

bool take_register(Operation& op, Cell& state, bool) {
  const std::string now = state.empty() ? "" : state[0];
  if (op.f == "read") return !ended(op) || word(op.value) == now;
  if (op.f == "write") {
    state = {word(op.value)};
    return true;
  }
  const bool match = word((*op.value.as_list())[0]) == now;
  if (match) state = {word((*op.value.as_list())[1])};
  return match || !ended(op);
}

Operation draw_text(Random& random) {
  static const char* const kTexts[] = {"a", "b", "ab", "ba"};
  const char* text = kTexts[random.below(4)];
  return of(random.one_in(2) ? "get" : random.one_in(4) ? "put" : "append", Value(text));
}

bool take_text(Operation& op, Cell& state, bool) {
  const std::string now = state.empty() ? "" : state[0];
  if (op.f == "get") return !ended(op) || *op.value.as_string() == now;
  state = {op.f == "put" ? *op.value.as_string() : now + *op.value.as_string()};
  return true;
}

Operation draw_mutex(Random& random) { return of(random.one_in(2) ? "acquire" : "release"); }

bool take_mutex(Operation& op, Cell& state, bool) {
  if (state.empty() != (op.f == "acquire")) return false;
  op.f == "acquire" ? state.push_back("held") : state.pop_back();
  return true;
}

Operation draw_queue(Random& random) {
  return of(random.one_in(2) ? "enqueue" : "dequeue", small(random));
}

bool take_queue(Operation& op, Cell& state, bool) {
  if (op.f == "enqueue") {
    state.push_back(word(op.value));
    return true;
  }
  if (state.empty()) return !ended(op);
  if (ended(op) && state.front() != word(op.value)) return false;
  state.erase(state.begin());
  return true;
}

const Vocabulary kVocabularies[] = {{"register", draw_plain, take_register},
                                    {"register", draw_cas, take_register},
                                    {"kv", draw_text, take_text},
                                    {"mutex", draw_mutex, take_mutex},
                                    {"queue", draw_queue, take_queue}};

History random_history(Random& random, const Vocabulary& words) {
  History history;
  const int n = 2 + random.below(6);
  const bool tight = random.one_in(2);
  const bool few = random.one_in(2);  // processes, that call something at their own returns
  for (int i = 0; i < n; ++i) {
    Operation op = words.draw(random);
    op.process = few ? random.below(2) : i;
    op.call = random.below(tight ? few ? 6 : 12 : 60);
    op.ret = op.call + random.below(tight ? 4 : 20);
    op.outcome = OperationOutcome::ok;
    if (random.one_in(8)) {
      op.outcome = OperationOutcome::unknown;
      op.ret.reset();
    }
    history.push_back(std::move(op));
  }
  return history;
}

/// Whether the operations of `chosen` and some choice of the others have a linearization.
bool some_choice_fits(const History& history, const std::vector<std::uint32_t>& chosen,
                      const Vocabulary& words) {
  for (std::uint32_t choice = 0; choice < 1U << history.size(); ++choice) {
    const bool has_all = std::all_of(chosen.begin(), chosen.end(),
                                     [&](std::uint32_t i) { return (choice >> i & 1U) != 0; });
    if (!has_all) continue;
    History kept;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if ((choice >> i & 1U) != 0) kept.push_back(history[i]);
    }
    if (brute(kept, Cell{}, words.take)) return true;
  }
  return false;
}

/// The core of a history that is not linearizable.
Core core_of(const History& history, const Vocabulary& words,
             std::uint64_t most_steps = 1'000'000) {
  const FlatHistory made = flat(history);
  const std::vector<FlatOperation>& given = made.operations;
  const Model& model = *find_model(words.model);
  const Value nothing;
  const PlainView view = plain_view(made, model.name(), nothing);
  const auto parts = parts_of(made, given, model, std::vector<bool>(made.keys.size() + 1, true));
  REQUIRE(parts.size() == 1);
  const auto steps = steps_of(made, given, parts[0], model, nothing);
  const PartAnswer answer = judge_layered(given, parts[0], *steps, false, {});
  REQUIRE(answer.found == Found::no);
  const auto found = [&](const std::vector<FlatOperation>& then) {
    std::vector<std::uint32_t> all(then.size());
    std::iota(all.begin(), all.end(), 0U);
    const auto steps_then = steps_of(made, then, all, model, nothing);
    return judge_layered(then, all, *steps_then, false, {}).found;
  };
  const std::int64_t near = made.operations[parts[0][answer.last]].ret;
  const Beginning begin = first_beginning(made, given, parts[0], near, !answer.touching, found);
  REQUIRE(begin.first);
  std::vector<FlatOperation> then = given;
  for (const std::uint32_t i : begin.part) then[i] = known_at(made, given[i], i, begin.end);
  return smallest_core({made, then, model, nothing, view, begin.part, begin.ends}, {}, most_steps);
}

}  // namespace

TEST_CASE("a core is not linearizable whatever else happened, and each of its operations counts") {
  const char* more = std::getenv("SIBYL_HISTORIES");
  const std::uint64_t histories = more == nullptr ? 300 : std::strtoull(more, nullptr, 10);
  int bad = 0;
  int with_sources = 0;
  for (const Vocabulary& words : kVocabularies) {
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
      Random random(seed);
      const History history = random_history(random, words);
      if (brute(history, Cell{}, words.take)) continue;
      CAPTURE(std::string(words.model));
      CAPTURE(seed);
      ++bad;
      const Core core = core_of(history, words);
      REQUIRE_FALSE(core.must.empty());
      REQUIRE(core.ended);
      REQUIRE(core.verified);
      REQUIRE_FALSE(some_choice_fits(history, core.must, words));
      History window;
      std::vector<std::uint32_t> in_window = core.must;
      in_window.insert(in_window.end(), core.sources.begin(), core.sources.end());
      std::sort(in_window.begin(), in_window.end());
      for (const std::uint32_t i : in_window) window.push_back(history[i]);
      REQUIRE_FALSE(brute(window, Cell{}, words.take));
      if (core.sources.empty() && core.must.size() > 1) continue;
      ++with_sources;
      for (const std::uint32_t gone : core.must) {
        // Of the window alone: the rest of the core, and some choice of the sources.
        History rest;
        std::vector<std::uint32_t> must;
        for (const std::uint32_t i : in_window) {
          if (i == gone) continue;
          const bool of_core = std::find(core.must.begin(), core.must.end(), i) != core.must.end();
          if (of_core) must.push_back(static_cast<std::uint32_t>(rest.size()));
          rest.push_back(history[i]);
        }
        REQUIRE(some_choice_fits(rest, must, words));
      }
    }
  }
  CHECK(bad > 100);
  CHECK(with_sources > 50);
}

TEST_CASE("a core that bounds ended the search for is one, but is not said to be minimal") {
  int ended = 0;
  int not_ended = 0;
  for (const Vocabulary& words : kVocabularies) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      Random random(seed);
      const History history = random_history(random, words);
      if (brute(history, Cell{}, words.take)) continue;
      for (const std::uint64_t most_steps : {0, 10, 30, 100}) {
        CAPTURE(std::string(words.model));
        CAPTURE(seed);
        CAPTURE(most_steps);
        const Core core = core_of(history, words, most_steps);
        ++(core.ended ? ended : not_ended);
        REQUIRE_FALSE(core.must.empty());
        REQUIRE_FALSE(some_choice_fits(history, core.must, words));
        if (!core.ended) REQUIRE_FALSE(core.verified);
      }
    }
  }
  CHECK(ended > 100);
  CHECK(not_ended > 100);
}

TEST_CASE("of a stale read the core is the read and the write that it missed") {
  History history;
  const auto add = [&](const char* f, int value, std::int64_t call, std::int64_t ret) {
    Operation op = of(f, Value(std::int64_t{value}));
    op.process = static_cast<std::int64_t>(history.size());
    op.call = call;
    op.ret = ret;
    op.outcome = OperationOutcome::ok;
    history.push_back(op);
  };
  for (int i = 0; i < 40; ++i) {
    add("write", i % 3, 10 * i, 10 * i + 5);
    add("read", i % 3, 10 * i + 6, 10 * i + 8);
  }
  add("write", 4, 400, 405);
  add("read", 1, 410, 415);
  const Core core = core_of(history, kVocabularies[0]);
  CHECK(core.must == std::vector<std::uint32_t>{80, 81});
  CHECK(core.sources == std::vector<std::uint32_t>{74});  // the last write of 1
  CHECK(core.verified);
}

}  // namespace sibyl::analysis::why_core_test
