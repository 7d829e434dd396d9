// The command line: exit statuses, what goes to standard output and what does not, and files.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "cli/io.hpp"
#include "protocols/protocol.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "tests/cli/verb_runner.hpp"

using namespace sibyl;
using namespace sibyl::test;

TEST_CASE("run ends with 0 when everything is as expected, and says the seed first and last") {
  const Ran ran = sibyl_with({"run", kOne});
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK(ran.out.rfind("bad  (seed 1)\n", 0) == 0);
  CHECK(ran.out.find("as expected\n  replay      sibyl run " + kOne + " --seed 1\n") !=
        std::string::npos);
}

TEST_CASE("run ends with 1 when an expectation is not met, with 2 at a limit") {
  CHECK(sibyl_with({"run", kOne, "--set", R"(/expect={"outcome": "deadline"})"}).status == 1);
  CHECK(sibyl_with({"run", kOne, "--set", R"(/expect={"properties": {"termination": "violated"}})"})
            .status == 1);
  CHECK(sibyl_with({"run", kOne, "--set", "/limits/events=3"}).status == 2);
}

TEST_CASE("a command line that makes no sense ends with 64 and a hint") {
  CHECK(sibyl_with({}).status == 64);
  const Ran verb = sibyl_with({"rnu"});
  CHECK(verb.status == 64);
  CHECK(verb.err == "sibyl: there is no verb \"rnu\"; did you mean \"run\"?\n");
  CHECK(sibyl_with({"run"}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--sed", "1"}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--seed", "-1"}).status == 64);
  CHECK(sibyl_with({"run", kOne, "--color", "red"}).status == 64);
  CHECK(sibyl_with({"list", "protocol"}).status == 64);
  CHECK(sibyl_with({"view", kOne, "-o", "x.png"}).status == 64);
  CHECK(sibyl_with({"run", kTwo, "--only", "slw"}).err.find("did you mean \"slow\"") !=
        std::string::npos);
}

TEST_CASE("bad input ends with 65, and every bad file is named before anything is run") {
  Folder folder;
  write_file(folder / "a.json", "{");
  write_file(folder / "b.json", "[]");
  const Ran ran =
      sibyl_with({"run", kOne, folder / "a.json", folder / "b.json", "-o", folder / "out"});
  CHECK(ran.status == 65);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("a.json:1:2: syntax error") != std::string::npos);
  CHECK(ran.err.find("b.json: found a list") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  CHECK(sibyl_with({"run", kOne, "--set", "/seed=x"}).status == 65);
  CHECK(sibyl_with({"diff", kOne, kOne}).status == 65);
}

TEST_CASE("file trouble ends with 74") {
  CHECK(sibyl_with({"run", "/nowhere.json"}).status == 74);
  CHECK(sibyl_with({"run", kOne, "-o", "/nowhere/out"}).status == 74);
  CHECK(sibyl_with({"view", "/nowhere.jsonl"}).status == 74);
  CHECK(sibyl_with({"list", "scenarios", "/nowhere"}).status == 74);
}

TEST_CASE("an interrupted run ends with 130") {
  CHECK(sibyl_with({"run", kTwo}, true).status == 130);
}

TEST_CASE(
    "--json is one value on standard output and nothing else: an object, or an array of several") {
  const Ran one = sibyl_with({"run", kOne, "--json"});
  CHECK(one.err.empty());
  CHECK(parse_json(one.out, "out").as_object() != nullptr);
  const Value several = parse_json(sibyl_with({"run", kTwo, "--json"}).out, "out");
  REQUIRE(several.as_list() != nullptr);
  CHECK(several.as_list()->size() == 2);
  CHECK(parse_json(sibyl_with({"run", kTwo, "--json", "--only", "slow"}).out, "out").as_object() !=
        nullptr);
  for (const std::string what :
       {"protocols", "properties", "models", "faults", "scenarios", "state-machines"}) {
    CHECK(parse_json(sibyl_with({"list", what, "--json"}).out, "out").as_list() != nullptr);
  }
  CHECK(parse_json(sibyl_with({"version", "--json"}).out, "out").find("version") != nullptr);
}

TEST_CASE("the output does not depend on the number of jobs") {
  const std::vector<std::string> files{"run", kTwo, kOne, kTwo, kOne, kTwo, "--json", "--jobs"};
  const auto with = [&](const std::string& jobs) {
    auto arguments = files;
    arguments.push_back(jobs);
    return sibyl_with(arguments).out;
  };
  CHECK(with("1") == with("4"));
}

TEST_CASE("colour comes only when it is asked for, or on a terminal without NO_COLOR") {
  CHECK(sibyl_with({"run", kOne}).out.find('\x1b') == std::string::npos);
  CHECK(sibyl_with({"run", kOne, "--color", "always"}).out.find('\x1b') != std::string::npos);
  std::ostringstream out;
  std::ostringstream err;
  cli::Io io{out, err, true};
  io.no_color = true;
  cli::run_program({"run", kOne}, io);
  CHECK(out.str().find('\x1b') == std::string::npos);
  io.no_color = false;
  cli::run_program({"run", kOne}, io);
  CHECK(out.str().find('\x1b') != std::string::npos);
}

TEST_CASE("quiet says only what is not as expected") {
  CHECK(sibyl_with({"run", kTwo, "--quiet"}).out.empty());
  CHECK_FALSE(sibyl_with({"run", kOne, "--quiet", "--set", "/limits/events=3"}).out.empty());
}

TEST_CASE("several scenarios and one output file is an error that names --only") {
  Folder folder;
  for (const std::string option : {"--trace", "--history"}) {
    const Ran ran = sibyl_with({"run", kTwo, option, folder / "x.jsonl"});
    CHECK(ran.status == 64);
    CHECK(ran.err.find("--only ID") != std::string::npos);
  }
  const Ran view = sibyl_with({"view", kTwo});
  CHECK(view.status == 64);
  CHECK(view.err.find("--only ID: test-two-partitions, test-two-partitions/slow") !=
        std::string::npos);
}

TEST_CASE("diff finds the first event at which two traces part") {
  Folder folder;
  const std::string a = folder / "a.jsonl";
  const std::string b = folder / "b.jsonl.zst";
  REQUIRE(sibyl_with({"run", kOne, "--trace", a}).status == 0);
  REQUIRE(sibyl_with({"run", kOne, "--trace", b}).status == 0);
  const Ran same = sibyl_with({"diff", a, b});
  CHECK(same.status == 0);
  CHECK(same.out.rfind("equal: ", 0) == 0);
  const Value equal = parse_json(sibyl_with({"diff", a, b, "--json"}).out, "out");
  CHECK(*equal.find("equal") == Value(true));
  const std::string digest = *equal.find("digest")->as_string();
  CHECK(same.out.find("digest " + digest + "\n") != std::string::npos);
  std::string text = read_file(a, 1 << 26);
  const auto fifth = text.find("{\"id\":5,");
  text.replace(text.find("\"name\":\"", fifth) + 8, 1, "Z");
  write_file(a, text);
  const Ran changed = sibyl_with({"diff", a, b});
  CHECK(changed.status == 1);
  CHECK(changed.out.find("event 5 differs\n  {\"id\":2,") != std::string::npos);
  CHECK(changed.out.find("\n- {\"id\":5,") != std::string::npos);
  CHECK(changed.out.find("\n+ {\"id\":5,") != std::string::npos);
  const Value json = parse_json(sibyl_with({"diff", a, b, "--json"}).out, "out");
  CHECK(*json.find("event") == Value(5));
  CHECK(json.find("digest") == nullptr);
  REQUIRE(sibyl_with({"run", kOne, "--seed", "2", "--trace", b}).status == 0);
  CHECK(sibyl_with({"diff", a, b}).out.find("header: seed differs\n- 1\n+ 2\n") !=
        std::string::npos);
}

TEST_CASE("view draws a scenario and the trace of its run alike") {
  Folder folder;
  const std::string trace = folder / "t.jsonl";
  REQUIRE(sibyl_with({"run", kOne, "--trace", trace}).status == 0);
  const Ran of_trace = sibyl_with({"view", trace});
  CHECK(of_trace.status == 0);
  CHECK(of_trace.out == sibyl_with({"view", kOne}).out);
  CHECK(sibyl_with({"view", trace, "-o", folder / "x.svg"}).status == 0);
  CHECK(read_file(folder / "x.svg", 1 << 26).find("<svg") != std::string::npos);
  CHECK(sibyl_with({"view", trace, "--to", "svg"}).out == read_file(folder / "x.svg", 1 << 26));
  CHECK(sibyl_with({"view", trace, "--seed", "3"}).status == 64);
}

TEST_CASE("list alone shows every kind under its name, and as data an object of them") {
  const Ran all = sibyl_with({"list"});
  CHECK(all.status == 0);
  const Value data = parse_json(sibyl_with({"list", "--json"}).out, "out");
  for (const std::string kind :
       {"protocols", "scenarios", "state-machines", "properties", "models", "faults"}) {
    CAPTURE(kind);
    CHECK(("\n" + all.out).find("\n" + kind + "\n  ") != std::string::npos);
    REQUIRE(data.find(kind) != nullptr);
    CHECK(to_json(*data.find(kind)) + "\n" == sibyl_with({"list", kind, "--json"}).out);
  }
  CHECK(all.out.find("  s-smr") != std::string::npos);
}

TEST_CASE("list state-machines shows what the protocols replicate, one line each") {
  const Ran ran = sibyl_with({"list", "state-machines"});
  CHECK(ran.status == 0);
  CHECK(ran.out.rfind("objects   atomic commands that ", 0) == 0);
  CHECK(ran.out.find("(s-smr, ds-smr, dynastar, ") != std::string::npos);
  CHECK(ran.out.find("\nbank      accounts by key; ") != std::string::npos);
  const Value data = parse_json(sibyl_with({"list", "state-machines", "--json"}).out, "out");
  CHECK(to_json(data).find(R"("commands":["enqueue","dequeue"])") != std::string::npos);
}

TEST_CASE("list models shows what check --model takes, with the functions of histories") {
  const Ran ran = sibyl_with({"list", "models"});
  CHECK(ran.status == 0);
  CHECK(
      ran.out.find("\nregister  read, write and cas on one register a key (read, write, cas)\n") !=
      std::string::npos);
  const Value data = parse_json(sibyl_with({"list", "models", "--json"}).out, "out");
  REQUIRE(data.as_list()->size() == 7);
  Folder folder;
  for (const Value& model : *data.as_list()) {
    const std::string name = *model.find("name")->as_string();
    CAPTURE(name);
    CHECK_FALSE(model.find("functions")->as_list()->empty());
    const std::string file = folder / (name + ".jsonl");
    write_file(file, "");
    CHECK(sibyl_with({"check", file, "--model", name}).status != 64);
  }
}

TEST_CASE("every verb accepts --json, --quiet, --color and -o") {
  Folder folder;
  const std::string trace = folder / "t.jsonl";
  REQUIRE(sibyl_with({"run", kOne, "--trace", trace}).status == 0);
  const std::vector<std::vector<std::string>> lines{
      {"run", kOne}, {"view", kOne}, {"diff", trace, trace}, {"list"}, {"list", "faults"},
      {"schema"},    {"version"},    {"completion", "bash"},
  };
  for (std::vector<std::string> line : lines) {
    CAPTURE(line.front());
    line.insert(line.end(), {"--quiet", "--color", "never", "--json"});
    const Ran ran = sibyl_with(line);
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK_FALSE(parse_json(ran.out, "out").is_null());
    line.pop_back();
    line.insert(line.end(), {"-o", folder / (line.front() + ".txt")});
    CHECK(sibyl_with(line).out.empty());
    if (line.front() != "run" && line.front() != "diff") {
      CHECK_FALSE(read_file(folder / (line.front() + ".txt"), 1 << 26).empty());
    }
  }
}

TEST_CASE("view --json is one object: the drawing, or the file that it was written to") {
  Folder folder;
  const Value shown = parse_json(sibyl_with({"view", kOne, "--json"}).out, "out");
  CHECK(*shown.find("drawing") == Value(sibyl_with({"view", kOne}).out));
  const std::string file = folder / "x.svg";
  const Value written = parse_json(sibyl_with({"view", kOne, "--json", "-o", file}).out, "out");
  CHECK(*written.find("file") == Value(file));
  CHECK(*written.find("form") == Value("svg"));
  CHECK(read_file(file, 1 << 26).find("<svg") != std::string::npos);
}

TEST_CASE("the line of a mistake has an end, however long what it is about") {
  const std::string name(100'000, 'k');
  Ran ran = sibyl_with({"run", kOne, "--set", "/" + name + "=1"});
  CHECK(ran.status == 65);
  CHECK(ran.says("unknown member"));
  CHECK(ran.err.size() < 3000);
  ran = sibyl_with({name});
  CHECK(ran.status == 64);
  CHECK(ran.err.size() < 3000);
}

TEST_CASE("list shows the variants of protocols with the property that each breaks") {
  const Ran ran = sibyl_with({"list", "protocols", "--variants"});
  CHECK(ran.status == 0);
  for (const ProtocolInfo& p : protocols()) {
    CHECK(ran.out.find(p.name) != std::string::npos);
    for (const VariantInfo& v : p.variants) CHECK(ran.out.find("  " + v.name) != std::string::npos);
  }
  CHECK(ran.out.find("breaks linearizability") != std::string::npos);
}

TEST_CASE("schema prints the schema, version the version, help the verbs") {
  CHECK(sibyl_with({"schema"}).out == std::string(scenario_schema()));
  CHECK(sibyl_with({"version"}).out.rfind("sibyl 0.", 0) == 0);
  CHECK(sibyl_with({"--version"}).out == sibyl_with({"version"}).out);
  CHECK(sibyl_with({"--version", "--json"}).out == sibyl_with({"version", "--json"}).out);
  const Ran help = sibyl_with({"--help"});
  CHECK(help.status == 0);
  CHECK(help.out.find("diff") != std::string::npos);
  CHECK(sibyl_with({"run", "--help"}).out.find("--history") != std::string::npos);
  CHECK(sibyl_with({"help"}).out == help.out);
  CHECK(sibyl_with({"help", "check"}).out == sibyl_with({"check", "--help"}).out);
  const Ran wrong = sibyl_with({"help", "chekc"});
  CHECK(wrong.status == 64);
  CHECK(wrong.says("did you mean \"check\"?"));
}
