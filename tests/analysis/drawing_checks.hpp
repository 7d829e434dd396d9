// What every drawing has to be: labels apart and on the page, and XML.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "analysis/svg_layout.hpp"

namespace sibyl::drawing_checks {

using analysis::svg::Area;
using analysis::svg::Picture;
using analysis::svg::Text;

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

inline std::string line_with(const std::string& text, std::string_view part) {
  for (const std::string& line : lines_of(text)) {
    if (contains(line, part)) return line;
  }
  return {};
}

/// "a | b" for two texts that overlap; empty when none do.
inline std::string overlapping_texts(std::vector<Text> texts) {
  std::sort(texts.begin(), texts.end(),
            [](const Text& a, const Text& b) { return a.area().x0 < b.area().x0; });
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Area a = texts[i].area();
    for (std::size_t k = i + 1; k < texts.size() && texts[k].area().x0 < a.x1; ++k) {
      if (a.overlaps(texts[k].area())) return texts[i].text + " | " + texts[k].text;
    }
  }
  return {};
}

/// No two texts overlap, and none leaves the page.
inline void check_picture(const Picture& picture) {
  CHECK(overlapping_texts(picture.texts) == "");
  for (const Text& text : picture.texts) {
    const Area a = text.area();
    CAPTURE(text.text);
    CHECK(a.x0 >= 0);
    CHECK(a.y0 >= 0);
    CHECK(a.x1 <= picture.width);
    CHECK(a.y1 <= picture.height);
  }
}

/// What is wrong with a document that uses elements, attributes in double quotes and the five
/// entities; empty when it is well formed.
inline std::string xml_problem(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      bool known = false;
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;"}) {
        known = known || xml.compare(at, std::string_view(entity).size(), entity) == 0;
      }
      if (!known) return "entity at " + std::to_string(at);
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return "unfinished tag";
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (contains(tag, "<")) return "< in tag " + tag;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes in " + tag;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "closes " + tag;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

}  // namespace sibyl::drawing_checks
