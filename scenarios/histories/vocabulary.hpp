// What functions the models of histories have and what their values look like, for exact messages
// about a line. What values mean is the models' business (analysis/).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sibyl {

enum class ValueShape : std::uint8_t {
  any,
  nothing,       ///< it says nothing: null, or left out, or anything
  text,          ///< a string
  text_or_null,  ///< a string, or null for one that is absent
  pair,          ///< [old, new]
  list,          ///< of anything
  modelled,      ///< what the model's problem() has nothing against
  steps,         ///< [[f, key, value], …]
};

/// "a string", "a list [old, new]", …
std::string_view shape_name(ValueShape shape);

struct FunctionShape {
  std::string_view f;  ///< "*": any
  ValueShape value;
  bool is_result = false;  ///< the value is what was answered, and unknown before
};

/// In place of a model: the reads and writes by which consistencies judge that need no model, alone
/// or as steps of a command.
inline constexpr std::string_view kAccessVocabulary = "accesses";

/// The functions of the model; empty when it is not known here.
const std::vector<FunctionShape>& functions_of_model(std::string_view model);

/// The shape of the values of a function. Of a function that the model has not: null.
const FunctionShape* find_function(std::string_view model, std::string_view f);

/// "read, write, cas".
std::string listed_functions(std::string_view model);

}  // namespace sibyl
