// Draws what parties broadcast: see draw.hpp.
#include "protocols/broadcast/draw.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "sim/random.hpp"

namespace sibyl::broadcast {

Drawn draw_parties(const BroadcastProtocol& protocol, const Setup& setup, Stream& stream,
                   unsigned size) {
  protocol.read(setup);  // options that make no sense are found out before anything is drawn
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(stream.below(most)); };
  const std::size_t parties = protocol.sizes[below(protocol.sizes.size())];
  const std::size_t broadcasts = 2 + std::max(below(size - 1), below(size - 1));
  // One that answers another tells causal orders apart; one a party, total ones.
  const std::size_t answers_in = 1 + below(4);
  // The counter's commands do not commute; without a machine what is applied cannot differ.
  const bool machine = std::find(protocol.properties.begin(), protocol.properties.end(),
                                 "rsm_safety") != protocol.properties.end();
  Value::List list;
  for (std::size_t i = 0; i < broadcasts; ++i) {
    Value entry;
    entry.set("party", Value(fmt::format("P{}", below(parties))));
    entry.set("label", Value(fmt::format("m{}", i + 1)));
    if (i > 0 && below(answers_in) == 0) {
      entry.set("after", Value(Value::List{Value(fmt::format("m{}", 1 + below(i)))}));
    }
    if (machine) {
      const char* const commands[] = {"set", "add", "divide"};
      entry.set("command", Value(commands[i < 3 ? i : below(3)]));
      entry.set("value", Value(static_cast<std::int64_t>(i == 1 ? 1 : 2 + i)));
    }
    list.push_back(std::move(entry));
  }
  Drawn drawn;
  drawn.deployment.set("parties", Value(static_cast<std::int64_t>(parties)));
  if (machine) drawn.deployment.set("machine", Value("counter"));
  drawn.workload.set("broadcasts", Value(std::move(list)));
  return drawn;
}

}  // namespace sibyl::broadcast
