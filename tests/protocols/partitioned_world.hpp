// Runs the partitioned store in a world of its own, for tests: one tick is a millisecond, every
// link takes one tick unless told otherwise, and ties go by insertion.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "protocols/partitioned/dssmr_client.hpp"
#include "protocols/partitioned/dssmr_server.hpp"
#include "protocols/partitioned/dynastar_client.hpp"
#include "protocols/partitioned/dynastar_server.hpp"
#include "protocols/partitioned/ssmr_client.hpp"
#include "protocols/partitioned/ssmr_server.hpp"
#include "protocols/protocol.hpp"
#include "sim/choices.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl::testing {

/// Reads the JSON of a test: objects, lists, strings without escapes, integers, true, false, null.
class Json {
 public:
  static Value read(std::string_view text) { return Json(text).value(); }

 private:
  explicit Json(std::string_view text) : text_(text) {}
  char peek() {
    while (std::string_view(" \n\t,:").find(text_[at_]) != std::string_view::npos) ++at_;
    return text_[at_];
  }
  Value value() {
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return list();
      case '"':
        return Value(string());
      case 't':
        at_ += 4;
        return Value(true);
      case 'f':
        at_ += 5;
        return Value(false);
      case 'n':
        at_ += 4;
        return {};
      default:
        return Value(number());
    }
  }
  Value object() {
    Value::Object members;
    for (++at_; peek() != '}';) {
      std::string key = string();
      members.emplace_back(std::move(key), value());
    }
    ++at_;
    return Value(std::move(members));
  }
  Value list() {
    Value::List items;
    for (++at_; peek() != ']';) items.push_back(value());
    ++at_;
    return Value(std::move(items));
  }
  std::string string() {
    peek();
    const std::size_t end = text_.find('"', at_ + 1);
    std::string found(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return found;
  }
  std::int64_t number() {
    const std::size_t end = text_.find_first_of(",]} \n", at_);
    const std::string digits(text_.substr(at_, end - at_));
    at_ = end;
    return std::stoll(digits);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Scenario {
  std::string protocol = "ds-smr";
  std::string deployment;
  std::string workload;
  std::string options = "{}";
  std::vector<std::string> variants;
  std::map<std::pair<std::string, std::string>, int> ticks;  ///< by link, where it is not 1
  std::uint64_t seed = 1;
  std::vector<int> random_ticks;  ///< when given: every message takes one of these, at random
};

/// What a client's operation came to.
struct Done {
  std::int64_t call = -1;  ///< ticks; -1: never
  std::int64_t ret = -1;
  std::string reply;
  std::string value;
  friend bool operator==(const Done&, const Done&) = default;
};

struct Ran {
  Outcome outcome = Outcome::limit;
  Trace trace;
  std::map<std::string, Done> operations;  ///< by label
  std::map<std::string, std::uint64_t> counts;
  std::string digest;
  std::map<std::string, Value> objects;  ///< as their owners have them at the end
  std::size_t remembered = 0;            ///< operations that clients still know
  std::size_t copies = 0;    ///< commands of DynaStar's oracle that a server still knows, at most
  std::size_t buffered = 0;  ///< commands about which servers still keep what others have said
  std::uint64_t count(const std::string& what) const {
    const auto it = counts.find(what);
    return it == counts.end() ? 0 : it->second;
  }
  /// "ok [[read, x, 20]] [3,5]"
  std::string text(const std::string& label) const {
    const auto it = operations.find(label);
    if (it == operations.end()) return "not called";
    const Done& d = it->second;
    if (d.ret < 0) return "open [" + std::to_string(d.call) + ",";
    return d.reply + " " + d.value + " [" + std::to_string(d.call) + "," + std::to_string(d.ret) +
           "]";
  }
};

inline Setup setup_of(const Scenario& s) {
  return {s.variants, Json::read(s.options), Json::read(s.deployment), Json::read(s.workload)};
}

/// What a process has at the end.
inline void look_into(const Process& process, Ran& ran) {
  const auto* server = dynamic_cast<const partitioned::Replica*>(&process);
  if (server != nullptr) ran.buffered += server->arrived.size();
  if (const auto* c = dynamic_cast<const partitioned::SsmrClient*>(&process)) {
    ran.remembered += c->session.under_way.size() + c->attempts.size();
  } else if (const auto* d = dynamic_cast<const partitioned::DssmrClient*>(&process)) {
    ran.remembered += d->session.under_way.size() + d->errands.size();
  } else if (const auto* y = dynamic_cast<const partitioned::DynastarClient*>(&process)) {
    ran.remembered += y->session.under_way.size() + y->errands.size();
  }
  if (const auto* ssmr = dynamic_cast<const partitioned::SsmrServer*>(server)) {
    for (const auto& [object, slot] : ssmr->store.slots()) ran.objects[object] = slot.item;
  } else if (const auto* dssmr = dynamic_cast<const partitioned::DssmrServer*>(server)) {
    for (const auto& [object, slot] : dssmr->objects.slots()) {
      ran.objects[object] = slot.item.value;
    }
  } else if (const auto* dyna = dynamic_cast<const partitioned::DynastarServer*>(server)) {
    ran.buffered += dyna->gathered.size() + dyna->early.size() + dyna->pending.size() +
                    dyna->copies.seen.size();
    ran.copies = std::max(ran.copies, dyna->copies.size());
    for (const auto& [object, slot] : dyna->objects.slots()) {
      ran.objects[object] = slot.item.value;
    }
    for (const auto& [object, held] : dyna->come) ran.objects[object] = held.value;
  }
}

inline Ran run(const Scenario& s) {
  constexpr std::int64_t kTick = 1'000'000;
  std::vector<NodeSpec> nodes = find_protocol(s.protocol)->build(setup_of(s));
  std::map<std::string, NodeId> ids;
  std::vector<TraceNode> descriptions;
  for (const NodeSpec& node : nodes) {
    ids[node.description.name] = {static_cast<std::uint32_t>(descriptions.size())};
    descriptions.push_back(node.description);
  }
  WorldConfig config;
  config.ties = s.random_ticks.empty() ? TieRule::insertion : TieRule::chosen;
  if (!s.random_ticks.empty()) {
    std::vector<WeightedValue> rows;
    for (const int ticks : s.random_ticks) rows.push_back({ticks * kTick, 1});
    config.network.standard.delay = Distribution::empirical(rows);
  }
  for (const auto& [link, ticks] : s.ticks) {
    LinkProfile profile;
    profile.delay = Distribution::constant(ticks * kTick);
    config.network.by_link[{ids.at(link.first), ids.at(link.second)}] = profile;
  }
  World world(config);
  for (NodeSpec& node : nodes) world.add_node(node.description, std::move(node.process));
  TraceRecorder recorder(descriptions);
  world.set_observer(&recorder);
  SeededChoices choices(s.seed);
  Limits limits;
  limits.events = 200'000;
  Ran ran;
  ran.outcome = world.run(choices, limits);
  ran.digest = world.digest().hex();
  ran.trace.nodes = descriptions;
  ran.trace.outcome = ran.outcome;
  ran.trace.end = world.now();
  ran.trace.events = recorder.take();
  for (const auto& [name, id] : ids) look_into(world.process(id), ran);
  for (const auto& [what, n] : world.counters().counts) ran.counts[what] = n;
  std::map<std::int64_t, std::string> labels;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name == "note::Invoke" || e.name == "note::ActionCall") {
      const std::string label = *e.data.find("label")->as_string();
      labels[*e.data.find("op")->as_int()] = label;
      ran.operations[label].call = e.at.ns / kTick;
    } else if (e.name == "note::Return" || e.name == "note::ActionDone") {
      Done& done = ran.operations[labels.at(*e.data.find("op")->as_int())];
      done.ret = e.at.ns / kTick;
      done.reply = *e.data.find("reply")->as_string();
      if (const Value* value = e.data.find("value")) done.value = value->text();
    }
  }
  return ran;
}

/// Where two replicas of a group differ after the same number of commands, or one has applied fewer
/// than the other; empty where they agree.
inline std::string disagreement(const Ran& ran) {
  std::map<std::pair<std::string, std::int64_t>, std::pair<std::string, int>> applied;
  std::map<std::string, int> replicas;
  for (const TraceNode& node : ran.trace.nodes) ++replicas[node.group];
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name != "note::Applied") continue;
    const std::string& group = ran.trace.nodes[e.node.value].group;
    const std::int64_t index = *e.data.find("index")->as_int();
    const std::string now = e.data.find("op")->text() + ": " + *e.data.find("state")->as_string();
    auto& [first, times] = applied.try_emplace({group, index}, now, 0).first->second;
    ++times;
    if (first != now) return group + " " + std::to_string(index) + ": " + first + " and " + now;
  }
  for (const auto& [place, what] : applied) {
    if (what.second != replicas[place.first]) {
      return place.first + " " + std::to_string(place.second) + ": not applied by all";
    }
  }
  return applied.empty() ? "nothing was applied" : "";
}

}  // namespace sibyl::testing
