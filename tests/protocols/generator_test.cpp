// Generated workloads: determinism, mixes and keys against what they should be, memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "protocols/partitioned/generator.hpp"
#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned::generator_test {

namespace {

using testing::Json;
using testing::Ran;

class SeedDraws final : public Draws {
 public:
  explicit SeedDraws(std::uint64_t seed) : stream_(seed, 0, 0) {}
  std::uint64_t below(std::uint64_t n) override { return stream_.below(n); }
  std::int64_t sample(const Distribution& d) override { return d.sample(stream_); }

 private:
  Stream stream_;
};

Generator generator_of(const std::string& application, const std::string& spec) {
  GeneratorSpec read;
  decode(Json::read(spec), "/workload/generate", read);
  return {read, make_application(Json::read(application), "/deployment/application", 4),
          "/workload/generate"};
}

/// Within four standard errors of n draws of probability p.
bool near(std::size_t found, std::size_t n, double p) {
  const double expected = static_cast<double>(n) * p;
  return std::abs(static_cast<double>(found) - expected) <= 4 * std::sqrt(expected * (1 - p));
}

std::string generated(const std::string& protocol, const std::string& clients,
                      const std::string& generate, std::uint64_t seed, Ran* out = nullptr) {
  testing::Scenario s;
  s.protocol = protocol;
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}}, "generate": {}, "clients": )" + clients +
                 R"(, "application": {"name": "bank", "options": {"accounts": 6}}})";
  s.workload = "{\"generate\": " + generate + "}";
  s.seed = seed;
  Ran ran = testing::run(s);
  std::string calls;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name != "note::Invoke") continue;
    if (ran.trace.nodes[e.node.value].name != "c1") continue;
    calls += e.data.find("label")->as_string()->c_str() + e.data.find("value")->text() + "\n";
  }
  if (out != nullptr) *out = std::move(ran);
  return calls;
}

std::string error_of(const std::string& generate) {
  try {
    generated("s-smr", "[]", generate, 1);
  } catch (const ConfigError& e) {
    return e.pointer + ": " + e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("commands come in the shares of the mix, within four standard errors") {
  constexpr std::size_t kDraws = 20'000;
  struct Mix {
    std::string application;
    std::string mix;  ///< empty: the application's own
    std::map<std::string, double> shares;
  };
  const std::vector<Mix> mixes{
      {R"({"name": "chirper", "options": {"users": 50}})",
       "",
       {{"timeline", 0.85}, {"post", 0.075}, {"follow", 0.0375}, {"unfollow", 0.0375}}},
      {R"({"name": "tpcc", "options": {}})",
       "",
       {{"new_order", 0.45},
        {"payment", 0.43},
        {"delivery", 0.04},
        {"order_status", 0.04},
        {"stock_level", 0.04}}},
      {R"({"name": "volery", "options": {"nodes": 9}})",
       R"({"set_data": 95, "global": 5})",
       {{"set_data", 0.95}, {"global", 0.05}}},
      {R"({"name": "kv", "options": {"keys": 9}})",
       R"({"get": 1, "put": 3, "cas": 0})",
       {{"get", 0.25}, {"put", 0.75}}}};
  for (const Mix& mix : mixes) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const std::string spec = mix.mix.empty() ? "" : ", \"mix\": " + mix.mix;
      const Generator generator = generator_of(mix.application, R"({"operations": 1)" + spec + "}");
      SeedDraws draws(seed);
      Value memory;
      std::map<std::string, std::size_t> found;
      for (std::size_t i = 0; i < kDraws; ++i) ++found[generator.make(draws, "c1.1", memory).kind];
      CHECK(found.size() == mix.shares.size());
      for (const auto& [kind, share] : mix.shares) {
        const std::string& which = kind;
        CAPTURE(which);
        CHECK(near(found[kind], kDraws, share));
      }
    }
  }
}

TEST_CASE("Zipf keys come as often as their exact probabilities say") {
  constexpr std::size_t kDraws = 20'000;
  constexpr std::size_t kKeys = 40;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Generator generator =
        generator_of(R"({"name": "kv", "options": {"keys": 40}})",
                     R"({"operations": 1, "mix": {"get": 1}, "keys": {"zipf": 1}})");
    SeedDraws draws(seed);
    Value memory;
    std::map<std::string, std::size_t> found;
    for (std::size_t i = 0; i < kDraws; ++i) {
      ++found[generator.make(draws, "c1.1", memory).command.request.objects.front()];
    }
    double harmonic = 0;
    for (std::size_t k = 1; k <= kKeys; ++k) harmonic += 1 / static_cast<double>(k);
    for (std::size_t k = 1; k <= kKeys; ++k) {
      CAPTURE(k);
      CHECK(near(found[numbered("k", k - 1)], kDraws, 1 / static_cast<double>(k) / harmonic));
    }
  }
}

TEST_CASE("transfers cross groups as often as they are told to") {
  constexpr std::size_t kDraws = 20'000;
  const Generator generator =
      generator_of(R"({"name": "bank", "options": {"accounts": 40, "groups": 4, "crossing": 7}})",
                   R"({"operations": 1, "mix": {"transfer": 1}})");
  SeedDraws draws(5);
  Value memory;
  std::size_t crossing = 0;
  for (std::size_t i = 0; i < kDraws; ++i) {
    const Request r = generator.make(draws, "c1.1", memory).command.request;
    REQUIRE(r.objects.size() == 2);  // never to itself
    const auto group = [&](std::size_t which) { return std::stoi(r.objects[which].substr(1)) % 4; };
    crossing += group(0) != group(1) ? 1 : 0;
  }
  CHECK(near(crossing, kDraws, 0.07));
}

TEST_CASE("a tenth of TPC-C's commands are of two warehouses") {
  constexpr std::size_t kDraws = 20'000;
  const Generator generator =
      generator_of(R"({"name": "tpcc", "options": {"warehouses": 16}})", R"({"operations": 1})");
  SeedDraws draws(9);
  Value memory;
  std::size_t remote = 0;
  for (std::size_t i = 0; i < kDraws; ++i) {
    const Request r = generator.make(draws, "c1.1", memory).command.request;
    const auto warehouse = [](const std::string& name) { return name.substr(0, name.find('.')); };
    bool other = false;
    for (const std::string& object : r.objects) {
      other = other || warehouse(object) != warehouse(r.objects.front());
    }
    remote += other ? 1 : 0;
  }
  // 0.43 * 0.15 of payments; of new orders 0.45 * (1 - the mean of 0.99^5 to 0.99^15).
  double stays = 0;
  for (int lines = 5; lines <= 15; ++lines) stays += std::pow(0.99, lines) / 11;
  CHECK(near(remote, kDraws, 0.43 * 0.15 + 0.45 * (1 - stays)));
}

TEST_CASE("what a client calls follows from the seed, whoever else there is") {
  const std::string generate = R"({"operations": 20})";
  const std::string alone = generated("s-smr", R"(["c1"])", generate, 1);
  CHECK(std::count(alone.begin(), alone.end(), '\n') == 20);
  CHECK(generated("s-smr", R"(["c1", "c2", "c3"])", generate, 1) == alone);
  CHECK(generated("s-smr", R"(["c1"])", generate, 2) != alone);
}

TEST_CASE("a closed loop has as many operations under way as it is told, an open one any number") {
  const auto most_open = [](const std::string& generate) {
    Ran ran;
    generated("ds-smr", R"(["c1"])", generate, 3, &ran);
    int open = 0;
    int most = 0;
    int calls = 0;
    for (const TraceEvent& e : ran.trace.events) {
      if (e.name == "note::Invoke") most = std::max(most, ++open);
      if (e.name == "note::Invoke") ++calls;
      if (e.name == "note::Return") --open;
    }
    CHECK(open == 0);
    CHECK(calls == 60);
    return most;
  };
  CHECK(most_open(R"({"operations": 60})") == 1);
  CHECK(most_open(R"({"operations": 60, "outstanding": 7})") == 7);
  CHECK(most_open(R"({"operations": 60, "rate": 10000})") > 10);
}

TEST_CASE("nothing is kept of what has returned") {
  for (const std::string protocol : {"s-smr", "ds-smr"}) {
    Ran ran;
    generated(protocol, R"(["c1", "c2"])", R"({"operations": 300, "outstanding": 5})", 4, &ran);
    CHECK(ran.operations.size() == 600);
    CHECK(ran.remembered == 0);
  }
  // Volery's clients remember nodes of their own, to delete them: never more than so many.
  const Generator generator = generator_of(R"({"name": "volery", "options": {"nodes": 2}})",
                                           R"({"operations": 1, "mix": {"global": 1}})");
  SeedDraws draws(1);
  Value memory;
  std::size_t most = 0;
  std::size_t created = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto made = generator.make(draws, "c1." + std::to_string(i), memory);
    created += made.command.kind == CommandKind::create ? 1 : 0;
    most = std::max(most, memory.as_list()->size());
  }
  CHECK(most <= 64);
  CHECK(near(created, 5000, 0.5));
}

TEST_CASE("no call begins after the duration") {
  Ran ran;
  generated("s-smr", R"(["c1", "c2"])", R"({"duration": "50ms", "think": "1ms"})", 3, &ran);
  std::size_t calls = 0;
  for (const TraceEvent& e : ran.trace.events) {
    if (e.name != "note::Invoke") continue;
    ++calls;
    CHECK(e.at.ns < 50'000'000);
  }
  CHECK(calls > 10);
  CHECK(ran.outcome == sibyl::Outcome::quiescent);
}

TEST_CASE("mistakes in a generator are refused where they stand") {
  const std::string at = "/workload/generate";
  CHECK(error_of(R"({"clients": 1})") ==
        at + ": nothing ends the workload: expected \"operations\" or \"duration\"");
  CHECK(error_of(R"({"operations": 1})") ==
        at + "/clients: there are no clients: expected how many, at least 1");
  CHECK(error_of(R"({"clients": 1, "operations": 1, "rate": 5, "outstanding": 2})")
            .find(at + "/rate") == 0);
  CHECK(error_of(R"({"clients": 1, "operations": 1, "outstanding": 0})") ==
        at + "/outstanding: 0 is out of range: from 1 to 1000");
  CHECK(error_of(R"({"clients": 1, "operations": 1, "mix": {"transfers": 1}})")
            .find(at + "/mix/transfers") == 0);
  CHECK(error_of(R"({"clients": 1, "operations": 1, "mix": {"transfer": 0}})") ==
        at + "/mix: all weights are 0, expected one above");
  CHECK(error_of(R"({"clients": 1, "operations": 1, "keys": "zipf"})") ==
        at + R"(/keys: found a string ("zipf"), expected "uniform" or {"zipf": 0.95})");
  CHECK(error_of(R"({"clients": 10001, "operations": 1})") ==
        at + "/clients: 10001 is out of range: from 1 to 10000");
  CHECK(error_of(R"({"clients": 0, "operations": 1})") ==
        at + "/clients: 0 is out of range: from 1 to 10000");
  CHECK(error_of(R"({"clients": 1, "operations": 1, "keys": {"zipf": -1}})")
            .find(at + "/keys/zipf") == 0);
}

}  // namespace sibyl::partitioned::generator_test
