// Agreement: one interface over all protocols in which every party has an input and puts out a
// value. Those of one bit take and give the integers 0 and 1; a common subset takes any value.
//
// Source of the form: Cachin, Guerraoui, Rodrigues: Introduction to Reliable and Secure
// Distributed Programming, 2nd ed., 2011, chapter 5; notes on consensus, chapter 8; section E of
// the specification of broadcast and agreement.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "sim/context.hpp"
#include "sim/describe.hpp"
#include "sim/message.hpp"
#include "sim/process.hpp"
#include "sim/value.hpp"

namespace sibyl::agreement {

using broadcast::Parties;
using broadcast::PartiesPtr;

/// What a party puts out.
struct Output {
  /// Tells the instances of a module apart that runs several, one behind the other; from 0.
  std::uint64_t instance = 0;
  std::uint64_t round = 0;  ///< in which it is decided, from 1; 0: there are no rounds
  Value value;              ///< null: "?"
};
BOOST_DESCRIBE_STRUCT(Output, (), (instance, round, value))
using Outputs = std::vector<Output>;

/// The agreement module of one party: a value with handlers. The process, or module, that owns it
/// routes its messages and timers to it through a child context, and reports what comes of it
/// (note::Propose, note::Decide). What a step puts out, it returns.
class Agreement {
 public:
  Agreement() = default;
  Agreement(const Agreement& /*other*/) {}  // the count belongs to the object, not to its value
  Agreement& operator=(const Agreement& /*other*/) { return *this; }
  virtual ~Agreement() = default;

  /// The party's input: called once at most, also after messages have come.
  virtual Outputs input(Context context, const Value& value) = 0;
  /// Any well-formed message may come, from anybody, also before the input: what makes no sense is
  /// left aside.
  virtual Outputs receive(Context context, NodeId from, const Message& message) = 0;
  virtual Outputs timer(Context /*context*/, const Message& /*tag*/) { return {}; }
  virtual Agreement* clone() const = 0;
  virtual void add_to(Hasher& h) const = 0;

  std::uint32_t references = 0;          ///< managed by Shared
  mutable std::uint64_t known_hash = 0;  ///< 0: not known; managed by Shared
};

/// Gives a module its copying and hashing. `Self` must be described.
template <class Self>
class AgreementOf : public Agreement {
 public:
  Agreement* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

/// A module as a value, fit to be a described member of a process or of another module: copies
/// share it until one of them takes a step. Confined to one thread.
class AgreementPtr : public Shared<Agreement> {
 public:
  using Shared<Agreement>::Shared;
  Agreement& operator()() { return writable(); }
  void hash_into(Hasher& h) const {
    if (*this) (*this)->add_to(h);
  }
};

template <class A, class... Arguments>
AgreementPtr make_agreement(Arguments&&... arguments) {
  return AgreementPtr(new A(std::forward<Arguments>(arguments)...));
}

/// The bit that a value is, if it is one.
inline std::optional<bool> bit_in(const Value& value) {
  const auto* number = value.as_int();
  if (number == nullptr || (*number != 0 && *number != 1)) return std::nullopt;
  return *number == 1;
}
inline Value bit_value(bool bit) { return Value(std::int64_t{bit ? 1 : 0}); }

}  // namespace sibyl::agreement
