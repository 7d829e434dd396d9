// One order of all operations by trying them on their objects: the replay of a given order, and a
// search for one where values do not tell.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/check/accesses.hpp"
#include "analysis/check/order_graph.hpp"

namespace sibyl::analysis {

/// The objects of a history, and its operations tried on them. The meaning of the steps is that of
/// model "objects" (models/objects.cpp); steps on one key that are no part of a command need no
/// object, as in models "register" and "kv". Whether objects exist is judged where the history
/// creates, deletes or moves some, or an initial state is given.
class Objects {
 public:
  struct Cells {
    std::vector<ValueCode> value;
    std::vector<bool> present;
    friend bool operator==(const Cells&, const Cells&) = default;
  };

  Objects(const FlatHistory& history, const Value& initial);
  const Cells& initial() const { return initial_; }
  bool judges_existence() const { return existence_; }
  /// Whether some operation was refused.
  bool has_refusals() const { return refusals_; }
  /// Does the operation; false when it cannot have done what it reports. The cells may be changed
  /// in part then.
  bool apply(Cells& cells, std::uint32_t op);
  /// Whether it changes nothing, whatever the cells.
  bool pure(std::uint32_t op);

 private:
  bool take(Cells& cells, const StepEffect& step, bool open, bool in_command);
  bool has_cause(const Cells& cells, const FlatOperation& op);

  const FlatHistory& history_;
  StepReader steps_;
  Cells initial_;
  bool existence_ = false;
  bool refusals_ = false;
};

/// Whether the operations in this order do what they report. O(steps).
bool replay(Objects& objects, const std::vector<std::uint32_t>& order);

struct OrderSearch {
  std::uint64_t max_steps = 0;
  std::uint64_t max_bytes = 0;
  std::function<bool()> stop;
  std::uint64_t steps = 0;  ///< taken so far, over several searches
};

enum class OrderFound : std::uint8_t { yes, no, gave_up };

/// Searches, depth first, for an order of all operations marked `must`, and any of those marked
/// `may`, that respects sessions' chains, the edges (from, to) and real time. What was reached
/// before (how far each chain is, and the cells) is not tried again. `accesses` may be null; where
/// it is clear, no write comes before all readers of what it overwrites. Exponential in the number
/// of chains at worst.
std::pair<OrderFound, std::vector<std::uint32_t>> find_order(
    Objects& objects, const Accesses* accesses, const std::vector<bool>& must,
    const std::vector<bool>& may, const Sessions& sessions,
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges, const RealTime* time,
    OrderSearch& bounds);

}  // namespace sibyl::analysis
