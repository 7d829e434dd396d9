// Why a history is not linearizable: the operations of the contradiction, how each was answered,
// and the races that decided it.
#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// An operation of the witness, and how it came to its answer.
struct Told {
  std::string name;
  std::int64_t op = -1;
  NodeId client;
  EventId call = 0;
  EventId ret = 0;      ///< 0: never returned
  EventId answer = 0;   ///< the message that brought the answer; 0: none did
  EventId arrival = 0;  ///< by which the operation came to who answered
  NodeId by = kNobody;
  std::vector<EventId> chain;  ///< from the call to the return
};

/// One "has to come before", by places among the operations; see CircleEdge.
struct Before {
  std::size_t before = 0;
  std::size_t after = 0;
  std::string why;
  std::string key;
  std::optional<std::size_t> reader;
  std::optional<std::size_t> writer;  ///< from whom the reader read; none: the initial state
};

std::size_t place(const Value& edge, std::string_view field) {
  return static_cast<std::size_t>(integer_field(edge, field, -1));
}

class Operations {
 public:
  Operations(Story& story, const Finding& finding) : story_(story), graph_(story.graph()) {
    read(finding.witness);
  }

  bool tell(const Finding& finding) {
    if (ops_.empty()) return false;
    if (circle_.empty()) return tell_all(finding);
    for (const Before& edge : circle_) {
      if (edge.why == "real_time") tell_real_time(edge);
      if (edge.why == "reads_from") tell_reads_from(edge);
      if (edge.why == "overwrites") tell_missed(edge);
      if (edge.why == "overwritten") tell_overwritten(edge);
    }
    // The order of writers that a third operation saw makes another kind of contradiction.
    if (std::any_of(circle_.begin(), circle_.end(),
                    [](const Before& edge) { return edge.why == "overwritten"; })) {
      for (auto& [ret, kinds] : kinds_) kinds.insert("against the order of two others");
    }
    if (kinds_.empty()) name_what_was_seen();
    for (const std::size_t i : returned_) tell_return(i);
    for (const std::size_t i : called_) tell_call(i);
    conclude();
    return true;
  }

 private:
  void read(const Value& witness) {
    const Value* list = witness.find("operations");
    if (list == nullptr || list->as_list() == nullptr) return;
    for (const Value& item : *list->as_list()) {
      Told op;
      op.call = static_cast<EventId>(integer_field(item, "call_event", 0));
      op.ret = static_cast<EventId>(integer_field(item, "return_event", 0));
      if (!graph_.has(op.call) || (op.ret != 0 && !graph_.has(op.ret))) return ops_.clear();
      op.name = printable(text_field(item, "name"));
      op.client = graph_.at(op.call).node;
      op.op = integer_field(graph_.at(op.call).data, "op", -1);
      follow(op);
      ops_.push_back(std::move(op));
    }
    const Value* circle = witness.find("circle");
    if (circle == nullptr || circle->as_list() == nullptr) return;
    for (const Value& item : *circle->as_list()) {
      Before edge{place(item, "before"),
                  place(item, "after"),
                  std::string(text_field(item, "why")),
                  printable(text_field(item, "key")),
                  {},
                  {}};
      if (item.find("reader") != nullptr) edge.reader = place(item, "reader");
      const std::size_t writer = place(item, "writer");
      if (writer < ops_.size()) edge.writer = writer;
      const std::size_t most = std::max(edge.before, edge.after);
      if (most >= ops_.size() || edge.reader.value_or(0) >= ops_.size()) return circle_.clear();
      circle_.push_back(std::move(edge));
    }
  }

  void follow(Told& op) const {
    op.by = op.client;
    if (op.ret == 0) return;
    op.chain = graph_.chain(op.call, op.ret, op.client);
    for (const EventId id : op.chain) {
      if (graph_.at(id).kind == TraceKind::send && graph_.at(id).peer == op.client) op.answer = id;
    }
    if (op.answer == 0) return;
    op.by = graph_.at(op.answer).node;
    op.arrival = arrival_on(graph_, op.chain, op.answer);
  }

  std::string who(NodeId node) const { return printable(node_name(graph_.trace(), node)); }

  std::string looks_of(const Told& op, const std::string& key) const {
    return look_words(graph_.at(op.call), key);
  }
  std::string changes_of(const Told& op, const std::string& key) const {
    return change_words(graph_.at(op.call), key);
  }

  void tell_real_time(const Before& edge) {
    returned_.insert(edge.before);
    called_.insert(edge.after);
    after_[edge.after].insert(edge.before);
  }

  void tell_reads_from(const Before& edge) {
    called_.insert(edge.before);
    returned_.insert(edge.after);
    saw_[edge.after].insert(edge.before);
  }

  /// The reader did not see the other operation.
  void tell_missed(const Before& edge) {
    returned_.insert(edge.before);
    called_.insert(edge.after);
    missed_[edge.before].insert(edge.after);
    explain_miss(ops_[edge.before], ops_[edge.after], edge);
  }

  /// Of two writers the one that the reader saw came last.
  void tell_overwritten(const Before& edge) {
    if (!edge.reader) return;
    called_.insert(edge.before);
    called_.insert(edge.after);
    returned_.insert(*edge.reader);
    saw_[*edge.reader].insert(edge.after);
    const Told& a = ops_[edge.before];
    const Told& b = ops_[edge.after];
    const NodeId node = ops_[*edge.reader].by;
    const Handling first = handling_of(graph_, a.op, node);
    const Handling second = handling_of(graph_, b.op, node);
    if (!tell_handled(a, b, first.delivered, second.delivered, "delivered", {})) {
      tell_handled(a, b, first.started, second.started, "executed", {});
    }
  }

  /// "P1 delivered a before b" where that is so.
  bool tell_handled(const Told& a, const Told& b, EventId first, EventId second,
                    std::string_view how, std::vector<EventId> because,
                    const std::string& although = {}, std::vector<EventId> named = {}) {
    if (first == 0 || second == 0 || first >= second) return false;
    const NodeId node = graph_.at(first).node;
    Sentence s{first};
    s.named = std::move(named);
    s.text = fmt::format("{} {} {} ({}) before {} ({}){}.", who(node), how, a.name, s.mark(first),
                         b.name, s.mark(second), although);
    s.because = std::move(because);
    s.because.push_back(a.call);
    s.because.push_back(b.call);
    // Told where it began, unless that was before the other was called.
    if (std::max(a.call, b.call) > first) s.event = second;
    s.needed = true;
    story_.connect(a.call, first, a.client);
    story_.connect(b.call, second, b.client);
    decided_[&a].push_back(s.event);
    story_.tell(std::move(s));
    add_executions(a, node);
    add_executions(b, node);
    return true;
  }

  void add_executions(const Told& op, NodeId node) {
    const Handling handling = handling_of(graph_, op.op, node);
    if (handling.started != 0) story_.add_context(handling.started);
    if (handling.ended != 0) story_.add_context(handling.ended);
  }

  /// Why r was answered as if w had not been: at the node that answered, w was handled later, or
  /// never, or in vain.
  void explain_miss(const Told& r, const Told& w, const Before& edge) {
    if (r.by == r.client) return;  // answered by itself: nothing to be seen in the trace
    const Handling rs = handling_of(graph_, r.op, r.by);
    const Handling ws = handling_of(graph_, w.op, r.by);
    const std::string what =
        fmt::format("{} missed {}", looks_of(r, edge.key), changes_of(w, edge.key));
    const std::string role = role_of(graph_.trace(), r.by);
    const bool later_here = rs.started != 0 && ws.started > rs.started;
    if (!later_here) {
      const NodeId other = executed_before(r, r, w, r.by);
      if (other != kNobody) return elsewhere(r, r, w, other, what + ", executed later");
      if (edge.writer) {
        const Told& last = ops_[*edge.writer];
        const NodeId node = executed_before(r, w, last, kNobody);
        if (node != kNobody) return elsewhere(r, w, last, node, what + ", overwritten before");
      }
    }
    if (ws.received == 0 && ws.delivered == 0 && ws.started == 0) {
      return never_heard(r, w, edge, what);
    }
    if (ws.ended != 0 && ws.ended < r.answer) {
      return in_vain(r, w, edge, ws.ended, what);
    }
    kinds_[r.ret].insert(fmt::format("{}, executed later at its {}", what, role));
    tell_arrivals(r, w, ws);
    std::vector<EventId> named;
    std::vector<EventId> because{r.arrival};
    const std::string although = why_seen(r, w, named, because);
    if (tell_handled(r, w, rs.delivered, ws.delivered, "delivered", because, although, named)) {
      return;
    }
    const EventId known = ws.ended != 0       ? ws.ended
                          : ws.started != 0   ? ws.started
                          : ws.delivered != 0 ? ws.delivered
                                              : ws.received;
    not_yet(r, w, known, although, named, because);
  }

  /// A node of the role of the one that answered r, but for `except`, at which `a` was executed
  /// before `b`. kNobody: none.
  NodeId executed_before(const Told& r, const Told& a, const Told& b, NodeId except) const {
    for (const EventId id : graph_.events_of(a.op)) {
      const TraceEvent& e = graph_.at(id);
      if (!is_note(e, "ExecuteStart") || e.node == except) continue;
      if (role_of(graph_.trace(), e.node) != role_of(graph_.trace(), r.by)) continue;
      if (handling_of(graph_, b.op, e.node).started > handling_of(graph_, a.op, e.node).started) {
        return e.node;
      }
    }
    return kNobody;
  }

  /// What decided r is the order of a and b at a node that need not be the one that answered.
  void elsewhere(const Told& r, const Told& a, const Told& b, NodeId node,
                 const std::string& kind) {
    kinds_[r.ret].insert(fmt::format("{} at its {}", kind, role_of(graph_.trace(), node)));
    const Handling first = handling_of(graph_, a.op, node);
    const Handling second = handling_of(graph_, b.op, node);
    std::vector<EventId> named;
    std::vector<EventId> because;
    const std::string although = &a == &r ? why_seen(r, b, named, because) : std::string();
    if (tell_handled(a, b, first.delivered, second.delivered, "delivered", because, although,
                     named)) {
      return;
    }
    tell_handled(a, b, first.started, second.started, "executed", because, although, named);
  }

  void tell_arrivals(const Told& r, const Told& w, const Handling& ws) {
    EventId second = 0;
    for (const EventId id : graph_.events_of(w.op)) {
      const TraceEvent& e = graph_.at(id);
      if (second == 0 && id > r.arrival && e.node == r.by && e.kind == TraceKind::receive) {
        second = id;
      }
    }
    const EventId handled = ws.delivered != 0 ? ws.delivered : ws.started;
    if (second == 0 && handled > r.arrival) {
      second = arrival_on(graph_, graph_.chain(w.call, handled, w.client), handled);
    }
    if (!tell_race(story_, r.arrival, second, {r.call, w.call})) return;
    story_.connect(r.call, r.arrival, r.client);
    story_.connect(w.call, second, w.client);
  }

  /// ", although …": why r should have seen w.
  std::string why_seen(const Told& r, const Told& w, std::vector<EventId>& named,
                       std::vector<EventId>& because) const {
    for (const Before& edge : circle_) {
      if (&ops_[edge.before] != &w) continue;
      const Told& next = ops_[edge.after];
      if (edge.why == "real_time" && &next == &r) {
        named.insert(named.end(), {w.ret, r.call});
        because.push_back(w.ret);
        return fmt::format(", although {} had returned ({}) before {} was called ({})", w.name,
                           event_mark(w.ret), r.name, event_mark(r.call));
      }
      if (edge.why == "reads_from" && &next != &r && next.ret < r.answer) {
        named.push_back(next.ret);
        because.push_back(next.ret);
        return fmt::format(", although {} had already seen {} ({})", next.name, w.name,
                           event_mark(next.ret));
      }
    }
    return {};
  }

  void never_heard(const Told& r, const Told& w, const Before& edge, const std::string& what) {
    Sentence s{r.answer};
    std::string copy;
    if (const EventId taken = copy_of(r.by, edge.key, r.answer); taken != 0) {
      Sentence t{taken};
      t.text = fmt::format("{} took a copy of {}.", who(r.by), edge.key);
      story_.tell(std::move(t));
      s.because.push_back(taken);
      copy = "from its copy of " + edge.key + " ";
    }
    s.text = fmt::format("{} answered {} {}({}); nothing of {} had ever come to it.", who(r.by),
                         r.name, copy, s.mark(r.answer), w.name);
    s.because.insert(s.because.end(), {r.call, w.call});
    s.needed = true;
    name_miss(r, what, copy.empty() ? "unknown to" : "from a copy at");
    decided_[&r].push_back(r.answer);
    story_.tell(std::move(s));
    story_.connect(r.call, r.answer, r.client);
    add_executions(r, r.by);
  }

  void name_miss(const Told& r, const std::string& what, std::string_view how) {
    kinds_[r.ret].insert(fmt::format("{}, {} its {}", what, how, role_of(graph_.trace(), r.by)));
  }

  /// The last copy that the node took of the object and has not dropped; 0 for none.
  EventId copy_of(NodeId node, const std::string& object, EventId until) const {
    EventId taken = 0;
    for (EventId id = 1; id < until; ++id) {
      const TraceEvent& e = graph_.at(id);
      if (e.node != node || printable(text_field(e.data, "object")) != object) continue;
      if (is_note(e, "CacheFill")) taken = id;
      if (is_note(e, "CacheDrop")) taken = 0;
    }
    return taken;
  }

  void in_vain(const Told& r, const Told& w, const Before& edge, EventId ended,
               const std::string& what) {
    Sentence before{ended};
    before.text = fmt::format("{} had executed {}.", who(r.by), w.name);
    before.because = {w.call};
    story_.connect(w.call, ended, w.client);
    story_.tell(std::move(before));
    Sentence s{r.answer};
    s.text = fmt::format("{} answered {} ({}) as if it had never executed {} ({}).", who(r.by),
                         r.name, s.mark(r.answer), w.name, s.mark(ended));
    s.because = {r.call, ended};
    s.needed = true;
    const bool copy = copy_of(r.by, edge.key, r.answer) != 0;
    name_miss(r, what, copy ? "from a copy at" : "executed before at");
    decided_[&r].push_back(r.answer);
    story_.tell(std::move(s));
    add_executions(r, r.by);
    add_executions(w, r.by);
  }

  void not_yet(const Told& r, const Told& w, EventId known, const std::string& although,
               std::vector<EventId> named, std::vector<EventId> because) {
    Sentence s{r.answer};
    s.named = std::move(named);
    s.text = fmt::format("{} answered {} ({}) ", who(r.by), r.name, s.mark(r.answer));
    s.text += known > r.answer ? fmt::format("before it executed {} ({})", w.name, s.mark(known))
                               : fmt::format("when it had heard of {} ({}) but not executed it",
                                             w.name, s.mark(known));
    s.text += although + ".";
    s.because = std::move(because);
    s.because.insert(s.because.end(), {r.call, w.call});
    s.needed = true;
    decided_[&r].push_back(r.answer);
    story_.tell(std::move(s));
    story_.connect(r.call, r.answer, r.client);
    story_.connect(w.call, known, w.client);
    add_executions(r, r.by);
    add_executions(w, r.by);
  }

  std::string call_text(const Told& op) const {
    const TraceEvent& e = graph_.at(op.call);
    const Value* value = e.data.find("value");
    const std::string call = call_words(text_field(e.data, "f"), text_field(e.data, "key"),
                                        value == nullptr ? Value() : *value);
    return fmt::format("{} called {}: {}", who(op.client), op.name, call);
  }

  void tell_call(std::size_t i) {
    const Told& op = ops_[i];
    Sentence s{op.call};
    std::vector<std::string> earlier;
    for (const std::size_t a : after_[i]) {
      earlier.push_back(fmt::format("{} had returned ({})", ops_[a].name, s.mark(ops_[a].ret)));
      s.because.push_back(ops_[a].ret);
    }
    s.text = call_text(op) + (earlier.empty() ? "" : ", after " + listed(earlier)) + ".";
    s.needed = true;
    story_.tell(std::move(s));
  }

  /// "c1 learned from O that x is at P1", on the way to the answer.
  void tell_learned(const Told& op, std::vector<EventId>& because) {
    const std::set<EventId> on_chain(op.chain.begin(), op.chain.end());
    for (EventId id = op.call; id < op.ret; ++id) {
      const TraceEvent& e = graph_.at(id);
      if (e.node != op.client || !is_note(e, "CacheFill")) continue;
      const EventId step = graph_.step_of(id);
      if (step == graph_.step_of(op.ret) || on_chain.count(step) == 0) continue;
      const EventId sent = graph_.send_of(step);
      if (sent == 0) continue;
      Sentence s{id};
      s.text = fmt::format("{}, from {} ({}).", event_words(graph_, id), who(graph_.at(sent).node),
                           s.mark(sent));
      s.because = {op.call};
      because.push_back(id);
      story_.tell(std::move(s));
    }
  }

  void tell_return(std::size_t i) {
    const Told& op = ops_[i];
    if (op.ret == 0) return;
    called_.insert(i);
    Sentence s{op.ret};
    s.because = decided_[&op];
    s.because.push_back(op.call);
    tell_learned(op, s.because);
    const TraceEvent& e = graph_.at(op.ret);
    const Value* value = e.data.find("value");
    s.text = fmt::format(
        "{} returned to {}: {}", op.name, who(op.client),
        reply_words(text_field(e.data, "reply"), text_field(graph_.at(op.call).data, "f"),
                    value == nullptr ? Value() : *value));
    if (op.answer != 0) {
      s.text += fmt::format("; {} had answered it ({})", who(op.by), s.mark(op.answer));
      s.text += too_early(op);
    }
    s.text += effects(i) + ".";
    for (const std::string& kind : kinds_[op.ret]) {
      s.kind += (s.kind.empty() ? "" : "; ") + kind;
    }
    s.needed = true;
    story_.connect(op.call, op.ret, op.client);
    if (op.answer != 0) add_executions(op, op.by);
    story_.tell(std::move(s));
  }

  /// ", as if W had not been", ", which V had written".
  std::string effects(std::size_t i) {
    std::vector<std::string> missed;
    for (const std::size_t w : missed_[i]) missed.push_back(ops_[w].name);
    std::vector<std::string> saw;
    for (const std::size_t w : saw_[i]) saw.push_back(ops_[w].name);
    std::string out;
    if (!missed.empty()) out += fmt::format(", as if {} had not been", listed(missed));
    if (!saw.empty()) {
      out += fmt::format("{} after {}", missed.empty() ? ", as" : " but", listed(saw));
    }
    return out;
  }

  /// Says so where the answer was given before the node at which it was missed had executed it.
  std::string too_early(const Told& w) {
    for (const auto& [reader, writers] : missed_) {
      for (const std::size_t i : writers) {
        const NodeId node = ops_[reader].by;
        if (&ops_[i] != &w || node == w.by || node == ops_[reader].client) continue;
        const Handling at_node = handling_of(graph_, w.op, node);
        if (at_node.received == 0 || (at_node.ended != 0 && at_node.ended < w.answer)) continue;
        return fmt::format(" when {} had not yet executed it", who(node));
      }
    }
    return {};
  }

  /// The cause where nothing was missed: what was seen, by those of whom the circle says so.
  void name_what_was_seen() {
    for (const Before& edge : circle_) {
      const bool order = edge.why == "overwritten" && edge.reader;
      if (!order && edge.why != "reads_from") continue;
      const Told& reader = ops_[order ? *edge.reader : edge.after];
      if (reader.ret == 0) continue;
      const std::string seen = changes_of(ops_[order ? edge.after : edge.before], edge.key);
      const std::string what =
          order ? fmt::format("{} after {}", seen, changes_of(ops_[edge.before], edge.key)) : seen;
      kinds_[reader.ret].insert(
          fmt::format("{} saw {} {}", looks_of(reader, edge.key), what, place_of(reader)));
    }
  }

  std::string place_of(const Told& op) const {
    return op.by == op.client ? "by itself" : "at its " + role_of(graph_.trace(), op.by);
  }

  /// What of an answer counts as a cause where no circle says more.
  std::string answered(const Told& op) const {
    const std::string reply(text_field(graph_.at(op.ret).data, "reply"));
    return fmt::format("{} answered {} {}, against the others", looks_of(op, ""),
                       reply.empty() ? "nothing" : printable(reply), place_of(op));
  }

  /// Without a circle: what was called and answered.
  bool tell_all(const Finding& finding) {
    const std::set<std::string> blocked = blocked_in(finding.witness);
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      const Told& op = ops_[i];
      if (op.ret != 0 && (blocked.empty() || blocked.contains(op.name))) {
        kinds_[op.ret].insert(answered(op));
      }
      tell_return(i);
      tell_call(i);
    }
    story_.conclude(printable(finding.summary));
    return true;
  }

  std::string reason(const Before& edge) const {
    const std::string& a = ops_[edge.before].name;
    const std::string& b = ops_[edge.after].name;
    if (edge.why == "real_time") return fmt::format("it returned before {} was called", b);
    if (edge.why == "reads_from") return fmt::format("{} saw it", b);
    if (edge.why == "overwrites") return fmt::format("{} did not see {}", a, b);
    return fmt::format("{} saw {}, not {}", ops_[*edge.reader].name, b, a);
  }

  void conclude() {
    std::vector<std::string> parts;
    for (const Before& edge : circle_) {
      parts.push_back(fmt::format("{} comes before {} ({})", ops_[edge.before].name,
                                  ops_[edge.after].name, reason(edge)));
    }
    story_.conclude(fmt::format("So {}: no order of these operations explains all answers.",
                                listed(parts, parts.size())));
  }

  Story& story_;
  const CausalGraph& graph_;
  std::vector<Told> ops_;
  std::vector<Before> circle_;
  std::set<std::size_t> called_;
  std::set<std::size_t> returned_;
  std::map<std::size_t, std::set<std::size_t>> after_;   ///< in real time
  std::map<std::size_t, std::set<std::size_t>> saw_;     ///< by reader
  std::map<std::size_t, std::set<std::size_t>> missed_;  ///< by reader
  std::map<const Told*, std::vector<EventId>> decided_;  ///< sentences that decided its answer
  std::map<EventId, std::set<std::string>> kinds_;       ///< causes, by the return they led to
};

}  // namespace

bool tell_linearizability(Story& story, const Finding& finding) {
  return Operations(story, finding).tell(finding);
}

}  // namespace sibyl::analysis
