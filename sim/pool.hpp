// Memory for messages: free lists by size, one set a thread, no effect on any result. Blocks go
// back to the list of the thread that frees them. Under the address sanitizer every block is the
// heap's own, so that misuse is seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace sibyl::pool {

#if defined(__SANITIZE_ADDRESS__)
#define SIBYL_POOL_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIBYL_POOL_OFF 1
#endif
#endif

inline constexpr std::size_t kGrain = 16;
inline constexpr std::size_t kClasses = 32;  ///< blocks of up to 512 bytes are pooled

struct FreeLists {
  std::array<void*, kClasses + 1> head{};
};
// lint: allow global: memory only; what a block held before has no effect on any result
inline constinit thread_local FreeLists free_lists;  // lint: allow thread: a set of lists a thread

/// Cuts a new slab into blocks of class `c` and returns one of them.
void* refill(std::size_t c);

inline void* allocate(std::size_t bytes) {
#ifndef SIBYL_POOL_OFF
  const std::size_t c = (bytes + kGrain - 1) / kGrain;
  if (c <= kClasses) {
    void* head = free_lists.head[c];
    if (head == nullptr) return refill(c);
    free_lists.head[c] = *static_cast<void**>(head);
    return head;
  }
#endif
  return ::operator new(bytes);
}

inline void release(void* block, [[maybe_unused]] std::size_t bytes) {
#ifndef SIBYL_POOL_OFF
  const std::size_t c = (bytes + kGrain - 1) / kGrain;
  if (c <= kClasses) {
    *static_cast<void**>(block) = free_lists.head[c];
    free_lists.head[c] = block;
    return;
  }
#endif
  ::operator delete(block);
}

}  // namespace sibyl::pool
