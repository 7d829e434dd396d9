// Consistency of histories made by hand: what is found, and in which words.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/operations.hpp"

namespace sibyl::analysis::consistency_test {
namespace {

struct Made {
  History history;
  Operation& add(std::int64_t process, std::int64_t call, std::int64_t ret) {
    Operation op;
    op.process = process;
    op.call = call;
    op.ret = ret;
    op.outcome = OperationOutcome::ok;
    history.push_back(op);
    return history.back();
  }
  void step(std::int64_t process, std::int64_t call, std::int64_t ret, const char* f,
            const char* key, Value value) {
    Operation& op = add(process, call, ret);
    op.f = f;
    op.key = key;
    op.value = std::move(value);
  }
  void command(std::int64_t process, std::int64_t call, std::int64_t ret, Value::List steps) {
    Operation& op = add(process, call, ret);
    op.f = "command";
    op.value = std::move(steps);
  }
  Consistency check(const char* name, const ConsistencyOptions& options = {}) const {
    return find_consistency(name)->check(flat(history), options);
  }
};

Value step(const char* f, const char* key, Value value) {
  return Value::List{Value(f), Value(key), std::move(value)};
}

TEST_CASE("write skew is a cycle of two reads that were overwritten, with the reason of each") {
  Made made;
  made.command(0, 0, 10, {step("read", "x", Value()), step("write", "y", Value(1))});
  made.command(1, 0, 10, {step("read", "y", Value()), step("write", "x", Value(2))});
  const Consistency found = made.check("serializability");
  CHECK(found.verdict == Verdict::violated);
  CHECK(found.anomaly == "G2");
  REQUIRE(found.cycle.size() == 2);
  CHECK(found.cycle[0].sentence == "T1 before T2, because T1 read x unset, which T2 overwrote");
  CHECK(found.cycle[1].sentence == "T2 before T1, because T2 read y unset, which T1 overwrote");
  CHECK(found.words[0] == "T1: line 1, process 0: read x = unset, write y = 1");
}

TEST_CASE("each consistency is undecided when the time allowed is over") {
  Made made;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    made.step(i % 3, 10 * i, 10 * i + 5, i % 2 == 0 ? "write" : "read", "x", Value(i / 2));
  }
  ConsistencyOptions options;
  for (const ConsistencyInfo& each : consistencies()) {
    CAPTURE(each.name);
    CHECK(each.check(flat(made.history)).verdict == Verdict::holds);
    options.stop = [] { return true; };
    const Consistency found = each.check(flat(made.history), options);
    CHECK(found.verdict == Verdict::inconclusive);
    CHECK(found.summary == "Undecided: the time allowed was used up.");
  }
}

TEST_CASE("an operation does not find what it wrote itself after that") {
  const auto all_find = [](const Made& made, const char* sentence) {
    for (const ConsistencyInfo& each : consistencies()) {
      CAPTURE(each.name);
      const Consistency found = made.check(each.name.data());
      CHECK(found.verdict == Verdict::violated);
      CHECK(found.anomaly == "internal");
      CAPTURE(found.summary);
      CHECK(found.summary.find(sentence) != std::string::npos);
    }
  };
  Made swap;
  swap.step(0, 0, 1, "write", "k", 3);
  swap.step(1, 2, 3, "cas", "k", Value::List{2, 2});
  swap.step(0, 6, 7, "write", "k", 4);
  all_find(swap, "T1 found k = 2 before it wrote that itself");
  Made steps;
  steps.command(0, 2, 3, {step("read", "k", 9), step("write", "k", 9)});
  all_find(steps, "T1 found k = 9 before it wrote that itself");
  Made good;  // what was there at first, or another wrote, it may find
  good.command(0, 0, 1, {step("read", "k", Value()), step("write", "k", Value())});
  CHECK(good.check("causal_consistency").verdict == Verdict::holds);
  good.step(0, 2, 3, "write", "k", 1);
  good.step(0, 4, 5, "cas", "k", Value::List{1, 1});
  CHECK(good.check("strict_serializability").verdict == Verdict::holds);
}

TEST_CASE("a store does not tell an absent key from one that an empty text was appended to") {
  Made made;
  made.step(0, 0, 1, "append", "k", "");
  made.step(0, 2, 3, "get", "k", "");
  made.step(0, 4, 5, "append", "k", "a");
  made.step(0, 6, 7, "get", "k", "a");
  CHECK(made.check("strict_serializability").verdict == Verdict::holds);
  made.step(0, 8, 9, "get", "k", "");
  CHECK(made.check("strict_serializability").verdict == Verdict::violated);
}

TEST_CASE("a stale read breaks strict serializability and no weaker consistency") {
  Made made;
  made.step(0, 0, 10, "write", "x", 1);
  made.step(0, 20, 30, "write", "x", 2);
  made.step(1, 40, 50, "read", "x", 1);
  const Consistency found = made.check("strict_serializability");
  CHECK(found.verdict == Verdict::violated);
  CHECK(found.operations.size() <= 3);
  for (const char* weaker : {"serializability", "sequential_consistency", "causal_consistency"}) {
    CHECK(made.check(weaker).verdict == Verdict::holds);
  }
}

TEST_CASE("processes that see concurrent writes in two orders are causal in neither") {
  Made made;  // one order of all writes is asked for (causal convergence)
  made.step(0, 0, 1, "write", "x", 1);
  made.step(1, 0, 1, "write", "x", 2);
  made.step(2, 2, 3, "read", "x", 1);
  made.step(2, 4, 5, "read", "x", 2);
  made.step(3, 2, 3, "read", "x", 2);
  made.step(3, 4, 5, "read", "x", 1);
  CHECK(made.check("sequential_consistency").verdict == Verdict::violated);
  CHECK(made.check("causal_consistency").verdict == Verdict::violated);
  CHECK(made.check("read_your_writes").verdict == Verdict::holds);
  CHECK(made.check("monotonic_reads").verdict == Verdict::violated);
}

TEST_CASE("who has read an answer without its question is told what it should have seen") {
  Made made;
  made.step(0, 0, 1, "write", "question", "why");
  made.step(1, 2, 3, "read", "question", "why");
  made.step(1, 4, 5, "write", "answer", "so");
  made.step(2, 6, 7, "read", "answer", "so");
  made.step(2, 8, 9, "read", "question", Value());
  const Consistency causal = made.check("causal_consistency");
  CHECK(causal.verdict == Verdict::violated);
  const Consistency follow = made.check("writes_follow_reads");
  REQUIRE(follow.verdict == Verdict::violated);
  CAPTURE(follow.summary);
  CHECK(follow.summary.find("T1 found question unset, though it comes after T2") == 0);
  CHECK(follow.summary.find("T3 read question = why, which T2 wrote") != std::string::npos);
  for (const char* weaker : {"monotonic_writes", "monotonic_reads", "read_your_writes"}) {
    CHECK(made.check(weaker).verdict == Verdict::holds);
  }
}

TEST_CASE("a process that does not find what it wrote, and one that sees two writes turned round") {
  Made own;
  own.step(0, 0, 1, "put", "x", "a");
  own.step(0, 2, 3, "get", "x", "");
  CHECK(own.check("read_your_writes").verdict == Verdict::violated);
  CHECK(own.check("monotonic_writes").verdict == Verdict::holds);
  Made turned;
  turned.step(0, 0, 1, "put", "x", "a");
  turned.step(0, 2, 3, "put", "x", "b");
  turned.step(1, 4, 5, "get", "x", "b");
  turned.step(1, 6, 7, "get", "x", "a");
  CHECK(turned.check("monotonic_writes").verdict == Verdict::violated);
  CHECK(turned.check("monotonic_reads").verdict == Verdict::holds);
  CHECK(turned.check("writes_follow_reads").verdict == Verdict::holds);
}

TEST_CASE("reads of what failed, of what was passing, and of nothing at all have their names") {
  Made failed;
  failed.step(0, 0, 1, "write", "x", 1);
  failed.history.back().outcome = OperationOutcome::fail;
  failed.step(1, 2, 3, "read", "x", 1);
  CHECK(failed.check("serializability").anomaly == "G1a");
  Made passing;
  passing.command(0, 0, 1, {step("write", "x", Value(1)), step("write", "x", Value(2))});
  passing.step(1, 0, 1, "read", "x", 1);
  CHECK(passing.check("serializability").anomaly == "G1b");
  Made nobody;
  nobody.step(1, 0, 1, "read", "x", 7);
  CHECK(nobody.check("read_your_writes").anomaly == "garbage read");
}

TEST_CASE("an order of application judges what values leave open, and must be whole") {
  Made made;
  made.step(0, 0, 10, "write", "x", 1);
  made.step(1, 0, 10, "write", "x", 2);
  made.step(2, 20, 30, "read", "x", 1);
  ConsistencyOptions options;
  options.applied = {1, 0, 2};
  CHECK(made.check("strict_serializability", options).verdict == Verdict::holds);
  options.applied = {0, 1, 2};
  CHECK(made.check("strict_serializability", options).verdict == Verdict::violated);
  options.applied = {0, 2};
  const Consistency lacking = made.check("strict_serializability", options);
  CHECK(lacking.verdict == Verdict::inconclusive);
  CHECK(lacking.summary == "The order of application lacks line 2, which is ok.");
}

TEST_CASE("what cannot be judged is said with its line") {
  Made made;
  made.step(0, 0, 1, "enqueue", "x", 1);
  const Consistency found = made.check("serializability");
  CHECK(found.verdict == Verdict::inconclusive);
  CHECK(found.summary.find("line 1: \"enqueue x = 1\" cannot be judged") == 0);
  Made overlapping;
  overlapping.step(0, 0, 10, "write", "x", 1);
  overlapping.step(0, 5, 7, "write", "x", 2);
  CHECK(overlapping.check("sequential_consistency").verdict == Verdict::inconclusive);
  CHECK(overlapping.check("strict_serializability").verdict == Verdict::holds);
}

TEST_CASE("at one instant a process goes on in the order of the input") {
  Made made;
  made.step(0, 4, 4, "write", "y", 12);
  made.history.back().outcome = OperationOutcome::unknown;
  made.history.back().ret.reset();
  made.step(0, 4, 4, "read", "y", 12);
  CHECK(made.check("causal_consistency").verdict == Verdict::holds);
  std::swap(made.history[0], made.history[1]);
  CHECK(made.check("causal_consistency").anomaly == "future read");
}

TEST_CASE("counters are judged by what adding makes of them") {
  Made made;
  const auto add = [](std::int64_t by, std::int64_t result) {
    return step("add", "x", Value::List{Value(by), Value(result)});
  };
  made.command(0, 0, 10, {add(1, 1)});
  made.command(1, 0, 10, {add(2, 3)});
  made.command(2, 20, 30, {add(1, 4)});
  ConsistencyOptions options;
  options.initial.set("x", 0);
  CHECK(made.check("strict_serializability", options).verdict == Verdict::holds);
  made.command(3, 40, 50, {add(5, 8)});  // from 3, as if the third had not been
  const Consistency found = made.check("strict_serializability", options);
  CHECK(found.verdict == Verdict::violated);
  CHECK(found.anomaly == "lost update");
}

}  // namespace
}  // namespace sibyl::analysis::consistency_test
