// Nodes that can be exchanged: states that differ by such an exchange alone are one.
#include <doctest/doctest.h>

#include <set>

#include <fmt/core.h>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace symmetric {

using namespace sibyl;

struct Ask {};
struct Yes {};
struct Tell {};
struct Workload {
  std::uint32_t voters = 4;
  bool gossip = false;  ///< a voter tells the others, and who has been told says nothing any more
};
BOOST_DESCRIBE_STRUCT(Ask, (), ())
BOOST_DESCRIBE_STRUCT(Yes, (), ())
BOOST_DESCRIBE_STRUCT(Tell, (), ())
BOOST_DESCRIBE_STRUCT(Workload, (), (voters, gossip))

/// Asks everybody, and is content when more than half have said yes.
class Asker : public ProcessOf<Asker> {
 public:
  explicit Asker(std::uint32_t n) : voters(n) {}
  void start(Context& context) override {
    context.note(note::Invoke{1, "ask", "write", "x", Value(std::int64_t{1})});
    for (std::uint32_t i = 1; i <= voters; ++i) context.send(NodeId{i}, Ask{});
  }
  void receive(Context& context, NodeId from, const Message& /*message*/) override {
    yes.insert(from);
    if (yes.size() == voters / 2 + 1) context.note(note::Return{1, "ok", {}});
  }
  std::uint32_t voters;
  std::set<NodeId> yes;
  BOOST_DESCRIBE_CLASS(Asker, (), (voters, yes), (), ())
};

class Voter : public ProcessOf<Voter> {
 public:
  Voter(std::uint32_t n, bool g) : voters(n), gossip(g) {}
  void receive(Context& context, NodeId from, const Message& message) override {
    if (message.as<Tell>() != nullptr) {
      told_by = from;
      return;
    }
    if (told_by) return;
    context.note(note::CacheFill{"x", "asked"});
    context.send(NodeId{0}, Yes{});
    for (std::uint32_t i = 1; gossip && i <= voters; ++i) {
      if (NodeId{i} != context.self()) context.send(NodeId{i}, Tell{});
    }
  }
  std::uint32_t voters;
  bool gossip;
  std::optional<NodeId> told_by;
  BOOST_DESCRIBE_CLASS(Voter, (), (voters, gossip, told_by), (), ())
};

Workload workload_of(const Setup& setup) {
  Workload workload;
  if (!setup.workload.is_null()) decode(setup.workload, kWorkloadPointer, workload);
  return workload;
}

ProtocolInfo voting(const char* name, bool says_so) {
  ProtocolInfo info;
  info.name = name;
  info.line = "one asks, the others say yes";
  info.properties = {"linearizability", "termination"};
  info.model = "register";
  info.build = [](const Setup& setup) {
    const Workload w = workload_of(setup);
    std::vector<NodeSpec> nodes{{{"A", "asker", "A"}, make_process<Asker>(w.voters)}};
    for (std::uint32_t i = 1; i <= w.voters; ++i) {
      const std::string voter = "V" + std::to_string(i);
      nodes.push_back({{voter, "voter", voter}, make_process<Voter>(w.voters, w.gossip)});
    }
    return nodes;
  };
  if (says_so) {
    info.symmetric = [](const Setup& setup) {
      std::vector<NodeId> all;
      for (std::uint32_t i = 1; i <= workload_of(setup).voters; ++i) all.push_back({i});
      return std::vector<std::vector<NodeId>>{all};
    };
  }
  return info;
}

const search_test::Registered kPlain(voting("test-voting", false));
const search_test::Registered kSymmetric(voting("test-voting-symmetric", true));

}  // namespace symmetric

namespace sibyl::search_test {

namespace {
ExhaustiveResult all_of(const char* protocol, const char* workload) {
  const Scenario s =
      load(R"({"format": "sibyl-scenario/1", "id": "v", "protocol": {"name": "test-voting"}})",
           {fmt::format("/protocol/name=\"{}\"", protocol), std::string("/workload=") + workload});
  ExhaustiveOptions options;
  options.reduce = true;
  return explore_exhaustively(s, options);
}
}  // namespace

TEST_CASE("voters that can be exchanged are counted, not told apart") {
  // Of each voter: asked, has answered, its answer has come. Before that: who has started.
  const ExhaustiveResult whole = all_of("test-voting", R"({"voters": 4})");
  CHECK(whole.incomplete.empty());
  CHECK(whole.states == 3 * 3 * 3 * 3 + 31);
  const ExhaustiveResult merged = all_of("test-voting-symmetric", R"({"voters": 4})");
  CHECK(merged.incomplete.empty());
  CHECK(merged.states == 15 + 9);
  for (const ExhaustiveResult* r : {&whole, &merged}) {
    CHECK(r->found.empty());
    CHECK(r->ends == 1);
    CHECK(r->judged == 1);
  }
}

TEST_CASE("what breaks among exchangeable nodes is found in one of its forms") {
  const ExhaustiveResult whole = all_of("test-voting", R"({"voters": 3, "gossip": true})");
  const ExhaustiveResult merged =
      all_of("test-voting-symmetric", R"({"voters": 3, "gossip": true})");
  CHECK(merged.states * 4 < whole.states);
  CHECK(merged.states * 6 >= whole.states);
  CHECK(merged.judged < whole.judged);
  for (const ExhaustiveResult* r : {&whole, &merged}) {
    CHECK(r->incomplete.empty());
    REQUIRE(!r->found.empty());
    for (const FoundCause& f : r->found) CHECK(f.property == "termination");
  }
}

}  // namespace sibyl::search_test
