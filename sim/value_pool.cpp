// The pool of equal values.
#include "sim/value_pool.hpp"

#include <cstring>

#include "sim/hash.hpp"

namespace sibyl {

namespace {

constexpr std::size_t kPlaces = std::size_t{1} << 13U;

void add(Hasher& h, const Value& v) {
  if (const std::string* s = v.as_string()) {
    h.add(1);
    h.add(*s);
  } else if (const std::int64_t* i = v.as_int()) {
    h.add(2);
    h.add(static_cast<std::uint64_t>(*i));
  } else if (const bool* b = v.as_bool()) {
    h.add(*b ? 3 : 4);
  } else if (const double* d = v.as_double()) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, d, sizeof bits);
    h.add(5);
    h.add(bits);
  } else if (const Value::List* list = v.as_list()) {
    h.add(6);
    h.add(list->size());
    for (const Value& item : *list) add(h, item);
  } else if (const Value::Object* object = v.as_object()) {
    h.add(7);
    h.add(object->size());
    for (const auto& [key, member] : *object) {
      h.add(key);
      add(h, member);
    }
  } else {
    h.add(8);
  }
}

}  // namespace

void ValuePool::share(Value& v) {
  const Value& reading = v;  // reading must not part it from those that it shares with
  const bool is_list = reading.as_list() != nullptr;
  if (!is_list && reading.as_object() == nullptr) return;
  if (places_.empty()) places_.resize(kPlaces);
  Hasher h;
  add(h, v);
  Place& place = places_[h.value() % kPlaces];
  if (place.hash == h.value() && place.value == v) {
    v = place.value;
    return;
  }
  if (is_list) {
    for (Value& item : *v.as_list()) share(item);
  } else {
    for (Value::Member& member : *v.as_object()) share(member.second);
  }
  place = {h.value(), v};
}

}  // namespace sibyl
