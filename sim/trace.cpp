// The names of the kinds of trace events and of the ways in which a run ends.
#include "sim/trace.hpp"

#include <array>

namespace sibyl {

namespace {

constexpr std::array<std::string_view, 7> kKindNames{"start", "send", "receive", "lose",
                                                     "timer", "note", "fault"};
static_assert(kKindNames.size() == static_cast<std::size_t>(TraceKind::fault) + 1);

}  // namespace

std::string_view trace_kind_name(TraceKind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::optional<TraceKind> trace_kind_from(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<TraceKind>(i);
  }
  return std::nullopt;
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::quiescent:
      return "quiescent";
    case Outcome::deadline:
      return "deadline";
    case Outcome::limit:
      return "limit";
  }
  return "unknown";
}

}  // namespace sibyl
