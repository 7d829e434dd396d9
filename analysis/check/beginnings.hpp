// Which of many texts a text begins with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

namespace sibyl::analysis {

/// Texts, none of which is empty. They outlive this.
class Beginnings {
 public:
  /// O(n log n) comparisons.
  explicit Beginnings(std::vector<std::string_view> texts) : texts_(std::move(texts)) {
    sorted_.resize(texts_.size());
    std::iota(sorted_.begin(), sorted_.end(), 0U);
    std::sort(sorted_.begin(), sorted_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return texts_[a] < texts_[b]; });
    shorter_.assign(texts_.size(), kNone);
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      longest_ = std::max(longest_, at(i).size());
      std::uint32_t last = i == 0 ? kNone : i - 1;
      while (last != kNone && !begins(at(i), at(last))) last = shorter_[last];
      shorter_[i] = last;
    }
  }

  std::size_t longest() const { return longest_; }

  /// Calls take(i) for each text i that `text` begins with. O(log n) comparisons and one for each.
  template <class Take>
  void each_beginning(std::string_view text, Take take) const {
    // What sorts between a text and one that begins with it begins with it, too.
    const auto after = std::upper_bound(
        sorted_.begin(), sorted_.end(), text,
        [&](std::string_view wanted, std::uint32_t i) { return wanted < texts_[i]; });
    std::uint32_t last =
        after == sorted_.begin() ? kNone : static_cast<std::uint32_t>(after - sorted_.begin() - 1);
    while (last != kNone && !begins(text, at(last))) last = shorter_[last];
    for (; last != kNone; last = shorter_[last]) take(sorted_[last]);
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  static bool begins(std::string_view text, std::string_view with) {
    return text.compare(0, with.size(), with) == 0;
  }
  std::string_view at(std::uint32_t place) const { return texts_[sorted_[place]]; }

  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> sorted_;   ///< places of texts
  std::vector<std::uint32_t> shorter_;  ///< by place in sorted_: the last one that it begins with
  std::size_t longest_ = 0;
};

}  // namespace sibyl::analysis
