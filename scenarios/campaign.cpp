// Runs campaigns: one search after another, and what they come to together.
#include "scenarios/campaign.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "scenarios/loader.hpp"
#include "scenarios/probes.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/shrink.hpp"

namespace sibyl {

namespace {

class Searches {
 public:
  Searches(const Campaign& campaign, const CampaignOptions& options)
      : campaign_(campaign), options_(options) {}

  CampaignResult run() {
    for (std::size_t i = 0; i < campaign_.entries.size() && !result_.interrupted; ++i) {
      const CampaignEntry& entry = campaign_.entries[i];
      const std::size_t first = result_.rows.size();
      for (const Strategy strategy : entry.search.strategies) {
        if (!finish(sampled(i, strategy))) break;
      }
      if (entry.search.exhaustive && !result_.interrupted) finish(exhaustive(i));
      if (!result_.interrupted) judge(entry, first);
    }
    sum_up_probes();
    return std::move(result_);
  }

 private:
  bool interrupted() const { return options_.interrupted && options_.interrupted(); }
  double cpu() const { return options_.cpu ? options_.cpu() : 0; }

  /// What ends a search: an interruption, or its time, which begins now.
  std::function<bool()> stop_of(const CampaignSearch& search, CampaignRow& row) const {
    std::function<bool()> over;
    if (search.time && options_.timer) over = options_.timer(*search.time);
    return [this, over, &row] {
      row.interrupted = row.interrupted || interrupted();
      row.out_of_time = row.out_of_time || (over && over());
      return row.interrupted || row.out_of_time;
    };
  }

  CampaignRow sampled(std::size_t number, Strategy strategy) const {
    const CampaignEntry& entry = campaign_.entries[number];
    CampaignRow row;
    row.entry = number;
    row.strategy = boost::describe::enum_to_string(strategy, "?");
    ExploreOptions options;
    const std::optional<StrategySettings>& own = entry.scenario.scheduler;
    if (own && own->strategy == strategy) options.strategy = *own;
    options.strategy.strategy = strategy;
    if (entry.search.depth) options.strategy.depth = entry.search.depth;
    if (entry.search.delays) options.strategy.delays = entry.search.delays;
    if (entry.search.deliver_within) options.strategy.within = entry.search.deliver_within;
    options.rounds = entry.search.rounds;
    options.faults = entry.search.faults;
    options.seed = entry.search.seed;
    options.runs = entry.search.runs;
    options.jobs = options_.jobs;
    options.causes = entry.search.causes;
    options.events = entry.search.events;
    options.properties = entry.properties;
    options.liveness = entry.liveness;
    options.stop = stop_of(entry.search, row);
    options.cpu = options_.cpu;
    options.progress = [&](const ExploreResult& r) {
      if (options_.progress) options_.progress(number, row.strategy, r.runs, r.violating);
    };
    ExploreResult result = entry.generator
                               ? explore_generated(*entry.generator, options, entry.workload_runs)
                               : explore(entry.scenario, options);
    row.runs = result.runs;
    row.workloads = result.workloads;
    row.violating = result.violating;
    row.inconclusive = result.inconclusive;
    row.undecided = std::move(result.undecided);
    row.cpu_seconds = result.cpu_seconds;
    row.found = std::move(result.found);
    row.probes = std::move(result.probes);
    return row;
  }

  CampaignRow exhaustive(std::size_t number) const {
    const CampaignEntry& entry = campaign_.entries[number];
    CampaignRow row;
    row.entry = number;
    row.strategy = "exhaustive";
    ExhaustiveOptions options;
    options.states = entry.search.exhaustive->states;
    options.depth = entry.search.exhaustive->steps;
    options.delays_ns = entry.search.exhaustive->delays_ns;
    options.properties = entry.properties;
    options.stop = stop_of(entry.search, row);
    options.cpu = options_.cpu;
    options.progress = [&](const ExhaustiveResult& r) {
      if (options_.progress) options_.progress(number, row.strategy, r.states, r.found.size());
    };
    ExhaustiveResult result = explore_exhaustively(entry.scenario, options);
    row.runs = result.states;
    for (const FoundCause& found : result.found) row.violating += found.count;
    row.inconclusive = result.inconclusive;
    row.undecided = std::move(result.undecided);
    row.cpu_seconds = result.cpu_seconds;
    row.found = std::move(result.found);
    row.probes = std::move(result.probes);
    row.incomplete = std::move(result.incomplete);
    return row;
  }

  /// Shrinks the first violation, and hands the row out. False: interrupted.
  bool finish(CampaignRow row) {
    if (!row.found.empty()) {
      const FoundCause& first = row.found.front();
      const bool replays = !first.scenario.is_null();
      if (replays) row.before = count_things(things_of(first.scenario));
      const bool wanted = campaign_.entries[row.entry].search.shrink && !row.interrupted;
      if (replays && wanted) make_small(first, row);
    }
    result_.interrupted = row.interrupted || interrupted();
    if (options_.row) options_.row(row);
    result_.rows.push_back(std::move(row));
    return !result_.interrupted;
  }

  void make_small(const FoundCause& first, CampaignRow& row) const {
    constexpr std::uint64_t kSchedules = 512;  // searched where a part cannot go under this one
    ShrinkOptions options;
    options.property = first.property;
    options.search = kSchedules;
    options.interrupted = [this] { return interrupted(); };
    options.stop = options.interrupted;
    const double before = cpu();
    ShrinkResult result;
    try {
      result = shrink(load_document(first.scenario, "the violation found"), options);
    } catch (const Interrupted&) {
      row.interrupted = true;  // the row is still there
      return;
    }
    row.shrink_seconds = cpu() - before;
    row.before = result.before;
    row.after = result.after;
    row.smallest = std::move(result.scenario);
    row.interrupted = result.stopped;
  }

  void judge(const CampaignEntry& entry, std::size_t first_row) {
    if (!entry.wanted) return;
    const std::string name = fmt::format("{} {}", entry.place, entry.id());
    std::string how;
    bool violated = false;
    for (std::size_t i = first_row; i < result_.rows.size(); ++i) {
      const CampaignRow& row = result_.rows[i];
      violated = violated || !row.found.empty();
      how += fmt::format("{}{} {} by {}", how.empty() ? "" : ", ", row.runs,
                         row.strategy == "exhaustive" ? "states" : "runs", row.strategy);
      if (*entry.wanted != Wanted::holds) continue;
      for (const FoundCause& found : row.found) {
        result_.unmet.push_back(fmt::format("{}: should hold; {} is violated ({}): {}", name,
                                            found.property, row.strategy, found.summary));
      }
      if (row.runs == 0) {
        result_.inconclusive.push_back(fmt::format("{}: nothing was run ({})", name, row.strategy));
      }
      if (row.inconclusive != 0) {
        result_.inconclusive.push_back(fmt::format("{}: {} inconclusive ({}): {}", name,
                                                   row.inconclusive, row.strategy,
                                                   undecided_text(row.undecided)));
      }
      for (const std::string& why : row.incomplete) {
        result_.inconclusive.push_back(fmt::format("{}: {} ({})", name, why, row.strategy));
      }
    }
    if (*entry.wanted == Wanted::violated && !violated) {
      result_.unmet.push_back(
          fmt::format("{}: should be violated; nothing was found ({})", name, how));
    }
  }

  void sum_up_probes() {
    std::map<std::string, std::set<std::string>> hit;
    for (const CampaignRow& row : result_.rows) {
      std::set<std::string>& all = hit[campaign_.entries[row.entry].scenario.protocol->name];
      for (const auto& [probe, runs] : row.probes) {
        if (runs != 0) all.insert(probe);
      }
    }
    for (const CampaignRow& row : result_.rows) {
      const ProtocolInfo& protocol = *campaign_.entries[row.entry].scenario.protocol;
      const auto [never, is_new] = result_.never_hit.try_emplace(protocol.name);
      if (!is_new) continue;
      for (const std::string& probe : probes_of(protocol.words)) {
        if (hit[protocol.name].count(probe) == 0) never->second.push_back(probe);
      }
    }
  }

  const Campaign& campaign_;
  const CampaignOptions& options_;
  CampaignResult result_;
};

}  // namespace

CampaignResult run_campaign(const Campaign& campaign, const CampaignOptions& options) {
  return Searches(campaign, options).run();
}

}  // namespace sibyl
