// Applications on S-SMR, DS-SMR and DynaStar: random runs keep what each application promises, and
// commands whose values decide what they touch find it.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocols/partitioned/catalog.hpp"
#include "protocols/partitioned/shelf.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned_apps_test {
namespace {

using partitioned::int_of;
using testing::disagreement;
using testing::Ran;
using testing::Scenario;

Scenario generated_of(const std::string& protocol, const std::string& application,
                      const std::string& placement, const std::string& more, std::uint64_t seed) {
  Scenario s;
  s.protocol = protocol;
  s.seed = seed;
  s.random_ticks = {1, 1, 2, 5, 20};
  s.deployment = R"({"partitions": {"P1": {"replicas": 2}, "P2": {}, "P3": {}}, "application": )" +
                 application + R"(, "generate": {"placement": ")" + placement + "\"}}";
  s.workload = R"({"generate": {"clients": 3, "operations": 12)" + more + "}}";
  return s;
}

/// Runs it with all protocols under 20 seeds: every operation returns, replicas agree.
template <class Check>
void over_seeds(const std::string& application, const std::string& more, Check check) {
  for (const std::string protocol : {"s-smr", "ds-smr", "dynastar"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(protocol + " " + std::to_string(seed));
      const std::string placement = seed % 2 == 0 ? "group" : "random";
      const Ran ran = testing::run(generated_of(protocol, application, placement, more, seed));
      REQUIRE(ran.outcome == Outcome::quiescent);
      REQUIRE(ran.operations.size() == 36);
      for (const auto& [label, done] : ran.operations) REQUIRE(done.ret >= done.call);
      REQUIRE(disagreement(ran) == "");
      REQUIRE(ran.buffered == 0);
      check(ran);
    }
  }
}

TEST_CASE("transfers over partitions keep the total, and no balance is negative") {
  std::uint64_t done = 0;
  over_seeds(R"({"name": "bank", "options": {"accounts": 5, "balance": 30, "crossing": 50}})",
             R"(, "mix": {"transfer": 4, "audit": 1})", [&](const Ran& ran) {
               std::int64_t total = 0;
               for (const auto& [account, balance] : ran.objects) {
                 total += *balance.as_int();
                 REQUIRE(*balance.as_int() >= 0);
               }
               REQUIRE(total == 150);
               done += ran.count("done.transfer");
             });
  CHECK(done > 500);
}

TEST_CASE("a warehouse has been paid what its districts have, and orders count up") {
  over_seeds(R"({"name": "tpcc", "options": {"districts": 2, "customers": 2, "items": 5,
                                             "remote_lines": 20, "remote_payments": 50}})",
             R"(, "mix": {"new_order": 4, "payment": 4, "delivery": 2, "stock_level": 1})",
             [](const Ran& ran) {
               std::map<std::string, std::int64_t> paid;
               std::int64_t orders = 0;
               std::int64_t taken = 0;
               for (const auto& [name, row] : ran.objects) {
                 const std::string warehouse = name.substr(0, name.find('.'));
                 if (name == warehouse) paid[warehouse] += int_of(row, "paid");
                 if (row.find("next") != nullptr) {
                   paid[warehouse] -= int_of(row, "paid");
                   orders += int_of(row, "next") - 1;
                   for (const Value& order : *row.find("orders")->as_list()) {
                     taken += static_cast<std::int64_t>((*order.as_list())[3].as_list()->size());
                   }
                 }
                 taken -= int_of(row, "quantity", -1) >= 0 ? int_of(row, "orders") : 0;
               }
               for (const auto& [warehouse, difference] : paid) REQUIRE(difference == 0);
               REQUIRE(orders <= static_cast<std::int64_t>(ran.count("done.new_order")));
               // Every line of an order is in the stock, wherever that is.
               REQUIRE(taken == 0);
             });
}

TEST_CASE("who follows somebody is listed once, and has all posts of that one in the timeline") {
  over_seeds(R"({"name": "chirper", "options": {"users": 9, "followees": 2, "edge_cut": 30,
                                                "posts_kept": 100, "timeline_kept": 200}})",
             R"(, "mix": {"timeline": 2, "post": 3, "follow": 2, "unfollow": 1})",
             [](const Ran& ran) {
               for (const auto& [user, content] : ran.objects) {
                 std::set<std::string> followers;
                 for (const Value& each : *content.find("followers")->as_list()) {
                   REQUIRE(followers.insert(*each.as_string()).second);
                 }
                 for (const std::string& follower : followers) {
                   std::size_t seen = 0;
                   for (const Value& each : *ran.objects.at(follower).find("timeline")->as_list()) {
                     seen += partitioned::text_of(each, "by") == user ? 1 : 0;
                   }
                   REQUIRE(seen == content.find("posts")->as_list()->size());
                 }
               }
             });
}

TEST_CASE("a key-value store and Volery run on both protocols") {
  over_seeds(R"({"name": "kv", "options": {"keys": 4}})",
             R"(, "mix": {"get": 1, "put": 1, "append": 1, "cas": 1}, "outstanding": 2)",
             [](const Ran& ran) { REQUIRE(ran.objects.size() == 4); });
  over_seeds(R"({"name": "volery", "options": {"nodes": 4}})",
             R"(, "mix": {"set_data": 2, "global": 2}, "outstanding": 3)", [](const Ran& ran) {
               const auto made = ran.count("done.create");
               REQUIRE(made > 0);
               REQUIRE(ran.objects.size() <= 4 + made);
             });
}

Scenario posts(const std::string& protocol, const std::string& options) {
  Scenario s;
  s.protocol = protocol;
  s.options = options;
  s.deployment = R"({"partitions": {"P1": {}, "P2": {}, "P3": {}}, "application": "chirper",
      "objects": {"u0": {"value": {"followers": ["u1"]}, "at": "P1"},
                  "u1": {"value": {}, "at": "P2"}, "u2": {"value": {}, "at": "P3"}}})";
  s.workload = R"({"operations": [
      {"client": "a", "label": "F", "do": "follow", "user": "u2", "whom": "u0"},
      {"client": "a", "label": "P", "do": "post", "user": "u0", "text": "t"},
      {"client": "a", "label": "T", "do": "timeline", "user": "u2"},
      {"client": "a", "label": "U", "do": "timeline", "user": "u1"}]})";
  return s;
}

TEST_CASE("a post whose followers the client does not know is retried with all of them") {
  const auto check = [](const Ran& ran, std::uint64_t retries) {
    CHECK(ran.count("retry") == retries);
    for (const char* user : {"u1", "u2"}) {
      const Value* timeline = ran.objects.at(user).find("timeline");
      REQUIRE(timeline != nullptr);
      REQUIRE(timeline->as_list()->size() == 1);
      CHECK(partitioned::text_of(timeline->as_list()->front(), "text") == "t");
    }
  };
  check(testing::run(posts("s-smr", "{}")), 0);  // to all partitions at once
  check(testing::run(posts("s-smr", R"({"superset": "expected"})")), 1);
  const Ran moved = testing::run(posts("ds-smr", R"({"move_target": "first"})"));
  check(moved, moved.count("retry"));
  CHECK(moved.count("retry") >= 1);
  CHECK(moved.text("T").substr(0, 2) == "ok");
}

TEST_CASE("a client that always has to ask for the followers posts in two rounds") {
  for (const std::string protocol : {"ds-smr", "dynastar"}) {
    for (const std::string known : {"none", "asked"}) {
      CAPTURE(protocol + " " + known);
      Scenario s;
      s.protocol = protocol;
      s.deployment =
          R"({"partitions": {"P1": {"replicas": 2}}, "generate": {}, "application": {"name":
          "chirper", "options": {"users": 5, "followees": 2, "followers_known": ")" +
          known + "\"}}}";
      s.workload = R"({"generate": {"clients": 2, "operations": 10, "mix": {"post": 1}},
                       "warm_caches": true})";
      const Ran ran = testing::run(s);
      REQUIRE(ran.outcome == Outcome::quiescent);
      CHECK(ran.count("done.post") == 20);
      CHECK(ran.count("retry") == (known == "asked" ? 20 : 0));
      if (protocol == "ds-smr") CHECK(ran.count("consult") == 0);  // the caches are warm
    }
  }
}

TEST_CASE("the numbers of so many ended commands are remembered, of the last ones") {
  partitioned::Ended ended;
  for (std::uint64_t i = 1; i <= partitioned::Ended::kMost + 10; ++i) {
    ended.add(i);
    ended.add(i);
  }
  CHECK(ended.size() == partitioned::Ended::kMost);
  CHECK_FALSE(ended.has(10));
  CHECK(ended.has(11));
  CHECK(ended.has(partitioned::Ended::kMost + 10));
}

TEST_CASE("the sum of many objects' hashes is that of what there is, whenever it is taken") {
  partitioned::Shelf<partitioned::Content> often(true);
  partitioned::Shelf<partitioned::Content> once(true);
  for (int i = 0; i < 300; ++i) {
    const std::string name = "o" + std::to_string(i % 17);
    for (auto* shelf : {&often, &once}) {
      if (i % 5 == 0) {
        shelf->erase(name);
      } else {
        shelf->put(name, partitioned::Content(i));
      }
    }
    CHECK(hash_of(often) == hash_of(partitioned::Shelf<partitioned::Content>(often)));
  }
  CHECK(hash_of(often) == hash_of(once));
  once.put("o1", partitioned::Content(7));
  const std::uint64_t before = hash_of(once);
  partitioned::Content taken = once.lend("o1");
  once.put("o1", partitioned::Content(-1));
  CHECK(hash_of(once) != before);
  once.put("o1", std::move(taken));
  CHECK(hash_of(once) == before);
}

TEST_CASE("a shelf and a catalog weigh and hash as a map of what they hold") {
  std::map<std::string, std::string> map;
  partitioned::Shelf<std::string> shelf;
  auto initial = std::make_shared<partitioned::Named<partitioned::ObjectSpec>>();
  for (const char* name : {"w", "b"}) {  // b goes, w moves
    initial->add(name, {0, "P1"});
    map[name] = "P1";
    shelf.put(name, "P1");
  }
  partitioned::Catalog catalog(initial, false);
  const std::map<std::string, std::string> later{{"z", "P2"}, {"w", "P22"}, {"a", "P3"}};
  for (const auto& [name, where] : later) {
    map[name] = where;
    shelf.put(name, where);
    catalog.put(name, where);
  }
  map.erase("b");
  shelf.erase("b");
  catalog.erase("b");
  CHECK(hash_of(shelf) == hash_of(map));
  CHECK(hash_of(catalog) == hash_of(map));
  CHECK(wire_bytes(shelf) == wire_bytes(map));
  CHECK(wire_bytes(catalog) == wire_bytes(map));
}

TEST_CASE("commands of an application are refused where they make no sense") {
  const auto error = [](const std::string& operation) -> std::string {
    Scenario s = posts("s-smr", "{}");
    s.workload = "{\"operations\": [" + operation + "]}";
    try {
      testing::run(s);
    } catch (const ConfigError& e) {
      return e.pointer + ": " + e.what();
    }
    return "none";
  };
  const std::string at = "/workload/operations/0";
  CHECK(error(R"({"client": "a", "do": "read", "object": "u0"})").find(at + "/do: ") == 0);
  CHECK(error(R"({"client": "a", "do": "post", "user": "u0"})") ==
        at + ": the member \"text\" is missing");
  CHECK(
      error(R"({"client": "a", "do": "follow", "user": "u0", "whom": "u0"})").find(at + "/whom") ==
      0);
  CHECK(error(R"({"client": "a", "do": "timeline", "usr": "u0"})").find(at + "/usr") == 0);
  Scenario both = posts("s-smr", "{}");
  both.workload = R"({"operations": [], "generate": {"clients": 1, "operations": 1}})";
  CHECK_THROWS_AS(testing::run(both), ConfigError);
}

TEST_CASE("what objects name stays, under every protocol") {
  const std::string tpcc = R"({"partitions": {"P1": {}}, "application": "tpcc", "generate": {}})";
  const auto placed = [](const char* application, const char* object) {
    return std::string(R"({"partitions": {"P1": {}}, "application": ")") + application +
           R"(", "objects": {"u0": {"at": "P1", "value": )" + object + "}}}";
  };
  const std::string user = placed("chirper", R"({"followers": []})");
  const std::string at = "/workload/operations/0";
  const std::vector<std::array<std::string, 4>> bad{
      {user, R"({"client": "a", "do": "delete", "object": "u0"})", at + "/do", "others name it"},
      {user, R"({"client": "a", "do": "create", "object": "u1", "value": {"followers": ["u1"]}})",
       at + "/value/followers/0", "\"u1\""},
      {placed("chirper", R"({"followers": ["u0", "nobody"]})"), "",
       "/deployment/objects/u0/value/followers/1", "\"nobody\""},
      {tpcc, R"({"client": "a", "do": "delete", "object": "w1.d1.c1"})", at + "/do", "deleted"},
      {tpcc, R"({"client": "a", "do": "create", "object": "w1.d1.c99"})", at + "/do", "makes"},
      {placed("tpcc", R"({"waiting": [[1, 99, 5]]})"), "", "/deployment/objects/u0/value", "makes"},
  };
  for (const char* protocol : {"s-smr", "ds-smr", "dynastar", "location-broker"}) {
    for (const auto& [deployment, operation, pointer, says] : bad) {
      CAPTURE(protocol);
      CAPTURE(operation);
      Scenario s = posts(protocol, "{}");
      s.deployment = deployment;
      s.workload = "{\"operations\": [" + operation + "]}";
      try {
        testing::run(s);
        FAIL("was accepted");
      } catch (const ConfigError& e) {
        CHECK(e.pointer == pointer);
        CHECK(std::string(e.what()).find(says) != std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace sibyl::partitioned_apps_test
