// Why a history is not linearizable.
#include "analysis/check/why.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/layers.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/plain_part.hpp"
#include "analysis/check/shrink.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/check/why_ends.hpp"
#include "analysis/check/why_words.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// Steps of the searches for a core.
constexpr std::uint64_t kCoreSteps = 600'000;
constexpr std::uint64_t kTextSteps = 3'000'000;
/// Steps of those that leave out reads, when texts have not been made small.
constexpr std::uint64_t kReadSteps = 200'000;
/// Up to how many operations of a key a core is looked for that may be smaller than that of zones.
constexpr std::size_t kMostSearched = 5'000;
constexpr std::size_t kSmallWindow = 3;
constexpr std::uint64_t kSmallerSteps = 30'000;
/// Operations judged while a violation is made small.
constexpr std::uint64_t kMostShrinkWork = 4'000'000;
/// Of how many operations a smallest core is looked for when choices of them are many.
constexpr std::size_t kMostChoices = 64;
/// What the search for a longest beginning holds.
constexpr std::uint64_t kMostWordBytes = std::uint64_t{32} << 20U;
/// What is shown. A text takes 2 bytes a character at most, so that all lists together keep
/// kMostWhyBytes.
constexpr std::size_t kMostWindow = 100;
constexpr std::size_t kMostContext = 100;
constexpr std::size_t kMostConfigurations = 4;
constexpr std::size_t kMostReasons = 24;
constexpr std::size_t kMostText = 160;

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

Numbers all_of(const std::vector<FlatOperation>& operations) {
  Numbers all(operations.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

/// What is shown of a violation.
struct Window {
  Part part;                   ///< by call
  std::vector<WhyRole> roles;  ///< by place in it
  bool minimal = false;
  std::uint64_t tried = 0;
  std::size_t left_out = 0;  ///< operations of the core that are not here: it is too large
};

class WhyTeller {
 public:
  WhyTeller(const CoreQuestion& question, const Bounds& bounds) : ask_(question), bounds_(bounds) {}

  ViolationWords run(bool is_core) {
    const bool plain = is_plain();
    Window window;
    Numbers part = is_core ? beginning(ask_.part, bounds_) : ask_.part;
    if (part.empty()) part = ask_.part;
    if (!plain || !find_core(part, window)) find_other(part, window, plain);
    if (is_core && plain && window.roles.size() > kSmallWindow) find_smaller(window);
    return tell(window, plain);
  }

  ViolationWords run(const Impossible& found) {
    Window window;
    window.left_out = found.core.size() - std::min(found.core.size(), kMostWindow);
    Numbers all(found.core.begin() + static_cast<std::ptrdiff_t>(window.left_out),
                found.core.end());
    window.roles.assign(all.size(), WhyRole::core);
    all.insert(all.end(), found.sources.begin(), found.sources.end());
    window.roles.resize(all.size(), WhyRole::source);
    window.part = as_part(all);
    window.part.closed = false;
    window.minimal = found.minimal;
    sort_by_call(window);
    return tell(window, false, found.sentence);
  }

 private:
  bool is_plain() const {
    return std::all_of(ask_.part.begin(), ask_.part.end(), [&](std::uint32_t i) {
      return ask_.view.kinds[ask_.operations[i].f] != PlainKind::other;
    });
  }

  CoreQuestion about(const Numbers& part) const {
    return {ask_.history, ask_.operations, ask_.model, ask_.initial, ask_.view, part};
  }

  /// A small part up to the first return at which it is not linearizable any more.
  Numbers beginning(const Numbers& part, const Bounds& bounds) const {
    const std::size_t key = key_place(ask_.operations[part.front()], ask_.history.keys.size());
    const auto judged = [&](const std::vector<FlatOperation>& operations, const Numbers& some) {
      const auto steps = [&] {
        return steps_of(ask_.history, operations, some, ask_.model, ask_.initial);
      };
      return judge_plain(operations, some, ask_.view, ask_.view.initials[key], false, bounds,
                         steps);
    };
    const PartAnswer answer = judged(ask_.operations, part);
    if (answer.found != Found::no) return {};
    if (!answer.touching) return beginning_of(ask_.operations, part, answer.last);
    const auto found = [&](const std::vector<FlatOperation>& operations) {
      return judged(operations, all_of(operations)).found;
    };
    const std::uint32_t last = first_end(ask_.operations, part, answer.last, found);
    return beginning_of(ask_.operations, part, last);
  }

  /// The core as a window; whether the search for it ended by itself.
  bool find_core(const Numbers& part, Window& window, std::uint64_t most = kCoreSteps) const {
    Core core = smallest_core(about(part), bounds_, most);
    window.minimal = core.verified;
    window.tried = core.tried;
    window.left_out = core.must.size() - std::min(core.must.size(), kMostWindow);
    core.must.erase(core.must.begin(),
                    core.must.begin() + static_cast<std::ptrdiff_t>(window.left_out));
    Numbers all = core.must;
    all.insert(all.end(), core.sources.begin(), core.sources.end());
    window.part = as_part(all);
    window.part.closed = core.closed && window.left_out == 0;
    window.roles.assign(core.must.size(), WhyRole::core);
    window.roles.resize(all.size(), WhyRole::source);
    sort_by_call(window);
    return core.ended;
  }

  /// Looks among all operations of the key for a core that needs fewer of them.
  void find_smaller(Window& window) const {
    const std::uint32_t key = ask_.operations[ask_.part.front()].key;
    Numbers all;
    for (std::uint32_t i = 0; i < ask_.operations.size() && all.size() <= kMostSearched; ++i) {
      const FlatOperation& op = ask_.operations[i];
      if (op.key == key && op.outcome != OperationOutcome::fail) all.push_back(i);
    }
    if (all.size() > kMostSearched) return;
    Window other;
    const Bounds few{bounds_.stop, bounds_.max_bytes, kSmallerSteps};
    const Numbers part = beginning(all, few);
    if (!part.empty() && find_core(part, other) && other.roles.size() < window.roles.size() &&
        other.minimal)
      window = std::move(other);
  }

  /// Over values and keys that can be left out; of texts that are appended to, of which no values
  /// can, the core alone.
  void find_other(const Numbers& part, Window& window, bool plain) const {
    const bool recorded = ask_.history.recorded != nullptr;
    if (!plain && ask_.model.name() == "kv") {
      find_core(part, window, kTextSteps);
      return;
    }
    window = Window();
    Numbers fewer = recorded ? part : without_needless_reads(about(part), bounds_, kReadSteps);
    std::sort(fewer.begin(), fewer.end());  // as the input, which orders what touches
    window.part = as_part(fewer, part.back());
    if (judge_part(window.part, ask_.model, bounds_).found == Found::yes) {
      window.part = as_part(fewer);  // the part has no last operation
    }
    window.part = shrink(std::move(window.part), ask_.model, bounds_, kMostShrinkWork);
    window.roles.assign(window.part.operations.size(), WhyRole::other);
    if (window.part.operations.size() <= kMostChoices) {
      find_core_in(window);
    } else if (Window core; !recorded && !plain && find_core(part, core)) {
      window = std::move(core);
    }
    sort_by_call(window);
  }

  /// Marks the core of a window; what is neither in it nor a source of it is left out, except of
  /// traces, where the story of their causes is told with all of the window.
  void find_core_in(Window& window) const {
    const Part& part = window.part;
    const FlatHistory history = flat_over(part.operations);
    const Numbers all = all_of(history.operations);
    const PlainView view = plain_view(history, ask_.model.name(), part.initial);
    const PartAnswer answer = judge_part(part, ask_.model, bounds_);
    if (answer.found != Found::no) return;
    const auto found = [&](const std::vector<FlatOperation>& operations) {
      const Numbers some = all_of(operations);
      const auto steps = steps_of(history, operations, some, ask_.model, part.initial);
      return judge_layered(operations, some, *steps, false, bounds_).found;
    };
    const std::uint32_t last =
        answer.touching ? first_end(history.operations, all, answer.last, found) : answer.last;
    const Numbers first = beginning_of(history.operations, all, last);
    const Core core = smallest_core(
        {history, history.operations, ask_.model, part.initial, view, first}, bounds_, kCoreSteps);
    window.minimal = core.verified;
    window.tried = core.tried;
    if (!core.ended) return;
    for (const std::uint32_t i : core.sources) window.roles[i] = WhyRole::source;
    for (const std::uint32_t i : core.must) window.roles[i] = WhyRole::core;
    const bool alone = core.must.size() == 1 || core.closed;
    if (ask_.history.recorded != nullptr || !alone) return;
    Window fewer;
    fewer.part.initial = part.initial;
    fewer.part.whole = part.whole;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (window.roles[i] == WhyRole::other) continue;
      fewer.part.operations.push_back(part.operations[i]);
      fewer.part.index.push_back(part.index[i]);
      fewer.roles.push_back(window.roles[i]);
    }
    window.part = std::move(fewer.part);
    window.roles = std::move(fewer.roles);
  }

  /// The operations for models and words; those that returned after `last` as not yet answered.
  Part as_part(const Numbers& numbers, std::optional<std::uint32_t> last = {}) const {
    Part part;
    part.whole = &ask_.history;
    for (const std::uint32_t i : numbers) {
      Operation op = unflat(ask_.history, ask_.operations[i]);
      if (op.ret && last && returns_before(ask_.operations, *last, i)) {
        op.ret.reset();
        op.outcome = OperationOutcome::unknown;
      }
      if (pending(op) && ask_.model.pure(op)) continue;
      if (ask_.history.recorded == nullptr) {
        op.label = fmt::format("line {}", ask_.history.operations[i].line);
      }
      part.operations.push_back(std::move(op));
      part.index.push_back(i);
    }
    part.initial = concerned(ask_.initial, part.operations, ask_.model);
    return part;
  }

  static void sort_by_call(Window& window) {
    std::vector<std::size_t> places(window.roles.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    const auto rank = [&](std::size_t i) {
      return std::pair(window.part.operations[i].call, window.part.index[i]);
    };
    std::sort(places.begin(), places.end(),
              [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    Window sorted;
    for (const std::size_t i : places) {
      sorted.part.operations.push_back(std::move(window.part.operations[i]));
      sorted.part.index.push_back(window.part.index[i]);
      sorted.roles.push_back(window.roles[i]);
    }
    window.part.operations = std::move(sorted.part.operations);
    window.part.index = std::move(sorted.part.index);
    window.roles = std::move(sorted.roles);
  }

  ViolationWords tell(const Window& window, bool plain, const std::string& known = {}) const;
  WhyOthers others_of(const Window& window, bool plain) const;
  void add_core(Value& witness, const Window& window, const std::string& others) const;
  void add_ends(ViolationWords& told, const Window& window) const;
  void add_context(Value& witness, const Window& window) const;
  static void shorten_lists(ViolationWords& told, std::size_t left_out);

  const CoreQuestion& ask_;
  const Bounds& bounds_;
};

/// Of plain reads and writes the other writes of what the core reads, that could have been seen;
/// else whether there are others at all that began before the core had ended.
WhyOthers WhyTeller::others_of(const Window& window, bool plain) const {
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
  const std::uint32_t key = ask_.operations[ask_.part.front()].key;
  for (std::uint32_t i = 0; i < ask_.operations.size() && !plain && !others.any(); ++i) {
    const FlatOperation& op = ask_.operations[i];
    const bool of_part = op.key == key || !ask_.model.one_key();
    if (of_part && !shown[i] && op.outcome != OperationOutcome::fail && op.call <= end) {
      others.add_any();
    }
  }
  if (!plain) return others;
  for (const std::uint32_t i : ask_.part) {
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
  const std::size_t shown = std::min(operations.size(), kMostWindow);
  if (const std::size_t gone = window.left_out + operations.size() - shown; gone > 0) {
    witness.set("operations_left_out", number(gone));
    operations.resize(shown);
  }
  witness.set("operations", std::move(operations));
  Value core;
  core.set("operations", std::move(places)).set("minimal", window.minimal);
  core.set("tried", number(window.tried)).set("others", others);
  witness.set("core", std::move(core));
}

/// The final configurations; of a history also as sentences.
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
  for (std::string& line : ends_in_words(ends, window.part)) {
    told.because.push_back(std::move(line));
  }
}

void WhyTeller::add_context(Value& witness, const Window& window) const {
  std::vector<bool> shown(ask_.operations.size(), false);
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < window.part.operations.size(); ++i) {
    shown[window.part.index[i]] = true;
    if (window.roles[i] != WhyRole::other) begin = std::min(begin, window.part.operations[i].call);
  }
  Numbers near;
  for (const std::uint32_t i : ask_.part) {
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

/// `known`: what is wrong, where that is known without a look at the window.
ViolationWords WhyTeller::tell(const Window& window, bool plain, const std::string& known) const {
  const Bounds few{bounds_.stop, std::min(bounds_.max_bytes, kMostWordBytes)};
  ViolationWords told = explain(window.part, ask_.model, few);
  if (!known.empty()) {
    told.summary = "Not linearizable: " + known + ".";
    told.because.clear();
  }
  const bool recorded = ask_.history.recorded != nullptr;
  const bool has_core =
      std::find(window.roles.begin(), window.roles.end(), WhyRole::core) != window.roles.end();
  std::string others;
  if (has_core) {
    if (window.minimal && !recorded) {
      plain ? say_plainly(told, window.part, window.roles)
            : say_of_texts(told, window.part, window.roles);
    }
    others = others_in_words(others_of(window, plain), window.part, window.roles, plain);
    if (!recorded && !others.empty()) told.because.push_back(others);
  }
  if (!window.minimal && !recorded) {
    told.because.emplace_back(has_core
                                  ? "A smaller core may exist: the search for one was ended by its "
                                    "bounds."
                                  : "The search for a core was ended by its bounds; what is shown "
                                    "is not linearizable by itself.");
  }
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
  shorten_lists(told, window.left_out);
  return told;
}

/// Windows that could not be made small.
void WhyTeller::shorten_lists(ViolationWords& told, std::size_t left_out) {
  const std::size_t shown = std::min(told.window.size(), kMostWindow);
  if (const std::size_t gone = left_out + told.window.size() - shown; gone > 0) {
    told.because.push_back(fmt::format("… and {} that are not shown.", counted(gone, "operation")));
    told.window.resize(shown);
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

ViolationWords why(const CoreQuestion& question, bool is_core, const Bounds& bounds) {
  return WhyTeller(question, bounds).run(is_core);
}

ViolationWords why_impossible(const CoreQuestion& question, const Impossible& found,
                              const Bounds& bounds) {
  return WhyTeller(question, bounds).run(found);
}

}  // namespace sibyl::analysis
