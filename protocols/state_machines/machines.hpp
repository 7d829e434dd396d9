// The state machines that there are, and what their files share. For users of machines
// state_machine.hpp is enough.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/state_machines/state_machine.hpp"

namespace sibyl::state_machines {

StateMachineInfo counter();
StateMachineInfo mutex();
StateMachineInfo register_machine();
StateMachineInfo kv();
StateMachineInfo queue();
StateMachineInfo bank();

/// Whether no floating-point number is in it. Machines refuse those: they could decide something,
/// and equal ones (0.0 and -0.0) may be written differently.
bool is_exact(const Value& value);

/// For machines without options: null and {} are right. Throws ConfigError.
void expect_no_options(const Value& options, const std::string& pointer, std::string_view machine);

/// The machine that has an object of this kind for each key, each on its own. An object has
/// `std::vector<Output> apply(const Command&)`, `Value state() const` and operator==, and is
/// described. An object that is as at the start is not kept, so that states that behave alike are
/// equal. A command takes O(log keys) and what the object takes.
template <class Object>
class Keyed : public StateMachineOf<Keyed<Object>> {
 public:
  explicit Keyed(Object fresh = {}) : fresh_(std::move(fresh)) {}

  std::vector<Output> apply(const Command& command) override {
    const auto it = objects.try_emplace(command.key, fresh_).first;
    std::vector<Output> outputs = it->second.apply(command);
    if (it->second == fresh_) objects.erase(it);
    return outputs;
  }

  /// {key: the object's state}, sorted; what is left out is as at the start.
  Value state() const override {
    Value::Object members;
    for (const auto& [key, object] : objects) members.emplace_back(key, object.state());
    return members;
  }

  std::map<std::string, Object> objects;
  BOOST_DESCRIBE_CLASS(Keyed, (), (objects), (), ())

 private:
  Object fresh_;
};

}  // namespace sibyl::state_machines
