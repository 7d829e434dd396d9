// Why a property is violated: which story is told of which property, and how it is written.
#include "analysis/causes.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/core.h>

#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostPlain = 12;  // events of a witness that are told one by one

/// A property without a story of its own: the events of its witness, each resting on those before
/// that led to it.
void tell_plainly(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  std::vector<EventId> told;
  for (const EventId id : finding.events) {
    if (!graph.has(id) || told.size() == kMostPlain) continue;
    Sentence s{id};
    s.text = event_words(graph, id) + ".";
    s.kind = event_kind(graph, id);
    s.needed = true;
    for (const EventId earlier : told) {
      if (!graph.happens_before(earlier, id)) continue;
      s.because.push_back(earlier);
      story.connect(earlier, id, kNobody);
    }
    told.push_back(id);
    story.tell(std::move(s));
  }
  story.conclude("So " + printable(finding.summary));
}

bool tell(Story& story, const Finding& finding) {
  const std::string& p = finding.property;
  if (tell_broadcasts(story, finding)) return true;
  if (finding.witness.find("item") != nullptr) return false;  // of a broadcast
  if (finding.witness.find("instance") != nullptr) return tell_decisions(story, finding);
  if (p == "linearizability") return tell_linearizability(story, finding);
  if (p == "prefix_order" || p == "acyclic_order") return tell_order(story, finding);
  if (p == "integrity") return tell_integrity(story, finding);
  if (p == "single_owner") return tell_ownership(story, finding);
  if (p == "replica_state" || p == "rsm_safety") return tell_replicas(story, finding);
  if (p == "accepted_output") return tell_accepted(story, finding);
  if (p == "termination") return tell_waiting(story, finding);
  if (p == "validity" || p == "agreement" || p == "uniform_agreement")
    return tell_missing(story, finding);
  return false;
}

Explanation explain_with(const CausalGraph& graph, const Finding& finding) {
  Story story(graph);
  if (tell(story, finding)) return story.finish(finding.property);
  Story plain(graph);
  tell_plainly(plain, finding);
  return plain.finish(finding.property);
}

bool explainable(const Finding& finding) {
  return finding.verdict == Verdict::violated && !finding.events.empty();
}

void append_wrapped(std::string& out, std::string line, std::string_view text, std::size_t indent,
                    std::size_t width) {
  bool fresh = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!fresh && character_count(line) + 1 + character_count(word) > width) {
      out += line + "\n";
      line.assign(indent, ' ');
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  out += line + "\n";
}

}  // namespace

Explanation explain_causes(const Trace& trace, const Finding& finding) {
  if (!explainable(finding)) return {finding.property, {}, {}, {}, {}};
  return explain_with(CausalGraph(trace), finding);
}

std::vector<Explanation> explain_all(const Trace& trace, const std::vector<Finding>& findings) {
  std::vector<Explanation> out;
  if (std::none_of(findings.begin(), findings.end(), explainable)) return out;
  const CausalGraph graph(trace);
  for (const Finding& finding : findings) {
    if (explainable(finding)) out.push_back(explain_with(graph, finding));
  }
  return out;
}

std::string cause_signature(const Explanation& explanation, const Finding& finding,
                            const Trace& trace) {
  // How far things were when such a run was given up is an accident.
  if (finding.property == "termination" && !trace.events.empty() &&
      is_note(trace.events.back(), "Overdue")) {
    return "termination: no progress after the healing";
  }
  std::set<std::string> kinds;
  for (const CauseStep& step : explanation.steps) {
    if (!step.kind.empty()) kinds.insert(step.kind);
  }
  if (kinds.empty()) {
    // Nothing decided it that could be told: the witness's own events are all there is.
    const CausalGraph graph(trace);
    for (const EventId id : finding.events) {
      if (graph.has(id)) kinds.insert(event_kind(graph, id));
    }
  }
  std::string out = finding.property + ":";
  for (const std::string& kind : kinds) out += (out.back() == ':' ? " " : " | ") + kind;
  return out;
}

std::string explanation_text(const Explanation& explanation, const Trace& trace, std::size_t indent,
                             std::size_t width, std::size_t first) {
  if (explanation.steps.empty()) return {};
  std::size_t marks = 0;
  std::size_t times = 0;
  const auto time_of = [&](const CauseStep& step) {
    return time_words(trace.events[step.event - 1].at.ns);
  };
  for (const CauseStep& step : explanation.steps) {
    marks = std::max(marks, event_mark(step.event).size());
    times = std::max(times, time_of(step).size());
  }
  std::string out;
  std::size_t n = first;
  const std::string space(indent, ' ');
  for (const CauseStep& step : explanation.steps) {
    const std::string head = fmt::format("{}{:>2}. {:<{}}  {:>{}}  ", space, n++,
                                         event_mark(step.event), marks, time_of(step), times);
    append_wrapped(out, head, step.text, head.size(), width);
  }
  append_wrapped(out, space + "    ", explanation.conclusion, indent + 4, width);
  return out;
}

}  // namespace sibyl::analysis
