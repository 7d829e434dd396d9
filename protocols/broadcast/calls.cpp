// The calls of a node: see calls.hpp.
#include "protocols/broadcast/calls.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::broadcast {

void Calls::start(Context& context, const System& system) {
  for (const std::uint64_t op : system.own[context.self().value]) {
    const Duration wait = system.entry(op).at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), EntryDue{op});
  }
}

void Calls::recover(Context& context, const System& system) {
  for (const std::uint64_t op : system.own[context.self().value]) {
    const Entry& entry = system.entry(op);
    const Duration wait = entry.at - context.hardware_now();
    if (!entry.is_command() && wait.ns > 0) context.arm(wait, EntryDue{op});
  }
}

void Calls::delivered(const System& system, const Item& item) {
  for (const std::uint64_t op : system.waited_for) {
    const Entry& entry = system.entry(op);
    // What an external client asks for may be broadcast by any party.
    const bool from_there = system.is_client(entry.party) || entry.party == item.id.origin;
    if (from_there && entry.content == item.content) seen.insert(op);
  }
}

std::optional<std::uint64_t> Calls::take(const System& system) {
  for (const std::uint64_t op : due) {
    const Entry& entry = system.entry(op);
    if (entry.is_command() && (open || entry.place != commands)) continue;
    if (!std::all_of(entry.after.begin(), entry.after.end(),
                     [&](std::uint64_t earlier) { return seen.count(earlier) > 0; })) {
      continue;
    }
    due.erase(op);
    if (entry.is_command()) {
      open = op;
      ++commands;
    }
    return op;
  }
  return std::nullopt;
}

bool Calls::returned(std::uint64_t op) {
  if (open != op) return false;
  open.reset();
  return true;
}

void note_invoke(Context& context, const Entry& entry) {
  context.note(note::Invoke{entry.op, entry.label, entry.f, entry.key, entry.value});
}

}  // namespace sibyl::broadcast
