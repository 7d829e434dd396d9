// Linearizability against trying all orders, on many small random histories.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "analysis/check/judge.hpp"
#include "analysis/check/layers.hpp"
#include "analysis/check/shrink.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::linearizability_random_test {

namespace {

using State = std::map<std::string, std::int64_t>;

std::int64_t integer(const Value& value) {
  return value.as_int() == nullptr ? -1 : *value.as_int();
}

/// A second reading of model "objects", written apart from it. Takes the command; with `fill`,
/// writes the results into it. Returns whether it can have replied what it replied.
bool run_objects(Operation& op, State& state, bool fill) {
  const bool open = op.outcome == OperationOutcome::unknown;
  Value::List& list = *op.value.as_list();
  State now = state;
  bool refuse = false;
  for (const Value& each : list) {
    const Value::List& s = *each.as_list();
    if (*s[0].as_string() == "create" && state.count(*s[1].as_string()) > 0) refuse = true;
  }
  bool read_missing_only = true;
  bool wrong = false;
  bool missing = false;
  for (Value& each : list) {
    Value::List& s = *each.as_list();
    const std::string f = *s[0].as_string();
    const std::string key = *s[1].as_string();
    const bool there = now.count(key) > 0;
    if (f == "create") now[key] = integer(s[2]);
    if (f == "delete") now.erase(key);
    if (f == "read") {
      if (!there) missing = true;
      const Value result = there ? Value(now[key]) : Value();
      if (fill) s[2] = result;
      if (!open && s[2] != result) wrong = true;
    }
    if (f == "write" || f == "add") {
      if (!there) {
        missing = true;
        read_missing_only = false;
        if (f == "write" || fill) now[key] = 0;
      }
      if (f == "write") now[key] = integer(s[2]);
      if (f == "add" && now.count(key) > 0) {
        now[key] += integer((*s[2].as_list())[0]);
        if (fill) (*s[2].as_list())[1] = now[key];
        if (!open && (*s[2].as_list())[1] != Value(now[key])) wrong = true;
      }
    }
  }
  if (fill) op.reply = refuse || missing ? "nok" : "ok";
  if (!open && op.reply == "nok") return refuse || missing;
  if (refuse || wrong || (missing && !read_missing_only)) return false;
  state = now;
  return true;
}

bool run_register(Operation& op, State& state, bool fill) {
  const bool open = op.outcome == OperationOutcome::unknown;
  const Value now = state.count(op.key) > 0 ? Value(state[op.key]) : Value();
  if (op.f == "write") {
    state[op.key] = integer(op.value);
  } else if (op.f == "read") {
    if (fill) op.value = now;
    return open || op.value == now;
  } else {
    const bool match = (*op.value.as_list())[0] == now;
    if (fill) op.reply = match ? "ok" : "nok";
    if (!open && match != (op.reply == "ok")) return false;
    if (match) state[op.key] = integer((*op.value.as_list())[1]);
  }
  return true;
}

using Run = bool (*)(Operation&, State&, bool);

Value random_steps(Random& random) {
  static const std::vector<const char*> kKeys{"x", "y", "z"};
  Value::List list;
  const int n = 1 + random.below(random.one_in(3) ? 3 : 1);
  std::vector<const char*> created;
  for (int i = 0; i < n; ++i) {
    const char* key = kKeys[static_cast<std::size_t>(random.below(random.one_in(3) ? 3 : 2))];
    switch (random.below(8)) {
      case 0:
        if (std::find(created.begin(), created.end(), key) != created.end()) break;
        created.push_back(key);
        list.push_back(step("create", key, random.below(3)));
        break;
      case 1:
        list.push_back(step("delete", key));
        break;
      case 2:
        list.push_back(step("add", key, Value::List{1 + random.below(2), Value()}));
        break;
      case 3:
      case 4:
        list.push_back(step("write", key, random.below(3)));
        break;
      default:
        list.push_back(step("read", key));
        break;
    }
  }
  if (list.empty()) list.push_back(step("read", "x"));
  return list;
}

Operation random_operation(Random& random, bool objects) {
  Operation op;
  if (objects) {
    op.f = "command";
    op.value = random_steps(random);
    return op;
  }
  op.key = random.one_in(4) ? "y" : "x";
  const int kind = random.below(5);
  op.f = kind < 2 ? "read" : kind < 4 ? "write" : "cas";
  if (op.f == "write") op.value = random.below(3);
  if (op.f == "cas") op.value = Value::List{random.below(3), random.below(3)};
  return op;
}

/// Gives the history results: those of some order (which need not respect real time), here and
/// there another one.
void fill_results(History& history, State state, Run run, Random& random, bool objects) {
  const std::vector<std::size_t> order = draw_order(history, random, 1);
  for (const std::size_t i : order) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    State before = state;
    Operation done = history[i];
    done.outcome = OperationOutcome::ok;
    run(done, state, true);
    if (history[i].outcome != OperationOutcome::ok) {
      if (random.one_in(2)) state = before;
      continue;
    }
    history[i] = done;
    if (!random.one_in(6)) continue;
    if (!objects && done.f == "read") history[i].value = random.below(3);
    if (!objects) continue;
    if (random.one_in(3)) history[i].reply = done.reply == "ok" ? "nok" : "ok";
    Value::List& last = *history[i].value.as_list()->back().as_list();
    if (*last[0].as_string() == "read")
      last[2] = random.one_in(3) ? Value() : Value(random.below(3));
  }
}

History random_history(Random& random, const State& initial, Run run, bool objects) {
  History history;
  const int n = 1 + random.below(6);
  const bool in_sequence = random.one_in(2);  // two processes, each one operation after the other
  std::int64_t next_call[2] = {0, 0};
  for (int i = 0; i < n; ++i) {
    Operation op = random_operation(random, objects);
    op.process = in_sequence ? random.below(2) : i;
    op.call = in_sequence ? next_call[op.process] + random.below(2) : random.below(8);
    op.ret = op.call + random.below(in_sequence ? 3 : 5);
    if (in_sequence) next_call[op.process] = *op.ret;
    draw_outcome(op, random, 6, 20);
    history.push_back(std::move(op));
  }
  fill_results(history, initial, run, random, objects);
  return history;
}

Value value_of(const State& state) {
  Value::Object object;
  for (const auto& [key, value] : state) object.emplace_back(key, value);
  return object;
}

State state_of(const Value& value) {
  State state;
  for (const auto& [key, member] : *value.as_object()) {
    if (!member.is_null()) state[key] = integer(member);
  }
  return state;
}

/// What is left out of a linearizable history to make a window must leave it linearizable.
bool cuts_are_sound(const Part& part, const Model& model, Run run) {
  const State initial = state_of(part.initial);
  for (const Cut& cut : model.cuts(part.operations)) {
    History rest;
    for (const Operation& op : part.operations) {
      if (std::optional<Operation> left = model.apply(op, Cuts({&cut, 1})))
        rest.push_back(std::move(*left));
    }
    if (!brute(rest, initial, run)) return false;
  }
  for (std::size_t i = 0; i < part.operations.size(); ++i) {
    if (!model.pure(part.operations[i])) continue;
    History rest = part.operations;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (!brute(rest, initial, run)) return false;
  }
  return true;
}

/// The search for a linearization always says where it ends: an order that respects real time, that
/// what was reported allows, and that no operation can follow.
bool ends_dead(const Part& part, const Model& model, const State& initial, Run run) {
  const FlatHistory made = flat_over(part.operations);
  std::vector<std::uint32_t> all(part.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto steps = machine_steps_of(made, made.operations, all, model, part.initial);
  const auto stuck = stuck_of(made.operations, all, *steps, {}, 100'000);
  if (!stuck || stuck->next.empty()) return false;
  State state = initial;
  std::vector<bool> done(all.size(), false);
  const auto is_next = [&](std::size_t i) {
    if (done[i]) return false;
    for (std::size_t j = 0; j < done.size(); ++j) {
      if (!done[j] && precedes(part.operations, j, i)) return false;
    }
    return true;
  };
  for (const std::uint32_t i : stuck->order) {
    Operation op = part.operations[i];
    if (!is_next(i) || !run(op, state, false)) return false;
    done[i] = true;
  }
  for (std::size_t i = 0; i < done.size(); ++i) {
    State next = state;
    Operation op = part.operations[i];
    if (is_next(i) && run(op, next, false) && !(pending(op) && next == state)) return false;
  }
  const auto machine = model.compile(part.operations, part.initial);
  Machine::State at = machine->initial();
  for (const std::uint32_t i : stuck->order) at = *machine->step(at, i);
  return std::none_of(stuck->next.begin(), stuck->next.end(), [&](std::uint32_t i) {
    const bool waits = std::any_of(stuck->next.begin(), stuck->next.end(), [&](std::uint32_t j) {
      return precedes(part.operations, j, i);
    });
    return done[i] || pending(part.operations[i]) || (!waits && machine->why_not(at, i).empty());
  });
}

struct Tally {
  int good = 0;
  int bad = 0;
  int in_words = 0;
};

void compare(std::uint64_t seed, const Model& model, Run run, bool objects, Tally& tally) {
  Random random(seed);
  State initial;
  for (const char* key : {"x", "y", "z"}) {
    if (!random.one_in(3)) initial[key] = random.below(3);
  }
  const History history = random_history(random, initial, run, objects);
  const Value start = value_of(initial);
  const History judged = without_failed(history);
  const bool expected = brute(judged, initial, run, model.one_key());
  JudgeOptions options;
  options.model = model.name();
  options.initial = start;
  options.wants_order = true;
  const Judgement result = judge_recorded(history, options);
  CAPTURE(seed);
  REQUIRE((result.verdict == Verdict::holds) == expected);
  Part whole;
  whole.operations = judged;
  for (std::size_t i = 0; i < judged.size(); ++i) whole.index.push_back(i);
  whole.initial = start;
  if (expected) {
    ++tally.good;
    const std::vector<std::size_t> order(result.order.begin(), result.order.end());
    REQUIRE(is_linearization(history, order, initial, run, model.one_key()));
    REQUIRE(contradiction(whole, model).sentence.empty());
    REQUIRE(cuts_are_sound(whole, model, run));
    return;
  }
  ++tally.bad;
  REQUIRE(result.verdict == Verdict::violated);
  REQUIRE_FALSE(result.window.empty());
  REQUIRE_FALSE(result.because.empty());
  if (model.one_key()) {  // parts are of one key
    Part of_key;
    of_key.initial = start;
    for (std::size_t i = 0; i < whole.operations.size(); ++i) {
      if (whole.operations[i].key != result.key) continue;
      of_key.operations.push_back(whole.operations[i]);
      of_key.index.push_back(i);
    }
    whole = std::move(of_key);
  }
  REQUIRE(ends_dead(whole, model, initial, run));
  const Part window = shrink(whole, model, {}, 100'000);
  REQUIRE_FALSE(brute(window.operations, state_of(window.initial), run));
  if (!contradiction(window, model).sentence.empty()) ++tally.in_words;
}

}  // namespace

TEST_CASE("on 20000 random histories of commands the search agrees with trying all orders") {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    compare(seed, objects_model(), run_objects, true, tally);
  }
  MESSAGE("linearizable: ", tally.good, ", not: ", tally.bad, ", put in words: ", tally.in_words);
  CHECK(tally.good > 3000);
  CHECK(tally.bad > 3000);
}

TEST_CASE("on 20000 random histories of registers the search agrees with trying all orders") {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    compare(seed, register_model(), run_register, false, tally);
  }
  MESSAGE("linearizable: ", tally.good, ", not: ", tally.bad, ", put in words: ", tally.in_words);
  CHECK(tally.good > 3000);
  CHECK(tally.bad > 3000);
}

}  // namespace sibyl::analysis::linearizability_random_test
