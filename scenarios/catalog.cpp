// Finds scenario files.
#include "scenarios/catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "scenarios/errors.hpp"

namespace sibyl {

namespace fs = std::filesystem;

namespace {
/// The folder whose files name scenarios, and are none.
constexpr std::string_view kCampaigns = "campaigns";
}  // namespace

std::vector<std::string> scenario_files(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw FileError(folder + ": there is no such folder");
  std::vector<std::string> found;
  for (fs::recursive_directory_iterator it(folder, error), end; it != end; it.increment(error)) {
    if (error) break;
    const std::string name = it->path().filename().string();
    if (name == kCampaigns && it->is_directory(error)) {
      it.disable_recursion_pending();
      continue;
    }
    const bool is_json = it->path().extension() == ".json";
    const bool is_schema = name.size() > 12 && name.substr(name.size() - 12) == ".schema.json";
    if (is_json && !is_schema && it->is_regular_file(error)) {
      found.push_back(it->path().lexically_normal().string());
    }
  }
  if (error) throw FileError(folder + ": cannot be read: " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::string scenarios_folder(const std::string& program) {
  std::error_code error;
  const fs::path installed =
      fs::path(program).parent_path().parent_path() / "share" / "sibyl" / "scenarios";
  for (const fs::path& folder : {installed, fs::path(SIBYL_SCENARIOS_SOURCE_DIR)}) {
    if (fs::is_directory(folder, error)) return folder.string();
  }
  throw FileError("the scenario files that come with sibyl are not found; name a folder");
}

}  // namespace sibyl
