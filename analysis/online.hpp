// Properties that are judged while a trace grows: a violation is told at the earliest event at
// which it is certain, so that who feeds the events may stop there.
//
// Online are: integrity, uniform_agreement as far as it forbids two contents of one item, and
// total_order, all of broadcasts; integrity of multicasts. What depends on who crashes later
// (agreement), on what is still to come (validity, termination) or on more than one event for each
// pair of processes (prefix_order, acyclic_order) is judged in the end only. A property is never
// told violated here that its checker finds to hold of the whole trace.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/broadcast_reading.hpp"
#include "analysis/reading.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis {

/// A violation that nothing that follows can undo.
struct CertainViolation {
  std::string_view property;  ///< as in properties()
  EventId event = 0;          ///< at which it became certain
  std::string summary;        ///< one plain sentence
};

class OnlineChecks {
 public:
  /// Of a trace with these nodes.
  explicit OnlineChecks(std::vector<TraceNode> nodes);

  /// Takes the next event; the first violation that it makes certain, if it does. Events that
  /// cannot be read are left to the checkers of whole traces. O(log n).
  std::optional<CertainViolation> observe(const TraceEvent& event);

  /// The properties that are judged here.
  static std::vector<std::string_view> properties();

 private:
  using Life = std::pair<NodeId, std::size_t>;
  struct FirstContent {
    NodeId process;
    Value content;
  };

  std::optional<CertainViolation> deliver_item(const TraceEvent& event);
  std::optional<CertainViolation> in_order(const TraceEvent& event, const Life& life,
                                           const ItemId& id, const Value& content);
  std::optional<CertainViolation> deliver_message(const TraceEvent& event);
  ItemId item_of(const TraceEvent& event, FieldReader& read) const;

  Trace header_;  ///< nodes only
  std::set<std::string> faulty_names_;
  bool any_faulty_ = false;
  Lives lives_;
  std::map<ItemId, std::vector<Value>> sent_;
  std::set<std::pair<Life, ItemId>> delivered_;
  std::map<ItemId, FirstContent> contents_;
  std::vector<std::pair<ItemId, Value>> order_;  ///< the longest sequence so far
  std::map<Life, std::size_t> length_;           ///< how much of it each process has delivered
  std::map<std::int64_t, std::set<std::string>> multicast_;
  std::set<std::pair<Life, std::int64_t>> messages_;
};

}  // namespace sibyl::analysis
