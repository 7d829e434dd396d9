// An amnesia bug: a server acknowledges a write that it has stored but not yet synced.
#include <doctest/doctest.h>

#include "scenarios/counterexample.hpp"
#include "scenarios/json.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "sim/storage.hpp"
#include "tests/search/search.hpp"

namespace amnesia {

using namespace sibyl;

struct Write {
  std::uint64_t op = 0;
  std::int64_t value = 0;
};
struct Written {
  std::uint64_t op = 0;
};
struct Read {
  std::uint64_t op = 0;
};
struct Was {
  std::uint64_t op = 0;
  std::int64_t value = 0;
};
struct Sync {};
struct Record {
  std::int64_t value = 0;
};
struct Options {
  bool sync_first = false;  ///< before the write is acknowledged
};
BOOST_DESCRIBE_STRUCT(Write, (), (op, value))
BOOST_DESCRIBE_STRUCT(Written, (), (op))
BOOST_DESCRIBE_STRUCT(Read, (), (op))
BOOST_DESCRIBE_STRUCT(Was, (), (op, value))
BOOST_DESCRIBE_STRUCT(Sync, (), ())
BOOST_DESCRIBE_STRUCT(Record, (), (value))
BOOST_DESCRIBE_STRUCT(Options, (), (sync_first))

class Server : public ProcessOf<Server> {
 public:
  explicit Server(bool first) : sync_first(first) {}
  void recover(Context& context) override {
    const Message kept = context.storage().read("value");
    if (const auto* record = kept.as<Record>()) value = record->value;
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* write = message.as<Write>()) {
      value = write->value;
      context.store("value", Record{value});
      if (sync_first) {
        context.sync_storage();
      } else {
        context.arm(Duration{1'000'000}, Sync{});
      }
      context.send(from, Written{write->op});
    } else if (const auto* read = message.as<Read>()) {
      context.send(from, Was{read->op, value});
    }
  }
  void timer(Context& context, const Message& /*tag*/) override { context.sync_storage(); }
  bool sync_first;
  std::int64_t value = 0;
  BOOST_DESCRIBE_CLASS(Server, (), (sync_first, value), (), ())
};

/// Writes 1 and 2, then reads twice.
class Client : public ProcessOf<Client> {
 public:
  void start(Context& context) override { next(context); }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (const auto* written = message.as<Written>()) {
      context.note(note::Return{written->op, "ok", Value(static_cast<std::int64_t>(op))});
    } else if (const auto* was = message.as<Was>()) {
      context.note(note::Return{was->op, "ok", Value(was->value)});
    } else {
      return;
    }
    if (op < 4) next(context);
  }
  std::uint64_t op = 0;
  BOOST_DESCRIBE_CLASS(Client, (), (op), (), ())

 private:
  void next(Context& context) {
    ++op;
    const auto value = static_cast<std::int64_t>(op);
    if (op <= 2) {
      context.note(note::Invoke{op, "", "write", "x", Value(value)});
      context.send(NodeId{0}, Write{op, value});
    } else {
      context.note(note::Invoke{op, "", "read", "x", {}});
      context.send(NodeId{0}, Read{op});
    }
  }
};

const search_test::Registered kRegistered({"test-amnesia",
                                           "a register whose server syncs late",
                                           {},
                                           {"linearizability"},
                                           "register",
                                           [](const Setup& setup) {
                                             Options options;
                                             if (!setup.options.is_null())
                                               decode(setup.options, kOptionsPointer, options);
                                             return std::vector<NodeSpec>{
                                                 {{"server", "server", "server"},
                                                  make_process<Server>(options.sync_first)},
                                                 {{"client", "client", "client"},
                                                  make_process<Client>()}};
                                           }});

}  // namespace amnesia

namespace sibyl::search_test {

const char* const kAmnesia = R"({
  "format": "sibyl-scenario/1", "id": "amnesia",
  "protocol": {"name": "test-amnesia"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("a crash between write and sync is found where crashed servers recover") {
  const FaultBudget faults{.crashes = 1, .recoveries = true};
  for (const Strategy strategy : {Strategy::random, Strategy::swarm}) {
    const ExploreResult result = search(load(kAmnesia), strategy, 5000, faults);
    REQUIRE(!result.found.empty());
    CHECK(result.found[0].property == "linearizability");
    CHECK(shows(result.found[0].scenario, "linearizability", result.found[0].cause));
    const std::string text = to_json(result.found[0].scenario);
    CHECK(text.find("\"crash\"") != std::string::npos);
    CHECK(text.find("\"recover\"") != std::string::npos);
  }
}

TEST_CASE("no crash loses what was synced before it was acknowledged") {
  const Scenario s = load(kAmnesia, {R"(/protocol/options={"sync_first": true})"});
  const FaultBudget faults{.crashes = 2, .recoveries = true};
  CHECK(search(s, Strategy::swarm, 3000, faults, true).found.empty());
}

}  // namespace sibyl::search_test
