// The state of an interrupted sweep.
#include "scenarios/sweep_state.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "scenarios/fields.hpp"
#include "scenarios/json.hpp"
#include "scenarios/sweep_report.hpp"
#include "sibyl_version.hpp"
#include "sim/hash.hpp"

namespace sibyl {

namespace {

constexpr std::int64_t kMostRuns = std::int64_t{1} << 53;
const std::vector<std::string> kKinds{"count", "value", "fraction"};

std::uint64_t count_in(const Fields& fields, std::string_view key, std::int64_t most = kMostRuns) {
  return static_cast<std::uint64_t>(decode_int(fields.get(key), fields.at(key), 0, most));
}

/// Stands before the checksum, which is the last member and covers all that comes before this.
constexpr std::string_view kBeforeCheck = ",\"check\":";

std::string check_of(std::string_view contents) {
  Hasher hasher;
  hasher.add(contents);
  return fmt::format("{:016x}", hasher.value());
}

/// Numbers that were changed or left out make sense one by one: only the whole tells.
void verify(std::string_view text, const Value& check) {
  const std::size_t end = text.rfind(kBeforeCheck);
  if (end == std::string_view::npos || check != Value(check_of(text.substr(0, end)))) {
    throw ConfigError("/check",
                      "the state is not as it was written; leave --resume out to begin anew");
  }
}

/// What the numbers depend on.
std::string key_of(const SweepPlan& plan) {
  Hasher hasher;
  hasher.add(to_json(plan.base.document));
  for (const Vary& vary : plan.varies) {
    for (const std::string& pointer : vary.pointers) hasher.add(pointer);
    for (const auto& setting : vary.settings) hasher.add(to_json(Value(Value::List(setting))));
  }
  hasher.add(plan.seeds);
  hasher.add(plan.seed);
  hasher.add(plan.check ? 1 : 0);
  hasher.add(static_cast<std::uint64_t>(plan.warmup.ns));
  hasher.add(static_cast<std::uint64_t>(plan.window.ns));
  if (plan.window.ns != 0) {
    for (const std::string& name : plan.measures) hasher.add(std::string_view(name));
  }
  hasher.add(std::string_view(SIBYL_VERSION));
  return fmt::format("{:016x}", hasher.value());
}

Value firsts(const std::map<std::string, std::uint64_t>& all) {
  Value::Object out;
  for (const auto& [name, run] : all) out.emplace_back(name, count_value(run));
  return Value(std::move(out));
}

Value row_value(const SweepRow& row) {
  std::vector<std::string> names;
  for (const auto& [name, result] : row.measures) names.push_back(name);
  return Value::Object{{"measures", *sweep_row_json(row, names).find("measures")},
                       {"first_violated", firsts(row.first_violated)},
                       {"status", row.status}};
}

Value open_value(const OpenRow& open) {
  Value::Object samples;
  for (const auto& [name, each] : open.samples) {
    Value::List values;
    for (const double x : each.values) values.push_back(sweep_number(x));
    samples.emplace_back(name, Value::Object{{"kind", kKinds[static_cast<std::size_t>(each.kind)]},
                                             {"values", Value(std::move(values))}});
  }
  return Value::Object{{"runs", count_value(open.runs)},
                       {"samples", Value(std::move(samples))},
                       {"first_violated", firsts(open.first_violated)},
                       {"status", open.status}};
}

double finite(const Value& v, const std::string& pointer) {
  constexpr double kLargest = 1e300;
  return decode_number(v, pointer, -kLargest, kLargest);
}

const Value::Object& object_in(const Fields& fields, std::string_view key) {
  const Value& v = fields.get(key);
  if (v.as_object() == nullptr) wrong_kind(fields.at(key), v, "an object");
  return *v.as_object();
}

std::map<std::string, std::uint64_t> firsts_in(const Fields& fields, std::uint64_t runs) {
  std::map<std::string, std::uint64_t> all;
  const std::string pointer = fields.at("first_violated");
  for (const auto& [name, run] : object_in(fields, "first_violated")) {
    all[name] = static_cast<std::uint64_t>(
        decode_int(run, pointer_to(pointer, name), 0, static_cast<std::int64_t>(runs) - 1));
  }
  return all;
}

int status_in(const Fields& fields) {
  return static_cast<int>(decode_int(fields.get("status"), fields.at("status"), 0, 2));
}

std::optional<analysis::Interval> interval_in(const Fields& fields) {
  if (fields.get("low").is_null()) return std::nullopt;
  return analysis::Interval{finite(fields.get("low"), fields.at("low")),
                            finite(fields.get("high"), fields.at("high"))};
}

MeasureResult result_in(const Value& v, const std::string& pointer, std::uint64_t runs) {
  MeasureResult result;
  const auto most = static_cast<std::int64_t>(runs);
  if (v.find("fraction") != nullptr) {
    const Fields fields(v, pointer, {"n", "count", "fraction", "low", "high"});
    result.kind = MeasureKind::fraction;
    result.fraction = analysis::fraction_of(count_in(fields, "count", most), runs);
    return result;
  }
  const Fields fields(v, pointer,
                      {"n", "mean", "deviation", "low", "high", "min", "p50", "p95", "p99", "max"});
  analysis::Summary& s = result.summary;
  s.n = count_in(fields, "n", most);
  s.interval = interval_in(fields);
  const auto read = [&](std::string_view key, double& out) {
    if (!fields.get(key).is_null()) out = finite(fields.get(key), fields.at(key));
  };
  read("mean", s.mean);
  read("deviation", s.deviation);
  read("min", s.min);
  read("p50", s.p50);
  read("p95", s.p95);
  read("p99", s.p99);
  read("max", s.max);
  return result;
}

SweepRow row_in(const Value& v, const std::string& pointer, Settings settings, std::uint64_t runs) {
  const Fields fields(v, pointer, {"measures", "first_violated", "status"});
  SweepRow row{std::move(settings), runs, {}, firsts_in(fields, runs), status_in(fields)};
  for (const auto& [name, result] : object_in(fields, "measures")) {
    row.measures[name] = result_in(result, pointer_to(fields.at("measures"), name), runs);
  }
  return row;
}

Samples samples_in(const Value& v, const std::string& pointer, std::uint64_t runs) {
  const Fields fields(v, pointer, {"kind", "values"});
  std::string kind;
  fields.require("kind", kind);
  const auto known = std::find(kKinds.begin(), kKinds.end(), kind);
  if (known == kKinds.end()) unknown_name(fields.at("kind"), kind, kKinds, "kind");
  Samples samples{static_cast<MeasureKind>(known - kKinds.begin()), {}};
  const Value& values = fields.get("values");
  const std::string at = fields.at("values");
  if (values.as_list() == nullptr) wrong_kind(at, values, "a list");
  if (values.as_list()->size() > runs) {
    throw ConfigError(at, fmt::format("more numbers than the {} runs", runs));
  }
  for (std::size_t i = 0; i < values.as_list()->size(); ++i) {
    samples.values.push_back(finite((*values.as_list())[i], pointer_to(at, i)));
  }
  return samples;
}

OpenRow open_in(const Value& v, const std::string& pointer, std::uint64_t seeds,
                std::uint64_t done) {
  const Fields fields(v, pointer, {"runs", "samples", "first_violated", "status", "combination"});
  if (count_in(fields, "combination") != done) {
    throw ConfigError(fields.at("combination"),
                      fmt::format("must be {}: so many combinations are done", done));
  }
  OpenRow open;
  open.runs = count_in(fields, "runs", static_cast<std::int64_t>(seeds) - 1);
  open.first_violated = firsts_in(fields, open.runs);
  open.status = status_in(fields);
  for (const auto& [name, samples] : object_in(fields, "samples")) {
    open.samples[name] = samples_in(samples, pointer_to(fields.at("samples"), name), open.runs);
  }
  return open;
}

}  // namespace

std::string sweep_state_text(const SweepPlan& plan, const SweepResult& result) {
  Value::List rows;
  for (const SweepRow& row : result.rows) rows.push_back(row_value(row));
  Value open = open_value(result.open);
  open.set("combination", count_value(result.rows.size()));
  std::string text = to_json(Value::Object{{"format", kSweepStateFormat},
                                           {"sweep", key_of(plan)},
                                           {"rows", Value(std::move(rows))},
                                           {"open", std::move(open)}});
  text.pop_back();  // the brace at the end
  return fmt::format("{}{}\"{}\"}}\n", text, kBeforeCheck, check_of(text));
}

SweepResult read_sweep_state(std::string_view text, const std::string& name,
                             const SweepPlan& plan) {
  const Value whole = parse_json(text, name, {kLargestSweepState, 16});
  try {
    const Fields fields(whole, "", {"format", "sweep", "rows", "open", "check"});
    if (fields.get("format") != Value(kSweepStateFormat)) {
      throw ConfigError("/format", fmt::format("expected \"{}\"", kSweepStateFormat));
    }
    if (fields.get("sweep") != Value(key_of(plan))) {
      throw ConfigError("/sweep",
                        "is of another scenario, other settings or seeds, or another version of "
                        "the program; leave --resume out to begin anew");
    }
    const Value& rows = fields.get("rows");
    if (rows.as_list() == nullptr) wrong_kind("/rows", rows, "a list");
    const std::uint64_t all = count_combinations(plan.varies);
    if (rows.as_list()->size() > all) {
      throw ConfigError("/rows", fmt::format("more than the {} combinations", all));
    }
    SweepResult result;
    for (std::size_t i = 0; i < rows.as_list()->size(); ++i) {
      result.rows.push_back(row_in((*rows.as_list())[i], pointer_to("/rows", i),
                                   combination(plan.varies, i), plan.seeds));
    }
    result.open = open_in(fields.get("open"), "/open", plan.seeds, result.rows.size());
    if (result.rows.size() == all && result.open.runs != 0) {
      throw ConfigError("/open/runs", "all combinations are done");
    }
    verify(text, fields.get("check"));
    return result;
  } catch (const ConfigError& e) {
    throw InputError(name, e.pointer, e.what());
  }
}

}  // namespace sibyl
