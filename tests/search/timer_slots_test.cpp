// Timers that are told apart only by who still knows them: by a process, by a message on its way,
// by the tag of another timer, or by a record in stable storage.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace timer_slots {

using namespace sibyl;

struct Go {};
struct Tick {
  std::uint32_t number = 0;
};
struct Ticket {
  TimerId timer;
};
struct Later {
  TimerId timer;
};
struct Workload {};
BOOST_DESCRIBE_STRUCT(Go, (), ())
BOOST_DESCRIBE_STRUCT(Tick, (), (number))
BOOST_DESCRIBE_STRUCT(Ticket, (), (timer))
BOOST_DESCRIBE_STRUCT(Later, (), (timer))
BOOST_DESCRIBE_STRUCT(Workload, (), ())

constexpr Duration kWait{10'000'000};

void fail(Context& context) { context.note(note::Deliver{7, "n0"}); }  // nobody has multicast it

/// n0 decides which of two timers with the same deadline is the one it knows, and stops that one
/// when it is told to.
class Chooser : public ProcessOf<Chooser> {
 public:
  void start(Context& context) override {
    if (context.self().value != 0) {
      context.send(NodeId{0}, Go{});
      return;
    }
    const std::uint32_t one = context.choose(Decision::protocol, 2) == 0 ? 1 : 2;
    first = context.arm(kWait, Tick{one});
    context.arm(kWait, Tick{3 - one});
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    context.cancel(first);
    cancelled = true;
  }
  void timer(Context& context, const Message& message) override {
    if (cancelled && !fired && message.as<Tick>()->number == 1) fail(context);
    fired = true;
  }
  TimerId first;
  bool cancelled = false;
  bool fired = false;
  BOOST_DESCRIBE_CLASS(Chooser, (), (first, cancelled, fired), (), ())
};

/// n0 gives the TimerId away and forgets it; whether the timer is still the same is decided at
/// once. Where the TimerId is meanwhile: in messages, in the tag of another timer, or in a record.
class Forgetful : public ProcessOf<Forgetful> {
 public:
  enum class Where : std::uint8_t { message, tag, record };
  Forgetful() = default;
  explicit Forgetful(Where w) : where(w) {}
  void start(Context& context) override {
    if (context.self().value != 0) {
      if (where != Where::message) context.send(NodeId{0}, Go{});
      return;
    }
    const TimerId known = context.arm(kWait, Tick{});
    if (where == Where::message) context.send(NodeId{1}, Ticket{known});
    if (where == Where::tag) context.arm(Duration{1'000'000}, Later{known});
    if (where == Where::record) context.store("timer", Ticket{known});
    if (context.choose(Decision::protocol, 2) == 1) {
      context.cancel(known);
      context.arm(kWait, Tick{});
    }
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    const auto* ticket = message.as<Ticket>();
    if (context.self().value != 0) {
      if (ticket != nullptr) context.send(NodeId{0}, *ticket);
      return;
    }
    if (ticket != nullptr) use(context, ticket->timer);
    if (where == Where::record) use(context, context.storage().read("timer").as<Ticket>()->timer);
  }
  void timer(Context& context, const Message& message) override {
    if (const auto* later = message.as<Later>()) {
      use(context, later->timer);
    } else {
      fired = true;
    }
  }
  void use(Context& context, TimerId known) const {
    if (!context.rearm(known, kWait) && !fired) fail(context);
  }
  Where where = Where::message;
  bool fired = false;
  BOOST_DESCRIBE_CLASS(Forgetful, (), (where, fired), (), ())
};

template <class Make>
ProtocolInfo two_nodes(const char* name, Make make) {
  ProtocolInfo info;
  info.name = name;
  info.line = "two nodes and two timers";
  info.properties = {"integrity"};
  info.build = [make](const Setup& /*setup*/) {
    std::vector<NodeSpec> nodes;
    for (const char* n : {"n0", "n1"}) nodes.push_back({{n, "node", n}, make()});
    return nodes;
  };
  return info;
}

const search_test::Registered kChooser(two_nodes("slot-chooser",
                                                 [] { return make_process<Chooser>(); }));
const search_test::Registered kMessage(two_nodes("slot-in-message", [] {
  return make_process<Forgetful>(Forgetful::Where::message);
}));
const search_test::Registered kTag(two_nodes("slot-in-tag", [] {
  return make_process<Forgetful>(Forgetful::Where::tag);
}));
const search_test::Registered kRecord(two_nodes("slot-in-record", [] {
  return make_process<Forgetful>(Forgetful::Where::record);
}));

TEST_CASE("which timer somebody knows belongs to the state") {
  for (const char* protocol :
       {"slot-chooser", "slot-in-message", "slot-in-tag", "slot-in-record"}) {
    CAPTURE(protocol);
    const Scenario scenario = search_test::load(fmt::format(
        R"({{"format": "sibyl-scenario/1", "id": "s", "protocol": {{"name": "{}"}}}})", protocol));
    std::vector<std::uint64_t> states;
    for (const bool copy : {false, true}) {
      for (const bool merge : {true, false}) {
        CAPTURE(copy);
        CAPTURE(merge);
        ExhaustiveOptions options;
        options.copy = copy;
        options.merge = merge;
        const ExhaustiveResult result = explore_exhaustively(scenario, options);
        CHECK(result.incomplete.empty());
        REQUIRE(result.found.size() == 1);
        CHECK(result.found.front().property == "integrity");
        CHECK_FALSE(result.found.front().scenario.is_null());
        states.push_back(result.states);
      }
    }
    for (const std::uint64_t n : states) CHECK(n == states.front());
    // With a fault or delays the worlds are copied anyway.
    ExhaustiveOptions timed;
    timed.delays_ns = {1'000'000};
    CHECK(explore_exhaustively(scenario, timed).found.size() == 1);
    const Scenario faulty = search_test::load(
        fmt::format(R"({{"format": "sibyl-scenario/1", "id": "s", "protocol": {{"name": "{}"}},
                        "faults": [{{"crash": "n1", "at": "30ms"}}]}})",
                    protocol));
    CHECK(explore_exhaustively(faulty, {}).found.size() == 1);
  }
}

}  // namespace timer_slots
