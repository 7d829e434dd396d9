// The behaviours of faulty nodes.
#include "sim/byzantine.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "sim/decode.hpp"

namespace sibyl::byzantine {

namespace {

bool is_in(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

/// The type's name with what is carried in it: "reliable::Data (partitioned::Variable)".
void carried(const Message& message, std::string& name) {
  struct Finder final : FieldVisitor {  // NOLINT(*-virtual-class-destructor): final, on the stack
    void field(std::string_view /*name*/, void* at, const FieldType& type) override {
      if (type.kind == FieldKind::message) inner = static_cast<const Message*>(at);
    }
    const Message* inner = nullptr;
  } finder;
  // The visitor reads only.
  message.type().fields->children(const_cast<void*>(message.body()), finder);
  if (finder.inner == nullptr || !*finder.inner) return;
  name += " (" + std::string(finder.inner->type().name);
  carried(*finder.inner, name);
  name += ")";
}

/// A copy of the message, for the module at this route.
Message with_route(const Message& message, Route route) {
  Message copy = Message::adopt(message.type().copy(message.get()));
  copy.get()->route = route;  // nobody else holds the copy, and it is not hashed yet
  return copy;
}

void report(ShimContext& context, const char* behaviour, NodeId to, const Message& message,
            std::string what) {
  std::string name(message.type().name);
  carried(message, name);
  context.note(Deviation{behaviour, to, std::move(name), std::move(what)});
}

}  // namespace

bool Scope::covers(const Message& message, const std::vector<TraceNode>& cast) const {
  const std::string_view name = message.type().name;
  const std::string_view last = name.substr(name.rfind(':') + 1);
  const bool is_named =
      messages.empty() || std::any_of(messages.begin(), messages.end(),
                                      [&](const std::string& m) { return m == name || m == last; });
  return is_named && std::all_of(where.begin(), where.end(), [&](const FieldIs& field) {
           return has_field(message, field, cast);
         });
}

bool Scope::covers(NodeId receiver, const Message& message,
                   const std::vector<TraceNode>& cast) const {
  return (to.empty() || is_in(to, receiver)) && covers(message, cast);
}

void Chain::send(ShimContext& context, NodeId to, const Message& message) {
  if (to == context.self()) {
    context.pass(to, message);
  } else if (speaks_with(to)) {
    forward(context, 0, {to, message, {}});
  }
}

bool Chain::speaks_with(NodeId node) const {
  return speaks_with_.empty() || is_in(speaks_with_, node);
}

void Chain::forward(ShimContext& context, std::size_t index, Outgoing out) {
  if (index == behaviours_.size()) {
    context.pass(out.to, std::move(out.message), out.later);
    return;
  }
  const bool goes_on =
      std::visit([&](auto& b) { return send(b, context, index, out); }, behaviours_[index]);
  if (goes_on) forward(context, index + 1, std::move(out));
}

/// From the network to the process: the chain backwards.
void Chain::receive(ShimContext& context, NodeId from, const Message& message) {
  const bool own = from == context.self();
  if (!own && !speaks_with(from)) return;
  for (std::size_t i = own ? 0 : behaviours_.size(); i-- > 0;) {
    if (auto* silence = std::get_if<Silence>(&behaviours_[i])) {
      if (silence->counting == Counted::received && silence->counted < silence->after) {
        ++silence->counted;
      }
    } else if (auto* equivocation = std::get_if<Equivocation>(&behaviours_[i])) {
      if (!equivocation->value && equivocation->mutations != 0U) {
        Mutable(message, context.self()).show(equivocation->seen);
      }
    } else if (auto* again = std::get_if<Replay>(&behaviours_[i])) {
      if (again->times == 0 || !again->scope.covers(message, *cast_)) continue;
      remember(*again, message);
      replay(*again, context, i);
    } else if (auto* script = std::get_if<Script>(&behaviours_[i])) {
      go_on(*script, context, Counted::received, from, message);
    } else if (!own && std::holds_alternative<Deaf>(behaviours_[i])) {
      return;
    }
  }
  context.hand_over(from, message);
}

bool Chain::send(Silence& b, ShimContext& context, std::size_t /*index*/, Outgoing& out) {
  if (b.counted < b.after) {
    if (b.counting == Counted::sent) ++b.counted;
    return true;
  }
  report(context, "silent", out.to, out.message, "not sent");
  return false;
}

bool Chain::send(Omission& b, ShimContext& context, std::size_t /*index*/, Outgoing& out) {
  if (!b.scope.covers(out.to, out.message, *cast_)) return true;
  if (b.probability && !context.chance(*b.probability)) return true;
  report(context, "omit", out.to, out.message, "not sent");
  return false;
}

bool Chain::send(Delay& b, ShimContext& context, std::size_t /*index*/, Outgoing& out) {
  if (!b.scope.covers(out.to, out.message, *cast_)) return true;
  const bool fixed = b.delay.minimum() == b.delay.maximum();
  const Duration by{fixed ? b.delay.minimum() : context.draw(b.delay)};
  if (by.ns <= 0) return true;
  out.later = {saturating_add(out.later.ns, by.ns)};
  report(context, "delay", out.to, out.message, format_duration(by) + " later");
  return true;
}

bool Chain::send(Replay& b, ShimContext& context, std::size_t index, Outgoing& out) {
  if (b.times == 0) return true;
  if (b.scope.covers(out.message, *cast_)) remember(b, out.message);
  // After the message itself.
  forward(context, index + 1, out);
  replay(b, context, index);
  return false;
}

void Chain::remember(Replay& b, const Message& message) {
  const auto it = std::find(b.remembered.begin(), b.remembered.end(), message);
  if (it != b.remembered.end()) {
    std::rotate(it, it + 1, b.remembered.end());
    return;
  }
  if (b.remembered.size() == Replay::kRemembered) b.remembered.erase(b.remembered.begin());
  b.remembered.push_back(message);
}

void Chain::replay(Replay& b, ShimContext& context, std::size_t index) {
  std::vector<NodeId> to = b.scope.to;
  if (to.empty()) {
    for (std::uint32_t i = 0; i < cast_->size(); ++i) {
      if (NodeId{i} != context.self()) to.push_back(NodeId{i});
    }
  }
  std::erase_if(to, [&](NodeId node) { return !speaks_with(node); });
  if (to.empty() || b.remembered.empty() || context.choose(2) == 0) return;
  Outgoing out{{}, b.remembered[context.choose(b.remembered.size())], {}};
  out.to = to[context.choose(to.size())];
  if (--b.times == 0) b.remembered.clear();
  report(context, "replay", out.to, out.message, "sent again");
  forward(context, index + 1, std::move(out));
}

bool Chain::send(Equivocation& b, ShimContext& context, std::size_t /*index*/, Outgoing& out) {
  if (b.mutations == 0U) return true;
  const bool covered = b.scope.covers(out.to, out.message, *cast_);
  if (!covered && b.value) return true;
  Mutable changed(out.message, context.self());
  std::string what;
  if (b.value) {
    what = changed.set(b.field, *b.value, *cast_);
  } else {
    const SeenValues before = b.seen;
    changed.show(b.seen);
    if (!covered || context.choose(2) == 0) return true;
    what =
        changed.mutate(b.field, *cast_, before, [&](std::uint64_t n) { return context.choose(n); });
  }
  if (what.empty() || changed.message() == out.message) return true;
  out.message = changed.message();
  if (b.mutations && --*b.mutations == 0) b.seen = {};
  report(context, "equivocate", out.to, out.message, std::move(what));
  return true;
}

bool Chain::send(Script& b, ShimContext& context, std::size_t index, Outgoing& out) {
  const NodeId to = out.to;
  const Message message = out.message;
  if (b.alone) {
    report(context, "script", to, message, "not sent");
  } else {
    forward(context, index + 1, std::move(out));
  }
  go_on(b, context, Counted::sent, to, message);
  return false;
}

bool Chain::send(Also& b, ShimContext& context, std::size_t index, Outgoing& out) {
  if (!b.scope.covers(out.to, out.message, *cast_)) return true;
  bool has_any = false;
  for (const Value& value : b.values) {
    Outgoing one = out;
    Mutable changed(out.message, context.self());
    const std::string what = changed.set(b.field, value, *cast_);
    if (!what.empty()) {
      one.message = changed.message();
      report(context, "also", one.to, one.message, what);
    } else if (!has_field(out.message, {b.field, value}, *cast_)) {
      continue;
    }
    has_any = true;
    forward(context, index + 1, std::move(one));
  }
  return !has_any;
}

bool Chain::send(Instead& b, ShimContext& context, std::size_t index, Outgoing& out) {
  if (!b.scope.covers(out.to, out.message, *cast_)) return true;
  if (b.messages.empty()) report(context, "instead", out.to, out.message, "not sent");
  for (const Message& message : b.messages) {
    Outgoing one{out.to, with_route(message, out.message.route()), out.later};
    report(context, "instead", one.to, one.message,
           "in place of " + std::string(out.message.type().name));
    forward(context, index + 1, std::move(one));
  }
  return false;
}

void Chain::go_on(Script& b, ShimContext& context, Counted what, NodeId other,
                  const Message& message) {
  for (const Script::Step& step : b.steps) {
    if (&step.message.type() == &message.type()) b.routes[message.type().name] = message.route();
  }
  for (std::size_t i = 0; i < b.steps.size(); ++i) {
    Script::Step& step = b.steps[i];
    if (step.counting != what || step.counted == step.nth) continue;
    if (!step.scope.covers(other, message, *cast_) || ++step.counted < step.nth) continue;
    const auto known = b.routes.find(step.message.type().name);
    const Route route = known == b.routes.end() ? message.route() : known->second;
    const Message ours = with_route(step.message, route);
    for (const NodeId to : step.to) {
      if (!speaks_with(to)) continue;
      report(context, "script", to, ours, "sent by step " + std::to_string(i + 1));
      context.pass(to, ours, step.delay);
    }
  }
}

/// What changes in a run; the rest is the scenario's.
void Chain::hash_into(Hasher& h) const {
  for (const Behaviour& behaviour : behaviours_) {
    h.add(behaviour.index());
    if (const auto* silence = std::get_if<Silence>(&behaviour)) {
      h.add(silence->counted);
    } else if (const auto* again = std::get_if<Replay>(&behaviour)) {
      h.add(again->times);
      hash_append(h, again->remembered);
    } else if (const auto* equivocation = std::get_if<Equivocation>(&behaviour)) {
      hash_append(h, equivocation->mutations);
      equivocation->seen.hash_into(h);
    } else if (const auto* script = std::get_if<Script>(&behaviour)) {
      for (const Script::Step& step : script->steps) h.add(step.counted);
      for (const auto& [type, route] : script->routes) {
        h.add(type);
        h.add(std::uint64_t{route.path} << 32 | route.instance);
      }
    }
  }
}

bool Chain::remembers() const {
  return std::any_of(behaviours_.begin(), behaviours_.end(), [](const Behaviour& behaviour) {
    if (const auto* silence = std::get_if<Silence>(&behaviour)) return silence->after != 0;
    if (const auto* lie = std::get_if<Equivocation>(&behaviour)) {
      return !lie->value || lie->mutations.has_value();
    }
    return std::holds_alternative<Replay>(behaviour) || std::holds_alternative<Script>(behaviour);
  });
}

}  // namespace sibyl::byzantine
