// Answers that no order can give: which rules are asked.
#include "analysis/check/impossible.hpp"

#include <fmt/core.h>

#include "analysis/check/events.hpp"
#include "analysis/check/impossible_rules.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

std::string impossible_words(const std::string& text) {
  constexpr std::size_t kMost = 80;
  return shortened(printable(text), kMost);
}

bool has_impossible_answers(const Model& model) {
  return model.name() == "set" || model.name() == "queue" || model.name() == "bank";
}

std::optional<Impossible> impossible_answer(const FlatHistory& history,
                                            const std::vector<FlatOperation>& operations,
                                            const std::vector<std::uint32_t>& part,
                                            const Model& model, const Value& initial,
                                            const std::function<bool()>& stop) {
  if (!has_impossible_answers(model)) return std::nullopt;
  Patience patience(stop);
  AskedPart ask;
  ask.initial = initial;
  for (const std::uint32_t i : part) {
    patience.step();
    if (operations[i].outcome == OperationOutcome::fail) continue;
    ask.operations.push_back(unflat(history, operations[i]));
    if (history.recorded == nullptr)
      ask.operations.back().label = fmt::format("line {}", operations[i].line);
    ask.numbers.push_back(i);
  }
  if (ask.operations.empty()) return std::nullopt;
  std::optional<Impossible> found = model.name() == "set"     ? impossible_in_set(ask, patience)
                                    : model.name() == "queue" ? impossible_in_queue(ask, patience)
                                                              : impossible_in_bank(ask, patience);
  // Rules go by stamps; what one process did at an instant may make fewer operations impossible.
  if (found && found->minimal) {
    const std::vector<bool> all(part.size(), true);
    found->minimal = events_of(operations, part, all, patience).sequences.empty();
  }
  return found;
}

}  // namespace sibyl::analysis
