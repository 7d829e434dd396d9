// Random scenarios of the partitioned store with a rule that breaks linearizability; many of them
// show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/core.h>

namespace sibyl::test {

/// A number from 0 to most - 1, by the generator of tests.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t operator()(std::uint64_t most) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return (state_ >> 11U) % most;
  }

 private:
  std::uint64_t state_;
};

/// The text of scenario number `n`: 1 to 3 partitions, 2 to 4 clients, 4 to 9 operations on 3
/// objects, random delays, and one slow link.
inline std::string random_scenario(std::uint64_t n) {
  static const std::vector<std::string> kVariants{"create-answered-alone", "not-found-early-ack",
                                                  "printed-delete", "stale-copy",
                                                  "delete-answered-by-partition"};
  Dice dice(n + 1);
  const std::uint64_t partitions = 1 + dice(3);
  const std::uint64_t clients = 2 + dice(3);
  const auto partition = [&] { return fmt::format("P{}", dice(partitions)); };
  const auto object = [&] { return std::string(1, static_cast<char>('x' + dice(3))); };
  std::string nodes;
  for (std::uint64_t i = 0; i < partitions; ++i) {
    nodes += fmt::format(R"({}"P{}": {{"clock": {}}})", i == 0 ? "" : ", ", i, dice(12));
  }
  std::string operations;
  const std::uint64_t count = 4 + dice(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    // One draw a statement: the order of arguments is the compiler's.
    const std::uint64_t client = i < 2 ? i : dice(clients);
    const std::uint64_t at = dice(40);
    const std::string begin = fmt::format(R"({}{{"client": "c{}", "at": "{}ms", "label": "o{}", )",
                                          i == 0 ? "" : ", ", client, at, i);
    const std::string name = object();
    switch (dice(6)) {
      case 0:
        operations +=
            begin + fmt::format(R"("do": "create", "object": "{}", "to": "{}", "value": {}}})",
                                name, partition(), i + 10);
        break;
      case 1:
        operations += begin + fmt::format(R"("do": "delete", "object": "{}"}})", name);
        break;
      case 2:
        operations +=
            begin + fmt::format(R"("do": "write", "object": "{}", "value": {}}})", name, i + 20);
        break;
      case 3:
        operations +=
            begin + fmt::format(R"("do": "move", "object": "{}", "to": "{}"}})", name, partition());
        break;
      default:
        operations += begin + fmt::format(R"("do": "read", "object": "{}"}})", name);
    }
  }
  const std::string slow = partition();
  const bool to_oracle = dice(2) == 0;
  const std::string variant = kVariants[dice(kVariants.size())];
  const std::uint64_t clock = dice(12);
  const std::string x_at = partition();
  const std::string y_at = partition();
  const std::uint64_t delay = 20 + dice(40);
  return fmt::format(
      R"({{"format": "sibyl-scenario/1", "id": "random-{0}", "seed": {0},
          "protocol": {{"name": "ds-smr", "variants": ["{1}"]}},
          "deployment": {{"partitions": {{{2}}}, "oracle": {{"clock": {3}}},
                          "objects": {{"x": {{"value": 1, "at": "{4}"}},
                                      "y": {{"value": 2, "at": "{5}"}}}}}},
          "workload": {{"operations": [{6}],
                        "cache": {{"c0": {{"x": "{4}", "y": "{5}"}}, "c1": {{"x": "{4}"}}}}}},
          "network": {{"default": {{"delay": {{"uniform": ["1ms", "5ms"]}}}},
                       "links": [{{"from": "{7}", "to": "{8}", "delay": "{9}ms"}}]}},
          "limits": {{"deadline": "10s", "events": 4000}}}})",
      n, variant, nodes, clock, x_at, y_at, operations, to_oracle ? slow : "O",
      to_oracle ? "O" : slow, delay);
}

}  // namespace sibyl::test
