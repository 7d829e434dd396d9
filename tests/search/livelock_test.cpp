// A livelock: two clients each take one lock, find the other one taken, give back what they have
// and begin again.
#include <doctest/doctest.h>

#include "scenarios/exhaustive.hpp"
#include "scenarios/json.hpp"
#include "scenarios/runner.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace retrying {

using namespace sibyl;

struct Take {};
struct Answer {
  bool taken = false;
};
struct Release {};
struct Released {};
struct Options {
  bool reverse = true;  ///< C2 takes b first
};
BOOST_DESCRIBE_STRUCT(Take, (), ())
BOOST_DESCRIBE_STRUCT(Answer, (), (taken))
BOOST_DESCRIBE_STRUCT(Release, (), ())
BOOST_DESCRIBE_STRUCT(Released, (), ())
BOOST_DESCRIBE_STRUCT(Options, (), (reverse))

class Lock : public ProcessOf<Lock> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (message.as<Take>() != nullptr) {
      context.send(from, Answer{!taken});
      taken = true;
    } else if (message.as<Release>() != nullptr) {
      taken = false;
      context.send(from, Released{});
    }
  }
  bool taken = false;
  BOOST_DESCRIBE_CLASS(Lock, (), (taken), (), ())
};

class Client : public ProcessOf<Client> {
 public:
  explicit Client(std::uint32_t lock) : first(lock) {}
  void start(Context& context) override {
    context.note(note::Invoke{context.self().value, "", "both", "", {}});
    context.send(NodeId{first}, Take{});
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* answer = message.as<Answer>()) {
      answered(context, from.value, answer->taken);
    } else if (message.as<Released>() != nullptr && from.value == first && !done) {
      context.send(NodeId{first}, Take{});
    }
  }
  std::uint32_t first;
  bool done = false;
  BOOST_DESCRIBE_CLASS(Client, (), (first, done), (), ())

 private:
  void answered(Context& context, std::uint32_t lock, bool taken) {
    if (lock == first) {
      context.send(NodeId{taken ? 1 - first : first}, Take{});
    } else if (!taken) {
      context.send(NodeId{first}, Release{});
    } else {
      done = true;
      context.note(note::Return{context.self().value, "ok", {}});
      context.send(NodeId{0}, Release{});
      context.send(NodeId{1}, Release{});
    }
  }
};

const search_test::Registered kRegistered({"test-livelock-of-two",
                                           "two clients take two locks, or give back and retry",
                                           {},
                                           {"termination"},
                                           "",
                                           [](const Setup& setup) {
                                             Options options;
                                             if (!setup.options.is_null())
                                               decode(setup.options, kOptionsPointer, options);
                                             return std::vector<NodeSpec>{
                                                 {{"a", "lock", "a"}, make_process<Lock>()},
                                                 {{"b", "lock", "b"}, make_process<Lock>()},
                                                 {{"C1", "client", "C1"}, make_process<Client>(0U)},
                                                 {{"C2", "client", "C2"},
                                                  make_process<Client>(options.reverse ? 1U : 0U)}};
                                           }});

}  // namespace retrying

namespace sibyl::search_test {

const char* const kLivelock = R"({
  "format": "sibyl-scenario/1", "id": "livelock",
  "protocol": {"name": "test-livelock-of-two"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("a livelock of two retrying clients is found as a cycle in which all messages arrive") {
  const ExhaustiveResult all = explore_exhaustively(load(kLivelock), {});
  CHECK(all.incomplete.empty());
  CHECK(all.cycles > 0);
  REQUIRE(!all.found.empty());
  CHECK(all.found[0].property == "termination");
  CAPTURE(all.found[0].summary);
  CHECK(all.found[0].summary.find("repeats") != std::string::npos);
  // A run cannot show what happens for ever: the scenario ends after one round of the cycle.
  const RunResult run = run_scenario(load_text(to_json(all.found[0].scenario), "found").front());
  CHECK(run.as_expected());
  CHECK(run.schedule_parts.empty());
  CHECK(run.trace.outcome == Outcome::limit);
}

TEST_CASE("asking again and again while messages of others never arrive is no livelock") {
  const Scenario s = load(kLivelock, {R"(/protocol/options={"reverse": false})"});
  const ExhaustiveResult all = explore_exhaustively(s, {});
  CHECK(all.incomplete.empty());
  CHECK(all.cycles > 0);
  CHECK(all.found.empty());
  CHECK(all.inconclusive > 0);
}

}  // namespace sibyl::search_test
