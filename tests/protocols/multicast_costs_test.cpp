// What the multicasts cost, in messages and in delays, without failures, and what they do when a
// leader crashes.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/core.h>

#include "tests/protocols/multicast_world.hpp"

namespace sibyl::multicast_family_test::multicast_costs_test {

namespace {

/// `groups` groups G1, G2, … of `members` each, and a client c.
std::string groups_of(std::uint64_t groups, std::uint64_t members, const std::string& more = "") {
  std::string list;
  for (std::uint64_t i = 1; i <= groups; ++i) {
    list += fmt::format("{}\"G{}\": {}", i == 1 ? "" : ", ", i, members);
  }
  return "{\"groups\": {" + list + "}, \"clients\": [\"c\"]" + more + "}";
}

std::string to_all(const std::string& from, const std::string& label, std::uint64_t groups,
                   std::int64_t at_ns = 0) {
  std::string list;
  for (std::uint64_t i = 1; i <= groups; ++i) {
    list += fmt::format("{}\"G{}\"", i == 1 ? "" : ", ", i);
  }
  return fmt::format(R"({{"from": "{}", "label": "{}", "to": [{}], "at": "{}ns"}})", from, label,
                     list, at_ns);
}

std::string member(std::uint64_t group, std::uint64_t place, std::uint64_t members) {
  return members == 1 ? fmt::format("G{}", group) : fmt::format("G{}.{}", group, place);
}

/// One message of a client to d groups of n: its messages, and the ticks at leaders and others.
void check_cost(const std::string& protocol, std::uint64_t d, std::uint64_t n,
                std::uint64_t messages, int leaders, int others) {
  CAPTURE(protocol);
  CAPTURE(d);
  CAPTURE(n);
  const Ran ran = run({protocol, groups_of(d, n), to_all("c", "m", d)});
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.messages == messages);
  for (std::uint64_t g = 1; g <= d; ++g) {
    for (std::uint64_t i = 1; i <= n; ++i) {
      const int ticks = i == 1 ? leaders : others;
      CHECK(ran.delivered.at(member(g, i, n)) == fmt::format("m@{}", ticks));
    }
  }
  CHECK(ran.end <= others);  // no timer has fired, none is left
}

const std::vector<std::uint64_t> kSizes{1, 3, 5, 7};

}  // namespace

TEST_CASE("white-box: 3 delays to leaders, 4 to others, as many messages as the formula says") {
  for (const std::uint64_t n : kSizes) {
    for (const std::uint64_t d : {1U, 2U, 3U}) {
      check_cost("white-box-multicast", d, n, d * n + 2 * d * (d * n - 1) + d * (n - 1),
                 d * n == 1 ? 1 : 3, 4);
    }
  }
}

TEST_CASE("fault-tolerant Skeen: 6 delays to leaders, 7 to others; 3 and 4 for one group") {
  for (const std::uint64_t n : {3U, 5U, 7U}) {
    check_cost("ft-skeen", 1, n, n + 4 * (n - 1), 3, 4);
    for (const std::uint64_t d : {2U, 3U, 4U}) {
      check_cost("ft-skeen", d, n, d * n + d * (d - 1) * n + 8 * d * (n - 1), 6, 7);
    }
  }
}

TEST_CASE("Skeen: 2 delays, d + d(d - 1) messages; ideal: 2 delays, 1 + d") {
  for (const std::uint64_t d : {2U, 3U, 4U}) {
    check_cost("skeen", d, 1, d + d * (d - 1), 2, 2);
    check_cost("ideal-multicast", d, 1, 1 + d, 2, 2);
    check_cost("ideal-multicast", d, 3, 1 + 3 * d, 2, 2);
  }
}

TEST_CASE("one global order: 3 delays to its leader, 4 to others, N + 4(N - 1) messages") {
  for (const std::uint64_t d : {1U, 2U, 3U}) {
    const std::uint64_t all = d * 3;
    const Ran ran = run({"global-order-multicast", groups_of(d, 3), to_all("c", "m", d)});
    CHECK(ran.messages == all + 4 * (all - 1));
    for (std::uint64_t g = 1; g <= d; ++g) {
      for (std::uint64_t i = 1; i <= 3; ++i) {
        CHECK(ran.delivered.at(member(g, i, 3)) == (g == 1 && i == 1 ? "m@3" : "m@4"));
      }
    }
  }
}

TEST_CASE(
    "a concurrent message holds one up: 4 delays for Skeen, 5 for white-box, 10 for two logs") {
  // The clock of G2 is ahead, so that m has a final timestamp above what G1 gives the other
  // message, which G1's leader multicasts the moment before its clock follows.
  const std::string clock = R"(, "clocks": {"G2": 10})";
  const auto held = [&](const std::string& protocol, std::uint64_t n, std::int64_t second_ns) {
    const std::string leader = member(1, 1, n);
    return run({protocol, groups_of(2, n, clock),
                to_all("c", "m", 2) + ", " + to_all(leader, "x", 2, second_ns)})
        .delivered.at(leader);
  };
  CHECK(held("skeen", 1, 2'000'000) == "m@4 x@4");
  CHECK(held("skeen", 1, 2'000'001) == "m@2 x@4.000001");
  CHECK(held("white-box-multicast", 3, 2'000'000) == "m@5 x@5");
  CHECK(held("white-box-multicast", 3, 2'000'001) == "m@3 x@5.000001");
  CHECK(held("ft-skeen", 3, 4'000'000) == "m@10 x@10");
  CHECK(held("ft-skeen", 3, 4'000'001) == "m@6 x@10.000001");
}

namespace {

/// What a node delivered, without times.
std::string order_in(const Ran& ran, const std::string& node) {
  const auto found = ran.delivered.find(node);
  std::string order;
  bool time = false;
  for (const char c : found == ran.delivered.end() ? std::string() : found->second) {
    if (c == '@') time = true;
    if (c == ' ') time = false;
    if (!time) order += c;
  }
  return order;
}

}  // namespace

TEST_CASE("a leader that crashes at any moment is made up for") {
  for (const char* protocol : {"ft-skeen", "white-box-multicast", "global-order-multicast"}) {
    for (std::int64_t half = 0; half <= 16; ++half) {
      CAPTURE(protocol);
      CAPTURE(half);
      const bool clocks = std::string_view(protocol) != "global-order-multicast";
      const Ran ran =
          run({.protocol = protocol,
               .deployment = groups_of(2, 3, clocks ? R"(, "clocks": {"G2": 10})" : ""),
               .multicasts = to_all("c", "m1", 2) + ", " + to_all("G2.2", "m2", 2, 3'200'000) +
                             ", " + to_all("c", "m3", 1, 5'000'000),
               .faults = {fault_at(half * 500 + 1, fault::Crash{NodeId{0}})}});
      REQUIRE(ran.outcome == Outcome::quiescent);
      const std::string first = order_in(ran, "G1.2");
      REQUIRE(order_in(ran, "G1.3") == first);
      REQUIRE(first.size() == 8);
      REQUIRE(first.substr(0, order_in(ran, "G1.1").size()) == order_in(ran, "G1.1"));
      const std::string second = order_in(ran, "G2.1");
      REQUIRE(second.size() == 5);
      REQUIRE(order_in(ran, "G2.2") == second);
      REQUIRE(order_in(ran, "G2.3") == second);
      REQUIRE((first.find("m1") < first.find("m2")) == (second.find("m1") < second.find("m2")));
    }
  }
}

TEST_CASE("leaders of both groups crash at once") {
  for (const char* protocol : {"ft-skeen", "white-box-multicast"}) {
    for (std::int64_t half = 0; half <= 16; ++half) {
      CAPTURE(protocol);
      CAPTURE(half);
      const Ran ran =
          run({.protocol = protocol,
               .deployment = groups_of(2, 3),
               .multicasts = to_all("c", "m1", 2) + ", " + to_all("c", "m2", 2, 100'000),
               .faults = {fault_at(half * 500 + 1, fault::Crash{NodeId{0}}),
                          fault_at(half * 500 + 700, fault::Crash{NodeId{3}})}});
      REQUIRE(ran.outcome == Outcome::quiescent);
      const std::string order = order_in(ran, "G1.2");
      REQUIRE(order.size() == 5);
      for (const char* node : {"G1.3", "G2.2", "G2.3"}) REQUIRE(order_in(ran, node) == order);
    }
  }
}

TEST_CASE("a member that recovers delivers from the beginning again, and what it missed") {
  for (const char* protocol : {"ft-skeen", "global-order-multicast"}) {
    CAPTURE(protocol);
    const Ran ran =
        run({.protocol = protocol,
             .deployment = groups_of(2, 3),
             .multicasts = to_all("c", "m1", 2) + ", " + to_all("c", "m2", 2, 20'000'000),
             .faults = {fault_at(15'000, fault::Crash{NodeId{2}}),
                        fault_at(60'000, fault::Recover{NodeId{2}, true})}});
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(order_in(ran, "G1.3") == "m1 | m1 m2");
    CHECK(order_in(ran, "G1.2") == "m1 m2");
  }
}

TEST_CASE("FIFO: one global order holds back what has overtaken an earlier message of its sender") {
  std::uint64_t overtaken = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Case c{.protocol = "global-order-multicast",
           .deployment = groups_of(2, 1),
           .multicasts = to_all("c", "m1", 2) + ", " + to_all("c", "m2", 1, 1'000'000),
           .most_ticks = 5,
           .seed = seed};
    REQUIRE(order_in(run(c), "G1") == "m1 m2");
    c.variants = {"no-holdback"};
    if (order_in(run(c), "G1") == "m2 m1") ++overtaken;
  }
  CHECK(overtaken > 0);
}

TEST_CASE("what a scenario says wrong is refused at its place") {
  std::string said;
  const auto refused = [&](const std::string& deployment, const std::string& multicasts) {
    try {
      run({"skeen", deployment, multicasts});
      return std::string("accepted");
    } catch (const ConfigError& error) {
      said = error.what();
      return error.pointer;
    }
  };
  CHECK(refused(R"({"clients": ["c"]})", "") == "/deployment");
  CHECK(refused(R"({"groups": {}})", "") == "/deployment/groups");
  CHECK(refused(R"({"groups": {"A": 0}})", "") == "/deployment/groups/A");
  CHECK(refused(R"({"groups": {"A": 1}, "clients": ["A"]})", "") == "/deployment/clients/0");
  CHECK(refused(R"({"groups": {"A": 1}, "clocks": {"B": 1}})", "") == "/deployment/clocks/B");
  const std::string largest = R"({"groups": {"A": 1}, "clocks": {"A": 900719925474099)";
  CHECK(refused(largest + "2}}", "") == "accepted");
  CHECK(refused(largest + "3}}", "") == "/deployment/clocks/A");
  CHECK(refused(R"({"groups": {"A": 1}, "clocks": {"A": 9223372036854775807}})", "") ==
        "/deployment/clocks/A");
  // Without clocks.
  for (const char* protocol : {"ideal-multicast", "global-order-multicast"}) {
    try {
      run({protocol, R"({"groups": {"A": 1}, "clocks": {"A": 1}})", ""});
      FAIL("was accepted");
    } catch (const ConfigError& error) {
      CHECK(error.pointer == "/deployment/clocks");
    }
  }
  const std::string two = R"({"groups": {"A": 1, "B": 1}})";
  CHECK(refused(two, R"({"from": "A", "to": []})") == "/workload/multicasts/0/to");
  CHECK(said == "names no group, expected at least one of A, B");
  CHECK(refused(two, R"({"from": "A", "to": ["B", "A", "B"]})") == "/workload/multicasts/0/to/2");
  CHECK(said == "names B twice, expected each group once");
  const std::string labelled = R"({"from": "A", "to": ["A"], "label": ")";
  const auto long_label = [&](std::size_t bytes) {
    return refused(R"({"groups": {"A": 1}})", labelled + std::string(bytes, 'm') + "\"}");
  };
  CHECK(long_label(0) == "/workload/multicasts/0/label");
  CHECK(long_label(257) == "/workload/multicasts/0/label");
  CHECK(long_label(256) == "accepted");
  CHECK(refused(R"({"groups": {"A": 1}})", labelled + "m\"}, " + labelled + "m\"}") ==
        "/workload/multicasts/1/label");
  CHECK(refused(R"({"groups": {"A": 1}})", labelled + R"(m2"}, {"from": "A", "to": ["A"]})") ==
        "/workload/multicasts/1");
  CHECK(refused(R"({"groups": {"A": 1}})", R"({"from": "x", "to": ["A"]})") ==
        "/workload/multicasts/0/from");
  CHECK(refused(R"({"groups": {"A": 1}})", R"({"from": "A", "to": ["B"]})") ==
        "/workload/multicasts/0/to/0");
  CHECK(refused(R"({"groups": {"A": 1}})", R"({"from": "A", "to": ["A", "A"]})") ==
        "/workload/multicasts/0/to/1");
}

}  // namespace sibyl::multicast_family_test::multicast_costs_test
