// FIFO and causal broadcast, and the total order by logical clocks.
#include <doctest/doctest.h>

#include "tests/protocols/order_world.hpp"

namespace sibyl::order_test::orders_test {

namespace {

/// Runs with 120 seeds of which `holds` is false.
template <class Holds>
int breaches(const std::string& protocol, const std::string& options,
             const std::vector<std::string>& variants, const Holds& holds) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    Case c = random_case(protocol, seed);
    c.options = options;
    c.variants = variants;
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    if (!holds(ran)) ++found;
  }
  return found;
}

bool fifo(const Ran& ran) { return ran.complete() && ran.fifo_order(); }
bool causal(const Ran& ran) { return fifo(ran) && ran.causal_order(); }
bool ordered(const Ran& ran) { return causal(ran) && ran.total_order(); }

Case one_item(const std::string& protocol, int n) {
  Case c;
  c.protocol = protocol;
  c.parties = n;
  c.workload = {{1, "m"}};
  return c;
}

}  // namespace

// ---- FIFO ----

TEST_CASE("a FIFO broadcast waits for the items that its origin sent before") {
  CHECK(breaches("fifo-broadcast", "{}", {}, fifo) == 0);
  CHECK(breaches("fifo-broadcast", "{}", {"delivers-on-arrival"}, fifo) > 0);
  CHECK(breaches("fifo-broadcast", "{}", {}, causal) > 0);
}

TEST_CASE("FIFO and causal broadcast cost n - 1 messages and one message delay") {
  for (const int n : {4, 7, 10, 16}) {
    for (const char* options : {"{\"past\": \"sets\"}", "{}"}) {
      Case c = one_item("causal-broadcast", n);
      c.options = options;
      CHECK(run(c).messages == static_cast<std::uint64_t>(n - 1));
      CHECK(run(c).last() == kTick);
      CHECK(run(c).complete());
    }
    const Ran ran = run(one_item("fifo-broadcast", n));
    CHECK(ran.messages == static_cast<std::uint64_t>(n - 1));
    CHECK(ran.last() == kTick);
    CHECK(ran.at(1, "m") == 0);
    CHECK(ran.complete());
  }
}

TEST_CASE("what links send twice is delivered once") {
  for (const char* protocol : {"fifo-broadcast", "causal-broadcast", "lamport-order"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Case c = random_case(protocol, seed);
      c.twice = true;
      CAPTURE(protocol);
      CAPTURE(seed);
      CHECK(run(c).complete());
    }
  }
  Case sets = random_case("causal-broadcast", 3);
  sets.twice = true;
  sets.variants = {"causal-past-sets"};
  CHECK(run(sets).complete());
}

// ---- Causal ----

TEST_CASE("an answer waits for its question, with sets and with vector clocks") {
  for (const char* options : {"{\"past\": \"sets\"}", "{}"}) {
    Case c;
    c.protocol = "causal-broadcast";
    c.options = options;
    c.workload = {{0, "question"}, {1, "answer", {"question"}}};
    c.ticks = {{{0, 2}, 5}};
    const Ran ran = run(c);
    CHECK(ran.order(2) == "question answer");
    CHECK(ran.at(2, "answer") == 5 * kTick);
    CHECK(breaches("causal-broadcast", options, {}, causal) == 0);
    CHECK(breaches("causal-broadcast", options, {}, ordered) > 0);
  }
  CHECK(breaches("causal-broadcast", "{}", {"waits-for-sender-only"}, fifo) == 0);
  CHECK(breaches("causal-broadcast", "{}", {"waits-for-sender-only"}, causal) > 0);
  CHECK(breaches("causal-broadcast", "{\"past\": \"sets\", \"wait\": \"sender\"}", {}, fifo) == 0);
  CHECK(breaches("causal-broadcast", "{\"past\": \"sets\", \"wait\": \"sender\"}", {}, causal) > 0);
}

TEST_CASE("with an equal past as the notes write it, a concurrent item blocks for ever") {
  Case c;
  c.protocol = "causal-broadcast";
  c.workload = {{0, "m1"}, {1, "m2"}};
  c.variants = {"waits-for-equal-past"};
  const Ran blocked = run(c);
  CHECK(blocked.outcome == Outcome::quiescent);
  CHECK(blocked.order(0) == "m1");
  CHECK(blocked.order(1) == "m2");
  CHECK(blocked.order(2) == "m1");
  c.variants = {"causal-past-sets"};
  CHECK(run(c).complete());
  // Where nothing is concurrent, the two rules are the same.
  c.workload = {{0, "m1"}, {1, "m2", {"m1"}}, {2, "m3", {"m2"}}};
  c.variants = {"waits-for-equal-past"};
  CHECK(run(c).complete());
}

TEST_CASE("sets grow by 16 bytes with each item ever sent, vector clocks have 8 a party") {
  for (const int n : {4, 7}) {
    Case c;
    c.protocol = "causal-broadcast";
    c.parties = n;
    for (int i = 0; i < 10; ++i) {
      Said said{i % n, "m" + std::to_string(i)};
      if (i > 0) said.after = {"m" + std::to_string(i - 1)};
      c.workload.push_back(std::move(said));
    }
    const auto others = static_cast<std::size_t>(n - 1);
    const Ran clocks = run(c);
    c.variants = {"causal-past-sets"};
    const Ran sets = run(c);
    REQUIRE(sets.sizes.size() == 10 * others);
    REQUIRE(clocks.sizes.size() == 10 * others);
    // The item: 16 of its name and 4 + 2 of its content; then the length of the list, 4.
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(sets.sizes[i * others] == 26 + 16 * i);
      CHECK(clocks.sizes[i * others] == 26 + 8 * static_cast<std::size_t>(n));
    }
  }
}

// ---- Total order by logical clocks ----

TEST_CASE("an item alone costs n (n - 1) messages and two message delays with acks") {
  for (const char* clock : {"{\"clock\": \"vector\"}", "{}"}) {
    for (const int n : {4, 7, 10, 16}) {
      Case c = one_item("lamport-order", n);
      c.options = clock;
      const Ran ran = run(c);
      CHECK(ran.messages == static_cast<std::uint64_t>(n * (n - 1)));
      CHECK(ran.by_kind.at("lamport::Data") == static_cast<std::uint64_t>(n - 1));
      for (int party = 0; party < n; ++party) CHECK(ran.at(party, "m") == 2 * kTick);
    }
  }
}

TEST_CASE("with nulls it takes the period besides, and one null says it of all items") {
  for (const int n : {4, 7, 10, 16}) {
    Case c = one_item("lamport-order", n);
    c.options = "{\"later\": \"nulls\", \"period\": \"7ms\"}";
    const Ran one = run(c);
    CHECK(one.messages == static_cast<std::uint64_t>(n * (n - 1)));
    for (int party = 0; party < n; ++party) CHECK(one.at(party, "m") == 9 * kTick);
    c.workload.push_back({1, "m'", {}, 3});
    const Ran two = run(c);
    CHECK(two.by_kind.at("lamport::Null") == static_cast<std::uint64_t>((n - 1) * (n - 1)));
    CHECK(two.complete());
    // Who speaks before the period is over needs no null.
    c.workload = {{1, "m"}, {0, "m'", {}, 3}};
    const Ran spoken = run(c);
    CHECK(spoken.by_kind.at("lamport::Null") ==
          static_cast<std::uint64_t>((n - 2) * (n - 1) + (n - 1)));
  }
}

TEST_CASE("with flushes it takes one delay, the timeout and two delays, and no acks unasked") {
  for (const int n : {4, 7, 10, 16}) {
    Case c = one_item("lamport-order", n);
    c.options = "{\"later\": \"flush\", \"timeout\": \"7ms\"}";
    const Ran ran = run(c);
    const int flushers = 2 * (n - 1) + (n - 1) * 2 * (n - 2);
    CHECK(ran.messages == static_cast<std::uint64_t>(n - 1 + flushers));
    CHECK(ran.at(1, "m") == (7 + 2) * kTick);
    CHECK(ran.at(0, "m") == (1 + 7 + 2) * kTick);
    CHECK(ran.last() == (1 + 7 + 2) * kTick);
    CHECK(ran.counts.at("flush") == static_cast<std::uint64_t>(n));
    CHECK(ran.complete());
  }
}

TEST_CASE("logical clocks order totally and causally, however a party shows that time went on") {
  for (const char* clock : {"lamport", "vector"}) {
    for (const char* later : {"acks", "nulls", "flush"}) {
      const std::string options =
          std::string("{\"later\": \"") + later + "\", \"clock\": \"" + clock + "\"}";
      CAPTURE(options);
      CHECK(breaches("lamport-order", options, {}, ordered) == 0);
    }
  }
}

TEST_CASE("each rule of the order by logical clocks is needed") {
  const auto total = [](const Ran& ran) { return ran.total_order(); };
  CHECK(breaches("lamport-order", "{}", {"no-stability"}, total) > 0);
  CHECK(breaches("lamport-order", "{}", {"no-fifo"}, total) > 0);
  CHECK(breaches("lamport-order", "{}", {"early-detector"}, total) > 0);
  CHECK(breaches("lamport-order", "{\"suspect_after\": \"30ms\"}", {}, ordered) == 0);
  // Without nulls nothing is wrong, but the last item never comes.
  const auto complete = [](const Ran& ran) { return ran.complete(); };
  CHECK(breaches("lamport-order", "{}", {"no-null-messages"}, total) == 0);
  CHECK(breaches("lamport-order", "{}", {"no-null-messages"}, complete) == 120);
}

TEST_CASE("a crash blocks the order by logical clocks, unless a detector tells of it") {
  Case c;
  c.protocol = "lamport-order";
  c.workload = {{0, "m1"}, {1, "m2", {}, 5}};
  c.faults = {{{Time{3 * kTick}, "", kNobody, 1, {}}, fault::Crash{{2}}}};
  Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.order(0) == "m1");
  CHECK(ran.order(1) == "m1");
  c.options = "{\"suspect_after\": \"10ms\"}";
  ran = run(c);
  CHECK(ran.order(0) == "m1 m2");
  CHECK(ran.order(1) == "m1 m2");
  CHECK(ran.at(0, "m2") == 16 * kTick);
  CHECK(ran.at(1, "m2") == 15 * kTick);
}

}  // namespace sibyl::order_test::orders_test
