// What a drawing of broadcasts and replicas says on its arrows and boxes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sim/trace.hpp"

namespace sibyl::analysis::svg {

/// The items and commands of a trace by the scenario's names of them.
class Items {
 public:
  /// O(n) for n events.
  explicit Items(const Trace& trace);

  /// Whether the trace tells of broadcasts, or of replicas that put out answers.
  bool any() const { return any_; }
  /// Whether items are delivered and no replica applies them: then deliveries are drawn.
  bool delivered_only() const { return delivered_ && !applied_; }
  /// Of the item or command that a message's fields carry; empty: of none, or of several.
  std::string carried_by(const Value& message) const;
  std::string command(std::int64_t op) const;
  /// By origin and number; empty when the trace does not name it.
  std::string item(const std::string& origin, std::int64_t number) const;
  /// Of a note Broadcast or BroadcastDelivery; "P0 1" when the trace does not name it.
  std::string item_of(const Value& note) const;
  /// What a note BroadcastDelivery delivers: the item, "NoMsg", or the content when others have
  /// delivered the item with another one before.
  std::string delivery(const Value& note) const;
  /// What an output says: "3/2", "ok".
  static std::string reply(const Value& output);
  /// What replicas answer, behind the command of number `applied`: " → 3/2", and to others that
  /// waited "; b acquires → ok". `note` has note::Output's fields, or a list "outputs" of such.
  std::string answers(std::int64_t applied, const Value& note) const;

 private:
  std::string answer(std::int64_t applied, const Value& output) const;

  bool any_ = false;
  bool delivered_ = false;
  bool applied_ = false;
  std::map<std::pair<std::string, std::int64_t>, std::string> items_;  ///< by origin and number
  std::map<std::int64_t, std::string> commands_;
  std::map<std::pair<std::string, std::int64_t>, Value> contents_;  ///< first delivered, by item
};

}  // namespace sibyl::analysis::svg
