// Who answers the questions of a run of a scenario, and who writes the answers down.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"
#include "scenarios/strategies.hpp"
#include "sim/choices.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

/// The seed answers, or the scenario's scheduler, or its schedule and what it leaves to others. It
/// must outlive the run, as must the scenario; it stays where it is.
class RunChoices {
 public:
  RunChoices(const Scenario& scenario, std::uint64_t seed) : seeded_(seed) {
    if (scenario.schedule) {
      Choices* otherwise = &least_;
      if (scenario.schedule->otherwise == Otherwise::seed) otherwise = &seeded_;
      schedule_.emplace(scenario.schedule->decisions, *otherwise);
      recorder_.emplace(*schedule_);
    } else if (scenario.scheduler) {
      scheduler_ = plan_with(*scenario.scheduler, seed).choices;
      recorder_.emplace(*scheduler_);
    } else {
      recorder_.emplace(seeded_);
    }
  }
  RunChoices(const RunChoices&) = delete;
  RunChoices& operator=(const RunChoices&) = delete;

  /// Who is asked; `record`: with the recorder in front.
  Choices& top(bool record) {
    if (record) return *recorder_;
    if (schedule_) return *schedule_;
    if (scheduler_) return *scheduler_;
    return seeded_;
  }
  const ScheduleRecorder& recorder() const { return *recorder_; }
  /// Where the schedule parts from the run: sentences.
  std::vector<std::string> parts(const Scenario& scenario) const;

 private:
  SeededChoices seeded_;
  DefaultChoices least_;
  std::optional<ScheduleChoices> schedule_;
  std::unique_ptr<Choices> scheduler_;
  std::optional<ScheduleRecorder> recorder_;
};

}  // namespace sibyl
