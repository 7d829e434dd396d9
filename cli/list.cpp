// sibyl list: what there is, with one line each.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/properties.hpp"
#include "cli/verbs.hpp"
#include "protocols/protocol.hpp"
#include "protocols/state_machines/state_machine.hpp"
#include "scenarios/byzantine_format.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/fault_format.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

namespace {

struct ListSettings {
  Common common;
  std::string what;
  std::string folder;
  bool variants = false;
};

/// A row of a listing: columns of text for people, and the same as data.
struct Row {
  int indent = 0;
  std::string name;
  std::string line;
};

struct Listing {
  std::vector<Row> rows;
  Value::List data;
  int status = kAsExpected;
};

std::string joined_list(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + item;
  return out;
}

Value strings(const std::vector<std::string>& list) {
  Value::List out;
  for (const auto& item : list) out.emplace_back(item);
  return Value(std::move(out));
}

Listing list_protocols(bool with_variants) {
  Listing listing;
  for (const ProtocolInfo& p : protocols()) {
    listing.rows.push_back({0, p.name, p.line});
    Value::List variants;
    for (const VariantInfo& v : p.variants) {
      if (with_variants) {
        const std::string breaks =
            v.breaks.empty() ? "breaks nothing" : "breaks " + joined_list(v.breaks);
        listing.rows.push_back({1, v.name, v.line + " (" + breaks + ")"});
      }
      variants.push_back(
          Value::Object{{"name", v.name}, {"line", v.line}, {"breaks", strings(v.breaks)}});
    }
    listing.data.push_back(Value::Object{{"name", p.name},
                                         {"line", p.line},
                                         {"properties", strings(p.properties)},
                                         {"not_promised", strings(p.not_promised)},
                                         {"model", p.model},
                                         {"variants", std::move(variants)}});
  }
  return listing;
}

/// What the protocols replicate: the sequential specification that their histories are judged by,
/// and the machines that replication protocols take by name.
Listing list_state_machines() {
  Listing listing;
  for (const analysis::Model* model : analysis::models()) {
    std::vector<std::string> users;
    for (const ProtocolInfo& p : protocols()) {
      if (p.model == model->name()) users.push_back(p.name);
    }
    if (users.empty()) continue;
    listing.rows.push_back({0, std::string(model->name()),
                            fmt::format("{} ({})", model->summary(), joined_list(users))});
    listing.data.push_back(Value::Object{
        {"name", model->name()}, {"line", model->summary()}, {"protocols", strings(users)}});
  }
  for (const state_machines::StateMachineInfo& machine : state_machines::all_machines()) {
    listing.rows.push_back({0, machine.name, machine.line});
    listing.data.push_back(Value::Object{
        {"name", machine.name}, {"line", machine.line}, {"commands", strings(machine.commands)}});
  }
  return listing;
}

/// What `sibyl check --model` takes, with the functions of histories that each understands.
Listing list_models() {
  Listing listing;
  for (const analysis::Model* model : analysis::models()) {
    const std::vector<std::string_view> functions = model->functions();
    const std::vector<std::string> names(functions.begin(), functions.end());
    listing.rows.push_back({0, std::string(model->name()),
                            fmt::format("{} ({})", model->summary(), joined_list(names))});
    listing.data.push_back(Value::Object{
        {"name", model->name()}, {"line", model->summary()}, {"functions", strings(names)}});
  }
  return listing;
}

Listing list_properties() {
  Listing listing;
  for (const auto& p : analysis::properties()) {
    listing.rows.push_back({0, std::string(p.name), std::string(p.summary)});
    listing.data.push_back(Value::Object{{"name", p.name}, {"line", p.summary}});
  }
  return listing;
}

Listing list_faults() {
  Listing listing;
  for (const auto* kinds : {&fault_kinds(), &byzantine_kinds()}) {
    for (const FaultInfo& fault : *kinds) {
      listing.rows.push_back({0, std::string(fault.name), std::string(fault.line)});
      listing.data.push_back(Value::Object{{"name", fault.name}, {"line", fault.line}});
    }
  }
  return listing;
}

/// A file with a mistake is named, and the others are listed.
Listing list_scenarios(const ListSettings& settings, Io& io) {
  Listing listing;
  const std::string& folder = settings.folder;
  const auto files = scenario_files(folder.empty() ? scenarios_folder(io.program) : folder);
  check_paths(files, {{"-o", settings.common.out}});
  for (const std::string& file : files) {
    std::vector<Scenario> loaded;
    try {
      loaded = load_file(file);
    } catch (const InputError& e) {
      io.err << error_line(e.what()) << "\n";
      listing.status = kBadInput;
      continue;
    }
    for (const Scenario& s : loaded) {
      listing.rows.push_back({s.id == loaded.front().id ? 0 : 1, s.id, shown(s.title)});
      listing.data.push_back(Value::Object{{"id", s.id},
                                           {"file", s.file},
                                           {"title", s.title},
                                           {"protocol", s.protocol->name},
                                           {"source", s.source}});
    }
  }
  return listing;
}

std::string table(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& row : rows)
    width = std::max(width, row.name.size() + 2 * static_cast<std::size_t>(row.indent));
  std::string out;
  for (const Row& row : rows) {
    std::string line = fmt::format("{:{}}{}", "", 2 * row.indent, row.name);
    if (!row.line.empty()) line = fmt::format("{:{}}  {}", line, width, row.line);
    out += line + "\n";
  }
  return out;
}

constexpr std::array<std::string_view, 6> kKinds{"protocols",  "scenarios", "state-machines",
                                                 "properties", "models",    "faults"};

Listing listing_of(std::string_view kind, const ListSettings& settings, Io& io) {
  if (kind == "protocols") return list_protocols(settings.variants);
  if (kind == "scenarios") return list_scenarios(settings, io);
  if (kind == "state-machines") return list_state_machines();
  if (kind == "models") return list_models();
  return kind == "properties" ? list_properties() : list_faults();
}

/// All kinds, each under its name; as data, an object of them.
int list_everything(const ListSettings& settings, Io& io) {
  std::string text;
  Value data{Value::Object{}};
  int status = kAsExpected;
  for (const std::string_view kind : kKinds) {
    Listing listing = listing_of(kind, settings, io);
    for (Row& row : listing.rows) ++row.indent;
    text += fmt::format("{}{}\n{}", text.empty() ? "" : "\n", kind, table(listing.rows));
    data.set(kind, Value(std::move(listing.data)));
    status = std::max(status, listing.status);
  }
  emit(io, settings.common.out, settings.common.json ? to_json(data) + "\n" : text);
  return status;
}

int list(const ListSettings& settings, Io& io) {
  if (!settings.folder.empty() && settings.what != "scenarios") {
    throw UsageError("a folder is for: sibyl list scenarios [FOLDER]");
  }
  if (settings.variants && settings.what != "protocols" && !settings.what.empty()) {
    throw UsageError("--variants is for: sibyl list protocols --variants");
  }
  if (settings.what.empty()) return list_everything(settings, io);
  Listing listing = listing_of(settings.what, settings, io);
  emit(io, settings.common.out,
       settings.common.json ? to_json(Value(std::move(listing.data))) + "\n" : table(listing.rows));
  return listing.status;
}

}  // namespace

Action add_list(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<ListSettings>();
  verb.add_option("WHAT", settings->what,
                  "protocols, scenarios, state-machines, properties, models or faults; else all")
      ->check(CLI::IsMember(std::vector<std::string>(kKinds.begin(), kKinds.end())));
  verb.add_option("FOLDER", settings->folder,
                  "Where the scenarios are; else those that came with sibyl");
  verb.add_flag("--variants", settings->variants,
                "With each protocol's deliberate weakenings, and the property that each breaks");
  add_output_options(verb, settings->common);
  return [settings, &io] { return list(*settings, io); };
}

}  // namespace sibyl::cli
