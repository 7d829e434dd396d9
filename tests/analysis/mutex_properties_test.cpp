// Mutual exclusion, fairness and no starvation of locks, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::mutex_properties_test {

namespace {

struct Lock : ThreeParties {
  EventId acquires(NodeId node, std::int64_t op, const std::string& key = "x") {
    return calls(node, op, "acquire", key);
  }
  EventId releases(NodeId node, std::int64_t op, const std::string& key = "x") {
    return calls(node, op, "release", key);
  }
  /// A replica applies an acquire, and grants it when `granted`.
  EventId orders(NodeId replica, std::int64_t index, std::int64_t op, bool granted = true) {
    const EventId event = applied(replica, index, op, "s");
    if (granted) grants(replica, index, op);
    return event;
  }
  EventId grants(NodeId replica, std::int64_t index, std::int64_t op) {
    return puts_out(replica, index, op, "P0");
  }
};

const std::vector<const char*> kAll{"mutual_exclusion", "fairness", "no_starvation"};

}  // namespace

TEST_CASE("without locks their properties have nothing to judge") {
  Lock w;
  w.calls(w.p0, 1, "add");
  w.returns(w.p0, 1);
  for (const char* property : kAll) w.must_be_vacuous(property);
}

TEST_CASE("a lock that goes from one holder to the next breaks nothing") {
  Lock w;
  w.acquires(w.p0, 1);
  w.acquires(w.p1, 2);
  w.orders(w.p0, 1, 1);
  w.returns(w.p0, 1);
  w.orders(w.p0, 2, 2, false);
  w.releases(w.p0, 3);
  w.applied(w.p0, 3, 3, "s");
  w.puts_out(w.p0, 3, 3, "P0");
  w.grants(w.p0, 3, 2);
  w.returns(w.p1, 2);
  w.returns(w.p0, 3);
  for (const char* property : kAll) w.must_hold(property);
}

TEST_CASE("mutual exclusion is violated by two holders at once") {
  Lock w;
  w.acquires(w.p0, 1);
  w.acquires(w.p1, 2);
  const EventId a = w.returns(w.p0, 1);
  w.must_hold("mutual_exclusion");
  SUBCASE("of one lock") {
    const EventId b = w.returns(w.p1, 2);
    w.must_fail("mutual_exclusion", {a, b},
                "P1 was granted lock x (operation 2) while P0 held it (operation 1, event 3).");
    w.releases(w.p0, 3);
    CHECK(w.check("mutual_exclusion").verdict == Verdict::violated);
    w.faulty = {w.p0};
    w.must_hold("mutual_exclusion");  // a faulty process holds what it likes
  }
  SUBCASE("not of different locks") {
    w.acquires(w.p2, 3, "y");
    w.returns(w.p2, 3);
    w.must_hold("mutual_exclusion");
  }
  SUBCASE("not when the second is refused") {
    w.returns(w.p1, 2, "nok");
    w.must_hold("mutual_exclusion");
  }
  SUBCASE("not after the release was called, whatever is answered to it") {
    w.releases(w.p0, 3);
    w.returns(w.p0, 3, "nok");
    w.returns(w.p1, 2);
    w.must_hold("mutual_exclusion");
  }
  SUBCASE("but after the release of another lock, or by another process") {
    w.releases(w.p0, 3, "y");
    w.releases(w.p2, 4);
    w.returns(w.p1, 2);
    CHECK(w.check("mutual_exclusion").verdict == Verdict::violated);
  }
  SUBCASE("not after the holder's crash") {
    w.crash(w.p0);
    w.returns(w.p1, 2);
    w.must_hold("mutual_exclusion");
  }
  SUBCASE("also when the holder crashes afterwards") {
    w.returns(w.p1, 2);
    w.crash(w.p0);
    CHECK(w.check("mutual_exclusion").verdict == Verdict::violated);
  }
}

TEST_CASE("a grant whose lease is over is none, unless the expiry was refused") {
  Lock w;
  w.acquires(w.p0, 1);
  w.acquires(w.p1, 2);
  w.returns(w.p0, 1);
  w.calls(w.p2, 3, "expire", "x", 1);
  w.returns(w.p1, 2);
  w.must_hold("mutual_exclusion");
  w.returns(w.p2, 3, "nok");
  CHECK(w.check("mutual_exclusion").verdict == Verdict::violated);
}

TEST_CASE("fairness is violated by a grant before that of an earlier acquire") {
  Lock w;
  for (const std::int64_t op : {1, 2, 3})
    w.acquires(NodeId{static_cast<std::uint32_t>(op) - 1}, op);
  w.orders(w.p0, 1, 1);
  const EventId second = w.orders(w.p0, 2, 2, false);
  w.orders(w.p0, 3, 3, false);
  w.must_hold("fairness");
  SUBCASE("passed over") {
    const EventId third = w.grants(w.p0, 4, 3);
    w.must_fail("fairness", {second, third},
                "At P0 lock x was granted to P2 (operation 3) before P1 (operation 2), whose "
                "acquire had been ordered before.");
    w.faulty = {w.p0};
    w.must_be_vacuous("fairness");
  }
  SUBCASE("in its turn") {
    w.grants(w.p0, 4, 2);
    w.grants(w.p0, 5, 3);
    w.must_hold("fairness");
  }
  SUBCASE("after one that was refused") {
    w.puts_out(w.p0, 2, 2, "P1", "nok");
    w.grants(w.p0, 4, 3);
    w.must_hold("fairness");
  }
  SUBCASE("twice for one acquire") {
    const EventId again = w.grants(w.p0, 4, 1);
    const Finding finding = w.check("fairness");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events.back() == again);
    CHECK(finding.summary ==
          "At P0 lock x was granted operation 1 to P0 a second time, which it had not asked for "
          "again.");
  }
  SUBCASE("other replicas, lives and locks have orders of their own") {
    w.orders(w.p1, 1, 3);
    w.crash(w.p0);
    w.recover(w.p0);
    w.orders(w.p0, 1, 2);
    w.acquires(w.p1, 4, "y");
    w.orders(w.p2, 1, 1, false);
    w.orders(w.p2, 2, 4);
    w.must_hold("fairness");
  }
}

TEST_CASE("starvation is an acquire that is never answered though every holder releases") {
  Lock w;
  w.acquires(w.p0, 1);
  w.orders(w.p0, 1, 1);
  w.returns(w.p0, 1);
  const EventId waits = w.acquires(w.p1, 2);
  w.releases(w.p0, 3);
  w.must_fail("no_starvation", {waits},
              "1 acquire was never granted: operation 2 of P1, though every holder released the "
              "lock; the run is quiescent.");
  SUBCASE("undecided while something is under way") {
    w.send(w.p0, w.p1, "naive::Item");
    w.ends(Outcome::deadline);
    w.must_be_undecided("no_starvation");
  }
  SUBCASE("a refusal is an answer") {
    w.returns(w.p1, 2, "nok");
    w.must_hold("no_starvation");
  }
  SUBCASE("one that crashed or is faulty may starve") {
    w.crash(w.p1);
    w.must_hold("no_starvation");
    w.recover(w.p1);
    CHECK(w.check("no_starvation").verdict == Verdict::violated);
    w.faulty = {w.p1};
    w.must_hold("no_starvation");
  }
  SUBCASE("one that is granted the lock and never told of it") {
    w.applied(w.p2, 2, 2, "s");
    w.grants(w.p2, 2, 2);
    CHECK(w.check("no_starvation").verdict == Verdict::violated);
  }
  SUBCASE("a holder that takes the lock again and keeps it is an excuse") {
    w.acquires(w.p0, 4);
    w.returns(w.p0, 4);
    w.must_be_vacuous("no_starvation");
  }
}

TEST_CASE("who waits for a holder that never releases proves nothing") {
  Lock w;
  w.acquires(w.p0, 1);
  w.orders(w.p1, 1, 1);
  w.acquires(w.p1, 2);
  SUBCASE("a correct one") {
    w.returns(w.p0, 1);
    w.must_be_vacuous("no_starvation");
    CHECK(w.check("no_starvation").summary ==
          "P0 was granted lock x and did not release it, so those who wait for it prove nothing.");
    w.ends(Outcome::limit);
    w.must_be_undecided("no_starvation");
  }
  SUBCASE("one that crashed before it knew") {
    w.crash(w.p0);
    w.must_be_vacuous("no_starvation");
    CHECK(w.check("no_starvation").summary.find("P0 (which crashed)") == 0);
  }
  SUBCASE("one that crashed when it had called release: it has to arrive") {
    w.returns(w.p0, 1);
    w.releases(w.p0, 3);
    w.crash(w.p0);
    w.must_be_vacuous("no_starvation");
    w.applied(w.p1, 2, 3, "s");
    CHECK(w.check("no_starvation").verdict == Verdict::violated);
  }
  SUBCASE("a faulty one") {
    w.faulty = {w.p0};
    w.must_be_vacuous("no_starvation");
  }
  SUBCASE("a lease that is over is no excuse") {
    w.returns(w.p0, 1);
    w.calls(w.p2, 3, "expire", "x", 1);
    CHECK(w.check("no_starvation").verdict == Verdict::violated);
  }
  SUBCASE("another lock is no excuse") {
    w.returns(w.p0, 1);
    w.acquires(w.p2, 4, "y");
    const Finding finding = w.check("no_starvation");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.summary.find("operation 4 of P2") != std::string::npos);
  }
}

}  // namespace sibyl::analysis::mutex_properties_test
