// What is measured of a run without recording it.
#include "scenarios/measures.hpp"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "scenarios/runner.hpp"
#include "sim/fixed.hpp"
#include "sim/notes.hpp"

namespace sibyl {

namespace {

using enum MeasureKind;

/// What more than one node of a protocol family reports; told by name, as in analysis/.
constexpr std::uint64_t kRetired = hash_text("broadcast::Retired");

double mean_of(fixed::Int128 sum, std::size_t n) {
  return static_cast<double>(sum) / static_cast<double>(n);
}

}  // namespace

const std::array<MeasureInfo, kMeasures>& measures() {
  static constexpr std::array<MeasureInfo, kMeasures> kAll{{
      {"events", count, "steps dispatched"},
      {"virtual_time_ns", count, "the time at the end of the run"},
      {"quiescent", fraction, "runs in which nothing was left to happen"},
      {"deadline", fraction, "runs that the scenario's own end time ended"},
      {"limit", fraction, "runs that a limit ended"},
      {"operations.invoked", count, "operations called"},
      {"operations.ok", count, "operations that returned with the reply ok"},
      {"operations.failed", count, "operations that returned with another reply"},
      {"operations.pending", count, "operations that never returned"},
      {"throughput_per_s", value, "ok operations a second, from the first call to the last return"},
      {"latency_mean_ns", value, "of the run's ok operations, the mean latency"},
      {"latency_p50_ns", value, "of the run's ok operations, the median"},
      {"latency_p95_ns", value, "of the run's ok operations, the 95th percentile"},
      {"latency_p99_ns", value, "of the run's ok operations, the 99th percentile"},
      {"latency_max_ns", value, "of the run's ok operations, the longest"},
      {"items", count, "items broadcast by origins that are not faulty"},
      {"items_quorum", count, "items delivered by n - floor((n-1)/3) correct parties"},
      {"items_last", count, "items delivered by all correct parties"},
      {"items_all", fraction, "runs with items, all of them delivered by all correct parties"},
      {"delivery_quorum_ns", value,
       "mean over the items of the time from the broadcast until n - floor((n-1)/3) correct "
       "parties "
       "had delivered"},
      {"delivery_last_ns", value, "the same until all correct parties had delivered"},
      {"decided", count, "correct parties that decided"},
      {"decided_all", fraction,
       "runs with decisions, each instance of which all correct parties decided"},
      {"rounds", value, "the largest round in which a correct party decided"},
      {"rounds_mean", value, "mean over the decisions of correct parties of their rounds"},
      {"decision_quorum_ns", value,
       "the time at which n - floor((n-1)/3) correct parties had decided every instance"},
      {"decision_last_ns", value,
       "the time at which all correct parties had decided every instance"},
      {"messages.total", count, "messages put on the network, own ones excluded"},
  }};
  return kAll;
}

void MeasureObserver::ask() const {
  if (interrupted_()) throw Interrupted();
}

void MeasureObserver::add_first(std::vector<Arrival>& all, const Step& step) {
  // A node that has recovered begins anew; its first time counts.
  const bool known = std::any_of(all.begin(), all.end(),
                                 [&](const Arrival& each) { return each.node == step.node; });
  if (!known) all.push_back({step.node, step.at.ns});
}

void MeasureObserver::on_fault(const Step& step) {
  if (step.type == &kTypeInfo<fault::Crash>) down_[step.node.value] = true;
  if (step.type == &kTypeInfo<fault::Recover>) down_[step.node.value] = false;
}

void MeasureObserver::on_return(const Step& step) {
  const auto& note = *static_cast<const note::Return*>(step.body);
  Operations& all = operations_;
  const auto found = all.open.find(note.op);
  // Several replicas may answer: the first answer counts.
  if (found == all.open.end() || found->second.client != step.node) return;
  const Call call = found->second;
  all.open.erase(found);
  if (note.reply == "unknown") return;  // pending for good
  const bool ok = note.reply == "ok";
  ++all.returned;
  all.ok += ok ? 1 : 0;
  if (call.at < rules_.warmup.ns) return;
  all.last_return = std::max(all.last_return, step.at.ns);
  if (ok) all.latencies.push_back(step.at.ns - call.at);
}

std::string window_name(std::string_view measure, std::size_t window) {
  return fmt::format("{}@{}", measure, window);
}

/// What has been counted of the measures that have windows.
std::vector<std::uint64_t> MeasureObserver::counted_now() const {
  const Counters& counters = world_->counters();
  std::vector<std::uint64_t> now;
  for (const std::string& name : rules_.windowed) {
    std::uint64_t n = 0;
    if (name == "operations.ok") n = operations_.ok;
    if (name == "messages.total") n = counters.messages;
    for (const auto& [kind, count] : counters.by_kind) {
      if (name.starts_with("messages.") && name.substr(9) == kind) n = count;
    }
    for (const auto& [counter, count] : counters.counts) {
      if (counter == name) n = count;
    }
    now.push_back(n);
  }
  return now;
}

/// The time has come to the end of a window, or of several.
void MeasureObserver::close_windows(std::int64_t now) {
  if (world_ == nullptr) return;
  while (window_end_ <= now && boundaries_.size() < kMostWindows) {
    boundaries_.push_back(counted_now());
    window_end_ += rules_.window.ns;
  }
  if (boundaries_.size() == kMostWindows) window_end_ = kNever.ns;
}

void MeasureObserver::on_note(const Step& step) {
  if (step.type == &kTypeInfo<note::Invoke>) {
    const auto& note = *static_cast<const note::Invoke*>(step.body);
    Operations& all = operations_;
    if (!all.open.emplace(note.op, Call{step.node, step.at.ns}).second) return;
    ++all.invoked;
    if (all.first_call < 0 && step.at.ns >= rules_.warmup.ns) all.first_call = step.at.ns;
    return;
  }
  if (is_faulty(step.node)) return;
  if (step.type == &kTypeInfo<note::Return>) {
    on_return(step);
  } else if (step.type == &kTypeInfo<note::Broadcast>) {
    const auto& note = *static_cast<const note::Broadcast*>(step.body);
    broadcasting_.push_back(step.node);
    if (note.origin != step.node) return;
    Item& item = items_[{note.origin.value, note.number}];
    if (!item.broadcast) item.broadcast = step.at.ns;
  } else if (step.type == &kTypeInfo<note::BroadcastDelivery>) {
    const auto& note = *static_cast<const note::BroadcastDelivery*>(step.body);
    if (note.content.is_null()) return;  // that nothing came
    add_first(items_[{note.origin.value, note.number}].deliveries, step);
  } else if (step.type == &kTypeInfo<note::Propose>) {
    const auto& note = *static_cast<const note::Propose*>(step.body);
    proposing_.push_back(step.node);
    instances_.try_emplace(note.instance);
  } else if (step.type == &kTypeInfo<note::Decide>) {
    const auto& note = *static_cast<const note::Decide*>(step.body);
    Instance& instance = instances_[note.instance];
    const std::size_t before = instance.decisions.size();
    add_first(instance.decisions, step);
    if (instance.decisions.size() != before) instance.rounds.push_back(note.round);
  } else if (step.type->name_hash == kRetired) {
    down_[step.node.value] = true;
  }
}

/// All nodes of the roles of those in `first` or, when there are none, in `else_`.
std::vector<bool> MeasureObserver::parties(const std::vector<NodeId>& first,
                                           const std::vector<NodeId>& else_) const {
  std::set<std::string_view> roles;
  for (const NodeId node : first.empty() ? else_ : first) roles.insert(nodes_[node.value].role);
  std::vector<bool> result(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) result[i] = roles.count(nodes_[i].role) > 0;
  return result;
}

MeasureObserver::Reached MeasureObserver::reached(const std::vector<Arrival>& all,
                                                  const std::vector<bool>& parties) const {
  std::size_t n = 0;
  std::size_t correct = 0;
  const auto is_correct = [&](std::uint32_t node) {
    const auto down = down_.find(node);
    return parties[node] && !nodes_[node].faulty && (down == down_.end() || !down->second);
  };
  for (std::uint32_t i = 0; i < parties.size(); ++i) {
    n += parties[i] ? 1 : 0;
    correct += is_correct(i) ? 1 : 0;
  }
  Reached result;
  if (n == 0 || correct == 0) return result;
  const std::size_t quorum = n - (n - 1) / 3;
  std::size_t there = 0;
  for (const Arrival& each : all) {
    if (!is_correct(each.node.value)) continue;
    ++there;
    if (there == quorum) result.quorum = each.at;
    if (there == correct) result.last = each.at;
  }
  return result;
}

void MeasureObserver::measure_operations(RunMeasures& out) const {
  const Operations& all = operations_;
  out.set(Measure::operations_invoked, static_cast<double>(all.invoked));
  out.set(Measure::operations_ok, static_cast<double>(all.ok));
  out.set(Measure::operations_failed, static_cast<double>(all.returned - all.ok));
  out.set(Measure::operations_pending, static_cast<double>(all.invoked - all.returned));
  std::vector<std::int64_t> latencies = all.latencies;
  fixed::Int128 total = 0;
  for (const std::int64_t each : latencies) total += each;
  if (latencies.empty()) return;
  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](std::size_t percent) {
    const std::size_t rank = std::max<std::size_t>((latencies.size() * percent + 99) / 100, 1);
    return static_cast<double>(latencies[rank - 1]);
  };
  out.set(Measure::latency_mean_ns, mean_of(total, latencies.size()));
  out.set(Measure::latency_p50_ns, percentile(50));
  out.set(Measure::latency_p95_ns, percentile(95));
  out.set(Measure::latency_p99_ns, percentile(99));
  out.set(Measure::latency_max_ns, static_cast<double>(latencies.back()));
  if (all.last_return == all.first_call) return;
  out.set(Measure::throughput_per_s, static_cast<double>(latencies.size()) * 1e9 /
                                         static_cast<double>(all.last_return - all.first_call));
}

void MeasureObserver::measure_items(RunMeasures& out) const {
  std::vector<NodeId> delivering;
  for (const auto& [id, item] : items_) {
    for (const Arrival& each : item.deliveries) delivering.push_back(each.node);
  }
  const std::vector<bool> parties = this->parties(delivering, broadcasting_);
  std::size_t items = 0;
  std::size_t quorums = 0;
  std::size_t whole = 0;
  fixed::Int128 until_quorum = 0;
  fixed::Int128 until_last = 0;
  for (const auto& [id, item] : items_) {
    if (!item.broadcast) continue;
    ++items;
    const Reached when = reached(item.deliveries, parties);
    if (when.quorum) {
      ++quorums;
      until_quorum += *when.quorum - *item.broadcast;
    }
    if (when.last) {
      ++whole;
      until_last += *when.last - *item.broadcast;
    }
  }
  out.set(Measure::items, static_cast<double>(items));
  out.set(Measure::items_quorum, static_cast<double>(quorums));
  out.set(Measure::items_last, static_cast<double>(whole));
  if (items != 0) out.set(Measure::items_all, whole == items ? 1 : 0);
  if (quorums != 0) out.set(Measure::delivery_quorum_ns, mean_of(until_quorum, quorums));
  if (whole != 0) out.set(Measure::delivery_last_ns, mean_of(until_last, whole));
}

void MeasureObserver::measure_decisions(RunMeasures& out) const {
  if (instances_.empty()) return;
  std::vector<NodeId> deciding;
  for (const auto& [name, instance] : instances_) {
    for (const Arrival& each : instance.decisions) deciding.push_back(each.node);
  }
  const std::vector<bool> parties = this->parties(deciding, proposing_);
  std::set<std::uint32_t> decided;
  std::size_t decisions = 0;
  fixed::Int128 sum = 0;
  std::uint64_t most = 0;
  std::optional<std::int64_t> quorum = 0;
  std::optional<std::int64_t> last = 0;
  for (const auto& [name, instance] : instances_) {
    for (std::size_t i = 0; i < instance.decisions.size(); ++i) {
      const std::uint32_t node = instance.decisions[i].node.value;
      const auto down = down_.find(node);
      if (down != down_.end() && down->second) continue;
      decided.insert(node);
      ++decisions;
      sum += instance.rounds[i];
      most = std::max(most, instance.rounds[i]);
    }
    const Reached when = reached(instance.decisions, parties);
    quorum = quorum && when.quorum ? std::optional(std::max(*quorum, *when.quorum)) : std::nullopt;
    last = last && when.last ? std::optional(std::max(*last, *when.last)) : std::nullopt;
  }
  out.set(Measure::decided, static_cast<double>(decided.size()));
  if (quorum) out.set(Measure::decision_quorum_ns, static_cast<double>(*quorum));
  if (last) out.set(Measure::decision_last_ns, static_cast<double>(*last));
  out.set(Measure::decided_all, last ? 1 : 0);
  if (decisions == 0) return;
  out.set(Measure::rounds, static_cast<double>(most));
  out.set(Measure::rounds_mean, mean_of(sum, decisions));
}

RunMeasures MeasureObserver::finish(const World& world, Outcome outcome) const {
  RunMeasures out;
  const Counters& counters = world.counters();
  out.outcome = outcome;
  out.set(Measure::events, static_cast<double>(counters.events));
  out.set(Measure::virtual_time_ns, static_cast<double>(world.now().ns));
  out.set(outcome == Outcome::quiescent  ? Measure::quiescent
          : outcome == Outcome::deadline ? Measure::deadline
                                         : Measure::limit,
          1);
  out.set(Measure::messages_total, static_cast<double>(counters.messages));
  out.messages = counters.by_kind;
  out.counters = counters.counts;
  for (std::size_t w = 0; w < boundaries_.size(); ++w) {
    const bool last = w + 1 == boundaries_.size();
    const std::vector<std::uint64_t> until = last ? counted_now() : boundaries_[w + 1];
    for (std::size_t i = 0; i < until.size(); ++i) {
      out.counters.emplace_back(window_name(rules_.windowed[i], w), until[i] - boundaries_[w][i]);
    }
  }
  measure_operations(out);
  measure_items(out);
  measure_decisions(out);
  return out;
}

}  // namespace sibyl
