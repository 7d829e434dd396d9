// Linearizability of a trace's operations while it grows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/check/online_judge.hpp"
#include "analysis/online.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// Reads the notes Initial, Invoke and Return as history_of() does, and judges them by the model
/// that model_for() finds for what was called so far. What happens at one instant is judged once
/// time has passed it, since operations that touch at an instant are concurrent whatever their
/// order in the trace; the event that is told is the return that made it certain.
class OnlineOperations {
 public:
  /// Of a trace with these nodes.
  explicit OnlineOperations(std::vector<TraceNode> nodes);
  ~OnlineOperations();

  /// Takes the next event; the violation, once, when it is certain by then. As OnlineJudge.
  std::optional<CertainViolation> observe(const TraceEvent& event);
  /// Nothing follows.
  std::optional<CertainViolation> finish();
  /// Why the operations are not followed (any more), as a sentence; empty: they are.
  const std::string& undecided() const { return undecided_; }

 private:
  struct Seen {
    Operation op;
    bool is_end = false;
    std::uint32_t number = 0;
  };
  struct Called {
    TraceEvent event;
    std::uint32_t number = 0;
  };

  void take(const TraceEvent& event);
  void call(const TraceEvent& event);
  void end(const TraceEvent& event);
  /// What history_of() makes of these events alone.
  std::optional<Operation> read(std::vector<TraceEvent> events);
  void begin_again();
  void show(const Seen& seen);
  std::optional<CertainViolation> told();

  Trace header_;  ///< nodes; and the events that are being read
  std::map<std::int64_t, Called> open_;
  std::vector<Seen> seen_;  ///< all, for another model
  std::vector<EventId> ended_;
  History called_;
  Value::Object initial_;
  FlatHistory history_;
  const Model* model_ = nullptr;
  std::unique_ptr<OnlineJudge> judge_;
  std::string undecided_;
  bool told_ = false;
};

}  // namespace sibyl::analysis
