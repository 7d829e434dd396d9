// Draws faulty parties of protocols in slots: see slot_draw.hpp.
#include "protocols/broadcast/slot_draw.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "sim/decode.hpp"

namespace sibyl::broadcast {

namespace {

class SlotDraw {
 public:
  SlotDraw(const SlotOptions& options, const Value& deployment, Stream& stream)
      : length_(Slots(options).length()),
        parties_(static_cast<std::size_t>(*deployment.find("parties")->as_int())),
        commands_(deployment.find("machine") != nullptr),
        clients_(deployment.find("clients") != nullptr),
        stream_(stream) {}

  /// `count` faulty parties from `first` on.
  Value faulty(std::size_t first, std::size_t count) {
    Value::List list;
    for (std::size_t i = 0; i < count; ++i) adversary((first + i) % parties_, list);
    return Value(std::move(list));
  }

  std::size_t below(std::size_t most) { return static_cast<std::size_t>(stream_.below(most)); }

 private:
  static std::string name(std::size_t party) { return fmt::format("P{}", party); }

  Value some_but(std::size_t self) {
    Value::List chosen;
    while (chosen.empty()) {
      for (std::size_t i = 0; i < parties_; ++i) {
        if (i != self && below(2) == 0) chosen.emplace_back(name(i));
      }
    }
    return Value(std::move(chosen));
  }

  Value entry(std::size_t self, const char* behaviour, const Value& to) const {
    return Value::Object{{"node", name(self)}, {"behaviour", behaviour}, {"to", to}};
  }

  /// What it keeps from some; what it says to others in a later slot, as if it were of that one;
  /// and what else than the truth.
  void adversary(std::size_t self, Value::List& list) {
    if (below(2) == 0) list.push_back(entry(self, "omit", some_but(self)));
    const Value to = some_but(self);
    if (below(2) == 0) {
      const auto slots = static_cast<std::int64_t>(1 + below(3));
      Value later = entry(self, "delay", to);
      later.set("delay", format_duration(Duration{slots * length_.ns}));
      list.push_back(std::move(later));
      Value tag = entry(self, "equivocate", to);
      tag.set("field", "slot").set("value", static_cast<std::int64_t>(2 + below(6)));
      if (below(4) != 0) list.push_back(std::move(tag));
    }
    if (below(3) == 0) {
      Value other = entry(self, "equivocate", to);
      other.set("field", "instance.number").set("value", static_cast<std::int64_t>(1 + below(3)));
      list.push_back(std::move(other));
    }
    if (below(3) == 0) {
      Value change = entry(self, "equivocate", below(2) == 0 ? to : some_but(self));
      const char* const fields[] = {"chain", "path", "items", "id.origin"};
      change.set("field", fields[below(commands_ ? 4 : 2)]);
      change.set("mutations", static_cast<std::int64_t>(1 + below(3)));
      list.push_back(std::move(change));
    }
    if (below(2) == 0) {
      Value lie = entry(self, "equivocate", below(2) == 0 ? to : some_but(self));
      lie.set("field", commands_ ? "content.value" : "content");
      lie.set("value", commands_ ? Value(7) : Value("lie"));
      list.push_back(std::move(lie));
    }
    if (clients_ && below(2) == 0) {  // all that lie so lie alike
      list.push_back(Value::Object{{"node", name(self)},
                                   {"behaviour", "equivocate"},
                                   {"messages", Value::List{"Reply"}},
                                   {"field", "value"},
                                   {"value", 7}});
    }
  }

  Duration length_;
  std::size_t parties_;
  bool commands_;
  bool clients_;
  Stream& stream_;
};

}  // namespace

Drawn draw_in_slots(Drawn drawn, const SlotOptions& options, bool below_a_third, Stream& stream) {
  const Value deployment = drawn.deployment;
  const auto parties = static_cast<std::size_t>(*deployment.find("parties")->as_int());
  const Value::List& entries = *std::as_const(drawn.workload).find("broadcasts")->as_list();
  SlotDraw draw(options, deployment, stream);
  if (draw.below(2) == 0) return drawn;
  std::size_t most = below_a_third ? (parties - 1) / 3 : parties - 2;
  // Replies are voted on: of too many liars there is no majority.
  if (deployment.find("clients") != nullptr) most = std::min(most, (parties - 1) / 2);
  const std::size_t t = most == 0 ? 0 : 1 + draw.below(most);
  drawn.deployment.set("faulty", static_cast<std::int64_t>(t));
  const Value* origin = entries[draw.below(entries.size())].find("party");
  const std::size_t first =
      origin == nullptr ? draw.below(parties) : std::stoul(origin->as_string()->substr(1));
  drawn.byzantine = t == 0 ? Value() : draw.faulty(first, t);
  return drawn;
}

}  // namespace sibyl::broadcast
