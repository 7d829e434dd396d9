// Reads described structs from Values: configuration comes in as a tree, wherever from, and every
// mistake is answered with the place (a JSON pointer), what was found, and what would be right.
//
// A member that is absent keeps its default, unless the struct names it in
//   static constexpr std::array kRequired{std::string_view("id"), …};
// An integer may have bounds of its own, which are told instead of its type's:
//   static constexpr std::array kBounds{Bound{"replicas", 1, 16}, …};
// A member that the struct does not have is an error, with the nearest name as a suggestion.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/describe.hpp"
#include "sim/random.hpp"
#include "sim/time.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A mistake in a configuration. `pointer` is a JSON pointer (RFC 6901) to the place.
struct ConfigError : std::runtime_error {
  ConfigError(std::string where, const std::string& message)
      : std::runtime_error(message), pointer(std::move(where)) {}
  std::string pointer;
};

/// "found a string, expected an integer"
[[noreturn]] void wrong_kind(const std::string& pointer, const Value& found,
                             std::string_view expected);

/// `pointer` with one more reference token, escaped as RFC 6901 wants.
std::string pointer_to(const std::string& pointer, std::string_view key);
std::string pointer_to(const std::string& pointer, std::size_t index);

/// The candidate nearest to `word` by edit distance if it is near enough to be a slip, else empty:
/// both have more than two letters, and at most a third of the longer one's differ.
/// O(n * length^2).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "250us", "5ms", "1.5s", "10ns", "2min": an exact number of nanoseconds. Throws ConfigError.
Duration parse_duration(std::string_view text, const std::string& pointer);
std::string format_duration(Duration d);

std::int64_t decode_int(const Value& v, const std::string& pointer, std::int64_t lowest,
                        std::int64_t highest);
double decode_number(const Value& v, const std::string& pointer, double lowest, double highest);

[[noreturn]] void unknown_member(const std::string& pointer, std::string_view key,
                                 const std::vector<std::string>& known);
[[noreturn]] void unknown_name(const std::string& pointer, std::string_view found,
                               const std::vector<std::string>& known, std::string_view what);

/// Bounds of an integer, narrower than those of its type.
struct Bound {
  std::string_view member;
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};

template <class T>
void decode(const Value& v, const std::string& pointer, T& out);

namespace detail {

/// Whether every bound is of a member: a misspelt one would bound nothing.
template <class T>
constexpr bool bounds_members() {
  bool all = true;
  for (const Bound& bound : T::kBounds) {
    bool is_member = false;
    using Members = boost::describe::describe_members<
        T, boost::describe::mod_public | boost::describe::mod_inherited>;
    boost::mp11::mp_for_each<Members>(
        [&](auto d) { is_member = is_member || bound.member == d.name; });
    all = all && is_member;
  }
  return all;
}

template <class E>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { names.emplace_back(d.name); });
  return names;
}

template <class E>
void decode_enum(const Value& v, const std::string& pointer, E& out) {
  const std::string* text = v.as_string();
  if (text == nullptr) wrong_kind(pointer, v, "a string");
  bool found = false;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (*text == d.name) {
      out = d.value;
      found = true;
    }
  });
  if (!found) unknown_name(pointer, *text, enum_names<E>(), "value");
}

template <class T>
void decode_struct(const Value& v, const std::string& pointer, T& out) {
  const Value::Object* object = v.as_object();
  if (object == nullptr) wrong_kind(pointer, v, "an object");
  std::vector<std::string> known;
  for_each_member(out, [&](std::string_view name, auto& member) {
    known.emplace_back(name);
    const Value* found = v.find(name);
    if (found == nullptr) return;
    if constexpr (requires { T::kBounds; }) {
      static_assert(bounds_members<T>(), "kBounds names what is no described member");
      for (const Bound& bound : T::kBounds) {
        if (bound.member != name) continue;
        decode_int(*found, pointer_to(pointer, name), bound.lowest, bound.highest);
      }
    }
    decode(*found, pointer_to(pointer, name), member);
  });
  for (const auto& [key, unused] : *object) {
    bool is_known = false;
    for (const auto& name : known) is_known = is_known || name == key;
    if (!is_known) unknown_member(pointer, key, known);
  }
  if constexpr (requires { T::kRequired; }) {
    for (const std::string_view name : T::kRequired) {
      if (v.find(name) == nullptr) {
        throw ConfigError(pointer, "the member \"" + std::string(name) + "\" is missing");
      }
    }
  }
}

}  // namespace detail

/// Reads `v` into `out`. Supports bool, integers (range-checked), Duration ("5ms"), Time (as
/// Duration from 0), Probability (0 to 1), strings, described enums, optional, vector, map by
/// string, pair (a list of two), Value, described structs, and types with a static `void
/// decode_from(const Value&, const std::string& pointer, T&)`.
template <class T>
void decode(const Value& v, const std::string& pointer, T& out) {
  if constexpr (requires { T::decode_from(v, pointer, out); }) {
    T::decode_from(v, pointer, out);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (v.as_bool() == nullptr) wrong_kind(pointer, v, "true or false");
    out = *v.as_bool();
  } else if constexpr (std::is_integral_v<T>) {
    constexpr auto kLowest = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    constexpr auto kHighest = std::is_same_v<T, std::uint64_t>
                                  ? std::numeric_limits<std::int64_t>::max()
                                  : static_cast<std::int64_t>(std::numeric_limits<T>::max());
    out = static_cast<T>(decode_int(v, pointer, kLowest, kHighest));
  } else if constexpr (std::is_same_v<T, double>) {
    out = decode_number(v, pointer, -1e300, 1e300);
  } else if constexpr (std::is_same_v<T, Probability>) {
    out = Probability::from_double(decode_number(v, pointer, 0.0, 1.0));
  } else if constexpr (std::is_same_v<T, Duration>) {
    if (v.as_string() == nullptr) wrong_kind(pointer, v, "a duration such as \"5ms\"");
    out = parse_duration(*v.as_string(), pointer);
  } else if constexpr (std::is_same_v<T, Time>) {
    Duration d;
    decode(v, pointer, d);
    if (d.ns < 0)
      throw ConfigError(pointer, "a time must not be negative, found " + *v.as_string());
    out = Time{d.ns};
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (v.as_string() == nullptr) wrong_kind(pointer, v, "a string");
    out = *v.as_string();
  } else if constexpr (std::is_enum_v<T>) {
    detail::decode_enum(v, pointer, out);
  } else if constexpr (std::is_same_v<T, Value>) {
    out = v;
  } else if constexpr (detail::is_optional<T>::value) {
    typename T::value_type inner{};
    decode(v, pointer, inner);
    out = std::move(inner);
  } else if constexpr (detail::is_pair<T>::value) {
    if (v.as_list() == nullptr || v.as_list()->size() != 2) wrong_kind(pointer, v, "a list of two");
    decode((*v.as_list())[0], pointer_to(pointer, std::size_t{0}), out.first);
    decode((*v.as_list())[1], pointer_to(pointer, std::size_t{1}), out.second);
  } else if constexpr (detail::is_vector_like<T>::value) {
    if (v.as_list() == nullptr) wrong_kind(pointer, v, "a list");
    out.clear();
    for (std::size_t i = 0; i < v.as_list()->size(); ++i) {
      typename T::value_type item{};
      decode((*v.as_list())[i], pointer_to(pointer, i), item);
      out.push_back(std::move(item));
    }
  } else if constexpr (detail::is_map<T>::value) {
    if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
    out.clear();
    for (const auto& [key, member] : *v.as_object()) {
      decode(member, pointer_to(pointer, key), out[key]);
    }
  } else {
    static_assert(Described<T>, "decode needs a described struct");
    detail::decode_struct(v, pointer, out);
  }
}

}  // namespace sibyl
