// Why a history is not linearizable.
#include "analysis/check/why.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/layers.hpp"
#include "analysis/check/part_steps.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/check/why_ends.hpp"
#include "analysis/check/why_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// What the search for a longest beginning holds.
constexpr std::uint64_t kMostWordBytes = std::uint64_t{32} << 20U;
/// What is shown. A text takes 2 bytes a character at most, so that all lists together keep
/// kMostWhyBytes.
constexpr std::size_t kMostNear = 8;  // of the longest beginning
constexpr std::size_t kMostContext = 100;
constexpr std::size_t kMostConfigurations = 4;
constexpr std::size_t kMostReasons = 24;
constexpr std::size_t kMostText = 160;
/// How many operations that failed are tried right before the core, and in a search.
constexpr std::size_t kMostTried = 1000;
constexpr std::size_t kMostFailed = 4;
/// Operations beside one that failed, and steps of such a search.
constexpr std::size_t kMostBeside = 2000;
constexpr std::uint64_t kFailedSteps = 20'000;

/// As printable text, in at most `most` characters and about 2 * `most` bytes.
std::string cut(std::string_view text, std::size_t most = kMostText) {
  std::string out = shortened(printable(text), most);
  return out.size() <= 2 * most ? out : shortened(out, most / 2);
}

/// A state or a value, or its text where that is long.
Value cut_value(const Value& value) {
  std::string text = value.text();
  return text.size() <= kMostText ? value : Value(cut(text));
}

class WhyTeller {
 public:
  WhyTeller(const WhyQuestion& question, const Bounds& bounds) : ask_(question), bounds_(bounds) {}

  /// `known`: what is wrong, where that is known without a look at the window.
  ViolationWords tell(const Window& window, const std::string& known = {}) const;

 private:
  WhyOthers others_of(const Window& window) const;
  void add_core(Value& witness, const Window& window, const std::string& others) const;
  void add_ends(ViolationWords& told, const Window& window) const;
  void add_context(Value& witness, const Window& window) const;
  static std::vector<std::size_t> places_shown(const ViolationWords& told, const Window& window);
  static void shorten_lists(ViolationWords& told, const Window& window);
  void say_what_is_open(ViolationWords& told, const Window& window) const;
  void say_of_one(ViolationWords& told, const Window& window) const;
  bool writes(const FlatOperation& op, ValueCode value) const;
  bool reads_value(const Window& window) const;
  std::vector<std::string> failed_for(const Window& window) const;
  bool allows(const FlatOperation& op, const Part& core) const;
  bool with_done(std::uint32_t failed, std::uint32_t core) const;

  const WhyQuestion& ask_;
  const Bounds& bounds_;
};

/// Of plain reads and writes the other writes of what the core reads, that could have been seen;
/// else whether there are others at all that began before the core had ended.
WhyOthers WhyTeller::others_of(const Window& window) const {
  WhyOthers others;
  std::vector<bool> shown(ask_.operations.size(), false);
  for (const std::size_t i : window.part.index) shown[i] = true;
  std::int64_t end = std::numeric_limits<std::int64_t>::min();
  std::vector<ValueCode> read;
  for (std::size_t i = 0; i < window.roles.size(); ++i) {
    if (window.roles[i] != WhyRole::core) continue;
    end = std::max(end, *window.part.operations[i].ret);
    const FlatOperation& op = ask_.operations[window.part.index[i]];
    if (ask_.view.kinds[op.f] == PlainKind::read) read.push_back(ask_.view.value_of(op));
  }
  if (!window.plain) {
    const bool any =
        std::any_of(window.begin.part.begin(), window.begin.part.end(),
                    [&](std::uint32_t i) { return !shown[i] && ask_.operations[i].call <= end; });
    if (any) others.add_any();
    return others;
  }
  for (const std::uint32_t i : window.begin.part) {
    const FlatOperation& op = ask_.operations[i];
    if (shown[i] || ask_.view.kinds[op.f] != PlainKind::write || op.call > end) continue;
    if (std::find(read.begin(), read.end(), ask_.view.value_of(op)) == read.end()) continue;
    const bool ended = op.outcome == OperationOutcome::ok;
    others.add(unflat(ask_.history, op).value, ended ? op.ret : FlatOperation::kNever);
  }
  return others;
}

void WhyTeller::add_core(Value& witness, const Window& window, const std::string& others) const {
  Value::List operations = *witness.find("operations")->as_list();
  Value::List places;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const WhyRole role = window.roles[i];
    operations[i].set("role", why_role_name(role));
    if (ask_.history.recorded == nullptr) {
      operations[i].set("line", number(ask_.history.operations[window.part.index[i]].line));
    }
    operations[i].set("text", cut(*operations[i].find("text")->as_string()));
    if (role == WhyRole::core) places.push_back(number(i));
  }
  witness.set("operations", std::move(operations));
  Value core;
  core.set("operations", std::move(places)).set("minimal", window.minimal);
  core.set("tried", number(window.tried)).set("others", others);
  witness.set("core", std::move(core));
}

/// The final configurations; of a history also as sentences. One alone is the summary, where that
/// would say the same without its state.
void WhyTeller::add_ends(ViolationWords& told, const Window& window) const {
  const FinalConfigurations ends =
      window.part.closed ? final_configurations(window.part, ask_.model, kMostConfigurations)
                         : FinalConfigurations{};
  const auto name = [&](std::size_t i) {
    return operation_name(window.part.operations[i], window.part.index[i]);
  };
  Value::List list;
  for (const FinalConfiguration& each : ends.shown) {
    Value::List order;
    for (const std::size_t i : each.order) order.emplace_back(name(i));
    Value::List needs;
    for (const auto& [i, need] : each.left) {
      Value item;
      item.set("name", name(i)).set("why", cut(need));
      needs.push_back(std::move(item));
    }
    Value item;
    item.set("order", std::move(order)).set("state", cut_value(each.state));
    item.set("left", std::move(needs));
    list.push_back(std::move(item));
  }
  told.witness.set("configurations", std::move(list));
  told.witness.set("configurations_left_out", number(ends.more));
  if (ask_.history.recorded != nullptr) return;
  std::vector<std::string> lines = ends_in_words(ends, window.part);
  if (told.of_end && lines.size() == 1) {
    lines.front().front() = 'a';  // "After …", "At first …"
    told.summary = "Not linearizable: " + lines.front();
    return;
  }
  for (std::string& line : lines) told.because.push_back(std::move(line));
}

void WhyTeller::add_context(Value& witness, const Window& window) const {
  std::vector<bool> shown(ask_.operations.size(), false);
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < window.part.operations.size(); ++i) {
    shown[window.part.index[i]] = true;
    if (window.roles[i] != WhyRole::other) begin = std::min(begin, window.part.operations[i].call);
  }
  Numbers near;
  for (const std::uint32_t i : window.begin.part) {
    const FlatOperation& op = ask_.operations[i];
    if (!shown[i] && (op.outcome != OperationOutcome::ok || op.ret >= begin)) near.push_back(i);
  }
  const std::size_t out = near.size() > kMostContext ? near.size() - kMostContext : 0;
  std::sort(near.begin(), near.end(), [&](std::uint32_t a, std::uint32_t b) {
    return ask_.operations[a].call < ask_.operations[b].call;
  });
  near.erase(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(out));
  Value::List list;
  for (const std::uint32_t i : near) {
    const Operation op = unflat(ask_.history, ask_.history.operations[i]);
    Value item;
    item.set("operation", number(i));
    if (ask_.history.recorded == nullptr) item.set("line", number(ask_.history.operations[i].line));
    item.set("process", op.process).set("text", cut(ask_.model.text(op)));
    item.set("call", op.call).set("return", op.ret ? Value(*op.ret) : Value());
    list.push_back(std::move(item));
  }
  witness.set("context", std::move(list)).set("context_left_out", number(out));
}

/// Of operations that returned later than what is explained the answer is not used.
void WhyTeller::say_what_is_open(ViolationWords& told, const Window& window) const {
  Value::List operations = *told.witness.find("operations")->as_list();
  const std::string end = time_in_words(ask_.history, window.begin.end);
  for (std::size_t i = 0; i < window.roles.size(); ++i) {
    const bool open = pending(window.part.operations[i]) &&
                      has_return(ask_.history.operations[window.part.index[i]]);
    if (!open) continue;
    told.window[i].text = fmt::format("{}, open then, at {}", cut(told.window[i].text), end);
    operations[i].set("text", told.window[i].text).set("open", true);
  }
  told.witness.set("operations", std::move(operations));
}

/// Whether an operation of a register writes a value, if it is done.
bool WhyTeller::writes(const FlatOperation& op, ValueCode value) const {
  if (ask_.view.kinds[op.f] == PlainKind::read) return false;
  return (ask_.view.kinds[op.f] == PlainKind::write ? op.value : op.value2) == value;
}

/// Whether the core is one read of a register.
bool WhyTeller::reads_value(const Window& window) const {
  return ask_.model.name() == "register" && window.roles.size() == 1 &&
         window.part.operations[0].f == "read";
}

/// Of a core of one operation, the names of those that failed and with one of which, had it been
/// done, there would be an order of all that was known when the core had ended. O(operations), and
/// a search for each of a few.
std::vector<std::string> WhyTeller::failed_for(const Window& window) const {
  std::vector<std::string> names;
  const Part& part = window.part;
  if (part.operations.size() != 1 || window.left_out != 0) return names;
  const std::vector<FlatOperation>& ops = ask_.history.operations;
  const std::uint32_t core = part.index[0];
  const bool by_values = reads_value(window);
  std::size_t tried = 0;
  std::size_t judged = 0;
  Patience patience(bounds_.stop);
  try {
    for (auto i = static_cast<std::uint32_t>(ops.size()); i-- > 0;) {
      patience.step();
      const FlatOperation& op = ops[i];
      if (op.outcome != OperationOutcome::fail || op.refused || op.key != ops[core].key ||
          op.call > ops[core].ret || one_before_other(ops[core], core, op, i))
        continue;
      if (by_values && !writes(ask_.operations[i], ask_.operations[core].value)) continue;
      if (!by_values && (++tried > kMostTried || !allows(op, part))) continue;
      if (with_done(i, core)) names.push_back(fmt::format("line {}", op.line));
      if (++judged == kMostFailed) break;
    }
  } catch (const TimeIsUp&) {
    // Those that were found are named.
  }
  std::reverse(names.begin(), names.end());
  return names;
}

/// Whether the core could be done right after an operation, with nothing else.
bool WhyTeller::allows(const FlatOperation& op, const Part& core) const {
  Operation done = unflat(ask_.history, op);
  done.outcome = OperationOutcome::ok;
  done.reply = "ok";
  if (ask_.model.pure(done) || !ask_.model.understands(done) || ask_.model.problem(done))
    return false;
  const auto machine = ask_.model.compile({done, core.operations[0]}, core.initial);
  const auto next = machine->step(machine->initial(), 0);
  return next && machine->step(*next, 1);
}

/// Whether what was known at the end of the core has an order if one that failed was done in its
/// time. No where that takes too long to tell.
bool WhyTeller::with_done(std::uint32_t failed, std::uint32_t core) const {
  const std::vector<FlatOperation>& ops = ask_.history.operations;
  const std::int64_t end = ops[core].ret;
  Numbers part;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const bool never = ops[i].outcome == OperationOutcome::fail && i != failed;
    if (never || ops[i].key != ops[core].key || ops[i].call > end) continue;
    part.push_back(i);
    if (part.size() > kMostBeside) return false;
  }
  std::vector<FlatOperation> then = ops;
  for (const std::uint32_t i : part) then[i] = known_at(ask_.history, then[i], i, end);
  const bool ended = ops[failed].ret != FlatOperation::kNever;
  then[failed] = ops[failed];
  then[failed].outcome = ended ? OperationOutcome::ok : OperationOutcome::unknown;
  const auto steps = steps_of(ask_.history, then, part, ask_.model, ask_.initial);
  const Bounds few{bounds_.stop, bounds_.max_bytes, kFailedSteps};
  return judge_layered(then, part, *steps, false, few).found == Found::yes;
}

/// Of a core of one operation, what others would have had to make possible.
void WhyTeller::say_of_one(ViolationWords& told, const Window& window) const {
  const Part& part = window.part;
  if (part.operations.size() != 1 || part.closed || window.roles[0] != WhyRole::core) return;
  const Operation& op = part.operations[0];
  const auto machine = ask_.model.compile(part.operations, part.initial);
  const std::string why = machine->why_not(machine->initial(), 0);
  if (!why.empty()) told.because.push_back(fmt::format("Alone, {} {}.", told.window[0].name, why));
  const FlatOperation& read = ask_.operations[part.index[0]];
  if (ask_.model.name() != "register" || op.f != "read") return;
  const bool written =
      std::any_of(window.begin.part.begin(), window.begin.part.end(),
                  [&](std::uint32_t i) { return writes(ask_.operations[i], read.value); });
  if (written) return;
  told.because.push_back(fmt::format("Nothing that was called before it ended writes {}.",
                                     cut(op.value.is_null() ? "nothing" : op.value.text())));
}

ViolationWords WhyTeller::tell(const Window& window, const std::string& known) const {
  const Bounds few{bounds_.stop, std::min(bounds_.max_bytes, kMostWordBytes)};
  ViolationWords told = explain(window.part, ask_.model, few);
  const bool recorded = ask_.history.recorded != nullptr;
  if (!known.empty()) {
    told.summary = "Not linearizable: " + known + ".";
    told.of_end = false;
    told.because.clear();
  }
  // Without a circle they are what the summary has said.
  if (!recorded && told.witness.find("circle") == nullptr) told.because.clear();
  const std::string summary = told.summary;
  const bool has_core =
      std::find(window.roles.begin(), window.roles.end(), WhyRole::core) != window.roles.end();
  std::string others;
  if (has_core) {
    const WhyOthers hidden = others_of(window);
    if (window.minimal && !recorded) {
      window.plain ? say_plainly(told, window.part, window.roles, hidden)
                   : say_of_texts(told, window.part, window.roles);
      say_of_failed(told, window.part, window.roles, failed_for(window), reads_value(window));
    }
    told.of_end = told.of_end && told.summary == summary;
    others = others_in_words(hidden, window.part, window.roles, window.plain);
    const bool says = !recorded || told.because.empty();
    if (says && !others.empty()) told.because.push_back(others);
    if (says && known.empty()) say_of_one(told, window);
  }
  if (!window.minimal && !recorded) {
    const bool is_cut = window.left_out + window.roles.size() > kMostWindow;
    told.because.emplace_back(
        has_core ? "A smaller core may exist: the search for one was ended by its bounds."
        : is_cut ? "The search for a core was ended by its bounds; what is shown is next to where "
                   "the orders end."
                 : "The search for a core was ended by its bounds; what is shown is not "
                   "linearizable by itself.");
  }
  if (!recorded) say_what_is_open(told, window);
  add_core(told.witness, window, others);
  add_ends(told, window);
  add_context(told.witness, window);
  told.summary = cut(told.summary, 4 * kMostText);
  if (told.because.size() > kMostReasons) told.because.resize(kMostReasons);
  Value::List because;
  for (std::string& sentence : told.because) {
    sentence = cut(sentence, 4 * kMostText);
    because.emplace_back(sentence);
  }
  told.witness.set("because", std::move(because));
  told.witness.set("initial", cut_value(told.initial));
  for (WindowOperation& each : told.window) each.text = cut(each.text);
  shorten_lists(told, window);
  return told;
}

/// Which of a window's operations are shown, as places: all, or of too many those of the core,
/// those that cannot go next and those before them in the longest beginning, and the last to
/// return.
std::vector<std::size_t> WhyTeller::places_shown(const ViolationWords& told, const Window& window) {
  const Value& longest = *told.witness.find("longest_beginning");
  std::set<std::string> near;
  for (const Value& each : *longest.find("blocked")->as_list())
    near.insert(*each.find("name")->as_string());
  const Value::List& order = *longest.find("order")->as_list();
  for (std::size_t i = order.size() - std::min(order.size(), kMostNear); i < order.size(); ++i)
    near.insert(*order[i].as_string());
  const auto rank = [&](std::size_t i) {
    const Operation& op = window.part.operations[i];
    const bool first = window.roles[i] != WhyRole::other || near.count(told.window[i].name) != 0;
    return std::tuple(!first, !op.ret, op.ret ? -*op.ret : -op.call);
  };
  std::vector<std::size_t> places(window.roles.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  places.resize(std::min(places.size(), kMostWindow));
  std::sort(places.begin(), places.end());
  return places;
}

/// Windows that could not be made small.
void WhyTeller::shorten_lists(ViolationWords& told, const Window& window) {
  const std::vector<std::size_t> places = places_shown(told, window);
  if (const std::size_t gone = window.left_out + told.window.size() - places.size(); gone > 0) {
    told.because.push_back(fmt::format("… and {} that are not shown.", counted(gone, "operation")));
    told.witness.set("operations_left_out", number(gone));
    const Value::List all = *told.witness.find("operations")->as_list();
    Value::List operations;
    Value::List core_places;
    std::vector<WindowOperation> shown;
    for (const std::size_t i : places) {
      if (window.roles[i] == WhyRole::core) core_places.push_back(number(shown.size()));
      operations.push_back(all[i]);
      shown.push_back(told.window[i]);
    }
    Value core = *told.witness.find("core");
    core.set("operations", std::move(core_places));
    told.witness.set("core", std::move(core)).set("operations", std::move(operations));
    told.window = std::move(shown);
  }
  Value longest = *told.witness.find("longest_beginning");
  longest.set("state", cut_value(*longest.find("state")));
  for (const char* name : {"order", "blocked"}) {
    Value::List list = *longest.find(name)->as_list();
    if (list.size() > kMostWindow) {
      longest.set(std::string(name) + "_left_out", number(list.size() - kMostWindow));
      list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(kMostWindow));
    }
    for (Value& each : list) {
      if (const Value* text = each.find("why")) each.set("why", cut(*text->as_string()));
    }
    longest.set(name, std::move(list));
  }
  told.witness.set("longest_beginning", std::move(longest));
  if (told.witness.find("circle") == nullptr) return;
  Value::List circle = *told.witness.find("circle")->as_list();
  for (Value& edge : circle) {
    if (const Value* key = edge.find("key")) edge.set("key", cut(*key->as_string()));
  }
  told.witness.set("circle", std::move(circle));
}

}  // namespace

ViolationWords why(const WhyQuestion& question, const Bounds& bounds) {
  const Window window = find_window(question, bounds);
  if (window.minimal || question.history.recorded != nullptr)
    return WhyTeller(question, bounds).tell(window);
  // The search for a core did not end: rules may need none.
  try {
    const std::optional<Impossible> found =
        impossible_answer(question.history, question.operations, question.part, question.model,
                          question.initial, bounds.stop);
    if (found && found->core.size() < window.roles.size() + window.left_out)
      return why_impossible(question, *found, bounds);
  } catch (const TimeIsUp&) {
    // What was found so far is told.
  }
  return WhyTeller(question, bounds).tell(window);
}

ViolationWords why_impossible(const WhyQuestion& question, const Impossible& found,
                              const Bounds& bounds) {
  const RuledWindow told = find_window(question, found, bounds);
  return WhyTeller(question, bounds).tell(told.window, told.sentence);
}

}  // namespace sibyl::analysis
