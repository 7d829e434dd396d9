// A file that may be a trace or a scenario: told apart by its contents.
#pragma once

#include <optional>
#include <string>

#include "sim/trace.hpp"

namespace sibyl {

/// The trace in the file, decompressed if need be; nothing when the file does not begin as a trace.
/// Standard input ("-") and pipes, which can be read once only, are taken for traces. Throws
/// InputError and FileError.
std::optional<Trace> trace_in_file(const std::string& path);

/// The trace in the file; InputError when it is none.
Trace load_trace(const std::string& path);

}  // namespace sibyl
