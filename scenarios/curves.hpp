// Curves of a sweep: a measure against what is varied first, a line for each combination of the
// rest, with the 99 % intervals. Drawn by gnuplot, of which only the script is made here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/sweep.hpp"
#include "scenarios/sweep_report.hpp"

namespace sibyl {

/// More are not told apart by colour and mark.
inline constexpr std::size_t kMostCurves = 12;
/// Panels, one below the other.
inline constexpr std::size_t kMostPanels = 6;

enum class Drawing : std::uint8_t { svg, png };

/// Before anything is run: throws ConfigError (its pointer is empty) where nothing is varied, there
/// would be more than kMostCurves lines, or more than kMostPanels measures are asked for.
void check_curves(const SweepPlan& plan);

/// What is drawn: the plan's measures; without any, throughput and mean latency, or the first of
/// the table.
std::vector<std::string> panels_of(const SweepTable& table);

/// A gnuplot script that holds its data and writes to `output`; empty: standard output. Times are
/// in ms. Where a point has no value it is left out; where it has no interval (one run) it stands
/// alone. O(table).
std::string curves_script(const SweepTable& table, Drawing drawing, const std::string& output);

}  // namespace sibyl
