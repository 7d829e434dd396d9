// Values: lookup, update and text; the names of trace events.
#include "sim/value.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <utility>

#include "sim/trace.hpp"
#include "sim/value_pool.hpp"

namespace sibyl::value_test {

TEST_CASE("set makes an object of null, replaces a member and keeps the order") {
  Value v;
  v.set("b", 1).set("a", 2).set("b", 3);
  CHECK(v.text() == "{b: 3, a: 2}");
  REQUIRE(v.find("a") != nullptr);
  CHECK(*v.find("a") == Value(2));
  CHECK(v.find("c") == nullptr);
  CHECK(Value(3).find("a") == nullptr);
  Value number(3);
  CHECK_THROWS_AS(number.set("a", 1), std::logic_error);
}

TEST_CASE("copies share their lists and objects until one is changed, unseen by the others") {
  const Value inner(Value::List{1, 2});
  const Value a(Value::Object{{"list", inner}, {"n", 1}});
  Value b = a;
  CHECK(&std::as_const(b).as_object()->front() == &a.as_object()->front());
  CHECK(b == a);
  b.set("n", 2);
  CHECK(a.text() == "{list: [1, 2], n: 1}");
  CHECK(b.text() == "{list: [1, 2], n: 2}");
  CHECK(b.find("list")->as_list() == inner.as_list());  // what was not changed is still shared
  b.as_object()->front().second.as_list()->push_back(3);
  CHECK(inner.text() == "[1, 2]");
  CHECK(b.text() == "{list: [1, 2, 3], n: 2}");
  Value c = b;
  c = Value(5);
  CHECK(b.text() == "{list: [1, 2, 3], n: 2}");
}

TEST_CASE("the pool makes equal lists and objects one, also inside others, and changes no value") {
  const auto make = [](int n) {
    return Value(Value::Object{{"to", Value::List{"a", "b", 1.5, true, Value()}}, {"n", n}});
  };
  ValuePool pool;
  Value first = make(1);
  Value same = make(1);
  Value other = make(2);
  for (Value* v : {&first, &same, &other}) pool.share(*v);
  CHECK(std::as_const(first).as_object() == std::as_const(same).as_object());
  CHECK(std::as_const(first).as_object() != std::as_const(other).as_object());
  CHECK(first.find("to")->as_list() == other.find("to")->as_list());
  CHECK(first == make(1));
  CHECK(other == make(2));
  Value plain(7);
  pool.share(plain);
  CHECK(plain == Value(7));
  // What differs only in kind is not the same.
  Value integer(Value::List{1});
  Value real(Value::List{1.0});
  Value text(Value::List{"1"});
  for (Value* v : {&integer, &real, &text}) pool.share(*v);
  CHECK(integer.text() == "[1]");
  CHECK(real.text() == "[1.0]");
  CHECK(text.text() == "[\"1\"]");
}

TEST_CASE("text quotes only what could be mistaken for something else") {
  CHECK(Value(Value::List{"x", Value(), true, -5, 1.5}).text() == "[x, null, true, -5, 1.5]");
  CHECK(Value("note::Invoke").text() == "note::Invoke");
  CHECK(Value("a b\"\n\x01").text() == "\"a b\\\"\\n\\u0001\"");
}

TEST_CASE("values that differ have different texts") {
  const std::vector<Value> values{Value(),
                                  Value("null"),
                                  Value(""),
                                  Value("1"),
                                  Value(1),
                                  Value(1.0),
                                  Value(true),
                                  Value("true"),
                                  Value("-1"),
                                  Value(-1),
                                  Value("a:"),
                                  Value("[a]"),
                                  Value(Value::List{}),
                                  Value(Value::List{"a"}),
                                  Value(Value::List{"a", "b"}),
                                  Value(Value::List{"a, b"}),
                                  Value(Value::Object{}),
                                  Value(Value::Object{{"a", "b"}}),
                                  Value(Value::Object{{"a: b", ""}}),
                                  Value("{a: b}")};
  std::set<std::string> texts;
  for (const Value& value : values) CHECK_MESSAGE(texts.insert(value.text()).second, value.text());
}

TEST_CASE("every kind of trace event is found by its name") {
  for (const TraceKind kind :
       {TraceKind::start, TraceKind::send, TraceKind::receive, TraceKind::lose, TraceKind::timer,
        TraceKind::note, TraceKind::fault}) {
    CHECK(trace_kind_from(trace_kind_name(kind)) == kind);
  }
  CHECK_FALSE(trace_kind_from("sent").has_value());
  CHECK(outcome_name(Outcome::limit) == "limit");
  CHECK(Value(Value::List{}).kind_name() == "a list");
}

}  // namespace sibyl::value_test
