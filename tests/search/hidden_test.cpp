// What an exhaustive search must not take for one state: small protocols whose violation hangs on
// something other than processes and messages.
#include <doctest/doctest.h>

#include <fmt/core.h>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace hidden {

using namespace sibyl;

struct Go {};
struct Tick {
  std::uint64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Go, (), ())
BOOST_DESCRIBE_STRUCT(Tick, (), (n))

constexpr std::int64_t kStep = 10'000'000;

/// Delivers what nobody has multicast, which breaks integrity.
void go_wrong(Context& context) { context.note(note::Deliver{77, "g"}); }

/// Comes to one state after one or two waits; what is wrong comes a wait later.
class Waits : public ProcessOf<Waits> {
 public:
  void start(Context& context) override {
    context.arm(Duration{kStep}, Tick{context.choose(Decision::protocol, 2)});
  }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
  void timer(Context& context, const Message& tag) override {
    const std::uint64_t n = tag.as<Tick>()->n;
    if (n == 2) return go_wrong(context);
    context.arm(Duration{kStep}, Tick{n + 1});
  }
  BOOST_DESCRIBE_CLASS(Waits, (), (), (), ())
};

/// Has a timer cancelled by a message that may come too late, and asks whether it was.
class Stale : public ProcessOf<Stale> {
 public:
  void start(Context& context) override {
    if (context.self().value != 0) return context.send(NodeId{0}, Go{});
    first = context.arm(Duration{kStep}, Tick{0});
    if (context.choose(Decision::protocol, 2) == 1) {
      context.cancel(first);
      context.arm(Duration{kStep}, Tick{0});
    }
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    if (context.rearm(first, Duration{kStep})) go_wrong(context);
  }
  TimerId first;
  BOOST_DESCRIBE_CLASS(Stale, (), (first), (), ())
};

/// One delivers a message, the other multicasts it, and nothing orders the two.
class Early : public ProcessOf<Early> {
 public:
  void start(Context& context) override {
    if (context.self().value == 0) {
      context.send(NodeId{1}, Go{});
      context.send(NodeId{2}, Go{});
    }
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    if (context.self().value == 1) context.note(note::Multicast{5, {"n2"}});
    if (context.self().value == 2) context.note(note::Deliver{5, "n2"});
  }
  BOOST_DESCRIBE_CLASS(Early, (), (), (), ())
};

template <class P>
ProtocolInfo of(const char* name, int nodes) {
  ProtocolInfo info;
  info.name = name;
  info.line = "for exhaustive search";
  info.properties = {"integrity"};
  info.build = [nodes](const Setup& /*setup*/) {
    std::vector<NodeSpec> all;
    for (int i = 0; i < nodes; ++i) {
      const std::string node = "n" + std::to_string(i);
      all.push_back({{node, "node", node}, make_process<P>()});
    }
    return all;
  };
  return info;
}

const search_test::Registered kWaits(of<Waits>("test-waits", 1));
const search_test::Registered kStale(of<Stale>("test-stale", 2));
const search_test::Registered kEarly(of<Early>("test-early", 3));

}  // namespace hidden

namespace sibyl::search_test {

namespace {
ExhaustiveResult all_of(const char* protocol, const char* limits, bool copy) {
  const Scenario s =
      load(R"({"format": "sibyl-scenario/1", "id": "h", "protocol": {"name": "test-waits"}})",
           {fmt::format("/protocol/name=\"{}\"", protocol), std::string("/limits=") + limits});
  ExhaustiveOptions options;
  options.copy = copy;
  return explore_exhaustively(s, options);
}
}  // namespace

TEST_CASE(
    "a state that is reached in time is gone on with, though it was reached too late before") {
  for (const bool copy : {false, true}) {
    // Three waits come too late; two do not.
    const ExhaustiveResult some = all_of("test-waits", R"({"deadline": "25ms"})", copy);
    CHECK(some.incomplete.empty());
    CHECK(some.found.size() == 1);
    // Nothing is done, and nothing found, behind the deadline.
    const ExhaustiveResult none = all_of("test-waits", R"({"deadline": "15ms"})", copy);
    CAPTURE(copy);
    CHECK(none.found.empty());
    CHECK(none.inconclusive + none.judged > 0);
    CHECK(all_of("test-waits", R"({"events": 2})", copy).incomplete.size() == 1);
  }
}

TEST_CASE("whether a timer that a process refers to is still pending tells states apart") {
  for (const bool copy : {false, true}) {
    const ExhaustiveResult result = all_of("test-stale", "{}", copy);
    CHECK(result.incomplete.empty());
    CHECK(result.found.size() == 1);
  }
}

TEST_CASE(
    "a delivery before the multicast at another node is found, and not taken for one behind") {
  for (const bool copy : {false, true}) {
    const ExhaustiveResult result = all_of("test-early", "{}", copy);
    CHECK(result.incomplete.empty());
    REQUIRE(result.found.size() == 1);
    CHECK(result.found[0].property == "integrity");
  }
}

}  // namespace sibyl::search_test
