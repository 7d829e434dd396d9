// Messages written down: a described type from a Value in which nodes stand by their names, as the
// trace shows them. For scripts of faulty nodes (sim/byzantine.hpp).
//
// Every member has to be there, so that a forgotten one is a mistake; only optionals may be left
// out. A signed part is {"what": …}, and is signed by the node that sends the message: nobody signs
// in another's name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/decode.hpp"
#include "sim/describe.hpp"
#include "sim/field_places.hpp"
#include "sim/field_type.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/signed.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

struct LiteralScope;

/// A type of messages that can be written down.
struct LiteralType {
  std::string_view name;  ///< "bracha::Echo"
  /// Throws ConfigError.
  Message (*make)(const Value& fields, const std::string& pointer, const LiteralScope& scope);
  std::vector<FieldPlace> (*places)();  ///< its fields
};

/// What names in a literal mean.
struct LiteralScope {
  const std::vector<TraceNode>& nodes;
  NodeId self;  ///< who sends it
  const std::vector<LiteralType>& types;
};

/// The node of this name. Throws ConfigError.
NodeId literal_node(const Value& v, const std::string& pointer, const LiteralScope& scope);
/// The type of this name, or of this last part. Throws ConfigError.
const LiteralType& literal_type(const Value& name, const std::string& pointer,
                                const std::vector<LiteralType>& types);
/// A message inside a message: {"type": "bracha::Echo", …}. Throws ConfigError.
Message literal_message(const Value& v, const std::string& pointer, const LiteralScope& scope);
/// Checks that a signed part is an object with "what", and with no "by" or the sender's own.
const Value& literal_signed(const Value& v, const std::string& pointer, const LiteralScope& scope);

namespace detail {

template <class T>
void read_literal(const Value& v, const std::string& pointer, const LiteralScope& scope, T& out);

template <class T>
void read_literal_struct(const Value& v, const std::string& pointer, const LiteralScope& scope,
                         T& out) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  std::vector<std::string> known;
  for_each_member(out, [&](std::string_view name, const auto&) { known.emplace_back(name); });
  for (const auto& [key, unused] : *v.as_object()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      unknown_member(pointer, key, known);
    }
  }
  for_each_member(out, [&](std::string_view name, auto& member) {
    const Value* found = v.find(name);
    if (found != nullptr) {
      read_literal(*found, pointer_to(pointer, name), scope, member);
    } else if constexpr (!is_optional<std::remove_cvref_t<decltype(member)>>::value) {
      throw ConfigError(pointer, "the member \"" + std::string(name) + "\" is missing");
    }
  });
}

/// Vectors, sets and maps: a list; of a map, of pairs.
template <class T>
void read_literal_list(const Value& v, const std::string& pointer, const LiteralScope& scope,
                       T& out) {
  if (v.as_list() == nullptr) wrong_kind(pointer, v, "a list");
  out.clear();
  for (std::size_t i = 0; i < v.as_list()->size(); ++i) {
    const std::string at = pointer_to(pointer, i);
    const Value& element = (*v.as_list())[i];
    if constexpr (is_map<T>::value) {
      std::pair<typename T::key_type, typename T::mapped_type> item{};
      read_literal(element, at, scope, item);
      out.insert(std::move(item));
    } else {
      typename T::value_type item{};
      read_literal(element, at, scope, item);
      out.insert(out.end(), std::move(item));
    }
  }
}

template <class T>
void read_literal(const Value& v, const std::string& pointer, const LiteralScope& scope, T& out) {
  if constexpr (std::is_same_v<T, NodeId>) {
    out = literal_node(v, pointer, scope);
  } else if constexpr (std::is_same_v<T, Message>) {
    out = literal_message(v, pointer, scope);
  } else if constexpr (is_signed_part<T>::value) {
    out.by = scope.self;
    read_literal(literal_signed(v, pointer, scope), pointer_to(pointer, "what"), scope, out.what);
  } else if constexpr (is_optional<T>::value) {
    out.reset();
    if (!v.is_null()) read_literal(v, pointer, scope, out.emplace());
  } else if constexpr (is_pair<T>::value) {
    if (v.as_list() == nullptr || v.as_list()->size() != 2) wrong_kind(pointer, v, "a list of two");
    read_literal((*v.as_list())[0], pointer_to(pointer, std::size_t{0}), scope, out.first);
    read_literal((*v.as_list())[1], pointer_to(pointer, std::size_t{1}), scope, out.second);
  } else if constexpr (is_map<T>::value || is_vector_like<T>::value) {
    read_literal_list(v, pointer, scope, out);
  } else if constexpr (requires { T::from_value(v, pointer, out); }) {
    T::from_value(v, pointer, out);  // its to_value is its own, too
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    // As traces have it: digests and numbers from 2^63 on are negative there.
    out = static_cast<T>(decode_int(v, pointer, -kMost - 1, kMost));
  } else if constexpr (Described<T> && !kIsPlain<T> && !std::is_same_v<T, Value>) {
    read_literal_struct(v, pointer, scope, out);
  } else {
    decode(v, pointer, out);
  }
}

}  // namespace detail

/// The types of a protocol's messages: literals_of<bracha::Send, bracha::Echo>().
template <class... T>
std::vector<LiteralType> literals_of() {
  return {{type_name<T>(),
           [](const Value& fields, const std::string& pointer, const LiteralScope& scope) {
             T body{};
             detail::read_literal(fields, pointer, scope, body);
             return Message::make(std::move(body));
           },
           field_places_of<T>}...};
}

}  // namespace sibyl
