// Why an agreement went wrong: who decided what on which inputs, and after which messages; or who
// never decided, and what had come to it.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "analysis/agreement_reading.hpp"
#include "analysis/causes_story.hpp"
#include "analysis/causes_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostUndecided = 3;
constexpr std::size_t kMostLostToOne = 3;

std::string party(const Story& story, NodeId node) {
  return printable(node_name(story.trace(), node)) +
         (is_faulty(story.trace(), node) ? " (faulty)" : "");
}

/// What messages that carry a value said to a process.
struct Votes {
  std::string words;            ///< "Vote 1 from P0 and P2; Vote 0 from P5 (faulty)"
  std::vector<EventId> faulty;  ///< those that faulty processes sent
};

/// The field of a message by which it speaks for a value; null when it has none.
const Value* voice_of(const Value& message) {
  const Value* value = message.find("value");
  return value == nullptr ? message.find("values") : value;
}

std::string voice_words(const Value& voice) {
  const bool* bit = voice.as_bool();
  return bit != nullptr ? (*bit ? "1" : "0") : content_text(voice);
}

/// Of the messages that came to `node` after `since` and before `until`; of a round, when one is
/// given, and the message tells it.
Votes votes_of(const Story& story, NodeId node, EventId since, EventId until, std::int64_t round) {
  const CausalGraph& graph = story.graph();
  std::vector<std::pair<std::string, std::vector<std::string>>> by_voice;
  Votes votes;
  for (const TraceEvent& e : story.trace().events) {
    if (e.id <= since || e.id >= until) continue;
    if (e.kind != TraceKind::receive || e.node != node) continue;
    const EventId sent = graph.send_of(e.id);
    const Value& data = voice_of(e.data) != nullptr || sent == 0 ? e.data : graph.at(sent).data;
    const Value* voice = voice_of(data);
    if (voice == nullptr) continue;
    if (round != 0 && integer_field(data, "round", round) != round) continue;
    const std::string what = message_words(e) + " " + voice_words(*voice);
    auto place = std::find_if(by_voice.begin(), by_voice.end(),
                              [&](const auto& each) { return each.first == what; });
    if (place == by_voice.end()) place = by_voice.insert(place, {what, {}});
    const std::string from = party(story, e.peer);
    auto& senders = place->second;
    if (std::find(senders.begin(), senders.end(), from) == senders.end()) senders.push_back(from);
    if (is_faulty(story.trace(), e.peer) && sent != 0) votes.faulty.push_back(sent);
  }
  for (const auto& [what, senders] : by_voice) {
    if (!votes.words.empty()) votes.words += "; ";
    votes.words += what + " from " + listed(senders);
  }
  return votes;
}

/// Who proposed what, a sentence for each value.
std::vector<EventId> tell_inputs(Story& story, const AgreementInstance& instance) {
  constexpr std::size_t kMostValues = 4;
  std::vector<EventId> told;
  std::vector<const Proposal*> firsts;
  for (const Proposal& p : instance.proposals) {
    const bool known = std::any_of(firsts.begin(), firsts.end(),
                                   [&](const Proposal* f) { return f->value == p.value; });
    if (!known && firsts.size() < kMostValues) firsts.push_back(&p);
  }
  for (const Proposal* first : firsts) {
    std::vector<std::string> names;
    for (const Proposal& p : instance.proposals) {
      if (p.value == first->value) names.push_back(party(story, p.process));
    }
    Sentence s{first->event};
    s.text = fmt::format("{} proposed {}.", listed(names), content_text(first->value));
    s.needed = true;
    told.push_back(first->event);
    story.tell(std::move(s));
  }
  return told;
}

void tell_decision(Story& story, const Agreements& all, const AgreementInstance& instance,
                   const Decided& d, const std::vector<EventId>& inputs, std::string kind) {
  EventId since = 0;
  for (const AgreementInstance& other : all.instances) {
    for (const Decided& before : other.decisions) {
      if (before.process == d.process && before.event < d.event) {
        since = std::max(since, before.event);
      }
    }
  }
  // A message says which round it is of, or not which agreement.
  const Votes votes = votes_of(story, d.process, d.round != 0 ? 0 : since, d.event, d.round);
  Sentence s{d.event};
  s.text = event_words(story.graph(), d.event);
  if (!votes.words.empty()) s.text += ", having received " + votes.words;
  s.text += ".";
  s.needed = true;
  s.kind = std::move(kind);
  s.named = votes.faulty;
  s.because = inputs;
  for (const Proposal& p : instance.proposals) {
    if (!(p.value == d.value) || p.event > d.event) continue;
    story.connect(p.event, d.event, kNobody);
    break;
  }
  story.tell(std::move(s));
}

// --- termination ---

/// The last message that a process has sent to others, by its kind.
std::string last_sent(const Story& story, NodeId node) {
  std::string last;
  for (const TraceEvent& e : story.trace().events) {
    if (e.kind == TraceKind::send && e.node == node && e.peer != node) last = message_words(e);
  }
  return last;
}

void tell_losses_to(Story& story, NodeId node, std::vector<EventId>& because) {
  const CausalGraph& graph = story.graph();
  std::size_t told = 0;
  for (const TraceEvent& e : story.trace().events) {
    if (e.kind != TraceKind::lose || e.peer != node || told == kMostLostToOne) continue;
    Sentence s{e.id};
    s.text = event_words(graph, e.id) + ".";
    s.kind = fmt::format("lost {} to {}", message_words(e), role_of(story.trace(), node));
    s.needed = true;
    because.push_back(e.id);
    story.tell(std::move(s));
    ++told;
  }
}

void tell_undecided(Story& story, const AgreementInstance& instance, EventId proposed) {
  const Trace& trace = story.trace();
  const NodeId node = story.graph().at(proposed).node;
  Sentence input{proposed};
  input.text = event_words(story.graph(), proposed) + ".";
  input.needed = true;
  story.tell(std::move(input));
  EventId last = proposed;
  for (const TraceEvent& e : trace.events) {
    if (e.node == node && e.id > proposed && e.kind != TraceKind::lose) last = e.id;
  }
  Sentence s{last};
  s.because = {proposed};
  tell_losses_to(story, node, s.because);
  const Votes votes = votes_of(story, node, 0, trace.events.size() + 1, 0);
  s.text =
      fmt::format("{} did nothing after this and never decided", printable(node_name(trace, node)));
  if (!votes.words.empty()) s.text += "; it had received " + votes.words;
  s.text += ".";
  s.named = votes.faulty;
  s.needed = true;
  const std::string sent = last_sent(story, node);
  s.kind = fmt::format("never decided at {}{}", role_of(trace, node),
                       instance.decisions.empty() ? "" : ", others did");
  if (!sent.empty()) s.kind += ", last sent " + sent;
  story.connect(proposed, story.graph().step_of(last), kNobody);
  story.tell(std::move(s));
}

bool tell_open_agreement(Story& story, const AgreementInstance& instance, const Finding& finding) {
  const Value* undecided = finding.witness.find("undecided");
  if (undecided == nullptr || undecided->as_list() == nullptr) return false;
  std::size_t told = 0;
  for (const Value& each : *undecided->as_list()) {
    const auto proposed = static_cast<EventId>(integer_field(each, "event", 0));
    if (!story.graph().has(proposed) || told == kMostUndecided) continue;
    tell_undecided(story, instance, proposed);
    ++told;
  }
  std::set<NodeId> down = crashed_at_end(story.trace());
  for (const TraceEvent& e : story.trace().events) {
    if (e.kind != TraceKind::fault || !is_named(e.name, "Crash") || down.erase(e.node) == 0) {
      continue;
    }
    Sentence s{e.id};
    s.text = event_words(story.graph(), e.id) + " and did not recover.";
    s.kind = "crash of " + role_of(story.trace(), e.node);
    s.needed = true;
    story.tell(std::move(s));
  }
  return told > 0;
}

/// What of two different decisions tells one cause from another.
std::string how_different(const std::vector<const Decided*>& pair) {
  if (pair.size() < 2 || pair[0]->round == 0) return {};
  return pair[0]->round == pair[1]->round ? " in one round" : " in different rounds";
}

}  // namespace

bool tell_decisions(Story& story, const Finding& finding) {
  const Agreements all = read_agreements(story.trace());
  const std::string_view name = text_field(finding.witness, "instance");
  const auto instance = std::find_if(all.instances.begin(), all.instances.end(),
                                     [&](const auto& each) { return each.name == name; });
  if (instance == all.instances.end()) return false;
  const std::string reason = printable(text_field(finding.witness, "reason"));
  if (finding.property == "termination") {
    if (!tell_open_agreement(story, *instance, finding)) return false;
  } else {
    std::vector<const Decided*> decisions;
    for (const Decided& d : instance->decisions) {
      if (std::binary_search(finding.events.begin(), finding.events.end(), d.event)) {
        decisions.push_back(&d);
      }
    }
    if (decisions.empty()) return false;
    const std::vector<EventId> inputs = tell_inputs(story, *instance);
    for (const EventId id : finding.events) {  // inputs that matter and were not the first
      if (!story.graph().has(id) || !is_note(story.graph().at(id), "Propose")) continue;
      if (std::find(inputs.begin(), inputs.end(), id) != inputs.end()) continue;
      Sentence s{id};
      s.text = event_words(story.graph(), id) + ".";
      s.needed = true;
      story.tell(std::move(s));
    }
    for (const Decided* d : decisions) {
      const std::string kind = fmt::format("{}{} at {}", reason, how_different(decisions),
                                           role_of(story.trace(), d->process));
      tell_decision(story, all, *instance, *d, inputs, kind);
    }
  }
  story.conclude("So " + printable(finding.summary));
  return true;
}

}  // namespace sibyl::analysis
