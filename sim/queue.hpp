// The event queue: a monotone radix heap over (time, id) with digits of several bits and a sorted
// front, in chunks of one pool.
//
// An event goes into the bucket given by the highest digit in which its time differs from a
// reference time, and by the value of that digit. When the front is empty, the lowest buckets are
// sorted into it if they are small; a large one is spread over the buckets below, with its common
// prefix as the new reference (Ahuja, Mehlhorn, Orlin, Tarjan: Faster Algorithms for the Shortest
// Path Problem, JACM 37(2) 1990; with 64 buckets a level it is also the hierarchical timing wheel
// of Varghese and Lauck, SOSP 1987). An event moves once or twice between push and pop in practice
// and O(64 / kDigitBits) times at worst.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace sibyl {

/// The part of Event::target and Event::source that is the number of an instance.
inline constexpr std::uint32_t kInstanceMask = 0xffffffU;

/// One thing that will happen. `data` belongs to the kind: a message, or the number of a timer.
struct Event {
  std::int64_t at = 0;       ///< global time, ns
  std::uint64_t id = 0;      ///< the order among equal times; the trace's number of the cause
  std::uint32_t target = 0;  ///< instance (kInstanceMask) and kind (the 8 bits above it)
  std::uint32_t source = 0;  ///< sending instance, likewise
  std::uint64_t data = 0;
};
static_assert(sizeof(Event) == 32);

/// Events in the order (at, id); those that share an id, copies of one message, must be pushed in
/// the order of their targets. The parameters decide speed alone, never the order: `kDigitBits` (1
/// to 6) the buckets a level; a bucket of at most `kSmall` events (1 to 64) is sorted, not spread;
/// buckets are taken until the front holds `kBatch` events; beyond `kLongestFront` events a front
/// that has grown by pushes is spread again.
template <int kDigitBits = 6, std::uint32_t kSmall = 32, std::size_t kBatch = 16,
          std::size_t kLongestFront = 96>
class BasicEventQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  /// Amortised O(1). Precondition: 0 <= at, and not before what was popped last.
  void push(const Event& e) {
    ++size_;
    if (e.at <= front_last_) {
      insert_into_front(e);
    } else {
      put(e);
    }
  }

  /// An event whose id is older than that of others already pushed (a timer that was re-armed and
  /// goes back to its place): order within its instant is restored when the instant is reached.
  void push_out_of_order(const Event& e) {
    disordered_ = true;
    push(e);
  }

  /// The time of the next event. Precondition: not empty. Amortised as pop.
  std::int64_t next_time() {
    settle();
    return front_[position_].at;
  }

  /// Whether nothing is due at or before `at`. O(1); never rearranges the queue; may say false in
  /// doubt.
  bool none_until(std::int64_t at) const {
    if (size_ == 0) return true;
    if (position_ < front_.size()) return at < front_[position_].at;
    const int level = std::countr_zero(levels_);
    return at < start_of(level, std::countr_zero(used_[static_cast<std::size_t>(level)]));
  }

  /// How many events are due at next_time() (any of them may be taken by pop_nth). Amortised O(1).
  std::size_t ready() {
    settle();
    if (ready_ == 0) {
      const std::int64_t at = front_[position_].at;
      while (position_ + ready_ < front_.size() && front_[position_ + ready_].at == at) ++ready_;
    }
    return ready_;
  }

  Event pop() {
    settle();
    --size_;
    if (ready_ != 0) --ready_;
    return front_[position_++];
  }

  /// The n-th of the events that are due now; it changes places with the first.
  Event pop_nth(std::size_t n) {
    settle();
    std::swap(front_[position_ + n], front_[position_]);
    return pop();
  }

  /// The n-th of the events that are due now, without taking it. Precondition: n < ready().
  const Event& peek(std::size_t n) const { return front_[position_ + n]; }

  /// The event `ahead` places behind the next one, if it is known already; for prefetching.
  const Event* upcoming(std::size_t ahead) const {
    return position_ + ahead < front_.size() ? &front_[position_ + ahead] : nullptr;
  }

  /// Visits every pending event in an order that depends only on the history of pushes and pops.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t i = position_; i < front_.size(); ++i) f(front_[i]);
    for_each_in_buckets(f);
  }

  std::size_t memory_bytes() const {
    return chunks_.capacity() * sizeof(Chunk) + before_.capacity() * sizeof(std::uint32_t) +
           front_.capacity() * sizeof(Event);
  }

 private:
  static_assert(kDigitBits >= 1 && kDigitBits <= 6 && kSmall >= 1 && kSmall <= 64);
  static constexpr std::uint32_t kChunk = 8;
  static constexpr std::uint32_t kNone = 0xffffffffU;
  static constexpr std::size_t kSlots = std::size_t{1} << kDigitBits;
  static constexpr std::size_t kLevels = (63 + kDigitBits - 1) / kDigitBits;
  /// Up to this level a time within a bucket and a place in the bucket fit into one word.
  static constexpr int kPackedLevel = (64 - 6) / kDigitBits;
  using Chunk = std::array<Event, kChunk>;

  static bool before(const Event& a, const Event& b) {
    if (a.at != b.at) return a.at < b.at;
    // The copies of one message share its id. Without the target their order would be std::sort's.
    return a.id != b.id ? a.id < b.id : a.target < b.target;
  }
  int level_of(std::int64_t at) const {
    const auto difference = static_cast<std::uint64_t>(at ^ reference_);
    return (std::bit_width(difference | 1) - 1) / kDigitBits;
  }
  /// The earliest time that belongs into a bucket.
  std::int64_t start_of(int level, int slot) const {
    const int shift = level * kDigitBits;
    const auto above = static_cast<std::uint64_t>(reference_) >> shift >> kDigitBits;
    return static_cast<std::int64_t>((above << kDigitBits | static_cast<std::uint64_t>(slot))
                                     << shift);
  }

  void put(const Event& e) {
    const int level = level_of(e.at);
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a level is never negative
    const auto slot = static_cast<std::size_t>(e.at >> (level * kDigitBits)) & (kSlots - 1);
    std::uint32_t& place = places_[static_cast<std::size_t>(level) * kSlots + slot];
    if (place % kChunk == 0) [[unlikely]] {
      used_[static_cast<std::size_t>(level)] |= std::uint64_t{1} << slot;
      // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): as above
      levels_ |= std::uint64_t{1} << level;
      place = fresh_chunk(place);
    }
    chunks_[place / kChunk][place % kChunk] = e;
    ++place;
  }

  /// A chunk that comes behind the full one that ends at `place`; its first place.
  std::uint32_t fresh_chunk(std::uint32_t place) {
    std::uint32_t fresh = free_;
    if (fresh == kNone) {
      fresh = static_cast<std::uint32_t>(chunks_.size());
      if (chunks_.size() == chunks_.capacity()) {
        // By a quarter rather than by doubling: at a million events the slack matters more than a
        // copy.
        const std::size_t more = std::max<std::size_t>(8, chunks_.size() / 4);
        chunks_.reserve(chunks_.size() + more);
        before_.reserve(chunks_.size() + more);
      }
      chunks_.emplace_back();
      before_.push_back(0);
    } else {
      free_ = before_[fresh];
    }
    before_[fresh] = place;
    return fresh * kChunk;
  }

  void free_chunk(std::uint32_t chunk) {
    before_[chunk] = free_;
    free_ = chunk;
  }

  void insert_into_front(const Event& e) {
    if (front_.size() == front_.capacity() && position_ > front_.size() / 2) {
      // What was popped goes before the front grows: a run may stay in one front for long.
      front_.erase(front_.begin(), front_.begin() + static_cast<std::ptrdiff_t>(position_));
      position_ = 0;
    }
    if (ready_ != 0) {
      const std::int64_t instant = front_[position_].at;
      if (e.at == instant) {
        // Within the instant in progress: after what is due, whatever its id; pop_nth may have
        // mixed them.
        front_.insert(front_.begin() + static_cast<std::ptrdiff_t>(position_ + ready_), e);
        ++ready_;
        return;
      }
      if (e.at < instant) {  // that instant is not the next any more
        std::sort(front_.begin() + static_cast<std::ptrdiff_t>(position_),
                  front_.begin() + static_cast<std::ptrdiff_t>(position_ + ready_), before);
        ready_ = 0;
      }
    }
    front_.push_back(e);
    std::size_t i = front_.size() - 1;
    const std::size_t fixed = position_ + ready_;
    for (; i > fixed && before(e, front_[i - 1]); --i) front_[i] = front_[i - 1];
    front_[i] = e;
    if (front_.size() - position_ > kLongestFront && front_.back().at != front_[fixed].at)
        [[unlikely]]
      spread_front();
  }

  void settle() {
    if (position_ == front_.size()) [[unlikely]]
      refill_front();
  }

  /// Makes the front hold the events of the next instant, or of the next few.
  void refill_front() {
    assert(size_ != 0);
    front_.clear();
    position_ = 0;
    ready_ = 0;
    for (;;) {
      const int level = std::countr_zero(levels_);
      std::uint64_t& used = used_[static_cast<std::size_t>(level)];
      const int slot = std::countr_zero(used);
      std::uint32_t& place =
          places_[static_cast<std::size_t>(level) * kSlots + static_cast<std::size_t>(slot)];
      const bool small = level == 0 || is_small(place);
      if (!small && !front_.empty()) return;
      const std::uint32_t from = place;
      place = 0;
      used &= used - 1;
      if (used == 0) levels_ &= levels_ - 1;
      reference_ = start_of(level, slot);
      front_level_ = level;
      if (small) {
        front_last_ = reference_ | static_cast<std::int64_t>(below(level));
        take(from, level);
        // The buckets further up are of another prefix.
        if (front_.size() >= kBatch || used == 0) return;
      } else if (spread(from)) {
        return;
      }
    }
  }

  /// All bits that are not in the digit of `level` or above.
  static std::uint64_t below(int level) { return (std::uint64_t{1} << (level * kDigitBits)) - 1; }

  bool is_small(std::uint32_t place) const {
    for (std::uint32_t count = (place - 1) % kChunk + 1; count <= kSmall; count += kChunk) {
      place = before_[(place - 1) / kChunk];
      if (place == 0) return true;
    }
    return false;
  }

  /// Appends a bucket to the front, sorted. Its start is the reference.
  void take(std::uint32_t last_place, int level) {
    if (level == 0 || level > kPackedLevel) {
      take_instant(last_place);
      if (level != 0) sort_front(0);
      return;
    }
    // Last chunk first, as they are linked; the places are numbered in the order of the pushes.
    std::array<std::uint64_t, 64> order;
    std::array<const Event*, 8> events;
    std::uint32_t chunks = 0;
    for (std::uint32_t p = last_place; p != 0; p = before_[(p - 1) / kChunk]) ++chunks;
    const std::uint32_t n = (chunks - 1) * kChunk + (last_place - 1) % kChunk + 1;
    std::uint32_t to_free[8];
    std::uint32_t count = (last_place - 1) % kChunk + 1;
    for (std::uint32_t c = chunks, p = last_place; c-- > 0; p = before_[(p - 1) / kChunk]) {
      const std::uint32_t chunk = (p - 1) / kChunk;
      to_free[c] = chunk;
      events[c] = chunks_[chunk].data();
      for (std::uint32_t k = 0; k < count; ++k) {
        const Event& e = events[c][k];
        fetch_ahead(e);
        order[c * kChunk + k] =
            static_cast<std::uint64_t>(e.at - reference_) << 6 | (c * kChunk + k);
      }
      count = kChunk;
    }
    const std::size_t first = front_.size();
    front_.resize(first + n);
    Event* out = front_.data() + first;
    if (n <= 8) {
      // The place of each is the number of those before it: no branch depends on the data.
      std::array<std::uint8_t, 8> rank{};
      for (std::uint32_t i = 1; i < n; ++i) {
        std::uint8_t mine = 0;
        for (std::uint32_t j = 0; j < i; ++j) {
          const bool later = order[j] > order[i];
          rank[j] = static_cast<std::uint8_t>(rank[j] + later);
          mine = static_cast<std::uint8_t>(mine + !later);
        }
        rank[i] = mine;
      }
      for (std::uint32_t i = 0; i < n; ++i) out[rank[i]] = events[0][i];
    } else {
      std::sort(order.begin(), order.begin() + n);
      for (std::uint32_t i = 0; i < n; ++i) {
        const auto from = static_cast<std::uint32_t>(order[i] & 63);
        out[i] = events[from / kChunk][from % kChunk];
      }
    }
    for (std::uint32_t c = 0; c < chunks; ++c) free_chunk(to_free[c]);
    if (disordered_) sort_front(first);
  }

  /// Appends a bucket to the front as it is, in the order of the pushes.
  void take_instant(std::uint32_t last_place) {
    const std::size_t first = front_.size();
    const std::uint32_t count = (last_place - 1) % kChunk + 1;
    for (std::uint32_t chunk = reversed(last_place); chunk != kNone;) {
      const std::uint32_t after = before_[chunk];
      const std::uint32_t n = after == kNone ? count : kChunk;
      const Chunk& events = chunks_[chunk];
      for (std::uint32_t k = 0; k < n; ++k) fetch_ahead(events[k]);
      front_.insert(front_.end(), events.begin(), events.begin() + n);
      free_chunk(chunk);
      chunk = after;
    }
    if (disordered_) sort_front(first);
  }

  /// Sorts the front from `first` on; nearly always it is sorted already.
  void sort_front(std::size_t first) {
    const auto begin = front_.begin() + static_cast<std::ptrdiff_t>(first);
    if (!std::is_sorted(begin, front_.end(), before)) std::sort(begin, front_.end(), before);
  }

  /// Turns the list of chunks around, so that before_ leads from the first to the last, which has
  /// kNone. Returns the first.
  std::uint32_t reversed(std::uint32_t last_place) {
    std::uint32_t after = kNone;
    for (std::uint32_t p = last_place; p != 0;) {
      const std::uint32_t chunk = (p - 1) / kChunk;
      p = before_[chunk];
      before_[chunk] = after;
      after = chunk;
    }
    return after;
  }

  /// What an event carries is often a pointer to what its handler reads first; asking for the
  /// memory now hides most of a cache miss. A hint: any value is harmless.
  static void fetch_ahead(const Event& e) {
    __builtin_prefetch(reinterpret_cast<const void*>(e.data));
    __builtin_prefetch(reinterpret_cast<const void*>(e.data + 64));
  }

  /// Spreads a bucket over those below it. True if it was a single instant, which then is the
  /// front.
  bool spread(std::uint32_t last_place) {
    const std::uint32_t count = (last_place - 1) % kChunk + 1;
    const std::uint32_t first_chunk = reversed(last_place);
    const std::int64_t one = chunks_[first_chunk][0].at;
    std::uint64_t difference = 0;
    for (std::uint32_t c = first_chunk; c != kNone; c = before_[c]) {
      if (before_[c] != kNone) __builtin_prefetch(&chunks_[before_[c]]);
      const std::uint32_t n = before_[c] == kNone ? count : kChunk;
      for (std::uint32_t k = 0; k < n; ++k)
        difference |= static_cast<std::uint64_t>(chunks_[c][k].at ^ one);
    }
    const bool single = difference == 0;
    if (single) {
      reference_ = one;
      front_level_ = 0;
      front_last_ = one;
    } else {
      const int level = (std::bit_width(difference) - 1) / kDigitBits;
      reference_ = start_of_prefix(one, level);
    }
    for (std::uint32_t c = first_chunk; c != kNone;) {
      const std::uint32_t after = before_[c];
      const std::uint32_t n = after == kNone ? count : kChunk;
      if (after != kNone) __builtin_prefetch(&chunks_[after]);
      for (std::uint32_t k = 0; k < n; ++k) {
        const Event e = chunks_[c][k];  // by value: put may move the chunks
        if (single) {
          front_.push_back(e);
        } else {
          put(e);
        }
      }
      free_chunk(c);
      c = after;
    }
    if (single && disordered_) sort_front(0);
    return single;
  }

  /// `at` with the digits of `level` and below cleared.
  static std::int64_t start_of_prefix(std::int64_t at, int level) {
    const int shift = level * kDigitBits;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(at) >> shift >>
                                     kDigitBits << kDigitBits << shift);
  }

  /// The front has grown by pushes: back into buckets, all but its first instant. If that instant
  /// is before the prefix that the buckets share, they are all filled anew.
  void spread_front() {
    std::vector<Event> events(front_.begin() + static_cast<std::ptrdiff_t>(position_ + ready_),
                              front_.end());
    front_.resize(position_ + ready_);
    const std::int64_t first = ready_ != 0 ? front_[position_].at : events.front().at;
    const int shift = front_level_ * kDigitBits;
    if (static_cast<std::uint64_t>(first ^ reference_) >> shift >> kDigitBits != 0) {
      disordered_ = true;
      auto collect = [&](const Event& e) { events.push_back(e); };
      for_each_in_buckets(collect);
      chunks_.clear();
      before_.clear();
      places_.fill(0);
      used_.fill(0);
      levels_ = 0;
      free_ = kNone;
    }
    reference_ = first;
    front_last_ = first;
    front_level_ = 0;
    for (const Event& e : events) {
      if (e.at == first) {
        front_.push_back(e);
      } else {
        put(e);
      }
    }
  }

  template <class F>
  void for_each_in_buckets(F& f) const {
    // By the bits: worlds are copied and hashed often, and nearly all buckets are empty.
    for (std::uint64_t levels = levels_; levels != 0; levels &= levels - 1) {
      const auto level = static_cast<std::size_t>(std::countr_zero(levels));
      for (std::uint64_t used = used_[level]; used != 0; used &= used - 1) {
        const auto slot = static_cast<std::size_t>(std::countr_zero(used));
        std::uint32_t place = places_[level * kSlots + slot];
        for (; place != 0; place = before_[(place - 1) / kChunk]) {
          const Chunk& events = chunks_[(place - 1) / kChunk];
          for (std::uint32_t k = 0; k <= (place - 1) % kChunk; ++k) f(events[k]);
        }
      }
    }
  }

  std::vector<Event> front_;  ///< sorted from position_ on, but see ready_
  std::size_t position_ = 0;
  std::size_t ready_ = 0;         ///< events of the first instant in the front; 0: not counted
  std::int64_t front_last_ = -1;  ///< whatever is due until then is in the front, nothing else is
  int front_level_ = 0;           ///< the front's buckets were of this level
  bool disordered_ = false;
  std::uint32_t free_ = kNone;
  std::int64_t reference_ = 0;
  std::size_t size_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<std::uint32_t> before_;  ///< per chunk: the place where the full one before it ends
  std::uint64_t levels_ = 0;           ///< bit i: level i has a bucket that is not empty
  std::array<std::uint64_t, kLevels> used_{};  ///< a bit a bucket: not empty
  /// Where a bucket's next event goes, counted through all chunks; its chunk is full if that is a
  /// multiple of kChunk. 0: empty.
  std::array<std::uint32_t, kLevels * kSlots> places_{};
};

using EventQueue = BasicEventQueue<>;

}  // namespace sibyl
