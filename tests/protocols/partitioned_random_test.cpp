// Random runs of the partitioned store: every operation returns, and replicas agree.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/random.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned_random_test {
namespace {

using testing::disagreement;
using testing::Ran;
using testing::run;
using testing::Scenario;

constexpr int kOperations = 12;

std::string pick(Stream& stream, const std::vector<std::string>& names) {
  return names[stream.below(names.size())];
}

/// One operation of a client: accesses of one or two objects, creates, deletes and, in DS-SMR,
/// moves. Objects x, y and z are there at first, v is not.
std::string random_operation(Stream& stream, int i, bool moves, std::uint64_t partitions) {
  const std::string object = pick(stream, {"x", "y", "z", "v"});
  const std::string partition = "P" + std::to_string(1 + stream.below(partitions));
  const std::string head = "{\"client\": \"c" + std::to_string(i % 3 + 1) + "\", \"at\": \"" +
                           std::to_string(stream.below(60)) + "ms\", \"label\": \"o" +
                           std::to_string(i) + "\", ";
  const std::string about = "\"object\": \"" + object + "\"";
  switch (stream.below(moves ? 6 : 5)) {
    case 0:
      return head + "\"do\": \"create\", " + about + ", \"value\": 5" +
             (moves && stream.below(2) == 0 ? ", \"to\": \"" + partition + "\"}" : "}");
    case 1:
      return head + "\"do\": \"delete\", " + about + "}";
    case 2:
      return head + "\"do\": \"read\", " + about + "}";
    case 5:
      return head + "\"do\": \"move\", " + about + ", \"to\": \"" + partition + "\"}";
    default:
      return head + "\"do\": \"access\", \"steps\": [[\"read\", \"" + object + "\"], [\"add\", \"" +
             pick(stream, {"x", "y", "z"}) + "\", 1]]}";
  }
}

Scenario random_scenario(const std::string& protocol, std::uint64_t seed) {
  Stream stream(seed, 0, 1);
  const std::uint64_t partitions = 2 + stream.below(2);
  Scenario s;
  s.protocol = protocol;
  s.seed = seed;
  s.random_ticks = {1, 1, 2, 5, 20};
  std::string groups;
  for (std::uint64_t i = 1; i <= partitions; ++i) {
    groups += "\"P" + std::to_string(i) +
              "\": {\"replicas\": 2, \"clock\": " + std::to_string(stream.below(3) * 10) + "},";
  }
  const bool moves = protocol == "ds-smr";
  const bool oracle = protocol != "s-smr";
  s.deployment = "{\"partitions\": {" + groups + "}, " +
                 (oracle ? R"("oracle": {"replicas": 2, "clock": 10}, )" : "") +
                 R"("objects": {"x": {"value": 1, "at": "P1"}, "y": {"value": 2, "at": "P2"},
                    "z": {"value": 3, "at": "P1"}}})";
  s.workload = "{\"operations\": [";
  for (int i = 0; i < kOperations; ++i) {
    s.workload += random_operation(stream, i, moves, partitions) + ",";
  }
  s.workload += "]";
  if (protocol == "dynastar") {
    // Plans that are asked for, and plans from hints.
    s.workload += R"(, "plans": [{"at": "20ms", "moves": {"x": "P2", "v": "P1"}},
                                 {"at": "21ms", "moves": {"y": "P1", "x": "P1"}}])";
    const std::string mode = seed % 2 == 0 ? "plan_blocking" : "per_object";
    const std::string hints = seed % 3 == 0 ? "target" : "client";
    s.options = R"({"hint_batch": 1, "plan_threshold": 2, "plan_mode": ")" + mode +
                R"(", "hints": ")" + hints + "\"}";
  }
  s.workload += "}";
  return s;
}

TEST_CASE("every operation returns and replicas end in the same state, over 300 seeds") {
  for (const std::string protocol : {"s-smr", "ds-smr", "dynastar"}) {
    CAPTURE(protocol);
    std::set<std::string> digests;
    std::map<std::string, int> replies;
    std::uint64_t retries = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(seed);
      const Ran ran = run(random_scenario(protocol, seed));
      REQUIRE(ran.outcome == Outcome::quiescent);
      REQUIRE(ran.operations.size() == kOperations);
      for (const auto& operation : ran.operations) {
        CAPTURE(operation.first);
        REQUIRE(operation.second.ret >= operation.second.call);
        ++replies[operation.second.reply];
      }
      REQUIRE(disagreement(ran) == "");
      REQUIRE(ran.buffered == 0);
      digests.insert(ran.digest);
      retries += ran.count("retry");
    }
    CHECK(digests.size() > 290);  // the runs differ
    CHECK(replies["ok"] > 1000);
    CHECK(replies["nok"] > 100);
    CHECK((retries > 0) == (protocol != "s-smr"));
  }
}

TEST_CASE("the comparison of replicas finds a different state and a missing command") {
  Ran ran = run(random_scenario("s-smr", 1));
  REQUIRE(disagreement(ran) == "");
  auto& events = ran.trace.events;
  const auto last = std::find_if(events.rbegin(), events.rend(),
                                 [](const TraceEvent& e) { return e.name == "note::Applied"; });
  REQUIRE(last != events.rend());
  Ran other = ran;
  other.trace.events[static_cast<std::size_t>(events.rend() - last) - 1].data.set("state", "0");
  CHECK(disagreement(other) != "");
  last->name = "note::Other";
  CHECK(disagreement(ran) != "");
}

/// Four clients that take x, y and z from each other (F1): how often the operation that was told
/// most often to try again was.
std::size_t most_retries(int fallback_after, std::uint64_t seed) {
  Scenario s;
  s.seed = seed;
  s.random_ticks = {1, 1, 2, 5, 20};
  s.options = "{\"fallback_after\": " + std::to_string(fallback_after) + "}";
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}, "P3": {}}, "objects": {
      "x": {"value": 0, "at": "P1"}, "y": {"value": 0, "at": "P2"},
      "z": {"value": 0, "at": "P3"}}})";
  const std::vector<std::pair<std::string, std::string>> commands{
      {"a", R"([["add", "x", 1], ["read", "y"]])"},
      {"b", R"([["add", "y", 1], ["read", "z"]])"},
      {"c", R"([["add", "z", 1], ["read", "x"]])"},
      {"d", R"([["read", "x"], ["add", "y", 1], ["read", "z"]])"}};
  std::string operations;
  for (int i = 0; i < kOperations; ++i) {
    const auto& [client, steps] = commands[static_cast<std::size_t>(i) % commands.size()];
    operations += (operations.empty() ? "" : ", ") + std::string("{\"client\": \"") + client +
                  "\", \"do\": \"access\", \"steps\": " + steps + "}";
  }
  s.workload = "{\"operations\": [" + operations + "]}";
  const Ran ran = run(s);
  REQUIRE(ran.outcome == Outcome::quiescent);
  std::map<std::int64_t, std::set<std::int64_t>> retried;  // attempts, by operation
  for (const TraceEvent& event : ran.trace.events) {
    const Value* verdict = event.data.find("verdict");
    if (event.kind != TraceKind::receive || !event.name.ends_with("Reply") || verdict == nullptr ||
        verdict->as_string() == nullptr || *verdict->as_string() != "retry") {
      continue;
    }
    retried[*event.data.find("op")->as_int()].insert(*event.data.find("attempt")->as_int());
  }
  std::size_t most = 0;
  for (const auto& [op, attempts] : retried) most = std::max(most, attempts.size());
  return most;
}

TEST_CASE("with a fallback after n retries no access is tried more than n + 1 times") {
  for (const int n : {1, 2, 3}) {
    std::size_t most = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) most = std::max(most, most_retries(n, seed));
    CHECK(most == static_cast<std::size_t>(n));  // reached, and not passed
  }
}

TEST_CASE("without a fallback an access may be tried again more often than any of them") {
  std::size_t most = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) most = std::max(most, most_retries(0, seed));
  CHECK(most > 3);
}

}  // namespace
}  // namespace sibyl::partitioned_random_test
