// Model "kv": strings by key. get (value: what was read), put, append; an absent key reads "".
#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

std::string string_of(const Value& value) {
  return value.as_string() == nullptr ? std::string() : *value.as_string();
}

class KvMachine : public Machine {
 public:
  KvMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      steps_.push_back({op.f, cell_of(op.key), string_of(op.value),
                        values_.intern(Value(string_of(op.value))), pending(op)});
    }
    Value::Object strings;
    if (const Value::Object* object = initial.as_object()) {
      for (const auto& [key, value] : *object) strings.emplace_back(key, string_of(value));
    }
    start_from(Value(std::move(strings)), values_.intern(Value("")));
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    std::int32_t& cell = cells[static_cast<std::size_t>(step.cell)];
    if (step.f == "put") {
      cell = step.value;
    } else if (step.f == "append") {
      cell = values_.intern(Value(*values_.value(cell).as_string() + step.text));
    } else if (!step.pending && cell != step.value) {
      if (why != nullptr) {
        *why = fmt::format("got {}, but it was {}", text_of(step.value), text_of(cell));
      }
      return false;
    }
    return true;
  }

 private:
  struct Step {
    std::string f;
    std::int32_t cell = 0;
    std::string text;
    std::int32_t value = 0;
    bool pending = false;
  };
  std::vector<Step> steps_;
};

class KvModel : public Model {
 public:
  std::string_view name() const override { return "kv"; }
  std::string_view summary() const override { return "get, put and append of strings by key"; }

  std::vector<std::string_view> functions() const override { return {"get", "put", "append"}; }

  bool understands(const Operation& op) const override {
    return op.f == "get" || op.f == "put" || op.f == "append";
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (!understands(op)) {
      return fmt::format("\"{}\" is no operation of a key-value store (get, put, append)", op.f);
    }
    const bool nothing = op.f == "get" && op.value.is_null();
    if (op.value.as_string() == nullptr && !nothing) {
      return fmt::format("the value of {} should be a string, not {}", op.f, op.value.text());
    }
    if (!pending(op) && op.reply != "ok") {
      return fmt::format("the reply \"{}\" has no meaning here", op.reply);
    }
    return std::nullopt;
  }

  bool one_key() const override { return true; }

  std::vector<std::string> keys(const Operation& op) const override { return {op.key}; }

  bool pure(const Operation& op) const override { return op.f == "get"; }

  std::string text(const Operation& op) const override {
    const std::string key = op.key.empty() ? "" : " " + key_words(op.key);
    if (op.f == "get" && pending(op)) return "get" + key;
    return fmt::format("{}{} = {}", op.f, key, Value(string_of(op.value)).text());
  }

  Footprint footprint(const Operation& op) const override {
    Footprint result;
    if (op.f == "put") result.writes.push_back({op.key, Value(string_of(op.value))});
    if (op.f == "append") result.unclear.push_back(op.key);
    if (op.f == "get" && !pending(op)) result.reads.push_back({op.key, Value(string_of(op.value))});
    return result;
  }

  Value unset() const override { return {""}; }

  std::vector<Cut> cuts(const History& history) const override {
    return value_cuts(*this, history, [](const Operation& op) { return op.f != "append"; });
  }

  std::optional<Operation> apply(const Operation& op, const Cuts& cuts) const override {
    const bool unread = op.f == "get" && pending(op);
    const bool gone =
        unread ? cuts.leaves_out(op.key) : cuts.leaves_out(op.key, Value(string_of(op.value)));
    return gone ? std::nullopt : std::optional<Operation>(op);
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<KvMachine>(history, initial);
  }
};

}  // namespace

const Model& kv_model() {
  static const KvModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
