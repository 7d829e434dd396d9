// What a drawing of a core shows.
#include "analysis/core_items.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analysis/check/why_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::core {

namespace {

constexpr std::size_t kMostText = 160;
constexpr std::size_t kMostName = 80;
constexpr std::size_t kMostSentence = 640;
constexpr std::size_t kMostSentences = 48;
constexpr std::size_t kReadsFrom = 1;  // in kEdgeWords
constexpr std::int64_t kLargeTime = 10'000'000;

const Value::List& list_of(const Value& value, std::string_view member) {
  static const Value::List kNone;
  const Value* found = value.find(member);
  return found == nullptr || found->as_list() == nullptr ? kNone : *found->as_list();
}

Bar bar_of(const Value& item, std::size_t place) {
  Bar bar;
  bar.place = place;
  bar.name = shortened(printable(text_field(item, "name")), kMostText / 4);
  bar.text = shortened(printable(text_field(item, "text")), kMostText);
  const std::int64_t line = integer_field(item, "line", 0);
  if (line != 0 && !bar.name.empty() && bar.name.rfind("line ", 0) != 0) {
    bar.text += fmt::format(" (line {})", line);
  }
  bar.role = text_field(item, "role");
  const Value* process = item.find("process");
  const std::string* word = process == nullptr ? nullptr : process->as_string();
  bar.process = word != nullptr ? *word : std::to_string(integer_field(item, "process", 0));
  bar.call = integer_field(item, "call", 0);
  const Value* ret = item.find("return");
  bar.open = ret == nullptr || ret->as_int() == nullptr;
  if (!bar.open) bar.ret = std::max(*ret->as_int(), bar.call);
  bar.open_then = bar.open && item.find("open_then") != nullptr;
  if (const Value* later = item.find("later"); bar.open_then && later != nullptr) {
    bar.later = text_field(*later, "outcome") == "fail" ? "failed" : "returned";
    bar.ret = integer_field(*later, "at", bar.call);
  }
  return bar;
}

void sort_by_call(std::vector<Bar>& bars) {
  std::stable_sort(bars.begin(), bars.end(),
                   [](const Bar& a, const Bar& b) { return a.call < b.call; });
}

/// The operations of a list, at most `most`: the core before its sources before others.
std::vector<Bar> bars_of(const Value::List& list, std::size_t most) {
  std::vector<Bar> bars;
  for (const Value& item : list) bars.push_back(bar_of(item, bars.size()));
  const auto rank = [](const Bar& bar) {
    return bar.role == "core" ? 0 : bar.role == "source" ? 1 : 2;
  };
  std::stable_sort(bars.begin(), bars.end(),
                   [&](const Bar& a, const Bar& b) { return rank(a) < rank(b); });
  if (bars.size() > most) bars.resize(most);
  sort_by_call(bars);
  return bars;
}

void read_edges(const Value& witness, Items& items) {
  std::map<std::size_t, std::size_t> where;
  for (std::size_t i = 0; i < items.bars.size(); ++i) where[items.bars[i].place] = i;
  std::vector<Edge> seen;  // what was read, which the reasons speak of
  std::int64_t n = 0;
  for (const Value& item : list_of(witness, "circle")) {
    ++n;
    const auto a = where.find(static_cast<std::size_t>(integer_field(item, "before", -1)));
    const auto b = where.find(static_cast<std::size_t>(integer_field(item, "after", -1)));
    const auto kind =
        std::find_if(std::begin(kEdgeWords), std::end(kEdgeWords),
                     [&](const EdgeWords& w) { return w.why == text_field(item, "why"); });
    if (a == where.end() || b == where.end() || kind == std::end(kEdgeWords)) continue;
    const auto k = static_cast<std::size_t>(kind - std::begin(kEdgeWords));
    const auto sentence = static_cast<std::size_t>(integer_field(item, "sentence", n - 1));
    items.edges.push_back({a->second, b->second, k, sentence + 1});
    const auto writer = where.find(static_cast<std::size_t>(integer_field(item, "writer", -1)));
    const auto reader = where.find(static_cast<std::size_t>(integer_field(item, "reader", -1)));
    if (writer == where.end() || reader == where.end()) continue;
    seen.push_back({writer->second, reader->second, kReadsFrom, 0});
  }
  for (const Edge& edge : seen) {
    const auto same = [&](const Edge& e) {
      return e.before == edge.before && e.after == edge.after && e.kind == edge.kind;
    };
    if (std::none_of(items.edges.begin(), items.edges.end(), same)) items.edges.push_back(edge);
  }
}

/// The numbers of the first final configuration; of the longest beginning where there is none.
void read_order(const Value& witness, Items& items) {
  const Value::List& ends = list_of(witness, "configurations");
  const Value* longest = witness.find("longest_beginning");
  if (ends.empty() && longest == nullptr) return;
  const Value& end = ends.empty() ? *longest : ends.front();
  std::map<std::string, std::size_t> numbers;
  for (const Value& name : list_of(end, "order")) {
    const std::size_t n = numbers.size() + 1;
    if (name.as_string() != nullptr) numbers.emplace(*name.as_string(), n);
  }
  std::set<std::string> stuck;
  for (const Value& left : list_of(end, ends.empty() ? "blocked" : "left")) {
    stuck.emplace(text_field(left, "name"));
  }
  for (Bar& bar : items.bars) {
    const auto number = numbers.find(bar.name);
    if (number != numbers.end()) bar.number = number->second;
    bar.stuck = stuck.count(bar.name) > 0;
    items.ordered = items.ordered || bar.number != 0 || bar.stuck;
  }
}

}  // namespace

Items items_of(const Value& witness, std::size_t most, std::size_t most_context) {
  Items items;
  const Value::List& operations = list_of(witness, "operations");
  const Value::List& context = list_of(witness, "context");
  const auto left_out = [&](std::string_view member) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, integer_field(witness, member, 0)));
  };
  items.bars = bars_of(operations, most);
  items.bars_left_out = operations.size() - items.bars.size() + left_out("operations_left_out");
  items.context = bars_of(context, most_context);
  items.context_left_out = context.size() - items.context.size() + left_out("context_left_out");
  read_edges(witness, items);
  if (items.edges.empty()) read_order(witness, items);
  for (const Value& sentence : list_of(witness, "because")) {
    if (sentence.as_string() == nullptr || items.sentences.size() == kMostSentences) continue;
    items.sentences.push_back(shortened(printable(*sentence.as_string()), kMostSentence));
  }
  const Value* initial = witness.find("initial");
  const Value::Object* state = initial == nullptr ? nullptr : initial->as_object();
  if (state != nullptr && !state->empty()) {
    items.initial = shortened(state_in_words(*initial), kMostText);
  }
  return items;
}

StampWords stamps_of(const CoreHead& head, const Items& items) {
  const std::int64_t first = items.bars.front().call;
  const bool readable = head.in_ns || (first > -kLargeTime && first < kLargeTime);
  return {head.in_ns, readable ? 0 : first};
}

std::string span_words(const Bar& bar, const StampWords& stamps) {
  // Stamps may be any integers: their difference is one, too, counted without sign.
  const auto from_zero = [&](std::int64_t time) {
    return static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(stamps.zero);
  };
  const auto words = [&](std::int64_t time) {
    if (stamps.in_ns) return time_words(time);
    return stamps.zero == 0 ? std::to_string(time) : std::to_string(from_zero(time));
  };
  if (!bar.open) return fmt::format("{} to {}", words(bar.call), words(bar.ret));
  if (!bar.open_then) return fmt::format("{}, no return", words(bar.call));
  return bar.later.empty()
             ? fmt::format("{}, open then", words(bar.call))
             : fmt::format("{}, open then, {} at {}", words(bar.call), bar.later, words(bar.ret));
}

std::string client_words(const CoreHead& head, const Bar& bar) {
  const auto name = head.clients.find(bar.process);
  return shortened(printable(name == head.clients.end() ? "process " + bar.process : name->second),
                   kMostName);
}

std::vector<std::string> numbered_sentences(const Items& items) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < items.sentences.size(); ++i) {
    const bool numbered = std::any_of(items.edges.begin(), items.edges.end(),
                                      [&](const Edge& e) { return e.number == i + 1; });
    out.push_back((numbered ? fmt::format("{}: ", i + 1) : "") + items.sentences[i]);
  }
  return out;
}

OrderScale::OrderScale(const std::vector<Bar>& bars, const std::vector<int>& needs, int gap) {
  std::set<std::int64_t> instants;
  for (const Bar& bar : bars) {
    instants.insert(bar.call);
    if (!bar.open) instants.insert(bar.ret);
  }
  instants_.assign(instants.begin(), instants.end());
  const auto place = [&](std::int64_t time) {
    return static_cast<std::size_t>(std::lower_bound(instants_.begin(), instants_.end(), time) -
                                    instants_.begin());
  };
  struct Span {
    std::size_t from;
    std::size_t to;
    int need;
  };
  std::vector<Span> spans;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const std::size_t from = place(bars[i].call);
    std::size_t to = bars[i].open ? instants_.size() : place(bars[i].ret);
    if (to > from) spans.push_back({from, to, needs[i]});
  }
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.to - a.from < b.to - b.from; });
  std::vector<int> gaps(instants_.size(), gap);
  for (const Span& span : spans) {
    int width = 0;
    for (std::size_t i = span.from; i < span.to; ++i) width += gaps[i];
    const int n = static_cast<int>(span.to - span.from);
    const int more = (std::max(0, span.need - width) + n - 1) / n;
    for (std::size_t i = span.from; i < span.to; ++i) gaps[i] += more;
  }
  x_.push_back(0);
  for (const int width : gaps) x_.push_back(x_.back() + width);
}

int OrderScale::at(std::int64_t time) const {
  const auto next = std::lower_bound(instants_.begin(), instants_.end(), time);
  if (next == instants_.end())
    return x_[instants_.size() - 1] + (x_.back() - x_[instants_.size() - 1]) / 2;
  const auto i = static_cast<std::size_t>(next - instants_.begin());
  if (*next == time || i == 0) return x_[i];
  const double part = (static_cast<double>(time) - static_cast<double>(instants_[i - 1])) /
                      (static_cast<double>(*next) - static_cast<double>(instants_[i - 1]));
  return x_[i - 1] + static_cast<int>(part * (x_[i] - x_[i - 1]));
}

}  // namespace sibyl::analysis::core

namespace sibyl::analysis {

bool has_core(const Value& witness) {
  for (const Value& item : core::list_of(witness, "operations")) {
    const Value* call = item.find("call");
    if (call == nullptr || call->as_int() == nullptr) return false;
  }
  return !core::list_of(witness, "operations").empty();
}

}  // namespace sibyl::analysis
