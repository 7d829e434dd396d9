// The queue: values a key, first in, first out.
//
// Source: section A of the specification asks for it. Commands:
//   enqueue value    answers the value; null is a value, too
//   dequeue          answers the oldest value and removes it; of an empty queue it is refused
// Guarantees: each value leaves once, in the order in which they came. Floating-point numbers are
// refused.
#include <deque>

#include "protocols/state_machines/machines.hpp"

namespace sibyl::state_machines {

namespace {

struct Queue {
  std::deque<Value> values;
  friend bool operator==(const Queue&, const Queue&) = default;

  Value state() const { return Value::List(values.begin(), values.end()); }

  std::vector<Output> apply(const Command& c) {
    if (c.f == "enqueue") {
      if (!is_exact(c.value)) return {refused(c, "floating-point numbers are not exact", c.value)};
      values.push_back(c.value);
      return {accepted(c, c.value)};
    }
    if (c.f != "dequeue") return {unknown_command(c, "queue")};
    if (values.empty()) return {refused(c, "it is empty")};
    const Value oldest = values.front();
    values.pop_front();
    return {accepted(c, oldest)};
  }
};
BOOST_DESCRIBE_STRUCT(Queue, (), (values))

}  // namespace

StateMachineInfo queue() {
  return {"queue",
          "values a key, first in, first out: enqueue, dequeue",
          {"enqueue", "dequeue"},
          [](const Value& options, const std::string& pointer) {
            expect_no_options(options, pointer, "queue");
            return make_machine<Keyed<Queue>>();
          }};
}

}  // namespace sibyl::state_machines
