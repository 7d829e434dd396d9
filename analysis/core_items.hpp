// What a drawing of a core shows, read from the witness of a violation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/core_view.hpp"

namespace sibyl::analysis::svg {
struct Picture;
}

namespace sibyl::analysis::core {

/// An operation, from call to return.
struct Bar {
  std::size_t place = 0;  ///< among the operations of the witness
  std::string name;       ///< "line 7"; empty of the context
  std::string text;       ///< "read x = 1"
  std::string process;
  std::int64_t call = 0;
  std::int64_t ret = 0;
  bool open = false;       ///< it has not returned
  bool open_then = false;  ///< it was open at the violation; what followed is not judged
  std::string_view later;  ///< "failed" or "returned", at `ret`: what is known to have followed
  std::string role;        ///< "core", "source", "other"
  std::size_t number = 0;  ///< its place in the longest order, from 1; 0: none
  bool stuck = false;      ///< it cannot follow that order
};

/// One "has to come before".
struct Edge {
  std::size_t before = 0;  ///< places in Items::bars
  std::size_t after = 0;
  std::size_t kind = 0;    ///< in kEdgeWords
  std::size_t number = 0;  ///< of the sentence that says why, from 1; 0: from whom a read was
};

/// What stands on an arrow from the one to the other.
struct EdgeWords {
  std::string_view why;  ///< as the witness has it
  std::string_view words;
};
inline constexpr EdgeWords kEdgeWords[] = {
    {"real_time", "ended before"},    {"reads_from", "was read by"},
    {"overwrites", "did not see"},    {"overwritten", "was overwritten by"},
    {"session", "was called before"}, {"inferred", "comes before"}};

struct Items {
  std::vector<Bar> bars;  ///< by call
  std::vector<Edge> edges;
  std::vector<Bar> context;            ///< other operations of the time
  std::vector<std::string> sentences;  ///< why
  std::string initial;                 ///< the state at first; empty: not known
  bool ordered = false;                ///< bars have numbers: there are no edges
  std::size_t bars_left_out = 0;
  std::size_t context_left_out = 0;
};

/// Reads a witness; of its operations at most `most`, the core before its sources before others,
/// and of the context at most `most_context`. O(n log n).
Items items_of(const Value& witness, std::size_t most, std::size_t most_context);

/// How stamps are told: with a unit, or as integers since one of them.
struct StampWords {
  bool in_ns = false;
  std::int64_t zero = 0;
};

/// In ns, or since where times that are too large to be read are counted from: the first call.
StampWords stamps_of(const CoreHead& head, const Items& items);

/// "3 to 4", "3, no return", "3, open then, failed at 9"; "3 ms to 4.5 ms".
std::string span_words(const Bar& bar, const StampWords& stamps);

/// "process 3", or the name that the head gives it.
std::string client_words(const CoreHead& head, const Bar& bar);

/// The sentences, each behind the number of its arrow where it has one: "2: line 3 before …".
std::vector<std::string> numbered_sentences(const Items& items);

/// The places of the calls and returns on a line of time: in their order, neighbours `gap` apart,
/// and every bar as wide as it needs, if need be by wider gaps.
class OrderScale {
 public:
  /// `needs`: of each bar.
  OrderScale(const std::vector<Bar>& bars, const std::vector<int>& needs, int gap);
  int begin(const Bar& bar) const { return at(bar.call); }
  int end(const Bar& bar) const { return bar.open ? width() : at(bar.ret); }
  /// Of any time; between two instants in proportion.
  int at(std::int64_t time) const;
  int width() const { return x_.back(); }

 private:
  std::vector<std::int64_t> instants_;
  std::vector<int> x_;  ///< of each instant, and of the end of what is open
};

/// Places a core that has bars: no two texts overlap. O(bars^2).
svg::Picture picture_of(const CoreHead& head, const Items& items);

}  // namespace sibyl::analysis::core
