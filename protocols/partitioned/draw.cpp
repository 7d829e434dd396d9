// Draws small deployments and workloads of the partitioned store. What is drawn is what a protocol
// may be asked for, right or wrong: reads of what is absent and creates of what is there, too.
#include "protocols/partitioned/draw.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "protocols/partitioned/options.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioned {

namespace {

constexpr std::array kObjects{"x", "y", "z"};
constexpr std::array kClients{"c1", "c2", "c3"};
constexpr std::array kPartitions{"P1", "P2", "P3"};

enum class Kind : std::uint8_t { read, write, access, create, erase, move };

/// What the protocol and its options let a scenario say.
struct Allowed {
  std::vector<Kind> kinds;  ///< as often as their weight
  bool dynamic = false;     ///< objects move, a create may say where, there is an oracle
  bool cache = false;
  bool views = false;  ///< local oracles may be wrong
};

class Drawing {
 public:
  Drawing(Allowed allowed, Stream& stream, unsigned size)
      : allowed_(std::move(allowed)), stream_(stream), size_(size) {
    assert(size >= kSmallestDrawing && size <= kLargestDrawing);
    partitions_ = 1 + below(kPartitions.size());
    objects_ = 1 + below(kObjects.size());
    clients_ = 1 + below(kClients.size());
  }

  Drawn draw() {
    Drawn out;
    deploy(out.deployment);
    const std::size_t operations = 2 + below(size_ - 1);
    for (std::size_t i = 0; i < operations; ++i) operate();
    out.workload.set("operations", Value(std::move(operations_)));
    if (allowed_.cache) fill_caches(out.workload);
    if (allowed_.views) mislead(out.deployment);
    return out;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(stream_.below(n)); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  const char* partition() { return kPartitions[below(partitions_)]; }
  const char* object() { return kObjects[below(objects_)]; }

  /// Replicas only where the rest is no longer smallest: they make every command longer. A clock
  /// that is ahead decides orders, as whatever happened before would.
  Value group() {
    Value group{Value::Object{}};
    if (size_ > kSmallestDrawing + 1 && one_in(8)) group.set("replicas", Value(2));
    if (one_in(4)) group.set("clock", Value(10));
    return group;
  }

  void deploy(Value& deployment) {
    Value::Object partitions;
    for (std::size_t i = 0; i < partitions_; ++i) partitions.emplace_back(kPartitions[i], group());
    deployment.set("partitions", Value(std::move(partitions)));
    if (allowed_.dynamic) {
      Value oracle = group();
      if (!oracle.as_object()->empty()) deployment.set("oracle", std::move(oracle));
    }
    Value::Object objects;
    for (std::size_t i = 0; i < objects_; ++i) {
      if (one_in(4)) continue;
      here_.emplace_back(kObjects[i], partition());
      objects.emplace_back(kObjects[i],
                           Value::Object{{"value", static_cast<std::int64_t>(10 * (i + 1))},
                                         {"at", here_.back().second}});
    }
    if (!objects.empty()) deployment.set("objects", Value(std::move(objects)));
    if (one_in(4)) deployment.set("multicast", Value("sequencer"));
  }

  /// The values that are written differ, so that a read tells what it has seen.
  Value fresh() { return Value(++written_); }

  void operate() {
    const std::string client = kClients[below(clients_)];
    if (std::find(active_.begin(), active_.end(), client) == active_.end()) {
      active_.push_back(client);
    }
    Value operation{Value::Object{{"client", client}}};
    if (one_in(2)) {
      operation.set("at", Value(std::to_string(5 * (1 + below(4))) + "ms"));
    }
    switch (allowed_.kinds[below(allowed_.kinds.size())]) {
      case Kind::read:
        say(operation, "read");
        break;
      case Kind::write:
        say(operation, one_in(4) ? "add" : "write");
        operation.set("value", fresh());
        break;
      case Kind::access:
        operation.set("do", Value("access"));
        operation.set("steps", steps());
        break;
      case Kind::create:
        say(operation, "create");
        operation.set("value", fresh());
        if (allowed_.dynamic && one_in(2)) operation.set("to", Value(partition()));
        break;
      case Kind::erase:
        say(operation, "delete");
        break;
      case Kind::move:
        say(operation, "move");
        operation.set("to", Value(partition()));
        break;
    }
    operations_.push_back(std::move(operation));
  }

  void say(Value& operation, const char* what) {
    operation.set("do", Value(what));
    operation.set("object", Value(object()));
  }

  /// Over different objects: all are read, all are written, or some of each.
  Value steps() {
    std::vector<std::string> objects(kObjects.begin(), kObjects.begin() + objects_);
    const std::size_t count = std::min<std::size_t>(objects.size(), 2 + below(2));
    const std::size_t how = below(3);
    Value::List steps;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t chosen = below(objects.size());
      const std::string name = objects[chosen];
      objects.erase(objects.begin() + static_cast<std::ptrdiff_t>(chosen));
      if (how == 0 || (how == 2 && one_in(2))) {
        steps.emplace_back(Value::List{"read", name});
      } else {
        steps.emplace_back(Value::List{one_in(4) ? "add" : "write", name, fresh()});
      }
    }
    return Value(std::move(steps));
  }

  /// Mostly the truth: what is told of a client that has asked before. Seldom anything.
  void fill_caches(Value& workload) {
    Value::Object caches;
    for (const std::string& client : active_) {
      Value::Object cache;
      for (const auto& [name, at] : here_) {
        if (!one_in(3)) continue;
        cache.emplace_back(name, one_in(8) ? partition() : at);
      }
      if (!cache.empty()) caches.emplace_back(client, Value(std::move(cache)));
    }
    if (!caches.empty()) workload.set("cache", Value(std::move(caches)));
  }

  /// One client and one partition take that partition for the home of an object.
  void mislead(Value& deployment) {
    if (here_.empty() || active_.empty()) return;
    const auto& wrong = here_[below(here_.size())];
    const std::string home = partition();
    const Value view{Value::Object{{wrong.first, home}}};
    if (home == wrong.second) return;
    deployment.set("oracle_views",
                   Value::Object{{active_[below(active_.size())], view}, {home, view}});
  }

  const Allowed allowed_;
  Stream& stream_;
  const unsigned size_;
  std::size_t partitions_ = 1;
  std::size_t objects_ = 1;
  std::size_t clients_ = 1;
  std::vector<std::pair<std::string, std::string>> here_;  ///< from the start: object, partition
  std::vector<std::string> active_;                        ///< clients with an operation
  Value::List operations_;
  std::int64_t written_ = 0;
};

std::vector<Kind> weighted(const std::vector<std::pair<Kind, std::size_t>>& weights) {
  std::vector<Kind> kinds;
  for (const auto& [kind, weight] : weights) kinds.insert(kinds.end(), weight, kind);
  return kinds;
}

}  // namespace

Drawn draw_ssmr(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = weighted(
      {{Kind::read, 5}, {Kind::write, 3}, {Kind::access, 5}, {Kind::create, 1}, {Kind::erase, 1}});
  // Copies are there for local oracles that differ; without copies a wrong one blocks for good.
  allowed.views = ssmr_options(setup).copies;
  return Drawing(std::move(allowed), stream, size).draw();
}

Drawn draw_dssmr(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = weighted({{Kind::read, 6},
                            {Kind::write, 3},
                            {Kind::access, 3},
                            {Kind::create, 3},
                            {Kind::erase, 2},
                            {Kind::move, 3}});
  allowed.dynamic = true;
  allowed.cache = dssmr_options(setup).cache != Cache::none;
  return Drawing(std::move(allowed), stream, size).draw();
}

}  // namespace sibyl::partitioned
