// Messages: immutable, described structs behind one counted handle. A broadcast shares one payload
// among its receivers. Handles are confined to one thread (the count is not atomic), as a world is.
#pragma once

#include <cstdint>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/describe.hpp"
#include "sim/field_type.hpp"
#include "sim/hash.hpp"
#include "sim/pool.hpp"
#include "sim/trace.hpp"

namespace sibyl {

/// What the world needs to know about a described type. One static object a type; `body` points to
/// it.
struct TypeInfo {
  std::string_view name;  ///< "skeen::Propose"
  std::uint64_t name_hash;
  std::uint64_t (*hash)(const void* body);
  bool (*equal)(const void* a, const void* b);
  Value (*to_value)(const void* body, const std::vector<TraceNode>& nodes);
  std::uint64_t (*wire_bytes)(const void* body);
  void (*destroy)(struct Payload*);
  struct Payload* (*copy)(const struct Payload*);  ///< one of its own, with one reference
  const FieldType* fields;
  void (*add_to)(Hasher& h, const void* body);
  /// hash(), and whether the body names a timer (holds a TimerId).
  std::uint64_t (*hash_noting)(const void* body, bool& names_timers);
};

/// Addresses a module inside a process: the way down from the root (8 bits a level, innermost
/// module lowest) and one instance number that a module gives to the protocol instances that it
/// runs.
struct Route {
  std::uint32_t path = 0;
  std::uint32_t instance = 0;
  friend bool operator==(const Route&, const Route&) = default;
};

/// Head of a message in memory; the body follows.
struct Payload {
  std::uint32_t references = 1;
  bool hashed = false;
  bool names_timers = false;  ///< holds a TimerId; valid when `hashed`
  const TypeInfo* type = nullptr;
  Route route;
  std::uint64_t hash = 0;  ///< valid when `hashed`
};

template <class T>
struct PayloadOf : Payload {
  explicit PayloadOf(T b) : body(std::move(b)) {}
  T body;
};

namespace detail {
template <class T>
const T& body_of(const void* p) {
  return *static_cast<const T*>(p);
}
template <class T>
bool bodies_equal(const T& a, const T& b) {
  bool equal = true;
  using D = boost::describe::describe_members<T, boost::describe::mod_public |
                                                     boost::describe::mod_inherited>;
  boost::mp11::mp_for_each<D>([&](auto d) { equal = equal && a.*d.pointer == b.*d.pointer; });
  return equal;
}
}  // namespace detail

/// The description of T. Two types are the same if and only if the addresses are.
template <Described T>
inline constexpr TypeInfo kTypeInfo{
    type_name<T>(),
    hash_text(type_name<T>()),
    [](const void* p) { return hash_of(detail::body_of<T>(p)); },
    [](const void* a, const void* b) {
      return detail::bodies_equal(detail::body_of<T>(a), detail::body_of<T>(b));
    },
    [](const void* p, const std::vector<TraceNode>& nodes) {
      return to_value(detail::body_of<T>(p), nodes);
    },
    [](const void* p) { return wire_bytes(detail::body_of<T>(p)); },
    [](Payload* p) {
      auto* whole = static_cast<PayloadOf<T>*>(p);
      whole->~PayloadOf<T>();
      pool::release(whole, sizeof(PayloadOf<T>));
    },
    [](const Payload* p) -> Payload* {
      const auto* whole = static_cast<const PayloadOf<T>*>(p);
      auto* fresh = ::new (pool::allocate(sizeof(PayloadOf<T>))) PayloadOf<T>(whole->body);
      fresh->type = p->type;
      fresh->route = p->route;
      return fresh;
    },
    &kFieldType<T>,
    [](Hasher& h, const void* p) { hash_append(h, detail::body_of<T>(p)); },
    [](const void* p, bool& names_timers) {
      Hasher h;
      hash_append(h, detail::body_of<T>(p));
      names_timers = h.saw_timer();
      return h.value();
    },
};

/// Counted handle of an immutable message; may be empty.
class Message {
 public:
  Message() = default;
  template <Described T>
  static Message make(T body, Route route = {}) {
    static_assert(alignof(T) <= 8 && sizeof(PayloadOf<T>) >= sizeof(Payload) + sizeof(T));
    auto* p = ::new (pool::allocate(sizeof(PayloadOf<T>))) PayloadOf<T>(std::move(body));
    p->type = &kTypeInfo<T>;
    p->route = route;
    return Message(p);
  }
  Message(const Message& other) : payload_(other.payload_) {
    if (payload_ != nullptr) ++payload_->references;
  }
  Message(Message&& other) noexcept : payload_(std::exchange(other.payload_, nullptr)) {}
  Message& operator=(Message other) noexcept {
    std::swap(payload_, other.payload_);
    return *this;
  }
  ~Message() { drop(payload_); }

  explicit operator bool() const { return payload_ != nullptr; }
  /// The body if it is a T, otherwise null; null for an empty handle.
  template <Described T>
  const T* as() const {
    if (payload_ == nullptr || payload_->type != &kTypeInfo<T>) return nullptr;
    return &static_cast<const PayloadOf<T>*>(payload_)->body;
  }
  const TypeInfo& type() const { return *payload_->type; }
  Route route() const { return payload_->route; }
  const void* body() const { return body_of(payload_); }
  /// The fields after the type's name; null for an empty handle. For messages inside messages.
  Value to_value(const std::vector<TraceNode>& nodes) const;
  std::uint64_t wire_bytes() const {
    return payload_ == nullptr ? 1 : 8 + type().wire_bytes(body());
  }
  std::uint64_t hash() const { return hash_of_payload(payload_); }
  /// As Hasher's: with the nodes numbered otherwise.
  std::uint64_t hash_renamed(std::span<const std::uint32_t> renaming) const {
    Hasher h(renaming);
    h.add(type().name_hash);
    h.add(std::uint64_t{route().path} << 32 | route().instance);
    type().add_to(h, body());
    return h.value();
  }
  void hash_into(Hasher& h) const {
    h.add(payload_ == nullptr ? 0 : h.renames() ? hash_renamed(h.renaming()) : hash());
    if (names_timers()) h.note_timer();
  }
  /// Whether the body holds a TimerId. False for an empty handle.
  bool names_timers() const {
    if (payload_ == nullptr) return false;
    hash();
    return payload_->names_timers;
  }
  friend bool operator==(const Message& a, const Message& b) {
    if (a.payload_ == b.payload_) return true;
    if (a.payload_ == nullptr || b.payload_ == nullptr) return false;
    return a.payload_->type == b.payload_->type && a.route() == b.route() &&
           a.type().equal(a.body(), b.body());
  }

  // For the world's queue, which keeps bare pointers that own one reference each.
  static Message adopt(Payload* p) { return Message(p); }
  static Message share(Payload* p) {
    ++p->references;
    return Message(p);
  }
  Payload* release() { return std::exchange(payload_, nullptr); }
  Payload* get() const { return payload_; }
  static void drop(Payload* p) {
    if (p != nullptr && --p->references == 0) p->type->destroy(p);
  }
  static std::uint64_t hash_of_payload(Payload* p) {
    if (!p->hashed) {
      Hasher h;
      h.add(p->type->name_hash);
      h.add(std::uint64_t{p->route.path} << 32 | p->route.instance);
      h.add(p->type->hash_noting(body_of(p), p->names_timers));
      p->hash = h.value();
      p->hashed = true;
    }
    return p->hash;
  }
  static const void* body_of(const Payload* p) {
    // Every PayloadOf<T> is laid out as head, then body at the first offset that suits its
    // alignment; the pool aligns to 16, and no body asks for more than 8.
    return reinterpret_cast<const std::byte*>(p) + sizeof(Payload);
  }

 private:
  explicit Message(Payload* p) : payload_(p) {}
  Payload* payload_ = nullptr;
};

inline Value Message::to_value(const std::vector<TraceNode>& nodes) const {
  if (payload_ == nullptr) return {};
  Value fields = type().to_value(body(), nodes);
  Value::Object named{{"type", Value(type().name)}};
  for (auto& member : *fields.as_object()) named.push_back(std::move(member));
  return Value(std::move(named));
}

}  // namespace sibyl
