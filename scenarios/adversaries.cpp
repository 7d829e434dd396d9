// Adversaries: see adversaries.hpp.
#include "scenarios/adversaries.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace sibyl {

namespace {

bool is_among(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

/// Of the messages with the least rank, any.
class Ranking : public Searching {
 public:
  using Searching::Searching;
  bool looks() const override { return true; }

 protected:
  using Rank = std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>;
  virtual Rank rank(const Flying& message) const = 0;

 private:
  std::size_t pick_message(const Arrivals& arrivals) override {
    std::vector<std::size_t> best;
    Rank least;
    for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
      const Rank own = rank(flight->at(arrivals, i));
      if (best.empty() || own < least) {
        best.clear();
        least = own;
      }
      if (own == least) best.push_back(i);
    }
    return best[static_cast<std::size_t>(steps.below(best.size()))];
  }
};

class BySet final : public Ranking {
 public:
  BySet(std::uint64_t seed, std::vector<NodeId> nodes, bool favours)
      : Ranking(seed), nodes_(std::move(nodes)), favours_(favours) {}

 private:
  Rank rank(const Flying& message) const override {
    const std::uint32_t ends =
        (is_among(nodes_, message.from) ? 1U : 0U) + (is_among(nodes_, message.to) ? 1U : 0U);
    return {favours_ ? 2 - ends : std::min(ends, 1U), 0, 0};
  }
  std::vector<NodeId> nodes_;
  bool favours_;
};

class CoinAware final : public Ranking {
 public:
  CoinAware(std::uint64_t seed, Stream& plan, const std::vector<bool>& faulty)
      : Ranking(seed), group_(faulty.size(), 0) {
    for (Role& role : roles_) role = drawn(plan);
    // Dealt like cards, so that groups differ by one node at most.
    std::vector<std::size_t> correct;
    for (std::size_t i = 0; i < faulty.size(); ++i) {
      if (!faulty[i]) correct.push_back(i);
    }
    for (std::size_t i = 0; i < correct.size(); ++i) {
      const auto other = i + static_cast<std::size_t>(plan.below(correct.size() - i));
      std::swap(correct[i], correct[other]);
      group_[correct[i]] = i % roles_.size();
    }
  }

 private:
  enum class Want : std::uint8_t { any, zero, one, coin, contrary };
  struct Role {
    Want want = Want::any;
    bool waits = false;   ///< gets nothing of a round before its coin is released
    bool strict = false;  ///< does not get the other bit before it has left the round
  };

  static Role drawn(Stream& plan) {
    Role role;
    role.want = static_cast<Want>(plan.below(5));
    const bool on_coin = role.want == Want::coin || role.want == Want::contrary;
    // Drawn in any case: nothing else depends on that.
    const bool waits = plan.below(4) != 0;
    const bool strict = plan.below(4) != 0;
    role.waits = on_coin && waits;
    role.strict = on_coin && strict;
    return role;
  }

  std::optional<bool> wanted(const Role& role, std::optional<bool> coin) const {
    switch (role.want) {
      case Want::any:
        return std::nullopt;
      case Want::zero:
        return false;
      case Want::one:
        return true;
      case Want::coin:
        return coin;
      case Want::contrary:
        return coin ? std::optional(!*coin) : std::nullopt;
    }
    return std::nullopt;
  }

  Rank rank(const Flying& m) const override {
    constexpr std::uint32_t kKept = 2;
    if (flight->is_faulty(m.to)) return {0, m.round, 0};
    if (m.round == 0) return {1, 0, 1};
    if (flight->has_left(m.to, m.instance, m.round)) return {1, m.round, 0};
    const Role& role = roles_[m.to.value < group_.size() ? group_[m.to.value] : 0];
    const std::optional<bool> coin = flight->coin(m, m.round);
    if (role.waits && !coin) return {kKept, m.round, 0};
    // Who goes by the coin comes after those who do not: a coin may be out before these have done.
    const bool on_coin = role.want == Want::coin || role.want == Want::contrary;
    const std::uint32_t turn = on_coin ? 2 : 0;
    const std::optional<bool> first = wanted(role, coin);
    if (!m.value) return {1, m.round, 4};
    if (!first) return {1, m.round, 1 + turn};
    if (*m.value == *first) return {1, m.round, turn};
    return role.strict ? Rank{kKept, m.round, 1} : Rank{1, m.round, 1 + turn};
  }

  std::array<Role, 3> roles_;
  std::vector<std::size_t> group_;  ///< by instance
};

class Scripted final : public Searching {
 public:
  Scripted(std::uint64_t seed, std::shared_ptr<const SchedulerScript> script)
      : Searching(seed), script_(std::move(script)) {}
  bool looks() const override { return true; }

 private:
  /// A rule that a message fits, but for the coins: the first of those that fit counts.
  struct Candidate {
    std::size_t phase = 0;
    struct Bit {
      bool last = false;
      bool value = false;  ///< what the coin has to show
      friend bool operator==(const Bit&, const Bit&) = default;
    };
    std::vector<Bit> bits;
    friend bool operator==(const Candidate&, const Candidate&) = default;
  };

  std::size_t pick_message(const Arrivals& arrivals) override {
    take_in(arrivals);
    std::size_t best = 0;
    std::tuple<bool, std::uint64_t, std::size_t> least;
    for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
      const Flying& m = flight->at(arrivals, i);
      const std::optional<std::size_t> phase = phase_of(m);
      const std::tuple own{!phase.has_value(), phase ? m.round : 0, phase.value_or(0)};
      if (i != 0 && own >= least) continue;
      best = i;
      least = own;
    }
    return best;
  }

  /// The messages that were sent since the last look: also in questions that were answered without
  /// it.
  void take_in(const Arrivals& arrivals) {
    std::vector<Flying>& all = flight->messages();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].classes != 0) continue;
      std::vector<Candidate> found = candidates(all[i], arrivals.in_flight[i].message);
      const auto known = std::find(kinds_.begin(), kinds_.end(), found);
      all[i].classes = static_cast<std::uint64_t>(known - kinds_.begin()) + 1;
      if (known == kinds_.end()) kinds_.push_back(std::move(found));
    }
  }

  std::vector<Candidate> candidates(const Flying& m, const Message& message) const {
    std::vector<Candidate> all;
    for (std::size_t phase = 0; phase < script_->phases.size(); ++phase) {
      for (const MessagePattern& pattern : script_->phases[phase]) {
        if (auto fits = candidate(pattern, m, message)) {
          fits->phase = phase;
          all.push_back(std::move(*fits));
        }
      }
    }
    return all;
  }

  std::optional<Candidate> candidate(const MessagePattern& pattern, const Flying& m,
                                     const Message& message) const {
    const bool meant =
        (pattern.from.empty() || is_among(pattern.from, m.from)) &&
        (pattern.to.empty() || is_among(pattern.to, m.to)) &&
        (pattern.message.empty() || pattern.message == message.type().name) &&
        std::all_of(pattern.where.begin(), pattern.where.end(), [&](const FieldIs& field) {
          return has_field(message, field, script_->nodes);
        });
    if (!meant) return std::nullopt;
    Candidate fits;
    for (const MessagePattern::OnCoin& on : pattern.coins) {
      const auto value = number_in(message, on.field);
      if (!value || *value > 1) return std::nullopt;
      fits.bits.push_back({on.last, (*value == 1) == on.same});
    }
    return fits;
  }

  std::optional<std::size_t> phase_of(const Flying& m) const {
    const std::optional<bool> own = flight->coin(m, m.round);
    const std::optional<bool> last = m.round <= 1 ? script_->first : flight->coin(m, m.round - 1);
    for (const Candidate& candidate : kinds_[m.classes - 1]) {
      const bool fits = std::all_of(
          candidate.bits.begin(), candidate.bits.end(),
          [&](const Candidate::Bit& bit) { return (bit.last ? last : own) == bit.value; });
      if (fits) return candidate.phase;
    }
    return std::nullopt;
  }

  std::shared_ptr<const SchedulerScript> script_;
  std::vector<std::vector<Candidate>> kinds_;  ///< Flying::classes - 1: what fits; few differ
};

}  // namespace

std::unique_ptr<Searching> favouring(std::uint64_t seed, Stream& plan, std::vector<NodeId> nodes,
                                     std::size_t count) {
  while (nodes.empty() && count != 0) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (plan.below(2) == 0) nodes.push_back({i});
    }
  }
  return std::make_unique<BySet>(seed, std::move(nodes), true);
}

std::unique_ptr<Searching> starving(std::uint64_t seed, std::vector<NodeId> nodes) {
  return std::make_unique<BySet>(seed, std::move(nodes), false);
}

std::unique_ptr<Searching> coin_aware(std::uint64_t seed, Stream& plan,
                                      const std::vector<bool>& faulty) {
  return std::make_unique<CoinAware>(seed, plan, faulty);
}

std::unique_ptr<Searching> scripted(std::uint64_t seed,
                                    std::shared_ptr<const SchedulerScript> script) {
  return std::make_unique<Scripted>(seed, std::move(script));
}

}  // namespace sibyl
