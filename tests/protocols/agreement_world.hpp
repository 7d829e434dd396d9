// A run of an agreement for tests: ties by insertion, Choices that the test gives.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::agreement_test {

/// Behaviours of faulty parties, by number.
using Shims = std::map<std::uint32_t, std::vector<byzantine::Behaviour>>;

struct AgreementRun {
  Outcome outcome = Outcome::limit;
  std::map<std::string, std::int64_t> by_kind;
  std::map<std::string, std::uint64_t> counts;
  std::vector<TraceEvent> events;
  std::int64_t sent(const std::string& kind) const {
    const auto at = by_kind.find(kind);
    return at == by_kind.end() ? 0 : at->second;
  }
  std::uint64_t count(const std::string& what) const {
    const auto at = counts.find(what);
    return at == counts.end() ? 0 : at->second;
  }
};

inline Setup agreement_setup(const std::vector<std::int64_t>& inputs,
                             std::vector<std::string> variants, Value options) {
  Setup setup;
  setup.variants = std::move(variants);
  setup.options = std::move(options);
  setup.deployment.set("parties", Value(static_cast<std::int64_t>(inputs.size())));
  Value::List list;
  for (const std::int64_t input : inputs) list.emplace_back(input);
  setup.workload.set("inputs", Value(std::move(list)));
  return setup;
}

inline AgreementRun run_agreement(const std::string& protocol, const Setup& setup,
                                  const Shims& shims, Choices& choices) {
  WorldConfig config;
  config.ties = TieRule::insertion;
  World world(config);
  std::vector<TraceNode> cast;
  for (const NodeSpec& node : find_protocol(protocol)->build(setup)) {
    cast.push_back(node.description);
    world.add_node(node.description, node.process);
  }
  const auto shared = std::make_shared<const std::vector<TraceNode>>(cast);
  for (const auto& [node, behaviours] : shims) {
    world.set_shim({node}, ShimPtr(new byzantine::Chain(behaviours, shared)));
  }
  TraceRecorder recorder(world.nodes());
  world.set_observer(&recorder);
  Limits limits;
  limits.events = 1'000'000;
  AgreementRun ran;
  ran.outcome = world.run(choices, limits);
  for (const auto& [kind, count] : world.counters().by_kind) {
    ran.by_kind[std::string(kind)] = static_cast<std::int64_t>(count);
  }
  for (const auto& [what, count] : world.counters().counts) ran.counts[what] = count;
  ran.events = recorder.take();
  return ran;
}

}  // namespace sibyl::agreement_test
