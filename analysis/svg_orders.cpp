// The orders of processes: see svg_orders.hpp.
#include "analysis/svg_orders.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/core.h>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

constexpr std::size_t kMostColumns = 6;
constexpr std::size_t kBefore = 2;  // columns before the first difference, where not all are shown

/// What one process took.
struct Sequence {
  std::size_t lane = 0;
  std::vector<std::string> names;
  std::vector<std::string> keys;  ///< tell what is not the same, whatever it is called
  std::string state;              ///< after the last
  std::int64_t last_op = -1;
  std::string answer;  ///< to the last
};

/// Where sequences differ first; the length of the longest when they do not.
std::size_t first_difference(const std::vector<Sequence>& all, std::size_t length) {
  for (std::size_t k = 0; k < length; ++k) {
    const std::string* seen = nullptr;
    for (const Sequence& each : all) {
      if (k >= each.keys.size()) continue;
      if (seen != nullptr && *seen != each.keys[k]) return k;
      seen = &each.keys[k];
    }
  }
  return length;
}

bool differ(const std::vector<Sequence>& all, std::size_t k) {
  std::set<std::string> keys;
  for (const Sequence& each : all) {
    if (k < each.keys.size()) keys.insert(each.keys[k]);
  }
  return keys.size() > 1;
}

/// Whether some of them took equally many and are yet in different states.
bool states_differ(const std::vector<Sequence>& all, const Sequence& one) {
  return std::any_of(all.begin(), all.end(), [&](const Sequence& other) {
    return other.keys.size() == one.keys.size() && other.state != one.state;
  });
}

class Taken {
 public:
  Taken(const Trace& trace, const Items& items, const std::map<NodeId, std::size_t>& lanes)
      : trace_(trace), items_(items), lanes_(lanes) {}

  std::vector<Sequence> read(bool applied) {
    std::map<NodeId, Sequence> by_node;
    for (const TraceEvent& e : trace_.events) {
      const auto lane = lanes_.find(e.node);
      if (lane == lanes_.end() || is_faulty(trace_, e.node)) continue;
      if (e.kind == TraceKind::fault && is_named(e.name, "Recover")) by_node.erase(e.node);
      if (is_note(e, applied ? "Applied" : "BroadcastDelivery")) {
        Sequence& own = by_node[e.node];
        own.lane = lane->second;
        applied ? apply(e, own) : deliver(e, own);
      } else if (applied && is_note(e, "Output") && by_node.count(e.node) > 0) {
        put_out(e, by_node[e.node]);
      }
    }
    add_idle(by_node);
    std::vector<Sequence> out;
    for (auto& [node, sequence] : by_node) out.push_back(std::move(sequence));
    std::sort(out.begin(), out.end(),
              [](const Sequence& a, const Sequence& b) { return a.lane < b.lane; });
    return out;
  }

 private:
  /// Others of the same roles, who took nothing.
  void add_idle(std::map<NodeId, Sequence>& by_node) const {
    std::set<std::string> roles;
    for (const auto& [node, sequence] : by_node) roles.insert(trace_.nodes[node.value].role);
    for (const auto& [node, lane] : lanes_) {
      if (is_faulty(trace_, node) || roles.count(trace_.nodes[node.value].role) == 0) continue;
      by_node[node].lane = lane;
    }
  }

  void apply(const TraceEvent& e, Sequence& own) {
    const std::int64_t op = integer_field(e.data, "op", -1);
    const std::string name = items_.command(op);
    own.names.push_back(name.empty() ? fmt::format("#{}", op) : name);
    own.keys.push_back(fmt::format("{}", op));
    own.state = text_field(e.data, "state");
    own.answer.clear();
    own.last_op = op;
  }

  void put_out(const TraceEvent& e, Sequence& own) {
    if (integer_field(e.data, "op", -1) == own.last_op) own.answer = items_.reply(e.data);
  }

  void deliver(const TraceEvent& e, Sequence& own) {
    const Value* origin = e.data.find("origin");
    const Value* content = e.data.find("content");
    own.names.push_back(items_.delivery(e.data));
    own.keys.push_back(fmt::format("{} {} {}", origin == nullptr ? "" : origin->text(),
                                   integer_field(e.data, "number", 0),
                                   content == nullptr ? "" : content->text()));
  }

  const Trace& trace_;
  const Items& items_;
  const std::map<NodeId, std::size_t>& lanes_;
};

}  // namespace

Orders orders_of(const Trace& trace, const Items& items,
                 const std::map<NodeId, std::size_t>& lanes) {
  Orders out;
  if (!items.any()) return out;
  std::vector<Sequence> all = Taken(trace, items, lanes).read(true);
  const bool applied = !all.empty();
  if (!applied) all = Taken(trace, items, lanes).read(false);
  if (all.size() < 2) return out;
  std::size_t length = 0;
  for (const Sequence& each : all) length = std::max(length, each.names.size());
  std::size_t from = 0;
  if (length > kMostColumns) {
    const std::size_t wanted = first_difference(all, length);
    from = std::min(wanted < kBefore ? 0 : wanted - kBefore, length - kMostColumns);
    if (wanted == length) from = 0;
  }
  const std::size_t to = std::min(length, from + kMostColumns);
  out.head = applied ? "applied, in this order" : "delivered, in this order";
  if (from > 0 || to < length)
    out.head += fmt::format(" (numbers {} to {} of {})", from + 1, to, length);
  for (std::size_t k = from; k < to; ++k) out.columns.push_back(fmt::format("{}.", k + 1));
  const bool answers = std::any_of(all.begin(), all.end(),
                                   [](const Sequence& each) { return !each.answer.empty(); });
  if (answers) out.columns.emplace_back("last answer");
  for (const Sequence& each : all) {
    Orders::Row row{each.lane, {}};
    for (std::size_t k = from; k < to; ++k) {
      if (k < each.names.size()) {
        row.cells.push_back({each.names[k], differ(all, k)});
      } else {
        row.cells.push_back({"–", false});
      }
    }
    if (answers) {
      row.cells.push_back({each.answer.empty() ? "–" : each.answer, states_differ(all, each)});
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace sibyl::analysis::svg
