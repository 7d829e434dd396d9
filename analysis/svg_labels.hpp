// Placement of labels so that none covers another.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "analysis/svg_layout.hpp"

namespace sibyl::analysis::svg {

/// A label that belongs to a place on a line of time.
struct Anchored {
  int x = 0;  ///< px
  std::string text;
  bool placed = false;  ///< results: whether there was room, in which row, and with what text
  int row = 0;          ///< 0 is nearest to the line
  std::string shown{};
  bool leftwards = false;  ///< whether it ends, not begins, at its place
};

/// Puts each label to the right of its place, in the nearest row that is free; a straight line from
/// the place to the label's row then crosses no other label. Of labels that need rows of their own
/// the last is therefore nearest. What finds no room in `rows` rows is cut, or not placed. No label
/// goes beyond `end`. Returns the number of rows used. O(n (log n + rows)).
int place_beside(std::vector<Anchored>& labels, Font font, int rows,
                 int end = std::numeric_limits<int>::max() / 2);

/// Turns neighbours that stand in rows of their own to the left of their places, where they stand
/// whole, beyond none before them and not beyond `begin`: then the first of them is nearest. For
/// labels below their line, that they read from top to bottom. After place_beside(); returns the
/// number of rows used. O(n log n).
int turn_stacks(std::vector<Anchored>& labels, Font font, int rows, int begin);

/// A span [from, to) that needs a row of its own wherever it overlaps another.
struct Spanning {
  int from = 0;
  int to = 0;
  int row = 0;  ///< the result
};

/// Gives each span the first row in which it overlaps none before it. Returns the number of rows.
/// O(n log n + n rows).
int place_in_rows(std::vector<Spanning>& spans);

/// Whether the line from (line.x0, line.y0) to (line.x1, line.y1) meets the area.
bool meets(const Area& line, const Area& area);

/// Finds places for labels on straight lines amid what stands already.
class FreeSpace {
 public:
  /// Adds something that no label may cover.
  void occupy(const Area& area) { taken_.push_back(area); }
  /// Adds a line that a label had better not cover.
  void add_line(int x0, int y0, int x1, int y1) { lines_.push_back({x0, y0, x1, y1}); }

  /// Places the text on the line from (x0, y0) to (x1, y1), or beside it where it is steep, where
  /// it covers nothing taken and the fewest, at most two, other lines, and occupies the place.
  /// False when there is no such place. O(taken + lines).
  bool place_on_line(int x0, int y0, int x1, int y1, Text& text);

 private:
  std::vector<Area> taken_;
  std::vector<Area> lines_;  ///< from (x0, y0) to (x1, y1), in no order
};

}  // namespace sibyl::analysis::svg
