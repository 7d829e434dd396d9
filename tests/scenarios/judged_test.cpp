// The verdicts that the workers of a search share.
#include "scenarios/judged.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace sibyl::judged_test {
namespace {

Judged violating(const std::string& property) {
  return {std::make_shared<const std::vector<FoundViolation>>(
              std::vector<FoundViolation>{{property, "cause", "how"}}),
          {}};
}

TEST_CASE("a verdict is found again by its hash, and no other") {
  JudgedRuns known(1 << 20U);
  known.keep(7, violating("agreement"));
  known.keep(~std::uint64_t{0}, {nullptr, "reached 5 steps"});
  REQUIRE(known.find(7));
  REQUIRE(known.find(7)->violations);
  CHECK(known.find(7)->violations->front().property == "agreement");
  CHECK(known.find(7)->undecided.empty());
  REQUIRE(known.find(~std::uint64_t{0}));
  CHECK(!known.find(~std::uint64_t{0})->violations);
  CHECK(known.find(~std::uint64_t{0})->undecided == "reached 5 steps");
  CHECK(!known.find(8));
}

TEST_CASE("the first verdict of a hash stays") {
  JudgedRuns known(1 << 20U);
  known.keep(7, violating("agreement"));
  known.keep(7, violating("integrity"));
  CHECK(known.find(7)->violations->front().property == "agreement");
}

TEST_CASE("without memory each verdict makes those beside it be forgotten") {
  JudgedRuns known(0);
  known.keep(7, {});
  CHECK(known.find(7));
  known.keep(8, {});
  CHECK(!known.find(7));
  CHECK(known.find(8));
}

}  // namespace
}  // namespace sibyl::judged_test
