// Exhaustive search, depth first over the answers of each step.
#include "scenarios/exhaustive.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "analysis/causes.hpp"
#include "analysis/properties.hpp"
#include "scenarios/combined_causes.hpp"
#include "scenarios/counterexample.hpp"
#include "scenarios/cycle.hpp"
#include "scenarios/runner.hpp"
#include "sim/hash.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/schedule.hpp"

namespace sibyl {

namespace {

using analysis::Finding;
using analysis::Verdict;

/// Hashes of states, 64 bits each, by open addressing; at most three quarters full.
class StateSet {
 public:
  StateSet() : places_(std::size_t{1} << 12) {}
  /// True if it was not there.
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;
    if ((size_ + 1) * 4 > places_.size() * 3) grow();
    std::uint64_t& place = find(hash);
    if (place == hash) return false;
    place = hash;
    ++size_;
    return true;
  }
  std::size_t bytes() const { return places_.size() * sizeof(std::uint64_t); }

 private:
  std::uint64_t& find(std::uint64_t hash) {
    const std::size_t mask = places_.size() - 1;
    std::size_t i = static_cast<std::size_t>(hash * 0x9e3779b97f4a7c15U >> 20) & mask;
    while (places_[i] != 0 && places_[i] != hash) i = (i + 1) & mask;
    return places_[i];
  }
  void grow() {
    std::vector<std::uint64_t> old(places_.size() * 2);
    old.swap(places_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) find(hash) = hash;
    }
  }
  std::vector<std::uint64_t> places_;
  std::size_t size_ = 0;
};

/// What the checkers have been shown on the way to a state, so far as a verdict depends on it: the
/// notes of each node in their order, which operations had returned when another was called, the
/// order in which objects were owned and given away, and which messages were lost, however often.
class Shown final : public Observer {
 public:
  explicit Shown(std::size_t nodes) : nodes_(nodes) {}
  void on_step(const Step& step) override {
    if (step.kind == TraceKind::send || step.kind == TraceKind::receive ||
        step.kind == TraceKind::timer) {
      return;
    }
    const std::uint64_t content =
        fold_multiply(step.type->hash(step.body) ^ 0xa0761d6478bd642fU,
                      step.type->name_hash ^ static_cast<std::uint64_t>(step.kind));
    if (step.type == &kTypeInfo<note::Count>) {
      hits.emplace_back(static_cast<const note::Count*>(step.body)->what);
      return;
    }
    if (step.kind == TraceKind::lose) {
      const std::uint64_t link = std::uint64_t{step.node.value} << 32 | step.peer.value;
      const std::uint64_t one = fold_multiply(content, link ^ 0xa0761d6478bd642fU);
      const auto place = std::lower_bound(lost_.begin(), lost_.end(), one);
      if (place == lost_.end() || *place != one) lost_.insert(place, one);
      return;
    }
    if (step.type == &kTypeInfo<note::Own> || step.type == &kTypeInfo<note::Disown>) {
      add(owned_, content ^ step.node.value);
    }
    if (step.type == &kTypeInfo<note::Return> || step.type == &kTypeInfo<note::ActionDone>) {
      returned_ += content;
    }
    std::uint64_t& mine = nodes_[std::min<std::size_t>(step.node.value, nodes_.size() - 1)];
    add(mine, content);
    if (step.type == &kTypeInfo<note::Invoke> || step.type == &kTypeInfo<note::ActionCall>) {
      add(mine, returned_);
    }
  }
  void hash_into(Hasher& h) const {
    for (const std::uint64_t n : nodes_) h.add(n);
    h.add(returned_);
    h.add(owned_);
    for (const std::uint64_t one : lost_) h.add(one);
  }
  std::vector<std::string> hits;  ///< probes; they are no part of the state

 private:
  static void add(std::uint64_t& into, std::uint64_t content) {
    into = fold_multiply(into ^ 0xe7037ed1a0b428dbU, content + 0x8ebc6af09c88c6e3U) + content;
  }
  std::vector<std::uint64_t> nodes_;
  std::uint64_t returned_ = 0;
  std::uint64_t owned_ = 0;
  std::vector<std::uint64_t> lost_;  ///< sorted
};

/// Answers from a list, and the first alternative behind it; notes how many there were.
class ListChoices final : public Choices {
 public:
  explicit ListChoices(const std::vector<std::int64_t>& delays) : delays_(delays) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    const bool schedule = q.what == Decision::arrival || q.what == Decision::tie ||
                          q.what == Decision::delay || q.what == Decision::service;
    luck = luck || (!schedule && options > 1);
    if (next_ == answers.size()) {
      answers.push_back(0);
      alternatives.push_back(static_cast<std::uint32_t>(options));
    }
    if (next_ == alternatives.size()) {
      alternatives.push_back(static_cast<std::uint32_t>(options));
    }
    const std::uint64_t answer = answers[next_++];
    return answer < options ? answer : 0;  // in a replay that does not fit
  }
  std::int64_t draw(Question q, const Distribution& d) override {
    if (q.what == Decision::delay && !delays_.empty()) return delays_[pick(q, delays_.size())];
    if (d.minimum() != d.maximum()) drew = q.what;
    return d.minimum();
  }
  bool chance(Question q, Probability p) override {
    if (p.scaled == 0) return false;
    if (p.scaled >= Probability::kOne) return true;
    luck = true;
    return pick(q, 2) == 1;
  }
  /// To the next list of answers of the same step. False when all were made.
  bool advance() {
    while (!answers.empty() && answers.back() + 1 == alternatives.back()) {
      answers.pop_back();
      alternatives.pop_back();
    }
    if (answers.empty()) return false;
    ++answers.back();
    return true;
  }
  void rewind() { next_ = 0; }

  std::vector<std::uint32_t> answers;
  std::vector<std::uint32_t> alternatives;
  std::optional<Decision> drew;  ///< a number of which only the least was tried
  bool luck = false;             ///< something other than the schedule was asked for

 private:
  const std::vector<std::int64_t>& delays_;
  std::size_t next_ = 0;
};

struct Frame {
  Frame(World w, Shown s, const std::vector<std::int64_t>& delays)
      : world(std::move(w)), shown(std::move(s)), choices(delays) {}
  World world;
  Shown shown;
  std::uint64_t hash = 0;
  ListChoices choices;  ///< of the step that is being tried
  bool tried = false;
};

class Search {
 public:
  Search(const Scenario& scenario, const ExhaustiveOptions& options)
      : scenario_(scenario), options_(options), root_(make_root(0)) {
    for (const std::string& probe : scenario.protocol->words.counters) result_.probes[probe] = 0;
  }

  ExhaustiveResult run() {
    const double begin = options_.cpu ? options_.cpu() : 0;
    push(root_, Shown(scenario_.nodes.size() + 1));
    result_.states = 1;
    while (!stack_.empty() && !full()) {
      if (++result_.transitions % 1024 == 0) {
        if (options_.cpu) result_.cpu_seconds = options_.cpu() - begin;
        if (options_.progress) options_.progress(result_);
        if (options_.stop && options_.stop()) {
          incomplete("it was stopped");
          break;
        }
      }
      advance();
    }
    --result_.transitions;  // the last look found nothing
    if (options_.cpu) result_.cpu_seconds = options_.cpu() - begin;
    drop_combined(result_.found);
    return std::move(result_);
  }

 private:
  /// `arrival_ns`: what an arrival takes in the asynchronous model.
  World make_root(std::int64_t arrival_ns) const {
    DefaultChoices least;
    const bool timed = !options_.delays_ns.empty();
    const TieRule ties = timed ? TieRule::chosen : TieRule::any;
    World world = make_world(
        scenario_, draw_faults(scenario_.faults, scenario_.nodes.size(), least), ties, arrival_ns);
    world.prepare();
    return world;
  }

  void incomplete(const std::string& why) {
    auto& all = result_.incomplete;
    if (std::find(all.begin(), all.end(), why) == all.end()) all.push_back(why);
  }

  bool full() {
    if (result_.states >= options_.states) {
      incomplete(fmt::format("the limit of {} states was reached", options_.states));
      return true;
    }
    if (visited_.bytes() > options_.memory) {
      incomplete(fmt::format("the limit of {} bytes was reached", options_.memory));
      return true;
    }
    return false;
  }

  std::uint64_t hash_of(const Frame& frame) const {
    Hasher h;
    h.add(frame.world.state_hash(true));
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
    next->shown.hits.clear();
    next->world.set_observer(&next->shown);
    const bool went = next->world.step(top.choices);
    next->world.set_observer(nullptr);
    if (top.choices.drew) {
      incomplete(fmt::format("of a drawn number ({}) only the least was tried",
                             decision_name(*top.choices.drew)));
    }
    if (!went) {  // nothing is left to happen
      ++result_.ends;
      --result_.transitions;
      judge(*next, Outcome::quiescent);
      pop();
      return;
    }
    for (const std::string& hit : next->shown.hits) ++result_.probes[hit];
    if (next->world.now() > scenario_.limits.deadline) {
      judge(*next, Outcome::deadline);
      return;
    }
    enter(std::move(next));
  }

  void enter(std::unique_ptr<Frame> next) {
    next->hash = hash_of(*next);
    const bool again = on_path_.contains(next->hash);
    if (again) {
      ++result_.cycles;
      judge_cycle(*next);
      if (options_.merge) return;
      incomplete("a run that returns to its own state was not continued");
      return;
    }
    const bool fresh = visited_.insert(next->hash);
    if (fresh) ++result_.states;
    if (!fresh && options_.merge) return;
    if (stack_.size() > options_.depth) {
      incomplete(fmt::format("the limit of {} steps a run was reached", options_.depth));
      judge(*next, Outcome::limit);
      return;
    }
    on_path_.insert({next->hash, 0}).first->second++;
    stack_.push_back(std::move(next));
    result_.depth = std::max<std::uint64_t>(result_.depth, stack_.size() - 1);
  }

  /// Judges the run to this state, unless the checkers have been shown the same before.
  void judge(const Frame& last, Outcome outcome) {
    Hasher h;
    last.shown.hash_into(h);
    h.add(static_cast<std::uint64_t>(outcome));
    if (!judged_.insert(h.value())) return;
    ++result_.judged;
    Trace trace = replay(root_, outcome).trace;
    one_after_another(trace);
    check(trace, outcome);
  }

  /// The run to a state of its own: judged as one that goes on so for ever where that can be, and
  /// as one that was cut off elsewhere. Of the cycles behind the same observation some are looked
  /// at, until one can be repeated.
  void judge_cycle(const Frame& last) {
    constexpr unsigned kEnough = 100;
    Hasher h;
    last.shown.hash_into(h);
    unsigned& looked = cycles_seen_[h.value()];
    if (looked == kEnough) return;
    if (looked++ == 0) judge(last, Outcome::limit);
    std::size_t since = stack_.size() - 1;
    while (stack_[since]->hash != last.hash) --since;
    for (std::size_t i = since; i < stack_.size(); ++i) {
      if (stack_[i]->choices.luck) return;  // it is not so for ever
    }
    Trace trace = replay(root_, Outcome::limit).trace;
    const std::uint64_t before = replay(root_, Outcome::limit, since).trace.events.size();
    const bool time_passes = last.world.now() > stack_[since]->world.now();
    if (!repeats_fairly(trace, before, time_passes)) return;
    looked = kEnough;
    ++result_.judged;
    mark_repeated(trace, before);
    one_after_another(trace);
    check(trace, Outcome::limit);
  }

  void check(const Trace& trace, Outcome outcome) {
    bool undecided = false;
    for (const std::string& property : scenario_.protocol->properties) {
      const bool wanted = options_.properties.empty() ||
                          std::find(options_.properties.begin(), options_.properties.end(),
                                    property) != options_.properties.end();
      if (!wanted) continue;
      const Finding finding = analysis::check(property, trace);
      undecided = undecided || finding.verdict == Verdict::inconclusive;
      if (finding.verdict == Verdict::violated) found(finding, trace, outcome);
    }
    result_.inconclusive += undecided ? 1 : 0;
  }

  /// The run to the newest step again, recorded; or its first `steps`.
  Recorded replay(const World& root, Outcome outcome, std::size_t steps = ~std::size_t{0},
                  std::uint64_t* events = nullptr) const {
    ListChoices answers(options_.delays_ns);
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
    for (std::size_t i = 0; i < std::min(stack_.size(), steps); ++i) world.step(decisions);
    if (events != nullptr) *events = world.counters().events;
    Recorded run;
    run.schedule.decisions = decisions.schedule();
    run.asynchronous = options_.delays_ns.empty();
    run.trace.outcome = outcome;
    run.trace.end = world.now();
    run.trace.pending = world.pending();
    run.trace.nodes = world.nodes();
    run.trace.digest = world.digest().hex();
    run.trace.scenario_id = scenario_.id;
    run.trace.events = recorder.take();
    return run;
  }

  /// In the search an arrival takes no time, so that runs that differ in the order of independent
  /// arrivals meet in one state; but what comes later is later.
  static void one_after_another(Trace& trace) {
    std::int64_t at = 0;
    for (TraceEvent& e : trace.events) e.at = Time{++at};
    trace.end = Time{at};
  }

  void found(const Finding& finding, const Trace& trace, Outcome outcome) {
    const auto explanation = analysis::explain_causes(trace, finding);
    const std::string cause = analysis::cause_signature(explanation, finding, trace);
    for (FoundCause& f : result_.found) {
      if (f.property == finding.property && f.cause == cause) {
        ++f.count;
        return;
      }
    }
    FoundCause f{finding.property, cause, finding.summary, result_.judged - 1, 1, 0, Value()};
    // The same answers in a world in which an arrival takes time, as it does in a run.
    std::uint64_t events = 0;
    const Recorded run = replay(make_root(1), outcome, stack_.size(), &events);
    Scenario ended = scenario_;
    if (outcome == Outcome::limit) {
      // What is repeated for ever is shown once.
      const Value* limits = ended.document.find("limits");
      Value one = limits == nullptr ? Value(Value::Object{}) : *limits;
      one.set("events", Value(static_cast<std::int64_t>(events)));
      ended.document.set("limits", std::move(one));
    }
    f.scenario = counterexample(
        ended, run, finding.property, cause,
        fmt::format("Found by an exhaustive search of {}. {}", scenario_.id, finding.summary));
    if (outcome == Outcome::limit) {
      Value expect = *f.scenario.find("expect");
      expect.set("outcome", Value("limit"));
      f.scenario.set("expect", std::move(expect));
    }
    result_.found.push_back(std::move(f));
  }

  const Scenario& scenario_;
  const ExhaustiveOptions& options_;
  World root_;
  std::vector<std::unique_ptr<Frame>> stack_;
  std::map<std::uint64_t, int> on_path_;
  StateSet visited_;
  StateSet judged_;
  std::map<std::uint64_t, unsigned> cycles_seen_;  ///< by observation
  ExhaustiveResult result_;
};

}  // namespace

ExhaustiveResult explore_exhaustively(const Scenario& given, const ExhaustiveOptions& options) {
  Scenario scenario = given;
  scenario.schedule.reset();
  Search search(scenario, options);
  return search.run();
}

}  // namespace sibyl
