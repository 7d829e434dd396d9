// Hash and size of what objects hold.
#include "protocols/partitioned/content.hpp"

#include <bit>

namespace sibyl::partitioned {

namespace {

/// Says of which kind a value is that is no integer by itself.
enum class Tag : std::uint64_t {
  null = 0x6e756c6c,
  boolean = 0x626f6f6c,
  integer = 0x696e7465,
  number = 0x6e756d62,
  text = 0x74657874,
  list = 0x6c697374,
  object = 0x6f626a65,
};

}  // namespace

void hash_value(Hasher& h, const Value& value) {
  const auto tag = [&](Tag t) { h.add(static_cast<std::uint64_t>(t)); };
  if (const auto* i = value.as_int()) {
    tag(Tag::integer);
    h.add(static_cast<std::uint64_t>(*i));
  } else if (const auto* s = value.as_string()) {
    tag(Tag::text);
    h.add(std::string_view(*s));
  } else if (const auto* list = value.as_list()) {
    tag(Tag::list);
    h.add(list->size());
    for (const Value& each : *list) hash_value(h, each);
  } else if (const auto* object = value.as_object()) {
    tag(Tag::object);
    h.add(object->size());
    for (const auto& [key, each] : *object) {
      h.add(std::string_view(key));
      hash_value(h, each);
    }
  } else if (const auto* b = value.as_bool()) {
    tag(Tag::boolean);
    h.add(*b ? 1 : 0);
  } else if (const auto* d = value.as_double()) {
    tag(Tag::number);
    h.add(std::bit_cast<std::uint64_t>(*d));
  } else {
    tag(Tag::null);
  }
}

std::uint64_t wire_bytes_of(const Value& value) {
  if (const auto* s = value.as_string()) return 4 + s->size();
  if (value.as_int() != nullptr || value.as_double() != nullptr) return 8;
  if (const auto* list = value.as_list()) {
    std::uint64_t sum = 4;
    for (const Value& each : *list) sum += wire_bytes_of(each);
    return sum;
  }
  if (const auto* object = value.as_object()) {
    std::uint64_t sum = 4;
    for (const auto& [key, each] : *object) {
      sum += wire_bytes_of(each);
      const std::int64_t* more = key == "bytes" ? each.as_int() : nullptr;
      if (more != nullptr && *more > 0) sum += static_cast<std::uint64_t>(*more);
    }
    return sum;
  }
  return 1;
}

void Content::hash_into(Hasher& h) const {
  if (const std::int64_t* i = as_int()) {
    h.add(static_cast<std::uint64_t>(*i));
  } else {
    hash_value(h, *this);
  }
}

std::uint64_t Content::wire_bytes() const { return wire_bytes_of(*this); }

}  // namespace sibyl::partitioned
