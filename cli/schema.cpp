// sibyl schema: the JSON Schema of scenarios.
#include <memory>

#include "cli/verbs.hpp"

namespace sibyl::cli {

Action add_schema(CLI::App& verb, Io& io) {
  const auto common = std::make_shared<Common>();
  add_output_options(verb, *common);
  return [common, &io] {
    emit(io, common->out, scenario_schema());
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
