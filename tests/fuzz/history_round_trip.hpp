// What every loader of histories has to keep, whatever it is given: it loads the text or throws
// InputError, and what it loaded is the same when it is written as JSON Lines and read again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scenarios/histories/load.hpp"
#include "scenarios/histories/write.hpp"

namespace sibyl::fuzz {

inline History operations_of(const LoadedHistory& loaded) {
  History operations;
  for (const auto& op : loaded.history.operations) {
    operations.push_back(analysis::unflat(loaded.history, op));
  }
  return operations;
}

/// The first byte chooses the model, and whether values carry keys.
inline void load_and_reload(const std::uint8_t* data, std::size_t size, const char* format) {
  if (size == 0) return;
  constexpr std::string_view kModels[] = {"register", "kv", "mutex", "queue", "objects", ""};
  LoadOptions options;
  options.format = format;
  options.model = kModels[data[0] % 6U];
  options.keyed = data[0] >= 128;
  try {
    TextWindow window(
        ByteSource::of_text({reinterpret_cast<const char*>(data) + 1, size - 1}, "fuzz"));
    const LoadedHistory first = load_history(window, options);
    const History operations = operations_of(first);
    // A refused read of one object is written as a read that found nothing.
    const auto is_refused_read = [](const Operation& op) {
      return op.reply == "nok" && op.f != "cas";
    };
    if (std::any_of(operations.begin(), operations.end(), is_refused_read)) return;
    const std::string text = history_text(operations);
    LoadOptions lines;
    lines.format = "jsonl";
    lines.model = options.model;
    TextWindow again(ByteSource::of_text(text, "again"));
    if (history_text(operations_of(load_history(again, lines))) != text) std::abort();
  } catch (const InputError& e) {
    if (e.file != "fuzz") std::abort();
  }
}

}  // namespace sibyl::fuzz
