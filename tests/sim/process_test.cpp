// Processes as values, and modules inside a process.
#include "sim/process.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::process_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};

TEST_CASE("a shared process is copied before it is changed, and freed with its last holder") {
  struct Counted : Process {
    explicit Counted(int* c) : alive(c) { ++*alive; }
    Counted(const Counted& o) : Process(o), alive(o.alive), n(o.n) { ++*alive; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() override { --*alive; }
    void receive(Context&, NodeId, const Message&) override {}
    Process* clone() const override { return new Counted(*this); }
    void add_to(Hasher& h) const override { h.add(static_cast<std::uint64_t>(n)); }
    int* alive;
    int n = 0;
  };
  int alive = 0;
  {
    ProcessPtr one = make_process<Counted>(&alive);
    const void* first = one.address();
    CHECK(&one.writable() == first);  // nobody else has it
    ProcessPtr two = one;
    CHECK(two.address() == first);
    CHECK(alive == 1);
    static_cast<Counted&>(two.writable()).n = 5;
    CHECK(two.address() != first);
    CHECK(one.address() == first);
    CHECK(alive == 2);
    CHECK(one->hash() != two->hash());
    one = two;
    CHECK(alive == 1);
    ProcessPtr three = std::move(two);
    CHECK(!two);
    CHECK(three);
    one = ProcessPtr();
    CHECK(alive == 1);
    ProcessPtr& alias = three;
    three = alias;
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("a process's hash goes by the values of its described members") {
  Actor one(std::make_shared<const Behaviour>());
  Actor two(std::make_shared<const Behaviour>());
  CHECK(one.hash() == two.hash());
  two.numbers["x"] = 1;
  CHECK(one.hash() != two.hash());
  one.numbers["x"] = 1;
  CHECK(one.hash() == two.hash());
  const ProcessPtr copy(one.clone());
  CHECK(copy->hash() == one.hash());
}

/// The protocol that needs least: no start, no timer, no recover.
class Minimal : public ProcessOf<Minimal> {
 public:
  void receive(Context&, NodeId, const Message& message) override {
    sum += message.as<Number>()->n;
  }
  std::uint64_t sum = 0;
  BOOST_DESCRIBE_CLASS(Minimal, (), (sum), (), ())
};

class Starter : public ProcessOf<Starter> {
 public:
  void start(Context& c) override { c.count("start"); }
  void receive(Context&, NodeId, const Message&) override {}
  BOOST_DESCRIBE_CLASS(Starter, (), (), (), ())
};

TEST_CASE(
    "a process without handlers for the start and timers is one; recover() starts by default") {
  WorldConfig config = calm(10);
  config.faults = {at(20, fault::Crash{kB}), at(21, fault::Recover{kB})};
  World world(config);
  add(world, "A", sends_at(kB, {0, 1, 30}));
  world.add_node({"B", "node", "B"}, make_process<Minimal>());
  run(world);
  CHECK(static_cast<const Minimal&>(world.process(kB)).sum == 3);

  World other(config);
  other.add_node({"A", "node", "A"}, make_process<Minimal>());
  other.add_node({"B", "node", "B"}, make_process<Starter>());
  run(other);
  CHECK(other.counters().counts[0].second == 2);
}

// --- modules inside a process

/// A module: sends to its like at the other node, and arms a timer.
struct Leaf {
  void begin(Context context, NodeId to) {
    context.send(to, Number{context.instance_number()});
    context.arm(Duration{5}, Tag{1});
  }
  std::vector<std::string> got;
};
BOOST_DESCRIBE_STRUCT(Leaf, (), (got))

constexpr std::uint8_t kFirst = 1;
constexpr std::uint8_t kSecond = 255;

/// A module with a module of the same kind at each of two ports.
struct Branch {
  void begin(Context context, NodeId to) {
    first.begin(context.child(kFirst, 3), to);
    second.begin(context.child(kSecond, 4), to);
  }
  void arrive(Context& context, const Message& message, const std::string& what) {
    if (auto down = context.route_to(kFirst, message)) {
      first.got.push_back(what + std::to_string(down->instance_number()));
    } else if (auto other = context.route_to(kSecond, message)) {
      second.got.push_back(what + std::to_string(other->instance_number()));
    } else {
      own.push_back(what);
    }
  }
  Leaf first;
  Leaf second;
  std::vector<std::string> own;
};
BOOST_DESCRIBE_STRUCT(Branch, (), (first, second, own))

class Tree : public ProcessOf<Tree> {
 public:
  explicit Tree(NodeId p) : peer(p) {}
  void start(Context& context) override {
    if (peer == context.self()) return;
    left.begin(context.child(kFirst, 1), peer);
    right.begin(context.child(kSecond, 2), peer);
    context.child(kFirst).send(peer, Number{9});  // to the branch itself
    context.send(peer, Number{8});                // to the root
    bare.begin(context.child(7, 6), peer);
  }
  void receive(Context& context, NodeId, const Message& message) override {
    arrive(context, message, "m");
  }
  void timer(Context& context, const Message& tag) override { arrive(context, tag, "t"); }
  void arrive(Context& context, const Message& message, const std::string& what) {
    if (auto down = context.route_to(kFirst, message)) {
      left.arrive(*down, message, what);
    } else if (auto other = context.route_to(kSecond, message)) {
      right.arrive(*other, message, what);
    } else if (auto third = context.route_to(7, message)) {
      bare.got.push_back(what + std::to_string(third->instance_number()));
    } else {
      own.push_back(what);
    }
  }
  NodeId peer;
  Branch left;
  Branch right;
  Leaf bare;
  std::vector<std::string> own;
  BOOST_DESCRIBE_CLASS(Tree, (), (peer, left, right, bare, own), (), ())
};

TEST_CASE("messages and timers of modules find their way to the same module, and no other") {
  World world(calm(10));
  world.add_node({"A", "node", "A"}, make_process<Tree>(kB));
  world.add_node({"B", "node", "B"}, make_process<Tree>(kB));
  run(world);
  using Got = std::vector<std::string>;
  const auto& a = static_cast<const Tree&>(world.process(kA));
  const auto& b = static_cast<const Tree&>(world.process(kB));
  CHECK(b.left.first.got == Got{"m3"});
  CHECK(b.left.second.got == Got{"m4"});
  CHECK(b.right.first.got == Got{"m3"});
  CHECK(b.right.second.got == Got{"m4"});
  CHECK(b.left.own == Got{"m"});
  CHECK(b.right.own.empty());
  CHECK(b.bare.got == Got{"m6"});
  CHECK(b.own == Got{"m"});
  CHECK(a.left.first.got == Got{"t3"});
  CHECK(a.left.second.got == Got{"t4"});
  CHECK(a.right.first.got == Got{"t3"});
  CHECK(a.right.second.got == Got{"t4"});
  CHECK(a.bare.got == Got{"t6"});
  CHECK(a.own.empty());
}

class Deep : public ProcessOf<Deep> {
 public:
  void start(Context& c) override {
    c.child(255).child(254).child(253).child(252, 42).send(c.self(), Number{1});
  }
  void receive(Context& c, NodeId, const Message& m) override {
    CHECK(!c.route_to(254, m));
    auto one = c.route_to(255, m);
    REQUIRE(one);
    auto two = one->route_to(254, m);
    REQUIRE(two);
    CHECK(!two->route_to(252, m));
    auto three = two->route_to(253, m);
    REQUIRE(three);
    auto four = three->route_to(252, m);
    REQUIRE(four);
    CHECK(four->instance_number() == 42);
    CHECK(!four->route_to(1, m));
    c.count("reached");
  }
  BOOST_DESCRIBE_CLASS(Deep, (), (), (), ())
};

TEST_CASE("four levels of modules can be addressed") {
  World world(calm());
  world.add_node({"A", "node", "A"}, make_process<Deep>());
  run(world);
  CHECK(world.counters().counts.size() == 1);
}

TEST_CASE("a process knows its clocks: hardware and wall") {
  World world(calm());
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    self.numbers["hardware"] = c.hardware_now().ns;
    self.numbers["wall"] = c.wall_now().ns;
  };
  add(world, "A", b, {HardwareClock(0, Time{0}, Time{500}), Duration{-20}});
  run(world);
  CHECK(actor(world, kA).numbers ==
        std::map<std::string, std::int64_t>{{"hardware", 500}, {"wall", 480}});
}

TEST_CASE("a choice among one alternative is none; choices and draws are asked at the node") {
  World world(calm());
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    CHECK(c.choose(Decision::order, 1) == 0);
    self.numbers["pick"] = static_cast<std::int64_t>(c.choose(Decision::order, 6));
    self.numbers["draw"] = c.draw(Decision::workload, Distribution::uniform(100, 200));
  };
  add(world, "A");
  add(world, "B", b);
  SeededChoices seeded(1);
  RecordingChoices recording(seeded);
  world.run(recording, {});
  const auto& numbers = actor(world, kB).numbers;
  CHECK(recording.decided() ==
        std::vector<Decided>{{Decision::order, kB, 6, numbers.at("pick")},
                             {Decision::workload, kB, 0, numbers.at("draw")}});
}

// --- messages

TEST_CASE("a message is what it was made of, and nothing else") {
  const Message m = Message::make(Number{5}, {0x102, 7});
  REQUIRE(m.as<Number>() != nullptr);
  CHECK(m.as<Number>()->n == 5);
  CHECK(m.as<Tag>() == nullptr);  // of the same layout, but another type
  CHECK(m.type().name == "small::Number");
  CHECK(m.route() == Route{0x102, 7});
  CHECK(m.wire_bytes() == 16);
  CHECK(m.to_value({}) == Value(Value::Object{{"type", Value("small::Number")}, {"n", Value(5)}}));
  const Message none;
  CHECK(!none);
  CHECK(none.to_value({}).is_null());
  CHECK(none.wire_bytes() == 1);
}

TEST_CASE("messages are compared and hashed by type, route and contents") {
  const Message m = Message::make(Number{5});
  const Message copy = m;
  CHECK(copy == m);
  CHECK(copy.get() == m.get());
  CHECK(Message::make(Number{5}) == m);
  CHECK(Message::make(Number{5}).hash() == m.hash());
  for (const Message& other :
       {Message::make(Number{6}), Message::make(Tag{5}), Message::make(Number{5}, {1, 0}),
        Message::make(Number{5}, {0, 1})}) {
    CHECK(!(other == m));
    CHECK(other.hash() != m.hash());
  }
  CHECK(!(m == Message()));
  CHECK(Message() == Message());
}

}  // namespace
}  // namespace sibyl::small::process_test
