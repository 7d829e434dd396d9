// Configuration is read with exact errors: the place, what was found, what would be right.
#include "sim/decode.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::decode_test {

enum class Colour : std::uint8_t { red, green, blue };
BOOST_DESCRIBE_ENUM(Colour, red, green, blue)

/// Reads itself: "a-b".
struct Custom {
  std::string left;
  std::string right;
  static void decode_from(const Value& v, const std::string& pointer, Custom& out) {
    if (v.as_string() == nullptr) wrong_kind(pointer, v, "a string with a dash");
    const auto dash = v.as_string()->find('-');
    out.left = v.as_string()->substr(0, dash);
    out.right = v.as_string()->substr(dash + 1);
  }
};

struct Item {
  std::string id;
  int weight = 7;
  static constexpr std::array kRequired{std::string_view("id")};
};
BOOST_DESCRIBE_STRUCT(Item, (), (id, weight))

struct Config {
  bool flag = false;
  std::uint8_t small = 1;
  std::int64_t large = 2;
  std::uint64_t natural = 3;
  double number = 0.5;
  Probability chance{};
  Duration delay{4};
  Time at{5};
  std::string text = "default";
  Colour colour = Colour::red;
  std::optional<int> maybe;
  std::vector<Item> items;
  std::map<std::string, int> table;
  std::pair<std::string, int> pair{"", 0};
  Value anything;
  Custom custom;
};
BOOST_DESCRIBE_STRUCT(Config, (),
                      (flag, small, large, natural, number, chance, delay, at, text, colour, maybe,
                       items, table, pair, anything, custom))

static Value object(std::string key, Value v) {
  return Value(Value::Object{{std::move(key), std::move(v)}});
}

static Config read(const Value& v) {
  Config c;
  decode(v, "", c);
  return c;
}

/// "<pointer>: <message>" of the mistake.
static std::string mistake(const Value& v) {
  try {
    read(v);
  } catch (const ConfigError& e) {
    return e.pointer + ": " + e.what();
  }
  return "no mistake";
}

static bool begins(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}

TEST_CASE("what is absent keeps its default") {
  const Config c = read(Value(Value::Object{}));
  CHECK(c.small == 1);
  CHECK(c.text == "default");
  CHECK(c.delay.ns == 4);
  CHECK(!c.maybe);
}

TEST_CASE("every kind of member is read") {
  const Config c =
      read(Value(Value::Object{{"flag", Value(true)},
                               {"small", Value(255)},
                               {"large", Value(std::numeric_limits<std::int64_t>::min())},
                               {"natural", Value(std::numeric_limits<std::int64_t>::max())},
                               {"number", Value(3)},
                               {"chance", Value(0.25)},
                               {"delay", Value("-5ms")},
                               {"at", Value("2us")},
                               {"text", Value("t")},
                               {"colour", Value("blue")},
                               {"maybe", Value(8)},
                               {"items", Value(Value::List{object("id", Value("i"))})},
                               {"table", object("k", Value(9))},
                               {"pair", Value(Value::List{Value("p"), Value(10)})},
                               {"anything", Value(Value::List{})},
                               {"custom", Value("l-r")}}));
  CHECK(c.flag);
  CHECK(c.small == 255);
  CHECK(c.large == std::numeric_limits<std::int64_t>::min());
  CHECK(c.natural == static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  CHECK(c.number == 3.0);
  CHECK(c.chance.scaled == Probability::kOne / 4);
  CHECK(c.delay.ns == -5'000'000);
  CHECK(c.at.ns == 2000);
  CHECK(c.text == "t");
  CHECK(c.colour == Colour::blue);
  CHECK(c.maybe == 8);
  REQUIRE(c.items.size() == 1);
  CHECK(c.items[0].id == "i");
  CHECK(c.items[0].weight == 7);
  CHECK(c.table == std::map<std::string, int>{{"k", 9}});
  CHECK(c.pair == std::pair<std::string, int>("p", 10));
  CHECK(c.anything == Value(Value::List{}));
  CHECK(c.custom.right == "r");
}

TEST_CASE("a value of the wrong kind is answered with the place, the finding and the right kind") {
  CHECK(mistake(Value(3)) == ": found an integer (3), expected an object");
  CHECK(mistake(object("flag", Value(1))) == "/flag: found an integer (1), expected true or false");
  CHECK(mistake(object("small", Value("x"))) ==
        "/small: found a string (\"x\"), expected an integer from 0 to 255");
  CHECK(begins(mistake(object("small", Value(1.5))), "/small: found a number (1.5)"));
  CHECK(mistake(object("number", Value(true))) ==
        "/number: found a boolean (true), expected a number");
  CHECK(begins(mistake(object("delay", Value(5))),
               "/delay: found an integer (5), expected a duration"));
  CHECK(mistake(object("text", Value())) == "/text: found null, expected a string");
  CHECK(mistake(object("items", object("id", Value("x")))) ==
        "/items: found an object ({id: x}), expected a list");
  CHECK(mistake(object("table", Value(Value::List{}))) ==
        "/table: found a list ([]), expected an object");
  CHECK(mistake(object("custom", Value(1))) ==
        "/custom: found an integer (1), expected a string with a dash");
  CHECK(begins(mistake(object("pair", Value(3))), "/pair: found an integer (3)"));
  CHECK(begins(mistake(object("pair", Value(Value::List{Value("p")}))), "/pair: "));
  CHECK(begins(mistake(object("pair", Value(Value::List{Value("p"), Value("q")}))), "/pair/1: "));
}

TEST_CASE("a mistake deep inside is named by its whole path") {
  const Value items(Value::List{object("id", Value("a")), object("id", Value(5))});
  CHECK(mistake(object("items", items)) == "/items/1/id: found an integer (5), expected a string");
  CHECK(mistake(object("table", object("a/b~c", Value("x")))) ==
        "/table/a~1b~0c: found a string (\"x\"), expected an integer");
}

TEST_CASE("a missing member is named") {
  CHECK(mistake(object("items", Value(Value::List{object("weight", Value(1))}))) ==
        "/items/0: the member \"id\" is missing");
}

TEST_CASE("a misspelt member is answered with the nearest, a strange one with all") {
  CHECK(mistake(object("colur", Value("red"))) ==
        "/colur: unknown member \"colur\"; did you mean \"colour\"?");
  CHECK(mistake(object("items", Value(Value::List{Value(Value::Object{
                                    {"id", Value("x")}, {"zzzzzzzz", Value(1)}})}))) ==
        "/items/0/zzzzzzzz: unknown member \"zzzzzzzz\"; known here: id, weight");
}

TEST_CASE("a misspelt value of an enumeration is answered with the nearest and all") {
  CHECK(mistake(object("colour", Value("gren"))) ==
        "/colour: unknown value \"gren\"; did you mean \"green\"? Known: red, green, blue");
  CHECK(mistake(object("colour", Value("chartreuse"))).find("red, green, blue") !=
        std::string::npos);
  CHECK(mistake(object("colour", Value(1))) == "/colour: found an integer (1), expected a string");
}

struct Bounded {
  std::uint32_t few = 1;
  std::optional<std::uint32_t> rate;
  std::uint32_t many = 1;
  static constexpr std::array kBounds{Bound{"few", 1, 16}, Bound{"rate", 1, 1000}};
};
BOOST_DESCRIBE_STRUCT(Bounded, (), (few, rate, many))

TEST_CASE("a member's own bounds are told, however far beyond them a number is") {
  const auto said = [](const std::string& member, Value v) -> std::string {
    Bounded read;
    try {
      decode(object(member, std::move(v)), "/at", read);
    } catch (const ConfigError& e) {
      return e.pointer + ": " + e.what();
    }
    return "";
  };
  CHECK(said("few", 16).empty());
  CHECK(said("rate", 1000).empty());
  CHECK(said("few", 17) == "/at/few: 17 is out of range: from 1 to 16");
  CHECK(said("few", 99'999'999'999) == "/at/few: 99999999999 is out of range: from 1 to 16");
  CHECK(said("few", -1) == "/at/few: -1 is out of range: from 1 to 16");
  CHECK(said("rate", 0) == "/at/rate: 0 is out of range: from 1 to 1000");
  CHECK(said("few", 1e30) == "/at/few: found a number (1e+30), expected an integer from 1 to 16");
  CHECK(said("few", "x") == "/at/few: found a string (\"x\"), expected an integer from 1 to 16");
  CHECK(said("many", "x") == "/at/many: found a string (\"x\"), expected an integer");
  CHECK(said("many", 1e30) == "/at/many: found a number (1e+30), expected an integer");
}

struct Misspelt {
  std::uint32_t few = 1;
  static constexpr std::array kBounds{Bound{"fwe", 1, 16}};
};
BOOST_DESCRIBE_STRUCT(Misspelt, (), (few))
static_assert(sibyl::detail::bounds_members<Bounded>());
static_assert(!sibyl::detail::bounds_members<Misspelt>());

TEST_CASE("numbers out of range are answered with the range") {
  CHECK(mistake(object("small", Value(256))) == "/small: 256 is out of range: from 0 to 255");
  CHECK(mistake(object("small", Value(-1))) == "/small: -1 is out of range: from 0 to 255");
  CHECK(mistake(object("natural", Value(-1))) ==
        "/natural: -1 is out of range: it must not be negative");
  CHECK(begins(mistake(object("chance", Value(1.5))), "/chance: 1.5 is out of range: from 0"));
  CHECK(begins(mistake(object("chance", Value(-1))), "/chance: -1 is out of range"));
  CHECK(begins(mistake(object("number", Value(std::numeric_limits<double>::quiet_NaN()))),
               "/number: "));
  CHECK(begins(mistake(object("number", Value(std::numeric_limits<double>::infinity()))),
               "/number: "));
  CHECK(mistake(object("at", Value("-1ms"))) == "/at: a time must not be negative, found -1ms");
}

TEST_CASE("a long finding is shortened") {
  const std::string text = mistake(object("small", Value(std::string(100'000, 'x'))));
  CHECK(text.size() < 200);
  const std::string key = mistake(object(std::string(1000, 'k'), Value(1)));
  CHECK(key.find("unknown member") != std::string::npos);
}

TEST_CASE("the nearest name is offered only when it can be a slip") {
  const std::vector<std::string> names{"delay", "loss", "duplicate"};
  CHECK(nearest("dealy", names) == "delay");
  CHECK(nearest("lost", names) == "loss");
  CHECK(nearest("duplicates", names) == "duplicate");
  CHECK(nearest("bandwidth", names).empty());
  CHECK(nearest(std::string(10'000, 'x'), names).empty());
  CHECK(nearest("x", {}).empty());
  CHECK(nearest("ct", {"cut"}).empty());  // too short to tell
  CHECK(nearest("cut", {"at"}).empty());
  CHECK(nearest("sed", {"seed"}) == "seed");
  CHECK(nearest("noed", {"node"}) == "node");  // two letters swapped are one slip
  CHECK(nearest("crash", {"clock"}).empty());
}

TEST_CASE("pointers escape as RFC 6901 wants") {
  CHECK(pointer_to("", std::string_view("a")) == "/a");
  CHECK(pointer_to("/x", std::size_t{3}) == "/x/3");
  CHECK(pointer_to("", std::string_view("~/~1")) == "/~0~1~01");
  CHECK(pointer_to("/a", std::string_view("")) == "/a/");
}

TEST_CASE("durations are exact") {
  const auto ns = [](std::string_view text) { return parse_duration(text, "/d").ns; };
  CHECK(ns("10ns") == 10);
  CHECK(ns("250us") == 250'000);
  CHECK(ns("5ms") == 5'000'000);
  CHECK(ns("1.5s") == 1'500'000'000);
  CHECK(ns("2min") == 120'000'000'000);
  CHECK(ns("3h") == 10'800'000'000'000);
  CHECK(ns("0s") == 0);
  CHECK(ns("-0.5us") == -500);
  CHECK(ns("0.000000001s") == 1);
  CHECK(ns("0.1s") == 100'000'000);
  CHECK(ns("9223372036.854775807s") == std::numeric_limits<std::int64_t>::max());
  CHECK(ns("0.25min") == 15'000'000'000);
}

TEST_CASE("what is no duration is answered with the reason and an example") {
  const auto why = [](std::string_view text) {
    try {
      parse_duration(text, "/d");
    } catch (const ConfigError& e) {
      CHECK(e.pointer == "/d");
      CHECK(std::string(e.what()).find("such as \"250us\"") != std::string::npos);
      return std::string(e.what());
    }
    return std::string("a duration");
  };
  for (const char* text : {"", "ms", "-", ".", "-.s", " 5ms", "five ms", "+5ms"}) {
    CAPTURE(text);
    CHECK(why(text).find("does not begin with a number") != std::string::npos);
  }
  CHECK(why("5").find("unit is missing") != std::string::npos);
  for (const char* text : {"5 ms", "5m", "5MS", "1.2.3s", "1e3ms", "5msx", "1,5s"}) {
    CAPTURE(text);
    CHECK(why(text).find("unit is unknown") != std::string::npos);
  }
  CHECK(why("0.5ns").find("finer than a nanosecond") != std::string::npos);
  CHECK(why("1.0000000001s").find("finer than a nanosecond") != std::string::npos);
  CHECK(why("9223372036.854775808s").find("longer than 292 years") != std::string::npos);
  CHECK(why("99999999999999999h").find("longer than 292 years") != std::string::npos);
  CHECK(why(std::string(500, '9') + "s").find("too many digits") != std::string::npos);
  CHECK(why("0." + std::string(500, '0') + "s").find("too many digits") != std::string::npos);
}

TEST_CASE("a duration written out is read back as the same, in the largest unit that fits") {
  CHECK(format_duration({0}) == "0ns");
  CHECK(format_duration({999}) == "999ns");
  CHECK(format_duration({1000}) == "1us");
  CHECK(format_duration({1'500'000}) == "1.5ms");
  CHECK(format_duration({-2'000'000'001}) == "-2.000000001s");
  CHECK(format_duration({90'000'000'000}) == "90s");
  small::Inputs inputs{4242};
  for (int i = 0; i < 2000; ++i) {
    std::int64_t v = static_cast<std::int64_t>(inputs.below(1'000'000'007));
    for (auto n = inputs.below(9); n > 0; --n) v *= inputs.below(2) == 0 ? 10 : 1;
    if (inputs.below(2) == 0) v = -v;
    CHECK(parse_duration(format_duration({v}), "").ns == v);
  }
  CHECK(format_duration({std::numeric_limits<std::int64_t>::min()}) == "-9223372036.854775808s");
}

}  // namespace sibyl::decode_test
