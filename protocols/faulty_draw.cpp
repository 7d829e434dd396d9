// Draws what faulty parties do: see faulty_draw.hpp.
#include "protocols/faulty_draw.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace sibyl {

namespace {

/// Draws what faulty parties do. Lies, omissions and repetitions concern some parties and some
/// messages, so that a few of them together are a split view.
class FaultyDraw {
 public:
  FaultyDraw(const FaultyParties& faulty, Stream& stream)
      : faulty_(faulty), stream_(stream), parties_(faulty.parties) {}

  /// Whom it concerns, of all parties but `self`, in the order of their numbers; at least one.
  Value some_but(std::size_t self) {
    Value::List chosen;
    while (chosen.empty()) {
      for (std::size_t i = 0; i < parties_; ++i) {
        if (i != self && below(2) == 0) chosen.emplace_back(fmt::format("P{}", i));
      }
    }
    return Value(std::move(chosen));
  }

  Value entry(std::size_t self) {
    Value entry = of(self);
    if (*faulty_.bit != 0 && below(4) == 0) {
      return also(std::move(entry), self, faulty_.bit, Value(false), Value(true));
    }
    if (*faulty_.number != 0 && below(4) == 0) {
      const auto number = static_cast<std::int64_t>(1 + below(2));
      return also(std::move(entry), self, faulty_.number, Value(number), Value(number + 1));
    }
    switch (below(faulty_.late ? 8 : 6)) {
      case 0:
        return lie(std::move(entry), self);
      case 1:
        entry.set("behaviour", "equivocate").set("mutations", below_as_value(3, 1));
        return scoped(std::move(entry), self);
      case 2:
        entry.set("behaviour", "omit").set("probability", 0.5);
        return entry;
      case 3:
        entry.set("behaviour", "omit");
        return scoped(std::move(entry), self);
      case 4:
        entry.set("behaviour", "replay").set("times", below_as_value(4, 1));
        return scoped(std::move(entry), self);
      case 6:
      case 7: {  // late, by a slot or two
        const auto late = static_cast<std::int64_t>(10 + 5 * below(8));
        entry.set("behaviour", "delay").set("delay", fmt::format("{}ms", late));
        return scoped(std::move(entry), self);
      }
      default:
        entry.set("behaviour", "silent").set("after", below_as_value(2 * parties_, 0));
        return entry;
    }
  }

  Value twins(std::size_t self) {
    return Value::Object{
        {"node", fmt::format("P{}", self)}, {"behaviour", "twins"}, {"with", some_but(self)}};
  }

  /// Each other party is told one thing for as long as the run takes: what the party's own code
  /// says, 0, 1, both, or nothing. Whoever wants correct parties to differ does so.
  void split_view(std::size_t self, Value::List& list) {
    enum Told : std::size_t { own, zero, one, both, nothing, kinds };
    std::array<Value::List, kinds> told;
    for (std::size_t i = 0; i < parties_; ++i) {
      if (i != self) told[below(kinds)].emplace_back(fmt::format("P{}", i));
    }
    for (const Told kind : {zero, one, both, nothing}) {
      if (told[kind].empty()) continue;
      Value entry = of(self);
      if (kind == nothing) {
        entry.set("behaviour", "omit");
      } else if (kind == both) {
        entry.set("behaviour", "also").set("field", faulty_.bit);
        entry.set("values", Value(Value::List{Value(false), Value(true)}));
      } else {
        entry.set("behaviour", "equivocate").set("field", faulty_.bit);
        entry.set("value", Value(kind == one));
      }
      list.push_back(std::move(entry.set("to", Value(std::move(told[kind])))));
    }
  }

  std::size_t below(std::size_t most) { return static_cast<std::size_t>(stream_.below(most)); }

 private:
  Value below_as_value(std::size_t most, std::size_t more) {
    return Value(static_cast<std::int64_t>(below(most) + more));
  }

  /// To some parties, and in half of the drawings of one kind of message.
  Value scoped(Value entry, std::size_t self) {
    entry.set("to", some_but(self));
    const auto& messages = faulty_.words.messages;
    if (!messages.empty() && below(2) == 0) {
      entry.set("messages", Value(Value::List{Value(messages[below(messages.size())])}));
    }
    return entry;
  }

  /// Another content for some, in all that it says to them.
  Value lie(Value entry, std::size_t self) {
    entry.set("behaviour", "equivocate");
    if (*faulty_.lie == 0) {
      entry.set("mutations", below_as_value(3, 1));
      return scoped(std::move(entry), self);
    }
    entry.set("to", some_but(self)).set("field", faulty_.lie).set("value", "lie");
    return entry;
  }

  /// Two values at once, to all or to some.
  Value also(Value entry, std::size_t self, const char* field, Value one, Value other) {
    entry.set("behaviour", "also").set("field", field);
    entry.set("values", Value(Value::List{std::move(one), std::move(other)}));
    return below(2) == 0 ? entry : scoped(std::move(entry), self);
  }

  static Value of(std::size_t self) {
    return Value(Value::Object{{"node", fmt::format("P{}", self)}});
  }

  const FaultyParties& faulty_;
  Stream& stream_;
  std::size_t parties_;
};

}  // namespace

Value draw_faulty(const FaultyParties& faulty, Stream& stream) {
  FaultyDraw draw(faulty, stream);
  if (faulty.most == 0 || draw.below(4) == 0) return {};
  const std::size_t count = 1 + draw.below(faulty.most);
  Value::List list;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t self = (faulty.first + i) % faulty.parties;
    if (*faulty.bit != 0 && draw.below(3) == 0) {
      draw.split_view(self, list);
      continue;
    }
    if (draw.below(6) == 0) list.push_back(draw.twins(self));
    const std::size_t entries = 1 + draw.below(4);
    for (std::size_t j = 0; j < entries; ++j) list.push_back(draw.entry(self));
  }
  if (list.empty()) return {};  // they say what their own code says
  return Value(std::move(list));
}

}  // namespace sibyl
