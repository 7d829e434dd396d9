// Parts made ready for the layered search: registers and texts at once, all else over the model's
// machine, whose answers are remembered.
#include "analysis/check/part_steps.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "analysis/check/code_table.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::uint32_t kNoFunction = std::numeric_limits<std::uint32_t>::max();

/// The number of a function's word, or kNoFunction.
std::uint32_t function_of(const FlatHistory& history, std::string_view word) {
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    if (history.functions.word(f) == word) return f;
  }
  return kNoFunction;
}

/// The key of a part that has one only.
std::string key_word(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                     const std::vector<std::uint32_t>& part) {
  if (part.empty() || operations[part.front()].key == FlatOperation::kNoKey) return {};
  return history.keys.word(operations[part.front()].key);
}

/// Numbers effects by what tells them apart.
class EffectNumbers {
 public:
  /// Two effects are equal when all four numbers are.
  std::uint32_t number(std::uint32_t kind, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t pair = pairs_.number((std::uint64_t{a} << 32U) | b);
    return numbers_.number((std::uint64_t{kind} << 32U) | pair);
  }

 private:
  CodeTable pairs_;
  CodeTable numbers_;
};

/// A register with compare-and-set: the states are the codes of its values, numbered.
class RegisterSteps : public Steps {
 public:
  RegisterSteps(const FlatHistory& history, const std::vector<FlatOperation>& operations,
                const std::vector<std::uint32_t>& part, const Value& initial) {
    const std::uint32_t read = function_of(history, "read");
    const std::uint32_t write = function_of(history, "write");
    const Value* start = initial.find(key_word(history, operations, part));
    // A start that the history does not have gets a number beyond all codes.
    const std::optional<ValueCode> code =
        start == nullptr ? kNullCode : history.values.find(*start);
    initial_ = values_.number(code ? std::uint64_t{*code} : ~std::uint64_t{0});
    EffectNumbers numbers;
    for (const std::uint32_t i : part) {
      const FlatOperation& op = operations[i];
      Effect effect;
      effect.silent = op.outcome != OperationOutcome::ok;
      effect.refused = op.refused;
      effect.old = values_.number(op.value);
      effect.value = values_.number(op.f == read || op.f == write ? op.value : op.value2);
      effect.kind = op.f == read ? Kind::read : op.f == write ? Kind::write : Kind::cas;
      const auto word = static_cast<std::uint32_t>(effect.kind) * 4 + (effect.silent ? 2U : 0U) +
                        (effect.refused ? 1U : 0U);
      // Whether its answer is known changes nothing about a write.
      const std::uint32_t number =
          numbers.number(effect.kind == Kind::write ? 4U : word, effect.old, effect.value);
      effects_.push_back(number);
      if (number < table_.size()) continue;
      table_.push_back(effect);
      pure_.push_back(effect.kind == Kind::read || (effect.refused && !effect.silent));
    }
  }

  State apply(State state, std::uint32_t number) override {
    const Effect& effect = table_[number];
    if (effect.kind == Kind::write) return effect.value;
    const bool match = state == effect.old;
    if (effect.kind == Kind::read) return match || effect.silent ? state : kImpossible;
    if (effect.silent) return match ? effect.value : state;
    if (effect.refused) return match ? kImpossible : state;
    return match ? effect.value : kImpossible;
  }

  std::uint64_t bytes() const override { return values_.bytes(); }

 private:
  enum class Kind : std::uint8_t { read, write, cas };
  struct Effect {
    Kind kind = Kind::read;
    bool silent = false;
    bool refused = false;
    std::uint32_t old = 0;
    std::uint32_t value = 0;
  };
  std::vector<Effect> table_;
  CodeTable values_;
};

/// Texts with append. The states are the beginnings of texts that were read, each as the first such
/// text in their order and a length; all other texts are one state, since only a put leads from
/// them to what was read. No text is ever put together.
class TextSteps : public Steps {
 public:
  TextSteps(const FlatHistory& history, const std::vector<FlatOperation>& operations,
            const std::vector<std::uint32_t>& part, const Value& initial) {
    const std::uint32_t get = function_of(history, "get");
    const std::uint32_t put = function_of(history, "put");
    for (const std::uint32_t i : part) {
      const FlatOperation& op = operations[i];
      if (op.f == get && op.outcome == OperationOutcome::ok)
        read_.push_back(history.values.text(op.value));
    }
    std::sort(read_.begin(), read_.end());
    read_.erase(std::unique(read_.begin(), read_.end()), read_.end());
    unseen_ = numbers_.number(~std::uint64_t{0});
    states_.push_back({});
    const Value* start = initial.find(key_word(history, operations, part));
    const bool given = start != nullptr && start->as_string() != nullptr;
    initial_ = beginning(given ? *start->as_string() : std::string_view());
    EffectNumbers numbers;
    for (const std::uint32_t i : part) {
      const FlatOperation& op = operations[i];
      Effect effect;
      effect.kind = op.f == get ? Kind::get : op.f == put ? Kind::put : Kind::append;
      effect.silent = effect.kind == Kind::get && op.outcome != OperationOutcome::ok;
      const std::uint32_t number =
          numbers.number(static_cast<std::uint32_t>(effect.kind), effect.silent ? 1 : 0, op.value);
      effects_.push_back(number);
      if (number < table_.size()) continue;
      effect.suffix = history.values.text(op.value);
      if (effect.kind != Kind::append && !effect.silent) effect.text = beginning(effect.suffix);
      table_.push_back(effect);
      pure_.push_back(effect.kind == Kind::get);
      revives_.push_back(effect.kind == Kind::put && effect.text != unseen_);
    }
  }

  State apply(State state, std::uint32_t number) override {
    const Effect& effect = table_[number];
    if (effect.kind == Kind::put) return effect.text;
    if (effect.kind == Kind::get) {
      return effect.silent || effect.text == state ? state : kImpossible;
    }
    return state == unseen_ ? state : longer(states_[state], effect.suffix);
  }

  std::uint64_t bytes() const override {
    return numbers_.bytes() + states_.capacity() * sizeof(Beginning);
  }

 private:
  enum class Kind : std::uint8_t { get, put, append };
  struct Effect {
    Kind kind = Kind::get;
    bool silent = false;
    State text = 0;
    std::string_view suffix;  ///< of the history's values
  };
  /// What the texts read_[first] … read_[last - 1], and no others, begin with.
  struct Beginning {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t size = 0;
  };

  State beginning(std::string_view text) {
    return longer({0, static_cast<std::uint32_t>(read_.size()), 0}, text);
  }

  /// The state after an append.
  State longer(Beginning from, std::string_view suffix) {
    const auto at = [&](std::string_view text) { return text.substr(from.size, suffix.size()); };
    const auto begin = read_.begin() + from.first;
    const auto end = read_.begin() + from.last;
    const auto first = std::lower_bound(
        begin, end, suffix, [&](std::string_view a, std::string_view b) { return at(a) < b; });
    if (first == end || at(*first) != suffix) return unseen_;
    const auto last = std::upper_bound(
        first, end, suffix, [&](std::string_view a, std::string_view b) { return a < at(b); });
    const Beginning next{static_cast<std::uint32_t>(first - read_.begin()),
                         static_cast<std::uint32_t>(last - read_.begin()),
                         from.size + static_cast<std::uint32_t>(suffix.size())};
    const State state = numbers_.number((std::uint64_t{next.first} << 32U) | next.size);
    if (state == states_.size()) states_.push_back(next);
    return state;
  }

  std::vector<Effect> table_;
  std::vector<std::string_view> read_;  ///< the texts read, sorted
  CodeTable numbers_;                   ///< of states, by first text and size
  std::vector<Beginning> states_;
};

/// Any model, over its machine.
class MachineSteps : public Steps {
 public:
  MachineSteps(const FlatHistory& history, const std::vector<FlatOperation>& operations,
               const std::vector<std::uint32_t>& part, const Model& model, const Value& initial) {
    History distinct;
    CodeTable keys;
    EffectNumbers numbers;
    for (const std::uint32_t i : part) {
      const FlatOperation& op = operations[i];
      const std::uint32_t word = (std::uint32_t{op.f} << 3U) |
                                 (static_cast<std::uint32_t>(op.outcome) << 1U) |
                                 (op.refused ? 1U : 0U);
      // A command's value is where its steps begin, so each has an effect of its own.
      const std::uint32_t place = keys.number((std::uint64_t{op.key} << 32U) | op.value2);
      const std::uint32_t number = numbers.number(word, place, op.value);
      effects_.push_back(number);
      if (number < distinct.size()) continue;
      distinct.push_back(unflat(history, op));
      pure_.push_back(model.pure(distinct.back()));
    }
    machine_ = model.compile(distinct, initial);
    initial_ = machine_->initial();
  }

  State apply(State state, std::uint32_t effect) override {
    const std::uint32_t known = done_.number((std::uint64_t{state} << 32U) | effect);
    if (known < results_.size()) return results_[known];
    results_.push_back(machine_->step(state, effect).value_or(kImpossible));
    return results_.back();
  }

  std::uint64_t bytes() const override {
    return done_.bytes() + results_.capacity() * 4 + machine_->bytes();
  }

 private:
  std::unique_ptr<Machine> machine_;
  CodeTable done_;
  std::vector<State> results_;
};

}  // namespace

std::unique_ptr<Steps> steps_of(const FlatHistory& history,
                                const std::vector<FlatOperation>& operations,
                                const std::vector<std::uint32_t>& part, const Model& model,
                                const Value& initial) {
  if (model.name() == "register") {
    return std::make_unique<RegisterSteps>(history, operations, part, initial);
  }
  if (model.name() == "kv") {
    return std::make_unique<TextSteps>(history, operations, part, initial);
  }
  return machine_steps_of(history, operations, part, model, initial);
}

std::unique_ptr<Steps> machine_steps_of(const FlatHistory& history,
                                        const std::vector<FlatOperation>& operations,
                                        const std::vector<std::uint32_t>& part, const Model& model,
                                        const Value& initial) {
  return std::make_unique<MachineSteps>(history, operations, part, model, initial);
}

}  // namespace sibyl::analysis
