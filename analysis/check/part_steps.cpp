// Parts made ready for the layered search: registers and texts at once, all else over the model's
// machine, whose answers are remembered.
#include "analysis/check/part_steps.hpp"

#include <cstring>
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
    const std::string key = part.empty() || operations[part.front()].key == FlatOperation::kNoKey
                                ? std::string()
                                : history.keys.word(operations[part.front()].key);
    const Value* start = initial.find(key);
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

/// Texts with append: the states are the texts met, numbered.
class TextSteps : public Steps {
 public:
  TextSteps(const FlatHistory& history, const std::vector<FlatOperation>& operations,
            const std::vector<std::uint32_t>& part, const Value& initial)
      : slots_(64, kImpossible) {
    const std::uint32_t get = function_of(history, "get");
    const std::uint32_t put = function_of(history, "put");
    const std::string key = part.empty() || operations[part.front()].key == FlatOperation::kNoKey
                                ? std::string()
                                : history.keys.word(operations[part.front()].key);
    const Value* start = initial.find(key);
    const bool given = start != nullptr && start->as_string() != nullptr;
    initial_ = intern(given ? *start->as_string() : std::string_view());
    EffectNumbers numbers;
    for (const std::uint32_t i : part) {
      const FlatOperation& op = operations[i];
      Effect effect;
      effect.kind = op.f == get ? Kind::get : op.f == put ? Kind::put : Kind::append;
      effect.silent = effect.kind == Kind::get && op.outcome != OperationOutcome::ok;
      const std::string_view text = history.values.text(op.value);
      if (effect.kind != Kind::append) {
        effect.text = intern(text);
      } else {
        effect.suffix = text;
      }
      const std::uint32_t number =
          numbers.number(static_cast<std::uint32_t>(effect.kind), effect.silent ? 1 : 0,
                         effect.kind == Kind::append ? op.value : effect.text);
      effects_.push_back(number);
      if (number < table_.size()) continue;
      table_.push_back(effect);
      pure_.push_back(effect.kind == Kind::get);
    }
  }

  State apply(State state, std::uint32_t number) override {
    const Effect& effect = table_[number];
    if (effect.kind == Kind::put) return effect.text;
    if (effect.kind == Kind::get)
      return effect.silent || effect.text == state ? state : kImpossible;
    const std::uint32_t known = done_.number((std::uint64_t{state} << 32U) | number);
    if (known < results_.size()) return results_[known];
    const Text text = texts_[state];
    scratch_.assign(characters_.data() + text.begin, text.size);
    scratch_ += effect.suffix;
    results_.push_back(intern(scratch_));
    return results_.back();
  }

  std::uint64_t bytes() const override {
    return characters_.capacity() + texts_.capacity() * sizeof(Text) + slots_.capacity() * 4 +
           done_.bytes() + results_.capacity() * 4;
  }

 private:
  enum class Kind : std::uint8_t { get, put, append };
  struct Effect {
    Kind kind = Kind::get;
    bool silent = false;
    State text = 0;
    std::string_view suffix;  ///< of the history's values
  };
  struct Text {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::size_t hash = 0;
  };

  State intern(std::string_view text) {
    if (2 * (texts_.size() + 1) > slots_.size()) grow();
    const std::size_t hash = std::hash<std::string_view>()(text);
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != kImpossible; slot = (slot + 1) & (slots_.size() - 1)) {
      const Text& other = texts_[slots_[slot]];
      if (other.hash == hash && other.size == text.size() &&
          std::memcmp(characters_.data() + other.begin, text.data(), text.size()) == 0) {
        return slots_[slot];
      }
    }
    slots_[slot] = static_cast<State>(texts_.size());
    texts_.push_back({characters_.size(), text.size(), hash});
    characters_.append(text);
    return slots_[slot];
  }

  void grow() {
    std::vector<State> old(2 * slots_.size(), kImpossible);
    old.swap(slots_);
    for (const State state : old) {
      if (state == kImpossible) continue;
      std::size_t slot = texts_[state].hash & (slots_.size() - 1);
      while (slots_[slot] != kImpossible) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = state;
    }
  }

  std::vector<Effect> table_;
  std::string characters_;
  std::vector<Text> texts_;
  std::vector<State> slots_;
  CodeTable done_;  ///< (state, append)
  std::vector<State> results_;
  std::string scratch_;
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
  return std::make_unique<MachineSteps>(history, operations, part, model, initial);
}

}  // namespace sibyl::analysis
