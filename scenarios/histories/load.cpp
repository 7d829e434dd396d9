// Tells formats of histories apart, and has them loaded.
#include "scenarios/histories/load.hpp"

#include <array>
#include <utility>

#include <fmt/core.h>

#include "scenarios/histories/events.hpp"
#include "scenarios/histories/json_lines.hpp"
#include "scenarios/histories/row.hpp"

namespace sibyl {

namespace {

/// What means nothing before an operation.
constexpr std::string_view kBlank = " \t\r\n,";
/// So many bytes tell the format of a history.
constexpr std::size_t kTelling = 4096;
constexpr std::array kFormats{HistoryFormat::json_lines, HistoryFormat::edn,
                              HistoryFormat::jepsen_log};

std::string_view example_of(HistoryFormat format) {
  switch (format) {
    case HistoryFormat::json_lines:
      break;
    case HistoryFormat::edn:
      return "{:process 0, :type :invoke, :f :read, :value nil} (edn)";
    case HistoryFormat::jepsen_log:
      return "INFO  jepsen.util - 0 :invoke :read nil in a line of its own (jepsen-log)";
  }
  return R"({"process":0,"f":"write","value":1,"call":1,"return":2,"outcome":"ok"} )"
         "in a line of its own (jsonl)";
}

[[noreturn]] void refuse_empty(const std::string& name, bool has_bytes, HistoryFormat format,
                               std::size_t skipped) {
  std::string found = has_bytes ? "there is no operation in it" : "it is empty";
  if (skipped != 0) {
    found += fmt::format(" ({} line{} or event{} passed over)", skipped, skipped == 1 ? "" : "s",
                         skipped == 1 ? "" : "s");
  }
  throw InputError(
      name, "1:1",
      fmt::format("{}, expected at least one operation, such as {}", found, example_of(format)));
}

/// "line:column" of a byte.
std::string place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return fmt::format("{}:{}", line, at - (before.rfind('\n') + 1) + 1);
}

}  // namespace

std::string_view history_format_name(HistoryFormat format) {
  if (format == HistoryFormat::json_lines) return "jsonl";
  return format == HistoryFormat::edn ? "edn" : "jepsen-log";
}

HistoryFormat format_of(std::string_view beginning, const std::string& name) {
  const auto first = beginning.find_first_not_of(kBlank);
  if (first == std::string_view::npos)
    refuse_empty(name, !beginning.empty(), HistoryFormat::json_lines, 0);
  const char c = beginning[first];
  if (c == '{') {
    const auto second = beginning.find_first_not_of(kBlank, first + 1);
    const char next = second == std::string_view::npos ? '}' : beginning[second];
    return next == '"' || next == '}' ? HistoryFormat::json_lines : HistoryFormat::edn;
  }
  if (c == '[') {
    const auto second = beginning.find_first_not_of(kBlank, first + 1);
    const auto third = second == std::string_view::npos || beginning[second] != '{'
                           ? std::string_view::npos
                           : beginning.find_first_not_of(kBlank, second + 1);
    if (third != std::string_view::npos && beginning[third] == '"') {
      throw InputError(name, place_of(beginning, first),
                       "found a JSON array, expected a history in JSON Lines: each operation an "
                       "object in a line of its own, without brackets and commas around them");
    }
  }
  if (c == '[' || c == '#' || c == ';') return HistoryFormat::edn;
  if (is_log_line(beginning.substr(first, beginning.find('\n', first) - first))) {
    return HistoryFormat::jepsen_log;
  }
  throw InputError(name, place_of(beginning, first),
                   "is no history: it begins neither with { \"process\": … } (jsonl), nor with a "
                   "map {:process …} or a vector of such (edn), nor with a line of a log such as "
                   "INFO  jepsen.util - 0 :invoke :read nil (jepsen-log); say --format where it is "
                   "one all the same");
}

LoadedHistory load_history(TextWindow& window, const LoadOptions& options) {
  LoadedHistory loaded;
  HistoryBuilder builder(options);
  if (options.format == "auto") {
    // However much that is blank comes first, and wherever a block ends; a pipe may say no more for
    // a while than its first line.
    std::size_t first = 0;
    while (window.text().size() <= options.most_bytes) {
      const std::string_view text = window.text();
      first = std::min(text.find_first_not_of(kBlank, first), text.size());
      const bool line = text.find('\n', first) != std::string_view::npos;
      if (line || text.size() - first >= kTelling || !window.more()) break;
    }
    loaded.format = format_of(window.text(), window.name());
  } else {
    for (const HistoryFormat each : kFormats) {
      if (history_format_name(each) == options.format) loaded.format = each;
    }
  }
  switch (loaded.format) {
    case HistoryFormat::json_lines:
      load_json_lines(window, builder, loaded);
      break;
    case HistoryFormat::edn:
      load_edn(window, options, builder, loaded);
      break;
    case HistoryFormat::jepsen_log:
      load_jepsen_log(window, options, builder, loaded);
      break;
  }
  if (options.listener != nullptr && loaded.incomplete.empty()) {
    options.listener->on_end(builder.history(), loaded.format != HistoryFormat::json_lines);
  }
  loaded.bytes = window.dropped();
  loaded.history = std::move(builder.history());
  if (loaded.history.operations.empty() && loaded.incomplete.empty()) {
    refuse_empty(window.name(), loaded.bytes != 0, loaded.format, loaded.skipped);
  }
  return loaded;
}

LoadedHistory load_history(const std::string& path, const LoadOptions& options) {
  TextWindow window(ByteSource::open(path));
  return load_history(window, options);
}

}  // namespace sibyl
