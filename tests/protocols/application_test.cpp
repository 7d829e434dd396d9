// The applications of the partitioned protocols as state machines, by themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"
#include "tests/protocols/partitioned_world.hpp"

namespace sibyl::partitioned::application_test {

namespace {

using testing::Json;

const std::string kPointer = "/deployment/application";

/// An application with all its objects in one place.
class OnePlace {
 public:
  explicit OnePlace(const std::string& application)
      : app_(make_application(Json::read(application), kPointer, 3)) {
    app_->populate([&](const std::string& name, Content content, std::uint64_t group) {
      objects[name] = std::move(content);
      groups[name] = group;
    });
  }

  Request request(const std::string& command, const std::string& fields) const {
    std::vector<std::string> known;
    for (const auto& [name, content] : objects) known.push_back(name);
    return app_->read(command, Json::read(fields), "/workload/operations/0", known);
  }
  /// The answer of a command on all objects.
  Value call(const std::string& command, const std::string& fields) {
    const Request r = request(command, fields);
    return app_->execute({kNoSteps, r}, objects).result;
  }
  std::string history(const std::string& command, const std::string& fields) {
    const Request r = request(command, fields);
    const Execution done = app_->execute({kNoSteps, r}, objects);
    return app_->history({kNoSteps, r}, &done).text();
  }
  const Application& app() const { return *app_; }

  Objects objects;
  std::map<std::string, std::uint64_t> groups;
  const std::vector<Step> kNoSteps;

 private:
  ApplicationPtr app_;
};

/// A number of the list that a command answered.
std::int64_t at_number(const Value& result, std::size_t place) {
  return *(*result.find("answer")->as_list())[place].as_int();
}

std::string error_of(const std::string& application) {
  try {
    make_application(Json::read(application), kPointer, 3);
  } catch (const ConfigError& e) {
    return e.pointer + ": " + e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("the key-value application gets, puts, appends, and compares before it sets") {
  OnePlace kv(R"({"name": "kv", "options": {"keys": 2}})");
  CHECK(kv.call("get", R"({"key": "k0"})") == Value(""));
  kv.call("put", R"({"key": "k0", "value": "a"})");
  CHECK(kv.call("append", R"({"key": "k0", "value": "b"})") == Value("ab"));
  CHECK(kv.call("cas", R"({"key": "k0", "expected": "a", "value": "c"})") == Value("ab"));
  CHECK(kv.call("get", R"({"key": "k0"})") == Value("ab"));
  CHECK(kv.call("cas", R"({"key": "k0", "expected": "ab", "value": "c"})") == Value("ab"));
  CHECK(kv.call("get", R"({"key": "k0"})") == Value("c"));
  CHECK(kv.call("get", R"({"key": "k1"})") == Value(""));
}

TEST_CASE("compare and set is a read in the history, and a write where it wrote") {
  OnePlace kv(R"({"name": "kv", "options": {"keys": 1}})");
  CHECK(kv.history("cas", R"({"key": "k0", "expected": "x", "value": "y"})") ==
        "[[read, k0, \"\"]]");
  CHECK(kv.history("cas", R"({"key": "k0", "expected": "", "value": "y"})") ==
        "[[read, k0, \"\"], [write, k0, y]]");
  CHECK(kv.history("append", R"({"key": "k0", "value": "z"})") == "[[append, k0, [z, yz]]]");
}

TEST_CASE("a transfer keeps the total, and is refused where the balance is short") {
  OnePlace bank(R"({"name": "bank", "options": {"accounts": 3, "balance": 10}})");
  CHECK(bank.history("transfer", R"({"from": "a0", "to": "a1", "amount": 7})") ==
        "[[add, a0, [-7, 3]], [add, a1, [7, 17]]]");
  CHECK(bank.history("transfer", R"({"from": "a0", "to": "a1", "amount": 4})") ==
        "[[read, a0, 3], [read, a1, 17]]");
  CHECK(bank.history("transfer", R"({"from": "a1", "to": "a1", "amount": 5})") ==
        "[[add, a1, [-5, null]], [add, a1, [5, 17]]]");
  CHECK(bank.call("audit", "{}").text() == "{a0: 3, a1: 17, a2: 10}");
  CHECK(bank.call("deposit", R"({"account": "a2", "amount": 5})") == Value(15));
  CHECK(bank.call("audit", R"({"accounts": ["a2", "a0"]})").text() == "{a0: 3, a2: 15}");
}

TEST_CASE("a deposit that does not fit in 64 bits is refused") {
  OnePlace bank(R"({"name": "bank", "options": {"accounts": 1, "balance": 10}})");
  CHECK(bank.history("deposit", R"({"account": "a0", "amount": 9223372036854775807})") == "[]");
  CHECK(bank.objects.at("a0") == Value(10));
}

TEST_CASE("a post reaches whoever follows by then, and no others") {
  OnePlace chirper(R"({"name": "chirper", "options": {"users": 3, "followees": 0}})");
  chirper.call("post", R"({"user": "u0", "text": "early"})");
  chirper.call("follow", R"({"user": "u1", "whom": "u0"})");
  const Request post = chirper.request("post", R"({"user": "u0", "text": "late"})");
  CHECK(post.objects == std::vector<std::string>{"u0"});
  CHECK(chirper.app().touches({chirper.kNoSteps, post}, chirper.objects) ==
        std::vector<std::string>{"u0", "u1"});
  chirper.app().execute({chirper.kNoSteps, post}, chirper.objects);
  const auto texts = [&](const std::string& user) {
    std::string all;
    const Value seen = chirper.call("timeline", "{\"user\": \"" + user + "\"}");
    for (const Value& each : *seen.find("answer")->as_list()) all += text_of(each, "text") + " ";
    return all;
  };
  CHECK(texts("u1") == "early late ");  // the earlier one came with the following
  CHECK(texts("u2").empty());
  chirper.call("unfollow", R"({"user": "u1", "whom": "u0"})");
  CHECK(texts("u1").empty());
  chirper.call("post", R"({"user": "u0", "text": "last"})");
  CHECK(texts("u1").empty());
}

TEST_CASE("following twice, or not following, changes nothing and is a read") {
  OnePlace chirper(R"({"name": "chirper", "options": {"users": 2, "followees": 0}})");
  CHECK(chirper.history("unfollow", R"({"user": "u1", "whom": "u0"})") == "[[read, u0, 0]]");
  CHECK(chirper.history("follow", R"({"user": "u1", "whom": "u0"})") ==
        "[[add, u1, [1, 1]], [add, u0, [1, 1]]]");
  CHECK(chirper.history("follow", R"({"user": "u1", "whom": "u0"})") == "[[read, u0, 1]]");
}

TEST_CASE(
    "a post is executed on the followers at hand, and says of which others it knows nothing") {
  OnePlace chirper(R"({"name": "chirper", "options": {"users": 3, "followees": 0}})");
  chirper.call("follow", R"({"user": "u1", "whom": "u0"})");
  chirper.call("follow", R"({"user": "u2", "whom": "u0"})");
  const Request post = chirper.request("post", R"({"user": "u0", "text": "t"})");
  Objects some{{"u0", chirper.objects.at("u0")}, {"u2", chirper.objects.at("u2")}};
  const Execution done = chirper.app().execute({chirper.kNoSteps, post}, some);
  CHECK(chirper.app().history({chirper.kNoSteps, post}, &done).text() ==
        "[[add, u0, [1, 3]], [add, u1, [1, null]], [add, u2, [1, 2]]]");
  CHECK(some.size() == 2);
}

TEST_CASE("a client that learns names the followers that it was told of, of so many authors") {
  const auto chirper = [](const std::string& known) {
    return make_application(
        Json::read(R"({"name": "chirper", "options": {"users": 200, "groups": 1, "followees": 2,
                   "followers_known": ")" +
                   known + "\"}}"),
        kPointer, 1);
  };
  const Distribution first = Distribution::uniform(0, 0);  // always of u0
  struct NoDraws final : Draws {
    std::uint64_t below(std::uint64_t) override { return 0; }
    std::int64_t sample(const Distribution&) override { return 0; }
  } draws;
  const auto named = [&](const ApplicationPtr& app, Value& memory) {
    return app->generate({"post", "c1.1", &first, draws, memory}).request;
  };
  Value memory;
  const ApplicationPtr learned = chirper("learned");
  const Request before = named(learned, memory);
  CHECK(before.objects.size() > 1);  // those of the graph
  learned->learn(before, {"u0", "u150", "u7"}, memory);
  CHECK(named(learned, memory).objects == std::vector<std::string>{"u0", "u150", "u7"});
  for (int i = 1; i < 100; ++i) {
    Request other = before;
    other.arguments = Content(Value(Value::Object{{"user", Value("u" + std::to_string(i))}}));
    learned->learn(other, {"u1"}, memory);
  }
  CHECK(memory.as_object()->size() == 64);
  CHECK(named(learned, memory) == before);  // forgotten again

  Value nothing;
  const ApplicationPtr at_first = chirper("at_first");
  at_first->learn(before, {"u0", "u7"}, nothing);
  CHECK(nothing.is_null());
  CHECK(named(chirper("none"), nothing).objects == std::vector<std::string>{"u0"});
  CHECK_FALSE(learned->names_all({{}, before}));
  CHECK(chirper("asked")->names_all({{}, before}));
}

TEST_CASE("timelines and posts keep the latest") {
  OnePlace chirper(
      R"({"name": "chirper", "options": {"users": 2, "followees": 1, "groups": 1,
                                              "timeline_kept": 2}})");
  for (int i = 0; i < 9; ++i) chirper.call("post", R"({"user": "u0", "text": "t"})");
  CHECK(chirper.objects.at("u1").find("timeline")->as_list()->size() == 2);
  CHECK(chirper.objects.at("u0").find("posts")->as_list()->size() == 5);
}

TEST_CASE("with strong locality no edge leaves its group, with an edge cut some do") {
  const auto crossing = [](const std::string& options) {
    OnePlace chirper(R"({"name": "chirper", "options": {"users": 300, "groups": 3, )" + options +
                     "}}");
    std::size_t edges = 0;
    std::size_t cut = 0;
    for (const auto& [name, user] : chirper.objects) {
      for (const Value& follower : *user.find("followers")->as_list()) {
        ++edges;
        cut += chirper.groups.at(name) != chirper.groups.at(*follower.as_string()) ? 1 : 0;
      }
    }
    CHECK(edges == 1500);
    return cut;
  };
  CHECK(crossing(R"("edge_cut": 0)") == 0);
  // 150 expected; the standard error is 11.6.
  CHECK(crossing(R"("edge_cut": 10)") > 104);
  CHECK(crossing(R"("edge_cut": 10)") < 196);
}

TEST_CASE("a new order numbers itself, takes from the stock, and waits for delivery") {
  OnePlace tpcc(R"({"name": "tpcc", "options": {"warehouses": 2, "districts": 1}})");
  const std::string order =
      R"({"warehouse": 1, "district": 1, "customer": 2, "lines": [[3, 1, 4], [5, 2, 1]]})";
  const Value first = tpcc.call("new_order", order);
  CHECK(at_number(first, 0) == 1);
  CHECK(at_number(tpcc.call("new_order", order), 0) == 2);
  CHECK(int_of(tpcc.objects.at("w1.s3"), "quantity") == 42);
  CHECK(int_of(tpcc.objects.at("w2.s5"), "quantity") == 48);
  const std::int64_t amount = *(*first.find("answer")->as_list())[1].as_int();
  tpcc.call("payment", R"({"warehouse": 1, "district": 1, "customer": 2, "amount": 7})");
  CHECK(int_of(tpcc.objects.at("w1"), "paid") == 7);
  CHECK(tpcc.call("delivery", R"({"warehouse": 1})").find("answer")->text() == "[1]");
  CHECK(int_of(tpcc.objects.at("w1.d1.c2"), "balance") == amount - 7);
  CHECK(tpcc.call("delivery", R"({"warehouse": 1})").find("answer")->text() == "[2]");
  CHECK(tpcc.call("delivery", R"({"warehouse": 1})").find("answer")->text() == "[]");
}

TEST_CASE("an order of an unknown item changes nothing") {
  OnePlace tpcc(R"({"name": "tpcc", "options": {"warehouses": 1, "districts": 1, "items": 9}})");
  const Objects before = tpcc.objects;
  CHECK(
      tpcc.call(
              "new_order",
              R"({"warehouse": 1, "district": 1, "customer": 1, "lines": [[3, 1, 4], [10, 1, 1]]})")
          .find("answer")
          ->is_null());
  CHECK(tpcc.objects == before);
}

TEST_CASE(
    "a delivery touches the customers of the oldest orders, a stock level the items ordered") {
  OnePlace tpcc(R"({"name": "tpcc", "options": {"warehouses": 1, "districts": 2}})");
  tpcc.call("new_order",
            R"({"warehouse": 1, "district": 2, "customer": 4, "lines": [[3, 1, 4], [8, 1, 1]]})");
  const auto touched = [&](const Request& r) {
    return tpcc.app().touches({tpcc.kNoSteps, r}, tpcc.objects);
  };
  CHECK(touched(tpcc.request("delivery", R"({"warehouse": 1})")) ==
        std::vector<std::string>{"w1.d1", "w1.d2", "w1.d2.c4"});
  CHECK(
      touched(tpcc.request("stock_level", R"({"warehouse": 1, "district": 2, "threshold": 50})")) ==
      std::vector<std::string>{"w1.d2", "w1.s3", "w1.s8"});
  CHECK(tpcc.call("stock_level", R"({"warehouse": 1, "district": 2, "threshold": 49})")
            .find("answer")
            ->text() == "1");
}

TEST_CASE("Volery's data counts on the wire, and is not kept") {
  OnePlace volery(R"({"name": "volery", "options": {"nodes": 1, "bytes": 10000}})");
  const Request set = volery.request("set_data", R"({"path": "n0", "data": "a"})");
  CHECK(set.wire_bytes() > 10000);
  CHECK(set.wire_bytes() < 10100);
  volery.app().execute({volery.kNoSteps, set}, volery.objects);
  CHECK(volery.history("get_data", R"({"path": "n0"})") == "[[read, n0, a]]");
}

TEST_CASE("a command on objects that are not there changes nothing, and does not fail") {
  for (const std::string& name : application_names()) {
    const ApplicationPtr app = make_application(Value(name), kPointer, 2);
    std::vector<std::string> commands = app->commands();
    commands.emplace_back("nonsense");
    for (const std::string& command : commands) {
      CAPTURE(name + " " + command);
      const std::vector<Step> none;
      const Request garbled{command, {}, Content(Value(Value::List{Value(3)}))};
      Objects nothing;
      const Execution done = app->execute({none, garbled}, nothing);
      app->history({none, garbled}, &done);
      app->touches({none, garbled}, nothing);
    }
  }
}

TEST_CASE("wrong options of applications are refused where they stand") {
  CHECK(error_of(R"("bonk")").find("/deployment/application: ") == 0);
  CHECK(error_of("7") == kPointer +
                             ": found an integer (7), expected an application: \"bank\", or "
                             "{\"name\": …, \"options\": {…}}");
  CHECK(error_of(R"({"name": "bank", "options": {"acounts": 3}})")
            .find("/deployment/application/options/acounts") == 0);
  CHECK(error_of(R"({"name": "chirper", "options": {"edge_cut": 101}})") ==
        kPointer + "/options/edge_cut: 101 is out of range: from 0 to 100");
  CHECK(error_of(R"({"name": "tpcc", "options": {"warehouses": 1001}})").find("from 0 to 1000") !=
        std::string::npos);
  // Each within its bounds, and too many together.
  CHECK(error_of(R"({"name": "tpcc", "options": {"warehouses": 1000, "customers": 100}})") ==
        kPointer + "/options: 1111000 rows: warehouses x (1 + districts x (1 + customers) + "
                   "items); at most 1000000");
  CHECK(error_of(R"({"name": "tpcc", "options": {"warehouses": 100, "items": 100000}})")
            .find("/options: 10031100 rows") != std::string::npos);
  CHECK(error_of(R"({"name": "chirper", "options": {"users": 1000001, "followees": 1}})") ==
        kPointer + "/options/users: 1000001 is out of range: from 0 to 1000000");
  CHECK(error_of(R"({"name": "chirper", "options": {"users": 10000, "followees": 1001}})") ==
        kPointer + "/options: 10010000 edges at first: users x followees; at most 10000000");
}

}  // namespace sibyl::partitioned::application_test
