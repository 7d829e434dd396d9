// Faulty parties that say whatever there is to say, and exhaustive searches against them: what they
// send may come at any moment or never.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "scenarios/counterexample.hpp"
#include "scenarios/exhaustive.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"

namespace sibyl::adversary_test {
namespace {

Scenario smr(const std::string& file, const std::string& id) {
  const std::string path = std::string(SIBYL_SOURCE_DIR) + "/scenarios/smr/" + file;
  std::vector<Scenario> all = load_file(path);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Scenario& s) { return s.id == id; });
  REQUIRE(found != all.end());
  return *found;
}

ExhaustiveResult searched(const Scenario& scenario, bool reduce, bool copy,
                          std::vector<std::string> properties = {}) {
  ExhaustiveOptions options;
  options.states = 30'000'000;
  options.reduce = reduce;
  options.copy = copy;
  options.properties = std::move(properties);
  return explore_exhaustively(scenario, options);
}

/// The properties that are violated, each once.
std::vector<std::string> violated(const ExhaustiveResult& result) {
  std::vector<std::string> all;
  for (const FoundCause& f : result.found) all.push_back(f.property);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

const std::vector<std::string> kSafety{"agreement", "validity", "unanimity", "integrity"};

/// P2 of three, which bear nobody faulty, broadcasts an item, and sends these messages of it.
Scenario three(const std::string& send, const std::string& more = "") {
  return load_text(R"({
    "format": "sibyl-scenario/1", "id": "three",
    "protocol": {"name": "reliable-broadcast"},
    "deployment": {"parties": 3, "faulty": 0},
    "workload": {"broadcasts": [{"party": "P2", "label": "p"}]},
    "network": {"links": [{"from": "P2", "to": "P0", "loss": 0.5},
                          {"from": "P2", "to": "P1", "loss": 0.5}]},
    "byzantine": [{"node": "P2", "behaviour": "deaf"},
                  {"node": "P2", "behaviour": "omit", "messages": ["Echo", "Ready"]},
                  {"node": "P2", "behaviour": "instead", "send": )" +
                       send + "}" + more + "]}",
                   "test.json")
      .front();
}

std::string saying(const std::string& message, const std::string& content) {
  return R"({"message": "bracha::)" + message +
         R"(", "fields": {"item": {"id": {"origin": "P2", "number": 1}, "content": ")" + content +
         R"("}}})";
}

std::string list(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "[" : ", ") + one;
  return text + "]";
}

TEST_CASE(
    "a deaf node hears nothing, and sends what is written down in place of its own messages") {
  const RunResult r = run_scenario(smr("C-adversary.json", "smr-C-adversary"));
  std::map<std::string, int> said;  // by P3 to others
  int delivered = 0;
  for (const TraceEvent& e : r.trace.events) {
    if (e.kind == TraceKind::send && e.node.value == 3 && e.peer.value != 3) ++said[e.name];
    if (e.kind == TraceKind::note && e.name == "note::BroadcastDelivery") {
      ++delivered;
      CHECK(e.node.value != 3);
    }
  }
  CHECK(delivered == 3);
  // Two contents, to three parties.
  CHECK(said == std::map<std::string, int>{{"bracha::Echo", 6}, {"bracha::Ready", 6}});
}

TEST_CASE("a search by numbers, reduced or not, finds what one that copies worlds finds") {
  // P2's READY may come to one of the others alone, which then delivers alone.
  for (const std::string& send :
       {list({saying("Ready", "a")}), list({saying("Send", "a"), saying("Ready", "a")})}) {
    const Scenario s = three(send);
    const ExhaustiveResult reduced = searched(s, true, false);
    const ExhaustiveResult plain = searched(s, false, false);
    const ExhaustiveResult copied = searched(s, false, true);
    for (const ExhaustiveResult* r : {&reduced, &plain, &copied}) {
      CHECK(r->incomplete.empty());
      CHECK(violated(*r) == std::vector<std::string>{"agreement"});
    }
    CHECK(plain.ends == copied.ends);
    CHECK(reduced.states < plain.states);
    CHECK(plain.states < copied.states);
  }
  // Who says different things to the two, and nothing else, divides nobody: both would have to
  // echo the same.
  const Scenario s = three(list({saying("Send", "a"), saying("Send", "b")}));
  for (const bool reduce : {false, true}) CHECK(searched(s, reduce, false).found.empty());
  const ExhaustiveResult copied = searched(s, false, true);
  CHECK(copied.found.empty());
  CHECK(copied.incomplete.empty());
}

TEST_CASE("what is found because a message never came is replayed as a scenario, with losses") {
  const ExhaustiveResult r = searched(three(list({saying("Ready", "a")})), true, false);
  REQUIRE(r.found.size() == 1);
  const Value& found = r.found.front().scenario;
  REQUIRE_FALSE(found.is_null());
  CHECK(shows(found, "agreement", r.found.front().cause));
}

TEST_CASE("a message that no link may lose comes in the end, also from a faulty node") {
  Scenario s = three(list({saying("Ready", "a")}));
  s.world.network.by_link.clear();
  const ExhaustiveResult r = searched(s, true, false);
  CHECK(r.found.empty());
  CHECK(r.ends == 1);
}

TEST_CASE("a faulty node that remembers is searched with copies of the world") {
  const std::string replay = R"(, {"node": "P2", "behaviour": "replay"})";
  const Scenario s = three(list({saying("Ready", "a")}), replay);
  const ExhaustiveResult one = searched(s, false, false);
  const ExhaustiveResult other = searched(s, false, true);
  CHECK(one.states == other.states);
  CHECK(one.transitions == other.transitions);
}

TEST_CASE("four parties with Bracha's double echo bear whatever one faulty party says") {
  const ExhaustiveResult r = searched(smr("C-adversary.json", "smr-C-adversary"), true, false);
  CHECK(r.incomplete.empty());
  CHECK(r.found.empty());
  CHECK(r.states == 722'496);
}

TEST_CASE("in one round of votes nobody settles on what others do not, whatever a party says") {
  Value document = smr("E-adversary.json", "smr-E-adversary/podc14").document;
  const Value one(std::int64_t{1});
  document.set("workload",
               Value(Value::Object{{"inputs", Value(Value::List{one, one, one, one})}}));
  const Scenario s = load_text(to_json(document), "test.json").front();
  const ExhaustiveResult r = searched(s, true, false, kSafety);
  CHECK(r.incomplete.empty());
  CHECK(r.found.empty());
  CHECK(r.states == 746'082);
}

TEST_CASE("with three parties, of whom one is faulty, the same search finds two decisions") {
  const ExhaustiveResult r =
      searched(smr("E-adversary.json", "smr-E-adversary/too-few"), true, false, kSafety);
  CHECK(r.incomplete.empty());
  CHECK(violated(r) == std::vector<std::string>{"agreement"});
  CHECK_FALSE(r.found.front().scenario.is_null());
}

TEST_CASE("binding is looked at in every state of an exhaustive search") {
  ExhaustiveOptions options;
  options.reduce = true;
  options.binding = true;
  options.properties = kSafety;
  const Scenario few = smr("E-adversary.json", "smr-E-adversary/too-few");
  CHECK(violated(explore_exhaustively(few, options)) ==
        std::vector<std::string>{"agreement", "binding"});
  // With a faulty party that says nothing, one value is left from the beginning.
  Value document = smr("E-adversary.json", "smr-E-adversary/one-shot").document;
  document.set("byzantine", Value(Value::List{
                                Value().set("node", Value("P3")).set("behaviour", Value("deaf")),
                                Value().set("node", Value("P3")).set("behaviour", Value("silent")),
                            }));
  const Scenario silent = load_text(to_json(document), "test.json").front();
  const ExhaustiveResult r = explore_exhaustively(silent, options);
  CHECK(r.incomplete.empty());
  CHECK(r.found.empty());
  CHECK(r.states > 1000);
}

}  // namespace
}  // namespace sibyl::adversary_test
