// Numbers and groups in the commands of a group's log.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocols/multicast/types.hpp"
#include "sim/value.hpp"

namespace sibyl::multicast {

inline Value log_number(std::uint64_t n) { return static_cast<std::int64_t>(n); }

inline Value log_groups(const std::vector<GroupIndex>& groups) {
  Value::List list;
  for (const GroupIndex g : groups) list.push_back(log_number(g));
  return list;
}

/// None: there is no such number, as what a faulty process sends may be anything.
inline std::optional<std::uint64_t> number_in(const Value& command, std::string_view member) {
  const Value* found = command.find(member);
  if (found == nullptr || found->as_int() == nullptr || *found->as_int() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*found->as_int());
}

/// Empty: there are none.
inline std::vector<GroupIndex> groups_in(const Value& command) {
  const Value* found = command.find("groups");
  std::vector<GroupIndex> groups;
  if (found == nullptr || found->as_list() == nullptr) return groups;
  for (const Value& g : *found->as_list()) {
    if (g.as_int() == nullptr || *g.as_int() < 0) return {};
    groups.push_back(static_cast<GroupIndex>(*g.as_int()));
  }
  return groups;
}

}  // namespace sibyl::multicast
