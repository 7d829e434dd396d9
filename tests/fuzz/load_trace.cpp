// Fuzzes the reader of traces: a trace that is read is the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scenarios/trace_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string written = sibyl::trace_text(sibyl::parse_trace(text, "fuzz"));
    if (sibyl::trace_text(sibyl::parse_trace(written, "again")) != written) std::abort();
  } catch (const sibyl::InputError& e) {
    if (e.file != "fuzz") std::abort();
  }
  return 0;
}
