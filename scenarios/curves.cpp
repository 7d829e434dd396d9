// The gnuplot script of a sweep's curves.
#include "scenarios/curves.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "analysis/statistics.hpp"
#include "scenarios/json.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

/// In gnuplot's single quotes.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    out += c == '\'' ? "''" : std::string(1, c);
  }
  return out + "'";
}

std::string words_of(const Value& v) {
  return v.as_string() != nullptr ? *v.as_string() : to_json(v);
}

std::optional<double> number_in(const Value& v) {
  if (v.as_int() != nullptr) return static_cast<double>(*v.as_int());
  if (v.as_double() != nullptr) return *v.as_double();
  return std::nullopt;
}

std::string name_of(const Vary& vary) {
  std::string name;
  for (const std::string& pointer : vary.pointers) {
    name += (name.empty() ? "" : " & ") + pointer.substr(1);
  }
  return name;
}

/// Where the values of the first vary stand on the axis.
struct Axis {
  std::vector<double> at;
  std::string tics;  ///< gnuplot's list; of numbers, too, so that each value has one
  bool logarithmic = false;
};

Axis axis_of(const Vary& vary) {
  Axis axis;
  bool numbers = true;
  for (const auto& setting : vary.settings) numbers = numbers && number_in(setting[0]).has_value();
  for (std::size_t i = 0; i < vary.settings.size(); ++i) {
    const Value& value = vary.settings[i][0];
    axis.at.push_back(numbers ? *number_in(value) : static_cast<double>(i));
    std::string word = words_of(value);
    if (word.size() > 24) word = word.substr(0, 21) + "...";
    axis.tics += fmt::format("{}{} {:.12g}", i == 0 ? "" : ", ", in_quotes(word), axis.at[i]);
  }
  const auto [least, most] = std::minmax_element(axis.at.begin(), axis.at.end());
  axis.logarithmic = numbers && *least > 0 && *most / *least >= 16;
  if (numbers && axis.at.size() > 16) axis.tics.clear();
  return axis;
}

/// The rest of what is varied, as the name of a line.
std::string line_of(const SweepPlan& plan, const Settings& settings) {
  const std::size_t first = plan.varies.front().pointers.size();
  std::string name;
  for (std::size_t i = first; i < settings.size(); ++i) {
    const std::string& pointer = settings[i].first;
    const std::string value = words_of(settings[i].second);
    const bool alone = plan.varies.size() == 2 && plan.varies[1].pointers.size() == 1;
    if (!name.empty()) name += ", ";
    name += alone ? value : pointer.substr(pointer.rfind('/') + 1) + "=" + value;
  }
  return name;
}

struct Point {
  double x = 0;
  double y = 0;
  double low = 0;
  double high = 0;
};

std::optional<Point> point_of(double x, const MeasureResult& result, double scale) {
  const bool fraction = result.kind == MeasureKind::fraction;
  const std::uint64_t n = fraction ? result.fraction.n : result.summary.n;
  if (n == 0) return std::nullopt;
  const double y = (fraction ? result.fraction.fraction : result.summary.mean) * scale;
  const auto& interval = fraction ? result.fraction.interval : result.summary.interval;
  if (!interval) return Point{x, y, y, y};
  return Point{x, y, interval->low * scale, interval->high * scale};
}

/// "latency_mean_ns" -> "latency mean (ms)"
std::string label_of(const std::string& measure) {
  std::string label = measure;
  if (label.ends_with("_ns")) label.replace(label.size() - 3, 3, " (ms)");
  if (label.ends_with("_per_s")) label.replace(label.size() - 6, 6, " (1/s)");
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

double scale_of(const std::string& measure) { return measure.ends_with("_ns") ? 1e-6 : 1; }

/// The lines of one panel, in the order of the table.
using Lines = std::vector<std::pair<std::string, std::vector<Point>>>;

Lines lines_of(const SweepTable& table, const std::string& measure, const Axis& axis) {
  const SweepPlan& plan = table.plan;
  // The last vary changes fastest: the rows of one value of the first stand together.
  const std::uint64_t lines = count_combinations(plan.varies) / plan.varies.front().settings.size();
  Lines all;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::size_t line = i % lines;
    if (line == all.size()) all.emplace_back(line_of(plan, table.rows[i].settings), 0);
    const auto point =
        point_of(axis.at[i / lines], result_of(table.rows[i], measure), scale_of(measure));
    if (point) all[line].second.push_back(*point);
  }
  for (auto& [name, points] : all) {
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.x < b.x; });
  }
  return all;
}

/// Okabe and Ito's colours (2008), told apart also by people who see fewer; then again, thinner.
const char* const kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

std::string panel(const SweepTable& table, const std::string& measure, std::size_t number,
                  const Axis& axis) {
  std::string data;
  std::string plot;
  const Lines lines = lines_of(table, measure, axis);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& [name, points] = lines[i];
    if (points.empty()) continue;
    const std::string block = fmt::format("$p{}_{}", number, i);
    data += block + " << EOD\n";
    for (const Point& p : points) {
      data += fmt::format("{:.12g} {:.12g} {:.12g} {:.12g}\n", p.x, p.y, p.low, p.high);
    }
    data += "EOD\n";
    plot += fmt::format("{}{} using 1:2:3:4 with yerrorlines lc rgb \"{}\" lw {} pt {} ps 0.7 {}",
                        plot.empty() ? "plot " : ", \\\n     ", block, kColours[i % 6],
                        i < 6 ? 1.6 : 0.8, i < 6 ? 7 : 4,
                        name.empty() ? "notitle" : "title " + in_quotes(name));
  }
  // The axis ends above the highest interval, and a panel of zeros has a height, too.
  std::string out = data + "set ylabel " + in_quotes(label_of(measure)) + "\n";
  if (plot.empty()) plot = "plot [0:1][0:1] NaN notitle";
  return out + plot + "\nunset key\n";
}

std::string head(const SweepTable& table, Drawing drawing, const std::string& output,
                 std::size_t panels, const Axis& axis) {
  const SweepPlan& plan = table.plan;
  const std::size_t height = 90 + 330 * panels;
  std::string out =
      "# Curves of a sweep, by sibyl; the data are in here. To draw them: gnuplot FILE\n";
  out +=
      fmt::format("set terminal {} size 860,{} noenhanced font \"sans,13\" background \"white\"\n",
                  drawing == Drawing::svg ? "svg" : "pngcairo", height);
  if (!output.empty()) out += "set output " + in_quotes(output) + "\n";
  out += fmt::format(
      "set multiplot layout {},1 title {}\n", panels,
      in_quotes(fmt::format("{}: {} runs a point, bars: 99 % interval of the mean{}", plan.base.id,
                            plan.seeds, table.complete ? "" : " (interrupted)")));
  out += "set xlabel " + in_quotes(name_of(plan.varies.front())) + "\n";
  if (!axis.tics.empty()) out += "set xtics (" + axis.tics + ")\n";
  if (axis.logarithmic) out += "set logscale x\n";
  const auto [least, most] = std::minmax_element(axis.at.begin(), axis.at.end());
  if (axis.logarithmic) {
    out += fmt::format("set xrange [{:.12g}:{:.12g}]\n", *least / 1.1, *most * 1.1);
  } else {
    const double room = *most > *least ? (*most - *least) / 20 : 1;
    out += fmt::format("set xrange [{:.12g}:{:.12g}]\n", *least - room, *most + room);
  }
  out += "set yrange [0:*]\nset grid lc rgb \"#dddddd\"\nset border 3\nset tics nomirror\n";
  // Outside, above the first panel: never in the way of a line.
  out += "set key outside top center horizontal\nset lmargin 12\n";
  return out;
}

}  // namespace

void check_curves(const SweepPlan& plan) {
  if (plan.varies.empty()) {
    throw ConfigError("", "curves need a --vary: the first is the horizontal axis");
  }
  const std::uint64_t lines = count_combinations(plan.varies) / plan.varies.front().settings.size();
  if (lines > kMostCurves) {
    throw ConfigError("", fmt::format("{} lines; at most {} can be told apart (the first --vary is "
                                      "the axis, the others make the lines)",
                                      lines, kMostCurves));
  }
  if (plan.measures.size() > kMostPanels) {
    throw ConfigError(
        "", fmt::format("{} measures; at most {} are drawn", plan.measures.size(), kMostPanels));
  }
}

std::vector<std::string> panels_of(const SweepTable& table) {
  if (!table.plan.measures.empty()) return table.plan.measures;
  std::vector<std::string> panels;
  for (const char* usual : {"throughput_per_s", "latency_mean_ns"}) {
    if (std::count(table.columns.begin(), table.columns.end(), usual) > 0) panels.push_back(usual);
  }
  for (const std::string& column : table.columns) {
    if (!panels.empty()) break;
    if (column != "events" && column != "quiescent") panels.push_back(column);
  }
  return panels;
}

std::string curves_script(const SweepTable& table, Drawing drawing, const std::string& output) {
  const std::vector<std::string> panels = panels_of(table);
  const Axis axis = axis_of(table.plan.varies.front());
  std::string out = head(table, drawing, output, std::max<std::size_t>(panels.size(), 1), axis);
  for (std::size_t i = 0; i < panels.size(); ++i) out += panel(table, panels[i], i, axis);
  return out + "unset multiplot\n";
}

}  // namespace sibyl
