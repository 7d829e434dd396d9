// The key-value store: text by key.
//
// Source: section A of the specification asks for it; the commands and answers are those of the
// model "kv" of the linearizability check (analysis/models/kv.cpp), and delete:
//   get            answers the text; an absent key reads ""
//   put text       answers the text
//   append text    answers what was appended
//   delete         answers null, also when there was nothing
// Guarantees: a key with the empty text is the same as an absent one, since no command tells them
// apart; states that differ in that only are equal.
#include <string>

#include "protocols/state_machines/machines.hpp"

namespace sibyl::state_machines {

namespace {

struct Text {
  std::string text;
  friend bool operator==(const Text&, const Text&) = default;

  Value state() const { return text; }

  std::vector<Output> apply(const Command& c) {
    if (c.f == "get") return {accepted(c, text)};
    if (c.f == "delete") {
      text.clear();
      return {accepted(c)};
    }
    if (c.f != "put" && c.f != "append") return {unknown_command(c, "kv")};
    const std::string* argument = c.value.as_string();
    if (argument == nullptr) {
      return {
          refused(c, "found " + std::string(c.value.kind_name()) + ", expected a string", c.value)};
    }
    if (c.f == "put") text.clear();
    text += *argument;
    return {accepted(c, c.value)};
  }
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

}  // namespace

StateMachineInfo kv() {
  return {"kv",
          "text by key: get, put, append, delete",
          {"get", "put", "append", "delete"},
          [](const Value& options, const std::string& pointer) {
            expect_no_options(options, pointer, "kv");
            return make_machine<Keyed<Text>>();
          }};
}

}  // namespace sibyl::state_machines
