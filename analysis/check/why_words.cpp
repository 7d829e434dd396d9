// Cores of violations in words.
#include "analysis/check/why_words.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/core.h>

#include "analysis/check/operations.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostValue = 60;
constexpr std::size_t kMostNames = 8;

std::string value_in_words(const Value& value) {
  if (value.is_null()) return "nothing";
  if (value.as_string() != nullptr && value.as_string()->empty()) return "\"\"";
  return shortened(printable(value.text()), kMostValue);
}

bool is_read(const Operation& op) { return op.f == "read" || op.f == "get"; }

/// What the model calls that which such a read has read from.
std::string_view write_noun(const Operation& read) { return read.f == "get" ? "put" : "write"; }

/// What both of null and "" read as, where they do.
bool same(const Operation& a, const Operation& b) {
  const auto unset = [](const Operation& op) {
    return op.value.is_null() || (op.f == "get" && op.value == Value("")) ||
           (op.f == "put" && op.value == Value(""));
  };
  return a.value == b.value || (unset(a) && unset(b));
}

std::string object_of(const Operation& op) {
  if (!op.key.empty()) return key_words(op.key);
  return op.f == "get" ? "the store" : "the register";
}

/// A window of plain reads and writes, taken apart.
struct Plain {
  explicit Plain(const Part& part, const std::vector<WhyRole>& roles) : window(part) {
    for (std::size_t i = 0; i < roles.size(); ++i) {
      if (roles[i] == WhyRole::core) core.push_back(i);
      if (roles[i] == WhyRole::source) sources.push_back(i);
    }
    if (core.empty()) return;
    last = core.front();
    for (const std::size_t i : core) {
      if (rank(i) > rank(last)) last = i;
    }
    if (core.size() == 2) other = core[0] == last ? core[1] : core[0];
  }

  const Operation& op(std::size_t i) const { return window.operations[i]; }
  /// In the order of returns.
  std::tuple<std::int64_t, std::int64_t, std::size_t> rank(std::size_t i) const {
    return {*op(i).ret, op(i).call, window.index[i]};
  }
  std::string name(std::size_t i) const {
    return operation_name(window.operations[i], window.index[i]);
  }
  /// Whether the core is a read and something that had ended before it began.
  bool is_pair() const {
    return core.size() == 2 && is_read(op(last)) && ended_before(window, other, last);
  }
  bool missed_write() const { return is_pair() && !is_read(op(other)); }
  /// The source of the last read, if one is shown: a place; else the number of operations.
  std::size_t source() const {
    for (const std::size_t i : sources) {
      if (same(op(i), op(last))) return i;
    }
    return window.operations.size();
  }

  const Part& window;
  std::vector<std::size_t> core;
  std::vector<std::size_t> sources;
  std::size_t last = 0;
  std::size_t other = 0;
};

}  // namespace

std::string state_in_words(const Value& state) {
  const Value::Object* objects = state.as_object();
  if (objects == nullptr) return printable(state.text());
  if (objects->size() != 1 || !objects->front().first.empty()) {
    Value::Object shown;
    for (const auto& [key, value] : *objects) shown.emplace_back(key_words(key), value);
    return printable(Value(std::move(shown)).text());
  }
  const Value& alone = objects->front().second;
  if (alone.as_bool() != nullptr) return *alone.as_bool() ? "the lock held" : "the lock free";
  const bool is_list = alone.as_list() != nullptr;
  return (is_list ? "" : "the value ") + printable(alone.text());
}

std::string_view why_role_name(WhyRole role) {
  return role == WhyRole::core ? "core" : role == WhyRole::source ? "source" : "other";
}

void WhyOthers::add(const Value& value, std::int64_t ret) {
  Writes& writes = by_text_[value.text()];
  writes.last_return = writes.count == 0 ? ret : std::max(writes.last_return, ret);
  ++writes.count;
}

WhyOthers::Writes WhyOthers::of(const Value& value) const {
  const auto found = by_text_.find(value.text());
  return found == by_text_.end() ? Writes() : found->second;
}

void say_plainly(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles,
                 const WhyOthers& others) {
  const Plain plain(window, roles);
  if (plain.core.empty() || !is_read(plain.op(plain.last))) return;
  const Operation& read = plain.op(plain.last);
  const std::string_view write = write_noun(read);
  const std::string seen = value_in_words(read.value);
  const std::string returned = fmt::format("Not linearizable: the {} of {} at {} returned {}, but ",
                                           read.f, object_of(read), plain.name(plain.last), seen);
  if (plain.core.size() == 1) {
    told.summary = fmt::format("{}no {} of it can have happened before that {} ended.", returned,
                               write, read.f);
    told.because.clear();
    return;
  }
  if (!plain.is_pair()) return;
  const Operation& other = plain.op(plain.other);
  const std::size_t source = plain.source();
  const bool has_source = source < window.operations.size();
  if (plain.missed_write()) {
    const std::string missed = fmt::format("the {} of {} at {}", write, value_in_words(other.value),
                                           plain.name(plain.other));
    const std::string rest =
        has_source && ended_before(window, source, plain.other)
            ? fmt::format("and had begun after the {} of {} at {} had ended", write, seen,
                          plain.name(source))
        : others.of(read.value).count != 0
            ? fmt::format("and no {} of {} can have come after that", write, seen)
            : fmt::format("and {} was there only at first", seen);
    told.summary = fmt::format("{}{} had ended before it began, {}.", returned, missed, rest);
    return;
  }
  told.summary = fmt::format(
      "{}the {} at {}, which had ended before it began, returned {}, and no {} of "
      "{} can have come between them.",
      returned, other.f, plain.name(plain.other), value_in_words(other.value), write, seen);
}

void say_of_failed(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles,
                   const std::vector<std::string>& failed, bool by_values) {
  const Plain plain(window, roles);
  if (plain.core.size() != 1 || failed.empty()) return;
  const std::string which = listed(failed, kMostNames);
  const Operation& op = plain.op(plain.last);
  told.because.clear();
  told.summary =
      by_values ? fmt::format(
                      "Not linearizable: the {} of {} at {} returned {}, but {}, which would "
                      "have written it, failed.",
                      op.f, object_of(op), plain.name(plain.last), value_in_words(op.value), which)
                : fmt::format("Not linearizable: {}, which would have made {} possible, failed.",
                              which, plain.name(plain.last));
}

void say_of_texts(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles) {
  const Plain core(window, roles);
  if (core.core.empty() || core.op(core.last).f != "get") return;
  const Operation& get = core.op(core.last);
  const std::string start = fmt::format("Not linearizable: the get of {} at {} returned ",
                                        object_of(get), core.name(core.last));
  const std::string text = value_in_words(get.value);
  if (core.core.size() == 1) {
    told.summary = fmt::format(
        "{}{}, which no order of the puts and appends that can have happened before it ended "
        "gives.",
        start, text);
    return;
  }
  if (!core.is_pair()) return;
  const Operation& other = core.op(core.other);
  const std::string* whole = get.value.as_string();
  if (other.f == "append" && whole != nullptr &&
      whole->find(*other.value.as_string()) == std::string::npos) {
    told.summary = fmt::format("{}a text without {}, whose append at {} had ended before it began.",
                               start, value_in_words(other.value), core.name(core.other));
  } else if (other.f == "get") {
    told.summary = fmt::format(
        "{}{}, but the get at {}, which had ended before it began, returned {}, and no puts and "
        "appends lead from there.",
        start, text, core.name(core.other), value_in_words(other.value));
  }
}

std::string others_in_words(const WhyOthers& others, const Part& window,
                            const std::vector<WhyRole>& roles, bool plain) {
  if (!plain) {
    return others.any() ? "No choice of the other operations makes this linearizable." : "";
  }
  const Plain core(window, roles);
  std::vector<std::string> told;
  std::vector<std::string> values;
  std::size_t count = 0;
  for (const std::size_t i : core.core) {
    if (!is_read(core.op(i))) continue;
    const WhyOthers::Writes writes = others.of(core.op(i).value);
    const std::string value = value_in_words(core.op(i).value);
    const std::string noun = fmt::format("other {}", write_noun(core.op(i)));
    if (writes.count == 0 || std::find(values.begin(), values.end(), value) != values.end())
      continue;
    if (core.missed_write() && writes.last_return < core.op(core.other).call) {
      return fmt::format("{} of {} had ended before {} began, too.", counted(writes.count, noun),
                         value, core.name(core.other));
    }
    values.push_back(value);
    told.push_back(counted(writes.count, noun) + " of " + value);
    count += writes.count;
  }
  if (count == 0) return "";
  return fmt::format("There {} {}, but no choice of them makes this linearizable.",
                     count == 1 ? "is" : "are", listed(told));
}

std::vector<std::string> ends_in_words(const FinalConfigurations& ends, const Part& window) {
  std::vector<std::string> lines;
  const auto name = [&](std::size_t i) {
    return operation_name(window.operations[i], window.index[i]);
  };
  for (const FinalConfiguration& each : ends.shown) {
    std::vector<std::string> order;
    for (const std::size_t i : each.order) order.push_back(name(i));
    std::string line =
        order.empty() ? std::string("At first") : "After " + listed(order, kMostNames);
    line += fmt::format(", with {}, nothing can follow: ",
                        shortened(state_in_words(each.state), 2 * kMostValue));
    for (std::size_t i = 0; i < each.left.size(); ++i) {
      line += fmt::format("{}{} {}", i == 0 ? "" : "; ", name(each.left[i].first),
                          shortened(printable(each.left[i].second), 2 * kMostValue));
    }
    lines.push_back(line + ".");
  }
  if (ends.more > 0) {
    lines.push_back(
        fmt::format("… and {} more such {}.", ends.more, ends.more == 1 ? "end" : "ends"));
  }
  return lines;
}

}  // namespace sibyl::analysis
