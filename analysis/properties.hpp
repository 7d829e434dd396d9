// The named properties: what `sibyl list properties` shows and what a scenario's "expect" refers
// to. Each judges a trace on its own, from the notes of sim/notes.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

struct PropertyInfo {
  std::string_view name;
  std::string_view summary;  ///< one line for people
  Finding (*check)(const Trace&);
  /// The same of a checker that may take long; null for the others.
  Finding (*check_until)(const Trace&, const CheckOptions& options) = nullptr;
};

/// All properties that can be checked, in the order in which they are listed.
const std::vector<PropertyInfo>& properties();

/// The property of that name, or null.
const PropertyInfo* find_property(std::string_view name);

/// Judges one property. Throws std::invalid_argument, naming the known ones, when there is none of
/// that name. A note that cannot be read makes the finding inconclusive, with the event's number.
Finding check(std::string_view property, const Trace& trace, const CheckOptions& options = {});

}  // namespace sibyl::analysis
