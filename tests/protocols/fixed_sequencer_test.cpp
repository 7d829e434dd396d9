// The fixed sequencer: its order, its cost, and what its variants break.
#include <doctest/doctest.h>

#include <set>

#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::fixed_sequencer_test {

namespace {

using testing::Ran;
using testing::Scenario;

Scenario parties(int n, const std::string& broadcasts, const std::string& options = "{}") {
  Scenario s;
  s.protocol = "fixed-sequencer";
  s.deployment = R"({"parties": )" + std::to_string(n) + "}";
  s.workload = R"({"broadcasts": [)" + broadcasts + "]}";
  s.options = options;
  return s;
}

/// What each party delivered, in order.
std::map<std::string, std::string> delivered(const Ran& ran) {
  std::map<std::string, std::string> all;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name != "note::BroadcastDelivery") continue;
    all[ran.trace.nodes[e.node.value].name] += e.data.find("content")->text() + " ";
  }
  return all;
}

std::size_t messages(const Ran& ran) {
  std::size_t n = 0;
  for (const TraceEvent& e : ran.trace.events) {
    n += e.kind == TraceKind::send && e.peer != e.node ? 1 : 0;
  }
  return n;
}

std::int64_t last_delivery_ms(const Ran& ran) {
  std::int64_t at = -1;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name == "note::BroadcastDelivery") at = e.at.ns / 1'000'000;
  }
  return at;
}

}  // namespace

TEST_CASE("one broadcast costs 1 + (n - 1) messages and 2 delays, the sequencer's own one less") {
  for (const int n : {1, 2, 4, 7, 10, 16}) {
    CAPTURE(n);
    const auto own = run(parties(n, R"({"party": "P0"})"));
    CHECK(messages(own) == static_cast<std::size_t>(n) - 1);
    CHECK(last_delivery_ms(own) == (n == 1 ? 0 : 1));
    if (n == 1) continue;
    const auto other = run(parties(n, R"({"party": "P1"})"));
    CHECK(messages(other) == static_cast<std::size_t>(n));
    CHECK(last_delivery_ms(other) == 2);
    CHECK(delivered(other).size() == static_cast<std::size_t>(n));
    const auto elsewhere = run(parties(n, R"({"party": "P1"})", R"({"sequencer": 1})"));
    CHECK(messages(elsewhere) == static_cast<std::size_t>(n) - 1);
  }
}

TEST_CASE("whatever the delays, all deliver the same in the order of each origin") {
  const std::string broadcasts = R"({"party": "P0", "label": "a"},
    {"party": "P1", "label": "b"}, {"party": "P1", "label": "c", "at": "1ms"},
    {"party": "P2", "label": "d"}, {"party": "P1", "label": "e", "at": "2ms"})";
  std::set<std::string> orders;
  std::size_t out_of_order = 0;
  std::size_t out_of_origin_order = 0;
  const auto in_order = [](const std::string& order) {
    return order.find('b') < order.find('c') && order.find('c') < order.find('e');
  };
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Scenario s = parties(4, broadcasts);
    s.seed = seed;
    s.random_ticks = {1, 2, 5, 9};
    const auto all = delivered(run(s));
    REQUIRE(all.size() == 4);
    for (const auto& [party, order] : all) {
      CHECK(order.size() == 10);
      CHECK(order == all.at("P0"));
      CHECK(in_order(order));
    }
    orders.insert(all.at("P0"));
    s.variants = {"no-holdback"};
    const auto loose = delivered(run(s));
    for (const auto& [party, order] : loose) {
      CHECK(order.size() == 10);
      out_of_order += order != loose.at("P0") ? 1 : 0;
    }
    s.variants = {"origins-as-they-come"};
    const auto mixed = delivered(run(s));
    for (const auto& [party, order] : mixed) CHECK(order == mixed.at("P0"));
    out_of_origin_order += in_order(mixed.at("P0")) ? 0 : 1;
  }
  CHECK(orders.size() > 3);
  CHECK(out_of_order > 0);
  CHECK(out_of_origin_order > 0);
}

TEST_CASE("a sequencer that is no party is refused") {
  CHECK_THROWS_AS(run(parties(3, "", R"({"sequencer": 3})")), ConfigError);
  CHECK_NOTHROW(run(parties(3, "", R"({"sequencer": 2})")));
}

}  // namespace sibyl::fixed_sequencer_test
