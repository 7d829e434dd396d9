// Reports of sweeps.
#include "scenarios/sweep_report.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/core.h>

#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "sibyl_embedded/sweep_schema.hpp"
#include "sibyl_version.hpp"

namespace sibyl {

namespace {

using analysis::Interval;

/// The statistics of a measure by their names in the formats; null: there is none.
using Members = std::vector<std::pair<std::string_view, Value>>;

Members members_of(const MeasureResult& result) {
  const auto bound = [](const std::optional<Interval>& interval, double Interval::*which) {
    return interval ? sweep_number((*interval).*which) : Value();
  };
  if (result.kind == MeasureKind::fraction) {
    const analysis::Fraction& f = result.fraction;
    const bool any = f.n != 0;
    return {{"n", count_value(f.n)},
            {"count", count_value(f.count)},
            {"fraction", any ? sweep_number(f.fraction) : Value()},
            {"low", bound(f.interval, &Interval::low)},
            {"high", bound(f.interval, &Interval::high)}};
  }
  const analysis::Summary& s = result.summary;
  const auto some = [&](double x, std::uint64_t least) {
    return s.n >= least ? sweep_number(x) : Value();
  };
  return {{"n", count_value(s.n)},
          {"mean", some(s.mean, 1)},
          {"deviation", some(s.deviation, 2)},
          {"low", bound(s.interval, &Interval::low)},
          {"high", bound(s.interval, &Interval::high)},
          {"min", some(s.min, 1)},
          {"p50", some(s.p50, 1)},
          {"p95", some(s.p95, 1)},
          {"p99", some(s.p99, 1)},
          {"max", some(s.max, 1)}};
}

/// The table's head: all but the rows.
Value::Object head_of(const SweepTable& table) {
  const SweepPlan& plan = table.plan;
  Value::List varied;
  for (const Vary& vary : plan.varies) {
    Value::List pointers;
    for (const std::string& pointer : vary.pointers) pointers.emplace_back(pointer);
    Value::List settings;
    for (const auto& setting : vary.settings) settings.emplace_back(Value::List(setting));
    varied.push_back(
        Value::Object{{"pointers", Value(std::move(pointers))}, {"values", Value(settings)}});
  }
  Value::List columns;
  for (const std::string& name : table.columns) columns.emplace_back(name);
  Value::List sets;
  for (const std::string& text : plan.base.overrides) sets.emplace_back(text);
  Value::Object head{{"format", kSweepFormat},
                     {"id", plan.base.id},
                     {"scenario", plan.base.file},
                     {"version", SIBYL_VERSION},
                     {"seed", count_value(plan.seed)},
                     {"seeds", count_value(plan.seeds)},
                     {"set", Value(std::move(sets))},
                     {"vary", Value(std::move(varied))},
                     {"confidence", analysis::kConfidence},
                     {"measures", Value(std::move(columns))},
                     {"complete", table.complete}};
  if (plan.warmup.ns != 0) head.emplace_back("warmup_ns", Value(plan.warmup.ns));
  if (plan.window.ns != 0) head.emplace_back("window_ns", Value(plan.window.ns));
  return head;
}

/// The line that repeats the first run of the row that violated the property.
std::string replay_of(const SweepPlan& plan, const SweepRow& row, std::uint64_t run) {
  Scenario scenario;
  scenario.file = plan.base.file;
  scenario.id = plan.base.id;
  scenario.shares_file = plan.base.shares_file;
  scenario.overrides = plan.base.overrides;
  for (const auto& [pointer, value] : row.settings) {
    scenario.overrides.push_back(pointer + "=" + to_json(value));
  }
  return replay_line(scenario, sweep_seed(plan.seed, run));
}

Value row_with_replays(const SweepTable& table, const SweepRow& row) {
  Value v = sweep_row_json(row, table.columns);
  Value::Object replays;
  for (const auto& [property, run] : row.first_violated) {
    replays.emplace_back(property, replay_of(table.plan, row, run));
  }
  if (!replays.empty()) v.set("violations", Value(std::move(replays)));
  return v;
}

/// A string as it is, everything else as JSON.
std::string plain(const Value& v) { return v.as_string() != nullptr ? *v.as_string() : to_json(v); }

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

/// With 5 significant digits; of a measure in nanoseconds, as a duration.
std::string readable(const std::string& measure, const Value& v) {
  if (v.is_null()) return "-";
  const double x = v.as_int() != nullptr ? static_cast<double>(*v.as_int())
                   : v.as_double()       ? *v.as_double()
                                         : 0;
  const double size = std::fabs(x);
  if (!measure.ends_with("_ns")) {
    if (v.as_int() != nullptr && size < 1e15) return std::to_string(*v.as_int());
    return fmt::format("{:.5g}", x);
  }
  if (size < 1e3) return fmt::format("{:.5g}ns", x);
  if (size < 1e6) return fmt::format("{:.5g}us", x / 1e3);
  if (size < 1e9) return fmt::format("{:.5g}ms", x / 1e6);
  return fmt::format("{:.5g}s", x / 1e9);
}

using Line = std::vector<std::string>;

/// Columns as wide as they must be; the first `left` of them begin at the left.
std::string aligned(const std::vector<Line>& lines, std::size_t left) {
  std::vector<std::size_t> widths;
  for (const Line& line : lines) {
    if (line.size() == 1) continue;
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string out;
  for (const Line& line : lines) {
    std::string text = line.size() == 1 ? line[0] : "";
    for (std::size_t i = 0; line.size() > 1 && i < line.size(); ++i) {
      text += i < left ? fmt::format("  {:<{}}", line[i], widths[i])
                       : fmt::format("  {:>{}}", line[i], widths[i]);
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + "\n";
  }
  return out;
}

/// What a line of the table says of a measure.
Line statistics_line(const std::string& measure, const MeasureResult& result) {
  const Members all = members_of(result);
  const auto get = [&](std::string_view name) {
    for (const auto& [key, value] : all) {
      if (key == name) return readable(name == "n" ? "n" : measure, value);
    }
    return std::string("-");
  };
  const std::string interval =
      get("low") == "-" ? "-" : fmt::format("{} to {}", get("low"), get("high"));
  if (result.kind == MeasureKind::fraction) {
    return {get("n"), get("fraction"), interval, fmt::format("{} of {}", get("count"), get("n"))};
  }
  return {get("n"),   get("mean"), interval,   get("deviation"), get("min"),
          get("p50"), get("p95"),  get("p99"), get("max")};
}

/// Why runs of a combination show nothing, where that is so.
std::string inconclusive_line(const SweepPlan& plan, std::uint64_t i, const SweepTable& table) {
  const SweepRow& row = table.rows[i];
  if (row.status != 2) return {};
  std::string where;
  for (const auto& [pointer, value] : row.settings) {
    where += fmt::format("{}{}={}", where.empty() ? " with " : ", ", pointer, plain(value));
  }
  const std::uint64_t most = scenario_of(plan, i).limits.events;
  return shown(fmt::format("inconclusive: runs{} were ended by a limit{}; steps are limited to {} "
                           "(--set /limits/events=N allows more)",
                           where, plan.check ? ", or a property could not be decided" : "", most)) +
         "\n";
}

}  // namespace

Value sweep_number(double x) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::trunc(x) == x && std::fabs(x) <= kExact) return Value(static_cast<std::int64_t>(x));
  return Value(x);
}

Value sweep_row_json(const SweepRow& row, const std::vector<std::string>& measures) {
  Value::Object settings;
  for (const auto& [pointer, value] : row.settings) settings.emplace_back(pointer, value);
  Value::Object all;
  for (const std::string& name : measures) {
    Value::Object one;
    for (auto& [key, value] : members_of(result_of(row, name))) {
      one.emplace_back(std::string(key), std::move(value));
    }
    all.emplace_back(name, Value(std::move(one)));
  }
  return Value::Object{{"settings", Value(std::move(settings))},
                       {"runs", count_value(row.runs)},
                       {"measures", Value(std::move(all))}};
}

int SweepTable::status() const {
  int worst = 0;
  for (const SweepRow& row : rows) {
    if (row.status == 1) return 1;
    worst = std::max(worst, row.status);
  }
  return worst;
}

SweepTable table_of(const SweepPlan& plan, const SweepResult& result) {
  SweepTable table{plan, result.rows, {}, result.complete};
  if (result.open.runs != 0) {
    table.rows.push_back(row_of(combination(plan.varies, table.rows.size()), result.open));
  }
  table.columns = columns_of(plan, table.rows);
  return table;
}

Value sweep_json(const SweepTable& table) {
  Value whole(head_of(table));
  Value::List rows;
  for (const SweepRow& row : table.rows) rows.push_back(row_with_replays(table, row));
  whole.set("rows", Value(std::move(rows)));
  return whole;
}

std::string sweep_ndjson(const SweepTable& table) {
  std::string out = to_json(Value(head_of(table))) + "\n";
  for (const SweepRow& row : table.rows) out += to_json(row_with_replays(table, row)) + "\n";
  return out;
}

std::string sweep_csv(const SweepTable& table) {
  std::string out = "format";
  for (const auto& [pointer, value] : combination(table.plan.varies, 0)) {
    out += "," + csv_field(pointer);
  }
  out += ",runs";
  for (const std::string& name : table.columns) {
    const SweepRow& any = table.rows.empty() ? SweepRow{} : table.rows.front();
    for (const auto& [key, value] : members_of(result_of(any, name))) {
      out += "," + csv_field(fmt::format("{}:{}", name, key));
    }
  }
  out += "\n";
  for (const SweepRow& row : table.rows) {
    out += kSweepFormat;
    for (const auto& [pointer, value] : row.settings) out += "," + csv_field(plain(value));
    out += fmt::format(",{}", row.runs);
    for (const std::string& name : table.columns) {
      for (const auto& [key, value] : members_of(result_of(row, name))) {
        out += value.is_null() ? "," : "," + to_json(value);
      }
    }
    out += "\n";
  }
  return out;
}

std::string sweep_text(const SweepTable& table) {
  const SweepPlan& plan = table.plan;
  const std::uint64_t combinations = count_combinations(plan.varies);
  std::string out =
      fmt::format("{}  ({} combination{}, {} seeds each, from seed {}; 99 % intervals)\n",
                  plan.base.id, combinations, combinations == 1 ? "" : "s", plan.seeds, plan.seed);
  if (plan.warmup.ns != 0) {
    out += fmt::format("throughput and latency: of what was called after {}\n",
                       format_duration(plan.warmup));
  }
  if (plan.window.ns != 0) {
    out += fmt::format("NAME@k: in the window of {} that begins at k times that\n",
                       format_duration(plan.window));
  }
  if (table.rows.empty()) return out;
  const Settings places = combination(plan.varies, 0);
  std::vector<Line> lines;
  Line head;
  for (const auto& [pointer, value] : places) head.push_back(shown(pointer));
  head.insert(head.end(),
              {"n", "mean", "interval", "deviation", "min", "p50", "p95", "p99", "max"});
  const bool one = places.empty();
  if (one) head.insert(head.begin(), "measure");
  lines.push_back(head);
  for (const std::string& name : table.columns) {
    if (!one) lines.push_back({shown(name)});
    for (const SweepRow& row : table.rows) {
      Line line;
      if (one) line.push_back(shown(name));
      for (const auto& [pointer, value] : row.settings) line.push_back(shown(plain(value)));
      for (std::string& text : statistics_line(name, result_of(row, name))) {
        line.push_back(std::move(text));
      }
      lines.push_back(std::move(line));
    }
  }
  out += aligned(lines, one ? 1 : places.size());
  for (const SweepRow& row : table.rows) {
    for (const auto& [property, run] : row.first_violated) {
      out += fmt::format("{} violated: {}\n", property, shown(replay_of(plan, row, run)));
    }
  }
  for (std::size_t i = 0; i < table.rows.size(); ++i) out += inconclusive_line(plan, i, table);
  return out;
}

std::string_view sweep_schema() { return embedded::sweep_schema; }

}  // namespace sibyl
