// Items and commands by name: see svg_items.hpp.
#include "analysis/svg_items.hpp"

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

std::string origin_in(const Value& item) {
  const Value* origin = item.find("origin");
  return origin == nullptr ? std::string() : origin->text();
}

}  // namespace

Items::Items(const Trace& trace) {
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::note) continue;
    const std::string name = short_name(e.name);
    const bool broadcast = name == "Broadcast";
    any_ = any_ || broadcast || name == "BroadcastDelivery" || name == "Output";
    if (!broadcast && name != "Invoke") continue;
    const std::string label = printable(text_field(e.data, "label"));
    if (label.empty()) continue;
    if (broadcast) {
      items_.emplace(std::pair(origin_in(e.data), integer_field(e.data, "number", -1)), label);
    } else {
      commands_.emplace(integer_field(e.data, "op", -1), label);
    }
  }
}

std::string Items::carried_by(const Value& message) const {
  if (!any_) return {};
  const Value* item = message.find("item");
  const Value* id = item == nullptr ? nullptr : item->find("id");
  if (id != nullptr) {
    const auto found = items_.find({origin_in(*id), integer_field(*id, "number", -1)});
    return found == items_.end() ? std::string() : found->second;
  }
  const Value* content = message.find("content");
  return command(integer_field(content == nullptr ? message : *content, "op", -1));
}

std::string Items::command(std::int64_t op) const {
  const auto found = commands_.find(op);
  return found == commands_.end() ? std::string() : found->second;
}

std::string Items::answers(std::int64_t applied, const Value& note) const {
  const Value* outputs = note.find("outputs");
  if (outputs == nullptr || outputs->as_list() == nullptr) return answer(applied, note);
  std::string words;
  for (const Value& output : *outputs->as_list()) words += answer(applied, output);
  return words;
}

std::string Items::answer(std::int64_t applied, const Value& output) const {
  const std::int64_t op = integer_field(output, "op", integer_field(output, "id", -1));
  std::string words;
  if (op != applied) words = "; " + command(op);
  const std::string_view reply = text_field(output, "reply");
  const Value* value = output.find("value");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  const bool says_more = reply == "ok" && value != nullptr && !value->is_null();
  words += " → ";
  words += printable(!says_more ? std::string(reply) : text != nullptr ? *text : value->text());
  return words;
}

}  // namespace sibyl::analysis::svg
