// Campaigns: many searches as one file, which says what is searched, how, for how long, and what
// should come of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/exhaustive.hpp"
#include "scenarios/explore.hpp"
#include "scenarios/generate.hpp"
#include "scenarios/shrink_things.hpp"
#include "sim/time.hpp"

namespace sibyl {

inline constexpr std::string_view kCampaignFormat = "sibyl-campaign/1";

/// What the searches of an entry should come to.
enum class Wanted : std::uint8_t { violated, holds };
BOOST_DESCRIBE_ENUM(Wanted, violated, holds)

/// Bounds of an exhaustive search.
struct CampaignBounds {
  std::uint64_t states = 10'000'000;
  std::uint64_t steps = 10'000;
  std::vector<std::int64_t> delays_ns;  ///< the timed model; none: the asynchronous one
};

/// Progress that a campaign demands; names are those of the scenario that it is about.
struct CampaignLiveness {
  std::vector<std::string> core;
  std::optional<std::uint64_t> within;
};

/// How one scenario is searched.
struct CampaignSearch {
  std::vector<Strategy> strategies{Strategy::swarm};  ///< one search each
  std::optional<CampaignBounds> exhaustive;           ///< and one more
  std::uint64_t seed = 1;
  std::uint64_t runs = 10'000;
  std::optional<Duration> time;  ///< of each search, by the caller's clock
  std::uint64_t causes = 0;      ///< as ExploreOptions::causes
  std::uint64_t events = 20'000;
  std::optional<std::uint32_t> depth;           ///< as StrategySettings::depth
  std::optional<std::uint32_t> delays;          ///< as StrategySettings::delays
  std::optional<std::uint64_t> deliver_within;  ///< as StrategySettings::within
  std::optional<std::uint64_t> rounds;          ///< as ExploreOptions::rounds
  FaultBudget faults;
  std::optional<CampaignLiveness> liveness;
  bool shrink = true;  ///< the first violation of each search
};

struct CampaignEntry {
  std::string place;  ///< in the campaign: "/entries/0"
  Scenario scenario;  ///< where workloads are drawn: the first of them
  CampaignSearch search;
  std::vector<std::string> properties;      ///< only these; empty: all of the protocol
  std::optional<Wanted> wanted;             ///< absent: nothing is demanded
  std::optional<Generator> generator = {};  ///< workloads are drawn
  std::uint64_t workload_runs = kRunsOfAWorkload;
  std::optional<LivenessDemand> liveness = {};  ///< of the sampled searches
  /// Of what is searched: the scenario's, or that of a generator.
  std::string id() const { return generator ? generated_id(*generator) : scenario.id; }
};

struct Campaign {
  std::string file;
  std::string title;
  /// One a scenario, in the order of the file: an entry that names no variant stands for all
  /// scenarios of its file.
  std::vector<CampaignEntry> entries;
};

/// Reads a campaign with all its scenarios; nothing is run. Their paths are relative to the folder
/// of the campaign. Throws InputError for every mistake, also for a scenario file that cannot be
/// read, and FileError when the campaign itself cannot be.
Campaign load_campaign(const std::string& path);
/// The same of a text; `name` stands for the file in messages.
Campaign load_campaign_text(std::string_view text, const std::string& name,
                            const std::string& folder);

/// The JSON Schema of the format, as text.
std::string_view campaign_schema();

/// What one search came to.
struct CampaignRow {
  std::size_t entry = 0;        ///< its place in Campaign::entries
  std::string strategy;         ///< "exhaustive" for that search
  std::uint64_t runs = 0;       ///< of an exhaustive search: different states
  std::uint64_t workloads = 0;  ///< that were drawn; 0: the scenario's own was searched
  std::uint64_t violating = 0;  ///< of an exhaustive search: different observations that violate
  std::uint64_t inconclusive = 0;
  Undecided undecided;     ///< these, by why
  double cpu_seconds = 0;  ///< of the search, all jobs
  std::vector<FoundCause> found;
  std::map<std::string, std::uint64_t> probes;
  std::vector<std::string> incomplete;  ///< as ExhaustiveResult::incomplete
  bool interrupted = false;             ///< before its end, or before all was shrunk
  bool out_of_time = false;             ///< ended by CampaignSearch::time
  std::optional<ThingCount> before;     ///< the size of the first violation found
  std::optional<ThingCount> after;      ///< and of what is left of it
  Value smallest;                       ///< what is left, as a scenario; null when not shrunk
  double shrink_seconds = 0;            ///< CPU time
};

/// Operations, faults and decisions: what a reader of a counterexample has to follow.
inline std::uint64_t size_of(const ThingCount& things) {
  return things.operations + things.faults + things.decisions;
}

struct CampaignOptions {
  unsigned jobs = 1;
  std::function<bool()> interrupted;  ///< empty: never
  /// Given a budget of time, what says when it is over, counting from now; empty: never.
  std::function<std::function<bool()>(Duration)> timer;
  std::function<double()> cpu;  ///< CPU seconds of the calling thread; empty: not measured
  std::function<void(const CampaignRow&)> row;  ///< told each row when it is there
  /// Told within a search: the entry, the strategy, runs (or states), violating runs.
  std::function<void(std::size_t, const std::string&, std::uint64_t, std::uint64_t)> progress;
};

struct CampaignResult {
  std::vector<CampaignRow> rows;
  /// By protocol: the declared probes that no search hit.
  std::map<std::string, std::vector<std::string>> never_hit;
  std::vector<std::string> unmet;         ///< sentences: what is not as the campaign expects
  std::vector<std::string> inconclusive;  ///< sentences: what could not be decided
  bool interrupted = false;               ///< then unmet and inconclusive are of finished entries
};

/// Deterministic but for CPU times and what `interrupted` and `timer` decide: the same for every
/// number of jobs.
CampaignResult run_campaign(const Campaign& campaign, const CampaignOptions& options);

}  // namespace sibyl
