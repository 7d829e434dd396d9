// Operations of hand-made histories: those that have returned.
#pragma once

#include <cstdint>
#include <utility>

#include "sim/trace.hpp"

namespace sibyl::analysis {

/// One that returned what it says, of a process and an object.
inline Operation done(std::int64_t process, const char* f, Value value, std::int64_t call,
                      std::int64_t ret, const char* key = "x") {
  Operation op;
  op.process = process;
  op.f = f;
  op.key = key;
  op.value = std::move(value);
  op.call = call;
  op.ret = ret;
  op.outcome = OperationOutcome::ok;
  return op;
}

/// Adds one, of a process of its own.
inline void add(History& history, const char* f, Value value, std::int64_t call, std::int64_t ret,
                const char* key = "x") {
  const auto process = static_cast<std::int64_t>(history.size());
  history.push_back(done(process, f, std::move(value), call, ret, key));
}

}  // namespace sibyl::analysis
