// A client's way through its workload: one operation after the other, each no earlier than its
// time, and what the history reports of it. Part of the clients of both protocols.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

class Session {
 public:
  /// The operations of `client`, in the order of the scenario's list.
  Session(const System& system, const std::string& client);

  /// Arms the timer for the next operation, if there is one.
  void schedule(Context& context) const;
  /// The next operation is called: reports it, and returns it.
  const Operation& call(Context& context);
  /// The operation that was called last returns, with results by step; then schedules the next.
  void give_back(Context& context, Verdict verdict,
                 const std::vector<std::optional<std::int64_t>>& results);
  /// The operation under way; null between operations.
  const Operation* current() const { return open ? &(*operations_)[next - 1] : nullptr; }

  std::uint32_t next = 0;  ///< index of the next operation
  bool open = false;
  BOOST_DESCRIBE_CLASS(Session, (), (next, open), (), ())

 private:
  std::shared_ptr<const std::vector<Operation>> operations_;  ///< copies share them
};

/// The operation as the history has it: a list of [f, object, value]. `results` are missing while
/// it is under way and when it was refused.
Value history_value(const Operation& operation,
                    const std::vector<std::optional<std::int64_t>>& results);

}  // namespace sibyl::partitioned
