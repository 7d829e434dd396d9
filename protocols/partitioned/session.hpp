// A client's way through its workload, and what the history reports of it. Part of the clients of
// all protocols.
//
// Operations of a scenario are called one after the other, each no earlier than its time. Generated
// ones come in a closed loop (so many under way, each followed by another one) or in an open one
// (at drawn times, whatever has returned).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/partitioned/command.hpp"
#include "protocols/partitioned/options.hpp"
#include "sim/context.hpp"

namespace sibyl::partitioned {

/// Timer of a client: the time of its next operation has come.
struct NextOperation {};
BOOST_DESCRIBE_STRUCT(NextOperation, (), ())

/// An operation under way. What it is follows from its number and the client's past.
struct Called {
  std::shared_ptr<const Operation> operation;
  void hash_into(Hasher& h) const { h.add(operation->op); }
};

class Session {
 public:
  /// `client`: its name.
  Session(SystemPtr system, const std::string& client);

  /// Arms the timer of the first operation, or of as many as go out at once.
  void start(Context& context) const;
  /// Upon NextOperation: the next operation is called. Reports it, and returns it; null when there
  /// is none any more.
  const Operation* call(Context& context);
  /// An operation under way returns; then the next is scheduled. `reply`: null where the command
  /// was not executed.
  void give_back(Context& context, std::uint64_t op, Verdict verdict, const Reply* reply);
  /// Whoever executes an operation under way has told what it touches: a list of names.
  void learn(std::uint64_t op, const Content& touched);
  /// The operation of that number, when it is under way; else null.
  const Operation* find(std::uint64_t op) const;

  std::uint32_t next = 0;                     ///< index of the next operation of the scenario
  std::uint64_t made = 0;                     ///< how many have been generated
  Content memory;                             ///< what the generator keeps for this client
  std::map<std::uint64_t, Called> under_way;  ///< by number
  BOOST_DESCRIBE_CLASS(Session, (), (next, made, memory, under_way), (), ())

 private:
  void arm_next(Context& context) const;
  std::shared_ptr<const Operation> generate(Context& context);

  SystemPtr system_;
  std::string client_;
  std::uint64_t number_ = 0;                                  ///< of the client, from 1
  std::shared_ptr<const std::vector<Operation>> operations_;  ///< copies share them
};

/// The operation as the history has it: a list of [f, object, value]. `done` is null while it is
/// under way and when it was refused.
Value history_value(const Application& application, const Operation& operation,
                    const Execution* done);

}  // namespace sibyl::partitioned
