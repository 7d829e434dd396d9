// Draws scenarios and searches them.
#include "scenarios/generate.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "scenarios/combined_causes.hpp"
#include "scenarios/json.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/probes.hpp"
#include "scenarios/team.hpp"
#include "sim/decode.hpp"
#include "sim/random.hpp"

namespace sibyl {

namespace {

constexpr std::uint32_t kWorkloadStream = 0x776b6c64;
constexpr std::uint32_t kReplicaStream = 0x72706c63;
constexpr std::size_t kLongestName = 70;  // with a number and a property an id is 100 at most

/// The seed of workload `number`: one that a scenario may have.
std::uint64_t seed_of_workload(std::uint64_t seed, std::uint64_t number) {
  return seed_of_run(seed, number) % static_cast<std::uint64_t>(kLargestSeed);
}

Setup setup_of(const Generator& generator) {
  Setup setup;
  setup.variants = generator.variants;
  setup.options = generator.options;
  Value set;
  for (const Override& o : generator.overrides) {
    if (is_within(o.pointer, kDeploymentPointer)) set_at(set, o.pointer, o.value, o.pointer);
  }
  if (const Value* deployment = set.find("deployment")) setup.deployment = *deployment;
  return setup;
}

Value protocol_of(const Generator& generator) {
  Value protocol{Value::Object{{"name", generator.protocol->name}}};
  if (!generator.variants.empty()) {
    Value::List variants;
    for (const std::string& variant : generator.variants) variants.emplace_back(variant);
    protocol.set("variants", Value(std::move(variants)));
  }
  if (!generator.options.as_object()->empty()) protocol.set("options", generator.options);
  return protocol;
}

std::string id_of(const Generator& generator, std::uint64_t number) {
  return fmt::format("{}-{}", generated_id(generator), number);
}

/// Whether what is drawn is changed so that it bears crashes.
bool replicates(const Generator& generator) {
  return generator.crashes && generator.protocol->replicate;
}

Value document_without_overrides(const Generator& generator, std::uint64_t seed,
                                 std::uint64_t number) {
  const std::uint64_t own = seed_of_workload(seed, number);
  Stream stream(own, 0, kWorkloadStream);
  Drawn drawn = generator.protocol->draw(setup_of(generator), stream, size_of_drawing(number));
  std::int64_t steps = generator.protocol->drawn_steps;
  if (replicates(generator)) {
    Stream replicas(own, 0, kReplicaStream);
    generator.protocol->replicate(drawn.deployment, replicas);
    steps *= 5;  // each message is one to every replica; measured, as drawn_steps are
  }
  // Delays that differ, for the runs of a search that go by them; all others decide the order.
  const Value delay{Value::Object{{"uniform", Value::List{"1ms", "10ms"}}}};
  Value document(
      Value::Object{{"format", kScenarioFormat},
                    {"id", id_of(generator, number)},
                    {"title", fmt::format("Workload {} that a search of {} has drawn (seed {})",
                                          number, generator.protocol->name, seed)},
                    {"seed", static_cast<std::int64_t>(own)},
                    {"protocol", protocol_of(generator)},
                    {"deployment", std::move(drawn.deployment)},
                    {"workload", std::move(drawn.workload)},
                    {"network", Value::Object{{"default", Value::Object{{"delay", delay}}}}},
                    {"limits", Value::Object{{"events", steps}}}});
  if (!drawn.clocks.is_null()) document.set("clocks", std::move(drawn.clocks));
  if (!drawn.byzantine.is_null()) document.set("byzantine", std::move(drawn.byzantine));
  return document;
}

/// The options of the search of one workload, by one thread.
ExploreOptions options_of(const Generator& generator, const ExploreOptions& all,
                          std::uint64_t number, std::uint64_t each) {
  ExploreOptions own = all;
  // What tolerates crashes suspects by timers: it ends once messages are faster.
  own.strategy.timely_in_the_end = replicates(generator);
  own.seed = seed_of_workload(all.seed, number);
  own.runs = std::min(each, all.runs - number * each);
  own.jobs = 1;
  own.causes = 0;
  own.memory = all.memory / std::max(1U, all.jobs);
  own.examples = false;
  own.stop = {};
  own.cpu = {};
  own.progress = {};
  return own;
}

void merge(ExploreResult one, std::uint64_t number, std::uint64_t each, ExploreResult& all) {
  for (FoundCause& found : one.found) {
    const auto same = std::find_if(all.found.begin(), all.found.end(), [&](const FoundCause& f) {
      return f.property == found.property && f.cause == found.cause;
    });
    if (same != all.found.end()) {
      same->count += found.count;
      continue;
    }
    found.first += number * each;
    found.cpu_seconds = all.cpu_seconds;
    found.workload = number;
    all.found.push_back(std::move(found));
  }
  all.runs += one.runs;
  all.events += one.events;
  all.violating += one.violating;
  all.inconclusive += one.inconclusive;
  all.judged += one.judged;
  for (const auto& [why, runs] : one.undecided) all.undecided[why] += runs;
  for (const auto& [probe, hits] : one.probes) all.probes[probe] += hits;
  ++all.workloads;
}

/// The first override with which a drawn scenario has a mistake that it has not without; or null.
const Override* first_wrong(const Generator& generator, std::uint64_t seed, std::uint64_t number) {
  Generator some = generator;
  some.overrides.clear();
  const Override* last = nullptr;
  try {
    load_document(draw_document(some, seed, number), "");
    for (const Override& o : generator.overrides) {
      last = &o;
      some.overrides.push_back(o);
      load_document(draw_document(some, seed, number), "");
    }
  } catch (const InputError&) {
    return last;
  }
  return nullptr;
}

/// Draws what a search with such faults needs.
Generator with_faults(Generator generator, const FaultBudget& budget) {
  generator.crashes = budget.crashes != 0 && !budget.beyond_bound;
  return generator;
}

struct Nothing {};

}  // namespace

const ProtocolInfo& drawing_protocol(const std::string& name, const std::string& pointer) {
  std::vector<std::string> all;
  std::string drawing;
  for (const ProtocolInfo& p : protocols()) {
    all.push_back(p.name);
    if (p.draw) drawing += (drawing.empty() ? "" : ", ") + p.name;
  }
  const ProtocolInfo* found = find_protocol(name);
  if (found == nullptr) unknown_name(pointer, name, all, "protocol");
  if (!found->draw) {
    throw ConfigError(pointer, fmt::format("{} draws no workloads; give a scenario (those that "
                                           "draw them: {})",
                                           name, drawing));
  }
  return *found;
}

std::string generated_id(const Generator& generator) {
  std::string id = "generated-" + generator.protocol->name;
  for (const std::string& variant : generator.variants) {
    if (id.size() + variant.size() < kLongestName) id += "-" + variant;
  }
  return id;
}

unsigned size_of_drawing(std::uint64_t number) {
  constexpr std::uint64_t kOfTheSmallest = 16;
  const auto doubled = static_cast<unsigned>(std::bit_width(number / kOfTheSmallest + 1)) - 1;
  return std::min(kLargestDrawing, kSmallestDrawing + doubled);
}

Value draw_document(const Generator& generator, std::uint64_t seed, std::uint64_t number) {
  Value document = document_without_overrides(generator, seed, number);
  for (const Override& o : generator.overrides) {
    set_at(document, o.pointer, o.value, o.pointer);
  }
  return document;
}

Scenario draw_scenario(const Generator& generator, std::uint64_t seed, std::uint64_t number) {
  const std::string id = id_of(generator, number);
  const auto of_override = [&](const std::string& place) {
    return std::any_of(generator.overrides.begin(), generator.overrides.end(),
                       [&](const Override& o) { return is_within(place, o.pointer); });
  };
  try {
    return load_document(draw_document(generator, seed, number), id);
  } catch (const ConfigError& e) {
    throw InputError(of_override(e.pointer) ? "--set" : id, e.pointer, e.what());
  } catch (const InputError& e) {
    if (of_override(e.place)) {
      throw InputError("--set", e.place, fmt::format("{} (in {})", e.message, id));
    }
    const Override* wrong = first_wrong(generator, seed, number);
    if (wrong == nullptr) throw;
    throw InputError("--set", wrong->pointer,
                     fmt::format("does not go with what else is drawn: {}", e.what()));
  }
}

void check_generator(const Generator& generator) {
  std::vector<std::string> known;
  for (const VariantInfo& v : generator.protocol->variants) known.push_back(v.name);
  try {
    for (std::size_t i = 0; i < generator.variants.size(); ++i) {
      const std::string& variant = generator.variants[i];
      if (std::find(known.begin(), known.end(), variant) != known.end()) continue;
      unknown_name(pointer_to("/protocol/variants", i), variant, known,
                   "variant of " + generator.protocol->name);
    }
    for (const Override& o : generator.overrides) {
      if (!is_within(o.pointer, "/protocol")) continue;
      throw InputError("--set", o.pointer,
                       "cannot be set where workloads are drawn: protocol, variants and options "
                       "are given beside it");
    }
    draw_scenario(generator, 1, 0);  // which names the override that is wrong
    const std::string text = to_json(document_without_overrides(generator, 1, 0));
    load_text(text, id_of(generator, 0), generator.overrides);
  } catch (const ConfigError& e) {
    throw InputError(id_of(generator, 0), e.pointer, e.what());
  }
}

void check_crashes(const Scenario& scenario, const FaultBudget& budget,
                   const std::string& pointer) {
  if (budget.crashes == 0) return;
  const std::optional<CrashRoom> room = crash_room(scenario, budget);
  if (room && room->may.empty()) throw ConfigError(pointer, no_room_for_crashes(scenario));
}

void check_crashes(const Generator& generator, std::uint64_t seed, const FaultBudget& budget,
                   const std::string& pointer) {
  constexpr std::uint64_t kLookedAt = 32;
  if (budget.crashes == 0 || budget.beyond_bound) return;
  const Generator drawing = with_faults(generator, budget);
  for (std::uint64_t i = 0; i < kLookedAt; ++i) {
    const std::optional<CrashRoom> room = crash_room(draw_scenario(drawing, seed, i), budget);
    if (!room || !room->may.empty()) return;
  }
  throw ConfigError(
      pointer, fmt::format("{} bears no crash in any of the first {} deployments that are drawn "
                           "with seed {}; take another seed, or a scenario whose deployment bears "
                           "crashes, if {} has one",
                           generator.protocol->name, kLookedAt, seed, generator.protocol->name));
}

ExploreResult explore_generated(const Generator& given, const ExploreOptions& options,
                                std::uint64_t each) {
  const Generator generator = with_faults(given, options.faults);
  each = std::max<std::uint64_t>(each, 1);
  ExploreResult result;
  for (const std::string& probe : probes_of(generator.protocol->words)) result.probes[probe] = 0;
  Team<Nothing> team(options.jobs, options.cpu, [] { return std::make_unique<Nothing>(); });
  const std::uint64_t together = std::max<std::uint64_t>(1, kRunsInABlock / each);
  const std::uint64_t workloads = options.runs / each + (options.runs % each == 0 ? 0 : 1);
  std::vector<ExploreResult> block;
  while (result.workloads < workloads) {
    if (options.stop && options.stop()) {
      result.stopped = true;
      break;
    }
    const std::uint64_t first = result.workloads;
    block.assign(std::min(together, workloads - first), {});
    team.block(block.size(), 1, [&](Nothing&, std::size_t i) {
      const Scenario scenario = draw_scenario(generator, options.seed, first + i);
      block[i] = explore(scenario, options_of(generator, options, first + i, each));
    });
    result.cpu_seconds = team.seconds();
    for (std::size_t i = 0; i < block.size(); ++i) {
      merge(std::move(block[i]), first + i, each, result);
    }
    if (options.progress) options.progress(result);
    if (options.causes != 0 && result.found.size() >= options.causes) break;
  }
  drop_combined(result.found);
  for (FoundCause& found : result.found) {
    const std::uint64_t number = *found.workload;
    FoundCause own = found;
    own.first -= number * each;
    found.scenario = example_of(draw_scenario(generator, options.seed, number),
                                options_of(generator, options, number, each), own);
    found.summary = std::move(own.summary);
    found.departures = std::move(own.departures);
  }
  return result;
}

}  // namespace sibyl
