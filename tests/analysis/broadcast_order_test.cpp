// Total, FIFO and causal order of broadcasts, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::broadcast_order_test {

namespace {

/// A second reading of the orders, by their definitions: all that happened before, all pairs.
class Definitions {
 public:
  explicit Definitions(const Trace& trace) {
    for (const TraceEvent& e : trace.events) {
      const Item item{*e.data.find("origin")->as_string(), *e.data.find("number")->as_int()};
      if (e.name == "note::Broadcast") {
        before_[item] = known_[e.node];  // with all that happened before those
        own_[item.first].push_back(item);
      } else {
        delivered_[e.node].push_back(item);
        known_[e.node].insert(before_[item].begin(), before_[item].end());
      }
      known_[e.node].insert(item);
    }
  }

  bool causal() const {
    return all_after([&](const Item& item) { return before_.at(item); });
  }
  bool fifo() const {
    return all_after([&](const Item& item) {
      std::set<Item> earlier;
      for (const Item& own : own_.at(item.first)) {
        if (own == item) break;
        earlier.insert(own);
      }
      return earlier;
    });
  }
  bool total() const {
    for (const auto& [p, a] : delivered_) {
      for (const auto& [q, b] : delivered_) {
        for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
          if (a[i] != b[i]) return false;
        }
      }
    }
    return true;
  }

 private:
  using Item = std::pair<std::string, std::int64_t>;
  template <class Needs>
  bool all_after(Needs needs) const {
    for (const auto& [process, items] : delivered_) {
      std::set<Item> done;
      for (const Item& item : items) {
        for (const Item& need : needs(item)) {
          if (done.count(need) == 0) return false;
        }
        done.insert(item);
      }
    }
    return true;
  }
  std::map<Item, std::set<Item>> before_;
  std::map<NodeId, std::set<Item>> known_;
  std::map<std::string, std::vector<Item>> own_;
  std::map<NodeId, std::vector<Item>> delivered_;
};

}  // namespace

TEST_CASE("on 5000 random runs the orders agree with their definitions") {
  std::uint64_t random = 7;
  const auto below = [&](std::uint64_t n) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    return (random >> 33U) % n;
  };
  std::map<std::string, std::map<Verdict, int>> seen;
  for (int run = 0; run < 5000; ++run) {
    ThreeParties w;
    std::vector<std::pair<NodeId, std::int64_t>> sent;
    std::vector<std::size_t> next(3, 0);  // of each party, in the order of the broadcasts
    std::set<std::pair<std::uint32_t, std::size_t>> done;
    const auto deliver = [&](std::uint32_t p, std::size_t i) {
      if (i >= sent.size() || !done.emplace(p, i).second) return;
      w.delivers(NodeId{p}, sent[i].first, sent[i].second, 1);
    };
    const bool orderly = below(2) == 0;
    for (int step = 0; step < 14; ++step) {
      const auto p = static_cast<std::uint32_t>(below(3));
      if (sent.size() < 5 && below(3) == 0) {
        sent.emplace_back(NodeId{p}, static_cast<std::int64_t>(sent.size()) + 1);
        w.broadcasts(NodeId{p}, sent.back().second, 1);
      } else if (orderly && below(12) != 0) {
        deliver(p, next[p]++);
      } else if (!sent.empty()) {
        deliver(p, below(sent.size()));
      }
    }
    const Trace trace = w.trace();
    const Definitions by_definition(trace);
    const std::map<std::string, bool> expected{{"causal_order", by_definition.causal()},
                                               {"fifo_order", by_definition.fifo()},
                                               {"total_order", by_definition.total()}};
    for (const auto& each : expected) {
      const std::string& property = each.first;  // no binding: messages are made in a lambda
      const Finding finding = analysis::check(property, trace);
      ++seen[property][finding.verdict];
      CAPTURE(run);
      CHECK_MESSAGE((finding.verdict == Verdict::holds) == each.second, property);
    }
  }
  for (auto& each : seen) {
    CHECK_MESSAGE(each.second[Verdict::holds] > 500, each.first);
    CHECK_MESSAGE(each.second[Verdict::violated] > 500, each.first);
  }
}

TEST_CASE("total order is violated by two parties that deliver in different orders") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a", "A");
  w.broadcasts(w.p1, 1, "b", "B");
  const EventId a0 = w.delivers(w.p0, w.p0, 1, "a");
  w.must_be_vacuous("total_order");
  const EventId b1 = w.delivers(w.p1, w.p1, 1, "b");
  w.must_fail("total_order", {a0, b1},
              "P0 delivered A of P0 without B of P1, but P1 delivered B of P1 "
              "without A of P0 (number 1).");
  const EventId b0 = w.delivers(w.p0, w.p1, 1, "b");
  const EventId a1 = w.delivers(w.p1, w.p0, 1, "a");
  w.must_fail("total_order", {a0, b1, b0, a1},
              "P0 delivered A of P0 before B of P1, but P1 delivered B of P1 before A "
              "of P0 (number 1).");
  CHECK(*w.check("total_order").witness.find("place")->as_int() == 1);
  w.must_hold("fifo_order");
  w.must_hold("causal_order");
  SUBCASE("also when one of them crashes later") {
    w.crash(w.p1);
    CHECK(w.check("total_order").verdict == Verdict::violated);
    CHECK(w.check("total_order").summary.find("P1 (which crashed later)") != std::string::npos);
  }
  SUBCASE("but not when one of them is faulty") {
    w.faulty = {w.p1};
    w.must_be_vacuous("total_order");
    w.delivers(w.p2, w.p0, 1, "a");
    w.must_hold("total_order");
  }
}

TEST_CASE("total order allows a party to be behind, but not to leave something out") {
  ThreeParties w;
  for (std::int64_t m = 1; m <= 3; ++m) w.broadcasts(w.p0, m, m);
  for (std::int64_t m = 1; m <= 3; ++m) w.delivers(w.p0, w.p0, m, m);
  w.delivers(w.p1, w.p0, 1, 1);
  w.must_hold("total_order");
  const EventId gap = w.delivers(w.p1, w.p0, 3, 3);
  const Finding finding = w.check("total_order");
  CHECK(finding.verdict == Verdict::violated);
  CHECK(finding.events.back() == gap);
  CHECK(*finding.witness.find("place")->as_int() == 2);
  CHECK(w.check("fifo_order").verdict == Verdict::violated);
}

TEST_CASE("total order names the earliest place where any two sequences differ") {
  ThreeParties w;
  w.faulty = {w.client};  // its items count
  for (const std::int64_t m : {1, 2, 3, 4}) w.delivers(w.p0, w.client, m, m);
  const EventId early = w.delivers(w.p1, w.client, 1, 1);
  const EventId third = w.delivers(w.p1, w.client, 3, 3);
  w.delivers(w.p2, w.client, 2, 2);
  w.must_fail("total_order", {2, 3, third},
              "P0 delivered item 2 of C before item 3 of C, but P1 delivered item 3 of C "
              "without item 2 of C (number 2).");
  CHECK(early < third);
}

TEST_CASE("total order compares contents, and leaves out what did not come") {
  ThreeParties w;
  w.faulty = {w.client};
  w.delivers(w.p0, w.client, 1, Value());
  w.delivers(w.p0, w.client, 2, "b");
  w.delivers(w.p1, w.client, 2, "b");
  w.must_hold("total_order");
  const EventId c = w.delivers(w.p0, w.client, 3, "c");
  const EventId d = w.delivers(w.p1, w.client, 3, "d");
  w.must_fail("total_order", {c, d},
              "P0 delivered item 3 of C (c), but P1 delivered item 3 of C (d) (number 2).");
}

TEST_CASE("each life of a party is a sequence of its own in every order") {
  ThreeParties w;
  for (std::int64_t m = 1; m <= 2; ++m) {
    w.broadcasts(w.p0, m, m);
    w.delivers(w.p0, w.p0, m, m);
    w.delivers(w.p1, w.p0, m, m);
  }
  w.crash(w.p1);
  w.recover(w.p1);
  w.delivers(w.p1, w.p0, 1, 1);
  for (const char* property : {"total_order", "fifo_order", "causal_order"}) w.must_hold(property);
  w.crash(w.p1);
  w.recover(w.p1);
  const EventId wrong = w.delivers(w.p1, w.p0, 2, 2);
  for (const char* property : {"total_order", "fifo_order", "causal_order"}) {
    CHECK(w.check(property).verdict == Verdict::violated);
    CHECK(w.check(property).events.back() == wrong);
  }
}

TEST_CASE("a repeated delivery is for integrity, not for the orders") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  w.all_deliver(w.p0, 1, "a");
  w.delivers(w.p1, w.p0, 1, "a");
  for (const char* property : {"total_order", "fifo_order", "causal_order"}) w.must_hold(property);
}

TEST_CASE("FIFO order is violated by an item that overtakes another one of its origin") {
  ThreeParties w;
  const EventId s1 = w.broadcasts(w.p0, 7, "a", "A");
  const EventId s2 = w.broadcasts(w.p0, 3, "b", "B");  // the numbers need not grow
  const EventId second = w.delivers(w.p1, w.p0, 3, "b");
  w.must_fail("fifo_order", {s1, s2, second},
              "P1 delivered B of P0 without A of P0, though P0 had broadcast A of P0 before.");
  const EventId first = w.delivers(w.p1, w.p0, 7, "a");
  const std::string summary =
      "P1 delivered B of P0 before A of P0, though P0 had broadcast A of P0 before.";
  w.must_fail("fifo_order", {s1, s2, second, first}, summary);
  w.must_fail("causal_order", {s1, s2, second, first}, summary);
  SUBCASE("NoMsg in its place does not fill the gap") {
    ThreeParties v;
    v.broadcasts(v.p0, 1, "a");
    v.broadcasts(v.p0, 2, "b");
    v.delivers(v.p1, v.p0, 1, Value());
    v.delivers(v.p1, v.p0, 2, "b");
    CHECK(v.check("fifo_order").verdict == Verdict::violated);
  }
  SUBCASE("at a party that crashed as well") {
    w.crash(w.p1);
    CHECK(w.check("fifo_order").verdict == Verdict::violated);
  }
  SUBCASE("not at a faulty one, nor of a faulty origin") {
    w.faulty = {w.p1};
    w.must_be_vacuous("fifo_order");
    w.must_be_vacuous("causal_order");
    w.faulty = {w.p0};
    w.must_be_vacuous("fifo_order");
    w.must_be_vacuous("causal_order");
  }
}

TEST_CASE("causal order is violated by an answer that is delivered before its question") {
  ThreeParties w;
  const EventId question = w.broadcasts(w.p0, 1, "?", "Q");
  const EventId heard = w.delivers(w.p1, w.p0, 1, "?");
  const EventId answer = w.broadcasts(w.p1, 1, "!", "A");
  const EventId early = w.delivers(w.p2, w.p1, 1, "!");
  w.must_fail("causal_order", {question, heard, answer, early},
              "P2 delivered A of P1 without Q of P0, though P1 had delivered Q of P0 when it "
              "broadcast A of P1.");
  const EventId late = w.delivers(w.p2, w.p0, 1, "?");
  w.must_fail("causal_order", {question, heard, answer, early, late},
              "P2 delivered A of P1 before Q of P0, though P1 had delivered Q of P0 when it "
              "broadcast A of P1.");
  w.must_hold("fifo_order");
}

TEST_CASE("what is delivered after a broadcast did not happen before it") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  w.broadcasts(w.p1, 1, "b");
  w.delivers(w.p1, w.p0, 1, "a");
  w.delivers(w.p2, w.p1, 1, "b");
  w.delivers(w.p2, w.p0, 1, "a");
  w.must_hold("causal_order");
}

TEST_CASE("causal order is transitive: over two origins, and over own broadcasts") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  w.delivers(w.p1, w.p0, 1, "a");
  w.broadcasts(w.p1, 1, "b");
  w.broadcasts(w.p1, 2, "c");
  SUBCASE("own broadcasts: the last one is enough to know what came before the first") {
    w.delivers(w.p2, w.p1, 1, "b");
    w.delivers(w.p2, w.p1, 2, "c");
    CHECK(w.check("causal_order").verdict == Verdict::violated);
    CHECK(w.check("fifo_order").verdict == Verdict::holds);
  }
  SUBCASE("two origins") {
    w.delivers(w.p2, w.p0, 1, "a");
    w.delivers(w.p2, w.p1, 1, "b");
    w.broadcasts(w.p2, 1, "d");
    w.delivers(w.p0, w.p0, 1, "a");
    w.must_hold("causal_order");
    w.delivers(w.p0, w.p2, 1, "d");  // without b, after which p2 broadcast d
    CHECK(w.check("causal_order").verdict == Verdict::violated);
  }
}

TEST_CASE("what a faulty party says of itself puts nothing before anything") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  w.delivers(w.p1, w.p0, 1, "a");
  w.broadcasts(w.p1, 1, "b");
  w.delivers(w.p2, w.p1, 1, "b");
  CHECK(w.check("causal_order").verdict == Verdict::violated);
  w.faulty = {w.p1};
  w.must_be_vacuous("causal_order");
  w.faulty = {w.p0};
  w.must_hold("causal_order");
}

}  // namespace sibyl::analysis::broadcast_order_test
