// Reads an object key by key, for the parts of the format whose keys are no C++ names ("default")
// or whose reading depends on each other. Described structs are read by sim/decode.hpp itself.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/decode.hpp"

namespace sibyl {

/// The members of one object, of which every key is known.
class Fields {
 public:
  /// Throws ConfigError when `v` is no object, or has a member that is not among `known`.
  Fields(const Value& v, std::string pointer, const std::vector<std::string>& known)
      : value_(v), pointer_(std::move(pointer)) {
    if (v.as_object() == nullptr) wrong_kind(pointer_, v, "an object");
    for (const auto& [key, unused] : *v.as_object()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        unknown_member(pointer_, key, known);
      }
    }
  }

  /// The member, or null.
  const Value* find(std::string_view key) const { return value_.find(key); }
  /// The member; ConfigError when it is missing.
  const Value& get(std::string_view key) const {
    const Value* found = find(key);
    if (found == nullptr) {
      throw ConfigError(pointer_, "the member \"" + std::string(key) + "\" is missing");
    }
    return *found;
  }
  /// Decodes the member into `out` if it is there.
  template <class T>
  bool read(std::string_view key, T& out) const {
    const Value* found = find(key);
    if (found != nullptr) decode(*found, at(key), out);
    return found != nullptr;
  }
  template <class T>
  void require(std::string_view key, T& out) const {
    decode(get(key), at(key), out);
  }

  std::string at(std::string_view key) const { return pointer_to(pointer_, key); }
  const std::string& pointer() const { return pointer_; }

 private:
  const Value& value_;
  std::string pointer_;
};

}  // namespace sibyl
