// Reading graphs, commands and parts, number by number, with the place of every mistake.
#include "scenarios/graph_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include <fmt/core.h>

#include "analysis/view_words.hpp"
#include "scenarios/errors.hpp"
#include "scenarios/files.hpp"

namespace sibyl {

namespace {

using partitioner::Edge;
using partitioner::Part;
using partitioner::Vertex;
using partitioner::Weight;

constexpr std::uint64_t kMostVertices = partitioner::kNoVertex - 1;
constexpr std::uint64_t kMostPairs = 100'000'000;  ///< of objects of commands, in all
constexpr std::uint64_t kMostId = (std::uint64_t{1} << 63) - 1;

/// The numbers of a text, line by line.
class Numbers {
 public:
  Numbers(std::string_view text, const std::string& file, std::string_view comments)
      : text_(text), file_(file), comments_(comments) {
    refuse_byte_order_mark(text, file);
  }

  /// Goes to the next line that is no comment; false at the end.
  bool next_line() {
    while (begin_ < text_.size()) {
      ++line_;
      const std::size_t end = std::min(text_.find('\n', begin_), text_.size());
      words_ = text_.substr(begin_, end - begin_);
      if (!words_.empty() && words_.back() == '\r') words_.remove_suffix(1);
      begin_ = end + 1;
      at_ = 0;
      skip_spaces();
      if (at_ < words_.size() && comments_.find(words_[at_]) != std::string_view::npos) continue;
      return true;
    }
    ++line_;
    words_ = {};
    at_ = last_ = 0;
    return false;
  }
  /// As next_line(), without those that are empty.
  bool next_words() {
    while (next_line()) {
      if (!at_end()) return true;
    }
    return false;
  }
  bool at_end() const { return at_ == words_.size(); }

  /// The next number of the line. `what` it is, for the error.
  std::uint64_t number(const char* what, std::uint64_t least, std::uint64_t most) {
    last_ = at_;
    if (at_end()) fail(fmt::format("{} is missing: a number from {} to {}", what, least, most));
    const std::size_t end = std::min(words_.find_first_of(" \t", at_), words_.size());
    const std::string_view word = words_.substr(at_, end - at_);
    std::uint64_t number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size() || number < least ||
        number > most) {
      fail(fmt::format("{} is \"{}\": expected {} to {}", what, cited(word),
                       or_none_ ? fmt::format("-1 (none), or a number from {}", least)
                                : fmt::format("a number from {}", least),
                       most));
    }
    at_ = end;
    skip_spaces();
    return number;
  }
  /// As number(); absent for -1.
  std::optional<std::uint64_t> number_or_none(const char* what, std::uint64_t most) {
    const std::size_t end = std::min(words_.find_first_of(" \t", at_), words_.size());
    or_none_ = words_.substr(at_, end - at_) != "-1";
    if (or_none_) return number(what, 0, most);
    last_ = at_;
    at_ = end;
    skip_spaces();
    return std::nullopt;
  }
  void end_of_line(const char* after) {
    last_ = at_;
    if (!at_end()) fail(fmt::format("a number too many after {}", after));
  }
  /// About the number that was read last.
  [[noreturn]] void fail(const std::string& why) const {
    throw InputError(file_, fmt::format("{}:{}", line_, last_ + 1), why);
  }
  std::size_t line() const { return line_; }

 private:
  /// Of a word of the file, for an error: one line of UTF-8, not too long.
  static std::string cited(std::string_view word) {
    constexpr std::size_t kMostShown = 40;
    // A character has at most four bytes.
    return analysis::shortened(analysis::printable(word.substr(0, 4 * kMostShown)), kMostShown);
  }
  void skip_spaces() {
    while (at_ < words_.size() && (words_[at_] == ' ' || words_[at_] == '\t')) ++at_;
  }

  std::string_view text_;
  const std::string& file_;
  std::string_view comments_;
  std::size_t begin_ = 0;  ///< of the next line
  std::size_t line_ = 0;
  std::string_view words_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;  ///< where the number began that was read last
  bool or_none_ = false;  ///< -1 would have been right, too
};

constexpr auto kMostWeight = static_cast<std::uint64_t>(partitioner::kLargestSum);

/// Adds, with an error about the number that was read last where it becomes too much.
void add(Numbers& numbers, std::uint64_t& sum, std::uint64_t weight, const char* what) {
  if (weight > kMostWeight - sum)
    numbers.fail(fmt::format("the {} sum up to more than 2^60", what));
  sum += weight;
}

struct MetisHeader {
  Vertex vertices = 0;
  std::uint64_t edges = 0;
  bool sizes = false;
  bool loads = false;
  bool weights = false;
};

MetisHeader read_header(Numbers& numbers) {
  MetisHeader header;
  if (!numbers.next_words()) numbers.fail("the first line is missing: vertices and edges");
  header.vertices = static_cast<Vertex>(numbers.number("the number of vertices", 0, kMostVertices));
  header.edges = numbers.number("the number of edges", 0, kMostId);
  if (numbers.at_end()) return header;
  const std::uint64_t format = numbers.number("the format", 0, 111);
  const std::uint64_t digits[] = {format / 100, format / 10 % 10, format % 10};
  if (std::any_of(std::begin(digits), std::end(digits), [](auto d) { return d > 1; })) {
    numbers.fail("the format has three digits of 0 or 1: sizes, weights of vertices, of edges");
  }
  header.sizes = digits[0] == 1;
  header.loads = digits[1] == 1;
  header.weights = digits[2] == 1;
  if (!numbers.at_end()) numbers.number("the number of weights a vertex", 1, 1);
  numbers.end_of_line("the number of weights a vertex");
  return header;
}

/// Every edge has to stand at both of its ends, with the same weight.
void check_both_ends(const partitioner::Graph& lower, const partitioner::Graph& upper,
                     const std::vector<std::size_t>& lines, const std::string& file) {
  if (lower.begin == upper.begin && lower.to == upper.to && lower.weight == upper.weight) return;
  for (Vertex v = 0; v < lower.size(); ++v) {
    const auto a = lower.neighbours(v);
    const auto b = upper.neighbours(v);
    const auto wa = lower.weights(v);
    const auto wb = upper.weights(v);
    if (std::equal(a.begin(), a.end(), b.begin(), b.end()) &&
        std::equal(wa.begin(), wa.end(), wb.begin(), wb.end())) {
      continue;
    }
    std::size_t i = 0;
    while (i < a.size() && i < b.size() && a[i] == b[i] && wa[i] == wb[i]) ++i;
    const Vertex other = i >= a.size() ? b[i] : i >= b.size() ? a[i] : std::min(a[i], b[i]);
    throw InputError(file, fmt::format("{}:1", lines[v]),
                     fmt::format("the edge of {} and {} does not stand at both of them with the "
                                 "same weight",
                                 v + 1, other + 1));
  }
}

}  // namespace

GraphFile read_metis_graph(std::string_view text, const std::string& file) {
  Numbers numbers(text, file, "%");
  const MetisHeader header = read_header(numbers);
  // Every vertex has a line of its own: a number too large is found before memory is taken for it.
  if (header.vertices > text.size()) {
    numbers.fail(fmt::format("{} vertices: the file has not so many lines", header.vertices));
  }
  GraphFile out;
  std::vector<Weight> loads;
  std::vector<Edge> lower;
  std::vector<Edge> upper;
  std::vector<std::size_t> lines;
  std::uint64_t load_sum = 0;
  std::uint64_t weight_sum = 0;
  std::uint64_t cost_sum = 0;
  for (Vertex v = 0; v < header.vertices; ++v) {
    if (!numbers.next_line()) {
      numbers.fail(fmt::format("the line of vertex {} of {} is missing", v + 1, header.vertices));
    }
    lines.push_back(numbers.line());
    if (header.sizes) {
      out.cost.push_back(static_cast<Weight>(numbers.number("the size", 0, kMostWeight)));
      add(numbers, cost_sum, static_cast<std::uint64_t>(out.cost.back()), "sizes");
    }
    if (header.loads) {
      loads.push_back(static_cast<Weight>(numbers.number("the weight", 0, kMostWeight)));
      add(numbers, load_sum, static_cast<std::uint64_t>(loads.back()), "weights of vertices");
    }
    while (!numbers.at_end()) {
      const auto u =
          static_cast<Vertex>(numbers.number("the neighbour", 1, header.vertices)) - Vertex{1};
      const std::uint64_t weight =
          header.weights ? numbers.number("the edge's weight", 0, kMostWeight) : 1;
      add(numbers, weight_sum, weight, "weights of edges");
      if (u != v) (u < v ? lower : upper).push_back({v, u, static_cast<Weight>(weight)});
    }
  }
  if (numbers.next_words()) {
    numbers.fail(fmt::format("a line too many: there are {} vertices", header.vertices));
  }
  const std::uint64_t found = lower.size();
  out.graph = partitioner::make_graph(header.vertices, lower, loads);
  lower = {};
  check_both_ends(out.graph, partitioner::make_graph(header.vertices, upper, loads), lines, file);
  if (found != header.edges) {
    throw InputError(file, "1:1",
                     fmt::format("{} edges are promised, there are {}", header.edges, found));
  }
  return out;
}

GraphFile read_edge_list(std::string_view text, const std::string& file) {
  Numbers numbers(text, file, "#%");
  struct Line {
    std::uint64_t a;
    std::uint64_t b;
    Weight weight;
  };
  std::vector<Line> all;
  GraphFile out;
  std::uint64_t sum = 0;
  while (numbers.next_words()) {
    Line line{numbers.number("the first id", 0, kMostId),
              numbers.number("the second id", 0, kMostId), 1};
    if (!numbers.at_end()) {
      line.weight = static_cast<Weight>(numbers.number("the weight", 0, kMostWeight));
    }
    add(numbers, sum, static_cast<std::uint64_t>(line.weight), "weights");
    numbers.end_of_line("the weight");
    all.push_back(line);
    out.ids.push_back(line.a);
    out.ids.push_back(line.b);
  }
  std::sort(out.ids.begin(), out.ids.end());
  out.ids.erase(std::unique(out.ids.begin(), out.ids.end()), out.ids.end());
  if (out.ids.size() > kMostVertices) {
    throw InputError(file, "", fmt::format("{} vertices: at most 2^32 - 2", out.ids.size()));
  }
  const auto vertex = [&](std::uint64_t id) {
    return static_cast<Vertex>(std::lower_bound(out.ids.begin(), out.ids.end(), id) -
                               out.ids.begin());
  };
  std::vector<Edge> edges;
  edges.reserve(all.size());
  for (const Line& line : all) edges.push_back({vertex(line.a), vertex(line.b), line.weight});
  out.graph = partitioner::make_graph(static_cast<Vertex>(out.ids.size()), edges);
  return out;
}

GraphFile read_graph(std::string_view text, const std::string& file) {
  const bool metis = file.ends_with(".graph") || file.ends_with(".metis");
  return metis ? read_metis_graph(text, file) : read_edge_list(text, file);
}

partitioner::Commands read_commands(std::string_view text, const std::string& file,
                                    const std::vector<std::uint64_t>& ids, Vertex vertices) {
  Numbers numbers(text, file, "#%");
  partitioner::Commands commands;
  while (numbers.next_words()) {
    std::vector<Vertex>& command = commands.emplace_back();
    while (!numbers.at_end()) {
      if (ids.empty()) {
        command.push_back(static_cast<Vertex>(numbers.number("the object", 1, vertices)) - 1);
        continue;
      }
      const std::uint64_t id = numbers.number("the object", 0, kMostId);
      const auto at = std::lower_bound(ids.begin(), ids.end(), id);
      if (at == ids.end() || *at != id) numbers.fail(fmt::format("the graph has no vertex {}", id));
      command.push_back(static_cast<Vertex>(at - ids.begin()));
    }
  }
  return commands;
}

CommandFile read_commands_alone(std::string_view text, const std::string& file) {
  Numbers numbers(text, file, "#%");
  std::vector<std::vector<std::uint64_t>> all;
  CommandFile out;
  std::vector<std::uint64_t>& ids = out.graph.ids;
  std::uint64_t pairs = 0;
  while (numbers.next_words()) {
    std::vector<std::uint64_t>& command = all.emplace_back();
    while (!numbers.at_end()) command.push_back(numbers.number("the object", 0, kMostId));
    std::sort(command.begin(), command.end());
    command.erase(std::unique(command.begin(), command.end()), command.end());
    const std::uint64_t size = command.size();
    pairs += size * (size - 1) / 2;
    if (pairs > kMostPairs) {
      numbers.fail(fmt::format("the commands so far have {} pairs of objects: at most {}", pairs,
                               kMostPairs));
    }
    ids.insert(ids.end(), command.begin(), command.end());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > kMostVertices) {
    throw InputError(file, "", fmt::format("{} objects: at most 2^32 - 2", ids.size()));
  }
  for (const std::vector<std::uint64_t>& command : all) {
    std::vector<Vertex>& objects = out.commands.emplace_back();
    for (const std::uint64_t id : command) {
      objects.push_back(
          static_cast<Vertex>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin()));
    }
  }
  out.graph.graph = partitioner::graph_of(out.commands, static_cast<Vertex>(ids.size()));
  return out;
}

std::vector<Part> read_parts(std::string_view text, const std::string& file, Vertex vertices,
                             Part count) {
  Numbers numbers(text, file, "#%");
  std::vector<Part> parts;
  while (numbers.next_words()) {
    const auto part = numbers.number_or_none("the part", count - 1);
    parts.push_back(part ? static_cast<Part>(*part) : partitioner::kNoPart);
    numbers.end_of_line("the part");
    if (parts.size() > vertices) {
      numbers.fail(fmt::format("a line too many: there are {} vertices", vertices));
    }
  }
  if (parts.size() < vertices) {
    numbers.fail(
        fmt::format("{} parts: one is needed for each of {} vertices", parts.size(), vertices));
  }
  return parts;
}

}  // namespace sibyl
