// The entry point of the checkers on larger histories: methods against each other, wide ones,
// bounds, and what is said of a violation.
#include "analysis/check/judge.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/bench/histories.hpp"

namespace sibyl::analysis {

namespace {

Verdict verdict_from(const FlatHistory& history, Method from, const char* model = "register") {
  JudgeOptions options;
  options.model = model;
  options.from = from;
  options.explains = false;
  return judge(history, options).verdict;
}

bench::HistoryShape shape(std::uint32_t clients, std::uint32_t operations, std::uint64_t seed) {
  bench::HistoryShape made;
  made.clients = clients;
  made.operations = operations;
  made.seed = seed;
  return made;
}

FlatOperation operation(FlatHistory& history, const char* f, const char* key, Value value,
                        std::int64_t call, std::int64_t ret) {
  FlatOperation op;
  op.call = call;
  op.ret = ret;
  op.outcome = ret == FlatOperation::kNever ? OperationOutcome::unknown : OperationOutcome::ok;
  op.process = history.processes.number(std::to_string(history.operations.size()));
  op.key = history.keys.number(key);
  op.f = static_cast<std::uint16_t>(history.functions.number(f));
  op.value = history.values.code(value);
  op.line = static_cast<std::uint32_t>(history.operations.size() + 1);
  history.operations.push_back(op);
  return op;
}

}  // namespace

TEST_CASE("zones and both searches agree on 10000 histories with unique values") {
  int bad = 0;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    bench::HistoryShape wanted = shape(2 + static_cast<std::uint32_t>(seed % 4), 24, seed);
    wanted.keys = 1 + static_cast<std::uint32_t>(seed % 3);
    wanted.bad = seed % 2 == 1;
    wanted.pending = static_cast<std::uint32_t>(seed % 5 == 0 ? 3 : 0);
    const FlatHistory history = bench::make_history(wanted);
    CAPTURE(seed);
    const Verdict zones = verdict_from(history, Method::zones);
    REQUIRE(verdict_from(history, Method::registers) == zones);
    REQUIRE(verdict_from(history, Method::layered) == zones);
    bad += zones == Verdict::violated ? 1 : 0;
    REQUIRE((wanted.bad || zones == Verdict::holds));
  }
  CHECK(bad > 3000);
}

TEST_CASE("zones of texts and the layered search agree on 4000 histories with appends") {
  int bad = 0;
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    bench::HistoryShape wanted = shape(2 + static_cast<std::uint32_t>(seed % 5), 40, seed);
    wanted.texts = true;
    wanted.bad = seed % 2 == 1;
    wanted.pending = static_cast<std::uint32_t>(seed % 3 == 0 ? 4 : 0);
    const FlatHistory history = bench::make_history(wanted);
    CAPTURE(seed);
    JudgeOptions options;
    options.explains = false;
    const Judgement zones = judge(history, options);
    REQUIRE(zones.method == Method::zones);
    REQUIRE(verdict_from(history, Method::layered, "kv") == zones.verdict);
    bad += zones.verdict == Verdict::violated ? 1 : 0;
    REQUIRE((wanted.bad || zones.verdict == Verdict::holds));
  }
  CHECK(bad > 1500);
}

TEST_CASE("texts that were read tell in which order appends took effect, where there is one way") {
  struct Step {
    const char* f;
    const char* text;
    std::int64_t call;
    std::int64_t ret;
  };
  const auto judged = [](const std::vector<Step>& steps, const char* start = "") {
    FlatHistory history;
    for (const Step& each : steps)
      operation(history, each.f, "x", Value(each.text), each.call, each.ret);
    JudgeOptions options;
    options.initial = Value(Value::Object{{"x", Value(start)}});
    const Judgement found = judge(history, options);
    options.from = Method::layered;
    CHECK(judge(history, options).verdict == found.verdict);
    CHECK(found.window.empty() == (found.verdict == Verdict::holds));
    return std::pair(found.verdict, found.method);
  };
  const std::pair good(Verdict::holds, Method::zones);
  const std::pair bad(Verdict::violated, Method::zones);
  const std::int64_t never = FlatOperation::kNever;
  const Step a{"append", "a;", 0, 30};
  const Step b{"append", "b;", 10, 20};
  CHECK(judged({a, b, {"get", "b;a;", 40, 50}}) == good);
  CHECK(judged({a, b, {"get", "a;b;", 40, 50}}) == good);
  CHECK(judged({a, b, {"get", "s;a;b;", 40, 50}}, "s;") == good);
  // A text of no writes, without one that had returned, with one twice, with a part of one.
  CHECK(judged({a, b, {"get", "b;c;", 40, 50}}) == bad);
  CHECK(judged({a, b, {"get", "a;", 40, 50}}) == bad);
  CHECK(judged({a, b, {"get", "a;b;a;", 40, 50}}) == bad);
  CHECK(judged({a, b, {"get", "a;b", 40, 50}}) == bad);
  CHECK(judged({a, b, {"get", "a;b", 40, 50}, {"get", "a;b;", 40, 50}}) == bad);
  CHECK(judged({a, b, {"get", "a;b;", 40, 50}}, "s;") == bad);
  // Two orders, in one epoch and in two.
  CHECK(judged({a, b, {"get", "a;", 11, 50}, {"get", "b;a;", 40, 50}}) == bad);
  CHECK(judged({a, {"put", "p;", 0, 30}, {"get", "a;", 10, 50}, {"get", "p;a;", 40, 50}}) == bad);
  // An append after a get that saw it, and one that never returned.
  CHECK(judged({{"get", "c;", 0, 5}, {"append", "c;", 10, 20}}) == bad);
  CHECK(judged({{"append", "c;", 0, never}, {"get", "c;", 10, 20}, {"get", "", 30, 40}}) == bad);
  CHECK(judged({{"append", "c;", 0, never}, {"get", "", 10, 20}, {"get", "c;", 30, 40}}) == good);
  // Epochs one after the other, and in each other's way.
  const Step p{"put", "p;", 40, 100};
  CHECK(judged({a, p, {"get", "a;", 50, 60}, {"get", "p;", 70, 80}}) == good);
  CHECK(judged({a, p, {"get", "p;", 50, 60}, {"get", "a;", 70, 80}}) == bad);
  CHECK(judged({a, b, {"put", "", 40, 50}, {"get", "a;", 60, 70}}, "s;") == bad);
  // Pieces of which one begins with the other may make a text in two ways: for the search.
  const std::pair sought(Verdict::holds, Method::layered);
  CHECK(judged({{"append", "1", 0, 9}, {"append", "12", 0, 9}, {"get", "112", 10, 20}}) == sought);
  CHECK(judged({a, {"append", "a;", 0, 30}, {"get", "a;a;", 40, 50}}) == sought);
  CHECK(judged({{"put", "", 0, 10}, {"get", "", 20, 30}}).first == Verdict::holds);
  CHECK(judged({a, {"put", "", 40, 50}, {"get", "", 60, 70}}) == sought);
}

TEST_CASE("with few values and many clients the search for registers agrees with the layered one") {
  int bad = 0;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    bench::HistoryShape wanted = shape(3 + static_cast<std::uint32_t>(seed % 4), 30, seed);
    wanted.domain = 2 + static_cast<std::uint32_t>(seed % 4);
    wanted.bad = seed % 4 != 0;
    wanted.pending = static_cast<std::uint32_t>(seed % 3);
    const FlatHistory history = bench::make_history(wanted);
    CAPTURE(seed);
    const Verdict found = verdict_from(history, Method::registers);
    REQUIRE(verdict_from(history, Method::layered) == found);
    bad += found == Verdict::violated ? 1 : 0;
  }
  CHECK(bad > 200);
}

TEST_CASE("more than 64 open operations are no hindrance") {
  for (const bool bad : {false, true}) {
    const Verdict expected = bad ? Verdict::violated : Verdict::holds;
    bench::HistoryShape wide = shape(200, 2'000, 7);
    wide.bad = bad;
    CHECK(verdict_from(bench::make_history(wide), Method::zones) == expected);
    bench::HistoryShape lost = shape(3, 600, 7);
    lost.pending = 100;
    lost.bad = bad;
    CHECK(verdict_from(bench::make_history(lost), Method::zones) == expected);
    CHECK(verdict_from(bench::make_history(lost), Method::registers) == expected);
    if (!bad) CHECK(verdict_from(bench::make_history(lost), Method::layered) == expected);
  }
}

TEST_CASE("the answer is the same with any number of jobs") {
  bench::HistoryShape wanted = shape(20, 4'000, 3);
  wanted.keys = 20;
  wanted.domain = 5;
  wanted.bad = true;
  for (wanted.seed = 0; wanted.seed < 10; ++wanted.seed) {
    const FlatHistory history = bench::make_history(wanted);
    JudgeOptions options;
    const Judgement one = judge(history, options);
    options.jobs = 4;
    const Judgement four = judge(history, options);
    CHECK(one.verdict == four.verdict);
    CHECK(one.summary == four.summary);
    CHECK(one.witness == four.witness);
    CHECK(one.steps == four.steps);
  }
}

TEST_CASE("a stale read is shown by at most six operations of a history of 2000") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const bool texts : {false, true}) {
      bench::HistoryShape wanted = shape(50, 2'000, seed);
      wanted.keys = 10;
      wanted.bad = true;
      wanted.texts = texts;
      const Judgement judged = judge(bench::make_history(wanted));
      CAPTURE(seed);
      REQUIRE(judged.verdict == Verdict::violated);
      CAPTURE(judged.summary);
      CHECK(judged.window.size() <= 6);
      CHECK_FALSE(judged.because.empty());
      CHECK(judged.key.substr(0, 1) == "k");
    }
  }
}

TEST_CASE("memory and time that are used up make the answer inconclusive, and say so") {
  bench::HistoryShape wanted = shape(60, 3'000, 1);
  wanted.texts = true;
  const FlatHistory history = bench::make_history(wanted);
  JudgeOptions options;
  options.from = Method::layered;
  options.max_bytes = 20'000;
  const Judgement small = judge(history, options);
  CHECK(small.verdict == Verdict::inconclusive);
  CHECK(small.summary.find("memory") != std::string::npos);
  CHECK(small.out_of_memory);
  options.max_bytes = std::uint64_t{1} << 30U;
  options.stop = [] { return true; };
  const Judgement short_of_time = judge(history, options);
  CHECK(short_of_time.verdict == Verdict::inconclusive);
  CHECK(short_of_time.summary.find("time") != std::string::npos);
  CHECK_FALSE(short_of_time.out_of_memory);
}

TEST_CASE("a violation that was found stays one when the time is up while it is explained") {
  FlatHistory sums;
  // 3000 adds of different elements at once, and a read that lacks the first, which had ended.
  operation(sums, "add", "s", Value(0), 0, 1);
  for (int i = 1; i < 3000; ++i) operation(sums, "add", "s", Value(i), 2, 10);
  operation(sums, "read", "s", Value(Value::List{Value(1)}), 11, 12);
  bench::HistoryShape wanted = shape(10, 5000, 3);
  wanted.bad = true;
  const FlatHistory registers = bench::make_history(wanted);
  const std::vector<std::pair<const FlatHistory*, const char*>> cases{{&sums, "set"},
                                                                      {&registers, "register"}};
  for (const auto& [history, model] : cases) {
    JudgeOptions options;
    options.model = model;
    std::uint64_t asked = 0;
    std::uint64_t most = ~std::uint64_t{0};
    options.stop = [&] { return ++asked > most; };
    options.explains = false;
    REQUIRE(judge(*history, options).verdict == Verdict::violated);
    const std::uint64_t found = asked;
    options.explains = true;
    asked = 0;
    REQUIRE(judge(*history, options).verdict == Verdict::violated);
    CAPTURE(model);
    CAPTURE(found);
    CHECK(asked > found);
    const std::uint64_t whole = asked;
    for (std::uint64_t more = 0; found + more < whole; more += 1 + more / 4) {
      asked = 0;
      most = found + more;
      const Judgement told = judge(*history, options);
      CAPTURE(more);
      CHECK(told.verdict == Verdict::violated);
      CHECK(told.summary.find("Not linearizable") == 0);
    }
  }
}

TEST_CASE("what cannot be judged is named by its line") {
  FlatHistory history;
  operation(history, "put", "x", Value("a"), 0, 10);
  operation(history, "put", "x", Value(7), 0, 10);
  const Judgement judged = judge(history);
  CHECK(judged.verdict == Verdict::inconclusive);
  CHECK(judged.summary.find("line 2") != std::string::npos);
  CHECK(judged.summary.find("should be a string") != std::string::npos);
  FlatHistory backwards;
  operation(backwards, "read", "x", Value(), 10, 9);
  CHECK(judge(backwards).summary.find("returned at 9, before its call at 10") != std::string::npos);
  JudgeOptions unknown;
  unknown.model = "stack";
  CHECK(judge(history, unknown).summary.find("no model \"stack\"") != std::string::npos);
}

TEST_CASE("times at the ends of the numbers are times like others") {
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max() - 1;
  FlatHistory history;
  operation(history, "write", "x", Value(1), kLowest, kLowest + 1);
  operation(history, "write", "x", Value(2), kLowest + 2, kHighest - 2);
  operation(history, "read", "x", Value(1), kHighest - 1, kHighest);
  CHECK(judge(history).verdict == Verdict::violated);
  CHECK(verdict_from(history, Method::layered) == Verdict::violated);
  history.operations.back().value = history.values.code(std::int64_t{2});
  CHECK(judge(history).verdict == Verdict::holds);
}

TEST_CASE("a million operations that never return end with an answer") {
  FlatHistory history;
  for (int i = 0; i < 1'000'000; ++i) {
    operation(history, "write", "x", Value(i % 3), i, FlatOperation::kNever);
  }
  operation(history, "read", "x", Value(2), 1'000'001, 1'000'002);
  operation(history, "read", "x", Value(4), 1'000'003, 1'000'004);
  JudgeOptions options;
  options.explains = false;
  CHECK(judge(history, options).verdict == Verdict::violated);
}

}  // namespace sibyl::analysis
