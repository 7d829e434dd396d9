// Values as sealed text: see sealed.hpp.
#include "protocols/total_order/sealed.hpp"

#include <bit>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "sim/hash.hpp"

namespace sibyl::total_order {

namespace {

void write_number(std::string& out, char kind, std::uint64_t number) {
  out += fmt::format("{}{};", kind, number);
}

void write_text(std::string& out, char kind, std::string_view text) {
  write_number(out, kind, text.size());
  out += text;
}

/// A letter for the kind, a number, and what the number counts.
void write(std::string& out, const Value& value) {
  if (const auto* b = value.as_bool()) {
    write_number(out, 'b', *b ? 1 : 0);
  } else if (const auto* i = value.as_int()) {
    write_number(out, 'i', static_cast<std::uint64_t>(*i));
  } else if (const auto* d = value.as_double()) {
    write_number(out, 'd', std::bit_cast<std::uint64_t>(*d));
  } else if (const auto* s = value.as_string()) {
    write_text(out, 's', *s);
  } else if (const auto* list = value.as_list()) {
    write_number(out, 'l', list->size());
    for (const Value& each : *list) write(out, each);
  } else if (const auto* object = value.as_object()) {
    write_number(out, 'o', object->size());
    for (const auto& [key, each] : *object) {
      write_text(out, 's', key);
      write(out, each);
    }
  } else {
    write_number(out, 'n', 0);
  }
}

/// Reads what write() wrote, which open() has made sure of: so it is nested no deeper than a value
/// that was sealed, however deep that is.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<Value> value() {
    const auto head = number();
    if (!head) return std::nullopt;
    const auto [kind, n] = *head;
    switch (kind) {
      case 'n':
        return Value();
      case 'b':
        return Value(n != 0);
      case 'i':
        return Value(static_cast<std::int64_t>(n));
      case 'd':
        return Value(std::bit_cast<double>(n));
      case 's':
        return text(n);
      case 'l':
        return list(n);
      case 'o':
        return object(n);
      default:
        return std::nullopt;
    }
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::optional<std::pair<char, std::uint64_t>> number() {
    const std::size_t end = rest_.find(';');
    if (end == std::string_view::npos || end < 2 || end > 21) return std::nullopt;
    std::uint64_t n = 0;
    for (const char c : rest_.substr(1, end - 1)) {
      if (c < '0' || c > '9') return std::nullopt;
      n = n * 10 + static_cast<std::uint64_t>(c - '0');
    }
    const char kind = rest_.front();
    rest_.remove_prefix(end + 1);
    return std::pair{kind, n};
  }
  std::optional<Value> text(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    Value read(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return read;
  }
  std::optional<Value> list(std::uint64_t size) {
    Value::List read;
    for (std::uint64_t i = 0; i < size; ++i) {
      auto each = value();
      if (!each) return std::nullopt;
      read.push_back(std::move(*each));
    }
    return Value(std::move(read));
  }
  std::optional<Value> object(std::uint64_t size) {
    Value::Object read;
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto key = value();
      auto each = value();
      if (!key || key->as_string() == nullptr || !each) return std::nullopt;
      read.emplace_back(*key->as_string(), std::move(*each));
    }
    return Value(std::move(read));
  }

  std::string_view rest_;
};

/// The same once more undoes it.
void cipher(std::string& text, std::uint64_t key) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 8 == 0) word = fold_multiply(key ^ 0xa0761d6478bd642fULL, i ^ 0xe7037ed1a0b428dbULL);
    text[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ (word & 0xff));
    word >>= 8;
  }
}

std::uint64_t check_sum(std::string_view text, std::uint64_t key) {
  Hasher h;
  h.add(key);
  h.add(text);
  return h.value();
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::string seal(const Value& value, std::uint64_t key) {
  std::string text;
  write(text, value);
  std::string sealed = fmt::format("{:016x}", check_sum(text, key));
  cipher(text, key);
  for (const char c : text) sealed += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return sealed;
}

std::optional<Value> open(const Value& sealed, std::uint64_t key) {
  const std::string* hex = sealed.as_string();
  if (hex == nullptr || hex->size() < 16 || hex->size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 16; i < hex->size(); i += 2) {
    const auto high = hex_digit((*hex)[i]);
    const auto low = hex_digit((*hex)[i + 1]);
    if (!high || !low) return std::nullopt;
    text += static_cast<char>(*high << 4 | *low);
  }
  cipher(text, key);
  if (hex->substr(0, 16) != fmt::format("{:016x}", check_sum(text, key))) return std::nullopt;
  Reader reader(text);
  auto value = reader.value();
  if (!reader.at_end()) return std::nullopt;
  return value;
}

}  // namespace sibyl::total_order
