// How many nodes were faulty in a run, and whether the protocol is made for so many.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>

#include "protocols/protocol.hpp"
#include "scenarios/scenario.hpp"
#include "sim/observer.hpp"
#include "sim/trace.hpp"

namespace sibyl {

struct FaultyNodes {
  std::size_t nodes = 0;               ///< the most at one time, Byzantine ones among them
  std::size_t byzantine = 0;           ///< that the scenario declares
  std::optional<Tolerance> tolerated;  ///< absent: the protocol does not say
  /// The first of Tolerance::parts of which more were faulty at one time than the protocol bears.
  std::optional<Tolerance::Part> beyond;
  std::size_t in_part = 0;  ///< how many of that one
  /// More than the protocol is made for: it has promised nothing of such a run.
  bool exceeded() const {
    return tolerated && (nodes > tolerated->faulty || byzantine > tolerated->byzantine || beyond);
  }
};

/// The clients and voters of the deployment: no parties (Model::others).
std::set<NodeId> nodes_beside(const Scenario& scenario);

/// Faulty are Byzantine nodes, from the start; nodes that have crashed, while they are down (and of
/// a part that says how they come back, until they have); and nodes that have lost their storage,
/// from then on. Clients and voters are not counted: what a
/// protocol bears is faulty parties. O(events).
FaultyNodes count_faulty(const Scenario& scenario, const Trace& trace);

/// The same of a run as it goes on. The scenario must outlive it.
class FaultyCount final : public Observer {
 public:
  explicit FaultyCount(const Scenario& scenario);
  void on_step(const Step& step) override;

  void crash(NodeId node);
  void recover(NodeId node, bool storage);
  /// Of a qualified name: it may say that the node is back, or will not be.
  void note(NodeId node, std::string_view name);

  const FaultyNodes& so_far() const { return result_; }

 private:
  bool counts(NodeId node) const;
  void count();

  const Scenario& scenario_;
  const std::set<NodeId> others_;
  FaultyNodes result_;
  std::set<NodeId> for_good_;
  std::set<NodeId> down_;     ///< or retired
  std::set<NodeId> lacking_;  ///< up, but not all back
  std::set<NodeId> crashed_;  ///< now
};

}  // namespace sibyl
