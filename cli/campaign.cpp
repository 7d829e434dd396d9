// sibyl explore --campaign: many searches, as a table.
#include "cli/campaign.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/core.h>

#include "cli/explore_report.hpp"
#include "scenarios/campaign.hpp"
#include "scenarios/json.hpp"
#include "scenarios/probes.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kReportFormat = "sibyl-campaign-report/1";

Value number(std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); }

/// The table: columns as wide as what is known to come, so that each row can be printed when it is
/// there.
class Table {
 public:
  explicit Table(const Campaign& campaign) : campaign_(campaign) {
    for (const CampaignEntry& entry : campaign.entries) {
      scenario_ = std::max(scenario_, entry.id().size());
    }
  }
  std::string head() const {
    return line("scenario", "strategy", "runs", "violating", "causes", "first run", "CPU s to it",
                "CPU s", "size", "probes");
  }
  std::string row(const CampaignRow& row) const {
    const CampaignEntry& entry = campaign_.entries[row.entry];
    const bool sampled = row.strategy != "exhaustive";
    std::string first = "-";
    std::string until = "-";
    if (!row.found.empty() && sampled) {
      first = std::to_string(row.found.front().first + 1);
      until = fmt::format("{:.2f}", row.found.front().cpu_seconds);
    }
    std::string size = row.before ? std::to_string(size_of(*row.before)) : "-";
    if (row.after) size += fmt::format(" -> {}", size_of(*row.after));
    const auto probes = probes_of(entry.scenario.protocol->words);
    const auto hit = std::count_if(probes.begin(), probes.end(), [&](const std::string& probe) {
      const auto found = row.probes.find(probe);
      return found != row.probes.end() && found->second != 0;
    });
    std::string text =
        line(entry.id(), row.strategy, std::to_string(row.runs), std::to_string(row.violating),
             std::to_string(row.found.size()), first, until, fmt::format("{:.2f}", row.cpu_seconds),
             size, fmt::format("{}/{}", hit, probes.size()));
    text.pop_back();
    if (row.interrupted) text += "  interrupted";
    if (row.out_of_time) text += "  out of time";
    if (!sampled && row.incomplete.empty()) text += "  complete";
    if (!row.incomplete.empty()) text += "  incomplete";
    return text + "\n";
  }

 private:
  std::string line(std::string_view scenario, std::string_view strategy, std::string_view runs,
                   std::string_view violating, std::string_view causes, std::string_view first,
                   std::string_view until, std::string_view cpu, std::string_view size,
                   std::string_view probes) const {
    return fmt::format("{:{}}  {:10}  {:>8}  {:>9}  {:>6}  {:>9}  {:>11}  {:>7}  {:>9}  {:>6}\n",
                       scenario, scenario_, strategy, runs, violating, causes, first, until, cpu,
                       size, probes);
  }

  const Campaign& campaign_;
  std::size_t scenario_ = 8;
};

/// How far the present search is, on a terminal, at most four times a second.
class CampaignProgress {
 public:
  CampaignProgress(const Campaign& campaign, Io& io, bool on)
      : campaign_(campaign), io_(io), on_(on) {}
  ~CampaignProgress() { clear(); }
  CampaignProgress(const CampaignProgress&) = delete;
  CampaignProgress& operator=(const CampaignProgress&) = delete;
  void clear() {
    if (shown_) io_.err << "\r\x1b[K" << std::flush;
    shown_ = false;
  }
  void operator()(std::size_t entry, const std::string& strategy, std::uint64_t runs,
                  std::uint64_t violating) {
    const auto now = Clock::now();
    if (!on_ || now - last_ < std::chrono::milliseconds(250)) return;
    last_ = now;
    shown_ = true;
    io_.err << fmt::format("\r\x1b[K{} of {}: {}, {}: {} {}, {} violating", entry + 1,
                           campaign_.entries.size(), campaign_.entries[entry].id(), strategy, runs,
                           strategy == "exhaustive" ? "states" : "runs", violating)
            << std::flush;
  }

 private:
  const Campaign& campaign_;
  Io& io_;
  bool on_;
  bool shown_ = false;
  Clock::time_point last_ = Clock::now();
};

/// Where the counterexamples of a row are.
struct RowFiles {
  Files found;
  std::string smallest;
};

RowFiles write_row(const Campaign& campaign, const CampaignRow& row, const std::string& folder,
                   Io& io) {
  RowFiles files;
  if (folder.empty() || row.found.empty()) return files;
  std::error_code error;
  std::filesystem::create_directories(folder, error);  // emit() says what is wrong with it
  std::string name = campaign.entries[row.entry].id();
  std::replace(name.begin(), name.end(), '/', '-');
  // The entry's number: two entries may search one scenario in two settings.
  const std::string begin =
      fmt::format("{}/{:02}-{}-{}", folder, row.entry + 1, name, row.strategy);
  for (std::size_t i = 0; i < row.found.size(); ++i) {
    files.found.push_back(fmt::format("{}-{}-{}.json", begin, row.found[i].property, i + 1));
    if (row.found[i].scenario.is_null()) {  // its summary says why there is none
      files.found.back().clear();
      continue;
    }
    emit(io, files.found.back(), to_pretty_json(row.found[i].scenario) + "\n");
  }
  if (!row.smallest.is_null()) {
    files.smallest = fmt::format("{}-{}-1-small.json", begin, row.found.front().property);
    emit(io, files.smallest, to_pretty_json(row.smallest) + "\n");
  }
  return files;
}

Value size_json(const std::optional<ThingCount>& things) {
  if (!things) return {};
  return Value::Object{{"operations", number(things->operations)},
                       {"faults", number(things->faults)},
                       {"decisions", number(things->decisions)}};
}

Value::List sentences(const std::vector<std::string>& all) {
  Value::List list;
  for (const std::string& each : all) list.emplace_back(each);
  return list;
}

Value row_json(const Campaign& campaign, const CampaignRow& row, const RowFiles& files) {
  const CampaignEntry& entry = campaign.entries[row.entry];
  const bool sampled = row.strategy != "exhaustive";
  Value::List found;
  for (std::size_t i = 0; i < row.found.size(); ++i) {
    const FoundCause& f = row.found[i];
    found.push_back(Value::Object{
        {"property", f.property},
        {"cause", f.cause},
        {"summary", f.summary},
        {"first_run", sampled ? number(f.first) : Value()},
        {"cpu_seconds", sampled ? Value(f.cpu_seconds) : Value()},
        {"runs", number(f.count)},
        {"outside_model", f.scenario.is_null() ? Value() : departures_json(f.departures)},
        {"file", files.found.empty() || files.found[i].empty() ? Value() : Value(files.found[i])},
    });
  }
  Value::Object probes;
  for (const auto& [name, hits] : row.probes) probes.emplace_back(name, number(hits));
  return Value::Object{
      {"entry", entry.place},
      {"id", entry.id()},
      {"protocol", entry.scenario.protocol->name},
      {"strategy", row.strategy},
      {"expect",
       entry.wanted ? Value(boost::describe::enum_to_string(*entry.wanted, "?")) : Value()},
      {sampled ? "runs" : "states", number(row.runs)},
      {"workloads", number(row.workloads)},
      {"violating", number(row.violating)},
      {"inconclusive", number(row.inconclusive)},
      {"inconclusive_because", undecided_json(row.undecided)},
      {"found", Value(std::move(found))},
      {"size_before", size_json(row.before)},
      {"size_after", size_json(row.after)},
      {"smallest", files.smallest.empty() ? row.smallest : Value(files.smallest)},
      {"probes", Value(std::move(probes))},
      {"cpu_seconds", row.cpu_seconds},
      {"shrink_cpu_seconds", row.shrink_seconds},
      {"complete", !row.interrupted && !row.out_of_time && row.incomplete.empty()},
      {"incomplete", Value(sentences(row.incomplete))}};
}

Value report_json(const Campaign& campaign, const CampaignResult& result, Value::List rows) {
  Value::Object never;
  for (const auto& [protocol, probes] : result.never_hit) {
    never.emplace_back(protocol, Value(sentences(probes)));
  }
  return Value::Object{{"format", kReportFormat},
                       {"campaign", campaign.file},
                       {"title", campaign.title},
                       {"rows", Value(std::move(rows))},
                       {"never_hit", Value(std::move(never))},
                       {"unmet", Value(sentences(result.unmet))},
                       {"undecided", Value(sentences(result.inconclusive))},
                       {"complete", !result.interrupted}};
}

/// What stands below the table.
std::string summary_text(const CampaignResult& result, bool quiet) {
  std::string out;
  if (!quiet) {
    out += "\n";
    for (const auto& [protocol, probes] : result.never_hit) {
      std::string names;
      for (const std::string& probe : probes) names += (names.empty() ? "" : ", ") + probe;
      out += fmt::format("never hit by any search of {}: {}\n", protocol,
                         names.empty() ? "none" : shown(names));
    }
  }
  for (const std::string& each : result.unmet) out += "not as expected: " + shown(each) + "\n";
  for (const std::string& each : result.inconclusive) out += "undecided: " + shown(each) + "\n";
  if (!quiet && !result.interrupted && result.unmet.empty() && result.inconclusive.empty()) {
    out += "everything is as the campaign expects\n";
  }
  return out;
}

int status_of(const CampaignResult& result) {
  if (result.interrupted) return kInterrupted;
  if (!result.unmet.empty()) return kUnmet;
  return result.inconclusive.empty() ? kAsExpected : kInconclusive;
}

CampaignOptions options_of(const Common& common, Io& io) {
  CampaignOptions options;
  options.jobs = common.jobs != 0 ? common.jobs : std::max(1U, std::thread::hardware_concurrency());
  options.interrupted = [&io] { return io.interrupted(); };
  options.timer = [](Duration time) -> std::function<bool()> {
    const auto end = end_of_budget(time);
    return [end] { return Clock::now() >= end; };
  };
  options.cpu = thread_seconds;
  return options;
}

}  // namespace

int explore_campaign(const std::string& file, const Common& common, Io& io) {
  check_paths({file}, {{"-o", common.out}});
  Campaign campaign = load_campaign(file);
  for (CampaignEntry& entry : campaign.entries) {
    entry.search.seed = common.seed.value_or(entry.search.seed);
  }
  check_folder(common.out);
  const Table table(campaign);
  const bool as_words = !common.json && !common.quiet;
  if (as_words) io.out << table.head();
  CampaignOptions options = options_of(common, io);
  CampaignProgress progress(campaign, io, io.err_is_terminal && !common.quiet);
  options.progress = std::ref(progress);
  Value::List rows;
  options.row = [&](const CampaignRow& row) {
    progress.clear();
    const RowFiles files = write_row(campaign, row, common.out, io);
    if (common.json) rows.push_back(row_json(campaign, row, files));
    if (as_words) io.out << table.row(row) << std::flush;
  };
  const CampaignResult result = run_campaign(campaign, options);
  progress.clear();
  if (common.json) {
    emit(io, "", to_json(report_json(campaign, result, std::move(rows))) + "\n");
  } else {
    emit(io, "", summary_text(result, common.quiet));
  }
  if (result.interrupted) io.err << "sibyl: interrupted; the rows so far are kept\n";
  return status_of(result);
}

}  // namespace sibyl::cli
