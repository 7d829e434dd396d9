// The core of a violation as text.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analysis/core_items.hpp"
#include "analysis/core_view.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::core {

namespace {

constexpr std::size_t kLine = 140;
constexpr int kMostColumns = 56;
constexpr int kUsualGap = 6;
constexpr std::size_t kMostClient = 16;
constexpr std::size_t kMostBars = 100;

void append_words(std::string& out, std::string line, std::string_view text, std::size_t indent) {
  bool fresh = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string word = shortened(text.substr(0, space), kLine - indent - 1);
    if (!fresh && character_count(line) + 1 + character_count(word) > kLine) {
      out += line + "\n";
      line.assign(indent, ' ');
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    fresh = false;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  out += line + "\n";
}

std::string client_of(const CoreHead& head, const Bar& bar) {
  return shortened(client_words(head, bar), kMostClient);
}

/// "[===]", "[===>" of what never returned; one column at least.
std::string bar_text(const OrderScale& scale, const Bar& bar, int end) {
  const int from = scale.begin(bar);
  const int to = bar.open ? end : std::max(scale.end(bar), from + 1);
  std::string out(static_cast<std::size_t>(from), ' ');
  out += '[' + std::string(static_cast<std::size_t>(to - from - 1), '=') + (bar.open ? '>' : ']');
  out.append(static_cast<std::size_t>(std::max(0, end - to)), ' ');
  return out;
}

/// Client by client, in the order of their first calls.
std::vector<const Bar*> by_client(const Items& items) {
  std::vector<std::string> clients;
  const auto place = [&](const Bar& bar) {
    return std::find(clients.begin(), clients.end(), bar.process) - clients.begin();
  };
  std::vector<const Bar*> rows;
  for (const Bar& bar : items.bars) {
    rows.push_back(&bar);
    if (place(bar) == std::ssize(clients)) clients.push_back(bar.process);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Bar* a, const Bar* b) { return place(*a) < place(*b); });
  return rows;
}

std::string order_mark(const Items& items, const Bar& bar) {
  if (!items.ordered) return "";
  return bar.number != 0 ? fmt::format("{:>3} ", bar.number) : bar.stuck ? "  x " : "    ";
}

std::string text_of(const CoreHead& head, const Value& witness) {
  const Items items = items_of(witness, kMostBars, 0);
  if (items.bars.empty()) return {};
  const int instants = 2 * static_cast<int>(items.bars.size());
  const int gap = std::clamp(kMostColumns / instants, 1, kUsualGap);
  const OrderScale scale(items.bars, std::vector<int>(items.bars.size(), 2), gap);
  const std::vector<const Bar*> rows = by_client(items);
  std::size_t clients = 0;
  std::size_t names = 0;
  for (const Bar* bar : rows) {
    clients = std::max(clients, character_count(client_of(head, *bar)));
    names = std::max(names, character_count(bar->name));
  }
  std::string out;
  append_words(out, "", printable(head.title), 0);
  append_words(out, "", printable(head.summary), 0);
  append_words(
      out, "",
      "Time runs to the right by the order of calls and returns, not to scale; [===] is an "
      "operation from call to return, [===> one that never returned; * marks the core.",
      0);
  const auto was_open = [](const Bar& bar) { return bar.open_then; };
  if (std::any_of(items.bars.begin(), items.bars.end(), was_open)) {
    append_words(out, "",
                 "What was open then, at the violation, is drawn open whatever became of it.", 0);
  }
  if (items.ordered) {
    append_words(
        out, "",
        "Numbers are those of the longest order that is possible, x is what cannot follow it.", 0);
  }
  if (!items.initial.empty()) append_words(out, "", "At first: " + items.initial, 0);
  out += "\n";
  const StampWords stamps = stamps_of(head, items);
  for (const Bar* bar : rows) {
    const auto padded = [](std::string text, std::size_t width) {
      const std::size_t size = character_count(text);
      return text.append(width - std::min(width, size), ' ');
    };
    const std::string line = fmt::format(
        "{} {}  {}  {}{}  {} ({})", bar->role == "core" ? '*' : ' ',
        padded(client_of(head, *bar), clients), bar_text(scale, *bar, scale.width()),
        order_mark(items, *bar), padded(bar->name, names), bar->text, span_words(*bar, stamps));
    out += shortened(line, kLine - 1) + "\n";
  }
  out += "\n";
  if (stamps.zero != 0)
    append_words(out, "", fmt::format("Times are counted from {}.", stamps.zero), 0);
  for (const std::string& sentence : numbered_sentences(items)) append_words(out, "", sentence, 3);
  if (items.bars_left_out > 0) {
    out += counted(items.bars_left_out, "more operation") + " not shown.\n";
  }
  return out;
}

}  // namespace

}  // namespace sibyl::analysis::core

namespace sibyl::analysis {

std::string core_text(const CoreHead& head, const Value& witness) {
  return core::text_of(head, witness);
}

}  // namespace sibyl::analysis
