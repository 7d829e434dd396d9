// Seeded, recorded and replayed choices, and the two rules for events of one instant.
#include "sim/choices.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::choices_test {
namespace {

constexpr NodeId kA{0};
constexpr NodeId kB{1};

/// Runs `world` and returns what was decided.
std::vector<Decided> record(World& world, std::uint64_t seed, Limits limits = {}) {
  SeededChoices seeded(seed);
  RecordingChoices recording(seeded);
  world.run(recording, limits);
  return recording.decided();
}

/// The message of the mismatch that a replay meets, and where.
std::pair<std::size_t, std::string> mismatch(World world, std::vector<Decided> list) {
  ReplayChoices replay(std::move(list));
  try {
    world.run(replay, {});
  } catch (const ReplayMismatch& e) {
    return {e.index, e.what()};
  }
  return {0, "no mismatch"};
}

TEST_CASE("every decision has a name of its own, and the name leads back to it") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDecisions; ++i) {
    const auto d = static_cast<Decision>(i);
    names.insert(decision_name(d));
    CHECK(decision_from(decision_name(d)) == d);
  }
  CHECK(names.size() == kDecisions);
  CHECK(!decision_from("fate"));
  CHECK(!decision_from(""));
}

TEST_CASE("a seed's answers lie within the alternatives and the support") {
  SeededChoices choices(3);
  const auto d = Distribution::uniform(-5, 9);
  for (int i = 0; i < 2000; ++i) {
    CHECK(choices.pick({Decision::coin, kA}, 3) < 3);
    const auto drawn = choices.draw({Decision::delay, kA}, d);
    CHECK(drawn >= -5);
    CHECK(drawn <= 9);
    CHECK(!choices.chance({Decision::loss, kA}, Probability::never()));
    CHECK(choices.chance({Decision::loss, kA}, Probability::always()));
  }
  CHECK(choices.pick({Decision::coin, kA}, 1) == 0);
}

TEST_CASE("a question more in one place moves no answer elsewhere") {
  Inputs inputs{77};
  const auto d = Distribution::uniform(0, 1'000'000);
  SeededChoices plain(5);
  SeededChoices disturbed(5);
  for (int i = 0; i < 3000; ++i) {
    const Question asked{static_cast<Decision>(inputs.below(6)),
                         NodeId{static_cast<std::uint32_t>(inputs.below(8))}};
    // Questions of other kinds, or of other nodes, that only one of the two is asked.
    const Question other{static_cast<Decision>(6 + inputs.below(7)), asked.node};
    for (auto n = inputs.below(3); n > 0; --n) disturbed.pick(other, 7);
    const Question elsewhere{asked.what, NodeId{static_cast<std::uint32_t>(8 + inputs.below(4))}};
    for (auto n = inputs.below(3); n > 0; --n) disturbed.draw(elsewhere, d);
    if (inputs.below(4) == 0) disturbed.pick({Decision::tie, kNobody}, 5);
    CHECK(plain.draw(asked, d) == disturbed.draw(asked, d));
  }
}

TEST_CASE("different seeds, nodes and decisions give different answers") {
  const auto first = [](std::uint64_t seed, Question q) {
    SeededChoices c(seed);
    return c.pick(q, 1'000'000'000);
  };
  const Question q{Decision::coin, kA};
  CHECK(first(1, q) == first(1, q));
  CHECK(first(1, q) != first(2, q));
  CHECK(first(1, q) != first(1, {Decision::coin, kB}));
  CHECK(first(1, q) != first(1, {Decision::order, kA}));
  CHECK(first(1, q) != first(1, {Decision::coin, kNobody}));
}

TEST_CASE("the replay of a recorded list gives the same digest") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world = chatter(rough(), 4, 8);
    World again = world;
    const auto list = record(world, seed);
    REQUIRE(!list.empty());
    ReplayChoices replay(list);
    again.run(replay, {});
    CHECK(again.digest() == world.digest());
    CHECK(replay.used() == list.size());
    CHECK(again.state_hash() == world.state_hash());
  }
}

TEST_CASE("a recording changes nothing of the run") {
  World plain = chatter(rough(), 4, 8);
  World recorded = plain;
  run(plain, 4);
  record(recorded, 4);
  CHECK(plain.digest() == recorded.digest());
}

TEST_CASE("a list that is used up says so, and where") {
  World world = chatter(rough(), 3, 6);
  World again = world;
  auto list = record(world, 2);
  const std::size_t half = list.size() / 2;
  list.resize(half);
  const auto [index, text] = mismatch(again, list);
  CHECK(index == half);
  CHECK(text.find("is used up") != std::string::npos);
}

TEST_CASE("replay, then go on: the prefix is the list's, the rest is another's") {
  World world = chatter(rough(), 3, 6);
  const World fresh = world;
  auto list = record(world, 2);
  const auto whole = list;
  list.resize(list.size() / 3);

  World once = fresh;
  SeededChoices rest(99);
  ReplayChoices replay(list, &rest);
  RecordingChoices recording(replay);
  CHECK(once.run(recording, {}) == Outcome::quiescent);
  CHECK(replay.used() == list.size());
  REQUIRE(recording.decided().size() > list.size());
  for (std::size_t i = 0; i < list.size(); ++i) CHECK(recording.decided()[i] == whole[i]);

  World twice = fresh;
  ReplayChoices all(recording.decided());
  twice.run(all, {});
  CHECK(twice.digest() == once.digest());
  CHECK(twice.digest() != world.digest());
}

TEST_CASE("a list that no longer fits says where it parts and how") {
  World world = chatter(rough(), 3, 6);
  const World fresh = world;
  const auto list = record(world, 2);
  const std::size_t k = list.size() / 2;

  auto other_kind = list;
  other_kind[k].what = list[k].what == Decision::coin ? Decision::order : Decision::coin;
  auto [index, text] = mismatch(fresh, other_kind);
  CHECK(index == k);
  CHECK(text.find("decision " + std::to_string(k)) == 0);
  CHECK(text.find(std::string("the run asks for ") + std::string(decision_name(list[k].what))) !=
        std::string::npos);

  auto other_node = list;
  other_node[k].node = NodeId{7};
  CHECK(mismatch(fresh, other_node).first == k);
  CHECK(mismatch(fresh, other_node).second.find("node 7") != std::string::npos);

  auto other_options = list;
  other_options[k].options += 5;
  CHECK(mismatch(fresh, other_options).first == k);

  std::size_t picked = 0;
  while (list[picked].options == 0) ++picked;
  auto beyond = list;
  beyond[picked].answer = static_cast<std::int64_t>(list[picked].options);
  CHECK(mismatch(fresh, beyond).first == picked);
  CHECK(mismatch(fresh, beyond).second.find("not below its") != std::string::npos);
  beyond[picked].answer = -1;
  CHECK(mismatch(fresh, beyond).first == picked);

  std::size_t drawn = 0;
  while (list[drawn].what != Decision::delay) ++drawn;
  auto outside = list;
  outside[drawn].answer = 13;
  CHECK(mismatch(fresh, outside).first == drawn);
  CHECK(mismatch(fresh, outside).second.find("outside uniform 0..12") != std::string::npos);
}

TEST_CASE("the list of another world is refused, also with a CPU at work") {
  WorldConfig config = rough();
  config.cpu.enabled = true;
  config.cpu.standard.standard = Distribution::uniform(1, 4);
  World world = chatter(config, 3, 6);
  const World fresh = world;
  auto list = record(world, 2);
  for (std::size_t i = 0; i < list.size(); i += 7) {
    auto broken = list;
    broken[i].node = NodeId{9};
    CHECK(mismatch(fresh, broken).first == i);  // and nothing leaks
  }
}

/// Three nodes send to a fourth so that everything arrives at one instant.
World rush(TieRule ties) {
  WorldConfig config = calm(10);
  config.ties = ties;
  World world(config);
  for (std::uint64_t i = 0; i < 3; ++i) {
    add(world, "N" + std::to_string(i),
        at_start([i](Actor&, Context& c) { c.send(NodeId{3}, Number{i}); }));
  }
  add(world, "sink");
  return world;
}

TEST_CASE("by insertion, events of one instant go in the order in which they were caused") {
  World world = rush(TieRule::insertion);
  const auto list = record(world, 1);
  CHECK(log(world, NodeId{3}) == "start@0 0@10 1@10 2@10");
  for (const auto& d : list) CHECK(d.what != Decision::tie);
}

TEST_CASE("chosen ties reach every order, and a seed fixes one") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    World world = rush(TieRule::chosen);
    run(world, seed);
    World again = rush(TieRule::chosen);
    run(again, seed);
    CHECK(log(world, NodeId{3}) == log(again, NodeId{3}));
    CHECK(world.digest() == again.digest());
    seen.insert(log(world, NodeId{3}));
  }
  CHECK(seen.size() == 6);
}

TEST_CASE("a search that answers ties sees the events that are due and how many") {
  struct Last final : Choices {
    std::uint64_t pick(Question, std::uint64_t options) override { return options - 1; }
    std::int64_t draw(Question, const Distribution& d) override { return d.minimum(); }
    bool chance(Question, Probability) override { return false; }
    std::size_t pick_event(EventQueue& queue, std::size_t ready) override {
      sizes.push_back(ready);
      for (std::size_t i = 0; i + 1 < ready; ++i) CHECK(queue.peek(i).at == queue.peek(i + 1).at);
      return ready - 1;
    }
    std::vector<std::size_t> sizes;
  };
  World world = rush(TieRule::chosen);
  Last last;
  CHECK(world.run(last, {}) == Outcome::quiescent);
  CHECK(last.sizes == std::vector<std::size_t>{4, 3, 2, 3, 2});
}

TEST_CASE("time never goes back, whatever the ties") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorldConfig config = rough();
    config.ties = seed % 2 == 0 ? TieRule::chosen : TieRule::insertion;
    World world = chatter(config, 4, 8);
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    run(world, seed);
    std::int64_t last = 0;
    for (const auto& e : recorder.events()) {
      CHECK(e.at.ns >= last);
      last = e.at.ns;
    }
  }
}

}  // namespace
}  // namespace sibyl::small::choices_test
