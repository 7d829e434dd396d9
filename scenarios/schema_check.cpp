// The only place where valijson is used.
#include "scenarios/schema_check.hpp"

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "scenarios/campaign.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/shrink.hpp"
#include "scenarios/sweep_report.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

nlohmann::json to_nlohmann(const Value& v) {
  if (const bool* b = v.as_bool()) return *b;
  if (const std::int64_t* i = v.as_int()) return *i;
  if (const double* d = v.as_double()) return *d;
  if (const std::string* s = v.as_string()) return *s;
  if (const Value::List* list = v.as_list()) {
    auto out = nlohmann::json::array();
    for (const Value& item : *list) out.push_back(to_nlohmann(item));
    return out;
  }
  if (const Value::Object* object = v.as_object()) {
    auto out = nlohmann::json::object();
    for (const auto& [key, member] : *object) out[key] = to_nlohmann(member);
    return out;
  }
  return nullptr;
}

/// Lives as long as the program.
const valijson::Schema* parsed(std::string_view text) {
  auto* const schema = new valijson::Schema;
  const auto document = nlohmann::json::parse(text);
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), *schema);
  return schema;
}

/// valijson writes a place as "<root>[network][links][0]".
std::string to_pointer(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    pointer = pointer_to(pointer, context[i].substr(1, context[i].size() - 2));
  }
  return pointer;
}

std::optional<SchemaComplaint> check(const valijson::Schema& schema, const Value& document) {
  const nlohmann::json json = to_nlohmann(document);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(json), &results)) {
    return std::nullopt;
  }
  // The first complaint is the deepest: those after it say that what holds it is wrong, too.
  valijson::ValidationResults::Error error;
  SchemaComplaint complaint;
  if (results.popError(error)) complaint = {to_pointer(error.context), error.description};
  return complaint;
}

}  // namespace

std::optional<SchemaComplaint> check_against_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(scenario_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_explore_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(explore_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_sweep_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(sweep_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_shrink_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(shrink_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_shrink_state_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(shrink_state_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_campaign_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(campaign_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_history_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(history_schema());
  return check(*kSchema, document);
}

std::optional<SchemaComplaint> check_against_check_schema(const Value& document) {
  static const valijson::Schema* const kSchema = parsed(check_schema());
  return check(*kSchema, document);
}

}  // namespace sibyl
