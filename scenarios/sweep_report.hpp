// What a sweep found, as a table for people, CSV, NDJSON and JSON ("sibyl-sweep/1", see
// docs/formats.md). All are functions of one table, and so is whatever draws curves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/sweep.hpp"
#include "sim/value.hpp"

namespace sibyl {

inline constexpr std::string_view kSweepFormat = "sibyl-sweep/1";

/// Rows and the measures that they show. Refers to the plan.
struct SweepTable {
  const SweepPlan& plan;
  std::vector<SweepRow> rows;  ///< combinations without any run are left out
  std::vector<std::string> columns;
  bool complete = false;

  /// The worst status of all rows.
  int status() const;
};
SweepTable table_of(const SweepPlan& plan, const SweepResult& result);

/// One object.
Value sweep_json(const SweepTable& table);
/// The same without its rows, on the first line, and then one row a line.
std::string sweep_ndjson(const SweepTable& table);
/// A line of names and one row a line (RFC 4180, with plain ends of lines).
std::string sweep_csv(const SweepTable& table);
/// Several lines: a block a measure, in it a line a combination.
std::string sweep_text(const SweepTable& table);

/// A number as a Value: an integer where it is one.
Value sweep_number(double x);
/// A row as the formats have it, with these measures.
Value sweep_row_json(const SweepRow& row, const std::vector<std::string>& measures);

/// The JSON Schema of what sweep_json makes.
std::string_view sweep_schema();

}  // namespace sibyl
