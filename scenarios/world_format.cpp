// Reads distributions, links, clocks and CPUs.
#include "scenarios/world_format.hpp"

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/core.h>

#include "scenarios/fields.hpp"

namespace sibyl {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kExact = std::int64_t{1}
                                << 53;  ///< integers up to here are the same in JSON

std::int64_t decode_delay(const Value& v, const std::string& pointer) {
  Duration d;
  decode(v, pointer, d);
  if (d.ns < 0) {
    throw ConfigError(pointer, "must not be negative, found " + *v.as_string());
  }
  return d.ns;
}

std::int64_t get_delay(const Fields& fields, std::string_view key) {
  return decode_delay(fields.get(key), fields.at(key));
}

std::optional<std::int64_t> find_delay(const Fields& fields, std::string_view key) {
  const Value* found = fields.find(key);
  if (found == nullptr) return std::nullopt;
  return decode_delay(*found, fields.at(key));
}

const Value::List& list_of(const Value& v, const std::string& pointer, std::string_view expected) {
  if (v.as_list() == nullptr) wrong_kind(pointer, v, expected);
  return *v.as_list();
}

Distribution uniform(const Value& v, const std::string& pointer) {
  constexpr std::string_view kForm = "a list [lowest, highest] of two durations";
  const Value::List& list = list_of(v, pointer, kForm);
  if (list.size() != 2) wrong_kind(pointer, v, kForm);
  return Distribution::uniform(decode_delay(list[0], pointer_to(pointer, std::size_t{0})),
                               decode_delay(list[1], pointer_to(pointer, std::size_t{1})));
}

Distribution normal(const Value& v, const std::string& pointer) {
  const Fields fields(v, pointer, {"mean", "deviation", "lowest", "highest"});
  const std::int64_t mean = get_delay(fields, "mean");
  const std::int64_t deviation = get_delay(fields, "deviation");
  const std::int64_t lowest = find_delay(fields, "lowest").value_or(0);
  const std::int64_t highest = find_delay(fields, "highest").value_or(kLargest);
  return Distribution::normal(mean, deviation, lowest, highest);
}

Distribution exponential(const Value& v, const std::string& pointer) {
  const Fields fields(v, pointer, {"mean", "offset", "highest"});
  const std::int64_t mean = get_delay(fields, "mean");
  const std::int64_t offset = find_delay(fields, "offset").value_or(0);
  const auto highest = find_delay(fields, "highest");
  return Distribution::exponential(mean, highest, offset);
}

Distribution log_normal(const Value& v, const std::string& pointer) {
  const Fields fields(v, pointer, {"median", "sigma", "highest"});
  const std::int64_t median = get_delay(fields, "median");
  const double sigma = decode_number(fields.get("sigma"), fields.at("sigma"), 0.0, 16.0);
  const auto highest = find_delay(fields, "highest");
  return Distribution::log_normal(median, fixed::Q32::from_double(sigma), highest);
}

Distribution empirical(const Value& v, const std::string& pointer) {
  const Value::List& list = list_of(v, pointer, "a list of pairs [duration, weight]");
  std::vector<WeightedValue> rows;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = pointer_to(pointer, i);
    const Value::List* pair = list[i].as_list();
    if (pair == nullptr || pair->size() != 2) wrong_kind(at, list[i], "a pair [duration, weight]");
    const std::int64_t value = decode_delay((*pair)[0], pointer_to(at, std::size_t{0}));
    const std::int64_t weight = decode_int((*pair)[1], pointer_to(at, std::size_t{1}), 0, kExact);
    rows.push_back({value, static_cast<std::uint64_t>(weight)});
  }
  return Distribution::empirical(std::move(rows));
}

Distribution constant(const Value& v, const std::string& pointer) {
  return Distribution::constant(decode_delay(v, pointer));
}

struct Family {
  std::string_view name;
  Distribution (*decode)(const Value&, const std::string&);
};
constexpr std::array<Family, 6> kFamilies{{{"constant", constant},
                                           {"uniform", uniform},
                                           {"normal", normal},
                                           {"exponential", exponential},
                                           {"log_normal", log_normal},
                                           {"empirical", empirical}}};

/// The members of LINK, after `others`.
std::vector<std::string> link_members(std::vector<std::string> others) {
  for (const auto* name :
       {"delay", "loss", "duplicate", "fifo", "bandwidth_bytes_per_s", "header_bytes"}) {
    others.emplace_back(name);
  }
  return others;
}

/// Reads the members of LINK that are there; the others keep their value.
void read_link(const Fields& fields, LinkProfile& link) {
  if (const Value* delay = fields.find("delay")) {
    link.delay = decode_distribution(*delay, fields.at("delay"));
  }
  fields.read("loss", link.loss);
  fields.read("duplicate", link.duplicate);
  fields.read("fifo", link.fifo);
  if (const Value* v = fields.find("bandwidth_bytes_per_s")) {
    link.bandwidth =
        static_cast<std::uint64_t>(decode_int(*v, fields.at("bandwidth_bytes_per_s"), 0, kExact));
  }
  if (const Value* v = fields.find("header_bytes")) {
    link.header_bytes =
        static_cast<std::uint64_t>(decode_int(*v, fields.at("header_bytes"), 0, 1 << 20));
  }
}

void read_role_links(const Value& v, const std::string& pointer, const Names& names,
                     NetworkConfig& network) {
  const Value::List& list = list_of(v, pointer, "a list of links between roles");
  std::map<std::pair<std::string, std::string>, std::string> given;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Fields fields(list[i], pointer_to(pointer, i), link_members({"from", "to"}));
    std::pair<std::string, std::string> pair;
    fields.require("from", pair.first);
    fields.require("to", pair.second);
    names.check_role(pair.first, fields.at("from"));
    names.check_role(pair.second, fields.at("to"));
    const auto [at, is_new] = given.emplace(pair, fields.pointer());
    if (!is_new) {
      throw ConfigError(fields.pointer(),
                        fmt::format("the links from role \"{}\" to role \"{}\" are "
                                    "given at {} already",
                                    pair.first, pair.second, at->second));
    }
    LinkProfile link = network.standard;
    read_link(fields, link);
    network.by_role.emplace(std::move(pair), std::move(link));
  }
}

class LinkReader {
 public:
  LinkReader(const Names& names, NetworkConfig& network) : names_(names), network_(network) {}

  void read(const Value& v, const std::string& pointer) {
    const Fields fields(v, pointer, link_members({"from", "to", "both_ways"}));
    std::string from;
    std::string to;
    bool both_ways = false;
    fields.require("from", from);
    fields.require("to", to);
    fields.read("both_ways", both_ways);
    const auto senders = names_.nodes_of(from, fields.at("from"));
    const auto receivers = names_.nodes_of(to, fields.at("to"));
    if (from == to && senders.size() == 1) {
      throw ConfigError(pointer, fmt::format("\"from\" and \"to\" are both \"{}\"; a message to "
                                             "oneself takes no link",
                                             from));
    }
    for (const NodeId a : senders) {
      for (const NodeId b : receivers) {
        if (a == b) continue;
        set(a, b, fields);
        // Within a group every link has been met in both directions.
        if (both_ways && from != to) set(b, a, fields);
      }
    }
  }

 private:
  void set(NodeId from, NodeId to, const Fields& fields) {
    const auto [at, is_new] = given_.emplace(std::pair(from, to), fields.pointer());
    if (!is_new) {
      throw ConfigError(fields.pointer(),
                        fmt::format("the link from \"{}\" to \"{}\" is given at {} already",
                                    names_.name(from), names_.name(to), at->second));
    }
    const auto role =
        network_.by_role.find({names_.nodes()[from.value].role, names_.nodes()[to.value].role});
    LinkProfile link = role == network_.by_role.end() ? network_.standard : role->second;
    read_link(fields, link);
    network_.by_link.emplace(std::pair(from, to), std::move(link));
  }

  const Names& names_;
  NetworkConfig& network_;
  std::map<std::pair<NodeId, NodeId>, std::string> given_;
};

void read_gst(const Fields& fields, NetworkConfig& network) {
  fields.read("gst", network.gst);
  const Value* before = fields.find("before_gst");
  if (before != nullptr) {
    network.before_gst = decode_distribution(*before, fields.at("before_gst"));
    if (network.gst.ns == 0) {
      throw ConfigError(fields.at("before_gst"),
                        "there is no time before \"gst\": it is absent or 0");
    }
  } else if (network.gst.ns != 0) {
    throw ConfigError(fields.at("gst"), "needs \"before_gst\": how long messages take before it");
  }
}

ServiceProfile decode_service(const Value& v, const std::string& pointer, const Names& names) {
  ServiceProfile profile;
  const Fields fields(v, pointer, {"standard", "by_message", "by_command"});
  if (const Value* standard = fields.find("standard")) {
    profile.standard = decode_distribution(*standard, fields.at("standard"));
  }
  const auto times = [&](std::string_view name, std::map<std::string, Distribution>& into,
                         void (Names::*check)(const std::string&, const std::string&) const) {
    const Value* found = fields.find(name);
    if (found == nullptr) return;
    const std::string at = fields.at(name);
    if (found->as_object() == nullptr) wrong_kind(at, *found, "an object");
    for (const auto& [kind, time] : *found->as_object()) {
      (names.*check)(kind, pointer_to(at, kind));
      into.emplace(kind, decode_distribution(time, pointer_to(at, kind)));
    }
  };
  times("by_message", profile.by_message, &Names::check_message);
  times("by_command", profile.by_command, &Names::check_command);
  return profile;
}

}  // namespace

Distribution decode_distribution(const Value& v, const std::string& pointer) {
  if (v.as_string() != nullptr) return constant(v, pointer);
  constexpr std::string_view kForm =
      "a duration such as \"5ms\", or an object with one of constant, uniform, normal, "
      "exponential, "
      "log_normal, empirical";
  const Value::Object* object = v.as_object();
  if (object == nullptr || object->size() != 1) wrong_kind(pointer, v, kForm);
  const auto& [name, parameters] = object->front();
  const std::string at = pointer_to(pointer, name);
  for (const Family& family : kFamilies) {
    if (family.name != name) continue;
    try {
      return family.decode(parameters, at);
    } catch (const std::invalid_argument& e) {  // from Distribution's constructors
      throw ConfigError(at, e.what() + std::string(" (in nanoseconds)"));
    }
  }
  std::vector<std::string> known;
  for (const Family& family : kFamilies) known.emplace_back(family.name);
  unknown_member(pointer, name, known);
}

NetworkConfig decode_network(const Value& v, const std::string& pointer, const Names& names) {
  NetworkConfig network;
  const Fields fields(v, pointer, {"default", "between_roles", "links", "gst", "before_gst"});
  if (const Value* standard = fields.find("default")) {
    read_link(Fields(*standard, fields.at("default"), link_members({})), network.standard);
  }
  if (const Value* roles = fields.find("between_roles")) {
    read_role_links(*roles, fields.at("between_roles"), names, network);
  }
  if (const Value* links = fields.find("links")) {
    const std::string at = fields.at("links");
    LinkReader reader(names, network);
    const Value::List& list = list_of(*links, at, "a list of links");
    for (std::size_t i = 0; i < list.size(); ++i) reader.read(list[i], pointer_to(at, i));
  }
  read_gst(fields, network);
  return network;
}

std::vector<NodeClocks> decode_clocks(const Value& v, const std::string& pointer,
                                      const Names& names) {
  std::vector<NodeClocks> clocks(names.nodes().size());
  std::vector<bool> given(clocks.size());
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  for (const auto& [name, settings] : *v.as_object()) {
    const std::string at = pointer_to(pointer, name);
    const Fields fields(settings, at, {"drift_ppb", "wall_offset"});
    NodeClocks own;
    if (const Value* drift = fields.find("drift_ppb")) {
      own.hardware =
          HardwareClock(decode_int(*drift, fields.at("drift_ppb"), HardwareClock::kLowestDrift,
                                   HardwareClock::kHighestDrift));
    }
    fields.read("wall_offset", own.wall_offset);
    for (const NodeId node : names.nodes_of(name, at)) {
      if (given[node.value]) {
        throw ConfigError(at,
                          fmt::format("the clocks of \"{}\" are given twice, by its name and by "
                                      "its group's",
                                      names.name(node)));
      }
      given[node.value] = true;
      clocks[node.value] = own;
    }
  }
  return clocks;
}

CpuConfig decode_cpu(const Value& v, const std::string& pointer, const Names& names) {
  CpuConfig cpu;
  cpu.enabled = true;
  const Fields fields(v, pointer, {"default", "by_role"});
  if (const Value* standard = fields.find("default")) {
    cpu.standard = decode_service(*standard, fields.at("default"), names);
  }
  if (const Value* roles = fields.find("by_role")) {
    const std::string at = fields.at("by_role");
    if (roles->as_object() == nullptr) wrong_kind(at, *roles, "an object");
    for (const auto& [role, profile] : *roles->as_object()) {
      names.check_role(role, pointer_to(at, role));
      cpu.by_role.emplace(role, decode_service(profile, pointer_to(at, role), names));
    }
  }
  return cpu;
}

}  // namespace sibyl
