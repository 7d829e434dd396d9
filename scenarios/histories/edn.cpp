// The EDN reader.
#include "scenarios/histories/edn.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/core.h>

namespace sibyl {

namespace {

constexpr int kDeepest = 64;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == '\f' || c == '\v';
}

/// Ends a token.
bool is_delimiter(char c) {
  return is_blank(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' ||
         c == '"' || c == ';';
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | c >> 6U);
    out += static_cast<char>(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | c >> 12U);
    out += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (c & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | c >> 18U);
    out += static_cast<char>(0x80U | (c >> 12U & 0x3FU));
    out += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (c & 0x3FU));
  }
}

/// An order of values that does not depend on how they were written down.
bool comes_before(const Value& a, const Value& b) {
  const std::int64_t* x = a.as_int();
  const std::int64_t* y = b.as_int();
  if (x != nullptr && y != nullptr) return *x < *y;
  if ((x == nullptr) != (y == nullptr)) return x != nullptr;
  return a.text() < b.text();
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return false;
    }
    const auto second = static_cast<unsigned char>(text[i + 1]);
    const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
    if (bad) return false;
    i += more + 1;
  }
  return true;
}

void EdnReader::refuse(std::size_t at, std::string message) const {
  throw EdnMistake{at, std::move(message)};
}

std::string EdnReader::found(std::size_t at) const {
  if (at >= text_.size()) return "the end";
  std::size_t end = at;
  while (end < text_.size() && end - at < 40 && !is_delimiter(text_[end])) ++end;
  if (end == at) ++end;
  std::string quoted;
  append_quoted(quoted, text_.substr(at, end - at));
  return quoted;
}

void EdnReader::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_blank(c)) {
      ++at_;
    } else if (c == ';') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '#' && text_.substr(at_, 2) == "#_") {
      at_ += 2;
      skip();
    } else {
      return;
    }
  }
}

bool EdnReader::take(char c) {
  if (peek() != c) return false;
  ++at_;
  return true;
}

std::string_view EdnReader::token() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && !is_delimiter(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string_view EdnReader::keyword(std::string_view expected) {
  skip_space();
  const std::size_t begin = at_;
  const std::string_view word = peek() == ':' ? token() : std::string_view();
  if (word.size() < 2) {
    at_ = begin;
    refuse(begin, fmt::format("found {}, expected {}", found(begin), expected));
  }
  return word.substr(1);
}

void EdnReader::skip_tag() {
  if (peek() != '#') return;
  const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (std::isalpha(static_cast<unsigned char>(next)) == 0) return;
  ++at_;
  token();
}

void EdnReader::enter(int depth) const {
  if (depth >= kDeepest) refuse(at_, fmt::format("nested deeper than {} levels", kDeepest));
}

unsigned EdnReader::hex4() {
  unsigned c = 0;
  const auto digits = text_.substr(std::min(at_, text_.size()), 4);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
  if (digits.size() != 4 || read.ptr != digits.data() + 4) {
    refuse(at_, "expected four hexadecimal digits after \\u");
  }
  at_ += 4;
  return c;
}

void EdnReader::append_escape(std::string& out) {
  const char c = at_ < text_.size() ? text_[at_++] : '\0';
  constexpr std::string_view kLetters = "tnrbf\"\\/";
  constexpr std::string_view kMeant = "\t\n\r\b\f\"\\/";
  if (const auto at = kLetters.find(c); c != '\0' && at != std::string_view::npos) {
    out += kMeant[at];
    return;
  }
  if (c != 'u') {
    refuse(at_ - 1,
           "this character cannot be escaped; expected one of t n r b f u \" \\ after "
           "the backslash");
  }
  const std::size_t begin = at_ - 2;
  std::uint32_t code = hex4();
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    const unsigned low = hex4();
    if (low < 0xDC00 || low > 0xDFFF) refuse(begin, "half of a surrogate pair");
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  } else if (code >= 0xD800 && code < 0xE000) {
    refuse(begin, "half of a surrogate pair");
  }
  append_utf8(out, code);
}

std::string EdnReader::string() {
  const std::size_t begin = at_++;
  std::string out;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] == '\\') {
      ++at_;
      append_escape(out);
      continue;
    }
    const std::size_t end = std::min(text_.find_first_of("\"\\", at_), text_.size());
    out.append(text_, at_, end - at_);
    at_ = end;
  }
  if (at_ >= text_.size()) refuse(begin, "the string has no end");
  ++at_;
  if (!is_utf8(out)) refuse(begin, "the string is no UTF-8");
  return out;
}

std::string EdnReader::character() {
  const std::size_t begin = at_++;
  if (at_ >= text_.size()) refuse(begin, "a backslash without a character");
  const std::size_t first = at_++;
  while (at_ < text_.size() && !is_delimiter(text_[at_])) ++at_;
  const std::string_view name = text_.substr(first, at_ - first);
  if (name == "newline") return "\n";
  if (name == "space") return " ";
  if (name == "tab") return "\t";
  if (name == "return") return "\r";
  if (name.size() == 5 && name[0] == 'u') {
    std::string out;
    at_ = first + 1;
    const unsigned code = hex4();
    if (code >= 0xD800 && code < 0xE000) refuse(begin, "half of a surrogate pair");
    append_utf8(out, code);
    return out;
  }
  const bool is_one = name.size() == 1 || (is_utf8(name) && name.size() <= 4 &&
                                           static_cast<unsigned char>(name[0]) >= 0x80);
  if (!is_one || !is_utf8(name)) refuse(begin, fmt::format("{} is no character", found(begin)));
  return std::string(name);
}

Value EdnReader::number(std::string_view token, std::size_t at) const {
  const char* first = token.data() + (token[0] == '+' ? 1 : 0);
  const char* last = token.data() + token.size();
  const bool is_whole = token.find_first_of(".eEM/") == std::string_view::npos;
  if (is_whole && last[-1] == 'N') --last;
  if (is_whole) {
    std::int64_t n = 0;
    const auto read = std::from_chars(first, last, n);
    if (read.ec == std::errc::result_out_of_range) {
      refuse(at, fmt::format("the integer {} does not fit in 64 bits", found(at)));
    }
    if (read.ec == std::errc() && read.ptr == last) return Value(n);
  } else if (token.find('/') == std::string_view::npos) {
    if (last[-1] == 'M') --last;
    double d = 0;
    const auto read = std::from_chars(first, last, d);
    if (read.ec == std::errc() && read.ptr == last && std::isfinite(d)) return Value(d);
  }
  refuse(at, fmt::format("{} is no number that is read here: an integer or a decimal fraction",
                         found(at)));
}

Value EdnReader::atom() {
  const std::size_t begin = at_;
  const std::string_view word = token();
  if (word == "nil") return {};
  if (word == "true") return Value(true);
  if (word == "false") return Value(false);
  const auto is_digit = [&](std::size_t i) {
    return i < word.size() && std::isdigit(static_cast<unsigned char>(word[i])) != 0;
  };
  const bool is_signed = !word.empty() && (word[0] == '-' || word[0] == '+');
  if (is_digit(is_signed ? 1 : 0)) return number(word, begin);
  if (word.size() > 1 && word[0] == ':') {
    if (!is_utf8(word)) refuse(begin, "the keyword is no UTF-8");
    return Value(word);
  }
  refuse(begin, fmt::format("found {}, expected a value: nil, true, false, a number, a \"string\", "
                            "a :keyword, or a collection of such",
                            found(begin)));
}

Value::List EdnReader::list(char close, int depth, std::size_t opened) {
  Value::List items;
  for (;;) {
    if (at_end()) refuse(opened, fmt::format("this is never closed by {}", close));
    if (take(close)) return items;
    items.push_back(value(depth + 1));
  }
}

Value EdnReader::map(int depth, std::size_t opened) {
  Value::Object members;
  for (;;) {
    if (at_end()) refuse(opened, "this is never closed by }");
    if (take('}')) break;
    const Value key = value(depth + 1);
    if (peek() == '}') refuse(at_, "a key without a value");
    members.emplace_back(key.as_string() == nullptr ? key.text() : *key.as_string(),
                         value(depth + 1));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i].first == members[i - 1].first) {
      refuse(opened, fmt::format("the key {} stands in the map twice", members[i].first));
    }
  }
  return Value(std::move(members));
}

Value EdnReader::value(int depth) {
  enter(depth);
  const char c = peek();
  const std::size_t begin = at_;
  switch (c) {
    case '\0':
      refuse(begin, "a value is missing");
    case '"':
      return Value(string());
    case '\\':
      return Value(character());
    case '[':
      ++at_;
      return Value(list(']', depth, begin));
    case '(':
      ++at_;
      return Value(list(')', depth, begin));
    case '{':
      ++at_;
      return map(depth, begin);
    case '#':
      if (text_.substr(at_, 2) == "#{") {
        at_ += 2;
        Value::List items = list('}', depth, begin);
        std::stable_sort(items.begin(), items.end(), comes_before);
        const auto twice = std::adjacent_find(items.begin(), items.end());
        if (twice != items.end()) {
          refuse(begin, fmt::format("{} stands in the set twice", twice->text().substr(0, 60)));
        }
        return Value(std::move(items));
      }
      skip_tag();
      if (at_ == begin) refuse(begin, fmt::format("{} cannot be read", found(begin)));
      return value(depth + 1);
    default:
      return atom();
  }
}

void EdnReader::skip(int depth) {
  enter(depth);
  const char c = peek();
  const std::size_t begin = at_;
  if (c == '"') {
    string();
  } else if (c == '\\') {
    at_ = std::min(at_ + 2, text_.size());
    token();
  } else if (c == '[' || c == '(' || c == '{') {
    const char close = c == '[' ? ']' : c == '(' ? ')' : '}';
    ++at_;
    while (!take(close)) {
      if (at_end()) refuse(begin, fmt::format("this is never closed by {}", close));
      skip(depth + 1);
    }
  } else if (c == '#' && text_.substr(at_, 2) == "#{") {
    ++at_;
    skip(depth + 1);
  } else if (c == '#') {
    ++at_;
    const bool is_number = token().substr(0, 1) == "#";  // ##Inf
    if (!is_number) skip(depth + 1);
  } else if (token().empty()) {
    refuse(begin, fmt::format("found {}, expected a form", found(begin)));
  }
}

void FormReader::refuse_here(const std::string& message) const {
  throw InputError(window_.name(), fmt::format("{}:{}", line_, column_), message);
}

void FormReader::refuse(const EdnMistake& mistake) const {
  const std::string_view before = form_.substr(0, std::min(mistake.at, form_.size()));
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t column =
      lines == 0 ? form_column_ + before.size() : before.size() - before.rfind('\n');
  throw InputError(window_.name(), fmt::format("{}:{}", line_ + lines, column), mistake.text);
}

char FormReader::at(std::size_t place) {
  while (place >= window_.text().size()) {
    if (!window_.more()) return '\0';
  }
  return window_.text()[place];
}

void FormReader::step(std::size_t n) {
  const std::string_view passed = window_.text().substr(0, n);
  const auto last = passed.rfind('\n');
  if (last == std::string_view::npos) {
    column_ += n;
  } else {
    line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
    column_ = n - last;
  }
  window_.drop(n);
}

bool FormReader::skip_space() {
  bool in_comment = false;
  for (;;) {
    const std::string_view text = window_.text();
    std::size_t n = 0;
    while (n < text.size()) {
      const char c = text[n];
      if (c == '\n') in_comment = false;
      if (c == ';') in_comment = true;
      if (!in_comment && !is_blank(c)) break;
      ++n;
    }
    const bool found = n < text.size();
    step(n);
    if (found) return true;
    if (!window_.more()) return false;
  }
}

std::size_t FormReader::form_length() {
  std::size_t depth = 0;
  bool in_string = false;
  bool in_comment = false;
  std::string_view text = window_.text();
  for (std::size_t place = 0;; ++place) {
    while (place >= text.size()) {
      if (text.size() > kLongestPiece) {
        refuse_here(
            fmt::format("the form has more than {} bytes; an operation is shorter", kLongestPiece));
      }
      if (!window_.more()) refuse_here("this form has no end: a bracket or a quote is missing");
      text = window_.text();
    }
    const char c = text[place];
    if (in_comment) {
      in_comment = c != '\n';
    } else if (in_string) {
      place += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == ';') {
      in_comment = true;
    } else if (c == '\\') {
      ++place;
    } else if (c == '{' || c == '[' || c == '(') {
      ++depth;
    } else if (c == '}' || c == ']' || c == ')') {
      if (depth <= 1) return place + 1;
      --depth;
    }
  }
}

bool FormReader::next(std::string_view& form) {
  if (!form_.empty()) {
    form_ = {};
    line_ = next_line_;
  }
  for (;;) {
    if (!skip_space()) {
      if (in_vector_) refuse_here("the vector has no end: ] is missing");
      return false;
    }
    const char c = at(0);
    if (c == '[' && !begun_) {
      in_vector_ = true;
    } else if (c == ']' && in_vector_) {
      in_vector_ = false;
      step(1);
      if (skip_space()) refuse_here("nothing may follow the vector of operations");
      return false;
    } else {
      break;
    }
    begun_ = true;
    step(1);
  }
  begun_ = true;
  const char c = at(0);
  if (c != '{' && !(c == '#' && at(1) != '_' && at(1) != '{')) {
    refuse_here("expected a map, such as {:process 0, :type :invoke, :f :read, :value nil}");
  }
  const std::size_t length = form_length();
  form_ = window_.text().substr(0, length);
  form_column_ = column_;
  const std::size_t line = line_;
  step(length);
  next_line_ = std::exchange(line_, line);
  form = form_;
  return true;
}

}  // namespace sibyl
