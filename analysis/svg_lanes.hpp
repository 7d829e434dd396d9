// The lanes of a drawing: boxes, bars, arrows and marks, with their labels.
#pragma once

#include <vector>

#include "analysis/svg_labels.hpp"
#include "analysis/svg_layout.hpp"
#include "analysis/svg_scale.hpp"

namespace sibyl::analysis::svg {

/// Sizes in px.
inline constexpr int kBoxHeight = 20;
inline constexpr Font kLabelFont{11, false};
inline constexpr Font kSmallFont{10, false};
inline constexpr Font kMessageFont{9, false};

/// Places the lanes of a scene into a picture, from `left` (where the time begins) and `top`.
class Lanes {
 public:
  Lanes(const Scene& scene, const TimeScale& scale, Picture& picture, int left, int top);

  void place();
  /// Where they end; after place().
  int bottom() const { return bottom_; }

  /// The place of a time.
  int x_of(std::int64_t ns) const { return left_ + scale_.at(ns); }

 private:
  /// One lane's parts, from the life line (where boxes and arrows are) outwards.
  struct Rows {
    std::vector<std::size_t> boxes;  ///< of the scene
    std::vector<Area> box_areas;     ///< in the same order; y relative to the life line
    std::vector<int> box_row;
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
  void measure(Rows& rows);
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
