// Hash tables of places, and the windows of senders that stand on one.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "protocols/multicast/types.hpp"
#include "protocols/partitioned/catalog.hpp"
#include "protocols/places.hpp"

namespace sibyl::places_test {

TEST_CASE("every key that was added is found at its place, and no other") {
  std::vector<std::pair<std::string, int>> items;
  Places places;
  CHECK(places.find(items, std::string_view("u0")) == Places::kNone);
  for (int i = 0; i < 1000; ++i) {
    items.emplace_back("u" + std::to_string(i), i);
    places.add_last(items);
    CHECK(places.find(items, "u" + std::to_string(i + 1)) == Places::kNone);
    // Also those from before the table has grown.
    CHECK(places.find(items, "u" + std::to_string(i / 2)) == static_cast<std::size_t>(i / 2));
  }
  for (std::size_t i = 0; i < items.size(); ++i) CHECK(places.find(items, items[i].first) == i);
}

TEST_CASE("windows are those of a sender and a group, and hash as a set") {
  multicast::Windows one;
  multicast::Windows other;
  for (std::uint32_t sender = 0; sender < 100; ++sender) {
    CHECK(one.find({NodeId{sender}, 1}) == nullptr);
    CHECK(one.of({NodeId{sender}, 1}).add(1));
    CHECK(one.of({NodeId{sender}, 2}).add(2));
    CHECK(other.of({NodeId{99 - sender}, 2}).add(2));
    CHECK(other.of({NodeId{99 - sender}, 1}).add(1));
  }
  CHECK(one.size() == 200);
  for (std::uint32_t sender = 0; sender < 100; ++sender) {
    CHECK_FALSE(one.of({NodeId{sender}, 1}).add(1));
    CHECK(one.find({NodeId{sender}, 2})->has(2));
    CHECK_FALSE(one.find({NodeId{sender}, 2})->has(1));
  }
  CHECK(hash_of(one) == hash_of(other));
  other.of({NodeId{7}, 1}).add(2);
  CHECK(hash_of(one) != hash_of(other));
}

TEST_CASE("windows of senders that are numbered otherwise hash alike under that numbering") {
  multicast::Windows one;
  multicast::Windows swapped;
  one.of({NodeId{0}, 1}).add(1);
  one.of({NodeId{1}, 1}).add(2);
  swapped.of({NodeId{1}, 1}).add(1);
  swapped.of({NodeId{0}, 1}).add(2);
  const std::vector<std::uint32_t> same{0, 1};
  const std::vector<std::uint32_t> exchange{1, 0};
  const auto hash = [](const multicast::Windows& w, const std::vector<std::uint32_t>& renaming) {
    Hasher h(renaming);
    hash_append(h, w);
    return h.value();
  };
  CHECK(hash(one, same) != hash(swapped, same));
  CHECK(hash(one, same) == hash(swapped, exchange));
}

TEST_CASE("a catalog knows what has changed after it was asked, and so does each copy its own") {
  using partitioned::Catalog;
  auto initial = std::make_shared<partitioned::Named<partitioned::ObjectSpec>>();
  CHECK(initial->add("x", {0, "P1"}));
  CHECK_FALSE(initial->add("x", {0, "P2"}));
  CHECK(initial->add("a", {0, "P2"}));
  Catalog catalog(initial, false);
  REQUIRE(catalog.find("x") != nullptr);
  CHECK(*catalog.find("x") == "P1");
  CHECK(catalog.find("y") == nullptr);
  Catalog copy = catalog;
  copy.put("x", "P3");
  copy.put("y", "P1");
  CHECK(*copy.find("x") == "P3");
  CHECK(*copy.find("y") == "P1");
  CHECK(*catalog.find("x") == "P1");
  CHECK(catalog.find("y") == nullptr);
  CHECK(hash_of(catalog) != hash_of(copy));
  copy.erase("y");
  CHECK(copy.find("y") == nullptr);
  copy.put("x", "P1");
  CHECK(hash_of(catalog) == hash_of(copy));
  copy.erase("x");
  CHECK(copy.find("x") == nullptr);
  CHECK(*catalog.find("x") == "P1");
  catalog.put("z", "P1");
  CHECK(*catalog.find("z") == "P1");
  for (int i = 0; i < 2; ++i) {  // what was asked before does not outlive its name
    CHECK(*catalog.find(std::string("a")) == "P2");
    CHECK(catalog.find(std::string("b")) == nullptr);
  }
  const Catalog before = catalog;
  catalog.put("z", "P2");
  CHECK(*before.find("z") == "P1");
  CHECK(*catalog.find("z") == "P2");
}

TEST_CASE("the hash of a catalog does not depend on the order of its objects in the deployment") {
  using Objects = partitioned::Named<partitioned::ObjectSpec>;
  auto one = std::make_shared<Objects>();
  auto other = std::make_shared<Objects>();
  one->add("a", {0, "P1"});
  one->add("b", {0, "P2"});
  other->add("b", {0, "P2"});
  other->add("a", {0, "P1"});
  CHECK(hash_of(partitioned::Catalog(one, false)) == hash_of(partitioned::Catalog(other, false)));
}

}  // namespace sibyl::places_test
