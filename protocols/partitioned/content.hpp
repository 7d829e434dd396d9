// What an object holds: any Value, so that applications choose their own. In hashes an integer
// counts as the plain int64 that it is, which most objects are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sim/describe.hpp"
#include "sim/field_type.hpp"
#include "sim/value.hpp"

namespace sibyl::partitioned {

class Content : public Value {
 public:
  using Value::Value;
  Content(Value value) : Value(std::move(value)) {}

  /// O(size), without making text of it.
  void hash_into(Hasher& h) const;
  Value to_value(const std::vector<TraceNode>& /*nodes*/) const { return *this; }
  /// Integers 8, booleans 1, text and containers a length of 4 plus their contents. An object with
  /// an integer member "bytes" takes so many more: it stands for data that is not kept. O(size).
  std::uint64_t wire_bytes() const;
  /// Anything is one.
  static void decode_from(const Value& v, const std::string& /*pointer*/, Content& out) {
    out = Content(v);
  }
};

/// The objects that a command has at hand, by name.
using Objects = std::map<std::string, Content>;

/// Adds the structure of a value to a hash: no two different values are the same words.
void hash_value(Hasher& h, const Value& value);
std::uint64_t wire_bytes_of(const Value& value);

}  // namespace sibyl::partitioned

namespace sibyl {

/// A faulty node may change what is inside, as in any Value.
template <>
inline constexpr FieldType kFieldType<partitioned::Content> = detail::value_field<Value>();

}  // namespace sibyl
