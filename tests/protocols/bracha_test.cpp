// Bracha's reliable broadcast: its rules one by one, its cost, and its variants in the hands of a
// Byzantine party.
#include "protocols/broadcast/bracha.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::bracha_test {

using bracha::Echo;
using bracha::Quorum;
using bracha::Ready;
using bracha::Send;

constexpr std::int64_t kTick = 1'000'000;

struct Delivered {
  std::string content;
  std::int64_t at = 0;  ///< in ticks
};

struct Ran {
  std::uint64_t messages = 0;
  std::map<std::string, std::int64_t> by_kind;
  std::map<std::string, std::vector<Delivered>> deliveries;  ///< by party
  /// What the correct parties delivered, each once: "P1:m P2:m".
  std::string text(const std::vector<std::string>& faulty) const {
    std::string out;
    for (const auto& [party, items] : deliveries) {
      if (std::find(faulty.begin(), faulty.end(), party) != faulty.end()) continue;
      for (const Delivered& item : items) {
        out += (out.empty() ? "" : " ") + party + ":" + item.content;
      }
    }
    return out;
  }
};

Setup setup_of(std::uint32_t n, std::vector<std::string> variants = {}) {
  Setup setup;
  setup.variants = std::move(variants);
  setup.deployment.set("parties", Value(static_cast<std::int64_t>(n)));
  Value entry(Value::Object{{"party", "P0"}, {"label", "m"}});
  setup.workload.set("broadcasts", Value(Value::List{std::move(entry)}));
  return setup;
}

using Shims = std::map<std::uint32_t, std::vector<byzantine::Behaviour>>;

Ran run(const Setup& setup, const Shims& shims = {}, const NetworkConfig& network = {}) {
  const std::vector<NodeSpec> nodes = find_protocol("reliable-broadcast")->build(setup);
  WorldConfig config;
  config.ties = TieRule::insertion;
  config.network = network;
  World world(config);
  std::vector<TraceNode> cast;
  for (const NodeSpec& node : nodes) {
    cast.push_back(node.description);
    world.add_node(node.description, node.process);
  }
  const auto shared = std::make_shared<const std::vector<TraceNode>>(cast);
  for (const auto& [node, behaviours] : shims) {
    world.set_shim({node}, ShimPtr(new byzantine::Chain(behaviours, shared)));
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  SeededChoices choices(1);
  CHECK(world.run(choices, {}) == Outcome::quiescent);
  Ran ran;
  ran.messages = world.counters().messages;
  for (const auto& [kind, count] : world.counters().by_kind) {
    ran.by_kind[std::string(kind)] = static_cast<std::int64_t>(count);
  }
  for (const TraceEvent& event : recorder.take()) {
    if (event.name != type_name<note::BroadcastDelivery>()) continue;
    ran.deliveries[cast[event.node.value].name].push_back(
        {event.data.find("content")->text(), event.at.ns / kTick});
  }
  return ran;
}

byzantine::Scope scope(std::vector<NodeId> to, std::vector<std::string> messages) {
  return {std::move(to), std::move(messages), {}};
}

byzantine::Omission omit(std::vector<NodeId> to, std::vector<std::string> messages) {
  return {scope(std::move(to), std::move(messages)), std::nullopt};
}

byzantine::Equivocation tell(std::vector<NodeId> to, const char* content) {
  byzantine::Equivocation lie;
  lie.scope = scope(std::move(to), {});
  lie.field = "content";
  lie.value = Value(content);
  return lie;
}

NodeId p(std::uint32_t i) { return {i}; }

TEST_CASE("a broadcast costs (n - 1)(2n + 1) messages and 3 delays, exactly") {
  for (const std::uint32_t n : {4U, 7U, 10U, 16U, 31U, 64U}) {
    CAPTURE(n);
    const Ran ran = run(setup_of(n));
    CHECK(ran.messages == (n - 1) * (2 * n + 1));
    CHECK(ran.by_kind.at("bracha::Send") == n - 1);
    CHECK(ran.by_kind.at("bracha::Echo") == n * (n - 1));
    CHECK(ran.by_kind.at("bracha::Ready") == n * (n - 1));
    CHECK(ran.deliveries.size() == n);
    for (const auto& [party, items] : ran.deliveries) {
      REQUIRE(items.size() == 1);
      CHECK(items[0].content == "m");
      CHECK(items[0].at == 3);
    }
  }
}

TEST_CASE("with one silent party of four a broadcast costs 3 + 9 + 9 messages, and 3 delays") {
  const Ran ran = run(setup_of(4), {{3, {byzantine::Silence{}}}});
  CHECK(ran.messages == 21);
  CHECK(ran.text({"P3"}) == "P0:m P1:m P2:m");
  CHECK(ran.deliveries.at("P1")[0].at == 3);
}

TEST_CASE("the last correct party delivers at most two delays after the first") {
  // The origin helps P1 alone: it delivers first, the others by amplification.
  const Ran ran =
      run(setup_of(4), {{0, {omit({p(3)}, {"Send", "Echo"}), omit({p(2), p(3)}, {"Ready"})}}});
  CHECK(ran.text({"P0"}) == "P1:m P2:m P3:m");
  const std::int64_t first = ran.deliveries.at("P1")[0].at;
  for (const char* party : {"P2", "P3"}) CHECK(ran.deliveries.at(party)[0].at <= first + 2);
  CHECK(ran.deliveries.at("P2")[0].at > first);
}

TEST_CASE("quorums have the sizes of the notes") {
  CHECK(size_of(Quorum::n_minus_t, 7, 2) == 5);
  CHECK(size_of(Quorum::over_half, 7, 2) == 5);
  CHECK(size_of(Quorum::over_half, 8, 2) == 6);
  CHECK(size_of(Quorum::two_t_plus_one, 7, 1) == 3);
  CHECK(size_of(Quorum::t_plus_one, 7, 2) == 3);
  for (std::uint32_t n = 4; n < 40; ++n) {
    const std::uint32_t t = (n - 1) / 3;
    // Two of them have more than t parties in common, and the correct ones are enough for one.
    for (const Quorum quorum : {Quorum::n_minus_t, Quorum::over_half}) {
      CHECK(2 * size_of(quorum, n, t) > n + t);
      CHECK(size_of(quorum, n, t) <= n - t);
    }
  }
}

TEST_CASE("the quorums of the notes' brackets do as well") {
  Setup setup = setup_of(7);
  setup.options.set("echo_quorum", "over_half").set("deliver_quorum", "two_t_plus_one");
  const Ran ran = run(setup, {{0, {tell({p(4), p(5), p(6)}, "other")}}});
  CHECK(ran.text({"P0"}).empty());
  CHECK(run(setup).text({}).size() == std::string("P0:m ").size() * 7 - 1);
}

TEST_CASE("what makes no sense is left aside") {
  World world{WorldConfig{}};
  const auto nodes = find_protocol("reliable-broadcast")->build(setup_of(4));
  auto parties = std::make_shared<broadcast::Parties>();
  for (std::uint32_t i = 0; i < 4; ++i) parties->all.push_back({i});
  for (const NodeSpec& node : nodes) world.add_node(node.description, node.process);
  parties->t = 1;
  broadcast::Bracha module(parties, {});
  const Context context(world, 0);
  const auto item = [](std::uint32_t origin, Value content) {
    return broadcast::Item{{{origin}, 1}, std::move(content)};
  };
  module.receive(context, p(1), Message::make(Send{item(2, "m")}));  // in another's name
  module.receive(context, p(9), Message::make(Send{item(9, "m")}));  // of no party
  module.receive(context, p(1), Message::make(Echo{item(9, "m")}));
  module.receive(context, p(1), Message::make(Ready{item(1, {})}));  // no content
  CHECK(module.instances.empty());
  module.receive(context, p(1), Message::make(Echo{item(2, "m")}));
  module.receive(context, p(1), Message::make(Echo{item(2, "k")}));  // its second
  module.receive(context, p(1), Message::make(Ready{item(2, "k")}));
  module.receive(context, p(1), Message::make(Ready{item(2, "m")}));
  const bracha::Instance& instance = module.instances.begin()->second;
  CHECK(instance.echoes.at(p(1)) == std::vector<Value>{"m"});
  CHECK(instance.readies.at(p(1)) == std::vector<Value>{"k"});
}

TEST_CASE("an origin that equivocates gets one content delivered, or none") {
  CHECK(run(setup_of(4), {{0, {tell({p(3)}, "other")}}}).text({"P0"}) == "P1:m P2:m P3:m");
  CHECK(
      run(setup_of(4), {{0, {tell({p(3)}, "other"), tell({p(2)}, "more")}}}).text({"P0"}).empty());
}

TEST_CASE("without amplification a party delivers alone") {
  const Shims shims{{0, {omit({p(3)}, {"Send", "Echo"}), omit({p(2), p(3)}, {"Ready"})}}};
  CHECK(run(setup_of(4, {"no-amplification"}), shims).text({"P0"}) == "P1:m");
  CHECK(run(setup_of(4), shims).text({"P0"}) == "P1:m P2:m P3:m");
}

TEST_CASE("with quorums of 2t + 1 two contents are delivered where n > 3t + 1") {
  NetworkConfig network;
  for (const std::uint32_t a : {1U, 2U}) {
    for (const std::uint32_t b : {3U, 4U}) {
      network.by_link[{p(a), p(b)}].delay = Distribution::constant(10 * kTick);
      network.by_link[{p(b), p(a)}].delay = Distribution::constant(10 * kTick);
    }
  }
  const Shims shims{{0, {tell({p(3), p(4)}, "other")}}};
  CHECK(run(setup_of(5, {"echo-quorum-2t-plus-1"}), shims, network).text({"P0"}) ==
        "P1:m P2:m P3:other P4:other");
  CHECK(run(setup_of(5), shims, network).text({"P0"}).empty());
}

TEST_CASE("with READY of t + 1 a party delivers alone, of four and of seven") {
  const Shims four{{3, {omit({p(2)}, {"Send"}), omit({p(1), p(2)}, {"Echo", "Ready"})}}};
  const auto from = [](Setup setup, const char* party) {
    Value entry(Value::Object{{"party", party}, {"label", "m"}});
    setup.workload.set("broadcasts", Value(Value::List{std::move(entry)}));
    return setup;
  };
  CHECK(run(from(setup_of(4, {"deliver-at-t-plus-1"}), "P3"), four).text({"P3"}) == "P0:m");
  CHECK(run(from(setup_of(4), "P3"), four).text({"P3"}).empty());
  const std::vector<NodeId> rest{p(1), p(2), p(3), p(4)};
  const Shims seven{{5, {omit({p(3), p(4)}, {"Send"}), omit(rest, {"Echo", "Ready"})}},
                    {6, {omit(rest, {})}}};
  const std::vector<std::string> faulty{"P5", "P6"};
  CHECK(run(from(setup_of(7, {"deliver-at-t-plus-1"}), "P5"), seven).text(faulty) == "P0:m");
  CHECK(run(from(setup_of(7), "P5"), seven).text(faulty).empty());
}

TEST_CASE("each protocol of the family says how many faulty parties it is made for") {
  const ProtocolInfo& info = *find_protocol("reliable-broadcast");
  const auto tolerated = [&](Setup setup) {
    const Tolerance tolerance = info.tolerates(setup);
    return std::pair(tolerance.faulty, tolerance.byzantine);
  };
  CHECK(tolerated(setup_of(3)) == std::pair(0U, 0U));
  CHECK(tolerated(setup_of(7)) == std::pair(2U, 2U));
  Setup fewer = setup_of(7);
  fewer.deployment.set("faulty", Value(1));
  CHECK(tolerated(fewer) == std::pair(1U, 1U));
  Setup more = setup_of(3);
  more.deployment.set("faulty", Value(1));
  CHECK(tolerated(more) == std::pair(0U, 0U));
  CHECK(find_protocol("naive-broadcast")->tolerates(setup_of(4)).faulty == 0);
}

}  // namespace sibyl::bracha_test
