// The vocabularies of the models.
#include "scenarios/histories/vocabulary.hpp"

#include <algorithm>
#include <array>

namespace sibyl {

namespace {

struct Vocabulary {
  std::string_view model;
  std::vector<FunctionShape> functions;
};

const std::vector<Vocabulary>& vocabularies() {
  static const std::vector<Vocabulary> kAll{
      {"register",
       {{"read", ValueShape::any, true}, {"write", ValueShape::any}, {"cas", ValueShape::pair}}},
      {"kv",
       {{"get", ValueShape::text_or_null, true},
        {"put", ValueShape::text},
        {"append", ValueShape::text}}},
      {"mutex", {{"acquire", ValueShape::nothing}, {"release", ValueShape::nothing}}},
      {"queue", {{"enqueue", ValueShape::any}, {"dequeue", ValueShape::any, true}}},
      {"set",
       {{"add", ValueShape::any},
        {"remove", ValueShape::any},
        {"contains", ValueShape::modelled},
        {"read", ValueShape::list, true}}},
      {"bank",
       {{"open", ValueShape::modelled},
        {"deposit", ValueShape::modelled},
        {"withdraw", ValueShape::modelled},
        {"transfer", ValueShape::modelled},
        {"balance", ValueShape::modelled, true},
        {"read", ValueShape::modelled, true},
        {"total", ValueShape::modelled, true}}},
      {"objects", {{"*", ValueShape::steps}}},
      {kAccessVocabulary,
       {{"read", ValueShape::any, true},
        {"write", ValueShape::any},
        {"create", ValueShape::any},
        {"delete", ValueShape::any},
        {"add", ValueShape::modelled},
        {"append", ValueShape::modelled},
        {"move", ValueShape::any},
        {"consult", ValueShape::any},
        {"cas", ValueShape::pair},
        {"get", ValueShape::any, true},
        {"put", ValueShape::any},
        {"command", ValueShape::steps}}},
      // Of other models only what flat form itself demands.
      {"",
       {{"read", ValueShape::any, true},
        {"get", ValueShape::any, true},
        {"dequeue", ValueShape::any, true},
        {"acquire", ValueShape::nothing},
        {"release", ValueShape::nothing},
        {"cas", ValueShape::pair},
        {"command", ValueShape::steps},
        {"*", ValueShape::any}}},
  };
  return kAll;
}

}  // namespace

std::string_view shape_name(ValueShape shape) {
  switch (shape) {
    case ValueShape::text:
      return "a string";
    case ValueShape::text_or_null:
      return "a string, or null for one that is absent";
    case ValueShape::pair:
      return "a list [old, new]";
    case ValueShape::list:
      return "a list";
    case ValueShape::steps:
      return "a list of steps [f, key, value], where f and key are strings";
    case ValueShape::any:
    case ValueShape::nothing:
    case ValueShape::modelled:
      break;
  }
  return "any value";
}

const std::vector<FunctionShape>& functions_of_model(std::string_view model) {
  static const std::vector<FunctionShape> kNone;
  for (const Vocabulary& each : vocabularies()) {
    if (each.model == model) return each.functions;
  }
  return kNone;
}

const FunctionShape* find_function(std::string_view model, std::string_view f) {
  const std::vector<FunctionShape>& known = functions_of_model(model);
  const auto found = std::find_if(known.begin(), known.end(), [&](const FunctionShape& each) {
    return each.f == f || each.f == "*";
  });
  return found == known.end() ? nullptr : &*found;
}

std::string listed_functions(std::string_view model) {
  std::string list;
  for (const FunctionShape& each : functions_of_model(model)) {
    list += (list.empty() ? "" : ", ") + std::string(each.f);
  }
  return list;
}

}  // namespace sibyl
