// The counter: one exact rational number a key, set, added to and divided.
//
// Source: the notes on state machine replication ("1, divided by 2, plus 1" gives 1.5 or 1, by the
// order); scenarios A1 and A2 of section A of the specification. Commands:
//   set x      the number becomes x; so far it was 0
//   add x
//   divide x
//   read
// x is an integer or text such as "3/2". Each answers the number as it is now.
// Guarantees: exact results. What cannot be computed (division by zero, a result that in lowest
// terms does not fit in 64 bits each) is refused and leaves the number as it was.
// The commands do not commute, and that is its use: replicas that differ in the order show it.
#include <optional>
#include <string>

#include "protocols/state_machines/machines.hpp"
#include "protocols/state_machines/rational.hpp"

namespace sibyl::state_machines {

namespace {

struct Counter {
  Rational number;
  friend bool operator==(const Counter&, const Counter&) = default;

  Value state() const { return number.value(); }

  std::vector<Output> apply(const Command& c) {
    if (c.f == "read") return {accepted(c, number.value())};
    if (c.f != "set" && c.f != "add" && c.f != "divide") return {unknown_command(c, "counter")};

    std::string reason;
    const std::optional<Rational> x = parse_rational(c.value, reason);
    if (!x) return {refused(c, reason)};
    if (c.f == "divide" && x->is_zero()) return {refused(c, "division by zero")};

    std::optional<Rational> result = x;
    if (c.f == "add") result = add(number, *x);
    if (c.f == "divide") result = divide(number, *x);
    if (!result) return {refused(c, "the result does not fit in 64 bits")};
    number = *result;
    return {accepted(c, number.value())};
  }
};
BOOST_DESCRIBE_STRUCT(Counter, (), (number))

}  // namespace

StateMachineInfo counter() {
  return {"counter",
          "an exact rational number a key: what set, add and divide give depends on their order",
          {"set", "add", "divide", "read"},
          [](const Value& options, const std::string& pointer) {
            expect_no_options(options, pointer, "counter");
            return make_machine<Keyed<Counter>>();
          }};
}

}  // namespace sibyl::state_machines
