// The common coin: see coin.hpp.
#include "protocols/agreement/coin.hpp"

#include <fmt/core.h>

#include "sim/decode.hpp"
#include "sim/hash.hpp"

namespace sibyl::agreement {

using coin::Kind;
using coin::Share;
using coin::Threshold;

namespace {

/// 1, 0, by chance, 1, 0, …
std::optional<bool> fixed_coin(std::uint64_t round) {
  if (round % 3 == 0) return std::nullopt;
  return round % 3 == 1;
}

}  // namespace

std::uint64_t coin::key_of(std::uint64_t sid, std::uint64_t round) {
  return fold_multiply(sid ^ 0xa0761d6478bd642fULL, round ^ 0xe7037ed1a0b428dbULL) | 1;
}

std::uint32_t Coin::threshold() const {
  switch (options_.threshold) {
    case Threshold::t_plus_one:
      return parties_->t + 1;
    case Threshold::n_minus_t:
      return parties_->n() - parties_->t;
    case Threshold::one:
      return 1;
  }
  return parties_->n();
}

std::uint64_t Coin::drawn(Context& context, std::uint64_t round) const {
  return context.common(coin::key_of(sid_, round), options_.one_in);
}

/// What the coin shows this party: the first two alternatives are the same for all.
bool Coin::shown(Context& context, std::uint64_t round) const {
  if (options_.kind == Kind::scheduled && fixed_coin(round)) return *fixed_coin(round);
  const std::uint64_t side = drawn(context, round);
  return side < 2 ? side == 1 : context.choose(Decision::byzantine, 2) == 1;
}

void Coin::enter(Context context, std::uint64_t round) {
  const bool faulty_can = options_.threshold == Threshold::one && parties_->t > 0;
  if (options_.kind == Kind::common && (options_.leaks || faulty_can)) drawn(context, round);
}

// upon Request(r): send Share(r) to all.
std::optional<bool> Coin::request(Context context, std::uint64_t round) {
  if (options_.kind == Kind::local) return context.choose(Decision::coin, 2) == 1;
  if (options_.kind == Kind::scheduled && fixed_coin(round)) return fixed_coin(round);
  Round& coin = rounds[round];
  if (!coin.asked) {
    coin.asked = true;
    coin.shares.insert(context.self());
    context.send(parties_->others(context.self()), Share{round});
    open(context, round, coin);
  }
  return coin.shows;
}

// upon Share(r) from enough parties, this one among them: the coin shows.
std::optional<std::pair<std::uint64_t, bool>> Coin::receive(Context context, NodeId from,
                                                            const Message& message) {
  const auto* share = message.as<Share>();
  if (share == nullptr || !parties_->has(from) || share->round < least_round) return std::nullopt;
  Round& coin = rounds[share->round];
  coin.shares.insert(from);
  if (coin.shows) return std::nullopt;
  open(context, share->round, coin);
  if (!coin.shows) return std::nullopt;
  return std::pair{share->round, *coin.shows};
}

/// A party that holds enough shares can tell the adversary, also before it wants to know itself.
void Coin::open(Context& context, std::uint64_t round, Round& coin) const {
  if (coin.shares.size() < threshold()) return;
  drawn(context, round);
  if (coin.asked) coin.shows = shown(context, round);
}

void Coin::forget_below(std::uint64_t round) {
  least_round = std::max(least_round, round);
  rounds.erase(rounds.begin(), rounds.lower_bound(least_round));
}

void check_coin(const coin::Options& options, const std::string& pointer) {
  if (options.one_in < 2 || options.one_in > 1000) {
    throw ConfigError(pointer_to(pointer, "one_in"),
                      fmt::format("is {}; it must be 2 (a strong coin) to 1000", options.one_in));
  }
  if (options.kind != Kind::common && options.leaks) {
    throw ConfigError(pointer_to(pointer, "leaks"),
                      "only a coin of kind \"common\" can be told ahead");
  }
  if (options.kind != Kind::local) return;
  const coin::Options defaults;
  const char* const foreign = options.one_in != defaults.one_in         ? "one_in"
                              : options.threshold != defaults.threshold ? "threshold"
                                                                        : nullptr;
  if (foreign == nullptr) return;
  throw ConfigError(pointer_to(pointer, foreign),
                    "says nothing of a coin of kind \"local\": each party throws its own");
}

}  // namespace sibyl::agreement
