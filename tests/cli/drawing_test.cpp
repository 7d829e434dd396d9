// Drawings of agreements by sibyl view: their width, and that their labels are whole.
#include <doctest/doctest.h>

#include <string>

#include "tests/cli/verb_runner.hpp"

namespace sibyl::drawing_test {

using namespace sibyl::test;

namespace {

std::string drawing(const std::string& id) {
  return sibyl_with({"view", SIBYL_SOURCE_DIR "/scenarios/smr/" + id + ".json", "--only",
                     "smr-" + id, "--to", "svg"})
      .out;
}

int width_of(const std::string& svg) {
  const std::string before = "viewBox=\"0 0 ";
  const auto at = svg.find(before);
  REQUIRE(at != std::string::npos);
  return std::stoi(svg.substr(at + before.size()));
}

bool is_cut(const std::string& svg) { return svg.find("…</text>") != std::string::npos; }

}  // namespace

TEST_CASE("a drawing with many instants is narrow where that cuts no label") {
  for (const char* id : {"E-3", "E-5", "E-ben-or"}) {
    const std::string svg = drawing(id);
    CAPTURE(id);
    CHECK(width_of(svg) < 2600);
    CHECK_FALSE(is_cut(svg));
  }
}

TEST_CASE("a drawing with few instants is wide enough for the labels of what takes no time") {
  const std::string svg = drawing("E-ntba");
  CHECK_FALSE(is_cut(svg));
  CHECK(svg.find(">proposes 1 (agreement 2)</text>") != std::string::npos);
  CHECK(width_of(svg) < 2200);
}

}  // namespace sibyl::drawing_test
