// The operations with which a violation is shown: its core, and what shows that it is minimal; else
// what is left when it was made small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/check/events.hpp"
#include "analysis/check/impossible.hpp"
#include "analysis/check/operations.hpp"
#include "analysis/check/parts.hpp"
#include "analysis/check/plain.hpp"
#include "analysis/check/why_words.hpp"
#include "analysis/explain.hpp"
#include "analysis/models/model.hpp"

namespace sibyl::analysis {

/// The return of an operation: no linearization passes it.
struct WhyHint {
  std::uint32_t operation = 0;
  bool passed = false;  ///< any earlier one some linearization passes
};

/// What is asked: why a part is not linearizable. All of it must outlive the answer's making.
struct WhyQuestion {
  const FlatHistory& history;                    ///< words and values
  const std::vector<FlatOperation>& operations;  ///< in the order of one_before_other()
  const Model& model;
  const Value& initial;  ///< an object key -> value, or null
  const PlainView& view;
  const std::vector<std::uint32_t>& part;  ///< numbers of operations, ascending
  /// Where the search for a linearization ended (PartAnswer::last, touching); nothing: the part was
  /// found without a search, and is a small one of its key.
  std::optional<WhyHint> hint;
};

/// Operations of a core that are shown, at most.
inline constexpr std::size_t kMostWindow = 100;

/// What is shown of a violation.
struct Window {
  Part part;                   ///< by call; what is not known of it yet is unknown
  std::vector<WhyRole> roles;  ///< by place in it
  Beginning begin;             ///< of what was asked about: of that, and until then, it is told
  bool plain = false;          ///< all is plain reads and writes of one key
  bool minimal = false;        ///< the core is, as was verified
  std::uint64_t tried = 0;     ///< sets of operations that were judged for it
  std::size_t left_out = 0;    ///< operations of the core that are not here: it is too large
};

/// Looks for a core among all operations of the part, until the first instant at which the part is
/// not linearizable. Where bounds end that, for one in what is left when it is made small
/// (shrink.hpp): that is a core, too, but was not shown to be minimal. Else the roles are `other`,
/// and the window is not linearizable by itself; of a trace, from its initial state, which may then
/// stand for what came before (without_past()), and with what is in neither core nor sources.
Window find_window(const WhyQuestion& question, const Bounds& bounds);

/// A window, and what is wrong in words, without a full stop.
struct RuledWindow {
  Window window;
  std::string sentence;
};

/// The same where a rule has found the core without a search. Rules know what is answered later:
/// asked again of what was known when that core ended, they may find another one. Where they find
/// none, they are asked at later returns of what was open then, and the operation of the first at
/// which they find one belongs to the core. Where they do not know whether a small core is minimal
/// a search says it.
RuledWindow find_window(const WhyQuestion& question, const Impossible& found, const Bounds& bounds);

}  // namespace sibyl::analysis
