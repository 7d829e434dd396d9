// Values: lookup, update and text; the names of trace events.
#include "sim/value.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>

#include "sim/trace.hpp"

namespace sibyl {

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
  for (const TraceKind kind : {TraceKind::start, TraceKind::send, TraceKind::receive,
                               TraceKind::lose, TraceKind::timer, TraceKind::note,
                               TraceKind::fault}) {
    CHECK(trace_kind_from(trace_kind_name(kind)) == kind);
  }
  CHECK_FALSE(trace_kind_from("sent").has_value());
  CHECK(outcome_name(Outcome::limit) == "limit");
  CHECK(Value(Value::List{}).kind_name() == "a list");
}

}  // namespace sibyl
