// Draws small deployments and workloads of the multicast family.
#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "protocols/multicast/setup.hpp"
#include "sim/random.hpp"

namespace sibyl::multicast {

/// Two or three groups mostly, since orders need some; clocks that are ahead in some of them, as
/// what happened before would make them; senders inside and outside.
Drawn draw_multicasts(const MulticastProtocol& protocol, Stream& stream, unsigned size) {
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(stream.below(most)); };
  const std::size_t groups = below(6) == 0 ? 1 : 2 + below(2);
  const std::size_t multicasts = 2 + std::max(below(size - 1), below(size - 1));
  Drawn drawn;
  Value::Object deployed;
  Value::Object clocks;
  std::vector<std::string> senders{"c1", "c2"};
  const std::size_t members = protocol.sizes[below(protocol.sizes.size())];
  for (std::size_t i = 0; i < groups; ++i) {
    const std::string name = fmt::format("P{}", i + 1);
    deployed.emplace_back(name, static_cast<std::int64_t>(members));
    if (below(3) == 0) clocks.emplace_back(name, static_cast<std::int64_t>(10));
    senders.push_back(members == 1 ? name : fmt::format("{}.{}", name, 1 + below(members)));
  }
  drawn.deployment.set("groups", Value(std::move(deployed)));
  drawn.deployment.set("clients", Value(Value::List{Value("c1"), Value("c2")}));
  if (protocol.has_clocks && !clocks.empty()) {
    drawn.deployment.set("clocks", Value(std::move(clocks)));
  }
  Value::List list;
  std::size_t now_ms = 0;
  for (std::size_t i = 0; i < multicasts; ++i) {
    Value::List to;
    for (std::size_t g = 0; g < groups; ++g) {
      if (below(3) != 0) to.emplace_back(fmt::format("P{}", g + 1));
    }
    if (to.empty()) to.emplace_back(fmt::format("P{}", 1 + below(groups)));
    if (below(2) == 0) now_ms += 2;
    list.emplace_back(Value::Object{{"from", senders[below(senders.size())]},
                                    {"to", Value(std::move(to))},
                                    {"at", fmt::format("{}ms", now_ms)},
                                    {"label", fmt::format("m{}", i + 1)}});
  }
  drawn.workload.set("multicasts", Value(std::move(list)));
  return drawn;
}

}  // namespace sibyl::multicast
