// What multicasts over a replicated log have in common: how a process that is a member owns the
// log, repeats itself, and recovers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/group_log.hpp"
#include "protocols/multicast/module.hpp"
#include "protocols/multicast/patience.hpp"
#include "protocols/multicast/payloads.hpp"
#include "protocols/multicast/submit.hpp"

namespace sibyl::multicast {

struct LogOptions : PatienceOptions {
  Duration paxos_timeout = milliseconds(10);  ///< the first one of the log; above 0
  /// How often what has been ordered is told again to members that do not answer; who recovers
  /// asks.
  std::uint32_t paxos_repetitions = 20;
};
BOOST_DESCRIBE_STRUCT(LogOptions, (PatienceOptions), (paxos_timeout, paxos_repetitions))

/// A member of a group, whose state is what the log makes of it; or, without a group, a sender
/// only. A member that recovers delivers from the beginning again.
class LogModule : public Module {
 public:
  LogModule() = default;

  const Groups& groups() const override { return *groups_; }
  bool recovers() const override { return true; }
  Deliveries recover(Context context) override;
  std::uint64_t next_id(NodeId self) const override { return submitter.next_id(self); }
  Deliveries receive(Context context, NodeId from, const Message& message) override;
  Deliveries timer(Context context, const Message& tag) override;

  Submitter submitter;
  GroupLog log;
  Patience patience;
  BOOST_DESCRIBE_CLASS(LogModule, (), (submitter, log, patience), (), ())

 protected:
  static constexpr std::uint8_t kLogPort = 1;

  LogModule(GroupsPtr groups, PayloadsPtr payloads, NodeId self);
  /// Before the first step, of a member. `replicas` of the log: neighbours (asserted).
  void own_log(const std::vector<NodeId>& replicas, const LogOptions& options);

  /// A message that is not the log's. What it brings into the log's order is appended to `ordered`.
  virtual void heard(Context& context, NodeId from, const Message& message,
                     GroupLog::Ordered& ordered) = 0;
  /// Nothing has moved for long.
  virtual void repeat(Context& context, GroupLog::Ordered& ordered) = 0;
  /// The end of every step: applies what has been ordered, and sees to the timer.
  virtual Deliveries settle(Context& context, GroupLog::Ordered ordered) = 0;
  virtual bool outstanding() const { return !log.idle(); }

  bool is_member() const { return own_.has_value(); }
  GroupIndex own() const { return *own_; }
  const Payloads& payloads() const { return *payloads_; }
  const LogOptions& log_options() const { return options_; }

 private:
  GroupsPtr groups_;
  PayloadsPtr payloads_;
  std::optional<GroupIndex> own_;
  LogOptions options_;
};

/// Gives such a module its copying and hashing, as ModuleOf does.
template <class Self>
class LogModuleOf : public LogModule {
 public:
  using LogModule::LogModule;
  Module* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

}  // namespace sibyl::multicast
