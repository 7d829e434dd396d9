// Which of many texts a text begins with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace sibyl::analysis {

/// Texts, none of which is empty. They outlive this.
class Beginnings {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kSeveral = kNone - 1;

  /// O(n log n) comparisons.
  explicit Beginnings(const std::vector<std::string_view>& texts) {
    sorted_.reserve(texts.size());
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      sorted_.push_back({head_of(texts[i]), texts[i], i});
      longest_ = std::max(longest_, texts[i].size());
    }
    std::sort(sorted_.begin(), sorted_.end(), before);
    shorter_.assign(texts.size(), kNone);
    for (std::uint32_t i = 1; i < sorted_.size(); ++i) {
      std::uint32_t last = i - 1;
      while (last != kNone && !sorted_[i].text.starts_with(sorted_[last].text))
        last = shorter_[last];
      shorter_[i] = last;
    }
  }

  std::size_t longest() const { return longest_; }

  /// Calls take(i) for each text i that `text` begins with. O(log n) comparisons and one for each.
  template <class Take>
  void each_beginning(std::string_view text, Take take) const {
    std::uint32_t last = last_until(text);
    while (last != kNone && !text.starts_with(sorted_[last].text)) last = shorter_[last];
    for (; last != kNone; last = shorter_[last]) take(sorted_[last].number);
  }

  /// The text that `text` begins with: kNone when there is none, kSeveral when there may be more
  /// than one. O(log n) comparisons.
  std::uint32_t only_beginning(std::string_view text) const {
    const std::uint32_t last = last_until(text);
    if (last == kNone) return kNone;
    if (shorter_[last] != kNone) return kSeveral;
    return text.starts_with(sorted_[last].text) ? sorted_[last].number : kNone;
  }

 private:
  struct Entry {
    std::uint64_t head;  ///< the first 8 characters, which tell most texts apart
    std::string_view text;
    std::uint32_t number;
  };

  /// In the order of texts, as far as it goes: shorter ones are filled up with zeros.
  static std::uint64_t head_of(std::string_view text) {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < 8; ++i)
      head = head << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
    return head;
  }

  static bool before(const Entry& a, const Entry& b) {
    return a.head != b.head ? a.head < b.head : a.text < b.text;
  }

  /// The place of the last one that does not sort behind a text. What sorts between a text and one
  /// that begins with it begins with it, too: so it is that one, or one that leads to it.
  std::uint32_t last_until(std::string_view text) const {
    const Entry wanted{head_of(text), text, 0};
    const auto after = std::upper_bound(sorted_.begin(), sorted_.end(), wanted, before);
    return static_cast<std::uint32_t>(after - sorted_.begin()) - 1;
  }

  std::vector<Entry> sorted_;
  std::vector<std::uint32_t> shorter_;  ///< by place in sorted_: the last one that it begins with
  std::size_t longest_ = 0;
};

}  // namespace sibyl::analysis
