// Linearizability of flat histories: parts, the algorithm of each, and their answers together.
#include "analysis/check/judge.hpp"

#include "analysis/models/models.hpp"

namespace sibyl::analysis {

std::string_view method_name(Method method) {
  switch (method) {
    case Method::none:
      return "none";
    case Method::witness:
      return "witness";
    case Method::zones:
      return "zones";
    case Method::registers:
      return "registers";
    case Method::layered:
      return "layered";
  }
  return "";
}

Judgement judge(const FlatHistory& history, const JudgeOptions& options) {
  History operations;
  operations.reserve(history.operations.size());
  for (const FlatOperation& op : history.operations) operations.push_back(unflat(history, op));
  const Model* model = options.model.empty() ? model_for(operations) : find_model(options.model);
  Judgement result;
  if (model == nullptr) {
    result.verdict = Verdict::inconclusive;
    result.summary = "No model reads these operations.";
    return result;
  }
  LinearizabilityOptions bounds;
  bounds.stop = options.stop;
  if (!options.explains) bounds.explain_steps = 0;
  Linearizability found = check_linearizability(operations, *model, options.initial, bounds);
  result.verdict = found.verdict;
  result.method = Method::layered;
  result.model = model->name();
  result.summary = std::move(found.summary);
  result.order.assign(found.order.begin(), found.order.end());
  result.window = std::move(found.window);
  result.because = std::move(found.because);
  result.initial = std::move(found.initial);
  result.witness = std::move(found.witness);
  result.steps = found.steps;
  return result;
}

}  // namespace sibyl::analysis
