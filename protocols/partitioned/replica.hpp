// What every server has, partition or oracle: a queue of delivered commands that are executed one
// after the other, and what other groups have said about them. "Head", "start" and "end" are those
// of the papers: a command starts when it is at the head of the queue and ends when it is removed.
//
// A replica that is started again has lost its state. Where its multicast recovers it takes over
// that of a live replica of its group (recovery.hpp); none of the papers says how. Elsewhere it
// stays silent.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/multicast/reliable.hpp"
#include "protocols/partitioned/command.hpp"
#include "protocols/partitioned/options.hpp"
#include "protocols/partitioned/recovery.hpp"
#include "sim/context.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

/// Ports of the modules, in servers and clients.
inline constexpr std::uint8_t kMulticastPort = 1;
inline constexpr std::uint8_t kReliablePort = 2;

/// A delivered command in the queue.
struct Task {
  std::uint64_t id = 0;  ///< of the multicast message: the papers' C.id
  std::vector<multicast::GroupIndex> groups;
  Message command;
  bool started = false;
  std::uint64_t number = 0;  ///< which of the group's deliveries it is, from 1
};
BOOST_DESCRIBE_STRUCT(Task, (), (id, groups, command, started, number))

/// What other groups have said about a command; it may come before the command is delivered.
struct Arrived {
  std::set<std::string> heard;                              ///< groups that have started it
  std::map<std::string, std::optional<Content>> variables;  ///< by object
  std::set<std::string> validated;                          ///< objects
  Objects holdings;
  std::optional<Verdict> outcome;
  std::map<std::string, std::optional<Held>> transfers;  ///< by source
};
BOOST_DESCRIBE_STRUCT(Arrived, (), (heard, variables, validated, holdings, outcome, transfers))

/// "not found: x, y"
std::string not_found(const std::vector<std::string>& objects);

/// The numbers of the commands that have ended last. What is said about them comes too late; about
/// earlier ones, so late that to forget them costs no more than an entry of Replica::arrived.
class Ended {
 public:
  static constexpr std::size_t kMost = 16'384;
  void add(std::uint64_t command) {
    if (!known_.insert(command).second) return;
    in_order_.push_back(command);
    if (in_order_.size() <= kMost) return;
    known_.erase(in_order_.front());
    in_order_.pop_front();
  }
  bool has(std::uint64_t command) const { return known_.count(command) > 0; }
  std::size_t size() const { return known_.size(); }
  void hash_into(Hasher& h) const { hash_append(h, known_); }
  std::uint64_t wire_bytes() const { return sibyl::wire_bytes(known_); }

 private:
  std::set<std::uint64_t> known_;
  std::deque<std::uint64_t> in_order_;
};

class Replica : public Process {
 public:
  Replica(SystemPtr system, std::string group, multicast::AtomicMulticast amcast)
      : multicast(std::move(amcast)), system_(std::move(system)), group_(std::move(group)) {}

  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  /// Without relaying: every replica of the sending group sends the same, and a group has a live
  /// one.
  multicast::ReliableMulticast reliable{false};
  std::deque<Task> queue;
  std::map<std::uint64_t, Arrived> arrived;  ///< by command
  /// Ended commands of several groups: another replica of a group that has been heard may still
  /// speak, or a group that nobody waited for.
  Ended ended;
  std::uint64_t applied = 0;  ///< how many commands have ended
  bool silent = false;        ///< crashed, and does not recover
  std::deque<Telling>
      tellings;  ///< to other groups, the last kMostTold; empty where none can recover
  Recovery recovery;
  BOOST_DESCRIBE_CLASS(Replica, (),
                       (multicast, reliable, queue, arrived, ended, applied, silent, tellings,
                        recovery),
                       (), ())

  /// About how many bytes the state takes on the wire. O(size).
  virtual std::uint64_t state_bytes() const = 0;

 protected:
  /// Whether it takes over a state after a crash; all that it keeps by itself it must then make
  /// anew.
  virtual bool transfers() const { return false; }
  /// A state has just been taken over.
  virtual void taken_over(Context& /*context*/) {}
  /// Takes over all but what is a replica's own: multicasts, and what it knows of its recovery.
  virtual void adopt(const Replica& image) = 0;
  /// Whether a delivered command is to be queued; all replicas that deliver it say the same.
  virtual bool accepts(const Message& /*command*/) { return true; }
  /// Another group has said something, which may be none of the words of command.hpp.
  virtual void hear(Context& /*context*/, const Message& /*message*/) {}
  /// Something has happened while the command is at the head of the queue, or it has just begun.
  virtual void advance(Context& /*context*/, const Task& /*task*/) {}
  /// Upon a-deliver.
  virtual void enqueued(Context& /*context*/, const Task& /*task*/) {}
  /// The command is at the head of the queue.
  virtual void begin(Context& context, const Task& task) = 0;
  /// Whether it has heard all that it must wait for.
  virtual bool ready(const Task& task) const = 0;
  /// Takes the CPU time of executing it.
  virtual void work(Context& context, const Task& task) { context.work_on(task.command.type()); }
  /// A message that is no command, and from no replica.
  virtual void answered(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) {}
  /// Executes it and replies; returns its result for people.
  virtual std::string finish(Context& context, const Task& task) = 0;
  virtual std::uint64_t state_hash() const = 0;

  const System& system() const { return *system_; }
  /// The name of the group.
  const std::string& self() const { return group_; }
  /// What has been heard about a command so far.
  const Arrived& heard_of(const Task& task) const;

  /// r-mcast to all replicas of the groups; nothing when there are none.
  template <Described T>
  void tell(Context& context, const std::vector<std::string>& groups, T body) {
    if (groups.empty()) return;
    std::uint64_t command = 0;
    if constexpr (requires { body.command; }) command = body.command;
    Message message = Message::make(std::move(body));
    keep_told(command, groups, message);
    reliable.multicast(context.child(kReliablePort), system_->members(groups), std::move(message));
  }

 private:
  void deliver(Context& context, std::vector<multicast::Delivery> deliveries);
  void enqueue(Context& context, std::uint64_t number, multicast::Delivery delivery);
  void take(const Message& message);
  void take_told(Context& context, const Message& message);
  void progress(Context& context);
  void end(Context& context, const Task& task, std::string result);
  // recovery.cpp
  std::vector<NodeId> fellows(NodeId self) const;
  void ask_for_state(Context& context);
  void on_ask_state(Context& context, NodeId from, const AskState& ask);
  void on_give_state(Context& context, NodeId from, const GiveState& given);
  void on_state_due(Context& context);
  void keep_told(std::uint64_t command, const std::vector<std::string>& groups,
                 const Message& body);
  void ask_for_told(Context& context);
  std::optional<std::string> group_of(NodeId node) const;
  void on_ask_told(Context& context, NodeId from, const AskTold& ask);
  void on_tell_again(Context& context, NodeId from, const TellAgain& again);
  void look_after(Context& context);

  SystemPtr system_;
  std::string group_;
};

/// Gives a server its copying and hashing, as ProcessOf does.
template <class Self>
class ReplicaOf : public Replica {
 public:
  using Replica::Replica;
  Process* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
  std::uint64_t state_bytes() const override {
    std::uint64_t sum = 0;
    for_each_member(static_cast<const Self&>(*this), [&](std::string_view, const auto& member) {
      using Member = std::remove_cvref_t<decltype(member)>;
      if constexpr (!std::is_same_v<Member, multicast::AtomicMulticast> &&
                    !std::is_same_v<Member, Recovery>) {
        sum += wire_bytes(member);
      }
    });
    return sum;
  }

 protected:
  void adopt(const Replica& image) override {
    const multicast::AtomicMulticast own_multicast = multicast;
    const multicast::ReliableMulticast own_reliable = reliable;
    const Recovery own_recovery = recovery;
    static_cast<Self&>(*this) = static_cast<const Self&>(image);
    multicast = own_multicast;
    reliable = own_reliable;
    recovery = own_recovery;
  }
};

}  // namespace sibyl::partitioned
