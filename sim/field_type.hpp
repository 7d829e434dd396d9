// The fields of a described type as a table of plain functions: made once a type from
// Boost.Describe, so that code without templates (a Byzantine node's mutations) can walk any
// message and change it in place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/describe.hpp"
#include "sim/signed.hpp"
#include "sim/value.hpp"

namespace sibyl {

class Message;
struct FieldType;

/// What can be done with a field.
enum class FieldKind : std::uint8_t {
  opaque,       ///< nothing: it is left as it is
  integer,      ///< also times and durations, in ns: get and set
  boolean,      ///< get and set, 0 or 1
  enumeration,  ///< get and set, one of `enumerators`
  node,         ///< a NodeId: get and set
  text,         ///< a std::string
  message,      ///< a Message: a message inside a message
  optional,     ///< `size` is 0 or 1; select none clears it, one fills it, if `fillable`
  sequence,     ///< vector or deque: select
  set,          ///< set or map: select
  signed_part,  ///< a Signed: get gives who signed; children are the signed fields
  record,       ///< a described struct or a pair: children alone
};

/// Is shown the fields inside a field. `name` is empty for the elements of a container, for what an
/// optional holds and for what is signed.
class FieldVisitor {
 public:
  virtual void field(std::string_view name, void* at, const FieldType& type) = 0;

 protected:
  ~FieldVisitor() = default;
};

using Enumerators = std::vector<std::pair<std::string_view, std::uint64_t>>;

/// What is known of the type of a field. Functions that a kind has no use for are null; `at` points
/// to the field.
struct FieldType {
  FieldKind kind = FieldKind::opaque;
  bool is_signed = false;  ///< integers: the number is an int64, else a uint64
  bool fillable = false;   ///< optionals: the default value of what they hold is well-formed
  bool is_value = false;   ///< a Value: what it holds decides what can be done with it
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
  std::uint64_t (*get)(const void* at) = nullptr;
  void (*set)(void* at, std::uint64_t value) = nullptr;
  Enumerators (*enumerators)() = nullptr;
  std::size_t (*size)(const void* at) = nullptr;
  /// Of a container: leaves the elements of these places, in this order.
  void (*select)(void* at, std::span<const std::size_t> places) = nullptr;
  void (*children)(void* at, FieldVisitor& visitor) = nullptr;
};

namespace detail {

template <class T>
struct is_set : std::false_type {};
template <class T>
struct is_set<std::set<T>> : std::true_type {};
template <class T>
struct is_signed_part : std::false_type {};
template <class T>
struct is_signed_part<Signed<T>> : std::true_type {};

template <class T>
inline constexpr bool kIsPlain =
    std::is_integral_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> ||
    std::is_same_v<T, NodeId> || std::is_same_v<T, Time> || std::is_same_v<T, Duration>;

template <class T>
T& field_at(void* at) {
  return *static_cast<T*>(at);
}
template <class T>
const T& field_at(const void* at) {
  return *static_cast<const T*>(at);
}

template <class T>
constexpr FieldType number_field(FieldKind kind) {
  FieldType type;
  type.kind = kind;
  type.is_signed = std::is_signed_v<T>;
  type.lowest = static_cast<std::uint64_t>(std::numeric_limits<T>::min());
  type.highest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  type.get = [](const void* at) { return static_cast<std::uint64_t>(field_at<T>(at)); };
  type.set = [](void* at, std::uint64_t value) { field_at<T>(at) = static_cast<T>(value); };
  return type;
}

/// Time and Duration: nanoseconds. No time lies before 0.
template <class T>
constexpr FieldType time_field() {
  FieldType type;
  type.kind = FieldKind::integer;
  type.is_signed = true;
  type.lowest = std::is_same_v<T, Time>
                    ? 0
                    : static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::min());
  type.highest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  type.get = [](const void* at) { return static_cast<std::uint64_t>(field_at<T>(at).ns); };
  type.set = [](void* at, std::uint64_t value) {
    field_at<T>(at).ns = static_cast<std::int64_t>(value);
  };
  return type;
}

template <class E>
constexpr FieldType enum_field() {
  FieldType type;
  if constexpr (boost::describe::has_describe_enumerators<E>::value) {
    type.kind = FieldKind::enumeration;
    type.get = [](const void* at) { return static_cast<std::uint64_t>(field_at<E>(at)); };
    type.set = [](void* at, std::uint64_t value) { field_at<E>(at) = static_cast<E>(value); };
    type.enumerators = [] {
      Enumerators all;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
        all.emplace_back(std::string_view(d.name), static_cast<std::uint64_t>(d.value));
      });
      return all;
    };
  }
  return type;
}

template <class T>
constexpr FieldType field_type_of();

}  // namespace detail

/// The table of T. Cheap to have: it is constant, and a type's functions are only pointed to.
template <class T>
inline constexpr FieldType kFieldType = detail::field_type_of<T>();

namespace detail {

template <class T>
constexpr FieldType optional_field() {
  FieldType type;
  type.kind = FieldKind::optional;
  type.fillable = kIsPlain<typename T::value_type>;
  type.size = [](const void* at) { return std::size_t{field_at<T>(at).has_value()}; };
  type.select = [](void* at, std::span<const std::size_t> places) {
    if (places.empty()) field_at<T>(at).reset();
    if constexpr (kIsPlain<typename T::value_type>) {
      if (!places.empty() && !field_at<T>(at)) field_at<T>(at).emplace();
    }
  };
  type.children = [](void* at, FieldVisitor& visitor) {
    if (T& x = field_at<T>(at)) visitor.field({}, &*x, kFieldType<typename T::value_type>);
  };
  return type;
}

template <class T>
constexpr FieldType sequence_field() {
  FieldType type;
  type.kind = FieldKind::sequence;
  type.size = [](const void* at) { return field_at<T>(at).size(); };
  type.select = [](void* at, std::span<const std::size_t> places) {
    T& x = field_at<T>(at);
    T chosen;
    for (const std::size_t place : places) chosen.push_back(x[place]);
    x.swap(chosen);
  };
  if constexpr (!std::is_same_v<T, std::vector<bool>>) {
    type.children = [](void* at, FieldVisitor& visitor) {
      for (auto& x : field_at<T>(at)) visitor.field({}, &x, kFieldType<typename T::value_type>);
    };
  }
  return type;
}

template <class T>
constexpr FieldType set_field() {
  FieldType type;
  type.kind = FieldKind::set;
  type.size = [](const void* at) { return field_at<T>(at).size(); };
  type.select = [](void* at, std::span<const std::size_t> places) {
    T& x = field_at<T>(at);
    T chosen;
    std::size_t place = 0;
    for (const auto& element : x) {
      if (std::find(places.begin(), places.end(), place++) != places.end()) chosen.insert(element);
    }
    x.swap(chosen);
  };
  if constexpr (is_map<T>::value) {  // keys stay: they keep the order
    type.children = [](void* at, FieldVisitor& visitor) {
      for (auto& [key, x] : field_at<T>(at)) {
        visitor.field({}, &x, kFieldType<typename T::mapped_type>);
      }
    };
  }
  return type;
}

template <class T>
constexpr FieldType record_field() {
  FieldType type;
  type.kind = FieldKind::record;
  type.children = [](void* at, FieldVisitor& visitor) {
    for_each_member(field_at<T>(at), [&](std::string_view name, auto& member) {
      visitor.field(name, &member, kFieldType<std::remove_cvref_t<decltype(member)>>);
    });
  };
  return type;
}

template <class T>
constexpr FieldType pair_field() {
  FieldType type;
  type.kind = FieldKind::record;
  type.children = [](void* at, FieldVisitor& visitor) {
    T& x = field_at<T>(at);
    visitor.field("first", &x.first, kFieldType<typename T::first_type>);
    visitor.field("second", &x.second, kFieldType<typename T::second_type>);
  };
  return type;
}

template <class T>
constexpr FieldType signed_field() {
  FieldType type;
  type.kind = FieldKind::signed_part;
  type.get = [](const void* at) { return std::uint64_t{field_at<T>(at).by.value}; };
  type.children = [](void* at, FieldVisitor& visitor) {
    auto& inside = field_at<T>(at).what;
    visitor.field({}, &inside, kFieldType<std::remove_cvref_t<decltype(inside)>>);
  };
  return type;
}

template <class T>
constexpr FieldType node_field() {
  FieldType type;
  type.kind = FieldKind::node;
  type.get = [](const void* at) { return std::uint64_t{field_at<T>(at).value}; };
  type.set = [](void* at, std::uint64_t value) {
    field_at<T>(at).value = static_cast<std::uint32_t>(value);
  };
  return type;
}

/// What a Value holds decides what it is: an integer, a text, or what has such inside. Keys stay.
template <class V>
void inside_value(void* at, FieldVisitor& visitor) {
  const auto show = [&](auto* inside) {
    using T = std::remove_pointer_t<decltype(inside)>;
    if (inside != nullptr) visitor.field({}, inside, kFieldType<T>);
  };
  V& value = *static_cast<V*>(at);
  show(value.as_int());
  show(value.as_bool());
  show(value.as_string());
  show(value.as_list());
  if (auto* object = value.as_object()) {
    for (auto& [key, inside] : *object) visitor.field(key, &inside, kFieldType<V>);
  }
}

template <class V>
constexpr FieldType value_field() {
  FieldType type;
  type.kind = FieldKind::record;
  type.is_value = true;
  type.children = inside_value<V>;
  return type;
}

template <class T>
constexpr FieldType kind_alone(FieldKind kind) {
  FieldType type;
  type.kind = kind;
  return type;
}

template <class T>
constexpr FieldType field_type_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return number_field<bool>(FieldKind::boolean);
  } else if constexpr (std::is_integral_v<T>) {
    return number_field<T>(FieldKind::integer);
  } else if constexpr (std::is_enum_v<T>) {
    return enum_field<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return kind_alone<T>(FieldKind::text);
  } else if constexpr (std::is_same_v<T, Message>) {
    return kind_alone<T>(FieldKind::message);
  } else if constexpr (std::is_same_v<T, NodeId>) {
    return node_field<T>();
  } else if constexpr (std::is_same_v<T, Time> || std::is_same_v<T, Duration>) {
    return time_field<T>();
  } else if constexpr (std::is_same_v<T, Value>) {
    return value_field<T>();
  } else if constexpr (is_signed_part<T>::value) {
    return signed_field<T>();
  } else if constexpr (is_optional<T>::value) {
    return optional_field<T>();
  } else if constexpr (is_pair<T>::value) {
    return pair_field<T>();
  } else if constexpr (is_set<T>::value || is_map<T>::value) {
    return set_field<T>();
  } else if constexpr (is_vector_like<T>::value) {
    return sequence_field<T>();
  } else if constexpr (Described<T>) {
    return record_field<T>();
  } else {
    return {};  // timers' ids and what hashes itself
  }
}

template <class T>
void add_field_names(std::vector<std::string>& names) {
  if constexpr (is_signed_part<T>::value) {
    add_field_names<decltype(T::what)>(names);
  } else if constexpr (is_pair<T>::value) {
    names.insert(names.end(), {"first", "second"});
    add_field_names<typename T::first_type>(names);
    add_field_names<typename T::second_type>(names);
  } else if constexpr (is_map<T>::value) {
    add_field_names<typename T::mapped_type>(names);
  } else if constexpr (is_optional<T>::value || is_vector_like<T>::value) {
    add_field_names<typename T::value_type>(names);
  } else if constexpr (Described<T> && !kIsPlain<T>) {
    using D = boost::describe::describe_members<T, boost::describe::mod_public |
                                                       boost::describe::mod_inherited>;
    boost::mp11::mp_for_each<D>([&](auto d) {
      names.emplace_back(d.name);
      add_field_names<std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>>(names);
    });
  }
}

}  // namespace detail

/// The names of the fields of described types and of what is inside them, sorted, each once. What a
/// Message inside a message holds is not known here.
template <class... T>
std::vector<std::string> field_names_of() {
  std::vector<std::string> names;
  (detail::add_field_names<T>(names), ...);
  const std::set<std::string> sorted(names.begin(), names.end());
  return {sorted.begin(), sorted.end()};
}

}  // namespace sibyl
