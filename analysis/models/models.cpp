// The list of models.
#include "analysis/models/models.hpp"

#include <algorithm>

namespace sibyl::analysis {

const std::vector<const Model*>& models() {
  static const std::vector<const Model*> kModels{&objects_model(), &register_model(), &kv_model(),
                                                 &mutex_model(),   &queue_model(),    &set_model(),
                                                 &bank_model()};
  return kModels;
}

const Model* find_model(std::string_view name) {
  for (const Model* model : models()) {
    if (model->name() == name) return model;
  }
  return nullptr;
}

const Model* model_for(const History& history) {
  for (const Model* model : models()) {
    const bool all = std::all_of(history.begin(), history.end(),
                                 [&](const Operation& op) { return model->understands(op); });
    if (all) return model;
  }
  return nullptr;
}

}  // namespace sibyl::analysis
