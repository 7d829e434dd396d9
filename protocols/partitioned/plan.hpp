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
#include "protocols/partitioned/acceptor.hpp"
#include "protocols/partitioned/broker/messages.hpp"
#include "protocols/partitioned/draw.hpp"
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
      add_group(*groups, oracle->name, "oracle", oracle->replicas, oracle->acceptors);
    }
    for (const auto& [name, spec] : system_.deployment.partitions.items) {
      add_group(*groups, name, "partition", spec.replicas, spec.acceptors);
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
        return multicast::AtomicMulticast(multicast::FtSkeen(
            groups, payloads_, self, shown, log_options<multicast::FtSkeenOptions>()));
      case MulticastKind::white_box:
        return multicast::AtomicMulticast(
            multicast::WhiteBox(groups, self, shown, multicast::WhiteBoxOptions{}));
      case MulticastKind::global_order:
        return multicast::AtomicMulticast(multicast::GlobalOrder(
            groups, payloads_, self, log_options<multicast::GlobalOrderOptions>()));
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

  /// The nodes, acceptors with their processes.
  std::vector<NodeSpec> take() {
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      NodeSpec& node = nodes_[i];
      if (node.description.role != "acceptor") continue;
      node.process = make_process<Acceptor>(amcast(NodeId{i}, shared_->clock_of(NodeId{i})));
    }
    return std::move(nodes_);
  }

 private:
  /// A member that has crashed for good is told of the last messages for five seconds, not for two
  /// minutes, in which nothing else would happen.
  template <class Options>
  static Options log_options() {
    Options options;
    options.paxos_repetitions = 8;
    return options;
  }

  NodeId next() const { return {static_cast<std::uint32_t>(nodes_.size())}; }

  void add_group(multicast::Groups& groups, const std::string& name, const std::string& role,
                 std::uint32_t replicas, std::uint32_t acceptors) {
    groups.names.push_back(name);
    groups.members.emplace_back();
    system_.replicas.emplace_back();
    for (std::uint32_t i = 1; i <= replicas; ++i) {
      groups.members.back().push_back(next());
      system_.replicas.back().push_back(next());
      nodes_.push_back({{node_name(name, i, replicas), role, name}, {}});
    }
    for (std::uint32_t i = 1; i <= acceptors; ++i) {
      groups.members.back().push_back(next());
      nodes_.push_back({{acceptor_name(name, i), "acceptor", name}, {}});
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

/// Which crashes the protocols of the family bear, by the multicast of the deployment.
Tolerance tolerance_of(const Setup& setup, bool with_oracle);
Model model_of(const Setup& setup, bool with_oracle);
/// Says so of a protocol, and lets searches draw deployments that bear some.
inline ProtocolInfo with_bounds(ProtocolInfo info, bool with_oracle) {
  info.tolerates = [with_oracle](const Setup& setup) { return tolerance_of(setup, with_oracle); };
  info.relies_on = [with_oracle](const Setup& setup) { return model_of(setup, with_oracle); };
  info.replicate = [with_oracle](Value& deployment, Stream& stream) {
    replicate(deployment, stream, with_oracle);
  };
  return info;
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
