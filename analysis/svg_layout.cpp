// The page of a drawing: head, violated spans, lanes, axis, legend, findings.
#include "analysis/svg_layout.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "analysis/svg_labels.hpp"
#include "analysis/svg_lanes.hpp"
#include "analysis/svg_scale.hpp"

namespace sibyl::analysis::svg {

namespace {

constexpr int kMargin = 16;
constexpr int kLeastWidth = 860;  // px of a page, for the texts
constexpr int kMostTextWidth = 1300;
constexpr Font kTitleFont{20, true};
constexpr int kWidestTime = 16000;  // px
constexpr int kLeastGap = 14;       // px between neighbouring instants
constexpr int kPxPerInstant = 32;
constexpr int kUsualWidth = 2400;  // px; beyond it instants get less room
constexpr int kCrowdedGap = 6;     // px; the least gap there
constexpr int kCrowdedPxPerInstant = 12;
constexpr std::size_t kFewBoxes = 80;  // whose labels may ask for a wider page
constexpr int kWidestForLabels = 2200;
constexpr int kUsualGapForOthers = 300;
constexpr int kWidestForOthers = 1800;  // labels of what takes no time
constexpr int kWindowRow = 24;
constexpr int kTickSpacing = 56;  // px
constexpr int kLegendRow = 23;
constexpr int kOrderHead = 19;    // px, a line above the table of orders
constexpr int kOrdersApart = 24;  // px between the lanes and the table
constexpr int kWidestCell = 150;  // px

/// Whether nine in ten of the operations' labels fit into their boxes.
bool labels_fit(const Scene& scene, const TimeScale& scale) {
  std::size_t all = 0;
  std::size_t fit = 0;
  for (const Box& box : scene.boxes) {
    if (!box.operation || box.from == box.to) continue;  // no room ever
    ++all;
    const int width = scale.at(box.to) - scale.at(box.from);
    if (text_width(box.label, kLabelFont) + 10 <= width) ++fit;
  }
  return fit * 10 >= all * 9;
}

/// How many labels of the lanes are cut or left out.
std::size_t cut_labels(const Scene& scene, const TimeScale& scale, int left) {
  Picture tried;
  Lanes lanes(scene, scale, tried, left, 0);
  lanes.place();
  const auto cut = std::count_if(tried.texts.begin(), tried.texts.end(),
                                 [](const Text& text) { return text.text.ends_with("…"); });
  return lanes.left_out() + static_cast<std::size_t>(cut);
}

/// A scale of up to `wide` px, which is more than usual: the narrowest tried that cuts no more
/// labels than the widest.
TimeScale crowded_scale(const Scene& scene, const std::vector<std::int64_t>& instants, int wide,
                        int left) {
  const auto n = static_cast<int>(instants.size());
  TimeScale widest(instants, wide, kLeastGap, kWidestTime);
  const std::size_t cut = cut_labels(scene, widest, left);
  for (int px = std::max(kUsualWidth, n * kCrowdedPxPerInstant); px < wide; px += px / 2) {
    TimeScale scale(instants, px, std::clamp(px / n / 2, kCrowdedGap, kLeastGap), kWidestTime);
    if (cut_labels(scene, scale, left) <= cut) return scale;
  }
  return widest;
}

TimeScale choose_scale(const Scene& scene, int left) {
  const std::vector<std::int64_t> instants = scene.instants();
  const auto n = static_cast<int>(std::min<std::size_t>(instants.size(), kWidestTime));
  int target = std::clamp(n * kPxPerInstant, 680, kWidestTime);
  if (target > kUsualWidth) return crowded_scale(scene, instants, target, left);
  const auto of_width = [&](int px, int usual_gap = TimeScale::kUsualGap) {
    return TimeScale(instants, px, kLeastGap, kWidestTime, usual_gap);
  };
  TimeScale scale = of_width(target);
  if (scene.boxes.size() > kFewBoxes) return scale;
  while (target < kWidestForLabels && !labels_fit(scene, scale)) {
    target += target / 5;
    scale = of_width(target);
  }
  // Events without duration: a wider page only where hardly any label is cut then.
  if (cut_labels(scene, scale, left) * 10 <= scene.boxes.size()) return scale;
  for (int px = target; px < kWidestForOthers; px += px / 5) {
    TimeScale wider = of_width(px, kUsualGapForOthers);
    if (cut_labels(scene, wider, left) * 10 <= scene.boxes.size()) return wider;
  }
  return scale;
}

class Page {
 public:
  explicit Page(const Scene& scene)
      : scene_(scene), left_(left_of(scene)), scale_(choose_scale(scene, left_)) {}

  Picture build() {
    picture_.title = scene_.title;
    text_width_ =
        std::clamp(left_ + scale_.width() + 30, kLeastWidth, kMostTextWidth) - 2 * kMargin;
    head();
    Lanes lanes(scene_, scale_, picture_, left_, windows_height());
    lanes.place();
    windows(lanes.bottom());
    orders(lanes);
    axis(lanes.bottom());
    legend();
    findings();
    finish();
    return std::move(picture_);
  }

 private:
  /// Where the time begins: behind the names.
  static int left_of(const Scene& scene) {
    int names = 60;
    for (const Lane& lane : scene.lanes) {
      names = std::max(names, text_width(lane.name, kNameFont));
      names = std::max(names, text_width(lane.role, kSmallFont));
    }
    return kMargin + std::min(names, 180) + 20;
  }

  void paragraph(std::string_view text, Font font, std::string_view style, std::size_t most) {
    for (std::string& line : wrapped(text, text_width_, font, most)) {
      y_ += font.size + 5;
      picture_.write({kMargin, y_, Anchor::start, font, style, std::move(line), {}});
    }
  }

  void head() {
    y_ = kMargin - 4;
    paragraph(scene_.title, kTitleFont, "title", 3);
    paragraph(scene_.subtitle, kSmallFont, "role", 2);
    y_ += 10;
  }

  /// Finds the rows of the violations' names above the lanes; returns where the lanes begin.
  int windows_height() {
    for (const Window& w : scene_.windows) {
      const int x0 = left_ + scale_.at(w.from);
      const int x1 = std::max(left_ + scale_.at(w.to), x0 + 6);
      const int width = text_width(w.label, kStrongFont);
      spans_.push_back({x0, std::max(x1, x0 + width) + 8, 0});
    }
    const int rows = place_in_rows(spans_);
    lanes_top_ = y_ + rows * kWindowRow + (rows > 0 ? 2 : 0);
    if (!scene_.orders.rows.empty()) lanes_top_ = std::max(lanes_top_, y_ + 2 * kOrderHead);
    return lanes_top_;
  }

  void windows(int bottom) {
    for (std::size_t i = 0; i < scene_.windows.size(); ++i) {
      const Window& w = scene_.windows[i];
      const int x0 = left_ + scale_.at(w.from);
      const int x1 = std::max(left_ + scale_.at(w.to), x0 + 6);
      const int y = lanes_top_ - 3 - spans_[i].row * kWindowRow;
      const bool inside = text_width(w.label, kStrongFont) <= x1 - x0;
      picture_.rectangle(Layer::window, "window", {x0, y, x1, bottom}, w.label);
      picture_.line(Layer::mark, "bracket", {{x0, y + 5}, {x0, y}, {x1, y}, {x1, y + 5}}, w.label);
      picture_.write({inside ? (x0 + x1) / 2 : x0, y - 4, inside ? Anchor::middle : Anchor::start,
                      kStrongFont, "bad", w.label, w.label});
    }
  }

  /// The table of orders, to the right of the lanes.
  void orders(const Lanes& lanes) {
    const Orders& table = scene_.orders;
    if (table.rows.empty()) return;
    int left = left_ + scale_.width() + 10;
    for (const Text& text : picture_.texts) {
      if (text.y > y_) left = std::max(left, text.area().x1);
    }
    left += kOrdersApart;
    picture_.write(
        {left, lanes_top_ - kOrderHead - 2, Anchor::start, kStrongFont, "title", table.head, {}});
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      int width = text_width(table.columns[c], kSmallFont);
      for (const Orders::Row& row : table.rows) {
        width = std::max(width, std::min(text_width(row.cells[c].text, kStrongFont), kWidestCell));
      }
      width += 14;
      const int middle = left + width / 2;
      picture_.write(
          {middle, lanes_top_ - 3, Anchor::middle, kSmallFont, "role", table.columns[c], {}});
      for (const Orders::Row& row : table.rows) {
        const Orders::Cell& cell = row.cells[c];
        const int y = lanes.life_of(row.lane);
        picture_.rectangle(Layer::box, cell.differs ? "cell other" : "cell",
                           {left, y - kBoxHeight / 2, left + width, y + kBoxHeight / 2}, cell.text);
        const Font font = cell.differs ? kStrongFont : kLabelFont;
        picture_.write({middle, base_line(y, font), Anchor::middle, font,
                        cell.differs ? "bad" : "legend", fitted(cell.text, width - 8, font),
                        cell.text});
      }
      left += width;
    }
  }

  void axis(int bottom) {
    const int y = bottom + 10;
    const int right = left_ + scale_.width();
    const TimeUnit unit = unit_for(scene_.end - scene_.begin);
    picture_.line(Layer::line, "axis", {{left_, y}, {right + 10, y}});
    picture_.write({left_ - 12,
                    base_line(y, kSmallFont),
                    Anchor::end,
                    kSmallFont,
                    "role",
                    "time in " + std::string(unit.name),
                    {}});
    std::vector<Area> taken;
    for (const TimeScale::Tick& tick : scale_.ticks(unit, kTickSpacing)) {
      const int x = left_ + scale_.at(tick.ns);
      picture_.line(Layer::ground, "grid", {{x, lanes_top_}, {x, y}});
      picture_.line(Layer::line, "axis", {{x, y}, {x, y + 5}});
      if (text_width(tick.label, kSmallFont) > kTickSpacing - 4) continue;
      Text text{x, y + 19, Anchor::middle, kSmallFont, "tick", tick.label, tick.label};
      taken.push_back(text.area());
      picture_.write(std::move(text));
    }
    std::size_t next = 0;
    for (const TimeScale::Gap& gap : scale_.broken()) {
      const int x = left_ + (scale_.at(gap.from) + scale_.at(gap.to)) / 2;
      picture_.line(Layer::line, "gap", {{x - 7, y}, {x + 7, y}});
      picture_.line(Layer::mark, "zigzag",
                    {{x - 8, y}, {x - 5, y - 5}, {x, y + 5}, {x + 5, y - 5}, {x + 8, y}});
      Text text{
          x,          y + 19, Anchor::middle,
          kSmallFont, "role", fitted(time_words(gap.to - gap.from) + " pass", 150, kSmallFont),
          {}};
      Area area = text.area();
      area.x0 -= 8;
      area.x1 += 8;
      while (next < taken.size() && taken[next].x1 <= area.x0) ++next;
      if (next < taken.size() && taken[next].overlaps(area)) continue;
      picture_.write(std::move(text));
    }
    y_ = y + 30;
  }

  /// Starts the next entry of the legend; returns where its sample is.
  Area sample(std::string_view words) {
    const int width = 30 + text_width(words, kSmallFont) + 18;
    if (legend_x_ > kMargin && legend_x_ + width > kMargin + text_width_) {
      legend_x_ = kMargin;
      y_ += kLegendRow;
    }
    const Area area{legend_x_, y_, legend_x_ + 24, y_ + 14};
    picture_.write({legend_x_ + 30,
                    base_line(y_ + 7, kSmallFont),
                    Anchor::start,
                    kSmallFont,
                    "legend",
                    std::string(words),
                    {}});
    legend_x_ += width;
    return area;
  }

  void legend_shape(std::string_view style, std::string_view words, Layer layer = Layer::box) {
    const Area area = sample(words);
    picture_.rectangle(layer, style, area);
  }

  void legend() {
    y_ += 8;
    legend_x_ = kMargin;
    const auto any_box = [&](auto test) {
      return std::any_of(scene_.boxes.begin(), scene_.boxes.end(), test);
    };
    const auto any_bar = [&](bool cache) {
      return std::any_of(scene_.bars.begin(), scene_.bars.end(),
                         [&](const Bar& b) { return b.cache == cache; });
    };
    if (any_box([](const Box& b) { return b.operation && !b.item; })) {
      legend_shape("op", "operation of a client, from call to reply");
    }
    if (any_box([](const Box& b) { return b.operation && b.item; })) {
      legend_shape("op", "broadcast of an item");
    }
    if (any_box([](const Box& b) { return !b.operation && b.item; })) {
      legend_shape("ex", "delivery of an item");
    }
    if (any_box([](const Box& b) { return !b.operation && !b.item && !b.agreement; })) {
      legend_shape("ex", "execution of a command at a server");
    }
    if (any_box([](const Box& b) { return b.agreement; })) {
      legend_shape("ex", "proposal or decision of an agreement");
    }
    if (any_box([](const Box& b) { return b.open; })) legend_shape("op open", "did not finish");
    if (any_box([](const Box& b) { return b.witness; })) {
      legend_shape("op proof", "shows the violation");
    }
    if (!scene_.markers.empty()) {
      legend_shape("step", "step of the explanation below; pale: no part of it", Layer::mark);
    }
    if (!scene_.windows.empty()) {
      legend_shape("window key", "span of a violation", Layer::window);
    }
    if (any_bar(false)) legend_shape("own", "object available at the node", Layer::bar);
    if (any_bar(true)) legend_shape("cache", "cached at the node", Layer::bar);
    legend_outages();
    legend_arrows();
    legend_time();
    y_ += 18;
  }

  /// How the axis departs from a scale: samples of what is to be seen on it.
  void legend_time() {
    if (!scale_.broken().empty()) {
      const Area area = sample("idle time is shortened");
      const int y = (area.y0 + area.y1) / 2;
      picture_.line(Layer::mark, "zigzag",
                    {{area.x0 + 4, y},
                     {area.x0 + 7, y - 5},
                     {area.x0 + 12, y + 5},
                     {area.x0 + 17, y - 5},
                     {area.x0 + 20, y}});
    }
    if (scale_.stretched()) {
      const Area area = sample("bursts are spread: equal times may be of different width");
      const int y = (area.y0 + area.y1) / 2;
      picture_.line(Layer::line, "axis", {{area.x0, y}, {area.x1, y}});
      for (const int x : {1, 6, 23}) {
        picture_.line(Layer::line, "axis", {{area.x0 + x, y - 3}, {area.x0 + x, y + 3}});
      }
    }
  }

  void legend_outages() {
    for (const bool crashed : {true, false}) {
      const bool any = std::any_of(scene_.outages.begin(), scene_.outages.end(),
                                   [&](const Outage& o) { return o.crashed == crashed; });
      if (any)
        legend_shape(crashed ? "down" : "paused", crashed ? "node is down" : "node is paused");
    }
  }

  void legend_arrows() {
    const std::size_t kinds = scene_.kinds.size();
    const std::size_t own = kinds <= kMessageStyles ? kinds : kMessageStyles - 1;
    for (std::size_t k = 0; k < std::min<std::size_t>(kinds, kMessageStyles); ++k) {
      const Area area =
          sample(k < own ? "message " + shortened(scene_.kinds[k], 40) : "other messages");
      const int y = (area.y0 + area.y1) / 2;
      picture_.line(Layer::arrow, "msg", {{area.x0, y}, {area.x1, y}}, {}, message_style(k));
    }
    const auto any = [&](Fate fate) {
      return std::any_of(scene_.arrows.begin(), scene_.arrows.end(),
                         [&](const Arrow& a) { return a.fate == fate; });
    };
    if (any(Fate::lost)) {
      const Area area = sample("message lost");
      const int x = area.x0 + 14;
      const int y = (area.y0 + area.y1) / 2;
      picture_.line(Layer::arrow, "msg cut", {{area.x0, y}, {x, y}}, {}, 0);
      picture_.line(Layer::mark, "lost", {{x - 4, y - 4}, {x + 4, y + 4}});
      picture_.line(Layer::mark, "lost", {{x - 4, y + 4}, {x + 4, y - 4}});
    }
    if (any(Fate::under_way)) {
      const Area area = sample("message still under way at the end");
      const int y = (area.y0 + area.y1) / 2;
      picture_.line(Layer::arrow, "msg cut away", {{area.x0, y}, {area.x0 + 16, y}}, {}, 0);
      picture_.rectangle(Layer::mark, "away", {area.x0 + 15, y - 3, area.x0 + 21, y + 3});
    }
  }

  void findings() {
    for (const Verdict verdict : {Verdict::violated, Verdict::inconclusive}) {
      for (const Finding& f : scene_.findings) {
        if (f.verdict != verdict) continue;
        const bool bad = verdict == Verdict::violated;
        y_ += 6;
        std::string head = printable(f.property) + (bad ? " is violated" : " is undecided");
        if (bad && f.window) {
          head += fmt::format(", from {} to {}", time_words(f.window->first.ns),
                              time_words(f.window->second.ns));
        }
        paragraph(head, kStrongFont, bad ? "bad" : "legend", 2);
        paragraph(printable(f.summary), kLabelFont, "legend", 8);
      }
    }
    for (const Tale& tale : scene_.tales) {
      y_ += 6;
      paragraph(tale.head, kStrongFont, "bad", 2);
      for (const std::string& sentence : tale.sentences) {
        paragraph(sentence, kLabelFont, "legend", 4);
      }
      paragraph(tale.conclusion, kLabelFont, "legend", 6);
    }
    std::string held;
    for (const Finding& f : scene_.findings) {
      if (f.verdict != Verdict::holds) continue;
      held += (held.empty() ? "Holds: " : ", ") + printable(f.property);
      if (f.vacuous) held += " (nothing to judge)";
    }
    y_ += 6;
    if (!held.empty()) paragraph(held + ".", kLabelFont, "legend", 6);
    for (const std::string& omission : scene_.omissions) {
      paragraph(omission, kLabelFont, "legend", 2);
    }
  }

  void finish() {
    int width = std::max(kLeastWidth, left_ + scale_.width() + 24);
    for (const Text& text : picture_.texts) width = std::max(width, text.area().x1 + kMargin);
    picture_.width = width;
    picture_.height = y_ + kMargin;
    std::stable_sort(picture_.shapes.begin(), picture_.shapes.end(),
                     [](const Shape& a, const Shape& b) { return a.layer < b.layer; });
  }

  const Scene& scene_;
  int left_;  ///< px, where the time begins
  TimeScale scale_;
  Picture picture_;
  int text_width_ = 0;
  int y_ = 0;
  int lanes_top_ = 0;
  int legend_x_ = 0;
  std::vector<Spanning> spans_;  ///< of the windows
};

}  // namespace

std::vector<std::int64_t> Scene::instants() const {
  std::set<std::int64_t> all{begin, end};
  const auto add = [&](const auto& items) {
    for (const auto& item : items) {
      all.insert(item.from);
      all.insert(item.to);
    }
  };
  add(boxes);
  add(bars);
  add(arrows);
  add(outages);
  add(windows);
  for (const Mark& mark : marks) all.insert(mark.at);
  return {all.begin(), all.end()};
}

Area Text::area() const {
  const int width = text_width(text, font);
  const int x0 = anchor == Anchor::start ? x : anchor == Anchor::end ? x - width : x - width / 2;
  return {x0, y - font.size * 4 / 5, x0 + width, y + (font.size + 3) / 4};
}

void Picture::rectangle(Layer layer, std::string_view style, const Area& area, std::string tip) {
  shapes.push_back(
      {layer, style, true, {{area.x0, area.y0}, {area.x1, area.y1}}, -1, std::move(tip)});
}

void Picture::line(Layer layer, std::string_view style, std::vector<std::pair<int, int>> points,
                   std::string tip, int kind) {
  shapes.push_back({layer, style, false, std::move(points), kind, std::move(tip)});
}

Picture lay_out(const Scene& scene) { return Page(scene).build(); }

}  // namespace sibyl::analysis::svg
