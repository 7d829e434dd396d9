// The runner, its report, and the files that it writes.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "scenarios/files.hpp"
#include "scenarios/histories/write.hpp"
#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/trace_file.hpp"
#include "scenarios/trace_source.hpp"

namespace sibyl::runner_test {

namespace {

const std::string kFile = SIBYL_SOURCE_DIR "/tests/scenarios/data/two_variants.json";

Scenario base_with(const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides;
  for (const auto& text : sets) overrides.push_back(parse_override(text));
  return load_file(kFile, overrides).front();
}

std::string refusal(const std::string& text) {
  try {
    parse_trace(text, "t.jsonl");
  } catch (const InputError& e) {
    return e.what();
  }
  return "(accepted)";
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("a scenario runs, and twice in a process it gives the same digest and the same trace") {
  const Scenario s = base_with();
  const RunResult a = run_scenario(s);
  const RunResult b = run_scenario(s);
  CHECK(a.as_expected());
  CHECK(a.trace.digest.size() == 32);
  CHECK(a.trace.digest == b.trace.digest);
  CHECK(trace_text(a.trace) == trace_text(b.trace));
  CHECK(to_json(report_json(s, a)) == to_json(report_json(s, b)));
}

TEST_CASE("another seed gives another digest, and is what the report repeats") {
  const Scenario s = base_with();
  RunOptions options;
  options.seed = 99;
  const RunResult other = run_scenario(s, options);
  CHECK(other.trace.digest != run_scenario(s).trace.digest);
  CHECK(*other.trace.scenario.find("seed") == Value(99));
  const Value report = report_json(s, other);
  CHECK(*report.find("replay") ==
        Value("sibyl run " + kFile + " --only test-two-partitions --seed 99"));
}

TEST_CASE("a trace's scenario replays the trace") {
  const RunResult first = run_scenario(base_with());
  const auto again = load_text(to_json(first.trace.scenario), "trace");
  CHECK(run_scenario(again.front()).trace.digest == first.trace.digest);
}

TEST_CASE("the report has the members that other programs rely on") {
  const Scenario s = base_with();
  const Value report = report_json(s, run_scenario(s));
  for (const std::string member :
       {"format", "id", "scenario", "seed", "version", "digest", "events", "virtual_time_ns",
        "outcome", "properties", "operations", "metrics", "replay", "ok"}) {
    CAPTURE(member);
    CHECK(report.find(member) != nullptr);
  }
  CHECK(*report.find("format") == Value("sibyl-report/1"));
  CHECK(*report.find("operations")->find("ok") == Value(2));
  CHECK(*report.find("properties")->find("linearizability")->find("verdict") == Value("holds"));
  CHECK(report.find("metrics")->find("messages")->find("total")->as_int() != nullptr);
  CHECK(*report.find("metrics")->find("latency_ns")->find("max")->as_int() > 0);
}

TEST_CASE("latencies are those of the ok operations, by the nearest rank") {
  const RunResult r = run_scenario(base_with({R"(/network/default/delay="10ms")"}));
  REQUIRE(r.latency.has_value());
  CHECK(r.latency->p50 == 40'000'000);
  CHECK(r.latency->max == 40'000'000);
  CHECK(r.latency->mean == 40'000'000);
  CHECK(r.throughput_per_s == doctest::Approx(2 / 0.09));
}

TEST_CASE("latencies whose sum is beyond 64 bits have the right mean") {
  const RunResult r = run_scenario(base_with({R"(/network/default/delay="1500000000s")"}));
  REQUIRE(r.latency.has_value());
  CHECK(r.ok == 2);
  CHECK(r.latency->p50 == 6'000'000'000'000'000'000);  // four delays; the other has five
  CHECK(r.latency->max == 7'499'999'999'950'000'000);
  CHECK(r.latency->mean == 6'749'999'999'975'000'000);
}

TEST_CASE("what is expected and not shown is unmet, one sentence each") {
  // C1 pauses before it starts, so that it never calls Wxy.
  const Scenario s =
      base_with({R"(/expect={"outcome": "deadline", "properties": {"linearizability": "violated"},
        "counters": {"signal": 1, "consult-local": {"min": 99}},
        "replies": {"Rxy": {"reply": "nok", "reads": {"x": 3, "z": 1}, "called": "49ms"},
                    "Wxy": {"returned": "1us"}}})",
                 R"(/ties="insertion")", R"(/workload/operations/0/at="10ms")",
                 R"(/faults=[{"at": "1ms", "pause": "C1"}])"});
  const RunResult r = run_scenario(s);
  std::vector<std::string> lines;
  for (const Unmet& each : r.unmet) lines.push_back(each.line);
  CHECK(r.exit_status() == 1);
  REQUIRE(lines.size() == 9);
  CHECK(lines[0] == "outcome: quiescent, expected deadline");
  CHECK(lines[1].rfind("linearizability: holds, expected violated; ", 0) == 0);
  CHECK(lines[2] == "reply of Rxy: called at 50ms, expected 49ms");
  CHECK(lines[3] == "reply of Rxy: \"ok\", expected \"nok\"");
  CHECK(lines[4] == "reply of Rxy: reads x = 0, expected 3");
  CHECK(lines[5] == "reply of Rxy: it reads no z");
  CHECK(lines[6] == "reply of Wxy: no operation has this label");
  CHECK(lines[7] == "counter signal: 2, expected 1");
  CHECK(lines[8].rfind("counter consult-local: ", 0) == 0);
  CHECK(lines[8].find(", expected at least 99") != std::string::npos);
}

TEST_CASE("a limit makes a run inconclusive, never a pass") {
  const RunResult r = run_scenario(base_with({"/limits/events=5"}));
  CHECK(r.trace.outcome == Outcome::limit);
  CHECK(r.exit_status() == 2);
  const RunResult expected =
      run_scenario(base_with({"/limits/events=5", R"(/expect={"outcome": "limit", "properties": {
        "termination": "inconclusive"}})"}));
  CHECK(expected.trace.outcome == Outcome::limit);
}

TEST_CASE("faults that never happened are counted, and said to people") {
  const std::string event = R"({"after_event": {"event": "Deliver", "count": 999}, "crash": "P1"})";
  const std::string timed = R"({"at": "1us", "slow": {"node": "P1", "percent": 200}})";
  const Scenario s = base_with({"/faults=[" + event + ", " + timed + "]"});
  const RunResult r = run_scenario(s);
  CHECK(r.faults_planned == 2);
  CHECK(r.faults_happened == 1);
  CHECK(report_text(s, r, false).find("faults      1 of 2 never happened\n") != std::string::npos);
  const Value report = report_json(s, r);
  CHECK(to_json(*report.find("metrics")->find("faults")) == R"({"planned":2,"happened":1})");
  const Scenario all = base_with({"/faults=[" + timed + "]"});
  CHECK(report_text(all, run_scenario(all), false).find("faults ") == std::string::npos);
}

TEST_CASE("a digest is compared for the scenario as it is written, and for no other run") {
  const std::string zeros(32, '0');
  Scenario s = base_with();
  s.expect.digest = zeros;
  CHECK(run_scenario(s).exit_status() == 1);
  RunOptions options;
  options.seed = 8;
  CHECK(run_scenario(s, options).exit_status() == 0);
  s.expect.digest = run_scenario(s).trace.digest;
  CHECK(run_scenario(s).exit_status() == 0);
}

TEST_CASE("a run that is interrupted ends by Interrupted") {
  RunOptions options;
  options.interrupted = [] { return true; };
  CHECK_THROWS_AS(run_scenario(base_with(), options), Interrupted);
}

TEST_CASE("a trace is read as it was written, plain and compressed") {
  const Trace trace = run_scenario(base_with()).trace;
  const std::string text = trace_text(trace);
  const Trace again = parse_trace(text, "t");
  CHECK(again.events == trace.events);
  CHECK(again.nodes == trace.nodes);
  CHECK(again.digest == trace.digest);
  CHECK(trace_text(again) == text);
  const auto path = (std::filesystem::temp_directory_path() /
                     ("sibyl_test_trace_" + std::to_string(getpid()) + ".jsonl.zst"))
                        .string();
  write_file(path, packed_for(path, text));
  CHECK(is_zstd(read_file(path, 1 << 26)));
  CHECK(load_trace(path).events == trace.events);
  std::filesystem::remove(path);
}

TEST_CASE("a trace with a mistake is refused by its line") {
  const std::string good = trace_text(run_scenario(base_with()).trace);
  CHECK(refusal(good) == "(accepted)");
  CHECK(refusal("") == "t.jsonl:1:1: the header is missing");
  CHECK(refusal(replaced(good, "sibyl-trace/1", "sibyl-trace/9")) ==
        "t.jsonl:1:1: /format: found \"sibyl-trace/9\", expected \"sibyl-trace/1\"");
  CHECK(refusal(replaced(good, "\"kind\":\"note\"", "\"kind\":\"nota\""))
            .find("did you mean \"note\"") != std::string::npos);
  CHECK(refusal(replaced(good, "{\"id\":2,", "{\"id\":3,")) ==
        "t.jsonl:3:1: /id: found 3, expected 2: events are numbered from 1");
  CHECK(refusal(replaced(good, "{\"id\":2,", "{\"id\":2,\"x\":0,"))
            .rfind("t.jsonl:3:1: /x: unknown", 0) == 0);
  CHECK(
      refusal(replaced(good, "{\"id\":2,", "{\"id\":2,,")).rfind("t.jsonl:3:9: syntax error", 0) ==
      0);
  CHECK(refusal(good.substr(0, good.size() - 1)).find("the file was cut off") != std::string::npos);
  const auto last = good.rfind('\n', good.size() - 2);
  CHECK(refusal(good.substr(0, last + 1)).find("the header announces") != std::string::npos);
  CHECK_THROWS_AS(zstd_decompress("\x28\xb5\x2f\xfd damaged", "t", 100), InputError);
}

TEST_CASE("a trace whose header or events make no sense is refused") {
  const std::string good = trace_text(run_scenario(base_with()).trace);
  const auto with = [&](const std::string& what, const std::string& by) {
    return refusal(replaced(good, what, by));
  };
  CHECK(with("\"end_ns\":", "\"end_ns\":-").rfind("t.jsonl:1:1: /end_ns: -", 0) == 0);
  CHECK(with("\"end_ns\":6", "\"end_ns\":").find("/t: later than the end that the header gives") !=
        std::string::npos);
  CHECK(with("\"seed\":7", "\"seed\":-7").rfind("t.jsonl:1:1: /seed: -7 is out of range", 0) == 0);
  CHECK(with("\"digest\":\"", "\"digest\":\"x") ==
        "t.jsonl:1:1: /digest: a digest has 32 lower-case hexadecimal digits");
  CHECK(with("\"pending\":0", "\"pending\":-1").rfind("t.jsonl:1:1: /pending: -1", 0) == 0);
  CHECK(with("\"scenario\":{", "\"scenario\":3,\"x\":{").rfind("t.jsonl:1:1: ", 0) == 0);
  CHECK(with("\"nodes\":[{\"name\":\"P1\"", "\"nodes\":[{\"name\":\"\"") ==
        "t.jsonl:1:1: /nodes/0/name: a node needs a name");
  CHECK(with("\"id\":\"test-", "\"id\":\"a\\u001b[31m") ==
        "t.jsonl:1:1: /id: must not have control characters");
  CHECK(with("\"nodes\":[{\"name\":\"P1\"", "\"nodes\":[{\"name\":\"P\\n1\"") ==
        "t.jsonl:1:1: /nodes/0/name: must not have control characters");
  const std::size_t version = good.find("\"version\":\"") + 11;
  CHECK(refusal(std::string(good).erase(version, good.find('"', version) - version)) ==
        "t.jsonl:1:1: /version: must not be empty");
  CHECK(with("\"t\":0,", "\"t\":-1,").rfind("t.jsonl:2:1: /t: -1 is out of range", 0) == 0);
  CHECK(with("\"kind\":\"start\",\"node\"", "\"kind\":\"start\",\"peer\"") ==
        "t.jsonl:2:1: /node: a start happens at a node");
  CHECK(with("\"kind\":\"start\"", "\"kind\":\"send\"") ==
        "t.jsonl:2:1: /peer: a send has one peer");
}

TEST_CASE("what compressed data expand to is bounded") {
  const std::string bomb = zstd_compress(std::string(1'000'000, ' '));
  CHECK(bomb.size() < 1000);
  CHECK(zstd_decompress(bomb, "t", 1'000'000).size() == 1'000'000);
  CHECK_THROWS_WITH_AS(zstd_decompress(bomb, "t", 999'999),
                       doctest::Contains("t: it expands to 1000000 bytes; of compressed data at "
                                         "most 999999 are read"),
                       InputError);
  // Of several frames only the first says how large it is.
  CHECK_THROWS_WITH_AS(zstd_decompress(bomb + bomb, "t", 1'500'000),
                       doctest::Contains("it expands to more than 1500000 bytes"), InputError);
}

TEST_CASE("a history has a line for each operation, as check reads it") {
  const std::string text =
      history_text(run_scenario(base_with({R"(/network/default/delay="10ms")"})).history);
  CHECK(text ==
        R"({"process":2,"f":"command","value":[["write","x",1],["write","y",2]],"call":0,)"
        R"("return":40000000,"outcome":"ok","label":"Wxy","reply":"ok"})"
        "\n"
        R"({"process":3,"f":"command","value":[["read","x",1],["read","y",2]],"call":50000000,)"
        R"("return":90000000,"outcome":"ok","label":"Rxy","reply":"ok"})"
        "\n");
}

TEST_CASE("a refused operation failed in the history, but for a read that saw an object absent") {
  const auto outcome = [](const std::string& steps, const std::string& reply,
                          OperationOutcome recorded = OperationOutcome::ok) {
    Operation op;
    op.f = "command";
    op.value = parse_json(steps, "steps");
    op.reply = reply;
    op.outcome = recorded;
    if (recorded != OperationOutcome::unknown) op.ret = 1;
    const Value line = parse_json(history_text({op}), "line");
    if (op.ret) CHECK(*line.find("reply") == Value(reply));
    return *line.find("outcome")->as_string();
  };
  CHECK(outcome(R"([["create", "x", 1]])", "ok") == "ok");
  CHECK(outcome(R"([["create", "x", 1]])", "nok") == "fail");
  CHECK(outcome(R"([["write", "x", 1]])", "nok") == "fail");
  CHECK(outcome(R"([["delete", "x", null]])", "nok") == "fail");
  CHECK(outcome(R"([["read", "x", null]])", "nok") == "ok");
  CHECK(outcome(R"([["read", "x", null], ["read", "x", null]])", "nok") == "ok");
  CHECK(outcome(R"([["read", "x", null], ["read", "y", null]])", "nok") == "fail");
  CHECK(outcome(R"([["read", "x", null], ["write", "x", 1]])", "nok") == "fail");
  CHECK(outcome(R"([["read", "x", null], ["write", "x", 1]])", "", OperationOutcome::unknown) ==
        "unknown");
  CHECK(outcome(R"([["write", "x", 1]])", "fail", OperationOutcome::fail) == "fail");
  CHECK(outcome("[]", "nok") == "fail");
}

TEST_CASE("what came from standard input is not said to be repeatable by the line alone") {
  Scenario s = base_with();
  s.file = "-";
  CHECK(replay_line(s, 7) ==
        "sibyl run - --only test-two-partitions --seed 7  # with the same text "
        "on standard input");
}

TEST_CASE("the line that repeats a run does not begin the file's name as an option begins") {
  Scenario s = base_with();
  s.file = "-dash.json";
  CHECK(replay_line(s, 7).rfind("sibyl run ./-dash.json ", 0) == 0);
}

TEST_CASE("an operation whose time never comes makes the run inconclusive") {
  const std::vector<std::string> never = {R"(/workload/operations/1/at="9223372036854775807ns")"};
  const RunResult result = run_scenario(base_with(never));
  CHECK(result.trace.outcome == Outcome::limit);
  CHECK(result.exit_status() == 2);
}

TEST_CASE("Multi-Paxos asks all for what lies beyond the window when it comes to its end") {
  // P2 is down while 4097 slots are used, one more than the window has. When it recovers, both
  // Commits of slot 1 come behind all others: then it delivers as far as it had looked.
  std::string entries;
  for (int i = 0; i < 4097; ++i) {
    entries += fmt::format(R"({}{{"party": "P0", "at": "{}ms"}})", i == 0 ? "" : ", ", 1 + i / 50);
  }
  const std::string text = R"({"format": "sibyl-scenario/1", "id": "window", "protocol":
      {"name": "multi-paxos", "options": {"tries": 30}}, "deployment": {"parties": 3},
      "workload": {"broadcasts": [)" +
                           entries + R"(]}, "ties": "insertion",
      "network": {"default": {"delay": {"uniform": ["1ms", "4ms"]}}},
      "faults": [{"at": "0ms", "crash": "P2"}, {"at": "300s", "recover": {"node": "P2"}}],
      "schedule": {"otherwise": "least", "decisions": [
        {"delay": "4ms", "from": "P1", "to": "P2", "message": "paxos::Commit", "nth": 1},
        {"delay": "4ms", "from": "P0", "to": "P2", "message": "paxos::Commit", "nth": 4098}]}})";
  const RunResult r = run_scenario(load_text(text, "test.json").front());
  CHECK(r.trace.outcome == Outcome::quiescent);
  for (const analysis::Finding& finding : r.findings) {
    CAPTURE(finding.property);
    CHECK(finding.verdict == analysis::Verdict::holds);
  }
}

TEST_CASE("a file is written whole or not at all") {
  const auto folder =
      std::filesystem::temp_directory_path() / ("sibyl_write_test_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "out.txt").string();
  write_file(path, "one");
  write_file(path, "two");
  CHECK(read_file(path, 10) == "two");
  CHECK_THROWS_AS(write_file((folder / "no" / "out.txt").string(), "x"), FileError);
  CHECK_THROWS_AS(write_file(folder.string(), "x"), FileError);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  CHECK(files == 1);
  CHECK_THROWS_AS(read_file(path, 2), InputError);
  std::filesystem::remove_all(folder);
}

}  // namespace sibyl::runner_test
