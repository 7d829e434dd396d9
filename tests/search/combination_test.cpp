// A violation that needs seven decisions in order: seven races, in each of which one certain
// message has to come first, most times one that is sent the long way.
#include <doctest/doctest.h>

#include <array>
#include <set>

#include "scenarios/counterexample.hpp"
#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace combination {

using namespace sibyl;

struct Turn {
  std::uint32_t round = 0;
  std::uint32_t dial = 0;
};
struct Turned {
  std::uint32_t round = 0;
};
BOOST_DESCRIBE_STRUCT(Turn, (), (round, dial))
BOOST_DESCRIBE_STRUCT(Turned, (), (round))

constexpr std::uint32_t kLeft = 1;
constexpr std::uint32_t kRight = 2;
constexpr std::uint32_t kRelay = 3;
constexpr std::uint32_t kSecondRelay = 4;
struct Round {
  std::uint32_t first;  ///< the dial that has to be first
  bool detour;          ///< it is the one that is asked through the relays, not the other
  bool sooner;          ///< and asked before the other
};
/// No link, node or type is favoured throughout.
constexpr std::array<Round, 7> kRounds = {{{kLeft, true, true},
                                           {kRight, true, false},
                                           {kRight, false, false},
                                           {kLeft, true, true},
                                           {kRight, true, false},
                                           {kLeft, false, true},
                                           {kLeft, true, true}}};

class Lock : public ProcessOf<Lock> {
 public:
  void start(Context& context) override { ask(context); }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (message.as<Turned>() == nullptr) return;
    if (answers++ == 0) opening = from.value == kRounds[round].first;
    if (answers < 2 || !opening) return;
    answers = 0;
    if (++round < kRounds.size()) {
      ask(context);
    } else {
      context.note(note::Own{"prize"});  // the left dial has it
    }
  }
  std::uint32_t round = 0;
  std::uint32_t answers = 0;
  bool opening = false;
  BOOST_DESCRIBE_CLASS(Lock, (), (round, answers, opening), (), ())

 private:
  void ask(Context& context) const {
    const Round& now = kRounds[round];
    const std::uint32_t other = kLeft + kRight - now.first;
    const NodeId to_first{now.detour ? kRelay : now.first};
    const NodeId to_other{now.detour ? other : kRelay};
    if (now.sooner) context.send(to_first, Turn{round, now.first});
    context.send(to_other, Turn{round, other});
    if (!now.sooner) context.send(to_first, Turn{round, now.first});
  }
};

class Dial : public ProcessOf<Dial> {
 public:
  explicit Dial(bool prize) : has_prize(prize) {}
  void start(Context& context) override {
    if (has_prize) context.note(note::Own{"prize"});
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    const auto* turn = message.as<Turn>();
    if (turn == nullptr) return;
    if (turn->dial != context.self().value) {
      context.send(NodeId{context.self().value == kRelay ? kSecondRelay : turn->dial}, *turn);
    } else {
      context.send(NodeId{0}, Turned{turn->round});
    }
  }
  bool has_prize;
  BOOST_DESCRIBE_CLASS(Dial, (), (has_prize), (), ())
};

const search_test::Registered kRegistered(
    {"test-combination",
     "a lock that opens after seven races",
     {},
     {"single_owner"},
     "",
     [](const Setup&) {
       return std::vector<NodeSpec>{{{"lock", "lock", "lock"}, make_process<Lock>()},
                                    {{"left", "dial", "left"}, make_process<Dial>(true)},
                                    {{"right", "dial", "right"}, make_process<Dial>(false)},
                                    {{"relay", "relay", "relay"}, make_process<Dial>(false)},
                                    {{"second", "relay", "second"}, make_process<Dial>(false)}};
     }});

}  // namespace combination

namespace sibyl::search_test {

const char* const kCombination = R"({
  "format": "sibyl-scenario/1", "id": "combination",
  "protocol": {"name": "test-combination"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("seven races that have to go one way are found by the exhaustive search") {
  const ExhaustiveResult all = explore_exhaustively(load(kCombination), {});
  CHECK(all.incomplete.empty());
  CHECK(all.states < 1000);
  REQUIRE(all.found.size() == 1);
  CHECK(all.found[0].property == "single_owner");
  CHECK(shows(all.found[0].scenario, "single_owner", all.found[0].cause));
}

TEST_CASE("seven races that have to go one way are found by plain random and by default") {
  const Scenario s = load(kCombination);
  for (const auto& [strategy, runs] :
       {std::pair{Strategy::random, 100'000}, std::pair{Strategy::swarm, 100'000}}) {
    const ExploreResult result = search(s, strategy, static_cast<std::uint64_t>(runs));
    REQUIRE(result.found.size() == 1);
    CHECK(shows(result.found[0].scenario, "single_owner", result.found[0].cause));
  }
}

}  // namespace sibyl::search_test
