// Text in drawings: how wide it is, how it is cut and wrapped, how it is written into XML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sibyl::analysis::svg {

/// How a text is set. Drawn in DejaVu Sans or Verdana, whose letters are equally wide; every other
/// sans-serif that a viewer may put in their place is narrower.
struct Font {
  int size = 11;  ///< px
  bool bold = false;
};

/// The width in px, rounded up, of `text` (valid UTF-8). O(n).
int text_width(std::string_view text, Font font);

/// `text` cut so that it is at most `width` px wide, ending in "…" when it was cut; empty when not
/// even two letters fit. O(n).
std::string fitted(std::string_view text, int width, Font font);

/// `text` in lines of at most `width` px, broken at spaces; a longer word is cut. At most
/// `most_lines` >= 1 lines, the last ending in "…" when there was more. O(n).
std::vector<std::string> wrapped(std::string_view text, int width, Font font,
                                 std::size_t most_lines);

/// Printable text with XML's special characters escaped, for content and attributes. O(n).
std::string escaped(std::string_view text);

}  // namespace sibyl::analysis::svg
