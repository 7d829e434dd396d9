// A protocol is a value with handlers: a class derived from ProcessOf<Itself> whose state is plain,
// described members. Handlers run to completion and act only through the Context they are handed.
//
//   class Echo : public ProcessOf<Echo> {
//    public:
//     void receive(Context& context, NodeId from, const Message& message) override {
//       if (const auto* ping = message.as<Ping>()) context.send(from, Pong{ping->number});
//     }
//     std::uint64_t answered = 0;
//     BOOST_DESCRIBE_CLASS(Echo, (), (answered), (), ())
//   };
#pragma once

#include <cstdint>
#include <utility>

#include "sim/describe.hpp"
#include "sim/ids.hpp"
#include "sim/message.hpp"

namespace sibyl {

class Context;
class ShimContext;

/// A counted object that is copied before it is changed while shared, so that copying a world
/// copies no process until one of the copies lets it take a step. Confined to one thread.
template <class Base>
class Shared {
 public:
  Shared() = default;
  explicit Shared(Base* fresh) : object_(fresh) { object_->references = 1; }
  Shared(const Shared& other) : object_(other.object_) {
    if (object_ != nullptr) ++object_->references;
  }
  Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr && --object_->references == 0) delete object_;
  }
  explicit operator bool() const { return object_ != nullptr; }
  const Base& operator*() const { return *object_; }
  const Base* operator->() const { return object_; }
  const void* address() const { return object_; }
  /// The object, made our own first if others hold it too.
  Base& writable() {
    if (object_->references > 1) *this = Shared(object_->clone());
    object_->known_hash = 0;
    return *object_;
  }

 private:
  Base* object_ = nullptr;
};

/// What a node runs.
class Process {
 public:
  Process() = default;
  Process(const Process& /*other*/) {}  // the count belongs to the object, not to its value
  Process& operator=(const Process& /*other*/) { return *this; }
  virtual ~Process() = default;
  /// The first step of the node's life; what arrives at the same instant waits for it.
  virtual void start(Context& /*context*/) {}
  /// The first step after a crash; the state is the initial one, the storage what survived.
  virtual void recover(Context& context) { start(context); }
  virtual void receive(Context& context, NodeId from, const Message& message) = 0;
  virtual void timer(Context& /*context*/, const Message& /*tag*/) {}
  virtual Process* clone() const = 0;
  /// Adds the state to a hash.
  virtual void add_to(Hasher& h) const = 0;
  std::uint64_t hash() const {
    Hasher h;
    add_to(h);
    return h.value();
  }
  /// hash(), computed once between two changes.
  std::uint64_t value_hash() const {
    if (known_hash == 0) {
      Hasher h;
      add_to(h);
      known_hash = h.value();
      refers_to_timers = h.saw_timer();
    }
    return known_hash;
  }

  std::uint32_t references = 0;           ///< managed by Shared
  mutable std::uint64_t known_hash = 0;   ///< 0: not known; managed by Shared
  mutable bool refers_to_timers = false;  ///< the state holds TimerIds; known with known_hash
};

/// Gives a protocol its copying and hashing. `Self` must be described.
template <class Self>
class ProcessOf : public Process {
 public:
  Process* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

using ProcessPtr = Shared<Process>;

template <class P, class... Arguments>
ProcessPtr make_process(Arguments&&... arguments) {
  return ProcessPtr(new P(std::forward<Arguments>(arguments)...));
}

/// What a Byzantine node puts between its process and the network. The default passes everything
/// on. The process behind it keeps its honest code.
class Shim {
 public:
  Shim() = default;
  Shim(const Shim& /*other*/) {}
  Shim& operator=(const Shim& /*other*/) { return *this; }
  virtual ~Shim() = default;
  virtual void send(ShimContext& context, NodeId to, const Message& message) = 0;
  virtual void receive(ShimContext& context, NodeId from, const Message& message) = 0;
  virtual Shim* clone() const = 0;
  /// Adds the state to a hash.
  virtual void add_to(Hasher& h) const = 0;

  std::uint32_t references = 0;          ///< managed by Shared
  mutable std::uint64_t known_hash = 0;  ///< as Process's
};

template <class Self>
class ShimOf : public Shim {
 public:
  Shim* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

using ShimPtr = Shared<Shim>;

}  // namespace sibyl
