// A small tree of plain values: what the trace stores of a message, and what a protocol is
// configured with. It is no file format; JSON is converted to and from it at the program's edges.
//
// Copies share their lists and objects until one of them is changed, so that copying costs nothing
// and a trace holds what many events say alike only once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
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
  Value(List l) : data_(std::make_shared<List>(std::move(l))) {}
  Value(Object o) : data_(std::make_shared<Object>(std::move(o))) {}

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data_); }
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  const double* as_double() const { return std::get_if<double>(&data_); }
  const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  const List* as_list() const { return shared<List>(); }
  const Object* as_object() const { return shared<Object>(); }
  bool* as_bool() { return std::get_if<bool>(&data_); }
  std::int64_t* as_int() { return std::get_if<std::int64_t>(&data_); }
  std::string* as_string() { return std::get_if<std::string>(&data_); }
  /// To be changed: from now on this value's own. O(members) when it was shared.
  List* as_list() { return own<List>(); }
  Object* as_object() { return own<Object>(); }

  /// The member named `key`, or null when this is no object or has no such member. O(members).
  const Value* find(std::string_view key) const;

  /// Sets or appends a member; makes a null value an object. Must be null or an object.
  Value& set(std::string_view key, Value v);

  /// "null", "a boolean", "an integer", "a number", "a string", "a list", "an object".
  std::string_view kind_name() const;

  /// Compact and unambiguous text for people, in the manner of JSON without quotes round plain
  /// words: {key: x, values: [1, null]}.
  std::string text() const;

  /// O(size); at once where both share.
  friend bool operator==(const Value& a, const Value& b);

 private:
  template <class T>
  const T* shared() const {
    const auto* p = std::get_if<std::shared_ptr<T>>(&data_);
    return p == nullptr ? nullptr : p->get();
  }
  template <class T>
  T* own() {
    auto* p = std::get_if<std::shared_ptr<T>>(&data_);
    if (p == nullptr || *p == nullptr) return nullptr;
    if (p->use_count() != 1) *p = std::make_shared<T>(**p);
    return p->get();
  }

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, std::shared_ptr<List>,
               std::shared_ptr<Object>>
      data_;
};

/// Appends `s` in double quotes, as JSON writes it: quotes, backslashes and control characters
/// (with DEL) are escaped, all else is left as it is.
void append_quoted(std::string& out, std::string_view s);

}  // namespace sibyl
