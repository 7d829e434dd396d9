// Reading a trace for the checkers of agreements.
#include "analysis/agreement_reading.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

std::vector<NodeId> Agreements::without_input(const AgreementInstance& instance) const {
  std::set<NodeId> left = processes;
  for (const Proposal& p : instance.proposals) left.erase(p.process);
  std::erase_if(left, [&](NodeId process) { return !is_correct(process); });
  return {left.begin(), left.end()};
}

std::string Agreements::where(const AgreementInstance& instance) const {
  return instances.size() < 2 ? std::string() : " in agreement " + printable(instance.name);
}

namespace {

std::set<NodeId> paused_at_end(const Trace& trace) {
  std::set<NodeId> paused;
  for (const TraceEvent& event : trace.events) {
    if (event.kind != TraceKind::fault) continue;
    if (is_named(event.name, "Pause")) paused.insert(event.node);
    if (is_named(event.name, "Resume") || is_named(event.name, "Crash")) paused.erase(event.node);
  }
  return paused;
}

}  // namespace

bool has_agreements(const Trace& trace) {
  return std::any_of(trace.events.begin(), trace.events.end(), [](const TraceEvent& event) {
    return is_note(event, "Propose") || is_note(event, "Decide");
  });
}

Agreements read_agreements(const Trace& trace) {
  Agreements all;
  FieldReader read;
  Lives lives;
  std::map<std::string, std::size_t> places;
  std::set<NodeId> speaking;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].faulty) all.faulty.insert(NodeId{static_cast<std::uint32_t>(i)});
  }
  for (const TraceEvent& event : trace.events) {
    lives.pass(event);
    const bool proposes = is_note(event, "Propose");
    if (!proposes && !is_note(event, "Decide")) continue;
    speaking.insert(event.node);
    if (is_faulty(trace, event.node)) continue;
    const std::string name = read.string(event, "instance");
    const auto [place, fresh] = places.emplace(name, all.instances.size());
    if (fresh) all.instances.push_back({name, 0, {}, {}});
    AgreementInstance& instance = all.instances[place->second];
    if (proposes) {
      instance.least = std::max(instance.least, read.integer(event, "least"));
      instance.proposals.push_back({event.id, event.node, read.value(event, "value")});
    } else {
      instance.decisions.push_back({event.id, event.node, lives.of(event.node),
                                    read.integer(event, "round"), read.value(event, "value")});
    }
  }
  all.processes = of_the_same_roles(trace, speaking);
  all.crashed = crashed_at_end(trace);
  all.paused = paused_at_end(trace);
  all.problem = read.problem();
  return all;
}

}  // namespace sibyl::analysis
