// A run that would never end: the default limit on events ends it, and nothing is concluded.
#include <doctest/doctest.h>

#include <string>

#include "protocols/protocol.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "sim/context.hpp"

namespace livelock {

using namespace sibyl;

struct Again {};
BOOST_DESCRIBE_STRUCT(Again, (), ())

/// Arms a timer for ever, and counts under names that the report has already.
struct Node : ProcessOf<Node> {
  void start(Context& context) override {
    context.arm(Duration{1}, Again{});
    context.count("messages");
    context.count("latency_ns");
    context.count("laps");
  }
  void timer(Context& context, const Message& /*tag*/) override {
    context.arm(Duration{1}, Again{});
  }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
};
BOOST_DESCRIBE_STRUCT(Node, (), ())

/// Not registered, so that the list of what there is stays as it is.
Scenario scenario() {
  static const ProtocolInfo kProtocol{
      "test-livelock", "never ends", {}, {"termination"}, "", [](const Setup&) {
        return std::vector<NodeSpec>{{{"a", "node", "a"}, make_process<Node>()}};
      }};
  Scenario s;
  s.id = "livelock";
  s.protocol = &kProtocol;
  s.nodes = {{"a", "node", "a"}};
  s.clocks.resize(1);
  s.expect = decode_expect(nullptr, "/expect", kProtocol);
  return s;
}

}  // namespace livelock

using namespace sibyl;

TEST_CASE("a livelock ends at the default limit of 250 000 events, inconclusive") {
  const RunResult r = run_scenario(livelock::scenario());
  CHECK(r.trace.outcome == Outcome::limit);
  CHECK(r.events == 250'000);
  CHECK(r.exit_status() == 2);
}

TEST_CASE("a scenario's limit on events is 250 000 unless it gives one, also a higher one") {
  const auto events_with = [](const std::vector<Override>& overrides) {
    const std::string file = SIBYL_SOURCE_DIR "/tests/scenarios/data/minimal.json";
    return load_file(file, overrides).front().limits.events;
  };
  CHECK(events_with({}) == 250'000);
  CHECK(events_with({parse_override(R"(/limits={"deadline": "1s"})")}) == 250'000);
  CHECK(events_with({parse_override("/limits/events=2000000")}) == 2'000'000);
}

TEST_CASE("a counter that is called as a member of the metrics is kept under another name") {
  Scenario s = livelock::scenario();
  s.limits.events = 10;
  const Value report = report_json(s, run_scenario(s));
  const Value& metrics = *report.find("metrics");
  CHECK(metrics.find("messages")->find("total") != nullptr);
  CHECK(metrics.find("latency_ns")->find("mean") != nullptr);
  REQUIRE(metrics.find("counter_messages") != nullptr);
  CHECK(*metrics.find("counter_messages") == Value(1));
  CHECK(*metrics.find("counter_latency_ns") == Value(1));
  CHECK(*metrics.find("laps") == Value(1));
}
