// Messages in flight and what is owed.
#include "scenarios/in_flight.hpp"

#include <algorithm>

#include "protocols/agreement/coin.hpp"

namespace sibyl {

NodeId sender_of(const Event& message) { return {message.source & kInstanceMask}; }
NodeId receiver_of(const Event& message) { return {message.target & kInstanceMask}; }

std::optional<std::uint64_t> number_in(const Message& message, std::string_view field) {
  struct Finder final : FieldVisitor {  // NOLINT(*-virtual-class-destructor): final, on the stack
    explicit Finder(std::string_view wanted) : name(wanted) {}
    void field(std::string_view each, void* at, const FieldType& type) override {
      if (found) return;
      if (type.kind == FieldKind::message) {
        const auto* inner = static_cast<const Message*>(at);
        if (*inner) found = number_in(*inner, name);
      } else if (each == name && type.kind == FieldKind::optional) {
        Finder held{std::string_view()};  // what an optional holds has no name
        type.children(at, held);
        found = held.found;
      } else if (each == name &&
                 (type.kind == FieldKind::boolean || type.kind == FieldKind::integer)) {
        found = type.get(at);
      } else if (each == name && type.kind == FieldKind::enumeration) {
        for (const auto& [word, number] : type.enumerators()) {
          if (number != type.get(at)) continue;
          if (word == "zero") found = 0;
          if (word == "one") found = 1;
        }
      }
    }
    std::string_view name;
    std::optional<std::uint64_t> found;
  } finder(field);
  // The visitor reads only.
  message.type().fields->children(const_cast<void*>(message.body()), finder);
  return finder.found;
}

void InFlight::take_in(const Held& held) {
  const Event& e = held.event;
  Flying& m = messages_.emplace_back();
  m.id = e.id;
  m.target = e.target;
  m.from = sender_of(e);
  m.to = receiver_of(e);
  m.instance = held.message.route().instance;
  m.agreement = agreement::coin::agreement_of(held.message.route());
  m.round = number_in(held.message, "round").value_or(0);
  auto value = number_in(held.message, "value");
  if (!value) value = number_in(held.message, "values");
  if (value && *value < 2) m.value = *value == 1;
  if (!is_faulty(m.from) && m.round != 0) {
    std::uint64_t& own = rounds_[{m.instance, m.from}];
    own = std::max(own, m.round);
  }
  if (!within_ || is_faulty(m.from) || is_faulty(m.to)) return;
  m.owed = true;
  ++owed_;
  // Never earlier than what was sent before: so the oldest is always the first that is due.
  last_due_ = std::max(last_due_, questions_ + std::max(*within_, owed_) - 1);
  m.due = last_due_;
}

void InFlight::update(const Arrivals& arrivals) {
  ++questions_;
  const auto& now = arrivals.in_flight;
  std::size_t kept = 0;  // both lists are in the order of sending: what is not next is gone
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Flying& m = messages_[i];
    const bool there =
        kept < now.size() && now[kept].event.id == m.id && now[kept].event.target == m.target;
    if (there) {
      if (kept != i) messages_[kept] = m;
      ++kept;
    } else {
      owed_ -= m.owed ? 1 : 0;
    }
  }
  messages_.resize(kept);
  for (std::size_t i = kept; i < now.size(); ++i) take_in(now[i]);
}

/// The k-th of those that are owed can still be in time if it may be the k-th arrival from now on.
std::optional<std::size_t> InFlight::due(const Arrivals& arrivals) const {
  if (owed_ == 0) return std::nullopt;
  std::uint64_t earliest = questions_;
  bool pressing = false;
  for (const Flying& m : messages_) {
    if (!m.owed) continue;
    if (m.due <= earliest) {
      pressing = true;
      break;
    }
    ++earliest;
  }
  if (!pressing) return std::nullopt;
  for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
    if (at(arrivals, i).owed) return i;
  }
  return std::nullopt;
}

std::optional<bool> InFlight::coin(const Flying& message, std::uint64_t round) const {
  const auto found = coins_.find(agreement::coin::key_of(message.agreement, round));
  if (found == coins_.end() || found->second > 1) return std::nullopt;
  return found->second == 1;
}

bool InFlight::has_left(NodeId node, std::uint32_t instance, std::uint64_t round) const {
  const auto found = rounds_.find({instance, node});
  return found != rounds_.end() && found->second > round;
}

}  // namespace sibyl
