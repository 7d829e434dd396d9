// Reads the events of Jepsen's histories and logs, and of porcupine's kv text.
#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/core.h>

#include "scenarios/histories/edn.hpp"
#include "scenarios/histories/events.hpp"

namespace sibyl {

namespace {

constexpr std::size_t kAskEvery = 1024;  // events between questions whether to stop

constexpr std::string_view kTypes = ":invoke, :ok, :fail or :info";

HistoryEvent::Type type_from(EdnReader& in, std::size_t at) {
  const std::string_view word = in.keyword(kTypes);
  if (word == "invoke") return HistoryEvent::Type::invoke;
  if (word == "ok") return HistoryEvent::Type::ok;
  if (word == "fail") return HistoryEvent::Type::fail;
  if (word == "info") return HistoryEvent::Type::info;
  in.refuse(at, fmt::format("found {}, expected {}", in.found(at), kTypes));
}

/// An integer, or a keyword for what is no client.
std::optional<std::int64_t> process_from(EdnReader& in, std::size_t at) {
  const Value value = in.value();
  if (const std::int64_t* number = value.as_int()) return *number;
  const std::string* word = value.as_string();
  if (word == nullptr || word->substr(0, 1) != ":") {
    in.refuse(at, fmt::format("found {}, expected a process: an integer, or a keyword such as "
                              ":nemesis",
                              in.found(at)));
  }
  return std::nullopt;
}

std::string f_from(EdnReader& in, std::size_t at) {
  const Value value = in.value();
  const std::string* word = value.as_string();
  if (word == nullptr || word->empty() || *word == ":") {
    in.refuse(at, fmt::format("found {}, expected a function, such as :read", in.found(at)));
  }
  return word->front() == ':' ? word->substr(1) : *word;
}

std::optional<std::string> key_from(EdnReader& in, std::size_t at) {
  const Value value = in.value();
  if (value.is_null()) return std::nullopt;
  if (value.as_string() != nullptr) return *value.as_string();
  if (value.as_int() == nullptr) {
    in.refuse(at, fmt::format("found {}, expected a key: a string, an integer or a keyword",
                              in.found(at)));
  }
  return value.text();
}

/// One event written as a map.
class MapEvent {
 public:
  explicit MapEvent(std::string_view form) : in_(form) {}

  HistoryEvent read(std::int64_t& last_index) {
    in_.skip_tag();
    const std::size_t begin = (in_.skip_space(), in_.position());
    if (!in_.take('{')) in_.refuse(begin, "expected a map {:process …}");
    while (!in_.take('}')) {
      const std::size_t at = in_.position();
      const std::string_view key = in_.keyword("a key such as :process");
      in_.skip_space();
      member(key, at);
    }
    for (const std::string_view needed : {"process", "type", "f"}) {
      if (std::find(seen_.begin(), seen_.end(), needed) == seen_.end()) {
        in_.refuse(begin, fmt::format("the key :{} is missing", needed));
      }
    }
    if (index_) {
      if (*index_ <= last_index) {
        in_.refuse(index_at_, fmt::format("found {}, expected more than {}, the :index before: "
                                          "the order of events is that of time",
                                          *index_, last_index));
      }
      last_index = *index_;
    }
    return std::move(event_);
  }

 private:
  void member(std::string_view key, std::size_t key_at) {
    constexpr std::array<std::string_view, 6> kKnown{"process", "type",  "f",
                                                     "key",     "value", "index"};
    const bool is_known = std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end();
    if (!is_known) {
      event_.has_error = event_.has_error || key == "error";
      return in_.skip();
    }
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) {
      in_.refuse(key_at, fmt::format("the key :{} stands here twice", key));
    }
    seen_.push_back(key);
    const std::size_t at = in_.position();
    if (key == "process") {
      event_.process_at = at;
      event_.process = process_from(in_, at);
    } else if (key == "type") {
      event_.type_at = at;
      event_.type = type_from(in_, at);
    } else if (key == "f") {
      event_.f_at = at;
      event_.f = f_from(in_, at);
    } else if (key == "key") {
      event_.key_at = at;
      event_.key = key_from(in_, at);
    } else if (key == "index") {
      index_at_ = at;
      const Value value = in_.value();
      if (value.as_int() == nullptr) {
        in_.refuse(at, fmt::format("found {}, expected an integer", in_.found(at)));
      }
      index_ = *value.as_int();
    } else {
      event_.value_at = at;
      event_.has_value = true;
      event_.value = in_.value();
    }
  }

  EdnReader in_;
  HistoryEvent event_;
  std::vector<std::string_view> seen_;
  std::optional<std::int64_t> index_;
  std::size_t index_at_ = 0;
};

constexpr std::array<std::string_view, 7> kLevels{"INFO",  "WARN",  "ERROR",  "DEBUG",
                                                  "TRACE", "FATAL", "WARNING"};

/// The place behind "jepsen.util - " or "jepsen.util: ", the name of the logger; npos: another's.
std::size_t behind_logger(std::string_view line) {
  constexpr std::string_view kLogger = "jepsen.util";
  const auto at = line.find(kLogger);
  if (at == std::string_view::npos) return at;
  auto behind = line.find_first_not_of(" \t", at + kLogger.size());
  if (behind == std::string_view::npos) return behind;
  if (line[behind] != '-' && line[behind] != ':') return std::string_view::npos;
  if (line[behind] == '-' || behind == at + kLogger.size()) ++behind;
  return behind;
}

/// Whether it begins with a process and a type, as an event does behind the name of the logger.
bool is_bare_event(std::string_view line) {
  const auto next = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    return word;
  };
  const std::string_view process = next();
  const std::string_view type = next();
  const bool is_number = std::all_of(process.begin(), process.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0; });
  return !process.empty() && (is_number || process[0] == ':') &&
         (type == ":invoke" || type == ":ok" || type == ":fail" || type == ":info");
}

HistoryEvent log_event(EdnReader& in) {
  HistoryEvent event;
  in.skip_space();
  event.process_at = in.position();
  event.process = process_from(in, event.process_at);
  in.skip_space();
  event.type_at = in.position();
  event.type = type_from(in, event.type_at);
  in.skip_space();
  event.f_at = in.position();
  event.f = f_from(in, event.f_at);
  if (!event.process) return event;  // what a nemesis tells is not looked at
  in.skip_space();
  event.value_at = in.position();
  if (in.at_end()) in.refuse(event.value_at, "the value is missing; expected nil for none");
  event.has_value = true;
  event.value = in.value();
  if (!in.at_end()) {  // an error, in a column of its own
    event.has_error = true;
    in.skip();
  }
  if (!in.at_end()) {
    in.refuse(in.position(), fmt::format("found {}, expected the end of the line: process, type, "
                                         "function, value, and an error or none",
                                         in.found(in.position())));
  }
  return event;
}

}  // namespace

void load_edn(TextWindow& window, const LoadOptions& options, HistoryBuilder& into,
              LoadedHistory& loaded) {
  FormReader forms(window);
  EventPairs pairs(options, into);
  std::string_view form;
  std::int64_t last_index = std::numeric_limits<std::int64_t>::min();
  for (std::size_t events = 1; forms.next(form); ++events) {
    try {
      HistoryEvent event = MapEvent(form).read(last_index);
      pairs.add(event, forms.line());
    } catch (const EdnMistake& mistake) {
      forms.refuse(mistake);
    }
    if (pairs.ended()) break;
    if (events % kAskEvery != 0) continue;
    loaded.incomplete = into.reason_to_stop();
    if (!loaded.incomplete.empty()) break;
  }
  loaded.lines = forms.line();
  loaded.skipped = pairs.skipped();
}

bool is_log_line(std::string_view line) {
  // "INFO  jepsen.util - …", or "2026-11-21 03:40:00,123{GMT}\tINFO\t[…] jepsen.util: …".
  for (int words = 0; words < 3; ++words) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return false;
    if (words == 0 && begin != 0) return false;
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    if (std::find(kLevels.begin(), kLevels.end(), word) != kLevels.end()) return true;
    if (std::isdigit(static_cast<unsigned char>(word[0])) == 0) return false;
    line.remove_prefix(word.size());
  }
  return false;
}

void load_jepsen_log(TextWindow& window, const LoadOptions& options, HistoryBuilder& into,
                     LoadedHistory& loaded) {
  LineReader lines(window);
  EventPairs pairs(options, into);
  std::string_view line;
  std::size_t ask = kAskEvery;  // numbers of empty lines are passed over
  while (lines.next(line)) {
    const std::size_t number = lines.number();
    if (number >= ask) {
      loaded.incomplete = into.reason_to_stop();
      if (!loaded.incomplete.empty()) break;
      ask = number + kAskEvery;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const bool begins = is_log_line(line);
    const std::size_t behind = behind_logger(line);
    const bool is_event = behind != std::string_view::npos;
    // What begins as no line of a log does belongs to a message of several lines, as the stack
    // trace of an exception does; an operation without its beginning must not get lost so.
    if (!begins && (is_event || is_bare_event(line))) {
      throw InputError(window.name(), fmt::format("{}:1", number),
                       "expected a line of a log, such as INFO  jepsen.util - 0 :invoke :read nil");
    }
    if (!is_event) {
      ++loaded.skipped;
      continue;
    }
    EdnReader in(line.substr(behind));
    try {
      HistoryEvent event = log_event(in);
      pairs.add(event, number);
    } catch (const EdnMistake& mistake) {
      throw InputError(window.name(), fmt::format("{}:{}", number, behind + mistake.at + 1),
                       mistake.text);
    }
    if (pairs.ended()) break;
  }
  loaded.lines = lines.number();
  loaded.skipped += pairs.skipped();
}

}  // namespace sibyl
