// Draws what parties broadcast: see draw.hpp.
#include "protocols/broadcast/draw.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "sim/random.hpp"

namespace sibyl::broadcast {

namespace {

/// Draws what faulty parties do. Lies, omissions and repetitions concern some parties and some
/// messages, so that a few of them together are a split view.
class FaultyDraw {
 public:
  FaultyDraw(const BroadcastProtocol& protocol, Stream& stream, std::size_t parties, bool machine)
      : protocol_(protocol), stream_(stream), parties_(parties), machine_(machine) {}

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
    Value entry{Value::Object{{"node", fmt::format("P{}", self)}}};
    switch (below(protocol_.clocks_within ? 8 : 6)) {
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

  std::size_t below(std::size_t most) { return static_cast<std::size_t>(stream_.below(most)); }

 private:
  Value below_as_value(std::size_t most, std::size_t more) {
    return Value(static_cast<std::int64_t>(below(most) + more));
  }

  /// To some parties, and in half of the drawings of one kind of message.
  Value scoped(Value entry, std::size_t self) {
    entry.set("to", some_but(self));
    const auto& messages = protocol_.words.messages;
    if (!messages.empty() && below(2) == 0) {
      entry.set("messages", Value(Value::List{Value(messages[below(messages.size())])}));
    }
    return entry;
  }

  /// Another content for some, in all that it says to them.
  Value lie(Value entry, std::size_t self) {
    const auto& fields = protocol_.words.fields;
    const bool has_content = std::find(fields.begin(), fields.end(), "content") != fields.end();
    entry.set("behaviour", "equivocate");
    if (machine_ || !has_content) {
      entry.set("mutations", below_as_value(3, 1));
      return scoped(std::move(entry), self);
    }
    entry.set("to", some_but(self)).set("field", "content").set("value", "lie");
    return entry;
  }

  const BroadcastProtocol& protocol_;
  Stream& stream_;
  std::size_t parties_;
  bool machine_;
};

/// Up to `most` faulty parties, of which the first is `first`; null: none.
Value draw_faulty(FaultyDraw& draw, std::size_t parties, std::size_t first, std::size_t most) {
  if (most == 0 || draw.below(4) == 0) return {};
  const std::size_t count = 1 + draw.below(most);
  Value::List list;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t self = (first + i) % parties;
    if (draw.below(6) == 0) list.push_back(draw.twins(self));
    const std::size_t entries = 1 + draw.below(4);
    for (std::size_t j = 0; j < entries; ++j) list.push_back(draw.entry(self));
  }
  return Value(std::move(list));
}

/// Wall clocks at the edges of what is allowed, or right; null: all are right.
Value draw_clocks(Duration most, Stream& stream, std::size_t parties) {
  Value clocks;
  for (std::size_t i = 0; i < parties; ++i) {
    const auto where = stream.below(3);
    if (where == 0) continue;
    const Duration offset{where == 1 ? most.ns : -most.ns};
    clocks.set(fmt::format("P{}", i),
               Value(Value::Object{{"wall_offset", format_duration(offset)}}));
  }
  return clocks;
}

}  // namespace

Drawn draw_parties(const BroadcastProtocol& protocol, const Setup& setup, Stream& stream,
                   unsigned size) {
  protocol.read(setup);  // options that make no sense are found out before anything is drawn
  const auto below = [&](std::size_t most) { return static_cast<std::size_t>(stream.below(most)); };
  const std::size_t parties = protocol.sizes[below(protocol.sizes.size())];
  const std::size_t broadcasts = 2 + std::max(below(size - 1), below(size - 1));
  // One that answers another tells causal orders apart; one a party, total ones.
  const std::size_t answers_in = 1 + below(4);
  // The counter's commands do not commute; without a machine what is applied cannot differ.
  const bool machine = std::find(protocol.properties.begin(), protocol.properties.end(),
                                 "rsm_safety") != protocol.properties.end();
  Value::List list;
  std::size_t first = 0;  // the origin of the first broadcast
  for (std::size_t i = 0; i < broadcasts; ++i) {
    Value entry;
    const std::size_t origin = below(parties);
    if (i == 0) first = origin;
    entry.set("party", Value(fmt::format("P{}", origin)));
    entry.set("label", Value(fmt::format("m{}", i + 1)));
    if (protocol.clocks_within) {
      entry.set("at", Value(fmt::format("{}ms", below(3) == 0 ? 0 : below(60))));
    }
    if (i > 0 && below(answers_in) == 0 && protocol.answers) {
      entry.set("after", Value(Value::List{Value(fmt::format("m{}", 1 + below(i)))}));
    }
    if (machine) {
      const char* const commands[] = {"set", "add", "divide"};
      entry.set("command", Value(commands[i < 3 ? i : below(3)]));
      entry.set("value", Value(static_cast<std::int64_t>(i == 1 ? 1 : 2 + i)));
    }
    list.push_back(std::move(entry));
  }
  Drawn drawn;
  drawn.deployment.set("parties", Value(static_cast<std::int64_t>(parties)));
  if (machine) drawn.deployment.set("machine", Value("counter"));
  drawn.workload.set("broadcasts", Value(std::move(list)));
  if (protocol.clocks_within) drawn.clocks = draw_clocks(*protocol.clocks_within, stream, parties);
  if (protocol.faults == FaultsBorne::byzantine) {
    FaultyDraw faulty(protocol, stream, parties, machine);
    // An origin, rather than any party: what it says can be told in two ways.
    drawn.byzantine = draw_faulty(faulty, parties, first,
                                  protocol.most_faulty(static_cast<std::uint32_t>(parties)));
  }
  return drawn;
}

}  // namespace sibyl::broadcast
