// Fuzzes the loader: whatever the text, it either gives scenarios or throws InputError, and nothing
// else; what it gives is a scenario again when it is written and read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const sibyl::Scenario& scenario : sibyl::load_text(text, "fuzz.json")) {
      const auto again = sibyl::load_text(sibyl::to_json(scenario.document), "again.json");
      if (again.size() != 1 || !(again.front().document == scenario.document)) std::abort();
    }
  } catch (const sibyl::InputError&) {
    return 0;  // a mistake, named
  }
  return 0;
}
