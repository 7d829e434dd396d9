// Multicasts over a replicated log: see log_module.hpp.
#include "protocols/multicast/log_module.hpp"

#include <utility>

namespace sibyl::multicast {

LogModule::LogModule(GroupsPtr groups, PayloadsPtr payloads, NodeId self)
    : groups_(std::move(groups)),
      payloads_(std::move(payloads)),
      own_(group_of_node(*groups_, self)) {}

void LogModule::own_log(const std::vector<NodeId>& replicas, const LogOptions& options) {
  options_ = options;
  broadcast::PaxosOptions paxos;
  paxos.timeout = options.paxos_timeout;
  paxos.repetitions = options.paxos_repetitions;
  if (options.tries == 0) paxos.tries = 0;
  log = GroupLog(parties_of(replicas), paxos);
}

Deliveries LogModule::recover(Context context) {
  submitter.load(context);
  if (!is_member()) return {};
  GroupLog::Ordered ordered;
  log.recover(context.child(kLogPort), ordered);
  return settle(context, std::move(ordered));
}

Deliveries LogModule::receive(Context context, NodeId from, const Message& message) {
  if (!is_member()) return {};
  GroupLog::Ordered ordered;
  if (auto down = context.route_to(kLogPort, message)) {
    log.receive(*down, from, message, ordered);
  } else {
    heard(context, from, message, ordered);
  }
  return settle(context, std::move(ordered));
}

Deliveries LogModule::timer(Context context, const Message& tag) {
  if (!is_member()) return {};
  GroupLog::Ordered ordered;
  if (auto down = context.route_to(kLogPort, tag)) {
    log.timer(*down, tag, ordered);
    return settle(context, std::move(ordered));
  }
  patience.fired();
  repeat(context, ordered);
  Deliveries deliveries = settle(context, std::move(ordered));
  patience.give_up(context, outstanding(), options_);
  return deliveries;
}

}  // namespace sibyl::multicast
