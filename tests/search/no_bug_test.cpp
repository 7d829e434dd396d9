// A protocol without any bug, completely searched: a register at one server, for three clients.
#include <doctest/doctest.h>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace no_bug {

using namespace sibyl;

struct Write {
  std::int64_t value = 0;
};
struct Read {};
struct Was {
  std::int64_t value = 0;
};
struct Workload {
  std::uint32_t clients = 3;
};
BOOST_DESCRIBE_STRUCT(Write, (), (value))
BOOST_DESCRIBE_STRUCT(Read, (), ())
BOOST_DESCRIBE_STRUCT(Was, (), (value))
BOOST_DESCRIBE_STRUCT(Workload, (), (clients))

class Server : public ProcessOf<Server> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* write = message.as<Write>()) value = write->value;
    context.send(from, Was{value});
  }
  std::int64_t value = 0;
  BOOST_DESCRIBE_CLASS(Server, (), (value), (), ())
};

/// Writes its own number, then reads.
class Client : public ProcessOf<Client> {
 public:
  void start(Context& context) override {
    const auto own = static_cast<std::int64_t>(context.self().value);
    context.note(note::Invoke{context.self().value * 2, "", "write", "x", Value(own)});
    context.send(NodeId{0}, Write{own});
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    const auto* was = message.as<Was>();
    if (was == nullptr) return;
    const std::uint64_t op = context.self().value * 2 + (reading ? 1 : 0);
    context.note(note::Return{op, "ok", Value(was->value)});
    if (reading) return;
    reading = true;
    context.note(note::Invoke{op + 1, "", "read", "x", {}});
    context.send(NodeId{0}, Read{});
  }
  bool reading = false;
  BOOST_DESCRIBE_CLASS(Client, (), (reading), (), ())
};

const search_test::Registered kRegistered(
    {"test-no-bug",
     "a register at one server",
     {},
     {"linearizability", "termination"},
     "register",
     [](const Setup& setup) {
       Workload workload;
       if (!setup.workload.is_null()) decode(setup.workload, kWorkloadPointer, workload);
       std::vector<NodeSpec> nodes{{{"server", "server", "server"}, make_process<Server>()}};
       for (std::uint32_t i = 1; i <= workload.clients; ++i) {
         const std::string name = "C" + std::to_string(i);
         nodes.push_back({{name, "client", name}, make_process<Client>()});
       }
       return nodes;
     }});

}  // namespace no_bug

namespace sibyl::search_test {

const char* const kNoBug = R"({
  "format": "sibyl-scenario/1", "id": "no-bug",
  "protocol": {"name": "test-no-bug"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("a protocol without a bug is searched completely, with and without merging") {
  const Scenario s = load(kNoBug, {R"(/workload={"clients": 2})"});
  ExhaustiveOptions options;
  const ExhaustiveResult merged = explore_exhaustively(s, options);
  options.merge = false;
  const ExhaustiveResult every = explore_exhaustively(s, options);
  for (const ExhaustiveResult* r : {&merged, &every}) {
    CHECK(r->incomplete.empty());
    CHECK(r->found.empty());
    CHECK(r->inconclusive == 0);
    CHECK(r->cycles == 0);
  }
  CHECK(merged.states == every.states);
  CHECK(merged.judged == every.judged);
  CHECK(merged.depth == every.depth);
  // A run is an order of three starts, and one of eight arrivals, four of each client in theirs.
  CHECK(every.ends == 6 * 70);
  CHECK(every.transitions > merged.transitions);
}

TEST_CASE("with three clients, too, the search of a protocol without a bug is complete") {
  const ExhaustiveResult result = explore_exhaustively(load(kNoBug), {});
  CHECK(result.incomplete.empty());
  CHECK(result.found.empty());
  CHECK(result.inconclusive == 0);
}

TEST_CASE("no strategy reports a protocol without a bug") {
  for (const Strategy strategy : {Strategy::swarm, Strategy::random, Strategy::timed}) {
    const ExploreResult result = search(load(kNoBug), strategy, 1000, {}, true);
    CHECK(result.runs == 1000);
    CHECK(result.found.empty());
    CHECK(result.inconclusive == 0);
  }
}

}  // namespace sibyl::search_test
