// Words for what a trace holds, shared by the views for people: times, names, fields, operations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl::analysis {

/// `text` as one line of valid UTF-8: control characters of ASCII become spaces; C1 controls
/// (U+0080 to U+009F), separators (U+2028, U+2029) and controls of direction (U+061C, U+200E,
/// U+200F, U+202A to U+202E, U+2066 to U+2069) are written "\u{202e}"; bytes that are no UTF-8
/// become U+FFFD. O(n).
std::string printable(std::string_view text);

/// The number of characters (code points) of valid UTF-8. O(n).
std::size_t character_count(std::string_view text);

/// `text` (valid UTF-8) cut to at most `most` >= 1 characters; what is cut ends in "…".
std::string shortened(std::string_view text, std::size_t most);

/// A key, printable, cut in its middle to at most 60 characters, since long ones tend to begin and
/// to end alike: "customers/eu-west-1/shard-0017…/quantity/current". What is said of it then stays.
std::string key_words(std::string_view key);

/// A unit in which times are written.
struct TimeUnit {
  std::string_view name;  ///< "ms"
  std::int64_t ns = 1;    ///< one unit
  int decimals = 0;       ///< digits after the point that tell every nanosecond: 0, 3, 6 or 9
};

/// The largest unit of s, ms, us, ns of which `span_ns` holds at least one.
TimeUnit unit_for(std::int64_t span_ns);

/// A time as a number of units, exact to the nanosecond, without needless zeros: "3", "0.25".
std::string in_unit(std::int64_t ns, const TimeUnit& unit);

/// A time with the unit that suits it: "250 us".
std::string time_words(std::int64_t ns);

/// A sentence about a trace with the time behind each event of it that is named: "(since event 28)"
/// is "(since event 28 at 5 ms)", and "(#28)" is "(#28 at 5 ms)". O(length).
std::string with_times(std::string_view text, const Trace& trace);

/// The name without what is before the last "::": "skeen::Propose" is "Propose".
std::string short_name(std::string_view qualified);

/// The kind of a message for people: its short name and, when it wraps one other message, that
/// one's: "Data(Access)".
std::string message_words(const TraceEvent& event);

/// Whether a fault of that name is one of a node, not of the network; and the fault in words.
bool concerns_node(std::string_view fault);
std::string fault_words(std::string_view fault);

/// Fields as "key=value key=value"; a value that is no object as it is; empty for null. A message
/// that is wrapped comes first, without its type, which message_words() tells.
std::string fields_words(const Value& data);

/// What a client asks: "read x", "write x=20, write y=20", "move x to P2".
std::string call_words(std::string_view f, std::string_view key, const Value& value);

/// What it was answered: what was read ("10", "x=10, y=20"), "ok", or what a "nok" means: "not
/// found" for a command that creates nothing, "exists already" for one that only creates.
std::string reply_words(std::string_view reply, std::string_view f, const Value& value);

/// The text of a member that is a string; empty when it is missing or no string.
std::string_view text_field(const Value& data, std::string_view field);

/// The integer of a member; `otherwise` when it is missing or no integer.
std::int64_t integer_field(const Value& data, std::string_view field, std::int64_t otherwise);

/// A value on which processes agree, not too long: "1", "?" for null.
std::string content_text(const Value& value);

/// "decided 1 in round 2"; `round` 0: there are none.
std::string decided_words(const Value& value, std::int64_t round);

/// Of the notes Propose and Decide: "proposes 0", "decides 1 (round 2)"; of an instance other than
/// "0" with its name.
std::string agreement_words(const TraceEvent& note);

}  // namespace sibyl::analysis
