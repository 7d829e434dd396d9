// The JSON reader: what it refuses, with which words, and that it writes what it reads.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "scenarios/json.hpp"

namespace sibyl::json_test {

namespace {

std::string refusal(const std::string& text) {
  try {
    parse_json(text, "f.json");
  } catch (const InputError& e) {
    return e.what();
  }
  return "(accepted)";
}

}  // namespace

TEST_CASE("a mistake in syntax is named by its line and column") {
  CHECK(refusal("") ==
        "f.json:1:1: syntax error while parsing value - unexpected end of input; expected '[', "
        "'{', or "
        "a literal");
  CHECK(refusal("{\n  \"a\": 1,\n}") ==
        "f.json:3:1: syntax error while parsing object key - unexpected '}'; expected string "
        "literal");
  CHECK(refusal("{\"a\": 1} x") ==
        "f.json:1:10: syntax error while parsing value - invalid literal; expected end of input");
  CHECK(refusal("[1, 2").rfind("f.json:1:6: syntax error while parsing array - unexpected end",
                               0) == 0);
  CHECK(refusal("// no comments\n{}").rfind("f.json:1:", 0) == 0);
  CHECK(refusal("{'a': 1}").rfind("f.json:1:2: syntax error", 0) == 0);
}

TEST_CASE("a zero byte does not end the text") {
  using namespace std::string_literals;
  CHECK(refusal("{\"a\": 1}\0garbage"s) == "f.json:1:9: a zero byte; JSON is text, and has none");
  CHECK(refusal("{\n \"a\0\": 1}"s) == "f.json:2:4: a zero byte; JSON is text, and has none");
  CHECK(refusal("\0"s) == "f.json:1:1: a zero byte; JSON is text, and has none");
  CHECK(refusal("{\"a\\u0000\": 1}") == "(accepted)");
}

TEST_CASE("text that is no UTF-8 is refused where it stands") {
  CHECK(refusal("{\"a\": \"\xff\"}") ==
        "f.json:1:8: syntax error while parsing value - invalid string: ill-formed UTF-8 byte");
  CHECK(refusal("{\"a\": \"\xed\xa0\x80\"}").find("ill-formed UTF-8 byte") != std::string::npos);
  CHECK(refusal("\"\\ud800\"").find("surrogate") != std::string::npos);
}

TEST_CASE("nesting beyond the limit is refused, and up to it accepted") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(refusal(nested(64)) == "(accepted)");
  std::string place;
  for (int i = 0; i < 64; ++i) place += "/0";
  CHECK(refusal(nested(65)) == "f.json: " + place + ": nested deeper than 64 levels");
  CHECK(refusal(std::string(3'000'000, '[')) ==
        "f.json: " + place + ": nested deeper than 64 levels");
}

TEST_CASE("a key that stands twice is refused, in small objects and in large ones") {
  CHECK(refusal(R"({"a": {"b": 1, "c": 2, "b": 3}})") ==
        "f.json: /a: the key \"b\" stands here twice");
  CHECK(refusal(R"({"a": 1, "a": 1})") == "f.json: the key \"a\" stands here twice");
  std::string large = "{";
  for (int i = 0; i < 1000; ++i) large += "\"k" + std::to_string(i) + "\": 0, ";
  CHECK(refusal(large + "\"k7\": 0}") == "f.json: the key \"k7\" stands here twice");
  CHECK(refusal(large + "\"k1000\": 0}") == "(accepted)");
}

TEST_CASE("numbers that do not fit are refused by their place") {
  CHECK(refusal(R"({"a": [0, 9223372036854775808]})") ==
        "f.json: /a/1: the integer 9223372036854775808 does not fit in 64 bits");
  CHECK(refusal("-9223372036854775809").find("does not fit in 64 bits") != std::string::npos);
  CHECK(refusal("[123456789012345678901234567890]").find("f.json: /0: the integer") == 0);
  CHECK(refusal(R"({"a": 1e999})") == "f.json: /a: the number is too large");
  CHECK(refusal("NaN").rfind("f.json:1:1: syntax error", 0) == 0);
  CHECK(*parse_json("-9223372036854775808", "f").as_int() == INT64_MIN);
}

TEST_CASE("a text beyond the limit in bytes is refused before it is parsed") {
  try {
    parse_json(std::string(101, '['), "f.json", {100, 64});
    FAIL("accepted");
  } catch (const InputError& e) {
    CHECK(std::string(e.what()) == "f.json: it has 101 bytes; at most 100 are read");
  }
}

TEST_CASE("what is read is written again, keys in their order") {
  for (const std::string text :
       {R"({"z":1,"a":[true,null,-5,0.5,1e+300,"q\"\\\n\u0001é"],"m":{}})", "[]", "3", "2.0"}) {
    CHECK(to_json(parse_json(text, "f")) == text);
  }
  const Value v = parse_json(R"({"a":{"b":[1,2],"c":[{"d":null}]}})", "f");
  CHECK(parse_json(to_pretty_json(v), "f") == v);
  CHECK(to_pretty_json(parse_json(R"({"a":[1,2]})", "f")) == "{\n  \"a\": [1, 2]\n}");
}

}  // namespace sibyl::json_test
