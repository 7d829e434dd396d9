// The lanes of a drawing.
#include "analysis/svg_lanes.hpp"

#include <algorithm>

namespace sibyl::analysis::svg {

namespace {

constexpr int kHalfBox = kBoxHeight / 2;
constexpr int kLeastBox = 8;    // px, the width of what takes no time
constexpr int kMostShift = 40;  // px that a box may begin late
constexpr int kLabelRow = 18;
constexpr int kBarRow = 20;
constexpr int kBarHeight = 17;
constexpr int kPadding = 18;   // above and below a lane
constexpr int kBesideBox = 4;  // px between a box and its label on the life line
constexpr int kOutsideRows = 3;
constexpr int kLongestLabel = 330;      // px, outside of boxes
constexpr std::size_t kFewArrows = 60;  // are labelled
constexpr int kNameEvery = 1600;        // px between repetitions of the name of a lane or bar
constexpr int kMarker = 19;             // px, the side of a numbered step
constexpr int kWidePicture = 2400;      // px from which names are repeated

std::string bar_key(const Bar& bar) { return (bar.cache ? "c" : "o") + bar.object; }

}  // namespace

Lanes::Lanes(const Scene& scene, const TimeScale& scale, Picture& picture, int left, int top)
    : scene_(scene), scale_(scale), picture_(picture), left_(left), top_(top) {
  rows_.resize(scene.lanes.size());
}

void Lanes::place() {
  collect();
  int y = top_;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Rows& rows = rows_[i];
    // Above the first lane there is room that no message crosses.
    const LaneKind kind = scene_.lanes[i].kind;
    rows.upwards = kind == LaneKind::client || (i == 0 && kind == LaneKind::server);
    measure(rows, i);
    const int names = scale_.width() > kWidePicture ? kLabelRow : 0;
    const int outside =
        rows.label_rows * kLabelRow + static_cast<int>(rows.objects.size()) * kBarRow;
    const int more_boxes = (rows.box_rows - 1) * kBoxHeight;
    // Steps of an explanation stand where no labels are: below a client, above a server.
    const int strip = rows.markers.empty() ? 0 : kMarker + 4;
    rows.top = y;
    rows.life = y + kPadding + names + kHalfBox + (rows.upwards ? outside + more_boxes : strip);
    rows.bottom = rows.life + kHalfBox + kPadding + (rows.upwards ? strip : outside + more_boxes);
    rows.bottom = std::max(rows.bottom, rows.life + 28);  // for the role under the name
    y = rows.bottom;
  }
  bottom_ = y;
  place_names();
  place_outages();
  for (Rows& rows : rows_) {
    turn_crossed(rows);
    place_bars(rows);
    place_boxes(rows);
    place_marks(rows);
    place_outside_labels(rows);
    place_markers(rows);
  }
  place_arrows();
}

void Lanes::collect() {
  for (std::size_t i = 0; i < scene_.boxes.size(); ++i) {
    rows_[scene_.boxes[i].lane].boxes.push_back(i);
  }
  for (std::size_t i = 0; i < scene_.marks.size(); ++i) {
    rows_[scene_.marks[i].lane].marks.push_back(i);
  }
  for (std::size_t i = 0; i < scene_.markers.size(); ++i) {
    rows_[scene_.markers[i].lane].markers.push_back(i);
  }
  for (const Arrow& arrow : scene_.arrows) {
    rows_[arrow.from_lane].ends.push_back(x_of(arrow.from));
    if (arrow.fate == Fate::received) rows_[arrow.to_lane].ends.push_back(x_of(arrow.to));
  }
  for (std::size_t i = 0; i < scene_.bars.size(); ++i) {
    Rows& rows = rows_[scene_.bars[i].lane];
    rows.bars.push_back(i);
    const std::string key = bar_key(scene_.bars[i]);
    if (std::find(rows.objects.begin(), rows.objects.end(), key) == rows.objects.end()) {
      rows.objects.push_back(key);
    }
  }
}

/// What stands on the life line of a lane where labels may not.
std::vector<std::pair<int, int>> Lanes::taken_on_line(const Rows& rows, std::size_t lane) const {
  std::vector<std::pair<int, int>> taken;
  for (std::size_t i = 0; i < rows.box_areas.size(); ++i) {
    if (rows.box_row[i] == 0) taken.emplace_back(rows.box_areas[i].x0, rows.box_areas[i].x1);
  }
  for (const int x : rows.ends) {
    if (!covered(rows, x)) taken.emplace_back(x - 4, x + 5);
  }
  for (const std::size_t m : rows.marks) {
    const int x = x_of(scene_.marks[m].at);
    taken.emplace_back(x - 7, x + 8);
  }
  for (const Outage& o : scene_.outages) {
    if (o.lane == lane) taken.emplace_back(x_of(o.from), x_of(o.to) + 1);
  }
  return taken;
}

/// A label that does not fit into its box stands beside it, to the right or else to the left, where
/// nothing else is on the life line: there messages pass it by. The others stand outside.
void Lanes::place_beside_boxes(Rows& rows, std::size_t lane) {
  std::vector<std::pair<int, int>> taken = taken_on_line(rows, lane);
  for (const bool right : {true, false}) {
    for (std::size_t i = 0; i < rows.boxes.size(); ++i) {
      const Area& area = rows.box_areas[i];
      const int width = text_width(scene_.boxes[rows.boxes[i]].label, kLabelFont);
      if (rows.beside[i] != Beside::outside || rows.box_row[i] != 0 || width > kLongestLabel)
        continue;
      const int x0 = right ? area.x1 + 1 : area.x0 - 1 - 2 * kBesideBox - width;
      const int x1 = x0 + width + 2 * kBesideBox;
      if (x0 < left_ || std::any_of(taken.begin(), taken.end(),
                                    [&](const auto& t) { return t.first < x1 && x0 < t.second; }))
        continue;
      rows.beside[i] = right ? Beside::right : Beside::left;
      taken.emplace_back(x0, x1);
    }
  }
}

/// Rows and places along the time; no heights yet.
void Lanes::measure(Rows& rows, std::size_t lane) {
  std::vector<Spanning> spans;
  for (std::size_t i = 0; i < rows.boxes.size(); ++i) {
    const Box& box = scene_.boxes[rows.boxes[i]];
    int x0 = x_of(box.from);
    // What follows something that took no time stands beside it, not below.
    const bool follows = i > 0 && scene_.boxes[rows.boxes[i - 1]].to <= box.from;
    if (follows && x0 < spans.back().to && spans.back().to - x0 <= kMostShift) x0 = spans.back().to;
    spans.push_back({x0, std::max(x_of(box.to), x0 + kLeastBox), 0});
  }
  rows.box_rows = std::max(1, place_in_rows(spans));
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const int y = (rows.upwards ? -1 : 1) * spans[i].row * kBoxHeight;
    rows.box_areas.push_back({spans[i].from, y - kHalfBox, spans[i].to, y + kHalfBox});
    rows.box_row.push_back(spans[i].row);
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const std::string& label = scene_.boxes[rows.boxes[i]].label;
    const bool inside = text_width(label, kLabelFont) <= spans[i].to - spans[i].from - 8;
    rows.beside.push_back(inside ? Beside::inside : Beside::outside);
  }
  place_beside_boxes(rows, lane);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (rows.beside[i] != Beside::outside) continue;
    const std::string& label = scene_.boxes[rows.boxes[i]].label;
    rows.labels.push_back({spans[i].from, fitted(label, kLongestLabel, kLabelFont)});
  }
  for (const std::size_t m : rows.marks) {
    rows.labels.push_back({x_of(scene_.marks[m].at), scene_.marks[m].label});
  }
  rows.label_rows = place_beside(rows.labels, kLabelFont, kOutsideRows);
  if (!rows.upwards) rows.label_rows = turn_stacks(rows.labels, kLabelFont, kOutsideRows, left_);
}

/// The base line of the outside labels of a row.
int Lanes::label_y(const Rows& rows, int row) const {
  const int edge = kHalfBox + (rows.box_rows - 1) * kBoxHeight;
  return rows.upwards ? rows.life - edge - row * kLabelRow - 4
                      : rows.life + edge + row * kLabelRow + kLabelFont.size;
}

/// Of the lines of messages.
std::size_t Lanes::crossings(const Area& area) const {
  return static_cast<std::size_t>(
      std::count_if(scene_.arrows.begin(), scene_.arrows.end(), [&](const Arrow& arrow) {
        const auto [y0, y1] = ends_of(arrow);
        return meets({x_of(arrow.from), y0, x_of(arrow.to), y1}, area);
      }));
}

Area Lanes::label_area(const Rows& rows, const Anchored& label) const {
  const int width = text_width(label.shown, kLabelFont) + kBesideBox;
  const int y = label_y(rows, label.row);
  const int x0 = label.leftwards ? label.x - width : label.x;
  return {x0, y - kLabelFont.size, x0 + width, y + 3};
}

/// A label next to its box that messages cross stands to the other side where fewer do and nothing
/// else is.
void Lanes::turn_crossed(Rows& rows) {
  if (scene_.arrows.size() > kFewArrows) return;
  for (Anchored& label : rows.labels) {
    if (!label.placed || label.row > 0) continue;
    Anchored other = label;
    other.leftwards = !label.leftwards;
    const Area area = label_area(rows, other);
    const bool free = std::none_of(rows.labels.begin(), rows.labels.end(), [&](const Anchored& l) {
      if (&l == &label || !l.placed) return false;
      const Area lead{l.x - 2, area.y0, l.x + 2, area.y1};
      return label_area(rows, l).overlaps(area) || (l.row > 0 && lead.overlaps(area));
    });
    if (area.x0 < left_ || !free) continue;
    if (crossings(area) < crossings(label_area(rows, label))) label = other;
  }
}

void Lanes::place_boxes(const Rows& rows) {
  for (std::size_t i = 0; i < rows.boxes.size(); ++i) {
    const Box& box = scene_.boxes[rows.boxes[i]];
    Area area = rows.box_areas[i];
    area.y0 += rows.life + 1;
    area.y1 += rows.life - 1;
    std::string_view style = box.operation ? "op" : "ex";
    if (box.witness) style = box.operation ? "op proof" : "ex proof";
    if (box.open) style = box.operation ? "op open" : "ex open";
    if (box.open && box.witness) style = box.operation ? "op open proof" : "ex open proof";
    picture_.rectangle(Layer::box, style, area, box.title);
    picture_.shapes.back().pale = pale(box.lit);
    if (rows.beside[i] == Beside::outside) continue;
    const int y = base_line((area.y0 + area.y1) / 2, kLabelFont);
    Text text{(area.x0 + area.x1) / 2,
              y,
              Anchor::middle,
              kLabelFont,
              "in",
              box.label,
              box.title,
              pale(box.lit)};
    if (rows.beside[i] != Beside::inside) {
      const bool right = rows.beside[i] == Beside::right;
      text.x = right ? area.x1 + kBesideBox : area.x0 - kBesideBox;
      text.anchor = right ? Anchor::start : Anchor::end;
      text.style = "out";
    }
    picture_.write(std::move(text));
  }
}

void Lanes::place_outside_labels(const Rows& rows) {
  std::size_t next = 0;
  const auto place_one = [&](int from_y, const std::string& title, bool lit) {
    const Anchored& label = rows.labels[next++];
    if (!label.placed) return;
    const int y = label_y(rows, label.row);
    if (label.row > 0) {
      picture_.line(Layer::line, "lead", {{label.x, from_y}, {label.x, y - 4}});
    }
    picture_.write({label.x + (label.leftwards ? -3 : 3), y,
                    label.leftwards ? Anchor::end : Anchor::start, kLabelFont, "out", label.shown,
                    title, pale(lit)});
  };
  for (std::size_t i = 0; i < rows.boxes.size(); ++i) {
    const Box& box = scene_.boxes[rows.boxes[i]];
    const Area& area = rows.box_areas[i];
    if (rows.beside[i] != Beside::outside) continue;
    place_one(rows.life + (rows.upwards ? area.y0 : area.y1), box.title, box.lit);
  }
  for (const std::size_t m : rows.marks) place_one(rows.life, scene_.marks[m].title, true);
}

int Lanes::bar_row(const Rows& rows, const Bar& bar) const {
  const auto it = std::find(rows.objects.begin(), rows.objects.end(), bar_key(bar));
  return static_cast<int>(it - rows.objects.begin());
}

void Lanes::place_bars(const Rows& rows) {
  const int edge = kHalfBox + (rows.box_rows - 1) * kBoxHeight + rows.label_rows * kLabelRow + 3;
  for (std::size_t i = 0; i < rows.bars.size(); ++i) {
    const Bar& bar = scene_.bars[rows.bars[i]];
    const int row = bar_row(rows, bar);
    const int y = rows.upwards ? rows.life - edge - (row + 1) * kBarRow + 3
                               : rows.life + edge + row * kBarRow;
    const int x0 = x_of(bar.from);
    const Area area{x0, y, std::max(x_of(bar.to), x0 + 4), y + kBarHeight};
    picture_.rectangle(Layer::bar, bar.cache ? "cache" : "own", area, bar.title);
    place_bar_label(rows, i, area, row);
  }
}

/// Inside the bar where it fits, otherwise behind it as far as the row is free.
void Lanes::place_bar_label(const Rows& rows, std::size_t place, const Area& area, int row) {
  const Bar& bar = scene_.bars[rows.bars[place]];
  const int width = text_width(bar.label, kSmallFont);
  Text text{area.x0 + 4,
            base_line((area.y0 + area.y1) / 2, kSmallFont),
            Anchor::start,
            kSmallFont,
            bar.cache ? "in-cache" : "in-own",
            bar.label,
            bar.title};
  if (width > area.x1 - area.x0 - 6) {
    int room = kLongestLabel;
    for (std::size_t i = place + 1; i < rows.bars.size(); ++i) {
      const Bar& other = scene_.bars[rows.bars[i]];
      if (bar_row(rows, other) != row) continue;
      room = std::min(room, x_of(other.from) - area.x1 - 6);
      break;
    }
    const int inside = area.x1 - area.x0 - 6;
    const bool behind = room > inside;
    text.text = fitted(bar.label, behind ? room : inside, kSmallFont);
    if (text.text.empty()) return;
    if (behind) text.x = area.x1 + 3;
    if (behind) text.style = "out";
  }
  for (int x = text.x + kNameEvery; x + width + 6 < area.x1; x += kNameEvery) {
    Text again = text;
    if (!bar.cache) again.text = bar.object;  // the value is that of the beginning
    again.x = x;
    picture_.write(std::move(again));
  }
  picture_.write(std::move(text));
}

void Lanes::place_names() {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Rows& rows = rows_[i];
    const Lane& lane = scene_.lanes[i];
    const int room = left_ - 26;
    const std::string name = fitted(lane.name, room, kNameFont);
    const int y = base_line(rows.life, kNameFont);
    picture_.write({left_ - 12, y, Anchor::end, kNameFont, "name", name, lane.name});
    if (!lane.role.empty() && lane.role != lane.name) {
      picture_.write({left_ - 12, y + kSmallFont.size + 3, Anchor::end, kSmallFont, "role",
                      fitted(lane.role, room, kSmallFont), lane.role});
    }
    const int end = left_ + scale_.width() + 10;
    picture_.line(Layer::line, "life", {{left_ - 6, rows.life}, {end, rows.life}});
    if (scale_.width() <= kWidePicture) continue;
    for (int x = kNameEvery; x < scale_.width(); x += kNameEvery) {
      picture_.write({left_ + x, rows.top + 12, Anchor::start, kSmallFont, "role",
                      fitted(lane.name, room, kSmallFont), lane.name});
    }
  }
}

void Lanes::place_outages() {
  for (const Outage& outage : scene_.outages) {
    const int life = rows_[outage.lane].life;
    picture_.rectangle(
        Layer::line, outage.crashed ? "down" : "paused",
        {x_of(outage.from), life - kHalfBox + 2, x_of(outage.to) + 1, life + kHalfBox - 2},
        scene_.lanes[outage.lane].name + (outage.crashed ? " is down" : " is paused"));
  }
}

void Lanes::place_marks(const Rows& rows) {
  for (const std::size_t m : rows.marks) {
    const Mark& mark = scene_.marks[m];
    const int x = x_of(mark.at);
    const int y = rows.life;
    if (mark.label == "crashes") {
      picture_.line(Layer::mark, "cross", {{x - 6, y - 6}, {x + 6, y + 6}}, mark.title);
      picture_.line(Layer::mark, "cross", {{x - 6, y + 6}, {x + 6, y - 6}}, mark.title);
    } else {
      picture_.line(Layer::mark, "fault",
                    {{x, y - 6}, {x + 5, y}, {x, y + 6}, {x - 5, y}, {x, y - 6}}, mark.title);
    }
  }
}

/// The numbered steps, each at its time, or beside its neighbour with a line to its time.
void Lanes::place_markers(const Rows& rows) {
  int free_from = left_ - kMarker;
  std::vector<std::size_t> by_time = rows.markers;
  std::stable_sort(by_time.begin(), by_time.end(), [&](std::size_t a, std::size_t b) {
    return scene_.markers[a].at < scene_.markers[b].at;
  });
  for (const std::size_t m : by_time) {
    const Marker& marker = scene_.markers[m];
    const int width = std::max(kMarker, text_width(std::to_string(marker.number), kStrongFont) + 6);
    const int at = x_of(marker.at);
    const int x0 = std::max(at - width / 2, free_from);
    const int y0 = rows.upwards ? rows.life + kHalfBox + 4 : rows.life - kHalfBox - 4 - kMarker;
    const int edge = rows.upwards ? y0 : y0 + kMarker;
    picture_.line(Layer::mark, "to-step",
                  {{at, rows.life + (rows.upwards ? kHalfBox : -kHalfBox)},
                   {std::clamp(at, x0 + 2, x0 + width - 2), edge}});
    picture_.rectangle(Layer::mark, "step", {x0, y0, x0 + width, y0 + kMarker}, marker.title);
    picture_.write({x0 + width / 2, base_line(y0 + kMarker / 2, kStrongFont), Anchor::middle,
                    kStrongFont, "number", std::to_string(marker.number), marker.title});
    free_from = x0 + width + 2;
  }
}

/// Whether a box stands on the life line at x.
bool Lanes::covered(const Rows& rows, int x) const {
  for (std::size_t i = 0; i < rows.boxes.size(); ++i) {
    const Area& area = rows.box_areas[i];
    if (rows.box_row[i] == 0 && area.x0 - 1 <= x && x <= area.x1 + 1) return true;
  }
  return false;
}

std::size_t Lanes::left_out() const {
  std::size_t count = 0;
  for (const Rows& rows : rows_) {
    count += static_cast<std::size_t>(std::count_if(rows.labels.begin(), rows.labels.end(),
                                                    [](const Anchored& l) { return !l.placed; }));
  }
  return count;
}

/// The heights at which an arrow leaves and arrives: the edges of boxes, or the life lines.
std::pair<int, int> Lanes::ends_of(const Arrow& arrow) const {
  const Rows& from = rows_[arrow.from_lane];
  const Rows& to = rows_[arrow.to_lane];
  const int down = from.life < to.life ? 1 : -1;
  const int leave = covered(from, x_of(arrow.from)) ? kHalfBox : 0;
  const int arrive = covered(to, x_of(arrow.to)) ? kHalfBox : 0;
  return {from.life + down * leave, to.life - down * arrive};
}

void Lanes::place_arrow(const Arrow& arrow) {
  const auto [y0, y1] = ends_of(arrow);
  const int x0 = x_of(arrow.from);
  const int kind = message_style(arrow.kind);
  if (arrow.fate == Fate::received) {
    picture_.line(Layer::arrow, "msg", {{x0, y0}, {x_of(arrow.to), y1}}, arrow.title, kind);
    picture_.shapes.back().pale = pale(arrow.lit);
    return;
  }
  const bool lost = arrow.fate == Fate::lost;
  const int x = std::max(x_of(arrow.to), x0 + 24);
  const int y = y0 + (y1 - y0) * (lost ? 60 : 80) / 100;
  picture_.line(Layer::arrow, lost ? "msg cut" : "msg cut away", {{x0, y0}, {x, y}}, arrow.title,
                kind);
  picture_.shapes.back().pale = pale(arrow.lit);
  if (lost) {
    picture_.line(Layer::mark, "lost", {{x - 4, y - 4}, {x + 4, y + 4}}, arrow.title);
    picture_.line(Layer::mark, "lost", {{x - 4, y + 4}, {x + 4, y - 4}}, arrow.title);
  } else {
    picture_.rectangle(Layer::mark, "away", {x - 3, y - 3, x + 3, y + 3}, arrow.title);
  }
}

void Lanes::place_arrows() {
  const std::size_t first = picture_.shapes.size();
  for (const Arrow& arrow : scene_.arrows) place_arrow(arrow);
  if (scene_.arrows.size() > kFewArrows) return;
  for (std::size_t i = first, next = 0; i < picture_.shapes.size(); ++i) {
    if (picture_.shapes[i].layer == Layer::arrow) {
      arrow_lines_.emplace_back(next++, picture_.shapes[i]);
    }
  }
  place_arrow_labels();
}

/// Names on the arrows where that covers nothing else.
void Lanes::place_arrow_labels() {
  FreeSpace space;
  for (const Text& text : picture_.texts) space.occupy(text.area());
  space.occupy({0, top_, left_ - 4, bottom_});  // the names of the lanes
  for (const Shape& shape : picture_.shapes) {
    const bool solid = shape.layer == Layer::box || shape.layer == Layer::bar;
    if (!solid && shape.layer != Layer::mark) continue;
    Area area{shape.points[0].first, shape.points[0].second, shape.points[0].first,
              shape.points[0].second};
    for (const auto& [x, y] : shape.points) {
      area = {std::min(area.x0, x), std::min(area.y0, y), std::max(area.x1, x),
              std::max(area.y1, y)};
    }
    space.occupy(area);
  }
  for (const auto& [arrow, line] : arrow_lines_) {
    const auto& p = line.points;
    space.add_line(p[0].first, p[0].second, p[1].first, p[1].second);
  }
  for (const auto& [index, line] : arrow_lines_) {
    const Arrow& arrow = scene_.arrows[index];
    Text text;
    text.font = kMessageFont;
    text.style = "on";
    text.text = scene_.kinds[arrow.kind];
    if (!arrow.label.empty()) {  // where all are of one kind, the legend tells it
      text.text = scene_.kinds.size() == 1 ? arrow.label : text.text + " " + arrow.label;
    }
    text.title = arrow.title;
    text.pale = pale(arrow.lit);
    const auto& p = line.points;
    if (space.place_on_line(p[0].first, p[0].second, p[1].first, p[1].second, text)) {
      picture_.write(std::move(text));
    }
  }
}

}  // namespace sibyl::analysis::svg
