// The core of a violation as SVG.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analysis/core_items.hpp"
#include "analysis/core_view.hpp"
#include "analysis/reading.hpp"
#include "analysis/svg_labels.hpp"
#include "analysis/svg_lanes.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_view.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::core {

namespace {

using svg::Anchor;
using svg::Area;
using svg::Font;
using svg::Layer;
using svg::Picture;
using svg::Text;
using Point = std::pair<int, int>;  // px to the right, px down

constexpr int kMargin = 16;
constexpr int kLeastWidth = 760;
constexpr int kMostTextWidth = 1200;
constexpr Font kTitleFont{20, true};
constexpr Font kBarFont{14, false};
constexpr Font kNameFont{14, true};
constexpr Font kSmallFont{12, false};
constexpr int kBar = 28;         // px, the height of an operation
constexpr int kUnder = 17;       // its times, beneath
constexpr int kOver = 26;        // above it: badges, and arrows to the same lane
constexpr int kBetween = 22;     // between rows
constexpr int kWidestBar = 320;  // that a text may ask for
constexpr int kFew = 12;         // operations whose texts do
constexpr int kGap = 64;         // between neighbouring instants
constexpr int kCrowdedGap = 14;
constexpr int kThin = 7;  // an operation of the context
constexpr int kThinRow = 10;
constexpr int kBadge = 20;
constexpr int kLevel = 17;  // between arrows over one lane
constexpr int kLittle = 8;
constexpr int kApart = 26;    // arrows that meet the same bar
constexpr int kClear = 6;     // between an arrow and a bar that it passes
constexpr int kChannel = 14;  // between arrows that pass the same bar
constexpr int kChannels = 8;  // that are tried at each edge of a bar

/// Bars, arrows and words, from top to bottom.
class CorePage {
 public:
  CorePage(const CoreHead& head, const Items& items)
      : head_(head),
        items_(items),
        stamps_(stamps_of(head, items)),
        scale_(items.bars, needs(),
               static_cast<int>(items.bars.size()) <= kFew ? kGap : kCrowdedGap) {
    int names = 60;
    for (const Bar& bar : items_.bars) {
      names = std::max(names, svg::text_width(client_of(bar), kNameFont));
    }
    left_ = kMargin + std::min(names, 180) + 24;
    text_width_ =
        std::clamp(left_ + scale_.width() + 30, kLeastWidth, kMostTextWidth) - 2 * kMargin;
  }

  Picture build() {
    picture_.title = printable(head_.title);
    y_ = kMargin - 4;
    paragraph(printable(head_.title), kTitleFont, "title", 3);
    y_ += 4;
    paragraph(printable(head_.summary), kBarFont, "legend", 6);
    if (!items_.initial.empty()) paragraph("At first: " + items_.initial, kSmallFont, "role", 2);
    y_ += 12;
    place_lanes();
    place_context();
    place_edges();
    legend();
    words();
    finish();
    return std::move(picture_);
  }

 private:
  struct Lane {
    std::string client;
    std::vector<std::size_t> bars;
    int top = 0;
    int bottom = 0;
  };

  std::string client_of(const Bar& bar) const { return client_words(head_, bar); }

  std::string label_of(const Bar& bar) const {
    const bool says_name = bar.name.empty() || bar.text.rfind(bar.name, 0) == 0;
    return says_name ? bar.text : bar.name + ": " + bar.text;
  }

  /// What each bar asks for: its text and its times.
  std::vector<int> needs() const {
    std::vector<int> out;
    for (const Bar& bar : items_.bars) {
      const int label = svg::text_width(label_of(bar), kBarFont) + 16;
      const int span = svg::text_width(span_words(bar, stamps_), kSmallFont) + 8;
      const bool few = static_cast<int>(items_.bars.size()) <= kFew;
      out.push_back(few ? std::min(std::max(label, span), kWidestBar) : kCrowdedGap);
    }
    return out;
  }

  void paragraph(std::string_view text, Font font, std::string_view style, std::size_t most) {
    for (std::string& line : svg::wrapped(text, text_width_, font, most)) {
      y_ += font.size + 6;
      picture_.write({kMargin, y_, Anchor::start, font, style, std::move(line), {}});
    }
  }

  /// Lanes by client, in the order of their first calls; what overlaps in a lane has rows.
  void place_lanes() {
    areas_.resize(items_.bars.size());
    std::vector<Lane> lanes;
    std::map<std::string, std::size_t> of;
    for (std::size_t i = 0; i < items_.bars.size(); ++i) {
      const auto [lane, fresh] = of.emplace(items_.bars[i].process, lanes.size());
      if (fresh) lanes.push_back({client_of(items_.bars[i]), {}});
      lanes[lane->second].bars.push_back(i);
    }
    for (Lane& lane : lanes) place_lane(lane);
    for (const Lane& lane : lanes) {
      const int y = (lane.top + lane.bottom) / 2;
      picture_.write({left_ - 16, svg::base_line(y, kNameFont), Anchor::end, kNameFont, "name",
                      svg::fitted(lane.client, left_ - 16 - kMargin, kNameFont), lane.client});
    }
  }

  void place_lane(Lane& lane) {
    std::vector<svg::Spanning> spans;
    for (const std::size_t i : lane.bars) {
      const Bar& bar = items_.bars[i];
      const int x0 = left_ + scale_.begin(bar);
      spans.push_back({x0, std::max(left_ + scale_.end(bar), x0 + 8), 0});
    }
    const int rows = svg::place_in_rows(spans);
    // Arrows within the lane go over its bars, each at a height of its own.
    const auto is_in = [&](std::size_t i) {
      return std::find(lane.bars.begin(), lane.bars.end(), i) != lane.bars.end();
    };
    const auto own = static_cast<int>(std::count_if(
        items_.edges.begin(), items_.edges.end(),
        [&](const Edge& e) { return goes_over(e) && is_in(e.before) && is_in(e.after); }));
    const int over = kOver + std::max(0, own - 1) * kLevel;
    const int height = over + kBar + kUnder;
    lane.top = y_ + over;
    for (std::size_t k = 0; k < spans.size(); ++k) {
      const int y0 = lane.top + spans[k].row * height;
      areas_[lane.bars[k]] = {spans[k].from, y0, spans[k].to, y0 + kBar};
    }
    lane.bottom = lane.top + (rows - 1) * height + kBar;
    picture_.line(
        Layer::ground, "life",
        {{left_ - 8, lane.top + kBar / 2}, {left_ + scale_.width(), lane.top + kBar / 2}});
    for (const std::size_t i : lane.bars) place_bar(i);
    y_ = lane.bottom + kUnder + (items_.edges.empty() ? kLittle : kBetween);
  }

  void place_bar(std::size_t i) {
    const Bar& bar = items_.bars[i];
    const Area& area = areas_[i];
    const bool core = bar.role == "core";
    const std::string title = fmt::format("{} ({}), {}", label_of(bar), span_words(bar, stamps_),
                                          bar.role.empty() ? "operation" : bar.role);
    const std::string_view style = core && bar.open ? "op open proof"
                                   : core           ? "op proof"
                                   : bar.open       ? "op open"
                                                    : "op";
    picture_.rectangle(Layer::box, style, area, title);
    std::string label = label_of(bar);
    std::string shown = svg::fitted(label, area.x1 - area.x0 - 10, kBarFont);
    if (shown != label) cut_.push_back(i);
    if (!shown.empty()) {
      picture_.write({(area.x0 + area.x1) / 2, svg::base_line((area.y0 + area.y1) / 2, kBarFont),
                      Anchor::middle, kBarFont, "in", std::move(shown), title});
    }
    std::string span = svg::fitted(span_words(bar, stamps_), area.x1 - area.x0, kSmallFont);
    if (!span.empty()) {
      picture_.write(
          {area.x0, area.y1 + 13, Anchor::start, kSmallFont, "out", std::move(span), {}});
    }
    if (bar.number != 0 || bar.stuck) badge(area, bar);
  }

  /// Its place in the longest order, or that it cannot follow.
  void badge(const Area& area, const Bar& bar) {
    const std::string text = bar.number != 0 ? std::to_string(bar.number) : "×";
    const std::string title = bar.number != 0 ? "its place in the longest order that is possible"
                                              : "cannot follow the longest order";
    picture_.rectangle(Layer::mark, "step",
                       {area.x0, area.y0 - kBadge - 2, area.x0 + kBadge, area.y0 - 2}, title);
    picture_.write({area.x0 + kBadge / 2, svg::base_line(area.y0 - kBadge / 2 - 2, kNameFont),
                    Anchor::middle, kNameFont, "number", text, title});
  }

  /// Other operations of the time: thin, and without words.
  void place_context() {
    if (items_.context.empty()) return;
    std::vector<svg::Spanning> spans;
    for (const Bar& bar : items_.context) {
      const int x0 = left_ + scale_.at(bar.call);
      const int x1 = bar.open ? left_ + scale_.width() : left_ + scale_.at(bar.ret);
      spans.push_back({x0, std::max(x1, x0 + 3) + 2, 0});
    }
    const int rows = svg::place_in_rows(spans);
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const Bar& bar = items_.context[i];
      const int y = y_ + spans[i].row * kThinRow;
      const std::string title = shortened(
          fmt::format("{} ({}), {}", bar.text, span_words(bar, stamps_), client_of(bar)), 80);
      picture_.rectangle(Layer::bar, bar.open ? "cell open" : "cell",
                         {spans[i].from, y, spans[i].to - 2, y + kThin}, title);
    }
    picture_.write({left_ - 16,
                    svg::base_line(y_ + kThin / 2, kSmallFont),
                    Anchor::end,
                    kSmallFont,
                    "role",
                    "others then",
                    {}});
    y_ += rows * kThinRow + 8;
  }

  /// Whether an arrow to the same lane goes over the bars; the order in time is straight, where no
  /// other bar of the lane stands between.
  bool goes_over(const Edge& edge) const {
    const Bar& a = items_.bars[edge.before];
    const Bar& b = items_.bars[edge.after];
    return edge.kind != 0 || std::any_of(items_.bars.begin(), items_.bars.end(), [&](const Bar& c) {
             return c.process == a.process && a.process == b.process && &c != &a && &c != &b &&
                    a.call <= c.call && c.call <= b.call;
           });
  }

  /// Where the k-th arrow meets a bar; from below beside its times, where there is room.
  int meeting(std::size_t bar, int k, bool below) const {
    const Area& area = areas_[bar];
    const int times = svg::text_width(span_words(items_.bars[bar], stamps_), kSmallFont) + kClear;
    const int least = below && area.x0 + times + kClear < area.x1 ? area.x0 + times : area.x0 + 4;
    const int shift = ((k + 1) / 2) * kApart * (k % 2 == 1 ? 1 : -1);
    const int middle = std::max((area.x0 + area.x1) / 2, least + kApart / 2);
    return std::clamp(middle + shift, least, std::max(least, area.x1 - 4));
  }

  void place_edges() {
    svg::FreeSpace space;
    for (const Text& text : picture_.texts) space.occupy(text.area());
    for (const Area& area : areas_) space.occupy(area);
    std::vector<int> met(areas_.size(), 0);
    std::map<int, int> levels;
    std::vector<int> taken;
    std::vector<std::vector<Point>> lines;
    for (const Edge& edge : items_.edges) lines.push_back(line_of(edge, met, levels, taken));
    untangle(lines);
    for (const std::vector<Point>& line : lines) {
      for (std::size_t i = 1; i < line.size(); ++i) {
        space.add_line(line[i - 1].first, line[i - 1].second, line[i].first, line[i].second);
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Edge& edge = items_.edges[i];
      std::string words(kEdgeWords[edge.kind].words);
      if (edge.number != 0) words = fmt::format("{}: {}", edge.number, words);
      picture_.line(Layer::arrow, "msg", lines[i], words, static_cast<int>(edge.kind));
      // The longest piece has the words.
      std::size_t longest = 1;
      const auto length = [&](std::size_t k) {
        return std::abs(lines[i][k].first - lines[i][k - 1].first) +
               std::abs(lines[i][k].second - lines[i][k - 1].second);
      };
      for (std::size_t k = 1; k < lines[i].size(); ++k) {
        if (length(k) > length(longest)) longest = k;
      }
      const auto& [x0, y0] = lines[i][longest - 1];
      const auto& [x1, y1] = lines[i][longest];
      Text text;
      text.font = kSmallFont;
      text.style = "on";
      text.text = words;
      if (!space.place_on_line(x0, y0, x1, y1, text)) {
        text.text = std::to_string(edge.number);
        if (edge.number == 0 || !space.place_on_line(x0, y0, x1, y1, text)) continue;
      }
      picture_.write(std::move(text));
    }
  }

  /// Lines that go round bars meet one in the order of where they come from, and so do not cross
  /// there.
  void untangle(std::vector<std::vector<Point>>& lines) const {
    std::map<std::pair<std::size_t, int>, std::vector<std::pair<int, Point*>>> ends;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Edge& edge = items_.edges[i];
      if (lines[i].size() < 4 || areas_[edge.before].y0 == areas_[edge.after].y0) continue;
      Point& first = lines[i].front();
      Point& last = lines[i].back();
      ends[{edge.before, first.second}].emplace_back(lines[i][1].first, &first);
      ends[{edge.after, last.second}].emplace_back(lines[i][2].first, &last);
    }
    for (auto& [bar, list] : ends) {
      std::vector<int> places;
      for (const auto& [x, end] : list) places.push_back(end->first);
      std::sort(places.begin(), places.end());
      std::stable_sort(list.begin(), list.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      for (std::size_t i = 0; i < list.size(); ++i) list[i].second->first = places[i];
    }
  }

  /// From one bar to the other: straight between lanes, over them within a lane.
  /// `met`: how many arrows each bar has met; `levels`: how many go over each lane.
  /// `taken`: where lines go down between bars.
  std::vector<Point> line_of(const Edge& edge, std::vector<int>& met, std::map<int, int>& levels,
                             std::vector<int>& taken) const {
    const Area& a = areas_[edge.before];
    const Area& b = areas_[edge.after];
    const bool in_time = !goes_over(edge);
    const int x0 = in_time ? a.x1 - 3 : meeting(edge.before, met[edge.before]++, a.y0 < b.y0);
    const int x1 = in_time ? b.x0 + 3 : meeting(edge.after, met[edge.after]++, b.y0 < a.y0);
    if (a.y0 == b.y0) {
      const int y = (a.y0 + a.y1) / 2;
      if (in_time) return {{a.x1, y}, {b.x0, y}};
      const int over = a.y0 - kOver + 8 - levels[a.y0]++ * kLevel;
      return {{x0, a.y0}, {x0, over}, {x1, over}, {x1, a.y0}};
    }
    return around({x0, a.y0 < b.y0 ? a.y1 : a.y0}, {x1, a.y0 < b.y0 ? b.y0 : b.y1}, taken);
  }

  /// A line to another lane: straight where no bar stands in its way, else through the gap between
  /// bars that is nearest, where no other line goes down yet. O(bars^2).
  std::vector<Point> around(Point from, Point to, std::vector<int>& taken) const {
    const Point upper = std::min(from, to, by_height);
    const Point lower = std::max(from, to, by_height);
    std::vector<Area> between;  // with room around, and the times beneath
    for (const Area& area : areas_) {
      if (area.y0 < upper.second || area.y1 > lower.second) continue;
      between.push_back({area.x0 - kClear, area.y0 - kClear, area.x1 + kClear, area.y1 + kUnder});
    }
    const auto crossed = [&](const Area& area) {
      const auto x_at = [&](int y) {
        const std::int64_t right = lower.first - upper.first;
        const std::int64_t height = std::max(1, lower.second - upper.second);
        return upper.first + static_cast<int>(right * (y - upper.second) / height);
      };
      const auto [first, last] = std::minmax({x_at(area.y0), x_at(area.y1)});
      return first < area.x1 && last > area.x0;
    };
    if (std::none_of(between.begin(), between.end(), crossed)) return {from, to};
    // Down at the edge of some bar; to the right of all there is always room.
    int best = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::vector<int> places;
    for (const Area& area : between) {
      for (int k = 0; k < kChannels; ++k) {
        places.push_back(area.x0 - k * kChannel);
        places.push_back(area.x1 + k * kChannel);
      }
    }
    for (const int x : places) {
      const bool is_free =
          x >= left_ - kClear &&
          std::none_of(between.begin(), between.end(),
                       [&](const Area& area) { return area.x0 < x && x < area.x1; }) &&
          std::none_of(taken.begin(), taken.end(),
                       [&](int other) { return std::abs(other - x) < kChannel; });
      const std::int64_t way = std::abs(x - from.first) + std::abs(x - to.first);
      if (!is_free || way > least || (way == least && x < best)) continue;
      best = x;
      least = way;
    }
    if (least == std::numeric_limits<std::int64_t>::max()) return {from, to};
    taken.push_back(best);
    int top = lower.second;
    int bottom = upper.second;
    for (const Area& area : between) {
      if (!crossed(area) && (area.x1 < std::min({best, from.first, to.first}) ||
                             area.x0 > std::max({best, from.first, to.first})))
        continue;
      top = std::min(top, area.y0);
      bottom = std::max(bottom, area.y1);
    }
    std::vector<Point> line{upper, {best, top}, {best, bottom}, lower};
    if (upper != from) std::reverse(line.begin(), line.end());
    return line;
  }
  static bool by_height(const Point& a, const Point& b) { return a.second < b.second; }

  void sample(std::string_view style, std::string_view words) {
    const int width = 30 + svg::text_width(words, kSmallFont) + 18;
    if (legend_x_ > kMargin && legend_x_ + width > kMargin + text_width_) {
      legend_x_ = kMargin;
      y_ += 22;
    }
    picture_.rectangle(Layer::box, style, {legend_x_, y_, legend_x_ + 24, y_ + 14});
    picture_.write({legend_x_ + 30,
                    svg::base_line(y_ + 7, kSmallFont),
                    Anchor::start,
                    kSmallFont,
                    "legend",
                    std::string(words),
                    {}});
    legend_x_ += width;
  }

  void legend() {
    const auto any = [&](const auto& test) {
      return std::any_of(items_.bars.begin(), items_.bars.end(), test);
    };
    if (any([](const Bar& b) { return b.role == "core"; })) {
      sample("op proof", "core: violated whatever happened to the others");
    }
    if (any([](const Bar& b) { return b.role == "source"; })) {
      sample("op", "what the core may build on");
    }
    if (any([](const Bar& b) { return b.open && !b.open_then; })) {
      sample("op open", "never returned");
    }
    if (any([](const Bar& b) { return b.open_then; })) {
      sample("op open", "open at the violation, whatever became of it");
    }
    if (!items_.context.empty()) sample("cell", "other operation of the time");
    if (items_.ordered) sample("step", "place in the longest possible order; ×: cannot follow it");
    y_ += 16;
    std::string scale =
        "Time runs to the right by the order of calls and returns, not to scale; the "
        "numbers below a bar are its call and its return";
    if (stamps_.zero != 0) scale += fmt::format(", counted from {}", stamps_.zero);
    paragraph(scale + ".", kSmallFont, "role", 3);
  }

  void words() {
    y_ += 8;
    for (const std::string& sentence : numbered_sentences(items_)) {
      paragraph(sentence, kBarFont, "legend", 4);
    }
    y_ += 6;
    for (const std::size_t i : cut_) {
      const Bar& bar = items_.bars[i];
      paragraph(fmt::format("{} ({})", label_of(bar), client_of(bar)), kSmallFont, "legend", 3);
    }
    if (items_.bars_left_out > 0) {
      paragraph(counted(items_.bars_left_out, "more operation") + " not drawn.", kSmallFont, "role",
                1);
    }
    if (items_.context_left_out > 0) {
      paragraph(fmt::format("{} of the time not drawn.",
                            counted(items_.context_left_out, "other operation")),
                kSmallFont, "role", 1);
    }
  }

  void finish() {
    int width = std::max(kLeastWidth, left_ + scale_.width() + kMargin);
    for (const Text& text : picture_.texts) width = std::max(width, text.area().x1 + kMargin);
    picture_.width = width;
    picture_.height = y_ + kMargin;
    std::stable_sort(picture_.shapes.begin(), picture_.shapes.end(),
                     [](const svg::Shape& a, const svg::Shape& b) { return a.layer < b.layer; });
  }

  const CoreHead& head_;
  const Items& items_;
  StampWords stamps_;
  OrderScale scale_;
  Picture picture_;
  std::vector<Area> areas_;       ///< of the bars
  std::vector<std::size_t> cut_;  ///< bars whose texts are
  int left_ = 0;                  ///< px, where the time begins
  int text_width_ = 0;
  int y_ = 0;
  int legend_x_ = kMargin;
};

}  // namespace

Picture picture_of(const CoreHead& head, const Items& items) {
  return CorePage(head, items).build();
}

}  // namespace sibyl::analysis::core

namespace sibyl::analysis {

std::string core_svg(const CoreHead& head, const Value& witness) {
  constexpr std::array<std::pair<std::size_t, std::size_t>, 5> kSizes{
      {{100, 100}, {100, 0}, {50, 0}, {25, 0}, {10, 0}}};
  std::string out;
  for (const auto& [bars, context] : kSizes) {
    const core::Items items = core::items_of(witness, bars, context);
    if (items.bars.empty()) return {};
    out = svg::svg_of(core::picture_of(head, items));
    if (out.size() <= kMostCoreDrawing) break;
  }
  return out;
}

}  // namespace sibyl::analysis
