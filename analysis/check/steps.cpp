// The steps of operations, taken apart.
#include <array>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/accesses.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::array<std::pair<std::string_view, StepKind>, 11> kStepWords{{
    {"read", StepKind::read},
    {"write", StepKind::write},
    {"create", StepKind::create},
    {"delete", StepKind::remove},
    {"add", StepKind::add},
    {"append", StepKind::append},
    {"move", StepKind::move},
    {"consult", StepKind::none},
    {"cas", StepKind::cas},
    {"get", StepKind::get},
    {"put", StepKind::put},
}};

/// What the value of an add or append has to be.
bool fits(StepKind kind, const Value& value) {
  return kind == StepKind::add ? value.as_int() != nullptr : value.as_string() != nullptr;
}

StepKind kind_of(std::string_view word) {
  for (const auto& [name, kind] : kStepWords) {
    if (name == word) return kind;
  }
  return StepKind::unknown;
}

}  // namespace

StepReader::StepReader(const FlatHistory& history)
    : history_(history), no_key_(static_cast<std::uint32_t>(history.keys.size())) {
  bool needs_codes = false;
  bool texts = false;
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    const std::string& word = history.functions.word(f);
    kinds_.push_back(kind_of(word));
    is_command_.push_back(word == "command");
    const StepKind kind = kinds_.back();
    texts = texts || kind == StepKind::get || kind == StepKind::put;
    needs_codes = needs_codes || texts || kind == StepKind::add || kind == StepKind::append;
  }
  if (!needs_codes) return;
  own_ = history.values;
  if (texts) empty_text_ = own_->code(std::string_view());
}

ValueCode StepReader::code(const Value& value) {
  if (value.is_null()) return kNullCode;
  if (!own_) own_ = history_.values;
  return held(own_->code(value));
}

std::optional<ValueCode> StepReader::sum(StepKind kind, ValueCode before, ValueCode operand) {
  const Value old = value(before);
  const Value more = value(operand);
  if (kind == StepKind::append) {
    const std::string* text = more.as_string();
    const bool fresh = old.is_null();  // of a key-value store: an absent key holds ""
    if (text == nullptr || (old.as_string() == nullptr && !fresh)) return std::nullopt;
    return held(own_->code(Value((fresh ? std::string() : *old.as_string()) + *text)));
  }
  if (old.as_int() == nullptr || more.as_int() == nullptr) return std::nullopt;
  return own_->code(Value(static_cast<std::int64_t>(static_cast<std::uint64_t>(*old.as_int()) +
                                                    static_cast<std::uint64_t>(*more.as_int()))));
}

void StepReader::arithmetic(StepEffect& step, ValueCode value, bool open) {
  const Value words = this->value(value);
  const Value::List* parts = words.as_list();
  const bool pair = parts != nullptr && parts->size() == 2;
  const Value operand = pair ? (*parts)[0] : words;
  if (!fits(step.kind, operand)) {
    step.kind = StepKind::unknown;
    return;
  }
  step.operand = own_->code(operand);
  if (!pair || (*parts)[1].is_null() || open) {
    step.opaque = true;
    return;
  }
  const Value& result = (*parts)[1];
  step.reads = step.writes = true;
  step.written = own_->code(result);
  if (step.kind == StepKind::add) {
    if (result.as_int() == nullptr) {
      step.kind = StepKind::unknown;
      return;
    }
    step.read =
        own_->code(Value(static_cast<std::int64_t>(static_cast<std::uint64_t>(*result.as_int()) -
                                                   static_cast<std::uint64_t>(*operand.as_int()))));
    return;
  }
  const std::string& suffix = *operand.as_string();
  const std::string* text = result.as_string();
  if (text == nullptr) {
    step.kind = StepKind::unknown;
  } else if (text->ends_with(suffix)) {
    step.read = own_->code(std::string_view(*text).substr(0, text->size() - suffix.size()));
  } else {  // it cannot have left this: found to be a read of what nobody wrote
    step.read = own_->code(Value(Value::List{words}));
  }
}

StepEffect StepReader::effect(StepKind kind, std::uint32_t key, ValueCode value, ValueCode value2,
                              bool open) {
  StepEffect step;
  step.kind = kind;
  step.key = key;
  switch (kind) {
    case StepKind::unknown:
    case StepKind::none:
    case StepKind::move:
      break;
    case StepKind::read:
    case StepKind::get:
      step.reads = !open;
      step.read = value;
      break;
    case StepKind::write:
    case StepKind::put:
      step.writes = true;
      step.written = value;
      break;
    case StepKind::create:  // also an unknown one has found nothing there, if it took effect
      step.reads = step.writes = true;
      step.written = value;
      break;
    case StepKind::remove:
      step.writes = true;
      break;
    case StepKind::cas:
      step.reads = step.writes = true;
      step.read = value;
      step.written = value2;
      break;
    case StepKind::add:
      arithmetic(step, value, open);
      break;
    case StepKind::append: {
      // A key-value store's append does not say what came of it.
      arithmetic(step, value, open);
      break;
    }
  }
  step.read = held(step.read);
  step.written = held(step.written);
  return step;
}

std::string step_words() {
  std::string words;
  for (const auto& [name, kind] : kStepWords) {
    words += (words.empty() ? "" : ", ") + std::string(name);
  }
  return words;
}

std::optional<std::string> access_problem(const Operation& op) {
  const auto problem = [&](const std::string& f, const Value& value) -> std::optional<std::string> {
    const StepKind kind = kind_of(f);
    if (kind == StepKind::unknown) {
      return fmt::format("\"{}\" is no read or write that can be judged without a model ({})", f,
                         step_words());
    }
    if (kind != StepKind::add && kind != StepKind::append) return std::nullopt;
    const Value::List* parts = value.as_list();
    const bool pair = parts != nullptr && parts->size() == 2;
    const bool open = op.outcome == OperationOutcome::unknown;
    const bool good = fits(kind, pair ? (*parts)[0] : value) &&
                      (!pair || open || (*parts)[1].is_null() || fits(kind, (*parts)[1]));
    if (good) return std::nullopt;
    const std::string_view what = kind == StepKind::add ? "an integer" : "a string";
    return fmt::format("the value of {} should be {}, or [{}, what came of it], not {}", f, what,
                       what, value.text());
  };
  const Value::List* steps = op.f == "command" ? op.value.as_list() : nullptr;
  if (steps == nullptr) return problem(op.f, op.value);
  for (const Value& each : *steps) {
    const Value::List& step = *each.as_list();
    const Value none;
    if (auto found = problem(*step[0].as_string(), step.size() == 3 ? step[2] : none)) return found;
  }
  return std::nullopt;
}

std::string operation_words(const FlatHistory& history, std::uint32_t op) {
  const Operation words = unflat(history, history.operations[op]);
  const bool open = words.outcome == OperationOutcome::unknown;
  std::string out;
  const auto add = [&](const std::string& f, const std::string& key, const Value& value) {
    if (!out.empty()) out += ", ";
    out += f;
    if (!key.empty()) out += " " + key_words(key);
    const bool read = f == "read" || f == "get";
    if (f == "delete" || f == "move" || f == "consult" || (read && open)) return;
    const Value::List* parts = value.as_list();
    if (parts != nullptr && parts->size() == 2 && f == "cas") {
      out += fmt::format(" from {} to {}", (*parts)[0].text(), (*parts)[1].text());
    } else if (parts != nullptr && parts->size() == 2 && (f == "add" || f == "append")) {
      out += fmt::format(" {} to make {}", (*parts)[0].text(), (*parts)[1].text());
    } else {
      out += f == "add" || f == "append" ? " " + value.text()
             : value.is_null()           ? std::string(" = unset")
                                         : " = " + value.text();
    }
  };
  const Value::List* steps = words.f == "command" ? words.value.as_list() : nullptr;
  if (steps == nullptr) {
    add(words.f, words.key, words.value);
    return out;
  }
  constexpr std::size_t kMost = 8;
  for (std::size_t i = 0; i < steps->size() && i < kMost; ++i) {
    const Value::List& step = *(*steps)[i].as_list();
    add(*step[0].as_string(), *step[1].as_string(), step[2]);
  }
  if (steps->size() > kMost) out += fmt::format(" and {} more steps", steps->size() - kMost);
  return out.empty() ? "nothing" : out;
}

}  // namespace sibyl::analysis
