// Operations that touch at one instant: which have to come before which, and what is said of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/done_operations.hpp"
#include "tests/analysis/online_prefix.hpp"

namespace sibyl::analysis::ends_test {

namespace {

Value integer(int n) { return Value(std::int64_t{n}); }

using Cells = std::vector<std::pair<std::string, Value>>;

bool take(Operation& op, Cells& cells, bool) {
  Value now;
  for (const auto& [key, value] : cells) {
    if (key == op.key) now = value;
  }
  if (op.f == "write") cells.emplace_back(op.key, op.value);
  return op.f == "write" || op.outcome != OperationOutcome::ok || op.value == now;
}

/// What every method and the judge of growing histories say; requires that they say the same.
bool holds(const History& history, const char* model = "register") {
  const FlatHistory made = flat(history);
  JudgeOptions options;
  options.model = model;
  const bool said = judge(made, options).verdict == Verdict::holds;
  for (const Method from : {Method::registers, Method::layered}) {
    options.from = from;
    REQUIRE((judge(made, options).verdict == Verdict::holds) == said);
  }
  check_online(history, *find_model(model), Value(), Cells(), take, said, 1);
  return said;
}

}  // namespace

TEST_CASE("what a process calls at the instant of its own return is concurrent with others there") {
  const Operation write = done(0, "write", integer(1), 0, 5);
  const Operation unset = done(1, "read", Value(), 0, 5);
  CHECK(holds({write, unset, done(1, "read", Value(), 5, 10)}));
  CHECK(holds({write, unset, done(1, "read", integer(1), 5, 10)}));
  CHECK_FALSE(holds({write, unset, done(1, "read", Value(), 6, 10)}));
  // Of one process the second read comes after the first.
  const Operation seen = done(1, "read", integer(1), 0, 5);
  CHECK(holds({write, seen, done(2, "read", Value(), 5, 10)}));
  CHECK_FALSE(holds({write, seen, done(1, "read", Value(), 5, 10)}));
}

TEST_CASE("processes that go on at one instant may do so in any order, but in one") {
  // Each wrote after the other had ended its read, and that is possible for one of them alone.
  const auto read = [](int process, int value, const char* key) {
    return done(process, "read", integer(value), 0, 5, key);
  };
  const auto write = [](int process, int value, const char* key) {
    return done(process, "write", integer(value), 5, 9, key);
  };
  CHECK(
      holds({read(0, 1, "x"), write(0, 2, "x"), done(1, "read", Value(), 0, 5), write(1, 1, "x")}));
  CHECK_FALSE(holds({read(0, 1, "x"), write(0, 2, "x"), read(1, 2, "x"), write(1, 1, "x")}));
  // Keys are judged one by one, and either has an order: docs/checking.md, "Limits".
  CHECK(holds({read(0, 1, "x"), write(0, 2, "y"), read(1, 2, "y"), write(1, 1, "x")}));
}

TEST_CASE("operations of one process that overlap are concurrent") {
  const Operation write = done(0, "write", integer(1), 0, 5);
  CHECK(holds({write, done(0, "read", Value(), 4, 10)}));
  CHECK_FALSE(holds({write, done(0, "read", Value(), 5, 10)}));
  CHECK(holds({write, done(0, "write", integer(2), 0, 5), done(0, "read", integer(1), 5, 10),
               done(0, "read", integer(1), 5, 9)}));
  CHECK_FALSE(holds({write, done(0, "write", integer(2), 0, 5), done(0, "read", Value(), 5, 10)}));
}

TEST_CASE("operations that take no time go by the order of the input, before what goes on") {
  const auto at = [](int process, const char* f, Value value) {
    return done(process, f, std::move(value), 5, 5);
  };
  CHECK(holds({at(0, "write", integer(1)), at(0, "read", integer(1))}));
  CHECK_FALSE(holds({at(0, "read", integer(1)), at(0, "write", integer(1))}));
  CHECK(holds({at(0, "read", integer(1)), at(1, "write", integer(1))}));
  CHECK(holds({done(0, "read", integer(1), 5, 9), at(0, "write", integer(1))}));
  CHECK_FALSE(holds({done(0, "read", Value(), 5, 9), at(0, "write", integer(1))}));
}

TEST_CASE("a violation that is one by a process's own sequence is told so") {
  JudgeOptions options;
  options.model = "register";
  const Judgement judged =
      judge(flat({done(0, "write", integer(1), 0, 5), done(0, "read", Value(), 5, 10)}), options);
  CHECK(judged.summary ==
        "Not linearizable: the read of x at line 2 returned nothing, but the write of 1 at line 1 "
        "had ended before it began, and nothing was there only at first.");
  CHECK(judged.witness.find("core")->find("minimal")->text() == "true");
}

TEST_CASE("every core of histories with few instants is a violation by itself, and minimal") {
  int bad = 0;
  int by_sequence = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    History history;
    const int n = 3 + random.below(5);
    for (int i = 0; i < n; ++i) {
      const std::int64_t call = random.below(4);
      const bool writes = random.one_in(2);
      const int value = random.below(4);
      history.push_back(done(random.below(2), writes ? "write" : "read",
                             value == 3 && !writes ? Value() : integer(value), call,
                             call + random.below(3)));
    }
    if (brute(history, Cells(), take)) continue;
    ++bad;
    CAPTURE(seed);
    JudgeOptions options;
    options.model = "register";
    const Judgement judged = judge(flat(history), options);
    REQUIRE(judged.verdict == Verdict::violated);
    std::vector<std::size_t> lines;
    for (const WindowOperation& each : judged.window) lines.push_back(each.index);
    std::sort(lines.begin(), lines.end());
    History window;
    for (const std::size_t i : lines) window.push_back(history[i]);
    REQUIRE_FALSE(brute(window, Cells(), take));
    REQUIRE(judged.witness.find("core")->find("minimal")->text() == "true");
    for (Operation& op : window) op.process = static_cast<std::int64_t>(&op - window.data());
    by_sequence += brute(window, Cells(), take) ? 1 : 0;
  }
  CHECK(bad > 1000);
  CHECK(by_sequence > 100);
}

TEST_CASE("strict serializability: a process's next command comes after its last, no others do") {
  const auto command = [](int process, const char* f, Value value, std::int64_t call,
                          std::int64_t ret) {
    return done(process, "command",
                Value::List{Value::List{Value(f), Value("x"), std::move(value)}}, call, ret, "");
  };
  const auto verdict = [](const History& history) {
    return check_strict_serializability(flat(history), {}).verdict;
  };
  const Operation write = command(0, "write", integer(1), 0, 5);
  const Operation unset = command(1, "read", Value(), 0, 5);
  CHECK(verdict({write, unset, command(1, "read", Value(), 5, 10)}) == Verdict::holds);
  const History stale{write, command(0, "read", Value(), 5, 10)};
  CHECK(verdict(stale) == Verdict::violated);
  const Consistency told = check_strict_serializability(flat(stale), {});
  CHECK(std::any_of(told.cycle.begin(), told.cycle.end(), [](const Reason& each) {
    return each.sentence.find("process 0 called T2 when it had returned (both at 5)") !=
               std::string::npos ||
           each.sentence.find("process 0 called T1 when it had returned (both at 5)") !=
               std::string::npos;
  }));
}

}  // namespace sibyl::analysis::ends_test
