// What a scenario expects of its run: verdicts, replies, counters, the digest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/verdict.hpp"
#include "protocols/protocol.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// Of the operation with this label.
struct ExpectedReply {
  std::string label;
  std::optional<std::string> reply;
  std::vector<std::pair<std::string, Value>> reads;  ///< object -> the value that is read
  std::optional<Time> called;
  std::optional<Time> returned;
};

/// From `least` to `most`; a counter that was never counted is 0.
struct ExpectedCount {
  std::string name;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// When nodes deliver what has this label, and that they do: the first time in the run.
struct ExpectedDelivery {
  std::string label;
  std::vector<std::pair<std::string, Time>> at;  ///< by node
};

struct Expectations {
  std::optional<Outcome> outcome;
  /// Every property of the protocol, in its order, with what is expected: it holds, unless said
  /// otherwise.
  std::vector<std::pair<std::string, analysis::Verdict>> properties;
  std::vector<ExpectedReply> replies;
  std::vector<ExpectedCount> counters;
  std::vector<ExpectedDelivery> deliveries;
  std::optional<std::string> digest;

  /// What is expected of a property, whether the protocol promises it or a run was asked to judge
  /// it besides: that it holds, unless said otherwise.
  analysis::Verdict verdict_of(std::string_view property) const;
};

/// `v` is null when nothing is said: every property holds. Throws ConfigError, also for a label, a
/// reply, a counter or a node that a run of this setup cannot have.
Expectations decode_expect(const Value* v, const std::string& pointer, const ProtocolInfo& protocol,
                           const Setup& setup = {}, const std::vector<TraceNode>& nodes = {});

/// Throws ConfigError at `pointer` when the text is no digest.
void check_digest(std::string_view digest, const std::string& pointer);

/// The facts of a run that expectations are about.
struct Facts {
  Outcome outcome = Outcome::quiescent;
  const std::vector<analysis::Finding>* findings = nullptr;
  const History* history = nullptr;
  const std::map<std::string, std::int64_t>* counters = nullptr;
  std::string digest;
  const Trace* trace = nullptr;  ///< needed where deliveries are expected
  std::string limit = {};        ///< if one ended the run: which, and how to raise it
};

/// An expectation that is not met, as a sentence. `inconclusive`: because a limit was reached or a
/// checker could not decide, so that it is not known to be broken either.
struct Unmet {
  std::string line;
  bool inconclusive = false;
};

/// Compares; in the order of Expectations. The digest is compared if `with_digest`.
std::vector<Unmet> unmet_expectations(const Expectations& expected, const Facts& facts,
                                      bool with_digest);

}  // namespace sibyl
