// Placement of labels.
#include "analysis/svg_labels.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace sibyl::analysis::svg {

namespace {

constexpr int kBeside = 3;       // px between the line to a label and the label
constexpr int kBetween = 6;      // px between neighbouring labels
constexpr int kLeastLabel = 26;  // px; a shorter remainder says nothing
constexpr int kMostCrossed = 2;  // lines that a label on a line may cover

/// Places the labels to the left; false when one would have to be cut or left out.
bool turned(std::vector<Anchored>& labels, Font font, int rows, int begin) {
  for (Anchored& label : labels) label.x = -label.x;
  place_beside(labels, font, rows, -begin);
  for (Anchored& label : labels) {
    label.x = -label.x;
    label.leftwards = true;
  }
  return std::all_of(labels.begin(), labels.end(), [](const Anchored& label) {
    return label.placed && label.shown == label.text;
  });
}

}  // namespace

bool meets(const Area& a, const Area& r) {
  if (std::max(a.x0, a.x1) < r.x0 || std::min(a.x0, a.x1) >= r.x1) return false;
  if (std::max(a.y0, a.y1) < r.y0 || std::min(a.y0, a.y1) >= r.y1) return false;
  // It meets when the corners are not all on one side of the line.
  const auto side = [&](int x, int y) {
    const std::int64_t cross =
        std::int64_t{a.x1 - a.x0} * (y - a.y0) - std::int64_t{a.y1 - a.y0} * (x - a.x0);
    return cross > 0 ? 1 : cross < 0 ? -1 : 0;
  };
  const int sum = side(r.x0, r.y0) + side(r.x1, r.y0) + side(r.x0, r.y1) + side(r.x1, r.y1);
  return sum > -4 && sum < 4;
}

int place_beside(std::vector<Anchored>& labels, Font font, int rows, int end) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return labels[a].x > labels[b].x; });
  // From right to left: free_to[r] is where the next label of row r, or a line through it, begins.
  std::vector<int> free_to(static_cast<std::size_t>(rows), end);
  int used = 0;
  for (const std::size_t i : order) {
    Anchored& label = labels[i];
    const int width = text_width(label.text, font);
    const auto room = [&](int r) {
      return free_to[static_cast<std::size_t>(r)] - label.x - kBeside - kBetween;
    };
    int row = 0;
    while (row < rows && room(row) < width) ++row;
    if (row == rows) row = rows - 1;  // the rows farther away always have as much room or more
    label.shown = room(row) < kLeastLabel ? "" : fitted(label.text, room(row), font);
    if (room(row) >= width) label.shown = label.text;
    label.placed = !label.shown.empty();
    if (!label.placed) continue;
    label.row = row;
    used = std::max(used, row + 1);
    for (int r = 0; r <= row; ++r) free_to[static_cast<std::size_t>(r)] = label.x;
  }
  return used;
}

int turn_stacks(std::vector<Anchored>& labels, Font font, int rows, int begin) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].placed) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return labels[a].x < labels[b].x; });
  int used = 0;
  for (std::size_t from = 0; from < order.size();) {
    std::size_t to = from;  // the stack: up to the first label that has found room on the line
    while (to + 1 < order.size() && labels[order[to]].row > 0) ++to;
    ++to;
    std::vector<Anchored> stack;
    for (std::size_t k = from; k < to; ++k) stack.push_back(labels[order[k]]);
    if (stack.size() > 1 && turned(stack, font, rows, begin)) {
      for (std::size_t k = from; k < to; ++k) labels[order[k]] = std::move(stack[k - from]);
    }
    for (; from < to; ++from) {
      const Anchored& label = labels[order[from]];
      const int end = label.leftwards ? 0 : kBeside + text_width(label.shown, font);
      begin = std::max(begin, label.x + end);
      used = std::max(used, label.row + 1);
    }
  }
  return used;
}

int place_in_rows(std::vector<Spanning>& spans) {
  std::vector<std::size_t> order(spans.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return spans[a].from < spans[b].from; });
  std::vector<int> free_from;
  for (const std::size_t i : order) {
    Spanning& span = spans[i];
    std::size_t row = 0;
    while (row < free_from.size() && free_from[row] > span.from) ++row;
    if (row == free_from.size()) free_from.push_back(0);
    free_from[row] = span.to;
    span.row = static_cast<int>(row);
  }
  return static_cast<int>(free_from.size());
}

bool FreeSpace::place_on_line(int x0, int y0, int x1, int y1, Text& text) {
  constexpr std::array<int, 9> kPercent{50, 42, 58, 34, 66, 26, 74, 18, 82};
  Text best;
  int fewest = kMostCrossed + 1;
  const bool steep = std::abs(y1 - y0) > std::abs(x1 - x0);
  for (const Anchor anchor : {Anchor::middle, Anchor::start, Anchor::end}) {
    if (anchor != Anchor::middle && !steep) break;
    for (const int percent : kPercent) {
      Text candidate = text;
      candidate.anchor = anchor;
      candidate.x = x0 + (x1 - x0) * percent / 100 +
                    (anchor == Anchor::start ? kBeside
                     : anchor == Anchor::end ? -kBeside
                                             : 0);
      candidate.y = y0 + (y1 - y0) * percent / 100 + text.font.size / 3;
      Area area = candidate.area();
      area.x0 -= 2;
      area.x1 += 2;
      const bool free = std::none_of(taken_.begin(), taken_.end(),
                                     [&](const Area& t) { return t.overlaps(area); });
      if (!free) continue;
      const Area own{x0, y0, x1, y1};
      const auto crossed =
          static_cast<int>(std::count_if(lines_.begin(), lines_.end(),
                                         [&](const Area& line) { return meets(line, area); })) -
          (meets(own, area) ? 1 : 0);
      if (crossed >= fewest) continue;
      fewest = crossed;
      best = candidate;
    }
  }
  if (fewest > kMostCrossed) return false;
  text = best;
  occupy(text.area());
  return true;
}

}  // namespace sibyl::analysis::svg
