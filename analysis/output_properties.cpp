// What clients of a replicated state machine accept, held against what its replicas put out.
#include <fmt/core.h>

#include "analysis/checks.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

struct Answer {
  std::string reply;
  Value value;
  EventId event = 0;
  NodeId replica;
  bool is(const std::string& other_reply, const Value& other_value) const {
    return reply == other_reply && value == other_value;
  }
  std::string text() const { return value.is_null() ? reply : reply + " " + value.text(); }
};

}  // namespace

Finding check_accepted_output(const Trace& trace) {
  FieldReader read;
  std::map<std::int64_t, std::vector<Answer>> put_out;  // by operation
  for (const TraceEvent& event : trace.events) {
    if (!is_note(event, "Output") || is_faulty(trace, event.node)) continue;
    put_out[read.integer(event, "op")].push_back(
        {read.string(event, "reply"), read.value(event, "value"), event.id, event.node});
  }
  if (read.problem()) return inconclusive(*read.problem() + ".");
  if (put_out.empty()) return vacuous("No replica reported an output.");
  std::size_t accepted = 0;
  for (const TraceEvent& event : trace.events) {
    if (!is_note(event, "Return") || is_faulty(trace, event.node)) continue;
    const std::int64_t op = read.integer(event, "op");
    const Answer returned{read.string(event, "reply"), read.value(event, "value"), event.id,
                          event.node};
    if (read.problem()) return inconclusive(*read.problem() + ".");
    ++accepted;
    const auto right = put_out.find(op);
    const std::vector<Answer> none;
    const std::vector<Answer>& answers = right == put_out.end() ? none : right->second;
    bool known = false;
    for (const Answer& answer : answers) {
      known = known || answer.is(returned.reply, returned.value);
    }
    if (known) continue;
    Value witness;
    witness.set("op", op).set("accepted", Value(returned.text()));
    const std::string client = node_name(trace, event.node);
    if (answers.empty()) {
      return violated(trace,
                      fmt::format("{} accepted {} as the output of {}, and no correct "
                                  "replica put out anything for it.",
                                  client, returned.text(), command_words(labels_of(trace), op)),
                      {event.id}, std::move(witness));
    }
    witness.set("put_out", Value(answers.front().text()));
    return violated(trace,
                    fmt::format("{} accepted {} as the output of {}, and {} put out {}.", client,
                                returned.text(), command_words(labels_of(trace), op),
                                node_name(trace, answers.front().replica), answers.front().text()),
                    {answers.front().event, event.id}, std::move(witness));
  }
  if (accepted == 0) return vacuous("No operation returned.");
  return holds(fmt::format("What was accepted for {} some correct replica had put out.",
                           counted(accepted, "operation")));
}

}  // namespace sibyl::analysis
