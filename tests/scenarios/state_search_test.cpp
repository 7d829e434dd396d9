// The exhaustive search over numbers: that it counts what a search with copies of the world counts,
// and what another model checker counts.
#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/catalog.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/state_search.hpp"
#include "sim/notes.hpp"
#include "sim/schedule.hpp"
#include "tests/bench/replication.hpp"

namespace sibyl::state_search_test {
namespace {

namespace replication = bench::replication;

struct Counts final : StateSearch::Listener {
  void ended(Outcome /*outcome*/) override { ++ends; }
  void cut_off() override { ++cut; }
  void returned(std::size_t /*since*/) override {}
  void broken() override { ++broke; }
  void hit(const std::string& /*probe*/) override {}
  void again() override { ++begun_again; }
  std::uint64_t begun_again = 0;
  std::uint64_t ends = 0;
  std::uint64_t cut = 0;
  std::uint64_t broke = 0;
};

struct Counted {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint64_t ends = 0;
};

Counted by_numbers(const World& root, bool reduce = false, Counts* counts = nullptr,
                   bool by_time = false) {
  StateSearchOptions options;
  options.observed = false;
  options.reduce = reduce;
  options.invariant = replication::applied_is_committed();
  Counts own;
  Counts& told = counts != nullptr ? *counts : own;
  StateSearch search(root, options, by_time, told);
  REQUIRE(search.run() == StateSearch::End::complete);
  return {search.states, search.transitions, told.ends};
}

/// The same with a copy of the world for each step, and nothing in common with the other.
Counted by_copies(const World& root) {
  Counted counted;
  std::set<std::uint64_t> seen{root.state_hash()};
  std::vector<World> todo{root};
  while (!todo.empty()) {
    const World here = todo.back();
    todo.pop_back();
    StepAnswers answers;
    bool went = false;
    do {
      answers.rewind();
      World next = here;
      if (!next.step(answers)) break;
      went = true;
      ++counted.transitions;
      if (seen.insert(next.state_hash()).second) todo.push_back(next);
    } while (answers.advance());
    if (!went) ++counted.ends;
  }
  counted.states = seen.size();
  return counted;
}

TEST_CASE("replication by a leader has as many states as spin finds") {
  // spin 6.5.2 on tests/bench/replication.pml, -m, -DNOREDUCE: "states, stored"; its "transitions"
  // count the first state as one.
  struct Case {
    std::uint8_t followers;
    std::uint8_t commands;
    std::uint64_t states;
    std::uint64_t transitions;
  };
  for (const Case& c : {Case{1, 1, 30, 41}, Case{2, 1, 449, 891}, Case{3, 1, 20'718, 59'792}}) {
    CAPTURE(c.states);
    Counts told;
    const World root = replication::make(c.followers, c.commands);
    const Counted counted = by_numbers(root, false, &told);
    CHECK(counted.states == c.states);
    CHECK(counted.transitions == c.transitions);
    CHECK(told.broke == 0);
    const Counted copied = by_copies(root);
    CHECK(copied.states == counted.states);
    CHECK(copied.transitions == counted.transitions);
    CHECK(copied.ends == counted.ends);
  }
}

TEST_CASE("reduction keeps the ends and what breaks an invariant, in fewer states") {
  const World root = replication::make(3, 1);
  Counts whole_told;
  Counts reduced_told;
  const Counted whole = by_numbers(root, false, &whole_told);
  const Counted reduced = by_numbers(root, true, &reduced_told);
  CHECK(reduced.ends == whole.ends);
  CHECK(reduced.states * 3 < whole.states * 2);

  // An invariant that does not hold: nobody ever applies anything.
  StateSearchOptions options;
  options.observed = false;
  options.invariant = replication::applied_is_committed();
  options.invariant->holds = [](std::span<const std::uint64_t> views) {
    return views[1] + views[2] + views[3] == 0;
  };
  for (const bool reduce : {false, true}) {
    options.reduce = reduce;
    Counts told;
    StateSearch search(root, options, false, told);
    CHECK(search.run() == StateSearch::End::complete);
    CHECK(told.broke > 0);
  }
}

/// Every scenario of the tree, without its own delays.
std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all;
  for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios/partitioned")) {
    for (Scenario& s : load_file(file, {parse_override("/expect={}")})) all.push_back(std::move(s));
  }
  return all;
}

TEST_CASE("both ways of searching exhaustively count the same in every scenario of the tree") {
  int compared = 0;
  for (const Scenario& s : all_scenarios()) {
    CAPTURE(s.id);
    if (s.id.starts_with("ssmr-crash-")) continue;  // groups of three and timers: states too dear
    ExhaustiveOptions options;
    options.states = 4000;
    const ExhaustiveResult numbers = explore_exhaustively(s, options);
    if (numbers.states >= options.states) continue;
    options.copy = true;
    const ExhaustiveResult copies = explore_exhaustively(s, options);
    CHECK(numbers.states == copies.states);
    CHECK(numbers.transitions == copies.transitions);
    CHECK(numbers.ends == copies.ends);
    CHECK(numbers.judged == copies.judged);
    CHECK(numbers.probes == copies.probes);
    CHECK(numbers.incomplete == copies.incomplete);
    std::set<std::string> causes;
    for (const FoundCause& f : copies.found) causes.insert(f.property + f.cause);
    CHECK(numbers.found.size() == copies.found.size());
    for (const FoundCause& f : numbers.found) CHECK(causes.contains(f.property + f.cause));
    options.copy = false;
    options.reduce = true;
    const ExhaustiveResult reduced = explore_exhaustively(s, options);
    CHECK(reduced.states <= numbers.states);
    CHECK(reduced.judged == numbers.judged);
    CHECK(reduced.found.size() == numbers.found.size());
    ++compared;
  }
  CHECK(compared > 20);
}

TEST_CASE("the second of two equal answers is not tried at every place") {
  const std::vector<Override> twice = {parse_override("/expect={}"), parse_override("/network={}"),
                                       parse_override("/deployment/partitions/P1/replicas=2")};
  const Scenario s = load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/B1.json", twice).front();
  ExhaustiveOptions options;
  const ExhaustiveResult whole = explore_exhaustively(s, options);
  options.reduce = true;
  const ExhaustiveResult reduced = explore_exhaustively(s, options);
  CHECK(reduced.states < whole.states);
  CHECK(reduced.transitions < whole.transitions);
  CHECK(reduced.ends == whole.ends);
  CHECK(reduced.judged == whole.judged);
  REQUIRE(whole.found.size() == 1);
  REQUIRE(reduced.found.size() == 1);
  CHECK(reduced.found[0].cause == whole.found[0].cause);
}

/// Ignores what the first node sends until it has heard from the third.
struct Poke {};
BOOST_DESCRIBE_STRUCT(Poke, (), ())

class Sleeper : public ProcessOf<Sleeper> {
 public:
  void start(Context& context) override {
    if (context.self().value != 1) context.send(NodeId{1}, Poke{});
  }
  void receive(Context& /*context*/, NodeId from, const Message& /*message*/) override {
    if (from.value == 2) awake = true;
    if (from.value == 0 && awake) poked = true;
  }
  bool awake = false;
  bool poked = false;
  BOOST_DESCRIBE_CLASS(Sleeper, (), (awake, poked), (), ())
};

TEST_CASE("a message that was ignored so far, but need not be for ever, is not left out") {
  WorldConfig config;
  config.ties = TieRule::any;
  config.arrival_ns = 0;
  World world(config);
  for (const char* name : {"a", "b", "c"}) {
    world.add_node({name, name, {}, {}}, make_process<Sleeper>());
  }
  world.prepare();
  DefaultChoices first;
  for (int i = 0; i < 3; ++i) REQUIRE(world.step(first));
  StateSearchOptions options;
  options.observed = false;
  Counts whole_told;
  StateSearch whole(world, options, false, whole_told);
  CHECK(whole.run() == StateSearch::End::complete);
  options.reduce = true;
  Counts told;
  StateSearch reduced(world, options, false, told);
  CHECK(reduced.run() == StateSearch::End::complete);
  CHECK(told.begun_again == 1);
  CHECK(reduced.ends == whole.ends);
  CHECK(reduced.ends == 2);
}

/// Node 0 goes on by itself, and calls an operation then if it is told to; node 1 returns one when
/// node 2 pokes it.
class Alone : public ProcessOf<Alone> {
 public:
  explicit Alone(bool notes) : notes_(notes) {}
  void start(Context& context) override {
    if (context.self().value == 0) context.send(NodeId{0}, Poke{});
    if (context.self().value == 2) context.send(NodeId{1}, Poke{});
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    poked = true;
    if (!notes_) return;
    if (context.self().value == 0) context.note(note::Invoke{1, "a", "f", "", {}});
    if (context.self().value == 1) context.note(note::Return{2, "ok", {}});
  }
  bool poked = false;
  BOOST_DESCRIBE_CLASS(Alone, (), (poked), (), ())

 private:
  bool notes_;
};

TEST_CASE("a lone step that somebody notices is tried at every place, and one unseen is not") {
  const auto searched = [](bool notes, bool looked_at, bool reduce) {
    WorldConfig config;
    config.ties = TieRule::any;
    config.arrival_ns = 0;
    config.own_in_turn = true;
    World world(config);
    for (const char* name : {"a", "b", "c"}) {
      world.add_node({name, name, {}, {}}, make_process<Alone>(notes));
    }
    world.prepare();
    DefaultChoices first;
    for (int i = 0; i < 3; ++i) REQUIRE(world.step(first));
    StateSearchOptions options;
    options.observed = notes;
    options.reduce = reduce;
    if (looked_at) {  // broken where node 1 is poked before node 0 has gone on
      options.invariant = Invariant{
          [](NodeId /*node*/, const Process& process) -> std::uint64_t {
            return dynamic_cast<const Alone&>(process).poked ? 1 : 0;
          },
          [](std::span<const std::uint64_t> views) { return views[1] == 0 || views[0] == 1; }};
    }
    Counts told;
    StateSearch search(world, options, false, told);
    CHECK(search.run() == StateSearch::End::complete);
    return std::pair(told, search.states);
  };
  for (const bool reduce : {false, true}) {
    CAPTURE(reduce);
    CHECK(searched(true, false, reduce).first.ends == 2);   // the return is first, or the call
    CHECK(searched(false, true, reduce).first.broke == 1);  // once
    CHECK(searched(false, false, reduce).first.ends == 1);
  }
  CHECK(searched(false, false, true).second < searched(false, false, false).second);
}

TEST_CASE("the corrected create and read with a move has 25072 states and no violation") {
  const Scenario s =
      load_file(SIBYL_SOURCE_DIR "/scenarios/partitioned/create-read-move.json", {}).front();
  const ExhaustiveResult result = explore_exhaustively(s, {});
  CHECK(result.incomplete.empty());
  CHECK(result.found.empty());
  CHECK(result.states == 25'072);
  CHECK(result.transitions == 88'537);
  CHECK(result.judged == 330);
  CHECK(result.probes.at("move") > 0);
}

/// Tells the other, twice, after its timer; the other reads its clock when `reads`.
struct Tick {
  std::uint64_t n = 0;
};
BOOST_DESCRIBE_STRUCT(Tick, (), (n))

class Clocked : public ProcessOf<Clocked> {
 public:
  explicit Clocked(bool r) : reads(r) {}
  void start(Context& context) override {
    if (context.self().value == 0) context.arm(Duration{5}, Tick{1});
  }
  void timer(Context& context, const Message& tag) override {
    const std::uint64_t n = tag.as<Tick>()->n;
    context.send(NodeId{1}, Tick{n});
    if (n < 3) context.arm(Duration{5}, Tick{n + 1});
  }
  void receive(Context& context, NodeId /*from*/, const Message& /*message*/) override {
    if (reads) last = context.hardware_now().ns;
  }
  bool reads;
  std::int64_t last = 0;
  BOOST_DESCRIBE_CLASS(Clocked, (), (reads, last), (), ())
};

World clocked(bool reads) {
  WorldConfig config;
  config.ties = TieRule::any;
  config.arrival_ns = 0;
  World world(config);
  world.add_node({"a", "a", {}, {}}, make_process<Clocked>(reads));
  world.add_node({"b", "b", {}, {}}, make_process<Clocked>(reads));
  world.prepare();
  return world;
}

TEST_CASE("a clock that is read makes the time a part of the state") {
  StateSearchOptions options;
  options.observed = false;
  Counts told;
  StateSearch blind(clocked(true), options, false, told);
  CHECK(blind.run() == StateSearch::End::clock_read);
  StateSearch timed(clocked(true), options, true, told);
  CHECK(timed.run() == StateSearch::End::complete);
  StateSearch unread(clocked(false), options, false, told);
  CHECK(unread.run() == StateSearch::End::complete);
  CHECK(timed.states > unread.states);
  CHECK(by_copies(clocked(false)).states == unread.states);
  CHECK(by_copies(clocked(false)).transitions == unread.transitions);
}

/// Has a timer that is due when time itself ends, and one before.
class Patient : public ProcessOf<Patient> {
 public:
  void start(Context& context) override {
    context.arm(Duration{kNever.ns}, Tick{1});
    context.arm(Duration{5}, Tick{2});
  }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
  void timer(Context& context, const Message& tag) override {
    fired = tag.as<Tick>()->n;
    if (fired == 2) context.arm(Duration{5}, Tick{3});
  }
  std::uint64_t fired = 0;
  BOOST_DESCRIBE_CLASS(Patient, (), (fired), (), ())
};

TEST_CASE("a timer that is due when time itself ends never fires") {
  WorldConfig config;
  config.ties = TieRule::any;
  config.arrival_ns = 0;
  World world(config);
  world.add_node({"a", "a", {}, {}}, make_process<Patient>());
  world.prepare();
  StateSearchOptions options;
  options.observed = false;
  Counts told;
  StateSearch search(world, options, false, told);
  CHECK(search.run() == StateSearch::End::complete);
  CHECK(search.states == 4);
  CHECK(search.ends == 1);
  CHECK(by_copies(world).states == 4);
}

TEST_CASE("a path leads a world to the state that the search has found") {
  struct Last final : StateSearch::Listener {
    void ended(Outcome /*outcome*/) override { paths.push_back(search->path()); }
    void cut_off() override {}
    void returned(std::size_t /*since*/) override {}
    void broken() override {}
    void hit(const std::string& /*probe*/) override {}
    void again() override {}
    const StateSearch* search = nullptr;
    std::vector<std::vector<PathStep>> paths;
  } last;
  const World root = replication::make(2, 1);
  StateSearchOptions options;
  options.observed = false;
  StateSearch search(root, options, false, last);
  last.search = &search;
  CHECK(search.run() == StateSearch::End::complete);
  REQUIRE(last.paths.size() > 10);
  std::set<std::uint64_t> ends;
  for (const auto& path : last.paths) {
    World world = root;
    PathChoices lead(path, search.steps(), {});
    for (std::size_t i = 0; i < path.size(); ++i) {
      lead.begin(i);
      REQUIRE(world.step(lead));
    }
    CHECK_FALSE(lead.parted);
    DefaultChoices none;
    CHECK_FALSE(world.step(none));
    ends.insert(world.state_hash());
  }
  CHECK(ends.size() == last.paths.size());
}

}  // namespace
}  // namespace sibyl::state_search_test
