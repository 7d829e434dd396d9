// The mutex machine: mutual exclusion, the order of the grants, nobody starves, and what its
// options break.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocols/state_machines/state_machine.hpp"
#include "sim/random.hpp"
#include "tests/protocols/state_machine_tools.hpp"

namespace sibyl::mutex_machine_test {

using namespace sibyl::state_machines;
using test::command;
using test::Subject;
using test::text_of;

Value option(const std::string& name, bool value) { return Value::Object{{name, value}}; }

/// Judges a run from the outputs alone: who believes to hold the lock, from its grant to its
/// release, or to the expiry of its grant.
struct Judge {
  std::map<std::uint64_t, std::string> asked;  ///< acquires so far
  std::vector<std::uint64_t> waiting;          ///< acquires neither granted nor refused, in order
  std::map<std::string, std::uint64_t> holds;  ///< client: the grant
  bool exclusive = true;
  bool in_order = true;
  bool only_requesters = true;

  void step(const Command& c, const std::vector<Output>& outputs) {
    if (c.f == "acquire") {
      asked[c.id] = c.client;
      waiting.push_back(c.id);
    }
    // A client that releases does no longer believe that it holds the lock, whatever is answered.
    if (c.f == "release") holds.erase(c.client);
    for (const Output& y : outputs) {
      if (c.f == "expire" && y.id == c.id && y.reply == "ok") expired(*c.value.as_int());
      if (asked.count(y.id) == 0) continue;  // the answer to a release
      if (y.reply == "nok") {
        std::erase(waiting, y.id);
        continue;
      }
      only_requesters = only_requesters && asked[y.id] == y.client && holds[y.client] == 0;
      const bool requested = std::find(waiting.begin(), waiting.end(), y.id) != waiting.end();
      only_requesters = only_requesters && requested;
      in_order = in_order && requested && waiting.front() == y.id;
      std::erase(waiting, y.id);
      holds[y.client] = y.id;
      std::erase_if(holds, [](const auto& entry) { return entry.second == 0; });
      exclusive = exclusive && holds.size() <= 1;
    }
  }
  void expired(std::int64_t id) {
    std::erase_if(holds, [&](const auto& e) { return e.second == static_cast<std::uint64_t>(id); });
  }
};

/// Random commands; an expiry names an acquire that is not long ago. What a client asks for is
/// anything if it is `wild`, else it releases what it holds and acquires what it does not.
Judge judged(const Value& options, std::uint64_t seed, bool wild, bool expiries = false) {
  Stream random(seed, 0, 0);
  Subject s("mutex", options);
  Judge judge;
  std::set<std::string> busy;
  for (std::uint64_t id = 1; id <= 400; ++id) {
    const std::string client(1, "pqrs"[random.below(4)]);
    Command c = command(id, client, random.below(2) == 0 ? "acquire" : "release");
    if (!wild) c.f = judge.holds.count(client) != 0 ? "release" : "acquire";
    if (!wild && c.f == "acquire" && busy.count(client) != 0) continue;  // it waits
    if (expiries && random.below(4) == 0) {
      c.f = "expire";
      c.value = static_cast<std::int64_t>(id - std::min(id, random.below(8)));
    }
    if (c.f == "acquire") busy.insert(client);
    if (c.f == "release") busy.erase(client);
    judge.step(c, s.machine.apply(c));
  }
  return judge;
}

TEST_CASE("the lock is granted at once when it is free, and passed on in the order of requests") {
  Subject s("mutex");
  CHECK(text_of(s.by("a", "acquire")) == "a 1 ok");
  CHECK(text_of(s.by("b", "acquire")) == "");
  CHECK(text_of(s.by("c", "acquire")) == "");
  CHECK(s.machine.state().text() == "{\"\": {user: [a, 1], waiting: [[b, 2], [c, 3]]}}");
  CHECK(text_of(s.by("a", "release")) == "a 4 ok; b 2 ok");
  CHECK(text_of(s.by("a", "acquire")) == "");
  CHECK(text_of(s.by("b", "release")) == "b 6 ok; c 3 ok");
  CHECK(text_of(s.by("c", "release")) == "c 7 ok; a 5 ok");
  CHECK(text_of(s.by("a", "release")) == "a 8 ok");
  CHECK(s.machine.state().text() == "{}");
}

TEST_CASE("of the two guarded alternatives of acquire one is taken") {
  Subject s("mutex");
  s.by("a", "acquire");
  CHECK(s.machine.state().text() == "{\"\": {user: [a, 1], waiting: []}}");
  CHECK(text_of(s.by("a", "release")) == "a 2 ok");
}

TEST_CASE("read as statements, acquire grants and enqueues, and grants again unasked") {
  Subject s("mutex", option("alternatives", false));
  CHECK(text_of(s.by("a", "acquire")) == "a 1 ok");
  CHECK(s.machine.state().text() == "{\"\": {user: [a, 1], waiting: [[a, 1]]}}");
  CHECK(text_of(s.by("a", "release")) == "a 2 ok; a 1 ok");
  const Judge judge = judged(option("alternatives", false), 1, false);
  CHECK_FALSE(judge.only_requesters);
}

TEST_CASE("who holds the lock or waits for it already is refused") {
  Subject s("mutex");
  s.by("a", "acquire");
  s.by("b", "acquire");
  CHECK(s.by("a", "acquire")[0].reason == "a holds it already");
  CHECK(s.by("b", "acquire")[0].reason == "b waits for it already");
  CHECK(s.machine.state().text() == "{\"\": {user: [a, 1], waiting: [[b, 2]]}}");
}

TEST_CASE("whatever clients ask for, one holds the lock, in the order of asking, having asked") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const bool wild : {false, true}) {
      const Judge judge = judged({}, seed, wild);
      REQUIRE(judge.exclusive);
      REQUIRE(judge.in_order);
      REQUIRE(judge.only_requesters);
    }
  }
}

TEST_CASE("nobody starves when all release") {
  Stream random(3, 0, 0);
  for (int run = 0; run < 50; ++run) {
    Subject s("mutex");
    Judge judge;
    std::uint64_t id = 0;
    const auto apply = [&](const std::string& client, const std::string& f) {
      const Command c = command(++id, client, f);
      judge.step(c, s.machine.apply(c));
    };
    for (int i = 0; i < 20; ++i)
      apply(std::string(1, static_cast<char>('a' + random.below(6))), "acquire");
    for (int i = 0; i < 6 && !judge.holds.empty(); ++i)
      apply(judge.holds.begin()->first, "release");
    REQUIRE(judge.waiting.empty());
    REQUIRE(judge.holds.empty());
    REQUIRE(s.machine.state().text() == "{}");
  }
}

TEST_CASE("a release by somebody else is refused; without the holder check it breaks exclusion") {
  for (const bool checked : {true, false}) {
    Subject s("mutex", option("holder_check", checked));
    Judge judge;
    for (const auto& [client, f] : std::vector<std::pair<std::string, std::string>>{
             {"a", "acquire"}, {"b", "acquire"}, {"faulty", "release"}}) {
      const Command c = command(++s.last_id, client, f);
      const std::vector<Output> y = s.machine.apply(c);
      judge.step(c, y);
      if (client == "faulty")
        CHECK(text_of(y) == (checked ? "faulty 3 nok" : "faulty 3 ok; b 2 ok"));
      if (client == "faulty" && checked) CHECK(y[0].reason == "it is held by a");
    }
    CHECK(judge.exclusive == checked);
  }
  // Without faults the check makes no difference.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    REQUIRE(judged(option("holder_check", false), seed, false).exclusive);
  }
  CHECK_FALSE(judged(option("holder_check", false), 1, true).exclusive);
}

TEST_CASE("a release of a lock that nobody holds is refused") {
  Subject s("mutex");
  CHECK(s.one("release").reason == "nobody holds it");
  Subject loose("mutex", option("holder_check", false));
  CHECK(loose.one("release").reply == "ok");
  CHECK(loose.machine.state().text() == "{}");
}

TEST_CASE("an expiry passes the lock on from a holder that is gone, and a late one from nobody") {
  Subject s("mutex", option("lease", true));
  s.by("a", "acquire");                                         // 1; then a crashes
  s.by("b", "acquire");                                         // 2
  CHECK(text_of(s.by("clock", "expire", 2)) == "clock 3 nok");  // b waits
  CHECK(text_of(s.by("clock", "expire", 1)) == "clock 4 ok 1; b 2 ok");
  CHECK(text_of(s.by("clock", "expire", 1)) == "clock 5 nok");  // late
  CHECK(text_of(s.by("a", "release")) == "a 6 nok");            // a is back: too late
  CHECK(text_of(s.by("b", "release")) == "b 7 ok");
  CHECK(text_of(s.by("clock", "expire", 2)) == "clock 8 nok");
  CHECK(text_of(s.by("clock", "expire", "a")) == "clock 9 nok");
  Subject plain("mutex");
  plain.by("a", "acquire");
  CHECK(text_of(plain.by("clock", "expire", 1)) == "clock 2 nok");
}

TEST_CASE("with expiries at any time, one holds the lock until its release or expiry") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Judge judge = judged(option("lease", true), seed, true, true);
    REQUIRE(judge.exclusive);
    REQUIRE(judge.in_order);
  }
}

TEST_CASE("locks of different keys are held by different clients") {
  Subject s("mutex");
  CHECK(text_of(s.by("a", "acquire", {}, "x")) == "a 1 ok");
  CHECK(text_of(s.by("b", "acquire", {}, "y")) == "b 2 ok");
  CHECK(text_of(s.by("b", "release", {}, "x")) == "b 3 nok");
}

}  // namespace sibyl::mutex_machine_test
