// Loads histories from texts.
#pragma once

#include <string>
#include <string_view>

#include "scenarios/histories/load.hpp"

namespace sibyl::test {

inline LoadedHistory loaded(std::string_view text, const LoadOptions& options = {}) {
  TextWindow window(ByteSource::of_text(text, "h"));
  return load_history(window, options);
}

/// What is said of a text that cannot be loaded; "" when it can.
inline std::string refusal(std::string_view text, const LoadOptions& options = {}) {
  try {
    loaded(text, options);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

inline LoadOptions of_model(const std::string& model) {
  LoadOptions options;
  options.model = model;
  return options;
}

inline Operation operation(const LoadedHistory& loaded, std::size_t i) {
  return analysis::unflat(loaded.history, loaded.history.operations.at(i));
}

}  // namespace sibyl::test
