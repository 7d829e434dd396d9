// Every fast checker against trying all orders, on small random histories of every model: good,
// bad, with operations that never returned, with values that repeat, and with equal stamps.
// SIBYL_HISTORIES says how many a model (default 5000):
//   SIBYL_HISTORIES=100000 sibyl_tests_analysis --test-case='*random histories of model*'
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>

#include "analysis/check/impossible.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/shrink.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"
#include "tests/analysis/online_prefix.hpp"

namespace sibyl::analysis::judge_random_test {

namespace {

/// What objects hold, by key.
using Objects = std::map<std::string, Value>;
using Take = bool (*)(Operation& op, Objects& state, bool fill);

/// A vocabulary: how operations are drawn, and a second reading of the model, written apart from
/// it. Taking an operation says whether it can have reported what it reports; with `fill`, writes
/// what it should report into it.
struct Vocabulary {
  const char* model;
  Operation (*draw)(Random& random);
  Take take;
  void (*spoil)(Operation& op, Random& random);  ///< makes it report something else, perhaps
  Value start;                                   ///< an object, or null
};

bool known(const Operation& op) { return op.outcome == OperationOutcome::ok; }
Value integer(int n) { return Value(std::int64_t{n}); }

Operation of(const char* f, const char* key, Value value = {}) {
  Operation op;
  op.f = f;
  op.key = key;
  op.value = std::move(value);
  return op;
}

const char* some_key(Random& random) { return random.one_in(4) ? "y" : "x"; }

// register ---------------------------------------------------------------------------------------

Operation draw_read_write(Random& random) {
  return random.one_in(2) ? of("read", some_key(random))
                          : of("write", some_key(random), integer(random.below(3)));
}

Operation draw_register(Random& random) {
  if (!random.one_in(3)) return draw_read_write(random);
  return of("cas", some_key(random),
            Value::List{integer(random.below(3)), integer(random.below(3))});
}

bool take_register(Operation& op, Objects& state, bool fill) {
  Value& cell = state[op.key];
  if (op.f == "write") {
    cell = op.value;
    return true;
  }
  if (op.f == "read") {
    if (fill) op.value = cell;
    return !known(op) || op.value == cell;
  }
  const Value::List pair = *op.value.as_list();
  const bool match = pair[0] == cell;
  if (fill) op.reply = match ? "ok" : "nok";
  if (known(op) && match != (op.reply == "ok")) return false;
  if (match) cell = pair[1];
  return true;
}

void spoil_register(Operation& op, Random& random) {
  if (op.f == "read") op.value = random.one_in(4) ? Value() : integer(random.below(3));
  if (op.f == "cas") op.reply = op.reply == "ok" ? "nok" : "ok";
}

// kv ---------------------------------------------------------------------------------------------

const char* some_text(Random& random) {
  static const char* const kTexts[] = {"a", "b", "ab", ""};
  return kTexts[random.below(4)];
}

Operation draw_kv(Random& random) {
  const int kind = random.below(4);
  if (kind < 2) return of("get", some_key(random));
  return of(kind == 2 ? "put" : "append", some_key(random), Value(some_text(random)));
}

Operation draw_append(Random& random) {
  return random.one_in(2) ? of("get", some_key(random))
                          : of("append", some_key(random), Value(some_text(random)));
}

bool take_kv(Operation& op, Objects& state, bool fill) {
  Value& cell = state[op.key];
  const std::string now = cell.is_null() ? "" : *cell.as_string();
  if (op.f == "put") cell = op.value;
  if (op.f == "append") cell = Value(now + *op.value.as_string());
  if (op.f != "get") return true;
  if (fill) op.value = Value(now);
  return !known(op) || (op.value.is_null() ? now.empty() : *op.value.as_string() == now);
}

void spoil_kv(Operation& op, Random& random) {
  if (op.f != "get") return;
  op.value = Value(std::string(some_text(random)) + some_text(random));
  if (op.value == Value("") && random.one_in(2)) op.value = Value();
}

// mutex ------------------------------------------------------------------------------------------

Operation draw_mutex(Random& random) {
  return of(random.one_in(2) ? "acquire" : "release", some_key(random));
}

bool take_mutex(Operation& op, Objects& state, bool fill) {
  Value& held = state[op.key];
  const bool is_held = held == Value(true);
  const bool can = is_held == (op.f == "release");
  if (fill) op.reply = can ? "ok" : "nok";
  if (known(op) && op.reply == "nok") return op.f == "release" || is_held;
  if (can) held = Value(!is_held);
  return can;
}

void spoil_mutex(Operation& op, Random& random) {
  if (random.one_in(2)) op.reply = op.reply == "ok" ? "nok" : "ok";
}

// queue ------------------------------------------------------------------------------------------

Operation draw_queue(Random& random) {
  return random.one_in(2) ? of("enqueue", some_key(random), integer(random.below(3)))
                          : of("dequeue", some_key(random));
}

bool take_queue(Operation& op, Objects& state, bool fill) {
  Value::List list;
  if (state[op.key].as_list() != nullptr) list = *state[op.key].as_list();
  if (op.f == "enqueue") {
    if (known(op) && op.reply == "nok") return true;
    list.push_back(op.value);
  } else {
    if (fill) op.reply = list.empty() ? "nok" : "ok";
    if (fill && !list.empty()) op.value = list.front();
    if (known(op) && op.reply == "nok") return list.empty();
    if (list.empty()) return !known(op);
    if (known(op) && op.value != list.front()) return false;
    list.erase(list.begin());
  }
  state[op.key] = list;
  return true;
}

void spoil_queue(Operation& op, Random& random) {
  if (op.f == "dequeue" && op.reply == "ok") op.value = integer(random.below(3));
  if (op.f == "dequeue" && random.one_in(4)) op.reply = op.reply == "ok" ? "nok" : "ok";
}

// set --------------------------------------------------------------------------------------------

Operation draw_set(Random& random) {
  const int kind = random.below(5);
  if (kind < 2) return of("add", some_key(random), integer(random.below(3)));
  if (kind == 2) return of("remove", some_key(random), integer(random.below(3)));
  if (kind == 3) return of("read", some_key(random));
  return of("contains", some_key(random), Value::List{integer(random.below(3)), Value()});
}

bool take_set(Operation& op, Objects& state, bool fill) {
  Value::List list;
  if (state[op.key].as_list() != nullptr) list = *state[op.key].as_list();
  const auto place = [&](const Value& value) { return std::find(list.begin(), list.end(), value); };
  if (op.f == "add") {
    if (place(op.value) == list.end()) list.push_back(op.value);
    std::sort(list.begin(), list.end(),
              [](const Value& a, const Value& b) { return *a.as_int() < *b.as_int(); });
  } else if (op.f == "remove") {
    if (place(op.value) != list.end()) list.erase(place(op.value));
  } else if (op.f == "contains") {
    const bool there = place((*op.value.as_list())[0]) != list.end();
    if (fill) (*op.value.as_list())[1] = there;
    return !known(op) || (*op.value.as_list())[1] == Value(there);
  } else {
    if (fill) op.value = list;
    return !known(op) || op.value == Value(list);
  }
  state[op.key] = list;
  return true;
}

void spoil_set(Operation& op, Random& random) {
  if (op.f == "contains") (*op.value.as_list())[1] = random.one_in(2);
  if (op.f != "read" || op.value.as_list() == nullptr) return;
  if (random.one_in(2) && !op.value.as_list()->empty()) op.value.as_list()->pop_back();
}

// bank -------------------------------------------------------------------------------------------

Operation draw_bank(Random& random) {
  const char* const account = random.one_in(3) ? "b" : random.one_in(8) ? "c" : "a";
  switch (random.below(8)) {
    case 0:
      return of("open", account, Value::List{integer(random.below(3)), Value()});
    case 1:
      return of("deposit", account, Value::List{integer(random.below(3))});
    case 2:
      return of("withdraw", account, Value::List{integer(random.below(3)), Value()});
    case 3:
      return of("total", "");
    case 4:
      return of("read", "");
    case 5:
      return of("balance", account);
    default:
      return of(
          "transfer", account,
          Value::List{Value(random.one_in(2) ? "b" : "a"), integer(random.below(3)), Value()});
  }
}

bool take_bank(Operation& op, Objects& state, bool fill) {
  if (op.f == "total" || op.f == "read") {
    std::int64_t total = 0;
    Value::Object all;
    for (const auto& [key, balance] : state) {
      total += *balance.as_int();
      all.emplace_back(key, balance);
    }
    const Value answer = op.f == "total" ? Value(total) : Value(all);
    if (fill) op.value = answer;
    return !known(op) || op.reply == "nok" || op.value == answer;
  }
  const auto account = state.find(op.key);
  const bool opens = op.f == "open";
  bool refuses = (account == state.end()) != opens;
  const Value::List* list = op.value.as_list();
  const bool moves = op.f == "transfer";
  const std::int64_t amount = op.f == "balance" ? 0 : *(*list)[moves ? 1 : 0].as_int();
  if (moves && state.count(*(*list)[0].as_string()) == 0) refuses = true;
  const std::int64_t before = account == state.end() ? 0 : *account->second.as_int();
  if ((moves || op.f == "withdraw") && before < amount) refuses = true;
  if (fill) op.reply = refuses ? "nok" : "ok";
  if (known(op) && op.reply == "nok") return refuses;
  if (refuses) return !known(op);
  const std::int64_t after = moves || op.f == "withdraw" ? before - amount : before + amount;
  if (op.f == "balance") {
    if (fill) op.value = Value(before);
    return !known(op) || op.value == Value(before);
  }
  const std::size_t place = moves ? 2 : 1;
  if (fill && list->size() > place) (*op.value.as_list())[place] = Value(after);
  list = op.value.as_list();
  const bool says = known(op) && list->size() > place && !(*list)[place].is_null();
  if (says && (*list)[place] != Value(after)) return false;
  state[op.key] = Value(after);
  if (moves) {
    Value& target = state[*(*list)[0].as_string()];
    target = Value(*target.as_int() + amount);
  }
  return true;
}

void spoil_bank(Operation& op, Random& random) {
  if (op.f == "balance" || op.f == "total") op.value = integer(random.below(6));
  if (random.one_in(4) && op.f != "total" && op.f != "read") {
    op.reply = op.reply == "ok" ? "nok" : "ok";
    if (op.f == "balance") op.value = integer(random.below(3));
  }
}

// objects ----------------------------------------------------------------------------------------

Operation draw_objects(Random& random) {
  Value::List steps;
  const int n = 1 + random.below(2);
  const char* created = "";
  for (int i = 0; i < n; ++i) {
    const char* key = random.one_in(2) ? "x" : "y";
    switch (random.below(6)) {
      case 0:
        if (created != std::string(key)) {
          created = key;
          steps.push_back(Value::List{Value("create"), Value(key), integer(random.below(3))});
        }
        break;
      case 1:
        steps.push_back(Value::List{Value("delete"), Value(key), Value()});
        break;
      case 2:
      case 3:
        steps.push_back(Value::List{Value("write"), Value(key), integer(random.below(3))});
        break;
      default:
        steps.push_back(Value::List{Value("read"), Value(key), Value()});
        break;
    }
  }
  if (steps.empty()) steps.push_back(Value::List{Value("read"), Value("x"), Value()});
  return of("command", "", std::move(steps));
}

bool take_objects(Operation& op, Objects& state, bool fill) {
  Value::List& list = *op.value.as_list();
  Objects now = state;
  bool refuse = false;
  bool missing = false;
  bool wrong = false;
  bool read_missing_only = true;
  for (Value& each : list) {
    const Value::List& s = *each.as_list();
    if (*s[0].as_string() == "create" && state.count(*s[1].as_string()) > 0) refuse = true;
  }
  for (Value& each : list) {
    Value::List& s = *each.as_list();
    const std::string f = *s[0].as_string();
    const std::string key = *s[1].as_string();
    const bool there = now.count(key) > 0;
    if (f == "create") now[key] = s[2];
    if (f == "delete") now.erase(key);
    if (f == "read") {
      const Value seen = there ? now[key] : Value();
      missing = missing || !there;
      if (fill) s[2] = seen;
      if (known(op) && s[2] != seen) wrong = true;
    }
    if (f == "write") {
      if (!there) {
        missing = true;
        read_missing_only = false;
      }
      now[key] = s[2];
    }
  }
  if (fill) op.reply = refuse || missing ? "nok" : "ok";
  if (known(op) && op.reply == "nok") return refuse || missing;
  if (refuse || wrong || (missing && !read_missing_only)) return false;
  state = now;
  return true;
}

void spoil_objects(Operation& op, Random& random) {
  if (random.one_in(3)) op.reply = op.reply == "ok" ? "nok" : "ok";
  Value::List& last = *op.value.as_list()->back().as_list();
  if (*last[0].as_string() == "read")
    last[2] = random.one_in(3) ? Value() : integer(random.below(3));
}

// ------------------------------------------------------------------------------------------------

/// Gives the history results: those of some order (which need not respect real time), here and
/// there another one.
void fill_results(History& history, Objects state, const Vocabulary& words, Random& random) {
  const std::vector<std::size_t> order = draw_order(history, random, 1);
  const bool spoils = !random.one_in(3);
  for (const std::size_t i : order) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    const Objects before = state;
    Operation done = history[i];
    done.outcome = OperationOutcome::ok;
    words.take(done, state, true);
    if (history[i].outcome != OperationOutcome::ok) {
      if (random.one_in(2)) state = before;
      continue;
    }
    history[i] = done;
    if (spoils && random.one_in(3)) words.spoil(history[i], random);
  }
}

History random_history(Random& random, const Vocabulary& words) {
  History history;
  const int n = 1 + random.below(7);
  const bool in_sequence = random.one_in(2);  // three processes, each one operation after another
  const bool overlap = random.one_in(3);      // or two that call several at a time
  const bool tight = random.one_in(2);        // many equal stamps
  const int pause = random.one_in(2) ? 1 : 2;
  std::int64_t next_call[3] = {0, 0, 0};
  for (int i = 0; i < n; ++i) {
    Operation op = words.draw(random);
    op.process = in_sequence ? random.below(3) : overlap ? random.below(2) : i;
    op.call = in_sequence ? next_call[op.process] + random.below(tight ? pause : 10)
                          : random.below(tight ? 7 : 60);
    op.ret = op.call + random.below(tight ? 4 : 25);
    if (in_sequence) next_call[op.process] = *op.ret;
    draw_outcome(op, random, 7, 20);
    history.push_back(std::move(op));
  }
  Objects start;
  if (words.start.as_object() != nullptr) {
    for (const auto& [key, value] : *words.start.as_object()) start[key] = value;
  }
  fill_results(history, start, words, random);
  return history;
}

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
  std::vector<std::uint32_t> first = beginning_of(made.operations, all, answer.last);
  std::sort(first.begin(), first.end());  // places tell what comes first at one instant
  History beginning;
  for (const std::uint32_t i : first) beginning.push_back(part.operations[i]);
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
  const History history = random_history(random, words);
  Objects start;
  if (words.start.as_object() != nullptr) {
    for (const auto& [key, value] : *words.start.as_object()) start[key] = value;
  }
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

void check_all(const Vocabulary& words) {
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
