// Linearizability of flat histories: one entry point over a portfolio of algorithms.
//
// A history is split into parts that share no key (linearizability is local), and each part goes to
// the cheapest algorithm that decides it: a known order as a witness, zones (a register whose
// written values are all different), the search for registers, or the layered search that any model
// has. Where that does not end soon, rules look for answers that no order can give. All are exact;
// what a bound ends is inconclusive. The answer depends neither on `jobs` nor on the order of the
// input, except where `stop` or `max_bytes` ends a search.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/operations.hpp"
#include "analysis/explain.hpp"
#include "analysis/verdict.hpp"

namespace sibyl::analysis {

/// How a part was decided, from the cheapest to the dearest.
enum class Method : std::uint8_t {
  none,       ///< there was nothing to decide
  witness,    ///< the order that was given is a linearization
  zones,      ///< zones.hpp
  registers,  ///< registers.hpp
  layered,    ///< layers.hpp
  rules,      ///< impossible.hpp, after a short layered search
};

/// "none", "witness", …
std::string_view method_name(Method method);

struct JudgeOptions {
  std::string model;  ///< a name of models(); empty: the first model that understands all functions
  Value initial;      ///< an object key -> value, or null: every key starts as the model says
  int jobs = 1;       ///< threads that judge parts; at least 1
  /// Asked every few thousand steps, by any thread: whether to give up. May be empty.
  std::function<bool()> stop;
  /// What the searches may hold together beyond the history and its order in time (about 40 bytes
  /// an operation). Reaching it is inconclusive.
  std::uint64_t max_bytes = std::uint64_t{1} << 30U;
  /// An order to try first, as numbers of operations; one that is no linearization says nothing.
  const std::vector<std::uint32_t>* witness = nullptr;
  /// The cheapest method to use; for comparing them.
  Method from = Method::witness;
  bool wants_order = false;  ///< fill Judgement::order; costs the search for an order in each part
  bool explains = true;  ///< make a violation small and put it in words
};

struct Judgement {
  Verdict verdict = Verdict::holds;
  Method method = Method::none;  ///< the dearest that was needed; violated: that of the part
  std::string model;             ///< the model's name
  std::string summary;           ///< one plain sentence
  std::string key;               ///< violated: the key of the part; empty when it has several
  std::size_t parts = 0;
  std::vector<std::uint32_t> order;     ///< holds, and it was wanted: a linearization
  std::vector<WindowOperation> window;  ///< violated: few operations that show it, by call
  std::vector<std::string> because;     ///< violated: why, sentence by sentence
  Value initial;                        ///< violated: the state in which the window begins
  Value witness;                        ///< violated: as of ViolationWords
  std::uint64_t steps = 0;              ///< by searches, explanation excluded
  bool out_of_memory = false;           ///< inconclusive: because of max_bytes
};

/// Judges a history. Operations are concurrent also when one returns at the very instant of the
/// other's call, but for those of one process, which are in sequence, in each part by itself
/// (one_before_other() in stamps.hpp); of a trace the order of its events tells. `unknown`
/// operations take effect after their call or never; `fail` ones are ignored. Operations that the
/// model cannot read make it inconclusive, with a summary that names the first by its line.
Judgement judge(const FlatHistory& history, const JudgeOptions& options = {});

/// The same of the history of a trace, or one made by hand: operations have its labels for names,
/// and its events in the witness.
Judgement judge_recorded(const History& history, const JudgeOptions& options = {});

}  // namespace sibyl::analysis
