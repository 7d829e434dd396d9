// Loads scenario files: the base and its variants, with overrides, checked in every respect before
// anything is run.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/errors.hpp"
#include "scenarios/scenario.hpp"

namespace sibyl {

/// A place of the scenario that is set from outside, as by --set.
struct Override {
  std::string pointer;
  Value value;
  std::string text;  ///< as it was given, for the line that repeats the run
};

/// Which scenario of one or more files is meant, by its id or the part behind its "/"; and which
/// there are.
struct Only {
  std::string id;                  ///< empty: all
  std::vector<std::string> known;  ///< the ids that were read
  bool takes(std::string_view other) const;
};

/// Reads "/pointer=JSON". Throws InputError.
Override parse_override(const std::string& text);

/// The scenarios of a file: the base first, then its variants, in order. Throws InputError for
/// every mistake in the text; nothing else. `name` stands for the file in messages. What `only`
/// does not take is compared with the schema, but neither changed nor decoded.
std::vector<Scenario> load_text(std::string_view text, const std::string& name,
                                const std::vector<Override>& overrides = {}, Only* only = nullptr);

/// The same from a file ("-": standard input), of at most 64 MiB. Throws FileError, too.
std::vector<Scenario> load_file(const std::string& path,
                                const std::vector<Override>& overrides = {}, Only* only = nullptr);

/// The same of a text that was read from the file.
std::vector<Scenario> load_text_of(const std::string& path, std::string_view text,
                                   const std::vector<Override>& overrides = {},
                                   Only* only = nullptr);

/// One scenario that is a tree already, without variants, as Scenario::document is. It is decoded
/// but not compared with the schema, which costs more. Throws InputError.
Scenario load_document(const Value& document, const std::string& name);

/// The largest scenario file, in bytes.
inline constexpr std::size_t kLargestScenario = std::size_t{64} << 20U;

/// The JSON Schema of the format, as text.
std::string_view scenario_schema();

/// Of what should be a history or a trace: throws InputError where its member "format" is that of a
/// scenario, as far as the text goes.
void refuse_scenario(std::string_view text, const std::string& name);

}  // namespace sibyl
