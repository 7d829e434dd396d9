// Turns deployment and workload into nodes; part of the protocols of this family.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/multicast/ft_skeen.hpp"
#include "protocols/multicast/global_order.hpp"
#include "protocols/multicast/multicast.hpp"
#include "protocols/multicast/white_box.hpp"
#include "protocols/partitioned/broker/messages.hpp"
#include "protocols/partitioned/dynastar_messages.hpp"
#include "protocols/partitioned/options.hpp"
#include "protocols/protocol.hpp"

namespace sibyl::partitioned {

/// Numbers the nodes: oracle, partitions, clients, sequencer.
class Plan {
 public:
  explicit Plan(System system) : system_(std::move(system)) {
    auto groups = std::make_shared<multicast::Groups>();
    if (const auto& oracle = system_.deployment.oracle) {
      system_.oracle = 0;
      add_group(*groups, oracle->name, "oracle", oracle->replicas);
    }
    for (const auto& [name, spec] : system_.deployment.partitions.items) {
      add_group(*groups, name, "partition", spec.replicas);
    }
    for (const std::string& client : system_.deployment.clients) {
      system_.clients.push_back(next());
      nodes_.push_back({{client, "client", client}, {}});
    }
    if (system_.deployment.multicast == MulticastKind::sequencer) {
      groups->sequencer = next();
      nodes_.push_back({{"sequencer", "sequencer", "sequencer"}, {}});
      nodes_.back().process = make_process<multicast::SequencerNode>(groups);
    }
    system_.groups = groups;
    shared_ = std::make_shared<const System>(std::move(system_));
    std::vector<TraceNode> described;
    for (const NodeSpec& node : nodes_) described.push_back(node.description);
    payloads_ = std::make_shared<const multicast::Payloads>(multicast::Payloads{
        std::move(described),
        literals_of<Access, Create, Delete, Move, Consult, broker::Ask, broker::Release,
                    broker::Expire, broker::Relocate, dynastar::Exec, dynastar::Command,
                    dynastar::Plan, dynastar::Hint>()});
  }

  const SystemPtr& system() const { return shared_; }

  multicast::AtomicMulticast amcast(NodeId self, std::int64_t clock) const {
    const auto& groups = shared_->groups;
    const auto shown = static_cast<std::uint64_t>(clock);
    switch (shared_->deployment.multicast) {
      case MulticastKind::skeen:
        break;
      case MulticastKind::sequencer:
        return multicast::AtomicMulticast(multicast::Sequencer(groups));
      case MulticastKind::ft_skeen:
        return multicast::AtomicMulticast(
            multicast::FtSkeen(groups, payloads_, self, shown, multicast::FtSkeenOptions{}));
      case MulticastKind::white_box:
        return multicast::AtomicMulticast(
            multicast::WhiteBox(groups, self, shown, multicast::WhiteBoxOptions{}));
      case MulticastKind::global_order:
        return multicast::AtomicMulticast(
            multicast::GlobalOrder(groups, payloads_, self, multicast::GlobalOrderOptions{}));
    }
    return multicast::AtomicMulticast(multicast::Skeen(groups, shown));
  }

  /// Gives every node of a role its process: make(its number, name of its group).
  template <class Make>
  void fill(std::string_view role, Make make) {
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      NodeSpec& node = nodes_[i];
      if (node.description.role == role) node.process = make(NodeId{i}, node.description.group);
    }
  }

  /// One more node, of that name and role, without a group.
  NodeId add(const std::string& name) {
    const NodeId id = next();
    nodes_.push_back({{name, name, name}, {}});
    return id;
  }

  std::vector<NodeSpec> take() { return std::move(nodes_); }

 private:
  NodeId next() const { return {static_cast<std::uint32_t>(nodes_.size())}; }

  void add_group(multicast::Groups& groups, const std::string& name, const std::string& role,
                 std::uint32_t replicas) {
    groups.names.push_back(name);
    groups.members.emplace_back();
    for (std::uint32_t i = 1; i <= replicas; ++i) {
      groups.members.back().push_back(next());
      nodes_.push_back({{replicas == 1 ? name : name + "." + std::to_string(i), role, name}, {}});
    }
  }

  System system_;
  SystemPtr shared_;
  multicast::PayloadsPtr payloads_;
  std::vector<NodeSpec> nodes_;
};

/// Throws ConfigError where `found`.
inline void refuse(bool found, const std::string& pointer, const char* message) {
  if (found) throw ConfigError(pointer, message);
}

/// The labels of the operations of the history: a move is in none, it changes no value.
std::vector<std::string> labels_of(const System& system);
/// The properties of every protocol of the family.
std::vector<std::string> partitioned_properties();
/// A protocol's counters, and one for each kind of commands that applications have.
std::vector<std::string> with_done_counters(std::vector<std::string> own);
/// A protocol's words, and those of the fault-tolerant multicasts.
Words with_multicasts(Words words);

/// The nodes of S-SMR with these options.
std::vector<NodeSpec> build_ssmr(const Setup& setup, const SsmrOptions& options);
Words ssmr_words();

}  // namespace sibyl::partitioned
