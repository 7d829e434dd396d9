// Model "queue": first in, first out, one queue a key. enqueue has the value put in, dequeue the
// value that came out. A dequeue that replies "nok" found it empty; a refused enqueue says nothing.
#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

class QueueMachine : public Machine {
 public:
  QueueMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      steps_.push_back({op.f == "enqueue", replied_nok(op), pending(op), values_.intern(op.value)});
      key_ = op.key;
    }
    Cells start;
    if (const Value* list = initial.find(key_); list != nullptr && list->as_list() != nullptr) {
      for (const Value& value : *list->as_list()) start.push_back(values_.intern(value));
    }
    start_with(start);
  }

  /// {key: list, the oldest first}
  Value value_of(State state) const override {
    Value::List list;
    for (const std::int32_t cell : cells_of(state)) list.push_back(values_.value(cell));
    return Value::Object{{key_, std::move(list)}};
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    if (step.enqueues) {
      if (!step.refused) cells.push_back(step.value);
      return true;
    }
    if (step.refused) {
      if (!cells.empty() && why != nullptr) {
        *why = fmt::format("found it empty, but {} was the oldest", text_of(cells.front()));
      }
      return cells.empty();
    }
    // One whose answer is not known finds nothing in an empty queue.
    if (step.pending && cells.empty()) return true;
    if (cells.empty() || (!step.pending && cells.front() != step.value)) {
      if (why != nullptr) {
        *why = fmt::format("dequeued {}, but {}", text_of(step.value),
                           cells.empty() ? std::string("it was empty")
                                         : text_of(cells.front()) + " was the oldest");
      }
      return false;
    }
    cells.erase(cells.begin());
    return true;
  }

 private:
  struct Step {
    bool enqueues = false;
    bool refused = false;
    bool pending = false;
    std::int32_t value = 0;
  };
  std::vector<Step> steps_;
  std::string key_;
};

class QueueModel : public KeyedModel {
 public:
  std::string_view name() const override { return "queue"; }
  std::string_view summary() const override {
    return "enqueue and dequeue, first in, first out, a queue a key";
  }

  std::vector<std::string_view> functions() const override { return {"enqueue", "dequeue"}; }

  bool understands(const Operation& op) const override {
    return op.f == "enqueue" || op.f == "dequeue";
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (understands(op)) return reply_problem(op);
    return fmt::format("\"{}\" is no operation of a queue (enqueue, dequeue)", op.f);
  }

  bool pure(const Operation& op) const override { return replied_nok(op); }

  std::string text(const Operation& op) const override {
    const std::string what = op.f + (op.key.empty() ? "" : " " + key_words(op.key));
    if (replied_nok(op)) return what + ", nok";
    return op.f == "dequeue" && pending(op) ? what : what + " = " + op.value.text();
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<QueueMachine>(history, initial);
  }
};

}  // namespace

const Model& queue_model() {
  static const QueueModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
