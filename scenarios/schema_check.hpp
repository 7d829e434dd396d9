// Validates against the JSON Schemas, which editors use, so that they and the readers never
// disagree.
#pragma once

#include <optional>
#include <string>

#include "sim/value.hpp"

namespace sibyl {

struct SchemaComplaint {
  std::string pointer;
  std::string message;
};

/// What the scenario schema has against the document; empty when it is valid. O(document).
std::optional<SchemaComplaint> check_against_schema(const Value& document);

/// The same with the schema of campaigns, of the report of a search, of that of a sweep, of that of
/// a shrink, of the state of one, of a line of a history, and of the report of a check.
std::optional<SchemaComplaint> check_against_campaign_schema(const Value& document);
std::optional<SchemaComplaint> check_against_explore_schema(const Value& document);
std::optional<SchemaComplaint> check_against_sweep_schema(const Value& document);
std::optional<SchemaComplaint> check_against_shrink_schema(const Value& document);
std::optional<SchemaComplaint> check_against_shrink_state_schema(const Value& document);
std::optional<SchemaComplaint> check_against_history_schema(const Value& document);
std::optional<SchemaComplaint> check_against_check_schema(const Value& document);

}  // namespace sibyl
