// JSON pointers (RFC 6901) into Values: reading, and setting for variants and for --set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/value.hpp"

namespace sibyl {

/// The reference tokens of a pointer, unescaped. Throws ConfigError (its pointer is `where`) when
/// the text is no pointer: it must begin with "/", and "~" must be followed by 0 or 1.
std::vector<std::string> pointer_tokens(std::string_view text, const std::string& where);

/// Replaces the value at `pointer`, or adds it; objects on the way that do not exist are made, and
/// a list where "-" is to be its first item. In a list a token is an index, at most the list's
/// length, or "-" for its end. Returns the pointer to the value, with an index for every "-".
/// Throws ConfigError (its pointer is `where`) when the way leads through a plain value or to no
/// place of a list.
std::string set_at(Value& root, std::string_view pointer, Value value, const std::string& where);

/// Whether `pointer` names the place `base` or one inside it.
bool is_within(std::string_view pointer, std::string_view base);

}  // namespace sibyl
