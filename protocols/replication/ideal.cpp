// F_RSM: IO, PROCESS, DELIVER.
#include "protocols/replication/ideal.hpp"

#include <cassert>
#include <utility>

namespace sibyl::replication {

using state_machines::Command;
using state_machines::StateMachinePtr;

IdealReplication::IdealReplication(StateMachinePtr machine, std::uint32_t parties)
    : state(std::move(machine)), output_queues(parties) {
  assert(state);
}

Received IdealReplication::in(std::uint32_t party, const Command& x) {
  assert(party < parties());
  // A set of inputs, but for those processed: else one that a client sends to several parties could
  // be processed twice.
  if (done.count(x.id) == 0) unprocessed.emplace(x.id, x);
  return {party, x};
}

bool IdealReplication::process(std::uint64_t id) {
  const auto found = unprocessed.find(id);
  if (found == unprocessed.end()) return false;
  Delivered y{std::move(found->second), {}};
  unprocessed.erase(found);
  y.outputs = state.apply(y.input);
  for (auto& queue : output_queues) queue.push_back(y);
  processed.push_back(id);
  done.insert(id);
  return true;
}

std::optional<Delivered> IdealReplication::deliver(std::uint32_t party) {
  assert(party < parties());
  auto& queue = output_queues[party];
  if (queue.empty()) return std::nullopt;
  Delivered y = std::move(queue.front());
  queue.pop_front();
  return y;
}

}  // namespace sibyl::replication
