// What run writes, check judges as the run did.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "analysis/check/judge.hpp"
#include "analysis/history.hpp"
#include "analysis/models/models.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "tests/scenarios/history_tools.hpp"

namespace sibyl::test::history_round_trip_test {
namespace {

TEST_CASE(
    "the history of every scenario that is judged for linearizability gets the run's verdict") {
  std::size_t holds = 0;
  std::size_t violated = 0;
  for (const std::string& file : scenario_files(SIBYL_SOURCE_DIR "/scenarios/partitioned")) {
    for (const Scenario& scenario : load_file(file)) {
      const RunResult result = run_scenario(scenario);
      const auto finding =
          std::find_if(result.findings.begin(), result.findings.end(),
                       [](const auto& each) { return each.property == "linearizability"; });
      if (finding == result.findings.end() || finding->vacuous) continue;
      const analysis::Model* model = analysis::model_for(result.history);
      if (model == nullptr) continue;
      CAPTURE(scenario.id);
      const Value initial = analysis::history_of(result.trace).initial;
      LoadOptions options = of_model(std::string(model->name()));
      const LoadedHistory history = loaded(history_text(result.history, initial), options);
      analysis::JudgeOptions by;
      by.model = options.model;
      const analysis::Judgement judged = analysis::judge(history.history, by);
      CHECK(judged.verdict == finding->verdict);
      holds += judged.verdict == analysis::Verdict::holds ? 1 : 0;
      violated += judged.verdict == analysis::Verdict::violated ? 1 : 0;
    }
  }
  CHECK(holds > 100);
  CHECK(violated > 30);
}

}  // namespace
}  // namespace sibyl::test::history_round_trip_test
