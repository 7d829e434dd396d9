// Timers: on the hardware clock, re-armed, cancelled; and how a run ends.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/schedule.hpp"
#include "tests/sim/small_world.hpp"

namespace sibyl::small::timers_test {
namespace {

constexpr NodeId kA{0};

World alone(Behaviour b, TieRule ties = TieRule::insertion, NodeClocks clocks = {}) {
  WorldConfig config = calm();
  config.ties = ties;
  World world(config);
  add(world, "A", std::move(b), clocks);
  return world;
}

std::string timers(Behaviour b) {
  World world = alone(std::move(b));
  CHECK(run(world) == Outcome::quiescent);
  CHECK(world.pending() == 0);
  return log(world, kA);
}

TEST_CASE("timers fire once, in order of their times, those of one instant in order of arming") {
  CHECK(timers(at_start([](Actor&, Context& c) {
          c.arm(Duration{20}, Tag{1});
          c.arm(Duration{10}, Tag{2});
          c.arm(Duration{20}, Tag{3});
          c.arm(Duration{0}, Tag{4});
        })) == "start@0 t4@0 t2@10 t1@20 t3@20");
}

TEST_CASE("a negative delay is none") {
  CHECK(timers(at_start([](Actor&, Context& c) { c.arm(Duration{-5}, Tag{1}); })) ==
        "start@0 t1@0");
}

TEST_CASE("a timer moved later fires then, and only then") {
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId t = c.arm(Duration{10}, Tag{1});
          c.arm(Duration{15}, Tag{2});
          CHECK(c.rearm(t, Duration{30}));
          CHECK(c.rearm(t, Duration{40}));
          CHECK(c.rearm(t, Duration{20}));
        })) == "start@0 t2@15 t1@20");
}

TEST_CASE("a timer moved earlier fires then, and only then") {
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId t = c.arm(Duration{50}, Tag{1});
          c.arm(Duration{20}, Tag{2});
          CHECK(c.rearm(t, Duration{10}));
          CHECK(c.rearm(t, Duration{5}));
        })) == "start@0 t1@5 t2@20");
}

TEST_CASE("moving counts from the time of the moving") {
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    self.timers["t"] = c.arm(Duration{50}, Tag{1});
    c.arm(Duration{30}, Tag{2});
  };
  b.timer = [](Actor& self, Context& c, std::uint64_t n) {
    if (n == 2) CHECK(c.rearm(self.timers["t"], Duration{50}));
  };
  CHECK(timers(b) == "start@0 t2@30 t1@80");
}

TEST_CASE("a moved timer's place among equal times is that of its last arming") {
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId first = c.arm(Duration{5}, Tag{1});
          CHECK(c.rearm(first, Duration{20}));
          c.arm(Duration{20}, Tag{2});
        })) == "start@0 t1@20 t2@20");
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId first = c.arm(Duration{5}, Tag{1});
          c.arm(Duration{20}, Tag{2});
          CHECK(c.rearm(first, Duration{20}));
        })) == "start@0 t2@20 t1@20");
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId first = c.arm(Duration{20}, Tag{1});
          c.arm(Duration{20}, Tag{2});
          CHECK(c.rearm(first, Duration{20}));  // to the very time that it has
        })) == "start@0 t2@20 t1@20");
}

TEST_CASE("no choice is asked about a timer that will not fire") {
  // Of four timers of one instant two are cancelled, one before and one within it; another is
  // moved.
  const auto asked = [](bool stepwise) {
    World world = alone(at_start([](Actor&, Context& c) {
                          const TimerId gone = c.arm(Duration{10}, Tag{1});
                          const TimerId moved = c.arm(Duration{10}, Tag{2});
                          c.arm(Duration{10}, Tag{3});
                          c.arm(Duration{10}, Tag{4});
                          c.arm(Duration{10}, Tag{5});
                          c.cancel(gone);
                          CHECK(c.rearm(moved, Duration{20}));
                        }),
                        TieRule::chosen);
    DefaultChoices first;
    RecordingChoices choices(first);
    while (stepwise && world.step(choices)) {
    }
    CHECK(world.run(choices, {}) == Outcome::quiescent);
    CHECK(log(world, kA) == "start@0 t3@10 t4@10 t5@10 t2@20");
    std::vector<std::uint64_t> options;
    for (const Decided& d : choices.decided()) options.push_back(d.options);
    return options;
  };
  CHECK(asked(false) == std::vector<std::uint64_t>{3, 2});
  CHECK(asked(true) == std::vector<std::uint64_t>{3, 2});
}

TEST_CASE("a timer that is cancelled at its own instant is no longer among the choices") {
  std::vector<TimerId> ids;
  Behaviour b = at_start([&](Actor&, Context& c) {
    for (std::uint64_t i = 1; i <= 4; ++i) ids.push_back(c.arm(Duration{10}, Tag{i}));
  });
  b.timer = [&](Actor&, Context& c, std::uint64_t n) {
    if (n == 1) c.cancel(ids[1]);
  };
  World world = alone(std::move(b), TieRule::chosen);
  DefaultChoices first;
  RecordingChoices choices(first);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  CHECK(log(world, kA) == "start@0 t1@10 t3@10 t4@10");
  std::vector<std::uint64_t> options;
  for (const Decided& d : choices.decided()) options.push_back(d.options);
  CHECK(options == std::vector<std::uint64_t>{4, 2});
}

TEST_CASE("a cancelled timer does not fire, and its id is stale from then on") {
  CHECK(timers(at_start([](Actor&, Context& c) {
          const TimerId t = c.arm(Duration{10}, Tag{1});
          c.cancel(t);
          c.cancel(t);
          CHECK(!c.rearm(t, Duration{5}));
          const TimerId next = c.arm(Duration{20}, Tag{2});  // may reuse the number
          CHECK(next != t);
          c.cancel(t);
          CHECK(!c.rearm(t, Duration{5}));
        })) == "start@0 t2@20");
}

TEST_CASE("the id of a timer that fired, or that never was, is stale") {
  Behaviour b;
  b.start = [](Actor& self, Context& c) {
    CHECK(!c.rearm(TimerId{}, Duration{5}));
    CHECK(!c.rearm(TimerId{7, 1}, Duration{5}));
    c.cancel(TimerId{});
    c.cancel(TimerId{7, 1});
    self.timers["t"] = c.arm(Duration{10}, Tag{1});
  };
  b.timer = [](Actor& self, Context& c, std::uint64_t n) {
    CHECK(!c.rearm(self.timers["t"], Duration{5}));
    if (n == 1) {
      c.arm(Duration{10}, Tag{2});
      c.cancel(self.timers["t"]);  // does not hit the new one
    }
  };
  CHECK(timers(b) == "start@0 t1@10 t2@20");
}

TEST_CASE("timers run on the hardware clock") {
  struct Row {
    std::int64_t drift, local, fires;
  };
  for (const Row& row : {Row{1'000'000'000, 100, 50}, Row{-500'000'000, 100, 200},
                         Row{500'000'000, 100, 67}, Row{-900'000'000, 7, 70}}) {
    World world =
        alone(at_start([&](Actor&, Context& c) { c.arm(Duration{row.local}, Tag{1}); }),
              TieRule::insertion, {HardwareClock(row.drift, Time{0}, Time{1000}), Duration{5}});
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    run(world);
    CHECK(times(recorder.events(), TraceKind::timer, kA) == std::vector<std::int64_t>{row.fires});
    const std::string& fired = actor(world, kA).log.back();
    CHECK(std::stoll(fired.substr(3)) >= 1000 + row.local);  // never early on its own clock
    CHECK(std::stoll(fired.substr(3)) <= 1000 + row.local + 1);
  }
}

TEST_CASE("a timer armed for as long as there is never fires, and forbids conclusions") {
  for (const bool cancelled : {false, true}) {
    World world = alone(at_start([=](Actor&, Context& c) {
      const TimerId never = c.arm(Duration{kNever.ns}, Tag{1});
      c.arm(Duration{10}, Tag{2});
      if (cancelled) c.cancel(never);
    }));
    CHECK(run(world) == (cancelled ? Outcome::quiescent : Outcome::limit));
    CHECK(log(world, kA) == "start@0 t2@10");
    CHECK(world.now().ns == 10);
  }
}

/// What timers ought to do, done plainly: a list of (time, order of arming) and no queue entries.
struct Model {
  struct Armed {
    std::int64_t at;
    std::uint64_t order;
    std::uint64_t tag;
  };
  std::map<std::uint64_t, Armed> armed;
  std::uint64_t orders = 0;
  std::vector<std::string> fired;
  void advance(std::int64_t to) {
    for (;;) {
      auto best = armed.end();
      for (auto it = armed.begin(); it != armed.end(); ++it) {
        if (it->second.at > to) continue;
        if (best == armed.end() || std::pair(it->second.at, it->second.order) <
                                       std::pair(best->second.at, best->second.order)) {
          best = it;
        }
      }
      if (best == armed.end()) return;
      fired.push_back("t" + std::to_string(best->second.tag) + "@" +
                      std::to_string(best->second.at));
      armed.erase(best);
    }
  }
};

TEST_CASE("random arming, moving and cancelling agrees with a plain list") {
  for (std::uint64_t round = 1; round <= 40; ++round) {
    // A driver timer of tag 1'000'000 + k goes off every 10 ns, at times that no other timer has.
    struct Plan {
      int what;
      std::uint64_t which;
      std::int64_t after;
    };
    Inputs inputs{round * 7919};
    std::vector<std::vector<Plan>> plan(40);
    for (auto& step : plan) {
      for (auto n = inputs.below(6); n > 0; --n) {
        step.push_back({static_cast<int>(inputs.below(3)), inputs.below(12),
                        static_cast<std::int64_t>(10 * inputs.below(12)) + 5});
      }
    }
    Behaviour b;
    const auto act = [&plan](Actor& self, Context& c, std::size_t k) {
      for (const Plan& p : plan[k]) {
        const std::string name = std::to_string(p.which);
        if (p.what == 0) {
          c.cancel(self.timers[name]);
          self.timers[name] = c.arm(Duration{p.after}, Tag{p.which});
        } else if (p.what == 1) {
          c.rearm(self.timers[name], Duration{p.after});
        } else {
          c.cancel(self.timers[name]);
        }
      }
      if (k + 1 < plan.size()) c.arm(Duration{10}, Tag{1'000'000 + k + 1});
    };
    b.start = [&](Actor& self, Context& c) { act(self, c, 0); };
    b.timer = [&](Actor& self, Context& c, std::uint64_t n) {
      if (n >= 1'000'000) act(self, c, n - 1'000'000);
    };
    World world = alone(b);
    CHECK(run(world) == Outcome::quiescent);
    CHECK(world.pending() == 0);
    std::vector<std::string> fired;
    for (const auto& line : actor(world, kA).log) {
      if (line[0] == 't' && line.size() < 8) fired.push_back(line);
    }
    Model model;
    for (std::size_t k = 0; k < plan.size(); ++k) {
      const auto now = static_cast<std::int64_t>(10 * k);
      model.advance(now);
      for (const Plan& p : plan[k]) {
        const bool is_armed = model.armed.count(p.which) != 0;
        if (p.what == 0 || (p.what == 1 && is_armed)) {
          model.armed[p.which] = {now + p.after, ++model.orders, p.which};
        } else if (p.what == 2) {
          model.armed.erase(p.which);
        }
      }
    }
    model.advance(100'000);
    CHECK(fired == model.fired);
  }
}

TEST_CASE("a run ends at its deadline and goes on from there when it gets a later one") {
  WorldConfig config = calm(10);
  World world(config);
  add(world, "A", sends_at(NodeId{1}, {0, 5, 20}));
  add(world, "B");
  World whole = world;
  CHECK(run(world, 1, {.deadline = Time{15}}) == Outcome::deadline);
  CHECK(world.now().ns == 15);
  CHECK(log(world, NodeId{1}) == "start@0 1@10 2@15");  // the deadline itself is included
  CHECK(run(world, 1, {.deadline = Time{25}}) == Outcome::deadline);
  CHECK(log(world, kA) == "start@0 t1@0 t2@5 t3@20");
  CHECK(run(world, 1, {.deadline = Time{1000}}) == Outcome::quiescent);
  CHECK(log(world, NodeId{1}) == "start@0 1@10 2@15 3@30");
  CHECK(world.now().ns == 30);
  run(whole);
  CHECK(whole.digest() == world.digest());
}

TEST_CASE("a run in pieces is the same run") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldConfig config = rough();
    config.cpu.enabled = seed % 2 == 0;
    config.cpu.standard.standard = Distribution::uniform(0, 6);
    World whole = chatter(config, 4, 8);
    World pieces = whole;
    World steps = whole;
    run(whole, seed);
    SeededChoices choices(seed);
    Outcome outcome = Outcome::deadline;
    for (std::int64_t t = 0; outcome == Outcome::deadline; t += 3) {
      outcome = pieces.run(choices, {.deadline = Time{t}});
    }
    CHECK(outcome == Outcome::quiescent);
    CHECK(pieces.digest() == whole.digest());
    SeededChoices others(seed);
    std::uint64_t before = 0;
    while (steps.step(others)) {
      CHECK(steps.counters().events > before);
      if (!config.cpu.enabled) CHECK(steps.counters().events == before + 1);
      before = steps.counters().events;
    }
    CHECK(steps.digest() == whole.digest());
    CHECK(!steps.step(others));
  }
}

TEST_CASE("a limit on events ends a run that would never end") {
  Behaviour b;
  b.start = [](Actor&, Context& c) { c.arm(Duration{1}, Tag{0}); };
  b.timer = [](Actor& self, Context& c, std::uint64_t) {
    self.log.clear();
    c.arm(Duration{1}, Tag{0});
  };
  World world = alone(b);
  CHECK(run(world, 1, {.events = 1000}) == Outcome::limit);
  CHECK(world.counters().events == 1000);
  CHECK(run(world, 1, {.events = 500}) == Outcome::limit);  // of this call
  CHECK(world.counters().events == 1500);
}

TEST_CASE("a limit on the queue ends a run that fills it") {
  Behaviour b;
  b.start = [](Actor&, Context& c) { c.arm(Duration{1}, Tag{0}); };
  b.timer = [](Actor& self, Context& c, std::uint64_t) {
    self.log.clear();
    c.arm(Duration{1}, Tag{0});
    c.arm(Duration{1}, Tag{0});
  };
  World world = alone(b);
  CHECK(run(world, 1, {.queue = 100}) == Outcome::limit);
  CHECK(world.pending() <= 102);
}

TEST_CASE("a world without nodes, and one whose nodes do nothing, end at once") {
  World empty(calm());
  CHECK(run(empty) == Outcome::quiescent);
  World idle = alone({});
  CHECK(run(idle) == Outcome::quiescent);
  CHECK(idle.counters().events == 1);
}

}  // namespace
}  // namespace sibyl::small::timers_test
