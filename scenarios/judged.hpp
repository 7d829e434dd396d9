// What runs of a search came to, kept for the runs that look alike, by all of its threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>  // lint: allow thread: guards the verdicts, no result depends on it
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sibyl {

/// A violation as a search reports it.
struct FoundViolation {
  std::string property;
  std::string cause;
  std::string summary;
};

/// What a run violates; null: nothing, so that most verdicts have no count that threads share.
using Violations = std::shared_ptr<const std::vector<FoundViolation>>;

/// What the checkers say of a run.
struct Judged {
  Violations violations;
  std::string undecided = {};  ///< why it has no verdict; empty: it has one
};

/// Verdicts by a hash that tells what they depend on. Threads share them: what one has judged is
/// not judged again by another, unless at the same time.
class JudgedRuns {
 public:
  /// `most_bytes`: estimated; what does not fit makes some of those before be forgotten.
  explicit JudgedRuns(std::uint64_t most_bytes) : most_bytes_(most_bytes / kShelves) {}

  /// Empty: not judged yet, or forgotten. O(log of their number).
  std::optional<Judged> find(std::uint64_t hash) {
    Shelf& shelf = shelf_of(hash);
    const std::scoped_lock lock(shelf.mutex);
    const auto known = shelf.known.find(hash);
    if (known == shelf.known.end()) return std::nullopt;
    return known->second;
  }

  /// Keeps the first of those with the same hash: they are equal. O(log of their number).
  void keep(std::uint64_t hash, Judged judged) {
    const std::uint64_t bytes = size_of(judged);
    Shelf& shelf = shelf_of(hash);
    const std::scoped_lock lock(shelf.mutex);
    if (shelf.bytes + bytes > most_bytes_) {
      shelf.known.clear();
      shelf.bytes = 0;
    }
    if (shelf.known.emplace(hash, std::move(judged)).second) shelf.bytes += bytes;
  }

 private:
  /// Each with a lock of its own, so that threads seldom wait, and with cache lines of its own.
  struct alignas(64) Shelf {
    std::mutex mutex;  // lint: allow thread: the same
    std::map<std::uint64_t, Judged> known;
    std::uint64_t bytes = 0;
  };
  static constexpr std::size_t kShelves = 32;

  Shelf& shelf_of(std::uint64_t hash) { return shelves_[hash >> 59U]; }

  /// With its place in the map, about.
  static std::uint64_t size_of(const Judged& judged) {
    std::uint64_t bytes = 96 + judged.undecided.size();
    if (!judged.violations) return bytes;
    for (const FoundViolation& found : *judged.violations) {
      bytes += sizeof(FoundViolation) + found.property.size() + found.cause.size() +
               found.summary.size();
    }
    return bytes;
  }

  std::uint64_t most_bytes_;  ///< of a shelf
  std::array<Shelf, kShelves> shelves_;
};

}  // namespace sibyl
