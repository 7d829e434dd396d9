// Model "set": one set a key. add and remove have the element, contains [element, whether it was
// there], read the list of all elements, in any order. add and remove of what is there already, or
// not there, change nothing. What replies "nok" says nothing.
#include <algorithm>

#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// The [element, found] of a contains.
const Value::List* asked(const Operation& op) {
  const Value::List* list = op.value.as_list();
  const bool shaped =
      list != nullptr && list->size() == 2 && (pending(op) || (*list)[1].as_bool() != nullptr);
  return shaped ? list : nullptr;
}

class SetMachine : public Machine {
 public:
  SetMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      Step step{op.f, pending(op) || replied_nok(op), replied_nok(op), 0, false, {}};
      if (op.f == "contains" && asked(op) != nullptr) {
        step.element = values_.intern((*asked(op))[0]);
        step.found = (*asked(op))[1] == Value(true);
      } else if (op.f == "read") {
        step.all = elements(&op.value);
      } else {
        step.element = values_.intern(op.value);
      }
      steps_.push_back(std::move(step));
      key_ = op.key;
    }
    start_with(elements(initial.find(key_)));
  }

  /// {key: list of the elements}
  Value value_of(State state) const override {
    Value::List list;
    for (const std::int32_t cell : cells_of(state)) list.push_back(values_.value(cell));
    return Value::Object{{key_, std::move(list)}};
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    const auto place = std::lower_bound(cells.begin(), cells.end(), step.element);
    const bool there = place != cells.end() && *place == step.element;
    if (step.refused) return true;
    if (step.f == "add") {
      if (!there) cells.insert(place, step.element);
      return true;
    }
    if (step.f == "remove") {
      if (there) cells.erase(place);
      return true;
    }
    if (step.silent) return true;
    if (step.f == "contains") {
      if (there != step.found && why != nullptr) {
        *why = fmt::format("found {} {}, but it was {}", text_of(step.element),
                           step.found ? "there" : "missing", there ? "there" : "missing");
      }
      return there == step.found;
    }
    if (cells != step.all && why != nullptr) *why = difference(cells, step.all);
    return cells == step.all;
  }

 private:
  struct Step {
    std::string f;
    bool silent = false;  ///< its answer says nothing
    bool refused = false;
    std::int32_t element = 0;
    bool found = false;
    Cells all;
  };

  /// The elements of a list, each once, in order of their numbers.
  Cells elements(const Value* list) {
    Cells cells;
    if (list == nullptr || list->as_list() == nullptr) return cells;
    for (const Value& value : *list->as_list()) cells.push_back(values_.intern(value));
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    return cells;
  }

  std::string difference(const Cells& now, const Cells& read) const {
    for (const std::int32_t cell : now) {
      if (!std::binary_search(read.begin(), read.end(), cell))
        return fmt::format("did not read {}, but it was there", text_of(cell));
    }
    for (const std::int32_t cell : read) {
      if (!std::binary_search(now.begin(), now.end(), cell))
        return fmt::format("read {}, but it was missing", text_of(cell));
    }
    return {};
  }

  std::vector<Step> steps_;
  std::string key_;
};

class SetModel : public KeyedModel {
 public:
  std::string_view name() const override { return "set"; }
  std::string_view summary() const override {
    return "add, remove, contains and read of a set a key";
  }

  std::vector<std::string_view> functions() const override {
    return {"add", "remove", "contains", "read"};
  }

  bool understands(const Operation& op) const override {
    return op.f == "add" || op.f == "remove" || op.f == "contains" || op.f == "read";
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (!understands(op)) {
      return fmt::format("\"{}\" is no operation of a set (add, remove, contains, read)", op.f);
    }
    if (op.f == "contains" && !replied_nok(op) && asked(op) == nullptr) {
      return fmt::format("the value of contains should be [element, true or false], not {}",
                         op.value.text());
    }
    if (op.f == "read" && !pending(op) && !replied_nok(op) && op.value.as_list() == nullptr) {
      return fmt::format("the value of a read should be a list, not {}", op.value.text());
    }
    return reply_problem(op);
  }

  bool pure(const Operation& op) const override {
    return replied_nok(op) || op.f == "contains" || op.f == "read";
  }

  std::string text(const Operation& op) const override {
    std::string what = op.f + (op.key.empty() ? "" : " " + key_words(op.key));
    if (op.f == "read" && pending(op)) return what;
    if (op.f == "contains" && asked(op) != nullptr) {
      what += " " + (*asked(op))[0].text();
      return pending(op) ? what : what + ((*asked(op))[1] == Value(true) ? " = true" : " = false");
    }
    return what + " " + op.value.text() + (replied_nok(op) ? ", nok" : "");
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<SetMachine>(history, initial);
  }
};

}  // namespace

const Model& set_model() {
  static const SetModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
