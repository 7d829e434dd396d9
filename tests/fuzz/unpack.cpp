// Fuzzes the reading of compressed texts block by block: it ends, in bounded memory, or throws
// InputError; and a text of short lines comes out as the whole-file reader unpacks it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scenarios/files.hpp"
#include "scenarios/histories/source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = std::size_t{1} << 22U;
  std::string text("\x28\xb5\x2f\xfd", 4);
  text.append(reinterpret_cast<const char*>(data), size);
  std::string by_lines;
  bool refused = false;
  try {
    sibyl::TextWindow window(sibyl::ByteSource::of_text(text, "fuzz"));
    sibyl::LineReader lines(window);
    std::string_view line;
    while (by_lines.size() < kMost && lines.next(line)) by_lines.append(line).append("\n");
  } catch (const sibyl::InputError&) {
    refused = true;
  }
  if (by_lines.size() >= kMost) return 0;
  try {
    std::string whole = sibyl::zstd_decompress(text, "fuzz", kMost);
    if (!whole.empty() && whole.back() != '\n') whole += '\n';
    if (refused || whole != by_lines) std::abort();
  } catch (const sibyl::InputError&) {
    if (!refused) std::abort();
  }
  return 0;
}
