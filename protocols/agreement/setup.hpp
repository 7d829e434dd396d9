// From a scenario's settings to parties that agree: deployment, workload and options that all
// agreements share. A protocol gives its name, its variants and a function that makes its module.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "protocols/variants.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::agreement {

using broadcast::FaultsBorne;

/// "/deployment".
struct Deployment {
  std::uint32_t parties = 0;            ///< n: 1 to broadcast::kMostParties; called P0, P1, …
  std::optional<std::uint32_t> faulty;  ///< t, below n; absent: the most that the protocol bears
  static constexpr std::array kRequired{std::string_view("parties")};
};
BOOST_DESCRIBE_STRUCT(Deployment, (), (parties, faulty))

/// What a party is told to propose.
struct Input {
  Value value;          ///< null, of a protocol of bits: one that the run's Choices draw
  Time at;              ///< on its hardware clock
  bool absent = false;  ///< it proposes nothing
};

/// What all parties of a run know. Never changes.
struct System {
  PartiesPtr parties;
  std::vector<std::string> names;
  std::vector<Input> inputs;  ///< one a party
};
using SystemPtr = std::shared_ptr<const System>;

using Make = std::function<AgreementPtr(const SystemPtr&, NodeId self)>;

/// AgreementProtocol::read from a function make(system, self, options).
template <class Options, class MakeWith>
std::function<Make(const Setup&)> made_with(std::vector<Variant> variants, MakeWith make) {
  return [variants = std::move(variants), make](const Setup& setup) -> Make {
    const Options options = read_options<Options>(setup, variants);
    return [options, make](const SystemPtr& system, NodeId self) {
      return make(system, self, options);
    };
  };
}

/// What a protocol of the family says of itself.
struct AgreementProtocol {
  std::string name;
  std::string line;  ///< one sentence for `sibyl list protocols`
  std::vector<Variant> variants = {};
  std::vector<std::string> properties;  ///< promised; all others of the family may be asked for
  bool bits = true;                     ///< inputs are 0 and 1
  std::uint64_t (*least_in_subset)(const Parties&) = nullptr;  ///< as note::Propose::least
  /// How many of n parties may be faulty, and in which way.
  std::uint32_t (*most_faulty)(std::uint32_t n) = [](std::uint32_t) { return 0U; };
  FaultsBorne faults = FaultsBorne::byzantine;
  /// Parties with the same input can be exchanged: no step depends on a party's number (see
  /// ProtocolInfo::symmetric).
  bool alike = false;
  /// Reads the options. Throws ConfigError. See made_with().
  std::function<Make(const Setup&)> read;
  std::vector<std::uint32_t> sizes = {4, 4, 4, 5, 7};  ///< that a search draws
  std::int64_t drawn_steps = kStepsOfADrawnRun;        ///< see ProtocolInfo
  Words words;                                         ///< of its messages and timers
};

/// The properties that runs of this family can be judged by.
const std::vector<std::string>& family_properties();

/// Reads "/deployment" and "/workload". Throws ConfigError.
SystemPtr read_system(const Setup& setup, const AgreementProtocol& protocol);

ProtocolInfo agreement_protocol(AgreementProtocol protocol);

}  // namespace sibyl::agreement
