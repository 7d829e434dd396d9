// A priority queue of vertices by gain: doubly linked lists, one a bucket of gains, as in Fiduccia
// and Mattheyses ("A linear-time heuristic for improving network partitions", DAC 1982). Gains up
// to 64 in size have a bucket each; larger ones share it with those that agree in the leading six
// bits, so that weights of any size need 3600 buckets. Within a bucket, last in is first out.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"

namespace sibyl::partitioner {

class GainBuckets {
 public:
  explicit GainBuckets(Vertex n) : next_(n), prev_(n), bucket_(n, kNowhere) {
    first_.fill(kNoVertex);
  }

  bool contains(Vertex v) const { return bucket_[v] != kNowhere; }

  void insert(Vertex v, Weight gain) {
    const std::uint16_t b = bucket_of(gain);
    bucket_[v] = b;
    prev_[v] = kNoVertex;
    next_[v] = first_[b];
    if (first_[b] != kNoVertex) prev_[first_[b]] = v;
    first_[b] = v;
    if (b > top_) top_ = b;
  }

  void remove(Vertex v) {
    const std::uint16_t b = bucket_[v];
    if (prev_[v] == kNoVertex) {
      first_[b] = next_[v];
    } else {
      next_[prev_[v]] = next_[v];
    }
    if (next_[v] != kNoVertex) prev_[next_[v]] = prev_[v];
    bucket_[v] = kNowhere;
  }

  /// Of a vertex that is in it; one that stays in its bucket stays in its place.
  void update(Vertex v, Weight gain) {
    if (bucket_of(gain) == bucket_[v]) return;
    remove(v);
    insert(v, gain);
  }

  /// A vertex of the highest bucket; kNoVertex when it is empty.
  Vertex top() {
    while (top_ > 0 && first_[top_] == kNoVertex) --top_;
    return first_[top_];
  }

  void clear() {
    for (Vertex v = top(); v != kNoVertex; v = top()) remove(v);
    top_ = 0;
  }

 private:
  static constexpr int kBits = 6;
  static constexpr std::uint16_t kHalf = (64 - kBits) << (kBits - 1);
  static constexpr std::uint16_t kNowhere = 0xffff;

  static std::uint16_t bucket_of(Weight gain) {
    const auto size = static_cast<std::uint64_t>(gain < 0 ? -gain : gain);
    std::uint64_t place = size;
    if (size >> kBits != 0) {
      const int shift = static_cast<int>(std::bit_width(size)) - kBits;
      place = (static_cast<std::uint64_t>(shift) << (kBits - 1)) + (size >> shift);
    }
    const auto p = static_cast<std::uint16_t>(place);
    return static_cast<std::uint16_t>(gain < 0 ? kHalf - p : kHalf + p);
  }

  std::array<Vertex, 2 * kHalf + 1> first_;
  std::vector<Vertex> next_;
  std::vector<Vertex> prev_;
  std::vector<std::uint16_t> bucket_;
  std::uint16_t top_ = 0;
};

}  // namespace sibyl::partitioner
