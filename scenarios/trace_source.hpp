// A file that may be a trace or a scenario: told apart by its contents.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "analysis/verdict.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// What is in the file ("-": standard input, read once): a trace, decompressed if need be, when it
/// begins as one; else its text. A regular file that does not begin as a trace is refused when it
/// is larger than a scenario may be. Throws InputError and FileError.
std::variant<Trace, std::string> trace_or_text(const std::string& path);

/// The trace in the file; InputError when it is none.
Trace load_trace(const std::string& path);

/// The findings of a trace that was read from a file, by the properties of its protocol; of a
/// protocol that is not known here, what is violated of all properties. A checker that may take
/// long asks `stop`, when it is not empty, whether to give up.
std::vector<analysis::Finding> findings_of(const Trace& trace,
                                           const std::function<bool()>& stop = {});

}  // namespace sibyl
