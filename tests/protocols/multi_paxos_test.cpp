// Multi-Paxos in small worlds: what its acceptor answers, what it costs, and what crashes do to it.
#include "protocols/broadcast/multi_paxos.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "sim/notes.hpp"
#include "sim/random.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::paxos_test::multi_paxos_test {

using testing::Json;

constexpr std::int64_t kTick = 1'000'000;

using Link = std::pair<std::uint32_t, std::uint32_t>;

struct Run {
  std::uint32_t parties = 3;
  std::string broadcasts;  ///< the workload's list, in JSON
  std::vector<std::string> variants = {};
  std::string options = "{}";
  fault::Plan faults = {};
  std::map<Link, std::int64_t> ticks = {};  ///< by link, where it is not 1
  std::int64_t most_ticks = 1;              ///< elsewhere 1 to this, drawn
  std::uint64_t seed = 1;
  std::uint64_t lost = 0;  ///< of a thousand messages
};

/// What one life of a party delivered: "m1@2 m2@3", or without times.
struct Life {
  std::string text;
  std::vector<std::string> order;
};

struct Ran {
  Outcome outcome = Outcome::limit;
  std::vector<std::vector<Life>> lives;  ///< by party
  std::uint64_t messages = 0;
  std::map<std::string, std::uint64_t> counts;
  std::int64_t end = 0;
  const std::string& last(std::size_t party) const { return lives[party].back().text; }
  std::uint64_t count(const std::string& what) const {
    const auto found = counts.find(what);
    return found == counts.end() ? 0 : found->second;
  }
};

std::vector<std::vector<Life>> lives_in(const std::vector<TraceEvent>& events, std::size_t n) {
  std::vector<std::vector<Life>> lives(n, std::vector<Life>(1));
  for (const TraceEvent& e : events) {
    if (e.kind == TraceKind::start && e.data.find("recovering")->text() == "true") {
      lives[e.node.value].emplace_back();
    } else if (e.name == "note::BroadcastDelivery") {
      Life& life = lives[e.node.value].back();
      const std::string content = *e.data.find("content")->as_string();
      life.text += fmt::format("{}{}@{}", life.text.empty() ? "" : " ", content, e.at.ns / kTick);
      life.order.push_back(content);
    }
  }
  return lives;
}

Ran run(const Run& r) {
  const Setup setup{r.variants, Json::read(r.options),
                    Json::read(fmt::format("{{\"parties\": {} }}", r.parties)),
                    Json::read("{\"broadcasts\": [" + r.broadcasts + "]}")};
  WorldConfig config;
  config.ties = r.most_ticks == 1 ? TieRule::insertion : TieRule::chosen;
  config.faults = r.faults;
  config.network.standard.delay = Distribution::uniform(kTick, r.most_ticks * kTick);
  config.network.standard.loss = {Probability::kOne * r.lost / 1000};
  for (const auto& [link, ticks] : r.ticks) {
    LinkProfile profile;
    profile.delay = Distribution::constant(ticks * kTick);
    config.network.by_link[{NodeId{link.first}, NodeId{link.second}}] = profile;
  }
  World world(config);
  for (NodeSpec& node : find_protocol("multi-paxos")->build(setup)) {
    world.add_node(node.description, std::move(node.process));
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  SeededChoices choices(r.seed);
  Limits limits;
  limits.events = 100'000;
  Ran ran;
  ran.outcome = world.run(choices, limits);
  ran.lives = lives_in(recorder.events(), r.parties);
  ran.messages = world.counters().messages;
  for (const auto& [what, count] : world.counters().counts) ran.counts[what] = count;
  ran.end = world.now().ns / kTick;
  return ran;
}

std::string one(const std::string& party, const std::string& label, std::int64_t at = 0) {
  return fmt::format("{{\"party\": \"{}\", \"label\": \"{}\", \"at\": \"{}ms\"}}", party, label,
                     at);
}

fault::Fault at(std::int64_t microseconds, fault::Action what) {
  return {{.at = Time{microseconds * 1000}, .event = "", .node = kNobody, .count = 1, .after = {}},
          std::move(what)};
}

/// Two lives that deliver in different orders, of whomever; empty when there are none.
std::string disorder(const Ran& ran) {
  std::vector<const Life*> all;
  for (const auto& lives : ran.lives) {
    for (const Life& life : lives) all.push_back(&life);
  }
  for (const Life* a : all) {
    for (const Life* b : all) {
      const std::size_t both = std::min(a->order.size(), b->order.size());
      if (!std::equal(a->order.begin(), a->order.begin() + static_cast<std::ptrdiff_t>(both),
                      b->order.begin())) {
        return a->text + " against " + b->text;
      }
    }
  }
  return "";
}

// ---- What it costs ----

TEST_CASE("an item of the leader costs 3 (n - 1) messages, 2 and 3 delays, and n - 1 afterwards") {
  for (std::uint32_t n = 3; n <= 64; ++n) {
    CAPTURE(n);
    const Ran ran = run({.parties = n, .broadcasts = one("P0", "m")});
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.messages == 4 * (n - 1));
    CHECK(ran.last(0) == "m@2");
    for (std::uint32_t i = 1; i < n; ++i) CHECK(ran.last(i) == "m@3");
    CHECK(ran.end == 3);  // no timer has fired, none is left
    CHECK(ran.count("repetition") == 0);
  }
}

TEST_CASE("an item of another party costs one message and one delay more") {
  for (const std::uint32_t n : {3U, 4U, 7U, 10U, 16U, 31U, 64U}) {
    CAPTURE(n);
    const Ran ran = run({.parties = n, .broadcasts = one(fmt::format("P{}", n - 1), "m")});
    CHECK(ran.messages == 4 * (n - 1) + 1);
    CHECK(ran.last(0) == "m@3");
    for (std::uint32_t i = 1; i < n; ++i) CHECK(ran.last(i) == "m@4");
    CHECK(ran.end == 4);
  }
}

TEST_CASE("a party alone delivers at once, and two need each other") {
  const Ran alone = run({.parties = 1, .broadcasts = one("P0", "m")});
  CHECK(alone.messages == 0);
  CHECK(alone.last(0) == "m@0");
  const Ran two = run({.parties = 2, .broadcasts = one("P0", "m")});
  CHECK(two.messages == 4);
  CHECK(two.last(0) == "m@2");
  CHECK(two.last(1) == "m@3");
}

TEST_CASE("many items at once are delivered by all in one order") {
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += (i == 0 ? "" : ", ") + one(fmt::format("P{}", i % 4), fmt::format("m{}", i), i / 8);
  }
  const Ran ran = run({.parties = 4, .broadcasts = many, .most_ticks = 5});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(disorder(ran) == "");
  for (const auto& lives : ran.lives) CHECK(lives.back().order.size() == 300);
}

// ---- The acceptor ----

/// Takes the steps of an acceptor, and writes down what it answers.
class AcceptorNode : public ProcessOf<AcceptorNode> {
 public:
  explicit AcceptorNode(bool sync) : acceptor({sync, true}) {}
  void start(Context& context) override {
    const broadcast::Item x{{NodeId{0}, 1}, Value("x")};
    const broadcast::Item y{{NodeId{1}, 1}, Value("y")};
    answers.push_back(acceptor.accept(context, {0, 1, x}));
    answers.push_back(acceptor.promise(context, 5));
    answers.push_back(acceptor.promise(context, 4));
    answers.push_back(acceptor.accept(context, {4, 2, x}));
    answers.push_back(acceptor.promise(context, 5));
    answers.push_back(acceptor.accept(context, {7, 3, y}));
    answers.push_back(acceptor.promise(context, 6));
  }
  void recover(Context& context) override { acceptor.load(context); }
  void receive(Context&, NodeId, const Message&) override {}
  paxos::Acceptor acceptor;
  std::vector<bool> answers;
  BOOST_DESCRIBE_CLASS(AcceptorNode, (), (acceptor), (), ())
};

TEST_CASE("an acceptor promises and accepts nothing below what it promised or accepted in") {
  World world({});
  world.add_node({"a", "a", "a"}, make_process<AcceptorNode>(true));
  SeededChoices choices(1);
  world.run(choices, {});
  const auto& node = static_cast<const AcceptorNode&>(world.process({0}));
  CHECK(node.answers == std::vector<bool>{true, true, false, false, true, true, false});
  CHECK(node.acceptor.promised == 7);
  CHECK(node.acceptor.votes_from(1).size() == 2);
  CHECK(node.acceptor.votes_from(2).size() == 1);
  CHECK(node.acceptor.votes_from(4).empty());
}

TEST_CASE("an acceptor that recovers knows what it promised and accepted, if that was synced") {
  for (const bool sync : {true, false}) {
    CAPTURE(sync);
    WorldConfig config;
    config.faults = {at(1000, fault::Crash{NodeId{0}}), at(2000, fault::Recover{NodeId{0}, true})};
    World world(config);
    world.add_node({"a", "a", "a"}, make_process<AcceptorNode>(sync));
    SeededChoices choices(1);
    world.run(choices, {});
    const auto& acceptor = static_cast<const AcceptorNode&>(world.process({0})).acceptor;
    CHECK(acceptor.promised == (sync ? 7 : 0));
    CHECK(acceptor.votes.size() == (sync ? 2 : 0));
    if (sync) CHECK(acceptor.votes.at(3).item.content == Value("y"));
  }
}

// ---- Crashes ----

TEST_CASE("a new leader takes over what was accepted, before its own items") {
  // P1 alone has accepted m1 when the leader crashes; P2 takes over for its m2.
  const Run leader_crash{.broadcasts = one("P0", "m1") + ", " + one("P2", "m2", 2),
                         .faults = {at(2500, fault::Crash{NodeId{0}})},
                         .ticks = {{{0, 2}, 100'000}}};
  const Ran ran = run(leader_crash);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.last(0) == "m1@2");
  CHECK(ran.lives[1].back().order == std::vector<std::string>{"m1", "m2"});
  CHECK(ran.lives[2].back().order == std::vector<std::string>{"m1", "m2"});
  CHECK(ran.count("adopted") == 1);

  Run mutant = leader_crash;
  mutant.variants = {"skips-phase-1-values"};
  CHECK(disorder(run(mutant)) != "");
}

TEST_CASE("a new leader takes over more slots than the window has") {
  // P0 and P1 choose them all while P2 is cut off; P0 crashes, and P2 takes over for its own item.
  constexpr int kItems = static_cast<int>(paxos::kWindow) + 204;
  std::string many;
  for (int i = 1; i <= kItems; ++i) many += one("P0", fmt::format("m{}", i)) + ", ";
  const Ran ran =
      run({.broadcasts = many + one("P2", "last", 950),
           // Nothing is repeated before the crash, and P1 does not take over for what it knows.
           .options = R"({"timeout": "1s", "settle": false})",
           .faults = {at(0, fault::Cut{"cut", {NodeId{2}}, {NodeId{0}, NodeId{1}}, true}),
                      at(800'000, fault::Crash{NodeId{0}}), at(900'000, fault::Heal{"cut"})}});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.count("adopted") > paxos::kWindow);
  for (const auto& lives : ran.lives) CHECK(lives.back().order.size() >= std::size_t{kItems});
  CHECK(ran.lives[1].back().order.size() == std::size_t{kItems} + 1);
  const bool alike = ran.lives[1].back().order == ran.lives[2].back().order;  // too long to print
  CHECK(alike);
  CHECK(disorder(ran).empty());
}

TEST_CASE("a slot in which nobody of a majority accepted anything becomes a no-op") {
  // m1 (slot 1) is on its way to both when the leader crashes; m2 (slot 2) has come to P1.
  const fault::Plan faults{at(500, fault::Cut{"cut", {NodeId{0}}, {NodeId{1}, NodeId{2}}, true}),
                           at(1200, fault::Heal{"cut"}), at(3500, fault::Crash{NodeId{0}})};
  const Run gap{
      .broadcasts = one("P0", "m1") + ", " + one("P0", "m2", 2) + ", " + one("P1", "m3", 5),
      .faults = faults};
  const Ran ran = run(gap);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.count("gap_filled") >= 1);
  CHECK(ran.lives[1].back().order == std::vector<std::string>{"m2", "m3"});
  CHECK(ran.lives[2].back().order == std::vector<std::string>{"m2", "m3"});

  Run mutant = gap;
  mutant.variants = {"no-gap-filling"};
  const Ran stuck = run(mutant);
  CHECK(stuck.outcome == Outcome::quiescent);  // they give up
  CHECK(stuck.last(1).empty());
  CHECK(stuck.last(2).empty());
}

TEST_CASE("a replica that recovers delivers from the start what it missed") {
  const Ran ran = run(
      {.broadcasts = one("P0", "m1") + ", " + one("P1", "m2", 10),
       .faults = {at(3500, fault::Crash{NodeId{2}}), at(20'000, fault::Recover{NodeId{2}, true})}});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.lives[2].front().text == "m1@3");
  CHECK(ran.lives[2].back().text == "m1@22 m2@22");
  CHECK(ran.count("takeover") == 0);
}

TEST_CASE("all replicas crash at once and go on where they were") {
  fault::Plan faults;
  for (std::uint32_t i = 0; i < 3; ++i) faults.push_back(at(1500, fault::Crash{NodeId{i}}));
  for (std::uint32_t i = 0; i < 3; ++i) faults.push_back(at(5000, fault::Recover{NodeId{i}, true}));
  const Ran ran = run({.broadcasts = one("P0", "m1") + ", " + one("P1", "m2"), .faults = faults});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(disorder(ran) == "");
  // Nothing is delivered before the crash, and both items are on stable storage.
  for (const auto& lives : ran.lives) CHECK(lives.back().order.size() == 2);
}

TEST_CASE("without a majority nobody delivers, and the run ends") {
  const Ran ran =
      run({.broadcasts = one("P0", "m1") + ", " + one("P2", "m2", 5),
           .faults = {at(500, fault::Crash{NodeId{0}}), at(600, fault::Crash{NodeId{1}})}});
  CHECK(ran.outcome == Outcome::quiescent);
  for (const auto& lives : ran.lives) CHECK(lives.back().text.empty());
}

TEST_CASE("rivals without a majority give up, too") {
  fault::Plan faults;
  for (std::uint32_t i = 0; i < 3; ++i) faults.push_back(at(500, fault::Crash{NodeId{i}}));
  const Ran ran =
      run({.parties = 5, .broadcasts = one("P3", "m1") + ", " + one("P4", "m2"), .faults = faults});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.count("takeover") > 2);
}

TEST_CASE("who recovers in time broadcasts what is due later") {
  const Ran ran = run(
      {.broadcasts = one("P0", "early", 5) + ", " + one("P0", "late", 50),
       .faults = {at(1000, fault::Crash{NodeId{0}}), at(20'000, fault::Recover{NodeId{0}, true})}});
  CHECK(ran.outcome == Outcome::quiescent);
  for (const auto& lives : ran.lives) CHECK(lives.back().order == std::vector<std::string>{"late"});
}

TEST_CASE("without timers nothing is repeated") {
  const Ran ran = run({.broadcasts = one("P1", "m1"),
                       .options = "{\"tries\": 0}",
                       .faults = {at(500, fault::Crash{NodeId{0}})}});
  CHECK(ran.end == 1);
  CHECK(ran.messages == 1);
}

// ---- Under random delays, crashes and recoveries ----

/// Up to a minority crashes at random times; most recover.
fault::Plan random_plan(Stream& stream, std::uint32_t n) {
  fault::Plan plan;
  std::uint32_t first = static_cast<std::uint32_t>(stream.below(n));
  for (std::uint32_t i = 0; i < (n - 1) / 2; ++i) {
    const NodeId who{(first + i) % n};
    const auto when = static_cast<std::int64_t>(stream.below(60'000));
    plan.push_back(at(when, fault::Crash{who}));
    if (stream.below(4) == 0) continue;
    const auto until = when + 1 + static_cast<std::int64_t>(stream.below(60'000));
    plan.push_back(at(until, fault::Recover{who, true}));
  }
  return plan;
}

Run random_run(std::uint64_t seed) {
  Stream stream(seed, 1, 1);
  const std::uint32_t n = 3 + static_cast<std::uint32_t>(stream.below(3));
  Run r{.parties = n, .broadcasts = "", .most_ticks = 12, .seed = seed};
  for (int i = 1; i <= 6; ++i) {
    const std::uint64_t party = stream.below(n);
    const auto when = static_cast<std::int64_t>(stream.below(60));
    r.broadcasts +=
        (i == 1 ? "" : ", ") + one(fmt::format("P{}", party), fmt::format("m{}", i), when);
  }
  r.faults = random_plan(stream, n);
  return r;
}

TEST_CASE(
    "whatever the delays and crashes, there is one order, and who is up at the end has it all") {
  std::uint64_t takeovers = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    const Ran ran = run(random_run(seed));
    REQUIRE(ran.outcome == Outcome::quiescent);
    REQUIRE(disorder(ran) == "");
    std::size_t most = 0;
    for (const auto& lives : ran.lives) {
      for (const Life& life : lives) {
        most = std::max(most, life.order.size());
        REQUIRE(std::set<std::string>(life.order.begin(), life.order.end()).size() ==
                life.order.size());
      }
    }
    const Run plan = random_run(seed);
    std::set<std::uint32_t> down;
    for (const fault::Fault& f : plan.faults) {
      if (const auto* crash = std::get_if<fault::Crash>(&f.what)) down.insert(crash->node.value);
      if (const auto* up = std::get_if<fault::Recover>(&f.what)) down.erase(up->node.value);
    }
    for (std::uint32_t i = 0; i < plan.parties; ++i) {
      if (down.count(i) == 0) REQUIRE(ran.lives[i].back().order.size() == most);
    }
    takeovers += ran.count("takeover");
  }
  CHECK(takeovers > 100);
}

TEST_CASE("what links lose is sent again, until all have delivered everything") {
  std::uint64_t repetitions = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Run r = random_run(seed);
    r.faults.clear();
    r.lost = 200;
    const Ran ran = run(r);
    REQUIRE(ran.outcome == Outcome::quiescent);
    REQUIRE(disorder(ran) == "");
    for (const auto& lives : ran.lives) REQUIRE(lives.back().order.size() == 6);
    repetitions += ran.count("repetition");
  }
  CHECK(repetitions > 100);
}

TEST_CASE("timeouts are above 0") {
  CHECK_THROWS_AS(run({.broadcasts = one("P0", "m"), .options = "{\"timeout\": \"0ms\"}"}),
                  ConfigError);
}

}  // namespace sibyl::paxos_test::multi_paxos_test
