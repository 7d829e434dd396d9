// Reports of a bounded size.
#include "analysis/within.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// How long things may be.
struct Lengths {
  std::size_t text = 0;   ///< characters
  std::size_t items = 0;  ///< of a list
};
constexpr std::array<Lengths, 10> kSteps{{{600, 400},
                                          {300, 200},
                                          {160, 100},
                                          {80, 50},
                                          {40, 25},
                                          {40, 12},
                                          {40, 6},
                                          {40, 3},
                                          {40, 1},
                                          {40, 0}}};
/// Members of an object, beyond which it is cut as lists are: those that a format names are fewer.
constexpr std::size_t kMembers = 32;
constexpr std::string_view kLeftOut = "_left_out";

std::string cut_text(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  // A character has at most 4 bytes; one that the cut splits is beyond `most`.
  return shortened(printable(std::string_view(text).substr(0, 4 * most + 4)), most);
}

Value cut(const Value& value, const Lengths& lengths) {
  if (const std::string* text = value.as_string()) return Value(cut_text(*text, lengths.text));
  if (const Value::List* list = value.as_list()) {
    Value::List out;
    for (std::size_t i = 0; i < std::min(list->size(), lengths.items); ++i) {
      out.push_back(cut((*list)[i], lengths));
    }
    return Value(std::move(out));
  }
  const Value::Object* object = value.as_object();
  if (object == nullptr) return value;
  Value out(Value::Object{});
  std::size_t room = std::max(kMembers, lengths.items);
  for (const auto& [name, member] : *object) {
    if (room-- == 0) break;
    const std::string shown = cut_text(name, lengths.text);
    if (out.find(shown) != nullptr) continue;  // it counts what is missing
    out.set(shown, cut(member, lengths));
    const Value::List* list = member.as_list();
    if (list == nullptr || list->size() <= lengths.items) continue;
    const Value* before = value.find(shown + std::string(kLeftOut));
    const bool counted = before != nullptr && before->as_int() != nullptr;
    const auto gone = static_cast<std::int64_t>(list->size() - lengths.items);
    out.set(shown + std::string(kLeftOut), gone + (counted ? *before->as_int() : 0));
  }
  return out;
}

}  // namespace

std::size_t json_bytes(const Value& value) {
  if (const std::string* s = value.as_string()) {
    std::size_t n = 2;
    for (const char c : *s) {
      const auto byte = static_cast<unsigned char>(c);
      n += byte < 0x20 || byte == 0x7f ? 6U : c == '"' || c == '\\' ? 2U : 1U;
    }
    return n;
  }
  std::size_t n = 2;
  if (const Value::List* list = value.as_list()) {
    for (const Value& item : *list) n += json_bytes(item) + 2;
    return n;
  }
  if (const Value::Object* object = value.as_object()) {
    for (const auto& [key, member] : *object) n += json_bytes(Value(key)) + json_bytes(member) + 4;
    return n;
  }
  return 25;  // a number, or a word
}

Value within(const Value& value, std::size_t most) {
  if (json_bytes(value) <= most) return value;
  Value out = value;
  for (const Lengths& lengths : kSteps) {
    out = cut(value, lengths);
    if (json_bytes(out) <= most) break;
  }
  return out;
}

}  // namespace sibyl::analysis
