// The oracle designs of the notes over drawn workloads: what is promised holds, and each variant is
// caught without hints.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scenarios/generate.hpp"

namespace sibyl::oracle_designs_test {
namespace {

ExploreResult searched(const std::string& protocol, std::vector<std::string> variants,
                       Value options, std::uint64_t runs, std::uint64_t causes = 0) {
  Generator what;
  what.protocol = &drawing_protocol(protocol, "");
  what.variants = std::move(variants);
  what.options = std::move(options);
  ExploreOptions how;
  how.runs = runs;
  how.causes = causes;
  how.examples = false;
  return explore_generated(what, how);
}

Value option(const char* name, Value value) {
  return Value(Value::Object{{name, std::move(value)}});
}

std::string first_of(const ExploreResult& result) {
  return result.found.empty() ? "" : result.found.front().property;
}

TEST_CASE("the oracle designs hold what they promise over drawn workloads") {
  for (const std::string protocol :
       {"create-everywhere", "location-broker", "static-attribute", "shared-cache"}) {
    CAPTURE(protocol);
    CHECK(first_of(searched(protocol, {}, Value(Value::Object{}), 2000)) == "");
  }
  CHECK(first_of(searched("location-broker", {}, option("locks", "none"), 2000)) == "");
  CHECK(first_of(searched("location-broker", {}, option("transport", "copy"), 2000)) == "");
  for (const char* how : {"conservative", "speculative"}) {
    CAPTURE(how);
    CHECK(first_of(searched("s-smr", {}, option("cache_variables", how), 2000)) == "");
    CHECK(first_of(searched("static-attribute", {}, option("cache_variables", how), 1000)) == "");
  }
}

TEST_CASE("each variant of the oracle designs is caught without hints") {
  struct Case {
    const char* protocol;
    const char* variant;
  };
  const Case cases[] = {{"create-everywhere", "copies-are-read"},
                        {"create-everywhere", "waits-for-the-owner"},
                        {"location-broker", "no-verification"},
                        {"location-broker", "copies-without-locks"},
                        {"location-broker", "told-afterwards"},
                        {"location-broker", "cached-commands-take-no-lock"},
                        {"location-broker", "lease-without-fence"},
                        {"location-broker", "locks-in-the-order-of-the-request"},
                        {"s-smr", "no-validation"}};
  for (const Case& each : cases) {
    CAPTURE(each.variant);
    CHECK(first_of(searched(each.protocol, {each.variant}, Value(Value::Object{}), 20'000, 1)) !=
          "");
  }
}

}  // namespace
}  // namespace sibyl::oracle_designs_test
