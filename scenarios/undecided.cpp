// Reasons for which runs have no verdict.
#include "scenarios/undecided.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "analysis/reading.hpp"

namespace sibyl {

std::string limit_reason(RunEnd end, const Limits& limits, std::string_view bound) {
  switch (end) {
    case RunEnd::events:
      return fmt::format("reached {} steps ({})", limits.events, bound);
    case RunEnd::queue:
      return fmt::format("had more than {} pending events (limits.queue)", limits.queue);
    case RunEnd::arrivals:
      return "passed the deadline with messages in flight (limits.deadline)";
    case RunEnd::time:
      return "had no time left (292 years)";
    case RunEnd::quiescent:
    case RunEnd::deadline:
      break;
  }
  return {};
}

std::string undecided_reason(const std::vector<analysis::Finding>& findings, Outcome outcome) {
  std::map<std::string, std::vector<std::string>> properties;  // by what bounded their checkers
  for (const analysis::Finding& finding : findings) {
    if (finding.verdict != analysis::Verdict::inconclusive) continue;
    const Value* bound = finding.witness.find("bound");
    std::string where;
    if (bound != nullptr && bound->as_string() != nullptr) where = "in " + *bound->as_string();
    if (where.empty() && outcome == Outcome::deadline) where = "at the deadline (limits.deadline)";
    if (where.empty() && outcome == Outcome::limit) where = "where the run was cut off";
    properties[where].push_back(finding.property);
  }
  std::vector<std::string> parts;
  for (const auto& [where, names] : properties) {
    parts.push_back(fmt::format("whose {} {} undecided{}{}", analysis::listed(names, names.size()),
                                names.size() == 1 ? "was" : "were", where.empty() ? "" : " ",
                                where));
  }
  return analysis::listed(parts, parts.size());
}

std::vector<std::pair<std::string, std::uint64_t>> by_count(const Undecided& reasons) {
  std::vector<std::pair<std::string, std::uint64_t>> all(reasons.begin(), reasons.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return all;
}

std::string undecided_text(const Undecided& reasons) {
  std::string out;
  for (const auto& [reason, runs] : by_count(reasons)) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", runs, reason);
  }
  return out;
}

Value undecided_json(const Undecided& reasons) {
  Value::List list;
  for (const auto& [reason, runs] : by_count(reasons)) {
    list.push_back(Value::Object{{"reason", reason}, {"runs", static_cast<std::int64_t>(runs)}});
  }
  return Value(std::move(list));
}

}  // namespace sibyl
