// Histories as lists of events, as Jepsen and porcupine keep them: an operation is an invocation
// and, perhaps, a completion by the same process.
//
// The order of the events is the order in time: an event's stamp is its number, from 1. Times that
// are written beside are not read, because equal ones would make operations concurrent that were
// not. Meanings, by jepsen.history's documentation:
//   :ok    it took effect, and returned
//   :fail  it certainly had no effect
//   :info  it may have had, or have, its effect at any time after the invocation, or never; the
//          process is dead, and its number is not used again
// A completion of another kind than these, of a process that has invoked nothing or is dead, and an
// invocation by a process that waits, are mistakes. What has no completion is as :info. Events of
// processes that are no numbers (:nemesis) are no operations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/histories/load.hpp"
#include "scenarios/histories/row.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// One event, and where (from 0) its parts stand in its text.
struct HistoryEvent {
  enum class Type : std::uint8_t { invoke, ok, fail, info };
  Type type = Type::invoke;
  std::size_t type_at = 0;
  std::optional<std::int64_t> process;  ///< none: of a nemesis
  std::size_t process_at = 0;
  std::string f;
  std::size_t f_at = 0;
  std::optional<std::string> key;
  std::size_t key_at = 0;
  Value value;
  bool has_value = false;
  std::size_t value_at = 0;
  bool has_error = false;  ///< it says why it failed
};

/// Makes operations of events.
class EventPairs {
 public:
  EventPairs(const LoadOptions& options, HistoryBuilder& into) : options_(options), into_(into) {}
  /// The next event, which stands in that line. Throws EdnMistake.
  void add(HistoryEvent& event, std::size_t line);
  /// Whether nothing more is wanted (HistoryListener).
  bool ended() const { return ended_; }
  /// Events that were no operations.
  std::size_t skipped() const { return skipped_; }

 private:
  void invoke(HistoryEvent& event, std::size_t line);
  void complete(HistoryEvent& event, std::size_t line);
  void tell(std::uint32_t op, bool is_end, std::size_t line);
  void return_ok(const HistoryEvent& event, analysis::FlatOperation& op);
  void split_key(HistoryEvent& event) const;
  void name_steps(HistoryEvent& event) const;
  void check(const HistoryEvent& event, const Row& row) const;
  Row row_of(const HistoryEvent& event) const;
  Value value_of(const analysis::FlatOperation& op) const;

  const LoadOptions& options_;
  HistoryBuilder& into_;
  std::vector<std::uint32_t> open_;  ///< by process: its operation, kIdle or kDead
  std::int64_t stamp_ = 0;
  std::size_t skipped_ = 0;
  bool ended_ = false;
};

/// Jepsen's history.edn (one map a line, or one vector of maps) and porcupine's kv text. Throws
/// InputError with line and column.
void load_edn(TextWindow& window, const LoadOptions& options, HistoryBuilder& into,
              LoadedHistory& loaded);

/// Jepsen's text log. Lines of the logger jepsen.util are events; other loggers' are passed over,
/// with what follows them and begins with no level.
void load_jepsen_log(TextWindow& window, const LoadOptions& options, HistoryBuilder& into,
                     LoadedHistory& loaded);

/// Whether the line begins as one of a log does: with a level, or a time and then a level.
bool is_log_line(std::string_view line);

}  // namespace sibyl
