// What one line of description gives a struct: name, Value, hash, size on the wire.
#include "sim/describe.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "sim/message.hpp"

namespace sibyl::describe_test {

enum class Colour : std::uint8_t { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

enum class Bare : std::uint8_t { zero, one };

struct Inner {
  std::int32_t a = 0;
  bool b = false;
  friend bool operator==(const Inner&, const Inner&) = default;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (a, b))

struct Derived : Inner {
  std::string c;
};
BOOST_DESCRIBE_STRUCT(Derived, (Inner), (c))

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct Everything {
  bool flag = true;
  std::int64_t low = -3;
  std::uint8_t small = 200;
  Colour colour = Colour::green;
  Bare bare = Bare::one;
  std::string text = "hi";
  NodeId node{1};
  Time time{5};
  Duration duration{-6};
  TimerId timer{2, 3};
  Value value{Value::List{Value(1), Value()}};
  std::optional<int> none;
  std::optional<int> some = 4;
  std::pair<int, std::string> pair{1, "p"};
  std::vector<Inner> list{{1, true}, {2, false}};
  std::deque<int> queue{7, 8};
  std::set<std::string> set{"b", "a"};
  std::map<std::string, int> map{{"k", 1}};
  Inner inner{9, true};
  Message message = Message::make(Inner{1, false});
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (flag, low, small, colour, bare, text, node, time, duration, timer, value,
                       none, some, pair, list, queue, set, map, inner, message))

struct Outside {};

TEST_CASE("a type's name is qualified below sibyl") {
  CHECK(type_name<Inner>() == "describe_test::Inner");
  CHECK(type_name<Message>() == "Message");
  CHECK(type_name<int>() == "int");
  CHECK(kTypeInfo<Inner>.name == "describe_test::Inner");
  CHECK(kTypeInfo<Inner>.name_hash == hash_text("describe_test::Inner"));
}

TEST_CASE("described is what has a description") {
  CHECK(Described<Inner>);
  CHECK(Described<Empty>);
  CHECK(!Described<Outside>);
  CHECK(!Described<int>);
}

TEST_CASE("members are visited in order of declaration, those of a base first") {
  std::vector<std::string> names;
  Derived d;
  for_each_member(d, [&](std::string_view name, const auto&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"a", "b", "c"});
  for_each_member(d, [](std::string_view, auto& member) {
    if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::int32_t>) member = 17;
  });
  CHECK(d.a == 17);
}

TEST_CASE("a struct becomes an object, with the names of nodes that are known") {
  const std::vector<TraceNode> nodes{{"P0", "", ""}, {"P1", "", ""}};
  const Value v = to_value(Everything{}, nodes);
  CHECK(*v.find("flag") == Value(true));
  CHECK(*v.find("low") == Value(-3));
  CHECK(*v.find("small") == Value(200));
  CHECK(*v.find("colour") == Value("green"));
  CHECK(*v.find("bare") == Value(1));
  CHECK(*v.find("text") == Value("hi"));
  CHECK(*v.find("node") == Value("P1"));
  CHECK(*v.find("time") == Value(5));
  CHECK(*v.find("duration") == Value(-6));
  CHECK(*v.find("timer") == Value(2));
  CHECK(v.find("value")->text() == "[1, null]");
  CHECK(v.find("none")->is_null());
  CHECK(*v.find("some") == Value(4));
  CHECK(v.find("pair")->text() == "[1, p]");
  CHECK(v.find("list")->text() == "[{a: 1, b: true}, {a: 2, b: false}]");
  CHECK(v.find("queue")->text() == "[7, 8]");
  CHECK(v.find("set")->text() == "[a, b]");
  CHECK(v.find("map")->text() == "[[k, 1]]");
  CHECK(v.find("inner")->text() == "{a: 9, b: true}");
  CHECK(*v.find("message")->find("type") == Value("describe_test::Inner"));
  CHECK(*to_value(Everything{}, {}).find("node") == Value("node1"));
  CHECK(to_value(Empty{}, {}) == Value(Value::Object{}));
}

TEST_CASE("every member is part of the hash") {
  std::set<std::uint64_t> seen;
  const auto fresh = [&](auto change) {
    Everything e;
    change(e);
    CHECK(seen.insert(hash_of(e)).second);
  };
  fresh([](Everything&) {});
  fresh([](Everything& e) { e.flag = false; });
  fresh([](Everything& e) { e.low = 3; });
  fresh([](Everything& e) { e.small = 201; });
  fresh([](Everything& e) { e.colour = Colour::red; });
  fresh([](Everything& e) { e.bare = Bare::zero; });
  fresh([](Everything& e) { e.text = "ho"; });
  fresh([](Everything& e) { e.node.value = 2; });
  fresh([](Everything& e) { e.time.ns = 6; });
  fresh([](Everything& e) { e.duration.ns = 6; });
  fresh([](Everything& e) { e.timer.slot = 3; });
  fresh([](Everything& e) { e.timer.generation = 4; });
  fresh([](Everything& e) { e.value = Value(1); });
  fresh([](Everything& e) { e.none = 0; });
  fresh([](Everything& e) { e.some.reset(); });
  fresh([](Everything& e) { e.pair.first = 2; });
  fresh([](Everything& e) { e.pair.second = "q"; });
  fresh([](Everything& e) { e.list[1].b = true; });
  fresh([](Everything& e) { e.list.pop_back(); });
  fresh([](Everything& e) { std::swap(e.queue[0], e.queue[1]); });
  fresh([](Everything& e) { e.set.insert("c"); });
  fresh([](Everything& e) { e.map["k"] = 2; });
  fresh([](Everything& e) { e.map["l"] = 1; });
  fresh([](Everything& e) { e.inner.a = 10; });
  fresh([](Everything& e) { e.message = Message::make(Inner{2, false}); });
  fresh([](Everything& e) { e.message = Message(); });
  CHECK(hash_of(Everything{}) == hash_of(Everything{}));
}

TEST_CASE("a hash does not mix up neighbours: contents moved across a border change it") {
  using Texts = std::vector<std::string>;
  CHECK(hash_of(Texts{"ab", "c"}) != hash_of(Texts{"a", "bc"}));
  CHECK(hash_of(Texts{"abc"}) != hash_of(Texts{"abc", ""}));
  using Lists = std::vector<std::vector<int>>;
  CHECK(hash_of(Lists{{1}, {2}}) != hash_of(Lists{{1, 2}, {}}));
  CHECK(hash_of(Lists{{}, {1, 2}}) != hash_of(Lists{{1, 2}, {}}));
  CHECK(hash_of(std::string(8, '\0')) != hash_of(std::string(16, '\0')));
}

TEST_CASE("hashes are the same on every machine") {
  CHECK(hash_text("") == 16377451782213444803ULL);
  CHECK(hash_text("sibyl") == 13001907046171011549ULL);
  CHECK(hash_of(Inner{1, true}) == 17238680172610721066ULL);
  Digest d;
  d.add(1, 2);
  CHECK(d.hex() == "a97158f1addcf3d3d3810d578c364f47");
}

TEST_CASE("sizes on the wire are as documented") {
  CHECK(wire_bytes(true) == 1);
  CHECK(wire_bytes(Colour::red) == 1);
  CHECK(wire_bytes(std::int8_t{1}) == 8);
  CHECK(wire_bytes(NodeId{1}) == 8);
  CHECK(wire_bytes(Time{1}) == 8);
  CHECK(wire_bytes(std::string("hello")) == 9);
  CHECK(wire_bytes(std::vector<std::string>{"a", "bc"}) == 4 + 5 + 6);
  CHECK(wire_bytes(std::map<std::string, int>{{"k", 1}}) == 4 + 5 + 8);
  CHECK(wire_bytes(std::set<int>{1, 2}) == 4 + 16);
  CHECK(wire_bytes(std::optional<int>()) == 1);
  CHECK(wire_bytes(std::optional<int>(3)) == 9);
  CHECK(wire_bytes(std::pair<int, bool>(3, true)) == 9);
  CHECK(wire_bytes(Value("abc")) == 4 + 3);
  CHECK(wire_bytes(Inner{}) == 9);
  CHECK(wire_bytes(Derived{}) == 13);
  CHECK(wire_bytes(Empty{}) == 0);
  CHECK(wire_bytes(Message::make(Inner{})) == 17);
}

TEST_CASE("a type's information works on bodies whose type is no longer known") {
  const TypeInfo& info = kTypeInfo<Inner>;
  const Inner one{1, true};
  const Inner same{1, true};
  const Inner two{2, true};
  CHECK(info.equal(&one, &same));
  CHECK(!info.equal(&one, &two));
  CHECK(info.hash(&one) == hash_of(one));
  CHECK(info.wire_bytes(&one) == 9);
  CHECK(info.to_value(&two, {}).text() == "{a: 2, b: true}");
}

}  // namespace sibyl::describe_test
