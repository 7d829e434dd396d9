// Agreement, validity, unanimity, integrity and termination of agreements, and what common subsets
// must be, on good and bad traces made by hand.
#include <doctest/doctest.h>

#include "analysis/causes.hpp"
#include "tests/analysis/agreement_traces.hpp"

namespace sibyl::analysis::agreement_properties_test {

namespace {

const std::vector<const char*> kOfBits{"agreement", "uniform_agreement", "validity",
                                       "unanimity", "integrity",         "termination"};
const std::vector<const char*> kOfSubsets{"subset_size", "subset_validity"};

Explanation why(const ThreeVoters& w, const char* property) {
  return explain_causes(w.trace(), w.check(property));
}

std::string signature(const ThreeVoters& w, const char* property) {
  return cause_signature(why(w, property), w.check(property), w.trace());
}

}  // namespace

TEST_CASE("a trace without agreements satisfies all of their properties vacuously") {
  const ThreeVoters w;
  for (const char* property : kOfBits) w.must_be_vacuous(property);
  for (const char* property : kOfSubsets) w.must_be_vacuous(property);
}

TEST_CASE("equal inputs that everybody decides on satisfy all properties") {
  ThreeVoters w;
  w.all_propose({1, 1, 1});
  for (const NodeId p : {w.p0, w.p1, w.p2}) w.decides(p, 1, 2);
  for (const char* property : kOfBits) w.must_hold(property);
  for (const char* property : kOfSubsets) w.must_be_vacuous(property);
}

TEST_CASE("agreement is violated by two correct processes that decide differently") {
  ThreeVoters w;
  w.all_propose({1, 0, 0});
  const EventId one = w.decides(w.p0, 1, 2);
  const EventId other = w.decides(w.p2, 0, 3);
  w.must_fail("agreement", {one, other}, "P0 decided 1 in round 2, but P2 decided 0 in round 3.");
  CHECK(w.check("agreement").witness.find("instance")->as_string()->size() == 1);
  SUBCASE("whatever ended the run") {
    w.ends(Outcome::limit);
    w.must_fail("agreement", {one, other}, "P0 decided 1 in round 2, but P2 decided 0 in round 3.");
  }
  SUBCASE("but not where one of them is faulty") {
    w.faulty = {w.p2};
    w.must_hold("agreement");
    w.must_hold("uniform_agreement");
  }
  SUBCASE("where one of them crashes later, uniform agreement alone is violated") {
    w.crash(w.p0);
    w.must_hold("agreement");
    w.must_fail("uniform_agreement", {one, other},
                "P0 (which crashed later) decided 1 in round 2, but P2 decided 0 in round 3.");
  }
}

TEST_CASE("that there is no majority is no decision that agreement could be violated by") {
  ThreeVoters w;
  w.all_propose({1, 0, 0});
  w.decides(w.p0, Value());
  w.must_be_vacuous("agreement");
  w.must_be_vacuous("validity");
  w.decides(w.p1, 0);
  w.decides(w.p2, 0);
  w.must_hold("agreement");
  w.must_hold("validity");
  w.must_hold("integrity");
  w.must_hold("termination");
}

TEST_CASE("different instances may decide differently") {
  ThreeVoters w;
  for (const NodeId p : {w.p0, w.p1}) w.decides(p, 1, 0, "0");
  const EventId one = w.decides(w.p0, 0, 0, "1");
  w.must_hold("agreement");
  w.must_hold("integrity");
  const EventId other = w.decides(w.p1, 1, 0, "1");
  w.must_fail("agreement", {one, other}, "P0 decided 0, but P1 decided 1 in agreement 1.");
}

TEST_CASE("two processes are different from a third also behind many that agree") {
  ThreeVoters w;
  const EventId first = w.decides(w.p0, 1);
  w.decides(w.p0, 0);  // integrity's affair, not agreement's
  w.must_hold("agreement");
  const EventId second = w.decides(w.p1, 0);
  w.must_fail("agreement", {first, second}, "P0 decided 1, but P1 decided 0.");
}

TEST_CASE("validity is violated by a bit that no correct process proposed") {
  ThreeVoters w;
  w.all_propose({0, 0, 1});
  w.faulty = {w.p2};
  const EventId bad = w.decides(w.p0, 1, 1);
  w.must_fail("validity", {bad}, "P0 decided 1 in round 1, which no correct process proposed.");
  SUBCASE("what one proposed that crashed later counts") {
    w.faulty.clear();
    w.crash(w.p2);
    w.must_hold("validity");
  }
  SUBCASE("what is decided by a faulty or crashed process does not count") {
    w.faulty = {w.p0, w.p2};
    w.must_be_vacuous("validity");
    w.faulty = {w.p2};
    w.crash(w.p0);
    w.must_be_vacuous("validity");
  }
}

TEST_CASE("validity asks that the bit had been proposed before it was decided") {
  ThreeVoters w;
  w.proposes(w.p0, 0);
  w.proposes(w.p1, 0);
  const EventId decided = w.decides(w.p0, 1);
  w.ends(Outcome::limit);  // P2 may propose anything, and need not propose 1
  w.must_fail("validity", {decided}, "P0 decided 1, which no correct process proposed.");
  const EventId late = w.proposes(w.p2, 1);
  w.must_fail("validity", {decided, late},
              "P0 decided 1, which no correct process had proposed: P2 proposed it only "
              "afterwards.");
}

TEST_CASE("a value that is no bit may be a faulty process's, where there is one") {
  ThreeVoters w;
  w.proposes(w.p0, "a");
  const EventId decided = w.decides(w.p0, "b");
  w.must_fail("validity", {decided}, "P0 decided b, which no correct process proposed.");
  w.faulty = {w.p2};
  w.must_be_vacuous("validity");
}

TEST_CASE("unanimity is violated by anything else than the one input there is") {
  ThreeVoters w;
  w.proposes(w.p0, 1);
  const EventId first = 1;
  w.proposes(w.p1, 1);
  SUBCASE("also by a value of a faulty process") {
    w.proposes(w.p2, 0);
    w.faulty = {w.p2};
    const EventId bad = w.decides(w.p1, 0, 4);
    w.must_fail("unanimity", {first, bad},
                "P1 decided 0 in round 4, although all inputs of correct processes were 1.");
  }
  SUBCASE("and by a question mark") {
    w.proposes(w.p2, 1);
    const EventId bad = w.decides(w.p1, Value());
    w.must_fail("unanimity", {first, bad},
                "P1 decided ?, although all inputs of correct processes were 1.");
  }
  SUBCASE("different inputs leave nothing to judge") {
    w.proposes(w.p2, 0);
    w.decides(w.p1, 0);
    w.must_be_vacuous("unanimity");
  }
  SUBCASE("it is undecided while one may still propose something else") {
    const EventId bad = w.decides(w.p1, 0);
    w.ends(Outcome::limit);
    w.must_be_undecided("unanimity");
    w.ends(Outcome::quiescent);
    w.must_fail("unanimity", {first, bad},
                "P1 decided 0, although all inputs of correct processes were 1.");
    w.proposes(w.p2, 0);
    w.must_be_vacuous("unanimity");
  }
}

TEST_CASE("integrity is violated by a second decision in one life") {
  ThreeVoters w;
  w.all_propose({1, 1, 1});
  const EventId first = w.decides(w.p0, 1, 1);
  w.crash(w.p0);
  w.recover(w.p0);
  const EventId other_life = w.decides(w.p0, 1, 1);
  w.must_hold("integrity");
  const EventId again = w.decides(w.p0, 0, 2);
  CHECK(first < other_life);
  w.must_fail("integrity", {other_life, again},
              "P0 decided 0 in round 2, having decided 1 in round 1 before.");
  w.faulty = {w.p0};
  w.must_be_vacuous("integrity");
}

TEST_CASE("termination is violated when a correct process that proposed never decides") {
  ThreeVoters w;
  w.all_propose({1, 0, 1});
  w.decides(w.p0, 1, 1);
  w.decides(w.p2, 1, 1);
  w.must_fail("termination", {2}, "P1 never decided; the run is quiescent.");
  CHECK(w.check("termination").witness.find("undecided")->as_list()->size() == 1);
  SUBCASE("while a limit or a message under way leaves it open it is undecided") {
    w.ends(Outcome::limit);
    w.must_be_undecided("termination");
    w.ends(Outcome::deadline);
    w.must_fail("termination", {2},
                "P1 never decided; the run reached its deadline with nothing in flight.");
    w.send(w.p0, w.p1, "toy::Vote");
    w.must_be_undecided("termination");
  }
  SUBCASE("a crashed and a faulty process need not") {
    w.crash(w.p1);
    w.must_hold("termination");
    ThreeVoters v;
    v.all_propose({1, 0, 1});
    v.decides(v.p0, 1);
    v.decides(v.p2, 1);
    v.faulty = {v.p1};
    v.must_hold("termination");
  }
  SUBCASE("a run that repeats itself for ever is decided") {
    w.note(w.p0, "Repeat", Value().set("since", 2));
    w.ends(Outcome::limit);
    CHECK(w.check("termination").verdict == Verdict::violated);
  }
}

TEST_CASE("where a correct process proposes nothing, nobody has to decide") {
  ThreeVoters w;
  w.proposes(w.p0, 1);
  w.proposes(w.p1, 1);
  w.must_be_vacuous("termination");
  w.decides(w.p0, 1);
  w.must_hold("termination");
  w.ends(Outcome::limit);
  w.must_be_undecided("termination");  // it may still propose
  w.decides(w.p1, 1);
  w.must_hold("termination");
}

TEST_CASE("who is paused before it proposes may have an input, and leaves termination open") {
  ThreeVoters w;
  w.pauses(w.p0);
  w.must_be_vacuous("termination");  // nothing was agreed on
  for (const NodeId p : {w.p1, w.p2}) w.proposes(p, 1);
  for (const NodeId p : {w.p1, w.p2}) w.decides(p, 1);
  w.must_be_undecided("termination");
  SUBCASE("no longer once the pause has ended") {
    w.resumes(w.p0);
    w.must_hold("termination");
  }
  SUBCASE("not so who is faulty, or crashes") {
    w.crash(w.p0);
    w.must_hold("termination");
    w.faulty = {w.p0};
    w.must_hold("termination");
  }
}

TEST_CASE("operations and agreements of one trace are judged as one") {
  ThreeVoters w;
  w.all_propose({1, 1, 1});
  for (const NodeId p : {w.p0, w.p1, w.p2}) w.decides(p, 1);
  w.calls(w.client, 1, "add");
  CHECK(w.check("termination").verdict == Verdict::violated);
  CHECK(w.check("termination").summary.find("operation") != std::string::npos);
  w.returns(w.client, 1);
  w.must_hold("termination");
  w.decides(w.p1, 0);
  w.broadcasts(w.p0, 1, "a");
  w.all_deliver(w.p0, 1, "a");
  CHECK(w.check("agreement").verdict == Verdict::violated);
  CHECK(w.check("integrity").verdict == Verdict::violated);
}

TEST_CASE("a common subset has enough members, and correct ones with what they proposed") {
  ThreeVoters w;
  const EventId a = w.proposes(w.p0, "a", "0", 2);
  w.proposes(w.p1, "b", "0", 2);
  SUBCASE("as it should be") {
    const Value both = subset({{"P0", "a"}, {"P1", "b"}});
    w.proposes(w.p2, "c", "0", 2);
    for (const NodeId p : {w.p0, w.p1, w.p2}) w.decides(p, both, 3);
    for (const char* property : kOfSubsets) w.must_hold(property);
    for (const char* property : {"agreement", "integrity", "termination"}) w.must_hold(property);
    for (const char* property : {"validity", "unanimity"}) w.must_be_vacuous(property);
  }
  SUBCASE("too few") {
    const EventId bad = w.decides(w.p0, subset({{"P0", "a"}}));
    w.must_fail("subset_size", {bad},
                "P0 decided [[P0, a]], which has 1 member; it must have 2 at least.");
    w.must_hold("subset_validity");
  }
  SUBCASE("one twice is one, and wrong") {
    const EventId bad = w.decides(w.p0, subset({{"P0", "a"}, {"P0", "a"}}));
    CHECK(w.check("subset_size").verdict == Verdict::violated);
    w.must_fail("subset_validity", {bad}, "P0 decided [[P0, a], [P0, a]], where P0 is in twice.");
  }
  SUBCASE("with another input") {
    const EventId bad = w.decides(w.p1, subset({{"P0", "z"}, {"P1", "b"}}));
    w.must_fail("subset_validity", {a, bad},
                "P1 decided [[P0, z], [P1, b]], where P0 is in with z and proposed a.");
    w.faulty = {w.p0};
    w.must_hold("subset_validity");
  }
  SUBCASE("with an input that comes later, or never") {
    const EventId bad = w.decides(w.p1, subset({{"P1", "b"}, {"P2", "c"}}));
    w.must_fail("subset_validity", {bad},
                "P1 decided [[P1, b], [P2, c]], where P2 is in with c and proposed "
                "nothing.");
    const EventId late = w.proposes(w.p2, "c", "0", 2);
    w.must_fail("subset_validity", {bad, late},
                "P1 decided [[P1, b], [P2, c]], where P2 is in with c and proposed "
                "later.");
  }
  SUBCASE("with somebody who is no party") {
    w.decides(w.p1, subset({{"P1", "b"}, {"Q", "c"}}));
    CHECK(w.check("subset_validity").summary.find("there is no party Q") != std::string::npos);
  }
  SUBCASE("no subset at all") {
    w.decides(w.p1, Value());
    for (const char* property : kOfSubsets) {
      CHECK(w.check(property).summary ==
            "P1 decided ?, which is no list of parties with their inputs.");
    }
  }
  SUBCASE("agreement is on the whole list") {
    const EventId one = w.decides(w.p0, subset({{"P0", "a"}, {"P1", "b"}}));
    const EventId other = w.decides(w.p1, subset({{"P0", "a"}, {"P2", "c"}}));
    CHECK(w.check("agreement").events == Events{one, other});
  }
  SUBCASE("what crashed or faulty processes decide is not judged") {
    w.decides(w.p0, subset({}));
    w.faulty = {w.p0};
    for (const char* property : kOfSubsets) w.must_be_vacuous(property);
  }
}

TEST_CASE("notes that cannot be read leave all properties of agreements undecided") {
  ThreeVoters w;
  w.note(w.p0, "Decide", Value().set("instance", "0"));
  for (const char* property : {"agreement", "validity", "unanimity", "integrity", "termination",
                               "subset_size", "subset_validity"}) {
    w.must_be_undecided(property);
  }
}

TEST_CASE("why agreement is violated is told from the inputs and the votes that came") {
  ThreeVoters w;
  w.all_propose({1, 0, 0});
  w.votes(w.p0, w.p0, true, 1);
  w.votes(w.p2, w.p0, true, 2);
  const EventId one = w.decides(w.p0, 1, 2);
  w.votes(w.p2, w.p1, false, 2);
  const EventId other = w.decides(w.p1, 0, 2);
  w.faulty = {w.p2};
  const Explanation story = why(w, "agreement");
  REQUIRE(story.steps.size() == 4);
  CHECK(story.steps[0].text == "P0 proposed 1.");
  CHECK(story.steps[1].text == "P1 proposed 0.");
  CHECK(story.steps[2].event == one);
  CHECK(story.steps[2].text == "P0 decided 1 in round 2, having received Vote 1 from P2 (faulty).");
  CHECK(story.steps[3].event == other);
  CHECK(story.steps[3].text == "P1 decided 0 in round 2, having received Vote 0 from P2 (faulty).");
  CHECK(story.conclusion == "So P0 decided 1 in round 2, but P1 decided 0 in round 2.");
  CHECK(signature(w, "agreement") == "agreement: different decisions in one round at party");
}

TEST_CASE("why an agreement never ended is told by who waits and what came") {
  ThreeVoters w;
  w.all_propose({1, 0, 0});
  w.decides(w.p0, 1, 1);
  w.decides(w.p2, 1, 1);
  w.send(w.p1, w.p0, "toy::Vote");
  w.votes(w.p0, w.p1, true, 1);
  w.lose(w.p2, w.p1, "toy::Vote", w.send(w.p2, w.p1, "toy::Vote"));
  const Explanation story = why(w, "termination");
  REQUIRE(story.steps.size() == 3);
  CHECK(story.steps[0].text == "P1 proposed 0.");
  CHECK(story.steps[1].text ==
        "P1 did nothing after this and never decided; it had received Vote 1 from P0.");
  CHECK(story.steps[2].text == "Vote from P2 to P1 was lost.");
  CHECK(signature(w, "termination") ==
        "termination: lost Vote to party | never decided at party, others did, last sent Vote");
}

TEST_CASE("what an agreement's other violations are caused by is told apart by the reason") {
  ThreeVoters w;
  w.all_propose({0, 0, 0});
  w.decides(w.p0, 1);
  CHECK(signature(w, "validity") == "validity: nobody's input at party");
  CHECK(signature(w, "unanimity") == "unanimity: against equal inputs at party");
  CHECK(why(w, "unanimity").steps.front().text == "P0, P1 and P2 proposed 0.");
  w.decides(w.p0, 0);
  CHECK(signature(w, "integrity") == "integrity: decided twice at party");
}

}  // namespace sibyl::analysis::agreement_properties_test
