// Loads histories that sibyl or other systems recorded into flat form. See "History" in
// docs/formats.md for the formats.
//
// Nothing is guessed: what does not follow a format is named by line and column, with what would be
// right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "analysis/check/operations.hpp"
#include "scenarios/errors.hpp"
#include "scenarios/histories/source.hpp"

namespace sibyl {

enum class HistoryFormat : std::uint8_t {
  json_lines,  ///< sibyl's own: one operation a line
  edn,         ///< Jepsen's history.edn, and porcupine's kv text: one event a map
  jepsen_log,  ///< Jepsen's text log: one event a line
};

/// "jsonl", "edn", "jepsen-log".
std::string_view history_format_name(HistoryFormat format);

/// Hears of a history while it is loaded.
class HistoryListener {
 public:
  virtual ~HistoryListener() = default;
  /// The operation of that number was called, or has ended (ok or failed), in that line. False:
  /// nothing more needs to be loaded. Not called for formats that have whole operations.
  virtual bool on_event(analysis::FlatHistory& history, std::uint32_t op, bool is_end,
                        std::size_t line) = 0;
  /// It is loaded, as far as it was wanted. Not called where it is incomplete.
  virtual void on_end(analysis::FlatHistory& history, bool has_events) = 0;
};

struct LoadOptions {
  /// The name of a format, or "auto": what the text begins like.
  std::string format = "auto";
  /// The model by which it will be judged: values are as it wants them, functions those that it
  /// knows. Empty, or one that is not in vocabulary.hpp: any; kAccessVocabulary: reads and writes.
  std::string model;
  /// Values of events (edn, jepsen-log) are [key value], as jepsen.independent has them.
  bool keyed = false;
  /// What operations and tables may take, about; beyond it loading stops.
  std::size_t most_bytes = std::numeric_limits<std::size_t>::max();
  /// Asked now and then: whether to stop. May be empty.
  std::function<bool()> stop;
  HistoryListener* listener = nullptr;
};

struct LoadedHistory {
  analysis::FlatHistory history;
  HistoryFormat format = HistoryFormat::json_lines;
  std::size_t bytes = 0;    ///< of the text, unpacked
  std::size_t lines = 0;    ///< that were read
  std::size_t skipped = 0;  ///< lines of a log, and events of a nemesis, that are no operations
  std::string incomplete;   ///< why loading stopped before the end, as a sentence; else empty
};

/// Loads what the window holds. Throws InputError (with "LINE:COLUMN") and FileError. O(length);
/// memory: the operations (40 bytes each), their tables, and at most four times the longest line.
LoadedHistory load_history(TextWindow& window, const LoadOptions& options = {});

/// The same of a file, or of standard input ("-").
LoadedHistory load_history(const std::string& path, const LoadOptions& options = {});

/// How the text begins, as far as can be told from its first block. Throws InputError when that is
/// none of the formats.
HistoryFormat format_of(std::string_view beginning, const std::string& name);

}  // namespace sibyl
