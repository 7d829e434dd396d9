// The orders of Schneider's tutorial: synchronised real-time clocks, and identifiers that the
// replicas generate.
#include <doctest/doctest.h>

#include "sim/decode.hpp"
#include "tests/protocols/order_world.hpp"

namespace sibyl::order_test::schneider_orders_test {

namespace {

Case one_item(const std::string& protocol, int n) {
  Case c;
  c.protocol = protocol;
  c.parties = n;
  c.workload = {{1, "m"}};
  return c;
}

bool ordered(const Ran& ran) { return ran.complete() && ran.total_order(); }

}  // namespace

// ---- Real time ----

TEST_CASE("a request by real time takes n - 1 messages and Delta exactly, whatever the delays") {
  for (const int n : {4, 7, 10, 16}) {
    for (const std::int64_t delta : {2, 3, 10}) {
      Case c = one_item("real-time-order", n);
      c.options = "{\"delta\": \"" + std::to_string(delta) + "ms\"}";
      const Ran ran = run(c);
      CHECK(ran.messages == static_cast<std::uint64_t>(n - 1));
      for (int party = 0; party < n; ++party) CHECK(ran.at(party, "m") == delta * kTick);
    }
  }
}

TEST_CASE("a clock that is ahead delivers as much earlier") {
  Case c = one_item("real-time-order", 3);
  c.ahead_ns = {{0, 3 * kTick}, {2, -2 * kTick}};
  const Ran ran = run(c);
  CHECK(ran.at(0, "m") == 12 * kTick);
  CHECK(ran.at(1, "m") == 15 * kTick);
  CHECK(ran.at(2, "m") == 17 * kTick);
}

TEST_CASE("real time orders totally iff Delta exceeds the longest delay and the skew together") {
  // The longest delay is 9 ms; clocks are up to 4 ms apart, and drift by a ten-thousandth.
  const auto breaches = [](const char* delta, const std::vector<std::string>& variants) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Case c = random_case("real-time-order", seed);
      c.options = delta;
      c.variants = variants;
      c.ahead_ns = {
          {0, 2 * kTick}, {1, -2 * kTick}, {2, static_cast<std::int64_t>(seed % 3) * kTick}};
      c.drift_ppb = {{1, 100'000}, {2, -100'000}};
      const Ran ran = run(c);
      CHECK(ran.complete());
      CHECK(ran.outcome == Outcome::quiescent);
      if (!ran.total_order() || !ran.fifo_order() || !ran.causal_order()) ++found;
    }
    return found;
  };
  CHECK(breaches("{\"delta\": \"13100us\"}", {}) == 0);
  CHECK(breaches("{\"delta\": \"9ms\"}", {}) > 0);
  CHECK(breaches("{}", {"delta-too-small"}) > 0);
}

TEST_CASE("the threshold of Delta is the delay and the skew, to the nanosecond") {
  // P0's clock is 2 ms ahead; what P1 says arrives there after 5 ms. P0 says m1 at 5 ms of its
  // clock; m0 gets a timestamp that is 1 ns smaller, and comes 7 ms later by P0's clock.
  for (const bool enough : {true, false}) {
    Case c;
    c.protocol = "real-time-order";
    c.parties = 2;
    c.ahead_ns = {{0, 2 * kTick + 1}};
    c.ticks = {{{1, 0}, 5}};
    c.workload = {{1, "m0", {}, 5}, {0, "m1", {}, 3}};
    c.options = enough ? "{\"delta\": \"7000001ns\"}" : "{\"delta\": \"7ms\"}";
    const Ran ran = run(c);
    CHECK(ran.order(1) == "m0 m1");
    CHECK(ran.order(0) == (enough ? "m0 m1" : "m1 m0"));
  }
}

TEST_CASE("two requests of one party at one reading of its clock stay apart and in order") {
  Case c;
  c.protocol = "real-time-order";
  c.parties = 2;
  c.workload = {{0, "m1"}, {0, "m2"}, {0, "m3"}, {1, "m4"}};
  const Ran ran = run(c);
  CHECK(ran.order(0) == "m1 m4 m2 m3");
  CHECK(ran.order(1) == "m1 m4 m2 m3");
}

TEST_CASE("a wall clock that is set back makes requests wait, and loses none") {
  Case c;
  c.protocol = "real-time-order";
  c.parties = 2;
  c.workload = {{0, "m1"}};
  c.faults = {{{Time{4 * kTick}, "", kNobody, 1, {}}, fault::ClockStep{{1}, Duration{-3 * kTick}}}};
  const Ran ran = run(c);
  CHECK(ran.at(0, "m1") == 15 * kTick);
  CHECK(ran.at(1, "m1") == 18 * kTick);
}

TEST_CASE("a crash does not hold up the order by real time") {
  Case c;
  c.protocol = "real-time-order";
  c.workload = {{0, "m1"}, {1, "m2", {}, 5}};
  c.faults = {{{Time{3 * kTick}, "", kNobody, 1, {}}, fault::Crash{{2}}}};
  const Ran ran = run(c);
  CHECK(ran.order(0) == "m1 m2");
  CHECK(ran.order(1) == "m1 m2");
}

// ---- Real time, stability from all ----

namespace {

constexpr const char* kFromAll = "{\"stability\": \"from_all\", \"period\": \"5ms\"}";

Case from_all(Case c) {
  c.options = kFromAll;
  return c;
}

}  // namespace

TEST_CASE("a request that is stable from all takes n (n - 1) messages, two delays and the period") {
  for (const int n : {4, 7, 10, 16}) {
    for (const int period : {3, 5}) {
      Case c = one_item("real-time-order", n);
      c.options = "{\"stability\": \"from_all\", \"period\": \"" + std::to_string(period) + "ms\"}";
      const Ran ran = run(c);
      CHECK(ran.messages == static_cast<std::uint64_t>(n * (n - 1)));
      CHECK(ran.by_kind.at("real_time::Null") == static_cast<std::uint64_t>((n - 1) * (n - 1)));
      for (int party = 0; party < n; ++party) CHECK(ran.at(party, "m") == (2 + period) * kTick);
    }
  }
}

TEST_CASE("one null request answers all requests of a period, and an own request answers as well") {
  Case c = from_all(one_item("real-time-order", 3));
  c.workload = {{1, "a"}, {1, "b", {}, 1}, {1, "c", {}, 4}};
  const Ran nulls = run(c);
  CHECK(ordered(nulls));
  CHECK(nulls.messages == 3 * 2 + 2 * 2);  // P0 and P2 say one null each
  CHECK(nulls.last() == 7 * kTick);
  c.workload = {{0, "a"}, {1, "b", {}, 2}, {2, "c", {}, 2}};
  const Ran own = run(c);
  CHECK(own.messages == 3 * 2 + 2 * 2);  // P0, and P1, since c is later than b by its sender
  CHECK(own.order(0) == "a b c");
  CHECK(own.at(0, "a") == 3 * kTick);
}

TEST_CASE("stable from all: totally ordered whatever the delays and the clocks are") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Case c = from_all(random_case("real-time-order", seed));
    c.twice = seed % 5 == 0;
    c.ahead_ns = {
        {0, 40 * kTick}, {1, -30 * kTick}, {2, static_cast<std::int64_t>(seed % 3) * kTick}};
    c.drift_ppb = {{1, 100'000'000}, {2, -100'000'000}};
    const Ran ran = run(c);
    CAPTURE(seed);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ordered(ran));
    CHECK(ran.fifo_order());
    CHECK(ran.causal_order());
  }
}

TEST_CASE(
    "stable from all: a party whose clock is behind keeps all waiting until it has caught up") {
  Case c = from_all(one_item("real-time-order", 3));
  c.ahead_ns = {{2, -20 * kTick}};
  const Ran ran = run(c);
  // P2 may speak when its clock has passed 0ms, at 20ms and a nanosecond.
  CHECK(ran.at(0, "m") == 21 * kTick + 1);
  CHECK(ran.at(2, "m") == 20 * kTick + 1);
}

TEST_CASE("stable from all: nothing is delivered without null requests, or behind a crash") {
  Case c = one_item("real-time-order", 3);
  c.variants = {"no-null-messages"};
  const Ran silent = run(c);
  CHECK(silent.outcome == Outcome::quiescent);
  CHECK(silent.messages == 2);
  CHECK(silent.last() == -1);
  c = from_all(one_item("real-time-order", 3));
  c.faults = {{{Time{kTick / 2}, "", kNobody, 1, {}}, fault::Crash{{2}}}};
  CHECK(run(c).last() == -1);
}

TEST_CASE("stable from all: a wall clock that is set back loses nothing") {
  Case c = from_all(one_item("real-time-order", 3));
  c.workload = {{0, "a"}, {2, "b", {}, 3}};
  c.faults = {{{Time{4 * kTick}, "", kNobody, 1, {}}, fault::ClockStep{{1}, Duration{-9 * kTick}}}};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ordered(ran));
}

TEST_CASE("stable from all: orders hold whenever wall clocks are set back, and however often") {
  int after_delivery = 0;  // items that come after others
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Case c = from_all(random_case("real-time-order", seed));
    c.parties = 2 + static_cast<int>(seed % 3);
    for (Said& said : c.workload) said.party %= c.parties;
    c.twice = seed % 7 == 0;
    for (int i = 0; i < 4; ++i) {
      const auto step = static_cast<std::int64_t>((seed * 7 + static_cast<unsigned>(i) * 5) % 31);
      const auto at = static_cast<std::int64_t>((seed + static_cast<unsigned>(i) * 9) % 40);
      const auto node = static_cast<std::uint32_t>((seed / 3 + static_cast<unsigned>(i)) %
                                                   static_cast<unsigned>(c.parties));
      c.faults.push_back({{Time{at * kTick + kTick / 2}, "", kNobody, 1, {}},
                          fault::ClockStep{{node}, Duration{-step * kTick}}});
    }
    const Ran ran = run(c);
    CAPTURE(seed);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ordered(ran));
    CHECK(ran.fifo_order());
    CHECK(ran.causal_order());
    for (const auto& [label, past] : ran.past) after_delivery += past.empty() ? 0 : 1;
  }
  CHECK(after_delivery > 400);
}

TEST_CASE("stable from all: what is said after a delivery is later, though the clock is set back") {
  Case c = from_all(one_item("real-time-order", 2));
  c.workload = {{0, "m1", {}, 20}, {1, "m2", {}, 23}};
  c.faults = {
      {{Time{22 * kTick}, "", kNobody, 1, {}}, fault::ClockStep{{1}, Duration{-20 * kTick}}}};
  const Ran ran = run(c);
  CHECK(ran.order(0) == "m1 m2");
  CHECK(ran.order(1) == "m1 m2");
}

TEST_CASE("by real time any crashes are borne, where requests are stable from all none") {
  using testing::Json;
  const ProtocolInfo& info = *find_protocol("real-time-order");
  const auto borne = [&](const char* options) {
    return info
        .tolerates({{},
                    Json::read(options),
                    Json::read("{\"parties\": 3}"),
                    Json::read("{\"broadcasts\": []}")})
        .faulty;
  };
  CHECK(borne("{}") == 2);
  CHECK(borne(kFromAll) == 0);
}

TEST_CASE("waits below zero are mistakes that name their place") {
  for (const auto& [protocol, option] :
       std::vector<std::pair<std::string, std::string>>{{"real-time-order", "delta"},
                                                        {"real-time-order", "period"},
                                                        {"lamport-order", "timeout"},
                                                        {"lamport-order", "period"},
                                                        {"lamport-order", "suspect_after"}}) {
    Case c = one_item(protocol, 2);
    c.options = "{\"" + option + "\": \"-1ms\"}";
    std::string place;
    try {
      run(c);
    } catch (const ConfigError& e) {
      place = e.pointer;
    }
    CHECK(place == "/protocol/options/" + option);
  }
}

// ---- Identifiers of the replicas ----

TEST_CASE("through the origin a request takes 3 (n - 1) messages and three delays") {
  for (const int n : {4, 7, 10, 16}) {
    const Ran ran = run(one_item("replica-ids", n));
    CHECK(ran.messages == static_cast<std::uint64_t>(3 * (n - 1)));
    CHECK(ran.at(1, "m") == 2 * kTick);
    for (int party = 0; party < n; ++party) {
      if (party != 1) CHECK(ran.at(party, "m") == 3 * kTick);
    }
  }
}

TEST_CASE("with candidates from all to all it takes n (n - 1) messages and two delays") {
  for (const int n : {4, 7, 10, 16}) {
    Case c = one_item("replica-ids", n);
    c.variants = {"all-to-all"};
    const Ran ran = run(c);
    CHECK(ran.messages == static_cast<std::uint64_t>(n * (n - 1)));
    for (int party = 0; party < n; ++party) CHECK(ran.at(party, "m") == 2 * kTick);
  }
}

TEST_CASE("identifiers of the replicas order totally, unless what was seen is ignored") {
  for (const char* form : {"{\"form\": \"all_to_all\"}", "{\"form\": \"coordinator\"}"}) {
    int breaches = 0;
    int mutant = 0;
    int out_of_fifo = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Case c = random_case("replica-ids", seed);
      c.options = form;
      c.twice = seed % 4 == 0;
      const Ran ran = run(c);
      CHECK(ran.outcome == Outcome::quiescent);
      if (!ordered(ran)) ++breaches;
      if (!ran.fifo_order()) ++out_of_fifo;
      c.variants = {"ignores-seen"};
      if (!run(c).total_order()) ++mutant;
    }
    CHECK(breaches == 0);
    CHECK(mutant > 0);
    CHECK(out_of_fifo > 0);
  }
}

TEST_CASE("a crash blocks the order by identifiers of the replicas") {
  Case c;
  c.protocol = "replica-ids";
  c.workload = {{0, "m1"}, {1, "m2", {}, 5}};
  c.faults = {{{Time{4 * kTick}, "", kNobody, 1, {}}, fault::Crash{{2}}}};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.order(0) == "m1");
  CHECK(ran.order(1) == "m1");
}

TEST_CASE("a party alone orders its own requests") {
  for (const char* protocol :
       {"lamport-order", "replica-ids", "real-time-order", "causal-broadcast", "fifo-broadcast"}) {
    Case c;
    c.protocol = protocol;
    c.parties = 1;
    c.workload = {{0, "m1"}, {0, "m2", {}, 20}};
    const Ran ran = run(c);
    CHECK(ran.order(0) == "m1 m2");
    CHECK(ran.messages == 0);
  }
}

}  // namespace sibyl::order_test::schneider_orders_test
