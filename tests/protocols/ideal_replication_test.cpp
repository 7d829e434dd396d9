// The ideal functionality of the replicated state machine: what it ignores, and that it is safe
// whatever the adversary does.
#include "protocols/replication/ideal.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/random.hpp"
#include "tests/protocols/state_machine_tools.hpp"

namespace sibyl::ideal_replication_test {

using namespace sibyl::replication;
using namespace sibyl::state_machines;
using test::command;

IdealReplication with(const std::string& machine, std::uint32_t parties) {
  return {make_state_machine(machine), parties};
}

const Command kSet = command(1, "a", "set", 1);
const Command kDivide = command(2, "b", "divide", 2);
const Command kAdd = command(3, "c", "add", 1);

TEST_CASE("an input leaks, waits for the adversary, and is given to every party in turn") {
  IdealReplication f = with("counter", 2);
  CHECK(f.in(1, kSet) == Received{1, kSet});
  CHECK_FALSE(f.deliver(0));  // A6: nothing is processed, nothing is delivered, nothing is wrong
  CHECK(f.process(1));
  CHECK(f.unprocessed.empty());
  for (const std::uint32_t party : {0U, 1U}) {
    const auto y = f.deliver(party);
    REQUIRE(y);
    CHECK(y->input == kSet);
    CHECK(test::text_of(y->outputs) == "a 1 ok 1");
  }
}

TEST_CASE("the order of processing decides, not that of the inputs") {
  for (const auto& [order, result] :
       std::vector<std::pair<std::vector<std::uint64_t>, std::string>>{
           {{1, 2, 3}, "{\"\": \"3/2\"}"}, {{1, 3, 2}, "{\"\": 1}"}, {{2, 1, 3}, "{\"\": 2}"}}) {
    IdealReplication f = with("counter", 1);
    for (const Command& c : {kSet, kDivide, kAdd}) f.in(0, c);
    for (const std::uint64_t id : order) CHECK(f.process(id));
    CHECK(f.order() == order);
    CHECK(f.state.state().text() == result);
  }
}

TEST_CASE("A3: to process what was never input, or a second time, is ignored") {
  IdealReplication f = with("counter", 2);
  const std::uint64_t empty = hash_of(f);
  CHECK_FALSE(f.process(3));
  CHECK(hash_of(f) == empty);
  f.in(0, kAdd);
  CHECK(f.process(3));
  const std::uint64_t after = hash_of(f);
  CHECK_FALSE(f.process(3));
  CHECK(hash_of(f) == after);
  CHECK(f.state.state().text() == "{\"\": 1}");
  CHECK(f.output_queues[0].size() == 1);
}

TEST_CASE("A3: an input that comes at another party once it was processed is not processed again") {
  IdealReplication f = with("counter", 2);
  f.in(0, kAdd);
  f.in(1, kAdd);
  CHECK(f.unprocessed.size() == 1);
  CHECK(f.process(3));
  CHECK(f.in(1, kAdd) == Received{1, kAdd});
  CHECK_FALSE(f.process(3));
  CHECK(f.state.state().text() == "{\"\": 1}");
}

TEST_CASE("A4: equal commands of two clients are both applied") {
  IdealReplication f = with("counter", 1);
  f.in(0, command(1, "a", "add", 1));
  f.in(0, command(2, "b", "add", 1));
  CHECK(f.unprocessed.size() == 2);
  CHECK(f.process(1));
  CHECK(f.process(2));
  CHECK(f.state.state().text() == "{\"\": 2}");
}

TEST_CASE("A5: to deliver from an empty queue is ignored") {
  IdealReplication f = with("counter", 2);
  f.in(0, kAdd);
  f.process(3);
  CHECK(f.deliver(0));
  const std::uint64_t before = hash_of(f);
  CHECK_FALSE(f.deliver(0));
  CHECK(hash_of(f) == before);
  CHECK(f.deliver(1));
}

TEST_CASE("safe whatever the adversary does: each party is given a beginning of one run") {
  for (const StateMachineInfo& info : all_machines()) {
    Stream random(1, 0, 0);
    for (int run = 0; run < 20; ++run) {
      constexpr std::uint32_t kParties = 3;
      IdealReplication f = with(info.name, kParties);
      std::vector<std::vector<Delivered>> given(kParties);
      std::vector<Command> inputs;
      for (int step = 0; step < 150; ++step) {
        const auto party = static_cast<std::uint32_t>(random.below(kParties));
        switch (random.below(4)) {
          case 0: {
            Command c = command(inputs.size() + 1, std::string(1, "pq"[random.below(2)]),
                                info.commands[random.below(info.commands.size())],
                                static_cast<int>(random.below(3)));
            f.in(party, c);
            inputs.push_back(c);
            break;
          }
          case 1:
            f.process(random.below(inputs.size() + 2));
            break;
          case 2:
            if (!inputs.empty()) f.in(party, inputs[random.below(inputs.size())]);
            break;
          default:
            if (auto y = f.deliver(party)) given[party].push_back(*y);
        }
      }
      std::vector<Command> sigma;
      for (const std::uint64_t id : f.order()) sigma.push_back(inputs.at(id - 1));
      const auto outputs = sequential_run(make_state_machine(info.name), sigma);
      for (std::uint32_t party = 0; party < kParties; ++party) {
        REQUIRE(given[party].size() + f.output_queues[party].size() == sigma.size());
        for (std::size_t i = 0; i < given[party].size(); ++i) {
          REQUIRE(given[party][i].input == sigma[i]);
          REQUIRE(given[party][i].outputs == outputs[i]);
        }
      }
    }
  }
}

TEST_CASE("a copy of the functionality goes its own way") {
  IdealReplication f = with("counter", 1);
  f.in(0, kAdd);
  IdealReplication copy = f;
  CHECK(hash_of(copy) == hash_of(f));
  copy.process(3);
  CHECK(hash_of(copy) != hash_of(f));
  CHECK(f.state.state().text() == "{}");
  CHECK(f.process(3));
  CHECK(hash_of(copy) == hash_of(f));
}

}  // namespace sibyl::ideal_replication_test
