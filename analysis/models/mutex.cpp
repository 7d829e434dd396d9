// Model "mutex": a lock a key. acquire returns when it is granted; release frees it, whoever asks.
// An acquire that replies "nok" found it held; a release that does says nothing.
#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::int32_t kFreeLock = 0;
constexpr std::int32_t kHeldLock = 1;

class MutexMachine : public Machine {
 public:
  MutexMachine(const History& history, const Value& initial) {
    for (const Operation& op : history) {
      steps_.push_back({op.f == "acquire", replied_nok(op)});
      key_ = op.key;
    }
    const Value* start = initial.find(key_);
    start_with({start != nullptr && start->as_bool() != nullptr && *start->as_bool() ? kHeldLock
                                                                                     : kFreeLock});
  }

  /// {key: whether it is held}
  Value value_of(State state) const override {
    return Value::Object{{key_, cells_of(state)[0] == kHeldLock}};
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    const bool held = cells[0] == kHeldLock;
    if (step.refused) {
      if (step.acquires && !held && why != nullptr) *why = "was refused, but the lock was free";
      return !step.acquires || held;
    }
    if (step.acquires == held) {
      if (why != nullptr) {
        *why = held ? "acquired it, but the lock was held" : "released it, but the lock was free";
      }
      return false;
    }
    cells[0] = held ? kFreeLock : kHeldLock;
    return true;
  }

 private:
  struct Step {
    bool acquires = false;
    bool refused = false;
  };
  std::vector<Step> steps_;
  std::string key_;
};

class MutexModel : public KeyedModel {
 public:
  std::string_view name() const override { return "mutex"; }
  std::string_view summary() const override { return "acquire and release of a lock a key"; }

  std::vector<std::string_view> functions() const override { return {"acquire", "release"}; }

  bool understands(const Operation& op) const override {
    return op.f == "acquire" || op.f == "release";
  }

  std::optional<std::string> problem(const Operation& op) const override {
    if (understands(op)) return reply_problem(op);
    return fmt::format("\"{}\" is no operation of a mutex (acquire, release)", op.f);
  }

  bool pure(const Operation& op) const override { return replied_nok(op); }

  std::string text(const Operation& op) const override {
    return op.f + (op.key.empty() ? "" : " " + key_words(op.key)) +
           (replied_nok(op) ? ", nok" : "");
  }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<MutexMachine>(history, initial);
  }
};

}  // namespace

const Model& mutex_model() {
  static const MutexModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
