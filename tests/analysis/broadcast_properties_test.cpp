// Validity, integrity and agreement of broadcasts, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include "tests/analysis/broadcast_traces.hpp"

namespace sibyl::analysis::broadcast_properties_test {

namespace {

const std::vector<const char*> kAll{"validity",    "integrity",  "agreement",   "uniform_agreement",
                                    "total_order", "fifo_order", "causal_order"};

}  // namespace

TEST_CASE("a trace without broadcasts satisfies all properties of broadcasts vacuously") {
  const ThreeParties w;
  for (const char* property : kAll) w.must_be_vacuous(property);
}

TEST_CASE("items delivered everywhere in the order of their broadcasts satisfy all properties") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  w.all_deliver(w.p0, 1, "a");
  w.broadcasts(w.p1, 1, "b");
  w.all_deliver(w.p1, 1, "b");
  w.broadcasts(w.p0, 2, "c");
  w.all_deliver(w.p0, 2, "c");
  for (const char* property : kAll) w.must_hold(property);
}

TEST_CASE("validity of broadcasts is violated when a correct party never delivers an item") {
  ThreeParties w;
  const EventId sent = w.broadcasts(w.p0, 1, "a", "m");
  w.delivers(w.p0, w.p0, 1, "a");
  w.delivers(w.p1, w.p0, 1, "a");
  w.must_fail("validity", {sent},
              "m of P0, broadcast, was not delivered by P2; the run is quiescent.");
  CHECK(w.check("validity").witness.find("missing_at")->as_list()->size() == 1);
  SUBCASE("what is under way may still come") {
    w.send(w.p0, w.p2, "naive::Item");
    w.ends(Outcome::deadline);
    w.must_be_undecided("validity");
    w.must_be_undecided("agreement");
    w.must_be_undecided("uniform_agreement");
    w.ends(Outcome::limit);
    w.must_be_undecided("validity");
  }
  SUBCASE("an armed timer may still bring it") {
    w.ends(Outcome::deadline);
    w.pending(1);
    w.must_be_undecided("validity");
    w.pending(0);
    CHECK(w.check("validity").verdict == Verdict::violated);
  }
  SUBCASE("a crashed party owes nothing, one that recovers does") {
    w.crash(w.p2);
    w.must_hold("validity");
    w.recover(w.p2);
    CHECK(w.check("validity").verdict == Verdict::violated);
  }
  SUBCASE("a faulty party owes nothing") {
    w.faulty = {w.p2};
    w.must_hold("validity");
  }
  SUBCASE("nothing is owed to an origin that crashed or is faulty") {
    w.crash(w.p0);
    w.must_be_vacuous("validity");
    ThreeParties v;
    v.broadcasts(v.p0, 1, "a");
    v.faulty = {v.p0};
    v.must_be_vacuous("validity");
  }
}

TEST_CASE("validity of broadcasts is violated when nobody delivers anything") {
  ThreeParties w;
  const EventId sent = w.broadcasts(w.p0, 3, "a");
  w.must_fail("validity", {sent},
              "item 3 of P0, broadcast, was not delivered by P0, P1 and P2; the run is quiescent.");
}

TEST_CASE("validity of broadcasts is violated at once by NoMsg, or another content, in its place") {
  ThreeParties w;
  const EventId sent = w.broadcasts(w.p0, 1, "a");
  w.delivers(w.p0, w.p0, 1, "a");
  const EventId nothing = w.delivers(w.p1, w.p0, 1, Value());
  w.ends(Outcome::limit);
  w.must_fail("validity", {sent, nothing},
              "item 1 of P0, broadcast as a, was delivered by P1 as NoMsg.");
  w.must_hold("integrity");
}

TEST_CASE("integrity of broadcasts is violated by a second delivery in one life only") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  const EventId first = w.delivers(w.p1, w.p0, 1, "a");
  w.crash(w.p1);
  w.recover(w.p1);
  const EventId other_life = w.delivers(w.p1, w.p0, 1, "a");
  w.must_hold("integrity");
  const EventId again = w.delivers(w.p1, w.p0, 1, "a");
  CHECK(first < other_life);
  w.must_fail("integrity", {other_life, again}, "P1 delivered item 1 of P0 twice.");
}

TEST_CASE("integrity of broadcasts is violated by what a correct origin never broadcast") {
  ThreeParties w;
  const EventId forged = w.delivers(w.p1, w.p0, 1, "x");
  w.must_fail("integrity", {forged}, "P1 delivered item 1 of P0 (x), which P0 had not broadcast.");
  SUBCASE("but of a faulty origin anything may be delivered, once") {
    w.faulty = {w.p0};
    w.must_hold("integrity");
    const EventId again = w.delivers(w.p1, w.p0, 1, "y");
    w.must_fail("integrity", {forged, again}, "P1 delivered item 1 of P0 twice.");
  }
  SUBCASE("what a faulty party delivers is not judged") {
    w.faulty = {w.p1};
    w.must_be_vacuous("integrity");
  }
  SUBCASE("a faulty party's word for another does not count") {
    ThreeParties v;
    v.note(v.p2, "Broadcast",
           Value().set("origin", "P0").set("number", 1).set("label", "").set("content", "x"));
    v.delivers(v.p1, v.p0, 1, "x");
    v.faulty = {v.p2};
    CHECK(v.check("integrity").verdict == Verdict::violated);
  }
  SUBCASE("a delivery before the broadcast") {
    const EventId sent = w.broadcasts(w.p0, 1, "x");
    w.must_fail("integrity", {forged, sent}, "P1 delivered item 1 of P0 before it was broadcast.");
  }
  SUBCASE("another content than was broadcast") {
    const EventId sent = w.broadcasts(w.p0, 1, "a");
    w.must_fail("integrity", {forged, sent},
                "P1 delivered item 1 of P0 as x, but P0 had broadcast a.");
  }
}

TEST_CASE("that nothing came creates nothing") {
  ThreeParties w;
  w.all_deliver(w.p0, 1, Value());
  w.must_hold("integrity");
  w.must_hold("agreement");
  w.must_be_vacuous("total_order");
  w.must_be_vacuous("fifo_order");
}

TEST_CASE("agreement of broadcasts is violated by two contents for one item of a faulty origin") {
  ThreeParties w;
  w.faulty = {w.p0};
  const EventId a = w.delivers(w.p1, w.p0, 1, "a");
  const EventId b = w.delivers(w.p2, w.p0, 1, "b");
  w.ends(Outcome::limit);  // decided whatever comes
  for (const char* property : {"agreement", "uniform_agreement"}) {
    w.must_fail(property, {a, b}, "P1 delivered a for item 1 of P0, but P2 delivered b.");
  }
}

TEST_CASE("NoMsg against a content is a disagreement") {
  ThreeParties w;
  w.faulty = {w.p0};
  const EventId a = w.delivers(w.p1, w.p0, 1, Value());
  const EventId b = w.delivers(w.p2, w.p0, 1, "b");
  w.must_fail("agreement", {a, b}, "P1 delivered NoMsg for item 1 of P0, but P2 delivered b.");
}

TEST_CASE("a party that delivers otherwise after its recovery disagrees with itself") {
  ThreeParties w;
  w.faulty = {w.p0};
  const EventId a = w.delivers(w.p1, w.p0, 1, "a");
  w.crash(w.p1);
  w.recover(w.p1);
  const EventId b = w.delivers(w.p1, w.p0, 1, "b");
  w.must_fail("agreement", {a, b},
              "P1 delivered a for item 1 of P0, but P1 (recovered) delivered b.");
}

TEST_CASE("agreement of broadcasts is violated when one correct party delivers and another never") {
  ThreeParties w;
  w.faulty = {w.p0};
  const EventId a = w.delivers(w.p1, w.p0, 1, "a");
  const std::string missing =
      "item 1 of P0, delivered by P1, was not delivered by P2; the run is quiescent.";
  w.must_fail("agreement", {a}, missing);
  w.must_fail("uniform_agreement", {a}, missing);
  SUBCASE("one that delivered before a crash has delivered") {
    w.delivers(w.p2, w.p0, 1, "a");
    w.crash(w.p2);
    w.recover(w.p2);
    w.must_hold("agreement");
  }
  SUBCASE("undecided while a message is under way") {
    w.send(w.p1, w.p2, "naive::Item");
    w.ends(Outcome::deadline);
    w.must_be_undecided("agreement");
  }
}

TEST_CASE("deliveries of a party that crashed count only for uniform agreement") {
  ThreeParties w;
  w.broadcasts(w.p0, 1, "a");
  const EventId a = w.delivers(w.p0, w.p0, 1, "a");
  w.crash(w.p0);
  w.must_be_vacuous("agreement");
  w.must_fail("uniform_agreement", {a},
              "item 1 of P0, delivered by P0 (which crashed later), was not delivered by P1 and "
              "P2; the run is quiescent.");
  const EventId nothing = w.delivers(w.p1, w.p0, 1, Value());
  w.delivers(w.p2, w.p0, 1, Value());
  w.must_hold("agreement");
  w.must_fail("uniform_agreement", {a, nothing},
              "P0 (which crashed later) delivered a for item 1 of P0, but P1 delivered NoMsg.");
}

TEST_CASE("of a trace with multicasts and broadcasts the worse finding counts") {
  ThreeParties w;
  w.multicast(w.client, 1, {"P0"});
  w.deliver(w.p0, 1);
  w.broadcasts(w.p0, 1, "a");
  w.all_deliver(w.p0, 1, "a");
  for (const char* property : {"validity", "integrity", "agreement", "uniform_agreement"}) {
    w.must_hold(property);
  }
  SUBCASE("a bad multicast") {
    const EventId first = w.deliver(w.p1, 1);
    CHECK(w.check("integrity").events == Events{1, first});
    CHECK(w.check("integrity").verdict == Verdict::violated);
  }
  SUBCASE("a bad broadcast") {
    w.delivers(w.p1, w.p0, 1, "a");
    CHECK(w.check("integrity").verdict == Verdict::violated);
    w.must_hold("validity");
  }
  SUBCASE("broadcasts alone have nothing to judge") {
    ThreeParties v;
    v.broadcasts(v.client, 1, "a");
    v.faulty = {v.client};
    v.must_be_vacuous("validity");
    v.multicast(v.client, 1, {"P0"});
    v.deliver(v.p0, 1);
    v.must_hold("integrity");
  }
}

TEST_CASE("a note of a broadcast that lacks a field makes the finding inconclusive") {
  ThreeParties w;
  const EventId bad = w.note(w.p0, "BroadcastDelivery", Value().set("origin", "P0"));
  for (const char* property : kAll) {
    w.must_be_undecided(property);
    CHECK(w.check(property).summary == "event " + std::to_string(bad) +
                                           " (note::BroadcastDelivery) should have an integer "
                                           "\"number\", but it is missing.");
  }
}

}  // namespace sibyl::analysis::broadcast_properties_test
