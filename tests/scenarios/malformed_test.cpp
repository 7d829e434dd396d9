// Malformed scenarios, each with the message that it gets; and that loader and schema agree on
// them. The table is data/malformed.json: a sentence, the place that is set in a good scenario, the
// message, and whether the schema can express the mistake.
#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scenarios/catalog.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/pointer.hpp"
#include "scenarios/schema_check.hpp"
#include "sim/process.hpp"

using namespace sibyl;

namespace sibyl::test {

/// A node that does nothing.
struct Silent : ProcessOf<Silent> {
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
};
BOOST_DESCRIBE_STRUCT(Silent, (), ())

}  // namespace sibyl::test

namespace {

const std::string kData = SIBYL_SOURCE_DIR "/tests/scenarios/data/";

std::string refusal(const std::string& text) {
  try {
    load_text(text, "bad.json");
  } catch (const InputError& e) {
    return e.what();
  }
  return "(accepted)";
}

Value base() { return parse_json(read_file(kData + "minimal.json", 1 << 20), "minimal.json"); }

}  // namespace

TEST_CASE("the scenario that the malformed ones are made from is good") {
  CHECK(refusal(to_json(base())) == "(accepted)");
  CHECK_FALSE(check_against_schema(base()).has_value());
}

TEST_CASE("every malformed scenario gets the message of the table") {
  const Value table = parse_json(read_file(kData + "malformed.json", 1 << 20), "malformed.json");
  REQUIRE(table.as_list()->size() >= 100);
  for (const Value& row : *table.as_list()) {
    const std::string& sentence = *row.find("case")->as_string();
    CAPTURE(sentence);
    const Override edit = parse_override(*row.find("set")->as_string());
    Value document = base();
    set_at(document, edit.pointer, edit.value, "");
    std::string expected = "bad.json: " + *row.find("message")->as_string();
    std::string found = refusal(to_json(document));
    const std::string rest = "…";  // what follows is left open
    if (expected.ends_with(rest)) {
      expected.resize(expected.size() - rest.size());
      found.resize(std::min(found.size(), expected.size()));
    }
    CHECK(found == expected);
    CHECK(check_against_schema(document).has_value() == *row.find("schema")->as_bool());
  }
}

TEST_CASE("a scenario that is no object, or lacks a member, is refused") {
  CHECK(refusal("[]") == "bad.json: found a list ([]), expected an object");
  CHECK(refusal("3") == "bad.json: found an integer (3), expected an object");
  CHECK(refusal("{}") == "bad.json: the member \"format\" is missing");
  for (const std::string member : {"format", "id", "protocol"}) {
    Value document = base();
    std::erase_if(*document.as_object(), [&](const auto& m) { return m.first == member; });
    CHECK(refusal(to_json(document)) == "bad.json: the member \"" + member + "\" is missing");
    CHECK(check_against_schema(document).has_value());
  }
}

TEST_CASE("mistakes in the text itself are refused by line and column") {
  CHECK(refusal("{\"id\": \"\xff\"}").rfind("bad.json:1:9: syntax error", 0) == 0);
  CHECK(refusal("{\n\"id\": }").rfind("bad.json:2:7: syntax error", 0) == 0);
  CHECK(refusal(std::string(1'000'000, '[')).find("nested deeper than 64 levels") !=
        std::string::npos);
  CHECK(refusal(R"({"id": "a", "id": "b"})") == "bad.json: the key \"id\" stands here twice");
  CHECK(refusal(R"({"seed": 123456789012345678901})").find("bad.json: /seed: the integer") == 0);
  CHECK(refusal(R"({"seed": 1e999})") == "bad.json: /seed: the number is too large");
  CHECK(refusal("").rfind("bad.json:1:1: syntax error", 0) == 0);
}

TEST_CASE("a file of 100 MB is refused without being read") {
  const auto path = (std::filesystem::temp_directory_path() /
                     ("sibyl_large_scenario_" + std::to_string(getpid()) + ".json"))
                        .string();
  {
    std::ofstream out(path, std::ios::binary);
    out << "{}";
  }
  std::filesystem::resize_file(path, 100'000'000);
  std::string message;
  try {
    load_file(path);
  } catch (const InputError& e) {
    message = e.what();
  }
  std::filesystem::remove(path);
  CHECK(message == path + ": it has 100000000 bytes; at most 67108864 are read");
}

TEST_CASE("a file that is not there, or is a folder, is file trouble and no mistake in it") {
  CHECK_THROWS_WITH_AS(load_file("/nowhere/x.json"), "/nowhere/x.json: there is no such file",
                       FileError);
  CHECK_THROWS_WITH_AS(load_file("/"), "/: is a folder, not a file", FileError);
}

TEST_CASE("an expectation about a property that the protocol does not declare is refused") {
  if (find_protocol("test-silent") == nullptr) {
    ProtocolInfo silent{"test-silent", "does nothing", {}, {"termination"}, "", nullptr};
    silent.build = [](const Setup&) {
      return std::vector<NodeSpec>{{{"A", "server", "A"}, make_process<test::Silent>()}};
    };
    register_protocol(silent);
  }
  const std::string text = R"({"format": "sibyl-scenario/1", "id": "t",
    "protocol": {"name": "test-silent"}, "expect": {"properties": {"linearizability": "holds"}}})";
  CHECK(refusal(text) ==
        "bad.json: /expect/properties/linearizability: \"linearizability\" is no property of the "
        "protocol \"test-silent\", which has termination");
}

TEST_CASE("a name of an event, message or command that the protocol does not know is a mistake") {
  const auto with = [](const std::string& pointer, const std::string& json) {
    Value document = base();
    set_at(document, pointer, parse_json(json, ""), "");
    return refusal(to_json(document));
  };
  const auto event = [&](const std::string& name) {
    return with("/faults", R"([{"crash": "P2", "after_event": {"event": ")" + name + R"("}}])");
  };
  for (const std::string name : {"note::Deliver", "Deliver", "skeen::Start", "Data",
                                 "sequencer::OrderNext", "partitioned::LocalConsult"}) {
    CHECK(event(name) == "(accepted)");
  }
  CHECK(event("Delivr").rfind("bad.json: /faults/0/after_event/event: unknown event \"Delivr\"; "
                              "did you mean \"Deliver\"?",
                              0) == 0);
  CHECK(event("note::Delivers").find("did you mean \"note::Deliver\"?") != std::string::npos);
  CHECK(event("skeen::Deliver").find("unknown event") != std::string::npos);
  CHECK(event("Move").find("unknown event") != std::string::npos);  // no message of its own
  const std::string times = "/cpu/default";
  CHECK(with(times, R"({"by_message": {"Propose": "1us"}, "by_command": {"Access": "1us"}})") ==
        "(accepted)");
  CHECK(with(times, R"({"by_message": {"Access": "1us"}})")
            .rfind("bad.json: /cpu/default/by_message/Access: unknown message \"Access\"", 0) == 0);
  CHECK(with(times, R"({"by_command": {"Acess": "1us"}})")
            .find("unknown command \"Acess\"; did you mean \"Access\"?") != std::string::npos);
}

TEST_CASE("a mistake that --set makes is named by its place there") {
  const auto with = [](const std::string& text) -> std::string {
    try {
      load_text(to_json(base()), "good.json", {parse_override(text)});
    } catch (const InputError& e) {
      return e.what();
    }
    return "(accepted)";
  };
  CHECK(with("/seed=5") == "(accepted)");
  CHECK(with("/network/default/loss=1.5") ==
        "--set: /network/default/loss: 1.5 is out of range: from 0 to 1");
  CHECK(with("/sed=5") == "--set: /sed: unknown member \"sed\"; did you mean \"seed\"?");
  CHECK(with("/protocol/name=s-smr").find("a string is written \"s-smr\"") != std::string::npos);
  CHECK(with("seed=5").find("\"seed\" is no JSON pointer") != std::string::npos);
  CHECK(with("/seed") == "--set: \"/seed\" has no \"=\"; write /pointer=JSON");
  CHECK(with("/variants/0/id=1").find("cannot be set") != std::string::npos);
}

TEST_CASE("every scenario file of the repository is accepted by the loader and by the schema") {
  std::vector<std::string> files = scenario_files(SIBYL_SOURCE_DIR "/scenarios");
  files.push_back(kData + "two_variants.json");
  for (const std::string& file : files) {
    CAPTURE(file);
    CHECK_NOTHROW(load_file(file));
    CHECK_FALSE(check_against_schema(parse_json(read_file(file, 1 << 26), file)).has_value());
  }
}
