// Reports of a bounded size.
#include <doctest/doctest.h>

#include <string>

#include "analysis/within.hpp"

namespace sibyl::analysis::within_test {

TEST_CASE("what fits stays as it is, what does not is cut to equal lengths and counted") {
  Value::List items;
  for (int i = 0; i < 1'000; ++i) items.emplace_back("item " + std::to_string(i));
  Value report;
  report.set("text", std::string(5'000, 'a') + "\xc3\xa4").set("items", items).set("n", 7);
  report.set("inner", Value(Value::Object{{"items", items}, {"items_left_out", 3}}));
  CHECK(within(report, 100'000) == report);
  const Value cut = within(report, 8'000);
  CHECK(json_bytes(cut) <= 8'000);
  CHECK(json_bytes(cut) >= 2'000);
  CHECK(*cut.find("n") == Value(7));
  CHECK(cut.find("text")->as_string()->ends_with("a…"));
  const auto shown = static_cast<std::int64_t>(cut.find("items")->as_list()->size());
  CHECK((*cut.find("items")->as_list())[0] == Value("item 0"));
  CHECK(*cut.find("items_left_out") == Value(1'000 - shown));
  CHECK(*cut.find("inner")->find("items_left_out") == Value(1'000 - shown + 3));
}

TEST_CASE("names of members, and members that are very many, are cut, too") {
  Value report;
  for (int i = 0; i < 5'000; ++i) {
    report.set(std::to_string(i) + std::string(5'000, 'n'), std::string(1'000, '\x01'));
  }
  CHECK(json_bytes(within(report, 20'000)) <= 20'000);
  CHECK(json_bytes(Value("a\"\x01")) == 11);
}

}  // namespace sibyl::analysis::within_test
