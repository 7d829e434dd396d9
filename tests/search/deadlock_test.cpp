// A deadlock: two clients take the locks a and b, one in this order, the other in the reverse.
#include <doctest/doctest.h>

#include "analysis/causes.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/json.hpp"
#include "scenarios/runner.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace deadlock {

using namespace sibyl;

struct Take {
  std::uint64_t op = 0;
};
struct Taken {
  std::uint64_t op = 0;
};
struct Release {
  std::uint64_t op = 0;
};
struct Options {
  bool reverse = true;  ///< C2 takes b first
};
BOOST_DESCRIBE_STRUCT(Take, (), (op))
BOOST_DESCRIBE_STRUCT(Taken, (), (op))
BOOST_DESCRIBE_STRUCT(Release, (), (op))
BOOST_DESCRIBE_STRUCT(Options, (), (reverse))

constexpr std::uint32_t kClients = 2;  ///< the first client; an operation has its client's number

/// Held by the first of those that wait.
class Lock : public ProcessOf<Lock> {
 public:
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (const auto* take = message.as<Take>()) {
      waiting.push_back(take->op);
      if (waiting.size() == 1) grant(context);
    } else if (const auto* release = message.as<Release>()) {
      context.note(note::ExecuteEnd{release->op, "", ""});
      waiting.erase(waiting.begin());
      if (!waiting.empty()) grant(context);
    }
  }
  std::vector<std::uint64_t> waiting;
  BOOST_DESCRIBE_CLASS(Lock, (), (waiting), (), ())

 private:
  void grant(Context& context) const {
    context.note(note::ExecuteStart{waiting.front(), ""});
    context.send(NodeId{static_cast<std::uint32_t>(waiting.front())}, Taken{waiting.front()});
  }
};

class Client : public ProcessOf<Client> {
 public:
  explicit Client(std::uint32_t lock) : first(lock) {}
  void start(Context& context) override {
    const std::uint64_t op = context.self().value;
    context.note(note::Invoke{op, op == kClients ? "A" : "B", "both", "", {}});
    context.send(NodeId{first}, Take{op});
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    const auto* taken = message.as<Taken>();
    if (taken == nullptr) return;
    if (++held == 1) {
      context.send(NodeId{1 - first}, Take{taken->op});
      return;
    }
    context.send(NodeId{0}, Release{taken->op});
    context.send(NodeId{1}, Release{taken->op});
    context.note(note::Return{taken->op, "ok", {}});
  }
  std::uint32_t first;
  std::uint32_t held = 0;
  BOOST_DESCRIBE_CLASS(Client, (), (first, held), (), ())
};

const search_test::Registered kRegistered({"test-deadlock",
                                           "two clients take two locks",
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

}  // namespace deadlock

namespace sibyl::search_test {

const char* const kDeadlock = R"({
  "format": "sibyl-scenario/1", "id": "deadlock",
  "protocol": {"name": "test-deadlock"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("a deadlock of two locks is found, and the cause says who waits for whom") {
  const ExhaustiveResult all = explore_exhaustively(load(kDeadlock), {});
  CHECK(all.incomplete.empty());
  CHECK(all.cycles == 0);
  REQUIRE(all.found.size() == 1);
  CHECK(all.found[0].property == "termination");
  const RunResult run = run_scenario(load_text(to_json(all.found[0].scenario), "found").front());
  REQUIRE(run.as_expected());
  const auto why = analysis::explain_all(run.trace, run.findings);
  REQUIRE(why.size() == 1);
  const std::string story = analysis::explanation_text(why[0], run.trace, 0, 100'000);
  CAPTURE(story);
  CHECK(story.find("a began to execute A and never finished.") != std::string::npos);
  CHECK(story.find("b began to execute B and never finished.") != std::string::npos);
  CHECK(story.find("A was still being executed") != std::string::npos);
  CHECK(story.find("B was still being executed") != std::string::npos);
  for (const Strategy strategy : {Strategy::random, Strategy::swarm}) {
    const ExploreResult result = search(load(kDeadlock), strategy, 1000);
    REQUIRE(result.found.size() == 1);
    CHECK(result.found[0].cause == all.found[0].cause);
  }
}

TEST_CASE("locks taken in one order do not deadlock") {
  const Scenario s = load(kDeadlock, {R"(/protocol/options={"reverse": false})"});
  const ExhaustiveResult all = explore_exhaustively(s, {});
  CHECK(all.incomplete.empty());
  CHECK(all.found.empty());
  CHECK(all.inconclusive == 0);
}

}  // namespace sibyl::search_test
