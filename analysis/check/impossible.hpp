// Answers that no order can give: violations of sets, queues and banks that are seen without a
// search, however many operations overlap.
//
// Each is a condition that every linearization meets, so that what does not meet it is a violation;
// that all are met proves nothing. An operation a is certainly before b when it returned before b
// was called, and possibly before b unless b is certainly before a. The rules, each with its proof
// in impossible_set.cpp, impossible_queue.cpp and impossible_bank.cpp:
//   set     an element found missing, though it was certainly added (or there at first) and none of
//           its removes can be between; or found, though certainly removed, or never there, and
//           none of its adds can be between. The elements of a set are sets of their own.
//   queue   a value dequeued more often than it was enqueued; one that overtakes another; a queue
//           found empty while values were certainly in it all the time. Source of these patterns:
//           Henzinger, Sezgin and Vafeiadis, Aspect-oriented linearizability proofs, CONCUR 2013
//           (VFresh, VRepet, VOrd, VWit), here for values that may repeat and unknown outcomes.
//   bank    a balance, or a total, beyond what was possibly paid in or short of what was certainly,
//           at all or since an answer that told it; what a read of all accounts found is a total.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// Completed operations that, with any choice of the others or none, no order explains.
struct Impossible {
  std::vector<std::uint32_t> core;     ///< numbers of operations
  std::vector<std::uint32_t> sources;  ///< others that say what was answered; may be empty
  std::string sentence;                ///< why, without a full stop
  /// Without any one of the core some choice of the others is linearizable; else not known.
  bool minimal = false;
};

/// Whether there are rules for the model.
bool has_impossible_answers(const Model& model);

/// The first such answer by the rules of the model, those that need one operation before those that
/// need more; nothing where there is none, or for any other model. `part` are numbers in
/// `operations`, whose stamps are exact; `initial` is an object key -> value, or null. Throws
/// TimeIsUp. O(n log n) for n operations, and for each read of a set as many steps as there are
/// elements, up to 20 million.
std::optional<Impossible> impossible_answer(const FlatHistory& history,
                                            const std::vector<FlatOperation>& operations,
                                            const std::vector<std::uint32_t>& part,
                                            const Model& model, const Value& initial,
                                            const std::function<bool()>& stop);

}  // namespace sibyl::analysis
