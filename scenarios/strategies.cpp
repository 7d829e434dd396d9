// Strategies of a search.
#include "scenarios/strategies.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>

#include "scenarios/adversaries.hpp"
#include "scenarios/searching.hpp"
#include "sim/pending.hpp"
#include "sim/random.hpp"

namespace sibyl {

namespace {

constexpr std::uint32_t kPlanStream = 0x706c616e;  ///< the purpose of the draws made before a run

class RandomWalk final : public Searching {
 public:
  using Searching::Searching;

 private:
  std::size_t pick_message(const Arrivals& arrivals) override {
    return static_cast<std::size_t>(steps.below(arrivals.places.size()));
  }
};

class Pct final : public Searching {
 public:
  Pct(std::uint64_t seed, Stream& plan, std::uint32_t depth, std::uint64_t length)
      : Searching(seed) {
    for (std::uint32_t i = 1; i < depth; ++i) changes_.insert(plan.below(length));
  }

 private:
  std::size_t pick_message(const Arrivals& arrivals) override {
    std::size_t best = best_of(arrivals);
    if (changes_.contains(step_++)) {
      priorities_[link_of(arrivals, best)] = lowest_--;
      best = best_of(arrivals);
    }
    return best;
  }
  static std::uint64_t link_of(const Arrivals& arrivals, std::size_t i) {
    const Event& e = arrivals.message(i).event;
    return std::uint64_t{e.source} << 32 | e.target;
  }
  std::int64_t priority(std::uint64_t link) {
    const auto [it, is_new] = priorities_.emplace(link, 0);
    if (is_new) it->second = static_cast<std::int64_t>(steps.below(std::uint64_t{1} << 40));
    return it->second;
  }
  std::size_t best_of(const Arrivals& arrivals) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < arrivals.places.size(); ++i) {
      if (priority(link_of(arrivals, i)) > priority(link_of(arrivals, best))) best = i;
    }
    return best;
  }
  std::set<std::uint64_t> changes_;
  std::map<std::uint64_t, std::int64_t> priorities_;
  std::int64_t lowest_ = -1;
  std::uint64_t step_ = 0;
};

class DelayBounded final : public Searching {
 public:
  DelayBounded(std::uint64_t seed, Stream& plan, std::uint32_t delays, std::uint64_t length)
      : Searching(seed) {
    for (std::uint32_t i = 0; i < delays; ++i) at_.insert(plan.below(length));
  }

 private:
  std::size_t pick_message(const Arrivals& arrivals) override {
    std::size_t first = first_of(arrivals);
    if (at_.contains(step_++)) {
      put_off_.insert(arrivals.message(first).event.id);
      first = first_of(arrivals);
    }
    return first;
  }
  /// The oldest that was not put off; when all were, the oldest.
  std::size_t first_of(const Arrivals& arrivals) const {
    for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
      if (!put_off_.contains(arrivals.message(i).event.id)) return i;
    }
    return 0;
  }
  std::set<std::uint64_t> at_;
  std::set<std::uint64_t> put_off_;
  std::uint64_t step_ = 0;
};

/// Which messages wait is decided at the first arrival, from what is then in flight and later from
/// what comes: a node's, a link's, or a type's.
class Starving final : public Searching {
 public:
  Starving(std::uint64_t seed, Stream& plan)
      : Searching(seed), by_(static_cast<By>(plan.below(4))), delay_(plan.below(20)) {}

 private:
  enum class By : std::uint8_t { sender, receiver, link, type };
  std::size_t pick_message(const Arrivals& arrivals) override {
    const std::size_t n = arrivals.places.size();
    if (!chosen_ && step_++ >= delay_) chosen_ = key(arrivals, steps.below(n));
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < n; ++i) {
      if (!chosen_ || key(arrivals, i) != *chosen_) others.push_back(i);
    }
    if (others.empty()) return static_cast<std::size_t>(steps.below(n));
    return others[static_cast<std::size_t>(steps.below(others.size()))];
  }
  std::uint64_t key(const Arrivals& arrivals, std::size_t i) const {
    const Held& h = arrivals.message(i);
    switch (by_) {
      case By::sender:
        return h.event.source;
      case By::receiver:
        return h.event.target;
      case By::link:
        return std::uint64_t{h.event.source} << 32 | h.event.target;
      case By::type:
        return h.message.type().name_hash;
    }
    return 0;
  }
  By by_;
  std::uint64_t delay_;
  std::uint64_t step_ = 0;
  std::optional<std::uint64_t> chosen_;
};

class Newest final : public Searching {
 public:
  using Searching::Searching;

 private:
  std::size_t pick_message(const Arrivals& arrivals) override {
    const std::size_t n = arrivals.places.size();
    return steps.below(8) == 0 ? static_cast<std::size_t>(steps.below(n)) : n - 1;
  }
};

/// The timed model at the edges of its delays: by the run, every message, every link or every
/// sender takes the least or the most that its distribution has, a few of them the other. What
/// holds "within MaxTrans" breaks there if anywhere.
class Extremes final : public Choices {
 public:
  Extremes(std::uint64_t seed, Stream& plan)
      : by_(static_cast<By>(plan.below(4))),
        rare_(1 + plan.below(12)),
        mostly_late_(plan.below(2) == 0),
        steps_(seed, 0, kStepStream),
        seeded_(seed) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    return seeded_.pick(q, options);
  }
  bool chance(Question q, Probability p) override { return seeded_.chance(q, p); }
  std::int64_t draw(Question q, const Distribution& d) override {
    if (q.what != Decision::delay || d.minimum() == d.maximum() || d.maximum() > kFar) {
      return seeded_.draw(q, d);
    }
    return late(q) ? d.maximum() : d.minimum();
  }

 private:
  enum class By : std::uint8_t { message, rare_message, link, sender };
  static constexpr std::int64_t kFar = 1'000'000'000'000;  // a delay without a bound has no edge

  bool late(Question q) {
    if (by_ == By::message) return steps_.below(2) == 0;
    if (by_ == By::rare_message) return mostly_late_ != (steps_.below(rare_) == 0);
    std::uint64_t key = q.node.value;
    if (by_ == By::link) key = key << 32 | q.peer.value;
    const auto [it, is_new] = late_.emplace(key, false);
    if (is_new) it->second = steps_.below(2) == 0;
    return it->second;
  }

  By by_;
  std::uint64_t rare_;
  bool mostly_late_;
  Stream steps_;
  SeededChoices seeded_;
  std::map<std::uint64_t, bool> late_;  ///< by link or sender
};

/// Half of the runs lose nothing, half double nothing: each kind of fault is there or not.
void draw_link_faults(const StrategySettings& settings, Stream& plan, std::uint64_t length,
                      Searching& choices) {
  const auto some = [&](std::uint32_t most, std::set<std::uint64_t>& into) {
    if (most == 0 || plan.below(2) == 0) return;
    for (std::uint64_t n = 1 + plan.below(most); n > 0; --n) into.insert(plan.below(length));
  };
  some(settings.losses, choices.lose);
  some(settings.duplicates, choices.twice);
}

}  // namespace

bool is_asynchronous(Strategy strategy) {
  return strategy != Strategy::swarm && strategy != Strategy::timed &&
         strategy != Strategy::extremes;
}

bool uses(Strategy strategy, std::string_view setting) {
  const bool all = strategy == Strategy::swarm;
  if (setting == "depth") return all || strategy == Strategy::pct;
  if (setting == "delays") return all || strategy == Strategy::delay;
  if (setting == "nodes") return strategy == Strategy::starve || strategy == Strategy::favour;
  if (setting == "deliver-within") return all || is_asynchronous(strategy);
  if (setting == "losses" || setting == "duplicates") return all || is_asynchronous(strategy);
  return true;
}

std::string strategy_option(Strategy strategy) {
  std::string name = boost::describe::enum_to_string(strategy, "?");
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string users_of(std::string_view setting) {
  std::string out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Strategy>>([&](auto d) {
    if (uses(d.value, setting)) out += (out.empty() ? "" : ", ") + strategy_option(d.value);
  });
  const auto last = out.rfind(", ");
  return last == std::string::npos ? out : out.substr(0, last) + " and " + out.substr(last + 2);
}

std::uint64_t seed_of_run(std::uint64_t seed, std::uint64_t number) {
  return Stream(seed, static_cast<std::uint32_t>(number >> 32), static_cast<std::uint32_t>(number))
      .next();
}

Plan plan_run(const StrategySettings& settings, std::uint64_t seed, std::uint64_t number) {
  return plan_with(settings, seed_of_run(seed, number));
}

Plan plan_with(const StrategySettings& settings, std::uint64_t own) {
  Stream plan(own, 0, kPlanStream);
  Strategy strategy = settings.strategy;
  std::uint32_t depth = settings.depth.value_or(3);
  std::uint32_t delays = settings.delays.value_or(2);
  std::uint64_t patience = 0;
  if (strategy == Strategy::swarm) {
    constexpr Strategy kMix[] = {Strategy::random, Strategy::pct,    Strategy::pct,
                                 Strategy::delay,  Strategy::starve, Strategy::newest,
                                 Strategy::newest, Strategy::timed};
    constexpr Strategy kBounded[] = {Strategy::extremes, Strategy::extremes, Strategy::timed};
    strategy = settings.synchronous ? kBounded[plan.below(std::size(kBounded))]
                                    : kMix[plan.below(std::size(kMix))];
    // Drawn also where they are given: nothing else of a run depends on that.
    depth = settings.depth.value_or(1 + static_cast<std::uint32_t>(plan.below(5)));
    delays = settings.delays.value_or(1 + static_cast<std::uint32_t>(plan.below(4)));
    // Most runs let timers race with messages; in the others they are for slow messages.
    if (plan.below(4) == 0) patience = std::uint64_t{1} << (1 + plan.below(6));
  }
  const std::uint64_t length = std::max<std::uint64_t>(settings.length, 1);
  std::unique_ptr<Searching> choices;
  switch (strategy) {
    case Strategy::swarm:
    case Strategy::random:
      choices = std::make_unique<RandomWalk>(own);
      break;
    case Strategy::pct:
      choices = std::make_unique<Pct>(own, plan, depth, length);
      break;
    case Strategy::delay:
      choices = std::make_unique<DelayBounded>(own, plan, delays, length);
      break;
    case Strategy::starve:
      if (settings.nodes.empty()) {
        choices = std::make_unique<Starving>(own, plan);
      } else {
        choices = starving(own, settings.nodes);
      }
      break;
    case Strategy::favour:
      choices = favouring(own, plan, settings.nodes, settings.faulty.size());
      break;
    case Strategy::coin_aware:
      choices = coin_aware(own, plan, settings.faulty);
      break;
    case Strategy::scripted:
      assert(settings.script != nullptr);
      choices = scripted(own, settings.script);
      break;
    case Strategy::newest:
      choices = std::make_unique<Newest>(own);
      break;
    case Strategy::timed:
      return {TieRule::chosen, std::make_unique<SeededChoices>(own)};
    case Strategy::extremes:
      return {TieRule::chosen, std::make_unique<Extremes>(own, plan)};
  }
  choices->patience = patience;
  if (settings.within || choices->looks()) {
    choices->flight.emplace(settings.faulty, settings.within);
  }
  draw_link_faults(settings, plan, length, *choices);
  if (settings.timely_in_the_end && patience != 0) choices->timely_from = plan.below(2 * length);
  return {TieRule::any, std::move(choices)};
}

}  // namespace sibyl
