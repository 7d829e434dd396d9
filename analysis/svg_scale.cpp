// From time to place.
#include "analysis/svg_scale.hpp"

#include <algorithm>
#include <limits>

namespace sibyl::analysis::svg {

namespace {

constexpr int kLongestGap = 200;  // px; what is beyond 1.6 times as much is broken to this length

struct Width {
  int px = 0;
  bool broken = false;
  bool stretched = false;
};

Width gap_width(std::int64_t gap_ns, double px_per_ns, int least) {
  const double wanted = px_per_ns * static_cast<double>(gap_ns);
  if (wanted > 1.6 * kLongestGap) return {kLongestGap, true, false};
  if (wanted < least) return {least, false, wanted * 3 < 2 * least};
  return {static_cast<int>(wanted), false, false};
}

/// The px per ns with which the gaps fill about `target_px`, yet a usual gap is not broken: the
/// median, of an even number the shorter one in the middle.
double fitting_scale(const std::vector<std::int64_t>& instants, int target_px, int least,
                     int usual_gap) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < instants.size(); ++i) gaps.push_back(instants[i] - instants[i - 1]);
  if (gaps.empty()) return 0;
  const auto middle_gap = gaps.begin() + static_cast<std::ptrdiff_t>((gaps.size() - 1) / 2);
  std::nth_element(gaps.begin(), middle_gap, gaps.end());
  double low = 0;
  double high = static_cast<double>(usual_gap) / static_cast<double>(*middle_gap);
  for (int round = 0; round < 80; ++round) {
    const double middle = (low + high) / 2;
    std::int64_t total = 0;
    for (const std::int64_t gap : gaps) total += gap_width(gap, middle, least).px;
    (total < target_px ? low : high) = middle;
  }
  return low;
}

}  // namespace

TimeScale::TimeScale(std::vector<std::int64_t> instants, int target_px, int least_gap, int most_px,
                     int usual_gap)
    : instants_(std::move(instants)) {
  const auto gaps = static_cast<int>(std::max<std::size_t>(instants_.size(), 2) - 1);
  const int least = std::max(1, std::min(least_gap, most_px / gaps));
  const double scale = fitting_scale(instants_, std::min(target_px, most_px), least, usual_gap);
  x_.push_back(0);
  for (std::size_t i = 1; i < instants_.size(); ++i) {
    const Width w = gap_width(instants_[i] - instants_[i - 1], scale, least);
    x_.push_back(x_.back() + w.px);
    const std::int64_t gap = instants_[i] - instants_[i - 1];
    smallest_gap_ = i == 1 ? gap : std::min(smallest_gap_, gap);
    stretched_ = stretched_ || w.stretched;
    if (w.broken) broken_.push_back({instants_[i - 1], instants_[i]});
  }
}

int TimeScale::at(std::int64_t ns) const {
  const auto next = std::lower_bound(instants_.begin(), instants_.end(), ns);
  if (next == instants_.end()) return x_.back();
  const auto i = static_cast<std::size_t>(next - instants_.begin());
  if (*next == ns || i == 0) return x_[i];
  const double part = static_cast<double>(ns - instants_[i - 1]) /
                      static_cast<double>(instants_[i] - instants_[i - 1]);
  return x_[i - 1] + static_cast<int>(part * (x_[i] - x_[i - 1]));
}

std::vector<TimeScale::Tick> TimeScale::ticks(const TimeUnit& unit, int spacing) const {
  std::vector<Tick> out;
  int free_from = 0;
  std::int64_t from = instants_.front();
  for (const Gap& gap : broken_) {
    ticks_within(from, gap.from, unit, spacing, free_from, out);
    from = gap.to;
  }
  ticks_within(from, instants_.back(), unit, spacing, free_from, out);
  return out;
}

void TimeScale::ticks_within(std::int64_t from, std::int64_t to, const TimeUnit& unit, int spacing,
                             int& free_from, std::vector<Tick>& out) const {
  // The smallest round step (1, 2, 5, 10, …) whose ticks all have room.
  const std::int64_t most = std::max(1, (at(to) - at(from)) / spacing);
  std::int64_t step = 1;
  for (int i = 0; i < 54; ++i) {
    const std::int64_t first = from + (step - from % step) % step;
    int free = free_from;
    bool room = (to - from) / step <= most && step >= smallest_gap_;
    for (std::int64_t t = first; room && t <= to && t >= first; t += step) {
      room = at(t) >= free;
      free = at(t) + spacing;
    }
    if (room && first <= to) {
      const std::size_t before = out.size();
      for (std::int64_t t = first; t <= to && t >= first; t += step) {
        out.push_back({t, in_unit(t, unit)});
      }
      free_from = free;
      if (out.size() != before + 1 || at(to) < free_from) return;
      // One time alone tells nothing of how long it takes.
      out.push_back({to, in_unit(to, unit)});
      free_from = at(to) + spacing;
      return;
    }
    if (first > to || step > std::numeric_limits<std::int64_t>::max() / 8) break;
    step = i % 3 == 1 ? step / 2 * 5 : step * 2;
  }
  if (at(from) < free_from) return;
  out.push_back({from, in_unit(from, unit)});
  free_from = at(from) + spacing;
}

}  // namespace sibyl::analysis::svg
