// What is measured of a run without recording it: a listener that costs little beside the run
// itself, and the numbers that are left of a run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/scenario.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"

namespace sibyl {

/// What it means that a run has no number of a measure.
enum class MeasureKind : std::uint8_t {
  count,     ///< that it is 0
  value,     ///< that there is none: the run is left out of the statistics
  fraction,  ///< that it did not happen, as 0; 1: it did
};

/// The measures of every protocol, in the order of the tables.
enum class Measure : std::uint8_t {
  events,
  virtual_time_ns,
  quiescent,
  deadline,
  limit,
  operations_invoked,
  operations_ok,
  operations_failed,
  operations_pending,
  throughput_per_s,
  latency_mean_ns,
  latency_p50_ns,
  latency_p95_ns,
  latency_p99_ns,
  latency_max_ns,
  items,
  items_quorum,
  items_last,
  items_all,
  delivery_quorum_ns,
  delivery_last_ns,
  decided,
  decided_all,
  rounds,
  rounds_mean,
  decision_quorum_ns,
  decision_last_ns,
  messages_total,  ///< the last one: those by kind come after it
};
inline constexpr std::size_t kMeasures = static_cast<std::size_t>(Measure::messages_total) + 1;

struct MeasureInfo {
  std::string_view name;
  MeasureKind kind;
  std::string_view line;  ///< what it is, in one sentence
};
const std::array<MeasureInfo, kMeasures>& measures();

/// The numbers of one run. Those that are missing are absent: see MeasureKind.
struct RunMeasures {
  std::array<std::optional<double>, kMeasures> fixed;
  std::vector<std::pair<std::string_view, std::uint64_t>> messages;  ///< by kind, any order
  std::vector<std::pair<std::string, std::uint64_t>> counters;       ///< by name, any order
  Outcome outcome = Outcome::quiescent;

  void set(Measure m, double x) { fixed[static_cast<std::size_t>(m)] = x; }
  const std::optional<double>& operator[](Measure m) const {
    return fixed[static_cast<std::size_t>(m)];
  }
};

/// The most windows of a run; what comes later counts in the last.
inline constexpr std::size_t kMostWindows = 1000;

/// What is left out of a run, and what is looked at more closely.
struct MeasureRules {
  Duration warmup;  ///< operations called before count for no throughput and no latency
  Duration window;  ///< 0: none; else some counts besides in windows of so long, from time 0
  std::vector<std::string> windowed;  ///< which: operations.ok, messages.total, counters
};

/// "exec@3": the part of a count that belongs to window 3 (from 0).
std::string window_name(std::string_view measure, std::size_t window);

/// Listens to a run for what the counters of the world do not tell: operations, deliveries,
/// decisions, and who is correct. What faulty nodes report is passed over, as checkers do.
class MeasureObserver final : public Observer {
 public:
  /// `interrupted` is asked now and then; when it says true the run ends by Interrupted.
  MeasureObserver(const std::vector<TraceNode>& nodes, const std::function<bool()>& interrupted,
                  MeasureRules rules = {})
      : nodes_(nodes), interrupted_(interrupted), rules_(std::move(rules)) {}
  /// Whose counters windows are made of; without one there are none.
  void watch(const World& world) { world_ = &world; }

  void on_step(const Step& step) override {
    constexpr std::uint64_t kBetweenQuestions = 4096;
    if (++steps_ % kBetweenQuestions == 0 && interrupted_) ask();
    if (rules_.window.ns != 0 && step.at.ns >= window_end_) close_windows(step.at.ns);
    if (step.kind == TraceKind::note) on_note(step);
    if (step.kind == TraceKind::fault) on_fault(step);
  }

  /// After the run. O(n log n) in the number of operations, items and decisions.
  RunMeasures finish(const World& world, Outcome outcome) const;

 private:
  struct Call {
    NodeId client;
    std::int64_t at = 0;
  };
  /// Of the operations so far. Nothing is kept of one that has returned but its latency.
  struct Operations {
    std::map<std::uint64_t, Call> open;  ///< by number
    std::size_t invoked = 0;
    std::size_t returned = 0;
    std::size_t ok = 0;
    std::int64_t first_call = -1;  ///< of those that count, as the rest
    std::int64_t last_return = 0;
    std::vector<std::int64_t> latencies;
  };
  /// Who did something with an item or in an instance, and when: the first time of each.
  struct Arrival {
    NodeId node;
    std::int64_t at = 0;
  };
  struct Item {
    std::optional<std::int64_t> broadcast;
    std::vector<Arrival> deliveries;
  };
  struct Instance {
    std::vector<Arrival> decisions;
    std::vector<std::uint64_t> rounds;  ///< of these decisions
  };
  using ItemId = std::pair<std::uint32_t, std::uint64_t>;
  /// The times at which a quorum and all of the correct ones were there.
  struct Reached {
    std::optional<std::int64_t> quorum;
    std::optional<std::int64_t> last;
  };

  void ask() const;
  void on_note(const Step& step);
  void on_fault(const Step& step);
  void on_return(const Step& step);
  bool is_faulty(NodeId node) const {
    return node.value >= nodes_.size() || nodes_[node.value].faulty;
  }
  void close_windows(std::int64_t now);
  std::vector<std::uint64_t> counted_now() const;
  static void add_first(std::vector<Arrival>& all, const Step& step);
  std::vector<bool> parties(const std::vector<NodeId>& first,
                            const std::vector<NodeId>& else_) const;
  Reached reached(const std::vector<Arrival>& all, const std::vector<bool>& parties) const;
  void measure_operations(RunMeasures& out) const;
  void measure_items(RunMeasures& out) const;
  void measure_decisions(RunMeasures& out) const;

  const std::vector<TraceNode>& nodes_;
  const std::function<bool()>& interrupted_;
  MeasureRules rules_;
  const World* world_ = nullptr;
  std::uint64_t steps_ = 0;
  Operations operations_;
  std::int64_t window_end_ = 0;
  /// Of each boundary between windows: what had been counted, in the order of rules_.windowed.
  std::vector<std::vector<std::uint64_t>> boundaries_;
  std::map<ItemId, Item> items_;
  std::map<std::string, Instance> instances_;
  std::map<std::uint32_t, bool> down_;  ///< crashed or retired now
  std::vector<NodeId> broadcasting_;    ///< nodes that did so, some of them often
  std::vector<NodeId> proposing_;
};

}  // namespace sibyl
