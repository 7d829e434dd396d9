// What a sweep varies.
#include "scenarios/vary.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "scenarios/json.hpp"
#include "scenarios/pointer.hpp"

namespace sibyl {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw ConfigError("", why); }

/// Parts at a separator that stands in no string, list or object.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c != separator || depth > 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t n = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, n);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return n;
}

/// The values of "a..b" or "a..b/step"; empty: it is no such thing.
std::vector<Value> range(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return {};
  const auto slash = text.find('/', dots);
  const auto first = integer(text.substr(0, dots));
  const auto last = integer(text.substr(dots + 2, slash - dots - 2));
  if (!first || !last) return {};
  std::int64_t step = 1;
  if (slash != std::string_view::npos) {
    const auto given = integer(text.substr(slash + 1));
    if (!given || *given < 1) refuse(fmt::format("{}: the step must be an integer from 1", text));
    step = *given;
  }
  if (*last < *first) refuse(fmt::format("{}: the first must not be larger than the last", text));
  // As unsigned: the distance of two signed numbers always fits.
  const std::uint64_t span = static_cast<std::uint64_t>(*last) - static_cast<std::uint64_t>(*first);
  const std::uint64_t more = span / static_cast<std::uint64_t>(step);
  if (more >= kMostCombinations) {
    refuse(fmt::format("{}: more than {} values", text, kMostCombinations));
  }
  std::vector<Value> values;
  for (std::uint64_t i = 0; i <= more; ++i) {
    values.emplace_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(*first) +
                                                  i * static_cast<std::uint64_t>(step)));
  }
  return values;
}

Value json(std::string_view text) {
  if (text.empty()) refuse("a value is missing; values are separated by commas");
  try {
    return parse_json(text, "");
  } catch (const InputError& e) {
    refuse(fmt::format("{} is no JSON ({}){}", text, e.message,
                       text.find('"') == std::string_view::npos
                           ? fmt::format("; a string is written \"{}\"", text)
                           : ""));
  }
}

std::vector<std::string> pointers(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find('&', begin);
    const std::string pointer(text.substr(begin, end - begin));
    const std::vector<std::string> tokens = pointer_tokens(pointer, "");
    for (const std::string_view fixed : {"format", "id", "variants", "$schema"}) {
      if (tokens.front() == fixed) refuse(fmt::format("{} cannot be set", pointer));
    }
    if (tokens.front() == "seed") refuse("/seed: --seeds says how many seeds there are");
    all.push_back(pointer);
    if (end == std::string_view::npos) return all;
    begin = end + 1;
  }
}

}  // namespace

Vary parse_vary(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) refuse("it has no \"=\"; write /pointer=v1,v2");
  Vary vary{pointers(text.substr(0, equals)), {}};
  for (const std::string_view part : split(text.substr(equals + 1), ',')) {
    if (vary.pointers.size() == 1) {
      const std::vector<Value> numbers = range(part);
      for (const Value& v : numbers) vary.settings.push_back({v});
      if (!numbers.empty()) continue;
    }
    const std::vector<std::string_view> together = split(part, '&');
    if (together.size() != vary.pointers.size()) {
      refuse(
          fmt::format("{}: {} values for {} places; those that are set together are separated "
                      "by \"&\"",
                      part, together.size(), vary.pointers.size()));
    }
    std::vector<Value> setting;
    for (const std::string_view each : together) setting.push_back(json(each));
    vary.settings.push_back(std::move(setting));
  }
  if (vary.settings.size() > kMostCombinations) {
    refuse(fmt::format("more than {} values", kMostCombinations));
  }
  std::vector<std::string> seen;
  for (const auto& setting : vary.settings) {
    std::string key;
    for (const Value& v : setting) key += (key.empty() ? "" : "&") + to_json(v);
    seen.push_back(std::move(key));
  }
  std::sort(seen.begin(), seen.end());
  const auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice != seen.end()) refuse(fmt::format("{} stands there twice", *twice));
  return vary;
}

void check_varies(const std::vector<Vary>& varies) {
  std::vector<std::string> all;
  for (const Vary& vary : varies) {
    for (const std::string& pointer : vary.pointers) {
      for (const std::string& other : all) {
        if (pointer == other) refuse(fmt::format("{} is varied twice", pointer));
        if (!is_within(pointer, other) && !is_within(other, pointer)) continue;
        refuse(fmt::format("{} and {}: one place is inside the other", other, pointer));
      }
      all.push_back(pointer);
    }
  }
  std::uint64_t count = 1;
  for (const Vary& vary : varies) {
    count *= vary.settings.size();  // both factors are at most kMostCombinations
    if (count > kMostCombinations) {
      refuse(
          fmt::format("more than {} combinations; make several sweeps of it", kMostCombinations));
    }
  }
}

std::uint64_t count_combinations(const std::vector<Vary>& varies) {
  std::uint64_t count = 1;
  for (const Vary& vary : varies) count *= vary.settings.size();
  return count;
}

Settings combination(const std::vector<Vary>& varies, std::uint64_t index) {
  std::vector<std::size_t> places(varies.size());
  for (std::size_t i = varies.size(); i-- > 0;) {
    places[i] = index % varies[i].settings.size();
    index /= varies[i].settings.size();
  }
  Settings settings;
  for (std::size_t i = 0; i < varies.size(); ++i) {
    const Vary& vary = varies[i];
    for (std::size_t k = 0; k < vary.pointers.size(); ++k) {
      settings.emplace_back(vary.pointers[k], vary.settings[places[i]][k]);
    }
  }
  return settings;
}

std::string settings_words(const Settings& settings) {
  constexpr std::size_t kLongest = 60;
  std::string out;
  for (const auto& [pointer, value] : settings) {
    std::string text = to_json(value);
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    out += (out.empty() ? "" : ", ") + pointer + "=" + text;
  }
  return out;
}

}  // namespace sibyl
