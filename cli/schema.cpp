// sibyl schema: the JSON Schema of scenarios, and that of campaigns.
#include <memory>

#include "cli/verbs.hpp"
#include "scenarios/campaign.hpp"

namespace sibyl::cli {

Action add_schema(CLI::App& verb, Io& io) {
  const auto common = std::make_shared<Common>();
  const auto of = std::make_shared<std::string>("scenario");
  verb.add_option("FORMAT", *of, "scenario (the default) or campaign")
      ->check(CLI::IsMember({"scenario", "campaign"}));
  add_output_options(verb, *common);
  return [common, of, &io] {
    emit(io, common->out, *of == "campaign" ? campaign_schema() : scenario_schema());
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
