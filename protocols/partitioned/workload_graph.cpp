// The workload graph, and plans from it.
#include "protocols/partitioned/workload_graph.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/graph/adjacency_list.hpp>

#include "protocols/partitioned/partitioner/boost_graph.hpp"
#include "protocols/partitioned/partitioner/partitioner.hpp"

namespace sibyl::partitioned {

struct WorkloadVertex {
  std::uint64_t accesses = 0;
};
struct WorkloadEdge {
  std::uint64_t commands = 0;
};
/// Neighbours are kept in order, each once; the order decides nothing but speed and hashes.
using WorkloadNet = boost::adjacency_list<boost::setS, boost::vecS, boost::undirectedS,
                                          WorkloadVertex, WorkloadEdge>;

namespace {

/// Gives the new parts the numbers of old ones: the pair that shares the greatest load first. A
/// plan that only renames parts would move everything.
std::vector<partitioner::Part> renamed(const partitioner::Graph& graph,
                                       std::vector<partitioner::Part> part,
                                       const std::vector<partitioner::Part>& old,
                                       partitioner::Part parts) {
  std::map<std::pair<partitioner::Part, partitioner::Part>, partitioner::Weight> shared;
  for (partitioner::Vertex v = 0; v < graph.size(); ++v) {
    if (old[v] != partitioner::kNoPart) shared[{part[v], old[v]}] += graph.load[v];
  }
  std::vector<std::tuple<partitioner::Weight, partitioner::Part, partitioner::Part>> pairs;
  for (const auto& [pair, load] : shared) pairs.emplace_back(-load, pair.second, pair.first);
  std::sort(pairs.begin(), pairs.end());
  std::vector<partitioner::Part> name(parts, partitioner::kNoPart);
  std::vector<bool> taken(parts, false);
  for (const auto& [load, to, from] : pairs) {
    if (name[from] != partitioner::kNoPart || taken[to]) continue;
    name[from] = to;
    taken[to] = true;
  }
  for (partitioner::Part from = 0; from < parts; ++from) {
    if (name[from] != partitioner::kNoPart) continue;
    const auto free = std::find(taken.begin(), taken.end(), false);
    *free = true;
    name[from] = static_cast<partitioner::Part>(free - taken.begin());
  }
  for (partitioner::Part& p : part) p = name[p];
  return part;
}

}  // namespace

struct WorkloadGraph::Inside {
  WorkloadNet net;
  std::map<std::string, WorkloadNet::vertex_descriptor> places;
  std::vector<WorkloadNet::vertex_descriptor> free;  ///< of objects that are gone
};

WorkloadGraph::WorkloadGraph() : inside_(std::make_unique<Inside>()) {}
WorkloadGraph::~WorkloadGraph() = default;
WorkloadGraph::WorkloadGraph(const WorkloadGraph& other)
    : inside_(std::make_unique<Inside>(*other.inside_)) {}
WorkloadGraph& WorkloadGraph::operator=(const WorkloadGraph& other) {
  if (this != &other) inside_ = std::make_unique<Inside>(*other.inside_);
  return *this;
}
WorkloadGraph::WorkloadGraph(WorkloadGraph&& other) noexcept = default;
WorkloadGraph& WorkloadGraph::operator=(WorkloadGraph&& other) noexcept = default;

void WorkloadGraph::add(const std::string& object) {
  Inside& in = *inside_;
  if (in.places.count(object) > 0) return;
  if (in.free.empty()) {
    in.places[object] = add_vertex(in.net);
    return;
  }
  in.places[object] = in.free.back();
  in.free.pop_back();
}

void WorkloadGraph::remove(const std::string& object) {
  Inside& in = *inside_;
  const auto it = in.places.find(object);
  if (it == in.places.end()) return;
  clear_vertex(it->second, in.net);
  in.net[it->second] = WorkloadVertex{};
  in.free.push_back(it->second);
  in.places.erase(it);
}

void WorkloadGraph::touch(const std::vector<std::string>& objects) {
  Inside& in = *inside_;
  std::vector<WorkloadNet::vertex_descriptor> known;
  for (const std::string& object : objects) {
    const auto it = in.places.find(object);
    if (it != in.places.end()) known.push_back(it->second);
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    ++in.net[known[i]].accesses;
    for (std::size_t j = i + 1; j < known.size(); ++j) {
      ++in.net[add_edge(known[i], known[j], in.net).first].commands;
    }
  }
}

void WorkloadGraph::halve() {
  Inside& in = *inside_;
  for (auto [at, end] = vertices(in.net); at != end; ++at) in.net[*at].accesses /= 2;
  for (auto [at, end] = edges(in.net); at != end; ++at) in.net[*at].commands /= 2;
  boost::remove_edge_if([&](const auto& joint) { return in.net[joint].commands == 0; }, in.net);
}

std::size_t WorkloadGraph::objects() const { return inside_->places.size(); }

std::uint64_t WorkloadGraph::accesses(const std::string& object) const {
  const auto it = inside_->places.find(object);
  return it == inside_->places.end() ? 0 : inside_->net[it->second].accesses;
}

std::uint64_t WorkloadGraph::together(const std::string& a, const std::string& b) const {
  const auto from = inside_->places.find(a);
  const auto to = inside_->places.find(b);
  if (from == inside_->places.end() || to == inside_->places.end()) return 0;
  const auto [joint, found] = edge(from->second, to->second, inside_->net);
  return found ? inside_->net[joint].commands : 0;
}

std::map<std::string, std::uint32_t> WorkloadGraph::plan(
    const std::map<std::string, std::uint32_t>& old, const PlanSettings& settings) const {
  const Inside& in = *inside_;
  const partitioner::Graph graph = partitioner::graph_from(
      in.net, get(&WorkloadEdge::commands, in.net), get(&WorkloadVertex::accesses, in.net));
  std::vector<partitioner::Part> before(graph.size(), partitioner::kNoPart);
  for (const auto& [object, v] : in.places) {
    const auto it = old.find(object);
    if (it != old.end()) before[v] = it->second;
  }
  partitioner::Options options;
  options.parts = settings.parts;
  options.imbalance_permille = settings.imbalance_permille;
  options.seed = settings.seed;
  if (settings.weigh_moves) {
    options.migration = partitioner::Migration{
        before, std::vector<partitioner::Weight>(
                    graph.size(), static_cast<partitioner::Weight>(settings.move_cost))};
  }
  std::vector<partitioner::Part> part = partitioner::partition(graph, options);
  if (!settings.weigh_moves) part = renamed(graph, std::move(part), before, settings.parts);
  std::map<std::string, std::uint32_t> planned;
  for (const auto& [object, v] : in.places) {
    // What nobody accesses stays where it is: its place makes no difference to the cut.
    const bool idle = graph.load[v] == 0 && before[v] != partitioner::kNoPart;
    planned[object] = idle ? before[v] : part[v];
  }
  return planned;
}

void WorkloadGraph::hash_into(Hasher& h) const {
  const Inside& in = *inside_;
  h.add(in.places.size());
  std::map<WorkloadNet::vertex_descriptor, const std::string*> names;
  for (const auto& [object, v] : in.places) names[v] = &object;
  for (const auto& [object, v] : in.places) {
    hash_append(h, object);
    h.add(in.net[v].accesses);
    h.add(v);
    for (auto [at, end] = out_edges(v, in.net); at != end; ++at) {
      if (target(*at, in.net) < v) continue;
      h.add(target(*at, in.net));
      h.add(in.net[*at].commands);
    }
  }
}

/// Of an object its name and weight, of an edge both ends and the weight.
std::uint64_t WorkloadGraph::wire_bytes() const {
  const Inside& in = *inside_;
  std::uint64_t sum = 4 + 24 * num_edges(in.net);
  for (const auto& [object, v] : in.places) sum += sibyl::wire_bytes(object) + 8;
  return sum;
}

}  // namespace sibyl::partitioned
