// What the checkers have been shown on the way to a state, as far as a verdict depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/hash.hpp"
#include "sim/observer.hpp"
#include "sim/step_table.hpp"

namespace sibyl {

/// The notes of each node in their order, which operations had returned when another was called or
/// a node crashed, what had been called, executed and returned when a client tried again, what had
/// been broadcast when it was delivered, who had proposed what in an agreement when somebody
/// decided in it, the order in which objects were owned and given away, and which messages were
/// lost, however often. A value; two runs with equal ones get equal verdicts.
class Shown {
 public:
  explicit Shown(std::size_t nodes) : nodes_(nodes) {}
  void add(const Observed& step);
  /// With the nodes numbered otherwise, by the `number`-th of the table's renamings.
  void add(const Observed& step, const Renaming& renaming, std::size_t number);
  void hash_into(Hasher& h) const;
  /// With what it holds, and the allocator's own words. O(1).
  std::size_t memory_bytes() const {
    constexpr std::size_t kAllocated = 16;
    return sizeof(Shown) + 4 * kAllocated +
           (nodes_.size() + lost_.capacity() + multicast_.capacity() + 2 * proposed_.capacity()) *
               sizeof(std::uint64_t);
  }

 private:
  std::vector<std::uint64_t> nodes_;  ///< the last: of no node
  std::uint64_t returned_ = 0;
  std::uint64_t owned_ = 0;
  std::uint64_t done_ = 0;  ///< a sum over calls, executions and returns, with where they were
  std::vector<std::uint64_t> lost_;       ///< sorted
  std::vector<std::uint64_t> multicast_;  ///< the numbers of messages, sorted
  /// By agreement, sorted: a sum over its proposals so far, with who made them.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> proposed_;
};

/// Shows a run's steps to a Shown, and keeps the probes that are hit.
class ShownRecorder final : public Observer {
 public:
  explicit ShownRecorder(Shown& shown) : shown_(shown) {}
  void on_step(const Step& step) override;
  std::vector<std::string> hits;

 private:
  Shown& shown_;
};

/// Different Showns, numbered from 0, which is the empty one.
class ShownTable {
 public:
  ShownTable(std::size_t nodes, const StepTable& steps) : steps_(steps) {
    intern(Shown(nodes), std::vector<Shown>(steps.renamings().size(), Shown(nodes)));
  }
  /// What `shown` becomes by an observation. O(log n) the first time.
  std::uint32_t next(std::uint32_t shown, StepTable::ObservationId observation);
  std::uint64_t hash(std::uint32_t id) const { return hashes_[id]; }
  std::size_t size() const { return all_.size(); }
  /// O(1).
  std::size_t memory_bytes() const {
    constexpr std::size_t kMapNode = 64;
    return held_bytes_ + (ids_.size() + next_.size()) * kMapNode +
           (hashes_.capacity() + renamed_hashes_.capacity()) * sizeof(std::uint64_t) +
           (all_.capacity() - all_.size()) * sizeof(Shown);
  }
  /// With the nodes numbered otherwise.
  std::uint64_t hash(std::uint32_t id, std::size_t renaming) const {
    return renamed_hashes_[id * steps_.renamings().size() + renaming];
  }

 private:
  std::uint32_t intern(Shown shown, std::vector<Shown> renamed);
  const StepTable& steps_;
  std::vector<Shown> all_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::vector<Shown>> renamed_;  ///< by number, then renaming
  std::vector<std::uint64_t> renamed_hashes_;
  std::map<std::uint64_t, std::uint32_t> ids_;  ///< by hash
  std::map<std::uint64_t, std::uint32_t> next_;
  std::size_t held_bytes_ = 0;  ///< of all_ and renamed_
};

}  // namespace sibyl
