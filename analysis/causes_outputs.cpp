// Why a client accepted what no correct replica has put out: who sent it what it accepted, and who
// sent that to a voter between them.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// An answer to an operation, as notes and messages have it.
struct AcceptedReply {
  std::int64_t op = -1;
  std::string reply;
  Value value;
  explicit AcceptedReply(const Value& data)
      : op(integer_field(data, "op", -1)), reply(text_field(data, "reply")) {
    if (const Value* found = data.find("value")) value = *found;
  }
  bool is(const Value& data) const {
    const AcceptedReply other(data);
    return other.op == op && other.reply == reply && other.value == value;
  }
  std::string words() const {
    return printable(value.is_null() ? reply : reply + " " + value.text());
  }
};

std::string answerer(const Story& story, NodeId node) {
  return printable(node_name(story.trace(), node)) +
         (is_faulty(story.trace(), node) ? ", which is faulty" : "");
}

/// The messages with that answer that came to `node` before event `until`, one of each sender: as
/// they were sent.
std::vector<EventId> brought(const Story& story, NodeId node, EventId until,
                             const AcceptedReply& answer) {
  std::vector<EventId> sends;
  std::set<NodeId> senders;
  for (const TraceEvent& e : story.trace().events) {
    if (e.id >= until) break;
    if (e.kind != TraceKind::receive || e.node != node || senders.contains(e.peer)) continue;
    const EventId sent = story.graph().send_of(e.id);
    if (sent == 0 || !answer.is(story.graph().at(sent).data)) continue;
    senders.insert(e.peer);
    sends.push_back(sent);
  }
  return sends;
}

bool puts_out(const Story& story, NodeId node) {
  const auto& events = story.trace().events;
  return std::any_of(events.begin(), events.end(),
                     [&](const TraceEvent& e) { return e.node == node && is_note(e, "Output"); });
}

/// ", which it had got from P3, which is faulty (#53); and P4 (#60)."; returns these sends.
std::vector<EventId> name_senders(const Story& story, Sentence& s, NodeId node, EventId until,
                                  const AcceptedReply& answer) {
  const std::vector<EventId> sends = brought(story, node, until, answer);
  s.text += sends.empty() ? ", which nobody had sent it" : ", which it had got from ";
  for (std::size_t i = 0; i < sends.size(); ++i) {
    if (i > 0) s.text += i + 1 < sends.size() ? "; " : "; and ";
    s.text +=
        fmt::format("{} ({})", answerer(story, story.graph().at(sends[i]).node), s.mark(sends[i]));
  }
  s.text += ".";
  return sends;
}

}  // namespace

bool tell_accepted(Story& story, const Finding& finding) {
  const CausalGraph& graph = story.graph();
  if (finding.events.empty() || !graph.has(finding.events.back())) return false;
  const TraceEvent& taken = graph.at(finding.events.back());
  if (!is_note(taken, "Return")) return false;
  const AcceptedReply answer(taken.data);
  const std::string operation = operation_words(graph, answer.op);

  Sentence accepted{taken.id};
  accepted.text =
      fmt::format("{} accepted {} as the answer to {}",
                  printable(node_name(story.trace(), taken.node)), answer.words(), operation);
  accepted.needed = true;
  accepted.kind = event_kind(graph, taken.id);
  for (const EventId sent : name_senders(story, accepted, taken.node, taken.id, answer)) {
    const NodeId from = graph.at(sent).node;
    story.connect(sent, taken.id, kNobody);
    if (puts_out(story, from)) continue;
    Sentence passed{sent};  // a voter's
    passed.text = fmt::format("{}{} passed {} on to {}", answerer(story, from),
                              is_faulty(story.trace(), from) ? "," : "", answer.words(),
                              printable(node_name(story.trace(), taken.node)));
    passed.needed = true;
    passed.kind = event_kind(graph, sent);
    for (const EventId earlier : name_senders(story, passed, from, sent, answer)) {
      story.connect(earlier, sent, kNobody);
    }
    accepted.because.push_back(sent);
    story.tell(std::move(passed));
  }
  for (const EventId id : finding.events) {
    if (id == taken.id || !graph.has(id)) continue;
    Sentence right{id};
    right.text =
        fmt::format("{} put out {} for {}.", printable(node_name(story.trace(), graph.at(id).node)),
                    AcceptedReply(graph.at(id).data).words(), operation);
    right.needed = true;
    right.kind = event_kind(graph, id);
    story.tell(std::move(right));
  }
  story.tell(std::move(accepted));
  story.conclude("So " + printable(finding.summary));
  return true;
}

}  // namespace sibyl::analysis
