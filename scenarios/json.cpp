// The JSON reader (nlohmann's parser, its events turned into a Value) and the two writers.
#include "scenarios/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "scenarios/files.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

/// Receives the parser's events. nlohmann's interface wants these names and signatures.
class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  Builder(const std::string& name, const JsonLimits& limits, std::size_t first_line)
      : name_(name), limits_(limits), first_line_(first_line) {}

  bool null() { return add(Value()); }
  bool boolean(bool b) { return add(Value(b)); }
  bool number_integer(number_integer_t i) { return add(Value(std::int64_t{i})); }
  bool number_unsigned(number_unsigned_t u) {
    if (u > static_cast<number_unsigned_t>(INT64_MAX)) refuse_integer(std::to_string(u));
    return add(Value(static_cast<std::int64_t>(u)));
  }
  bool number_float(number_float_t d, const string_t& text) {
    if (text.find_first_of(".eE") == string_t::npos) refuse_integer(text);
    if (!std::isfinite(d)) refuse(place(), "the number is too large");
    return add(Value(d));
  }
  bool string(string_t& s) { return add(Value(std::move(s))); }
  bool binary(binary_t& /*b*/) { return false; }

  bool start_object(std::size_t /*size*/) { return open(Value(Value::Object{})); }
  bool key(string_t& k) {
    Frame& frame = frames_.back();
    if (is_repeated(frame, k)) {
      refuse(place_of_parent(), fmt::format("the key \"{}\" stands here twice", shortened(k)));
    }
    frame.key = std::move(k);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*size*/) { return open(Value(Value::List{})); }
  bool end_array() { return close(); }

  /// Turns the parser's sentence into one of ours: its position, and what it says besides.
  bool parse_error(std::size_t /*position*/, const std::string& /*last*/,
                   const nlohmann::json::exception& e) {
    std::string text = e.what();
    std::size_t line = 1;
    std::size_t column = 1;
    if (const auto at = text.find("at line "); at != std::string::npos) {
      line = std::strtoull(text.c_str() + at + 8, nullptr, 10);
      const auto after = text.find("column ", at);
      column = std::strtoull(text.c_str() + after + 7, nullptr, 10);
      const auto colon = text.find(": ", after);
      if (colon != std::string::npos) text = text.substr(colon + 2);
    } else if (text.find("out_of_range.406") != std::string::npos) {
      refuse(place(), "the number is too large");
    }
    drop_last_read(text);
    throw InputError(name_, fmt::format("{}:{}", line + first_line_ - 1, column), text);
  }

  Value take() { return std::move(result_); }

 private:
  struct Frame {
    Value value;
    std::string key;              ///< of the member that comes next
    std::set<std::string> large;  ///< the keys, once there are many
  };

  [[noreturn]] void refuse(const std::string& at, const std::string& message) const {
    throw InputError(name_, at, message);
  }
  [[noreturn]] void refuse_integer(const std::string& text) const {
    // What the place allows is not known here: the bounds of 64 bits would mislead.
    refuse(place(), fmt::format("the integer {} does not fit in 64 bits", shortened(text)));
  }

  static std::string shortened(const std::string& s) {
    return s.size() <= 60 ? s : s.substr(0, 40) + "...";
  }

  /// The parser quotes what it read last, which may be no UTF-8 and of any length.
  static void drop_last_read(std::string& text) {
    const auto begin = text.find("; last read: '");
    if (begin == std::string::npos) return;
    const auto expected = text.rfind("'; expected ");
    const auto end = expected == std::string::npos || expected < begin ? text.size() : expected + 1;
    text.erase(begin, end - begin);
  }

  static bool is_repeated(Frame& frame, const std::string& key) {
    constexpr std::size_t kMany = 64;
    const Value::Object& members = *frame.value.as_object();
    if (members.size() < kMany) return frame.value.find(key) != nullptr;
    if (frame.large.empty()) {
      for (const auto& [known, unused] : members) frame.large.insert(known);
    }
    return !frame.large.insert(key).second;
  }

  std::string place_of(std::size_t depth) const {
    std::string at;
    for (std::size_t i = 0; i < depth; ++i) {
      const Frame& frame = frames_[i];
      const Value::List* list = frame.value.as_list();
      at = list != nullptr ? pointer_to(at, list->size()) : pointer_to(at, frame.key);
    }
    return at;
  }
  std::string place() const { return place_of(frames_.size()); }
  std::string place_of_parent() const { return place_of(frames_.size() - 1); }

  bool open(Value empty) {
    if (frames_.size() >= limits_.depth) {
      refuse(place(), fmt::format("nested deeper than {} levels", limits_.depth));
    }
    frames_.push_back({std::move(empty), {}, {}});
    return true;
  }

  bool close() {
    Value done = std::move(frames_.back().value);
    frames_.pop_back();
    return add(std::move(done));
  }

  bool add(Value v) {
    if (frames_.empty()) {
      result_ = std::move(v);
      return true;
    }
    Frame& frame = frames_.back();
    if (Value::List* list = frame.value.as_list()) {
      list->push_back(std::move(v));
    } else {
      frame.value.as_object()->emplace_back(std::move(frame.key), std::move(v));
      frame.key.clear();
    }
    return true;
  }

  const std::string& name_;
  const JsonLimits& limits_;
  std::size_t first_line_;
  std::vector<Frame> frames_;
  Value result_;
};

bool is_plain(const Value& v) { return v.as_list() == nullptr && v.as_object() == nullptr; }

bool fits_one_line(const Value& v) {
  if (const Value::List* list = v.as_list()) {
    for (const Value& item : *list) {
      if (!is_plain(item)) return false;
    }
    return true;
  }
  return v.as_object() == nullptr || v.as_object()->empty();
}

/// `indent` is the level of the line that `v` begins on; negative: everything on one line.
void write(std::string& out, const Value& v, int indent) {
  const bool broken = indent >= 0 && !fits_one_line(v);
  const auto separate = [&](bool first, int level) {
    if (!first) out += broken || indent < 0 ? "," : ", ";
    if (broken) out += "\n" + std::string(static_cast<std::size_t>(level) * 2, ' ');
  };
  const int inner = broken ? indent + 1 : indent;
  if (const std::string* s = v.as_string()) {
    append_quoted(out, *s);
  } else if (const Value::List* list = v.as_list()) {
    out += '[';
    for (std::size_t k = 0; k < list->size(); ++k) {
      separate(k == 0, inner);
      write(out, (*list)[k], inner);
    }
    if (broken) separate(true, indent);
    out += ']';
  } else if (const Value::Object* object = v.as_object()) {
    out += '{';
    for (std::size_t k = 0; k < object->size(); ++k) {
      separate(k == 0, inner);
      append_quoted(out, (*object)[k].first);
      out += indent < 0 ? ":" : ": ";
      write(out, (*object)[k].second, inner);
    }
    if (broken) separate(true, indent);
    out += '}';
  } else if (const double* d = v.as_double(); d != nullptr && !std::isfinite(*d)) {
    out += "null";
  } else {
    out += v.text();  // null, booleans and numbers read the same in JSON
  }
}

}  // namespace

Value parse_json(std::string_view text, const std::string& name, const JsonLimits& limits,
                 std::size_t first_line) {
  if (text.size() > limits.bytes) {
    throw InputError(
        name, "", fmt::format("it has {} bytes; at most {} are read", text.size(), limits.bytes));
  }
  refuse_byte_order_mark(text, name, first_line);
  // The parser takes a zero byte for the end of the text.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    const std::string_view before = text.substr(0, zero);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
    throw InputError(name, fmt::format("{}:{}", line + first_line, zero - begin + 1),
                     "a zero byte; JSON is text, and has none");
  }
  Builder builder(name, limits, first_line);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

std::string to_json(const Value& value) {
  std::string out;
  write(out, value, -1);
  return out;
}

std::string to_pretty_json(const Value& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

std::string_view format_member(std::string_view text) {
  std::size_t at = 0;
  const auto blanks = [&] { at = std::min(text.find_first_not_of(" \t\r\n", at), text.size()); };
  const auto next = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto quoted = [&] {  // what stands between the quotes
    const std::size_t from = ++at;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    const std::size_t to = std::min(at, text.size());
    at = to + 1;
    return text.substr(from, to - from);
  };
  blanks();
  if (next() != '{') return {};
  ++at;
  for (blanks(); next() == '"'; blanks()) {
    const std::string_view key = quoted();
    blanks();
    if (next() != ':') return {};
    ++at;
    blanks();
    if (key == "format") return next() == '"' ? quoted() : std::string_view();
    for (std::size_t depth = 0; at < text.size();) {
      const char c = text[at];
      if (depth == 0 && (c == ',' || c == '}')) break;
      if (c == '"') {
        quoted();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth > 0) --depth;
      ++at;
    }
    if (next() != ',') return {};
    ++at;
  }
  return {};
}

}  // namespace sibyl
