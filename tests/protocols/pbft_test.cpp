// PBFT in small worlds: what it costs, what crashes and delays do to it, and what it does not
// believe.
#include "protocols/broadcast/pbft.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/protocols/order_world.hpp"

namespace sibyl::pbft_test {

using order_test::Case;
using order_test::kTick;
using order_test::Ran;
using order_test::run;
using order_test::Said;

std::uint64_t count(const Ran& ran, const std::string& what) {
  const auto found = ran.counts.find(what);
  return found == ran.counts.end() ? 0 : found->second;
}

fault::Fault crash(std::uint32_t party, std::int64_t microseconds) {
  return {{.at = Time{microseconds * 1000}, .event = "", .node = kNobody, .count = 1, .after = {}},
          fault::Crash{{party}}};
}

Case with(int parties, std::vector<Said> workload, std::string options = "{}") {
  Case c;
  c.protocol = "pbft";
  c.parties = parties;
  c.workload = std::move(workload);
  c.options = std::move(options);
  return c;
}

std::vector<Said> items(int number, int parties, int per_tick) {
  std::vector<Said> said;
  for (int i = 0; i < number; ++i) {
    said.push_back({i % parties, "m" + std::to_string(i), {}, i / per_tick});
  }
  return said;
}

// ---- The log ----

TEST_CASE("a party counts once among voters, whatever its number") {
  pbft::Voters voters;
  for (const std::uint32_t party : {3U, 64U, 511U, 3U, 64U}) voters.add(NodeId{party});
  CHECK(voters.count == 3);
  CHECK(voters.has(NodeId{511}));
  CHECK(!voters.has(NodeId{4}));
  CHECK(!voters.has(NodeId{1000}));
}

TEST_CASE("only the first vote of a party counts in a view, in others another") {
  pbft::Slot slot;
  slot.prepare(0, 7, NodeId{1}, true);
  slot.prepare(0, 8, NodeId{1}, true);
  slot.prepare(1, 8, NodeId{1}, true);
  slot.commit(0, 8, NodeId{1}, true);
  CHECK(slot.find(0, 7)->prepares.count == 1);
  CHECK(slot.find(0, 8)->prepares.count == 0);
  CHECK(slot.find(0, 8)->commits.count == 1);
  CHECK(slot.find(1, 8)->prepares.count == 1);
  slot.prepare(0, 8, NodeId{1}, false);
  CHECK(slot.find(0, 8)->prepares.count == 1);
}

TEST_CASE(
    "of one party a number keeps few votes, those of the highest views and the certificate's") {
  pbft::Slot slot;
  for (const std::uint32_t party : {1U, 2U, 3U}) slot.prepare(1, 7, NodeId{party}, true);
  slot.prepared = {1, 7};
  for (pbft::View view = 2; view < 3000; ++view) {
    slot.prepare(view, view, NodeId{1}, true);
    slot.commit(3000 - view, view, NodeId{2}, true);
  }
  CHECK(slot.tallies.size() <= 2 * pbft::kVotesKept + 1);
  CHECK(slot.find(1, 7)->prepares.count == 3);
  CHECK(slot.find(2999, 2999)->prepares.count == 1);
  CHECK(slot.find(2000, 2000) == nullptr);
  CHECK(slot.find(2998, 2)->commits.has(NodeId{2}));
}

TEST_CASE("a log that is cut keeps what is above the checkpoint") {
  pbft::Log log;
  log.at(3).commit(0, 33, NodeId{1}, true);
  log.at(5).commit(0, 55, NodeId{1}, true);
  log.truncate(4);
  CHECK(log.find(4) == nullptr);
  CHECK(log.find(5)->find(0, 55) != nullptr);
  CHECK(log.highest() == 5);
  log.truncate(64);
  CHECK(log.slots.empty());
  CHECK(log.highest() == 64);
  CHECK(log.find(65) == nullptr);
}

// ---- Costs ----

TEST_CASE("an item of the primary's takes 2n(n - 1) messages and 3 delays, another's one more") {
  for (const int n : {1, 2, 4, 5, 6, 7, 10, 16, 70}) {
    CAPTURE(n);
    const auto messages = static_cast<std::uint64_t>(2 * n * (n - 1));
    const Ran own = run(with(n, {{0, "m"}}));
    CHECK(own.outcome == Outcome::quiescent);
    CHECK(own.complete());
    CHECK(own.messages == messages);
    CHECK(own.last() == (n == 1 ? 0 : 3 * kTick));
    CHECK(own.counts.empty());
    if (n == 1) continue;
    const Ran others = run(with(n, {{1, "m"}}));
    CHECK(others.complete());
    CHECK(others.messages == messages + 1);
    CHECK(others.last() == 4 * kTick);
  }
}

TEST_CASE("as many numbers are under way as the window allows") {
  const std::vector<Said> ten = items(10, 1, 10);
  const Ran wide = run(with(4, ten));
  CHECK(wide.last() == 3 * kTick);
  // Three delays for two numbers, and one for the checkpoint that moves the window.
  const Ran narrow = run(with(4, ten, R"({"checkpoint": 2, "window": 2})"));
  CHECK(narrow.complete());
  CHECK(narrow.total_order());
  CHECK(narrow.last() == (5 * 3 + 4) * kTick);
  CHECK(count(narrow, "checkpoint") == 4 * 5);
  CHECK(narrow.by_kind.at("pbft::Checkpoint") == 5 * 4 * 3);
}

// ---- Delays and crashes ----

TEST_CASE("delays change the order at most, and nothing is asked for without need") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Case c = order_test::random_case("pbft", seed);
    c.parties = 4 + static_cast<int>(seed % 4);
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.complete());
    CHECK(ran.total_order());
    CHECK(ran.by_kind.count("pbft::ViewChange") == 0);
  }
}

TEST_CASE("with timeouts that are too short views change, and the order stays one") {
  std::uint64_t changes = 0;
  std::uint64_t adopted = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Case c = order_test::random_case("pbft", seed);
    c.parties = 4 + static_cast<int>(seed % 4);
    c.options = R"({"timeout": "2ms", "checkpoint": 2})";
    c.twice = seed % 5 == 0;
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.complete());
    CHECK(ran.total_order());
    changes += count(ran, "view_change");
    adopted += count(ran, "adopted");
  }
  CHECK(changes > 0);
  CHECK(adopted > 0);
}

TEST_CASE("whenever the primary crashes, the others deliver the same, and all that is theirs") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Case c = with(4, items(8, 4, 2), R"({"timeout": "20ms", "checkpoint": 4})");
    c.random_ticks = {1, 2, 4};
    c.seed = seed;
    c.faults.push_back(crash(0, static_cast<std::int64_t>(seed) * 250));
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.total_order());
    for (int party = 1; party < 4; ++party) {
      CHECK(ran.order(party) == ran.order(1));
      for (const auto& [label, origin] : ran.origin) {
        if (origin != 0) CHECK(ran.at(party, label) >= 0);
      }
    }
  }
}

TEST_CASE("without f + 1 of the parties nothing is decided, and the run ends") {
  Case c = with(4, items(4, 4, 4), R"({"timeout": "20ms"})");
  c.faults = {crash(0, 100), crash(1, 100)};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.order(2).empty());
  CHECK(count(ran, "view_change") == 2);
  CHECK(count(ran, "new_view") == 0);
}

TEST_CASE("who hears everything late delivers all, by asking for what it missed") {
  Case c = with(4, items(60, 3, 1), R"({"checkpoint": 4, "window": 4, "timeout": "10s"})");
  c.ticks = {{{0, 3}, 200}, {{1, 3}, 3}, {{2, 3}, 3}};  // votes come, proposals do not
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.complete());
  CHECK(ran.total_order());
  CHECK(count(ran, "transferred") >= 40);
  CHECK(count(ran, "view_change") == 0);
}

TEST_CASE("two hundred items in windows of any size, with a primary that crashes among them") {
  for (const char* options : {R"({"checkpoint": 1, "timeout": "30ms"})",
                              R"({"checkpoint": 7, "window": 9, "timeout": "30ms"})",
                              R"({"checkpoint": 64, "timeout": "30ms"})"}) {
    CAPTURE(options);
    Case c = with(7, items(200, 7, 4), options);
    c.faults = {crash(0, 20'500), crash(1, 60'300)};
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.total_order());
    for (int party = 3; party < 7; ++party) CHECK(ran.order(party) == ran.order(2));
    for (const auto& [label, origin] : ran.origin) {
      if (origin > 1) CHECK(ran.at(2, label) >= 0);
    }
  }
}

// ---- What is not believed ----

/// Says what it is told to, to all, as the module of a party would.
class Liar : public ProcessOf<Liar> {
 public:
  explicit Liar(std::vector<Message> messages) : says(std::move(messages)) {}
  void start(Context& context) override {
    for (const Message& message : says) {
      for (std::uint32_t i = 0; i < 4; ++i) {
        if (NodeId{i} != context.self()) context.send_message({i}, message);
      }
    }
  }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
  std::vector<Message> says;
  BOOST_DESCRIBE_CLASS(Liar, (), (says), (), ())
};

/// What P3 delivers, of four parties of whom one says these things at the start, and nothing else.
Ran run_with_liar(std::uint32_t liar, std::vector<Message> says,
                  const std::string& broadcasts = "") {
  using testing::Json;
  Case c;
  World world(order_test::config_of(c));
  std::vector<TraceNode> nodes;
  for (NodeSpec& node :
       find_protocol("pbft")->build({{},
                                     {},
                                     Json::read("{\"parties\": 4}"),
                                     Json::read("{\"broadcasts\": [" + broadcasts + "]}")})) {
    const bool lies = nodes.size() == liar;
    nodes.push_back(node.description);
    world.add_node(node.description, lies ? make_process<Liar>(std::move(says)) : node.process);
  }
  Ran ran;
  ran.delivered.resize(4);
  order_test::Watch watch(ran, nodes);
  world.set_observer(&watch);
  SeededChoices choices(1);
  ran.outcome = world.run(choices, {});
  for (const auto& [name, number] : world.counters().counts) ran.counts[name] = number;
  return ran;
}

/// To the module of a party.
template <class M>
Message to_module(M body) {
  return Message::make(std::move(body), Route{1, 0});
}

constexpr NodeId kP0{0};
constexpr NodeId kP1{1};

pbft::SignedItem item(NodeId by, NodeId origin) { return {by, {{origin, 1}, Value("x")}}; }

Message proposal(NodeId primary, NodeId signer, const pbft::SignedItem& request,
                 pbft::Number number = 1) {
  return to_module(pbft::PrePrepare{{signer, {primary.value, number, request}}});
}

TEST_CASE("a proposal of the primary's is taken, if its origin has signed it") {
  CHECK(run_with_liar(0, {proposal(kP0, kP0, item(kP0, kP0))}).order(3) == "x");
  CHECK(run_with_liar(0, {proposal(kP0, kP0, item(kP0, kP1))}).order(3).empty());
  CHECK(run_with_liar(0, {proposal(kP0, kP0, {kP0, {{kP0, 0}, Value("x")}})}).order(3).empty());
  CHECK(run_with_liar(0, {proposal(kP0, kP0, {kP0, {{kP0, 1}, {}}})}).order(3).empty());
}

TEST_CASE("nobody but the primary proposes, nor beyond the window, nor for a view to come") {
  CHECK(run_with_liar(1, {proposal(kP0, kP1, item(kP1, kP1))}).order(3).empty());
  CHECK(run_with_liar(1, {proposal(kP1, kP1, item(kP1, kP1))}).order(3).empty());
  CHECK(run_with_liar(0, {proposal(kP0, kP0, item(kP0, kP0), 0)}).order(3).empty());
  for (const pbft::Number number : {pbft::Number{200}, pbft::Number{1} << 40U, ~pbft::Number{0}}) {
    const Ran ran = run_with_liar(0, {proposal(kP0, kP0, item(kP0, kP0), number)});
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.order(3).empty());
  }
}

TEST_CASE("one party cannot begin a view, nor make others ask for one") {
  const Signed<pbft::Change> own{kP1, {1, 0, {}, {}}};
  const Signed<pbft::Change> again{kP1, {1, 0, {}, {}}};
  const Signed<pbft::Proposal> first{kP1, {1, 1, item(kP1, kP1)}};
  const Ran ran =
      run_with_liar(1, {to_module(pbft::ViewChange{own}), to_module(pbft::NewView{1, {own}, {}}),
                        to_module(pbft::NewView{1, {own, again, own}, {first}})});
  CHECK(count(ran, "view_change") == 0);
  CHECK(count(ran, "new_view") == 0);
  CHECK(ran.order(3).empty());
}

TEST_CASE("a new view that does not follow from its view changes is not entered") {
  // P1 may pass on what others have signed; here they have, without certificates.
  const auto begun = [](std::vector<Signed<pbft::Proposal>> proposals) {
    std::vector<Signed<pbft::Change>> changes;
    for (const std::uint32_t party : {0U, 1U, 2U}) changes.push_back({{party}, {1, 0, {}, {}}});
    return run_with_liar(1, {to_module(pbft::NewView{1, changes, std::move(proposals)})});
  };
  CHECK(count(begun({}), "new_view") == 3);
  CHECK(count(begun({{kP1, {1, 1, item(kP1, kP1)}}}), "new_view") == 0);
  CHECK(count(begun({{kP1, {1, 1, {}}}}), "new_view") == 0);
}

TEST_CASE("certificates and checkpoints need quorums of different parties") {
  const pbft::SignedItem request = item(kP0, kP0);
  const pbft::Vote vote{0, 1, pbft::digest_of(request)};
  const auto entered = [&](std::vector<std::uint32_t> voters, pbft::Vote what,
                           std::vector<Signed<pbft::State>> proof, pbft::Number stable) {
    pbft::Certificate c{{kP0, {0, 1, request}}, {}};
    for (const std::uint32_t party : voters) c.prepares.push_back({{party}, what});
    std::vector<Signed<pbft::Change>> changes;
    for (const std::uint32_t party : {0U, 1U, 2U}) changes.push_back({{party}, {1, 0, {}, {}}});
    if (!voters.empty()) changes[0].what.prepared = {c};
    changes[1].what.stable = stable;
    changes[1].what.proof = std::move(proof);
    std::vector<Signed<pbft::Proposal>> proposals;
    if (!voters.empty()) proposals.push_back({kP1, {1, 1, request}});
    return count(run_with_liar(1, {to_module(pbft::NewView{1, changes, proposals})}), "new_view");
  };
  CHECK(entered({2, 3}, vote, {}, 0) == 3);
  CHECK(entered({2}, vote, {}, 0) == 0);
  CHECK(entered({2, 2}, vote, {}, 0) == 0);
  CHECK(entered({0, 2}, vote, {}, 0) == 0);  // the primary proposes, and does not vote
  CHECK(entered({2, 3}, {0, 1, vote.digest + 1}, {}, 0) == 0);
  CHECK(entered({2, 3}, {0, 2, vote.digest}, {}, 0) == 0);
  CHECK(entered({2, 9}, vote, {}, 0) == 0);
  const pbft::State state{64, 5};
  const pbft::State other{64, 6};
  CHECK(entered({}, vote, {{{0}, state}, {{2}, state}, {{3}, state}}, 64) == 3);
  CHECK(entered({}, vote, {{{0}, state}, {{2}, state}}, 64) == 0);
  CHECK(entered({}, vote, {{{0}, state}, {{2}, state}, {{2}, state}}, 64) == 0);
  CHECK(entered({}, vote, {{{0}, state}, {{2}, state}, {{3}, other}}, 64) == 0);
  CHECK(entered({}, vote, {}, 64) == 0);
  CHECK(entered({}, vote, {{{0}, state}, {{2}, state}, {{3}, state}}, 65) == 0);
}

TEST_CASE("what one party says was executed is not believed") {
  const Message answer = to_module(pbft::Executed{1, {item(kP1, kP1).what}});
  const Message vote = to_module(pbft::Commit{0, 1, 7});
  const Ran ran = run_with_liar(1, {vote, answer, answer});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(count(ran, "transferred") == 0);
  CHECK(ran.order(3).empty());
}

/// A replica that is nothing but the module.
class Replica : public ProcessOf<Replica> {
 public:
  Replica(broadcast::PartiesPtr parties, NodeId self)
      : module(std::move(parties), self, broadcast::PbftOptions()) {}
  void receive(Context& context, NodeId from, const Message& message) override {
    module.receive(context, from, message);
  }
  void timer(Context& context, const Message& tag) override { module.timer(context, tag); }
  broadcast::Pbft module;
  BOOST_DESCRIBE_CLASS(Replica, (), (module), (), ())
};

TEST_CASE("what one party makes another keep is bounded, in whatever order it says it") {
  auto parties = std::make_shared<broadcast::Parties>();
  for (std::uint32_t i = 0; i < 4; ++i) parties->all.push_back({i});
  parties->t = 1;
  constexpr NodeId kP3{3};
  constexpr std::uint64_t kMany = 500;
  for (const bool upwards : {true, false}) {
    std::vector<Message> says;
    for (std::uint64_t i = 1; i <= kMany; ++i) {
      const std::uint64_t k = upwards ? i : kMany + 1 - i;
      says.push_back(Message::make(pbft::ViewChange{{kP3, {k, 0, {}, {}}}}));
      says.push_back(Message::make(pbft::Checkpoint{{kP3, {64 * k, k}}}));
      says.push_back(Message::make(pbft::Prepare{{kP3, {4 * k, 5, k}}}));
      says.push_back(Message::make(pbft::Commit{4 * k, 5, k}));
      says.push_back(Message::make(
          pbft::PrePrepare{{kP3, {4 * k + 3, 1 + k % 600, pbft::SignedItem(item(kP0, kP0))}}}));
    }
    World world(WorldConfig{});
    world.add_node({"P0", "party", ""}, make_process<Replica>(parties, kP0));
    for (const char* name : {"P1", "P2"}) {
      world.add_node({name, "party", ""}, make_process<Liar>(std::vector<Message>()));
    }
    world.add_node({"P3", "party", ""}, make_process<Liar>(std::move(says)));
    SeededChoices choices(1);
    world.run(choices, {});
    const auto& kept = static_cast<const Replica&>(world.process(kP0)).module;
    CHECK(kept.view == 0);
    REQUIRE(kept.changes.size() == 1);
    CHECK(kept.changes.begin()->first == kMany);
    CHECK(kept.checkpoints.size() == 16);
    CHECK(kept.checkpoints.rbegin()->first == 64 * kMany);
    CHECK(kept.log.find(5)->tallies.size() <= pbft::kVotesKept);
    REQUIRE(!kept.early.empty());
    CHECK(kept.early.begin()->first.first == kept.early.rbegin()->first.first);
  }
}

TEST_CASE("what a primary says before its NewView does not stand for what NewView says") {
  // P0 is at no checkpoint, and learns by NewView that 64 is one, and of a certificate behind it.
  auto parties = std::make_shared<broadcast::Parties>();
  for (std::uint32_t i = 0; i < 4; ++i) parties->all.push_back({i});
  parties->t = 1;
  const pbft::SignedItem chosen = item(kP0, kP0);
  const pbft::SignedItem other = item(kP1, kP1);
  const pbft::Vote vote{0, 65, pbft::digest_of(chosen)};
  const pbft::State state{64, 5};
  std::vector<Signed<pbft::Change>> changes;
  for (const std::uint32_t party : {1U, 2U, 3U}) changes.push_back({{party}, {1, 0, {}, {}}});
  changes[1].what.prepared = {{{kP0, {0, 65, chosen}}, {{{2}, vote}, {{3}, vote}}}};
  changes[2].what.stable = 64;
  changes[2].what.proof = {{{1}, state}, {{2}, state}, {{3}, state}};
  World world(order_test::config_of({}));
  world.add_node({"P0", "party", ""}, make_process<Replica>(parties, kP0));
  world.add_node({"P1", "party", ""},
                 make_process<Liar>(std::vector<Message>{
                     Message::make(pbft::PrePrepare{{kP1, {1, 65, other}}}),
                     Message::make(pbft::PrePrepare{{kP1, {1, 66, other}}}),
                     Message::make(pbft::NewView{1, changes, {{kP1, {1, 65, chosen}}}})}));
  for (const char* name : {"P2", "P3"}) {
    world.add_node({name, "party", ""}, make_process<Liar>(std::vector<Message>()));
  }
  SeededChoices choices(1);
  world.run(choices, {.deadline = Time{2 * kTick}});
  const auto& replica = static_cast<const Replica&>(world.process(kP0)).module;
  REQUIRE(replica.view == 1);
  REQUIRE(replica.log.stable == 64);
  for (const auto& [number, request] : {std::pair(pbft::Number{65}, chosen), {66, other}}) {
    const pbft::Slot* slot = replica.log.find(number);
    REQUIRE(slot != nullptr);
    REQUIRE(slot->accepted.size() == 1);
    CHECK(slot->accepted.front().digest == pbft::digest_of(request));
  }
  CHECK(replica.early.empty());
}

// ---- Options ----

TEST_CASE("options that make no sense are refused with what would be right") {
  const auto refused = [](const std::string& options) {
    CHECK_THROWS_AS(run(with(4, {{0, "m"}}, options)), ConfigError);
  };
  refused(R"({"timeout": "0ms"})");
  refused(R"({"checkpoint": 0})");
  refused(R"({"checkpoint": 100000})");
  refused(R"({"checkpoint": 8, "window": 7})");
  CHECK(run(with(4, {{0, "m"}}, R"({"checkpoint": 8, "window": 8})")).complete());
  CHECK(run(with(4, {{0, "m"}}, R"({"tries": 0})")).complete());
}

}  // namespace sibyl::pbft_test
