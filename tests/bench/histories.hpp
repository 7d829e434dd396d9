// Histories of a simulated store, for measuring checkers.
#pragma once

#include <cstdint>

#include "analysis/check/operations.hpp"

namespace sibyl::bench {

/// What a history is like.
struct HistoryShape {
  std::uint32_t clients = 10;       ///< each has one operation open at most
  std::uint32_t operations = 1000;  ///< at least 1
  std::uint32_t keys = 1;           ///< drawn with equal chances
  double reads = 0.5;               ///< their share
  std::uint64_t seed = 1;
  bool bad = false;           ///< one read near `bad_at` of the history becomes stale
  double bad_at = 0.9;        ///< from 0 to 1
  std::uint32_t domain = 0;   ///< written values are drawn from 1 to domain; 0: all differ
  std::uint32_t pending = 0;  ///< writes that never return; their client is replaced
  bool texts = false;  ///< get, append and (one in 20 writes) put of texts, model "kv"; else read
                       ///< and write of integers, model "register"
};

/// A correct history of that shape, or one with one stale read: a read that returns the value of a
/// write that another had overwritten before it was called (texts: without its last append, which
/// had returned before). Every operation takes effect at one instant between its call and its
/// return; all stamps differ; operations stand in the order of their calls. The same on every
/// machine. O(n log clients), with texts O(total length).
analysis::FlatHistory make_history(const HistoryShape& shape);

}  // namespace sibyl::bench
