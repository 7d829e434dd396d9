// JSON text to Value and back, with limits and exact errors. The only JSON reader of the program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "scenarios/errors.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// Limits of the reader; a text beyond them is refused, never cut.
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20U;
  std::size_t depth = 64;
};

/// Reads one JSON value (RFC 8259) and nothing after it. Throws InputError, whose file is `name`:
/// a mistake in syntax is placed by line (counted from `first_line`) and column; a repeated key, an
/// integer beyond 64 bits, too much nesting and a number too large by its JSON pointer. O(n), and
/// O(k^2) in the number of keys of one object up to 64 keys.
Value parse_json(std::string_view text, const std::string& name, const JsonLimits& limits = {},
                 std::size_t first_line = 1);

/// The text of the member "format" of the object that a text begins with, behind blanks; empty
/// where there is none, or not as far as the text goes. The text need not be JSON. O(object).
std::string_view format_member(std::string_view text);

/// Compact text on one line; keys in the order of insertion; doubles as the shortest text that
/// reads back as the same number. Infinite numbers and NaN, which JSON has not, become null.
std::string to_json(const Value& value);

/// The same over several lines, two spaces a level; lists of plain values stay on one line.
std::string to_pretty_json(const Value& value);

/// A count, a seed or an id as a value. Those from 2^63 wrap round, as they do everywhere here.
inline Value count_value(std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); }

}  // namespace sibyl
