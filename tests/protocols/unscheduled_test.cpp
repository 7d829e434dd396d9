// Unscheduled consensus broadcast: its back ends, their costs, and whom they believe.
#include "protocols/broadcast/unscheduled.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/choices.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::unscheduled_test {

using broadcast::Item;
using broadcast::SignedFlooding;
using signed_flooding::Data;
using signed_flooding::Hearsay;

Setup setup_of(std::uint32_t n, const std::string& backend) {
  Setup setup;
  setup.options.set("backend", Value(backend));
  setup.deployment.set("parties", Value(static_cast<std::int64_t>(n)));
  Value entry(Value::Object{{"party", "P0"}, {"label", "m"}});
  setup.workload.set("broadcasts", Value(Value::List{std::move(entry)}));
  return setup;
}

struct Ran {
  std::uint64_t messages = 0;
  std::size_t deliveries = 0;
  Time last;
};

Ran run(const Setup& setup) {
  World world{WorldConfig{}};
  for (const NodeSpec& node : find_protocol("consensus-broadcast")->build(setup)) {
    world.add_node(node.description, node.process);
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  SeededChoices choices(1);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  Ran ran;
  ran.messages = world.counters().messages;
  for (const TraceEvent& event : recorder.take()) {
    if (event.name != type_name<note::BroadcastDelivery>()) continue;
    ++ran.deliveries;
    ran.last = event.at;
  }
  return ran;
}

TEST_CASE("signed flooding costs n(n - 1) messages and one delay, exactly") {
  for (const std::uint32_t n : {2U, 4U, 7U, 10U, 16U, 31U, 64U}) {
    CAPTURE(n);
    const Ran ran = run(setup_of(n, "signed_flooding"));
    CHECK(ran.messages == n * (n - 1));
    CHECK(ran.deliveries == n);
    CHECK(ran.last == Time{1'000'000});
  }
}

TEST_CASE("by Bracha's it costs what reliable broadcast does") {
  for (const std::uint32_t n : {4U, 7U}) {
    const Ran ran = run(setup_of(n, "bracha"));
    CHECK(ran.messages == (n - 1) * (2 * n + 1));
    CHECK(ran.deliveries == n);
    CHECK(ran.last == Time{3'000'000});
  }
}

TEST_CASE("signed flooding believes the origin's signature alone, and each content once") {
  World world{WorldConfig{}};
  for (const NodeSpec& node : find_protocol("consensus-broadcast")->build(setup_of(4, "bracha"))) {
    world.add_node(node.description, node.process);
  }
  auto parties = std::make_shared<broadcast::Parties>();
  parties->all.assign(4, NodeId{0});  // nobody to pass anything on to: this is no step
  SignedFlooding module(parties, true);
  const Context context(world, 0);
  const auto item = [](Value content) { return Item{{NodeId{2}, 1}, std::move(content)}; };
  const auto take = [&](const Message& message) {
    return module.receive(context, NodeId{1}, message).size();
  };
  CHECK(take(Message::make(Data{{NodeId{1}, item("m")}})) == 0);
  CHECK(take(Message::make(Hearsay{item("m")})) == 0);
  CHECK(take(Message::make(Data{{NodeId{2}, item({})}})) == 0);
  CHECK(take(Message::make(Data{{NodeId{9}, Item{{NodeId{9}, 1}, "m"}}})) == 0);
  CHECK(take(Message::make(Data{{NodeId{2}, item("m")}})) == 1);
  CHECK(take(Message::make(Data{{NodeId{2}, item("m")}})) == 0);
  CHECK(take(Message::make(Data{{NodeId{2}, item("k")}})) == 1);
}

TEST_CASE("signatures bear any number of faulty parties, quorums fewer than a third") {
  const auto tolerated = [](Setup setup) {
    setup.deployment.set("faulty", Value(2));
    return find_protocol("consensus-broadcast")->tolerates(setup).byzantine;
  };
  CHECK(tolerated(setup_of(4, "bracha")) == 1);
  CHECK(tolerated(setup_of(4, "signed_flooding")) == 2);
}

}  // namespace sibyl::unscheduled_test
