// What is said of violations: sentences, sizes, and the data for drawings.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "analysis/check/judge.hpp"
#include "analysis/check/why.hpp"
#include "analysis/check/why_words.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/done_operations.hpp"

namespace sibyl::analysis::why_test {

namespace {

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
  History history{done(0, "write", integer(9), 0, 1)};
  Value now = integer(9);
  for (int i = 1; i < operations; ++i) {
    // It takes effect in the middle, before all that are called later do.
    const std::int64_t at = 100 * i;
    Operation op = done(0, "read", now, at - random.below(99) - 1, at + random.below(99) + 1);
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
  history.push_back(done(0, "write", integer(1), 100 * operations + 400, 100 * operations + 401));
  history.push_back(done(0, "read", integer(9), 100 * operations + 402, 100 * operations + 403));
  return history;
}

std::size_t in_core(const Judgement& judgement) {
  return judgement.witness.find("core")->find("operations")->as_list()->size();
}

/// Appends of different texts, and here and there a get; about `overlap` of them overlap at any
/// time. The last get misses an append that had ended.
History text_history(std::uint64_t seed, int operations, int overlap, std::size_t piece_bytes) {
  Random random(seed);
  History history;
  std::string now;
  std::int64_t at = 0;
  const auto piece = [&](int i) {
    std::string text = "<" + std::to_string(i) + " \"\\";
    while (text.size() < piece_bytes) text += i % 2 == 0 ? "long " : "\xf0\x9f\x93\x9c";
    return text + ">";
  };
  for (int i = 0; i < operations; ++i) {
    at = 1000 + 100 * i;
    Operation op = done(0, "get", Value(now), at - 1 - random.below(50 * overlap),
                        at + 1 + random.below(50 * overlap));
    if (!random.one_in(6)) {
      op.f = "append";
      op.value = Value(piece(i));
      now += piece(i);
    }
    history.push_back(op);
  }
  at += 100 * overlap;
  history.push_back(done(0, "append", Value(piece(operations)), at, at + 1));
  history.push_back(done(0, "get", Value(now), at + 2, at + 3));
  return history;
}

bool says(const Judgement& told, const std::string& sentence) {
  return std::find(told.because.begin(), told.because.end(), sentence) != told.because.end();
}

std::size_t text_bytes(const Judgement& told) {
  std::size_t bytes = told.summary.size();
  for (const WindowOperation& each : told.window) bytes += each.name.size() + each.text.size();
  for (const std::string& sentence : told.because) bytes += sentence.size();
  return bytes;
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
  const Judgement told =
      judged({done(0, "write", integer(3), 1, 2), done(0, "write", integer(3), 3, 4),
              done(0, "write", integer(4), 5, 6), done(0, "read", integer(3), 7, 8)},
             "register");
  CHECK(told.summary ==
        "Not linearizable: the read of x at line 4 returned 3, but the write of 4 at line 3 had "
        "ended before it began, and had begun after the write of 3 at line 2 had ended.");
  REQUIRE(told.window.size() == 3);
  CHECK(told.window[0].name == "line 2");
  CHECK(says(told, "1 other write of 3 had ended before line 3 began, too."));
  CHECK(says(told,
             "After line 2 and line 3, with {x: 4}, nothing can follow: line 4 read 3, but it was "
             "4."));
  const Value::List operations = *told.witness.find("operations")->as_list();
  CHECK(*operations[0].find("role") == Value("source"));
  CHECK(*operations[2].find("role") == Value("core"));
  CHECK(*operations[2].find("line") == integer(4));
}

TEST_CASE("a read of what nobody wrote in time, and two reads without a write between") {
  const Judgement nowhere =
      judged({done(0, "read", integer(3), 1, 2), done(0, "write", integer(3), 3, 4)}, "register");
  CHECK(nowhere.summary ==
        "Not linearizable: the read of x at line 1 returned 3, but no write of it can have "
        "happened before that read ended.");
  CHECK(nowhere.window.size() == 1);
  const Judgement back =
      judged({done(0, "write", integer(1), 1, 20), done(0, "write", integer(2), 2, 3),
              done(0, "read", integer(1), 4, 5), done(0, "read", integer(2), 6, 7)},
             "register");
  CHECK(back.summary ==
        "Not linearizable: the read of x at line 4 returned 2, but the read at line 3, which had "
        "ended before it began, returned 1, and no write of 2 can have come between them.");
}

TEST_CASE("a key-value store is told of in its own words, and long keys leave room for values") {
  const std::string key = "customers/" + std::string(300, '7') + "/quantity/current";
  std::vector<Operation> history{done(0, "put", Value("a"), 1, 2), done(0, "put", Value("b"), 3, 4),
                                 done(0, "get", Value("a"), 5, 6)};
  for (Operation& op : history) op.key = key;
  const std::string shown =
      "customers/" + std::string(20, '7') + "…" + std::string(12, '7') + "/quantity/current";
  const Judgement stale = judged(history, "kv");
  CHECK(stale.summary ==
        "Not linearizable: the get of " + shown +
            " at line 3 returned a, but the put of b at line 2 had ended before it began, and had "
            "begun after the put of a at line 1 had ended.");
  REQUIRE(stale.window.size() == 3);
  CHECK(stale.window[1].text == "put " + shown + " = b");
  CHECK(*stale.witness.find("operations")->as_list()->at(1).find("text") ==
        Value(stale.window[1].text));
  CHECK(says(stale, "After line 1 and line 2, with {\"" + shown +
                        "\": b}, nothing can follow: line 3 got a, but it was b."));
  history.resize(1);
  history.push_back(history.front());
  history.back().f = "get";
  history.back().value = Value("c");
  CHECK(judged(history, "kv").summary ==
        "Not linearizable: the get of " + shown +
            " at line 2 returned c, but no put of it can have happened "
            "before that get ended.");
}

TEST_CASE("of commands over thousands of keys the torn read is told with few of them") {
  constexpr int kKeys = 3'000;
  const auto command = [](const char* f, const auto& value_of) {
    Value::List steps;
    for (int key = 0; key < kKeys; ++key)
      steps.emplace_back(Value::List{f, "k" + std::to_string(key), integer(value_of(key))});
    return Value(std::move(steps));
  };
  std::vector<Operation> history{done(0, "c", command("create", [](int) { return 0; }), 0, 1)};
  for (int i = 1; i <= 5; ++i)
    history.push_back(done(0, "c", command("write", [&](int) { return i; }), 10 * i, 10 * i + 15));
  history.push_back(done(0, "c", command("read", [](int key) { return 5 - key % 2; }), 90, 99));
  for (Operation& op : history) op.key.clear();
  const Judgement torn = judged(history, "objects");
  CHECK(torn.verdict == Verdict::violated);
  CHECK(torn.window.size() <= 4);
  CHECK(text_bytes(torn) < 3'000);
  // It is asked whether to stop.
  Part part;
  for (std::size_t i = 0; i < history.size(); ++i) part.index.push_back(i);
  part.operations = history;
  const Model& model = *find_model("objects");
  CHECK(contradiction(part, model, [] { return false; }).circle.size() == 2);
  CHECK(contradiction(part, model, [] { return true; }).sentence.empty());
}

TEST_CASE("of a lock that two hold the core are the two, and the ends say what each would need") {
  const Judgement told = judged({done(0, "acquire", {}, 1, 2), done(0, "release", {}, 3, 4),
                                 done(0, "acquire", {}, 5, 6), done(0, "acquire", {}, 7, 8)},
                                "mutex");
  CHECK(told.verdict == Verdict::violated);
  CHECK(in_core(told) == 2);
  const Value::List ends = *told.witness.find("configurations")->as_list();
  REQUIRE_FALSE(ends.empty());
  const Value::List left = *ends.front().find("left")->as_list();
  REQUIRE_FALSE(left.empty());
  CHECK(*left.front().find("why") == Value("acquired it, but the lock was held"));
}

TEST_CASE(
    "a get without an append that had ended, gets that do not go together, a text from nowhere") {
  const auto text = [](const char* f, const char* value, std::int64_t call, std::int64_t ret) {
    return done(0, f, Value(value), call, ret);
  };
  const Judgement stale = judged({text("append", "a", 1, 2), text("append", "b", 3, 4),
                                  text("append", "c", 5, 6), text("get", "ab", 7, 8)},
                                 "kv");
  CHECK(stale.summary ==
        "Not linearizable: the get of x at line 4 returned a text without c, whose append at "
        "line 3 had ended before it began.");
  CHECK(stale.window.size() == 4);  // with what the get saw
  const Judgement apart = judged({text("append", "a", 1, 20), text("append", "b", 2, 21),
                                  text("get", "a", 3, 4), text("get", "ba", 5, 6)},
                                 "kv");
  CHECK(apart.summary ==
        "Not linearizable: the get of x at line 4 returned ba, but the get at line 3, which had "
        "ended before it began, returned a, and no puts and appends lead from there.");
  const Judgement nowhere =
      judged({text("append", "a", 1, 2), text("append", "b", 3, 4), text("get", "ba", 5, 6)}, "kv");
  CHECK(nowhere.summary ==
        "Not linearizable: the get of x at line 3 returned ba, which no order of the puts and "
        "appends that can have happened before it ended gives.");
  CHECK(nowhere.window.size() == 1);
  for (const Judgement* told : {&stale, &apart, &nowhere}) {
    CHECK(*told->witness.find("core")->find("minimal") == Value(true));
  }
}

TEST_CASE("of appends that overlap the core tells the texts of the file, however many they are") {
  struct Shape {
    int operations;
    int overlap;
  };
  for (const auto& [operations, overlap] : {Shape{600, 3}, {600, 300}, {6'000, 30}}) {
    CAPTURE(overlap);
    CAPTURE(operations);
    History history = text_history(7, operations, overlap, 8);
    const std::string last = history[history.size() - 2].value.text();
    const Judgement told = judged(std::move(history), "kv");
    CHECK(told.verdict == Verdict::violated);
    CHECK(in_core(told) == 2);
    CHECK(*told.witness.find("core")->find("minimal") == Value(true));
    REQUIRE(told.window.size() == 2);
    CHECK(told.window[0].text == "append x = " + last);
    CHECK(told.window[0].name == "line " + std::to_string(operations + 1));
    CHECK(told.window[1].name == "line " + std::to_string(operations + 2));
  }
}

TEST_CASE("other operations are spoken of where there are some, and states without keys by value") {
  const std::string others = "No choice of the other operations makes this linearizable.";
  const auto queue = [](std::vector<Operation> more) {
    std::vector<Operation> all{done(0, "enqueue", integer(1), 1, 2),
                               done(0, "enqueue", integer(2), 3, 4),
                               done(0, "dequeue", integer(2), 5, 6)};
    all.insert(all.end(), more.begin(), more.end());
    for (Operation& op : all) op.key.clear();
    return judged(all, "queue");
  };
  const Judgement alone = queue({});
  CHECK_FALSE(says(alone, others));
  CHECK(*alone.witness.find("core")->find("others") == Value(""));
  CHECK(alone.summary ==
        "Not linearizable: after line 1 and line 2, with [1, 2], nothing can follow: line 3 "
        "dequeued 2, but 1 was the oldest.");
  CHECK(alone.because.empty());
  CHECK_FALSE(says(queue({done(0, "enqueue", integer(3), 7, 8)}), others));  // it came later
  CHECK(says(queue({done(0, "enqueue", integer(3), 1, 8)}), others));
  CHECK(state_in_words(Value(Value::Object{{"", 2}})) == "the value 2");
  CHECK(state_in_words(Value(Value::Object{{"", true}})) == "the lock held");
  CHECK(state_in_words(Value(Value::Object{{"x", 2}})) == "{x: 2}");
}

TEST_CASE("an explanation of long texts takes 200 kB at most, as text and as JSON") {
  for (const std::size_t bytes : {1'000U, 20'000U}) {
    CAPTURE(bytes);
    const Judgement told = judged(text_history(3, 300, 100, bytes), "kv");
    CHECK(told.verdict == Verdict::violated);
    CHECK(in_core(told) == 2);
    CHECK(told.witness.text().size() <= kMostWhyBytes);
    CHECK(text_bytes(told) <= kMostWhyBytes);
  }
}

TEST_CASE("a core that was not made small is told as such, within 200 kB") {
  // The search for a core may do nothing, so that all operations are in it.
  History history = text_history(5, 300, 300, 2'000);
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].process = static_cast<std::int64_t>(i);
  }
  const FlatHistory made = flat(history);
  const Model& model = *find_model("kv");
  const Value nothing;
  const PlainView view = plain_view(made, model.name(), nothing);
  std::vector<std::uint32_t> part(history.size());
  std::iota(part.begin(), part.end(), 0U);
  const ViolationWords told =
      why({made, made.operations, model, nothing, view, part, WhyHint{301, true}},
          {[] { return true; }, std::uint64_t{1} << 30U});
  CHECK(told.summary.starts_with("Not linearizable: "));
  CHECK(told.window.size() == 100);
  CHECK(told.witness.text().size() <= kMostWhyBytes);
  CHECK(*told.witness.find("operations_left_out") == integer(202));
  CHECK(*told.witness.find("core")->find("minimal") == Value(false));
  const std::vector<std::string>& because = told.because;
  const auto has = [&](const char* sentence) {
    return std::find(because.begin(), because.end(), sentence) != because.end();
  };
  CHECK(has("A smaller core may exist: the search for one was ended by its bounds."));
  CHECK(has("… and 202 operations that are not shown."));
}

TEST_CASE("sentences about a window speak of these where others of the history write the same") {
  const auto told = [](const std::vector<Operation>& operations,
                       const std::vector<std::size_t>& window) {
    const FlatHistory whole = flat(operations);
    Part part;
    part.whole = &whole;
    for (const std::size_t i : window) {
      part.operations.push_back(operations[i]);
      part.operations.back().label = "line " + std::to_string(i + 1);
      part.index.push_back(i);
    }
    const Contradiction found = contradiction(part, *find_model("objects"));
    return found.circle.empty() ? found.sentence : found.reasons.at(0) + "; " + found.reasons.at(1);
  };
  const auto step = [](const char* f, int value) {
    return Value(Value::List{Value(Value::List{Value(f), Value("k98"), integer(value)})});
  };
  const auto history = [&](const char* other, std::int64_t call) {
    return std::vector<Operation>{done(0, "command", step("create", 0), 1, 2, ""),
                                  done(1, "command", step("read", 59), 10, 20, ""),
                                  done(2, "command", step(other, 59), call, call + 1, ""),
                                  done(3, "command", step("read", 59), 40, 50, "")};
  };
  const std::string start = "line 2 read k98 = 59, but k98 was absent at first and ";
  CHECK(told(history("write", 5), {0, 1}) == start + "none of these writes 59");
  CHECK(told(history("write", 20), {0, 1}) == start + "none of these writes 59");
  CHECK(told(history("write", 21), {0, 1}) ==
        start + "line 3, the first to write 59, was called only after it had ended");
  CHECK(told(history("read", 5), {0, 1}) == start + "nothing writes 59");
  // The write of the window is the only one there, but not in the history.
  const std::vector<Operation> twice{done(0, "command", step("create", 1), 1, 2, ""),
                                     done(1, "command", step("write", 2), 3, 4, ""),
                                     done(2, "command", step("read", 1), 5, 6, ""),
                                     done(3, "command", step("write", 1), 3, 4, "")};
  const std::string circle = told(twice, {0, 1, 2});
  CHECK(circle.find("which of these only line 1 writes") != std::string::npos);
  const std::string alone = told({twice.begin(), twice.begin() + 3}, {0, 1, 2});
  CHECK(alone.find("of these") == std::string::npos);
  CHECK(alone.find("line 1") != std::string::npos);
}

}  // namespace sibyl::analysis::why_test
