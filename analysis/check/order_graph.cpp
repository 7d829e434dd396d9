// Topological orders and short cycles.
#include "analysis/check/order_graph.hpp"

#include <algorithm>
#include <utility>

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>

namespace sibyl::analysis {

void OrderGraph::index() {
  starts_.assign(nodes_ + std::size_t{1}, 0);
  for (const Edge& edge : edges_) ++starts_[edge.from + 1];
  for (std::uint32_t i = 0; i < nodes_; ++i) starts_[i + 1] += starts_[i];
  targets_.resize(edges_.size());
  std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (const Edge& edge : edges_) targets_[next[edge.from]++] = edge.to;
}

bool OrderGraph::has_edge(std::uint32_t from, std::uint32_t to) const {
  return std::find(begin(from), end(from), to) != end(from);
}

std::vector<std::uint32_t> OrderGraph::sort(const std::vector<bool>& takes_part,
                                            const RealTime* time) {
  index();
  std::vector<std::uint32_t> waits(nodes_, 0);
  for (const Edge& edge : edges_) ++waits[edge.to];
  std::vector<std::uint32_t> order;
  order.reserve(nodes_);
  std::uint32_t released = 0;  // of the calls
  std::uint32_t returned = 0;  // of the returns: all before this one are done
  stuck_ = takes_part;
  if (time == nullptr) {
    for (std::uint32_t i = 0; i < nodes_; ++i) {
      if (takes_part[i] && waits[i] == 0) order.push_back(i);
    }
  } else {
    for (const std::uint32_t i : time->calls) ++waits[i];  // until it is released
  }
  for (std::size_t at = 0;; ++at) {
    while (time != nullptr && released < time->calls.size() &&
           time->after[time->calls[released]] <= returned) {
      const std::uint32_t i = time->calls[released++];
      if (--waits[i] == 0) order.push_back(i);
    }
    if (at == order.size()) break;
    const std::uint32_t node = order[at];
    stuck_[node] = false;
    for (const std::uint32_t* to = begin(node); to != end(node); ++to) {
      if (--waits[*to] == 0) order.push_back(*to);
    }
    while (time != nullptr && returned < time->returns.size() && !stuck_[time->returns[returned]]) {
      ++returned;
    }
  }
  return order;
}

/// The strongly connected components of more than one operation among those that are stuck, small
/// ones first.
std::vector<std::vector<std::uint32_t>> OrderGraph::components(const RealTime* time) const {
  std::vector<std::uint32_t> number(nodes_, 0);
  std::vector<std::uint32_t> ops;
  for (std::uint32_t i = 0; i < nodes_; ++i) {
    if (!stuck_[i]) continue;
    number[i] = static_cast<std::uint32_t>(ops.size());
    ops.push_back(i);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (const Edge& edge : edges_) {
    if (stuck_[edge.from] && stuck_[edge.to])
      edges.emplace_back(number[edge.from], number[edge.to]);
  }
  auto total = static_cast<std::uint32_t>(ops.size());
  if (time != nullptr) {                                            // one node a return, in a chain
    std::vector<std::uint32_t> until(time->returns.size() + 1, 0);  // nodes of earlier returns
    const std::uint32_t base = total;
    for (std::size_t i = 0; i < time->returns.size(); ++i) {
      until[i + 1] = until[i];
      const std::uint32_t op = time->returns[i];
      if (!stuck_[op]) continue;
      edges.emplace_back(number[op], total);
      if (total > base) edges.emplace_back(total - 1, total);
      ++total;
      ++until[i + 1];
    }
    for (const std::uint32_t op : ops) {
      const std::uint32_t before = until[time->after[op]];
      if (before > 0) edges.emplace_back(base + before - 1, number[op]);
    }
  }
  using Csr =
      boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                         boost::no_property, std::uint32_t, std::uint32_t>;
  const Csr graph(boost::edges_are_unsorted_multi_pass, edges.begin(), edges.end(), total);
  std::vector<std::uint32_t> component(total, 0);
  const std::uint32_t count = boost::strong_components(
      graph,
      boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::vector<std::uint32_t>> found(count);
  for (std::uint32_t i = 0; i < ops.size(); ++i) found[component[i]].push_back(ops[i]);
  std::erase_if(found, [](const auto& each) { return each.size() < 2; });
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return found;
}

/// What searches in one component share.
struct OrderGraph::Walk {
  std::vector<std::uint32_t> inside;   ///< by node: the component's number, from 1
  std::vector<std::uint32_t> seen;     ///< by node: the search that saw it last
  std::vector<std::uint32_t> via;      ///< by node: from where
  std::vector<std::uint32_t> by_call;  ///< the component's operations in order of their calls
  std::uint32_t component = 0;
  std::uint32_t search = 0;
  std::uint64_t work = 0;
  std::vector<std::uint32_t> cycle;
};

/// Searches breadth-first for the way back to `start` in fewer edges than that.
bool OrderGraph::walk(std::uint32_t start, std::size_t shorter_than, const RealTime* time,
                      Walk& in) const {
  ++in.search;
  std::vector<std::uint32_t> frontier{start};
  std::size_t uncovered = in.by_call.size();  // calls from here on were reached by real time
  bool back = false;
  const auto reach = [&](std::uint32_t from, std::uint32_t to, std::vector<std::uint32_t>& next) {
    ++in.work;
    if (in.inside[to] != in.component || in.seen[to] == in.search) return;
    in.seen[to] = in.search;
    in.via[to] = from;
    next.push_back(to);
    back = back || to == start;
  };
  for (std::size_t length = 1; length < shorter_than && !frontier.empty() && !back; ++length) {
    std::vector<std::uint32_t> next;
    for (const std::uint32_t node : frontier) {
      for (const std::uint32_t* to = begin(node); to != end(node); ++to) reach(node, *to, next);
    }
    for (const std::uint32_t node : frontier) {
      while (time != nullptr && uncovered > 0 && time->precedes(node, in.by_call[uncovered - 1])) {
        reach(node, in.by_call[--uncovered], next);
      }
    }
    frontier = std::move(next);
  }
  if (!back) return false;
  in.cycle.clear();
  for (std::uint32_t at = in.via[start];; at = in.via[at]) {
    in.cycle.push_back(at);
    if (at == start) break;
  }
  std::reverse(in.cycle.begin(), in.cycle.end());
  return true;
}

std::vector<std::uint32_t> OrderGraph::short_cycle(const RealTime* time, std::uint64_t work) {
  Walk walk_in;
  walk_in.inside.assign(nodes_, 0);
  walk_in.seen.assign(nodes_, 0);
  walk_in.via.assign(nodes_, 0);
  std::vector<std::uint32_t> best;
  for (const std::vector<std::uint32_t>& component : components(time)) {
    ++walk_in.component;
    for (const std::uint32_t node : component) walk_in.inside[node] = walk_in.component;
    walk_in.by_call = component;
    if (time != nullptr) {
      std::sort(walk_in.by_call.begin(), walk_in.by_call.end(),
                [&](std::uint32_t a, std::uint32_t b) {
                  return std::pair(time->after[a], a) < std::pair(time->after[b], b);
                });
    }
    for (const std::uint32_t start : component) {
      const std::size_t limit = best.empty() ? component.size() + 1 : best.size();
      if (walk(start, limit, time, walk_in)) best = walk_in.cycle;
      if (best.size() == 2 || walk_in.work > work) return best;
    }
  }
  return best;
}

}  // namespace sibyl::analysis
