// sibyl partition: graphs from files, what is reported, and mistakes.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocols/partitioned/partitioner/partitioner.hpp"
#include "scenarios/files.hpp"
#include "scenarios/graph_file.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::partition_test {

using namespace sibyl::test;

namespace {

/// Two triangles and an edge between them.
constexpr std::string_view kMetis = "% two triangles\n6 7\n2 3\n1 3\n1 2 4\n3 5 6\n4 6\n4 5\n";
constexpr std::string_view kEdges =
    "# two triangles\n10 20\n20\t30\n30 10\n30 1000\n1000 50\n1000 60\n50 60\n";

/// The error's place and words for a file of this content.
std::string mistake(const std::string& name, const std::string& text) {
  try {
    read_graph(text, name);
  } catch (const InputError& e) {
    return e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("two triangles are parted at the edge between them, from either format") {
  const Folder folder;
  write_file(folder / "two.graph", kMetis);
  write_file(folder / "two.txt", kEdges);
  const Ran metis = sibyl_with({"partition", folder / "two.graph", "--parts", "2"});
  CHECK(metis.status == 0);
  CHECK((metis.out == "0\n0\n0\n1\n1\n1\n" || metis.out == "1\n1\n1\n0\n0\n0\n"));
  CHECK(metis.says("cut           1 of 7 (14.29 %)"));
  CHECK(metis.says("imbalance     0.0 %"));
  CHECK(metis.says("connectivity  2 over 6 neighbourhoods, 33.33 % of them over several parts"));
  // Vertices of an edge list come in the order of their ids: 10 20 30 50 60 1000.
  const Ran edges = sibyl_with({"partition", folder / "two.txt", "--parts", "2"});
  CHECK((edges.out == "0\n0\n0\n1\n1\n1\n" || edges.out == "1\n1\n1\n0\n0\n0\n"));
}

TEST_CASE("a report as data, commands, and the parts in a file") {
  const Folder folder;
  write_file(folder / "two.txt", kEdges);
  write_file(folder / "commands", "10 20 30\n30 1000 50\n");
  const Ran ran =
      sibyl_with({"partition", folder / "two.txt", "--parts", "2", "--json", "--commands",
                  folder / "commands", "--output", folder / "parts", "--runs", "3"});
  REQUIRE(ran.status == 0);
  CHECK(ran.err.empty());
  const auto report = nlohmann::json::parse(ran.out);
  CHECK(report["best"]["cut"] == 1);
  CHECK(report["connectivity"] == 1);
  CHECK(report["multi_partition_commands"] == 1);
  CHECK(report["runs"].size() == 3);
  CHECK(report["runs"][2]["seed"] == 3);
  CHECK(read_parts(read_file(folder / "parts", 100), "parts", 6, 2).size() == 6);
}

TEST_CASE("parts of before are those that there are, or none") {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      read_parts(text, "old", 2, 2);
    } catch (const InputError& e) {
      return e.what();
    }
    return "none";
  };
  CHECK(refused("-1\n1\n") == "none");
  CHECK(refused("0\n5\n") ==
        "old:2:1: the part is \"5\": expected -1 (none), or a number from 0 to 1");
  CHECK(refused("-2\n0\n") ==
        "old:1:1: the part is \"-2\": expected -1 (none), or a number from 0 to 1");
  const Folder folder;
  write_file(folder / "two.txt", kEdges);
  write_file(folder / "old", "0\n0\n0\n1\n1\n5\n");
  const Ran ran =
      sibyl_with({"partition", folder / "two.txt", "--parts", "2", "--old", folder / "old"});
  CHECK(ran.status == 65);
  CHECK(ran.says(":6:1: the part is \"5\""));
}

TEST_CASE("what is no text is shown as one line of text") {
  using namespace std::string_literals;
  CHECK(mistake("e.txt", "\xff\xfd\0\x1b 2\n"s) ==
        "e.txt:1:1: the first id is \"\xef\xbf\xbd\xef\xbf\xbd  \": expected a number from 0 to "
        "9223372036854775807");
}

TEST_CASE("commands alone are a graph: what they touch together is joined") {
  const Folder folder;
  write_file(folder / "commands", "# five commands\n7 7 9\n9 7\n30 12\n12 30\n9 12\n");
  const Ran ran =
      sibyl_with({"partition", "--commands", folder / "commands", "--parts", "2", "--json"});
  REQUIRE(ran.status == 0);
  const auto report = nlohmann::json::parse(ran.out);
  CHECK(report["vertices"] == 4);
  CHECK(report["edge_weight"] == 5);
  CHECK(report["best"]["cut"] == 1);
  CHECK(report["commands"] == 5);
  CHECK(report["multi_partition_commands"] == 1);
  CHECK(report["connectivity"] == 1);
  CHECK(report["loads"] == nlohmann::json({5, 5}));

  write_file(folder / "commands", "1 2\n3 -4\n");
  const Ran bad = sibyl_with({"partition", "--commands", folder / "commands", "--parts", "2"});
  CHECK(bad.status == 65);
  CHECK(bad.says("commands:2:3: the object is \"-4\""));
  std::string long_one;
  for (int i = 0; i < 15'000; ++i) long_one += std::to_string(i) + " ";
  write_file(folder / "commands", "1 2\n" + long_one + "\n");
  const Ran many = sibyl_with({"partition", "--commands", folder / "commands", "--parts", "2"});
  CHECK(many.status == 65);
  CHECK(many.says("the commands so far have 112492501 pairs of objects: at most 100000000"));
}

TEST_CASE("what was placed before stays where moving is dear") {
  const Folder folder;
  write_file(folder / "two.txt", kEdges);
  write_file(folder / "old", "0\n1\n0\n1\n0\n1\n");
  std::vector<std::string> line{"partition", folder / "two.txt", "--parts",    "2",
                                "--old",     folder / "old",     "--move-cost"};
  line.push_back("100");
  CHECK(sibyl_with(line).out == "0\n1\n0\n1\n0\n1\n");
  line.back() = "0";
  CHECK(sibyl_with(line).says("cut           1 of 7"));
}

TEST_CASE("drawn graphs depend on their own seed") {
  const std::vector<std::string> line{"partition", "--generate", "ba", "--vertices",
                                      "500",       "--parts",    "4",  "--json"};
  auto other = line;
  other.insert(other.end(), {"--graph-seed", "2"});
  const auto a = nlohmann::json::parse(sibyl_with(line).out);
  const auto b = nlohmann::json::parse(sibyl_with(line).out);
  const auto c = nlohmann::json::parse(sibyl_with(other).out);
  CHECK(a["best"]["cut"] == b["best"]["cut"]);
  CHECK(a["best"]["cut"] != c["best"]["cut"]);
  CHECK(sibyl_with({"partition", "--generate", "karate", "--parts", "2"})
            .says("cut           10 of"));
}

TEST_CASE("a graph's mistake is named with its line and column") {
  CHECK(mistake("g.graph", "") == "g.graph:1:1: the first line is missing: vertices and edges");
  CHECK(mistake("g.graph", "2 1\n2\n3\n") ==
        "g.graph:3:1: the neighbour is \"3\": expected a number from 1 to 2");
  CHECK(mistake("g.graph", "2 1\n2\n") == "g.graph:3:1: the line of vertex 2 of 2 is missing");
  CHECK(mistake("g.graph", "2 1\n2\n\n") ==
        "g.graph:2:1: the edge of 1 and 2 does not stand at both of them with the same weight");
  CHECK(mistake("g.graph", "2 1 1\n2 5\n1 6\n") ==
        "g.graph:2:1: the edge of 1 and 2 does not stand at both of them with the same weight");
  CHECK(mistake("g.graph", "2 2\n2\n1\n") == "g.graph:1:1: 2 edges are promised, there are 1");
  CHECK(mistake("g.graph", "2 1\n2\n1\n1\n") ==
        "g.graph:4:1: a line too many: there are 2 vertices");
  CHECK(mistake("g.graph", "2 1 11 2\n") ==
        "g.graph:1:8: the number of weights a vertex is \"2\": expected a number from 1 to 1");
  CHECK(mistake("g.graph", "4000000000 1\n").find("g.graph:1:12: ") == 0);
  CHECK(mistake("g.txt", "1 2\n3 x\n") ==
        "g.txt:2:3: the second id is \"x\": expected a number from 0 to 9223372036854775807");
  CHECK(mistake("g.txt", "1 2 3 4\n") == "g.txt:1:7: a number too many after the weight");
  CHECK(mistake("g.txt", "1\n").find("g.txt:1:2: the second id is missing") == 0);
  const std::string heavy = std::to_string(partitioner::kLargestSum);
  CHECK(mistake("g.txt", "1 2 " + heavy + "\n2 3 1\n") ==
        "g.txt:2:5: the weights sum up to more than 2^60");
}

TEST_CASE("weights and sizes of METIS's format are read") {
  const GraphFile file = read_graph("3 2 111\n7 2 2 5\n8 3 1 5 3 6\n9 4 2 6\n", "g.graph");
  CHECK(file.graph.load == std::vector<partitioner::Weight>{2, 3, 4});
  CHECK(file.graph.weight == std::vector<partitioner::Weight>{5, 5, 6, 6});
  CHECK(file.cost == std::vector<partitioner::Weight>{7, 8, 9});
  CHECK(read_graph("1 0 10\n5\n", "g.graph").graph.load.front() == 5);
  CHECK(read_graph("0 0\n", "g.graph").graph.size() == 0);
}

TEST_CASE("command lines of sibyl partition that make no sense, and files that do not fit") {
  const Folder folder;
  write_file(folder / "g.txt", kEdges);
  const std::string g = folder / "g.txt";
  CHECK(sibyl_with({"partition", g}).status == 64);
  CHECK(sibyl_with({"partition", "--parts", "2"}).says("one of them"));
  CHECK(
      sibyl_with({"partition", g, "--generate", "karate", "--parts", "2"}).says("one of the two"));
  for (const char* parts : {"0", "65537"}) {
    CHECK(sibyl_with({"partition", g, "--parts", parts}).says("from 1 to 65536"));
  }
  const Ran both = sibyl_with({"partition", g, "--parts", "2", "--json", "--output", "-"});
  CHECK(both.status == 64);
  CHECK(both.out.empty());
  CHECK(both.says("standard output can hold one thing"));
  CHECK(sibyl_with({"partition", g, "--parts", "2", "--move-cost", "3"}).says("without --old"));
  CHECK(sibyl_with({"partition", g, "--parts", "2", "--seed", "9007199254740992", "--runs", "2"})
            .says("would be above 2^53"));
  write_file(folder / "bom.txt", "\xef\xbb\xbf" "1 2\n");
  const Ran marked = sibyl_with({"partition", folder / "bom.txt", "--parts", "2"});
  CHECK(marked.status == 65);
  CHECK(marked.says("bom.txt:1:1: it begins with a byte order mark"));
  std::string ring = "20 20 100\n";
  std::string old;
  for (int i = 0; i < 20; ++i) {
    ring += fmt::format("1100000000 {} {}\n", (i + 19) % 20 + 1, (i + 1) % 20 + 1);
    old += fmt::format("{}\n", i % 2);
  }
  write_file(folder / "ring.graph", ring);
  write_file(folder / "ring.old", old);
  const Ran dear = sibyl_with({"partition", folder / "ring.graph", "--old", folder / "ring.old",
                               "--parts", "2", "--move-cost", "1000000000"});
  CHECK(dear.status == 64);
  CHECK(dear.says("above 2^60"));
  CHECK(sibyl_with({"partition", "--generate", "ba", "--parts", "2", "--vertices", "0"})
            .says("expected a decimal number from 1 to 50000000"));
  CHECK(sibyl_with({"partition", "--generate", "ba", "--parts", "2"}).says("with --vertices"));
  CHECK(
      sibyl_with({"partition", g, "--parts", "2", "--imbalance", "0.1234"}).says("three decimals"));
  CHECK(sibyl_with({"partition", g, "--parts", "2", "--imbalance", "."}).status == 64);
  CHECK(sibyl_with({"partition", g, "--parts", "2", "--vertices", "9"}).says("belongs to"));
  CHECK(sibyl_with({"partition", g, "--parts", "2", "-o", g}).says("would overwrite"));
  CHECK(sibyl_with({"partition", folder / "none", "--parts", "2"}).status == 74);
  write_file(folder / "old", "0\n1\n");
  const Ran few = sibyl_with({"partition", g, "--parts", "2", "--old", folder / "old"});
  CHECK(few.status == 65);
  CHECK(few.says("old:3:1: 2 parts: one is needed for each of 6 vertices"));
  write_file(folder / "commands", "10 11\n");
  const Ran unknown =
      sibyl_with({"partition", g, "--parts", "2", "--commands", folder / "commands"});
  CHECK(unknown.status == 65);
  CHECK(unknown.says("commands:1:4: the graph has no vertex 11"));
  if (partitioner::has_metis()) {
    const Ran many = sibyl_with({"partition", g, "--parts", "7", "--with", "metis"});
    CHECK(many.status == 64);
    CHECK(many.out.empty());
    CHECK(many.says("no more parts than vertices: 7 of 6"));
    return;
  }
  CHECK(sibyl_with({"partition", g, "--parts", "2", "--with", "metis"}).says("libmetis-dev"));
}

}  // namespace sibyl::partition_test
