// What a drawing of a trace shows, in terms of lanes and time, before it has places on a page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/causes.hpp"
#include "analysis/cone.hpp"
#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl::analysis::svg {

enum class LaneKind : std::uint8_t { network, client, oracle, server };

/// One node, from top to bottom: the network (only when faults hit it), clients, oracles, the
/// others.
struct Lane {
  std::string name;
  std::string role;  ///< what stands under the name: "client", "replica of P1"
  LaneKind kind = LaneKind::server;
};

/// An operation of a client, or an execution.
struct Box {
  std::size_t lane = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool open = false;       ///< did not end
  bool item = false;       ///< or the broadcast of an item, or its delivery
  bool operation = false;  ///< otherwise an execution, or what concerns an agreement
  bool witness = false;    ///< shows a violation
  bool lit = false;        ///< belongs to an explanation
  std::string label;
  std::string title;       ///< everything that is known, for pointing at it
  bool agreement = false;  ///< an input of an agreement, or what it puts out
};

/// A time during which a node has an object, or a cached copy or location of one.
struct Bar {
  std::size_t lane = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool cache = false;
  std::string object;
  std::string label;
  std::string title;
};

enum class Fate : std::uint8_t { received, lost, under_way };

struct Arrow {
  std::size_t from_lane = 0;
  std::size_t to_lane = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  Fate fate = Fate::received;
  std::size_t kind = 0;  ///< index into Scene::kinds
  bool lit = false;      ///< belongs to an explanation
  std::string label;     ///< what it carries, by name; may be empty
  std::string title;
};

/// Something at one instant: a fault.
struct Mark {
  std::size_t lane = 0;
  std::int64_t at = 0;
  std::string label;
  std::string title;
};

/// A time during which a node takes no step.
struct Outage {
  std::size_t lane = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool crashed = false;  ///< otherwise paused
};

/// A step of an explanation: its number, where it happens.
struct Marker {
  std::size_t lane = 0;
  std::int64_t at = 0;
  std::size_t number = 0;
  std::string title;
};

/// An explanation as it is told beneath the drawing.
struct Tale {
  std::string head;
  std::vector<std::string> sentences;
  std::string conclusion;
};

struct Window {
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::string label;
};

/// A table whose rows stand beside lanes: what each process took, in its order.
struct Orders {
  struct Cell {
    std::string text;
    bool differs = false;  ///< from another row's in the same column
  };
  struct Row {
    std::size_t lane = 0;
    std::vector<Cell> cells;  ///< one a column
  };
  std::string head;
  std::vector<std::string> columns;
  std::vector<Row> rows;  ///< empty: there is no table
};

struct Scene {
  std::string title;
  std::string subtitle;
  std::vector<Lane> lanes;
  std::vector<Box> boxes;  ///< in the order in which they begin
  std::vector<Bar> bars;
  std::vector<Arrow> arrows;       ///< in the order in which they were sent
  std::vector<std::string> kinds;  ///< of messages, in the order in which they first appear
  std::vector<Mark> marks;
  std::vector<Outage> outages;
  std::vector<Window> windows;
  std::vector<Finding> findings;
  Orders orders;
  std::vector<Marker> markers;         ///< in the order of their numbers
  std::vector<Tale> tales;             ///< not empty: what is not lit is drawn pale
  std::vector<std::string> omissions;  ///< sentences about what is not drawn
  std::int64_t begin = 0;
  std::int64_t end = 0;
  /// Every instant at which something drawn begins or ends, sorted, without repetition.
  std::vector<std::int64_t> instants() const;
};

/// What is too much to be read is left out, and `omissions` says so.
struct SceneLimits {
  std::size_t arrows = 2000;
  std::size_t boxes = 4000;
  std::size_t lanes = 60;
  std::size_t bar_rows = 8;  ///< objects a lane
  std::size_t windows = 12;
};

/// Reads a trace, or a part of it. What is missing or malformed in its notes is left out. Of a part
/// only its own events are drawn, with where the messages arrive, when operations and executions
/// end and what nodes hold at its begin. O(n log n).
Scene scene_of(const Trace& trace, const std::vector<Finding>& findings,
               const SceneLimits& limits = {}, const std::vector<Explanation>& explanations = {},
               const Excerpt* part = nullptr);

}  // namespace sibyl::analysis::svg
