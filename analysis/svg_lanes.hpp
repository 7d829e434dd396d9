// The lanes of a drawing: boxes, bars, arrows and marks, with their labels.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/svg_labels.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scale.hpp"

namespace sibyl::analysis::svg {

/// Sizes in px.
inline constexpr int kBoxHeight = 26;
inline constexpr Font kNameFont{16, true};
inline constexpr Font kLabelFont{14, false};
inline constexpr Font kStrongFont{14, true};
inline constexpr Font kSmallFont{12, false};
inline constexpr Font kMessageFont{12, false};

/// The base line of text whose letters stand about the height y.
constexpr int base_line(int y, Font font) { return y + font.size * 36 / 100; }

/// Places the lanes of a scene into a picture, from `left` (where the time begins) and `top`.
class Lanes {
 public:
  Lanes(const Scene& scene, const TimeScale& scale, Picture& picture, int left, int top);

  void place();
  /// Where they end; after place().
  int bottom() const { return bottom_; }

  /// The height of a lane's life line; after place().
  int life_of(std::size_t lane) const { return rows_[lane].life; }

  /// How many labels of boxes and marks found no room at all; after place().
  std::size_t left_out() const;

  /// The place of a time.
  int x_of(std::int64_t ns) const { return left_ + scale_.at(ns); }

 private:
  /// Where the label of a box stands: in it, beside it on the life line, or outside the line.
  enum class Beside : std::uint8_t { inside, right, left, outside };

  /// One lane's parts, from the life line (where boxes and arrows are) outwards.
  struct Rows {
    std::vector<std::size_t> boxes;  ///< of the scene
    std::vector<Area> box_areas;     ///< in the same order; y relative to the life line
    std::vector<int> box_row;
    std::vector<Beside> beside;  ///< where the box's label stands
    std::vector<int> ends;       ///< where arrows leave or arrive
    std::vector<std::size_t> marks;
    std::vector<Anchored> labels;  ///< those that stand outside: of boxes, then of marks
    std::vector<std::size_t> bars;
    std::vector<std::string> objects;  ///< by bar row, caches apart
    int box_rows = 1;
    int label_rows = 0;
    std::vector<std::size_t> markers;  ///< of the scene
    int top = 0;
    int life = 0;
    int bottom = 0;
    bool upwards = false;  ///< whether labels and bars are above the boxes
  };

  void collect();
  void measure(Rows& rows, std::size_t lane);
  std::vector<std::pair<int, int>> taken_on_line(const Rows& rows, std::size_t lane) const;
  void place_beside_boxes(Rows& rows, std::size_t lane);
  void turn_crossed(Rows& rows);
  void place_boxes(const Rows& rows);
  void place_outside_labels(const Rows& rows);
  void place_bars(const Rows& rows);
  void place_bar_label(const Rows& rows, std::size_t place, const Area& area, int row);
  void place_names();
  void place_outages();
  void place_marks(const Rows& rows);
  void place_markers(const Rows& rows);
  bool pale(bool lit) const { return !scene_.tales.empty() && !lit; }
  void place_arrows();
  void place_arrow(const Arrow& arrow);
  void place_arrow_labels();
  std::pair<int, int> ends_of(const Arrow& arrow) const;
  std::size_t crossings(const Area& area) const;
  Area label_area(const Rows& rows, const Anchored& label) const;
  int bar_row(const Rows& rows, const Bar& bar) const;
  int label_y(const Rows& rows, int row) const;
  bool covered(const Rows& rows, int x) const;

  const Scene& scene_;
  const TimeScale& scale_;
  Picture& picture_;
  int left_;
  int top_;
  int bottom_ = 0;
  std::vector<Rows> rows_;
  std::vector<std::pair<std::size_t, Shape>> arrow_lines_;  ///< arrow and its line, for the labels
};

}  // namespace sibyl::analysis::svg
