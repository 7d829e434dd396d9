// Validity, integrity and the two forms of agreement of atomic (and reliable) multicast.
// Source: Défago, Schiper, Urbán, Total order broadcast and multicast algorithms, ACM CSUR 36(4),
// 2004.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// A message that some correct processes of its groups have not delivered.
struct Missing {
  std::int64_t message = 0;
  EventId cause = 0;  ///< what obliges them: a multicast or a delivery
  NodeId by;          ///< where that happened
  std::vector<NodeId> processes;
};

std::vector<NodeId> missing_at(const Multicasts& all, std::int64_t message,
                               const std::map<std::int64_t, std::set<NodeId>>& delivered_by) {
  std::vector<NodeId> missing;
  const auto done = delivered_by.find(message);
  for (const std::string& group : all.groups_of(message)) {
    const auto members = all.members.find(group);
    if (members == all.members.end()) continue;
    for (const NodeId process : members->second) {
      if (!all.is_correct(process)) continue;
      if (done == delivered_by.end() || done->second.count(process) == 0) {
        missing.push_back(process);
      }
    }
  }
  return missing;
}

bool has_correct_addressee(const Multicasts& all, std::int64_t message) {
  for (const std::string& group : all.groups_of(message)) {
    const auto members = all.members.find(group);
    if (members == all.members.end()) continue;
    for (const NodeId process : members->second) {
      if (all.is_correct(process)) return true;
    }
  }
  return false;
}

/// Whether a process that is not faulty multicast the message.
bool multicast_by_correct(const Multicasts& all, std::int64_t message) {
  const auto sent = all.sent.find(message);
  if (sent == all.sent.end()) return false;
  const auto& senders = sent->second.senders;
  return std::any_of(senders.begin(), senders.end(),
                     [&](NodeId sender) { return all.faulty.count(sender) == 0; });
}

std::map<std::int64_t, std::set<NodeId>> delivered_by(const Multicasts& all) {
  std::map<std::int64_t, std::set<NodeId>> result;
  for (const Delivery& d : all.deliveries) result[d.message].insert(d.process);
  return result;
}

Finding judge_missing(const Trace& trace, const std::vector<Missing>& missing,
                      const std::string& what) {
  const Missing& first = missing.front();
  Value witness;
  witness.set("message", first.message);
  return analysis::judge_missing(trace, what, first.processes, first.cause, missing.size(),
                                 "message", std::move(witness));
}

Finding check_agreement_of(const Trace& trace, bool uniform) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No message was delivered.");
  const auto delivered = delivered_by(all);
  std::vector<Missing> missing;
  std::set<std::int64_t> judged;
  for (const Delivery& d : all.deliveries) {
    if (!uniform && all.crashed.count(d.process) > 0) continue;
    if (!judged.insert(d.message).second) continue;
    std::vector<NodeId> processes = missing_at(all, d.message, delivered);
    if (!processes.empty()) missing.push_back({d.message, d.event, d.process, processes});
  }
  if (!missing.empty()) {
    const Missing& first = missing.front();
    const bool crashed = all.crashed.count(first.by) > 0;
    return judge_missing(
        trace, missing,
        fmt::format("Message {}, delivered by {}{}", first.message, node_name(trace, first.by),
                    crashed ? " (which crashed later)" : ""));
  }
  if (judged.empty()) return vacuous("No correct process delivered a message.");
  return holds(fmt::format("{} {} delivered by all correct processes of {} groups.",
                           counted(judged.size(), "message"), judged.size() == 1 ? "was" : "were",
                           judged.size() == 1 ? "its" : "their"));
}

}  // namespace

Finding check_multicast_validity(const Trace& trace) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.sent.empty()) return vacuous("No message was multicast.");
  const auto delivered = delivered_by(all);
  std::vector<Missing> missing;
  std::size_t judged = 0;
  for (const auto& [message, sent] : all.sent) {
    const NodeId* sender = nullptr;
    for (const NodeId& each : sent.senders) {
      if (sender == nullptr && all.is_correct(each)) sender = &each;
    }
    if (sender == nullptr || !has_correct_addressee(all, message)) continue;
    ++judged;
    std::vector<NodeId> processes = missing_at(all, message, delivered);
    if (!processes.empty()) missing.push_back({message, sent.event, *sender, processes});
  }
  if (!missing.empty()) {
    return judge_missing(trace, missing,
                         fmt::format("Message {}, multicast by {}", missing.front().message,
                                     node_name(trace, missing.front().by)));
  }
  if (judged == 0) return vacuous("No correct process multicast a message to a correct one.");
  return holds(fmt::format("{} of correct processes {} delivered wherever {} addressed.",
                           counted(judged, "message"), judged == 1 ? "was" : "were",
                           judged == 1 ? "it was" : "they were"));
}

Finding check_multicast_integrity(const Trace& trace) {
  const Multicasts all = read_multicasts(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.deliveries.empty()) return vacuous("No message was delivered.");
  std::map<std::pair<ProcessLife, std::int64_t>, EventId> first;
  for (const Delivery& d : all.deliveries) {
    const std::string who =
        fmt::format("{} delivered message {}", node_name(trace, d.process), d.message);
    Value witness;
    witness.set("message", d.message).set("process", node_name(trace, d.process));
    witness.set("event", number(d.event));
    const auto [earlier, is_first] = first.emplace(std::pair(d.by(), d.message), d.event);
    if (!is_first) {
      witness.set("reason", "delivered twice").set("first", number(earlier->second));
      return violated(trace, who + " twice.", {earlier->second, d.event}, std::move(witness));
    }
    const auto sent = all.sent.find(d.message);
    const bool may_be_forged = !all.faulty.empty() && !multicast_by_correct(all, d.message);
    if (may_be_forged) continue;
    if (sent == all.sent.end()) {
      witness.set("reason", "never multicast");
      return violated(trace, who + ", which nobody had multicast.", {d.event}, std::move(witness));
    }
    if (sent->second.event > d.event) {
      witness.set("reason", "delivered before its multicast");
      return violated(trace, who + " before it was multicast.", {d.event, sent->second.event},
                      std::move(witness));
    }
    const std::string own(group_of(trace, d.process));
    const std::string& wrong = !own.empty() && sent->second.groups.count(own) == 0 ? own : d.group;
    if (sent->second.groups.count(wrong) == 0) {
      const std::vector<std::string> groups(sent->second.groups.begin(), sent->second.groups.end());
      witness.set("reason", "not addressed").set("group", wrong);
      return violated(trace,
                      fmt::format("{} in group {}, but it is addressed to {}.", who, wrong,
                                  groups.empty() ? "no group" : listed(groups)),
                      {sent->second.event, d.event}, std::move(witness));
    }
  }
  return holds(fmt::format(
      "{}, each the first of its message at its process and in an addressed group.",
      all.deliveries.size() == 1 ? std::string("1 delivery")
                                 : fmt::format("{} deliveries", all.deliveries.size())));
}

Finding check_multicast_agreement(const Trace& trace) { return check_agreement_of(trace, false); }

Finding check_multicast_uniform_agreement(const Trace& trace) {
  return check_agreement_of(trace, true);
}

}  // namespace sibyl::analysis
