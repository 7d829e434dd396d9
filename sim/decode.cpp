// Errors, durations and suggestions of the configuration reader.
#include "sim/decode.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace sibyl {

namespace {

std::string shorten(std::string text) {
  std::size_t longest = 60;
  if (text.size() <= longest) return text;
  // Not within a character of UTF-8: its later bytes are 10xxxxxx.
  while (longest > 56 && (static_cast<unsigned char>(text[longest]) & 0xc0U) == 0x80U) --longest;
  return text.substr(0, longest) + "…";
}

/// How many letters must be added, left out, replaced, or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// "1" rather than "1.0".
std::string number_text(double d) {
  std::string text = Value(d).text();
  if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.resize(text.size() - 2);
  return text;
}

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 6> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"min", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

[[noreturn]] void bad_duration(std::string_view text, const std::string& pointer,
                               std::string_view why) {
  throw ConfigError(pointer,
                    "\"" + shorten(std::string(text)) + "\" is no duration: " + std::string(why) +
                        "; write a number and a unit (ns, us, ms, s, min, h), such as \"250us\" "
                        "or \"1.5s\"");
}

}  // namespace

void wrong_kind(const std::string& pointer, const Value& found, std::string_view expected) {
  std::string text;
  if (found.as_string() != nullptr) {
    append_quoted(text, shorten(*found.as_string()));
  } else {
    text = shorten(found.text());
  }
  const std::string shown = found.is_null() ? "" : " (" + text + ")";
  throw ConfigError(pointer, "found " + std::string(found.kind_name()) + shown + ", expected " +
                                 std::string(expected));
}

std::string pointer_to(const std::string& pointer, std::string_view key) {
  std::string out = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pointer_to(const std::string& pointer, std::size_t index) {
  return pointer + "/" + std::to_string(index);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  if (word.size() < 3 || word.size() > 64) return best;
  std::size_t best_distance = word.size();
  for (const auto& candidate : candidates) {
    const std::size_t near = std::max(word.size(), candidate.size()) / 3;
    const std::size_t distance = edit_distance(word, candidate);
    if (candidate.size() > 2 && distance <= near && distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

Duration parse_duration(std::string_view text, const std::string& pointer) {
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++i;
  if (text.size() > 64) bad_duration(text, pointer, "too many digits");
  unsigned __int128 digits = 0;
  unsigned __int128 scale = 1;
  bool seen = false;
  bool fraction = false;
  constexpr unsigned __int128 kMost = static_cast<unsigned __int128>(1) << 80;
  for (; i < text.size() && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction));
       ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    seen = true;
    digits = digits * 10 + static_cast<unsigned>(text[i] - '0');
    if (fraction) scale *= 10;
    if (digits > kMost || scale > kMost) bad_duration(text, pointer, "too many digits");
  }
  if (!seen) bad_duration(text, pointer, "it does not begin with a number");
  const std::string_view unit = text.substr(i);
  for (const Unit& u : kUnits) {
    if (unit != u.name) continue;
    const unsigned __int128 total = digits * static_cast<unsigned __int128>(u.ns);
    if (total % scale != 0) bad_duration(text, pointer, "it is finer than a nanosecond");
    const unsigned __int128 ns = total / scale;
    if (ns > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) {
      bad_duration(text, pointer, "it is longer than 292 years");
    }
    const auto value = static_cast<std::int64_t>(ns);
    return {negative ? -value : value};
  }
  bad_duration(text, pointer, unit.empty() ? "the unit is missing" : "the unit is unknown");
}

std::string format_duration(Duration d) {
  if (d.ns == 0) return "0ns";
  const bool negative = d.ns < 0;
  auto magnitude =
      negative ? ~static_cast<std::uint64_t>(d.ns) + 1 : static_cast<std::uint64_t>(d.ns);
  std::string_view unit = "ns";
  std::uint64_t scale = 1;
  for (const Unit& u : kUnits) {
    if (u.ns <= 1'000'000'000 && magnitude >= static_cast<std::uint64_t>(u.ns)) {
      unit = u.name;
      scale = static_cast<std::uint64_t>(u.ns);
    }
  }
  std::string out = (negative ? "-" : "") + std::to_string(magnitude / scale);
  std::uint64_t rest = magnitude % scale;
  if (rest != 0) {
    std::string decimals = std::to_string(rest + scale).substr(1);
    while (decimals.back() == '0') decimals.pop_back();
    out += "." + decimals;
  }
  return out + std::string(unit);
}

std::int64_t decode_int(const Value& v, const std::string& pointer, std::int64_t lowest,
                        std::int64_t highest) {
  // Where nothing but its type bounds a number, the type's bound would say nothing to people.
  const bool unbounded = highest == std::numeric_limits<std::uint32_t>::max() ||
                         highest == std::numeric_limits<std::int32_t>::max() ||
                         highest == std::numeric_limits<std::int64_t>::max();
  const auto bounds = [&] {
    return "from " + std::to_string(lowest) + " to " + std::to_string(highest);
  };
  if (v.as_int() == nullptr) {
    wrong_kind(pointer, v, unbounded ? "an integer" : "an integer " + bounds());
  }
  if (lowest == 0 && unbounded && *v.as_int() < 0) {
    throw ConfigError(pointer,
                      std::to_string(*v.as_int()) + " is out of range: it must not be negative");
  }
  if (*v.as_int() < lowest || *v.as_int() > highest) {
    throw ConfigError(pointer, std::to_string(*v.as_int()) + " is out of range: " + bounds());
  }
  return *v.as_int();
}

double decode_number(const Value& v, const std::string& pointer, double lowest, double highest) {
  double found = 0;
  if (v.as_int() != nullptr) {
    found = static_cast<double>(*v.as_int());
  } else if (v.as_double() != nullptr) {
    found = *v.as_double();
  } else {
    wrong_kind(pointer, v, "a number");
  }
  if (!(found >= lowest && found <= highest)) {
    throw ConfigError(pointer, v.text() + " is out of range: from " + number_text(lowest) + " to " +
                                   number_text(highest));
  }
  return found;
}

void unknown_member(const std::string& pointer, std::string_view key,
                    const std::vector<std::string>& known) {
  const std::string guess = nearest(key, known);
  throw ConfigError(pointer_to(pointer, key),
                    "unknown member \"" + shorten(std::string(key)) + "\"" +
                        (guess.empty() ? "; known here: " + list_of(known)
                                       : "; did you mean \"" + guess + "\"?"));
}

void unknown_name(const std::string& pointer, std::string_view found,
                  const std::vector<std::string>& known, std::string_view what) {
  const std::string guess = nearest(found, known);
  throw ConfigError(pointer, "unknown " + std::string(what) + " \"" + shorten(std::string(found)) +
                                 "\"" + (guess.empty() ? "" : "; did you mean \"" + guess + "\"?") +
                                 (known.empty()   ? ""
                                  : guess.empty() ? "; known: " + list_of(known)
                                                  : " Known: " + list_of(known)));
}

}  // namespace sibyl
