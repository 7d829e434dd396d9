// Loads scenario files: variants, overrides, decoding, and the mapping of errors to their places.
#include "scenarios/loader.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/core.h>

#include "scenarios/fields.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/scheduler_format.hpp"
#include "scenarios/schema_check.hpp"
#include "scenarios/trace_file.hpp"
#include "scenarios/world_format.hpp"
#include "sibyl_embedded/scenario_schema.hpp"

namespace sibyl {

// An enumerator is a name of the format; the header of sim does not describe it.
BOOST_DESCRIBE_ENUM(TieRule, insertion, chosen, any)
static_assert(boost::describe::has_describe_enumerators<TieRule>::value);

namespace {

constexpr std::size_t kLongestId = 100;
constexpr std::int64_t kMostEvents = std::int64_t{1} << 53;

const std::vector<std::string>& base_members() {
  static const std::vector<std::string> kMembers{
      "$schema",    "format",   "id",      "title",    "story",  "source",   "seed",     "protocol",
      "deployment", "workload", "network", "clocks",   "cpu",    "storage",  "ties",     "faults",
      "byzantine",  "schedule", "limits",  "liveness", "expect", "variants", "scheduler"};
  return kMembers;
}

/// One scenario of a file, before it is decoded: its document, and where in the file its parts
/// stand.
struct Draft {
  Value document;
  std::string place;  ///< "/variants/0", or empty for the base
  std::vector<std::pair<std::string, std::string>> origins;  ///< pointer here -> place in the file
};

void check_id(const std::string& id, const std::string& pointer, bool may_have_parts) {
  const auto is_good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || (may_have_parts && c == '/');
  };
  const bool good = !id.empty() && id.size() <= kLongestId &&
                    std::all_of(id.begin(), id.end(), is_good) && id.front() != '/' &&
                    id.back() != '/';
  if (!good) {
    throw ConfigError(
        pointer, fmt::format("an id has 1 to {} letters, digits, \".\", \"-\", \"_\"{}", kLongestId,
                             may_have_parts ? ", and \"/\" between parts" : ""));
  }
}

std::vector<std::string> decode_story(const Value& v, const std::string& pointer) {
  if (v.as_string() != nullptr) return {*v.as_string()};
  if (v.as_list() == nullptr) wrong_kind(pointer, v, "a string or a list of strings");
  std::vector<std::string> story;
  decode(v, pointer, story);
  return story;
}

Draft make_variant(const Value& base, const std::string& base_id, const Value& v,
                   const std::string& pointer) {
  const Fields fields(v, pointer, {"id", "title", "story", "source", "with", "expect"});
  Draft draft{base, pointer, {}};
  std::string id;
  fields.require("id", id);
  check_id(id, fields.at("id"), false);
  draft.document.set("id", Value(base_id + "/" + id));
  for (const std::string_view key : {"title", "story", "source"}) {
    const Value* found = fields.find(key);
    if (found == nullptr) continue;
    draft.document.set(key, *found);
    draft.origins.emplace_back("/" + std::string(key), fields.at(key));
  }
  if (const Value* with = fields.find("with")) {
    if (with->as_object() == nullptr) wrong_kind(fields.at("with"), *with, "an object");
    for (const auto& [place, value] : *with->as_object()) {
      const std::string at = pointer_to(fields.at("with"), place);
      const std::string first = pointer_tokens(place, at).front();
      if (std::find(base_members().begin(), base_members().end(), first) == base_members().end()) {
        const std::string guess = nearest(first, base_members());
        throw ConfigError(at,
                          fmt::format("a scenario has no member \"{}\"{}", first.substr(0, 60),
                                      guess.empty() ? "" : "; did you mean \"" + guess + "\"?"));
      }
      for (const std::string_view fixed : {"format", "id", "variants", "expect", "$schema"}) {
        if (first == fixed) {
          throw ConfigError(
              at, fmt::format("\"with\" cannot change \"{}\"{}", fixed,
                              fixed == "expect" ? "; give \"expect\" beside \"with\"" : ""));
        }
      }
      draft.origins.emplace_back(set_at(draft.document, place, value, at), at);
    }
  }
  if (const Value* expect = fields.find("expect")) {
    draft.document.set("expect", *expect);
    draft.origins.emplace_back("/expect", fields.at("expect"));
  } else if (Value* members = &draft.document; members->find("expect") != nullptr) {
    // The base's expectations hold for the variant, but for the digest, which is of the base's run.
    Value expect_of_base = *members->find("expect");
    if (Value::Object* object = expect_of_base.as_object()) {
      std::erase_if(*object, [](const Value::Member& m) { return m.first == "digest"; });
    }
    members->set("expect", std::move(expect_of_base));
  }
  return draft;
}

void check_format(const Fields& fields) {
  std::string format;
  fields.require("format", format);
  if (format != kScenarioFormat) {
    throw ConfigError("/format", fmt::format("found \"{}\", expected \"{}\"", format.substr(0, 60),
                                             kScenarioFormat));
  }
}

/// The base and its variants.
std::vector<Draft> make_drafts(const Value& whole) {
  if (const Value* format = whole.find("format"); format && *format == Value("sibyl-campaign/1")) {
    throw ConfigError("/format", "is a campaign, not a scenario; sibyl explore --campaign runs it");
  }
  const Fields fields(whole, "", base_members());
  check_format(fields);
  std::string id;
  fields.require("id", id);
  check_id(id, "/id", true);
  Value base = whole;
  std::erase_if(*base.as_object(), [](const Value::Member& m) { return m.first == "variants"; });
  std::vector<Draft> drafts{{base, "", {}}};
  const Value* variants = fields.find("variants");
  if (variants == nullptr) return drafts;
  if (variants->as_list() == nullptr) wrong_kind("/variants", *variants, "a list of variants");
  std::map<std::string, std::string> places;
  for (std::size_t i = 0; i < variants->as_list()->size(); ++i) {
    const std::string place = pointer_to("/variants", i);
    drafts.push_back(make_variant(base, id, (*variants->as_list())[i], place));
    const std::string& name = *drafts.back().document.find("id")->as_string();
    const auto [at, is_new] = places.emplace(name, place);
    if (!is_new) {
      throw ConfigError(place + "/id",
                        fmt::format("the variant at {} has the same id", at->second));
    }
  }
  return drafts;
}

void decode_protocol(const Fields& top, Scenario& s) {
  const Fields fields(top.get("protocol"), "/protocol", {"name", "variants", "options"});
  std::string name;
  fields.require("name", name);
  s.protocol = find_protocol(name);
  if (s.protocol == nullptr) {
    std::vector<std::string> known;
    for (const auto& p : protocols()) known.push_back(p.name);
    unknown_name("/protocol/name", name, known, "protocol");
  }
  fields.read("variants", s.setup.variants);
  std::vector<std::string> known;
  for (const auto& v : s.protocol->variants) known.push_back(v.name);
  for (std::size_t i = 0; i < s.setup.variants.size(); ++i) {
    const std::string& variant = s.setup.variants[i];
    const std::string at = pointer_to("/protocol/variants", i);
    if (std::find(known.begin(), known.end(), variant) == known.end()) {
      unknown_name(at, variant, known, "variant of " + name);
    }
    if (std::count(s.setup.variants.begin(), s.setup.variants.end(), variant) > 1) {
      throw ConfigError(at, fmt::format("\"{}\" stands here twice", variant));
    }
  }
  const auto part = [](const Fields& where, std::string_view key) {
    const Value* found = where.find(key);
    if (found == nullptr) return Value(Value::Object{});
    if (found->as_object() == nullptr) wrong_kind(where.at(key), *found, "an object");
    return *found;
  };
  s.setup.options = part(fields, "options");
  s.setup.deployment = part(top, "deployment");
  s.setup.workload = part(top, "workload");
}

void decode_limits(const Value& v, Limits& limits) {
  const Fields fields(v, "/limits", {"events", "deadline", "queue"});
  if (const Value* events = fields.find("events")) {
    limits.events =
        static_cast<std::uint64_t>(decode_int(*events, "/limits/events", 1, kMostEvents));
  }
  if (const Value* queue = fields.find("queue")) {
    limits.queue = static_cast<std::size_t>(decode_int(*queue, "/limits/queue", 1, kMostEvents));
  }
  if (fields.read("deadline", limits.deadline) && limits.deadline.ns == 0) {
    throw ConfigError("/limits/deadline", "must be later than 0: nothing would be run");
  }
}

/// The world is asynchronous then.
void decode_scheduling(const Value& v, const Fields& top, Scenario& s) {
  const std::string at = "/scheduler";
  if (top.find("ties") != nullptr && s.world.ties != TieRule::any) {
    throw ConfigError(at, "chooses what arrives next; \"ties\" must be \"any\", or left out");
  }
  if (s.schedule) {
    throw ConfigError(at, "does not go with \"schedule\", which says what arrives next itself");
  }
  if (s.protocol->synchronous) {
    throw ConfigError(at, fmt::format("{} is synchronous: it relies on the bounds of the delays",
                                      s.protocol->name));
  }
  const Names all(nodes_with_twins(s.byzantine, s.nodes), s.protocol->words);
  s.scheduler = decode_scheduler(v, at, all);
  s.world.ties = TieRule::any;
}

void decode_world(const Fields& top, const Names& names, Scenario& s) {
  top.read("ties", s.world.ties);
  if (const Value* v = top.find("network")) s.world.network = decode_network(*v, "/network", names);
  s.clocks.resize(names.nodes().size());
  if (const Value* v = top.find("clocks")) s.clocks = decode_clocks(*v, "/clocks", names);
  if (const Value* v = top.find("cpu")) s.world.cpu = decode_cpu(*v, "/cpu", names);
  if (const Value* v = top.find("storage")) {
    Fields(*v, "/storage", {"unsynced_survive"}).read("unsynced_survive", s.world.unsynced_survive);
  }
  if (const Value* v = top.find("faults")) s.faults = decode_faults(*v, "/faults", names);
  if (const Value* v = top.find("byzantine")) {
    s.byzantine = decode_byzantine(*v, "/byzantine", names);
    for (const ByzantineNode& each : s.byzantine) s.nodes[each.node.value].faulty = true;
  }
  if (const Value* v = top.find("schedule")) {
    const Names all(nodes_with_twins(s.byzantine, s.nodes), s.protocol->words);
    s.schedule = decode_schedule(*v, "/schedule", all);
  }
  if (const Value* v = top.find("scheduler")) decode_scheduling(*v, top, s);
  if (const Value* v = top.find("limits")) decode_limits(*v, s.limits);
  if (const Value* v = top.find("liveness")) {
    if (v->find("rounds") != nullptr) {
      s.rounds = decode_rounds(*v, "/liveness", *s.protocol);
    } else {
      s.liveness = decode_liveness(*v, "/liveness", names);
    }
  }
}

Scenario decode_scenario(const Value& document) {
  const Fields top(document, "", base_members());
  check_format(top);  // again: --set may have changed it
  Scenario s;
  std::string schema;
  top.read("$schema", schema);
  top.require("id", s.id);
  check_id(s.id, "/id", true);
  top.read("title", s.title);
  if (const Value* story = top.find("story")) s.story = decode_story(*story, "/story");
  top.read("source", s.source);
  if (const Value* seed = top.find("seed")) {
    s.seed = static_cast<std::uint64_t>(decode_int(*seed, "/seed", 0, kLargestSeed));
  }
  decode_protocol(top, s);
  std::vector<std::string> seen;
  for (const NodeSpec& node : s.protocol->build(s.setup)) s.nodes.push_back(node.description);
  for (const TraceNode& node : s.nodes) seen.push_back(node.name);
  std::sort(seen.begin(), seen.end());
  const auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice != seen.end()) {
    throw ConfigError(kDeploymentPointer, fmt::format("two nodes are called \"{}\"", *twice));
  }
  decode_world(top, Names(s.nodes, s.protocol->words), s);
  s.expect = decode_expect(top.find("expect"), "/expect", *s.protocol, s.setup, s.nodes);
  s.document = document;
  return s;
}

/// An override, and the place that it has set: other than its pointer where that has a "-".
struct Set {
  const Override* override;
  std::string place;
};

/// Where in the file, or among the overrides, a mistake stands that was found in the draft.
InputError located(const ConfigError& e, const Draft& draft, const std::string& file,
                   const std::vector<Set>& overrides) {
  for (const auto& [o, place] : overrides) {
    if (!is_within(e.pointer, place)) continue;
    return {"--set", o->pointer + e.pointer.substr(place.size()), e.what()};
  }
  for (auto origin = draft.origins.rbegin(); origin != draft.origins.rend(); ++origin) {
    if (is_within(e.pointer, origin->first)) {
      return {file, origin->second + e.pointer.substr(origin->first.size()), e.what()};
    }
  }
  if (draft.place.empty()) return {file, e.pointer, e.what()};
  return {file, e.pointer, fmt::format("in the variant at {}: {}", draft.place, e.what())};
}

void check_schema(const Value& document) {
  if (const auto complaint = check_against_schema(document)) {
    throw ConfigError(complaint->pointer, "does not fit the schema: " + complaint->message);
  }
}

Scenario finish(Draft& draft, const std::string& file, const std::vector<Override>& overrides) {
  std::vector<Set> sets;
  try {
    for (const Override& o : overrides) {
      sets.push_back({&o, o.pointer});
      if (is_within(o.pointer, "/variants") || is_within(o.pointer, "/id")) {
        throw ConfigError(o.pointer, "cannot be set; --only chooses a variant by its id");
      }
      sets.back().place = set_at(draft.document, o.pointer, o.value, o.pointer);
    }
    Scenario s = decode_scenario(draft.document);
    check_schema(draft.document);
    s.file = file;
    s.overridden = !overrides.empty();
    for (const Override& o : overrides) s.overrides.push_back(o.text);
    return s;
  } catch (const ConfigError& e) {
    throw located(e, draft, file, sets);
  }
}

}  // namespace

bool Only::takes(std::string_view other) const {
  if (id.empty() || other == id) return true;
  const auto slash = other.rfind('/');
  return slash != std::string_view::npos && other.substr(slash + 1) == id;
}

Override parse_override(const std::string& text) {
  const auto equals = text.find('=');
  try {
    if (equals == std::string::npos) {
      throw ConfigError("", fmt::format("\"{}\" has no \"=\"; write /pointer=JSON", text));
    }
    Override o{text.substr(0, equals), {}, text};
    pointer_tokens(o.pointer, "");
    const std::string json = text.substr(equals + 1);
    try {
      o.value = parse_json(json, "--set");
    } catch (const InputError& e) {
      throw ConfigError(o.pointer, fmt::format("\"{}\" is no JSON ({}); a string is written \"{}\"",
                                               json, e.message, json));
    }
    return o;
  } catch (const ConfigError& e) {
    throw InputError("--set", e.pointer, e.what());
  }
}

std::vector<Scenario> load_text(std::string_view text, const std::string& name,
                                const std::vector<Override>& overrides, Only* only) {
  const Value whole = parse_json(text, name, {kLargestScenario, 64});
  std::vector<Draft> drafts;
  try {
    drafts = make_drafts(whole);
  } catch (const ConfigError& e) {
    throw InputError(name, e.pointer, e.what());
  }
  std::vector<Scenario> scenarios;
  for (Draft& draft : drafts) {
    if (only != nullptr) {
      const std::string& id = *draft.document.find("id")->as_string();
      only->known.push_back(id);
      if (!only->takes(id)) continue;
    }
    scenarios.push_back(finish(draft, name, overrides));
    scenarios.back().shares_file = drafts.size() > 1;
  }
  try {
    check_schema(whole);
  } catch (const ConfigError& e) {
    throw InputError(name, e.pointer, e.what());
  }
  return scenarios;
}

std::vector<Scenario> load_file(const std::string& path, const std::vector<Override>& overrides,
                                Only* only) {
  return load_text_of(path, read_file(path, kLargestScenario), overrides, only);
}

std::vector<Scenario> load_text_of(const std::string& path, std::string_view text,
                                   const std::vector<Override>& overrides, Only* only) {
  const std::string name = path == "-" ? "standard input" : path;
  if (looks_like_trace(text)) {
    throw InputError(name, "", "is a trace, not a scenario; sibyl view and sibyl diff read it");
  }
  if (looks_like_history(text)) throw InputError(name, "", "is a history, not a scenario");
  if (is_zstd(text)) {
    throw InputError(name, "",
                     "is compressed; only a trace, for sibyl view and sibyl diff, may be");
  }
  auto scenarios = load_text(text, name, overrides, only);
  for (Scenario& s : scenarios) s.file = path;
  return scenarios;
}

Scenario load_document(const Value& document, const std::string& name) {
  try {
    Scenario s = decode_scenario(document);
    s.file = name;
    return s;
  } catch (const ConfigError& e) {
    throw InputError(name, e.pointer, e.what());
  }
}

std::string_view scenario_schema() { return embedded::scenario_schema; }

void refuse_scenario(std::string_view text, const std::string& name) {
  if (!format_member(text).starts_with("sibyl-scenario/")) return;
  throw InputError(name, "",
                   "is a scenario, neither a history nor a trace: sibyl run runs it and judges the "
                   "run");
}

}  // namespace sibyl
