// Which puts and appends can have made a text.
#include "analysis/check/text_makers.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sibyl::analysis {

TextMakers::TextMakers(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                       const std::vector<std::uint32_t>& writes, std::string_view start)
    : history_(history), start_(start) {
  for (const std::uint32_t i : writes) {
    const FlatOperation& op = operations[i];
    const bool is_put = history.functions.word(op.f) == "put";
    const std::string_view text = history.values.text(op.value);
    if (text.empty()) {  // such an append changes nothing
      if (is_put) clearing_.push_back(i);
      continue;
    }
    Kind& kind = is_put ? puts_ : appends_;
    const std::uint32_t number = kind.codes.number(op.value);
    if (number == kind.texts.size()) {
      kind.texts.push_back(text);
      kind.operations.emplace_back();
    }
    kind.operations[number].push_back(i);
  }
  puts_.beginnings.emplace(puts_.texts);
  appends_.beginnings.emplace(appends_.texts);
}

const TextMakers::Makers& TextMakers::of(ValueCode text) {
  const std::uint32_t known = known_.number(text);
  if (known == found_.size()) {
    const std::string_view whole = history_.values.text(text);
    found_.push_back(makers_of(to_the_end(edges_of(whole), whole.size())));
  }
  return found_[known];
}

/// All that fits behind what fits, from the beginning on; by `from`.
std::vector<TextMakers::Edge> TextMakers::edges_of(std::string_view text) const {
  std::vector<Edge> edges;
  if (text.compare(0, start_.size(), start_) == 0)
    edges.push_back({0, start_.size(), &nobody_, true});
  if (!clearing_.empty()) edges.push_back({0, 0, &clearing_, true});
  puts_.beginnings->each_beginning(text, [&](std::uint32_t put) {
    edges.push_back({0, puts_.texts[put].size(), &puts_.operations[put], true});
  });
  std::set<std::size_t> ends;
  for (const Edge& edge : edges) ends.insert(edge.to);
  while (!ends.empty()) {
    const std::size_t end = *ends.begin();
    ends.erase(ends.begin());
    const std::string_view rest = text.substr(end, appends_.beginnings->longest());
    appends_.beginnings->each_beginning(rest, [&](std::uint32_t piece) {
      edges.push_back(
          {end, end + appends_.texts[piece].size(), &appends_.operations[piece], false});
      ends.insert(edges.back().to);
    });
  }
  return edges;
}

/// Those from which others lead to the end.
std::vector<TextMakers::Edge> TextMakers::to_the_end(std::vector<Edge> edges, std::size_t end) {
  std::set<std::size_t> leading{end};
  std::vector<Edge> kept;
  for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge) {
    // Appends stand in the order of their places, behind all that a text can begin with.
    if (leading.count(edge->to) == 0) continue;
    if (!edge->begins) leading.insert(edge->from);
    kept.push_back(*edge);
  }
  return kept;
}

/// Needed is what alone covers some place, where one operation alone wrote it.
TextMakers::Makers TextMakers::makers_of(const std::vector<Edge>& edges) {
  Makers made;
  std::set<const std::vector<std::uint32_t>*> all;
  std::set<const std::vector<std::uint32_t>*> needed;
  std::vector<std::pair<std::size_t, std::size_t>> bounds;  // place, edge: twice each
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (all.insert(edges[i].operations).second) {
      made.all.insert(made.all.end(), edges[i].operations->begin(), edges[i].operations->end());
    }
    if (edges[i].from == edges[i].to) continue;
    bounds.emplace_back(edges[i].from, i);
    bounds.emplace_back(edges[i].to, i);
  }
  std::sort(bounds.begin(), bounds.end());
  std::size_t open = 0;
  std::size_t sum = 0;  // of the numbers of those that are open
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto& [at, edge] = bounds[i];
    const bool begins = at == edges[edge].from;
    open += begins ? 1 : -1;
    sum += begins ? edge : -edge;
    const bool ahead = i + 1 < bounds.size() && bounds[i + 1].first > at;
    if (open != 1 || !ahead || edges[sum].operations->size() != 1) continue;
    if (needed.insert(edges[sum].operations).second)
      made.needed.push_back(edges[sum].operations->front());
  }
  return made;
}

}  // namespace sibyl::analysis
