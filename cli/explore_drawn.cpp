// Reads the options of explore that stand for a scenario.
#include "cli/explore_drawn.hpp"

#include <fmt/core.h>

#include "scenarios/json.hpp"
#include "scenarios/pointer.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

namespace {

/// JSON, or a word for itself: `--option create_reply=oracle` needs no quotes.
Value value_of(const std::string& text) {
  try {
    return parse_json(text, "--option");
  } catch (const InputError&) {
    return Value(text);
  }
}

Value options_of(const DrawSettings& settings) {
  Value options{Value::Object{}};
  for (const std::string& text : settings.options) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError(
          fmt::format("--option {}: write key=value, such as create_reply=oracle", text));
    }
    const std::string key = text.substr(0, equals);
    if (options.find(key) != nullptr) {
      throw UsageError(fmt::format("--option {}: {} is given twice", text, key));
    }
    options.set(key, value_of(text.substr(equals + 1)));
  }
  return options;
}

}  // namespace

void add_draw_options(CLI::App& verb, DrawSettings& settings) {
  verb.add_option("--protocol", settings.protocol,
                  "Instead of SCENARIO: a protocol; deployments and workloads are drawn")
      ->check(not_empty);
  verb.add_option("--variant", settings.variants, "A variant of --protocol; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--option", settings.options,
                  "An option of --protocol, key=value; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--workload-runs", settings.runs, "How many runs of each workload that is drawn")
      ->check(number_from(1, kMostCounted));
}

void check_draw_options(const CLI::App& verb, const DrawSettings& settings,
                        const std::string& strategy) {
  const auto given = [&](const char* name) { return verb.get_option(name)->count() != 0; };
  if (settings.protocol.empty()) {
    for (const char* name : {"--variant", "--option", "--workload-runs"}) {
      if (!given(name)) continue;
      throw UsageError(fmt::format("{} belongs to --protocol; a scenario says it itself", name));
    }
    return;
  }
  if (given("SCENARIO")) {
    throw UsageError("SCENARIO and --protocol are both given; take one of them");
  }
  if (given("--only")) {
    throw UsageError("--only chooses in a scenario file; with --protocol there is none");
  }
  if (strategy == "exhaustive") {
    throw UsageError("--strategy exhaustive searches one scenario; --protocol draws many");
  }
}

Generator generator_of(const DrawSettings& settings, const Common& common) {
  Generator generator;
  try {
    generator.protocol = &drawing_protocol(settings.protocol, "");
  } catch (const ConfigError& e) {
    throw UsageError(fmt::format("--protocol {}: {}", settings.protocol, e.what()));
  }
  generator.variants = settings.variants;
  generator.options = options_of(settings);
  generator.overrides = overrides_of(common);
  try {
    check_generator(generator);
  } catch (const InputError& e) {
    if (is_within(e.place, "/protocol/variants") && e.file != "--set") {
      throw UsageError(fmt::format("--variant: {}", e.message));
    }
    if (is_within(e.place, kOptionsPointer) && e.file != "--set") {
      const std::string where = e.place.substr(kOptionsPointer.size());
      throw UsageError(fmt::format("--option{}{}: {}", where.empty() ? "" : " ",
                                   where.empty() ? "" : where.substr(1), e.message));
    }
    throw;
  }
  return generator;
}

}  // namespace sibyl::cli
