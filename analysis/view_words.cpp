// Words for what a trace holds.
#include "analysis/view_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

namespace sibyl::analysis {

namespace {

/// The length of the valid UTF-8 sequence at `at`; 0 when there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF, and the two that XML forbids.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  if (first == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe) return 0;
  return length;
}

/// Of a valid sequence of two or three bytes that a terminal may obey, or that turns the text round
/// it: C1 controls, separators of lines and paragraphs, controls of direction. 0: none of them.
std::uint32_t hidden_code(std::string_view character) {
  std::uint32_t code = 0;
  for (const char c : character) code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
  if (character.size() == 3) code &= 0xffffU;
  const auto within = [&](std::uint32_t first, std::uint32_t last) {
    return code >= first && code <= last;
  };
  const bool hidden =
      character.size() == 2
          ? within(0x80, 0x9f) || code == 0x61c
          : character.size() == 3 &&
                (within(0x200e, 0x200f) || within(0x2028, 0x202e) || within(0x2066, 0x2069));
  return hidden ? code : 0;
}

/// [f, key, value] of a command on objects.
struct Access {
  std::string f;
  std::string key;
  const Value* value = nullptr;
};

/// The accesses of a value in the form of model "objects"; empty when it has another form.
std::vector<Access> accesses_of(const Value& value) {
  std::vector<Access> out;
  const Value::List* list = value.as_list();
  if (list == nullptr) return out;
  for (const Value& item : *list) {
    const Value::List* parts = item.as_list();
    if (parts == nullptr || parts->size() < 2) return {};
    const std::string* f = (*parts)[0].as_string();
    const std::string* key = (*parts)[1].as_string();
    if (f == nullptr || key == nullptr) return {};
    out.push_back({*f, *key, parts->size() > 2 ? &(*parts)[2] : nullptr});
  }
  return out;
}

bool reads(std::string_view f) { return f == "read" || f == "get"; }

std::string value_words(const Value& value) {
  const std::string* s = value.as_string();
  return s != nullptr ? *s : value.text();
}

/// The result of an addition, [added, result]; null when it is not there.
const Value* sum_of(const Value* value) {
  const Value::List* pair = value == nullptr ? nullptr : value->as_list();
  return pair == nullptr || pair->size() != 2 ? nullptr : &pair->back();
}

std::string access_words(std::string_view f, std::string_view key, const Value* value) {
  std::string out(f);
  if (!key.empty()) out += " " + std::string(key);
  if (value == nullptr || value->is_null() || reads(f)) return out;
  if (f == "add") {
    const std::string to = key.empty() ? "" : " to " + std::string(key);
    return "add " + value_words(sum_of(value) == nullptr ? *value : value->as_list()->front()) + to;
  }
  out += f == "move" ? " to " : key.empty() ? " " : "=";
  return out + value_words(*value);
}

Value without_type(const Value& message) {
  Value::Object fields;
  for (const auto& member : *message.as_object()) {
    if (member.first != "type") fields.push_back(member);
  }
  return Value(std::move(fields));
}

void append_joined(std::string& out, std::string_view part) {
  if (!out.empty()) out += ", ";
  out += part;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++i;
      continue;
    }
    const std::string_view character = text.substr(i, length);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
    } else if (const std::uint32_t code = hidden_code(character); code != 0) {
      out += fmt::format("\\u{{{:x}}}", code);
    } else {
      out += character;
    }
    i += length;
  }
  return out;
}

std::size_t character_count(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0U) != 0x80 ? 1U : 0U;
  return n;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (character_count(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t n = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80 && ++n == most) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string key_words(std::string_view key) {
  constexpr std::size_t kMost = 60;
  constexpr std::size_t kEnd = 29;
  const std::string text = printable(key);
  if (character_count(text) <= kMost) return text;
  std::size_t from = text.size();
  for (std::size_t n = 0; n < kEnd; --from) {
    if ((static_cast<unsigned char>(text[from - 1]) & 0xc0U) != 0x80) ++n;
  }
  return shortened(text, kMost - kEnd) + text.substr(from);
}

TimeUnit unit_for(std::int64_t span_ns) {
  if (span_ns >= 1'000'000'000) return {"s", 1'000'000'000, 9};
  if (span_ns >= 1'000'000) return {"ms", 1'000'000, 6};
  if (span_ns >= 1'000) return {"us", 1'000, 3};
  return {"ns", 1, 0};
}

std::string in_unit(std::int64_t ns, const TimeUnit& unit) {
  std::string out = std::to_string(ns / unit.ns);
  std::int64_t rest = ns % unit.ns;
  if (rest == 0) return out;
  if (rest < 0) {
    rest = -rest;
    if (ns / unit.ns == 0) out = "-0";
  }
  std::string digits = std::to_string(rest);
  digits.insert(0, static_cast<std::size_t>(unit.decimals) - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return out + "." + digits;
}

std::string time_words(std::int64_t ns) {
  const TimeUnit unit = unit_for(ns);
  return ns == 0 ? "0" : in_unit(ns, unit) + " " + std::string(unit.name);
}

std::string with_times(std::string_view text, const Trace& trace) {
  constexpr std::string_view kDigits = "0123456789";
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    for (const std::string_view before : {std::string_view("event "), std::string_view("(#")}) {
      if (text.substr(i, before.size()) == before) end = i + before.size();
    }
    const std::size_t digits = end;
    if (end > i + 1) end = std::min(text.find_first_not_of(kDigits, end), text.size());
    out += text.substr(i, end - i);
    i = end;
    std::size_t number = 0;
    std::from_chars(text.data() + digits, text.data() + end, number);
    if (number == 0 || number > trace.events.size()) continue;
    out += " at " + time_words(trace.events[number - 1].at.ns);
  }
  return out;
}

std::string short_name(std::string_view qualified) {
  const std::size_t at = qualified.rfind("::");
  return printable(at == std::string_view::npos ? qualified : qualified.substr(at + 2));
}

std::string message_words(const TraceEvent& event) {
  std::string out = short_name(event.name);
  const Value::Object* fields = event.data.as_object();
  if (fields == nullptr) return out;
  for (const auto& [key, value] : *fields) {
    const std::string_view inner = text_field(value, "type");
    if (!inner.empty()) return out + "(" + short_name(inner) + ")";
  }
  return out;
}

std::string fields_words(const Value& data) {
  if (data.is_null()) return {};
  const Value::Object* fields = data.as_object();
  if (fields == nullptr) return printable(data.text());
  std::string out;
  for (const bool wrapped : {true, false}) {
    for (const auto& [key, value] : *fields) {
      if (text_field(value, "type").empty() == wrapped) continue;
      if (!out.empty()) out += ' ';
      out += key + "=" + (wrapped ? without_type(value) : value).text();
    }
  }
  return printable(out);
}

std::string call_words(std::string_view f, std::string_view key, const Value& value) {
  const std::vector<Access> accesses = accesses_of(value);
  if (accesses.empty()) return printable(access_words(f, key, &value));
  std::string out;
  for (const Access& a : accesses) append_joined(out, access_words(a.f, a.key, a.value));
  return printable(out);
}

std::string reply_words(std::string_view reply, std::string_view f, const Value& value) {
  const std::vector<Access> accesses = accesses_of(value);
  std::size_t creates = 0;
  std::size_t answers = 0;
  std::string read;
  for (const Access& a : accesses) {
    if (a.f == "create") ++creates;
    const Value* answer = reads(a.f) ? a.value : a.f == "add" ? sum_of(a.value) : nullptr;
    if (answer == nullptr) continue;
    ++answers;
    append_joined(read, a.key + "=" + value_words(*answer));
    if (accesses.size() == 1) read = value_words(*answer);
  }
  if (reply == "nok" && !accesses.empty()) {
    if (creates == 0) return "not found";
    return creates == accesses.size() ? "exists already" : "nok";
  }
  if (reply != "ok") return printable(reply);
  if (accesses.empty() && reads(f)) return printable(value_words(value));
  return answers == 0 ? "ok" : printable(read);
}

bool concerns_node(std::string_view fault) {
  return fault == "Crash" || fault == "Recover" || fault == "Pause" || fault == "Resume" ||
         fault == "Slow" || fault == "ClockStep" || fault == "ClockDrift";
}

std::string fault_words(std::string_view fault) {
  if (fault == "Crash") return "crashes";
  if (fault == "Recover") return "recovers";
  if (fault == "Pause") return "pauses";
  if (fault == "Resume") return "resumes";
  if (fault == "Slow") return "slower";
  if (fault == "ClockStep") return "clock jumps";
  if (fault == "ClockDrift") return "clock drifts";
  if (fault == "Cut") return "links cut";
  if (fault == "Heal") return "links healed";
  if (fault == "Clog") return "link clogged";
  if (fault == "Unclog") return "link unclogged";
  return std::string(fault);
}

std::string_view text_field(const Value& data, std::string_view field) {
  const Value* member = data.find(field);
  const std::string* s = member == nullptr ? nullptr : member->as_string();
  return s == nullptr ? std::string_view() : std::string_view(*s);
}

std::int64_t integer_field(const Value& data, std::string_view field, std::int64_t otherwise) {
  const Value* member = data.find(field);
  const std::int64_t* i = member == nullptr ? nullptr : member->as_int();
  return i == nullptr ? otherwise : *i;
}

std::string content_text(const Value& value) {
  constexpr std::size_t kMost = 60;
  return value.is_null() ? "?" : shortened(printable(value_words(value)), kMost);
}

std::string decided_words(const Value& value, std::int64_t round) {
  return "decided " + content_text(value) +
         (round == 0 ? std::string() : " in round " + std::to_string(round));
}

std::string agreement_words(const TraceEvent& note) {
  const bool decides = short_name(note.name) == "Decide";
  const Value* value = note.data.find("value");
  const std::string_view instance = text_field(note.data, "instance");
  const std::int64_t round = integer_field(note.data, "round", 0);
  std::string out = decides ? "decides " : "proposes ";
  out += content_text(value == nullptr ? Value() : *value);
  std::string more;
  if (instance != "0" && !instance.empty()) more = "agreement " + printable(instance);
  if (decides && round != 0) append_joined(more, "round " + std::to_string(round));
  return more.empty() ? out : out + " (" + more + ")";
}

}  // namespace sibyl::analysis
