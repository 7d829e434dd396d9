// The scenario files that come with the program.
#pragma once

#include <string>
#include <vector>

namespace sibyl {

/// The scenario files below `folder`, sorted by path: every *.json but the schemas, and what is in
/// folders called "campaigns". Throws FileError.
std::vector<std::string> scenario_files(const std::string& folder);

/// Where they stand: beside the source tree's code, or, when `program` (the path of the running
/// binary) was installed, in its prefix's share/sibyl/scenarios. Throws FileError when there is
/// neither.
std::string scenarios_folder(const std::string& program);

}  // namespace sibyl
