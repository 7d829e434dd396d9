// Items and commands by name: see svg_items.hpp.
#include "analysis/svg_items.hpp"

#include <fmt/core.h>

#include "analysis/broadcast_reading.hpp"
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
    delivered_ = delivered_ || name == "BroadcastDelivery";
    applied_ = applied_ || name == "Applied" || name == "Processed";
    any_ = any_ || broadcast || name == "BroadcastDelivery" || name == "Output";
    const Value* content = e.data.find("content");
    if (name == "BroadcastDelivery" && content != nullptr && !content->is_null()) {
      contents_.emplace(std::pair(origin_in(e.data), integer_field(e.data, "number", -1)),
                        *content);
    }
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

std::string Items::item(const std::string& origin, std::int64_t number) const {
  const auto found = items_.find({origin, number});
  return found == items_.end() ? std::string() : found->second;
}

std::string Items::item_of(const Value& note) const {
  const std::int64_t number = integer_field(note, "number", -1);
  const std::string name = item(origin_in(note), number);
  return name.empty() ? fmt::format("{} {}", printable(origin_in(note)), number) : name;
}

std::string Items::delivery(const Value& note) const {
  const Value* content = note.find("content");
  if (content == nullptr || content->is_null()) return "NoMsg";
  const auto first = contents_.find({origin_in(note), integer_field(note, "number", -1)});
  if (first != contents_.end() && !(first->second == *content)) return content_words(*content);
  return item_of(note);
}

std::string Items::answer(std::int64_t applied, const Value& output) const {
  const std::int64_t op = integer_field(output, "op", integer_field(output, "id", -1));
  return (op == applied ? "" : "; " + command(op)) + " → " + reply(output);
}

std::string Items::reply(const Value& output) {
  const std::string_view reply = text_field(output, "reply");
  const Value* value = output.find("value");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  const bool says_more = reply == "ok" && value != nullptr && !value->is_null();
  return printable(!says_more ? std::string(reply) : text != nullptr ? *text : value->text());
}

}  // namespace sibyl::analysis::svg
