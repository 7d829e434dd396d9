// Reduction by independence: what is left out makes no difference to what can happen.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace reduction {

using namespace sibyl;

struct Kick {};
struct Think {};
BOOST_DESCRIBE_STRUCT(Kick, (), ())
BOOST_DESCRIBE_STRUCT(Think, (), ())

/// n0 thinks after each kick, and reports once it has heard of both others: thinking is its own
/// affair, its order with the other kick is not.
class Thinker : public ProcessOf<Thinker> {
 public:
  void start(Context& context) override {
    if (context.self().value == 0) return;
    context.send(NodeId{0}, Kick{});
    context.send(NodeId{0}, Kick{});  // ignored, as the first was
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    if (message.as<Think>() != nullptr) {
      ++thought;
      // The first thought came before the second kick, or it did not.
      if (heard.size() == 1) context.note(note::Deliver{heard.begin()->value, "n0"});
      return;
    }
    if (!heard.insert(from).second) return;
    context.send(context.self(), Think{});
  }
  std::set<NodeId> heard;
  std::uint32_t thought = 0;
  BOOST_DESCRIBE_CLASS(Thinker, (), (heard, thought), (), ())
};

const search_test::Registered kRegistered(
    {"test-thinker",
     "a node that goes on by itself",
     {},
     {"integrity"},
     "",
     [](const Setup& /*setup*/) {
       std::vector<NodeSpec> nodes;
       for (const char* name : {"n0", "n1", "n2"}) {
         nodes.push_back({{name, "node", name}, make_process<Thinker>()});
       }
       return nodes;
     }});

const char* const kThinker = R"({
  "format": "sibyl-scenario/1", "id": "thinker",
  "protocol": {"name": "test-thinker"}, "network": {"default": {"delay": "1ms"}}
})";

}  // namespace reduction

namespace sibyl::search_test {

namespace {

std::vector<Scenario> small_scenarios() {
  std::vector<Scenario> all;
  for (const char* text :
       {reduction::kThinker, kCombination, kDeadlock, kLivelock, kTwoBugs, kNoBug}) {
    all.push_back(load(text));
  }
  const std::vector<std::string> ordered = {R"(/protocol/options={"reverse": false})"};
  all.push_back(load(kDeadlock, ordered));
  all.push_back(load(kLivelock, ordered));
  for (const char* file : {"partitioned/B1.json", "partitioned/case-3.2.json", "smr/small.json",
                           "smr/A1.json", "smr/C-20.json", "smr/B-6.json"}) {
    const std::string path = std::string(SIBYL_SOURCE_DIR "/scenarios/") + file;
    for (Scenario& s : load_file(path, {parse_override("/expect={}")})) all.push_back(std::move(s));
  }
  return all;
}

/// What can happen, however it was searched.
struct Seen {
  std::set<std::pair<std::string, std::string>> violated;  ///< property and cause
  std::uint64_t ends = 0;
  std::uint64_t judged = 0;
  std::uint64_t inconclusive = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen seen(const ExhaustiveResult& result) {
  Seen seen{{}, result.ends, result.judged, result.inconclusive};
  for (const FoundCause& found : result.found) {
    seen.violated.emplace(found.property, found.cause);
  }
  return seen;
}

}  // namespace

TEST_CASE("with and without reduction the same ends, observations and violations are found") {
  std::size_t compared = 0;
  std::size_t violating = 0;
  std::size_t smaller = 0;
  for (const Scenario& s : small_scenarios()) {
    CAPTURE(s.id);
    CAPTURE(s.protocol->name);
    ExhaustiveOptions options;
    options.states = 3000;
    const ExhaustiveResult whole = explore_exhaustively(s, options);
    if (whole.states >= options.states) continue;  // too large for a test
    options.reduce = true;
    const ExhaustiveResult reduced = explore_exhaustively(s, options);
    CHECK(reduced.states <= whole.states);
    CHECK(reduced.incomplete == whole.incomplete);
    const bool same = seen(reduced) == seen(whole);
    CHECK(same);
    ++compared;
    violating += whole.found.empty() ? 0 : 1;
    smaller += reduced.states < whole.states ? 1 : 0;
  }
  CHECK(compared >= 12);
  CHECK(violating >= 4);
  CHECK(smaller >= 4);
}

TEST_CASE("what a node does by itself, unseen, is not tried at every place; what is seen is") {
  const Scenario s = load(reduction::kThinker);
  ExhaustiveOptions options;
  const ExhaustiveResult whole = explore_exhaustively(s, options);
  options.reduce = true;
  const ExhaustiveResult reduced = explore_exhaustively(s, options);
  CHECK(reduced.states < whole.states);
  CHECK(seen(reduced) == seen(whole));
}

}  // namespace sibyl::search_test
