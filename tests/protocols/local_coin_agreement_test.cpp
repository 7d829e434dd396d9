// Agreements with local coins, and weak agreement: what they cost, exactly; their rules; how a run
// ends.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocols/agreement/ben_or.hpp"
#include "protocols/agreement/non_terminating_agreement.hpp"
#include "protocols/agreement/weak_agreement.hpp"
#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"
#include "tests/protocols/agreement_world.hpp"

namespace sibyl::local_coin_agreement_test {

constexpr std::int64_t kTick = 1'000'000;

/// Coins of each party by turns, 0 when there are no more; all delays are one tick.
class LocalCoins : public Choices {
 public:
  explicit LocalCoins(std::map<std::uint32_t, std::vector<std::uint64_t>> sides)
      : sides_(std::move(sides)) {}
  std::uint64_t pick(Question q, std::uint64_t /*options*/) override {
    if (q.what != Decision::coin) return 0;
    const auto& mine = sides_[q.node.value];
    const std::size_t next = next_[q.node.value]++;
    return next < mine.size() ? mine[next] : 0;
  }
  std::int64_t draw(Question /*q*/, const Distribution& /*d*/) override { return kTick; }
  bool chance(Question /*q*/, Probability /*p*/) override { return false; }

 private:
  std::map<std::uint32_t, std::vector<std::uint64_t>> sides_;
  std::map<std::uint32_t, std::size_t> next_;
};

struct Put {
  std::string value;
  std::uint64_t round = 0;
  std::int64_t at = 0;  ///< in ticks
};

struct Ran : agreement_test::AgreementRun {
  std::map<std::string, std::map<std::uint32_t, Put>> put;  ///< by instance and party
  std::map<std::string, std::map<std::uint32_t, std::string>> proposed;
};

struct Case {
  std::string protocol;
  std::vector<std::int64_t> inputs;
  std::vector<std::string> variants = {};
  Value options = Value(Value::Object{});
  std::map<std::uint32_t, std::vector<std::uint64_t>> coins = {};
  std::vector<std::uint32_t> silent = {};
  agreement_test::Shims shims = {};
};

Ran run(const Case& c) {
  auto shims = c.shims;
  for (const std::uint32_t node : c.silent) shims[node] = {byzantine::Silence{}};
  LocalCoins choices(c.coins);
  const Setup setup = agreement_test::agreement_setup(c.inputs, c.variants, c.options);
  Ran ran{agreement_test::run_agreement(c.protocol, setup, shims, choices), {}, {}};
  for (const TraceEvent& event : ran.events) {
    if (shims.count(event.node.value) > 0) continue;
    const bool decides = event.name == type_name<note::Decide>();
    if (!decides && event.name != type_name<note::Propose>()) continue;
    const std::string instance = *event.data.find("instance")->as_string();
    const std::string value = event.data.find("value")->text();
    if (!decides) {
      CHECK(ran.proposed[instance].emplace(event.node.value, value).second);
      continue;
    }
    const auto round = static_cast<std::uint64_t>(*event.data.find("round")->as_int());
    CHECK(
        ran.put[instance].emplace(event.node.value, Put{value, round, event.at.ns / kTick}).second);
  }
  return ran;
}

Value option(const char* name, std::int64_t value) {
  return Value(Value::Object{{name, Value(value)}});
}

byzantine::Equivocation tell(const char* message, bool value) {
  byzantine::Equivocation lie;
  lie.scope = {{}, {message}, {}};
  lie.field = "value";
  lie.value = Value(value);
  return lie;
}

/// The value that all these parties put out in an instance; "" when they differ.
std::string common_value(const Ran& ran, const std::string& instance, std::size_t parties) {
  const auto at = ran.put.find(instance);
  if (at == ran.put.end() || at->second.size() != parties) return "";
  const std::string value = at->second.begin()->second.value;
  for (const auto& [party, put] : at->second) {
    if (put.value != value) return "";
  }
  return value;
}

const std::vector<std::uint32_t> kSizes{4, 6, 7, 10, 11, 16};

TEST_CASE("weak agreement costs n(n - 1) messages and 1 delay, exactly") {
  for (const std::uint32_t n : kSizes) {
    CAPTURE(n);
    Case c{"weak-agreement", std::vector<std::int64_t>(n, 1)};
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.sent("weak_agreement::Vote") == std::int64_t{n} * (n - 1));
    CHECK(ran.by_kind.size() == 1);
    CHECK(common_value(ran, "0", n) == "1");
    for (const auto& [party, put] : ran.put.at("0")) CHECK(put.at == 1);
  }
}

TEST_CASE("weak agreement puts out a bit at n - 2t votes of n - t, and no bit at one less") {
  const std::vector<const char*> by_ones{"0", "0", "null", "null", "1", "1"};
  for (std::size_t ones = 0; ones < by_ones.size(); ++ones) {
    CAPTURE(ones);
    Case c{"weak-agreement", {0, 0, 0, 0, 0, 0}};
    std::fill_n(c.inputs.begin(), ones, 1);
    c.silent = {5};
    CHECK(common_value(run(c), "0", 5) == by_ones[ones]);
  }
}

TEST_CASE("an iteration costs n(n - 1) messages and 1 delay, and is an agreement of its own") {
  for (const std::uint32_t n : kSizes) {
    CAPTURE(n);
    Case c{"non-terminating-agreement", std::vector<std::int64_t>(n, 0)};
    c.options = option("iterations", 7);
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.sent("non_terminating_agreement::Vote") == 7 * std::int64_t{n} * (n - 1));
    CHECK(ran.count("stopped") == n);
    REQUIRE(ran.put.size() == 7);
    for (int k = 0; k < 7; ++k) {
      CHECK(ran.proposed.at(std::to_string(k)).size() == n);
      CHECK(common_value(ran, std::to_string(k), n) == "0");
      for (const auto& [party, put] : ran.put.at(std::to_string(k))) {
        CHECK(put.at == k + 1);
        CHECK(put.round == 1);  // it has had a bit from the first iteration on
      }
    }
  }
}

TEST_CASE("who gets no bit goes on with its coin, until n - 2t have the same") {
  Case c{"non-terminating-agreement", {1, 1, 1, 0, 0, 0}};
  c.silent = {5};
  c.options = option("iterations", 5);
  c.coins = {{0, {1, 1}}, {1, {0, 1}}, {2, {1, 0}}, {3, {0, 1}}, {4, {1, 1}}};
  const Ran ran = run(c);
  CHECK(common_value(ran, "0", 5) == "null");
  CHECK(common_value(ran, "1", 5) == "null");
  CHECK(ran.proposed.at("1").at(0) == "1");
  CHECK(ran.proposed.at("1").at(1) == "0");
  for (const char* instance : {"2", "3", "4"}) {
    CHECK(common_value(ran, instance, 5) == "1");
    CHECK(ran.put.at(instance).at(2).round == 3);  // since then
  }
  c.options = option("bits_in_a_row", 1);
  const Ran shorter = run(c);
  CHECK(shorter.outcome == Outcome::quiescent);
  CHECK(shorter.put.size() == 3);
}

TEST_CASE("with n - t votes for a bit it is decided, and a party helps for one more iteration") {
  Case c{"non-terminating-agreement", {1, 1, 1, 1, 0, 0}, {"decides-at-n-minus-t"}};
  c.silent = {5};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(common_value(ran, "0", 5) == "1");
  for (const auto& [party, put] : ran.put.at("0")) CHECK(put.round == 2);
  // Iterations 1 to 3, by six parties; what the silent one sends is not counted.
  CHECK(ran.sent("non_terminating_agreement::Vote") == 3 * 5 * 5);
}

Case ben_or(std::uint32_t n, std::int64_t bit, const char* model) {
  Case c{"ben-or", std::vector<std::int64_t>(n, bit)};
  c.options = Value(Value::Object{{"model", Value(model)}});
  return c;
}

TEST_CASE("Ben-Or's round costs 2n(n - 1) messages and 2 delays, exactly, with one of help") {
  for (const char* model : {"crash", "byzantine"}) {
    for (const std::uint32_t n : kSizes) {
      for (const std::int64_t bit : {0, 1}) {
        CAPTURE(model);
        CAPTURE(n);
        const Ran ran = run(ben_or(n, bit, model));
        CHECK(ran.outcome == Outcome::quiescent);
        const std::int64_t all_to_all = std::int64_t{n} * (n - 1);
        CHECK(ran.sent("ben_or::Report") == 2 * all_to_all);
        CHECK(ran.sent("ben_or::Proposal") == 2 * all_to_all);
        CHECK(ran.count("coin") == 0);
        CHECK(common_value(ran, "0", n) == std::to_string(bit));
        for (const auto& [party, put] : ran.put.at("0")) {
          CHECK(put.round == 1);
          CHECK(put.at == 2);
        }
      }
    }
  }
}

TEST_CASE("Ben-Or's rounds without a decision cost the same, and end with a coin") {
  Case c = ben_or(6, 0, "byzantine");
  c.inputs = {1, 1, 1, 0, 0, 0};
  c.coins = {{0, {1, 1}}, {1, {0, 1}}, {2, {1, 1}}, {3, {0, 1}}, {4, {1, 1}}, {5, {0, 1}}};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.count("coin") == 12);
  CHECK(ran.sent("ben_or::Report") == 4 * 30);
  CHECK(ran.sent("ben_or::Proposal") == 4 * 30);
  CHECK(common_value(ran, "0", 6) == "1");
  for (const auto& [party, put] : ran.put.at("0")) {
    CHECK(put.round == 3);
    CHECK(put.at == 6);
  }
}

TEST_CASE("with t silent parties Ben-Or's others decide, and the run becomes quiescent") {
  for (const char* model : {"crash", "byzantine"}) {
    for (const std::uint32_t n : kSizes) {
      CAPTURE(model);
      CAPTURE(n);
      Case c = ben_or(n, 1, model);
      const std::uint32_t t = *model == 'c' ? (n - 1) / 2 : (n - 1) / 5;
      for (std::uint32_t i = n - t; i < n; ++i) c.silent.push_back(i);
      const Ran ran = run(c);
      CHECK(ran.outcome == Outcome::quiescent);
      CHECK(common_value(ran, "0", n - t) == "1");
    }
  }
}

TEST_CASE("what t faulty parties report or propose alone is neither proposed nor decided") {
  for (const char* message : {"Report", "Proposal"}) {
    CAPTURE(message);
    Case c = ben_or(6, 0, "byzantine");
    c.shims[0] = {tell(message, true)};  // the first in the order of sending
    const Ran ran = run(c);
    CHECK(common_value(ran, "0", 5) == "0");
    for (const auto& [party, put] : ran.put.at("0")) CHECK(put.round == 1);
  }
}

TEST_CASE("one report of a faulty party is enough in the mutant proposes-at-one") {
  Case c{"ben-or", {0, 0, 0, 0, 0, 0}, {"proposes-at-one"}};
  c.inputs.assign(6, 1);
  c.shims[0] = {tell("Report", false)};
  const Ran ran = run(c);
  CHECK(common_value(ran, "0", 5) == "0");
}

TEST_CASE("how many faulty parties Ben-Or bears follows from its model") {
  Setup setup;
  setup.deployment.set("parties", Value(std::int64_t{11}));
  const ProtocolInfo& protocol = *find_protocol("ben-or");
  CHECK(protocol.tolerates(setup).faulty == 2);
  CHECK(protocol.tolerates(setup).byzantine == 2);
  setup.options = Value(Value::Object{{"model", Value("crash")}});
  CHECK(protocol.tolerates(setup).faulty == 5);
  CHECK(protocol.tolerates(setup).byzantine == 0);
}

TEST_CASE("a party's first vote counts") {
  agreement::Tally votes(3);
  CHECK(votes.add(0, true));
  CHECK(!votes.add(0, false));
  CHECK(!votes.add(0, std::nullopt));
  CHECK(votes.add(1, std::nullopt));
  CHECK(votes.add(2, false));
  CHECK(votes.total() == 3);
  CHECK(votes.votes_for(true) == 1);
  CHECK(votes.votes_for(false) == 1);
}

}  // namespace sibyl::local_coin_agreement_test
