// Atomic multicast by an ideal sequencer: one process orders all messages, and which of those it
// holds goes next is a choice of the run, so that a search can take every order that an atomic
// multicast allows.
//
// A reference, not a protocol for use: the sequencer never crashes by assumption, and it is not
// genuine (it takes a step for every message; see R. Guerraoui, A. Schiper, TCS 254, 2001).
// Guarantees, when the sequencer does not crash and links lose nothing: validity, uniform
// agreement, uniform integrity (also when links duplicate), uniform prefix order, uniform acyclic
// order: each process delivers the projection of one total order on what is addressed to it. Does
// not guarantee: FIFO or causal order. A process that recovers with its state lost numbers its
// messages from 1 again, and the sequencer takes them for duplicates; as a member it waits for its
// first message again, and delivers nothing more.
//
// Cost for d addressed processes: 2 message delays, 1 + d messages.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/module.hpp"
#include "protocols/multicast/types.hpp"
#include "sim/context.hpp"
#include "sim/message.hpp"
#include "sim/process.hpp"

namespace sibyl::sequencer {

/// Sender to sequencer.
struct Submit {
  std::uint64_t id = 0;
  std::vector<multicast::GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Submit, (), (id, groups, payload))

/// Sequencer to each addressed process.
struct Ordered {
  std::uint64_t number = 0;  ///< of the messages to this receiver, dense from 1
  std::uint64_t id = 0;
  std::vector<multicast::GroupIndex> groups;
  Message payload;
};
BOOST_DESCRIBE_STRUCT(Ordered, (), (number, id, groups, payload))

/// The sequencer's timer: hand out one message.
struct OrderNext {};
BOOST_DESCRIBE_STRUCT(OrderNext, (), ())

}  // namespace sibyl::sequencer

namespace sibyl::multicast {

/// The part at members and senders.
class Sequencer : public ModuleOf<Sequencer> {
 public:
  Sequencer() = default;
  /// `groups->sequencer` must be the node that runs SequencerNode.
  explicit Sequencer(GroupsPtr groups) : groups_(std::move(groups)) {}

  const Groups& groups() const override { return *groups_; }
  std::uint64_t next_id(NodeId self) const override { return make_id(self, sequence + 1); }
  std::uint64_t multicast(Context context, std::vector<GroupIndex> groups,
                          Message payload) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sequence = 0;                ///< of the last message multicast
  std::uint64_t delivered = 0;               ///< the number of the last message delivered
  std::map<std::uint64_t, Message> waiting;  ///< Ordered messages above a gap, by number
  BOOST_DESCRIBE_CLASS(Sequencer, (), (sequence, delivered, waiting), (), ())

 private:
  GroupsPtr groups_;
};

/// The process that orders; role "sequencer". It asks Decision::order for one of the submitted
/// messages (numbered from 0 in the order of their ids) whenever it holds several, and hands them
/// out one a step.
class SequencerNode : public ProcessOf<SequencerNode> {
 public:
  explicit SequencerNode(GroupsPtr groups) : groups_(std::move(groups)) {}

  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  /// By id, so that the state depends on what is submitted and not on the order of its arrival.
  std::map<std::uint64_t, Message> submitted;
  std::map<NodeId, Window> seen;               ///< by sender: the sequences that have come
  std::map<NodeId, std::uint64_t> handed_out;  ///< how many messages to each process
  BOOST_DESCRIBE_CLASS(SequencerNode, (), (submitted, seen, handed_out), (), ())

 private:
  GroupsPtr groups_;
};

}  // namespace sibyl::multicast
