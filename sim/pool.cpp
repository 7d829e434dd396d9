// Slabs of the message pool. Slabs are kept until the program ends: messages may outlive the thread
// that made them. The total is bounded by the sum over threads of the most messages that each ever
// had pending; what a thread had free when it ended is not used again, since threads are few.
#include "sim/pool.hpp"

#include <algorithm>
#include <mutex>  // lint: allow thread: guards the list of slabs, no result depends on it
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace sibyl::pool {

namespace {

constexpr std::size_t kSmallSlab = 64 * 1024;
constexpr std::size_t kLargeSlab =
    2 * 1024 * 1024;  ///< a huge page: fewer misses in the page tables
constexpr std::size_t kLargeFrom =
    2 * 1024 * 1024;  ///< bytes of a class in small slabs before large ones

/// Keeps every slab reachable, so that leak checkers can tell a leak from the pool.
struct Slabs {
  std::mutex mutex;
  std::vector<void*> blocks;
  std::array<std::size_t, kClasses + 1> bytes{};
};

Slabs& slabs() {
  // lint: allow global: never destroyed, since other threads may still hold blocks at exit
  static auto* all = new Slabs;
  return *all;
}

}  // namespace

void* refill(std::size_t c) {
  const std::size_t size = c * kGrain;
  std::size_t slab_size = kSmallSlab;
  std::byte* slab = nullptr;
  {
    const std::scoped_lock lock(slabs().mutex);
    if (slabs().bytes[c] >= kLargeFrom) slab_size = kLargeSlab;
    slab = static_cast<std::byte*>(::operator new (slab_size, std::align_val_t{slab_size}));
    slabs().bytes[c] += slab_size;
    slabs().blocks.push_back(slab);
  }
#if defined(__linux__)
  if (slab_size == kLargeSlab)
    madvise(slab, slab_size, MADV_HUGEPAGE);  // advice only: failure is harmless
#endif
  for (std::size_t i = slab_size / size - 1; i > 0; --i) {
    void* block = slab + i * size;
    *static_cast<void**>(block) = free_lists.head[c];
    free_lists.head[c] = block;
  }
  return slab;
}

}  // namespace sibyl::pool
