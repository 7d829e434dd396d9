// The parts of a scenario's document that a shrinker may take away or make plainer: operations,
// faults, decisions, and all else that is an element of a list or an optional member.
//
// Nothing here knows a protocol; what cannot be left out is told by the loader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/value.hpp"

namespace sibyl {

/// The way to a place in a document: names of members, and indices of lists as digits.
using Place = std::vector<std::string>;

/// In the order in which they are tried.
enum class ThingKind : std::uint8_t { operation, fault, part, decision };

struct Thing {
  Place place;
  ThingKind kind = ThingKind::part;
};

/// All things of a document, sorted by kind, those of a kind in the order of the document; what
/// contains others before them. Names that are for readers only ("label") are none. O(size).
std::vector<Thing> things_of(const Value& document);

/// How many operations, faults (with Byzantine entries), parts and decisions there are.
struct ThingCount {
  std::uint64_t operations = 0;
  std::uint64_t faults = 0;
  std::uint64_t parts = 0;
  std::uint64_t decisions = 0;
  std::uint64_t all() const { return operations + faults + parts + decisions; }
  friend bool operator==(const ThingCount&, const ThingCount&) = default;
};
ThingCount count_things(const std::vector<Thing>& things);

/// The value at the place, or null.
const Value* value_at(const Value& document, const Place& place);
/// Puts a value in the place of one that is there.
void replace_at(Value& document, const Place& place, Value value);
/// The document without these things. Lists and objects that become empty stay.
Value without(const Value& document, const std::vector<Thing>& things);

/// A JSON pointer ("/a/0/b") as a place; of no pointer, an empty one.
Place place_of_pointer(const std::string& pointer);

/// Repairs a document that the loader refuses at `pointer` because of something that was taken
/// away: what stands there goes too, and with it everything else in the same list that names the
/// same (a decision about a node that is gone). Nothing when there is no thing at or above that
/// place.
std::optional<Value> repaired(const Value& document, const std::string& pointer);

/// Scalars that can be made plainer: durations, numbers, the seed, distributions of delays.
struct Plainer {
  Place place;
  std::vector<Value> instead;  ///< plainest first; all plainer than what is there
};
/// `least_ns`: the least delay of the network; times are tried as multiples of it.
std::vector<Plainer> plainer_values(const Value& document, std::int64_t least_ns);

/// Documents in which two names of the same use (two clients, two objects) have become one.
std::vector<Value> merged_names(const Value& document);

}  // namespace sibyl
