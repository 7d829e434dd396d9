// The register: a value a key, read, written, and compared and set.
//
// Source: section A of the specification asks for it; the commands and answers are those of the
// model "register" of the linearizability check (analysis/models/register.cpp):
//   read              answers the value; null when unset
//   write value       answers the value
//   cas [old, new]    writes new where old is found, else is refused; answers [old, new] either way
// Guarantees: values are compared exactly; writing null unsets. Floating-point numbers are refused.
#include <utility>

#include "protocols/state_machines/machines.hpp"

namespace sibyl::state_machines {

namespace {

struct Register {
  Value value;
  friend bool operator==(const Register&, const Register&) = default;

  Value state() const { return value; }

  std::vector<Output> apply(const Command& c) {
    if (c.f == "read") return {accepted(c, value)};
    if (c.f != "write" && c.f != "cas") return {unknown_command(c, "register")};
    if (!is_exact(c.value)) return {refused(c, "floating-point numbers are not exact", c.value)};
    if (c.f == "write") {
      value = c.value;
      return {accepted(c, c.value)};
    }
    const Value::List* pair = c.value.as_list();
    if (pair == nullptr || pair->size() != 2) {
      return {refused(c, "found " + c.value.text() + ", expected [old, new]", c.value)};
    }
    if (!(value == (*pair)[0])) return {refused(c, "found " + value.text(), c.value)};
    value = (*pair)[1];
    return {accepted(c, c.value)};
  }
};
BOOST_DESCRIBE_STRUCT(Register, (), (value))

}  // namespace

StateMachineInfo register_machine() {
  return {"register",
          "a value a key: read, write, compare and set",
          {"read", "write", "cas"},
          [](const Value& options, const std::string& pointer) {
            expect_no_options(options, pointer, "register");
            return make_machine<Keyed<Register>>();
          }};
}

}  // namespace sibyl::state_machines
