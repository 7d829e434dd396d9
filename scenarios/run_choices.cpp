// Who answers the questions of a run.
#include "scenarios/run_choices.hpp"

#include <fmt/core.h>

namespace sibyl {

std::vector<std::string> RunChoices::parts(const Scenario& scenario) const {
  std::vector<std::string> all;
  if (!schedule_) return all;
  for (std::size_t i = 0; i < schedule_->fates().size(); ++i) {
    const auto fate = schedule_->fates()[i];
    if (fate == ScheduleChoices::Fate::taken) continue;
    const std::string question =
        question_text(scenario.schedule->decisions[i].question,
                      nodes_with_twins(scenario.byzantine, scenario.nodes));
    all.push_back(fmt::format("/schedule/decisions/{}: {} {}", i, question,
                              fate == ScheduleChoices::Fate::unasked
                                  ? "was never asked for"
                                  : "was asked for, but the answer does not fit"));
  }
  return all;
}

}  // namespace sibyl
