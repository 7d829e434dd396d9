// The calls and returns of a part in the order of time.
#include "analysis/check/events.hpp"

#include <algorithm>

namespace sibyl::analysis {

std::vector<PartEvent> events_of(const std::vector<FlatOperation>& operations,
                                 const std::vector<std::uint32_t>& part,
                                 const std::vector<bool>& counts, Patience& patience) {
  struct Timed {
    std::int64_t at;
    std::uint32_t op;
  };
  std::vector<Timed> calls;
  std::vector<Timed> returns;
  for (std::uint32_t i = 0; i < part.size(); ++i) {
    if (!counts[i]) continue;
    const FlatOperation& op = operations[part[i]];
    calls.push_back({op.call, i});
    if (op.outcome == OperationOutcome::ok) returns.push_back({op.ret, i});
  }
  const auto earlier = [&](const Timed& a, const Timed& b) {
    patience.step();
    return a.at != b.at ? a.at < b.at : a.op < b.op;
  };
  if (!std::is_sorted(calls.begin(), calls.end(), earlier))
    std::sort(calls.begin(), calls.end(), earlier);
  std::sort(returns.begin(), returns.end(), earlier);
  std::vector<PartEvent> events;
  events.reserve(calls.size() + returns.size());
  std::size_t call = 0;
  for (const Timed& ret : returns) {
    for (; call < calls.size() && calls[call].at <= ret.at; ++call)
      events.push_back({calls[call].op << 1U});
    events.push_back({(ret.op << 1U) | 1U});
  }
  for (; call < calls.size(); ++call) events.push_back({calls[call].op << 1U});
  return events;
}

}  // namespace sibyl::analysis
