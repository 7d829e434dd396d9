// Histories as flat arrays.
#include "analysis/check/operations.hpp"

#include <doctest/doctest.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"

namespace sibyl::analysis::operations_test {
namespace {

TEST_CASE("values keep what they are through their codes, and equal ones share one") {
  ValueCodes codes;
  const std::vector<Value> values{Value(),
                                  Value(0),
                                  Value(7),
                                  Value(-1),
                                  Value(std::int64_t{1} << 31),
                                  Value((std::int64_t{1} << 31) - 1),
                                  Value(std::numeric_limits<std::int64_t>::min()),
                                  Value(""),
                                  Value("7"),
                                  Value("null"),
                                  Value(Value::List{Value(1), Value("a")})};
  std::vector<ValueCode> seen;
  for (const Value& value : values) {
    const ValueCode code = codes.code(value);
    CHECK(codes.value(code) == value);
    CHECK(codes.code(value) == code);
    for (const ValueCode other : seen) CHECK(other != code);
    seen.push_back(code);
  }
  CHECK(codes.code(Value()) == kNullCode);
  CHECK(codes.code(std::int64_t{7}) == codes.code(Value(7)));
}

TEST_CASE("an operation that was made flat and back is the same") {
  Operation read{3, "", "read", "x", Value(5), "ok", 10, 20, OperationOutcome::ok, 0, 0};
  Operation cas = read;
  cas.f = "cas";
  cas.value = Value::List{Value(1), Value("two")};
  Operation open = read;
  open.ret.reset();
  open.outcome = OperationOutcome::unknown;
  Operation command = read;
  command.f = "command";
  command.key.clear();
  command.value = Value::List{Value(Value::List{Value("read"), Value("x"), Value(1)}),
                              Value(Value::List{Value("write"), Value("y"), Value(2)})};
  Operation odd = command;  // values that are not what their functions have
  odd.value = Value::List{Value("read"), Value("x")};
  Operation text = command;
  text.value = "read x";
  Operation triple = cas;
  triple.value = Value::List{Value(1), Value(2), Value(3)};
  Operation bare = cas;
  bare.value = 2;
  Operation large = cas;
  large.value = Value::List{Value(1), Value((std::int64_t{1} << 31) - 1)};
  const History history{read, cas, open, command, odd, text, triple, bare, large};
  const FlatHistory made = flat(history);
  REQUIRE(made.operations.size() == history.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation back = unflat(made, made.operations[i]);
    CHECK(back.process == history[i].process);
    CHECK(back.f == history[i].f);
    CHECK(back.key == history[i].key);
    CHECK(back.value == history[i].value);
    CHECK(back.call == history[i].call);
    CHECK(back.ret == history[i].ret);
    CHECK(back.outcome == history[i].outcome);
    CHECK(made.operations[i].line == i + 1);
  }
}

TEST_CASE("what is no command is not judged as an empty one") {
  Operation odd{3,
                "",
                "command",
                "",
                Value::List{Value(Value::List{Value(1), Value("x"), Value(1)})},
                "ok",
                10,
                20,
                OperationOutcome::ok,
                0,
                0};
  JudgeOptions options;
  options.model = "objects";
  const Judgement judged = judge(flat({odd}), options);
  CHECK(judged.verdict == Verdict::inconclusive);
  CHECK(judged.summary ==
        "line 1 cannot be judged: a step should be [f, key, value], not [1, x, 1].");
  options.model = "register";
  odd.f = "cas";
  odd.value = 3;
  CHECK(judge(flat({odd}), options).summary ==
        "line 1 cannot be judged: the value of a cas should be [old, new], not 3.");
  const Consistency strict = find_consistency("strict_serializability")->check(flat({odd}), {});
  CHECK(strict.verdict == Verdict::inconclusive);
  CHECK(strict.summary == "line 1: the value of a cas is 3.");
}

TEST_CASE("a step of a command without a value has null") {
  Operation command{3,
                    "",
                    "command",
                    "",
                    Value::List{Value(Value::List{Value("read"), Value("x")})},
                    "ok",
                    10,
                    20,
                    OperationOutcome::ok,
                    0,
                    0};
  const FlatHistory made = flat({command});
  REQUIRE(made.steps.size() == 1);
  CHECK(unflat(made, made.operations[0]).value ==
        Value(Value::List{Value(Value::List{Value("read"), Value("x"), Value()})}));
}

TEST_CASE("a refusal stays what it is, and a failure says nothing") {
  Operation nok{
      3, "", "cas", "x", Value::List{Value(1), Value(2)}, "nok", 10, 20, OperationOutcome::ok,
      0, 0};
  Operation failed = nok;
  failed.reply = "fail";
  failed.outcome = OperationOutcome::fail;
  const FlatHistory made = flat({nok, failed});
  CHECK(made.operations[0].refused);
  CHECK(made.operations[0].outcome == OperationOutcome::ok);
  CHECK_FALSE(made.operations[1].refused);
  CHECK(unflat(made, made.operations[0]).reply == "nok");
  CHECK(unflat(made, made.operations[0]).outcome == OperationOutcome::ok);
  CHECK(unflat(made, made.operations[1]).outcome == OperationOutcome::fail);
}

TEST_CASE("a hundred thousand words and values have numbers of their own") {
  WordNumbers words;
  ValueCodes codes;
  std::vector<ValueCode> seen;
  constexpr std::uint32_t kMany = 100'000;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    const std::string word = "a word of some length " + std::to_string(i);
    REQUIRE(words.number(word) == i);
    seen.push_back(codes.code(i % 3 == 0   ? Value(word)
                              : i % 3 == 1 ? Value(-1 - std::int64_t{i})
                                           : Value(Value::List{Value(int(i))})));
  }
  CHECK(words.size() == kMany);
  CHECK(codes.size() == kMany + 1);
  for (std::uint32_t i = 0; i < kMany; i += 7) {
    const std::string word = "a word of some length " + std::to_string(i);
    REQUIRE(words.number(word) == i);
    REQUIRE(words.word(i) == word);
    if (i % 3 == 0) REQUIRE(codes.text(seen[i]) == word);
    if (i % 3 == 1) REQUIRE(codes.value(seen[i]) == Value(-1 - std::int64_t{i}));
    REQUIRE(codes.code(codes.value(seen[i])) == seen[i]);
  }
}

}  // namespace
}  // namespace sibyl::analysis::operations_test
