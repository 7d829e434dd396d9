// Reads schedulers.
#include "scenarios/scheduler_format.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "scenarios/adversaries.hpp"
#include "scenarios/fields.hpp"

namespace sibyl {

namespace {

constexpr std::int64_t kMostArrivals = std::int64_t{1} << 53;

/// The members that belong to a strategy, besides those of all.
std::vector<std::string> members_of(Strategy strategy) {
  std::vector<std::string> known{"strategy", "within"};
  for (const char* setting : {"depth", "delays", "nodes"}) {
    if (uses(strategy, setting)) known.emplace_back(setting);
  }
  if (strategy == Strategy::pct || strategy == Strategy::delay) known.emplace_back("length");
  if (strategy == Strategy::scripted) {
    known.emplace_back("phases");
    known.emplace_back("first");
  }
  return known;
}

/// Whether messages of this type may have a bit in the field, as far as writing one down tells: one
/// that needs other fields than a round may.
bool may_be_bit(const LiteralType& type, const std::string& field, const LiteralScope& scope) {
  const std::string own = pointer_to("", field);
  const std::string round = pointer_to("", "round");
  for (const Value& bit : {Value(true), Value("zero")}) {
    for (const bool with_round : {true, false}) {
      Value written = Value(Value::Object{});
      if (with_round) written.set("round", 1);
      written.set(field, bit);
      try {
        type.make(written, "", scope);
        return true;
      } catch (const ConfigError& e) {
        if (e.pointer != own && e.pointer != round) return true;
      }
    }
  }
  return false;
}

class PatternReader {
 public:
  explicit PatternReader(const Names& names) : names_(names) {}

  MessagePattern read(const Value& v, const std::string& pointer) const {
    const Fields fields(v, pointer, {"from", "to", "message", "where"});
    MessagePattern pattern;
    pattern.from = nodes(fields, "from");
    pattern.to = nodes(fields, "to");
    std::string message;
    if (fields.read("message", message)) {
      pattern.message = names_.qualified_message(message, fields.at("message"));
    }
    if (const Value* where = fields.find("where")) conditions(*where, fields.at("where"), pattern);
    return pattern;
  }

  /// None where the member is not there.
  std::vector<NodeId> nodes(const Fields& fields, std::string_view key) const {
    std::vector<NodeId> all;
    std::vector<std::string> given;
    if (!fields.read(key, given)) return all;
    if (given.empty()) throw ConfigError(fields.at(key), "must name at least one node");
    for (std::size_t i = 0; i < given.size(); ++i) {
      for (const NodeId n : names_.nodes_of(given[i], pointer_to(fields.at(key), i))) {
        if (std::find(all.begin(), all.end(), n) == all.end()) all.push_back(n);
      }
    }
    return all;
  }

 private:
  void conditions(const Value& where, const std::string& at, MessagePattern& pattern) const {
    if (where.as_object() == nullptr) wrong_kind(at, where, "an object of fields and values");
    for (const auto& [field, value] : *where.as_object()) {
      const std::string place = pointer_to(at, field);
      names_.check_field(field, place);
      const bool is_plain = value.is_null() || value.as_int() != nullptr ||
                            value.as_bool() != nullptr || value.as_string() != nullptr;
      if (!is_plain) wrong_kind(place, value, "an integer, a boolean, a string or null");
      if (const auto on = on_coin(field, value)) {
        check_bit(field, pattern.message, place);
        pattern.coins.push_back(*on);
      } else {
        const std::vector<std::string> one{pattern.message};
        names_.check_value(field, value, pattern.message.empty() ? std::vector<std::string>{} : one,
                           place);
        pattern.where.push_back({field, value});
      }
    }
  }

  static std::optional<MessagePattern::OnCoin> on_coin(const std::string& field,
                                                       const Value& value) {
    const std::string* text = value.as_string();
    if (text == nullptr) return std::nullopt;
    for (const bool last : {false, true}) {
      const std::string coin = last ? "last coin" : "coin";
      if (*text == coin) return MessagePattern::OnCoin{field, last, true};
      if (*text == "not " + coin) return MessagePattern::OnCoin{field, last, false};
    }
    return std::nullopt;
  }

  /// Coins are bits: refuses what is none in any message that the pattern is for.
  void check_bit(const std::string& field, const std::string& message,
                 const std::string& pointer) const {
    const LiteralScope scope = names_.literals({0});
    if (scope.types.empty()) return;
    for (const LiteralType& type : scope.types) {
      if ((message.empty() || type.name == message) && may_be_bit(type, field, scope)) return;
    }
    throw ConfigError(pointer, fmt::format("\"{}\" is no bit{}: it cannot be what a coin shows",
                                           field, message.empty() ? "" : " of " + message));
  }

  const Names& names_;
};

std::shared_ptr<const SchedulerScript> script_of(const Fields& fields, const Names& names) {
  auto script = std::make_shared<SchedulerScript>();
  script->nodes = names.nodes();
  bool first = false;
  if (fields.read("first", first)) script->first = first;
  const Value& phases = fields.get("phases");
  const std::string at = fields.at("phases");
  if (phases.as_list() == nullptr) wrong_kind(at, phases, "a list of phases");
  if (phases.as_list()->empty()) throw ConfigError(at, "must have a phase");
  const PatternReader reader(names);
  for (std::size_t i = 0; i < phases.as_list()->size(); ++i) {
    const Value& phase = (*phases.as_list())[i];
    const std::string place = pointer_to(at, i);
    if (phase.as_list() == nullptr) wrong_kind(place, phase, "a list of patterns of messages");
    script->phases.emplace_back();
    for (std::size_t k = 0; k < phase.as_list()->size(); ++k) {
      script->phases.back().push_back(reader.read((*phase.as_list())[k], pointer_to(place, k)));
    }
  }
  return script;
}

Strategy strategy_of(const Value& v, const std::string& pointer) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  const Value* found = v.find("strategy");
  if (found == nullptr) throw ConfigError(pointer, "the member \"strategy\" is missing");
  const std::string at = pointer_to(pointer, "strategy");
  std::string name;
  decode(*found, at, name);
  std::vector<std::string> known;
  std::optional<Strategy> strategy;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Strategy>>([&](auto d) {
    if (!is_asynchronous(d.value)) return;  // nothing but the order of arrivals can be chosen here
    known.emplace_back(d.name);
    if (name == d.name) strategy = d.value;
  });
  if (!strategy) unknown_name(at, name, known, "strategy of a scheduler");
  return *strategy;
}

}  // namespace

StrategySettings decode_scheduler(const Value& v, const std::string& pointer, const Names& names) {
  StrategySettings settings;
  settings.strategy = strategy_of(v, pointer);
  const Fields fields(v, pointer, members_of(settings.strategy));
  const auto number = [&](const char* key, std::int64_t least, std::int64_t most, auto& out) {
    const Value* found = fields.find(key);
    if (found == nullptr) return;
    using Number = typename std::remove_cvref_t<decltype(out)>;
    out = static_cast<Number>(decode_int(*found, fields.at(key), least, most));
  };
  std::uint64_t within = kDefaultWithin;
  std::uint32_t depth = 3;
  std::uint32_t delays = 2;
  number("within", 1, kMostArrivals, within);
  number("depth", 1, 1000, depth);
  number("delays", 0, 1000, delays);
  number("length", 1, kMostArrivals, settings.length);
  settings.within = within;
  settings.depth = depth;
  settings.delays = delays;
  settings.nodes = PatternReader(names).nodes(fields, "nodes");
  if (settings.strategy == Strategy::scripted) settings.script = script_of(fields, names);
  settings.faulty = faulty_instances(names.nodes());
  return settings;
}

std::vector<bool> faulty_instances(const std::vector<TraceNode>& nodes_with_twins) {
  std::vector<bool> faulty;
  for (const TraceNode& node : nodes_with_twins) faulty.push_back(node.faulty);
  return faulty;
}

}  // namespace sibyl
