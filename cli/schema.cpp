// sibyl schema: the JSON Schema of scenarios.
#include <memory>

#include "cli/verbs.hpp"

namespace sibyl::cli {

Action add_schema(CLI::App& verb, Io& io) {
  const auto out = std::make_shared<std::string>();
  verb.add_option("-o,--out", *out, "Where it goes; - is standard output");
  return [out, &io] {
    emit(io, *out, scenario_schema());
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
