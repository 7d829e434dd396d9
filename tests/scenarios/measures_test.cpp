// What is measured of a run, from steps made by hand.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "scenarios/measures.hpp"
#include "scenarios/runner.hpp"
#include "sim/fault.hpp"
#include "sim/notes.hpp"

namespace sibyl::measures_test {

namespace {

/// Listens to notes and faults of n parties and a client, which is the last node.
class Listener {
 public:
  explicit Listener(std::size_t parties, std::size_t faulty = 0, MeasureRules rules = {})
      : rules_(std::move(rules)) {
    for (std::size_t i = 0; i < parties; ++i) {
      const std::string name = "P" + std::to_string(i);
      nodes_.push_back({name, "party", name, i < faulty});
    }
    nodes_.push_back({"C", "client", "C", false});
  }
  template <class T>
  void say(std::uint32_t node, std::int64_t ns, T body, TraceKind kind = TraceKind::note) {
    Step step;
    step.at = Time{ns};
    step.kind = kind;
    step.node = NodeId{node};
    step.type = &kTypeInfo<T>;
    step.body = &body;
    observer_.on_step(step);
  }
  void decide(std::uint32_t node, std::int64_t ns, std::uint64_t round, const char* in = "a") {
    say(node, ns, note::Decide{in, round, Value(1)});
  }
  void deliver(std::uint32_t node, std::int64_t ns, std::uint32_t origin, std::uint64_t number) {
    say(node, ns, note::BroadcastDelivery{NodeId{origin}, number, Value("m")});
  }
  std::optional<double> get(Measure m) const {
    return observer_.finish(World(WorldConfig{}), Outcome::quiescent)[m];
  }

 private:
  std::vector<TraceNode> nodes_;
  std::function<bool()> never_;
  MeasureRules rules_;
  MeasureObserver observer_{nodes_, never_, rules_};
};

}  // namespace

TEST_CASE("a quorum has decided when n - floor((n-1)/3) correct parties have") {
  Listener listener(7);  // a quorum is 5
  for (std::uint32_t i = 0; i < 6; ++i) listener.decide(i, 10 * i + 10, i + 1);
  CHECK(listener.get(Measure::decided) == 6.0);
  CHECK(listener.get(Measure::rounds) == 6.0);
  CHECK(listener.get(Measure::rounds_mean) == 3.5);
  CHECK(listener.get(Measure::decision_quorum_ns) == 50.0);
  CHECK_FALSE(listener.get(Measure::decision_last_ns));
  CHECK(listener.get(Measure::decided_all) == 0.0);
  listener.decide(0, 70, 9);  // a second time: the first counts
  CHECK(listener.get(Measure::rounds) == 6.0);
  listener.decide(6, 80, 1);
  CHECK(listener.get(Measure::decision_last_ns) == 80.0);
  CHECK(listener.get(Measure::decided_all) == 1.0);
}

TEST_CASE("what faulty and crashed parties decide does not count") {
  Listener listener(4, 1);  // P0 is faulty; a quorum is 3
  listener.decide(0, 1, 99);
  listener.decide(1, 10, 1);
  listener.decide(2, 20, 2);
  CHECK(listener.get(Measure::decided) == 2.0);
  CHECK(listener.get(Measure::rounds) == 2.0);
  CHECK_FALSE(listener.get(Measure::decision_quorum_ns));
  listener.say(3, 25, fault::Crash{NodeId{3}}, TraceKind::fault);
  CHECK(listener.get(Measure::decision_last_ns) == 20.0);  // both correct ones
  CHECK_FALSE(listener.get(Measure::decision_quorum_ns));  // n is 4 all the same
  listener.say(3, 26, fault::Recover{NodeId{3}}, TraceKind::fault);
  listener.decide(3, 30, 1);
  CHECK(listener.get(Measure::decision_quorum_ns) == 30.0);
}

TEST_CASE("of several instances the last one tells when all is decided") {
  Listener listener(1);
  listener.decide(0, 10, 1, "a");
  CHECK(listener.get(Measure::decision_last_ns) == 10.0);
  listener.say(0, 5, note::Propose{"b", Value(1), 0});
  CHECK_FALSE(listener.get(Measure::decision_last_ns));  // b is not decided
  CHECK(listener.get(Measure::decided_all) == 0.0);
  listener.decide(0, 40, 3, "b");
  CHECK(listener.get(Measure::decision_last_ns) == 40.0);
  CHECK(listener.get(Measure::rounds_mean) == 2.0);
  CHECK(listener.get(Measure::decided) == 1.0);
}

TEST_CASE("deliveries are timed from the broadcast, as the mean over the items") {
  Listener listener(4);
  listener.say(1, 100, note::Broadcast{NodeId{1}, 1, "m", Value("m")});
  listener.say(1, 200, note::Broadcast{NodeId{1}, 2, "m", Value("m")});
  for (std::uint32_t i = 0; i < 4; ++i) listener.deliver(i, 110 + 10 * i, 1, 1);
  CHECK(listener.get(Measure::items) == 2.0);
  CHECK(listener.get(Measure::delivery_quorum_ns) == 30.0);
  CHECK(listener.get(Measure::delivery_last_ns) == 40.0);
  CHECK(listener.get(Measure::items_last) == 1.0);
  CHECK(listener.get(Measure::items_all) == 0.0);
  for (std::uint32_t i = 0; i < 3; ++i) listener.deliver(i, 250, 1, 2);
  listener.say(3, 250, note::BroadcastDelivery{NodeId{1}, 2, Value()});  // nothing came
  CHECK(listener.get(Measure::delivery_quorum_ns) == 40.0);              // of 30 and 50
  CHECK(listener.get(Measure::items_quorum) == 2.0);
  CHECK(listener.get(Measure::items_last) == 1.0);
  listener.deliver(3, 300, 1, 2);
  CHECK(listener.get(Measure::delivery_last_ns) == 70.0);  // of 40 and 100
  CHECK(listener.get(Measure::items_all) == 1.0);
}

TEST_CASE("items of faulty origins are not counted, nor is a second delivery") {
  Listener listener(4, 1);
  listener.say(0, 0, note::Broadcast{NodeId{0}, 1, "m", Value("m")});
  listener.deliver(1, 10, 0, 1);
  CHECK(listener.get(Measure::items) == 0.0);
  listener.say(2, 0, note::Broadcast{NodeId{2}, 1, "m", Value("m")});
  listener.deliver(1, 10, 2, 1);
  listener.deliver(1, 20, 2, 1);
  listener.deliver(2, 30, 2, 1);
  CHECK_FALSE(listener.get(Measure::delivery_quorum_ns));
  listener.deliver(3, 40, 2, 1);
  CHECK(listener.get(Measure::delivery_quorum_ns) == 40.0);
}

TEST_CASE("operations: ok, failed, pending, answered twice, answered by others") {
  Listener listener(1);
  for (std::uint64_t op = 1; op <= 4; ++op) {
    listener.say(1, 1000, note::Invoke{op, "", "command", "", Value()});
  }
  listener.say(1, 1500, note::Return{1, "ok", Value()});
  listener.say(1, 9000, note::Return{1, "ok", Value()});
  listener.say(1, 1700, note::Return{2, "nok", Value()});
  listener.say(0, 1800, note::Return{3, "ok", Value()});  // another client's
  listener.say(1, 1900, note::Return{4, "unknown", Value()});
  CHECK(listener.get(Measure::operations_invoked) == 4.0);
  CHECK(listener.get(Measure::operations_ok) == 1.0);
  CHECK(listener.get(Measure::operations_failed) == 1.0);
  CHECK(listener.get(Measure::operations_pending) == 2.0);
  CHECK(listener.get(Measure::latency_mean_ns) == 500.0);
  CHECK(listener.get(Measure::throughput_per_s) == doctest::Approx(1e9 / 700));
}

TEST_CASE("what was called in the warm-up counts for no throughput and no latency") {
  MeasureRules rules;
  rules.warmup = Duration{2000};
  Listener listener(1, 0, rules);
  const auto call = [&](std::uint64_t op, std::int64_t from, std::int64_t to) {
    listener.say(1, from, note::Invoke{op, "", "command", "", Value()});
    listener.say(1, to, note::Return{op, "ok", Value()});
  };
  call(1, 0, 1000);
  call(2, 1999, 9000);  // returns after it
  call(3, 2000, 2400);
  call(4, 2500, 3000);
  CHECK(listener.get(Measure::operations_ok) == 4.0);
  CHECK(listener.get(Measure::latency_mean_ns) == 450.0);
  CHECK(listener.get(Measure::latency_max_ns) == 500.0);
  CHECK(listener.get(Measure::throughput_per_s) == doctest::Approx(2e9 / 1000));
}

TEST_CASE("a window has what returned in it, and the last one all that comes after the most") {
  const std::vector<TraceNode> nodes{{"C", "client", "C", false}};
  const std::function<bool()> never;
  MeasureRules rules;
  rules.window = Duration{100};
  rules.windowed = {"operations.ok"};
  MeasureObserver observer(nodes, never, rules);
  const World world{WorldConfig{}};
  observer.watch(world);
  const auto say = [&](std::int64_t ns, const auto& body) {
    Step step;
    step.at = Time{ns};
    step.node = NodeId{0};
    step.type = &kTypeInfo<std::remove_cvref_t<decltype(body)>>;
    step.body = &body;
    observer.on_step(step);
  };
  std::uint64_t op = 0;
  for (const std::int64_t at : {0, 99, 100, 350, 350, 1'000'000}) {
    say(at, note::Invoke{++op, "", "command", "", Value()});
    say(at, note::Return{op, "ok", Value()});
  }
  const RunMeasures found = observer.finish(world, Outcome::quiescent);
  REQUIRE(found.counters.size() == kMostWindows);
  const auto in = [&](std::size_t window) {
    CHECK(found.counters[window].first == window_name("operations.ok", window));
    return found.counters[window].second;
  };
  CHECK(in(0) == 2);
  CHECK(in(1) == 1);
  CHECK(in(2) == 0);
  CHECK(in(3) == 2);
  CHECK(in(4) == 0);
  CHECK(in(kMostWindows - 1) == 1);
}

TEST_CASE("an interruption ends the run") {
  const std::vector<TraceNode> nodes{{"P0", "party", "P0", false}};
  const std::function<bool()> yes = [] { return true; };
  MeasureObserver observer(nodes, yes);
  Step step;
  step.kind = TraceKind::receive;
  CHECK_THROWS_AS(
      [&] {
        for (int i = 0; i < 5000; ++i) observer.on_step(step);
      }(),
      Interrupted);
}

}  // namespace sibyl::measures_test
