// The oracle designs of the notes over drawn workloads: what is promised holds, and each variant is
// caught without hints.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scenarios/faulty.hpp"
#include "scenarios/generate.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

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

/// x moves from P1 to P2 by c1, whose lease is soon over, and back by c2.
Scenario moved_to_and_fro(const std::string& more_operations, const std::string& rest) {
  return load_text(R"({"format": "sibyl-scenario/1", "id": "lease", "protocol": {
      "name": "location-broker", "options": {"lock_lease": "3ms", "transport": "copy"}},
      "deployment": {"partitions": {"P1": {}, "P2": {}}, "objects": {"x": {"at": "P1"}}},
      "workload": {"operations": [
        {"client": "c1", "do": "move", "object": "x", "to": "P2"},
        {"client": "c2", "do": "move", "object": "x", "to": "P1")" +
                       more_operations + R"(]}, "ties": "insertion",
      "expect": {"properties": {"lock_invariant": "violated"}}, )" +
                       rest + "}",
                   "lease.json")
      .front();
}

std::string wrong_in(const Scenario& scenario) {
  const RunResult result = run_scenario(scenario);
  std::string lines;
  for (const Unmet& each : result.unmet) lines += each.line + "; ";
  return lines;
}

TEST_CASE("a copy that an older lock has made counts as the broker has noted it, and at once") {
  // What c1 has dropped comes when c2 holds the lock.
  CHECK(wrong_in(moved_to_and_fro("}", R"("limits": {"events": 2000}, "schedule": {
      "otherwise": "least", "decisions": [
        {"delay": "1ns", "from": "P1", "to": "c1", "message": "partitioned::broker::Copy"},
        {"delay": "1ns", "from": "c1", "to": "P2", "message": "partitioned::broker::Stage"},
        {"delay": "1ns", "from": "P2", "to": "c1", "message": "partitioned::broker::Staged"},
        {"delay": "1ns", "from": "c1", "to": "O", "message": "skeen::Start", "nth": 2},
        {"delay": "1ns", "from": "c2", "to": "P2", "message": "partitioned::broker::Fetch"},
        {"delay": "1ns", "from": "P2", "to": "c2", "message": "partitioned::broker::Copy"},
        {"delay": "1ns", "from": "c2", "to": "P1", "message": "partitioned::broker::Stage"}
      ]})")) == "");
  // x is deleted and created while its old place has not heard that it had moved.
  const std::string anew = R"(}, {"client": "c1", "do": "delete", "object": "x"},
      {"client": "c1", "do": "create", "object": "x", "to": "P1"})";
  CHECK(wrong_in(moved_to_and_fro(anew, R"("network": {"default": {"delay": "500us"}}, "schedule": {
      "otherwise": "least", "decisions": [
        {"delay": "1ns", "from": "c1", "to": "O", "message": "skeen::Start", "nth": 2},
        {"delay": "1ns", "from": "c2", "to": "O", "message": "skeen::Start", "nth": 2},
        {"delay": "5ms", "from": "c2", "to": "P2", "message": "partitioned::broker::Drop"}
      ]})")) == "");
  // c1 never hears of it.
  const std::string crash = R"("limits": {"events": 5000},
      "network": {"default": {"delay": "250us"}}, "faults": [{"crash": "c1",
        "after_event": {"event": "partitioned::broker::Relocated", "node": "c1"}}])";
  CHECK(wrong_in(moved_to_and_fro("}", crash)) == "");
}

TEST_CASE("a fence keeps objects that are copied with one owner, whatever is late") {
  Generator what;
  what.protocol = &drawing_protocol("location-broker", "");
  what.options = Value(Value::Object{{"lock_lease", "3ms"}, {"transport", "copy"}});
  ExploreOptions how;
  how.runs = 6000;
  how.seed = 4244;
  how.properties = {"single_owner", "linearizability", "termination"};
  how.examples = false;
  CHECK(first_of(explore_generated(what, how)) == "");
}

TEST_CASE("every protocol says what faults it bears, and what it relies on") {
  for (const ProtocolInfo& protocol : protocols()) {
    if (protocol.name.rfind("test-", 0) == 0) continue;  // from another test
    CAPTURE(protocol.name);
    CHECK(protocol.tolerates);
    CHECK(protocol.relies_on);
  }
}

TEST_CASE("the oracle designs bear crashes as far as their groups have replicas") {
  const auto loaded = [](const std::string& protocol, const std::string& options,
                         const std::string& deployment) {
    return load_text(R"({"format": "sibyl-scenario/1", "id": "bears", "protocol": {"name": ")" +
                         protocol + R"(", "options": )" + options + R"(}, "deployment": {)" +
                         deployment + R"(}, "workload": {"operations": [
                          {"client": "c", "do": "read", "object": "x"}]},
                          "faults": [{"at": "1h", "crash": "c"}], "ties": "insertion"})",
                     "bears.json")
        .front();
  };
  const auto borne = [](const Scenario& s) { return s.protocol->tolerates(s.setup).faulty; };
  const std::string one = R"("partitions": {"P1": {}}, "objects": {"x": {"at": "P1"}})";
  const std::string three = R"("partitions": {"P1": {"replicas": 3}},
      "objects": {"x": {"at": "P1"}}, "multicast": "white_box")";
  for (const std::string protocol : {"create-everywhere", "static-attribute"}) {
    CHECK(borne(loaded(protocol, "{}", one)) == 0);
    CHECK(borne(loaded(protocol, "{}", three)) == 1);
  }
  CHECK(borne(loaded("shared-cache", "{}", three)) == 0);
  CHECK(borne(loaded("location-broker", "{}", one)) == 0);
  const std::string brokers = one + R"(, "oracle": {"replicas": 3}, "multicast": "white_box")";
  CHECK(borne(loaded("location-broker", "{}", brokers)) == 1);
  // A client that crashes keeps its lock.
  const auto left = [&](const std::string& options) {
    const RunResult result = run_scenario(loaded("location-broker", options, one));
    return result.departures.empty() ? "" : result.departures.front().text;
  };
  CHECK(left("{}") ==
        "c is faulty; what a client holds when it crashes, others wait for, unless by a lease");
  CHECK(left(R"({"lock_lease": "3ms"})") == "");
  CHECK(left(R"({"locks": "none"})") == "");
  CHECK(left(R"({"locks": "none", "transport": "copy"})") != "");
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
