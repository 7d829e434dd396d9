// The state machines: the counter's exact numbers, and each machine against an oracle that is too
// simple to be wrong, over random commands. The mutex has a file of its own.
#include "protocols/state_machines/state_machine.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocols/state_machines/rational.hpp"
#include "sim/decode.hpp"
#include "sim/random.hpp"
#include "tests/protocols/state_machine_tools.hpp"

namespace sibyl::state_machines_test {

using namespace sibyl::state_machines;
using test::command;
using test::Subject;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string text(const std::optional<Rational>& r) { return r ? r->text() : "none"; }

std::string parsed(const Value& value) {
  std::string reason;
  const auto result = parse_rational(value, reason);
  CHECK(result.has_value() == reason.empty());
  return result ? result->text() : reason;
}

// ---- Rational numbers ----

TEST_CASE("rational numbers are in lowest terms with a positive denominator") {
  CHECK(text(rational(6, 4)) == "3/2");
  CHECK(text(rational(6, -4)) == "-3/2");
  CHECK(text(rational(-6, -3)) == "2");
  CHECK(rational(0, -7) == Rational{0, 1});
  CHECK(text(rational(kLeast, 2)) == "-4611686018427387904");
  CHECK(text(rational(kLeast, kLeast)) == "1");
  CHECK(text(rational(2, kLeast)) == "-1/4611686018427387904");
}

TEST_CASE("a rational number that does not fit in 64 bits, or has no denominator, is none") {
  CHECK(text(rational(kLeast, -1)) == "none");
  CHECK(text(rational(1, kLeast)) == "none");
  CHECK(text(rational(1, 0)) == "none");
  CHECK(text(rational(0, 0)) == "none");
  CHECK(text(add({kMost, 1}, {1, 1})) == "none");
  CHECK(text(add({kLeast, 1}, {-1, 1})) == "none");
  CHECK(text(add({kLeast, kMost}, {kLeast, kMost})) == "none");
  CHECK(text(add({1, kMost}, {1, kMost - 1})) == "none");
  CHECK(text(divide({kLeast, 1}, {-1, 1})) == "none");
  CHECK(text(divide({1, kMost}, {2, 1})) == "none");
  CHECK(text(divide({1, 1}, {kLeast, 1})) == "none");
  CHECK(text(divide({1, 1}, {0, 1})) == "none");
}

TEST_CASE("what is too long before it is reduced, and fits after, is computed") {
  CHECK(text(add({kMost, 2}, {kMost, 2})) == std::to_string(kMost));
  CHECK(text(add({kMost, 1}, {kLeast, 1})) == "-1");
  CHECK(text(add({1, kMost}, {-1, kMost})) == "0");
  CHECK(text(divide({kLeast, kMost}, {kLeast, kMost})) == "1");
  CHECK(text(divide({kLeast, 1}, {kLeast, 3})) == "3");
  CHECK(text(divide({kLeast, 1}, {-2, 1})) == "4611686018427387904");
}

TEST_CASE("numbers are read from integers and from text, and mistakes are told") {
  CHECK(parsed(7) == "7");
  CHECK(parsed(Value(kLeast)) == "-9223372036854775808");
  CHECK(parsed("3/2") == "3/2");
  CHECK(parsed("-6/4") == "-3/2");
  CHECK(parsed("1/-2") == "-1/2");
  CHECK(parsed("-1/-2") == "1/2");
  CHECK(parsed("007") == "7");
  CHECK(parsed("0/5") == "0");
  CHECK(parsed("9223372036854775808/2") == "4611686018427387904");
  CHECK(parsed("-9223372036854775808") == "-9223372036854775808");
  CHECK(parsed("9223372036854775808") == "\"9223372036854775808\" does not fit in 64 bits");
  CHECK(parsed("1/99999999999999999999999999999999999999999").find("does not fit") !=
        std::string::npos);
  CHECK(parsed("340282366920938463463374607431768211457").find("does not fit") !=
        std::string::npos);  // 2^128 + 1
  CHECK(parsed("1/0") == "division by zero");
  for (const char* wrong :
       {"", "-", "/", "1/", "/2", "1/2/3", " 1", "1 ", "+1", "1.5", "x", "--1"}) {
    CHECK_MESSAGE(parsed(wrong).find("is no number") != std::string::npos, wrong);
  }
  CHECK(parsed(Value(1.5)) == "found a number, expected a number: 3 or \"3/2\"");
  CHECK(parsed(Value()) == "found null, expected a number: 3 or \"3/2\"");
}

TEST_CASE("sums and quotients undo each other") {
  Stream random(1, 0, 0);
  const auto draw = [&] {
    const auto n = static_cast<std::int64_t>(random.below(2001)) - 1000;
    return *rational(n, static_cast<std::int64_t>(random.below(1000)) + 1);
  };
  for (int i = 0; i < 2000; ++i) {
    const Rational a = draw();
    const Rational b = draw();
    const auto minus_b = rational(-b.numerator, b.denominator);
    REQUIRE(add(*add(a, b), *minus_b) == a);
    REQUIRE(add(a, b) == add(b, a));
    if (b.is_zero()) continue;
    const auto quotient = divide(a, b);
    const auto inverse = divide({1, 1}, b);
    REQUIRE(divide(*quotient, *inverse) == a);
  }
}

// ---- Counter ----

TEST_CASE("the six orders of set 1, divide 2 and add 1 give 3/2, 1, 2, 1/2, 1 and 1") {
  const std::map<char, Command> ops = {{'S', command(1, "a", "set", 1)},
                                       {'/', command(2, "b", "divide", 2)},
                                       {'+', command(3, "c", "add", 1)}};
  // From State0 = 0; with S first, whatever the state was. /,S,+ and +,S,/ forget it as well.
  const std::map<std::string, std::vector<std::string>> expected = {
      {"S/+", {"1", "1/2", "3/2"}}, {"S+/", {"1", "2", "1"}}, {"/S+", {"0", "1", "2"}},
      {"+S/", {"1", "1", "1/2"}},   {"/+S", {"0", "1", "1"}}, {"+/S", {"1", "1/2", "1"}}};
  std::set<std::string> last;
  for (const auto& [order, answers] : expected) {
    StateMachinePtr machine = make_state_machine("counter");
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<Output> y = machine.apply(ops.at(order[i]));
      REQUIRE(y.size() == 1);
      CHECK(y[0].reply == "ok");
      std::string reason;
      CHECK(parse_rational(y[0].value, reason)->text() == answers[i]);
    }
    last.insert(machine.state().text());
    // The last state does not depend on the first.
    StateMachinePtr other = make_state_machine("counter");
    other.apply(command(9, "a", "set", "-22/7"));
    for (const char op : order) other.apply(ops.at(op));
    CHECK(other.state() == machine.state());
    CHECK(other.hash() == machine.hash());
  }
  CHECK(last.size() == 4);
}

TEST_CASE("division by zero and overflow are refused and leave the counter as it was") {
  Subject c("counter");
  CHECK(c.one("set", Value(kMost)).value == Value(kMost));
  const Value before = c.machine.state();
  const std::uint64_t hash = c.machine.hash();
  CHECK(c.one("divide", 0).reason == "division by zero");
  CHECK(c.one("divide", "0/3").reason == "division by zero");
  CHECK(c.one("divide", "1/0").reason == "division by zero");
  CHECK(c.one("add", 1).reason == "the result does not fit in 64 bits");
  CHECK(c.one("divide", "1/2").reply == "nok");
  CHECK(c.one("set", "1/0").reply == "nok");
  CHECK(c.one("set", Value(0.5)).reply == "nok");
  CHECK(c.one("multiply", 2).reason ==
        "\"multiply\" is no command of the counter (set, add, divide, read)");
  CHECK(c.machine.state() == before);
  CHECK(c.machine.hash() == hash);
  CHECK(c.one("add", Value(kLeast)).value == Value(-1));
}

// ---- Against oracles ----

/// A random command out of a small world, so that commands meet.
Value small_text(Stream& random) { return std::string(1 + random.below(2), "ab"[random.below(2)]); }

TEST_CASE("a register does what a map does") {
  Stream random(2, 0, 0);
  Subject s("register");
  std::map<std::string, Value> oracle;
  std::map<std::string, int> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = random.below(2) == 0 ? "x" : "y";
    const Value a = random.below(4) == 0 ? Value() : Value(static_cast<int>(random.below(3)));
    const Value b = static_cast<int>(random.below(3));
    Value& cell = oracle[key];
    const std::uint64_t kind = random.below(3);
    if (kind == 0) {
      REQUIRE(s.one("read", {}, key).value == cell);
    } else if (kind == 1) {
      REQUIRE(s.one("write", a, key).value == a);
      cell = a;
    } else {
      const Output y = s.one("cas", Value::List{a, b}, key);
      const bool same = cell == a;
      REQUIRE(y.reply == (same ? "ok" : "nok"));
      REQUIRE(y.value == Value(Value::List{a, b}));
      if (same) cell = b;
      ++seen[y.reply];
    }
  }
  CHECK(seen["ok"] > 100);
  CHECK(seen["nok"] > 100);
}

TEST_CASE("a register refuses what it cannot compare exactly, and a cas without two values") {
  Subject s("register");
  CHECK(s.one("write", Value(0.0)).reply == "nok");
  CHECK(s.one("write", Value::List{Value(Value::Object{{"a", 1.0}})}).reply == "nok");
  CHECK(s.one("cas", Value::List{1}).reply == "nok");
  CHECK(s.one("cas", 1).reply == "nok");
  CHECK(s.one("rite", 1).reply == "nok");
  CHECK(s.machine.state() == Value(Value::Object{}));
}

TEST_CASE("a key-value store does what a map of strings does") {
  Stream random(3, 0, 0);
  Subject s("kv");
  std::map<std::string, std::string> oracle;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = random.below(2) == 0 ? "x" : "y";
    const Value v = small_text(random);
    switch (random.below(4)) {
      case 0:
        REQUIRE(s.one("get", {}, key).value == Value(oracle[key]));
        break;
      case 1:
        REQUIRE(s.one("put", v, key).value == v);
        oracle[key] = *v.as_string();
        break;
      case 2:
        REQUIRE(s.one("append", v, key).value == v);
        oracle[key] += *v.as_string();
        break;
      default:
        REQUIRE(s.one("delete", {}, key).reply == "ok");
        oracle.erase(key);
    }
  }
  CHECK(s.one("put", 1, "x").reply == "nok");
  CHECK(s.one("append", {}, "x").reply == "nok");
  CHECK(s.one("gt", {}, "x").reply == "nok");
  for (const auto& [key, value] : oracle) CHECK(s.one("get", {}, key).value == Value(value));
}

TEST_CASE("a queue does what a deque does") {
  Stream random(4, 0, 0);
  Subject s("queue");
  std::map<std::string, std::deque<Value>> oracle;
  int empty = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = random.below(2) == 0 ? "x" : "y";
    std::deque<Value>& values = oracle[key];
    if (random.below(2) == 0) {
      const Value v = random.below(5) == 0 ? Value() : Value(i);
      REQUIRE(s.one("enqueue", v, key).value == v);
      values.push_back(v);
    } else if (values.empty()) {
      const Output y = s.one("dequeue", {}, key);
      REQUIRE(y.reply == "nok");
      REQUIRE(y.reason == "it is empty");
      ++empty;
    } else {
      const Output y = s.one("dequeue", {}, key);
      REQUIRE(y.reply == "ok");
      REQUIRE(y.value == values.front());
      values.pop_front();
    }
  }
  CHECK(empty > 10);
  CHECK(s.one("enqueue", Value(1.0)).reply == "nok");
  CHECK(s.one("push", 1).reply == "nok");
}

TEST_CASE("a bank does what a map of balances does, and money comes and goes as told only") {
  Stream random(5, 0, 0);
  Subject s("bank", Value::Object{{"accounts", Value::Object{{"a", 10}, {"b", 0}}}});
  std::map<std::string, std::int64_t> oracle = {{"a", 10}, {"b", 0}};
  std::int64_t total = 10;
  std::map<std::string, int> refusals;
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (int i = 0; i < 10000; ++i) {
    const std::string& key = names[random.below(i < 500 ? 3 : 4)];
    const std::string& to = names[random.below(4)];
    const std::int64_t amount = static_cast<std::int64_t>(random.below(12)) - 1;
    const std::string f = std::vector<std::string>{"deposit", "withdraw", "transfer", "balance",
                                                   "open"}[random.below(i < 20 ? 4 : 5)];
    const bool there = oracle.count(key) != 0;
    bool good = f == "open" ? !there : there;
    if (f != "balance") good = good && amount >= 0;
    if (f == "withdraw" || f == "transfer") good = good && oracle[key] >= amount;
    if (f == "transfer") good = good && oracle.count(to) != 0;
    if (!there) oracle.erase(key);
    if (good && (f == "open" || f == "deposit")) oracle[key] += amount, total += amount;
    if (good && f == "withdraw") oracle[key] -= amount, total -= amount;
    if (good && f == "transfer") oracle[key] -= amount, oracle[to] += amount;
    const Output y =
        s.one(f, f == "transfer" ? Value(Value::List{to, amount}) : Value(amount), key);
    REQUIRE(y.reply == (good ? "ok" : "nok"));
    if (good) REQUIRE(y.value == Value(oracle[key]));
    if (!good) ++refusals[f];
    REQUIRE(s.one("total").value == Value(total));
  }
  Value::Object expected;
  for (const auto& [name, balance] : oracle) expected.emplace_back(name, balance);
  CHECK(s.machine.state() == Value(expected));
  CHECK(refusals.size() == 5);
}

TEST_CASE("a bank refuses what would make its total too large") {
  Subject s("bank", Value::Object{{"accounts", Value::Object{{"a", Value(kMost - 5)}, {"b", 2}}}});
  CHECK(s.one("deposit", 4, "b").reply == "nok");
  CHECK(s.one("open", 4, "c").reply == "nok");
  CHECK(s.one("deposit", 3, "b").reply == "ok");
  CHECK(s.one("transfer", Value::List{"b", Value(kMost - 5)}, "a").reply == "ok");
  CHECK(s.one("balance", {}, "b").value == Value(kMost));
  CHECK(s.one("total").value == Value(kMost));
  CHECK(s.one("open", {}, "").reply == "nok");
  CHECK(s.one("transfer", Value::List{"b"}, "a").reply == "nok");
  CHECK(s.one("steal", 1, "a").reply == "nok");
}

// ---- All machines ----

/// Any command, sensible or not.
Command any_command(Stream& random, const StateMachineInfo& info, std::uint64_t id) {
  Command c = command(id, std::string(1, "pqr"[random.below(3)]), "nonsense");
  if (random.below(12) != 0) c.f = info.commands[random.below(info.commands.size())];
  c.key = std::string(random.below(2), 'k') + (random.below(3) == 0 ? "" : "x");
  switch (random.below(6)) {
    case 0:
      break;
    case 1:
      c.value = small_text(random);
      break;
    case 2:
      c.value = Value::List{1, static_cast<int>(random.below(3))};
      break;
    case 3:
      c.value = Value::List{"x", 1};
      break;
    case 4:
      c.value = Value(0.5);
      break;
    default:
      c.value = static_cast<int>(random.below(4));
  }
  return c;
}

TEST_CASE("states have equal hashes if and only if they are equal") {
  for (const StateMachineInfo& info : all_machines()) {
    Stream random(6, 0, 0);
    std::map<std::string, std::uint64_t> hash_of_state;
    std::map<std::uint64_t, std::string> state_of_hash;
    std::size_t met = 0;
    for (int run = 0; run < 300; ++run) {
      StateMachinePtr machine = make_state_machine(info.name);
      for (std::uint64_t id = 1; id <= 12; ++id) {
        machine.apply(any_command(random, info, id));
        const std::string state = machine.state().text();
        const auto [it, fresh] = hash_of_state.emplace(state, machine.hash());
        if (!fresh) ++met;
        REQUIRE(it->second == machine.hash());
        REQUIRE(state_of_hash.emplace(machine.hash(), state).first->second == state);
      }
    }
    CHECK_MESSAGE(hash_of_state.size() > 20, info.name);
    CHECK_MESSAGE(met > 100, info.name);
  }
}

TEST_CASE("what is refused changes nothing, and replicas of equal inputs stay equal") {
  for (const StateMachineInfo& info : all_machines()) {
    Stream random(7, 0, 0);
    StateMachinePtr one = make_state_machine(info.name);
    StateMachinePtr two = make_state_machine(info.name);
    int refusals = 0;
    for (std::uint64_t id = 1; id <= 2000; ++id) {
      const Command c = any_command(random, info, id);
      const std::uint64_t before = one.hash();
      const std::vector<Output> y = one.apply(c);
      REQUIRE(y == two.apply(c));
      REQUIRE(one.hash() == two.hash());
      for (const Output& o : y) {
        REQUIRE((o.reply == "ok" || o.reply == "nok"));
        REQUIRE((o.reply == "nok") == !o.reason.empty());
        if (o.reply != "nok") continue;
        ++refusals;
        REQUIRE(o.id == c.id);
        REQUIRE(y.size() == 1);
        REQUIRE(one.hash() == before);
      }
    }
    CHECK_MESSAGE(refusals > 10, info.name);
  }
}

TEST_CASE("a copy of a machine goes its own way") {
  Subject s("counter");
  s.one("set", 1);
  const StateMachinePtr before = s.machine;
  const std::uint64_t hash = before.hash();
  s.one("add", 1);
  CHECK(before.state().text() == "{\"\": 1}");
  CHECK(before.hash() == hash);
  CHECK(s.machine.state().text() == "{\"\": 2}");
  CHECK(s.machine.hash() != hash);
  CHECK(hash_of(s.machine) != hash_of(before));
}

TEST_CASE("objects of different keys do not touch each other") {
  Subject s("counter");
  s.one("set", 1, "x");
  s.one("add", "1/2", "y");
  CHECK(s.machine.state().text() == "{x: 1, y: \"1/2\"}");
  s.one("set", 0, "x");
  CHECK(s.machine.state().text() == "{y: \"1/2\"}");  // as at the start
}

// ---- By name ----

std::string place_of(const std::string& name, const Value& options, std::string* words = nullptr) {
  try {
    make_state_machine(name, options, "/deployment/machine");
  } catch (const ConfigError& e) {
    if (words != nullptr) *words = e.what();
    return e.pointer;
  }
  return "no error";
}

TEST_CASE("machines are made by name, and mistakes are told with their place") {
  CHECK(state_machine_names() ==
        std::vector<std::string>{"counter", "mutex", "register", "kv", "queue", "bank"});
  for (const StateMachineInfo& info : all_machines()) {
    CHECK(place_of(info.name, {}) == "no error");
    CHECK(place_of(info.name, Value(Value::Object{})) == "no error");
    CHECK(place_of(info.name, Value::List{}) == "/deployment/machine/options");
    CHECK(place_of(info.name, Value::Object{{"sped", 1}}) == "/deployment/machine/options/sped");
    CHECK(info.line.find('\n') == std::string::npos);
  }
  std::string words;
  CHECK(place_of("countr", {}, &words) == "/deployment/machine/name");
  CHECK(words.find("did you mean \"counter\"?") != std::string::npos);
  CHECK(place_of("mutex", Value::Object{{"holder_chek", false}}, &words) ==
        "/deployment/machine/options/holder_chek");
  CHECK(words.find("did you mean \"holder_check\"?") != std::string::npos);
  CHECK(place_of("mutex", Value::Object{{"lease", 1}}) == "/deployment/machine/options/lease");
  const std::string accounts = "/deployment/machine/options/accounts";
  CHECK(place_of("bank", Value::Object{{"accounts", Value::Object{{"a/b", -1}}}}) ==
        accounts + "/a~1b");
  CHECK(place_of("bank", Value::Object{{"accounts", Value::Object{{"", 1}}}}) == accounts);
  const Value::Object rich{{"a", Value(kMost)}, {"b", 1}};
  CHECK(place_of("bank", Value::Object{{"accounts", rich}}) == accounts + "/b");
}

TEST_CASE("a scenario names a machine by text or by an object") {
  const auto from = [](const Value& v) {
    try {
      return make_state_machine_from(v, "/m").state().text();
    } catch (const ConfigError& e) {
      return e.pointer;
    }
  };
  const Value options = Value::Object{{"accounts", Value::Object{{"a", 1}}}};
  CHECK(from("bank") == "{}");
  CHECK(from(Value::Object{{"name", "bank"}, {"options", options}}) == "{a: 1}");
  CHECK(from("bnak") == "/m");
  CHECK(from(7) == "/m");
  CHECK(from(Value::Object{}) == "/m");
  CHECK(from(Value::Object{{"name", "bnak"}}) == "/m/name");
  CHECK(from(Value::Object{{"name", "kv"}, {"options", options}}) == "/m/options/accounts");
  CHECK(from(Value::Object{{"name", "kv"}, {"optoins", options}}) == "/m/optoins");
}

}  // namespace sibyl::state_machines_test
