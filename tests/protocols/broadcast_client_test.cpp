// External clients of replicated machines: requests, votes, the external voter.
#include <doctest/doctest.h>

#include <algorithm>

#include "protocols/broadcast/client.hpp"
#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::broadcast_client_test {

namespace {

using broadcast::Accept;
using broadcast::Ballot;
using broadcast::Reply;
using testing::Ran;
using testing::Scenario;

Scenario clients(int n, int t, const std::string& entries, const std::string& more = "") {
  Scenario s;
  s.protocol = "fixed-sequencer";
  s.deployment = R"({"parties": )" + std::to_string(n) + R"(, "faulty": )" + std::to_string(t) +
                 R"(, "machine": "counter", "clients": ["c", "d"])" + more + "}";
  s.workload = R"({"broadcasts": [)" + entries + "]}";
  return s;
}

constexpr const char* kSet = R"({"client": "c", "label": "S", "command": "set", "value": 1})";

std::size_t notes(const Ran& ran, const std::string& name, const std::string& node) {
  return static_cast<std::size_t>(
      std::count_if(ran.trace.events.begin(), ran.trace.events.end(), [&](const TraceEvent& e) {
        return e.name == "note::" + name && ran.trace.nodes[e.node.value].name == node;
      }));
}

}  // namespace

TEST_CASE("a ballot counts identical replies, one a replica, and the first of each") {
  const Reply right{1, 1, "ok", 4};
  const Reply wrong{1, 1, "ok", 5};
  Ballot ballot;
  CHECK_FALSE(ballot.cast({0}, wrong, 2));
  CHECK_FALSE(ballot.cast({0}, wrong, 2));  // says it again
  CHECK_FALSE(ballot.cast({1}, right, 2));
  CHECK_FALSE(ballot.cast({0}, right, 2));  // changes its mind
  CHECK(ballot.cast({2}, right, 2));
  Ballot differs;
  CHECK_FALSE(differs.cast({0}, right, 2));
  CHECK_FALSE(differs.cast({1}, {1, 2, "ok", 4}, 2));   // by index
  CHECK_FALSE(differs.cast({2}, {1, 1, "nok", 4}, 2));  // by reply
}

TEST_CASE("t + 1 votes are needed, with too_few t, and of fail-stop replicas one") {
  CHECK(votes_needed(Accept::votes, 0) == 1);
  CHECK(votes_needed(Accept::votes, 3) == 4);
  CHECK(votes_needed(Accept::too_few, 3) == 3);
  CHECK(votes_needed(Accept::too_few, 0) == 1);
  CHECK(votes_needed(Accept::first, 3) == 1);
}

TEST_CASE("the latency of voting is that of the (F + 1)-th fastest correct replica") {
  // Requests take 1 to all; P0 orders at 1, the others apply at 2. Replies take 9, 3, 8, 5, 1.
  const int reply_ticks[] = {9, 3, 8, 5, 1};
  std::vector<int> arrivals;
  for (int i = 0; i < 5; ++i) arrivals.push_back((i == 0 ? 1 : 2) + reply_ticks[i]);
  std::sort(arrivals.begin(), arrivals.end());
  for (int t = 0; t <= 4; ++t) {
    CAPTURE(t);
    Scenario s = clients(5, t, kSet);
    for (int i = 0; i < 5; ++i) s.ticks[{"P" + std::to_string(i), "c"}] = reply_ticks[i];
    CHECK(run(s).text("S") == "ok 1 [0," + std::to_string(arrivals[t]) + "]");
    s.options = R"({"accept": "first"})";
    CHECK(run(s).text("S") == "ok 1 [0," + std::to_string(arrivals[0]) + "]");
    s.options = "{}";
    s.variants = {"vote-of-F"};
    CHECK(run(s).text("S") == "ok 1 [0," + std::to_string(arrivals[std::max(t - 1, 0)]) + "]");
  }
}

TEST_CASE("a voter waits for as many votes, and one delay comes on top") {
  Scenario s = clients(3, 1, kSet, R"(, "voter": "V")");
  s.ticks[{"P0", "V"}] = 9;
  s.ticks[{"P1", "V"}] = 4;
  s.ticks[{"P2", "V"}] = 6;
  s.ticks[{"V", "c"}] = 2;
  CHECK(run(s).text("S") == "ok 1 [0,10]");  // 2 + 6 + 2
}

TEST_CASE("every party broadcasts a request that it has got, and each is applied once") {
  const Ran ran = run(clients(3, 1, kSet));
  for (const char* party : {"P0", "P1", "P2"}) {
    CHECK(notes(ran, "Broadcast", party) == 1);
    CHECK(notes(ran, "BroadcastDelivery", party) == 3);
    CHECK(notes(ran, "Applied", party) == 1);
  }
  Scenario one = clients(3, 1,
                         R"({"client": "c", "to": ["P2"], "label": "S", "command": "set",
                             "value": 1})");
  const Ran other = run(one);
  CHECK(notes(other, "Broadcast", "P0") + notes(other, "Broadcast", "P1") == 0);
  CHECK(notes(other, "Broadcast", "P2") == 1);
  CHECK(other.text("S") == "ok 1 [0,4]");  // to P2, to P0, to the others, and back
}

TEST_CASE("a request that comes to a party after its command was applied is not broadcast again") {
  Scenario s = clients(3, 1, kSet);
  s.ticks[{"c", "P2"}] = 20;
  CHECK(notes(run(s), "Broadcast", "P2") == 0);
}

TEST_CASE("a client has one command open at a time; two clients do not wait for each other") {
  Scenario s = clients(3, 1, std::string(kSet) + R"(,
    {"client": "c", "label": "A", "command": "add", "value": 1},
    {"client": "d", "label": "B", "command": "add", "value": 1, "at": "10ms"})");
  const Ran ran = run(s);
  CHECK(ran.text("S") == "ok 1 [0,3]");
  CHECK(ran.text("A") == "ok 2 [3,6]");
  CHECK(ran.text("B") == "ok 3 [10,13]");
}

TEST_CASE("of a replicated client what f + 1 replicas ask for is done, once, and all are told") {
  Scenario s = clients(3, 1, R"({"client": "g", "label": "G", "command": "set", "value": 4,
                                 "values": {"g2": 9}})",
                       R"(, "client_replicas": {"g": ["g1", "g2", "g3"]})");
  const Ran ran = run(s);
  CHECK(ran.text("G") == "ok 4 [0,3]");
  CHECK(notes(ran, "Applied", "P1") == 1);
  CHECK(notes(ran, "Invoke", "g1") == 1);
  CHECK(notes(ran, "Invoke", "g2") + notes(ran, "Invoke", "g3") == 0);
  s.workload = R"({"broadcasts": [{"client": "g", "label": "G", "command": "set", "value": 4,
                                   "values": {"g2": 9, "g3": 10}}]})";
  CHECK(run(s).text("G") == "open [0,");
}

TEST_CASE("a lock is granted to an external client when the holder releases it") {
  Scenario s = clients(3, 1, R"({"client": "c", "label": "c+", "command": "acquire"},
    {"client": "d", "label": "d+", "command": "acquire", "at": "5ms"},
    {"client": "c", "label": "c-", "command": "release", "at": "20ms"})");
  s.deployment = R"({"parties": 3, "faulty": 1, "machine": "mutex", "clients": ["c", "d"]})";
  const Ran ran = run(s);
  CHECK(ran.text("c+") == "ok null [0,3]");
  CHECK(ran.text("d+") == "ok null [5,23]");
}

TEST_CASE("what is wrong about clients is named at its place") {
  const auto fails = [](const std::string& deployment, const std::string& entry) {
    Scenario s;
    s.protocol = "naive-broadcast";
    s.deployment = "{\"parties\": 2" + deployment + "}";
    s.workload = R"({"broadcasts": [)" + entry + "]}";
    try {
      find_protocol(s.protocol)->build(setup_of(s));
    } catch (const ConfigError& e) {
      return e.pointer + ": " + e.what();
    }
    return std::string("accepted");
  };
  const std::string with = R"(, "machine": "counter", "clients": ["c"])";
  const auto says = [](const std::string& error, const std::string& text) {
    CAPTURE(error);
    CAPTURE(text);
    CHECK(error.find(text) != std::string::npos);
  };
  says(fails(R"(, "clients": ["c"])", ""), "/deployment/clients");
  says(fails(R"(, "machine": "counter", "clients": ["P1"])", ""), "/deployment/clients/0");
  says(fails(R"(, "machine": "counter", "clients": ["counter"])", ""), "group");
  says(fails(R"(, "machine": "counter", "voter": "V")", ""), "/deployment/voter");
  says(fails(with + R"(, "client_replicas": {"c": ["x"]})", ""), "/deployment/client_replicas/c");
  says(fails(with, R"({"command": "read"})"), "has no \"party\"");
  says(fails(with, R"({"party": "P0", "client": "c", "command": "read"})"), "take one of them");
  says(fails(with, R"({"client": "x", "command": "read"})"), "/broadcasts/0/client");
  says(fails(with, R"({"client": "c"})"), "clients call commands");
  says(fails(with, R"({"client": "c", "command": "read", "to": ["P2"]})"), "/broadcasts/0/to/0");
  says(fails(with, R"({"client": "c", "command": "read", "to": []})"), "names no party");
  says(fails(with, R"({"party": "P0", "command": "read", "to": ["P1"]})"), "/broadcasts/0/to");
  says(fails(with, R"({"client": "c", "command": "read", "values": {"x": 1}})"),
       "/broadcasts/0/values/x");
  says(fails(with, R"({"client": "c", "command": "read", "after": ["m1"]})"),
       "/broadcasts/0/after");
  CHECK(fails(with, R"({"client": "c", "command": "read", "to": ["P1"]})") == "accepted");
}

}  // namespace sibyl::broadcast_client_test
