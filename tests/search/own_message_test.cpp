// Messages that a node sends itself arrive at once, before anything else that arrives: in runs by
// a seed as in the exhaustive search.
#include <doctest/doctest.h>

#include <algorithm>

#include "scenarios/exhaustive.hpp"
#include "scenarios/runner.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "sim/step_table.hpp"
#include "tests/search/search.hpp"

namespace own_message {

using namespace sibyl;

struct Kick {};
struct Done {};
BOOST_DESCRIBE_STRUCT(Kick, (), ())
BOOST_DESCRIBE_STRUCT(Done, (), ())

/// n0 is busy from each Kick until it has told itself that it is done.
class Busy : public ProcessOf<Busy> {
 public:
  void start(Context& context) override {
    if (context.self().value != 0) context.send(NodeId{0}, Kick{});
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (message.as<Done>() != nullptr) {
      --busy;
      return;
    }
    if (busy != 0) context.note(note::Deliver{7, "n0"});  // nobody has multicast it
    busy = 2;
    context.send(context.self(), Done{});
    context.send(context.self(), Done{});
  }
  std::uint32_t busy = 0;
  BOOST_DESCRIBE_CLASS(Busy, (), (busy), (), ())
};

constexpr std::uint32_t kMany = 65'537;

/// One step that sends more messages than fit into 16 bits.
class Wide : public ProcessOf<Wide> {
 public:
  void start(Context& context) override {
    for (std::uint32_t i = 0; context.self().value == 0 && i < kMany; ++i) {
      context.send(NodeId{1}, Kick{});
    }
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    if (++got == 2) context.note(note::Deliver{7, "n1"});
  }
  std::uint32_t got = 0;
  BOOST_DESCRIBE_CLASS(Wide, (), (got), (), ())
};

template <class P>
ProtocolInfo info_of(const char* name, int count) {
  ProtocolInfo info;
  info.name = name;
  info.line = "nodes that send to one";
  info.properties = {"integrity"};
  info.build = [count](const Setup& /*setup*/) {
    std::vector<NodeSpec> nodes;
    for (int i = 0; i < count; ++i) {
      const std::string n = "n" + std::to_string(i);
      nodes.push_back({{n, "node", n}, make_process<P>()});
    }
    return nodes;
  };
  return info;
}

const search_test::Registered kBusy(info_of<Busy>("own-busy", 4));
const search_test::Registered kWide(info_of<Wide>("own-wide", 2));

TEST_CASE("what a faulty node sends to others may stay away where links lose, to itself never") {
  const Scenario scenario = search_test::load(
      R"({"format": "sibyl-scenario/1", "id": "s", "protocol": {"name": "own-busy"},
          "network": {"default": {"loss": 0.5}},
          "byzantine": [{"node": "n0", "behaviour": "deaf"}]})");
  World world = make_world(scenario, {}, TieRule::any, 0);
  world.prepare();
  const StepTable table(world, false);
  for (std::uint32_t to = 0; to < 4; ++to) {
    CHECK(table.may_stay_away({0}, {to}) == (to != 0));
    CHECK_FALSE(table.may_stay_away({1}, {to}));
  }
}

TEST_CASE("no arrival of the same instant goes before what a node has sent itself") {
  for (const std::string ties : {"chosen", "insertion", "any"}) {
    CAPTURE(ties);
    const Scenario scenario = search_test::load(
        R"({"format": "sibyl-scenario/1", "id": "s", "protocol": {"name": "own-busy"}, "ties": ")" +
        ties + R"(", "network": {"default": {"delay": "1ms"}}})");
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Scenario one = scenario;
      one.seed = seed;
      const RunResult run = run_scenario(one);
      CHECK(run.findings.front().verdict == analysis::Verdict::holds);
      CHECK(run.trace.pending == 0);
    }
    for (const bool copy : {false, true}) {
      ExhaustiveOptions options;
      options.copy = copy;
      const ExhaustiveResult result = explore_exhaustively(scenario, options);
      CHECK(result.incomplete.empty());
      CHECK(result.found.empty());
    }
    ExhaustiveOptions timed;
    timed.delays_ns = {1'000'000};
    CHECK(explore_exhaustively(scenario, timed).found.empty());
  }
}

TEST_CASE("of a step that sends more than 65536 messages none is forgotten") {
  const auto wide = [](std::uint64_t queue) {
    return search_test::load(
        R"({"format": "sibyl-scenario/1", "id": "s", "protocol": {"name": "own-wide"},
            "limits": {"queue": )" +
        std::to_string(queue) + "}}");
  };
  const Scenario scenario = wide(100'000);
  World world = make_world(scenario, {}, TieRule::any, 0);
  world.prepare();
  StepTable table(world, false);
  REQUIRE(table.due_at_once().size() == 2);
  const StepTable::MessageId start = table.due_at_once()[0];
  REQUIRE(table.handed(start).to == NodeId{0});
  const auto all = table.receive(table.initial(NodeId{0}), start);
  REQUIRE(all.size() == 1);
  CHECK(table.sent(all[0]).size() == kMany);

  ExhaustiveOptions options;
  options.states = 10;
  const ExhaustiveResult result = explore_exhaustively(scenario, options);
  CHECK(result.states == 10);  // there are more: one for each message that is still on its way
  CHECK_FALSE(result.incomplete.empty());
  // That so many are pending is known to the message: with room for one less a run ends there.
  const auto ended_by_queue = [&](std::uint64_t queue) {
    const ExhaustiveResult bounded = explore_exhaustively(wide(queue), options);
    const auto& why = bounded.incomplete;
    return std::any_of(why.begin(), why.end(), [](const std::string& reason) {
      return reason.find("limits.queue") != std::string::npos;
    });
  };
  CHECK(ended_by_queue(kMany - 1));
  CHECK_FALSE(ended_by_queue(kMany + 2));
}

}  // namespace own_message
