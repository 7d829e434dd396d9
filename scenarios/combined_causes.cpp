// Causes that are made of others.
#include "scenarios/combined_causes.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sibyl {

namespace {

/// What a cause consists of: analysis::cause_signature puts " | " between its kinds.
std::set<std::string> kinds_of(const FoundCause& found) {
  std::set<std::string> kinds;
  std::string_view rest = found.cause;
  rest.remove_prefix(std::min(rest.size(), found.property.size() + 2));  // "termination: "
  for (;;) {
    const std::size_t end = rest.find(" | ");
    kinds.emplace(rest.substr(0, end));
    if (end == std::string_view::npos) return kinds;
    rest.remove_prefix(end + 3);
  }
}

}  // namespace

void drop_combined(std::vector<FoundCause>& found) {
  std::vector<std::set<std::string>> kinds;
  for (const FoundCause& f : found) kinds.push_back(kinds_of(f));
  std::vector<FoundCause> kept;
  std::vector<std::vector<std::size_t>> parts(found.size());
  for (std::size_t whole = 0; whole < found.size(); ++whole) {
    if (found[whole].property != "termination") continue;
    std::set<std::string> covered;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].property != "termination" || kinds[i].size() >= kinds[whole].size()) continue;
      if (!std::includes(kinds[whole].begin(), kinds[whole].end(), kinds[i].begin(),
                         kinds[i].end())) {
        continue;
      }
      parts[whole].push_back(i);
      covered.insert(kinds[i].begin(), kinds[i].end());
    }
    if (covered != kinds[whole]) parts[whole].clear();
  }
  // A part may itself be combined; its own parts are parts of the whole as well.
  for (std::size_t whole = 0; whole < found.size(); ++whole) {
    for (const std::size_t i : parts[whole]) {
      if (parts[i].empty()) found[i].count += found[whole].count;
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (parts[i].empty()) kept.push_back(std::move(found[i]));
  }
  found = std::move(kept);
}

}  // namespace sibyl
