// Model "register": one register a key. read (value: what was read, null when unset), write, and
// cas with value [old, new]; a cas that replies "nok" found something else than old.
#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

enum class RegisterKind : std::uint8_t { read, write, cas };

const Value::List* pair_of(const Operation& op) {
  const Value::List* list = op.value.as_list();
  return list != nullptr && list->size() == 2 ? list : nullptr;
}

class RegisterMachine : public Machine {
 public:
  RegisterMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      Step step;
      step.kind = op.f == "read"    ? RegisterKind::read
                  : op.f == "write" ? RegisterKind::write
                                    : RegisterKind::cas;
      step.cell = cell_of(op.key);
      step.nok = op.reply != "ok" && !pending(op);
      step.pending = pending(op);
      if (step.kind == RegisterKind::cas) {
        step.old = values_.intern((*pair_of(op))[0]);
        step.value = values_.intern((*pair_of(op))[1]);
      } else {
        step.value = values_.intern(op.value);
      }
      steps_.push_back(step);
    }
    start_from(initial, 0);
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    std::int32_t& cell = cells[static_cast<std::size_t>(step.cell)];
    bool possible = true;
    if (step.kind == RegisterKind::read) {
      possible = step.pending || cell == step.value;
      if (!possible && why != nullptr) {
        *why = fmt::format("read {}, but it was {}", text_of(step.value), text_of(cell));
      }
    } else if (step.kind == RegisterKind::write) {
      cell = step.value;
    } else {
      const bool matches = cell == step.old;
      possible = step.pending || matches != step.nok;
      if (!possible && why != nullptr) {
        *why = fmt::format("compared with {} and {}, but it was {}", text_of(step.old),
                           step.nok ? "failed" : "succeeded", text_of(cell));
      }
      if (matches && !step.nok) cell = step.value;
    }
    return possible;
  }

 private:
  struct Step {
    RegisterKind kind = RegisterKind::read;
    std::int32_t cell = 0;
    std::int32_t old = 0;
    std::int32_t value = 0;
    bool nok = false;
    bool pending = false;
  };
  std::vector<Step> steps_;
};

class RegisterModel : public Model {
 public:
  std::string_view name() const override { return "register"; }
  std::string_view summary() const override { return "read, write and cas on one register a key"; }

  std::vector<std::string_view> functions() const override { return {"read", "write", "cas"}; }

  bool understands(const Operation& op) const override {
    return op.f == "read" || op.f == "write" || op.f == "cas";
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (!understands(op)) {
      return fmt::format("\"{}\" is no operation of a register (read, write, cas)", op.f);
    }
    if (op.f == "cas" && pair_of(op) == nullptr) {
      return fmt::format("the value of a cas should be [old, new], not {}", op.value.text());
    }
    const bool known = op.reply == "ok" || (op.f == "cas" && op.reply == "nok");
    if (!pending(op) && !known)
      return fmt::format("the reply \"{}\" has no meaning here", op.reply);
    return std::nullopt;
  }

  bool one_key() const override { return true; }

  std::vector<std::string> keys(const Operation& op) const override { return {op.key}; }

  bool pure(const Operation& op) const override {
    return op.f == "read" || (op.f == "cas" && op.reply == "nok" && !pending(op));
  }

  std::string text(const Operation& op) const override {
    const std::string key = op.key.empty() ? "" : " " + key_words(op.key);
    if (op.f == "cas") {
      return fmt::format("cas{} from {} to {}{}", key, (*pair_of(op))[0].text(),
                         (*pair_of(op))[1].text(), pure(op) ? ", nok" : "");
    }
    if (op.f == "read" && pending(op)) return fmt::format("read{}", key);
    return fmt::format("{}{} = {}", op.f, key, op.value.text());
  }

  Footprint footprint(const Operation& op) const override {
    Footprint result;
    if (op.f == "write") result.writes.push_back({op.key, op.value});
    if (op.f == "read" && !pending(op)) result.reads.push_back({op.key, op.value});
    if (op.f == "cas" && !pure(op)) {
      if (pending(op)) {
        result.unclear.push_back(op.key);
      } else {
        result.reads.push_back({op.key, (*pair_of(op))[0]});
        result.writes.push_back({op.key, (*pair_of(op))[1]});
      }
    }
    return result;
  }

  std::vector<Cut> cuts(const History& history) const override {
    return value_cuts(*this, history, [](const Operation& op) { return op.f != "cas"; });
  }

  std::optional<Operation> apply(const Operation& op, const Cuts& cuts) const override {
    const bool unread = op.f == "read" && pending(op);
    const bool gone = unread ? cuts.leaves_out(op.key) : cuts.leaves_out(op.key, op.value);
    return gone ? std::nullopt : std::optional<Operation>(op);
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<RegisterMachine>(history, initial);
  }
};

}  // namespace

const Model& register_model() {
  static const RegisterModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
