// Reads operations from JSON Lines: fast where a line has the usual form, by the program's JSON
// reader where it has not, or has a mistake.
#include "scenarios/histories/json_lines.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "scenarios/json.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

/// The members of an operation; their places in a Row are told by the name.
enum class Member : std::uint8_t { process, f, key, value, call, ret, outcome, label, reply };
constexpr std::array<std::string_view, 9> kMembers{"process", "f",       "key",   "value", "call",
                                                   "return",  "outcome", "label", "reply"};

std::optional<Member> member_of(std::string_view name) {
  // Most names differ in length; those of five letters in the first one.
  switch (name.size()) {
    case 1:
      return name == "f" ? std::optional(Member::f) : std::nullopt;
    case 3:
      return name == "key" ? std::optional(Member::key) : std::nullopt;
    case 4:
      return name == "call" ? std::optional(Member::call) : std::nullopt;
    case 5:
      if (name == "value") return Member::value;
      if (name == "label") return Member::label;
      return name == "reply" ? std::optional(Member::reply) : std::nullopt;
    case 6:
      return name == "return" ? std::optional(Member::ret) : std::nullopt;
    case 7:
      if (name == "process") return Member::process;
      return name == "outcome" ? std::optional(Member::outcome) : std::nullopt;
    default:
      return std::nullopt;
  }
}

constexpr unsigned bit(Member member) { return 1U << static_cast<unsigned>(member); }
constexpr unsigned kRequired =
    bit(Member::process) | bit(Member::f) | bit(Member::call) | bit(Member::outcome);

std::optional<OperationOutcome> outcome_from(std::string_view word) {
  if (word == "ok") return OperationOutcome::ok;
  if (word == "fail") return OperationOutcome::fail;
  if (word == "unknown") return OperationOutcome::unknown;
  return std::nullopt;
}

/// Reads a line of the usual form. Whatever is not usual, or wrong, is left to the exact reader.
class FastLine {
 public:
  explicit FastLine(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool read(Row& row) {
    if (!take('{')) return false;
    unsigned seen = 0;
    for (;;) {
      std::string_view name;
      if (!text(name) || !take(':')) return false;
      const auto member = member_of(name);
      if (!member || (seen & bit(*member)) != 0) return false;
      seen |= bit(*member);
      skip_space();
      if (!read_member(*member, row)) return false;
      if (take(',')) continue;
      if (!take('}')) return false;
      skip_space();
      return at_ == end_ && (seen & kRequired) == kRequired;
    }
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size()) return false;
    if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }
  bool integer(std::int64_t& number) {
    const bool negative = at_ != end_ && *at_ == '-';
    if (negative) ++at_;
    const char* const first = at_;
    const char* const stop = end_ - first > kMostDigits ? first + kMostDigits + 1 : end_;
    std::uint64_t n = 0;
    while (at_ != stop && *at_ >= '0' && *at_ <= '9') {
      n = n * 10 + static_cast<std::uint64_t>(*at_++ - '0');
    }
    const auto digits = at_ - first;
    if (digits == 0 || digits > kMostDigits || (digits > 1 && *first == '0')) return false;
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
    number = negative ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n);
    return at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E');
  }
  /// A string as it stands between its quotes.
  bool text(std::string_view& out) {
    skip_space();
    if (at_ == end_ || *at_ != '"') return false;
    const char* const first = ++at_;
    while (at_ != end_ && *at_ != '"') {
      const auto c = static_cast<unsigned char>(*at_);
      if (c < 0x20 || c >= 0x80 || c == '\\') return false;
      ++at_;
    }
    if (at_ == end_) return false;
    out = {first, static_cast<std::size_t>(at_ - first)};
    ++at_;
    return true;
  }
  bool scalar(RowValue& value) {
    skip_space();
    if (at_ == end_) return false;
    if (*at_ == 'n') {
      value.kind = RowValue::Kind::null;
      return take_word("null");
    }
    if (*at_ == '"') {
      value.kind = RowValue::Kind::text;
      return text(value.text);
    }
    value.kind = RowValue::Kind::integer;
    return integer(value.number);
  }
  bool read_value(Row& row) {
    row.has_value = true;
    if (at_ == end_ || *at_ != '[') return scalar(row.value);
    ++at_;
    row.is_pair = true;
    return scalar(row.value) && take(',') && scalar(row.second) && take(']');
  }
  bool read_member(Member member, Row& row) {
    std::string_view word;
    switch (member) {
      case Member::process:
        return integer(row.process);
      case Member::f:
        return text(row.f);
      case Member::key:
        row.key.emplace();
        return text(*row.key);
      case Member::value:
        return read_value(row);
      case Member::call:
        return integer(row.call);
      case Member::ret:
        if (at_ != end_ && *at_ == 'n') return take_word("null");
        row.ret.emplace();
        return integer(*row.ret);
      case Member::outcome: {
        if (!text(word)) return false;
        const auto outcome = outcome_from(word);
        if (outcome) row.outcome = *outcome;
        return outcome.has_value();
      }
      case Member::label:
        return text(word);
      case Member::reply:
        row.reply.emplace();
        return text(*row.reply);
    }
    return false;
  }

  static constexpr std::ptrdiff_t kMostDigits = 19;  // nanoseconds since 1970 have so many
  const char* at_;
  const char* end_;
};

/// The columns (from 1) at which the members of an object in valid JSON have their values.
class Columns {
 public:
  explicit Columns(std::string_view line) : line_(line) {
    while (at_ < line_.size() && line_[at_] != '{') ++at_;
    ++at_;
    while (at_ < line_.size() && line_[at_] != '}') {
      skip_to_token();
      if (at_ >= line_.size() || line_[at_] != '"') break;
      const std::size_t key_column = at_ + 1;
      const std::size_t begin = at_ + 1;
      skip_value();
      const std::string_view name = line_.substr(begin, at_ - begin - 1);
      skip_to_token();
      found_.push_back({name, key_column, at_ + 1});
      skip_value();
      while (at_ < line_.size() && is_space(line_[at_])) ++at_;
      if (at_ < line_.size() && line_[at_] == ',') ++at_;
    }
  }
  /// Of the last member of that name (before its escapes); 1 when there is none.
  std::size_t of(std::string_view name, bool at_key = false) const {
    for (auto each = found_.rbegin(); each != found_.rend(); ++each) {
      if (each->name == name) return at_key ? each->key : each->value;
    }
    return 1;
  }
  /// The name of a member that stands there twice, or empty.
  std::string_view repeated() const {
    std::set<std::string_view> before;
    for (const Place& each : found_) {
      if (!before.insert(each.name).second) return each.name;
    }
    return {};
  }

 private:
  struct Place {
    std::string_view name;
    std::size_t key;
    std::size_t value;
  };
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  void skip_to_token() {
    while (at_ < line_.size() && (is_space(line_[at_]) || line_[at_] == ':')) ++at_;
  }
  void skip_value() {
    int depth = 0;
    do {
      if (at_ >= line_.size()) return;
      const char c = line_[at_];
      if (c == '"') {
        for (++at_; at_ < line_.size() && line_[at_] != '"'; ++at_) at_ += line_[at_] == '\\';
        ++at_;
      } else if (c == '[' || c == '{') {
        ++depth;
        ++at_;
      } else if (c == ']' || c == '}') {
        if (depth == 0) return;
        --depth;
        ++at_;
      } else if (depth == 0) {
        while (at_ < line_.size() && !is_space(line_[at_]) && line_[at_] != ',' &&
               line_[at_] != '}') {
          ++at_;
        }
      } else {
        ++at_;
      }
    } while (depth > 0);
  }
  std::string_view line_;
  std::size_t at_ = 0;
  std::vector<Place> found_;
};

/// Objects have no order (RFC 8259): those that are equal become the same value, by their names.
void sort_members(Value& value) {
  if (Value::List* list = value.as_list()) {
    for (Value& each : *list) sort_members(each);
  } else if (Value::Object* members = value.as_object()) {
    for (Value::Member& each : *members) sort_members(each.second);
    std::sort(members->begin(), members->end(),
              [](const Value::Member& a, const Value::Member& b) { return a.first < b.first; });
  }
}

/// Reads any line, and names its first mistake.
class ExactLine {
 public:
  ExactLine(std::string_view line, std::size_t number, const std::string& name)
      : line_(line), number_(number), name_(name) {}

  /// The row points into what is kept here.
  const Row& read() {
    try {
      document_ = parse_json(line_, name_, {kLongestPiece, 64}, number_);
    } catch (const InputError& e) {
      if (!e.place.empty() && e.place[0] != '/') throw;
      if (e.place.empty()) refuse(Columns(line_).repeated(), e.message, true);
      refuse(std::string_view(e.place).substr(1, e.place.find('/', 1) - 1), e.message);
    }
    Value::Object* members = document_.as_object();
    if (members == nullptr) {
      refuse("", fmt::format("found {}, expected an object, one operation a line",
                             document_.kind_name()));
    }
    for (auto& [key, value] : *members) {
      sort_members(value);
      take(key, value);
    }
    for (const Member member : {Member::process, Member::f, Member::call, Member::outcome}) {
      if (document_.find(word(member)) != nullptr) continue;
      refuse("", fmt::format("the member \"{}\" is missing", word(member)));
    }
    row_.line = static_cast<std::uint32_t>(number_);
    return row_;
  }

  [[noreturn]] void refuse(std::string_view member, const std::string& message,
                           bool at_key = false) const {
    const std::size_t column = member.empty() ? 1 : Columns(line_).of(member, at_key);
    const std::string at = member.empty() || at_key ? "" : fmt::format("\"{}\": ", member);
    throw InputError(name_, fmt::format("{}:{}", number_, column), at + message);
  }

 private:
  static std::string_view word(Member member) { return kMembers[static_cast<std::size_t>(member)]; }
  [[noreturn]] void wrong(std::string_view member, const Value& value,
                          std::string_view expected) const {
    std::string found(value.kind_name());
    if (value.as_string() != nullptr) {
      found.clear();
      append_quoted(found, std::string_view(*value.as_string()).substr(0, 60));
    }
    refuse(member, fmt::format("found {}, expected {}", found, expected));
  }
  std::int64_t integer(std::string_view member, const Value& value) const {
    if (value.as_int() == nullptr) {
      wrong(member, value, member == "return" ? "an integer, or null for never" : "an integer");
    }
    return *value.as_int();
  }
  std::string_view text(std::string_view member, const Value& value) const {
    if (value.as_string() == nullptr) wrong(member, value, "a string");
    return *value.as_string();
  }

  void take(const std::string& key, const Value& value) {
    const auto member = member_of(key);
    if (!member) {
      const std::vector<std::string> known(kMembers.begin(), kMembers.end());
      const std::string guess = nearest(key, known);
      std::string list;
      for (const auto& each : known) list += (list.empty() ? "" : ", ") + each;
      refuse(key,
             fmt::format("an operation has no member \"{}\"{}", key.substr(0, 60),
                         guess.empty() ? "; it has " + list : "; did you mean \"" + guess + "\"?"),
             true);
    }
    switch (*member) {
      case Member::process:
        row_.process = integer(key, value);
        return;
      case Member::f:
        row_.f = text(key, value);
        if (row_.f.empty()) refuse(key, "must not be empty");
        return;
      case Member::key:
        row_.key = text(key, value);
        return;
      case Member::value:
        row_.has_value = true;
        row_.value = RowValue::of(value);
        return;
      case Member::call:
        row_.call = integer(key, value);
        return;
      case Member::ret:
        if (!value.is_null()) row_.ret = integer(key, value);
        return;
      case Member::outcome: {
        const auto outcome = outcome_from(text(key, value));
        if (!outcome) wrong(key, value, "\"ok\", \"fail\" or \"unknown\"");
        row_.outcome = *outcome;
        return;
      }
      case Member::label:
        text(key, value);
        return;
      case Member::reply:
        row_.reply = text(key, value);
        return;
    }
  }

  std::string_view line_;
  std::size_t number_;
  const std::string& name_;
  Value document_;
  Row row_;
};

}  // namespace

void load_json_lines(TextWindow& window, HistoryBuilder& into, LoadedHistory& loaded) {
  constexpr std::size_t kAsk = 4096;  // lines between questions whether to stop
  LineReader lines(window);
  std::string_view line;
  std::size_t ask = kAsk;  // numbers of empty lines are passed over
  while (lines.next(line)) {
    const std::size_t number = lines.number();
    if (number >= ask) {
      loaded.incomplete = into.reason_to_stop();
      if (!loaded.incomplete.empty()) break;
      if (ask == kAsk && window.size()) into.expect(window.dropped(), *window.size());
      ask = number + kAsk;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Row row;
    row.line = static_cast<std::uint32_t>(number);
    if (FastLine(line).read(row) && !row.f.empty() && !into.add(row)) continue;
    ExactLine exact(line, number, window.name());
    const std::optional<RowComplaint> complaint = into.add(exact.read());
    if (complaint) exact.refuse(complaint->member, complaint->text);
  }
  loaded.lines = lines.number();
}

}  // namespace sibyl
