// Zones that grow, and what they forget.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

#include "analysis/check/online_judge.hpp"
#include "analysis/check/online_zones.hpp"
#include "analysis/models/models.hpp"

namespace sibyl::analysis::online_zones_test {
namespace {

using Answer = OnlineZones::Answer;

/// Feeds zones as the judge does; events are numbered from 1.
struct Key {
  OnlineZones zones{kNullCode};
  std::int64_t now = 0;

  static ValueCode code(int value) { return static_cast<ValueCode>(value + 1); }
  Answer write(int value) {
    const Answer called = zones.write_called(code(value), ++now);
    return called == Answer::fine ? zones.write_returned(code(value), ++now) : called;
  }
  Answer read(int value) { return read_called_at(++now, value); }
  Answer read_called_at(std::int64_t call, int value) {
    return zones.read_returned(code(value), call, ++now);
  }
  void drop(std::int64_t earliest) {
    if (zones.is_full()) zones.drop_closed(earliest);
  }
};

TEST_CASE("values that nothing open can read are forgotten: what is kept does not grow") {
  Key key;
  std::size_t most = 0;
  for (int value = 0; value < 10'000; ++value) {
    REQUIRE(key.write(value) == Answer::fine);
    REQUIRE(key.read(value) == Answer::fine);
    key.drop(key.now + 1);
    most = std::max(most, key.zones.size());
  }
  CHECK(most <= 16);
  CHECK(key.zones.bytes() < 4096);
}

TEST_CASE("the read of a forgotten value is a violation, as if it had been kept") {
  for (const int stale : {0, 50, 98}) {
    Key key;
    for (int value = 0; value < 100; ++value) {
      REQUIRE(key.write(value) == Answer::fine);
      REQUIRE(key.read(value) == Answer::fine);
      key.drop(key.now + 1);
    }
    CHECK(key.read(99) == Answer::fine);
    CHECK(key.read(stale) == Answer::violated);
  }
  Key start;
  for (int value = 0; value < 100; ++value) {
    start.write(value);
    start.drop(start.now + 1);
  }
  CHECK(start.zones.read_returned(kNullCode, start.now, start.now + 1) == Answer::violated);
}

TEST_CASE("a value that is forgotten may be written again; one that is kept has two sources then") {
  Key key;
  for (int value = 0; value < 100; ++value) {
    key.write(value);
    key.drop(key.now + 1);
  }
  CHECK(key.write(99) == Answer::ambiguous);
  Key again;
  for (int value = 0; value < 100; ++value) {
    again.write(value);
    again.drop(again.now + 1);
  }
  CHECK(again.write(3) == Answer::fine);
  CHECK(again.read(3) == Answer::fine);
  CHECK(again.read(99) == Answer::violated);
}

TEST_CASE("a read that is open keeps what it may return, and no more") {
  Key key;
  for (int value = 0; value < 40; ++value) {
    key.write(value);
    key.drop(key.now + 1);
  }
  const std::int64_t call = ++key.now;
  for (int value = 40; value < 2000; ++value) {
    key.write(value);
    key.drop(call);
  }
  CHECK(key.zones.size() > 1960);
  Key other = key;
  CHECK(other.read_called_at(call, 39) == Answer::fine);
  other = key;
  CHECK(other.read_called_at(call, 1000) == Answer::fine);
  other = key;
  CHECK(other.read_called_at(call, 38) == Answer::violated);
}

TEST_CASE("a value whose write is open is kept: that it failed after it was read is a violation") {
  Key key;
  REQUIRE(key.zones.write_called(Key::code(5000), ++key.now) == Answer::fine);
  REQUIRE(key.read(5000) == Answer::fine);
  for (int value = 0; value < 100; ++value) {
    REQUIRE(key.write(value) == Answer::fine);
    key.drop(key.now + 1);
  }
  CHECK(key.zones.size() <= 16);
  Key other = key;
  CHECK(other.zones.write_failed(Key::code(5000)) == Answer::violated);
  other = key;
  CHECK(other.read(5000) == Answer::violated);
  other = key;
  CHECK(other.zones.write_returned(Key::code(5000), ++other.now) == Answer::fine);
  CHECK(other.read(5000) == Answer::violated);
}

TEST_CASE("a long history of a register takes little more than its operations") {
  constexpr std::uint32_t kOperations = 100'000;
  FlatHistory words;
  words.processes.number("0");
  OnlineJudge judge(words, *find_model("register"), Value());
  for (std::uint32_t i = 0; i < kOperations; ++i) {
    FlatOperation op;
    op.f = static_cast<std::uint16_t>(words.functions.number(i % 2 == 0 ? "write" : "read"));
    op.key = words.keys.number("x");
    op.value = words.values.code(static_cast<std::int64_t>(i / 2));
    op.call = 2 * i;
    op.ret = op.call + 1;
    judge.end(judge.call(op), op);
  }
  judge.finish();
  CHECK_FALSE(judge.violation());
  CHECK(judge.undecided().empty());
  CHECK(judge.bytes() / kOperations < sizeof(FlatOperation) + 16);
}

}  // namespace
}  // namespace sibyl::analysis::online_zones_test
