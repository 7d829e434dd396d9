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
  const auto json = std::make_shared<bool>(false);
  verb.add_flag("--json", *json, "JSON on standard output, and nothing else");
  return [json, &io] {
    if (*json) {
      const Value::List formats{Value(kScenarioFormat), Value(kReportFormat), Value(kTraceFormat)};
      io.out << to_json(Value(Value::Object{{"version", SIBYL_VERSION}, {"formats", formats}}))
             << "\n";
    } else {
      io.out << fmt::format("sibyl {}\n", SIBYL_VERSION);
    }
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
