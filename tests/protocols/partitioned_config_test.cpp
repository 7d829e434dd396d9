// What the partitioned store refuses, where it says the mistake is, and what would be right.
#include <doctest/doctest.h>

#include "protocols/partitioned/options.hpp"
#include "protocols/partitioned/partitioned.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned_config_test {
namespace {

using testing::Scenario;
using testing::setup_of;

const char* const kGood = R"({"partitions": {"P1": {}, "P2": {}}, "objects": {"x": {"at": "P1"}}})";
const char* const kIdle = R"({"operations": []})";

std::string operation(const std::string& members) {
  return R"({"operations": [{"client": "c1", )" + members + "}]}";
}

void check_refused(const std::string& protocol, const std::string& deployment,
                   const std::string& workload, const std::string& options,
                   const std::string& pointer, const std::string& says,
                   const std::vector<std::string>& variants = {}) {
  CAPTURE(deployment);
  CAPTURE(workload);
  CAPTURE(options);
  Scenario s;
  s.protocol = protocol;
  s.deployment = deployment;
  s.workload = workload;
  s.options = options;
  s.variants = variants;
  try {
    find_protocol(protocol)->build(setup_of(s));
    FAIL("was accepted");
  } catch (const ConfigError& error) {
    CHECK(error.pointer == pointer);
    const std::string what = error.what();
    CAPTURE(what);
    CHECK(what.find(says) != std::string::npos);
  }
}

TEST_CASE("a deployment is refused at the place of its mistake") {
  const std::vector<std::array<std::string, 3>> bad{
      {"[]", "/deployment", "expected an object"},
      {"{}", "/deployment", "\"partitions\" is missing"},
      {R"({"partitions": {}})", "/deployment/partitions", "expected 1 to 256"},
      {R"({"partitions": []})", "/deployment/partitions", "expected an object"},
      {R"({"partition": {"P1": {}}})", "/deployment/partition", "partitions"},
      {R"({"partitions": {"": {}}})", "/deployment/partitions/", "empty"},
      {R"({"partitions": {"P1": {}, "P1": {}}})", "/deployment/partitions/P1", "twice"},
      {R"({"partitions": {"P1": {"replicas": 0}}})", "/deployment/partitions/P1/replicas", "16"},
      {R"({"partitions": {"P1": {"replicas": 17}}})", "/deployment/partitions/P1/replicas", "16"},
      {R"({"partitions": {"P1": {"replicas": "2"}}})", "/deployment/partitions/P1/replicas",
       "integer"},
      {R"({"partitions": {"P1": {"clock": -1}}})", "/deployment/partitions/P1/clock", "0 to"},
      {R"({"partitions": {"P1": {"clock": 9223372036854775807}}, "multicast": "ft_skeen"})",
       "/deployment/partitions/P1/clock", "0 to 9007199254740992"},
      {R"({"partitions": {"P1": {"clok": 1}}})", "/deployment/partitions/P1/clok", "clock"},
      {R"({"partitions": {"P1": {"replicas": 2}, "P1.2": {}}})", "/deployment/partitions/P1.2",
       "taken already"},
      {R"({"partitions": {"P1": {}}, "clients": ["P1"]})", "/deployment/clients/0",
       "taken already"},
      {R"({"partitions": {"P1": {}}, "clients": ["c", "c"]})", "/deployment/clients/1",
       "taken already"},
      {R"({"partitions": {"P1": {}}, "clients": [""]})", "/deployment/clients/0", "empty"},
      {R"({"partitions": {"P1": {}}, "objects": {"x": {}}})", "/deployment/objects/x",
       "\"at\" is missing"},
      {R"({"partitions": {"P1": {}}, "objects": {"x": {"at": "P2"}}})", "/deployment/objects/x/at",
       "P1"},
      {R"({"partitions": {"P1": {}}, "objects": {"x": {"at": "P1", "value": "1"}}})",
       "/deployment/objects/x/value", "integer"},
      {R"({"partitions": {"P1": {}}, "multicast": "skene"})", "/deployment/multicast", "skeen"},
      {R"({"partitions": {"P1": {}}, "application": {"name": "kv", "options": {"keys": 2}}})",
       "/deployment/application/options", "/deployment/generate"},
      {R"({"partitions": {"sequencer": {}}, "multicast": "sequencer"})", "/deployment/multicast",
       "taken already"},
  };
  for (const auto& [deployment, pointer, says] : bad) {
    check_refused("ds-smr", deployment, kIdle, "{}", pointer, says);
    check_refused("s-smr", deployment, kIdle, "{}", pointer, says);
  }
}

TEST_CASE("clients are bounded, and what is generated stands where its names say") {
  std::string clients;
  for (int i = 0; i <= 10'000; ++i) clients += (i == 0 ? "\"c" : ", \"c") + std::to_string(i) + '"';
  check_refused("s-smr", R"({"partitions": {"P1": {}}, "clients": [)" + clients + "]}", kIdle, "{}",
                "/deployment/clients", "found 10001, expected at most 10000");
  const auto placed = [](const std::string& how) {
    return R"({"partitions": {"P1": {}, "P2": {}}, "generate": {"placement": ")" + how +
           R"("}, "application": {"name": "store", "options": {"objects": 8}}})";
  };
  check_refused("static-attribute", placed("round_robin"), kIdle, "{}",
                "/deployment/generate/placement", "write \"hash\"");
  Scenario s;
  s.protocol = "static-attribute";
  s.deployment = placed("hash");
  s.workload = kIdle;
  CHECK_NOTHROW(find_protocol(s.protocol)->build(setup_of(s)));
}

TEST_CASE("a logical clock is refused where none decides an order") {
  for (const std::string multicast : {"sequencer", "global_order"}) {
    const std::string chosen = R"(, "multicast": ")" + multicast + "\"}";
    for (const char* clock : {"0", "10"}) {
      const std::string group = std::string(R"({"clock": )") + clock + "}";
      for (const char* protocol : {"s-smr", "ds-smr", "static-attribute", "shared-cache"}) {
        check_refused(protocol, R"({"partitions": {"P1": {}, "P2": )" + group + "}" + chosen, kIdle,
                      "{}", "/deployment/partitions/P2/clock",
                      multicast + " has no logical clocks");
      }
      check_refused("dynastar", R"({"partitions": {"P1": {}}, "oracle": )" + group + chosen, kIdle,
                    "{}", "/deployment/oracle/clock", "choose skeen, ft_skeen or white_box");
    }
  }
  for (const char* multicast : {"skeen", "ft_skeen", "white_box"}) {
    Scenario s;
    s.deployment =
        std::string(R"({"partitions": {"P1": {"clock": 10}}, "multicast": ")") + multicast + "\"}";
    s.workload = kIdle;
    CHECK_NOTHROW(find_protocol(s.protocol)->build(setup_of(s)));
  }
  check_refused("location-broker", R"({"partitions": {"P1": {"clock": 10}}})", kIdle, "{}",
                "/deployment/partitions/P1/clock", "only the broker is multicast to");
  check_refused("location-broker", R"({"partitions": {"P1": {}}, "oracle": {"clock": 10}})", kIdle,
                "{}", "/deployment/oracle/clock", "only the broker is multicast to");
}

TEST_CASE("the bounds of numbers are told as they are, also of numbers beyond their types") {
  const std::string wide = "99999999999";
  const auto says = [&](const std::string& bounds) { return wide + " is out of range: " + bounds; };
  for (const char* member : {"replicas", "acceptors"}) {
    const std::string bounds = member == std::string("replicas") ? "from 1 to 16" : "from 0 to 16";
    check_refused("s-smr",
                  R"({"partitions": {"P1": {")" + std::string(member) + "\": " + wide + "}}}",
                  kIdle, "{}", "/deployment/partitions/P1/" + std::string(member), says(bounds));
  }
  const auto application = [&](const std::string& name, const std::string& member) {
    return R"({"partitions": {"P1": {}}, "application": {"name": ")" + name +
           R"(", "options": {")" + member + "\": " + wide + "}}}";
  };
  check_refused("s-smr", application("tpcc", "warehouses"), kIdle, "{}",
                "/deployment/application/options/warehouses", says("from 0 to 1000"));
  check_refused("s-smr", application("chirper", "edge_cut"), kIdle, "{}",
                "/deployment/application/options/edge_cut", says("from 0 to 100"));
  for (const char* batch : {"0", "-1", "4294967296"}) {
    check_refused("dynastar", kGood, kIdle, std::string(R"({"hint_batch": )") + batch + "}",
                  "/protocol/options/hint_batch",
                  std::string(batch) + " is out of range: from 1 to 4294967295");
  }
  check_refused("s-smr", kGood, "{}", "{}", "/workload", "\"generate\"");
}

TEST_CASE("labels of operations have 1 to 256 bytes") {
  const auto labelled = [](std::size_t bytes) {
    return R"({"operations": [{"client": "c", "do": "read", "object": "x", "label": ")" +
           std::string(bytes, 'm') + "\"}]}";
  };
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{257}}) {
    check_refused("s-smr", kGood, labelled(bytes), "{}", "/workload/operations/0/label",
                  "found " + std::to_string(bytes) + " bytes, expected a text of 1 to 256");
  }
  Scenario s;
  s.protocol = "s-smr";
  s.deployment = kGood;
  s.workload = labelled(256);
  CHECK_NOTHROW(find_protocol(s.protocol)->build(setup_of(s)));
}

TEST_CASE("an oracle group is checked, and belongs to ds-smr") {
  const std::string before = R"({"partitions": {"P1": {}}, "oracle": )";
  check_refused("ds-smr", before + R"({"name": "P1"}})", kIdle, "{}", "/deployment/partitions/P1",
                "taken already");
  check_refused("ds-smr", before + R"({"name": ""}})", kIdle, "{}", "/deployment/oracle/name",
                "empty");
  check_refused("ds-smr", before + R"({"replicas": 0}})", kIdle, "{}",
                "/deployment/oracle/replicas", "1");
  check_refused("ds-smr", before + R"({"clock": -3}})", kIdle, "{}", "/deployment/oracle/clock",
                "0 to");
  check_refused("s-smr", before + "{}}", kIdle, "{}", "/deployment/oracle", "no oracle nodes");
}

TEST_CASE("views of local oracles are checked, and belong to s-smr") {
  const std::string before = R"({"partitions": {"P1": {}}, "oracle_views": )";
  check_refused("s-smr", before + R"({"P7": {"x": "P1"}}})", kIdle, "{}",
                "/deployment/oracle_views/P7", "P1");
  check_refused("s-smr", before + R"({"P1": {"x": "P2"}}})", kIdle, "{}",
                "/deployment/oracle_views/P1/x", "P1");
  check_refused("s-smr", before + R"({"P1": {"x": 3}}})", kIdle, "{}",
                "/deployment/oracle_views/P1/x", "null");
  check_refused("ds-smr", before + R"({"P1": {"x": "P1"}}})", kIdle, "{}",
                "/deployment/oracle_views", "s-smr");
}

TEST_CASE("an operation is refused at the place of its mistake") {
  const std::string at = "/workload/operations/0";
  const std::vector<std::array<std::string, 3>> bad{
      {R"("object": "x")", at, "\"do\" is missing"},
      {R"("do": "raed", "object": "x")", at + "/do", "read"},
      {R"("do": 3)", at + "/do", "string"},
      {R"("do": "read")", at, "\"object\" is missing"},
      {R"("do": "read", "object": "")", at + "/object", "empty"},
      {R"("do": "read", "object": "x", "value": 1)", at + "/value", "object"},
      {R"("do": "write", "object": "x")", at, "\"value\" is missing"},
      {R"("do": "write", "object": "x", "value": "1")", at + "/value", "integer"},
      {R"("do": "access", "steps": [])", at + "/steps", "at least one"},
      {R"("do": "access", "steps": {})", at + "/steps", "list"},
      {R"("do": "access", "steps": [[]])", at + "/steps/0", "a step"},
      {R"("do": "access", "steps": [["read"]])", at + "/steps/0", "expected 2"},
      {R"("do": "access", "steps": [["read", "x", 1]])", at + "/steps/0", "expected 2"},
      {R"("do": "access", "steps": [["write", "x"]])", at + "/steps/0", "expected 3"},
      {R"("do": "access", "steps": [["put", "x", 1]])", at + "/steps/0/0", "write"},
      {R"("do": "access", "steps": [["add", "", 1]])", at + "/steps/0/1", "empty"},
      {R"("do": "access", "steps": [["add", "x", "1"]])", at + "/steps/0/2", "integer"},
      {R"("do": "create", "object": "x", "to": "P3")", at + "/to", "P1"},
      {R"("do": "create", "object": "x", "to": "")", at + "/to", "empty"},
      {R"("do": "delete", "object": "x", "to": "P1")", at + "/to", "unknown member"},
      {R"("do": "move", "object": "x")", at, "\"to\" is missing"},
      {R"("do": "read", "object": "x", "at": 5)", at + "/at", "duration"},
      {R"("do": "read", "object": "x", "at": "-5ms")", at + "/at", "negative"},
      {R"("do": "read", "object": "x", "label": 1)", at + "/label", "string"},
  };
  for (const auto& [members, pointer, says] : bad) {
    check_refused("ds-smr", kGood, operation(members), "{}", pointer, says);
  }
}

TEST_CASE("a workload is refused where its parts disagree") {
  check_refused("ds-smr", kGood, "{}", "{}", "/workload", "\"operations\" is missing");
  check_refused("ds-smr", kGood, R"({"operations": [{"do": "read", "object": "x"}]})", "{}",
                "/workload/operations/0", "\"client\" is missing");
  check_refused("ds-smr", kGood,
                R"({"operations": [{"client": "P2", "do": "read", "object": "x"}]})", "{}",
                "/workload/operations/0/client", "taken already");
  check_refused("ds-smr", R"({"partitions": {"P1": {}}, "clients": ["c1"]})",
                R"({"operations": [{"client": "c2", "do": "read", "object": "x"}]})", "{}",
                "/workload/operations/0/client", "c1");
  check_refused("ds-smr", kGood,
                R"({"operations": [{"client": "c", "do": "read", "object": "x", "label": "L"},
                                   {"client": "c", "do": "read", "object": "x", "label": "L"}]})",
                "{}", "/workload/operations/1/label", "unique");
  check_refused("ds-smr", kGood, R"({"operations": [], "cache": {"c9": {"x": "P1"}}})", "{}",
                "/workload/cache/c9", "client");
  const std::string cached =
      R"({"operations": [{"client": "c", "do": "read", "object": "x"}], "cache": {"c": {"x": )";
  check_refused("ds-smr", kGood, cached + R"("P8"}}})", "{}", "/workload/cache/c/x", "P1");
  check_refused("ds-smr", kGood, cached + R"("P1"}}})", R"({"cache": "none"})", "/workload/cache",
                "none");
  check_refused("s-smr", kGood, cached + R"("P1"}}})", "{}", "/workload/cache", "local");
  check_refused("s-smr", kGood, operation(R"("do": "move", "object": "x", "to": "P2")"), "{}",
                "/workload/operations/0/do", "ds-smr");
  check_refused("s-smr", kGood, operation(R"("do": "create", "object": "x", "to": "P2")"), "{}",
                "/workload/operations/0/to", "P1");
}

TEST_CASE("options are refused at the place of their mistake") {
  const std::vector<std::array<std::string, 4>> bad{
      {"s-smr", R"({"signal": "none"})", "/protocol/options/signal", "signals"},
      {"s-smr", R"({"signals": "never"})", "/protocol/options/signals", "start"},
      {"s-smr", R"({"missing": "retry"})", "/protocol/options/missing", "signals"},
      {"ds-smr", R"({"missing": "nothing"})", "/protocol/options/missing", "not_found"},
      {"ds-smr", R"({"create_wait": true})", "/protocol/options/create_wait", "string"},
      {"ds-smr", R"({"fallback_after": -1})", "/protocol/options/fallback_after", "negative"},
      {"ds-smr", R"({"client_updates_cache": 1})", "/protocol/options/client_updates_cache",
       "true or false"},
      {"ds-smr", "[]", "/protocol/options", "object"},
      {"s-smr", R"({"moves": true, "oracle": "attribute"})", "/protocol/options/moves", "name"},
      {"ds-smr", R"({"version_check": "location", "cache": "none"})",
       "/protocol/options/version_check", "cache"},
      {"dynastar", R"({"move_cost": 2})", "/protocol/options/move_cost", "weigh_moves"},
      {"location-broker", R"({"lock_lease": "-5ms"})", "/protocol/options/lock_lease", "negative"},
      {"location-broker", R"({"lock_order": "request", "locks": "none"})",
       "/protocol/options/lock_order", "locks"},
      {"location-broker", R"({"lock_lease": "5ms", "locks": "none"})",
       "/protocol/options/lock_lease", "locks"},
      {"s-smr", R"({"remote": "copy"})", "/protocol/options/remote", "copies"},
  };
  for (const auto& [protocol, options, pointer, says] : bad) {
    check_refused(protocol, kGood, kIdle, options, pointer, says);
  }
}

TEST_CASE("a variant and an option may not contradict each other, nor may two variants") {
  check_refused("s-smr", kGood, kIdle, R"({"signals": "start"})", "/protocol/options/signals",
                "no-signals", {"no-signals"});
  check_refused("s-smr", kGood, kIdle, "{}", "/protocol/options", "signals-at-enqueue",
                {"no-signals", "signals-at-enqueue"});
}

TEST_CASE("every variant is a preset of known options and differs from the default") {
  for (const char* protocol : {"s-smr", "ds-smr"}) {
    for (const VariantInfo& variant : find_protocol(protocol)->variants) {
      CAPTURE(variant.name);
      CHECK(!variant.line.empty());
      CHECK(!variant.breaks.empty());
      Setup setup;
      setup.variants = {variant.name};
      if (std::string(protocol) == "s-smr") {
        CHECK(hash_of(partitioned::ssmr_options(setup)) != hash_of(partitioned::SsmrOptions{}));
      } else {
        CHECK(hash_of(partitioned::dssmr_options(setup)) != hash_of(partitioned::DssmrOptions{}));
      }
    }
  }
}

TEST_CASE("nodes come in the order oracle, partitions, clients, sequencer") {
  Scenario s;
  s.deployment = R"({"partitions": {"Q": {"replicas": 2}, "P": {}}, "multicast": "sequencer"})";
  s.workload = R"({"operations": [{"client": "b", "do": "read", "object": "x"},
                                  {"client": "a", "do": "read", "object": "x"}]})";
  std::string names;
  for (const NodeSpec& node : find_protocol("ds-smr")->build(setup_of(s))) {
    names +=
        node.description.name + ":" + node.description.role + ":" + node.description.group + " ";
  }
  CHECK(names ==
        "O:oracle:O Q.1:partition:Q Q.2:partition:Q P:partition:P b:client:b a:client:a "
        "sequencer:sequencer:sequencer ");
}

}  // namespace
}  // namespace sibyl::partitioned_config_test
