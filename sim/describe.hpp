// What one line of BOOST_DESCRIBE_STRUCT gives a message or a state: its name, its fields as a
// Value, a hash, and its size on the wire. Works through the standard containers, optionals, enums
// and strong ids.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include "sim/hash.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

namespace detail {

template <class T>
constexpr std::string_view raw_type_name() {
  return __PRETTY_FUNCTION__;  // "... [with T = sibyl::skeen::Propose; ...]" (g++), "... [T = ...]"
                               // (clang++)
}

constexpr std::string_view between_equals_and_end(std::string_view s) {
  const auto begin = s.find("T = ") + 4;
  auto end = s.find(';', begin);
  if (end == std::string_view::npos) end = s.find(']', begin);
  return s.substr(begin, end - begin);
}

template <class T>
struct is_vector_like : std::false_type {};
template <class T>
struct is_vector_like<std::vector<T>> : std::true_type {};
template <class T>
struct is_vector_like<std::deque<T>> : std::true_type {};
template <class T>
struct is_vector_like<std::set<T>> : std::true_type {};
template <class T>
struct is_map : std::false_type {};
template <class K, class V>
struct is_map<std::map<K, V>> : std::true_type {};
template <class T>
struct is_sorted : is_map<T> {};
template <class T>
struct is_sorted<std::set<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_pair : std::false_type {};
template <class A, class B>
struct is_pair<std::pair<A, B>> : std::true_type {};

}  // namespace detail

/// The type's name without the leading "sibyl::": "skeen::Propose". The same with g++ and clang++
/// for a class that is neither a template nor in an anonymous namespace.
template <class T>
constexpr std::string_view type_name() {
  auto name = detail::between_equals_and_end(detail::raw_type_name<T>());
  constexpr std::string_view kOurs = "sibyl::";
  if (name.substr(0, kOurs.size()) == kOurs) name.remove_prefix(kOurs.size());
  return name;
}

template <class T>
concept Described = boost::describe::has_describe_members<T>::value;

/// Calls f(name, member) for every described public member of `object`, in order of declaration.
template <class T, class F>
constexpr void for_each_member(T&& object, F&& f) {
  using D =
      boost::describe::describe_members<std::remove_cvref_t<T>, boost::describe::mod_public |
                                                                    boost::describe::mod_inherited>;
  boost::mp11::mp_for_each<D>([&](auto d) { f(std::string_view(d.name), object.*d.pointer); });
}

/// Adds `x` to the hash, member by member.
template <class T>
void hash_append(Hasher& h, const T& x) {
  if constexpr (std::is_integral_v<T>) {
    h.add(static_cast<std::uint64_t>(x));
  } else if constexpr (std::is_enum_v<T>) {
    h.add(static_cast<std::uint64_t>(x));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    h.add(std::string_view(x));
  } else if constexpr (std::is_same_v<T, NodeId>) {
    h.add(h.renamed(x.value));
  } else if constexpr (std::is_same_v<T, Time> || std::is_same_v<T, Duration>) {
    h.add(static_cast<std::uint64_t>(x.ns));
  } else if constexpr (std::is_same_v<T, TimerId>) {
    h.add(std::uint64_t{x.slot} << 32 | x.generation);
    h.note_timer();
  } else if constexpr (std::is_same_v<T, Value>) {
    h.add(x.text());
  } else if constexpr (detail::is_optional<T>::value) {
    h.add(x.has_value());
    if (x) hash_append(h, *x);
  } else if constexpr (detail::is_pair<T>::value) {
    hash_append(h, x.first);
    hash_append(h, x.second);
  } else if constexpr (detail::is_vector_like<T>::value || detail::is_map<T>::value) {
    h.add(x.size());
    if constexpr (detail::is_sorted<T>::value) {
      if (h.renames()) {  // the order is that of the old numbers
        std::uint64_t sum = 0;
        for (const auto& item : x) {
          Hasher one(h.renaming());
          hash_append(one, item);
          sum += one.value();
          if (one.saw_timer()) h.note_timer();
        }
        h.add(sum);
        return;
      }
    }
    for (const auto& item : x) hash_append(h, item);
  } else if constexpr (requires { x.hash_into(h); }) {
    x.hash_into(h);
  } else {
    static_assert(Described<T>,
                  "a member of a message or state must be described or a plain value");
    for_each_member(x, [&](std::string_view, const auto& member) { hash_append(h, member); });
  }
}

template <class T>
std::uint64_t hash_of(const T& x) {
  Hasher h;
  hash_append(h, x);
  return h.value();
}

/// `x` as a Value; node ids become names where `nodes` knows them.
template <class T>
Value to_value(const T& x, const std::vector<TraceNode>& nodes) {
  if constexpr (std::is_same_v<T, bool>) {
    return Value(x);
  } else if constexpr (std::is_integral_v<T>) {
    return Value(static_cast<std::int64_t>(x));
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (boost::describe::has_describe_enumerators<T>::value) {
      return Value(std::string(boost::describe::enum_to_string(x, "?")));
    } else {
      return Value(static_cast<std::int64_t>(x));
    }
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return Value(std::string(std::string_view(x)));
  } else if constexpr (std::is_same_v<T, NodeId>) {
    if (x.value < nodes.size()) return Value(nodes[x.value].name);
    return Value("node" + std::to_string(x.value));
  } else if constexpr (std::is_same_v<T, Time> || std::is_same_v<T, Duration>) {
    return Value(x.ns);
  } else if constexpr (std::is_same_v<T, TimerId>) {
    return Value(static_cast<std::int64_t>(x.slot));
  } else if constexpr (std::is_same_v<T, Value>) {
    return x;
  } else if constexpr (detail::is_optional<T>::value) {
    return x ? to_value(*x, nodes) : Value();
  } else if constexpr (detail::is_pair<T>::value) {
    return Value(Value::List{to_value(x.first, nodes), to_value(x.second, nodes)});
  } else if constexpr (detail::is_vector_like<T>::value || detail::is_map<T>::value) {
    Value::List list;
    list.reserve(x.size());
    for (const auto& item : x) list.push_back(to_value(item, nodes));
    return Value(std::move(list));
  } else if constexpr (requires { x.to_value(nodes); }) {
    return x.to_value(nodes);
  } else {
    Value::Object object;
    for_each_member(x, [&](std::string_view name, const auto& member) {
      object.emplace_back(std::string(name), to_value(member, nodes));
    });
    return Value(std::move(object));
  }
}

/// Bytes that `x` takes on the wire: integers and ids 8, booleans and enums 1, text and containers
/// a length of 4 plus their contents. Used by links with a bandwidth.
template <class T>
std::uint64_t wire_bytes(const T& x) {
  if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    return 1;
  } else if constexpr (std::is_integral_v<T> || std::is_same_v<T, NodeId> ||
                       std::is_same_v<T, Time> || std::is_same_v<T, Duration> ||
                       std::is_same_v<T, TimerId>) {
    return 8;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return 4 + std::string_view(x).size();
  } else if constexpr (std::is_same_v<T, Value>) {
    return 4 + x.text().size();
  } else if constexpr (detail::is_optional<T>::value) {
    return 1 + (x ? wire_bytes(*x) : 0);
  } else if constexpr (detail::is_pair<T>::value) {
    return wire_bytes(x.first) + wire_bytes(x.second);
  } else if constexpr (detail::is_vector_like<T>::value || detail::is_map<T>::value) {
    std::uint64_t sum = 4;
    for (const auto& item : x) sum += wire_bytes(item);
    return sum;
  } else if constexpr (requires { x.wire_bytes(); }) {
    return x.wire_bytes();
  } else {
    std::uint64_t sum = 0;
    for_each_member(x, [&](std::string_view, const auto& member) { sum += wire_bytes(member); });
    return sum;
  }
}

}  // namespace sibyl
