// A trace as text for people.
#include "analysis/text_view.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

constexpr std::size_t kLine = 140;
constexpr std::size_t kMostNodeName = 16;
constexpr std::size_t kMostName = 20;
constexpr std::size_t kMostWhere = 24;
constexpr std::size_t kMostEventsListed = 12;

/// Which send became which receives, and the reverse.
struct Pairs {
  std::map<EventId, std::vector<EventId>> arrivals;  ///< by send
  std::map<EventId, EventId> lost;                   ///< the lose event, by send
  std::map<EventId, EventId> sent;                   ///< by receive or lose
};

Pairs pair_messages(const Trace& trace) {
  Pairs pairs;
  std::set<EventId> sends;
  for (const TraceEvent& e : trace.events) {
    if (e.kind == TraceKind::send) sends.insert(e.id);
    if (e.kind != TraceKind::receive && e.kind != TraceKind::lose) continue;
    for (const EventId parent : e.parents) {
      if (sends.count(parent) == 0) continue;
      pairs.sent[e.id] = parent;
      if (e.kind == TraceKind::receive) pairs.arrivals[parent].push_back(e.id);
      if (e.kind == TraceKind::lose) pairs.lost[parent] = e.id;
      break;
    }
  }
  return pairs;
}

void append_line(std::string& out, std::string_view line) {
  std::string cut = analysis::shortened(line, kLine);
  cut.erase(cut.find_last_not_of(' ') + 1);
  out += cut + "\n";
}

/// Appends words broken at spaces, every line behind `indent` spaces; the first follows `head`.
void append_wrapped(std::string& out, std::string_view head, std::string_view text,
                    std::size_t indent) {
  std::string line(head);
  line.resize(std::max(line.size(), indent), ' ');
  bool fresh = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!fresh && analysis::character_count(line) + 1 + analysis::character_count(word) > kLine) {
      append_line(out, line);
      line.assign(indent, ' ');
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  append_line(out, line);
}

std::string event_list(const std::vector<EventId>& events) {
  std::string out;
  for (std::size_t i = 0; i < std::min(events.size(), kMostEventsListed); ++i) {
    if (i > 0) out += ", ";
    out += fmt::format("#{}", events[i]);
  }
  if (events.size() > kMostEventsListed) {
    out += fmt::format(" and {} more", events.size() - kMostEventsListed);
  }
  return out;
}

void append_finding(std::string& out, const Finding& finding) {
  const std::string name = analysis::printable(finding.property);
  const std::string_view verdict =
      finding.verdict == Verdict::violated ? "VIOLATED" : verdict_name(finding.verdict);
  const std::string head = fmt::format("  {:<13} {:<20} ", verdict, name);
  append_wrapped(out, head, analysis::printable(finding.summary), 37);
  if (finding.verdict != Verdict::violated) return;
  std::string where;
  if (finding.window) {
    where = fmt::format("from {} to {}", analysis::time_words(finding.window->first.ns),
                        analysis::time_words(finding.window->second.ns));
  }
  if (!finding.events.empty()) {
    where += fmt::format("{}shown by {}", where.empty() ? "" : "; ", event_list(finding.events));
  }
  if (!where.empty()) append_wrapped(out, "", where, 37);
}

void append_findings(std::string& out, const std::vector<Finding>& findings) {
  if (findings.empty()) return;
  out += "\nFindings\n";
  for (const Verdict verdict : {Verdict::violated, Verdict::inconclusive}) {
    for (const Finding& f : findings) {
      if (f.verdict == verdict) append_finding(out, f);
    }
  }
  std::string held;
  std::string empty;
  for (const Finding& f : findings) {
    if (f.verdict != Verdict::holds) continue;
    std::string& list = f.vacuous ? empty : held;
    if (!list.empty()) list += ", ";
    list += analysis::printable(f.property);
  }
  if (!held.empty()) append_wrapped(out, "  holds", held, 16);
  if (!empty.empty()) append_wrapped(out, "  holds", empty + " (nothing to judge)", 16);
}

void append_head(std::string& out, const Trace& trace) {
  const std::string title = analysis::printable(analysis::text_field(trace.scenario, "title"));
  const std::string id = analysis::printable(trace.scenario_id);
  std::string head = id;
  if (!title.empty()) head += (head.empty() ? "" : ": ") + title;
  append_wrapped(out, "", head.empty() ? "A trace" : head, 0);
  std::string facts = fmt::format("seed {}, {}, ended at {} ({})", trace.seed,
                                  analysis::counted(trace.events.size(), "event"),
                                  analysis::time_words(trace.end.ns), outcome_name(trace.outcome));
  if (!trace.digest.empty()) facts += ", digest " + analysis::printable(trace.digest);
  append_wrapped(out, "", facts, 0);
}

void append_legend(std::string& out, bool marks, bool explained) {
  out +=
      "\nHow to read: one line a step, in the order in which the steps happened. #n numbers the "
      "steps; "
      "-> #n is the step that\nreceives a message, <- #n the one that sent it.";
  if (marks) {
    out +=
        " In the margin, | stands within the time of a violation and * at the\nsteps that show it.";
  }
  if (explained) {
    out += " Numbers are those of the sentences below, and > marks what else belongs to\nthem.";
  }
  out += "\n\n";
}

/// What is written of one event, and how its columns are set.
class Lines {
 public:
  Lines(const Trace& trace, const std::vector<Finding>& findings,
        const std::vector<analysis::Explanation>& explanations)
      : trace_(trace), pairs_(pair_messages(trace)) {
    std::int64_t last = 0;
    for (const TraceEvent& e : trace.events) last = std::max(last, e.at.ns);
    unit_ = analysis::unit_for(last);
    for (const TraceEvent& e : trace.events) {
      const std::string time = in_unit(e.at.ns, unit_);
      const std::size_t point = time.find('.');
      if (point != std::string::npos) decimals_ = std::max(decimals_, time.size() - point - 1);
    }
    for (const TraceEvent& e : trace.events) {
      time_ = std::max(time_, time_of(e).size());
      node_ = std::max(node_, analysis::character_count(node_of(e.node)));
      name_ = std::max(name_, analysis::character_count(analysis::message_words(e)));
      where_ = std::max(where_, analysis::character_count(where_of(e)));
    }
    for (const Finding& f : findings) {
      if (f.verdict != Verdict::violated) continue;
      witness_.insert(f.events.begin(), f.events.end());
      if (f.window) windows_.push_back(*f.window);
    }
    name_ = std::min(name_, kMostName);
    where_ = std::min(where_, kMostWhere);
    number_steps(explanations);
    event_ = fmt::format("#{}", trace.events.size()).size();
    event_ = std::max<std::size_t>(event_, 5);
  }

  bool marks() const { return !witness_.empty() || !windows_.empty(); }

  std::string heading() const {
    return fmt::format("   {:{}} {:>{}}  {:>{}}  {:<{}}  {:<7}  {:<{}}  {}", "", steps_, "event",
                       event_, "time", time_, "node", node_, "step", "what", name_, "details");
  }

  std::string line(const TraceEvent& e) const {
    const std::string node = padded(node_of(e.node), node_);
    const auto numbered = numbers_.find(e.id);
    return fmt::format(" {}{}{:>{}} {:>{}}  {:>{}}  {}  {:<7}  {}", within(e.at) ? '|' : ' ',
                       witness_.count(e.id) != 0 ? '*' : ' ',
                       numbered == numbers_.end() ? "" : numbered->second, steps_,
                       fmt::format("#{}", e.id), event_, time_of(e), time_, node,
                       trace_kind_name(e.kind), what(e));
  }

 private:
  void number_steps(const std::vector<analysis::Explanation>& explanations) {
    std::size_t n = 0;
    for (const analysis::Explanation& each : explanations) {
      for (const analysis::CauseStep& step : each.steps) {
        std::string& number = numbers_[step.event];
        number += fmt::format("{}{}", number.empty() ? "" : ",", ++n);
      }
    }
    for (const analysis::Explanation& each : explanations) {
      for (const EventId id : each.events) numbers_.emplace(id, ">");
    }
    for (const auto& [id, number] : numbers_) steps_ = std::max(steps_, number.size() + 1);
  }

  std::string time_of(const TraceEvent& e) const {
    std::string time = in_unit(e.at.ns, unit_);
    const std::size_t point = time.find('.');
    const std::size_t digits = point == std::string::npos ? 0 : time.size() - point - 1;
    if (digits == 0 && decimals_ > 0) time += '.';
    if (digits < decimals_) time.append(decimals_ - digits, '0');
    return fmt::format("{} {}", time, unit_.name);
  }

  std::string node_of(NodeId node) const {
    if (node == kNobody) return "-";
    return analysis::shortened(analysis::printable(analysis::node_name(trace_, node)),
                               kMostNodeName);
  }

  bool within(Time at) const {
    return std::any_of(windows_.begin(), windows_.end(),
                       [&](const auto& w) { return w.first <= at && at <= w.second; });
  }

  /// Where a message went: "-> #12", "lost #13", or why neither: time was left for it or not.
  std::string fate(EventId send) const {
    if (const auto it = pairs_.arrivals.find(send); it != pairs_.arrivals.end()) {
      return "-> " + event_list(it->second);
    }
    if (const auto it = pairs_.lost.find(send); it != pairs_.lost.end()) {
      return fmt::format("lost #{}", it->second);
    }
    return trace_.outcome == Outcome::quiescent ? "(never arrives)" : "(in flight at the end)";
  }

  std::string origin(EventId id) const {
    const auto it = pairs_.sent.find(id);
    return it == pairs_.sent.end() ? "" : fmt::format("<- #{}", it->second);
  }

  /// The other end of a message, with the step there: "to P1 -> #12", "from c1 <- #4".
  std::string where_of(const TraceEvent& e) const {
    switch (e.kind) {
      case TraceKind::send:
        return fmt::format("to {} {}", node_of(e.peer), fate(e.id));
      case TraceKind::receive:
        return fmt::format("from {} {}", node_of(e.peer), origin(e.id));
      case TraceKind::lose:
        return fmt::format("to {} {}", node_of(e.peer), origin(e.id));
      default:
        return {};
    }
  }

  std::string what(const TraceEvent& e) const {
    const std::string name = analysis::message_words(e);
    const std::string where = where_of(e);
    std::string fields = analysis::fields_words(e.data);
    if (name.empty()) return fields;
    const std::string named = padded(name, name_) + "  ";
    return where.empty() ? named + fields : named + padded(where, where_) + "  " + fields;
  }

  static std::string padded(std::string text, std::size_t width) {
    const std::size_t length = analysis::character_count(text);
    if (length < width) text.append(width - length, ' ');
    return text;
  }

  const Trace& trace_;
  Pairs pairs_;
  analysis::TimeUnit unit_;
  std::size_t decimals_ = 0;
  std::size_t event_ = 5;
  std::size_t time_ = 4;
  std::size_t node_ = 4;
  std::size_t name_ = 4;
  std::size_t where_ = 4;
  std::set<EventId> witness_;
  std::vector<std::pair<Time, Time>> windows_;
  std::map<EventId, std::string> numbers_;  ///< what the margin says of the explanations
  std::size_t steps_ = 0;                   ///< the width of that
};

}  // namespace

std::string text_view(const Trace& trace, const std::vector<Finding>& findings,
                      const std::vector<analysis::Explanation>& explanations,
                      const analysis::Excerpt* part) {
  std::string out;
  append_head(out, trace);
  if (part != nullptr) append_wrapped(out, "", "Only " + part->what, 0);
  append_findings(out, findings);
  const Lines lines(trace, findings, explanations);
  append_legend(out, lines.marks(), !explanations.empty());
  append_line(out, lines.heading());
  for (const TraceEvent& e : trace.events) {
    if (part == nullptr || part->has(e.id)) append_line(out, lines.line(e));
  }
  std::size_t first = 1;
  for (const analysis::Explanation& each : explanations) {
    out += fmt::format("\nWhy {} is violated\n", analysis::printable(each.property));
    out += explanation_text(each, trace, 1, kLine, first);
    first += each.steps.size();
  }
  return out;
}

}  // namespace sibyl
