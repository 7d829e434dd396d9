// Linearizability of flat histories: parts, the algorithm of each, and their answers together.
#include "analysis/check/judge.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "analysis/check/impossible.hpp"
#include "analysis/check/layers.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/check/text_zones.hpp"
#include "analysis/check/why.hpp"
#include "analysis/check/zones.hpp"
#include "analysis/models/models.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

class Portfolio {
 public:
  Portfolio(const FlatHistory& history, const JudgeOptions& options)
      : history_(history), options_(options) {}

  Judgement run() {
    try {
      return judge_all();
    } catch (const TimeIsUp&) {
      return inconclusive("Undecided: the time allowed was used up.");
    }
  }

 private:
  Judgement judge_all() {
    if (!choose_model()) return std::move(result_);
    result_.model = model_->name();
    if (const std::optional<std::string> problem = look_over()) {
      return inconclusive(*problem + ".");
    }
    view_ = plain_view(history_, model_->name(), options_.initial);
    if (options_.witness != nullptr && options_.from <= Method::witness &&
        fits(*options_.witness)) {
      result_.method = Method::witness;
      result_.order = *options_.witness;
      return holds();
    }
    std::vector<bool> left;
    if (!try_zones(left)) return std::move(result_);
    if (!model_->one_key() && several_timelines()) {
      if (holds_on_a_timeline(left)) return finish();
      steps_.clear();
      parts_ = parts_of(history_, operations(), *model_, left, options_.stop, true);
    }
    if (parts_.empty()) {
      parts_ = parts_of(history_, operations(), *model_, left, options_.stop);
    }
    decide_parts();
    return finish();
  }

  bool several_timelines() const { return timeline_ && !timeline_->only && !takes_one_; }

  /// As they are judged: by all that one_before_other() says of their stamps.
  const std::vector<FlatOperation>& operations() const {
    return several_timelines() ? history_.operations : on_a_timeline();
  }

  /// Looks for a linearization on one timeline, on which the parts that share no key are as many as
  /// if there were no other; else what one process does in several at an instant joins them.
  bool holds_on_a_timeline(const std::vector<bool>& left) {
    takes_one_ = true;
    if (parts_.empty()) {
      parts_ = parts_of(history_, operations(), *model_, left, options_.stop);
    }
    decide_parts();
    takes_one_ = std::all_of(decided_.begin(), decided_.end(),
                             [](const PartAnswer& each) { return each.found == Found::yes; });
    return takes_one_;
  }

  /// With exact stamps, perhaps of one of several timelines: what holds on it holds.
  const std::vector<FlatOperation>& on_a_timeline() const {
    return timeline_ ? timeline_->operations : history_.operations;
  }

  /// What is wrong with the first operation that cannot be judged; else finds a timeline.
  /// Both looks share what they fetch from memory, which is most of the time of a large history.
  std::optional<std::string> look_over() {
    constexpr std::size_t kPiece = 512;  // 20 KB
    Patience patience(options_.stop);
    const ProblemSearch problems(history_, *model_);
    ExactStamps stamps(history_);
    const std::size_t count = history_.operations.size();
    for (std::size_t from = 0; from < count; from += kPiece) {
      patience.step(kPiece);
      const std::size_t to = std::min(count, from + kPiece);
      if (std::optional<std::string> problem = problems.look(from, to)) return problem;
      stamps.look(from, to);
    }
    if (!stamps.exact()) timeline_ = timeline_of(history_, options_.stop);
    return std::nullopt;
  }

  Judgement inconclusive(std::string summary) {
    result_.verdict = Verdict::inconclusive;
    result_.summary = std::move(summary);
    return std::move(result_);
  }

  Judgement holds() {
    result_.summary =
        fmt::format("{} can be put in one order that respects real time and the model \"{}\".",
                    counted(history_.operations.size(), "operation"), model_->name());
    return std::move(result_);
  }

  bool choose_model() {
    model_ = options_.model.empty() ? model_of(history_) : find_model(options_.model);
    if (model_ != nullptr) return true;
    std::vector<std::string> names;
    for (const Model* each : models()) names.emplace_back(each->name());
    result_.verdict = Verdict::inconclusive;
    result_.summary =
        options_.model.empty()
            ? fmt::format("The operations fit none of the models {}.", listed(names))
            : fmt::format("There is no model \"{}\"; there are {}.", options_.model, listed(names));
    return false;
  }

  bool any_plain() const {
    return std::any_of(view_.kinds.begin(), view_.kinds.end(),
                       [](PlainKind kind) { return kind != PlainKind::other; });
  }

  /// Judges what zones can; `left` says, by key, what is left to the searches. False when the
  /// answer is there.
  bool try_zones(std::vector<bool>& left) {
    const std::size_t keys = history_.keys.size();
    left.assign(keys + 1, true);
    if (!any_plain() || options_.from > Method::zones) return true;
    const ZoneAnswers answers = judge_zones(on_a_timeline(), keys, view_, options_.stop);
    const bool sure = !several_timelines();
    for (std::size_t key = 0; key <= keys; ++key) {
      const ZoneAnswer answer = answers.by_key[key];
      if (answer == ZoneAnswer::absent) left[key] = false;
      if (answer != ZoneAnswer::holds && (answer != ZoneAnswer::violated || !sure)) continue;
      result_.method = Method::zones;
      left[key] = options_.wants_order;
      if (!options_.wants_order) ++result_.parts;
    }
    if (answers.core.empty()) return true;
    if (sure) {
      violated(Method::zones, answers.core, {});
      return false;
    }
    // Without the order of what one process does at an instant it may hold; if not, that is it.
    const ZoneAnswers least = judge_zones(operations(), keys, view_, options_.stop);
    if (!least.core.empty()) violated(Method::zones, least.core, {});
    return least.core.empty();
  }

  /// Judges the parts, the smallest first, in as many threads as are allowed. What is found does
  /// not depend on their number: of several violated parts the first counts.
  void decide_parts() {
    decided_.assign(parts_.size(), PartAnswer());
    methods_.assign(parts_.size(), Method::none);
    impossible_.assign(parts_.size(), std::nullopt);
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> violated{parts_.size()};
    const auto threads = static_cast<std::size_t>(std::max(
        1,
        std::min<int>(options_.jobs, static_cast<int>(std::min<std::size_t>(parts_.size(), 256)))));
    const Bounds bounds{options_.stop, options_.max_bytes / threads};
    const auto work = [&] {
      for (;;) {
        const std::size_t i = next.fetch_add(1);
        if (i >= parts_.size() || i > violated.load()) return;
        decided_[i] = decide(i, bounds);
        if (decided_[i].found != Found::no) continue;
        std::size_t first = violated.load();
        while (i < first && !violated.compare_exchange_weak(first, i)) {
        }
      }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    violated_ = violated.load();
  }

  /// A part made ready, where the witness was tried on it that; what is remembered is the same.
  std::unique_ptr<Steps> ready(std::size_t part) {
    if (part < steps_.size() && steps_[part] != nullptr) return std::move(steps_[part]);
    return steps_of(history_, operations(), parts_[part], *model_, initial_of(parts_[part]));
  }

  /// Models look up their keys one by one, so that a large initial state is cut down to them.
  Value initial_of(const Numbers& part) const {
    constexpr std::size_t kSmall = 32;
    const Value::Object* objects = options_.initial.as_object();
    if (objects == nullptr || objects->size() <= kSmall) return options_.initial;
    History concerning;
    for (const std::uint32_t i : part) concerning.push_back(unflat(history_, operations()[i]));
    return concerned(options_.initial, concerning, *model_);
  }

  PartAnswer decide(std::size_t number, const Bounds& bounds) {
    const Numbers& part = parts_[number];
    methods_[number] = method_for(operations(), part);
    if (const Found found = by_text_zones(number); found != Found::gave_up) {
      methods_[number] = Method::zones;
      PartAnswer answer;
      answer.found = found;
      return answer;
    }
    if (methods_[number] == Method::layered) return search(number, bounds);
    return judged(operations(), part, methods_[number], options_.wants_order, bounds,
                  [&] { return ready(number); });
  }

  /// Whether zones of texts find a key of puts and appends linearizable; gave_up: they do not say.
  Found by_text_zones(std::size_t number) const {
    if (methods_[number] != Method::layered || model_->name() != "kv" || options_.wants_order ||
        options_.from > Method::zones)
      return Found::gave_up;
    const Numbers& part = parts_[number];
    const std::uint32_t key = operations()[part.front()].key;
    const Value* start = options_.initial.find(
        key == FlatOperation::kNoKey ? std::string() : history_.keys.word(key));
    const std::string* text = start == nullptr ? nullptr : start->as_string();
    const auto judge_by = [&](const std::vector<FlatOperation>& ops) {
      return judge_text_zones(history_, ops, part, view_, text == nullptr ? "" : *text,
                              options_.stop);
    };
    const ZoneAnswer answer = judge_by(on_a_timeline());
    if (answer == ZoneAnswer::holds) return Found::yes;
    if (answer != ZoneAnswer::violated) return Found::gave_up;
    // Without the order of what one process does at an instant it may hold; if not, that is it.
    const bool sure = !several_timelines() || judge_by(operations()) == ZoneAnswer::violated;
    return sure ? Found::no : Found::gave_up;
  }

  Method method_for(const std::vector<FlatOperation>& ops, const Numbers& part) const {
    const bool plain = std::all_of(part.begin(), part.end(), [&](std::uint32_t i) {
      return view_.kinds[ops[i].f] != PlainKind::other;
    });
    return plain && options_.from <= Method::registers ? Method::registers : Method::layered;
  }

  PartAnswer judged(const std::vector<FlatOperation>& ops, const Numbers& part, Method method,
                    bool wants_order, const Bounds& bounds,
                    const std::function<std::unique_ptr<Steps>()>& steps) const {
    if (method == Method::layered) return judge_layered(ops, part, *steps(), wants_order, bounds);
    const std::size_t key = key_place(ops[part.front()], history_.keys.size());
    return judge_plain(ops, part, view_, view_.initials[key], wants_order, bounds, steps);
  }

  /// The layered search. Where it has not ended soon, a violation may be one that needs no search.
  PartAnswer search(std::size_t number, const Bounds& bounds) {
    constexpr std::uint64_t kSoon = 4;  // steps an operation
    const Numbers& part = parts_[number];
    const std::unique_ptr<Steps> steps = ready(number);
    if (has_impossible_answers(*model_)) {
      Bounds few = bounds;
      few.max_steps = kSoon * part.size();
      PartAnswer answer = judge_layered(operations(), part, *steps, options_.wants_order, few);
      if (answer.found != Found::gave_up) return answer;
      try {
        impossible_[number] = impossible_answer(history_, operations(), part, *model_,
                                                initial_of(part), options_.stop);
      } catch (const TimeIsUp&) {
        return answer;
      }
      if (impossible_[number]) {
        methods_[number] = Method::rules;
        return without_order(false, false, 0, answer.steps);
      }
    }
    return judge_layered(operations(), part, *steps, options_.wants_order, bounds);
  }

  Judgement finish() {
    result_.parts += parts_.size();
    bool undecided = false;
    bool out_of_memory = false;
    for (std::size_t i = 0; i < parts_.size() && i <= violated_; ++i) {
      result_.steps += decided_[i].steps;
      if (i == violated_) break;
      result_.method = std::max(result_.method, methods_[i]);
      undecided = undecided || decided_[i].found == Found::gave_up;
      out_of_memory = out_of_memory || decided_[i].out_of_memory;
    }
    if (violated_ < parts_.size()) {
      const Numbers& part = parts_[violated_];
      if (impossible_[violated_]) {
        violated(methods_[violated_], part, {});
        return std::move(result_);
      }
      const PartAnswer& answer = decided_[violated_];
      std::optional<WhyHint> hint;
      if (methods_[violated_] != Method::zones) hint = WhyHint{part[answer.last], !answer.touching};
      violated(methods_[violated_], part, hint);
      return std::move(result_);
    }
    if (undecided) {
      result_.out_of_memory = out_of_memory;
      return inconclusive(fmt::format(
          "Undecided after {} steps: {}.", result_.steps,
          out_of_memory ? "the memory allowed was used up" : "the time allowed was used up"));
    }
    if (options_.wants_order) merge_orders();
    return holds();
  }

  void violated(Method method, const Numbers& core, const std::optional<WhyHint>& hint) {
    result_.verdict = Verdict::violated;
    result_.method = method;
    const FlatOperation& first = history_.operations[core.front()];
    const bool one_key = std::all_of(core.begin(), core.end(), [&](std::uint32_t i) {
      return history_.operations[i].key == first.key;
    });
    if (one_key && first.key != FlatOperation::kNoKey) result_.key = history_.keys.word(first.key);
    if (!options_.explains) {
      result_.summary = "Not linearizable.";
      return;
    }
    try {
      explain_core(core, hint);
    } catch (const TimeIsUp&) {
      result_.summary = "Not linearizable; the time allowed was used up by looking for the reason.";
    }
  }

  /// Takes the operations to models and words, made small before.
  void explain_core(const Numbers& core, const std::optional<WhyHint>& hint) {
    const Bounds bounds{options_.stop, options_.max_bytes};
    const bool known = violated_ < impossible_.size() && impossible_[violated_];
    const WhyQuestion question{history_, operations(), *model_, options_.initial,
                               view_,    core,         hint};
    ViolationWords told =
        known ? why_impossible(question, *impossible_[violated_], bounds) : why(question, bounds);
    result_.window = std::move(told.window);
    result_.summary = std::move(told.summary);
    result_.because = std::move(told.because);
    result_.initial = std::move(told.initial);
    result_.witness = std::move(told.witness);
  }

  /// Each operation of a part may be thought to happen at the latest call among it and those before
  /// it; ordered by these instants, the whole respects real time.
  void merge_orders() {
    std::vector<std::pair<std::int64_t, std::uint32_t>> points;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      std::int64_t at = std::numeric_limits<std::int64_t>::min();
      for (const std::uint32_t place : decided_[p].order) {
        const std::uint32_t i = parts_[p][place];
        at = std::max(at, operations()[i].call);
        points.emplace_back(at, i);
      }
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [at, i] : points) result_.order.push_back(i);
  }

  /// Whether an order is a linearization. O(n), O(n log n) for models with several keys a part.
  bool fits(const Numbers& order) {
    const std::vector<FlatOperation>& ops = on_a_timeline();
    std::vector<bool> done(ops.size(), false);
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();
    std::vector<ValueCode> now = view_.initials;
    bool plain = true;
    for (const std::uint32_t i : order) {
      if (i >= ops.size() || done[i] || ops[i].outcome == OperationOutcome::fail) return false;
      const bool returned = ops[i].outcome == OperationOutcome::ok;
      if (returned && ops[i].ret < latest) return false;
      latest = std::max(latest, ops[i].call);
      done[i] = true;
      ValueCode& value = now[key_place(ops[i], history_.keys.size())];
      if (view_.kinds[ops[i].f] == PlainKind::write) {
        value = view_.value_of(ops[i]);
      } else if (view_.kinds[ops[i].f] == PlainKind::read) {
        if (plain && returned && value != view_.value_of(ops[i])) return false;
      } else {
        plain = false;
      }
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (ops[i].outcome == OperationOutcome::ok && !done[i]) return false;
    }
    return plain || replays(order);
  }

  /// Whether the model can take all steps of an order. The parts are kept where there is nothing
  /// for zones, so that a search goes on with what was made ready here.
  bool replays(const Numbers& order) {
    parts_ = parts_of(history_, operations(), *model_,
                      std::vector<bool>(history_.keys.size() + 1, true), options_.stop);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> places(operations().size());
    for (std::uint32_t p = 0; p < parts_.size(); ++p) {
      for (std::uint32_t i = 0; i < parts_[p].size(); ++i) places[parts_[p][i]] = {p, i};
    }
    std::vector<Numbers> orders(parts_.size());
    for (const std::uint32_t i : order) orders[places[i].first].push_back(places[i].second);
    bool possible = true;
    for (std::size_t p = 0; p < parts_.size() && possible; ++p) {
      steps_.push_back(ready(p));
      Steps::State state = steps_[p]->initial();
      for (const std::uint32_t i : orders[p]) {
        state = steps_[p]->apply(state, steps_[p]->effects()[i]);
        possible = state != Steps::kImpossible;
        if (!possible) break;
      }
    }
    if (any_plain()) {
      parts_.clear();
      steps_.clear();
    }
    return possible;
  }

  const FlatHistory& history_;
  const JudgeOptions& options_;
  const Model* model_ = nullptr;
  PlainView view_;
  std::optional<Timeline> timeline_;  ///< where stamps are not exact
  bool takes_one_ = false;            ///< what is judged is that one
  std::vector<Numbers> parts_;
  std::vector<std::unique_ptr<Steps>> steps_;  ///< by part, as far as the witness was tried
  std::vector<PartAnswer> decided_;
  std::vector<Method> methods_;
  std::vector<std::optional<Impossible>> impossible_;  ///< by part
  std::size_t violated_ = 0;
  Judgement result_;
};

}  // namespace

std::string_view method_name(Method method) {
  switch (method) {
    case Method::none:
      return "none";
    case Method::witness:
      return "witness";
    case Method::zones:
      return "zones";
    case Method::registers:
      return "registers";
    case Method::layered:
      return "layered";
    case Method::rules:
      return "rules";
  }
  return "";
}

Judgement judge(const FlatHistory& history, const JudgeOptions& options) {
  return Portfolio(history, options).run();
}

Judgement judge_recorded(const History& history, const JudgeOptions& options) {
  return judge(flat_over(history), options);
}

}  // namespace sibyl::analysis
