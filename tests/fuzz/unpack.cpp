// Fuzzes the reading of compressed texts block by block: it ends, in bounded memory, or throws
// InputError; and its lines are those that the whole-file reader unpacks, but for empty ones.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scenarios/files.hpp"
#include "scenarios/histories/source.hpp"

namespace {

/// What lines say that are not empty, each behind its number; a reader may pass over the others.
void add(std::string& out, std::uint64_t number, std::string_view line) {
  if (!line.empty()) out.append(std::to_string(number)).append(":").append(line).append("\n");
}

std::string numbered(std::string_view text) {
  std::string out;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add(out, number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = std::size_t{1} << 22U;
  std::string text("\x28\xb5\x2f\xfd", 4);
  text.append(reinterpret_cast<const char*>(data), size);
  std::string by_lines;
  bool refused = false;
  bool marked = false;  // with a byte order mark, which is a matter of histories, not of unpacking
  try {
    sibyl::TextWindow window(sibyl::ByteSource::of_text(text, "fuzz"));
    sibyl::LineReader lines(window);
    std::string_view line;
    while (by_lines.size() < kMost && lines.next(line)) add(by_lines, lines.number(), line);
  } catch (const sibyl::InputError& error) {
    refused = true;
    marked = std::string_view(error.what()).find("byte order mark") != std::string_view::npos;
  }
  if (by_lines.size() >= kMost || marked) return 0;
  try {
    const std::string whole = sibyl::zstd_decompress(text, "fuzz", kMost);
    if (refused || numbered(whole) != by_lines) std::abort();
  } catch (const sibyl::InputError& error) {
    const bool is_long =
        std::string_view(error.what()).find("expands to") != std::string_view::npos;
    if (!refused && !is_long) std::abort();  // empty lines can make it longer than it may be
  }
  return 0;
}
