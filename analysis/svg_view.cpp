// Writing a drawing as SVG.
#include "analysis/svg_view.hpp"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "analysis/svg_layout.hpp"
#include "analysis/svg_scene.hpp"
#include "analysis/svg_text.hpp"

namespace sibyl {

namespace {

using analysis::svg::Anchor;
using analysis::svg::Picture;
using analysis::svg::Shape;
using analysis::svg::Text;

/// Colours that the colour-blind tell apart, each with dashes of its own so that grey does too.
struct MessageStyle {
  std::string_view colour;
  std::string_view dashes;
};
constexpr std::array<MessageStyle, analysis::svg::kMessageStyles> kMessages{{
    {"#0b4f8a", ""},
    {"#b35900", "7 2"},
    {"#1a7a5e", "3 2"},
    {"#8a2f6b", "8 2 2 2"},
    {"#5a5a5a", "1.5 2"},
    {"#7a6a00", "12 3"},
    {"#8c8c8c", "5 4"},
}};

// Later rules win over earlier ones.
constexpr std::string_view kStyle = R"(
text { font-family: "DejaVu Sans", Verdana, sans-serif; fill: #222; }
.title, .name { fill: #111; }
.role { fill: #666; }
.bad { fill: #9c1f12; }
.in-own { paint-order: stroke; stroke: #d3ead9; stroke-width: 3px; stroke-linejoin: round; }
.in-cache { paint-order: stroke; stroke: #f1e6f4; stroke-width: 3px; stroke-linejoin: round; }
.out { paint-order: stroke; stroke: #fff; stroke-width: 5px; stroke-linejoin: round; }
.on { fill: #444; paint-order: stroke; stroke: #fff; stroke-width: 5px; stroke-linejoin: round; }
.page { fill: #fff; }
.grid { stroke: #ececec; }
.life { stroke: #b8b8b8; }
.lead { stroke: #999; stroke-width: .7; }
.axis { stroke: #444; }
.gap { stroke: #fff; stroke-width: 3; }
.zigzag { stroke: #444; stroke-width: 1.2; }
.op { fill: #dbe7f5; stroke: #2f5580; }
.ex { fill: #e8d6a0; stroke: #73591a; }
.own { fill: #d3ead9; stroke: #2d6b48; stroke-width: .8; }
.cache { fill: #f1e6f4; stroke: #7a4a86; stroke-width: .8; stroke-dasharray: 3 2; }
.open { stroke-dasharray: 4 3; }
.proof { stroke: #9c1f12; stroke-width: 2.4; }
.window { fill: #d9532c; fill-opacity: .12; stroke: none; }
.key { fill-opacity: .25; }
.bracket { stroke: #9c1f12; stroke-width: 1.4; }
.cell { fill: #fff; stroke: #999; stroke-width: .8; }
.other { fill: #f6d9d2; stroke: #9c1f12; }
.down { fill: #d9d9d9; stroke: #777; stroke-dasharray: 2 2; }
.paused { fill: url(#hatch); stroke: #888; }
.cross { stroke: #9c1f12; stroke-width: 2.6; }
.fault { stroke: #9c1f12; stroke-width: 1.4; fill: #fff; }
.lost { stroke: #9c1f12; stroke-width: 2; }
.away { fill: #fff; stroke: #555; }
.msg { stroke-width: 1.1; }
.cut { marker-end: none; }
.pale { opacity: .3; }
.step { fill: #fff; stroke: #9c1f12; stroke-width: 1.4; }
.to-step { stroke: #9c1f12; stroke-width: .8; }
.number { fill: #9c1f12; }
)";

void append_style(std::string& out) {
  out += "<style>";
  out += kStyle;
  for (std::size_t i = 0; i < kMessages.size(); ++i) {
    out += fmt::format(".m{} {{ stroke: {};{} }}\n", i, kMessages[i].colour,
                       kMessages[i].dashes.empty()
                           ? ""
                           : fmt::format(" stroke-dasharray: {};", kMessages[i].dashes));
  }
  out += "</style>\n<defs>\n";
  for (std::size_t i = 0; i < kMessages.size(); ++i) {
    out += fmt::format(
        "<marker id=\"a{}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" "
        "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path d=\"M0 .8L8 4L0 7.2z\" fill=\"{}\"/></marker>\n",
        i, kMessages[i].colour);
  }
  out +=
      "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
      "<rect width=\"6\" height=\"6\" fill=\"#f4f4f4\"/>"
      "<path d=\"M0 6L6 0\" stroke=\"#999\" stroke-width=\"1\"/></pattern>\n</defs>\n";
}

std::string tip(const std::string& title) {
  return title.empty() ? "" : "<title>" + analysis::svg::escaped(title) + "</title>";
}

void append_shape(std::string& out, const Shape& shape) {
  std::string attributes = fmt::format("class=\"{}", shape.style);
  if (shape.pale) attributes += " pale";
  if (shape.kind >= 0) attributes += fmt::format(" m{}", shape.kind);
  attributes += '"';
  if (shape.rectangle) {
    const auto [x0, y0] = shape.points[0];
    const auto [x1, y1] = shape.points[1];
    attributes +=
        fmt::format(" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", x0, y0, x1 - x0, y1 - y0);
  } else {
    std::string path;
    for (const auto& [x, y] : shape.points) {
      path += fmt::format("{}{} {}", path.empty() ? 'M' : 'L', x, y);
    }
    attributes += fmt::format(" d=\"{}\" fill=\"none\"", path);
    const bool arrow = shape.kind >= 0 && shape.style == "msg";
    if (arrow) attributes += fmt::format(" marker-end=\"url(#a{})\"", shape.kind);
  }
  const std::string_view name = shape.rectangle ? "rect" : "path";
  if (shape.title.empty()) {
    out += fmt::format("<{} {}/>\n", name, attributes);
  } else {
    out += fmt::format("<{} {}>{}</{}>\n", name, attributes, tip(shape.title), name);
  }
}

void append_text(std::string& out, const Text& text) {
  out += fmt::format("<text class=\"{}{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"", text.style,
                     text.pale ? " pale" : "", text.x, text.y, text.font.size);
  if (text.font.bold) out += " font-weight=\"bold\"";
  if (text.anchor == Anchor::middle) out += " text-anchor=\"middle\"";
  if (text.anchor == Anchor::end) out += " text-anchor=\"end\"";
  out += ">" + tip(text.title) + analysis::svg::escaped(text.text) + "</text>\n";
}

}  // namespace

namespace analysis::svg {

std::string svg_of(const Picture& picture) {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n",
      picture.width, picture.height, escaped(picture.title));
  append_style(out);
  out += fmt::format("<rect class=\"page\" width=\"{}\" height=\"{}\"/>\n", picture.width,
                     picture.height);
  for (const Shape& shape : picture.shapes) append_shape(out, shape);
  for (const Text& text : picture.texts) append_text(out, text);
  out += "</svg>\n";
  return out;
}

}  // namespace analysis::svg

std::string svg_view(const Trace& trace, const std::vector<analysis::Finding>& findings,
                     const std::vector<analysis::Explanation>& explanations,
                     const analysis::Excerpt* part) {
  const auto scene = analysis::svg::scene_of(trace, findings, {}, explanations, part);
  return analysis::svg::svg_of(analysis::svg::lay_out(scene));
}

}  // namespace sibyl
