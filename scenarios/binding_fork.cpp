// Continuations of a world from a first decision on.
#include "scenarios/binding_fork.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "scenarios/state_set.hpp"
#include "sim/notes.hpp"

namespace sibyl {

void DecisionWatch::on_step(const Step& step) {
  if (step.kind != TraceKind::note || step.type != &kTypeInfo<note::Decide>) return;
  if (step.node.value < nodes_.size() && nodes_[step.node.value].faulty) return;
  const auto& decided = *static_cast<const note::Decide*>(step.body);
  seen.push_back({step.node, decided.instance, decided.value});
}

bool step_within(World& world, Choices& choices, const Limits& limits) {
  const std::uint64_t before = world.counters().events;
  if (before >= limits.events) return false;
  Limits one = limits;
  one.events = 1;
  world.run(choices, one);
  return world.counters().events != before;
}

Outputs::Outputs(const std::vector<TraceNode>& nodes, const PutOut& first)
    : instance_(first.instance) {
  for (const TraceNode& node : nodes) done_.push_back(node.faulty);
  add(first);
}

bool Outputs::add(const PutOut& decision) {
  if (decision.instance != instance_ || decision.node.value >= done_.size()) return false;
  if (done_[decision.node.value]) return false;
  done_[decision.node.value] = true;
  return true;
}

bool Outputs::all_done(const World& world) const {
  for (std::uint32_t i = 0; i < done_.size(); ++i) {
    if (!done_[i] && world.is_up({i})) return false;
  }
  return true;
}

void Outputs::hash_into(Hasher& h) const {
  for (const bool one : done_) h.add(one ? 1 : 0);
}

struct ForkSearch::Frame {
  Frame(World w, Outputs o) : world(std::move(w)), outputs(std::move(o)) {}
  World world;
  Outputs outputs;
  StepAnswers choices;  ///< of the step that is being tried
  bool tried = false;
};

void ForkSearch::run() {
  const std::vector<Value> before = known;
  if (search(false)) return;
  // A clock was read: then the time belongs to the state, and all has to be done again.
  known = before;
  reached.clear();
  search(true);
}

bool ForkSearch::search(bool by_time) {
  std::vector<std::unique_ptr<Frame>> stack;
  StateSet visited;
  complete = true;
  states = 0;
  const auto enter = [&](std::unique_ptr<Frame> frame) {
    Hasher h;
    h.add(frame->world.state_hash(true));
    if (by_time || limits_.deadline != kNever) {
      h.add(static_cast<std::uint64_t>(frame->world.now().ns));
    }
    frame->outputs.hash_into(h);
    if (!visited.insert(h.value())) return;
    ++states;
    if (!frame->outputs.all_done(frame->world)) stack.push_back(std::move(frame));
  };
  const auto answers_so_far = [&] {
    std::vector<std::uint32_t> all;
    for (const auto& frame : stack) {
      all.insert(all.end(), frame->choices.answers.begin(), frame->choices.answers.end());
    }
    return all;
  };
  enter(std::make_unique<Frame>(fork_, Outputs(fork_.nodes(), first_)));
  while (!stack.empty() && known.size() < 2) {
    if (states >= most_) {
      complete = false;
      break;
    }
    Frame& top = *stack.back();
    if (top.tried && !top.choices.advance()) {
      stack.pop_back();
      continue;
    }
    top.tried = true;
    top.choices.rewind();
    auto next = std::make_unique<Frame>(top.world, top.outputs);
    DecisionWatch watch(fork_.nodes());
    next->world.set_observer(&watch);
    const bool went = step_within(next->world, top.choices, limits_);
    next->world.set_observer(nullptr);
    if (!by_time && next->world.clock_reads() != fork_.clock_reads()) return false;
    if (top.choices.drew || top.choices.cut) complete = false;
    if (!went) {
      const bool cut_off = next->world.pending() != 0;
      complete = complete && !cut_off;
      stack.pop_back();
      continue;
    }
    for (const PutOut& d : watch.seen) {
      if (!next->outputs.add(d) || d.value.is_null()) continue;
      if (std::find(known.begin(), known.end(), d.value) != known.end()) continue;
      known.push_back(d.value);
      reached.push_back({d.value, d.node, answers_so_far()});
    }
    enter(std::move(next));
  }
  return true;
}

}  // namespace sibyl
