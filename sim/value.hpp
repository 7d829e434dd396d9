// A small tree of plain values: what the trace stores of a message, and what a protocol is
// configured with. It is no file format; JSON is converted to and from it at the program's edges.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sibyl {

/// null, bool, int64, double, string, list, or object (keys in insertion order).
class Value {
 public:
  using List = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : data_(b) {}
  Value(std::int64_t i) : data_(i) {}
  Value(int i) : data_(static_cast<std::int64_t>(i)) {}
  Value(double d) : data_(d) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(List l) : data_(std::move(l)) {}
  Value(Object o) : data_(std::move(o)) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  const double* as_double() const { return std::get_if<double>(&data_); }
  const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  const List* as_list() const { return std::get_if<List>(&data_); }
  const Object* as_object() const { return std::get_if<Object>(&data_); }
  List* as_list() { return std::get_if<List>(&data_); }
  Object* as_object() { return std::get_if<Object>(&data_); }

  /// The member named `key`, or null when this is no object or has no such member. O(members).
  const Value* find(std::string_view key) const;

  /// Sets or appends a member; makes a null value an object. Must be null or an object.
  Value& set(std::string_view key, Value v);

  /// "null", "a boolean", "an integer", "a number", "a string", "a list", "an object".
  std::string_view kind_name() const;

  /// Compact and unambiguous text for people, in the manner of JSON without quotes round plain
  /// words: {key: x, values: [1, null]}.
  std::string text() const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> data_;
};

}  // namespace sibyl
