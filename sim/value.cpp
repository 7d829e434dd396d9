// Value: lookup, update, and its compact text for people.
#include "sim/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace sibyl {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a string can stand without quotes and still be told from every other value. A colon may
/// not end a word, since a colon and a space end a member's name.
bool is_plain_word(std::string_view s) {
  if (s.empty() || !is_letter(s.front()) || s.back() == ':') return false;
  for (const char c : s) {
    const bool inner = c == '.' || c == '/' || c == '-' || c == ':';
    if (!is_letter(c) && !is_digit(c) && !inner) return false;
  }
  static constexpr std::array<std::string_view, 5> kTaken{"null", "true", "false", "inf", "nan"};
  return std::find(kTaken.begin(), kTaken.end(), s) == kTaken.end();
}

void append_string(std::string& out, std::string_view s) {
  if (is_plain_word(s)) {
    out += s;
    return;
  }
  append_quoted(out, s);
}

/// The shortest text that reads back as the same number, always with a mark that it is no integer.
void append_double(std::string& out, double d) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), d).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  out += text;
  if (text.find_first_of(".enif") == std::string_view::npos) out += ".0";
}

void append_text(std::string& out, const Value& v) {
  if (v.is_null()) {
    out += "null";
  } else if (const bool* b = v.as_bool()) {
    out += *b ? "true" : "false";
  } else if (const std::int64_t* i = v.as_int()) {
    out += std::to_string(*i);
  } else if (const double* d = v.as_double()) {
    append_double(out, *d);
  } else if (const std::string* s = v.as_string()) {
    append_string(out, *s);
  } else if (const Value::List* list = v.as_list()) {
    out += '[';
    for (std::size_t k = 0; k < list->size(); ++k) {
      if (k > 0) out += ", ";
      append_text(out, (*list)[k]);
    }
    out += ']';
  } else if (const Value::Object* object = v.as_object()) {
    out += '{';
    for (std::size_t k = 0; k < object->size(); ++k) {
      if (k > 0) out += ", ";
      append_string(out, (*object)[k].first);
      out += ": ";
      append_text(out, (*object)[k].second);
    }
    out += '}';
  }
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) return nullptr;
  for (const Member& member : *object) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

Value& Value::set(std::string_view key, Value v) {
  if (is_null()) *this = Value(Object{});
  Object* object = as_object();
  if (object == nullptr)
    throw std::logic_error("Value::set: the value is neither null nor an object");
  for (Member& member : *object) {
    if (member.first == key) {
      member.second = std::move(v);
      return *this;
    }
  }
  object->emplace_back(std::string(key), std::move(v));
  return *this;
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return false;
  if (const Value::List* list = a.as_list()) {
    return list == b.as_list() || *list == *b.as_list();
  }
  if (const Value::Object* object = a.as_object()) {
    return object == b.as_object() || *object == *b.as_object();
  }
  return a.data_ == b.data_;
}

std::string_view Value::kind_name() const {
  static constexpr std::array<std::string_view, 7> kNames{
      "null", "a boolean", "an integer", "a number", "a string", "a list", "an object"};
  return kNames[data_.index()];
}

void append_quoted(std::string& out, std::string_view s) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string Value::text() const {
  std::string out;
  append_text(out, *this);
  return out;
}

}  // namespace sibyl
