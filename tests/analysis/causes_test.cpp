// Explanations: the steps that lead to a violation, on small traces made by hand.
#include "analysis/causes.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "analysis/text_view.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::causes_test {
namespace {

std::vector<EventId> events_of(const Explanation& why) {
  std::vector<EventId> out;
  for (const CauseStep& step : why.steps) out.push_back(step.event);
  return out;
}

bool has(const std::vector<EventId>& events, EventId id) {
  return std::find(events.begin(), events.end(), id) != events.end();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Value about(std::int64_t op) { return Value().set("op", op); }

struct Names {
  std::string writer = "w1";
  std::string reader = "r1";
  std::string partition = "P";
  std::string oracle = "O";
  std::string object = "x";
  bool chatter = false;  ///< whether others do something as well
};

/// A create that the oracle answers before the partition has heard of it, and a read that gets
/// there first.
struct Overtaken : TraceBuilder {
  EventId call_c, to_o, to_p, answer_c, ret_c, call_r, sent_r, got_r, got_c, answer_r, ret_r;
  EventId chatter = 0;

  explicit Overtaken(const Names& names = {}) {
    const NodeId w = node(names.writer, "client");
    const NodeId r = node(names.reader, "client");
    const NodeId p = node(names.partition, "partition");
    const NodeId o = node(names.oracle, "oracle");
    const char* x = names.object.c_str();
    if (names.chatter) {
      chatter = receive(o, r, "Hello", send(r, o, "Hello"));
      at(50);
    }
    call_c = invoke(w, 1, "Create", steps({step("create", x, 7)}));
    to_o = send(w, o, "Do", about(1));
    to_p = send(w, p, "Do", about(1));
    receive(o, w, "Do", to_o);
    answer_c = send(o, w, "Reply", about(1));
    receive(w, o, "Reply", answer_c);
    ret_c = give_back(w, 1, "ok", steps({step("create", x, 7)}));
    call_r = invoke(r, 2, "Read", steps({step("read", x)}));
    sent_r = send(r, p, "Do", about(2));
    got_r = receive(p, r, "Do", sent_r);
    note(p, "ExecuteStart", about(2));
    note(p, "ExecuteEnd", about(2));
    answer_r = send(p, r, "Reply", about(2));
    got_c = receive(p, w, "Do", to_p);
    note(p, "ExecuteStart", about(1));
    note(p, "ExecuteEnd", about(1));
    receive(r, p, "Reply", answer_r);
    ret_r = give_back(r, 2, "nok", steps({step("read", x)}));
  }

  Explanation why() const { return explain_causes(trace(), check("linearizability")); }
  std::string signature() const {
    return cause_signature(why(), check("linearizability"), trace());
  }
};

TEST_CASE("a read that overtook a create is told as the calls, the answers and the race") {
  const Overtaken t;
  const Explanation why = t.why();
  CHECK(events_of(why) ==
        std::vector<EventId>{t.call_c, t.ret_c, t.call_r, t.got_r, t.answer_r, t.ret_r});
  REQUIRE(why.steps.size() == 6);
  CHECK(contains(why.steps[0].text, "w1 called Create: create x=7."));
  CHECK(contains(why.steps[1].text, "O had answered it"));
  CHECK(contains(why.steps[1].text, "when P had not yet executed it"));
  CHECK(contains(why.steps[3].text, "P received Do of Read from r1"));
  CHECK(contains(why.steps[3].text, "before Do of Create from w1"));
  CHECK(contains(why.steps[3].text, "although that had been sent earlier"));
  CHECK(contains(why.steps[4].text, "although Create had returned"));
  CHECK(contains(why.steps[5].text, "Read returned to r1: not found"));
  CHECK(why.steps[2].because == std::vector<EventId>{t.ret_c});
  CHECK(has(why.steps[5].because, t.answer_r));
  CHECK(contains(why.conclusion, "Create comes before Read"));
}

TEST_CASE("the events of an explanation hold the messages between its steps and no others") {
  const Overtaken t(Names{"w1", "r1", "P", "O", "x", true});
  const Explanation why = t.why();
  for (const EventId id : {t.to_o, t.answer_c, t.sent_r, t.got_c, t.to_p})
    CHECK(has(why.events, id));
  REQUIRE(t.chatter != 0);
  CHECK(!has(why.events, t.chatter));
  CHECK(std::is_sorted(why.events.begin(), why.events.end()));
  for (const CauseStep& step : why.steps) {
    for (const EventId id : step.because) CHECK(has(events_of(why), id));
  }
}

TEST_CASE("the signature stays when names change and others act, and differs by the cause") {
  const std::string one = Overtaken().signature();
  CHECK(one == Overtaken(Names{"alice", "bob", "Q7", "oracle-1", "account", true}).signature());
  CHECK(one == "linearizability: read missed create, executed later at its partition");
  TraceBuilder stale;  // the same wrong answer, but the partition never heard of the create
  const NodeId w = stale.node("w", "client");
  const NodeId r = stale.node("r", "client");
  const NodeId p = stale.node("P", "partition");
  const NodeId o = stale.node("O", "oracle");
  stale.invoke(w, 1, "C", steps({step("create", "x", 7)}));
  stale.receive(o, w, "Do", stale.send(w, o, "Do", about(1)));
  stale.receive(w, o, "Reply", stale.send(o, w, "Reply", about(1)));
  stale.give_back(w, 1, "ok", steps({step("create", "x", 7)}));
  stale.invoke(r, 2, "R", steps({step("read", "x")}));
  stale.receive(p, r, "Do", stale.send(r, p, "Do", about(2)));
  stale.receive(r, p, "Reply", stale.send(p, r, "Reply", about(2)));
  stale.give_back(r, 2, "nok", steps({step("read", "x")}));
  const Finding finding = stale.check("linearizability");
  const Explanation why = explain_causes(stale.trace(), finding);
  CHECK(cause_signature(why, finding, stale.trace()) ==
        "linearizability: read missed create, unknown to its partition");
}

/// What comes to a partition of an operation, and that it is executed there.
void executes(TraceBuilder& t, NodeId p, NodeId client, std::int64_t op, EventId sent) {
  t.receive(p, client, "Do", sent);
  t.note(p, "ExecuteStart", about(op));
  t.note(p, "ExecuteEnd", about(op));
}

std::string signature_of(const TraceBuilder& t) {
  const Finding finding = t.check("linearizability");
  return cause_signature(explain_causes(t.trace(), finding), finding, t.trace());
}

TEST_CASE("what was missed is looked for at every node that executed the reader") {
  // X executes the read before the write, Y after it; Y answers the read.
  TraceBuilder t;
  const NodeId w = t.node("w", "client");
  const NodeId r = t.node("r", "client");
  const NodeId x = t.node("X", "partition");
  const NodeId y = t.node("Y", "partition");
  t.initial(x, "x", 0);
  t.initial(y, "y", 0);
  const Value writes = steps({step("write", "x", 1), step("write", "y", 1)});
  t.invoke(w, 1, "W", writes);
  const EventId w_to_x = t.send(w, x, "Do", about(1));
  const EventId w_to_y = t.send(w, y, "Do", about(1));
  t.invoke(r, 2, "R", steps({step("read", "x"), step("read", "y")}));
  const EventId r_to_x = t.send(r, x, "Do", about(2));
  const EventId r_to_y = t.send(r, y, "Do", about(2));
  executes(t, x, r, 2, r_to_x);
  executes(t, y, w, 1, w_to_y);
  executes(t, y, r, 2, r_to_y);
  const EventId answer = t.send(y, r, "Reply", about(2));
  executes(t, x, w, 1, w_to_x);
  const EventId done = t.send(x, w, "Reply", about(1));
  t.receive(w, x, "Reply", done);
  t.give_back(w, 1, "ok", writes);
  t.receive(r, y, "Reply", answer);
  t.give_back(r, 2, "ok", steps({step("read", "x", 0), step("read", "y", 1)}));
  CHECK(signature_of(t) == "linearizability: read missed write, executed later at its partition");
  const Finding finding = t.check("linearizability");
  const Explanation why = explain_causes(t.trace(), finding);
  CHECK(std::any_of(why.steps.begin(), why.steps.end(), [](const CauseStep& step) {
    return contains(step.text, "X executed R (#") && contains(step.text, ") before W (#");
  }));
}

TEST_CASE("what was overwritten too late is no answer of a node that had never heard of it") {
  // W and then V are executed at X, V first at Y, which answers both it and the read of both.
  TraceBuilder t;
  const NodeId v = t.node("v", "client");
  const NodeId w = t.node("w", "client");
  const NodeId x = t.node("X", "partition");
  const NodeId y = t.node("Y", "partition");
  t.initial(x, "x", 0);
  t.initial(y, "y", 0);
  const auto does = [&](NodeId c, std::int64_t op, NodeId p, const char* label, const Value& call,
                        const Value& ret) {
    t.invoke(c, op, label, call);
    executes(t, p, c, op, t.send(c, p, "Do", about(op)));
    t.receive(c, p, "Reply", t.send(p, c, "Reply", about(op)));
    t.give_back(c, op, "ok", ret);
  };
  const Value both = steps({step("write", "x", 1), step("write", "y", 1)});
  t.invoke(v, 1, "V", both);
  const EventId to_x = t.send(v, x, "Do", about(1));
  executes(t, y, v, 1, t.send(v, y, "Do", about(1)));
  const EventId answer = t.send(y, v, "Reply", about(1));
  t.receive(v, y, "Reply", answer);
  t.give_back(v, 1, "ok", both);
  does(w, 2, x, "W", steps({step("write", "x", 2)}), steps({step("write", "x", 2)}));
  executes(t, x, v, 1, to_x);
  const Value reads = steps({step("read", "x"), step("read", "y")});
  does(w, 3, y, "R", reads, steps({step("read", "x", 1), step("read", "y", 1)}));
  CHECK(signature_of(t) ==
        "linearizability: read missed write, overwritten before at its partition");
}

TEST_CASE("an answer from a copy has one cause, whether or not its node has heard of the write") {
  const auto stale = [](bool heard) {
    TraceBuilder t;
    const NodeId w = t.node("w", "client");
    const NodeId r = t.node("r", "client");
    const NodeId x = t.node("X", "partition");
    const NodeId y = t.node("Y", "partition");
    t.initial(x, "x", 0);
    t.note(y, "CacheFill", Value().set("object", "x").set("where", "copy"));
    const Value write = steps({step("write", "x", 1)});
    t.invoke(w, 1, "W", write);
    executes(t, x, w, 1, t.send(w, x, "Do", about(1)));
    if (heard) executes(t, y, w, 1, t.send(w, y, "Do", about(1)));
    t.receive(w, x, "Reply", t.send(x, w, "Reply", about(1)));
    t.give_back(w, 1, "ok", write);
    t.invoke(r, 2, "R", steps({step("read", "x")}));
    executes(t, y, r, 2, t.send(r, y, "Do", about(2)));
    t.receive(r, y, "Reply", t.send(y, r, "Reply", about(2)));
    t.give_back(r, 2, "ok", steps({step("read", "x", 0)}));
    return signature_of(t);
  };
  CHECK(stale(false) == "linearizability: read missed write, from a copy at its partition");
  CHECK(stale(true) == stale(false));
}

TEST_CASE("two readers who saw two writes in opposite orders have a cause, though none is missed") {
  TraceBuilder t;
  const NodeId a = t.node("a", "client");
  const NodeId b = t.node("b", "client");
  const NodeId x = t.node("X", "partition");
  const NodeId y = t.node("Y", "partition");
  t.initial(x, "x", 0);
  t.initial(y, "y", 0);
  const auto both = [&](std::int64_t n) {
    return steps({step("write", "x", n), step("write", "y", n)});
  };
  t.invoke(a, 1, "A", both(1));
  t.invoke(b, 2, "B", both(2));
  const EventId a_x = t.send(a, x, "Do", about(1));
  const EventId a_y = t.send(a, y, "Do", about(1));
  const EventId b_x = t.send(b, x, "Do", about(2));
  const EventId b_y = t.send(b, y, "Do", about(2));
  executes(t, x, a, 1, a_x);
  executes(t, x, b, 2, b_x);
  executes(t, y, b, 2, b_y);
  executes(t, y, a, 1, a_y);
  const EventId to_a = t.send(x, a, "Reply", about(1));
  const EventId to_b = t.send(x, b, "Reply", about(2));
  t.receive(a, x, "Reply", to_a);
  t.give_back(a, 1, "ok", both(1));
  t.receive(b, x, "Reply", to_b);
  t.give_back(b, 2, "ok", both(2));
  const auto reads = [&](NodeId c, std::int64_t op, NodeId p, const char* key, std::int64_t value) {
    t.invoke(c, op, key, steps({step("read", key)}));
    executes(t, p, c, op, t.send(c, p, "Do", about(op)));
    t.receive(c, p, "Reply", t.send(p, c, "Reply", about(op)));
    t.give_back(c, op, "ok", steps({step("read", key, value)}));
  };
  reads(a, 3, x, "x", 2);
  reads(b, 4, y, "y", 1);
  CHECK(signature_of(t) == "linearizability: read saw write after write at its partition");
}

TEST_CASE("an answer that no circle explains is told by what was answered and where") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  const NodeId p = t.node("P", "partition");
  t.initial(p, "x", 1);
  const Value create = steps({step("create", "x", 7)});
  t.invoke(c, 1, "C", create);
  executes(t, p, c, 1, t.send(c, p, "Do", about(1)));
  t.receive(c, p, "Reply", t.send(p, c, "Reply", about(1)));
  t.give_back(c, 1, "ok", create);
  CHECK(signature_of(t) ==
        "linearizability: create answered ok at its partition, against the others");
}

TEST_CASE("what is not violated has no explanation") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  t.invoke(c, 1, "W", steps({step("create", "x", 7)}));
  t.give_back(c, 1, "ok", steps({step("create", "x", 7)}));
  CHECK(explain_causes(t.trace(), t.check("linearizability")).steps.empty());
  CHECK(explain_all(t.trace(), {t.check("linearizability"), t.check("termination")}).empty());
}

TEST_CASE("two processes that deliver in different orders are told with their multicasts") {
  TwoGroups t;
  const EventId m1 = t.multicast(t.client, 1, {"A"});
  const EventId m2 = t.multicast(t.client, 2, {"A"});
  const EventId d1 = t.deliver(t.a1, 1);
  const EventId d2 = t.deliver(t.a2, 2);
  t.deliver(t.a1, 2);
  t.deliver(t.a2, 1);
  const Explanation why = explain_causes(t.trace(), t.check("prefix_order"));
  CHECK(events_of(why) == std::vector<EventId>{m1, m2, d1, d2});
  CHECK(contains(why.steps[2].text, "A1 delivered message 1 (#3) before message 2 (#5)."));
  CHECK(contains(why.steps[3].text, "A2 delivered message 2 (#4) before message 1 (#6)."));
}

TEST_CASE("an operation that waits behind another one is told with what it waits for") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  const NodeId d = t.node("d", "client");
  const NodeId p = t.node("P", "partition");
  t.invoke(c, 1, "First", steps({step("read", "x")}));
  t.receive(p, c, "Do", t.send(c, p, "Do", about(1)));
  const EventId begun = t.note(p, "ExecuteStart", about(1));
  t.invoke(d, 2, "Second", steps({step("read", "x")}));
  const EventId got = t.receive(p, d, "Do", t.send(d, p, "Do", about(2)));
  const Explanation why = explain_causes(t.trace(), t.check("termination"));
  REQUIRE(why.steps.size() == 4);
  CHECK(why.steps[1].event == begun);
  CHECK(contains(why.steps[1].text, "P began to execute First and never finished."));
  CHECK(why.steps[3].event == got);
  CHECK(contains(why.steps[3].text, "it waits behind it"));
  CHECK(contains(why.conclusion, "c waits for First at P and d waits for Second at P"));
}

TEST_CASE("a lost message and a crashed node are told as what an operation waits for") {
  TraceBuilder lost;
  const NodeId c = lost.node("c", "client");
  const NodeId p = lost.node("P", "partition");
  lost.invoke(c, 1, "R", steps({step("read", "x")}));
  const EventId sent = lost.send(c, p, "Do", about(1));
  const EventId gone = lost.event_with_data(TraceKind::lose, c, p, "Do", about(1), {sent});
  const Finding finding = lost.check("termination");
  const Explanation why = explain_causes(lost.trace(), finding);
  CHECK(has(events_of(why), gone));
  CHECK(has(why.events, sent));
  CHECK(cause_signature(why, finding, lost.trace()) == "termination: lost Do to partition");
  TraceBuilder down;
  const NodeId e = down.node("c", "client");
  const NodeId q = down.node("P", "partition");
  down.invoke(e, 1, "R", steps({step("read", "x")}));
  down.send(e, q, "Do", about(1));
  const EventId crash = down.crash(q);
  CHECK(has(events_of(explain_causes(down.trace(), down.check("termination"))), crash));
}

TEST_CASE("a node that recovered without what it was doing, and one that is faulty, are told") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  const NodeId p = t.node("P", "partition");
  t.invoke(c, 1, "R", steps({step("read", "x")}));
  t.receive(p, c, "Do", t.send(c, p, "Do", about(1)));
  const Finding finding = t.check("termination");
  const std::string before =
      cause_signature(explain_causes(t.trace(), finding), finding, t.trace());
  t.crash(p);
  const EventId back = t.recover(p, false);
  const Explanation why = explain_causes(t.trace(), t.check("termination"));
  CHECK(has(events_of(why), back));
  CHECK(cause_signature(why, finding, t.trace()) == before);

  TraceBuilder twisted;
  const NodeId d = twisted.node("c", "client");
  const NodeId q = twisted.node("P", "partition");
  const EventId call = twisted.invoke(d, 1, "R", steps({step("read", "x")}));
  Value what;
  what.set("behaviour", "equivocate").set("to", "P").set("message", "Do").set("what", "op 2 -> 1");
  const EventId deviation =
      twisted.event_with_data(TraceKind::note, d, kNobody, "Deviation", what, {call});
  const EventId sent = twisted.event_with_data(TraceKind::send, d, q, "Do", about(1), {call});
  twisted.receive(q, d, "Do", sent);
  const Explanation told = explain_causes(twisted.trace(), twisted.check("termination"));
  CHECK(has(events_of(told), deviation));
}

TEST_CASE("two owners are told with how each became one and when the first gave it up") {
  TwoGroups t;
  const EventId first = t.own(t.a1, "x");
  const EventId second = t.own(t.b1, "x");
  const EventId late = t.disown(t.a1, "x");
  const Explanation why = explain_causes(t.trace(), t.check("single_owner"));
  CHECK(events_of(why) == std::vector<EventId>{first, second, late});
  CHECK(contains(why.steps[2].text, "A1 gave up x only now."));
  CHECK(contains(why.conclusion, "A1 and B1 owned x at the same time"));
}

TEST_CASE("a property without a story of its own is told by its witness") {
  TraceBuilder t;
  const NodeId c = t.node("c", "client");
  const EventId one = t.note(c, "Enter", Value());
  Finding finding;
  finding.property = "mutual_exclusion";
  finding.verdict = Verdict::violated;
  finding.summary = "Two were inside.";
  finding.events = {one, 99};  // one that the trace does not have is left out
  const Explanation why = explain_causes(t.trace(), finding);
  REQUIRE(why.steps.size() == 1);
  CHECK(why.steps[0].text == "c reported Enter.");
  CHECK(cause_signature(why, finding, t.trace()) == "mutual_exclusion: note Enter at client");
}

TEST_CASE("the text view numbers the steps of an explanation and tells it at the end") {
  const Overtaken t;
  const std::vector<Finding> findings{t.check("linearizability")};
  const auto why = explain_all(t.trace(), findings);
  const std::string text = text_view(t.trace(), findings, why);
  CHECK(contains(text, "|* 1    #1"));
  CHECK(contains(text, "|  >    #2"));
  CHECK(contains(text, "Why linearizability is violated\n"));
  CHECK(contains(text, " 6. #"));
  CHECK(!contains(text_view(t.trace(), findings), "Why linearizability"));
}

}  // namespace
}  // namespace sibyl::analysis::causes_test
