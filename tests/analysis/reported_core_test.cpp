// The core that a judgement reports, of every model, against trying all orders of all choices of
// the other operations. SIBYL_HISTORIES says how many histories a vocabulary (default 1000).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>
#include <string>

#include "analysis/check/impossible.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/check/plain.hpp"
#include "analysis/check/why.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/vocabularies.hpp"

namespace sibyl::analysis::reported_core_test {

namespace {

using namespace vocabularies;
using Numbers = std::vector<std::size_t>;

/// Whether some choice of the operations has an order, with all of `must` in it.
class Choices {
 public:
  Choices(const History& history, const Numbers& must, const Vocabulary& words)
      : history_(history), words_(words), by_key_(find_model(words.model)->one_key()) {
    for (const std::size_t i : must) must_ |= 1U << i;
    before_.assign(history.size(), 0);
    for (std::size_t i = 0; i < history.size(); ++i) {
      for (std::size_t j = 0; j < history.size(); ++j) {
        if (precedes_by(history, j, i, by_key_)) before_[i] |= 1U << j;
      }
    }
  }
  bool some() { return go(0, start_of(words_)); }

 private:
  bool go(std::uint32_t done, const Objects& state) {
    if ((must_ & ~done) == 0) return true;
    std::string text;
    for (const auto& [key, value] : state) text += key + value.text() + ";";
    if (!seen_.emplace(done, text).second) return false;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((done & 1U << i) != 0 || history_[i].outcome == OperationOutcome::fail) continue;
      bool first = (before_[i] & must_ & ~done) == 0;
      for (std::size_t j = 0; j < history_.size(); ++j) {
        if ((done & 1U << j) != 0 && (before_[j] & 1U << i) != 0) first = false;
      }
      Objects next = state;
      Operation op = history_[i];
      if (first && words_.take(op, next, false) && go(done | 1U << i, next)) return true;
    }
    return false;
  }

  const History& history_;
  const Vocabulary& words_;
  bool by_key_;
  std::uint32_t must_ = 0;
  std::vector<std::uint32_t> before_;
  std::set<std::pair<std::uint32_t, std::string>> seen_;
};

/// Until the last return of a core: whether some choice of the other operations makes it
/// linearizable. What was answered later is open; what failed has not happened, whenever that was
/// known.
bool can_be(const History& history, const Numbers& core, const Vocabulary& words) {
  std::int64_t end = std::numeric_limits<std::int64_t>::min();
  for (const std::size_t i : core) end = std::max(end, *history[i].ret);
  History then = history;
  for (Operation& op : then) {
    if (op.outcome != OperationOutcome::ok || *op.ret <= end) continue;
    op.outcome = OperationOutcome::unknown;
    op.ret.reset();
    op.reply.clear();
  }
  return Choices(then, core, words).some();
}

struct Count {
  int bad = 0;
  int minimal = 0;
  int large = 0;  ///< cores of three and more
  int open = 0;   ///< windows with operations that are open
};

void check_told(const History& history, const std::string& summary, const Value& witness,
                const Vocabulary& words, Count& count) {
  ++count.bad;
  CAPTURE(summary);
  CAPTURE(witness.text());
  const Value::List shown = *witness.find("operations")->as_list();
  const Value witness_core = *witness.find("core");
  Numbers core;
  std::int64_t end = std::numeric_limits<std::int64_t>::min();
  for (const Value& place : *witness_core.find("operations")->as_list()) {
    const Value& each = shown[static_cast<std::size_t>(*place.as_int())];
    REQUIRE(*each.find("role") == Value("core"));
    core.push_back(static_cast<std::size_t>(*each.find("operation")->as_int()));
    REQUIRE(history[core.back()].outcome == OperationOutcome::ok);
    end = std::max(end, *history[core.back()].ret);
  }
  REQUIRE_FALSE(core.empty());
  REQUIRE_FALSE(can_be(history, core, words));
  if (core.size() > 2) ++count.large;
  bool open = false;
  for (const Value& each : shown) {
    if (each.find("open") == nullptr) continue;
    open = true;
    const auto& op = history[static_cast<std::size_t>(*each.find("operation")->as_int())];
    REQUIRE(*op.ret > end);
    REQUIRE(each.find("text")->as_string()->ends_with(", open then, at " + std::to_string(end)));
  }
  if (open) ++count.open;
  if (*witness_core.find("minimal") != Value(true)) return;
  ++count.minimal;
  for (std::size_t i = 0; i < core.size(); ++i) {
    Numbers rest = core;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    REQUIRE(can_be(history, rest, words));
  }
}

void check_core(const History& history, const Vocabulary& words, Count& count) {
  JudgeOptions options;
  options.model = words.model;
  options.initial = words.start;
  const Judgement judged = judge(flat(history), options);
  if (judged.verdict != Verdict::violated) return;
  check_told(history, judged.summary, judged.witness, words, count);
}

/// The same of what rules find, whether a search would have found it or not.
void check_ruled(const History& history, const Vocabulary& words, Count& count) {
  const FlatHistory made = flat(history);
  const Model& model = *find_model(words.model);
  const PlainView view = plain_view(made, words.model, words.start);
  const std::size_t parts = model.one_key() ? made.keys.size() : 1;
  for (std::uint32_t key = 0; key < parts; ++key) {
    std::vector<std::uint32_t> part;
    for (std::uint32_t i = 0; i < made.operations.size(); ++i) {
      const FlatOperation& op = made.operations[i];
      const bool here = !model.one_key() || op.key == key;
      if (here && op.outcome != OperationOutcome::fail) part.push_back(i);
    }
    if (part.empty()) continue;
    const auto found = impossible_answer(made, made.operations, part, model, words.start, {});
    if (!found) continue;
    const WhyQuestion question{made, made.operations, model, words.start, view, part, {}};
    const ViolationWords told = why_impossible(question, *found, {});
    check_told(history, told.summary, told.witness, words, count);
  }
}

void check_all(const Vocabulary& words, bool ruled = false) {
  const char* wanted = std::getenv("SIBYL_HISTORIES");
  const std::uint64_t histories = wanted == nullptr ? 1000 : std::strtoull(wanted, nullptr, 10);
  Count count;
  for (std::uint64_t seed = 0; seed < histories; ++seed) {
    CAPTURE(seed);
    CAPTURE(words.model);
    Random random(seed);
    const bool is_long = random.one_in(2);
    const int n = is_long ? 9 + random.below(6) : 1 + random.below(8);
    const History history = random_history(random, words, n);
    ruled ? check_ruled(history, words, count) : check_core(history, words, count);
  }
  MESSAGE(words.model, ": ", count.bad, " cores, ", count.minimal, " minimal, ", count.large,
          " of three and more, ", count.open, " with open operations");
  CHECK(count.bad > static_cast<int>(histories / 10));
  CHECK(count.minimal > count.bad * (ruled ? 7 : 9) / 10);
}

}  // namespace

TEST_CASE("the core that is reported is one, and minimal: reads, writes and cas") {
  check_all({"register", draw_read_write, take_register, spoil_register, {}});
  check_all(
      {"register", draw_register, take_register, spoil_register, Value::Object{{"x", integer(1)}}});
}

TEST_CASE("the core that is reported is one, and minimal: texts") {
  check_all({"kv", draw_kv, take_kv, spoil_kv, Value::Object{{"x", Value("a")}}});
  check_all({"kv", draw_append, take_kv, spoil_kv, {}});
}

TEST_CASE("the core that is reported is one, and minimal: locks, queues and sets") {
  check_all({"mutex", draw_mutex, take_mutex, spoil_mutex, Value::Object{{"x", Value(true)}}});
  check_all({"queue", draw_queue, take_queue, spoil_queue,
             Value::Object{{"x", Value::List{integer(1)}}}});
  check_all({"set", draw_set, take_set, spoil_set, Value::Object{{"x", Value::List{integer(1)}}}});
}

TEST_CASE("the core that is reported is one, and minimal: banks and commands") {
  check_all({"bank", draw_bank, take_bank, spoil_bank,
             Value::Object{{"a", integer(2)}, {"b", integer(0)}}});
  check_all(
      {"objects", draw_objects, take_objects, spoil_objects, Value::Object{{"x", integer(1)}}});
}

TEST_CASE("the core that is reported is one, and minimal: by rules") {
  check_all({"queue", draw_queue, take_queue, spoil_queue, {}}, true);
  check_all({"set", draw_set, take_set, spoil_set, {}}, true);
  check_all({"bank", draw_bank, take_bank, spoil_bank,
             Value::Object{{"a", integer(2)}, {"b", integer(0)}}},
            true);
}

TEST_CASE("the holder of a lock is in the core, however many held it before") {
  History history;
  for (int i = 0; i < 10; ++i) {
    Operation op = of(i % 2 == 1 && i < 9 ? "release" : "acquire", "x");
    op.process = i;
    op.call = 10 * i;
    op.ret = op.call + 5;
    op.outcome = OperationOutcome::ok;
    history.push_back(op);
  }
  JudgeOptions options;
  options.model = "mutex";
  const Judgement told = judge(flat(history), options);
  REQUIRE(told.window.size() == 2);
  CHECK(told.window[0].name == "line 9");
  CHECK(told.window[1].name == "line 10");
  CHECK(told.initial == Value(Value::Object{}));
}

TEST_CASE("of values in a queue or a set the core names one, however many there are") {
  for (const bool is_queue : {true, false}) {
    CAPTURE(is_queue);
    History history;
    Value::List read;
    const auto add = [&](const char* f, Value value) {
      Operation op = of(f, "x", std::move(value));
      op.process = 0;
      op.call = static_cast<std::int64_t>(10 * history.size());
      op.ret = op.call + 5;
      op.outcome = OperationOutcome::ok;
      history.push_back(op);
    };
    for (int i = 0; i < 300; ++i) {
      add(is_queue ? "enqueue" : "add", integer(i));
      if (i != 277) read.push_back(integer(i));
    }
    if (is_queue) {
      for (int i = 0; i < 300; ++i) {
        if (i != 277) add("dequeue", integer(i));
      }
    } else {
      add("read", read);
    }
    JudgeOptions options;
    options.model = is_queue ? "queue" : "set";
    const Judgement told = judge(flat(history), options);
    const Value core = *told.witness.find("core");
    CHECK(*core.find("minimal") == Value(true));
    const Value::List places = *core.find("operations")->as_list();
    REQUIRE(places.size() == 2);
    const auto name = [&](std::size_t i) {
      return told.window[static_cast<std::size_t>(*places[i].as_int())].name;
    };
    CHECK(name(0) == "line 278");
    CHECK(name(1) == (is_queue ? "line 578" : "line 301"));
  }
}

TEST_CASE("of a stale read among many cas the core is found") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Objects state;
    History history;
    for (int i = 0; i < 1'000; ++i) {  // about ten at once
      const int kind = random.below(3);
      const Value value = integer(random.below(20));
      Operation op = kind == 0   ? of("write", "x", value)
                     : kind == 1 ? of("read", "x")
                                 : of("cas", "x", Value::List{value, integer(random.below(20))});
      op.outcome = OperationOutcome::ok;
      take_register(op, state, true);
      op.process = i;
      op.call = 1000 * i - 10 * random.below(500) - i % 10;
      op.ret = 1000 * i + 10 * random.below(500) + i % 10;
      history.push_back(op);
    }
    const auto stale = std::find_if(history.begin() + 900, history.end(),
                                    [](const Operation& op) { return op.f == "read"; });
    JudgeOptions options;
    options.model = "register";
    options.explains = false;
    for (int value = 0; judge(flat(history), options).verdict == Verdict::holds; ++value) {
      REQUIRE(value < 20);
      stale->value = integer(value);
    }
    options.explains = true;
    const Value core = *judge(flat(history), options).witness.find("core");
    CHECK(*core.find("minimal") == Value(true));
    CHECK(core.find("operations")->as_list()->size() <= 5);
  }
}

TEST_CASE("what a cas made before the core may be needed for it") {
  History history{of("write", "x", integer(1)), of("cas", "x", Value::List{integer(1), integer(2)}),
                  of("read", "x", integer(2)), of("read", "x", integer(1))};
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].process = 0;
    history[i].call = static_cast<std::int64_t>(10 * i);
    history[i].ret = history[i].call + 5;
    history[i].outcome = OperationOutcome::ok;
  }
  const Judgement told = judge(flat(history));
  const Value core = *told.witness.find("core");
  CHECK(*core.find("minimal") == Value(true));
  CHECK(core.find("operations")->as_list()->size() == 2);
}

TEST_CASE("of a window that is too large what fails is shown, and not that it fails by itself") {
  History history;
  for (int i = 0; i < 1'000; ++i) {
    // Of sums that may wrap round rules say nothing.
    const std::int64_t amount = i == 999 ? std::int64_t{1} << 61U : 1;
    Operation op = of(i == 0 ? "open" : "deposit", "a", Value::List{Value(amount), Value()});
    if (i == 600) op = of("balance", "a", integer(0));
    op.process = 0;
    op.call = 10 * i;
    op.ret = op.call + 5;
    op.outcome = OperationOutcome::ok;
    history.push_back(op);
  }
  JudgeOptions options;
  options.model = "bank";
  const Judgement told = judge(flat(history), options);
  const auto fails = [](const WindowOperation& each) { return each.name == "line 601"; };
  CHECK(std::any_of(told.window.begin(), told.window.end(), fails));
  for (const std::string& sentence : told.because) {
    CHECK(sentence.find("by itself") == std::string::npos);
  }
}

TEST_CASE("what was answered after the core is open, also where the answer alone is impossible") {
  History history{of("open", "y", Value::List{integer(3), integer(2)}),
                  of("withdraw", "y", Value::List{integer(1), integer(2)})};
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i].process = static_cast<std::int64_t>(i);
    history[i].call = i == 0 ? 1 : 2;
    history[i].ret = i == 0 ? 4 : 3;
    history[i].outcome = OperationOutcome::ok;
  }
  JudgeOptions options;
  options.model = "bank";
  const Judgement told = judge(flat(history), options);
  REQUIRE(told.window.size() == 1);
  CHECK(told.window[0].name == "line 1");
}

}  // namespace sibyl::analysis::reported_core_test
