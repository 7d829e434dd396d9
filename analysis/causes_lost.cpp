// What kept something from happening: see causes_lost.hpp.
#include "analysis/causes_lost.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostFaulty = 3;  // nodes whose omissions are told
constexpr std::size_t kMostKinds = 2;   // of messages that one of them did not send

/// What a faulty node did not send, of one kind.
struct Omitted {
  EventId first = 0;
  std::string kind;
  std::vector<std::string> to;
};

/// The crash and the recovery of a node that end its part in an operation; zeros for none.
std::pair<EventId, EventId> outage_in(const CausalGraph& graph, std::int64_t op, NodeId node) {
  EventId last = 0;  // of the operation at the node
  for (const EventId id : graph.events_of(op)) {
    const TraceEvent& e = graph.at(id);
    if (e.node != node || e.kind == TraceKind::lose) continue;
    if (is_note(e, "ExecuteEnd") || is_note(e, "Applied") || is_note(e, "Return")) return {0, 0};
    last = id;
  }
  EventId down = 0;
  if (last == 0) return {0, 0};
  for (const TraceEvent& e : graph.trace().events) {
    if (e.kind != TraceKind::fault || e.node != node || e.id < last) continue;
    if (down == 0 && is_named(e.name, "Crash")) down = e.id;
    if (down != 0 && is_named(e.name, "Recover")) return {down, e.id};
  }
  return {0, 0};
}

}  // namespace

EventId crash_of(const Trace& trace, NodeId node) {
  EventId down = 0;
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::fault || e.node != node) continue;
    if (is_named(e.name, "Crash")) down = e.id;
    if (is_named(e.name, "Recover")) down = 0;
  }
  return down;
}

void tell_crash(Story& story, EventId crash, std::vector<EventId>& because, bool decided) {
  Sentence s{crash};
  s.text = event_words(story.graph(), crash) + " and did not recover.";
  if (decided) s.kind = "crash of " + role_of(story.trace(), story.graph().at(crash).node);
  s.needed = true;
  because.push_back(crash);
  story.tell(std::move(s));
}

std::string recovery_words(const CausalGraph& graph, std::int64_t op, Sentence& sentence,
                           EventId down, EventId up) {
  return fmt::format("{} ({}), having taken part in {}, and {}: what it was doing was lost.",
                     event_words(graph, down), sentence.mark(down), operation_words(graph, op),
                     event_words(graph, up));
}

std::size_t tell_recoveries(Story& story, std::int64_t op, EventId cause,
                            const std::set<NodeId>& told_at, bool lone) {
  const CausalGraph& graph = story.graph();
  std::size_t told = 0;
  for (std::uint32_t i = 0; i < story.trace().nodes.size(); ++i) {
    const NodeId node{i};
    const auto [down, up] =
        told_at.count(node) > 0 ? std::pair<EventId, EventId>{0, 0} : outage_in(graph, op, node);
    if (up == 0) continue;
    Sentence s{up};
    s.text = recovery_words(graph, op, s, down, up);
    if (lone) s.kind = "recovered without it: " + role_of(story.trace(), node);
    s.because = {cause};
    s.needed = true;
    story.tell(std::move(s));
    ++told;
  }
  return told;
}

std::size_t tell_omissions(Story& story, EventId since, const std::set<NodeId>& to, bool lone) {
  const CausalGraph& graph = story.graph();
  std::map<NodeId, std::vector<Omitted>> omitted;
  for (const TraceEvent& e : story.trace().events) {
    if (e.id < since || !is_note(e, "Deviation") || text_field(e.data, "what") != "not sent")
      continue;
    const std::string name = printable(text_field(e.data, "to"));
    const bool concerns = std::any_of(
        to.begin(), to.end(), [&](NodeId node) { return node_name(story.trace(), node) == name; });
    if (!concerns || !graph.happens_before(since, e.id)) continue;
    std::vector<Omitted>& own = omitted[e.node];
    const std::string kind = short_name(printable(text_field(e.data, "message")));
    auto it =
        std::find_if(own.begin(), own.end(), [&](const Omitted& o) { return o.kind == kind; });
    if (it == own.end()) it = own.insert(it, {e.id, kind, {}});
    if (std::find(it->to.begin(), it->to.end(), name) == it->to.end()) it->to.push_back(name);
  }
  std::size_t told = 0;
  for (const auto& [node, kinds] : omitted) {
    if (told == kMostFaulty) break;
    Sentence s{kinds.front().first};
    s.text = printable(node_name(story.trace(), node)) + ", which is faulty, did not send ";
    for (std::size_t i = 0; i < std::min(kinds.size(), kMostKinds); ++i) {
      s.text += fmt::format("{}its {} to {} ({})", i == 0 ? "" : ", nor ", kinds[i].kind,
                            listed(kinds[i].to), s.mark(kinds[i].first));
    }
    s.text += ".";
    if (lone) s.kind = "omission by " + role_of(story.trace(), node);
    s.because = {since};
    s.needed = true;
    story.connect(since, kinds.front().first, kNobody);
    story.tell(std::move(s));
    ++told;
  }
  return told;
}

}  // namespace sibyl::analysis
