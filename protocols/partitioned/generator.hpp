// Workloads that are made as they are called: which commands, about which keys, and when. Nothing
// is kept of a command that has returned.
//
// What a client does next is asked of the run's Choices (Decision::workload), whose streams are
// keyed by seed and node: what one client calls is the same whoever else there is.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/application.hpp"
#include "sim/context.hpp"
#include "sim/decode.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl::partitioned {

/// At which partition an initial object is.
enum class Placing : std::uint8_t {
  group,        ///< objects that belong together at one partition, groups in turn
  round_robin,  ///< one after the other, in the order in which the application makes them
  hash,         ///< by name
  random,       ///< drawn, each from the seed and its name
};
BOOST_DESCRIBE_ENUM(Placing, group, round_robin, hash, random)

struct PlacementSpec {
  Placing placement = Placing::group;
  std::uint32_t seed = 1;  ///< of `random`; not the run's
  std::size_t partition_of(std::string_view object, std::uint64_t number, std::uint64_t group,
                           std::size_t partitions) const;
};
BOOST_DESCRIBE_STRUCT(PlacementSpec, (), (placement, seed))

/// The distribution of keys: "uniform", or {"zipf": 0.95}.
struct KeysSpec {
  fixed::Q32 exponent = {};  ///< of Zipf; 0: uniform
  static void decode_from(const Value& v, const std::string& pointer, KeysSpec& out);
};

inline constexpr std::uint64_t kMostGenerated = 999'999'999;  ///< operations of one client
inline constexpr std::uint32_t kMostClients = 10'000;
inline constexpr std::uint32_t kMostOutstanding = 1000;
inline constexpr std::uint32_t kMostCallsASecond = 1'000'000;

/// What a scenario says at "/workload/generate".
struct GeneratorSpec {
  std::uint32_t clients = 0;          ///< "c1", "c2", …; absent (0): those of the deployment
  std::uint32_t outstanding = 1;      ///< closed loop: calls under way at a time, of each client
  Duration think = {};                ///< closed loop: from a return to the next call
  std::optional<std::uint32_t> rate;  ///< open loop: calls a second of each client, in the mean
  std::optional<std::uint64_t> operations;   ///< of each client
  std::optional<Duration> duration;          ///< no calls from then on, on the client's clock
  std::map<std::string, std::uint64_t> mix;  ///< kind: weight; empty: the application's own
  KeysSpec keys;
  static constexpr std::array kBounds{
      Bound{"clients", 1, kMostClients}, Bound{"outstanding", 1, kMostOutstanding},
      Bound{"rate", 1, kMostCallsASecond}, Bound{"operations", 0, kMostGenerated}};
};
BOOST_DESCRIBE_STRUCT(GeneratorSpec, (),
                      (clients, outstanding, think, rate, operations, duration, mix, keys))

/// Makes the commands of a workload. Immutable; shared by all clients.
class Generator {
 public:
  /// Checks the spec. Throws ConfigError at `pointer`.
  Generator(GeneratorSpec spec, ApplicationPtr application, const std::string& pointer);

  const GeneratorSpec& spec() const { return spec_; }
  /// The `number`-th operation of a client, from 1. `memory` is what the client's generator keeps.
  struct Made {
    std::string kind;
    Generated command;
  };
  Made make(Draws& draws, std::string_view stamp, Value& memory) const;
  /// Between two calls of the open loop.
  Duration pause(Draws& draws) const;
  /// Whether a client that has made so many calls makes another one now.
  bool goes_on(std::uint64_t made, Time now) const;

 private:
  GeneratorSpec spec_;
  ApplicationPtr application_;
  std::vector<Share> mix_;
  std::uint64_t weights_ = 0;
  Distribution keys_;
  Distribution pauses_;
};

/// Draws by asking the run's Choices.
class ContextDraws final : public Draws {
 public:
  explicit ContextDraws(Context& context) : context_(context) {}
  /// A number, not a choice: an exhaustive search is of one workload, not of all that there are.
  std::uint64_t below(std::uint64_t n) override {
    if (n <= 1) return 0;
    const auto last = static_cast<std::int64_t>(n - 1);
    return static_cast<std::uint64_t>(sample(Distribution::uniform(0, last)));
  }
  std::int64_t sample(const Distribution& d) override {
    return context_.draw(Decision::workload, d);
  }

 private:
  Context& context_;
};

}  // namespace sibyl::partitioned
