// What searches keep apart: two ways to a state that lead to different verdicts must not be taken
// for one.
#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analysis/properties.hpp"
#include "scenarios/shown.hpp"
#include "sim/fault.hpp"
#include "sim/notes.hpp"

namespace sibyl::shown_test {
namespace {

const std::vector<TraceNode> kNodes{
    {"P0", "party", "P0"}, {"P1", "party", "P1"}, {"P2", "party", "P2"}};

/// A run as its observers see it.
class Telling {
 public:
  Telling() : shown_(kNodes.size() + 1), recorder_(kNodes) {}

  template <class T>
  Telling& tell(std::uint32_t node, const T& body, TraceKind kind = TraceKind::note) {
    Step step;
    step.id = ++last_;
    step.kind = kind;
    step.node = {node};
    step.type = &kTypeInfo<T>;
    step.body = &body;
    recorder_.on_step(step);
    ShownRecorder(shown_).on_step(step);
    return *this;
  }
  Telling& calls(std::uint32_t node, std::uint64_t op, const char* f) {
    return tell(node, note::Invoke{op, "", f, "x", {}});
  }
  Telling& commands(std::uint32_t node, std::uint64_t op, const char* f) {
    const Value step(Value::List{Value(f), Value("x"), Value()});
    return tell(node, note::Invoke{op, "", "command", "", Value(Value::List{step})});
  }
  Telling& tries_again(std::uint32_t node, std::uint64_t op) {
    return tell(node, note::TryAgain{op, 1});
  }
  Telling& returns(std::uint32_t node, std::uint64_t op) {
    return tell(node, note::Return{op, "ok", {}});
  }
  Telling& crashes(std::uint32_t node) {
    return tell(node, fault::Crash{{node}}, TraceKind::fault);
  }
  Telling& recovers(std::uint32_t node) {
    return tell(node, fault::Recover{{node}, true}, TraceKind::fault);
  }
  Telling& broadcasts(std::uint32_t node, std::uint64_t number) {
    return tell(node, note::Broadcast{{node}, number, "", Value(1)});
  }
  Telling& delivers(std::uint32_t node, std::uint32_t origin, std::uint64_t number) {
    return tell(node, note::BroadcastDelivery{{origin}, number, Value(1)});
  }
  Telling& applies(std::uint32_t node, std::uint64_t index, std::uint64_t op) {
    return tell(node, note::Applied{index, op, "s"});
  }
  Telling& grants(std::uint32_t node, std::uint64_t index, std::uint64_t op) {
    return tell(node, note::Output{index, op, "P0", "ok", {}});
  }

  Telling& proposes(std::uint32_t node, Value value, std::uint64_t least = 0) {
    return tell(node, note::Propose{least == 0 ? "0" : "1", std::move(value), least});
  }
  Telling& decides(std::uint32_t node, Value value, bool subset = false) {
    return tell(node, note::Decide{subset ? "1" : "0", 1, std::move(value)});
  }

  std::uint64_t hash() const {
    Hasher h;
    shown_.hash_into(h);
    return h.value();
  }
  std::string verdict(std::string_view property) const {
    Trace trace;
    trace.nodes = kNodes;
    trace.events = recorder_.events();
    return std::string(analysis::verdict_name(analysis::check(property, trace).verdict));
  }

 private:
  Shown shown_;
  TraceRecorder recorder_;
  EventId last_ = 0;
};

TEST_CASE("a lock that is granted before the holder's release is another run than one after") {
  Telling before;
  before.calls(0, 1, "acquire").calls(1, 2, "acquire").returns(0, 1);
  Telling after = before;
  before.returns(1, 2).calls(0, 3, "release");
  after.calls(0, 3, "release").returns(1, 2);
  CHECK(before.verdict("mutual_exclusion") == "violated");
  CHECK(after.verdict("mutual_exclusion") == "holds");
  CHECK(before.hash() != after.hash());
}

TEST_CASE("a lock that is granted before the holder's crash is another run than one after") {
  Telling before;
  before.calls(0, 1, "acquire").calls(1, 2, "acquire").returns(0, 1);
  Telling after = before;
  before.returns(1, 2).crashes(0);
  after.crashes(0).returns(1, 2);
  CHECK(before.verdict("mutual_exclusion") == "violated");
  CHECK(after.verdict("mutual_exclusion") == "holds");
  CHECK(before.hash() != after.hash());
}

TEST_CASE("an item that is delivered before its broadcast is another run than one after") {
  Telling before;
  before.delivers(1, 0, 1).broadcasts(0, 1);
  Telling after;
  after.broadcasts(0, 1).delivers(1, 0, 1);
  CHECK(before.verdict("integrity") == "violated");
  CHECK(after.verdict("integrity") == "holds");
  CHECK(before.hash() != after.hash());
}

TEST_CASE("deliveries of different parties are one run in whichever order they come") {
  Telling a;
  a.broadcasts(0, 1);
  Telling b = a;
  a.delivers(1, 0, 1).delivers(2, 0, 1);
  b.delivers(2, 0, 1).delivers(1, 0, 1);
  CHECK(a.hash() == b.hash());
}

/// Three parties' notes, to be told in any order that keeps each party's.
std::vector<std::deque<std::function<void(Telling&)>>> scripts() {
  const auto told = [](auto f) { return std::function<void(Telling&)>(f); };
  return {
      {told([](Telling& t) { t.calls(0, 1, "acquire"); }),
       told([](Telling& t) { t.broadcasts(0, 1); }), told([](Telling& t) { t.delivers(0, 0, 1); }),
       told([](Telling& t) { t.applies(0, 1, 1).grants(0, 1, 1).returns(0, 1); }),
       told([](Telling& t) { t.calls(0, 3, "release"); }),
       told([](Telling& t) { t.delivers(0, 1, 1); }), told([](Telling& t) { t.crashes(0); }),
       told([](Telling& t) { t.recovers(0); })},
      {told([](Telling& t) { t.calls(1, 2, "acquire"); }),
       told([](Telling& t) { t.broadcasts(1, 1); }), told([](Telling& t) { t.delivers(1, 0, 1); }),
       told([](Telling& t) { t.applies(1, 1, 2).grants(1, 1, 2).returns(1, 2); }),
       told([](Telling& t) { t.delivers(1, 1, 1); }), told([](Telling& t) { t.crashes(1); })},
      {told([](Telling& t) { t.delivers(2, 1, 1); }), told([](Telling& t) { t.delivers(2, 0, 1); }),
       told([](Telling& t) { t.calls(2, 4, "acquire"); }),
       told([](Telling& t) { t.grants(2, 1, 1).returns(2, 4); })},
  };
}

TEST_CASE("runs that are taken for one have the same verdicts, whatever the order of their steps") {
  const std::vector<const char*> properties{
      "validity",         "integrity",    "agreement",    "uniform_agreement", "total_order",
      "fifo_order",       "causal_order", "rsm_safety",   "rsm_liveness_1",    "rsm_liveness_2",
      "mutual_exclusion", "fairness",     "no_starvation"};
  std::map<std::uint64_t, std::vector<std::string>> known;
  std::map<std::string, std::size_t> of_mutex;
  std::uint64_t random = 1;
  const int runs = 3000;
  int different = 0;
  for (int run = 0; run < runs; ++run) {
    Telling telling;
    auto left = scripts();
    std::size_t steps = 0;
    while (!left.empty() && steps < 14) {  // also beginnings of runs
      random = random * 6364136223846793005U + 1442695040888963407U;
      const std::size_t who = (random >> 33U) % left.size();
      left[who].front()(telling);
      left[who].pop_front();
      if (left[who].empty()) left.erase(left.begin() + static_cast<std::ptrdiff_t>(who));
      ++steps;
    }
    std::vector<std::string> verdicts;
    for (const char* property : properties) verdicts.push_back(telling.verdict(property));
    ++of_mutex[verdicts[10]];
    const auto [it, fresh] = known.emplace(telling.hash(), verdicts);
    if (!fresh && it->second != verdicts) ++different;
  }
  CHECK(different == 0);
  CHECK(known.size() < static_cast<std::size_t>(runs));  // some were taken for one
  CHECK(of_mutex["violated"] > 100);
  CHECK(of_mutex["holds"] > 100);
}

TEST_CASE("who tries again before or after a create is over is another run") {
  const auto told = [](auto f) { return std::function<void(Telling&)>(f); };
  const std::vector<std::deque<std::function<void(Telling&)>>> all{
      {told([](Telling& t) { t.commands(0, 1, "read"); }),
       told([](Telling& t) { t.tries_again(0, 1); }), told([](Telling& t) { t.tries_again(0, 1); }),
       told([](Telling& t) { t.returns(0, 1); })},
      {told([](Telling& t) { t.commands(1, 2, "create"); }),
       told([](Telling& t) { t.returns(1, 2); })},
      {told([](Telling& t) {
        t.tell(2, note::ExecuteEnd{2, "", ""});
      })}};
  std::map<std::uint64_t, std::string> known;
  std::map<std::string, int> seen;
  std::uint64_t random = 1;
  for (int run = 0; run < 2000; ++run) {
    Telling telling;
    auto left = all;
    while (!left.empty()) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      const std::size_t who = (random >> 33U) % left.size();
      left[who].front()(telling);
      left[who].pop_front();
      if (left[who].empty()) left.erase(left.begin() + static_cast<std::ptrdiff_t>(who));
    }
    const std::string verdict = telling.verdict("bounded_retries");
    ++seen[verdict];
    REQUIRE(known.emplace(telling.hash(), verdict).first->second == verdict);
  }
  CHECK(known.size() < 105);  // as many orders as there are
  CHECK(seen["violated"] > 100);
  CHECK(seen["holds"] > 100);
}

TEST_CASE("a decision on what is proposed later is another run than one on what was proposed") {
  Telling before;
  before.decides(1, 1).proposes(0, 1);
  Telling after;
  after.proposes(0, 1).decides(1, 1);
  CHECK(before.verdict("validity") == "violated");
  CHECK(after.verdict("validity") == "holds");
  CHECK(before.hash() != after.hash());
}

TEST_CASE("proposals and decisions are one run in whichever order different parties make them") {
  Telling a;
  a.proposes(0, 1).proposes(1, 0).decides(0, 1).decides(1, 0).decides(2, 1);
  Telling b;
  b.proposes(1, 0).proposes(0, 1).decides(2, 1).decides(1, 0).decides(0, 1);
  CHECK(a.hash() == b.hash());
}

TEST_CASE("runs of agreements that are taken for one have the same verdicts") {
  const auto told = [](auto f) { return std::function<void(Telling&)>(f); };
  const Value one_in(Value::List{Value(Value::List{Value("P0"), Value("a")})});
  const std::vector<std::deque<std::function<void(Telling&)>>> all{
      {told([](Telling& t) { t.proposes(0, 1); }), told([](Telling& t) { t.proposes(0, "a", 1); }),
       told([](Telling& t) { t.decides(0, 0); }), told([](Telling& t) { t.crashes(0); }),
       told([](Telling& t) { t.recovers(0); }), told([](Telling& t) { t.decides(0, 1); })},
      {told([](Telling& t) { t.proposes(1, 0); }), told([](Telling& t) { t.decides(1, 0); }),
       told([&](Telling& t) { t.decides(1, one_in, true); })},
      {told([&](Telling& t) { t.decides(2, one_in, true); }),
       told([](Telling& t) { t.decides(2, 0); }), told([](Telling& t) { t.proposes(2, 0); })}};
  const std::vector<const char*> properties{"agreement",   "uniform_agreement", "validity",
                                            "unanimity",   "integrity",         "termination",
                                            "subset_size", "subset_validity"};
  std::map<std::uint64_t, std::vector<std::string>> known;
  std::map<std::string, int> seen;
  std::uint64_t random = 1;
  int alike = 0;
  for (int run = 0; run < 3000; ++run) {
    Telling telling;
    auto left = all;
    for (std::size_t steps = 0; !left.empty() && steps < 10; ++steps) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      const std::size_t who = (random >> 33U) % left.size();
      left[who].front()(telling);
      left[who].pop_front();
      if (left[who].empty()) left.erase(left.begin() + static_cast<std::ptrdiff_t>(who));
    }
    std::vector<std::string> verdicts;
    for (const char* property : properties) verdicts.push_back(telling.verdict(property));
    ++seen["validity " + verdicts[2]];
    ++seen["subset_validity " + verdicts[7]];
    const auto [place, fresh] = known.emplace(telling.hash(), verdicts);
    alike += fresh ? 0 : 1;
    REQUIRE(place->second == verdicts);
  }
  CHECK(alike > 300);
  for (const char* verdict : {"validity holds", "validity violated", "subset_validity holds",
                              "subset_validity violated"}) {
    CAPTURE(std::string(verdict));
    CHECK(seen[verdict] > 100);
  }
}

}  // namespace
}  // namespace sibyl::shown_test
