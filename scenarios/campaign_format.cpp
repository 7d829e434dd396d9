// Reads campaigns, with the scenarios that they name.
#include <algorithm>
#include <filesystem>
#include <limits>

#include <fmt/core.h>

#include "scenarios/campaign.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/names.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/schema_check.hpp"
#include "sibyl_embedded/campaign_schema.hpp"

namespace sibyl {

namespace {

constexpr std::size_t kLargestCampaign = std::size_t{4} << 20U;
constexpr std::int64_t kMostCount = std::int64_t{1} << 53;
constexpr std::int64_t kFew = 1000;

/// What a campaign says for all entries, and each entry for itself.
const std::vector<std::string> kSearchMembers{"seed",   "runs",           "for",    "causes",
                                              "events", "depth",          "delays", "strategies",
                                              "faults", "liveness",       "shrink", "exhaustive",
                                              "set",    "deliver_within", "rounds"};

std::vector<std::string> with_search_members(std::vector<std::string> members) {
  members.insert(members.end(), kSearchMembers.begin(), kSearchMembers.end());
  return members;
}

template <class T>
void read_count(const Fields& fields, std::string_view key, std::optional<T>& out,
                std::int64_t lowest, std::int64_t highest) {
  const Value* found = fields.find(key);
  if (found == nullptr) return;
  out = static_cast<T>(decode_int(*found, fields.at(key), lowest, highest));
}

template <class T>
void read_count(const Fields& fields, std::string_view key, T& out, std::int64_t lowest = 0,
                std::int64_t highest = kMostCount) {
  const Value* found = fields.find(key);
  if (found == nullptr) return;
  out = static_cast<T>(decode_int(*found, fields.at(key), lowest, highest));
}

Duration longer_than_nothing(const Value& v, const std::string& pointer) {
  Duration d;
  decode(v, pointer, d);
  if (d.ns <= 0) throw ConfigError(pointer, "must be longer than 0");
  return d;
}

FaultBudget read_faults(const Value& v, const std::string& pointer) {
  const Fields fields(
      v, pointer,
      {"crashes", "recover", "amnesia", "beyond_bound", "pauses", "cuts", "losses", "duplicates"});
  FaultBudget budget;
  read_count(fields, "crashes", budget.crashes, 0, kFew);
  fields.read("recover", budget.recoveries);
  fields.read("amnesia", budget.amnesia);
  fields.read("beyond_bound", budget.beyond_bound);
  if (budget.beyond_bound && budget.crashes == 0) {
    throw ConfigError(fields.at("beyond_bound"),
                      "goes with \"crashes\": no other faults have a bound");
  }
  read_count(fields, "pauses", budget.pauses, 0, kFew);
  read_count(fields, "cuts", budget.cuts, 0, kFew);
  read_count(fields, "losses", budget.losses, 0, kFew);
  read_count(fields, "duplicates", budget.duplicates, 0, kFew);
  return budget;
}

/// `false`: none is demanded, whatever the campaign says for all.
std::optional<CampaignLiveness> read_liveness(const Value& v, const std::string& pointer) {
  if (v == Value(false)) return std::nullopt;
  const Fields fields(v, pointer, {"core", "within"});
  CampaignLiveness liveness;
  if (fields.read("core", liveness.core) && liveness.core.empty()) {
    throw ConfigError(fields.at("core"), "must have a node");
  }
  if (const Value* within = fields.find("within")) {
    liveness.within =
        static_cast<std::uint64_t>(decode_int(*within, fields.at("within"), 1, kMostCount));
  }
  return liveness;
}

/// With the nodes of the scenario.
std::optional<LivenessDemand> demand_of(const CampaignSearch& search, const Scenario& scenario,
                                        const std::string& pointer) {
  if (!search.liveness) return std::nullopt;
  LivenessDemand demand;
  const Names names(scenario.nodes, scenario.protocol->words);
  const std::string at = pointer_to(pointer_to(pointer, "liveness"), "core");
  for (const std::string& name : search.liveness->core) {
    for (const NodeId n : names.nodes_of(name, at)) demand.core.push_back(n);
  }
  demand.bounded = search.liveness->within.has_value();
  demand.within = search.liveness->within.value_or(demand.within);
  return demand;
}

CampaignBounds read_bounds(const Value& v, const std::string& pointer) {
  const Fields fields(v, pointer, {"states", "steps", "delay_set"});
  CampaignBounds bounds;
  read_count(fields, "states", bounds.states, 1);
  read_count(fields, "steps", bounds.steps, 1);
  const Value* delays = fields.find("delay_set");
  if (delays == nullptr) return bounds;
  const std::string at = fields.at("delay_set");
  if (delays->as_list() == nullptr) wrong_kind(at, *delays, "a list of durations");
  if (delays->as_list()->empty()) throw ConfigError(at, "must have a delay");
  for (std::size_t i = 0; i < delays->as_list()->size(); ++i) {
    const Value& delay = (*delays->as_list())[i];
    const std::int64_t ns = longer_than_nothing(delay, pointer_to(at, i)).ns;
    if (std::count(bounds.delays_ns.begin(), bounds.delays_ns.end(), ns) != 0) {
      throw ConfigError(pointer_to(at, i), "this delay stands here twice");
    }
    bounds.delays_ns.push_back(ns);
  }
  return bounds;
}

void read_strategies(const Fields& fields, std::vector<Strategy>& out) {
  if (!fields.read("strategies", out)) return;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::count(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(i), out[i]) == 0) {
      continue;
    }
    throw ConfigError(
        pointer_to(fields.at("strategies"), i),
        fmt::format("\"{}\" stands here twice", boost::describe::enum_to_string(out[i], "?")));
  }
}

/// Replaces what is said here.
void read_search(const Fields& fields, CampaignSearch& out) {
  read_count(fields, "seed", out.seed, 0, kLargestSeed);
  read_count(fields, "runs", out.runs);
  read_count(fields, "causes", out.causes);
  read_count(fields, "events", out.events, 1);
  read_count(fields, "depth", out.depth, 1, kFew);
  read_count(fields, "delays", out.delays, 0, kFew);
  read_count(fields, "deliver_within", out.deliver_within, 1, kMostCount);
  read_count(fields, "rounds", out.rounds, 1, kMostCount);
  if (const Value* v = fields.find("for")) out.time = longer_than_nothing(*v, fields.at("for"));
  read_strategies(fields, out.strategies);
  if (const Value* v = fields.find("faults")) out.faults = read_faults(*v, fields.at("faults"));
  if (const Value* v = fields.find("liveness")) {
    out.liveness = read_liveness(*v, fields.at("liveness"));
  }
  fields.read("shrink", out.shrink);
  if (const Value* v = fields.find("exhaustive")) {
    out.exhaustive = read_bounds(*v, fields.at("exhaustive"));
  }
}

/// What only makes sense together.
void check_search(CampaignSearch& search, const std::string& pointer) {
  if (search.strategies.empty() && !search.exhaustive) {
    throw ConfigError(pointer_to(pointer, "strategies"),
                      "nothing would be searched; name a strategy, or give \"exhaustive\"");
  }
  if (search.exhaustive && search.faults.any()) {
    throw ConfigError(pointer_to(pointer, "exhaustive"),
                      "an exhaustive search draws no faults; give this entry \"faults\": {}");
  }
  if (search.runs != 0) return;
  if (!search.time) {
    throw ConfigError(pointer_to(pointer, "runs"), "0 without \"for\" would never end");
  }
  search.runs = std::numeric_limits<std::uint64_t>::max();
}

/// A synchronous protocol is searched within the bounds that it relies on.
void check_synchronous(const ProtocolInfo& protocol, const CampaignSearch& search,
                       const std::string& pointer) {
  if (!protocol.synchronous) return;
  const std::string why = fmt::format(
      "{} is synchronous: it relies on the bounds of the scenario's delays", protocol.name);
  for (const Strategy strategy : search.strategies) {
    if (!is_asynchronous(strategy)) continue;
    throw ConfigError(pointer_to(pointer, "strategies"),
                      fmt::format("{}; take swarm, extremes or timed", why));
  }
  if (search.exhaustive && search.exhaustive->delays_ns.empty()) {
    throw ConfigError(pointer_to(pointer, "exhaustive"), why + "; give \"delay_set\"");
  }
  if (search.liveness) {
    throw ConfigError(pointer_to(pointer, "liveness"),
                      "lets messages take any time; " + why + "; give \"liveness\": false");
  }
}

/// Crashes that are asked for have to be drawn.
void check_room(const CampaignEntry& entry, const std::string& pointer) {
  const FaultBudget& faults = entry.search.faults;
  try {
    if (entry.generator) return check_crashes(*entry.generator, entry.search.seed, faults, pointer);
    check_crashes(entry.scenario, faults, pointer);
  } catch (const ConfigError& e) {
    throw ConfigError(pointer, fmt::format("{}; \"beyond_bound\": true draws them all the same, "
                                           "and \"faults\": {{}} asks for none",
                                           e.what()));
  }
}

/// A script is a scenario's own; rounds are those of agreements.
void check_adversary(const Scenario& scenario, const CampaignSearch& search,
                     const std::string& pointer) {
  const bool has_script = scenario.scheduler && scenario.scheduler->script != nullptr;
  for (const Strategy strategy : search.strategies) {
    if (strategy != Strategy::scripted || has_script) continue;
    throw ConfigError(pointer_to(pointer, "strategies"),
                      "scripted is for a scenario whose scheduler has the script");
  }
  if (!search.rounds) return;
  if (search.liveness) {
    throw ConfigError(pointer_to(pointer, "rounds"),
                      "is another demand than \"liveness\"; give one of them");
  }
  try {
    decode_rounds(encode_rounds(*search.rounds), "", *scenario.protocol);
  } catch (const ConfigError& e) {
    throw ConfigError(pointer_to(pointer, "rounds"), e.what());
  }
}

/// Whether one of the searches by runs does anything with a setting.
bool any_uses(const CampaignSearch& search, std::string_view setting) {
  return std::any_of(search.strategies.begin(), search.strategies.end(),
                     [&](Strategy s) { return uses(s, setting); });
}

/// What is said here must mean something to one of the searches: of this entry, or of all entries
/// when it is said for all.
void check_used(const Fields& fields, const std::vector<const CampaignSearch*>& searches) {
  const auto check = [&](const std::string& place, std::string_view setting) {
    for (const CampaignSearch* search : searches) {
      if (any_uses(*search, setting)) return;
    }
    throw ConfigError(
        place,
        fmt::format("belongs to the strategies {}, and {} by one of them", users_of(setting),
                    searches.size() == 1 ? "this entry has no search" : "no entry has a search"));
  };
  for (const std::string_view key : {"runs", "events", "causes", "depth", "delays"}) {
    if (fields.find(key) != nullptr) check(fields.at(key), key);
  }
  const Value* faults = fields.find("faults");
  for (const std::string_view key : {"losses", "duplicates"}) {
    const Value* most = faults == nullptr ? nullptr : faults->find(key);
    if (most == nullptr || *most == Value(std::int64_t{0})) continue;
    check(pointer_to(fields.at("faults"), key), key);
  }
}

/// An override, and where the campaign has it.
struct Placed {
  Override set;
  std::string place;
};

void read_overrides(const Fields& fields, std::vector<Placed>& out) {
  const Value* all = fields.find("set");
  if (all == nullptr) return;
  if (all->as_object() == nullptr) wrong_kind(fields.at("set"), *all, "an object");
  for (const auto& [pointer, value] : *all->as_object()) {
    const std::string at = pointer_to(fields.at("set"), pointer);
    pointer_tokens(pointer, at);
    out.push_back({{pointer, value, pointer + "=" + to_json(value)}, at});
  }
}

/// A mistake that comes from an override stands in the campaign.
InputError located(const InputError& e, const std::vector<Placed>& overrides,
                   const std::string& name) {
  if (e.file != "--set") return e;
  for (auto o = overrides.rbegin(); o != overrides.rend(); ++o) {
    if (!is_within(e.place, o->set.pointer)) continue;
    return {name, o->place + e.place.substr(o->set.pointer.size()), e.message};
  }
  return {name, e.place, e.message};
}

std::vector<Scenario> load_scenarios(const Fields& entry, const std::vector<Placed>& overrides,
                                     const std::string& name, const std::string& folder) {
  Only only;
  if (entry.read("only", only.id) && only.id.empty()) {
    throw ConfigError(entry.at("only"), "is empty; leave it out for all scenarios of the file");
  }
  std::string file;
  entry.require("scenario", file);
  if (file.empty() || file == "-") {
    throw ConfigError(entry.at("scenario"), "must name a scenario file");
  }
  const std::filesystem::path path = (std::filesystem::path(folder) / file).lexically_normal();
  std::vector<Override> sets;
  for (const Placed& o : overrides) sets.push_back(o.set);
  try {
    std::vector<Scenario> scenarios = load_file(path.string(), sets, &only);
    if (scenarios.empty()) {
      unknown_name(entry.at("only"), only.id, only.known, "scenario of this file");
    }
    return scenarios;
  } catch (const FileError& e) {
    throw ConfigError(entry.at("scenario"), e.what());
  } catch (const InputError& e) {
    throw located(e, overrides, name);
  }
}

/// What a protocol's entry says of it, checked with the overrides; and the first that is drawn.
Generator read_generator(const Fields& entry, const std::vector<Placed>& overrides,
                         const std::string& name, std::uint64_t seed, Scenario& first) {
  for (const char* other : {"scenario", "only", "exhaustive"}) {
    if (entry.find(other) == nullptr) continue;
    throw ConfigError(entry.at(other), "does not go with \"protocol\", which draws workloads");
  }
  Generator generator;
  std::string protocol;
  entry.require("protocol", protocol);
  generator.protocol = &drawing_protocol(protocol, entry.at("protocol"));
  entry.read("variants", generator.variants);
  if (const Value* options = entry.find("options")) {
    if (options->as_object() == nullptr) wrong_kind(entry.at("options"), *options, "an object");
    generator.options = *options;
  }
  for (const Placed& o : overrides) generator.overrides.push_back(o.set);
  try {
    check_generator(generator);
    first = draw_scenario(generator, seed, 0);
  } catch (const InputError& e) {
    if (e.file != "--set" && is_within(e.place, "/protocol")) {
      const std::string rest = e.place.substr(std::string_view("/protocol").size());
      throw InputError(name, entry.pointer() + rest, e.message);
    }
    throw located(e, overrides, name);
  }
  return generator;
}

CampaignEntry drawn_entry(const Fields& fields, const CampaignSearch& search,
                          const std::vector<Placed>& overrides, const std::string& name) {
  CampaignEntry entry;
  entry.place = fields.pointer();
  entry.search = search;
  entry.generator = read_generator(fields, overrides, name, search.seed, entry.scenario);
  read_count(fields, "workload_runs", entry.workload_runs, 1);
  return entry;
}

/// What an entry stands for: all scenarios of its file, or what a protocol draws.
std::vector<CampaignEntry> entries_of(const Fields& fields, const CampaignSearch& search,
                                      const std::vector<Placed>& overrides, const std::string& name,
                                      const std::string& folder) {
  if (fields.find("protocol") != nullptr) return {drawn_entry(fields, search, overrides, name)};
  if (fields.find("scenario") == nullptr) {
    throw ConfigError(fields.pointer(),
                      "the member \"scenario\" is missing, or \"protocol\" in its place");
  }
  for (const char* other : {"variants", "options", "workload_runs"}) {
    if (fields.find(other) == nullptr) continue;
    throw ConfigError(fields.at(other), "belongs to \"protocol\"; a scenario says it itself");
  }
  std::vector<Scenario> scenarios = load_scenarios(fields, overrides, name, folder);
  std::vector<CampaignEntry> entries;
  for (Scenario& scenario : scenarios) {
    entries.push_back({fields.pointer(), std::move(scenario), search, {}, {}});
  }
  return entries;
}

void add_entries(const Value& v, const std::string& pointer, CampaignSearch search,
                 std::vector<Placed> overrides, const std::string& folder, Campaign& campaign) {
  const Fields fields(v, pointer,
                      with_search_members({"scenario", "only", "protocol", "variants", "options",
                                           "workload_runs", "property", "expect"}));
  if (fields.find("protocol") != nullptr) search.exhaustive.reset();
  read_search(fields, search);
  check_search(search, pointer);
  check_used(fields, {&search});
  read_overrides(fields, overrides);
  std::optional<Wanted> wanted;
  fields.read("expect", wanted);
  std::string property;
  const bool one_property = fields.read("property", property);
  for (CampaignEntry& entry : entries_of(fields, search, overrides, campaign.file, folder)) {
    entry.wanted = wanted;
    if (entry.generator && search.liveness && !search.liveness->core.empty()) {
      throw ConfigError(pointer_to(pointer_to(pointer, "liveness"), "core"),
                        "names nodes of a scenario; with \"protocol\" they are drawn");
    }
    check_synchronous(*entry.scenario.protocol, search, pointer);
    check_room(entry, pointer_to(pointer_to(pointer, "faults"), "crashes"));
    check_adversary(entry.scenario, search, pointer);
    entry.liveness = demand_of(search, entry.scenario, pointer);
    const std::vector<std::string> known = entry.scenario.protocol->judgeable();
    if (one_property) {
      if (std::find(known.begin(), known.end(), property) == known.end()) {
        unknown_name(fields.at("property"), property, known,
                     "property that " + entry.scenario.protocol->name + " is judged by");
      }
      entry.properties = {property};
    }
    campaign.entries.push_back(std::move(entry));
  }
}

/// First of all: what is no campaign has other members.
void check_format(const Value& whole) {
  const Value* format = whole.find("format");
  if (format == nullptr || *format == Value(kCampaignFormat)) return;
  const std::string* text = format->as_string();
  if (text == nullptr) wrong_kind("/format", *format, "a string");
  throw ConfigError("/format", fmt::format("found \"{}\", expected \"{}\"", text->substr(0, 60),
                                           kCampaignFormat));
}

Campaign decode_campaign(const Value& whole, const std::string& name, const std::string& folder) {
  check_format(whole);
  const Fields fields(whole, "", with_search_members({"$schema", "format", "title", "entries"}));
  fields.get("format");
  Campaign campaign{name, {}, {}};
  fields.read("title", campaign.title);
  CampaignSearch search;
  read_search(fields, search);
  std::vector<Placed> overrides;
  read_overrides(fields, overrides);
  const Value& entries = fields.get("entries");
  if (entries.as_list() == nullptr) wrong_kind("/entries", entries, "a list of entries");
  if (entries.as_list()->empty()) throw ConfigError("/entries", "must have an entry");
  for (std::size_t i = 0; i < entries.as_list()->size(); ++i) {
    const Value& entry = (*entries.as_list())[i];
    add_entries(entry, pointer_to("/entries", i), search, overrides, folder, campaign);
  }
  std::vector<const CampaignSearch*> searches;
  for (const CampaignEntry& entry : campaign.entries) searches.push_back(&entry.search);
  check_used(fields, searches);
  if (const auto complaint = check_against_campaign_schema(whole)) {
    throw ConfigError(complaint->pointer, "does not fit the schema: " + complaint->message);
  }
  return campaign;
}

}  // namespace

Campaign load_campaign_text(std::string_view text, const std::string& name,
                            const std::string& folder) {
  const Value whole = parse_json(text, name, {kLargestCampaign, 64});
  try {
    return decode_campaign(whole, name, folder);
  } catch (const ConfigError& e) {
    throw InputError(name, e.pointer, e.what());
  }
}

Campaign load_campaign(const std::string& path) {
  const std::string text = read_file(path, kLargestCampaign);
  const std::string name = path == "-" ? "standard input" : path;
  return load_campaign_text(text, name, std::filesystem::path(path).parent_path().string());
}

std::string_view campaign_schema() { return embedded::campaign_schema; }

}  // namespace sibyl
