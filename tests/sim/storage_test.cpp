// Stable storage: writes are volatile until synced.
#include "sim/storage.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/sim/small_world.hpp"

namespace sibyl::small::storage_test {
namespace {

constexpr NodeId kA{0};

std::uint64_t number(const Message& m) { return m ? m.as<Number>()->n : 0; }
Message record(std::uint64_t n) { return Message::make(Number{n}); }

TEST_CASE("a read sees the newest write, synced or not, and nothing where nothing was written") {
  StableStorage s;
  CHECK(s.empty());
  CHECK(!s.read("a"));
  s.write("a", record(1));
  CHECK(number(s.read("a")) == 1);
  s.sync();
  s.write("a", record(2));
  CHECK(number(s.read("a")) == 2);
  CHECK(!s.read("b"));
  CHECK(!s.empty());
}

TEST_CASE("a crash keeps what was synced and loses what was not") {
  StableStorage s;
  s.write("a", record(1));
  s.write("b", record(2));
  s.sync();
  s.write("a", record(3));
  s.write("c", record(4));
  s.erase("b");
  CHECK(!s.read("b"));
  s.crash([] { return false; });
  CHECK(number(s.read("a")) == 1);
  CHECK(number(s.read("b")) == 2);
  CHECK(!s.read("c"));
}

TEST_CASE("a synced erasure is for good") {
  StableStorage s;
  s.write("a", record(1));
  s.sync();
  s.erase("a");
  s.sync();
  s.crash([] { return true; });
  CHECK(!s.read("a"));
  CHECK(s.empty());
}

TEST_CASE("unsynced writes survive one by one, in order of keys") {
  StableStorage s;
  for (const char* key : {"c", "a", "b"}) s.write(key, record(static_cast<std::uint64_t>(*key)));
  int asked = 0;
  s.crash([&] { return ++asked == 2; });
  CHECK(asked == 3);
  CHECK(!s.read("a"));
  CHECK(number(s.read("b")) == 'b');
  CHECK(!s.read("c"));
}

TEST_CASE("an erasure that survives a crash erases") {
  StableStorage s;
  s.write("a", record(1));
  s.sync();
  s.erase("a");
  s.crash([] { return true; });
  CHECK(!s.read("a"));
}

TEST_CASE("a wipe leaves nothing") {
  StableStorage s;
  s.write("a", record(1));
  s.sync();
  s.write("b", record(2));
  s.wipe();
  CHECK(s.empty());
  CHECK(!s.read("a"));
}

TEST_CASE("the hash tells synced from unsynced, and goes by value") {
  StableStorage s;
  StableStorage t;
  s.write("a", record(1));
  t.write("a", record(1));
  CHECK(hash_of(s) == hash_of(t));
  s.sync();
  CHECK(hash_of(s) != hash_of(t));
  t.sync();
  CHECK(hash_of(s) == hash_of(t));
  t.write("a", record(2));
  t.sync();
  CHECK(hash_of(s) != hash_of(t));
}

/// Writes "synced", syncs, writes "one" and "two", crashes at 10; says at 20 what it finds.
std::string found_after(WorldConfig config, bool storage, std::uint64_t seed) {
  config.faults = {at(10, fault::Crash{kA}), at(20, fault::Recover{kA, storage})};
  World world(config);
  Behaviour b;
  b.start = [](Actor&, Context& c) {
    c.store("synced", Number{1});
    c.sync_storage();
    c.store("one", Number{2});
    c.store("two", Number{3});
  };
  b.recover = [](Actor& self, Context& c) {
    for (const char* key : {"synced", "one", "two"}) {
      if (c.storage().read(key)) self.add(key, c);
    }
  };
  add(world, "A", b);
  run(world, seed);
  return log(world, kA);
}

TEST_CASE("a recovery with storage finds what was synced, one without finds nothing") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK(found_after(calm(), true, seed) == "recover@20 synced@20");
    CHECK(found_after(calm(), false, seed) == "recover@20");
  }
}

TEST_CASE("where the world lets them, unsynced writes survive or not, as is chosen") {
  WorldConfig config = calm();
  config.unsynced_survive = true;
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) seen.insert(found_after(config, true, seed));
  CHECK(seen == std::set<std::string>{"recover@20 synced@20", "recover@20 synced@20 one@20",
                                      "recover@20 synced@20 two@20",
                                      "recover@20 synced@20 one@20 two@20"});
}

TEST_CASE("the choice about unsynced writes is asked as such, for the node that crashes") {
  WorldConfig config = calm();
  config.unsynced_survive = true;
  config.faults = {at(10, fault::Crash{kA})};
  World world(config);
  add(world, "A", at_start([](Actor&, Context& c) { c.store("one", Number{2}); }));
  SeededChoices seeded(1);
  RecordingChoices recording(seeded);
  world.run(recording, {});
  REQUIRE(recording.decided().size() == 1);
  CHECK(recording.decided()[0].what == Decision::unsynced);
  CHECK(recording.decided()[0].node == kA);
  CHECK(recording.decided()[0].options == 2);
}

TEST_CASE("storage outlives two crashes") {
  WorldConfig config = calm();
  config.faults = {at(10, fault::Crash{kA}), at(20, fault::Recover{kA}), at(30, fault::Crash{kA}),
                   at(40, fault::Recover{kA})};
  World world(config);
  Behaviour b;
  b.start = [](Actor&, Context& c) {
    c.store("lives", Number{1});
    c.sync_storage();
  };
  b.recover = [](Actor& self, Context& c) {
    const auto lives = c.storage().read("lives").as<Number>()->n;
    self.numbers["lives"] = static_cast<std::int64_t>(lives);
    c.store("lives", Number{lives + 1});
    c.sync_storage();
  };
  add(world, "A", b);
  run(world);
  CHECK(actor(world, kA).numbers.at("lives") == 2);
}

}  // namespace
}  // namespace sibyl::small::storage_test
