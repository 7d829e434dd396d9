// The notes of locks that clients hold while their operations run, beside those of notes.hpp.
#pragma once

#include <cstdint>
#include <string>

#include <boost/describe.hpp>

namespace sibyl::note {

/// A client learns that its operation `op` holds the lock of an object, and gives it back. Checked
/// by: lock_invariant.
struct LockTaken {
  std::string object;
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(LockTaken, (), (object, op))

struct LockReturned {
  std::string object;
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(LockReturned, (), (object, op))

/// A server does something for operation `op` to an object that has a lock. Checked by:
/// lock_invariant.
struct Touched {
  std::string object;
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(Touched, (), (object, op))

}  // namespace sibyl::note
