// Exhaustive search: which of the two ways, and the search over numbers for a scenario.
#include "scenarios/exhaustive.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/core.h>

#include "scenarios/combined_causes.hpp"
#include "scenarios/exhaustive_judge.hpp"
#include "scenarios/probes.hpp"
#include "scenarios/state_search.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

namespace {

/// Whether a behaviour treats the two nodes alike, in every message.
bool treats_alike(const byzantine::Behaviour& behaviour, const Renaming& exchanged) {
  if (std::holds_alternative<byzantine::Deaf>(behaviour)) return true;
  if (const auto* silence = std::get_if<byzantine::Silence>(&behaviour)) return silence->after == 0;
  const auto open = [](const byzantine::Scope& scope) {
    return scope.to.empty() && scope.where.empty();
  };
  if (const auto* omission = std::get_if<byzantine::Omission>(&behaviour)) {
    return open(omission->scope);
  }
  const auto* instead = std::get_if<byzantine::Instead>(&behaviour);
  if (instead == nullptr || !open(instead->scope)) return false;  // it may do so all the same
  Renaming same(exchanged.size());
  std::iota(same.begin(), same.end(), 0U);
  return std::all_of(instead->messages.begin(), instead->messages.end(), [&](const Message& m) {
    Hasher one(same);
    Hasher other(exchanged);
    m.hash_into(one);
    m.hash_into(other);
    return one.value() == other.value();
  });
}

bool links_alike(const Network& network, const Renaming& exchanged) {
  const auto count = static_cast<std::uint32_t>(exchanged.size());
  for (std::uint32_t a = 0; a < count; ++a) {
    for (std::uint32_t b = 0; b < count; ++b) {
      const LinkProfile& one = network.profile({a}, {b});
      const LinkProfile& other = network.profile({exchanged[a]}, {exchanged[b]});
      if (one.loss.scaled != other.loss.scaled || one.duplicate.scaled != other.duplicate.scaled ||
          one.fifo != other.fifo) {
        return false;
      }
    }
  }
  return true;
}

/// The protocol's groups of nodes, without the faulty ones; none where these, or the links, do not
/// treat alike the nodes of a group.
std::vector<std::vector<NodeId>> exchangeable(const Scenario& scenario) {
  if (!scenario.protocol->symmetric) return {};
  std::vector<std::string> roles;
  for (const TraceNode& node : scenario.nodes) roles.push_back(node.role);
  const Network network(scenario.world.network, roles);
  std::vector<std::vector<NodeId>> groups = scenario.protocol->symmetric(scenario.setup);
  for (std::vector<NodeId>& group : groups) {
    std::erase_if(group, [&](NodeId node) { return scenario.nodes[node.value].faulty; });
    for (std::size_t i = 1; i < group.size(); ++i) {
      Renaming exchanged(scenario.nodes.size());
      std::iota(exchanged.begin(), exchanged.end(), 0U);
      std::swap(exchanged[group[0].value], exchanged[group[i].value]);
      if (!links_alike(network, exchanged)) return {};
      for (const ByzantineNode& faulty : scenario.byzantine) {
        for (const byzantine::Behaviour& behaviour : faulty.behaviours) {
          if (!treats_alike(behaviour, exchanged)) return {};
        }
      }
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
  return groups;
}

/// The search over numbers, for a scenario.
class NumberSearch final : public StateSearch::Listener, public RunAgain {
 public:
  NumberSearch(const Scenario& scenario, const ExhaustiveOptions& options, ExhaustiveResult& result)
      : scenario_(scenario),
        options_(options),
        result_(result),
        judge_(scenario, options, result) {}

  /// When a clock was read, or something asked for that all nodes have in common, all has to be
  /// done again: the one belongs to the state, the other makes steps depend on more than their
  /// nodes.
  StateSearch::End run(bool by_time) {
    StateSearchOptions bounds;
    bounds.states = options_.states;
    bounds.depth = std::min(options_.depth, scenario_.limits.events);
    bounds.queue = scenario_.limits.queue;
    bounds.memory = options_.memory;
    bounds.others = [this] { return judge_.memory_bytes(); };
    bounds.merge = options_.merge;
    bounds.reduce = options_.reduce;
    bounds.binding = options_.binding;
    if (options_.reduce) bounds.symmetric = exchangeable(scenario_);
    bounds.deadline = scenario_.limits.deadline;
    bounds.tick = [this] {
      copy_counts();
      if (options_.progress) options_.progress(result_);
      return options_.stop && options_.stop();
    };
    StateSearch search(judge_.root(), bounds, by_time, *this);
    search_ = &search;
    const StateSearch::End end = search.run();
    copy_counts();
    if (end != StateSearch::End::clock_read && end != StateSearch::End::common_asked) {
      say_what_is_missing(end);
    }
    return end;
  }

  void ended(Outcome outcome) override { judge(outcome); }
  void cut_off() override { judge(Outcome::limit); }
  void broken() override {}
  void unbound() override {
    for (FoundCause& f : result_.found) {
      if (f.property == "binding") {
        ++f.count;
        return;
      }
    }
    result_.found.push_back(
        {"binding", "two values behind one output",
         "After an output, two values can still be put out in different continuations. (No single "
         "run shows that: there is no scenario.)",
         result_.judged, 1, 0, Value()});
  }
  void hit(const std::string& probe) override { ++result_.probes[probe]; }
  void again() override {
    for (auto& [probe, hits] : result_.probes) hits = 0;
  }
  void returned(std::size_t since) override {
    judge_.judge_cycle(search_->shown(), search_->state(),
                       {since, search_->luck_since(since), search_->now() > search_->now_at(since)},
                       *this);
  }

  using RunAgain::record;
  Recorded record(const World& root, Outcome outcome, std::size_t steps,
                  std::uint64_t* events) const override {
    const std::vector<PathStep> path = search_->path();
    std::vector<SentOn> lost;
    // Where a run ends, what has not come is lost.
    if (outcome == Outcome::quiescent) lost = under_way_at_end(root, path);
    PathChoices lead(path, search_->steps(), std::move(lost));
    World world = root;
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    ScheduleRecorder decisions(lead);
    for (std::size_t i = 0; i < std::min(path.size(), steps); ++i) {
      lead.begin(i);
      world.step(decisions);
    }
    if (events != nullptr) *events = world.counters().events;
    Recorded run;
    run.schedule.decisions = decisions.schedule();
    finish_record(run, world, outcome, scenario_.id, recorder);
    return run;
  }

 private:
  /// The messages that the run leaves under way.
  std::vector<SentOn> under_way_at_end(const World& root, const std::vector<PathStep>& path) const {
    PathChoices lead(path, search_->steps(), {});
    World world = root;
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    for (std::size_t i = 0; i < path.size(); ++i) {
      lead.begin(i);
      world.step(lead);
    }
    std::map<EventId, SentOn> open;
    std::map<std::pair<NodeId, NodeId>, std::uint64_t> sent;
    for (const TraceEvent& e : recorder.take()) {
      if (e.kind == TraceKind::send && search_->steps().may_stay_away(e.node, e.peer)) {
        open[e.id] = {e.node, e.peer, sent[{e.node, e.peer}]++};
      }
      if (e.kind != TraceKind::receive) continue;
      for (const EventId parent : e.parents) open.erase(parent);
    }
    std::vector<SentOn> all;
    for (const auto& [id, message] : open) all.push_back(message);
    return all;
  }

  void judge(Outcome outcome) { judge_.judge(search_->shown(), search_->state(), outcome, *this); }

  void copy_counts() {
    result_.states = search_->states;
    result_.transitions = search_->transitions;
    result_.depth = search_->depth;
    result_.ends = search_->ends;
    result_.cycles = search_->cycles;
  }

  void say_what_is_missing(StateSearch::End end) {
    if (search_->steps().drew()) {
      add_incomplete(result_, fmt::format("of a drawn number ({}) only the least was tried",
                                          decision_name(*search_->steps().drew())));
    }
    if (search_->steps().cut()) add_incomplete(result_, kCut);
    if (search_->not_continued) {
      add_incomplete(result_, "a run that returns to its own state was not continued");
    }
    if (search_->came_back_exchanged) {
      add_incomplete(result_,
                     "a run that returns to its own state with nodes exchanged was not "
                     "judged as one without end");
    }
    if (search_->depth_reached) {
      add_incomplete(result_, fmt::format("the limit of {} steps a run was reached",
                                          std::min(options_.depth, scenario_.limits.events)));
    }
    if (search_->queue_reached) add_incomplete(result_, queue_was_full(scenario_));
    if (end == StateSearch::End::states) {
      add_incomplete(result_, fmt::format("the limit of {} states was reached", options_.states));
    } else if (end == StateSearch::End::memory) {
      add_incomplete(result_, fmt::format("the limit of {} bytes was reached", options_.memory));
    } else if (end == StateSearch::End::stopped) {
      add_incomplete(result_, "it was stopped");
    }
  }

  const Scenario& scenario_;
  const ExhaustiveOptions& options_;
  ExhaustiveResult& result_;
  ExhaustiveJudge judge_;
  StateSearch* search_ = nullptr;
};

}  // namespace

ExhaustiveResult explore_exhaustively(const Scenario& given, const ExhaustiveOptions& options) {
  const Scenario scenario = without_schedule(given);
  ExhaustiveResult result;
  for (const std::string& probe : probes_of(scenario.protocol->words)) result.probes[probe] = 0;
  const double begin = options.cpu ? options.cpu() : 0;
  ExhaustiveOptions with = options;
  with.progress = [&](const ExhaustiveResult& r) {
    if (options.cpu) result.cpu_seconds = options.cpu() - begin;
    if (options.progress) options.progress(r);
  };
  bool by_numbers = !options.copy && options.delays_ns.empty() &&
                    StepTable::obstacle(exhaustive_root(scenario, options, 0)).empty();
  const ExhaustiveResult empty = result;
  if (by_numbers) {
    auto end = NumberSearch(scenario, with, result).run(false);
    if (end == StateSearch::End::clock_read) {
      result = empty;
      end = NumberSearch(scenario, with, result).run(true);
    }
    by_numbers = end != StateSearch::End::common_asked;
  }
  if (!by_numbers) {
    result = empty;
    if (options.binding) add_incomplete(result, "binding was not looked at: worlds were copied");
    search_by_copying(scenario, with, result);
  }
  if (!scenario.faults.random.empty()) {
    add_incomplete(result, "of the scenario's drawn faults only the least draw was tried");
  }
  if (options.cpu) result.cpu_seconds = options.cpu() - begin;
  drop_combined(result.found);
  return result;
}

}  // namespace sibyl
