// Where everything of a drawing stands: shapes and texts with places in px, before they are
// written as SVG.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/svg_scene.hpp"
#include "analysis/svg_text.hpp"

namespace sibyl::analysis::svg {

/// A rectangle of pixels; x1 and y1 are just outside.
struct Area {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  bool overlaps(const Area& other) const {
    return x0 < other.x1 && other.x0 < x1 && y0 < other.y1 && other.y0 < y1;
  }
};

enum class Anchor : std::uint8_t { start, middle, end };

/// One line of text. `style` is a class of the style sheet in svg_view.cpp.
struct Text {
  int x = 0;
  int y = 0;  ///< of the base line
  Anchor anchor = Anchor::start;
  Font font;
  std::string_view style;
  std::string text;
  std::string title;  ///< shown when pointed at; empty: none
  bool pale = false;  ///< does not belong to what is explained
  Area area() const;
};

/// From back to front. Texts are in front of all shapes.
enum class Layer : std::uint8_t { ground, window, line, bar, arrow, box, mark };

/// A rectangle, or an open line through points.
struct Shape {
  Layer layer = Layer::ground;
  std::string_view style;
  bool rectangle = false;
  std::vector<std::pair<int, int>> points;  ///< of a rectangle: two opposite corners
  int kind = -1;                            ///< of a message, which chooses colour and dashes
  std::string title;
  bool pale = false;
};

struct Picture {
  int width = 0;
  int height = 0;
  std::string title;
  std::vector<Shape> shapes;
  std::vector<Text> texts;

  void rectangle(Layer layer, std::string_view style, const Area& area, std::string tip = {});
  /// `kind`: of a message; -1 for other lines.
  void line(Layer layer, std::string_view style, std::vector<std::pair<int, int>> points,
            std::string tip = {}, int kind = -1);
  void write(Text text) { texts.push_back(std::move(text)); }
};

/// The colours and dashes of messages are so many; later kinds share the last.
inline constexpr int kMessageStyles = 7;
inline int message_style(std::size_t kind) {
  return kind < kMessageStyles ? static_cast<int>(kind) : kMessageStyles - 1;
}

/// Places a scene. No two texts overlap. O(n log n), and O(texts) for each label of a message; only
/// few messages are labelled.
Picture lay_out(const Scene& scene);

}  // namespace sibyl::analysis::svg
