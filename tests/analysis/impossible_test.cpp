// Violations among thousands of operations that overlap, which are seen without a search.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/check/judge.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/done_operations.hpp"

namespace sibyl::analysis::impossible_test {

namespace {

constexpr int kMany = 2000;

Value integer(std::int64_t n) { return Value(n); }

Value number_of(int i) { return integer(i); }

/// kMany operations at once, all called by kMany and returned from 10000 on, each with a value.
History wide(const char* f, Value (*value)(int)) {
  History history;
  for (int i = 0; i < kMany; ++i) add(history, f, value(i), i, 10'000 + i);
  return history;
}

Judgement judged(const History& history, const char* model, Value initial = {}) {
  JudgeOptions options;
  options.model = model;
  options.initial = std::move(initial);
  options.max_bytes = std::uint64_t{1} << 25U;
  const Judgement judgement = judge(flat(history), options);
  CAPTURE(judgement.summary);
  return judgement;
}

/// The lines of the core.
std::vector<std::int64_t> core_of(const Judgement& judgement) {
  std::vector<std::int64_t> lines;
  const Value::List& operations = *judgement.witness.find("operations")->as_list();
  for (const Value& place : *judgement.witness.find("core")->find("operations")->as_list())
    lines.push_back(*operations[static_cast<std::size_t>(*place.as_int())].find("line")->as_int());
  return lines;
}

bool minimal(const Judgement& judgement) {
  return *judgement.witness.find("core")->find("minimal") == Value(true);
}

Value::List numbers(int count, int without = -1) {
  Value::List list;
  for (int i = 0; i < count; ++i) {
    if (i != without) list.push_back(integer(i));
  }
  return list;
}

}  // namespace

TEST_CASE("a read of a set that lacks one of 2000 elements added at once is told with its add") {
  History history = wide("add", number_of);
  add(history, "read", numbers(kMany, 777), 20'000, 20'001);
  const Judgement found = judged(history, "set");
  CHECK(found.verdict == Verdict::violated);
  CHECK(core_of(found) == std::vector<std::int64_t>{778, 2001});
  CHECK(minimal(found));
  CHECK(found.method == Method::rules);
  CHECK(found.summary ==
        "Not linearizable: line 2001 found 777 missing, but line 778, which added it, had ended "
        "before, and nothing that removes it can have come between them.");
}

TEST_CASE("a set's element that a remove can have taken is no impossible answer") {
  History history = wide("add", number_of);
  add(history, "remove", integer(777), 5'000, 30'000);
  add(history, "contains", Value::List{integer(777), Value(false)}, 20'000, 20'001);
  CHECK(judged(history, "set").verdict != Verdict::violated);
}

TEST_CASE("an element that nobody added is told by the read alone") {
  History history = wide("add", number_of);
  add(history, "read", numbers(kMany + 1), 20'000, 20'001);
  const Judgement found = judged(history, "set");
  CHECK(found.verdict == Verdict::violated);
  CHECK(core_of(found) == std::vector<std::int64_t>{2001});
}

TEST_CASE("a value dequeued that was not enqueued, or twice, among 2000 enqueues at once") {
  History history = wide("enqueue", number_of);
  add(history, "dequeue", integer(99'999), 20'000, 20'001);
  CHECK(core_of(judged(history, "queue")) == std::vector<std::int64_t>{2001});
  history.pop_back();
  add(history, "dequeue", integer(5), 20'000, 20'001);
  add(history, "dequeue", integer(5), 20'002, 20'003);
  const Judgement twice = judged(history, "queue");
  CHECK(twice.verdict == Verdict::violated);
  CHECK(core_of(twice) == std::vector<std::int64_t>{2001, 2002});
  CHECK(minimal(twice));
}

TEST_CASE("a value that overtakes another, and an empty queue with values in it, among many") {
  History history = wide("enqueue", number_of);
  add(history, "enqueue", integer(8'888), 15'000, 15'001);
  add(history, "dequeue", integer(8'888), 20'000, 20'001);
  const Judgement overtaken = judged(history, "queue");
  CHECK(overtaken.verdict == Verdict::violated);
  CHECK(core_of(overtaken).size() == 2);
  CHECK(core_of(overtaken).back() == 2002);
  history.pop_back();
  add(history, "dequeue", {}, 20'000, 20'001);
  history.back().reply = "nok";
  const Judgement empty = judged(history, "queue");
  CHECK(empty.verdict == Verdict::violated);
  CHECK(core_of(empty).size() == 2);
}

TEST_CASE("a balance above all that was paid in is told alone; one below it with what was") {
  History history = wide("deposit", [](int i) { return Value(Value::List{integer(i % 7 + 1)}); });
  std::int64_t sum = 100;
  for (int i = 0; i < kMany; ++i) sum += i % 7 + 1;
  const Value initial = Value::Object{{"x", integer(100)}};
  add(history, "balance", integer(sum + 1), 20'000, 20'001);
  const Judgement above = judged(history, "bank", initial);
  CHECK(above.verdict == Verdict::violated);
  CHECK(core_of(above) == std::vector<std::int64_t>{2001});
  CHECK(above.summary == "Not linearizable: before line 2001 x has to have been at least " +
                             std::to_string(sum + 1) + ", but it can have been at most " +
                             std::to_string(sum) + ".");
  history.back().value = integer(106);
  const Judgement below = judged(history, "bank", initial);
  CHECK(below.verdict == Verdict::violated);
  CHECK(core_of(below) == std::vector<std::int64_t>{7, 2001});
  history.back().value = integer(sum);
  CHECK(judged(history, "bank", initial).verdict == Verdict::holds);
}

namespace {

/// kMany transfers among ten accounts, each open for `span`, one called every 100; every tenth is
/// followed by a read of all accounts, and the one after the thousandth finds one too much in "d".
History transfers(std::int64_t span, const char* f = "read") {
  History history;
  std::vector<std::string> names;
  std::vector<std::int64_t> balances(10, 1'000);
  Random random(3);
  for (int i = 0; i < 10; ++i) {
    names.emplace_back(1, static_cast<char>('a' + i));
    add(history, "open", Value::List{integer(1'000), Value()}, 2 * i, 2 * i + 1, names[i].c_str());
  }
  const auto during = [&](const char* what, Value value, std::int64_t at, const std::string& key) {
    add(history, what, std::move(value), at - random.below(static_cast<int>(span)),
        at + 1 + random.below(static_cast<int>(span)), key.c_str());
  };
  for (int i = 0; i < kMany; ++i) {
    const std::int64_t at = 10'000 + 100 * i;
    const auto from = static_cast<std::size_t>(random.below(10));
    const std::size_t to = (from + 1 + static_cast<std::size_t>(random.below(9))) % 10;
    const std::int64_t amount = random.below(20);
    balances[from] -= amount;
    balances[to] += amount;
    during("transfer", Value::List{Value(names[to]), integer(amount), Value()}, at, names[from]);
    if (i % 10 != 9) continue;
    const std::int64_t wrong = i == 999 ? 1 : 0;
    Value all;
    for (std::size_t k = 0; k < 10; ++k) all.set(names[k], balances[k] + (k == 3 ? wrong : 0));
    if (std::string_view(f) == "read") {
      during("read", std::move(all), at + 50, "");
    } else {
      during("balance", integer(balances[3] + wrong), at + 50, "d");
    }
  }
  return history;
}

}  // namespace

TEST_CASE("a read of all accounts that finds one too much is told alone, however many transfers") {
  for (const std::int64_t span : {1, 300, 1'500}) {
    CAPTURE(span);
    const History history = transfers(span);
    const Judgement found = judged(history, "bank");
    CHECK(found.verdict == Verdict::violated);
    const std::vector<std::int64_t> core = core_of(found);
    REQUIRE(core.size() == 1);
    CHECK(minimal(found));
    CHECK(found.summary ==
          "Not linearizable: before line " + std::to_string(core[0]) +
              " the total has to have been at least 10001, but it can have been at "
              "most 10000.");
  }
}

TEST_CASE(
    "a balance that is wrong among 2000 transfers is told with one before it, and few others") {
  const History history = transfers(1, "balance");
  const Judgement found = judged(history, "bank");
  CHECK(found.verdict == Verdict::violated);
  const std::vector<std::int64_t> core = core_of(found);
  CHECK(core.size() >= 2);
  CHECK(core.size() <= 12);
  const Operation& last = history[static_cast<std::size_t>(core.back() - 1)];
  CHECK(last.f == "balance");
  CHECK(found.summary.find(" left it at ") != std::string::npos);
  // The core alone, of which the transfers are all that can have been since.
  for (const std::int64_t line : core) {
    CHECK(history[static_cast<std::size_t>(line - 1)].ret <= last.ret);
  }
}

TEST_CASE("what was open when a value overtook another is in the core by its last return") {
  for (const int span : {250, 1'500}) {
    CAPTURE(span);
    History history;
    Random random(5);
    std::vector<int> waiting;
    const auto during = [&](const char* f, int value, std::int64_t at) {
      add(history, f, integer(value), at - random.below(span), at + 1 + random.below(span));
    };
    for (int i = 0; i < 10 * kMany; ++i) {
      during("enqueue", i, 100 * i);
      waiting.push_back(i);
      if (waiting.size() < 100) continue;
      const auto next = waiting.begin() + (i == 5 * kMany ? 70 : 0);
      during("dequeue", *next, 100 * i + 50);
      waiting.erase(next);
    }
    const Judgement found = judged(history, "queue");
    CHECK(found.verdict == Verdict::violated);
    CHECK(core_of(found).size() <= 3);
    CHECK(minimal(found));
  }
}

}  // namespace sibyl::analysis::impossible_test
