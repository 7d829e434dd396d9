// A liveness bug that needs a partition which never heals: a client asks one server again and
// again, and never the other one.
#include <doctest/doctest.h>

#include "scenarios/exhaustive.hpp"
#include "scenarios/json.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace unhealed {

using namespace sibyl;

struct Request {
  std::uint64_t op = 1;
};
struct Reply {
  std::uint64_t op = 1;
};
struct Again {};
struct Options {
  std::uint32_t retries = 30;  ///< 10 ms apart; 0: without end
  bool second = false;         ///< every other time the second server is asked
};
BOOST_DESCRIBE_STRUCT(Request, (), (op))
BOOST_DESCRIBE_STRUCT(Reply, (), (op))
BOOST_DESCRIBE_STRUCT(Again, (), ())
BOOST_DESCRIBE_STRUCT(Options, (), (retries, second))

class Server : public ProcessOf<Server> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (message.as<Request>() != nullptr) context.send(from, Reply{});
  }
  BOOST_DESCRIBE_CLASS(Server, (), (), (), ())
};

class Client : public ProcessOf<Client> {
 public:
  explicit Client(const Options& o) : left(o.retries), bounded(o.retries != 0), both(o.second) {}
  void start(Context& context) override {
    context.note(note::Invoke{1, "", "ask", "", {}});
    ask(context);
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (message.as<Reply>() == nullptr || done) return;
    done = true;
    context.note(note::Return{1, "ok", {}});
  }
  void timer(Context& context, const Message& /*tag*/) override {
    if (!done) ask(context);
  }
  std::uint32_t left;
  bool bounded;
  bool both;
  bool other = false;
  bool done = false;
  BOOST_DESCRIBE_CLASS(Client, (), (left, bounded, both, other, done), (), ())

 private:
  void ask(Context& context) {
    context.send(NodeId{other ? 1U : 0U}, Request{});
    other = both && !other;
    if (bounded && left-- == 0) return;
    context.arm(Duration{10'000'000}, Again{});
  }
};

const search_test::Registered kRegistered({"test-unhealed",
                                           "a client asks one of two servers, again and again",
                                           {},
                                           {"termination"},
                                           "",
                                           [](const Setup& setup) {
                                             Options options;
                                             if (!setup.options.is_null())
                                               decode(setup.options, kOptionsPointer, options);
                                             return std::vector<NodeSpec>{
                                                 {{"S1", "server", "S1"}, make_process<Server>()},
                                                 {{"S2", "server", "S2"}, make_process<Server>()},
                                                 {{"C", "client", "C"},
                                                  make_process<Client>(options)}};
                                           }});

const char* const kCut = R"(/faults=[{"cut": {"name": "c", "from": ["S1"], "to": ["C"]},
                                      "after_event": {"event": "Request", "node": "S1"}}])";
const char* const kHealed = R"(/faults/-={"heal": "c",
    "after_event": {"event": "Request", "node": "S1", "delay": "100ms"}})";
const char* const kForEver = R"(/protocol/options={"retries": 0})";

}  // namespace unhealed

namespace sibyl::search_test {

const char* const kPartition = R"({
  "format": "sibyl-scenario/1", "id": "partition",
  "protocol": {"name": "test-unhealed"}, "network": {"default": {"delay": "1ms"}}
})";

namespace {
constexpr FaultBudget kOneCut{.cuts = 1};
}

TEST_CASE("an operation that a partition stops for ever is found where it never heals") {
  const ExploreResult result = search(load(kPartition), Strategy::timed, 2000, kOneCut, true);
  CHECK(result.violating > 0);
  REQUIRE(!result.found.empty());
  for (const FoundCause& found : result.found) {
    CHECK(found.property == "termination");
    CHECK(found.cause.find("lost") != std::string::npos);
    const std::string text = to_json(found.scenario);
    CHECK(text.find("\"cut\"") != std::string::npos);
    CHECK(text.find("\"heal\"") == std::string::npos);
  }
  const Scenario second = load(kPartition, {R"(/protocol/options={"second": true})"});
  const ExploreResult none = search(second, Strategy::timed, 2000, {}, true);
  CHECK(none.violating == 0);
}

TEST_CASE("the default strategy finds the partition that never heals") {
  const ExploreResult result = search(load(kPartition), Strategy::swarm, 2000, kOneCut);
  REQUIRE(!result.found.empty());
  CHECK(result.found[0].property == "termination");
}

TEST_CASE("asking for ever behind a partition is a cycle, unless it heals or another is asked") {
  ExhaustiveOptions options;
  options.delays_ns = {1'000'000};
  const auto searched = [&](const std::vector<std::string>& with) {
    return explore_exhaustively(load(kPartition, with), options);
  };
  const ExhaustiveResult cut = searched({unhealed::kForEver, unhealed::kCut});
  CHECK(cut.incomplete.empty());
  CHECK(cut.cycles > 0);
  REQUIRE(cut.found.size() == 1);
  CHECK(cut.found[0].property == "termination");
  CHECK(cut.found[0].summary.find("repeats") != std::string::npos);
  const ExhaustiveResult healed = searched({unhealed::kForEver, unhealed::kCut, unhealed::kHealed});
  CHECK(healed.incomplete.empty());
  CHECK(healed.found.empty());
  CHECK(healed.inconclusive == 0);
  const ExhaustiveResult asked =
      searched({R"(/protocol/options={"retries": 0, "second": true})", unhealed::kCut});
  CHECK(asked.incomplete.empty());
  CHECK(asked.found.empty());
}

}  // namespace sibyl::search_test
