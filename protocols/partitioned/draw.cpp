// Draws small deployments and workloads of the partitioned store. What is drawn is what a protocol
// may be asked for, right or wrong: reads of what is absent and creates of what is there, too.
#include "protocols/partitioned/draw.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "protocols/partitioned/broker/options.hpp"
#include "protocols/partitioned/options.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioned {

namespace {

constexpr std::array kObjects{"x", "y", "z"};
constexpr std::array kClients{"c1", "c2", "c3"};
constexpr std::array kPartitions{"P1", "P2", "P3"};

enum class Kind : std::uint8_t { read, write, access, create, erase, move };

struct Weight {
  Kind kind;
  std::size_t weight;       ///< among the kinds that a workload has
  std::size_t out_of_four;  ///< workloads that have it
};

/// What the protocol and its options let a scenario say.
struct Allowed {
  std::vector<Weight> kinds;            ///< the first is in every workload
  std::vector<std::size_t> partitions;  ///< how many there may be, each as often as it stands here
  std::vector<std::size_t> objects;
  bool cache = false;
  bool plans = false;    ///< objects move by plans, and by nothing else
  bool oracles = false;  ///< half the time the oracle has two replicas
  bool views = false;    ///< local oracles may be wrong
  bool oracle = false;   ///< there is one, and objects may be created anywhere
  bool replicas = true;
  bool clocks = true;      ///< they decide orders
  bool by_name = false;    ///< the name of an object says where it is
  std::size_t absent = 4;  ///< one object in so many is not there from the start
};

/// Takes the clocks away where the multicast, `set` from outside or drawn, has none.
void drop_idle_clocks(Value& deployment, const Value* set) {
  const Value* multicast = set == nullptr ? deployment.find("multicast") : set;
  const std::string* name = multicast == nullptr ? nullptr : multicast->as_string();
  MulticastKind kind{};
  if (name == nullptr || !boost::describe::enum_from_string(name->c_str(), kind)) return;
  if (has_clocks(kind)) return;
  const auto without_clock = [](const Value& group) {
    Value::Object members = *group.as_object();
    std::erase_if(members, [](const Value::Member& member) { return member.first == "clock"; });
    return Value(std::move(members));
  };
  Value::Object partitions = *deployment.find("partitions")->as_object();
  for (auto& [partition, group] : partitions) group = without_clock(group);
  deployment.set("partitions", Value(std::move(partitions)));
  if (const Value* oracle = deployment.find("oracle")) {
    deployment.set("oracle", without_clock(*oracle));
  }
}

class Drawing {
 public:
  Drawing(Allowed allowed, Stream& stream, unsigned size)
      : allowed_(std::move(allowed)), stream_(stream), size_(size) {
    assert(size >= kSmallestDrawing && size <= kLargestDrawing);
    partitions_ = one_of(allowed_.partitions);
    objects_ = one_of(allowed_.objects);
    clients_ = one_in(8) ? 1 : 2 + below(kClients.size() - 1);
    if (one_in(2)) objects_ = partitions_;
    choose_kinds();
    choose_clocks();
  }

  Drawn draw(const Setup& setup) {
    Drawn out;
    deploy(out.deployment);
    drop_idle_clocks(out.deployment, setup.deployment.find("multicast"));
    // Seldom few where there may be many: small workloads came first.
    const std::size_t operations = 2 + std::max(below(size_ - 1), below(size_ - 1));
    const bool closing = one_in(2);
    const std::size_t first = closing ? 1 + below(operations - 1) : operations;
    for (std::size_t i = 0; i < first; ++i) operate();
    if (closing) close(operations - first);
    out.workload.set("operations", Value(std::move(operations_)));
    if (allowed_.cache) fill_caches(out.workload);
    if (allowed_.views) mislead(out.deployment);
    if (allowed_.plans) ask_for_plans(out.workload);
    return out;
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(stream_.below(n)); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::size_t one_of(const std::vector<std::size_t>& all) { return all[below(all.size())]; }
  const char* partition() { return kPartitions[below(partitions_)]; }
  const char* object() { return kObjects[below(objects_)]; }

  /// Which kinds of operation a workload has at all: what only some of them together break shows
  /// sooner without the others (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, ISSTA 2012).
  void choose_kinds() {
    for (const Weight& each : allowed_.kinds) {
      if (below(4) >= each.out_of_four) continue;
      kinds_.insert(kinds_.end(), each.weight, each.kind);
    }
  }

  /// Replicas only where the rest is no longer smallest: they make every command longer. A logical
  /// clock that is ahead decides orders, as what happened before would: of one group, or of some.
  void choose_clocks() {
    const std::size_t how = below(3);
    const std::size_t groups = partitions_ + (allowed_.oracle ? 1 : 0);
    const std::size_t one = below(groups);
    for (std::size_t i = 0; i < groups; ++i) {
      const bool some = one_in(2);
      ahead_.push_back(allowed_.clocks && (how == 0 ? i == one : how == 1 && some));
    }
  }

  Value group(std::size_t number) {
    Value group{Value::Object{}};
    if (size_ > kSmallestDrawing + 1 && one_in(8) && allowed_.replicas)
      group.set("replicas", Value(2));
    if (ahead_[number]) group.set("clock", Value(10));
    return group;
  }

  void deploy(Value& deployment) {
    Value::Object partitions;
    for (std::size_t i = 0; i < partitions_; ++i) partitions.emplace_back(kPartitions[i], group(i));
    deployment.set("partitions", Value(std::move(partitions)));
    if (allowed_.oracle) {
      Value oracle = group(partitions_);
      if (allowed_.oracles && one_in(2)) oracle.set("replicas", Value(2));
      if (!oracle.as_object()->empty()) deployment.set("oracle", std::move(oracle));
    }
    Value::Object objects;
    const bool apart = !one_in(4);  // as many of them at different partitions as can be
    for (std::size_t i = 0; i < objects_; ++i) {
      if (one_in(allowed_.absent)) continue;
      here_.emplace_back(kObjects[i], apart ? kPartitions[i % partitions_] : partition());
      if (allowed_.by_name) here_.back().second = kPartitions[hash_text(kObjects[i]) % partitions_];
      objects.emplace_back(kObjects[i],
                           Value::Object{{"value", static_cast<std::int64_t>(10 * (i + 1))},
                                         {"at", here_.back().second}});
    }
    if (!objects.empty()) deployment.set("objects", Value(std::move(objects)));
    if (one_in(8)) deployment.set("multicast", Value("sequencer"));
  }

  /// The values that are written differ, so that a read tells what it has seen.
  Value fresh() { return Value(++written_); }

  std::string call() {
    std::string client = kClients[below(clients_)];
    if (std::find(active_.begin(), active_.end(), client) == active_.end()) {
      active_.push_back(client);
    }
    return client;
  }

  /// An operation that is called when the one before it is, or later.
  Value begin(const std::string& client) {
    Value operation{Value::Object{{"client", client}}};
    if (one_in(2)) now_ms_ += 5;
    if (now_ms_ != 0) operation.set("at", Value(std::to_string(now_ms_) + "ms"));
    return operation;
  }

  void operate() {
    Value operation = begin(call());
    switch (kinds_[below(kinds_.size())]) {
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
        if (allowed_.oracle && one_in(2)) operation.set("to", Value(partition()));
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

  void say(Value& operation, const char* what) { say(operation, what, object()); }
  static void say(Value& operation, const char* what, const char* object) {
    operation.set("do", Value(what));
    operation.set("object", Value(object));
  }

  /// The last operations are reads by one client, of one object after another in any order: they
  /// tell what the others have left.
  void close(std::size_t count) {
    const std::string client = call();
    std::size_t next = below(objects_);
    const std::size_t step = one_in(2) ? 1 : objects_ - 1;
    for (std::size_t i = 0; i < count; ++i) {
      Value operation = begin(client);
      say(operation, "read", kObjects[next % objects_]);
      operations_.push_back(std::move(operation));
      next += step;
    }
  }

  /// Over different objects: all are read, all are written, or some of each.
  Value steps() {
    std::vector<std::string> objects(kObjects.begin(), kObjects.begin() + objects_);
    const std::size_t count = std::min<std::size_t>(objects.size(), one_in(4) ? 3 : 2);
    const std::size_t how = below(4);
    Value::List steps;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t chosen = below(objects.size());
      const std::string name = objects[chosen];
      objects.erase(objects.begin() + static_cast<std::ptrdiff_t>(chosen));
      if (how == 0 || (how == 1 && one_in(2))) {
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
        if (one_in(2)) continue;
        cache.emplace_back(name, one_in(8) ? partition() : at);
      }
      if (!cache.empty()) caches.emplace_back(client, Value(std::move(cache)));
    }
    if (!caches.empty()) workload.set("cache", Value(std::move(caches)));
  }

  /// Each moves one object or two, mostly among those there are, when operations are called.
  void ask_for_plans(Value& workload) {
    Value::List plans;
    const std::size_t count = below(4);
    for (std::size_t i = 0; i < count; ++i) {
      Value::Object moves{{object(), partition()}};
      if (one_in(3)) {
        const std::string other = object();
        if (other != moves.front().first) moves.emplace_back(other, partition());
      }
      Value plan{Value::Object{{"moves", Value(std::move(moves))}}};
      const std::size_t at = 5 * below(static_cast<std::size_t>(now_ms_ / 5) + 1);
      if (at != 0) plan.set("at", Value(std::to_string(at) + "ms"));
      plans.push_back(std::move(plan));
    }
    if (!plans.empty()) workload.set("plans", Value(std::move(plans)));
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
  std::vector<bool> ahead_;                                ///< by group, the oracle last
  std::vector<Kind> kinds_;                                ///< as often as their weight
  std::vector<std::pair<std::string, std::string>> here_;  ///< from the start: object, partition
  std::vector<std::string> active_;                        ///< clients with an operation
  Value::List operations_;
  std::int64_t written_ = 0;
  std::int64_t now_ms_ = 0;  ///< when the operation that was drawn last is called
};

void draw_tolerant_multicast(Value& deployment, Stream& stream) {
  constexpr std::array kMulticasts{"ft_skeen", "white_box", "global_order"};
  deployment.set("multicast", Value(kMulticasts[stream.below(kMulticasts.size())]));
}

void replicate_group(Value& group, bool two) {
  group.set("replicas", Value(two ? 2 : 3));
  if (two) group.set("acceptors", Value(1));
}

}  // namespace

Drawn draw_ssmr(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 3, 4},
                   {Kind::access, 5, 4},
                   {Kind::write, 2, 2},
                   {Kind::create, 2, 1},
                   {Kind::erase, 2, 1}};
  allowed.partitions = {1, 2, 2, 2, 3, 3, 3, 3};
  allowed.objects = {1, 2, 2, 2, 3, 3, 3, 3};
  allowed.absent = 16;
  const SsmrOptions options = ssmr_options(setup);
  if (options.moves) allowed.kinds.push_back({Kind::move, 2, 2});
  // Copies are there for local oracles that differ; without copies a wrong one blocks for good.
  allowed.views = options.copies;
  if (options.cache_variables != CacheVariables::none) {
    // What is kept has been read over two partitions before.
    allowed.kinds = {{Kind::access, 5, 4}, {Kind::write, 3, 4}, {Kind::erase, 1, 1}};
    allowed.partitions = {2, 2, 2, 3};
    allowed.objects = {2, 2, 2, 3};
  }
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_dssmr(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 4, 4},   {Kind::access, 2, 2}, {Kind::write, 2, 2},
                   {Kind::create, 2, 2}, {Kind::erase, 2, 2},  {Kind::move, 2, 2}};
  allowed.partitions = {1, 2, 2, 3};
  allowed.objects = {1, 1, 1, 2, 2, 3};
  allowed.oracle = true;
  allowed.cache = dssmr_options(setup).cache != Cache::none;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_dynastar(const Setup& setup, Stream& stream, unsigned size) {
  const DynastarOptions options = dynastar_options(setup);
  Allowed allowed;
  allowed.kinds = {{Kind::access, 5, 4},
                   {Kind::read, 3, 3},
                   {Kind::write, 2, 2},
                   {Kind::create, 2, 2},
                   {Kind::erase, 2, 2}};
  allowed.partitions = {1, 2, 2, 2, 3, 3};
  allowed.objects = {1, 2, 2, 2, 3, 3};
  allowed.oracle = true;
  allowed.cache = options.cache;
  allowed.plans = true;
  allowed.oracles = !options.plan_ordered;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_everywhere(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 4, 4},  {Kind::move, 3, 4},   {Kind::access, 2, 2},
                   {Kind::write, 3, 3}, {Kind::create, 1, 1}, {Kind::erase, 1, 1}};
  allowed.partitions = {1, 2, 2, 2, 3};
  allowed.objects = {1, 1, 2, 2, 3};
  allowed.absent = 16;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_attribute(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 3, 4},
                   {Kind::access, 5, 4},
                   {Kind::write, 2, 2},
                   {Kind::create, 2, 2},
                   {Kind::erase, 2, 2}};
  allowed.partitions = {1, 2, 2, 3, 3};
  allowed.objects = {1, 2, 2, 3, 3};
  allowed.by_name = true;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_broker(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 4, 4},   {Kind::access, 2, 2}, {Kind::write, 2, 2},
                   {Kind::create, 2, 2}, {Kind::erase, 2, 2},  {Kind::move, 3, 3}};
  allowed.partitions = {1, 2, 2, 3};
  allowed.objects = {1, 1, 1, 2, 2, 3};
  allowed.oracle = true;
  allowed.replicas = false;
  allowed.clocks = false;
  const broker::BrokerOptions options = broker::broker_options(setup);
  if (options.lock_order == broker::LockOrder::request) {
    // Several locks are taken by accesses of several objects.
    allowed.kinds = {{Kind::access, 6, 4}, {Kind::move, 1, 2}};
    allowed.objects = {2, 2, 3};
    allowed.absent = 16;
  }
  allowed.cache = options.cache != Cache::none;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

Drawn draw_shared_cache(const Setup& setup, Stream& stream, unsigned size) {
  Allowed allowed;
  allowed.kinds = {{Kind::read, 3, 4}, {Kind::access, 5, 4}, {Kind::write, 2, 2}};
  allowed.partitions = {2, 2, 3};
  allowed.objects = {1, 2, 2, 3};
  allowed.absent = 16;
  return Drawing(std::move(allowed), stream, size).draw(setup);
}

void replicate(Value& deployment, Stream& stream, bool with_oracle) {
  draw_tolerant_multicast(deployment, stream);
  Value::Object groups = *deployment.find("partitions")->as_object();
  if (with_oracle) {
    const Value* oracle = deployment.find("oracle");
    groups.emplace_back("oracle", oracle == nullptr ? Value(Value::Object{}) : *oracle);
  }
  const std::uint64_t one = stream.below(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool two = stream.below(2) == 0;
    if (stream.below(2) == 0 && i != one) continue;
    replicate_group(groups[i].second, two);
  }
  if (with_oracle) {
    deployment.set("oracle", std::move(groups.back().second));
    groups.pop_back();
  }
  deployment.set("partitions", Value(std::move(groups)));
  drop_idle_clocks(deployment, nullptr);
}

void replicate_oracle(Value& deployment, Stream& stream) {
  draw_tolerant_multicast(deployment, stream);
  const Value* oracle = deployment.find("oracle");
  Value group = oracle == nullptr ? Value(Value::Object{}) : *oracle;
  replicate_group(group, stream.below(2) == 0);
  deployment.set("oracle", std::move(group));
}

}  // namespace sibyl::partitioned
