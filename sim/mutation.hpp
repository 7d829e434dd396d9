// Field-wise mutation of described messages: what a faulty node that knows nothing of a protocol
// can change in what it sends, well-formed as a message, one change at a time and told in words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ids.hpp"
#include "sim/message.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// Values that were seen in fields, by type and path ("partitioned::Reply.results"): integers (the
/// bits of a uint64) and strings. A few of each field, the latest last.
class SeenValues {
 public:
  static constexpr std::size_t kMost = 4;  ///< of one field

  void add(const std::string& field, const Value& value);
  const std::vector<Value>& of(const std::string& field) const;
  void hash_into(Hasher& h) const;

 private:
  std::map<std::string, std::vector<Value>> values_;
};

/// A field, named as in Mutable, and a value that it has to have: an integer, a boolean, a string
/// (also an enumerator's or a node's name), or null for an optional that holds nothing.
struct FieldIs {
  std::string field;
  Value value;
};

/// Whether some field of that name has the value; also within what others have signed.
bool has_field(const Message& message, const FieldIs& wanted, const std::vector<TraceNode>& nodes);

/// A copy of a message, with the messages inside it, that may be changed; and its fields, in the
/// order of declaration. What another node than `self` has signed is not among them.
///
/// A field is found by `name`: its path without places in lists ("payload.steps.value"), or the
/// last parts of it, or of the path of a field that it lies in.
class Mutable {
 public:
  /// Elements of one list that are shown, at most.
  static constexpr std::size_t kMostElements = 16;

  Mutable(const Message& original, NodeId self);

  const Message& message() const { return copy_; }
  /// Adds the values of all fields to `seen`.
  void show(SeenValues& seen) const;

  /// Changes one field, and says how: "payload.value 3 -> 4". Integers go up or down by one, to 0,
  /// to their lowest and highest value, or to one that was seen in this field; strings to one that
  /// was seen, or empty; enumerations and NodeIds to another; lists lose, repeat or swap an
  /// element; optional values go, or come as their default. pick(n) decides, below n: which field
  /// (of those that `name` finds; empty: of all), then how. Returns an empty text when nothing can
  /// be changed.
  std::string mutate(std::string_view name, const std::vector<TraceNode>& nodes,
                     const SeenValues& seen,
                     const std::function<std::uint64_t(std::uint64_t)>& pick);

  /// Sets every field whose path or its end is `name`, and that can have the value: an integer, a
  /// boolean, a string (also an enumerator's or a node's name), or null for an optional. Says what
  /// changed; returns an empty text when nothing did.
  std::string set(std::string_view name, const Value& value, const std::vector<TraceNode>& nodes);

 private:
  struct Field {
    std::string path;  ///< "payload.steps[0].value"
    std::string name;  ///< "payload.steps.value"
    void* at = nullptr;
    const FieldType* type = nullptr;
  };
  struct Edit;
  class Walk;  // NOLINT(*-virtual-class-destructor): final, and only ever on the stack

  static void select_edits(const Field& field, std::vector<Edit>& edits);
  std::vector<Edit> edits_of(const Field& field, const std::vector<TraceNode>& nodes,
                             const SeenValues& seen) const;

  Message copy_;
  std::vector<Field> fields_;
};

}  // namespace sibyl
