// Which of the commands that are delivered a replica applies: those of the client that they name.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "protocols/broadcast/party.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::forged_commands_test {

namespace {

using broadcast::Deliveries;
using broadcast::Item;
using testing::Json;

/// Delivers what it is told, at once.
class Told : public broadcast::BroadcastOf<Told> {
 public:
  Told() = default;
  explicit Told(Deliveries told) : items(std::move(told)) {}
  Deliveries start(Context /*context*/) override { return std::exchange(items, {}); }
  std::uint64_t next_number() const override { return 1; }
  Deliveries broadcast(Context /*context*/, Value /*content*/) override { return {}; }
  Deliveries receive(Context /*context*/, NodeId /*from*/, const Message& /*message*/) override {
    return {};
  }
  Deliveries items;
  BOOST_DESCRIBE_CLASS(Told, (), (items), (), ())
};

/// Everybody else: hears replies, and says nothing.
class Quiet : public ProcessOf<Quiet> {
 public:
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
  BOOST_DESCRIBE_CLASS(Quiet, (), (), (), ())
};

struct Result {
  std::uint64_t applied = 0;
  std::uint64_t forged = 0;
  friend bool operator==(const Result&, const Result&) = default;
};

constexpr Result kApplied{1, 0};
constexpr Result kForged{0, 1};

/// What P0 makes of items, where c calls operation 1, and the client g of two nodes operation 2.
Result deliver(const Deliveries& items) {
  broadcast::BroadcastProtocol protocol;
  const auto system =
      broadcast::read_system({{},
                              Json::read("{}"),
                              Json::read(R"({"parties": 3, "machine": "bank", "clients": ["c"],
                      "client_replicas": {"g": ["g1", "g2"]}})"),
                              Json::read(R"({"broadcasts": [
         {"client": "c", "command": "open", "key": "a", "value": 9},
         {"client": "g", "command": "open", "key": "b", "value": 5, "values": {"g2": 6}}]})")},
                             protocol);
  World world{WorldConfig{}};
  world.add_node({"P0", "party", "bank"},
                 make_process<broadcast::Party>(system, broadcast::make_broadcast<Told>(items),
                                                broadcast::PartyOptions{}));
  for (std::size_t i = 1; i < system->names.size(); ++i) {
    world.add_node({system->names[i], "client", system->names[i]}, make_process<Quiet>());
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  SeededChoices choices(1);
  world.run(choices, {});
  Result result;
  for (const TraceEvent& e : recorder.events()) result.applied += e.name == "note::Applied";
  for (const auto& [what, count] : world.counters().counts) {
    if (what == "forged") result.forged += count;
  }
  return result;
}

Item item(std::uint32_t origin, const std::string& content) {
  return {{NodeId{origin}, 1}, Json::read(content)};
}

}  // namespace

TEST_CASE("a command of a party is applied if the party itself has broadcast it") {
  const std::string own = R"({"op": 7, "client": "P1", "f": "open", "key": "x", "value": 1})";
  CHECK(deliver({item(1, own)}) == kApplied);
  CHECK(deliver({item(2, own)}) == kForged);
  CHECK(deliver({item(0, own)}) == kForged);
  CHECK(deliver({item(9, own)}) == kForged);  // of nobody
}

TEST_CASE("nobody makes up a client, and what is no command is for the machine to refuse") {
  CHECK(deliver({item(1, R"({"op": 7, "client": "ghost", "f": "open"})")}) == kForged);
  CHECK(deliver({item(1, R"({"op": 7, "f": "open"})")}) == kForged);
  CHECK(deliver({item(1, R"("lie")")}) == kApplied);
}

TEST_CASE("a request of an external client is applied whoever broadcasts it, as it was signed") {
  const auto request = [](const char* op, const char* client, const char* key, const char* value) {
    return std::string(R"({"op": )") + op + R"(, "client": ")" + client +
           R"(", "f": "open", "key": ")" + key + R"(", "value": )" + value + "}";
  };
  for (std::uint32_t origin = 0; origin < 3; ++origin) {
    CHECK(deliver({item(origin, request("1", "c", "a", "9"))}) == kApplied);
    CHECK(deliver({item(origin, request("1", "c", "a", "8"))}) == kForged);
    CHECK(deliver({item(origin, request("1", "c", "z", "9"))}) == kForged);
    CHECK(deliver({item(origin, request("2", "c", "a", "9"))}) == kForged);  // of g
    CHECK(deliver({item(origin, request("0", "c", "a", "9"))}) == kForged);
    CHECK(deliver({item(origin, request("3", "c", "a", "9"))}) == kForged);  // there is none
  }
  // Its nodes may have signed different ones; one is done.
  CHECK(deliver({item(1, request("2", "g", "b", "5"))}) == kApplied);
  CHECK(deliver({item(1, request("2", "g", "b", "6"))}) == kApplied);
  CHECK(deliver({item(1, request("2", "g", "b", "7"))}) == kForged);
  CHECK(deliver({item(0, request("2", "g", "b", "6")), item(1, request("2", "g", "b", "5"))}) ==
        kApplied);
}

TEST_CASE("a forged request does not keep the client's own from being applied") {
  const Deliveries both = {
      item(1, R"({"op": 1, "client": "c", "f": "open", "key": "a", "value": 1000})"),
      item(2, R"({"op": 1, "client": "c", "f": "open", "key": "a", "value": 9})")};
  CHECK(deliver(both) == Result{1, 1});
}

}  // namespace sibyl::forged_commands_test
