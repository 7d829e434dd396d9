// The protocols of the multicast family: see protocols.hpp.
#include "protocols/multicast/protocols.hpp"

#include <fmt/core.h>

#include "protocols/multicast/ft_skeen.hpp"
#include "protocols/multicast/global_order.hpp"
#include "protocols/multicast/setup.hpp"
#include "protocols/multicast/white_box.hpp"

namespace sibyl::multicast {

namespace {

/// Words of messages, timers and counters.
template <class... Messages>
Words words_with(std::vector<std::string> steps, std::vector<std::string> counters) {
  return {names_of<Messages...>(),
          std::move(steps),
          {},
          field_names_of<Messages..., Content>(),
          std::move(counters),
          {},
          literals_of<Messages..., Content>()};
}

/// As words_with(), of a protocol over the log.
template <class... Messages>
Words words_with_log(std::vector<std::string> steps, std::vector<std::string> counters) {
  for (const std::string& step : names_of<paxos::Timeout>()) steps.push_back(step);
  for (const char* counter : {"recovery", "takeover", "elected", "adopted", "gap_filled", "retold",
                              "repetition", "preempted", "chosen_twice"}) {
    counters.emplace_back(counter);
  }
  return words_with<Messages..., paxos::Request, paxos::Prepare, paxos::Promise, paxos::Accept,
                    paxos::Accepted, paxos::Reject, paxos::Commit, paxos::Settled, paxos::Ask,
                    paxos::Heartbeat>(std::move(steps), std::move(counters));
}

void require_above_0(Duration found, const char* option) {
  if (found.ns > 0) return;
  throw ConfigError(pointer_to(kOptionsPointer, option),
                    "found " + format_duration(found) + ", must be above 0");
}

template <class Options>
std::function<Make(const Setup&)> checked(const std::vector<Variant>& variants,
                                          std::function<Make(const Setup&)> read) {
  return [variants, read = std::move(read)](const Setup& setup) {
    const auto options = read_options<Options>(setup, variants);
    require_above_0(options.retry, "retry");
    if constexpr (requires { options.paxos_timeout; }) {
      require_above_0(options.paxos_timeout, "paxos_timeout");
    }
    return read(setup);
  };
}

struct NoOptions {};
BOOST_DESCRIBE_STRUCT(NoOptions, (), ())

}  // namespace

ProtocolInfo ideal_multicast() {
  MulticastProtocol p;
  p.name = "ideal-multicast";
  p.line = "atomic multicast by an ideal sequencer: any order that an atomic multicast allows";
  p.has_sequencer = true;
  p.has_clocks = false;
  p.bears = Bears::any;
  p.read =
      made_with<NoOptions>(p.variants, [](const SystemPtr& system, NodeId, std::uint64_t,
                                          const NoOptions&) { return Sequencer(system->groups); });
  p.sizes = {1, 1, 2, 3};
  p.words = words_with<sequencer::Submit, sequencer::Ordered>(names_of<sequencer::OrderNext>(), {});
  return multicast_protocol(std::move(p));
}

ProtocolInfo skeen_multicast() {
  MulticastProtocol p;
  p.name = "skeen";
  p.line = "Skeen's atomic multicast: timestamps of all addressed processes, the highest counts";
  p.variants = {
      {{"delivers-at-own-timestamp",
        "a process orders a message by its own proposal, not by the highest",
        {"prefix_order", "acyclic_order"}},
       {{"take_highest", false}}},
      {{"clock-ignores-final",
        "the clock does not follow final timestamps, so that what comes later gets lower ones",
        {"prefix_order"}},
       {{"clock_follows", false}}},
  };
  p.read = made_with<SkeenOptions>(
      p.variants,
      [](const SystemPtr& system, NodeId, std::uint64_t clock, const SkeenOptions& options) {
        return Skeen(system->groups, clock, options);
      });
  p.words = words_with<skeen::Start, skeen::Propose>({}, {});
  return multicast_protocol(std::move(p));
}

ProtocolInfo ft_skeen_multicast() {
  MulticastProtocol p;
  p.name = "ft-skeen";
  p.line =
      "Skeen's multicast among groups, each replicated by Multi-Paxos: two consensus a message";
  p.bears = Bears::minority_of_group;
  p.variants = {
      {{"timestamps-not-agreed",
        "a leader tells other groups its timestamp before its group has agreed on it",
        {"prefix_order"}},
       {{"agree_on_timestamps", false}}},
      {{"final-not-agreed",
        "each member makes a timestamp final when it has heard of all, without the log",
        {"prefix_order"}},
       {{"agree_on_final", false}}},
  };
  p.read = checked<FtSkeenOptions>(
      p.variants,
      made_with<FtSkeenOptions>(p.variants, [](const SystemPtr& system, NodeId self,
                                               std::uint64_t clock, const FtSkeenOptions& options) {
        return FtSkeen(system->groups, system->payloads, self, clock, options);
      }));
  p.sizes = {1, 3, 3, 3};
  p.words = words_with_log<Submit, ft_skeen::Propose>(names_of<ft_skeen::Retry>(), {"repeats"});
  return multicast_protocol(std::move(p));
}

ProtocolInfo white_box_multicast() {
  MulticastProtocol p;
  p.name = "white-box-multicast";
  p.line = "white-box atomic multicast (DSN 2019): Skeen's timestamps and Paxos's quorums in one";
  p.bears = Bears::minority_of_group;
  p.variants = {
      {{"quorum-too-small",
        "half of a group is a quorum, where more than half is needed",
        {"prefix_order"}},
       {{"majority", false}}},
      {{"keeps-no-clock-on-recovery",
        "a new leader does not take over the clock: it gives timestamps again",
        {"validity"}},
       {{"keep_clock", false}}},
      {{"delivers-before-commit",
        "a leader delivers when it knows the timestamps, before quorums have accepted them",
        {"prefix_order"}},
       {{"wait_for_acks", false}}},
      {{"ignores-lower-timestamps",
        "a leader delivers what is committed though something that is not has a lower timestamp",
        {"validity"}},
       {{"wait_for_lower", false}}},
      {{"forgets-accepted",
        "a new leader keeps what is committed only, not what was accepted",
        {"prefix_order"}},
       {{"adopt_accepted", false}}},
  };
  p.read = checked<WhiteBoxOptions>(
      p.variants, made_with<WhiteBoxOptions>(
                      p.variants, [](const SystemPtr& system, NodeId self, std::uint64_t clock,
                                     const WhiteBoxOptions& options) {
                        return WhiteBox(system->groups, self, clock, options);
                      }));
  p.sizes = {1, 3, 3, 3};
  p.words = words_with<Submit, white_box::Accept, white_box::AcceptAck, white_box::Deliver,
                       white_box::NewLeader, white_box::NewLeaderAck, white_box::NewState,
                       white_box::NewStateAck>(names_of<white_box::Retry>(),
                                               {"repeats", "takeover", "elected"});
  return multicast_protocol(std::move(p));
}

ProtocolInfo global_order_multicast() {
  MulticastProtocol p;
  p.name = "global-order-multicast";
  p.line = "one order of all messages by Multi-Paxos among all members, each delivers its part";
  p.promises_fifo = true;
  p.has_clocks = false;
  p.bears = Bears::minority;
  p.variants = {
      {{"no-holdback",
        "what comes before an earlier message of its sender is delivered at once",
        {"fifo_order"}},
       {{"hold_back", false}}},
  };
  p.read = checked<GlobalOrderOptions>(
      p.variants, made_with<GlobalOrderOptions>(
                      p.variants, [](const SystemPtr& system, NodeId self, std::uint64_t,
                                     const GlobalOrderOptions& options) {
                        return GlobalOrder(system->groups, system->payloads, self, options);
                      }));
  p.sizes = {1, 1, 2, 3};
  p.words = words_with_log<Submit>(names_of<global_order::Retry>(), {"repeats"});
  return multicast_protocol(std::move(p));
}

}  // namespace sibyl::multicast
