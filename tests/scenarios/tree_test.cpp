// The scenario files of the tree: every run is as expected, and every variant of a protocol that
// breaks a property is shown to break it.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/names.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::tree_test {

namespace {

struct Ran {
  std::string name;  ///< file and id
  std::string protocol;
  std::vector<std::string> variants;
  RunResult result;
  std::set<std::string> events;  ///< names of what was received, fired and noted
};

/// All scenarios of the tree, run once.
const std::vector<Ran>& tree() {
  static const std::vector<Ran> kTree = [] {
    std::vector<Ran> all;
    for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios")) {
      for (const Scenario& s : load_file(file)) {
        RunResult result = run_scenario(s);
        std::set<std::string> events;
        for (const TraceEvent& e : result.trace.events) {
          // What the runner itself writes down, at the end, triggers nothing.
          const bool triggers = e.kind == TraceKind::receive || e.kind == TraceKind::timer ||
                                e.kind == TraceKind::note;
          if (triggers && e.name != "note::Rounds") events.insert(e.name);
        }
        result.trace.events.clear();
        all.push_back({s.file + " " + s.id, s.protocol->name, s.setup.variants, std::move(result),
                       std::move(events)});
      }
    }
    return all;
  }();
  return kTree;
}

bool violates(const RunResult& result, const std::string& property) {
  return std::any_of(
      result.findings.begin(), result.findings.end(), [&](const analysis::Finding& finding) {
        return finding.property == property && finding.verdict == analysis::Verdict::violated;
      });
}

/// Whether the protocol has this variant, or shares it with the protocol that does.
bool has(const std::string& protocol, const VariantInfo& variant) {
  const auto& all = find_protocol(protocol)->variants;
  return std::any_of(all.begin(), all.end(), [&](const VariantInfo& other) {
    return other.name == variant.name && other.line == variant.line;
  });
}

/// Whether some scenario with this variant, and no other, shows that the property is violated.
bool is_shown(const VariantInfo& variant, const std::string& property) {
  const std::vector<std::string> alone{variant.name};
  return std::any_of(tree().begin(), tree().end(), [&](const Ran& ran) {
    return ran.variants == alone && violates(ran.result, property) && has(ran.protocol, variant);
  });
}

}  // namespace

TEST_CASE("every scenario in the tree, base and variants, runs as it expects") {
  CHECK(tree().size() >= 17);
  for (const Ran& ran : tree()) {
    std::string unmet;
    for (const Unmet& each : ran.result.unmet) unmet += "\n  " + each.line;
    CHECK_MESSAGE(ran.result.as_expected(), ran.name << unmet);
  }
}

TEST_CASE("a protocol's words name all that happens in the tree's scenarios") {
  for (const Ran& ran : tree()) {
    const Words& words = find_protocol(ran.protocol)->words;
    const Names names({}, words);
    for (const std::string& event : ran.events) CHECK_NOTHROW(names.check_event(event, ""));
    for (const auto& [message, unused] : ran.result.messages_by_kind) {
      CHECK_NOTHROW(names.check_message(message, ""));
    }
  }
}

TEST_CASE(
    "every property that a variant is said to break is seen broken by a scenario in the tree") {
  for (const ProtocolInfo& protocol : protocols()) {
    for (const VariantInfo& variant : protocol.variants) {
      for (const std::string& property : variant.breaks) {
        CHECK_MESSAGE(is_shown(variant, property), protocol.name << " " << variant.name
                                                                 << ": no scenario shows "
                                                                 << property << " violated");
      }
    }
  }
}

}  // namespace sibyl::tree_test
