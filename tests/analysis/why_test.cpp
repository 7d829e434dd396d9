// What is said of violations: sentences, sizes, and the data for drawings.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "analysis/check/judge.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::why_test {

namespace {

Operation of(const char* f, Value value, std::int64_t call, std::int64_t ret) {
  Operation op;
  op.f = f;
  op.key = "x";
  op.value = std::move(value);
  op.call = call;
  op.ret = ret;
  op.outcome = OperationOutcome::ok;
  return op;
}

Value integer(int n) { return Value(std::int64_t{n}); }

Judgement judged(History history, const char* model) {
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].process = static_cast<std::int64_t>(i);
  }
  JudgeOptions options;
  options.model = model;
  return judge(flat(history), options);
}

/// Reads and writes of five values, of which a few overlap at any time; the last read returns what
/// was written only at the beginning.
History stale_history(std::uint64_t seed, int operations) {
  Random random(seed);
  History history{of("write", integer(9), 0, 1)};
  Value now = integer(9);
  for (int i = 1; i < operations; ++i) {
    // It takes effect in the middle, before all that are called later do.
    const std::int64_t at = 100 * i;
    Operation op = of("read", now, at - random.below(99) - 1, at + random.below(99) + 1);
    op.call = at - 1 - random.below(300);
    op.ret = at + 1 + random.below(300);
    if (i > 5 && random.one_in(2)) {
      op.f = "write";
      op.value = integer(random.below(5));
      now = op.value;
    }
    if (i <= 5) op.call = std::max<std::int64_t>(op.call, 2);
    history.push_back(op);
  }
  history.push_back(of("write", integer(1), 100 * operations + 400, 100 * operations + 401));
  history.push_back(of("read", integer(9), 100 * operations + 402, 100 * operations + 403));
  return history;
}

std::size_t in_core(const Judgement& judgement) {
  return judgement.witness.find("core")->find("operations")->as_list()->size();
}

}  // namespace

TEST_CASE("of thousands of operations with repeated values at most six show a violation") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Judgement told = judged(stale_history(seed, 2'000), "register");
    CHECK(told.verdict == Verdict::violated);
    CHECK(told.window.size() <= 6);
    CHECK(in_core(told) >= 1);
    CHECK(*told.witness.find("core")->find("minimal") == Value(true));
    CHECK(told.witness.text().size() < 50'000);
  }
}

TEST_CASE("a stale read is told with the write that it missed and the one it read, by line") {
  const Judgement told = judged({of("write", integer(3), 1, 2), of("write", integer(3), 3, 4),
                                 of("write", integer(4), 5, 6), of("read", integer(3), 7, 8)},
                                "register");
  CHECK(told.summary ==
        "Not linearizable: the read of x at line 4 returned 3, but the write of 4 at line 3 had "
        "ended before it began, and had begun after the write of 3 at line 2 had ended.");
  REQUIRE(told.window.size() == 3);
  CHECK(told.window[0].name == "line 2");
  const auto says = [&](const char* sentence) {
    return std::find(told.because.begin(), told.because.end(), sentence) != told.because.end();
  };
  CHECK(says("1 other write of 3 had ended before line 3 began, too."));
  CHECK(
      says("After line 2 and line 3, with {x: 4}, nothing can follow: line 4 read 3, but it was "
           "4."));
  const Value::List operations = *told.witness.find("operations")->as_list();
  CHECK(*operations[0].find("role") == Value("source"));
  CHECK(*operations[2].find("role") == Value("core"));
  CHECK(*operations[2].find("line") == integer(4));
}

TEST_CASE("a read of what nobody wrote in time, and two reads without a write between") {
  const Judgement nowhere =
      judged({of("read", integer(3), 1, 2), of("write", integer(3), 3, 4)}, "register");
  CHECK(nowhere.summary ==
        "Not linearizable: the read of x at line 1 returned 3, but no write of it had begun before "
        "that read ended.");
  CHECK(nowhere.window.size() == 1);
  const Judgement back = judged({of("write", integer(1), 1, 20), of("write", integer(2), 2, 3),
                                 of("read", integer(1), 4, 5), of("read", integer(2), 6, 7)},
                                "register");
  CHECK(back.summary ==
        "Not linearizable: the read of x at line 4 returned 2, but the read at line 3, which had "
        "ended before it began, returned 1, and no write of 2 can have come between them.");
}

TEST_CASE("of a lock that two hold the core are the two, and the ends say what each would need") {
  const Judgement told = judged({of("acquire", {}, 1, 2), of("release", {}, 3, 4),
                                 of("acquire", {}, 5, 6), of("acquire", {}, 7, 8)},
                                "mutex");
  CHECK(told.verdict == Verdict::violated);
  CHECK(in_core(told) == 2);
  const Value::List ends = *told.witness.find("configurations")->as_list();
  REQUIRE_FALSE(ends.empty());
  const Value::List left = *ends.front().find("left")->as_list();
  REQUIRE_FALSE(left.empty());
  CHECK(*left.front().find("why") == Value("acquired it, but the lock was held"));
}

}  // namespace sibyl::analysis::why_test
