// Reads trace files.
#include "scenarios/trace_source.hpp"

#include <filesystem>
#include <fstream>

#include "scenarios/files.hpp"
#include "scenarios/trace_file.hpp"

namespace sibyl {

namespace {

/// Whether the beginning of a regular file says that it is something else: it need not be read
/// then.
bool is_no_trace(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::string head(200, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return !is_zstd(head) && !looks_like_trace(head);
}

}  // namespace

std::optional<Trace> trace_in_file(const std::string& path) {
  const std::string name = path == "-" ? "standard input" : path;
  if (path != "-" && is_no_trace(path)) return std::nullopt;  // standard input is read only once
  std::string text = read_file(path, kLargestTrace);
  if (is_zstd(text)) text = zstd_decompress(text, name, kLargestTrace);
  return parse_trace(text, name);
}

Trace load_trace(const std::string& path) {
  auto trace = trace_in_file(path);
  if (!trace) {
    throw InputError(path, "",
                     "is no trace: its first line is no header of format \"sibyl-trace/1\"");
  }
  return std::move(*trace);
}

}  // namespace sibyl
