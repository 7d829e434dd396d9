// Files of the graph partitioner: graphs in METIS's format and as lists of edges, commands, parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocols/partitioned/partitioner/graph.hpp"
#include "protocols/partitioned/partitioner/measures.hpp"

namespace sibyl {

struct GraphFile {
  partitioner::Graph graph;
  std::vector<partitioner::Weight> cost;  ///< of moving each vertex (METIS: its size); may be empty
  std::vector<std::uint64_t> ids;  ///< of an edge list: the vertices' ids, ascending; else empty
};

/// METIS's format: a first line "vertices edges [format [1]]", then a line for each vertex with its
/// size, its weight (as the format's digits say), and its neighbours, numbered from 1, each
/// followed by the edge's weight where there are any. Lines that begin with % are comments.
/// Parallel edges are merged, loops left out. Throws InputError with line and column; every edge
/// has to stand at both of its ends.
GraphFile read_metis_graph(std::string_view text, const std::string& file);

/// A list of edges as SNAP's: lines "id id [weight]"; those that begin with # or % are comments.
/// Ids are any numbers below 2^63; vertices are those that occur, in ascending order of their ids.
/// Edges have no direction: one that stands in both has the sum of the weights. Throws InputError.
GraphFile read_edge_list(std::string_view text, const std::string& file);

/// One of the two: by METIS's format where the name ends in .graph or .metis.
GraphFile read_graph(std::string_view text, const std::string& file);

/// A command a line: the ids of the objects that it touches; # begins a comment line. With `ids`
/// (ascending; of an edge list) numbers of vertices are looked up there, else they are vertices
/// from 1 on (METIS) up to `vertices`. Throws InputError.
partitioner::Commands read_commands(std::string_view text, const std::string& file,
                                    const std::vector<std::uint64_t>& ids,
                                    partitioner::Vertex vertices);

struct CommandFile {
  GraphFile graph;
  partitioner::Commands commands;
};

/// Commands without a graph: that of graph_of(), where objects are joined as often as commands
/// touch both; vertices are the objects that occur, in ascending order of their ids. Throws
/// InputError, also where the commands have more than 10^8 pairs of objects: a graph is no picture
/// of them.
CommandFile read_commands_alone(std::string_view text, const std::string& file);

/// A part a line, in the order of the vertices: below `count` >= 1, or -1, "none yet". Throws
/// InputError for others, and unless there are as many as vertices.
std::vector<partitioner::Part> read_parts(std::string_view text, const std::string& file,
                                          partitioner::Vertex vertices, partitioner::Part count);

}  // namespace sibyl
