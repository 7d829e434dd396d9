// Options that several verbs share, and the loading of the scenarios that they name.
#include <algorithm>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "sim/decode.hpp"

namespace sibyl::cli {

void add_scenario_options(CLI::App& verb, Common& common) {
  verb.add_option("--seed", common.seed, "Seed instead of the scenario's, 0 to 2^53")
      ->check(CLI::Range(std::uint64_t{0}, static_cast<std::uint64_t>(kLargestSeed)));
  verb.add_option("--set", common.sets, "Set one place of the scenario: /json/pointer=JSON")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--only", common.only, "Only the scenario or variant of this id");
}

void add_output_options(CLI::App& verb, Common& common) {
  verb.add_option("-o,--out", common.out, "Where the data go; - is standard output");
  verb.add_flag("--json", common.json, "JSON on standard output, and nothing else");
  verb.add_flag("--quiet", common.quiet, "Only what is not as expected");
  verb.add_option("--color", common.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

bool wants_color(const Common& common, const Io& io) {
  if (common.color != "auto") return common.color == "always";
  return io.out_is_terminal && !io.no_color && (common.out.empty() || common.out == "-");
}

std::vector<Scenario> load_scenarios(const std::vector<std::string>& files, const Common& common,
                                     Io& io) {
  std::vector<Override> overrides;
  for (const std::string& text : common.sets) overrides.push_back(parse_override(text));
  std::vector<Scenario> loaded;
  std::optional<InputError> first;
  for (const std::string& file : files) {
    try {
      for (Scenario& s : load_file(file, overrides)) loaded.push_back(std::move(s));
    } catch (const InputError& e) {
      if (first) io.err << first->what() << "\n";
      first = e;
    }
  }
  if (first) throw InputError(*first);
  if (common.only.empty()) return loaded;
  const auto is_meant = [&](const Scenario& s) {
    const std::string variant =
        s.id.substr(s.id.rfind('/') == std::string::npos ? 0 : s.id.rfind('/') + 1);
    return s.id == common.only || (s.id != variant && variant == common.only);
  };
  std::vector<std::string> ids;
  for (const Scenario& s : loaded) ids.push_back(s.id);
  std::vector<std::string> candidates = ids;
  for (const std::string& id : ids) candidates.push_back(id.substr(id.rfind('/') + 1));
  std::erase_if(loaded, [&](const Scenario& s) { return !is_meant(s); });
  if (loaded.empty()) {
    const std::string guess = nearest(common.only, candidates);
    std::string known;
    for (const auto& id : ids) known += (known.empty() ? "" : ", ") + id;
    throw UsageError(fmt::format("--only {}: there is none of this id{}; there are {}", common.only,
                                 guess.empty() ? "" : "; did you mean \"" + guess + "\"?", known));
  }
  return loaded;
}

}  // namespace sibyl::cli
