// Schedulers: what they owe, what they find, how they are read; and the faulty node that says both.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocols/agreement/coin.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/errors.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/searching.hpp"
#include "sim/pending.hpp"

namespace sibyl::scheduler_test {
namespace {

const std::string kBoth =
    R"([{"node": "P3", "behaviour": "also", "field": "value", "values": [false, true]}])";

/// Four parties, P3 faulty.
std::string text(const std::string& scheduler, const std::string& form = "conf",
                 const std::string& more = "") {
  return R"({"format": "sibyl-scenario/1", "id": "scheduled",
    "protocol": {"name": "binary-agreement", "options": {"form": ")" +
         form + R"("}}, "deployment": {"parties": 4}, "workload": {"inputs": [1, 1, 0, 0]},
    "byzantine": )" +
         kBoth + (scheduler.empty() ? "" : R"(, "scheduler": )" + scheduler) + more + "}";
}

Scenario loaded(const std::string& scheduler, const std::string& form = "conf",
                const std::string& more = "") {
  return load_text(text(scheduler, form, more), "test.json").front();
}

RunResult run_with(const Scenario& scenario, std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return run_scenario(scenario, options);
}

/// By how many arrivals a message between correct nodes came later than it was owed, at most.
std::int64_t latest(const RunResult& result, std::int64_t within) {
  struct Sent {
    std::int64_t arrivals = 0;
    std::int64_t most = 0;
  };
  std::map<EventId, Sent> owed;
  std::int64_t arrivals = 0;
  std::int64_t worst = -within;
  const auto& nodes = result.trace.nodes;
  const auto between_correct = [&](const TraceEvent& e) {
    return e.peer != e.node && !nodes[e.node.value].faulty && !nodes[e.peer.value].faulty;
  };
  for (const TraceEvent& e : result.trace.events) {
    if (e.kind == TraceKind::send && between_correct(e)) {
      const auto in_flight = static_cast<std::int64_t>(owed.size()) + 1;
      owed[e.id] = {arrivals, std::max(within, in_flight)};
    }
    if (e.kind != TraceKind::receive || e.peer == e.node) continue;
    ++arrivals;
    for (const EventId parent : e.parents) {
      const auto sent = owed.find(parent);
      if (sent == owed.end()) continue;
      worst = std::max(worst, arrivals - sent->second.arrivals - sent->second.most);
      owed.erase(sent);
    }
  }
  for (const auto& [id, sent] : owed) worst = std::max(worst, arrivals - sent.arrivals - sent.most);
  return worst;
}

const std::string kScript =
    R"("phases": [[{"to": ["P3"]}], [{"to": ["P0", "P1"]}], [{"to": ["P2"], "message": "Bval",
       "where": {"value": "not coin"}}]], "first": true)";

const std::vector<std::string> kSchedulers{R"("strategy": "random")",
                                           R"("strategy": "pct", "depth": 4)",
                                           R"("strategy": "delay", "delays": 3, "length": 60)",
                                           R"("strategy": "starve")",
                                           R"("strategy": "starve", "nodes": ["P0"])",
                                           R"("strategy": "favour", "nodes": ["P1", "P2", "P3"])",
                                           R"("strategy": "newest")",
                                           R"("strategy": "coin_aware")",
                                           R"("strategy": "scripted", )" + kScript};

TEST_CASE("no message between correct nodes waits for more arrivals than it is owed") {
  for (const std::string& scheduler : kSchedulers) {
    CAPTURE(scheduler);
    for (const std::int64_t within : {1, 4, 9, 40}) {
      const Scenario s = loaded("{" + scheduler + R"(, "within": )" + std::to_string(within) + "}");
      for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const RunResult result = run_with(s, seed);
        CHECK(result.trace.outcome == Outcome::quiescent);
        CHECK(latest(result, within) <= 0);
      }
    }
  }
}

TEST_CASE("what is not owed may wait longer: the obligation changes the run") {
  const Scenario s = loaded(R"({"strategy": "starve", "nodes": ["P0"], "within": 1000000})");
  CHECK(latest(run_with(s, 1), 9) > 0);
}

TEST_CASE("with an obligation of one arrival messages come in the order of sending") {
  const Scenario s = loaded(R"({"strategy": "newest", "within": 1})");
  const RunResult result = run_with(s, 5);
  EventId last = 0;
  for (const TraceEvent& e : result.trace.events) {
    if (e.kind != TraceKind::receive || e.peer == e.node) continue;
    if (result.trace.nodes[e.node.value].faulty || result.trace.nodes[e.peer.value].faulty) {
      continue;
    }
    const EventId send =
        *std::max_element(e.parents.begin(), e.parents.end(), [&](EventId a, EventId b) {
          const auto is_send = [&](EventId id) {
            return result.trace.events[id - 1].kind == TraceKind::send;
          };
          return !is_send(a) && is_send(b);
        });
    CHECK(send > last);
    last = send;
  }
  CHECK(last > 0);
}

TEST_CASE("a scheduled run is a function of the scenario and the seed, and replays as a schedule") {
  for (const std::string& scheduler : kSchedulers) {
    CAPTURE(scheduler);
    const Scenario s = loaded("{" + scheduler + "}");
    RunOptions options;
    options.seed = 7;
    options.record = true;
    const RunResult one = run_scenario(s, options);
    CHECK(run_scenario(s, options).trace.digest == one.trace.digest);
    const Value again = with_schedule(s, one);
    CHECK(again.find("scheduler") == nullptr);
    const RunResult two = run_scenario(load_text(to_json(again), "again").front());
    CHECK(two.schedule_parts.empty());
    CHECK(two.trace.digest == one.trace.digest);
  }
}

ExploreOptions search(std::uint64_t runs, unsigned jobs = 1) {
  ExploreOptions options;
  options.runs = runs;
  options.jobs = jobs;
  options.strategy.strategy = Strategy::coin_aware;
  options.events = 3500;
  options.rounds = 40;  // by chance alone so many pass once in 2^40 runs
  return options;
}

TEST_CASE("who knows the coin keeps the form of PODC 2014 from deciding, and none with CONF") {
  ExploreOptions options = search(1000);
  options.causes = 1;
  const ExploreResult found = explore(loaded("", "podc14"), options);
  REQUIRE(found.found.size() == 1);
  CHECK(found.found.front().property == "decision_in_rounds");
  const Scenario again = load_text(to_json(found.found.front().scenario), "found").front();
  const RunResult replayed = run_scenario(again);
  CHECK(replayed.as_expected());
  CHECK(replayed.schedule_parts.empty());
  CHECK(shows(found.found.front().scenario, "decision_in_rounds", found.found.front().cause));
  for (const char* form : {"conf", "crusader"}) {
    CAPTURE(form);
    CHECK(explore(loaded("", form), search(1000)).found.empty());
  }
  // Without a look at the coin it is not found.
  options = search(1000);
  options.strategy.strategy = Strategy::random;
  CHECK(explore(loaded("", "podc14"), options).found.empty());
}

TEST_CASE("what an adversary finds under an obligation does not depend on the number of jobs") {
  const Scenario s = loaded("", "podc14");
  ExploreOptions options = search(1024);
  options.strategy.within = 100;
  const ExploreResult one = explore(s, options);
  REQUIRE(one.found.size() == 1);
  CHECK(one.violating > 0);
  for (const unsigned jobs : {2U, 7U}) {
    options.jobs = jobs;
    const ExploreResult many = explore(s, options);
    CHECK(many.events == one.events);
    CHECK(many.violating == one.violating);
    REQUIRE(many.found.size() == 1);
    CHECK(many.found.front().first == one.found.front().first);
    CHECK(to_json(many.found.front().scenario) == to_json(one.found.front().scenario));
  }
}

/// Takes any message, and notes which coins are known when.
class CoinWatch final : public Searching {
 public:
  explicit CoinWatch(std::uint64_t seed) : Searching(seed) {
    flight.emplace(std::vector<bool>(4), std::nullopt);
  }
  bool looks() const override { return true; }
  std::uint64_t pick(Question q, std::uint64_t options) override {
    drawn += q.key != 0 ? 1 : 0;
    return Searching::pick(q, options);
  }
  std::size_t pick_message(const Arrivals& arrivals) override {
    for (const Held& held : arrivals.in_flight) {
      const auto* share = held.message.as<agreement::coin::Share>();
      if (share == nullptr) continue;
      shares[{held.message.route().instance, share->round}].insert(held.event.source);
    }
    for (const Flying& m : flight->messages()) {
      if (m.round == 0 || !flight->coin(m, m.round)) continue;
      known.insert({m.instance, m.round});
      unasked += shares[{m.instance, m.round}].size() < 2 ? 1 : 0;
    }
    return static_cast<std::size_t>(steps.below(arrivals.places.size()));
  }
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::set<std::uint32_t>> shares;
  std::set<std::pair<std::uint32_t, std::uint64_t>> known;  ///< agreement's instance, round
  std::size_t drawn = 0;
  std::size_t unasked = 0;
};

TEST_CASE("a coin is known of its own agreement and round alone, also where agreements are many") {
  for (const std::string& said :
       {std::string(R"("binary-agreement"}, "workload": {"inputs": [1, 0, 0, 1]})"),
        std::string(R"("common-subset"}, "workload": {"inputs": ["a", "b", "c", "d"]})"),
        std::string(R"("asynchronous-order"}, "workload": {"broadcasts": [{"party": "P0"}]})")}) {
    CAPTURE(said);
    const Scenario s = load_text(R"({"format": "sibyl-scenario/1", "id": "coins",
      "deployment": {"parties": 4}, "protocol": {"name": )" +
                                     said + "}",
                                 "test.json")
                           .front();
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      CoinWatch watch(seed);
      World world = make_world(s, {}, TieRule::any);
      CHECK(world.run(watch, s.limits) == Outcome::quiescent);
      CHECK(watch.unasked == 0);
      CHECK(watch.drawn > 0);
      CHECK(watch.known.size() == watch.drawn);
    }
  }
}

TEST_CASE("a node that also says the other sends each message once with each value") {
  const RunResult result = run_with(loaded(R"({"strategy": "random"})"), 3);
  std::map<std::string, std::vector<bool>> said;
  for (const TraceEvent& e : result.trace.events) {
    if (e.kind != TraceKind::send || e.node != NodeId{3} || e.peer == e.node) continue;
    if (e.name != "binary_agreement::Aux") continue;
    said[std::to_string(e.peer.value) + "/" + std::to_string(*e.data.find("round")->as_int())]
        .push_back(*e.data.find("value")->as_bool());
  }
  REQUIRE(!said.empty());
  for (const auto& each : said) {
    CAPTURE(each.first);
    CHECK(each.second == std::vector<bool>{false, true});
  }
}

TEST_CASE("a scheduler that makes no sense is refused at its place") {
  struct Case {
    std::string scheduler;
    std::string more;
    std::string place;
  };
  const Case cases[] = {
      {R"({"strategy": "timed"})", "", "/scheduler/strategy"},
      {R"({"within": 3})", "", "/scheduler"},
      {R"({"strategy": "random", "within": 0})", "", "/scheduler/within"},
      {R"({"strategy": "random", "nodes": ["P0"]})", "", "/scheduler/nodes"},
      {R"({"strategy": "starve", "nodes": ["P9"]})", "", "/scheduler/nodes/0"},
      {R"({"strategy": "scripted"})", "", "/scheduler"},
      {R"({"strategy": "scripted", "phases": []})", "", "/scheduler/phases"},
      {R"({"strategy": "scripted", "phases": [[{"where": {"value": 7}}]]})", "",
       "/scheduler/phases/0/0/where/value"},
      {R"({"strategy": "scripted", "phases": [[{"message": "Vote"}]]})", "",
       "/scheduler/phases/0/0/message"},
      {R"({"strategy": "scripted", "phases": [[{"where": {"bit": "coin"}}]]})", "",
       "/scheduler/phases/0/0/where/bit"},
      {R"({"strategy": "scripted", "phases": [[{"where": {"round": "coin"}}]]})", "",
       "/scheduler/phases/0/0/where/round"},
      {R"({"strategy": "scripted",
           "phases": [[{"message": "Share", "where": {"value": "coin"}}]]})",
       "", "/scheduler/phases/0/0/where/value"},
      {R"({"strategy": "random"})", R"(, "ties": "chosen")", "/scheduler"},
      {R"({"strategy": "random"})", R"(, "schedule": {"decisions": []})", "/scheduler"},
      {R"({"strategy": "random"})", R"(, "liveness": {"rounds": 0})", "/liveness/rounds"},
      {R"({"strategy": "random"})", R"(, "liveness": {"rounds": 3, "from": "1ms"})",
       "/liveness/from"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.scheduler);
    CAPTURE(c.more);
    try {
      loaded(c.scheduler, "conf", c.more);
      FAIL("was taken");
    } catch (const InputError& e) {
      CHECK(e.place == c.place);
    }
  }
}

}  // namespace
}  // namespace sibyl::scheduler_test
