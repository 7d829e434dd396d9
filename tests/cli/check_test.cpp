// sibyl check: verdicts, exit statuses, forms of input, and what is refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "scenarios/files.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/json.hpp"
#include "scenarios/schema_check.hpp"
#include "tests/cli/check_runner.hpp"

namespace sibyl::check_test {
namespace {

using namespace sibyl::test;

TEST_CASE("check says whether a history is linearizable, by word and by exit status") {
  const Ran good = checked(kGood, {"--model", "register"});
  CHECK(good.status == 0);
  CHECK(good.out.find("h.jsonl: linearizable (") != std::string::npos);
  CHECK(good.out.find("2 operations, model register") != std::string::npos);
  const Ran stale = checked(kStale, {"--model", "register"});
  CHECK(stale.status == 1);
  CHECK(stale.out.find("h.jsonl: not linearizable (") != std::string::npos);
  // The window: the read, the write that it missed, and the one that it read.
  CHECK(stale.out.find("line 2, process 1: write x = 2 (3 to 4)") != std::string::npos);
  CHECK(stale.out.find("line 3, process 2: read x = 1 (5 to 6)") != std::string::npos);
  CHECK(stale.out.find("line 4") == std::string::npos);
  CHECK(stale.err.empty());
}

TEST_CASE("a value that was written and overwritten was not there only at first") {
  const std::string text =
      line(0, "write", "null", 2, 3) + line(0, "write", "1", 4, 5) + line(1, "read", "null", 6, 7);
  const Ran ran = checked(text, {"--model", "register"});
  CAPTURE(ran.out);
  CHECK(ran.out.find("only at first") == std::string::npos);
  CHECK(ran.out.find("no write of nothing can have come after that") != std::string::npos);
}

TEST_CASE("of a read of what a failed write would have written, that write is named") {
  std::string failed = line(0, "write", "1", 0, 1);
  failed.replace(failed.find("\"ok\""), 4, "\"fail\"");
  const Ran ran = checked(failed + line(1, "read", "1", 2, 3), {"--model", "register"});
  CAPTURE(ran.out);
  CHECK(ran.out.find("but line 1, which would have written it, failed.") != std::string::npos);
}

TEST_CASE("of a set and a queue a failed operation that would have made it possible is named") {
  const auto row = [](const char* f, const char* value, int call, const char* outcome) {
    return fmt::format(
        R"({{"process":{0},"f":"{1}","value":{2},"call":{0},"return":{3},"outcome":"{4}"}})"
        "\n",
        call, f, value, call + 1, outcome);
  };
  for (const auto& [model, text] :
       {std::pair("set", row("add", "1", 0, "fail") + row("contains", "[1,true]", 2, "ok")),
        std::pair("queue", row("enqueue", "1", 0, "fail") + row("dequeue", "1", 2, "ok"))}) {
    const Ran ran = checked(text, {"--model", model});
    CAPTURE(ran.out);
    CHECK(
        ran.out.find("Not linearizable: line 1, which would have made line 2 possible, failed.") !=
        std::string::npos);
  }
  // What would not have made it possible, for another took it away, it came later or it was right
  // to refuse it, is not named.
  const auto refused = [](const std::string& one) {
    return one.substr(0, one.size() - 2) + ",\"reply\":\"nok\"}\n";
  };
  for (const auto& [model, text] :
       {std::pair("set", row("add", "1", 0, "fail") + row("remove", "1", 2, "ok") +
                             row("contains", "[1,true]", 4, "ok")),
        std::pair("set", row("contains", "[1,true]", 2, "ok") + row("add", "1", 5, "fail")),
        std::pair("mutex", row("release", "null", 4, "ok") + row("acquire", "null", 6, "fail")),
        std::pair("register", row("write", "1", 0, "ok") + row("cas", "[7,3]", 2, "fail") +
                                  row("read", "3", 4, "ok")),
        std::pair("bank", row("open", "[2,2]", 0, "ok") + refused(row("open", "[1,1]", 2, "fail")) +
                              row("withdraw", "[1,0]", 4, "ok"))}) {
    const Ran ran = checked(text, {"--model", model});
    CAPTURE(model);
    CAPTURE(ran.out);
    CAPTURE(ran.err);
    CHECK(ran.status == 1);
    CHECK(ran.out.find("failed") == std::string::npos);
  }
  // Of many that have nothing to do with it, the one that does is found.
  std::string many;
  for (int i = 0; i < 1500; ++i) many += row("add", "7", i, "fail");
  CHECK(checked(many + row("add", "1", 1500, "fail") + row("contains", "[1,true]", 1510, "ok"),
                {"--model", "set"})
            .out.find("line 1501, which would have made line 1502 possible, failed.") !=
        std::string::npos);
}

TEST_CASE("what counts as open is open at a stamp of the history, online too") {
  const auto row = [](int process, const char* f, const char* value, int call, int ret,
                      const char* outcome) {
    return fmt::format(
        R"({{"process":{},"f":"{}","key":"k","value":{},"call":{},"return":{},"outcome":"{}"}})"
        "\n",
        process, f, value, call, ret, outcome);
  };
  // The end at 110 makes it certain, but the core ends at 90.
  const char* refused = R"(fail","reply":"nok)";
  const std::string text =
      row(1, "enqueue", "5", 30, 40, "ok") + row(0, "dequeue", "7", 30, 110, "ok") +
      row(0, "dequeue", "null", 20, 30, refused) + row(0, "enqueue", "2", 140, 220, "ok") +
      row(1, "dequeue", "null", 50, 90, refused) + row(2, "dequeue", "null", 60, 110, "fail") +
      row(2, "enqueue", "7", 20, 30, "ok");
  for (const bool online : {false, true}) {
    std::vector<std::string> options{"--model", "queue"};
    if (online) options.emplace_back("--online");
    const Ran ran = checked(text, options);
    CAPTURE(ran.out);
    CHECK(ran.status == 1);
    CHECK(ran.out.find("open then, at 90 (30 to 110)") != std::string::npos);
  }
}

TEST_CASE("a read does not find what a write that came later would have written") {
  std::string late = line(0, "write", "5", 7, 9);
  late.replace(late.find("\"ok\""), 4, "\"fail\"");
  for (const std::string how : {"strict", "sequential", "causal", "serializability"}) {
    const Ran ran = checked(line(1, "read", "5", 1, 2) + late, {"--consistency", how});
    CHECK(ran.status == 1);
    CHECK(ran.out.find("garbage read: T1 found x = 5, which nobody wrote") != std::string::npos);
    CHECK(ran.out.find("T2") == std::string::npos);
  }
}

TEST_CASE("check --json is one object that fits its schema") {
  for (const std::string& text : {kGood, kStale}) {
    const Ran ran = checked(text, {"--model", "register", "--json"});
    const Value report = parse_json(ran.out, "report");
    const auto complaint = check_against_check_schema(report);
    CAPTURE(ran.out);
    CHECK_FALSE(complaint.has_value());
    CHECK(*report.find("verdict") == Value(text == kGood ? "holds" : "violated"));
    CHECK(*report.find("operations") == Value(text == kGood ? 2 : 4));
    CHECK(report.find("witness")->is_null() == (text == kGood));
  }
  CHECK(check_against_check_schema(parse_json(R"({"format": "sibyl-check/1"})", "r")).has_value());
}

TEST_CASE(
    "the order of lines does not matter, equal times do not order, unknown may never happen") {
  const auto status = [](const std::string& text) {
    return checked(text, {"--model", "register"}).status;
  };
  CHECK(status(line(1, "read", "1", 3, 4) + line(0, "write", "1", 1, 2)) == 0);
  CHECK(status(line(1, "read", "null", 3, 4) + line(0, "write", "1", 1, 2)) == 1);
  CHECK(status(line(1, "read", "null", 2, 4) + line(0, "write", "1", 1, 2)) == 0);
  CHECK(status(line(1, "read", "null", 3, 4) +
               "{\"process\":0,\"f\":\"write\",\"key\":\"x\",\"value\":1,\"call\":1,"
               "\"outcome\":\"unknown\"}\n") == 0);
  // A cas that failed did not match: with 1 there it would have.
  CHECK(status(line(0, "write", "1", 1, 2) +
               "{\"process\":1,\"f\":\"cas\",\"key\":\"x\",\"value\":[1,2],\"call\":3,\"return\":4,"
               "\"outcome\":\"fail\"}\n") == 1);
}

TEST_CASE("weaker consistencies are asked for by name") {
  const Ran sequential = checked(kStale, {"--consistency", "sequential"});
  CHECK(sequential.status == 0);
  CHECK(sequential.out.find("sequential_consistency holds") != std::string::npos);
  const std::string back = line(0, "write", "1", 1, 2) + line(1, "write", "2", 3, 4) +
                           line(2, "read", "2", 5, 6) + line(2, "read", "1", 7, 8) +
                           line(2, "read", "2", 9, 10);
  for (const std::string name : {"sequential", "sequential_consistency", "strict"}) {
    const Ran ran = checked(back, {"--consistency", name, "--json"});
    CAPTURE(ran.out);
    CHECK(ran.status == 1);
    CHECK_FALSE(check_against_check_schema(parse_json(ran.out, "report")).has_value());
  }
  const Ran wrong = checked(kStale, {"--consistency", "seqential_consistency"});
  CHECK(wrong.status == 64);
  CHECK(wrong.says("did you mean \"sequential_consistency\"?"));
}

TEST_CASE("check --draw draws what shows a violation, and writes nothing where there is none") {
  const Folder folder;
  const std::string history = folder / "h.jsonl";
  write_file(history, kStale);
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--model", "register"}, {"--consistency", "strict"}}) {
    for (const std::string name : {"core.svg", "core.txt"}) {
      std::vector<std::string> arguments{"check", history, "--draw", folder / name};
      arguments.insert(arguments.end(), how.begin(), how.end());
      const Ran ran = sibyl_with(arguments);
      CAPTURE(ran.err);
      CHECK(ran.status == 1);
      CHECK(read_file(folder / name, 200'000).find("write x = 2") != std::string::npos);
      CHECK(ran.err.starts_with("sibyl: drawn in " + (folder / name) + ": "));
      arguments.push_back("--quiet");
      CHECK(sibyl_with(arguments).err.empty());
    }
  }
  write_file(history, kGood);
  const Ran good =
      sibyl_with({"check", history, "--model", "register", "--draw", folder / "g.svg"});
  CHECK(good.status == 0);
  CHECK(good.says("there is no core of a violation to draw"));
  CHECK_FALSE(std::filesystem::exists(folder / "g.svg"));
  const auto status = [&](const std::string& drawing) {
    return sibyl_with({"check", history, "--model", "register", "--draw", drawing}).status;
  };
  CHECK(status(folder / "g.png") == 64);
  CHECK(status("-") == 64);
  CHECK(status(history) == 64);
}

TEST_CASE("the report and the drawings of long histories and long texts have at most 200 kB") {
  std::string many;
  std::string texts;
  const auto put = [](int i, const std::string& f, const std::string& text, int call, int ret) {
    return line(i % 10, f, "\"" + text + "\"", call, ret);
  };
  std::string whole;
  for (int i = 0; i < 2'000; ++i) {
    const bool write = i % 2 == 0;
    many += line(i % 10, write ? "write" : "read", std::to_string(i < 1'990 ? i / 2 : i % 3),
                 10 * i, 10 * i + 15);
    if (i >= 200) continue;
    const std::string text = std::string(300, static_cast<char>('a' + i % 26));
    if (!write)
      texts += put(i, "get", i == 199 ? "?" + whole.substr(1) : whole, 10 * i, 10 * i + 5);
    if (write) whole += text;
    if (write) texts += put(i, "append", text, 10 * i, 10 * i + 5);
  }
  for (const auto& [text, model] : {std::pair{many, "register"}, std::pair{texts, "kv"}}) {
    const Folder folder;
    const std::string path = folder / "h.jsonl";
    write_file(path, text);
    const std::string svg = folder / "core.svg";
    const Ran ran = sibyl_with({"check", path, "--model", model, "--json", "--draw", svg});
    CHECK(ran.status == 1);
    CHECK(ran.out.size() <= 200'000);
    CHECK(read_file(svg, 1'000'000).size() <= 200'000);
    CHECK(sibyl_with({"check", path, "--model", model}).out.size() <= 200'000);
  }
}

TEST_CASE("reports and drawings have at most 200 kB whatever the size of keys, values and names") {
  const std::string key(240'000, 'k');
  const std::string value = "\"\\\"" + std::string(100'000, 'v') + "\"";
  const auto with_key = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find("\"x\"", at)) != std::string::npos; at += key.size()) {
      text.replace(at, 3, "\"" + key + "\"");
    }
    return text;
  };
  const std::string steps = line(0, "do", "[[\"create\",\"x\"," + value + "]]", 1, 2) +
                            line(1, "do", "[[\"write\",\"x\",1]]", 3, 4) +
                            line(2, "do", "[[\"read\",\"x\"," + value + "]]", 5, 6);
  const std::string texts =
      line(0, "put", value, 1, 2) + line(1, "append", value, 3, 4) + line(2, "get", value, 5, 6);
  const std::string queue = line(0, "enqueue", value, 1, 2) + line(1, "enqueue", "2", 3, 4) +
                            line(2, "dequeue", "2", 5, 6) + line(3, "dequeue", value, 7, 8);
  const std::string bank = line(0, "open", "[5,5]", 1, 2) + line(1, "withdraw", "[6,null]", 3, 4);
  const std::string back = line(0, "write", "1", 1, 2) + line(1, "write", value, 3, 4) +
                           line(2, "read", value, 5, 6) + line(2, "read", "1", 7, 8) +
                           line(2, "read", value, 9, 10);
  const std::vector<std::pair<std::string, std::vector<std::string>>> all{
      {kStale, {"--model", "register"}},   {kStale, {"--model", "register", "--online"}},
      {texts, {"--model", "kv"}},          {queue, {"--model", "queue"}},
      {bank, {"--model", "bank"}},         {steps, {"--model", "objects"}},
      {back, {"--consistency", "strict"}}, {back, {"--consistency", "sequential"}},
      {back, {"--consistency", "causal"}}};
  for (const auto& [text, how] : all) {
    const Folder folder;
    const std::string path = folder / "h.jsonl";
    write_file(path, with_key(text));
    std::vector<std::string> words{"check", path};
    words.insert(words.end(), how.begin(), how.end());
    const std::string asked = how.back();
    CAPTURE(asked);
    const Ran plain = sibyl_with(words);
    CHECK(plain.status == 1);
    CHECK(plain.out.size() <= 200'000);
    words.insert(words.end(), {"--json", "--draw", folder / "core.svg"});
    const Ran json = sibyl_with(words);
    CHECK(json.out.size() <= 200'000);
    const Value report = parse_json(json.out, "report");
    CHECK_FALSE(check_against_check_schema(report).has_value());
    CHECK(report.find("key")->as_string()->size() < 200);
    CHECK(read_file(folder / "core.svg", 1'000'000).size() <= 200'000);
  }
}

TEST_CASE("bad histories end with 65, bad command lines with 64, missing files with 74") {
  const Ran bad = checked(kGood + "{\"process\":", {"--model", "register"});
  CHECK(bad.status == 65);
  CHECK(bad.says("h.jsonl:3:"));
  CHECK(bad.out.empty());
  CHECK(checked("", {"--model", "register"}).status == 65);
  const Ran no_model = checked(kGood, {});
  CHECK(no_model.status == 64);
  CHECK(no_model.says("--model is missing; there are "));
  const Ran model = checked(kGood, {"--model", "registre"});
  CHECK(model.status == 64);
  CHECK(model.says("did you mean \"register\"?"));
  CHECK(checked(kGood, {"--model", "register", "--timeout", "fast"}).status == 64);
  CHECK(checked(kGood, {"--model", "register", "--format", "xml"}).status == 64);
  CHECK(checked(kGood, {"--model", "register", "--keyed"}).status == 64);
  CHECK(checked(kGood, {"--property", "total_order"}).status == 65);
  CHECK(checked(kGood, {"--property", "total_odrer"}).status == 64);
  CHECK(sibyl_with({"check", "/nowhere/h.jsonl", "--model", "register"}).status == 74);
  CHECK(sibyl_with({"check", "/", "--model", "register"}).status == 74);
}

TEST_CASE("drawings of phenomena have their names spelt out") {
  const Folder folder;
  const std::string history = folder / "h.jsonl";
  write_file(history, kStale);
  const Ran ran = sibyl_with(
      {"check", history, "--consistency", "strict", "--draw", folder / "c.txt", "--json"});
  CHECK(*parse_json(ran.out, "report").find("witness")->find("anomaly") == Value("G0-realtime"));
  CHECK(read_file(folder / "c.txt", 200'000).find("Write cycle with real time (G0-realtime)") !=
        std::string::npos);
}

TEST_CASE("values that a model makes nothing of are bad input, also with --online") {
  const std::string text =
      R"({"process":0,"f":"contains","value":[1,2],"call":1,"return":2,"outcome":"ok"})"
      "\n";
  for (const bool online : {false, true}) {
    std::vector<std::string> options{"--model", "set"};
    if (online) options.emplace_back("--online");
    const Ran ran = checked(text, options);
    CHECK(ran.status == 65);
    CHECK(
        ran.says("h.jsonl:1:37: \"value\": the value of contains should be [element, true or "
                 "false], not [1, 2]"));
  }
}

TEST_CASE("what cannot be judged as reads and writes is bad input where there is no model") {
  const std::string good = line(0, "write", "1", 1, 2);
  for (const std::string how : {"strict", "sequential", "causal", "serializability"}) {
    CAPTURE(how);
    const Ran function = checked(good + line(1, "frob", "1", 3, 4), {"--consistency", how});
    CHECK(function.status == 65);
    CHECK(function.says(
        "h.jsonl:2:18: \"f\": \"frob\" is no read or write that can be judged without --model; "
        "there are read, write, create, "));
    CHECK(function.out.empty());
    const Ran step = checked(good + line(1, "command", R"([["write","y",1],["frob","z",2]])", 3, 4),
                             {"--consistency", how});
    CHECK(step.status == 65);
    CHECK(step.says("h.jsonl:2:"));
    CHECK(step.says("\"value\": \"frob\" is no read or write that can be judged without a model"));
    const Ran sum = checked(line(1, "add", "\"one\"", 3, 4), {"--consistency", how});
    CHECK(sum.status == 65);
    CHECK(sum.says("the value of add should be an integer, or [an integer, what came of it], not"));
    CHECK(checked(good + line(1, "command", R"([["write","y",0],["add","y",[1,1]]])", 3, 4),
                  {"--consistency", how})
              .status == 0);
  }
  CHECK(checked(line(1, "wriet", "1", 3, 4), {"--consistency", "strict"})
            .says("; did you mean \"write\"?"));
}

TEST_CASE("what a sentence says of who wrote is true of the whole history") {
  // Line 3 writes what line 2 had read, later; and line 4, to another value, is why no core of
  // plain reads and writes is told.
  const std::string reads = line(0, "write", "5", 1, 2) + line(1, "read", "59", 3, 4) +
                            line(2, "write", "59", 5, 6) + line(3, "cas", "[59,60]", 7, 8);
  const Ran early = checked(reads, {"--model", "register"});
  CHECK(early.status == 1);
  CHECK(early.out.find("line 2 read x = 59, but x was absent at first and line 3, the first to "
                       "write 59, was called only after it had ended.") != std::string::npos);
  CHECK(early.out.find("nothing writes") == std::string::npos);
  const std::string command = line(0, "do", R"([["create","k98",0]])", 1, 2) +
                              line(1, "do", R"([["read","k98",59]])", 3, 4) +
                              line(2, "do", R"([["write","k98",59]])", 5, 6);
  const Ran objects = checked(command, {"--model", "objects"});
  CHECK(objects.status == 1);
  CHECK(objects.out.find("nothing writes 59") == std::string::npos);
  // Nobody writes it at all.
  const std::string never =
      line(0, "write", "5", 1, 2) + line(1, "read", "59", 3, 4) + line(3, "cas", "[5,60]", 7, 8);
  const Ran unwritten = checked(never, {"--model", "register"});
  CHECK(unwritten.out.find("and nothing writes 59") != std::string::npos);
}

TEST_CASE("what a bank's operation took of what was there is said once") {
  const std::string bank = line(0, "open", "[100,100]", 1, 2) +
                           line(0, "withdraw", "[60,40]", 3, 4) +
                           line(1, "withdraw", "[60,null]", 5, 6);
  const std::string text = checked(bank, {"--model", "bank"}).out;
  const std::size_t at = text.find("took 60 of 40");
  REQUIRE(at != std::string::npos);
  CHECK(text.find("took 60 of 40", at + 1) == std::string::npos);
  CHECK(text.find("with {x: 40}, nothing can follow: line 3 took 60 of 40.") != std::string::npos);
}

TEST_CASE("the core of a trace has its times with units, in texts and drawings") {
  const Folder folder;
  const std::string trace = folder / "t.jsonl";
  REQUIRE(sibyl_with({"run", SIBYL_SOURCE_DIR "/scenarios/partitioned/A1.json", "--only", "ssmr-A1",
                      "--quiet", "--trace", trace})
              .status == 0);
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--model", "objects"}, {"--property", "linearizability"}}) {
    for (const std::string name : {"core.svg", "core.txt"}) {
      std::vector<std::string> arguments{"check", trace, "--draw", folder / name};
      arguments.insert(arguments.end(), how.begin(), how.end());
      const Ran ran = sibyl_with(arguments);
      CHECK(ran.status == 1);
      CHECK(ran.out.find("(6000000 to") == std::string::npos);
      CHECK(read_file(folder / name, 200'000).find("6 ms to 22 ms") != std::string::npos);
    }
  }
  // The line of the file that calls it, and the client by its name.
  const Ran told = sibyl_with({"check", trace, "--model", "objects"});
  CHECK(told.out.find("line 11, c1: write x = 20, write y = 20 (0 to 3 ms)") != std::string::npos);
  const Ran strict = sibyl_with({"check", trace, "--consistency", "strict"});
  CHECK(strict.out.find(
            "T1 before T2, because it returned (at 3 ms) before T2 was called (at 6 ms)") !=
        std::string::npos);
  CHECK(strict.out.find("T2: line 48, c2: read y = 10") != std::string::npos);
  const Ran other = sibyl_with({"check", trace, "--model", "register"});
  CHECK(other.status == 65);
  CHECK(other.says(trace + ":11: \"command\" is no operation of a register (read, write, cas)"));
}

TEST_CASE("what a bound ends is undecided, with status 2") {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += line(0, "write", std::to_string(i), 2 * i, 2 * i + 1);
  const Ran small = checked(text, {"--model", "register", "--memory", "1"});
  CHECK(small.status == 2);
  CHECK(small.out.find("undecided") != std::string::npos);
  const Ran brief = checked(text, {"--model", "register", "--timeout", "1ns", "--json"});
  CHECK(brief.status == 2);
  CHECK(*parse_json(brief.out, "r").find("verdict") == Value("inconclusive"));
}

TEST_CASE("each property of a trace can be judged on its own") {
  const Folder folder;
  const std::string trace = folder / "t.jsonl.zst";
  REQUIRE(sibyl_with({"run", kOne, "--quiet", "--trace", trace}).status == 0);
  const Ran all = sibyl_with({"check", trace});
  CHECK(all.status == 0);
  CHECK(all.out.find("linearizability") != std::string::npos);
  const Ran one = sibyl_with({"check", trace, "--property", "linearizability", "--json"});
  CHECK(one.status == 0);
  const Value report = parse_json(one.out, "report");
  CHECK_FALSE(check_against_check_schema(report).has_value());
  REQUIRE(report.find("properties")->as_object()->size() == 1);
  const Ran by_history = sibyl_with({"check", trace, "--model", "objects"});
  CHECK(by_history.status == 0);
  CHECK(by_history.out.find("linearizable") != std::string::npos);
  CHECK(sibyl_with({"check", trace, "--model", "objects", "--property", "integrity"}).status == 64);
  CHECK(sibyl_with({"check", trace, "--format", "edn"}).status == 64);
}

TEST_CASE("a history that run wrote fits its schema, and says what there was at the beginning") {
  const Folder folder;
  const std::string history = folder / "h.jsonl";
  REQUIRE(sibyl_with({"run", kOne, "--quiet", "--history", history}).status == 0);
  const std::string text = read_file(history, 1'000'000);
  std::size_t initial = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const Value one = parse_json(text.substr(at, text.find('\n', at) - at), "line");
    CHECK_FALSE(check_against_history_schema(one).has_value());
    if (*one.find("process") == Value(-1)) ++initial;
  }
  CHECK(initial == 1);  // x
  CHECK(sibyl_with({"check", history, "--model", "objects"}).status == 0);
  for (const std::string_view bad :
       {R"({"process":0,"f":"read","value":1,"call":1,"outcome":"ok"})",
        R"({"process":0,"f":"read","value":1,"call":1,"return":2,"outcome":"done"})",
        R"({"process":"a","f":"read","value":1,"call":1,"return":2,"outcome":"ok"})"}) {
    CHECK(check_against_history_schema(parse_json(bad, "line")).has_value());
  }
}

}  // namespace
}  // namespace sibyl::check_test
