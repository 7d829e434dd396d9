// Replication by a leader, in steps as small as those of a model checker's language: the yardstick
// of exhaustive search. The same model in Promela is replication.pml; the numbers of states agree.
//
// The leader sends each of C commands to F followers, one send a step, any of which may be left out
// (a loss); a follower appends a command that is the next of its log and answers with the length of
// its log, or does not; the leader commits what two followers hold and says so; followers apply.
// Mailboxes have room for `kMailbox` messages. What remains to be done in a row of steps is a
// message that a process sends itself (WorldConfig::own_in_turn), so that others can come between.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scenarios/state_search.hpp"
#include "sim/describe.hpp"
#include "sim/process.hpp"
#include "sim/schedule.hpp"
#include "sim/world.hpp"

namespace sibyl::bench::replication {

inline constexpr std::size_t kMailbox = 2;

struct Append {
  std::uint8_t index = 0;
};
BOOST_DESCRIBE_STRUCT(Append, (), (index))
struct Ack {
  std::uint8_t follower = 0;
  std::uint8_t length = 0;
};
BOOST_DESCRIBE_STRUCT(Ack, (), (follower, length))
struct Commit {
  std::uint8_t index = 0;
};
BOOST_DESCRIBE_STRUCT(Commit, (), (index))
/// What a process sends itself.
struct GoOn {};
BOOST_DESCRIBE_STRUCT(GoOn, (), ())
/// The leader's timer: it may begin with the next command.
struct Begin {};
BOOST_DESCRIBE_STRUCT(Begin, (), ())

/// Where a process stands.
enum class At : std::uint8_t {
  idle,
  reset_append,
  test_append,
  send_append,
  after_append,
  next_command,
  count_ack,
  test_majority,
  commit,
  reset_commit,
  test_commit,
  send_commit,
  after_commit,
  test_log,
  answer,
  test_apply,
  apply,
  applied,
};
BOOST_DESCRIBE_ENUM(At, idle, reset_append, test_append, send_append, after_append, next_command,
                    count_ack, test_majority, commit, reset_commit, test_commit, send_commit,
                    after_commit, test_log, answer, test_apply, apply, applied)

class Leader : public ProcessOf<Leader> {
 public:
  Leader(std::uint8_t f, std::uint8_t c) : followers(f), commands(c), acks(c + std::size_t{1}) {}
  void start(Context& context) override { rest(context); }
  void timer(Context& context, const Message& /*tag*/) override { go(context, At::reset_append); }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (const auto* ack = message.as<Ack>()) {
      if (waiting) context.cancel(begin);
      waiting = false;
      from = ack->follower;
      index = ack->length;
      go(context, At::count_ack);
    } else {
      step(context);
    }
  }

  At at = At::idle;
  std::uint8_t followers;
  std::uint8_t commands;
  std::uint8_t i = 0;
  std::uint8_t next = 1;
  std::uint8_t from = 0;
  std::uint8_t index = 0;
  std::uint8_t committed = 0;
  std::vector<std::uint8_t> acks;  ///< by length of the log: who has said so, a bit each
  BOOST_DESCRIBE_CLASS(Leader, (), (at, followers, commands, i, next, from, index, committed, acks),
                       (), ())

 private:
  void go(Context& context, At where) {
    at = where;
    context.send(context.self(), GoOn{});
  }
  /// Between commands: an answer may come, or the next command begin.
  void rest(Context& context) {
    at = At::idle;
    waiting = next <= commands && next <= committed + 2;
    if (waiting) begin = context.arm(Duration{0}, Begin{});
  }
  /// Sends, or leaves it out.
  template <class T>
  void send(Context& context, T what, At sent, At left_out) {
    if (context.choose(Decision::protocol, 2) == 0) {
      context.send(NodeId{i + 1U}, what);
      go(context, sent);
    } else {
      ++i;
      go(context, left_out);
    }
  }
  bool majority() const { return index == committed + 1 && std::popcount(acks[index]) >= 2; }
  void step(Context& context);
  // No part of the state: both follow from it.
  bool waiting = false;
  TimerId begin;
};

inline void Leader::step(Context& context) {
  switch (at) {
    case At::reset_append:
    case At::reset_commit:
      i = 0;
      return go(context, at == At::reset_append ? At::test_append : At::test_commit);
    case At::test_append:
      return go(context, i < followers ? At::send_append : At::next_command);
    case At::send_append:
      return send(context, Append{next}, At::after_append, At::test_append);
    case At::after_append:
    case At::after_commit:
      ++i;
      return go(context, at == At::after_append ? At::test_append : At::test_commit);
    case At::next_command:
      ++next;
      return rest(context);
    case At::count_ack:
      acks[index] = static_cast<std::uint8_t>(acks[index] | 1U << from);
      return go(context, At::test_majority);
    case At::test_majority:
      return majority() ? go(context, At::commit) : rest(context);
    case At::commit:
      committed = index;
      return go(context, At::reset_commit);
    case At::test_commit:
      return i < followers ? go(context, At::send_commit) : rest(context);
    case At::send_commit:
      return send(context, Commit{index}, At::after_commit, At::test_commit);
    default:
      return;
  }
}

class Follower : public ProcessOf<Follower> {
 public:
  explicit Follower(std::uint8_t number) : me(number) {}
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (const auto* append = message.as<Append>()) {
      x = append->index;
      go(context, At::test_log);
    } else if (const auto* commit = message.as<Commit>()) {
      x = commit->index;
      go(context, At::test_apply);
    } else {
      step(context);
    }
  }

  At at = At::idle;
  std::uint8_t me;
  std::uint8_t log = 0;
  std::uint8_t x = 0;
  std::uint8_t applied = 0;
  BOOST_DESCRIBE_CLASS(Follower, (), (at, me, log, x, applied), (), ())

 private:
  void go(Context& context, At where) {
    at = where;
    context.send(context.self(), GoOn{});
  }
  void step(Context& context) {
    switch (at) {
      case At::test_log:
        if (x == log + 1) log = x;
        return go(context, At::answer);
      case At::answer:
        at = At::idle;
        if (context.choose(Decision::protocol, 2) == 0) context.send(NodeId{0}, Ack{me, log});
        return;
      case At::test_apply:
        return go(context, x <= log && x > applied ? At::apply : At::applied);
      case At::apply:
        applied = x;
        return go(context, At::applied);
      default:
        at = At::idle;
        return;
    }
  }
};

/// The world after the starts.
inline World make(std::uint8_t followers, std::uint8_t commands) {
  WorldConfig config;
  config.ties = TieRule::any;
  config.arrival_ns = 0;
  config.own_in_turn = true;
  config.mailbox = kMailbox;
  World world(config);
  world.add_node({"leader", "leader", {}, {}}, make_process<Leader>(followers, commands));
  for (std::uint8_t f = 0; f < followers; ++f) {
    world.add_node({"follower" + std::to_string(f), "follower", {}, {}}, make_process<Follower>(f));
  }
  world.prepare();
  DefaultChoices first;
  for (int i = 0; i <= followers; ++i) world.step(first);
  return world;
}

/// No follower has applied what is not committed.
inline Invariant applied_is_committed() {
  Invariant invariant;
  invariant.view = [](NodeId node, const Process& process) -> std::uint64_t {
    if (node.value == 0) return dynamic_cast<const Leader&>(process).committed;
    return dynamic_cast<const Follower&>(process).applied;
  };
  invariant.holds = [](std::span<const std::uint64_t> views) {
    for (const std::uint64_t applied : views.subspan(1)) {
      if (applied > views[0]) return false;
    }
    return true;
  };
  return invariant;
}

}  // namespace sibyl::bench::replication
