// Reports of a bounded size: values whose texts and lists are cut as far as that needs.
#pragma once

#include <cstddef>

#include "sim/value.hpp"

namespace sibyl::analysis {

/// Of how many bytes a value is as JSON, at most; of valid UTF-8. O(size).
std::size_t json_bytes(const Value& value);

/// The value in at most `most` bytes as JSON, where its members alone take no more: itself, or all
/// of it with texts and lists cut to the same lengths, the largest of ten steps that suffice. A cut
/// text ends in "…"; beside a list stands how many of its items are missing, as `NAME_left_out`.
/// O(size) for each step.
Value within(const Value& value, std::size_t most);

}  // namespace sibyl::analysis
