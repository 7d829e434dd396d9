// Finds where a run left the model of its protocol: see departures.hpp.
#include "scenarios/departures.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
#include "analysis/reading.hpp"
#include "protocols/broadcast/gave_up.hpp"
#include "protocols/model.hpp"
#include "sim/decode.hpp"
#include "sim/network.hpp"

namespace sibyl {

namespace {

/// "2 nodes, 1 of them Byzantine", "1 Byzantine node".
std::string faulty_words(std::size_t nodes, std::size_t byzantine) {
  const char* const noun = nodes == 1 ? "node" : "nodes";
  if (nodes == 0) return "none";
  if (nodes == byzantine) return fmt::format("{} Byzantine {}", nodes, noun);
  if (byzantine == 0) return fmt::format("{} {}, none Byzantine", nodes, noun);
  return fmt::format("{} {}, {} of them Byzantine", nodes, noun, byzantine);
}

/// A time, and where it was found.
struct Longest {
  std::int64_t ns = -1;
  NodeId from = kNobody;
  NodeId to = kNobody;
  void take(std::int64_t other, NodeId a, NodeId b) {
    if (other > ns) *this = {other, a, b};
  }
};

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t both = 0;
  return __builtin_add_overflow(a, b, &both) ? kNever.ns : both;
}

class Run {
 public:
  Run(const Scenario& scenario, const Trace& trace, const FaultyNodes& faulty, Model model)
      : scenario_(scenario), trace_(trace), faulty_(faulty), model_(std::move(model)) {
    std::vector<std::string> roles;
    for (const TraceNode& node : scenario.nodes) roles.push_back(node.role);
    network_ = Network(scenario.world.network, roles);
  }

  std::optional<Departure> gave_up() && {
    giving_up();
    if (out_.empty()) return std::nullopt;
    return std::move(out_.front());
  }

  std::vector<Departure> all() && {
    too_many_faulty();
    others("client", "a faulty client is borne only among 2f + 1 replicas of it");
    others("voter", "the protocol bears no faulty voter");
    others("holder", "what a client holds when it crashes, others wait for, unless by a lease");
    declared_beyond();
    outvoted();
    if (model_.links != LinkNeeds::any) {
      losses();
      cuts();
    }
    giving_up();
    if (!model_.bounds_time() && !model_.skew_below_delay) return std::move(out_);
    measure_clocks();
    measure_delays();
    clocks();
    delays();
    computation();
    pauses();
    delta();
    skew();
    detector();
    return std::move(out_);
  }

 private:
  void add(std::string what, std::string found, std::string bound, std::string text) {
    out_.push_back({std::move(what), std::move(found), std::move(bound), std::move(text)});
  }

  const std::string& name(NodeId node) const { return scenario_.nodes[node.value].name; }
  bool is_node(NodeId node) const { return node.value < scenario_.nodes.size(); }
  bool is_correct(NodeId node) const {
    return is_node(node) && !scenario_.nodes[node.value].faulty;
  }
  bool is_party(NodeId node) const { return node.value < model_.parties; }
  /// Where bounds of time hold.
  bool is_timed(NodeId node) const { return is_party(node) && is_correct(node); }
  static bool is(const TraceEvent& e, std::string_view fault) {
    return e.kind == TraceKind::fault && e.name == fault;
  }

  /// By (from, to), of all pairs that `wanted` takes both of.
  template <class Wanted, class Visit>
  void each_link(Wanted wanted, Visit visit) const {
    const auto nodes = static_cast<std::uint32_t>(scenario_.nodes.size());
    for (std::uint32_t a = 0; a < nodes; ++a) {
      if (!wanted(NodeId{a})) continue;
      for (std::uint32_t b = 0; b < nodes; ++b) {
        if (a != b && wanted(NodeId{b})) visit(NodeId{a}, NodeId{b});
      }
    }
  }

  // ---- Faulty nodes ----

  void too_many_faulty() {
    if (!faulty_.exceeded()) return;
    if (faulty_.beyond) {
      const Tolerance::Part& part = *faulty_.beyond;
      add("faulty", fmt::format("{}", faulty_.in_part), fmt::format("{}", part.most),
          fmt::format("of {} {} {} faulty at once; the protocol bears {}", part.name,
                      faulty_.in_part, faulty_.in_part == 1 ? "node is" : "nodes are", part.most));
      return;
    }
    const std::string found = faulty_words(faulty_.nodes, faulty_.byzantine);
    const Tolerance& most = *faulty_.tolerated;
    const std::string bound = faulty_words(most.faulty, most.byzantine);
    add("faulty", found, bound,
        fmt::format("{}; the protocol is made for {}{}", found, most.faulty == 0 ? "" : "at most ",
                    bound));
  }

  /// Of nodes that are no parties, by name those that are faulty where no more may be.
  void others(const std::string& what, const char* bound) {
    // Who has crashed is faulty for good: a client does not call again what it had called.
    std::set<NodeId> ever;
    for (const ByzantineNode& each : scenario_.byzantine) ever.insert(each.node);
    for (const TraceEvent& e : trace_.events) {
      if (is(e, "fault::Crash")) ever.insert(e.node);
    }
    std::vector<NodeId> found;
    for (const Model::Others& each : model_.others) {
      if (each.what != what) continue;
      std::vector<NodeId> faulty;
      std::copy_if(each.nodes.begin(), each.nodes.end(), std::back_inserter(faulty),
                   [&](NodeId node) { return ever.contains(node); });
      if (faulty.size() > each.most) found.insert(found.end(), faulty.begin(), faulty.end());
    }
    if (found.empty()) return;
    std::string names;
    for (const NodeId node : found) names += (names.empty() ? "" : ", ") + name(node);
    add(what, names, "none",
        fmt::format("{} {} faulty; {}", names, found.size() == 1 ? "is" : "are", bound));
  }

  void declared_beyond() {
    if (!model_.declared || !faulty_.tolerated) return;
    const std::uint32_t found = *model_.declared;
    const std::uint32_t most = faulty_.tolerated->faulty;
    if (found <= most) return;
    add("declared", fmt::format("{}", found), fmt::format("{}", most),
        fmt::format("{}/faulty is {}; of {} parties the protocol bears at most {}",
                    kDeploymentPointer, found, model_.parties, most));
  }

  void outvoted() {
    if (!model_.votes || model_.votes->t <= model_.votes->most) return;
    const auto [t, most] = *model_.votes;
    add("votes", fmt::format("{}", t), fmt::format("{}", most),
        fmt::format("{}/faulty is {}; clients that wait for {} replies alike bear at most {} of {} "
                    "parties",
                    kDeploymentPointer, t, t + 1, most, model_.parties));
  }

  // ---- Links ----

  /// Those between parties may lose something if what is repeated arrives in the end.
  bool is_repeated(NodeId from, NodeId to) const {
    return model_.links == LinkNeeds::fair && is_party(from) && is_party(to);
  }

  void losses() {
    Longest worst;  // of probabilities
    each_link([&](NodeId n) { return is_correct(n); },
              [&](NodeId a, NodeId b) {
                const std::uint64_t loss = network_.profile(a, b).loss.scaled;
                if (loss == 0 || (is_repeated(a, b) && loss < Probability::kOne)) return;
                worst.take(static_cast<std::int64_t>(loss), a, b);
              });
    if (worst.ns < 0) return;
    const double shown = static_cast<double>(worst.ns) / static_cast<double>(Probability::kOne);
    const std::string found = fmt::format("{:.3g}", shown);
    const bool dead = is_repeated(worst.from, worst.to);
    add("loss", found, dead ? "below 1" : "0",
        fmt::format("messages from {} to {} are lost with probability {}; {}", name(worst.from),
                    name(worst.to), found,
                    dead ? "what is repeated has to arrive" : "links have to lose nothing"));
  }

  std::vector<NodeId> named(const Value* list) const {
    std::vector<NodeId> nodes;
    if (list == nullptr || list->as_list() == nullptr) return nodes;
    for (const Value& v : *list->as_list()) {
      for (std::uint32_t i = 0; i < scenario_.nodes.size(); ++i) {
        if (v.as_string() != nullptr && *v.as_string() == scenario_.nodes[i].name) {
          nodes.push_back(NodeId{i});
        }
      }
    }
    return nodes;
  }

  /// "P0 and P1", of which the cut keeps away what must not be lost.
  std::optional<std::string> hurt(const Value& cut, bool for_good) const {
    for (const NodeId a : named(cut.find("from"))) {
      for (const NodeId b : named(cut.find("to"))) {
        if (a == b || !is_correct(a) || !is_correct(b)) continue;
        if (is_repeated(a, b) && !for_good) continue;
        return fmt::format("{} and {}", name(a), name(b));
      }
    }
    return std::nullopt;
  }

  void cuts() {
    std::map<std::string, Value> open;
    const auto report = [&](const Value& cut, bool for_good) {
      const auto between = hurt(cut, for_good);
      if (!between) return false;
      const bool links_lossless = model_.links == LinkNeeds::lossless;
      add("cut", *between, links_lossless ? "none" : "none for good",
          fmt::format(
              "messages between {} are lost by a cut{}; {}", *between,
              for_good ? " that does not heal" : "",
              links_lossless ? "links have to lose nothing" : "what is repeated has to arrive"));
      return true;
    };
    for (const TraceEvent& e : trace_.events) {
      const Value* label = e.kind == TraceKind::fault ? e.data.find("name") : nullptr;
      if (label == nullptr || label->as_string() == nullptr) continue;
      if (is(e, "fault::Cut")) open[*label->as_string()] = e.data;
      if (!is(e, "fault::Heal")) continue;
      const auto healed = open.find(*label->as_string());
      if (healed == open.end()) continue;
      if (report(healed->second, false)) return;
      open.erase(healed);
    }
    for (const auto& [label, cut] : open) {
      if (report(cut, true)) return;
    }
  }

  // ---- Patience ----

  /// "message 3 was not delivered by P1.2": what a correct node multicast, or any delivered, and a
  /// correct member of an addressed group has not delivered at the end.
  std::optional<std::string> undelivered_multicast() const {
    const analysis::Multicasts all = analysis::read_multicasts(trace_);
    std::map<std::int64_t, std::set<NodeId>> done;
    for (const analysis::Delivery& d : all.deliveries) done[d.message].insert(d.process);
    for (const auto& [message, sent] : all.sent) {
      const bool owed =
          done.contains(message) || std::any_of(sent.senders.begin(), sent.senders.end(),
                                                [&](NodeId node) { return all.is_correct(node); });
      if (!owed) continue;
      for (const std::string& group : sent.groups) {
        const auto members = all.members.find(group);
        if (members == all.members.end()) continue;
        for (const NodeId node : members->second) {
          if (!all.is_correct(node) || done[message].contains(node)) continue;
          return fmt::format("message {} was not delivered by {}", message, name(node));
        }
      }
    }
    return std::nullopt;
  }

  /// "a of P0 was not delivered by P2": what a correct node broadcast, or any delivered, and a
  /// correct party has not delivered at the end.
  std::optional<std::string> undelivered() const {
    const analysis::Broadcasts all = analysis::read_broadcasts(trace_);
    std::set<analysis::ItemId> wanted;
    for (const analysis::BroadcastItem& item : all.sent) {
      if (all.is_correct(item.process)) wanted.insert(item.id);
    }
    for (const analysis::ItemDelivery& delivery : all.deliveries) wanted.insert(delivery.id);
    for (const NodeId node : all.processes) {
      if (!all.is_correct(node)) continue;
      std::set<analysis::ItemId> lacks = wanted;
      for (const analysis::ItemDelivery& delivery : all.deliveries) {
        if (delivery.process == node) lacks.erase(delivery.id);
      }
      if (lacks.empty()) continue;
      return fmt::format("{} was not delivered by {}", analysis::item_words(all, *lacks.begin()),
                         name(node));
    }
    return std::nullopt;
  }

  /// To give up is a matter of the protocol where a variant made it so.
  void giving_up() {
    if (!scenario_.setup.variants.empty()) return;
    const auto given =
        std::find_if(trace_.events.begin(), trace_.events.end(), [&](const TraceEvent& e) {
          return e.name == type_name<broadcast::GaveUp>() && is_correct(e.node);
        });
    if (given == trace_.events.end()) return;
    auto lacking = undelivered();
    if (!lacking) lacking = undelivered_multicast();
    if (!lacking) return;
    const Value* after = given->data.find("after");
    const std::string* bound = after == nullptr ? nullptr : after->as_string();
    if (bound == nullptr) return;
    add("gave-up", name(given->node), *bound,
        fmt::format("{} gave up after {}; {}", name(given->node), *bound, *lacking));
  }

  // ---- Clocks ----

  /// Deviations change by steps, and linearly in between: they are greatest where something changes
  /// or at the end.
  void measure_clocks() {
    clocks_.assign(scenario_.clocks.begin(), scenario_.clocks.end());
    read_clocks({});
    for (const TraceEvent& e : trace_.events) {
      if (e.kind != TraceKind::fault || !is_timed(e.node)) continue;
      const Value* by = e.data.find("by");
      const Value* ppb = e.data.find("ppb");
      const bool steps = is(e, "fault::ClockStep") && by != nullptr && by->as_int();
      const bool drifts = is(e, "fault::ClockDrift") && ppb != nullptr && ppb->as_int();
      if (!steps && !drifts) continue;
      read_clocks(e.at);
      NodeClocks& own = clocks_[e.node.value];
      if (steps) own.step(Duration{*by->as_int()});
      if (drifts) own.hardware.set_drift(e.at, *ppb->as_int());
      read_clocks(e.at);
    }
    read_clocks(trace_.end);
  }

  void read_clocks(Time at) {
    std::optional<std::pair<std::int64_t, NodeId>> least;
    std::optional<std::pair<std::int64_t, NodeId>> most;
    for (std::uint32_t i = 0; i < model_.parties; ++i) {
      if (!is_timed(NodeId{i})) continue;
      const std::int64_t off = (clocks_[i].wall(at) - at).ns;
      deviation_.take(off < 0 ? -off : off, NodeId{i}, NodeId{i});
      if (!least || off < least->first) least = {off, NodeId{i}};
      if (!most || off > most->first) most = {off, NodeId{i}};
    }
    if (least) skew_.take(most->first - least->first, least->second, most->second);
  }

  void clocks() {
    if (!model_.max_drift || deviation_.ns <= model_.max_drift->ns) return;
    const std::string found = format_duration({deviation_.ns});
    const std::string bound = format_duration(*model_.max_drift);
    add("clock", found, bound,
        fmt::format("the clock of {} is {} off; max_drift is {}", name(deviation_.from), found,
                    bound));
  }

  // ---- Delays ----

  /// The most that a delay of the link may be, drawn before or after the time of stabilisation.
  std::int64_t longest_on(NodeId from, NodeId to) const {
    const std::int64_t usual = network_.profile(from, to).delay.maximum();
    if (network_.gst().ns <= 0) return usual;
    const std::int64_t before =
        std::min(network_.before_gst().maximum(), sum(network_.gst().ns, usual));
    return std::max(usual, before);
  }

  /// What the network allows, and what messages took in this run: by the network, by waiting for a
  /// bandwidth, a clogged link, a paused node or a CPU.
  void measure_delays() {
    each_link([&](NodeId n) { return is_timed(n); },
              [&](NodeId a, NodeId b) {
                allowed_.take(longest_on(a, b), a, b);
                const std::int64_t least = network_.profile(a, b).delay.minimum();
                shortest_ = std::min(shortest_.value_or(least), least);
              });
    std::map<EventId, const TraceEvent*> open;  // sends
    for (const TraceEvent& e : trace_.events) {
      if (e.kind == TraceKind::send && is_timed(e.node) && is_timed(e.peer) && e.node != e.peer) {
        open.emplace(e.id, &e);
      }
      if (e.kind != TraceKind::receive && e.kind != TraceKind::lose) continue;
      for (const EventId parent : e.parents) {
        const auto sent = open.find(parent);
        if (sent == open.end()) continue;
        if (e.kind == TraceKind::receive) took_.take((e.at - sent->second->at).ns, e.peer, e.node);
        open.erase(sent);
      }
    }
    for (const auto& [id, sent] : open) {  // still under way
      took_.take((trace_.end - sent->at).ns, sent->node, sent->peer);
    }
  }

  bool any_time() const { return scenario_.world.ties == TieRule::any; }

  void delays() {
    if (!model_.max_trans) return;
    const std::string bound = format_duration(*model_.max_trans);
    if (any_time()) {
      add("delay", "any", bound,
          fmt::format("messages take any time (\"ties\": \"any\"); max_trans is {}", bound));
      return;
    }
    const bool by_network = allowed_.ns >= took_.ns;
    const Longest& worst = by_network ? allowed_ : took_;
    if (worst.ns <= model_.max_trans->ns) return;
    const std::string found = format_duration({worst.ns});
    add("delay", found, bound,
        fmt::format("a message from {} to {} {} {}; max_trans is {}", name(worst.from),
                    name(worst.to), by_network ? "may take" : "took", found, bound));
  }

  // ---- Work ----

  /// The most that the CPU of the node may need for one step.
  std::int64_t longest_step(NodeId node) const {
    const CpuConfig& cpu = scenario_.world.cpu;
    if (!cpu.enabled) return 0;
    const auto own = cpu.by_role.find(scenario_.nodes[node.value].role);
    const ServiceProfile& profile = own == cpu.by_role.end() ? cpu.standard : own->second;
    std::int64_t message = profile.standard.maximum();
    for (const auto& [type, time] : profile.by_message) message = std::max(message, time.maximum());
    std::int64_t command = 0;
    for (const auto& [type, time] : profile.by_command) command = std::max(command, time.maximum());
    return sum(message, command);
  }

  void computation() {
    if (!model_.max_comp) return;
    std::map<NodeId, std::int64_t> percent;  // the most it was slowed to
    for (const TraceEvent& e : trace_.events) {
      const Value* slowed = is(e, "fault::Slow") ? e.data.find("percent") : nullptr;
      if (slowed == nullptr || !slowed->as_int()) continue;
      percent[e.node] = std::max(percent[e.node], *slowed->as_int());
    }
    Longest worst;
    for (std::uint32_t i = 0; i < model_.parties; ++i) {
      const NodeId node{i};
      if (!is_timed(node)) continue;
      std::int64_t step = longest_step(node);
      const std::int64_t slowed =
          percent.count(node) == 0 ? 100 : std::max<std::int64_t>(percent[node], 100);
      if (__builtin_mul_overflow(step, slowed, &step)) step = kNever.ns;
      worst.take(step / 100, node, node);
    }
    if (worst.ns <= model_.max_comp->ns) return;
    const std::string found = format_duration({worst.ns});
    const std::string bound = format_duration(*model_.max_comp);
    add("computation", found, bound,
        fmt::format("a step of {} may take {}; max_comp is {}", name(worst.from), found, bound));
  }

  /// What a pause makes late is a step. (Messages that wait for its end: see measure_delays.)
  void pauses() {
    if (!model_.max_comp) return;
    std::map<NodeId, Time> since;
    Longest worst;
    const auto ends = [&](NodeId node, Time at) {
      const auto paused = since.find(node);
      if (paused == since.end()) return;
      worst.take((at - paused->second).ns, node, node);
      since.erase(paused);
    };
    for (const TraceEvent& e : trace_.events) {
      if (is(e, "fault::Pause") && is_timed(e.node)) since.emplace(e.node, e.at);
      if (is(e, "fault::Resume") || is(e, "fault::Crash")) ends(e.node, e.at);
    }
    while (!since.empty()) ends(since.begin()->first, trace_.end);
    if (worst.ns <= model_.max_comp->ns) return;
    const std::string found = format_duration({worst.ns});
    const std::string bound = format_duration(*model_.max_comp);
    add("pause", found, bound,
        fmt::format("{} was paused for {}; max_comp is {}", name(worst.from), found, bound));
  }

  // ---- Clocks and delays together ----

  void delta() {
    if (!model_.delta) return;
    const std::string bound = format_duration(*model_.delta);
    if (any_time()) {
      add("delta", "any", bound,
          fmt::format("messages take any time (\"ties\": \"any\"); delta is {}", bound));
      return;
    }
    const std::int64_t delay = std::max<std::int64_t>(std::max(allowed_.ns, took_.ns), 0);
    const std::int64_t skew = std::max<std::int64_t>(skew_.ns, 0);
    const std::int64_t both = sum(delay, skew);
    if (allowed_.ns < 0 || both < model_.delta->ns) return;
    add("delta", format_duration({both}), bound,
        fmt::format("messages take up to {} and clocks differ by {}; delta has to be greater than "
                    "both together, and is {}",
                    format_duration({delay}), format_duration({skew}), bound));
  }

  void skew() {
    if (!model_.skew_below_delay || !shortest_ || skew_.ns < *shortest_) return;
    const std::string found = format_duration({skew_.ns});
    const std::string bound = format_duration({*shortest_});
    add("skew", found, bound,
        fmt::format("the clocks of {} and {} differ by {}; that has to be less than the shortest "
                    "delay, {}",
                    name(skew_.from), name(skew_.to), found, bound));
  }

  /// From asking a party to its answer.
  void detector() {
    if (!model_.detector || allowed_.ns < 0) return;
    const std::string after = format_duration(model_.detector->after);
    if (!model_.detector->waits || any_time()) {
      add("detector", "any", after,
          fmt::format("{}; who has not answered after {} is taken for crashed",
                      model_.detector->waits ? "messages take any time (\"ties\": \"any\")"
                                             : "nobody has to answer",
                      after));
      return;
    }
    // To a party and back from it, the longest way each.
    std::vector<std::int64_t> to(scenario_.nodes.size(), 0);
    std::vector<std::int64_t> back(scenario_.nodes.size(), 0);
    each_link([&](NodeId n) { return is_timed(n); },
              [&](NodeId a, NodeId b) {
                const std::int64_t delay = longest_on(a, b);
                to[b.value] = std::max(to[b.value], delay);
                back[a.value] = std::max(back[a.value], delay);
              });
    Longest answer;
    for (std::uint32_t i = 0; i < to.size(); ++i) {
      answer.take(sum(to[i], back[i]), NodeId{i}, NodeId{i});
    }
    if (took_.ns > allowed_.ns) answer.take(sum(took_.ns, took_.ns), took_.from, took_.to);
    answer.ns = sum(answer.ns, model_.detector->waits->ns);
    if (answer.ns < model_.detector->after.ns) return;
    const std::string found = format_duration({answer.ns});
    add("detector", found, after,
        fmt::format("an answer of {} may take {}; who has not answered after {} is taken for "
                    "crashed",
                    name(answer.from), found, after));
  }

  const Scenario& scenario_;
  const Trace& trace_;
  const FaultyNodes& faulty_;
  Model model_;
  Network network_;
  std::vector<NodeClocks> clocks_;
  Longest deviation_;  ///< of one wall clock from real time
  Longest skew_;       ///< of two wall clocks
  Longest allowed_;    ///< delay that the network may draw
  Longest took_;       ///< delay of a message of the run
  std::optional<std::int64_t> shortest_;
  std::vector<Departure> out_;
};

}  // namespace

std::vector<Departure> departures(const Scenario& scenario, const Trace& trace,
                                  const FaultyNodes& faulty) {
  Model model;
  if (scenario.protocol->relies_on) model = scenario.protocol->relies_on(scenario.setup);
  return Run(scenario, trace, faulty, std::move(model)).all();
}

std::optional<Departure> gave_up(const Scenario& scenario, const Trace& trace) {
  const FaultyNodes none;
  return Run(scenario, trace, none, {}).gave_up();
}

}  // namespace sibyl
