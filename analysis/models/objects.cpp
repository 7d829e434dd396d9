// Model "objects": commands on several objects, each command atomic. The state maps keys to values.
//
// A command's value is a list of steps [f, key, value], taken in order, a later step seeing the
// earlier:
//   read     value: what was read; null: the object was found absent
//   write    value: the new value
//   create   value: the first value
//   delete   an absent object may be deleted
//   add      value: [delta, result], or delta alone; integers; result = old value + delta
//   append   the same with texts: [suffix, result], or the suffix alone
//   move     no effect on the state; the object must exist
//   consult  says nothing about the state
//
// A command that replies "nok" changed nothing because a precondition failed: an object that it
// creates existed already, or one that it reads, writes, adds to or moves (and has not created
// itself) was missing. One that replies "ok" found all its preconditions met, except that a read
// may have found its object absent. A command whose reply is not known reads anything; if it takes
// effect, then as "ok".
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

enum class Kind : std::uint8_t { read, write, create, remove, add, append, move, consult };
constexpr std::array<std::string_view, 8> kKinds{"read", "write",  "create", "delete",
                                                 "add",  "append", "move",   "consult"};

/// One step, taken apart.
struct Step {
  Kind kind = Kind::read;
  std::string key;
  Value value;                  ///< of an add or append: the delta or suffix
  std::optional<Value> result;  ///< of an add or append, when it is known
};

bool refused(const Operation& op) { return !pending(op) && op.reply == "nok"; }

/// Whether the step needs its object to exist.
bool needs_object(Kind kind) {
  return kind == Kind::read || kind == Kind::write || kind == Kind::add || kind == Kind::append ||
         kind == Kind::move;
}

/// Reads a step; leaves `problem` when it is none.
std::optional<Step> parse(const Value& value, std::string* problem) {
  const Value::List* list = value.as_list();
  const bool shaped = list != nullptr && (list->size() == 2 || list->size() == 3) &&
                      (*list)[0].as_string() != nullptr && (*list)[1].as_string() != nullptr;
  if (!shaped) {
    *problem = fmt::format("a step should be [f, key, value], not {}", value.text());
    return std::nullopt;
  }
  const auto kind = std::find(kKinds.begin(), kKinds.end(), *(*list)[0].as_string());
  if (kind == kKinds.end()) {
    *problem =
        fmt::format("\"{}\" is no step (read, write, create, delete, add, append, move, consult)",
                    *(*list)[0].as_string());
    return std::nullopt;
  }
  Step step{static_cast<Kind>(kind - kKinds.begin()), *(*list)[1].as_string(), {}, {}};
  if (list->size() == 3) step.value = (*list)[2];
  if (step.kind != Kind::add && step.kind != Kind::append) return step;
  if (const Value::List* parts = step.value.as_list(); parts != nullptr && parts->size() == 2) {
    if (!(*parts)[1].is_null()) step.result = (*parts)[1];
    const Value delta = (*parts)[0];
    step.value = delta;
  }
  if (step.kind == Kind::append) {
    const bool texts =
        step.value.as_string() != nullptr && (!step.result || step.result->as_string() != nullptr);
    if (texts) return step;
    *problem = fmt::format("an append should have [suffix, result], both texts, not {}",
                           (*list).back().text());
    return std::nullopt;
  }
  if (step.value.as_int() == nullptr || (step.result && step.result->as_int() == nullptr)) {
    *problem = fmt::format("an add should have [delta, result], both integers, not {}",
                           (*list).back().text());
    return std::nullopt;
  }
  return step;
}

/// The steps of an operation without a problem.
std::vector<Step> steps_of(const Operation& op) {
  std::vector<Step> steps;
  std::string ignored;
  if (op.value.as_list() == nullptr) return steps;
  for (const Value& each : *op.value.as_list()) {
    if (std::optional<Step> step = parse(each, &ignored)) steps.push_back(std::move(*step));
  }
  return steps;
}

std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

class ObjectsMachine : public Machine {
 public:
  ObjectsMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      Command command{{}, pending(op), refused(op)};
      for (const Step& step : steps_of(op)) {
        Compiled c;
        c.kind = step.kind;
        c.cell = static_cast<std::size_t>(cell_of(step.key));
        c.value = values_.intern(step.value);
        if (step.kind == Kind::add) c.delta = *step.value.as_int();
        if (step.kind == Kind::append) {
          c.suffix = *step.value.as_string();
          if (step.result) c.value = values_.intern(*step.result);
          c.known = step.result.has_value();
        } else if (step.result) {
          c.result = *step.result->as_int();
        }
        command.steps.push_back(c);
      }
      commands_.push_back(std::move(command));
    }
    start_from(initial, kAbsent);
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Command& command = commands_[op];
    if (command.refused) {
      if (has_cause(cells, command)) return true;
      if (why != nullptr) {
        *why = "replied nok, but every object that it accesses was there and none that it creates";
      }
      return false;
    }
    for (const Compiled& step : command.steps) {
      if (step.kind == Kind::create && cells[step.cell] != kAbsent) {
        if (why != nullptr) *why = fmt::format("created {}, which was there already", key(step));
        return false;
      }
    }
    return std::all_of(command.steps.begin(), command.steps.end(), [&](const Compiled& step) {
      return take(cells, step, command.pending, why);
    });
  }

 private:
  struct Compiled {
    Kind kind = Kind::read;
    std::size_t cell = 0;
    std::int32_t value = 0;
    std::int64_t delta = 0;
    std::optional<std::int64_t> result;
    std::string suffix;
    bool known = false;  ///< of an append: `value` is what the object held then
  };
  struct Command {
    std::vector<Compiled> steps;
    bool pending = false;
    bool refused = false;
  };

  std::string key(const Compiled& step) const {
    return key_words(key_of(static_cast<std::int32_t>(step.cell)));
  }

  /// Whether a precondition fails in this state, so that "nok" is the right reply.
  static bool has_cause(const Cells& cells, const Command& command) {
    Cells present = cells;
    for (const Compiled& step : command.steps) {
      if (step.kind == Kind::create && cells[step.cell] != kAbsent) return true;
    }
    for (const Compiled& step : command.steps) {
      if (step.kind == Kind::create) present[step.cell] = 0;
      if (step.kind == Kind::remove) present[step.cell] = kAbsent;
      if (needs_object(step.kind) && present[step.cell] == kAbsent) return true;
    }
    return false;
  }

  /// One step of a command that replied "ok", or may yet.
  bool take(Cells& cells, const Compiled& step, bool unknown, std::string* why) {
    std::int32_t& cell = cells[step.cell];
    const bool missing = cell == kAbsent;
    switch (step.kind) {
      case Kind::consult:
        return true;
      case Kind::create:
        cell = step.value;
        return true;
      case Kind::remove:
        cell = kAbsent;
        return true;
      case Kind::read: {
        const bool null = step.value == 0;
        if (unknown || cell == step.value || (null && missing)) return true;
        if (why != nullptr) {
          const std::string was = fmt::format("{} was {}", key(step), text_of(cell));
          *why = null ? fmt::format("found no {}, but {}", key(step), was)
                      : fmt::format("read {} = {}, but {}", key(step), text_of(step.value), was);
        }
        return false;
      }
      case Kind::write:
      case Kind::move:
        if (!missing && step.kind == Kind::write) cell = step.value;
        break;
      case Kind::add:
        return missing ? absent(step, why) : add(cell, step, unknown, why);
      case Kind::append:
        return missing ? absent(step, why) : append(cell, step, unknown, why);
    }
    return !missing || absent(step, why);
  }

  bool absent(const Compiled& step, std::string* why) const {
    if (why != nullptr) *why = fmt::format("replied ok, but there was no {}", key(step));
    return false;
  }

  bool add(std::int32_t& cell, const Compiled& step, bool unknown, std::string* why) {
    const std::int64_t* before = values_.value(cell).as_int();
    const std::int64_t after = before == nullptr ? 0 : wrapping_add(*before, step.delta);
    if (before == nullptr || (!unknown && step.result && *step.result != after)) {
      if (why != nullptr) {
        *why = fmt::format("added {} to {} and got {}, but it was {}", step.delta, key(step),
                           step.result ? std::to_string(*step.result) : "no result", text_of(cell));
      }
      return false;
    }
    cell = values_.intern(Value(after));
    return true;
  }

  bool append(std::int32_t& cell, const Compiled& step, bool unknown, std::string* why) {
    const std::string* before = values_.value(cell).as_string();
    const Value after(before == nullptr ? step.suffix : *before + step.suffix);
    const std::int32_t number = values_.intern(after);
    if (before == nullptr || (!unknown && step.known && step.value != number)) {
      if (why != nullptr) {
        *why = fmt::format("appended {} to {} and got {}, but it was {}", step.suffix, key(step),
                           step.known ? text_of(step.value) : "no result", text_of(cell));
      }
      return false;
    }
    cell = number;
    return true;
  }

  std::vector<Command> commands_;
};

class ObjectsModel : public Model {
 public:
  std::string_view name() const override { return "objects"; }
  std::string_view summary() const override {
    return "atomic commands that read, write, create, delete and add to several objects";
  }

  std::vector<std::string_view> functions() const override { return {"command"}; }

  bool understands(const Operation& op) const override {
    if (op.f == "command") return true;
    const Value::List* list = op.value.as_list();
    if (list == nullptr || list->empty()) return false;
    std::string ignored;
    return std::all_of(list->begin(), list->end(),
                       [&](const Value& step) { return parse(step, &ignored).has_value(); });
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (op.value.as_list() == nullptr) {
      return fmt::format("its value should be a list of [f, key, value], not {}", op.value.text());
    }
    std::string problem;
    for (const Value& step : *op.value.as_list()) {
      if (!parse(step, &problem)) return problem;
    }
    if (!pending(op) && op.reply != "ok" && op.reply != "nok") {
      return fmt::format("the reply \"{}\" should be ok or nok", op.reply);
    }
    return std::nullopt;
  }

  std::vector<std::string> keys(const Operation& op) const override {
    std::vector<std::string> keys;
    for (const Step& step : steps_of(op)) {
      if (step.kind != Kind::consult) keys.push_back(step.key);
    }
    return keys;
  }

  bool pure(const Operation& op) const override {
    if (refused(op)) return true;
    const std::vector<Step> steps = steps_of(op);
    return std::all_of(steps.begin(), steps.end(), [](const Step& step) {
      return step.kind == Kind::read || step.kind == Kind::move || step.kind == Kind::consult;
    });
  }

  std::string text(const Operation& op) const override;
  Footprint footprint(const Operation& op) const override;

  std::vector<Cut> cuts(const History& history) const override {
    std::vector<Cut> result = value_cuts(*this, history, [](const Operation& op) {
      const std::vector<Step> steps = steps_of(op);
      return !refused(op) && std::all_of(steps.begin(), steps.end(), [](const Step& step) {
        return step.kind == Kind::read || step.kind == Kind::write;
      });
    });
    std::vector<std::string> all;
    for (const Operation& op : history) {
      for (std::string& key : keys(op)) all.push_back(std::move(key));
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    if (all.size() < 2) return result;
    std::vector<Cut> by_key;
    for (std::string& key : all) by_key.push_back({std::move(key), std::nullopt});
    result.insert(result.begin(), by_key.begin(), by_key.end());
    return result;
  }

  std::optional<Operation> apply(const Operation& op, const Cuts& cuts) const override {
    const std::vector<Step> steps = steps_of(op);
    Operation rest = op;
    Value::List kept;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const bool unread = steps[i].kind == Kind::read && pending(op);
      const bool gone =
          unread ? cuts.leaves_out(steps[i].key) : cuts.leaves_out(steps[i].key, steps[i].value);
      if (!gone) kept.push_back((*op.value.as_list())[i]);
    }
    if (kept.empty()) return std::nullopt;
    // Why a refused command was refused is not known; without the cause it would prove nothing.
    if (refused(op) && kept.size() < steps.size()) return std::nullopt;
    rest.value = std::move(kept);
    return rest;
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<ObjectsMachine>(history, initial);
  }
};

std::string ObjectsModel::text(const Operation& op) const {
  std::string out;
  for (const Step& step : steps_of(op)) {
    if (!out.empty()) out += ", ";
    const bool known = !pending(op) && !refused(op);
    out += fmt::format("{} {}", kKinds[static_cast<std::size_t>(step.kind)], key_words(step.key));
    if (step.kind == Kind::add || step.kind == Kind::append) {
      out += fmt::format(" by {}", step.value.text());
      if (known && step.result) out += fmt::format(" = {}", step.result->text());
    } else if (step.kind == Kind::read && known) {
      out += step.value.is_null() ? " = absent" : " = " + step.value.text();
    } else if (step.kind == Kind::write || (step.kind == Kind::create && !step.value.is_null())) {
      out += " = " + step.value.text();
    } else if (step.kind == Kind::move && !step.value.is_null()) {
      out += " to " + step.value.text();
    }
  }
  if (refused(op)) out += ", nok";
  return out.empty() ? "nothing" : out;
}

Footprint ObjectsModel::footprint(const Operation& op) const {
  Footprint result;
  const std::vector<Step> steps = steps_of(op);
  if (refused(op)) {
    const bool sole_access = steps.size() == 1 && needs_object(steps.front().kind);
    if (sole_access) result.reads.push_back({steps.front().key, Value()});
    return result;
  }
  std::map<std::string, Value> written;
  for (const Step& step : steps) {
    const bool first = written.count(step.key) == 0;
    const bool known = !pending(op);
    if (step.kind == Kind::read && known && first) result.reads.push_back({step.key, step.value});
    if (step.kind == Kind::write) written[step.key] = step.value;
    if (step.kind == Kind::remove) written[step.key] = Value();
    if (step.kind == Kind::create) {
      if (known && first) result.reads.push_back({step.key, Value()});
      written[step.key] = step.value;
    }
    if (step.kind == Kind::append) {
      if (known && step.result) {
        written[step.key] = *step.result;
      } else {
        result.unclear.push_back(step.key);
      }
    }
    if (step.kind != Kind::add) continue;
    if (known && step.result) {
      const std::int64_t after = *step.result->as_int();
      const std::int64_t delta = *step.value.as_int();
      if (first) result.reads.push_back({step.key, Value(wrapping_subtract(after, delta))});
      written[step.key] = *step.result;
    } else {
      result.unclear.push_back(step.key);
    }
  }
  for (auto& [key, value] : written) result.writes.push_back({key, value});
  return result;
}

}  // namespace

const Model& objects_model() {
  static const ObjectsModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
