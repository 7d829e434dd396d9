// sibyl schema: the JSON Schemas of scenarios, of campaigns, of what a search and a sweep print, of
// what a shrink prints and keeps, of histories, and of what a check prints.
#include <memory>

#include "cli/verbs.hpp"
#include "scenarios/campaign.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/shrink.hpp"
#include "scenarios/sweep_report.hpp"

namespace sibyl::cli {

Action add_schema(CLI::App& verb, Io& io) {
  const auto common = std::make_shared<Common>();
  const auto of = std::make_shared<std::string>("scenario");
  verb.add_option("FORMAT", *of,
                  "scenario (the default), campaign, explore (what explore --json prints of a "
                  "search), sweep (what sweep --json prints), shrink (what shrink --json prints), "
                  "shrink-state (what an interrupted shrink leaves), history (one of its lines) or "
                  "check (what check --json prints)")
      ->check(CLI::IsMember({"scenario", "campaign", "explore", "sweep", "shrink", "shrink-state",
                             "history", "check"}));
  add_output_options(verb, *common);
  return [common, of, &io] {
    std::string_view schema = scenario_schema();
    if (*of == "campaign") schema = campaign_schema();
    if (*of == "explore") schema = explore_schema();
    if (*of == "sweep") schema = sweep_schema();
    if (*of == "shrink") schema = shrink_schema();
    if (*of == "shrink-state") schema = shrink_state_schema();
    if (*of == "history") schema = history_schema();
    if (*of == "check") schema = check_schema();
    emit(io, common->out, schema);
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
