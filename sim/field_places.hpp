// Which fields a described type can have, without a message of it: what a scenario may say of a
// field can be checked when it is read.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/describe.hpp"
#include "sim/field_type.hpp"
#include "sim/signed.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A field: its path, without places in lists, and what it is. What an optional, a list or a
/// signed part holds has a place of its own, with the same path.
struct FieldPlace {
  std::string path;  ///< "item.id.number"
  const FieldType* type = nullptr;
};

namespace detail {

template <class T>
void add_places(const std::string& path, std::vector<FieldPlace>& out) {
  if (!path.empty()) out.push_back({path, &kFieldType<T>});
  const auto inside = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  if constexpr (kIsPlain<T> || std::is_same_v<T, Value>) {
    return;
  } else if constexpr (is_signed_part<T>::value) {
    add_places<decltype(T::what)>(path, out);
  } else if constexpr (is_pair<T>::value) {
    add_places<typename T::first_type>(inside("first"), out);
    add_places<typename T::second_type>(inside("second"), out);
  } else if constexpr (is_map<T>::value) {
    add_places<typename T::mapped_type>(path, out);
  } else if constexpr (is_set<T>::value || std::is_same_v<T, std::vector<bool>>) {
    return;  // nothing in them can be set
  } else if constexpr (is_optional<T>::value || is_vector_like<T>::value) {
    add_places<typename T::value_type>(path, out);
  } else if constexpr (Described<T>) {
    using D = boost::describe::describe_members<T, boost::describe::mod_public |
                                                       boost::describe::mod_inherited>;
    boost::mp11::mp_for_each<D>([&](auto d) {
      using Member = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
      add_places<Member>(inside(d.name), out);
    });
  }
}

}  // namespace detail

/// The fields of T, in the order in which they are described. What a Message or a Value inside it
/// holds is not known here: their own places are there alone.
template <class T>
std::vector<FieldPlace> field_places_of() {
  std::vector<FieldPlace> places;
  detail::add_places<T>({}, places);
  return places;
}

/// Whether some message could have this value in a field of this type, as Mutable::set and
/// has_field() mean it. A Value is a field that may have any but null.
bool can_have(const FieldType& type, const Value& value, const std::vector<TraceNode>& nodes);

/// "a boolean", "an integer from 0 to 255", "one of: zero, one", …; of a list or a record: that it
/// has no value of its own.
std::string describe_field(const FieldType& type);

}  // namespace sibyl
