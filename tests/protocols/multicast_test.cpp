// Atomic multicast, by Skeen and by the ideal sequencer, run in small worlds.
#include "protocols/multicast/multicast.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::multicast_test {

using multicast::GroupIndex;

constexpr std::int64_t kTick = 1'000'000;
constexpr std::uint8_t kPort = 1;

struct Text {
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

/// A multicast that a node makes at a time, in ticks.
struct Planned {
  std::int64_t at = 0;
  std::vector<GroupIndex> groups;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Planned, (), (at, groups, text))

struct Due {
  std::uint64_t index = 0;
};
BOOST_DESCRIBE_STRUCT(Due, (), (index))

struct Entry {
  std::int64_t at = 0;
  std::uint64_t id = 0;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (at, id, text))

/// Multicasts what is planned and writes down what it delivers.
class Node : public ProcessOf<Node> {
 public:
  Node(multicast::AtomicMulticast m, std::vector<Planned> p)
      : atomic(std::move(m)), plan(std::move(p)) {}

  void start(Context& context) override {
    for (std::size_t i = 0; i < plan.size(); ++i) {
      context.arm(Duration{plan[i].at * kTick}, Due{i});
    }
  }
  void timer(Context& context, const Message& tag) override {
    if (auto down = context.route_to(kPort, tag)) {
      keep(context, atomic.timer(*down, tag));
    } else if (const auto* due = tag.as<Due>()) {
      const Planned& p = plan[due->index];
      atomic.multicast(context.child(kPort), p.groups, Message::make(Text{p.text}));
    }
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (auto down = context.route_to(kPort, message)) {
      keep(context, atomic.receive(*down, from, message));
    }
  }
  void keep(Context& context, const std::vector<multicast::Delivery>& deliveries) {
    for (const auto& d : deliveries) {
      const std::int64_t now = context.hardware_now().ns;
      log.push_back({now / kTick, d.id, d.payload.as<Text>()->text});
    }
  }

  multicast::AtomicMulticast atomic;
  std::vector<Planned> plan;
  std::vector<Entry> log;
  BOOST_DESCRIBE_CLASS(Node, (), (atomic, plan, log), (), ())
};

enum class Kind { skeen, sequencer };

/// Groups of processes (nodes from 0, group by group), then clients, then the sequencer if there is
/// one.
struct Setup {
  Kind kind = Kind::skeen;
  std::vector<std::pair<std::string, std::size_t>> groups;  ///< name, members
  std::vector<std::uint64_t> clocks;                        ///< by group; 0 where it is not given
  std::vector<std::vector<Planned>> plans;                  ///< by node: members, then clients
  WorldConfig config;
};

struct Ran {
  Outcome outcome = Outcome::limit;
  std::vector<std::vector<Entry>> logs;  ///< by node
  std::vector<std::uint64_t> hashes;     ///< of the nodes' last states
  std::vector<TraceEvent> events;
  std::uint64_t messages = 0;
};

LinkProfile constant_link(std::int64_t ticks) {
  LinkProfile link;
  link.delay = Distribution::constant(ticks * kTick);
  return link;
}

std::size_t members_of(const Setup& setup) {
  std::size_t all = 0;
  for (const auto& g : setup.groups) all += g.second;
  return all;
}

Ran run(Setup setup, Choices& choices) {
  auto groups = std::make_shared<multicast::Groups>();
  std::uint32_t next = 0;
  std::vector<std::size_t> group_of;
  for (const auto& [name, size] : setup.groups) {
    std::vector<NodeId> members;
    for (std::size_t i = 0; i < size; ++i) {
      members.push_back({next++});
      group_of.push_back(groups->names.size());
    }
    groups->names.push_back(name);
    groups->members.push_back(members);
  }
  const std::size_t nodes = std::max(setup.plans.size(), group_of.size());
  setup.plans.resize(nodes);
  setup.clocks.resize(setup.groups.size(), 0);
  if (setup.kind == Kind::sequencer) groups->sequencer = {static_cast<std::uint32_t>(nodes)};

  World world(setup.config);
  for (std::size_t i = 0; i < nodes; ++i) {
    const bool member = i < group_of.size();
    const std::string name = "n" + std::to_string(i);
    auto atomic = setup.kind == Kind::sequencer
                      ? multicast::AtomicMulticast(multicast::Sequencer(groups))
                      : multicast::AtomicMulticast(
                            multicast::Skeen(groups, member ? setup.clocks[group_of[i]] : 0));
    world.add_node(
        {name, member ? "partition" : "client", member ? groups->names[group_of[i]] : name},
        make_process<Node>(atomic, setup.plans[i]));
  }
  if (setup.kind == Kind::sequencer) {
    world.add_node({"sequencer", "sequencer", "sequencer"},
                   make_process<multicast::SequencerNode>(groups));
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  Ran ran;
  ran.outcome = world.run(choices, {});
  for (std::uint32_t i = 0; i < nodes; ++i) {
    ran.logs.push_back(static_cast<const Node&>(world.process({i})).log);
    ran.hashes.push_back(world.process({i}).hash());
  }
  ran.events = recorder.take();
  ran.messages = world.counters().messages;
  return ran;
}

/// "a@2 b@21": what a node delivered, and when.
std::string summary(const std::vector<Entry>& log) {
  std::string out;
  for (const Entry& e : log) {
    if (!out.empty()) out += ' ';
    out += e.text + '@' + std::to_string(e.at);
  }
  return out;
}

std::vector<std::int64_t> proposals(const Ran& ran, NodeId node) {
  std::vector<std::int64_t> all;
  for (const TraceEvent& e : ran.events) {
    if (e.kind == TraceKind::send && e.node == node && e.name == "skeen::Propose") {
      all.push_back(*e.data.find("lts")->as_int());
    }
  }
  return all;
}

using Orders = std::vector<std::vector<std::uint64_t>>;

/// What is wrong with the orders in which processes delivered: a repetition, two processes that
/// differ on what both delivered, or a cycle in the union of the orders. Empty when nothing is.
std::string order_violation(const Orders& orders) {
  for (const auto& o : orders) {
    if (std::set<std::uint64_t>(o.begin(), o.end()).size() != o.size()) return "delivered twice";
  }
  const auto common = [](const auto& of, const auto& with) {
    std::vector<std::uint64_t> kept;
    for (const auto id : of) {
      if (std::find(with.begin(), with.end(), id) != with.end()) kept.push_back(id);
    }
    return kept;
  };
  for (const auto& p : orders) {
    for (const auto& q : orders) {
      if (common(p, q) != common(q, p)) return "prefix order";
    }
  }
  std::map<std::uint64_t, std::set<std::uint64_t>> before;
  for (const auto& o : orders) {
    for (std::size_t i = 0; i < o.size(); ++i) {
      before[o[i]];
      if (i > 0) before[o[i]].insert(o[i - 1]);
    }
  }
  while (!before.empty()) {
    const auto free = std::find_if(before.begin(), before.end(),
                                   [](const auto& entry) { return entry.second.empty(); });
    if (free == before.end()) return "cycle";
    const std::uint64_t id = free->first;
    before.erase(free);
    for (auto& entry : before) entry.second.erase(id);
  }
  return "";
}

/// Answers Decision::order from a list, and everything else as a seed does.
class ScriptedOrder final : public Choices {
 public:
  explicit ScriptedOrder(std::vector<std::uint64_t> list) : list_(std::move(list)) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    if (q.what != Decision::order) return seeded_.pick(q, options);
    asked.push_back(options);
    REQUIRE(next_ < list_.size());
    return list_[next_++];
  }
  std::int64_t draw(Question q, const Distribution& d) override { return seeded_.draw(q, d); }
  bool chance(Question q, Probability p) override { return seeded_.chance(q, p); }
  std::vector<std::uint64_t> asked;

 private:
  SeededChoices seeded_{1};
  std::vector<std::uint64_t> list_;
  std::size_t next_ = 0;
};

TEST_CASE("the order check finds repetitions, disagreements and cycles") {
  CHECK(order_violation({{1, 2, 3}, {1, 3}, {2, 3}}) == "");
  CHECK(order_violation({{1, 2, 1}}) == "delivered twice");
  CHECK(order_violation({{1, 2}, {2, 3, 1}}) == "prefix order");
  CHECK(order_violation({{1, 2}, {2, 3}, {3, 1}}) == "cycle");
}

TEST_CASE("a window knows which numbers have come") {
  multicast::Window window;
  CHECK(window.add(2));
  CHECK(window.add(1));
  CHECK_FALSE(window.add(1));
  CHECK_FALSE(window.add(2));
  CHECK(window.add(4));
  CHECK_FALSE(window.add(4));
  CHECK(window.next == 3);
  CHECK(window.ahead == std::set<std::uint64_t>{4});
}

TEST_CASE("ids compare by sequence, then by sender") {
  using multicast::make_id;
  CHECK(make_id({5}, 1) < make_id({2}, 2));
  CHECK(make_id({2}, 2) < make_id({5}, 2));
  CHECK(multicast::sender_of(make_id({5}, 7)) == NodeId{5});
  CHECK(multicast::sequence_of(make_id({5}, 7)) == 7);
}

TEST_CASE("Skeen delivers at the ticks of scenario A1") {
  for (const TieRule ties : {TieRule::insertion, TieRule::chosen}) {
    Setup setup;
    setup.groups = {{"Px", 1}, {"Py", 1}};
    setup.clocks = {10, 0};
    setup.config.ties = ties;
    setup.config.network.standard = constant_link(1);
    setup.config.network.by_link[{NodeId{0}, NodeId{1}}] = constant_link(20);
    setup.plans = {{}, {}, {{0, {0, 1}, "Cxy"}}, {{3, {0}, "Cx"}, {6, {1}, "Cy"}}};
    SeededChoices choices(7);
    const Ran ran = run(setup, choices);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(summary(ran.logs[0]) == "Cxy@2 Cx@4");
    CHECK(summary(ran.logs[1]) == "Cy@21 Cxy@21");
    CHECK(proposals(ran, {0}) == std::vector<std::int64_t>{11});
    CHECK(proposals(ran, {1}) == std::vector<std::int64_t>{1});
  }
}

TEST_CASE("Skeen delivers at the ticks of scenario A2") {
  Setup setup;
  setup.groups = {{"a", 1}, {"b", 1}, {"c", 1}};
  setup.clocks = {0, 10, 0};
  setup.config.network.standard = constant_link(1);
  setup.config.network.by_link[{NodeId{1}, NodeId{0}}] = constant_link(20);
  setup.plans = {{},
                 {},
                 {},
                 {{0, {0, 1}, "z0"}},
                 {{3, {1, 2}, "z1"}},
                 {{8, {2}, "x"}, {11, {0}, "y"}},
                 {{200, {1}, "w"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(summary(ran.logs[0]) == "y@21 z0@21");
  CHECK(summary(ran.logs[1]) == "z0@2 z1@5 w@201");
  CHECK(summary(ran.logs[2]) == "z1@5 x@9");
  CHECK(proposals(ran, {1}) == std::vector<std::int64_t>{11, 12});
}

TEST_CASE("Skeen delivers at the ticks of scenarios B1 to B3") {
  for (const bool oracle_ahead : {false, true}) {  // B1: P1 is ahead; B2 and B3: the oracle is
    Setup setup;
    setup.groups = {{"O", 1}, {"P1", 1}};
    const std::uint32_t ahead = oracle_ahead ? 0 : 1;
    setup.clocks = {oracle_ahead ? 10U : 0U, oracle_ahead ? 0U : 10U};
    setup.config.network.standard = constant_link(1);
    setup.config.network.by_link[{NodeId{ahead}, NodeId{1 - ahead}}] = constant_link(20);
    setup.plans = {{}, {}, {{0, {0, 1}, "create"}}, {{4, {1 - ahead}, "read"}}};
    SeededChoices choices(7);
    const Ran ran = run(setup, choices);
    CHECK(summary(ran.logs[ahead]) == "create@2");
    CHECK(summary(ran.logs[1 - ahead]) == "read@21 create@21");
  }
}

TEST_CASE("Skeen orders messages of one timestamp by id") {
  Setup setup;
  setup.groups = {{"a", 1}, {"b", 1}};
  setup.config.network.standard = constant_link(1);
  // Node 2 reaches a first, node 3 reaches b first: both messages get the final timestamp 2.
  setup.config.network.by_link[{NodeId{3}, NodeId{0}}] = constant_link(2);
  setup.config.network.by_link[{NodeId{2}, NodeId{1}}] = constant_link(2);
  setup.plans = {{}, {}, {{0, {0, 1}, "two"}}, {{0, {0, 1}, "three"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(proposals(ran, {0}) == std::vector<std::int64_t>{1, 2});
  CHECK(proposals(ran, {1}) == std::vector<std::int64_t>{1, 2});
  CHECK(summary(ran.logs[0]) == "two@3 three@3");
  CHECK(summary(ran.logs[1]) == "two@3 three@3");
}

TEST_CASE("Skeen takes proposals that come before the message itself") {
  Setup setup;
  setup.groups = {{"a", 1}, {"b", 1}};
  setup.config.network.standard = constant_link(1);
  setup.config.network.by_link[{NodeId{2}, NodeId{1}}] = constant_link(10);
  setup.plans = {{}, {}, {{0, {0, 1}, "m"}, {20, {0, 1}, "later"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(summary(ran.logs[1]) == "m@10 later@30");
  CHECK(summary(ran.logs[0]) == "m@11 later@31");
  CHECK(proposals(ran, {1}) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("Skeen keeps nothing of proposals that come again after the delivery") {
  Setup setup;
  setup.groups = {{"a", 2}, {"b", 1}};
  setup.config.network.standard = constant_link(1);
  setup.plans = {{}, {}, {}, {{0, {0, 1}, "m"}, {20, {0, 1}, "later"}}};
  SeededChoices choices(7);
  const Ran once = run(setup, choices);
  setup.config.network.standard.duplicate = Probability::always();
  SeededChoices again(7);
  const Ran twice = run(setup, again);
  CHECK(summary(once.logs[0]) == "m@2 later@22");
  const auto duplicated = [](const TraceEvent& e) { return e.name == "skeen::Propose"; };
  CHECK(std::count_if(twice.events.begin(), twice.events.end(), duplicated) >
        std::count_if(once.events.begin(), once.events.end(), duplicated));
  CHECK(twice.hashes == once.hashes);
}

TEST_CASE("Skeen's clock follows final timestamps, not the proposals of others") {
  Setup setup;
  setup.groups = {{"a", 1}, {"b", 1}, {"c", 1}};
  setup.clocks = {0, 10, 0};
  setup.config.network.standard = constant_link(1);
  setup.config.network.by_link[{NodeId{2}, NodeId{0}}] = constant_link(20);
  // At 6 ticks a has b's proposal 11 for m1, and waits for that of c.
  setup.plans = {{}, {}, {}, {{0, {0, 1, 2}, "m1"}, {5, {0, 2}, "m2"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(proposals(ran, {0}) == std::vector<std::int64_t>{1, 1, 2});  // m1 to b and c; m2 to c
  // The final timestamps are 11 and 12; but until 26 a knows only that that of m2 is at least 2.
  CHECK(summary(ran.logs[0]) == "m1@26 m2@26");
}

TEST_CASE("Skeen's cost is d + d(d-1) messages and two delays; one for a single process") {
  Setup setup;
  setup.groups = {{"a", 2}, {"b", 1}};
  setup.config.network.standard = constant_link(1);
  setup.plans = {{}, {}, {}, {{0, {0, 1}, "m"}, {10, {1}, "s"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(summary(ran.logs[0]) == "m@2");
  CHECK(summary(ran.logs[1]) == "m@2");
  CHECK(summary(ran.logs[2]) == "m@2 s@11");
  CHECK(ran.messages == 3 + 3 * 2 + 1);
}

TEST_CASE("Skeen: one crashed process blocks the messages addressed to it and those behind") {
  Setup setup;
  setup.groups = {{"a", 1}, {"b", 1}};
  setup.config.network.standard = constant_link(1);
  setup.config.faults = {{fault::Trigger{}, fault::Crash{NodeId{1}}}};
  setup.plans = {{}, {}, {{1, {0, 1}, "m"}, {5, {0}, "s"}}};
  SeededChoices choices(7);
  const Ran ran = run(setup, choices);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(summary(ran.logs[0]) == "");
}

TEST_CASE("a member can send, and delivers its own messages") {
  for (const Kind kind : {Kind::skeen, Kind::sequencer}) {
    Setup setup;
    setup.kind = kind;
    setup.groups = {{"a", 1}, {"b", 1}};
    setup.config.network.standard = constant_link(1);
    setup.plans = {{{0, {0, 1}, "both"}, {10, {0}, "own"}, {20, {1}, "other"}}, {}};
    SeededChoices choices(7);
    const Ran ran = run(setup, choices);
    if (kind == Kind::skeen) {
      CHECK(summary(ran.logs[0]) == "both@2 own@10");
      CHECK(summary(ran.logs[1]) == "both@1 other@21");
    } else {
      CHECK(summary(ran.logs[0]) == "both@2 own@12");
      CHECK(summary(ran.logs[1]) == "both@2 other@22");
    }
  }
}

TEST_CASE("multicasts and deliveries are noted") {
  for (const Kind kind : {Kind::skeen, Kind::sequencer}) {
    Setup setup;
    setup.kind = kind;
    setup.groups = {{"b", 1}, {"a", 1}};
    setup.config.network.standard = constant_link(1);
    setup.plans = {{}, {}, {{0, {0, 1}, "m"}}};
    SeededChoices choices(7);
    const Ran ran = run(setup, choices);
    const auto id = static_cast<std::int64_t>(multicast::make_id({2}, 1));
    std::vector<std::string> groups;
    std::size_t multicasts = 0;
    for (const TraceEvent& e : ran.events) {
      if (e.name == "note::Multicast") {
        ++multicasts;
        CHECK(groups.empty());
        CHECK(e.node == NodeId{2});
        CHECK(e.data ==
              Value(Value::Object{{"message", Value(id)},
                                  {"groups", Value(Value::List{Value(std::string("a")),
                                                               Value(std::string("b"))})}}));
      } else if (e.name == "note::Deliver") {
        CHECK(*e.data.find("message")->as_int() == id);
        groups.push_back(*e.data.find("group")->as_string());
        CHECK(groups.back() == (e.node == NodeId{0} ? "b" : "a"));
      }
    }
    CHECK(multicasts == 1);
    CHECK(groups.size() == 2);
  }
}

/// Three groups of two, three clients; members send too. `texts` gets every message's addressees.
Setup random_setup(Kind kind, std::uint64_t seed,
                   std::map<std::string, std::set<GroupIndex>>& texts) {
  Setup setup;
  setup.kind = kind;
  setup.groups = {{"a", 2}, {"b", 2}, {"c", 2}};
  Stream stream(seed, 0, 1);
  setup.clocks = {stream.below(20), stream.below(20), stream.below(20)};
  setup.config.network.standard.delay = Distribution::uniform(kTick, 50 * kTick);
  setup.config.network.standard.duplicate = Probability::from_double(seed % 2 == 0 ? 0.2 : 0.0);
  setup.plans.resize(9);
  for (int m = 0; m < 15; ++m) {
    const std::uint64_t mask = 1 + stream.below(7);
    Planned p{static_cast<std::int64_t>(stream.below(80)), {}, "m" + std::to_string(m)};
    for (GroupIndex g = 0; g < 3; ++g) {
      if ((mask >> g & 1) != 0) p.groups.push_back(g);
    }
    texts[p.text] = {p.groups.begin(), p.groups.end()};
    setup.plans[stream.below(9)].push_back(p);
  }
  return setup;
}

TEST_CASE("every addressed process delivers once, in one acyclic order, over 200 seeds") {
  std::size_t orders_seen = 0;
  for (const Kind kind : {Kind::skeen, Kind::sequencer}) {
    std::set<std::string> first_orders;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      CAPTURE(seed);
      std::map<std::string, std::set<GroupIndex>> texts;
      const Setup setup = random_setup(kind, seed, texts);
      SeededChoices choices(seed);
      const Ran ran = run(setup, choices);
      REQUIRE(ran.outcome == Outcome::quiescent);
      Orders orders;
      for (std::size_t n = 0; n < ran.logs.size(); ++n) {
        std::set<std::string> expected;
        for (const auto& [text, groups] : texts) {
          if (n < members_of(setup) && groups.count(static_cast<GroupIndex>(n / 2)) != 0) {
            expected.insert(text);
          }
        }
        std::set<std::string> got;
        std::vector<std::uint64_t> ids;
        for (const Entry& e : ran.logs[n]) {
          got.insert(e.text);
          ids.push_back(e.id);
        }
        REQUIRE(got == expected);
        orders.push_back(ids);
      }
      REQUIRE(order_violation(orders) == "");
      first_orders.insert(summary(ran.logs[0]));
    }
    orders_seen += first_orders.size();
  }
  CHECK(orders_seen > 300);  // the runs differ
}

TEST_CASE("the sequencer's order follows the choices") {
  const auto ordered = [](std::vector<std::uint64_t> script) {
    Setup setup;
    setup.kind = Kind::sequencer;
    setup.groups = {{"a", 1}, {"b", 1}};
    setup.config.ties = TieRule::insertion;
    setup.config.network.standard = constant_link(1);
    setup.plans = {{}, {}, {{0, {0, 1}, "x"}}, {{0, {0, 1}, "y"}}, {{0, {0}, "z"}}};
    ScriptedOrder choices(std::move(script));
    const Ran ran = run(setup, choices);
    CHECK(choices.asked == std::vector<std::uint64_t>{3, 2});  // a single one is no choice
    return std::pair(summary(ran.logs[0]), summary(ran.logs[1]));
  };
  CHECK(ordered({0, 0}) == std::pair<std::string, std::string>("x@2 y@2 z@2", "x@2 y@2"));
  CHECK(ordered({2, 1}) == std::pair<std::string, std::string>("z@2 y@2 x@2", "y@2 x@2"));
  CHECK(ordered({1, 1}) == std::pair<std::string, std::string>("y@2 z@2 x@2", "y@2 x@2"));
}

/// Hands out number 2 at once, number 1 at 5 ticks, and then both again.
class Overtaking : public ProcessOf<Overtaking> {
 public:
  void start(Context& context) override {
    hand_out(context, 2);
    context.arm(Duration{5 * kTick}, Due{});
  }
  void timer(Context& context, const Message& /*tag*/) override {
    hand_out(context, 1);
    hand_out(context, 2);
    hand_out(context, 1);
  }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
  static void hand_out(Context& context, std::uint64_t number) {
    const Message payload = Message::make(Text{"m" + std::to_string(number)});
    context.child(kPort).send(
        NodeId{0}, sequencer::Ordered{number, multicast::make_id({1}, number), {0}, payload});
  }
  BOOST_DESCRIBE_CLASS(Overtaking, (), (), (), ())
};

TEST_CASE("what the sequencer numbered after a gap waits at the receiver") {
  auto groups = std::make_shared<multicast::Groups>();
  groups->names = {"a"};
  groups->members = {{NodeId{0}}};
  groups->sequencer = {1};
  WorldConfig config;
  config.network.standard = constant_link(1);
  World world(config);
  const multicast::AtomicMulticast atomic{multicast::Sequencer(groups)};
  world.add_node({"n0", "partition", "a"}, make_process<Node>(atomic, std::vector<Planned>{}));
  world.add_node({"s", "sequencer", "s"}, make_process<Overtaking>());
  SeededChoices choices(7);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  CHECK(summary(static_cast<const Node&>(world.process({0})).log) == "m1@6 m2@6");
}

TEST_CASE("the state of the multicast is hashed") {
  auto groups = std::make_shared<multicast::Groups>();
  groups->names = {"a"};
  groups->members = {{NodeId{0}}};
  using multicast::AtomicMulticast;
  using multicast::Skeen;
  const auto hash = [](const AtomicMulticast& m) { return hash_of(m); };
  CHECK(hash(AtomicMulticast(Skeen(groups))) == hash(AtomicMulticast(Skeen(groups))));
  CHECK(hash(AtomicMulticast(Skeen(groups))) != hash(AtomicMulticast(Skeen(groups, 1))));
  CHECK(hash(AtomicMulticast(Skeen(groups))) !=
        hash(AtomicMulticast(multicast::Sequencer(groups))));
}

}  // namespace sibyl::multicast_test
