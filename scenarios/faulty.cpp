// Counts faulty nodes.
#include "scenarios/faulty.hpp"

#include <algorithm>
#include <set>

namespace sibyl {

std::set<NodeId> nodes_beside(const Scenario& scenario) {
  std::set<NodeId> all;
  if (!scenario.protocol->relies_on) return all;
  for (const Model::Others& each : scenario.protocol->relies_on(scenario.setup).others) {
    all.insert(each.nodes.begin(), each.nodes.end());
  }
  return all;
}

FaultyCount::FaultyCount(const Scenario& scenario)
    : scenario_(scenario), others_(nodes_beside(scenario)) {
  for (const ByzantineNode& each : scenario.byzantine) {
    if (!others_.contains(each.node)) for_good_.insert(each.node);
  }
  result_.byzantine = for_good_.size();
  if (scenario.protocol->tolerates)
    result_.tolerated = scenario.protocol->tolerates(scenario.setup);
  count();
}

bool FaultyCount::counts(NodeId node) const {
  return node.value < scenario_.nodes.size() && !others_.contains(node);
}

void FaultyCount::count() {
  result_.nodes = std::max(result_.nodes, for_good_.size() + down_.size());
  if (!result_.tolerated || result_.beyond) return;
  for (const Tolerance::Part& part : result_.tolerated->parts) {
    const auto hit = static_cast<std::size_t>(
        std::count_if(part.nodes.begin(), part.nodes.end(), [&](NodeId node) {
          return for_good_.contains(node) || down_.contains(node) ||
                 (!part.back.empty() && lacking_.contains(node));
        }));
    if (hit <= part.most) continue;
    result_.beyond = part;
    result_.in_part = hit;
    return;
  }
}

void FaultyCount::crash(NodeId node) {
  if (!counts(node)) return;
  crashed_.insert(node);
  if (!for_good_.contains(node)) down_.insert(node);
  count();
}

void FaultyCount::recover(NodeId node, bool storage) {
  if (!counts(node) || crashed_.erase(node) == 0) return;  // it was up
  down_.erase(node);
  lacking_.insert(node);
  if (!storage) for_good_.insert(node);
  count();
}

void FaultyCount::note(NodeId node, std::string_view name) {
  if (name == "broadcast::Retired" && counts(node) && !for_good_.contains(node)) {
    down_.insert(node);  // it has recovered, but takes no part any more
    count();
  } else if (lacking_.contains(node) && result_.tolerated) {
    const auto& parts = result_.tolerated->parts;
    const bool back = std::any_of(parts.begin(), parts.end(),
                                  [&](const Tolerance::Part& part) { return part.back == name; });
    if (back) lacking_.erase(node);
  }
}

void FaultyCount::on_step(const Step& step) {
  if (step.kind == TraceKind::note) {
    note(step.node, step.type->name);
  } else if (step.type == &kTypeInfo<fault::Crash>) {
    crash(step.node);
  } else if (step.type == &kTypeInfo<fault::Recover>) {
    recover(step.node, static_cast<const fault::Recover*>(step.body)->storage);
  }
}

FaultyNodes count_faulty(const Scenario& scenario, const Trace& trace) {
  FaultyCount count(scenario);
  for (const TraceEvent& event : trace.events) {
    if (event.kind == TraceKind::note) {
      count.note(event.node, event.name);
    } else if (event.kind != TraceKind::fault) {
      continue;
    } else if (event.name == type_name<fault::Crash>()) {
      count.crash(event.node);
    } else if (event.name == type_name<fault::Recover>()) {
      const Value* storage = event.data.find("storage");
      const bool lost = storage != nullptr && storage->as_bool() != nullptr && !*storage->as_bool();
      count.recover(event.node, !lost);
    }
  }
  return count.so_far();
}

}  // namespace sibyl
