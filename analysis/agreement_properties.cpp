// Validity, integrity, agreement and termination of agreements, unanimity, and the size and the
// members of common subsets.
// Source: Cachin, Guerraoui, Rodrigues: Introduction to Reliable and Secure Distributed
// Programming, 2nd ed., 2011, chapter 5; for common subsets Ben-Or, Kelmer, Rabin: Asynchronous
// Secure Computations with Optimal Resilience, PODC 1994.
#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "analysis/agreement_reading.hpp"
#include "analysis/checks.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string party_name(const Trace& trace, NodeId process) {
  return printable(node_name(trace, process));
}

/// "P0 decided 1 in round 2".
std::string decision_words(const Trace& trace, const Agreements& all, const Decided& d) {
  const bool down = all.crashed.count(d.process) > 0;
  return fmt::format("{}{} {}", party_name(trace, d.process), down ? " (which crashed later)" : "",
                     decided_words(d.value, d.round));
}

Value agreement_witness(const AgreementInstance& instance, const char* reason) {
  return Value().set("instance", Value(instance.name)).set("reason", reason);
}

Finding violation_by(const Trace& trace, const Agreements& all, const AgreementInstance& instance,
                     const Decided& d, const char* reason, const std::string& why,
                     std::vector<EventId> more = {}) {
  Value witness = agreement_witness(instance, reason);
  witness.set("process", node_name(trace, d.process)).set("event", number(d.event));
  more.push_back(d.event);
  return violated(trace,
                  fmt::format("{}{}, {}.", decision_words(trace, all, d), all.where(instance), why),
                  std::move(more), std::move(witness));
}

bool is_bit(const Value& value) {
  const std::int64_t* bit = value.as_int();
  return bit != nullptr && (*bit == 0 || *bit == 1);
}

/// The first proposal of the value; null when there is none.
const Proposal* proposal_of(const AgreementInstance& instance, const Value& value) {
  for (const Proposal& p : instance.proposals) {
    if (p.value == value) return &p;
  }
  return nullptr;
}

// --- agreement ---

Finding decisions_agree(const Trace& trace, bool uniform) {
  const Agreements all = read_agreements(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  std::size_t judged = 0;
  std::size_t instances = 0;
  for (const AgreementInstance& instance : all.instances) {
    std::vector<const Decided*> different;  // by value and process, the first of each
    const std::size_t before = judged;
    for (const Decided& d : instance.decisions) {
      if (!uniform && !all.is_correct(d.process)) continue;
      if (d.value.is_null()) continue;
      ++judged;
      for (const Decided* other : different) {
        if (other->process == d.process || other->value == d.value) continue;
        Value witness = agreement_witness(instance, "different decisions");
        witness.set("p", node_name(trace, other->process)).set("q", node_name(trace, d.process));
        witness.set("at_p", other->value).set("at_q", d.value);
        return violated(trace,
                        fmt::format("{}, but {}{}.", decision_words(trace, all, *other),
                                    decision_words(trace, all, d), all.where(instance)),
                        {other->event, d.event}, std::move(witness));
      }
      // Of one value those of two processes are enough: one of them is another's than any third.
      const auto same = std::count_if(different.begin(), different.end(),
                                      [&](const Decided* o) { return o->value == d.value; });
      const bool again = std::any_of(different.begin(), different.end(), [&](const Decided* o) {
        return o->value == d.value && o->process == d.process;
      });
      if (same < 2 && !again) different.push_back(&d);
    }
    instances += judged > before ? 1 : 0;
  }
  if (judged == 0) return vacuous("No correct process decided anything.");
  return holds(fmt::format("{} in {}, of one value in each.", counted(judged, "decision"),
                           counted(instances, "agreement")));
}

// --- termination ---

struct Undecided {
  const AgreementInstance* instance = nullptr;
  std::vector<const Proposal*> proposals;  ///< of the correct processes that have not decided
};

Finding judge_undecided(const Trace& trace, const Agreements& all,
                        const std::vector<Undecided>& open) {
  const Liveness liveness = liveness_of(trace);
  const Undecided& first = open.front();
  std::vector<std::string> names;
  std::vector<EventId> events;
  Value::List processes;
  for (const Proposal* p : first.proposals) {
    names.push_back(party_name(trace, p->process));
    events.push_back(p->event);
    processes.push_back(Value().set("process", node_name(trace, p->process)));
    processes.back().set("proposed", p->value).set("event", number(p->event));
  }
  std::string summary =
      fmt::format("{} never decided{}", listed(names), all.where(*first.instance));
  if (open.size() > 1) {
    summary += fmt::format(" (and so in {})", counted(open.size() - 1, "other agreement"));
  }
  summary += fmt::format("; {}.", liveness.why);
  if (!liveness.decided) return inconclusive(summary);
  Value witness = agreement_witness(*first.instance, "never decided");
  witness.set("undecided", std::move(processes));
  Finding finding = violated(trace, summary, std::move(events), std::move(witness));
  if (finding.window) finding.window->second = trace.end;  // it is open to the last
  return finding;
}

/// Correct processes that are paused at the end may have inputs that nobody has seen.
std::optional<std::string> held_back(const Trace& trace, const Agreements& all) {
  for (const AgreementInstance& instance : all.instances) {
    std::vector<std::string> names;
    for (const NodeId process : all.without_input(instance)) {
      if (all.paused.count(process) > 0) names.push_back(party_name(trace, process));
    }
    if (names.empty()) continue;
    return fmt::format("{} had proposed nothing{} when a pause began that does not end.",
                       listed(names), all.where(instance));
  }
  return std::nullopt;
}

// --- subsets ---

/// A member of a subset, [party's name, input].
struct Member {
  std::string name;
  const Value* input = nullptr;
};

/// What is put out as a list of members; none when it has another form.
std::optional<std::vector<Member>> members_of(const Value& value) {
  const Value::List* list = value.as_list();
  if (list == nullptr) return std::nullopt;
  std::vector<Member> members;
  for (const Value& each : *list) {
    const Value::List* pair = each.as_list();
    if (pair == nullptr || pair->size() != 2 || pair->front().as_string() == nullptr) {
      return std::nullopt;
    }
    members.push_back({*pair->front().as_string(), &pair->back()});
  }
  return members;
}

constexpr const char* kNoSubset = "which is no list of parties with their inputs";

NodeId party_named(const Trace& trace, const std::string& name) {
  for (std::uint32_t i = 0; i < trace.nodes.size(); ++i) {
    if (trace.nodes[i].name == name) return {i};
  }
  return kNobody;
}

/// What is wrong with the members of a decision: the reason as a witness has it, and in words.
struct Wrong {
  const char* reason = nullptr;
  std::string words;
  std::vector<EventId> events;
};

Wrong wrong_member(const Trace& trace, const AgreementInstance& instance, const Decided& d,
                   const std::vector<Member>& members) {
  std::set<std::string> seen;
  for (const Member& member : members) {
    const std::string name = printable(member.name);
    if (!seen.insert(member.name).second) return {"member twice", name + " is in twice", {}};
    const NodeId node = party_named(trace, member.name);
    if (node == kNobody) return {"no party", fmt::format("there is no party {}", name), {}};
    if (is_faulty(trace, node)) continue;  // what its input is nobody can tell
    const Proposal* mine = nullptr;
    const Proposal* right = nullptr;
    for (const Proposal& p : instance.proposals) {
      if (p.process != node) continue;
      mine = mine == nullptr ? &p : mine;
      if (p.event < d.event && p.value == *member.input) right = &p;
    }
    if (right != nullptr) continue;
    const std::string with = fmt::format("{} is in with {}", name, content_text(*member.input));
    if (mine == nullptr) return {"never proposed", with + " and proposed nothing", {}};
    if (mine->event > d.event)
      return {"proposed later", with + " and proposed later", {mine->event}};
    return {"another input",
            fmt::format("{} and proposed {}", with, content_text(mine->value)),
            {mine->event}};
  }
  return {};
}

/// Goes through the decisions of correct processes in common subsets; `judge` answers a violation
/// or nothing.
template <class Judge>
Finding check_subsets(const Trace& trace, const Agreements& all, Judge judge,
                      const char* what_holds) {
  if (all.problem) return inconclusive(*all.problem + ".");
  std::size_t judged = 0;
  for (const AgreementInstance& instance : all.instances) {
    if (!instance.is_subset()) continue;
    for (const Decided& d : instance.decisions) {
      if (!all.is_correct(d.process)) continue;
      ++judged;
      const auto members = members_of(d.value);
      if (!members) return violation_by(trace, all, instance, d, "no subset", kNoSubset);
      if (std::optional<Finding> bad = judge(instance, d, *members)) return std::move(*bad);
    }
  }
  if (judged == 0) return vacuous("No correct process decided on a common subset.");
  return holds(fmt::format("{} of common subsets, {}.", counted(judged, "decision"), what_holds));
}

}  // namespace

Finding check_decision_agreement(const Trace& trace) { return decisions_agree(trace, false); }

Finding check_decision_uniform_agreement(const Trace& trace) {
  return decisions_agree(trace, true);
}

Finding check_decision_validity(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  std::size_t judged = 0;
  for (const AgreementInstance& instance : all.instances) {
    if (instance.is_subset()) continue;  // see subset_validity
    for (const Decided& d : instance.decisions) {
      if (!all.is_correct(d.process) || d.value.is_null()) continue;
      const Proposal* from = proposal_of(instance, d.value);
      // A value that is no bit may be a faulty process's.
      if (from == nullptr && !is_bit(d.value) && !all.faulty.empty()) continue;
      ++judged;
      if (from == nullptr) {
        return violation_by(trace, all, instance, d, "nobody's input",
                            "which no correct process proposed");
      }
      if (from->event > d.event) {
        return violation_by(
            trace, all, instance, d, "proposed later",
            fmt::format("which no correct process had proposed: {} proposed it only afterwards",
                        party_name(trace, from->process)),
            {from->event});
      }
    }
  }
  if (judged == 0) return vacuous("No correct process decided on a value that can be judged.");
  return holds(
      fmt::format("{}, each on what a correct process had proposed.", counted(judged, "decision")));
}

Finding check_decision_integrity(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  std::size_t judged = 0;
  for (const AgreementInstance& instance : all.instances) {
    std::map<std::pair<NodeId, std::size_t>, const Decided*> first;
    for (const Decided& d : instance.decisions) {
      ++judged;
      const auto [earlier, fresh] = first.emplace(std::pair(d.process, d.life), &d);
      if (fresh) continue;
      const Decided& before = *earlier->second;
      return violation_by(
          trace, all, instance, d, "decided twice",
          fmt::format("having {} before", decided_words(before.value, before.round)),
          {before.event});
    }
  }
  if (judged == 0) return vacuous("No process decided.");
  return holds(fmt::format("{}, each the first of its process in its agreement.",
                           counted(judged, "decision")));
}

Finding check_decision_termination(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  std::size_t judged = 0;
  std::size_t excused = 0;
  bool wait_for_inputs = false;
  std::vector<Undecided> open;
  for (const AgreementInstance& instance : all.instances) {
    std::set<NodeId> done;
    for (const Decided& d : instance.decisions) done.insert(d.process);
    Undecided missing{&instance, {}};
    for (const Proposal& p : instance.proposals) {
      if (!all.is_correct(p.process)) continue;
      ++judged;
      if (done.insert(p.process).second) missing.proposals.push_back(&p);
    }
    if (missing.proposals.empty()) continue;
    if (all.without_input(instance).empty()) {
      open.push_back(std::move(missing));
    } else {
      excused += missing.proposals.size();
      wait_for_inputs = true;
    }
  }
  if (!open.empty()) return judge_undecided(trace, all, open);
  if (const auto held = held_back(trace, all)) return inconclusive(*held);
  if (judged == 0) return vacuous("No correct process proposed anything.");
  if (wait_for_inputs) {
    const Liveness liveness = liveness_of(trace);
    if (!liveness.decided) {
      return inconclusive(
          fmt::format("{} of correct processes did not end, and not all correct processes had "
                      "proposed; {}.",
                      counted(excused, "agreement"), liveness.why));
    }
    if (excused == judged) {
      return vacuous("Not all correct processes proposed; then none has to decide, and none did.");
    }
  }
  return holds(fmt::format("{} of correct processes led to a decision{}.",
                           counted(judged - excused, "proposal"),
                           excused == 0 ? "" : ", all that had to"));
}

Finding check_unanimity(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  if (all.problem) return inconclusive(*all.problem + ".");
  if (all.instances.empty()) return vacuous("Nothing was agreed on.");
  std::size_t judged = 0;
  std::optional<Finding> undecided;
  for (const AgreementInstance& instance : all.instances) {
    if (instance.is_subset() || instance.proposals.empty()) continue;
    const Value& input = instance.proposals.front().value;
    const bool alike = std::all_of(instance.proposals.begin(), instance.proposals.end(),
                                   [&](const Proposal& p) { return p.value == input; });
    if (!alike) continue;
    for (const Decided& d : instance.decisions) {
      if (!all.is_correct(d.process)) continue;
      ++judged;
      if (d.value == input) continue;
      const std::string why =
          fmt::format("although all inputs of correct processes were {}", content_text(input));
      // Whoever has not proposed may still propose something else.
      const Liveness liveness = liveness_of(trace);
      if (!liveness.decided && !all.without_input(instance).empty()) {
        undecided = inconclusive(fmt::format("{}{}, {} so far; {}.", decision_words(trace, all, d),
                                             all.where(instance), why, liveness.why));
        continue;
      }
      return violation_by(trace, all, instance, d, "against equal inputs", why,
                          {instance.proposals.front().event});
    }
  }
  if (undecided) return std::move(*undecided);
  if (judged == 0) {
    return vacuous(
        "In no agreement with decisions were the inputs of all correct processes equal.");
  }
  return holds(fmt::format("{}, each on what every correct process had proposed.",
                           counted(judged, "decision")));
}

Finding check_subset_size(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  return check_subsets(
      trace, all,
      [&](const AgreementInstance& instance, const Decided& d,
          const std::vector<Member>& members) -> std::optional<Finding> {
        std::set<std::string> different;
        for (const Member& member : members) different.insert(member.name);
        if (different.size() >= static_cast<std::size_t>(instance.least)) return std::nullopt;
        return violation_by(trace, all, instance, d, "too few members",
                            fmt::format("which has {}; it must have {} at least",
                                        counted(different.size(), "member"), instance.least));
      },
      "each of as many members as it must have");
}

Finding check_subset_validity(const Trace& trace) {
  const Agreements all = read_agreements(trace);
  return check_subsets(
      trace, all,
      [&](const AgreementInstance& instance, const Decided& d,
          const std::vector<Member>& members) -> std::optional<Finding> {
        const Wrong wrong = wrong_member(trace, instance, d, members);
        if (wrong.reason == nullptr) return std::nullopt;
        return violation_by(trace, all, instance, d, wrong.reason, "where " + wrong.words,
                            wrong.events);
      },
      "whose correct members are in with what they had proposed");
}

}  // namespace sibyl::analysis
