// Text in drawings.
#include "analysis/svg_text.hpp"

#include <array>

#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

// Advance widths of the characters 32 to 126 in thousandths of the font's size (DejaVu 2.37).
constexpr std::array<short, 95> kRegular{
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838,
};
constexpr std::array<short, 95> kBold{
    348,  456, 521, 838, 696, 1002, 872, 306,  457, 457, 523, 838, 380, 415,  380, 365,
    696,  696, 696, 696, 696, 696,  696, 696,  696, 696, 400, 400, 838, 838,  838, 580,
    1000, 774, 762, 734, 830, 683,  683, 821,  837, 372, 372, 775, 637, 995,  837, 850,
    733,  850, 770, 720, 682, 812,  774, 1103, 771, 724, 725, 457, 365, 457,  838, 500,
    500,  675, 716, 593, 716, 678,  435, 716,  712, 343, 343, 665, 343, 1042, 712, 687,
    716,  716, 493, 595, 478, 712,  652, 924,  645, 652, 582, 712, 365, 712,  838,
};

constexpr int kWide = 1000;  // the ellipsis, and every other character above 126
constexpr int kLatin = 840;  // two-byte characters: accented letters, arithmetic signs

/// The width of the character that starts with this byte; 0 for a byte that continues one.
int thousandths(unsigned char byte, bool bold) {
  if (byte >= 0x80 && byte < 0xc0) return 0;
  if (byte >= 0xe0) return kWide;
  if (byte >= 0xc0) return kLatin;
  if (byte < 32 || byte > 126) return kWide;
  return (bold ? kBold : kRegular)[static_cast<std::size_t>(byte) - 32];
}

int total_thousandths(std::string_view text, bool bold) {
  int sum = 0;
  for (const char c : text) sum += thousandths(static_cast<unsigned char>(c), bold);
  return sum;
}

}  // namespace

int text_width(std::string_view text, Font font) {
  return (total_thousandths(text, font.bold) * font.size + 999) / 1000;
}

std::string fitted(std::string_view text, int width, Font font) {
  if (text_width(text, font) <= width) return std::string(text);
  const int room = width * 1000 / font.size - kWide;
  int used = 0;
  std::size_t end = 0;
  std::size_t characters = 0;
  for (; end < text.size(); ++end) {
    const auto byte = static_cast<unsigned char>(text[end]);
    used += thousandths(byte, font.bold);
    if (used > room) break;
    if ((byte & 0xc0U) != 0x80) ++characters;
  }
  // Never cut within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  while (end > 0 && text[end - 1] == ' ') --end;
  if (characters < 2) return {};
  return std::string(text.substr(0, end)) + "…";
}

std::vector<std::string> wrapped(std::string_view text, int width, Font font,
                                 std::size_t most_lines) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    const std::string longer = line.empty() ? std::string(word) : line + " " + std::string(word);
    if (line.empty() || text_width(longer, font) <= width) {
      line = longer;
      text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
      continue;
    }
    if (lines.size() + 1 == most_lines) {
      line += " " + std::string(text) + "…";  // does not fit, so that it is cut below
      break;
    }
    lines.push_back(fitted(line, width, font));
    line.clear();
  }
  if (!line.empty()) lines.push_back(fitted(line, width, font));
  return lines;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace sibyl::analysis::svg
