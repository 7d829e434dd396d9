// The trace: causal parents, names, and that listening changes nothing.
#include "sim/trace.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::trace_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};

using Parents = std::vector<EventId>;

std::vector<TraceEvent> traced(World& world, std::uint64_t seed = 1) {
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  run(world, seed);
  world.set_observer(nullptr);
  return recorder.take();
}

TEST_CASE("kinds and outcomes have names, and the names of kinds lead back") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(TraceKind::fault); ++i) {
    const auto kind = static_cast<TraceKind>(i);
    names.insert(trace_kind_name(kind));
    CHECK(trace_kind_from(trace_kind_name(kind)) == kind);
  }
  CHECK(names.size() == 7);
  CHECK(!trace_kind_from("arrive"));
  CHECK(outcome_name(Outcome::quiescent) == "quiescent");
  CHECK(outcome_name(Outcome::deadline) == "deadline");
  CHECK(outcome_name(Outcome::limit) == "limit");
}

TEST_CASE("every event names its causes") {
  World world(calm(10));
  Behaviour b;
  b.receive = [](Actor&, Context& c, NodeId, std::uint64_t n) {
    c.note(Seen{n});
    c.arm(Duration{5}, Tag{n});
  };
  add(world, "A", at_start([](Actor&, Context& c) { c.send(kB, Number{7}); }));
  add(world, "B", b);
  const auto events = traced(world);
  REQUIRE(events.size() == 6);
  CHECK(events[0].kind == TraceKind::start);
  CHECK(events[0].name == "world::Start");
  CHECK(events[0].parents.empty());
  CHECK(events[1].kind == TraceKind::send);
  CHECK(events[1].node == kA);
  CHECK(events[1].peer == kB);
  CHECK(events[1].parents == Parents{1});
  CHECK(events[2].kind == TraceKind::start);
  CHECK(events[3].kind == TraceKind::receive);
  CHECK(events[3].node == kB);
  CHECK(events[3].peer == kA);
  CHECK(events[3].name == "small::Number");
  CHECK(events[3].data == Value(Value::Object{{"n", Value(7)}}));
  CHECK(events[3].parents == Parents{2, 3});  // the send, B's step before
  CHECK(events[4].kind == TraceKind::note);
  CHECK(events[4].name == "small::Seen");
  CHECK(events[4].parents == Parents{4});
  CHECK(events[5].kind == TraceKind::timer);
  CHECK(events[5].name == "small::Tag");
  CHECK(events[5].at.ns == 15);
  CHECK(events[5].parents == Parents{4});  // armed in B's last step: named once
}

TEST_CASE("a timer's cause is its last arming") {
  World world(calm(10));
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    self.timers["t"] = c.arm(Duration{50}, Tag{1});
    c.arm(Duration{10}, Tag{2});
    c.arm(Duration{20}, Tag{3});
  };
  b.timer = [](Actor& self, Context& c, std::uint64_t n) {
    if (n == 2) c.rearm(self.timers["t"], Duration{50});
  };
  add(world, "A", b);
  const auto events = traced(world);
  REQUIRE(events.size() == 4);
  CHECK(events[3].data == Value(Value::Object{{"n", Value(1)}}));
  CHECK(events[3].parents == Parents{2, 3});
}

TEST_CASE("a lost message leads back to its send, both copies of a duplicate to one") {
  WorldConfig config = calm(10);
  config.network.standard.duplicate = Probability::always();
  config.faults = {at(25, fault::Crash{kB})};
  World world(config);
  add(world, "A", sends_at(kB, {10, 20}));
  add(world, "B");
  const auto events = traced(world);
  const TraceEvent* first = find(events, TraceKind::send, "small::Number", kA);
  const TraceEvent* second = find(events, TraceKind::send, "small::Number", kA, 1);
  REQUIRE(second != nullptr);
  CHECK(find(events, TraceKind::send, "small::Number", kA, 2) == nullptr);
  for (std::size_t i = 0; i < 2; ++i) {
    const TraceEvent* got = find(events, TraceKind::receive, "small::Number", kB, i);
    const TraceEvent* lost = find(events, TraceKind::lose, "small::Number", kA, i);
    REQUIRE(got != nullptr);
    REQUIRE(lost != nullptr);
    CHECK(got->parents[0] == first->id);
    CHECK(lost->parents == Parents{second->id});
    CHECK(lost->peer == kB);
    CHECK(*lost->data.find("why") == Value("receiver is down"));
  }
}

TEST_CASE("why a message was lost does not take the place of its own field of that name") {
  WorldConfig config = calm(10);
  config.network.standard.loss = Probability::always();
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) { c.send(kB, Excuse{"rain"}); }));
  add(world, "B");
  const auto events = traced(world);
  const TraceEvent* sent = find(events, TraceKind::send, "small::Excuse", kA);
  const TraceEvent* lost = find(events, TraceKind::lose, "small::Excuse", kA);
  REQUIRE(lost != nullptr);
  CHECK(lost->data.text() == "{why: rain, lost_why: \"lost by the link\"}");
  CHECK(sent->data.text() == "{why: rain}");
}

TEST_CASE("the events of one payload share its data; what differs is kept apart") {
  // Half of the payloads are lost at once, so that later ones may take their place in memory.
  WorldConfig config = calm(10);
  config.network.standard.loss = Probability::from_double(0.5);
  World world(config);
  constexpr std::uint64_t kRounds = 200;
  add(world, "A", at_start([](Actor&, Context& c) {
        for (std::uint64_t i = 0; i < kRounds; ++i) {
          const Message text = Message::make(Text{std::to_string(i)});
          for (const NodeId to : {kB, NodeId{2}, NodeId{3}}) c.send_message(to, text);
        }
      }));
  for (const char* name : {"B", "C", "D"}) add(world, name);
  const auto events = traced(world);
  std::uint64_t sends = 0;
  const void* last = nullptr;
  for (const TraceEvent& e : events) {
    if (e.kind == TraceKind::send) {
      CHECK(*e.data.find("text") == Value(std::to_string(sends / 3)));
      if (sends % 3 != 0) CHECK(e.data.as_object() == last);
      last = e.data.as_object();
      ++sends;
    } else if (e.kind == TraceKind::receive || e.kind == TraceKind::lose) {
      const TraceEvent& sent = events[e.parents[0] - 1];
      CHECK(*e.data.find("text") == *sent.data.find("text"));
      if (e.kind == TraceKind::receive) CHECK(e.data.as_object() == sent.data.as_object());
    }
  }
  CHECK(sends == 3 * kRounds);
}

TEST_CASE("a fault at a time has no cause; one tied to a step has that step") {
  WorldConfig config = calm(10);
  config.faults = {at(30, fault::Pause{kB}), when("Number", kB, 1, fault::Pause{kA}),
                   when("Number", kB, 1, fault::Slow{kA, 100}, 3),
                   when("Seen", kA, 1, fault::Crash{kA})};
  World world(config);
  Behaviour b = sends_at(kB, {5});
  b.receive = [](Actor&, Context& c, NodeId, std::uint64_t) { c.note(Seen{1}); };
  add(world, "A", b);
  add(world, "B", at_start([](Actor&, Context& c) { c.arm(Duration{8}, Tag{1}); }));
  add(world, "C", sends_at(kA, {2}));
  const auto events = traced(world);
  const TraceEvent* timed = find(events, TraceKind::fault, "fault::Pause", kB);
  const TraceEvent* slow = find(events, TraceKind::fault, "fault::Slow", kA);
  const TraceEvent* got = find(events, TraceKind::receive, "small::Number", kB);
  const TraceEvent* at_a = find(events, TraceKind::receive, "small::Number", kA);
  const TraceEvent* crash = find(events, TraceKind::fault, "fault::Crash", kA);
  REQUIRE(timed != nullptr);
  REQUIRE(slow != nullptr);
  REQUIRE(got != nullptr);
  REQUIRE(crash != nullptr);
  CHECK(timed->parents.empty());
  CHECK(slow->parents == Parents{got->id});
  CHECK(slow->at.ns == 18);
  CHECK(crash->parents == Parents{at_a->id});
  CHECK(slow->data == Value(Value::Object{{"node", Value("A")}, {"percent", Value(100)}}));
}

TEST_CASE("a recovery's first step leads back to the recovery") {
  WorldConfig config = calm(10);
  config.faults = {at(5, fault::Crash{kA}), at(9, fault::Recover{kA})};
  World world(config);
  add(world, "A");
  const auto events = traced(world);
  REQUIRE(events.size() == 4);
  CHECK(events[2].name == "fault::Recover");
  CHECK(events[3].kind == TraceKind::start);
  CHECK(events[3].data == Value(Value::Object{{"recovering", Value(true)}}));
  CHECK(std::find(events[3].parents.begin(), events[3].parents.end(), events[2].id) !=
        events[3].parents.end());
}

TEST_CASE(
    "ids are dense, parents come earlier and happened no later, steps of a node are chained") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldConfig config = rough();
    config.cpu.enabled = seed % 2 == 0;
    config.cpu.standard.standard = Distribution::uniform(0, 4);
    config.faults = {at(10, fault::Crash{kA}), at(20, fault::Recover{kA})};
    World world = chatter(config, 4, 9);
    const auto events = traced(world, seed);
    std::vector<EventId> last(4, 0);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const TraceEvent& e = events[i];
      CHECK(e.id == i + 1);
      for (const EventId p : e.parents) {
        REQUIRE(p < e.id);
        CHECK(events[p - 1].at <= e.at);
      }
      if (e.kind == TraceKind::receive || e.kind == TraceKind::lose) {
        REQUIRE(!e.parents.empty());
        const TraceEvent& send = events[e.parents[0] - 1];
        CHECK(send.kind == TraceKind::send);
        CHECK(send.name == e.name);
      }
      if (e.kind == TraceKind::send || e.kind == TraceKind::note) {
        REQUIRE(e.parents.size() == 1);
        CHECK(e.parents[0] == last[e.node.value]);
      }
      if (e.kind == TraceKind::receive || e.kind == TraceKind::timer) {
        CHECK(std::find(e.parents.begin(), e.parents.end(), last[e.node.value]) != e.parents.end());
      }
      if (e.kind == TraceKind::receive || e.kind == TraceKind::timer ||
          e.kind == TraceKind::start || (e.kind == TraceKind::fault && e.name == "fault::Crash")) {
        last[e.node.value] = e.id;
      }
    }
  }
}

TEST_CASE("listening changes neither the digest nor the state") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World silent = chatter(rough(), 4, 9);
    World heard = silent;
    run(silent, seed);
    traced(heard, seed);
    CHECK(silent.digest() == heard.digest());
    CHECK(silent.state_hash() == heard.state_hash());
    CHECK(silent.counters().events == heard.counters().events);
  }
}

TEST_CASE("a listener may come and go in the middle of a run") {
  World world = chatter(rough(), 3, 8);
  World whole = world;
  SeededChoices choices(2);
  for (int i = 0; i < 12; ++i) world.step(choices);
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  world.run(choices, {});
  run(whole, 2);
  CHECK(world.digest() == whole.digest());
  REQUIRE(!recorder.events().empty());
  CHECK(recorder.events()[0].id == 1);
  for (const auto& e : recorder.events()) {
    for (const EventId p : e.parents) CHECK(p < e.id);  // what was not heard is not named
  }
}

TEST_CASE("two runs in one process have the same digest and trace; another seed has another") {
  World one = chatter(rough(), 4, 9);
  World two = chatter(rough(), 4, 9);
  World three = chatter(rough(), 4, 9);
  CHECK(traced(one, 5) == traced(two, 5));
  CHECK(one.digest() == two.digest());
  CHECK(one.digest().hex().size() == 32);
  run(three, 6);
  CHECK(three.digest().hex() != one.digest().hex());
}

TEST_CASE("the digest tells what was received, when, from whom, and what was noted") {
  const auto digest = [](std::int64_t delay, std::uint64_t n, std::uint64_t seen, NodeId from) {
    World world(calm(delay));
    Behaviour b;
    b.start = [=](Actor&, Context& c) {
      if (c.self() == from) c.send(kB, Number{n});
    };
    b.receive = [=](Actor&, Context& c, NodeId, std::uint64_t) { c.note(Seen{seen}); };
    for (const char* name : {"A", "B", "C"}) add(world, name, b);
    run(world);
    return world.digest().hex();
  };
  const std::set<std::string> all{digest(10, 1, 1, kA),        digest(11, 1, 1, kA),
                                  digest(10, 2, 1, kA),        digest(10, 1, 2, kA),
                                  digest(10, 1, 1, NodeId{2}), digest(10, 1, 1, kA)};
  CHECK(all.size() == 5);
}

}  // namespace
}  // namespace sibyl::small::trace_test
