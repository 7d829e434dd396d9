// Draws what parties broadcast: see draw.hpp.
#include "protocols/broadcast/draw.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "protocols/faulty_draw.hpp"
#include "sim/random.hpp"

namespace sibyl::broadcast {

namespace {

/// Wall clocks at the edges of what is allowed, or right; null: all are right.
Value draw_clocks(Duration most, Stream& stream, std::size_t parties) {
  Value clocks;
  for (std::size_t i = 0; i < parties; ++i) {
    const auto where = stream.below(3);
    if (where == 0) continue;
    const Duration offset{where == 1 ? most.ns : -most.ns};
    clocks.set(fmt::format("P{}", i),
               Value(Value::Object{{"wall_offset", format_duration(offset)}}));
  }
  return clocks;
}

bool promises(const BroadcastProtocol& protocol, const char* property) {
  const auto& promised = protocol.properties;
  return std::find(promised.begin(), promised.end(), property) != promised.end();
}

/// How many operations runs in slots have at most, where clients call some.
constexpr std::size_t kMostOfClients = 4;

/// External clients, in a third of the drawings, and in a third of these a voter.
std::vector<std::string> draw_clients(Stream& stream, Value& deployment) {
  if (stream.below(3) != 0) return {};
  std::vector<std::string> names{"c", "d"};
  names.resize(1 + stream.below(2));
  Value::List list;
  for (const std::string& name : names) list.emplace_back(name);
  deployment.set("clients", Value(std::move(list)));
  if (stream.below(3) == 0) deployment.set("voter", Value("V"));
  return names;
}

}  // namespace

Drawn draw_parties(const BroadcastProtocol& protocol, const Setup& setup, Stream& stream,
                   unsigned size) {
  protocol.read(setup);  // options that make no sense are found out before anything is drawn
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(stream.below(most)); };
  const std::size_t parties = protocol.sizes[below(protocol.sizes.size())];
  std::size_t broadcasts = 2 + std::max(below(size - 1), below(size - 1));
  // One that answers another tells causal orders apart; one a party, total ones.
  const std::size_t answers_in = 1 + below(4);
  // The counter's commands do not commute; without a machine what is applied cannot differ.
  const bool machine = promises(protocol, "rsm_safety");
  Drawn drawn;
  drawn.deployment.set("parties", Value(static_cast<std::int64_t>(parties)));
  if (machine) drawn.deployment.set("machine", Value("counter"));
  std::vector<std::string> clients;
  if (promises(protocol, "accepted_output")) clients = draw_clients(stream, drawn.deployment);
  // Replies are voted on: of too many liars there is no majority.
  auto most = protocol.most_faulty(static_cast<std::uint32_t>(parties));
  if (!clients.empty() && most > (parties - 1) / 2) {
    most = static_cast<std::uint32_t>((parties - 1) / 2);
    drawn.deployment.set("faulty", Value(static_cast<std::int64_t>(most)));
  }
  // In slots each operation of a client takes more epochs; a run has no more of them than without.
  if (!clients.empty() && protocol.clocks_within) broadcasts = std::min(broadcasts, kMostOfClients);
  Value::List list;
  std::size_t first = 0;  // the origin of the first broadcast
  for (std::size_t i = 0; i < broadcasts; ++i) {
    Value entry;
    const std::size_t origin = below(parties);
    if (i == 0) first = origin;
    // A client sees no deliveries that it could wait for.
    const bool of_client = !clients.empty() && (i == 0 || below(2) == 0);
    if (of_client) {
      entry.set("client", Value(clients[below(clients.size())]));
    } else {
      entry.set("party", Value(fmt::format("P{}", origin)));
    }
    entry.set("label", Value(fmt::format("m{}", i + 1)));
    if (protocol.clocks_within) {
      entry.set("at", Value(fmt::format("{}ms", below(3) == 0 ? 0 : below(60))));
    }
    if (i > 0 && below(answers_in) == 0 && protocol.answers && !of_client) {
      entry.set("after", Value(Value::List{Value(fmt::format("m{}", 1 + below(i)))}));
    }
    if (machine) {
      const char* const commands[] = {"set", "add", "divide"};
      entry.set("command", Value(commands[i < 3 ? i : below(3)]));
      entry.set("value", Value(static_cast<std::int64_t>(i == 1 ? 1 : 2 + i)));
    }
    list.push_back(std::move(entry));
  }
  drawn.workload.set("broadcasts", Value(std::move(list)));
  if (protocol.clocks_within) drawn.clocks = draw_clocks(*protocol.clocks_within, stream, parties);
  if (protocol.faults == FaultsBorne::byzantine) {
    const auto& fields = protocol.words.fields;
    const bool lies =
        !machine && std::find(fields.begin(), fields.end(), "content") != fields.end();
    // An origin, rather than any party: what it says can be told in two ways.
    FaultyParties faulty{protocol.words, parties, first, most};
    faulty.late = protocol.clocks_within.has_value();
    faulty.lie = lies ? "content" : "";
    faulty.number = protocol.numbered;
    drawn.byzantine = draw_faulty(faulty, stream);
  }
  return drawn;
}

}  // namespace sibyl::broadcast
