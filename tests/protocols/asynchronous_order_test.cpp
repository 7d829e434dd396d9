// The asynchronous total order: epochs and what they cost, blocks that lie, sealed blocks, and what
// a scheduler that reads blocks can keep out.
#include "protocols/total_order/asynchronous_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "protocols/broadcast/bracha.hpp"
#include "protocols/total_order/sealed.hpp"
#include "sim/pending.hpp"
#include "tests/protocols/subset_world.hpp"

namespace sibyl::order_subset_test::asynchronous_order_test {

using subset_test::Case;
using subset_test::Ended;
using subset_test::Ran;
using subset_test::run;

struct Said {
  int party = 0;
  std::string label;
  int at = 0;  ///< ticks
};

Setup order_of(std::uint32_t n, const std::vector<Said>& said,
               std::vector<std::string> variants = {}, Value options = {}) {
  Setup setup;
  setup.variants = std::move(variants);
  setup.options = std::move(options);
  setup.deployment.set("parties", Value(static_cast<std::int64_t>(n)));
  Value::List list;
  for (const Said& one : said) {
    list.emplace_back(Value::Object{{"party", "P" + std::to_string(one.party)},
                                    {"label", one.label},
                                    {"at", std::to_string(one.at) + "ms"}});
  }
  setup.workload.set("broadcasts", Value(std::move(list)));
  return setup;
}

Case order(Setup setup) { return {.protocol = "asynchronous-order", .setup = std::move(setup)}; }

Value option(const char* name, Value value) {
  return Value(Value::Object{{name, std::move(value)}});
}

TEST_CASE("an epoch takes 4 delays and 4 a round; then nothing is sent") {
  const std::uint64_t n = 4;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    Case c = order(order_of(4, {{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}}));
    c.seed = seed;
    const Ran ran = run(c);
    CHECK(ran.outcome == Outcome::quiescent);
    CHECK(ran.counts.at("epoch") == n);
    CHECK(ran.by_kind.at("asynchronous_order::Data") == 4 * n * (n - 1));
    CHECK(ran.by_kind.at("bracha::Send") == n * (n - 1));
    CHECK(ran.by_kind.at("bracha::Echo") == n * n * (n - 1));
    CHECK(ran.by_kind.at("common_subset::Seen") == n * n * (n - 1));
    for (const char* party : {"P0", "P1", "P2", "P3"}) {
      CHECK(ran.contents(party) == "a b c d");
      const std::int64_t at = ran.ended.at(party)[0].at;
      CHECK(at >= 8);
      CHECK(at % 4 == 0);
    }
  }
}

TEST_CASE("who has nothing to say joins the epoch of somebody else") {
  const Ran ran = run(order(order_of(4, {{0, "x"}})));
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.counts.at("epoch") == 4);
  for (const char* party : {"P0", "P1", "P2", "P3"}) CHECK(ran.contents(party) == "x");
}

TEST_CASE("threshold encryption takes n(n - 1) shares and one delay more") {
  const std::vector<Said> said{{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}};
  const Ran plain = run(order(order_of(4, said, {"no-seen"})));
  const Ran sealed = run(order(order_of(4, said, {"no-seen"}, option("encryption", "threshold"))));
  CHECK(sealed.contents("P2") == plain.contents("P2"));
  CHECK(sealed.counts.at("epoch") == plain.counts.at("epoch"));
  const std::uint64_t epochs = sealed.counts.at("epoch") / 4;
  CHECK(sealed.by_kind.at("asynchronous_order::Share") == 12 * epochs);
  CHECK(sealed.ended.at("P2")[0].at == plain.ended.at("P2")[0].at + 1);
}

TEST_CASE("in any order of messages all deliver the same sequence, whatever the blocks") {
  for (const char* variant : {"", "no-seen", "honey-badger", "sampled", "flooding-named"}) {
    CAPTURE(variant);
    const std::vector<std::string> variants =
        *variant == 0 ? std::vector<std::string>{} : std::vector<std::string>{variant};
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
      Case c = order(order_of(4, {{0, "a"}, {1, "b"}, {1, "c"}, {3, "d"}, {2, "e", 1}}, variants));
      c.seed = seed;
      c.ties = TieRule::any;
      if (seed % 3 == 0) c.shims = {{2, {byzantine::Silence{10 * seed}}}};
      const Ran ran = run(c);
      CHECK(ran.outcome == Outcome::quiescent);
      CHECK(ran.contents("P0") == ran.contents("P1"));
      CHECK(ran.contents("P0") == ran.contents("P3"));
      CHECK(ran.ended.at("P0").size() >= 4);
    }
  }
}

TEST_CASE("a block survives being sealed, and opens with its own key alone") {
  const std::vector<Value> values{
      Value(),
      Value(true),
      Value(-7),
      Value(2.5),
      Value("a;b"),
      Value(Value::List{}),
      Value(Value::List{Value(1), Value(Value::Object{{"k", Value("v")}}), Value()})};
  for (const Value& value : values) {
    const std::string sealed = total_order::seal(value, 3);
    CHECK(total_order::open(Value(sealed), 3) == value);
    CHECK(!total_order::open(Value(sealed), 4));
    CHECK(!total_order::open(Value(sealed + "00"), 3));
  }
  CHECK(!total_order::open(Value("lie"), 3));
  CHECK(!total_order::open(Value(), 3));
}

TEST_CASE("a block is sealed and opened however deep its items are nested") {
  Value value("x");
  for (int depth = 0; depth < 200; ++depth) {
    CAPTURE(depth);
    REQUIRE(total_order::open(Value(total_order::seal(value, 3)), 3) == value);
    value = depth % 2 == 0 ? Value(Value::List{value}) : Value(Value::Object{{"k", value}});
  }
}

TEST_CASE("items in blocks that were changed on the way do not count") {
  broadcast::Parties parties;
  parties.all = {{0}, {1}};
  const std::vector<broadcast::Item> items{{{{1}, 1}, Value("a")}, {{{0}, 2}, Value(5)}};
  Value block = total_order::block_of(items);
  CHECK(total_order::items_in(block, parties) == items);
  (*(*block.as_list())[0].as_list())[2] = Value("lie");
  CHECK(total_order::items_in(block, parties).size() == 1);
  CHECK(total_order::items_in(Value("lie"), parties).empty());
}

/// Messages with a block in which x, the second item, can be read come when nothing else is left.
class Censor final : public Choices {
 public:
  Censor(std::uint64_t seed, std::uint32_t n) : seeded_(seed) {
    for (std::uint32_t i = 0; i < n; ++i) parties_.all.push_back({i});
  }
  std::uint64_t pick(Question q, std::uint64_t options) override {
    return seeded_.pick(q, options);
  }
  std::int64_t draw(Question q, const Distribution& d) override { return seeded_.draw(q, d); }
  bool chance(Question q, Probability p) override { return seeded_.chance(q, p); }
  std::size_t pick_arrival(const Arrivals& arrivals) override {
    for (std::size_t i = 0; i < arrivals.places.size(); ++i) {
      if (!has_x(arrivals.message(i).message)) return i;
    }
    return 0;
  }

 private:
  bool has_x(const Message& message) const {
    const broadcast::Item* item = nullptr;
    if (const auto* send = message.as<bracha::Send>()) item = &send->item;
    if (const auto* echo = message.as<bracha::Echo>()) item = &echo->item;
    if (const auto* ready = message.as<bracha::Ready>()) item = &ready->item;
    if (item == nullptr) return false;
    const auto items = total_order::items_in(item->content, parties_);
    return std::any_of(items.begin(), items.end(),
                       [](const broadcast::Item& one) { return one.id.number == 2; });
  }
  SeededChoices seeded_;
  broadcast::Parties parties_;
};

/// The epoch after the first in which P1 delivers x, of so many runs in the mean, times 100.
std::uint64_t epochs_until_x(const std::vector<std::string>& variants, const Value& options,
                             std::uint64_t runs) {
  // P0 says all: the first item makes an epoch of its own, then x is the oldest everywhere.
  std::vector<Said> said;
  for (int i = 0; i < 30; ++i) said.push_back({0, "m" + std::to_string(i)});
  std::uint64_t sum = 0;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    Case c = order(order_of(4, said, variants, options));
    c.ties = TieRule::any;
    Censor censor(seed, 4);
    const Ran ran = run(c, censor);
    for (const Ended& one : ran.ended.at("P1")) {
      if (one.number == 2) sum += one.round - 1;
    }
  }
  return 100 * sum / runs;
}

TEST_CASE("a scheduler that reads samples keeps x out; sealed ones, or full blocks, it cannot") {
  // Each of four parties has x in its sample of one with probability 1/4; the scheduler can keep
  // one of them out. Read: 2 of 4 are needed, 3.8 epochs; sealed: at most 1.73; full: 1.
  const Value one_each = option("batch", Value(4));
  const std::uint64_t read = epochs_until_x({"sampled"}, one_each, 40);
  const std::uint64_t sealed = epochs_until_x({"honey-badger"}, one_each, 40);
  const std::uint64_t full = epochs_until_x({"no-seen"}, {}, 10);
  MESSAGE("epochs until x, times 100: read " << read << ", sealed " << sealed << ", full " << full);
  CHECK(read > 270);
  CHECK(sealed < 230);
  CHECK(full == 100);
}

}  // namespace sibyl::order_subset_test::asynchronous_order_test
