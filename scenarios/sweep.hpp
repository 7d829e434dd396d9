// Sweeps: every combination of varied settings, run under many seeds without being recorded, and
// the statistics of what is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/statistics.hpp"
#include "scenarios/measures.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/vary.hpp"

namespace sibyl {

/// The most seeds of a combination: the numbers of one combination are kept until it is done.
inline constexpr std::uint64_t kMostSeeds = 1'000'000;

struct SweepPlan {
  Scenario base;
  std::vector<Vary> varies;  ///< as check_varies wants them
  std::uint64_t seeds = 20;  ///< of each combination, 1 to kMostSeeds
  std::uint64_t seed = 1;    ///< what they are made from
  /// Every run is recorded and judged besides; costs much more.
  bool check = false;
  /// What is called before then counts for no throughput and no latency.
  Duration warmup;
  /// Not 0: each of `measures` that counts is also reported in windows of so long (window_name).
  Duration window;
  std::vector<std::string> measures;  ///< what is reported; empty: all that are not always 0
};

/// Seed of run `number` of every combination, at most kLargestSeed; unrelated for neighbours.
std::uint64_t sweep_seed(std::uint64_t seed, std::uint64_t number);

/// The scenario of a combination. Throws InputError, naming the place and the values.
Scenario scenario_of(const SweepPlan& plan, std::uint64_t combination);

/// Before anything is run: decodes every combination, compares it with the schema, and looks
/// whether there can be such measures. `interrupted` is asked between them. Throws InputError for a
/// combination that is no scenario, ConfigError (its pointer is empty) for a measure, Interrupted.
void check_sweep(const SweepPlan& plan, const std::function<bool()>& interrupted);

/// What is kept of a measure over the runs of a combination.
struct Samples {
  MeasureKind kind = MeasureKind::count;
  /// In the order of the seeds; zeros are left out unless it is a value.
  std::vector<double> values;
};

/// What the runs so far of one combination came to.
struct OpenRow {
  std::uint64_t runs = 0;
  std::map<std::string, Samples> samples;
  /// Of each property that was violated: the number of the first such run.
  std::map<std::string, std::uint64_t> first_violated;
  /// 0; 1: a property was violated that should hold; 2: a limit, or a checker, left something open
  /// that should hold.
  int status = 0;
};

/// The statistics of one measure; `fraction` of those of that kind, `summary` of the others.
struct MeasureResult {
  MeasureKind kind = MeasureKind::count;
  analysis::Summary summary;
  analysis::Fraction fraction;
  friend bool operator==(const MeasureResult&, const MeasureResult&) = default;
};

/// A combination in the table.
struct SweepRow {
  Settings settings;
  std::uint64_t runs = 0;
  std::map<std::string, MeasureResult> measures;
  std::map<std::string, std::uint64_t> first_violated;  ///< as OpenRow's
  int status = 0;                                       ///< as OpenRow's
};

/// Combinations that are done, in order, and the one after them as far as it is.
struct SweepResult {
  std::vector<SweepRow> rows;
  OpenRow open;
  bool complete = false;

  std::uint64_t runs(const SweepPlan& plan) const { return rows.size() * plan.seeds + open.runs; }
};

/// The row of a combination that is not done.
SweepRow row_of(const Settings& settings, const OpenRow& open);

struct SweepOptions {
  unsigned jobs = 1;
  std::function<bool()> interrupted;  ///< empty: never
  /// Told now and then, in order.
  std::function<void(const SweepResult&)> progress;
};

/// Goes on from `from`: nothing, or what an interrupted sweep of the same plan left. Deterministic
/// but for where it is interrupted: the same for every number of jobs.
SweepResult sweep(const SweepPlan& plan, const SweepOptions& options, SweepResult from = {});

/// What a table shows: the plan's measures (and their windows), or those that are not 0 in all runs
/// of all rows, and the fractions of what never happened but could have: violations, decisions,
/// deliveries by all.
std::vector<std::string> columns_of(const SweepPlan& plan, const std::vector<SweepRow>& rows);
/// The column of a row; where it has none, what that means by the kind.
MeasureResult result_of(const SweepRow& row, const std::string& measure);

}  // namespace sibyl
