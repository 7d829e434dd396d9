// sibyl version: of the program and of the formats that it reads and writes.
#include <memory>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/trace_file.hpp"
#include "sibyl_version.hpp"

namespace sibyl::cli {

Action add_version(CLI::App& verb, Io& io) {
  const auto common = std::make_shared<Common>();
  add_output_options(verb, *common);
  return [common, &io] {
    const Value::List formats{Value(kScenarioFormat), Value(kReportFormat), Value(kTraceFormat)};
    const Value whole(Value::Object{{"version", SIBYL_VERSION}, {"formats", formats}});
    emit(io, common->out,
         common->json ? to_json(whole) + "\n" : fmt::format("sibyl {}\n", SIBYL_VERSION));
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
