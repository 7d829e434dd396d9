// Every fast checker against trying all orders, on small random histories of every model: good,
// bad, with operations that never returned, with values that repeat, and with equal stamps.
// SIBYL_HISTORIES says how many a model (default 5000):
//   SIBYL_HISTORIES=100000 sibyl_tests_analysis --test-case='*random histories of model*'
#include <doctest/doctest.h>

#include <cstdlib>
#include <numeric>
#include <string>

#include "analysis/check/impossible.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/shrink.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/online_prefix.hpp"
#include "tests/analysis/vocabularies.hpp"

namespace sibyl::analysis::judge_random_test {

namespace {

using namespace vocabularies;

struct Count {
  int good = 0;
  int bad = 0;
  int methods[5] = {};
  int unwitnessed = 0;     ///< orders that are linearizations of another timeline than is tried
  std::size_t shrunk = 0;  ///< operations left out of windows
  int impossible = 0;      ///< parts with an answer that no order can give
};

/// What was called before the return at which a search ends must itself be a violation.
void check_beginning(const Part& part, const Model& model, const Objects& start,
                     const Vocabulary& words) {
  const PartAnswer answer = judge_part(part, model, {});
  REQUIRE(answer.found == Found::no);
  const FlatHistory made = flat_over(part.operations);
  std::vector<std::uint32_t> all(part.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const FlatOperation& end = made.operations[answer.last];
  History beginning;
  for (const std::uint32_t i : all) {
    if (made.operations[i].call <= end.ret) beginning.push_back(part.operations[i]);
  }
  REQUIRE_FALSE(brute(beginning, start, words.take, model.one_key()));
}

/// Whether some choice of the others, or none, makes a core linearizable.
bool any_choice(const History& part, const std::vector<std::uint32_t>& core, const Objects& start,
                const Vocabulary& words, bool by_key) {
  std::vector<bool> must(part.size(), false);
  for (const std::uint32_t i : core) must[i] = true;
  for (std::uint32_t choice = 0; choice < (1U << part.size()); ++choice) {
    History chosen;
    bool once = true;  // those of the core are no choice
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool taken = (choice >> i & 1U) != 0;
      once = once && !(must[i] && taken);
      if (must[i] || taken) chosen.push_back(part[i]);
    }
    if (once && brute(chosen, start, words.take, by_key)) return true;
  }
  return false;
}

/// An answer that no order can give is one whatever the others did, and its core is as small as it
/// says.
void check_impossible(const Part& part, const Model& model, const Objects& start,
                      const Vocabulary& words, Count& count) {
  if (part.operations.empty()) return;
  const FlatHistory made = flat_over(part.operations);
  std::vector<std::uint32_t> all(part.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto found = impossible_answer(made, made.operations, all, model, part.initial, {});
  if (!found) return;
  ++count.impossible;
  CAPTURE(found->sentence);
  REQUIRE_FALSE(any_choice(part.operations, found->core, start, words, model.one_key()));
  if (!found->minimal) return;
  for (std::size_t i = 0; i < found->core.size(); ++i) {
    std::vector<std::uint32_t> fewer = found->core;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    REQUIRE(any_choice(part.operations, fewer, start, words, model.one_key()));
  }
}

/// Of a key, or of all: what is left when a violation is made small must still be one.
void check_shrinking(const History& history, const Model& model, const std::string& key,
                     const Objects& start, const Vocabulary& words, Count& count) {
  Part part;
  part.initial = words.start;
  for (const Operation& op : without_failed(history)) {
    if (model.one_key() && op.key != key) continue;
    part.index.push_back(part.operations.size());
    part.operations.push_back(op);
  }
  check_impossible(part, model, start, words, count);
  if (brute(part.operations, start, words.take, model.one_key())) return;
  check_beginning(part, model, start, words);
  const Part window = shrink(part, model, {}, 100'000);
  REQUIRE_FALSE(brute(window.operations, start, words.take, model.one_key()));
  count.shrunk += part.operations.size() - window.operations.size();
}

void check_one(std::uint64_t seed, const Vocabulary& words, Count& count) {
  Random random(seed);
  const History history = random_history(random, words, 1 + random.below(7));
  const Objects start = start_of(words);
  const Model& model = *find_model(words.model);
  const bool expected = brute(without_failed(history), start, words.take, model.one_key());
  ++(expected ? count.good : count.bad);
  const FlatHistory made = flat(history);
  CAPTURE(seed);
  CAPTURE(words.model);
  JudgeOptions plainly;
  plainly.model = words.model;
  plainly.initial = words.start;
  REQUIRE((judge_recorded(history, plainly).verdict == Verdict::holds) == expected);
  check_online(history, model, words.start, start, words.take, expected, 1 + seed % 4 / 2 * 2);
  for (const char* key : {"x", "y"}) check_shrinking(history, model, key, start, words, count);
  for (const Method from : {Method::witness, Method::registers, Method::layered}) {
    JudgeOptions options;
    options.model = words.model;
    options.initial = words.start;
    options.from = from;
    options.jobs = 1 + static_cast<int>(seed % 2);
    options.explains = seed % 4 == 0;
    const Judgement judged = judge(made, options);
    CAPTURE(judged.summary);
    CAPTURE(method_name(judged.method));
    REQUIRE((judged.verdict == Verdict::holds) == expected);
    if (from == Method::witness) ++count.methods[static_cast<int>(judged.method)];
    if (judged.verdict == Verdict::violated && options.explains) {
      REQUIRE_FALSE(judged.window.empty());
    }
    if (!expected) continue;
    options.wants_order = true;
    const Judgement ordered = judge(made, options);
    const std::vector<std::size_t> order(ordered.order.begin(), ordered.order.end());
    REQUIRE(is_linearization(history, order, start, words.take, model.one_key()));
    JudgeOptions shown = options;
    shown.witness = &ordered.order;
    shown.from = Method::witness;
    const Judgement by_witness = judge(made, shown);
    REQUIRE(by_witness.verdict == Verdict::holds);
    if (by_witness.method != Method::witness) ++count.unwitnessed;
  }
}

std::uint64_t histories() {
  const char* wanted = std::getenv("SIBYL_HISTORIES");
  return wanted == nullptr ? 5000 : std::strtoull(wanted, nullptr, 10);
}

Count check_all(const Vocabulary& words) {
  Count count;
  const std::uint64_t n = histories();
  for (std::uint64_t seed = 0; seed < n; ++seed) check_one(seed, words, count);
  MESSAGE(words.model, ": linearizable ", count.good, ", not ", count.bad, "; nothing to do ",
          count.methods[0], ", zones ", count.methods[2], ", registers ", count.methods[3],
          ", layered ", count.methods[4], "; of another timeline ", count.unwitnessed,
          "; impossible answers in ", count.impossible, " parts");
  CHECK(count.good > static_cast<int>(n / 10));
  CHECK(count.bad > static_cast<int>(n / 20));
  if (has_impossible_answers(*find_model(words.model))) CHECK(count.impossible > count.bad / 4);
  return count;
}

}  // namespace

TEST_CASE("on random histories of model register, reads and writes, all checkers agree") {
  check_all({"register", draw_read_write, take_register, spoil_register, {}});
}

TEST_CASE("on random histories of model register, with cas, all checkers agree") {
  check_all(
      {"register", draw_register, take_register, spoil_register, Value::Object{{"x", integer(1)}}});
}

TEST_CASE("on random histories of model kv all checkers agree") {
  check_all({"kv", draw_kv, take_kv, spoil_kv, Value::Object{{"x", Value("a")}}});
}

TEST_CASE("on random histories of model kv, gets and appends, all checkers agree") {
  check_all({"kv", draw_append, take_kv, spoil_kv, {}});
}

TEST_CASE("on random histories of model kv, texts that differ, all checkers agree") {
  const Count count = check_all({"kv", draw_letters, take_kv, spoil_letters, {}});
  CHECK(count.methods[static_cast<int>(Method::zones)] > 8 * (count.good + count.bad) / 10);
}

TEST_CASE("on random histories of model mutex all checkers agree") {
  check_all({"mutex", draw_mutex, take_mutex, spoil_mutex, Value::Object{{"x", Value(true)}}});
}

TEST_CASE("on random histories of model queue all checkers agree") {
  check_all({"queue", draw_queue, take_queue, spoil_queue,
             Value::Object{{"x", Value::List{integer(1)}}}});
}

TEST_CASE("on random histories of model set all checkers agree") {
  check_all({"set", draw_set, take_set, spoil_set, Value::Object{{"x", Value::List{integer(1)}}}});
}

TEST_CASE("on random histories of model bank all checkers agree") {
  check_all({"bank", draw_bank, take_bank, spoil_bank,
             Value::Object{{"a", integer(2)}, {"b", integer(0)}}});
}

TEST_CASE("on random histories of model objects all checkers agree") {
  check_all(
      {"objects", draw_objects, take_objects, spoil_objects, Value::Object{{"x", integer(1)}}});
}

}  // namespace sibyl::analysis::judge_random_test
