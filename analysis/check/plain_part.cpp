// Plain reads and writes of one key.
#include "analysis/check/plain_part.hpp"

#include <algorithm>
#include <numeric>

#include "analysis/check/layers.hpp"
#include "analysis/check/registers.hpp"
#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

/// The same search on one of the part's timelines.
PartAnswer on_a_timeline(const std::vector<FlatOperation>& operations,
                         const std::vector<std::uint32_t>& part, const PlainView& view,
                         ValueCode initial, bool wants_order, const Bounds& bounds,
                         const std::vector<bool>* optional) {
  // By number, since that orders what one process does at an instant.
  std::vector<std::uint32_t> places(part.size());
  std::iota(places.begin(), places.end(), 0U);
  std::sort(places.begin(), places.end(),
            [&](std::uint32_t a, std::uint32_t b) { return part[a] < part[b]; });
  std::vector<FlatOperation> ordered;
  std::vector<bool> may;
  for (const std::uint32_t i : places) {
    ordered.push_back(operations[part[i]]);
    if (optional != nullptr) may.push_back((*optional)[i]);
  }
  std::vector<std::uint32_t> all(part.size());
  std::iota(all.begin(), all.end(), 0U);
  PartAnswer answer = judge_register(in_turns(ordered, bounds.stop), all, view, initial,
                                     wants_order, bounds, optional == nullptr ? nullptr : &may);
  for (std::uint32_t& i : answer.order) i = places[i];
  return answer;
}

PartAnswer judge_touching(const std::vector<FlatOperation>& operations,
                          const std::vector<std::uint32_t>& part, const PlainView& view,
                          ValueCode initial, bool wants_order, const Bounds& bounds,
                          const std::function<std::unique_ptr<Steps>()>& steps,
                          const std::vector<bool>* optional) {
  PartAnswer answer = on_a_timeline(operations, part, view, initial, wants_order, bounds, optional);
  if (answer.found == Found::yes) return answer;
  const std::uint64_t spent = answer.steps;
  const std::unique_ptr<Steps> machine = steps();
  answer = judge_layered(operations, part, *machine, wants_order, bounds, optional);
  answer.steps += spent;
  return answer;
}

}  // namespace

PartAnswer judge_plain(const std::vector<FlatOperation>& operations,
                       const std::vector<std::uint32_t>& part, const PlainView& view,
                       ValueCode initial, bool wants_order, const Bounds& bounds,
                       const std::function<std::unique_ptr<Steps>()>& steps,
                       const std::vector<bool>* optional) {
  PartAnswer answer =
      judge_register(operations, part, view, initial, wants_order, bounds, optional);
  if (!answer.touching || answer.found != Found::yes) return answer;
  try {
    PartAnswer exact =
        judge_touching(operations, part, view, initial, wants_order, bounds, steps, optional);
    exact.steps += answer.steps;
    exact.touching = true;
    return exact;
  } catch (const TimeIsUp&) {
    return without_order(true, false, 0, answer.steps);
  }
}

}  // namespace sibyl::analysis
