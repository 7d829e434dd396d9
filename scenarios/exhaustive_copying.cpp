// Exhaustive search with a copy of the world for each step: slow, and fit for everything that a
// world can have. Also the independent count beside the search over numbers.
#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "scenarios/exhaustive_judge.hpp"
#include "scenarios/shown.hpp"
#include "scenarios/state_set.hpp"
#include "sim/hash.hpp"
#include "sim/schedule.hpp"
#include "sim/step_table.hpp"

namespace sibyl {

namespace {

struct Frame {
  Frame(World w, Shown s, const std::vector<std::int64_t>& delays)
      : world(std::move(w)), shown(std::move(s)) {
    choices.delays = delays;
  }
  World world;
  Shown shown;
  std::uint64_t hash = 0;
  StepAnswers choices;  ///< of the step that is being tried
  bool tried = false;
};

class Search final : public RunAgain {
 public:
  Search(const Scenario& scenario, const ExhaustiveOptions& options, ExhaustiveResult& result)
      : scenario_(scenario),
        options_(options),
        result_(result),
        judge_(scenario, options, result) {}

  /// False when a clock was read: then the time belongs to the state, and all has to be done again.
  bool run(bool by_time) {
    by_time_ = by_time;
    push(judge_.root(), Shown(scenario_.nodes.size() + 1));
    result_.states = 1;
    deadline_ = scenario_.limits.deadline;
    while (!stack_.empty() && !full()) {
      if (++result_.transitions % 1024 == 0) {
        if (options_.progress) options_.progress(result_);
        if (options_.stop && options_.stop()) {
          add_incomplete(result_, "it was stopped");
          break;
        }
      }
      advance();
      if (clock_read_ && !by_time_) return false;
    }
    return true;
  }

  using RunAgain::record;
  Recorded record(const World& root, Outcome outcome, std::size_t steps,
                  std::uint64_t* events) const override {
    StepAnswers answers;
    answers.delays = options_.delays_ns;
    for (const auto& frame : stack_) {
      const auto& more = frame->choices;
      answers.answers.insert(answers.answers.end(), more.answers.begin(), more.answers.end());
      answers.alternatives.insert(answers.alternatives.end(), more.alternatives.begin(),
                                  more.alternatives.end());
    }
    World world = root;
    TraceRecorder recorder(world.nodes());
    world.set_observer(&recorder);
    ScheduleRecorder decisions(answers);
    for (std::size_t i = 0; i < std::min(stack_.size(), steps); ++i) {
      world.run(decisions, one_step());
    }
    if (events != nullptr) *events = world.counters().events;
    Recorded run;
    run.schedule.decisions = decisions.schedule();
    run.asynchronous = options_.delays_ns.empty();
    finish_record(run, world, outcome, scenario_.id, recorder);
    return run;
  }

 private:
  /// Not beyond the deadline.
  Limits one_step() const {
    Limits one = scenario_.limits;
    one.events = 1;
    return one;
  }

  bool full() {
    if (result_.states > options_.states) {
      result_.states = options_.states;
      add_incomplete(result_, fmt::format("the limit of {} states was reached", options_.states));
      return true;
    }
    if (memory_bytes() > options_.memory) {
      add_incomplete(result_, fmt::format("the limit of {} bytes was reached", options_.memory));
      return true;
    }
    return false;
  }

  /// The worlds of the path are estimated, by the newest.
  std::size_t memory_bytes() const {
    constexpr std::size_t kMapNode = 64;
    constexpr std::size_t kNodeBytes = 1024;
    const Frame& top = *stack_.back();
    const std::size_t frame = sizeof(Frame) + top.world.memory_bytes() + top.shown.memory_bytes() +
                              top.world.nodes().size() * kNodeBytes;
    return visited_.bytes() + on_path_.size() * kMapNode + stack_.size() * frame +
           judge_.memory_bytes();
  }

  std::uint64_t hash_of(const Frame& frame) const {
    Hasher h;
    h.add(frame.world.state_hash(true));
    if (by_time_ || deadline_ != kNever) {
      h.add(static_cast<std::uint64_t>(frame.world.now().ns));
    }
    frame.shown.hash_into(h);
    return h.value();
  }
  static std::uint64_t shown(const Frame& frame) {
    Hasher h;
    frame.shown.hash_into(h);
    return h.value();
  }

  void push(const World& world, Shown shown) {
    stack_.push_back(std::make_unique<Frame>(world, std::move(shown), options_.delays_ns));
    Frame& top = *stack_.back();
    top.hash = hash_of(top);
    visited_.insert(top.hash);
    on_path_.insert({top.hash, 0}).first->second++;
    result_.depth = std::max<std::uint64_t>(result_.depth, stack_.size() - 1);
  }

  void pop() {
    const auto it = on_path_.find(stack_.back()->hash);
    if (--it->second == 0) on_path_.erase(it);
    stack_.pop_back();
  }

  /// Takes the next step of the newest state, or goes back.
  void advance() {
    Frame& top = *stack_.back();
    if (top.tried && !top.choices.advance()) {
      pop();
      --result_.transitions;
      return;
    }
    top.tried = true;
    top.choices.rewind();
    auto next = std::make_unique<Frame>(top.world, top.shown, options_.delays_ns);
    ShownRecorder recorder(next->shown);
    next->world.set_observer(&recorder);
    const std::uint64_t before = next->world.counters().events;
    const Outcome outcome = next->world.run(top.choices, one_step());
    const bool went = next->world.counters().events != before;
    next->world.set_observer(nullptr);
    clock_read_ = clock_read_ || next->world.clock_reads() != 0;
    if (top.choices.drew) {
      add_incomplete(result_, fmt::format("of a drawn number ({}) only the least was tried",
                                          decision_name(*top.choices.drew)));
    }
    if (top.choices.cut) add_incomplete(result_, kCut);
    if (!went) {  // nothing is left to happen, or a limit keeps it from happening
      next->hash = hash_of(*next);
      const bool full = outcome == Outcome::limit && goes_on_without_limit(top);
      if (full) add_incomplete(result_, queue_was_full(scenario_));
      result_.ends += full ? 0 : 1;
      --result_.transitions;
      judge_.judge(shown(*next), next->hash, outcome, *this);
      pop();
      return;
    }
    for (const std::string& hit : recorder.hits) ++result_.probes[hit];
    enter(std::move(next));
  }

  void enter(std::unique_ptr<Frame> next) {
    next->hash = hash_of(*next);
    if (on_path_.contains(next->hash)) {
      ++result_.cycles;
      came_back(*next);
      if (!options_.merge) {
        add_incomplete(result_, "a run that returns to its own state was not continued");
      }
      return;
    }
    const bool fresh = visited_.insert(next->hash);
    if (fresh) ++result_.states;
    if (!fresh && options_.merge) return;
    const std::uint64_t most = std::min(options_.depth, scenario_.limits.events);
    if (stack_.size() > most) {
      add_incomplete(result_, fmt::format("the limit of {} steps a run was reached", most));
      judge_.judge(shown(*next), next->hash, Outcome::limit, *this);
      return;
    }
    on_path_.insert({next->hash, 0}).first->second++;
    stack_.push_back(std::move(next));
    result_.depth = std::max<std::uint64_t>(result_.depth, stack_.size() - 1);
  }

  /// Whether only the limit on what is pending keeps the run from going on.
  bool goes_on_without_limit(const Frame& frame) const {
    World again = frame.world;
    StepAnswers least;
    least.delays = options_.delays_ns;
    Limits one = one_step();
    one.queue = std::numeric_limits<std::size_t>::max();
    again.run(least, one);
    return again.counters().events != frame.world.counters().events;
  }

  void came_back(const Frame& last) {
    ExhaustiveJudge::Cycle cycle;
    cycle.since = stack_.size() - 1;
    while (stack_[cycle.since]->hash != last.hash) --cycle.since;
    for (std::size_t i = cycle.since; i < stack_.size(); ++i) {
      cycle.by_luck = cycle.by_luck || stack_[i]->choices.luck;
    }
    cycle.time_passed = last.world.now() > stack_[cycle.since]->world.now();
    judge_.judge_cycle(shown(last), last.hash, cycle, *this);
  }

  const Scenario& scenario_;
  const ExhaustiveOptions& options_;
  ExhaustiveResult& result_;
  ExhaustiveJudge judge_;
  bool by_time_ = false;
  Time deadline_ = kNever;
  bool clock_read_ = false;
  std::vector<std::unique_ptr<Frame>> stack_;
  std::map<std::uint64_t, int> on_path_;
  StateSet visited_;
};

}  // namespace

void search_by_copying(const Scenario& scenario, const ExhaustiveOptions& options,
                       ExhaustiveResult& result) {
  const ExhaustiveResult empty = result;
  if (Search(scenario, options, result).run(false)) return;
  result = empty;
  Search(scenario, options, result).run(true);
}

}  // namespace sibyl
