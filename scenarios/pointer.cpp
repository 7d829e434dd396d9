// JSON pointers into Values.
#include "scenarios/pointer.hpp"

#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "sim/decode.hpp"

namespace sibyl {

namespace {

/// The pointer in front of a message, when the place of the message is another one.
std::string prefix(std::string_view pointer, const std::string& where) {
  return pointer == where ? "" : fmt::format("{}: ", pointer);
}

/// The item of `list` that `token` names, made when it is the one after the last.
Value& item_at(Value::List& list, const std::string& token, std::string_view pointer,
               const std::string& where, std::string& place) {
  std::size_t index = list.size();
  if (token != "-") {
    const char* const end = token.data() + token.size();
    const auto read = std::from_chars(token.data(), end, index);
    const bool is_index =
        read.ec == std::errc() && read.ptr == end && (token.size() == 1 || token[0] != '0');
    if (!is_index || index > list.size()) {
      throw ConfigError(where, fmt::format("{}\"{}\" is no place of a list of {}; an index, or "
                                           "\"-\" for its end, is",
                                           prefix(pointer, where), token, list.size()));
    }
  }
  if (index == list.size()) list.emplace_back();
  place = pointer_to(place, index);
  return list[index];
}

}  // namespace

std::vector<std::string> pointer_tokens(std::string_view text, const std::string& where) {
  if (text.empty() || text[0] != '/') {
    throw ConfigError(where, fmt::format("\"{}\" is no JSON pointer: it begins with \"/\", such as "
                                         "/network/default/loss",
                                         text));
  }
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      tokens.emplace_back();
    } else if (text[i] != '~') {
      tokens.back() += text[i];
    } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      tokens.back() += text[++i] == '0' ? '~' : '/';
    } else {
      throw ConfigError(where,
                        fmt::format("\"{}\" is no JSON pointer: \"~\" is written \"~0\", and "
                                    "\"/\" inside a name \"~1\"",
                                    text));
    }
  }
  return tokens;
}

std::string set_at(Value& root, std::string_view pointer, Value value, const std::string& where) {
  Value* at = &root;
  std::string place;
  for (const std::string& token : pointer_tokens(pointer, where)) {
    if (at->is_null() && token == "-") *at = Value(Value::List{});
    if (Value::List* list = at->as_list()) {
      at = &item_at(*list, token, pointer, where, place);
      continue;
    }
    if (at->as_object() == nullptr && !at->is_null()) {
      throw ConfigError(
          where, fmt::format("{}\"{}\" cannot be set inside {} ({})", prefix(pointer, where), token,
                             at->kind_name(), at->text().substr(0, 60)));
    }
    place = pointer_to(place, token);
    if (at->find(token) == nullptr) at->set(token, Value());
    for (Value::Member& member : *at->as_object()) {
      if (member.first == token) {
        at = &member.second;
        break;
      }
    }
  }
  *at = std::move(value);
  return place;
}

bool is_within(std::string_view pointer, std::string_view base) {
  return pointer.substr(0, base.size()) == base &&
         (pointer.size() == base.size() || pointer[base.size()] == '/');
}

}  // namespace sibyl
