// The common subset: what it costs, what t silent or lying parties can do, and its variants.
#include "protocols/agreement/common_subset.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/protocols/subset_world.hpp"

namespace sibyl::subset_test::common_subset_test {

std::size_t members(const Ended& ended) { return ended.value.as_list()->size(); }

/// What all agreements of the run have played, in rounds up to their decisions.
std::uint64_t rounds_decided(const Ran& ran, std::uint64_t n) {
  return ran.counts.at("round") / n - n;  // each is entered by all, with one round more
}

TEST_CASE("a common subset costs n broadcasts and n agreements, and 3 + 4 * rounds delays") {
  for (const std::uint64_t n : {4U, 7U, 10U, 16U}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      CAPTURE(n);
      CAPTURE(seed);
      const Ran ran = run({.setup = subset_of(static_cast<std::uint32_t>(n)), .seed = seed});
      CHECK(ran.outcome == Outcome::quiescent);
      const std::uint64_t all = n * (n - 1);
      CHECK(ran.by_kind.at("bracha::Send") == all);
      CHECK(ran.by_kind.at("bracha::Echo") + ran.by_kind.at("bracha::Ready") == 2 * n * all);
      const std::uint64_t rounds = rounds_decided(ran, n);
      CHECK(ran.by_kind.at("binary_agreement::Aux") == all * rounds);
      CHECK(ran.by_kind.at("binary_agreement::Conf") == all * rounds);
      CHECK(ran.by_kind.at("agreement::coin::Share") == all * rounds);
      CHECK(ran.by_kind.at("binary_agreement::Term") == all * n);
      // Who decides begins the next round before it knows that all have.
      CHECK(ran.by_kind.at("binary_agreement::Bval") == all * (rounds + n));
      CHECK(ran.messages == n * (n - 1) * (2 * n + 1) + 4 * all * rounds + 2 * all * n);
      REQUIRE(ran.ended.size() == n);
      for (const auto& [party, ended] : ran.ended) {
        REQUIRE(ended.size() == 1);
        CHECK(members(ended[0]) == n);
        CHECK(ended[0].at == 3 + 4 * static_cast<std::int64_t>(ended[0].round));
      }
    }
  }
}

TEST_CASE("with the first coins fixed a subset takes 6 delays, and 5 without CONF") {
  const Value fixed(Value::Object{{"kind", "scheduled"}});
  for (const auto& [form, delays] : {std::pair{"conf", 6}, std::pair{"podc14", 5}}) {
    const Value agreement(Value::Object{{"form", form}, {"coin", fixed}});
    const Ran ran =
        run({.setup = subset_of(7, {}, Value(Value::Object{{"agreement", agreement}}))});
    for (const auto& [party, ended] : ran.ended) {
      CHECK(ended[0].at == delays);
      CHECK(ended[0].round == 1);
    }
    CHECK(ran.by_kind.count("agreement::coin::Share") == 0);
  }
}

TEST_CASE("SEEN costs n * n(n - 1) messages and one delay; certificates as much once more") {
  const std::uint64_t n = 7;
  const Ran plain = run({.setup = subset_of(7)});
  const Ran seen =
      run({.setup = subset_of(7, {}, Value(Value::Object{{"seen", "two_t_plus_one"}}))});
  CHECK(seen.by_kind.at("common_subset::Seen") == n * n * (n - 1));
  CHECK(seen.messages == plain.messages + n * n * (n - 1));
  CHECK(seen.ended.at("P3")[0].at == plain.ended.at("P3")[0].at + 1);
  const Value::Object named{
      {"seen", "over_half"}, {"seen_names_block", Value(true)}, {"ucb", "flooding"}};
  const Ran flooded = run({.setup = subset_of(7, {}, Value(named))});
  CHECK(flooded.by_kind.at("signed_flooding::Data") == n * n * (n - 1));
  CHECK(flooded.by_kind.at("common_subset::Witness") == n * n * (n - 1));
  CHECK(flooded.by_kind.at("common_subset::Certificate") == n * n * (n - 1));
  CHECK(members(flooded.ended.at("P0")[0]) == 7);
  // 1 delay for the block and 1 for SEEN, in place of 3.
  CHECK(flooded.ended.at("P0")[0].at == plain.ended.at("P0")[0].at - 1);
}

TEST_CASE("t silent proposers are left out, and nobody waits for them") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    for (const auto ties : {TieRule::insertion, TieRule::any}) {
      const Ran ran = run({.setup = subset_of(7),
                           .shims = {{2, {byzantine::Silence{}}}, {5, {byzantine::Silence{}}}},
                           .seed = seed,
                           .ties = ties});
      CHECK(ran.outcome == Outcome::quiescent);
      for (const char* party : {"P0", "P1", "P3", "P4", "P6"}) {
        CHECK(ran.contents(party) == "[[P0, p0], [P1, p1], [P3, p3], [P4, p4], [P6, p6]]");
      }
    }
  }
}

TEST_CASE("in any order of messages all put out the same n - t proposals or more") {
  for (const char* form : {"conf", "podc14", "crusader"}) {
    const Value agreement(Value::Object{{"form", form}});
    const Value options(Value::Object{{"agreement", agreement}});
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      const Ran ran = run({.setup = subset_of(4, {}, options), .seed = seed, .ties = TieRule::any});
      CHECK(ran.outcome == Outcome::quiescent);
      REQUIRE(ran.ended.size() == 4);
      for (const auto& [party, ended] : ran.ended) {
        REQUIRE(ended.size() == 1);
        CHECK(members(ended[0]) >= 3);
        CHECK(ended[0].value == ran.ended.at("P0")[0].value);
      }
    }
  }
}

TEST_CASE("a proposal that comes too late is not in") {
  Case c{.setup = subset_of(4)};
  for (const std::uint32_t to : {0U, 1U, 2U}) c.ticks[{3, to}] = 40;
  const Ran ran = run(c);
  for (const char* party : {"P0", "P1", "P2", "P3"}) {
    CHECK(ran.contents(party) == "[[P0, p0], [P1, p1], [P2, p2]]");
  }
}

TEST_CASE("a party without an input takes part in the subset of the others") {
  Setup setup = subset_of(4);
  setup.workload.set("inputs", Value(Value::List{Value("a"), Value("b"), Value(), Value("d")}));
  const Ran ran = run({.setup = setup});
  for (const char* party : {"P0", "P1", "P2", "P3"}) {
    CHECK(ran.contents(party) == "[[P0, a], [P1, b], [P3, d]]");
  }
}

TEST_CASE("without zeros a silent proposer is waited for; with early ones too few get in") {
  const Shims silent{{3, {byzantine::Silence{}}}};
  const Ran waits = run({.setup = subset_of(4, {"no-zeros"}), .shims = silent});
  CHECK(waits.outcome == Outcome::quiescent);
  CHECK(waits.ended.count("P0") == 0);
  Setup late = subset_of(4, {"early-zeros"});
  const Value later(Value::Object{{"value", "late"}, {"at", "50ms"}});
  late.workload.set("inputs", Value(Value::List{Value("a"), Value("b"), later, later}));
  CHECK(run({.setup = late}).contents("P0") == "[[P0, a], [P1, b]]");
  late.variants.clear();
  CHECK(members(run({.setup = late}).ended.at("P0")[0]) >= 3);
}

TEST_CASE("putting the subset out before all agreements have ended: parties differ") {
  std::size_t differ = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Ran ran =
        run({.setup = subset_of(4, {"before-agreements"}), .seed = seed, .ties = TieRule::any});
    std::set<std::string> seen;
    for (const auto& [party, ended] : ran.ended) seen.insert(ended[0].value.text());
    differ += seen.size() > 1 ? 1 : 0;
  }
  CHECK(differ > 0);
}

TEST_CASE("putting the subset out before all blocks have come: parties differ") {
  // P2 gets READY from P1 and itself; all that it decides it knows from TERM.
  byzantine::Delay late;
  late.scope = {{{2}}, {"Ready"}, {}};
  late.delay = Distribution::constant(50 * kTick);
  for (const bool loose : {true, false}) {
    Case c{.setup = subset_of(
               4, loose ? std::vector<std::string>{"before-blocks"} : std::vector<std::string>{}),
           .shims = {{3, {late}}}};
    c.ticks[{0, 2}] = 50;
    const Ran ran = run(c);
    CHECK((ran.contents("P2") == ran.contents("P1")) == !loose);
  }
}

TEST_CASE("SEEN that names a block needs a quorum") {
  CHECK_THROWS(find_protocol("common-subset")
                   ->build(subset_of(4, {}, Value(Value::Object{{"seen_names_block", true}}))));
}

}  // namespace sibyl::subset_test::common_subset_test
