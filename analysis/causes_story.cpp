// How an explanation is put together.
#include "analysis/causes_story.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

std::string Sentence::mark(EventId id) {
  named.push_back(id);
  return event_mark(id);
}

void Story::tell(Sentence sentence) {
  for (Sentence& told : sentences_) {
    if (told.event != sentence.event || told.text != sentence.text) continue;
    told.needed = told.needed || sentence.needed;
    told.because.insert(told.because.end(), sentence.because.begin(), sentence.because.end());
    return;
  }
  sentences_.push_back(std::move(sentence));
}

void Story::connect(EventId from, EventId to, NodeId home) {
  if (from == 0 || to == 0 || from >= to) return;
  Chain chain{from, to, home, graph_.chain(from, to, home)};
  if (!chain.events.empty()) chains_.push_back(std::move(chain));
}

void Story::drop_unneeded() {
  std::stable_sort(sentences_.begin(), sentences_.end(),
                   [](const Sentence& a, const Sentence& b) { return a.event < b.event; });
  std::set<EventId> wanted;
  std::vector<bool> kept(sentences_.size(), false);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      if (kept[i] || (!sentences_[i].needed && wanted.count(sentences_[i].event) == 0)) continue;
      kept[i] = more = true;
      wanted.insert(sentences_[i].because.begin(), sentences_[i].because.end());
    }
  }
  std::vector<Sentence> left;
  for (std::size_t i = 0; i < sentences_.size(); ++i) {
    if (kept[i]) left.push_back(std::move(sentences_[i]));
  }
  sentences_ = std::move(left);
}

/// Begins with all that is named and all chains; takes out, from the last on, what no sentence
/// names and without which every chain still holds.
std::vector<EventId> Story::smallest_set() const {
  std::set<EventId> named;
  for (const Sentence& s : sentences_) {
    named.insert(s.event);
    named.insert(s.named.begin(), s.named.end());
  }
  std::set<EventId> kept = named;
  std::vector<const Chain*> demanded;
  for (const Chain& chain : chains_) {
    if (named.count(chain.from) == 0 || named.count(chain.to) == 0) continue;
    demanded.push_back(&chain);
    kept.insert(chain.events.begin(), chain.events.end());
  }
  const auto all_linked = [&] {
    return std::all_of(demanded.begin(), demanded.end(), [&](const Chain* c) {
      return graph_.linked(kept, c->from, c->to, c->home);
    });
  };
  // A chain that needs the order of its home stays as it is.
  std::erase_if(demanded, [&](const Chain* c) {
    if (graph_.linked(kept, c->from, c->to, c->home)) return false;
    named.insert(c->events.begin(), c->events.end());
    return true;
  });
  const std::vector<EventId> candidates(kept.rbegin(), kept.rend());
  for (const EventId id : candidates) {
    if (named.count(id) > 0) continue;
    kept.erase(id);
    if (!all_linked()) kept.insert(id);
  }
  return {kept.begin(), kept.end()};
}

/// What faulty nodes did to messages among these events: notes of the step that sent them.
void Story::tell_deviations(std::vector<EventId>& events) {
  std::vector<EventId> more;
  for (const TraceEvent& e : trace().events) {
    if (!is_note(e, "Deviation") || e.node.value >= trace().nodes.size()) continue;
    const std::string_view to = text_field(e.data, "to");
    const std::string_view message = text_field(e.data, "message");
    const auto sent = std::find_if(events.begin(), events.end(), [&](EventId id) {
      const TraceEvent& s = graph_.at(id);
      return s.kind == TraceKind::send && s.id > e.id && s.node == e.node &&
             s.parents == e.parents && node_name(trace(), s.peer) == to &&
             message.substr(0, s.name.size()) == s.name;
    });
    if (sent == events.end()) continue;
    Sentence s{e.id};
    s.text = fmt::format("{}, which is faulty, meddled with {} ({}): {}, {}.",
                         printable(node_name(trace(), e.node)), message_of_words(graph_, *sent),
                         s.mark(*sent), printable(text_field(e.data, "behaviour")),
                         printable(text_field(e.data, "what")));
    sentences_.push_back(std::move(s));
    more.push_back(e.id);
  }
  if (more.empty()) return;
  events.insert(events.end(), more.begin(), more.end());
  std::sort(events.begin(), events.end());
  std::stable_sort(sentences_.begin(), sentences_.end(),
                   [](const Sentence& a, const Sentence& b) { return a.event < b.event; });
}

Explanation Story::finish(std::string property) {
  drop_unneeded();
  Explanation out;
  out.property = std::move(property);
  out.conclusion = std::move(conclusion_);
  out.events = smallest_set();
  tell_deviations(out.events);
  out.context.assign(context_.begin(), context_.end());
  std::set<EventId> told;
  for (const Sentence& s : sentences_) told.insert(s.event);
  for (Sentence& s : sentences_) {
    CauseStep step{s.event, std::move(s.text), {}, std::move(s.kind)};
    std::sort(s.because.begin(), s.because.end());
    s.because.erase(std::unique(s.because.begin(), s.because.end()), s.because.end());
    for (const EventId id : s.because) {
      if (id != s.event && told.count(id) > 0) step.because.push_back(id);
    }
    out.steps.push_back(std::move(step));
  }
  return out;
}

Handling handling_of(const CausalGraph& graph, std::int64_t op, NodeId node) {
  Handling out;
  for (const EventId id : graph.events_of(op)) {
    const TraceEvent& e = graph.at(id);
    if (e.node != node) continue;
    if (e.kind == TraceKind::receive && out.received == 0) out.received = id;
    if (is_note(e, "Deliver")) out.delivered = id;
    if (is_note(e, "ExecuteStart")) out.started = id;
    if (is_note(e, "ExecuteEnd")) out.ended = id;
    if (is_note(e, "Applied") && out.ended == 0) out.ended = id;
  }
  return out;
}

bool tell_race(Story& story, EventId first, EventId second, std::vector<EventId> because) {
  const CausalGraph& graph = story.graph();
  if (first == 0 || second == 0 || first >= second) return false;
  const EventId sent_first = graph.send_of(first);
  const EventId sent_second = graph.send_of(second);
  if (sent_first == 0 || sent_second == 0 || graph.happens_before(first, sent_second)) return false;
  Sentence s{first};
  const std::string where = printable(node_name(graph.trace(), graph.at(first).node));
  s.text = fmt::format("{} received {} ({}) before {} ({})", where, message_of_words(graph, first),
                       s.mark(first), message_of_words(graph, second), s.mark(second));
  if (sent_second < sent_first) {
    s.text += fmt::format(", although that had been sent earlier ({})", s.mark(sent_second));
  } else {
    s.text += "; neither had been sent because of the other";
  }
  s.text += ".";
  s.named.push_back(sent_first);
  s.named.push_back(sent_second);
  s.because = std::move(because);
  story.tell(std::move(s));
  return true;
}

EventId arrival_on(const CausalGraph& graph, const std::vector<EventId>& chain, EventId id) {
  EventId arrival = 0;
  const NodeId node = graph.at(id).node;
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    if (*it > id) continue;
    if (graph.at(*it).node != node) break;
    if (graph.at(*it).kind == TraceKind::receive) arrival = *it;
  }
  return arrival;
}

}  // namespace sibyl::analysis
