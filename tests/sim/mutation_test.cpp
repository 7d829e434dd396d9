// Field-wise mutation of described messages.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/mutation.hpp"
#include "sim/signed.hpp"
#include "tests/sim/small_world.hpp"

namespace sibyl::small::mutation_test {

enum class Colour : std::uint8_t { red, green, blue };
BOOST_DESCRIBE_ENUM(Colour, red, green, blue)

struct Vote {
  std::uint32_t round = 0;
  friend bool operator==(const Vote&, const Vote&) = default;
};
BOOST_DESCRIBE_STRUCT(Vote, (), (round))

/// One field of every kind.
struct Rich {
  std::int64_t whole = 0;
  std::uint8_t small = 255;
  bool flag = false;
  Colour colour = Colour::red;
  std::string name;
  NodeId who;
  Duration wait;
  std::optional<std::int64_t> maybe;
  std::vector<Vote> votes;
  std::set<std::uint64_t> numbers;
  std::map<std::string, std::int64_t> table;
  std::pair<std::uint64_t, std::string> both;
  Message inside;
};
BOOST_DESCRIBE_STRUCT(Rich, (),
                      (whole, small, flag, colour, name, who, wait, maybe, votes, numbers, table,
                       both, inside))

struct Certificate {
  std::uint64_t view = 0;
  std::vector<Signed<Vote>> votes;
};
BOOST_DESCRIBE_STRUCT(Certificate, (), (view, votes))

/// A field of any kind.
struct Anything {
  Value content;
};
BOOST_DESCRIBE_STRUCT(Anything, (), (content))

using Words = std::set<std::string>;

namespace {

const std::vector<TraceNode> kNodes{{"A", "node", "A"}, {"B", "node", "B"}, {"C", "node", "C"}};
constexpr NodeId kA{0};
constexpr NodeId kB{1};

Message rich() {
  Rich r;
  r.whole = 3;
  r.name = "x";
  r.who = kB;
  r.maybe = 7;
  r.votes = {{1}, {2}};
  r.numbers = {4, 5};
  r.table = {{"k", 9}};
  r.both = {6, "p"};
  r.inside = Message::make(Number{42});
  return Message::make(r, Route{3, 4});
}

/// All mutations of a field, in words.
std::set<std::string> all_of(const Message& message, std::string_view name,
                             const SeenValues& seen = {}, NodeId self = kA) {
  std::set<std::string> words;
  for (std::uint64_t first = 0, fields = 1; first < fields; ++first) {
    for (std::uint64_t second = 0, edits = 1; second < edits; ++second) {
      int asked = 0;
      Mutable m(message, self);
      const std::string what = m.mutate(name, kNodes, seen, [&](std::uint64_t n) {
        (asked == 0 ? fields : edits) = n;
        return asked++ == 0 ? first : second;
      });
      if (what.empty()) return words;
      CAPTURE(what);
      CHECK(m.message().type().name == message.type().name);
      CHECK(m.message().route() == message.route());
      CHECK_FALSE(m.message() == message);
      CHECK(m.message().hash() != message.hash());
      words.insert(what);
    }
  }
  return words;
}

TEST_CASE("integers go up, down, to 0 and to their bounds; never out of their type") {
  CHECK(all_of(rich(), "whole") == Words{"whole 3 -> 4", "whole 3 -> 2", "whole 3 -> 0",
                                         "whole 3 -> -9223372036854775808",
                                         "whole 3 -> 9223372036854775807"});
  CHECK(all_of(rich(), "small") == Words{"small 255 -> 254", "small 255 -> 0"});
  CHECK(all_of(rich(), "wait").count("wait 0 -> -1") == 1);
  CHECK(all_of(rich(), "inside.n") == Words{"inside.n 42 -> 43", "inside.n 42 -> 41",
                                            "inside.n 42 -> 0",
                                            "inside.n 42 -> 18446744073709551615"});
}

TEST_CASE("booleans, enumerations, node ids and optionals become what they can be") {
  CHECK(all_of(rich(), "flag") == Words{"flag false -> true"});
  CHECK(all_of(rich(), "colour") == Words{"colour red -> green", "colour red -> blue"});
  CHECK(all_of(rich(), "who") == Words{"who B -> A", "who B -> C"});
  CHECK(all_of(rich(), "maybe").count("maybe cleared") == 1);
  CHECK(all_of(rich(), "maybe").count("maybe 7 -> 8") == 1);
  CHECK(all_of(Message::make(Rich{}), "maybe") == Words{"maybe filled"});
}

TEST_CASE("lists lose, repeat and swap elements; the elements change; keys stay") {
  const Words votes = all_of(rich(), "votes");
  for (const char* what :
       {"votes without [0]", "votes with [1] twice", "votes with [0] and [1] swapped",
        "votes[0].round 1 -> 2", "votes[1].round 2 -> 4294967295"}) {
    CHECK(votes.count(what) == 1);
  }
  CHECK(all_of(rich(), "numbers") == Words{"numbers without [0]", "numbers without [1]"});
  CHECK(all_of(rich(), "table").count("table[0] 9 -> 10") == 1);
  CHECK(all_of(rich(), "first").count("both.first 6 -> 7") == 1);
}

TEST_CASE("integers and strings become what was seen in the same field before") {
  SeenValues seen;
  Rich other;
  other.whole = 1000;
  other.name = "other";
  Mutable(Message::make(other), kA).show(seen);
  CHECK(all_of(rich(), "whole", seen).count("whole 3 -> 1000") == 1);
  CHECK(all_of(rich(), "name", seen) == Words{"name \"x\" -> \"other\"", "name \"x\" -> \"\""});
  CHECK(all_of(rich(), "name") == Words{"name \"x\" -> \"\""});
  for (std::int64_t i = 0; i < 10; ++i) seen.add("f", Value(i));
  CHECK(seen.of("f") == std::vector<Value>{Value(6), Value(7), Value(8), Value(9)});
  seen.add("f", Value(7));
  CHECK(seen.of("f").back() == Value(7));
}

TEST_CASE("what was seen in a field of any value may be of another kind: it is left aside") {
  const auto opaque = [](Value value) { return Message::make(Anything{std::move(value)}); };
  const auto edits = [&](const Value& now, const SeenValues& seen) {
    Words found;
    std::uint64_t options = 1;
    for (std::uint64_t i = 0; i < options; ++i) {
      Mutable m(opaque(now), kA);
      found.insert(m.mutate("content", kNodes, seen, [&](std::uint64_t n) {
        if (n == 1) return std::uint64_t{0};
        options = n;
        return i;
      }));
    }
    return found;
  };
  SeenValues seen;
  for (const Value& value : {Value("text"), Value(std::int64_t{77})}) {
    Mutable(opaque(value), kA).show(seen);
  }
  CHECK(edits(Value(std::int64_t{3}), seen).count("content 3 -> 77") == 1);
  CHECK(edits(Value("x"), seen).count("content \"x\" -> \"text\"") == 1);
}

TEST_CASE("a field is found by the end of its path, or of one that it lies in") {
  CHECK(all_of(rich(), "round").size() == all_of(rich(), "votes.round").size());
  CHECK(all_of(rich(), "n") == all_of(rich(), "inside"));
  CHECK(all_of(rich(), "ound").empty());
  CHECK(all_of(rich(), "nothing").empty());
}

TEST_CASE("the original stays as it is, and so does what is inside it") {
  const Message original = rich();
  const Message same = rich();
  const std::uint64_t hash = original.hash();
  Mutable m(original, kA);
  CHECK(m.set("n", Value(5), kNodes) == "inside.n 42 -> 5");
  CHECK(original == same);
  CHECK(original.hash() == hash);
  CHECK(m.message().as<Rich>()->inside.as<Number>()->n == 5);
}

TEST_CASE("a value is set where it fits, everywhere it fits, and nowhere else") {
  const auto set = [](std::string_view name, const Value& v, const Message& message = rich()) {
    return Mutable(message, kA).set(name, v, kNodes);
  };
  CHECK(set("whole", Value(-5)) == "whole 3 -> -5");
  CHECK(set("whole", Value("five")).empty());
  CHECK(set("whole", Value(3)).empty());
  CHECK(set("small", Value(256)).empty());
  CHECK(set("small", Value(-1)).empty());
  CHECK(set("flag", Value(true)) == "flag false -> true");
  CHECK(set("colour", Value("blue")) == "colour red -> blue");
  CHECK(set("colour", Value("pink")).empty());
  CHECK(set("who", Value("C")) == "who B -> C");
  CHECK(set("name", Value("y")) == "name \"x\" -> \"y\"");
  CHECK(set("round", Value(9)) == "votes[0].round 1 -> 9, votes[1].round 2 -> 9");
  CHECK(set("maybe", Value(8)) == "maybe 7 -> 8");
  CHECK(set("maybe", Value()) == "maybe some -> none");
  CHECK(set("maybe", Value(8), Message::make(Rich{})) == "maybe none -> 8");
  CHECK(set("maybe", Value("x"), Message::make(Rich{})).empty());
  CHECK(set("unknown", Value(1)).empty());
}

TEST_CASE("what another node has signed can be left out or repeated, not changed") {
  const Message certificate = Message::make(Certificate{5, {{kA, {1}}, {kB, {1}}}});
  const Words mine = all_of(certificate, "");
  CHECK(mine.count("votes[0].round 1 -> 2") == 1);
  CHECK(mine.count("votes without [1]") == 1);
  for (const std::string& what : mine) {
    CAPTURE(what);
    CHECK(what.find("votes[1].") == std::string::npos);
    CHECK(what.find(".by") == std::string::npos);
  }
  CHECK(Mutable(certificate, kB).set("round", Value(7), kNodes) == "votes[1].round 1 -> 7");
  CHECK(Mutable(certificate, kA).set("by", Value("B"), kNodes).empty());
}

TEST_CASE("the names of fields are those of the types and of what is inside them") {
  CHECK(field_names_of<Certificate, Number>() ==
        std::vector<std::string>{"n", "round", "view", "votes"});
}

}  // namespace
}  // namespace sibyl::small::mutation_test
