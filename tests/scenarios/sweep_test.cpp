// Sweeps: what is measured agrees with recorded runs and with what is worked out by hand, and
// nothing depends on the number of jobs or on an interruption.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"
#include "scenarios/sweep.hpp"
#include "scenarios/sweep_report.hpp"
#include "scenarios/sweep_state.hpp"
#include "sim/decode.hpp"

namespace sibyl::sweep_test {

namespace {

const std::string kChapters = SIBYL_SOURCE_DIR "/scenarios/";

Scenario scenario(const std::string& file, const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides;
  for (const std::string& text : sets) overrides.push_back(parse_override(text));
  return load_file(kChapters + file, overrides).front();
}

/// Bracha's broadcast of one item, nobody faulty, a delay that is drawn.
SweepPlan reliable(const std::vector<std::string>& varies, std::uint64_t seeds) {
  SweepPlan plan;
  plan.base = scenario("smr/C-20.json", {"/byzantine=[]", "/expect={}",
                                         R"(/network/default/delay={"uniform": ["1ms", "9ms"]})"});
  for (const std::string& text : varies) plan.varies.push_back(parse_vary(text));
  plan.seeds = seeds;
  return plan;
}

/// Everything that is printed of a sweep.
std::string printed(const SweepPlan& plan, const SweepResult& result) {
  const SweepTable table = table_of(plan, result);
  return sweep_text(table) + sweep_csv(table) + sweep_ndjson(table) + to_json(sweep_json(table));
}
std::string printed(const SweepPlan& plan, unsigned jobs) {
  SweepOptions options;
  options.jobs = jobs;
  return printed(plan, sweep(plan, options));
}

const analysis::Summary& summary(const SweepRow& row, const std::string& measure) {
  const auto found = row.measures.find(measure);
  REQUIRE(found != row.measures.end());
  return found->second.summary;
}

std::string refusal(const std::string& vary) {
  try {
    check_varies({parse_vary(vary)});
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "(accepted)";
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a sweep prints the same with one job, two and seven") {
  SweepPlan plan = reliable({"/deployment/parties=4,7", R"(/network/default/loss=0,0.1)"}, 37);
  const std::string one = printed(plan, 1);
  CHECK(one == printed(plan, 2));
  CHECK(one == printed(plan, 7));
  CHECK(has(one, "delivery_quorum_ns"));
  plan.check = true;
  plan.seeds = 5;
  CHECK(printed(plan, 1) == printed(plan, 7));
}

TEST_CASE("a run that is measured is the run that is recorded") {
  for (const std::string& text :
       {std::string("smr/D-4.json"), std::string("smr/A1.json"), std::string("smr/C-25.json"),
        std::string("smr/paxos-leader-crash.json"), std::string("smr/B-5.json"),
        std::string("smr/C-13.json"), std::string("smr/recovered-leader.json"),
        std::string("partitioned/case-3.2.json"), std::string("partitioned/C2.json"),
        std::string("partitioned/move.json"), std::string("partitioned/app-chirper.json"),
        std::string("partitioned/app-tpcc.json"), std::string("partitioned/app-volery.json"),
        std::string("partitioned/dynastar-plan.json"), std::string("partitioned/F1.json")}) {
    CAPTURE(text);
    SweepPlan plan;
    plan.base = scenario(text);
    plan.seeds = 1;
    for (plan.seed = 1; plan.seed < 4; ++plan.seed) {
      const SweepRow row = sweep(plan, {}).rows.at(0);
      RunOptions options;
      options.seed = sweep_seed(plan.seed, 0);
      const RunResult run = run_scenario(plan.base, options);
      const auto value = [&](const char* name) { return result_of(row, name).summary.max; };
      CHECK(value("events") == static_cast<double>(run.events));
      CHECK(value("virtual_time_ns") == static_cast<double>(run.trace.end.ns));
      CHECK(value("messages.total") == static_cast<double>(run.messages));
      for (const auto& [kind, n] : run.messages_by_kind) {
        CHECK(summary(row, "messages." + kind).max == static_cast<double>(n));
      }
      for (const auto& [name, n] : run.counters) {
        CHECK(summary(row, name).max == static_cast<double>(n));
      }
      CHECK(value("operations.invoked") == static_cast<double>(run.invoked));
      CHECK(value("operations.ok") == static_cast<double>(run.ok));
      CHECK(value("operations.failed") == static_cast<double>(run.failed));
      CHECK(value("operations.pending") == static_cast<double>(run.pending));
      CHECK(value("throughput_per_s") == run.throughput_per_s);
      if (!run.latency) continue;
      CHECK(value("latency_p50_ns") == static_cast<double>(run.latency->p50));
      CHECK(value("latency_max_ns") == static_cast<double>(run.latency->max));
      CHECK(value("latency_mean_ns") == doctest::Approx(static_cast<double>(run.latency->mean)));
    }
  }
}

TEST_CASE("Bracha's broadcast delivers after three delays, by 2n(n-1) + n - 1 messages") {
  SweepPlan plan = reliable({"/deployment/parties=4,7,10"}, 2);
  plan.base = scenario("smr/C-20.json", {"/byzantine=[]", "/expect={}"});
  const SweepResult result = sweep(plan, {});
  REQUIRE(result.rows.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const double n = 4 + 3 * static_cast<double>(i);
    const SweepRow& row = result.rows[i];
    CHECK(summary(row, "messages.total").mean == 2 * n * (n - 1) + n - 1);
    CHECK(summary(row, "messages.bracha::Send").mean == n - 1);
    CHECK(summary(row, "delivery_quorum_ns").mean == 3e6);
    CHECK(summary(row, "delivery_last_ns").max == 3e6);
    CHECK(result_of(row, "items_all").fraction.count == 2);
    CHECK(summary(row, "items").mean == 1);
  }
}

TEST_CASE("the intervals of sweeps cover a probability that is known, seeds being unrelated") {
  // One item to one other party, over a link that loses one message in four.
  SweepPlan plan;
  plan.base = load_text(R"({"format": "sibyl-scenario/1", "id": "coin",
      "protocol": {"name": "naive-broadcast"}, "deployment": {"parties": 2},
      "network": {"default": {"loss": 0.25}},
      "workload": {"broadcasts": [{"party": "P0", "label": "m"}]}})",
                        "coin.json")
                  .front();
  plan.seeds = 60;
  int covered = 0;
  double sum = 0;
  constexpr int kSweeps = 150;
  for (int i = 0; i < kSweeps; ++i) {
    plan.seed = static_cast<std::uint64_t>(i);
    const analysis::Fraction f = result_of(sweep(plan, {}).rows.at(0), "items_all").fraction;
    CHECK(f.n == 60);
    sum += f.fraction;
    covered += f.interval->low <= 0.75 && 0.75 <= f.interval->high ? 1 : 0;
  }
  CHECK(covered >= 145);                                         // 148.5 are expected
  CHECK(sum / kSweeps == doctest::Approx(0.75).epsilon(0.025));  // its standard error is 0.0046
}

TEST_CASE("every combination has the same seeds, and they do not depend on how many there are") {
  const SweepPlan few = reliable({R"(/title="a","b")"}, 5);
  const SweepResult result = sweep(few, {});
  CHECK(result.rows.at(0).measures == result.rows.at(1).measures);
  CHECK(summary(result.rows[0], "delivery_last_ns").deviation > 0);
  SweepPlan one = reliable({}, 1);
  const double first = summary(sweep(one, {}).rows.at(0), "delivery_last_ns").max;
  const analysis::Summary& five = summary(result.rows[0], "delivery_last_ns");
  CHECK(five.min <= first);
  CHECK(first <= five.max);
}

TEST_CASE("an interrupted sweep goes on from its state to the same tables") {
  SweepPlan plan = reliable({"/deployment/parties=4,5,6"}, 23);
  const std::string whole = printed(plan, 2);
  for (const int questions : {1, 5, 20, 40, 60}) {
    int asked = 0;
    SweepOptions options;
    options.interrupted = [&] { return ++asked > questions; };
    SweepResult result = sweep(plan, options);
    CHECK_FALSE(result.complete);
    CHECK(result.runs(plan) < 69);
    const std::string state = sweep_state_text(plan, result);
    result = sweep(plan, {}, read_sweep_state(state, "state", plan));
    CHECK(result.complete);
    CHECK(printed(plan, result) == whole);
  }
}

TEST_CASE("a state that is damaged, or of another sweep, is refused with its place") {
  SweepPlan plan = reliable({"/deployment/parties=4,5"}, 9);
  int asked = 0;
  SweepOptions options;
  options.interrupted = [&] { return ++asked > 12; };
  const std::string state = sweep_state_text(plan, sweep(plan, options));
  const auto complaint = [&](const std::string& text, const SweepPlan& of) {
    try {
      read_sweep_state(text, "state", of);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("(accepted)");
  };
  CHECK(complaint(state, plan) == "(accepted)");
  SweepPlan other = plan;
  other.seeds = 10;
  CHECK(has(complaint(state, other), "state: /sweep: is of another scenario"));
  other = plan;
  other.varies = {parse_vary("/deployment/parties=4,6")};
  CHECK(has(complaint(state, other), "/sweep"));
  const auto changed = [&](const std::string& what, const std::string& by) {
    std::string text = state;
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return complaint(text.replace(at, what.size(), by), plan);
  };
  CHECK(has(changed("sweep-state/1", "sweep-state/2"), "/format"));
  CHECK(has(changed("\"open\":{\"runs\":", "\"open\":{\"runs\":9"), "/open/runs"));
  CHECK(has(changed("\"values\":[1", "\"values\":[\"x\",1"), "more numbers than the"));
  CHECK(has(changed("\"kind\":\"count\"", "\"kind\":\"cuont\""), "did you mean \"count\"?"));
  CHECK(has(changed("\"rows\":[", "\"rows\":[1,"), "/rows/0"));
  CHECK(has(changed("\"combination\":", "\"combination\":7"), "/open/combination"));
  // What makes sense by itself, and is not what was written.
  CHECK(has(changed("\"mean\":", "\"mean\":1"), "/check"));
  CHECK(has(changed("\"check\":\"", "\"check\":\"0"), "/check"));
  const auto rows = state.find("\"rows\":[") + 8;
  const auto open = state.find("],\"open\":");
  REQUIRE(open != std::string::npos);
  CHECK(has(complaint(state.substr(0, rows) + state.substr(open), plan), "/open/combination"));
  std::string spaced = state;
  spaced.insert(spaced.find('{') + 1, " ");
  CHECK(has(complaint(spaced, plan), "/check"));
  CHECK(has(complaint(state.substr(0, state.size() / 2), plan), "state:1:"));
}

TEST_CASE("windows divide what a run has counted, and follow their measure in the table") {
  SweepPlan plan;
  plan.base = scenario("partitioned/app-chirper.json");
  plan.seeds = 2;
  plan.measures = {"latency_mean_ns", "done.post", "operations.ok", "messages.total",
                   "messages.skeen::Start"};
  plan.window = milliseconds(1);
  const SweepTable table = table_of(plan, sweep(plan, {}));
  const SweepRow& row = table.rows.at(0);
  REQUIRE(table.columns.size() > 10);
  CHECK(table.columns[1] == "done.post");
  CHECK(table.columns[2] == "done.post@0");
  for (const std::string name :
       {"done.post", "operations.ok", "messages.total", "messages.skeen::Start"}) {
    CAPTURE(name);
    double sum = 0;
    std::size_t windows = 0;
    for (const std::string& column : table.columns) {
      if (!column.starts_with(name + "@")) continue;
      CHECK(column == window_name(name, windows++));
      sum += result_of(row, column).summary.mean;
    }
    CHECK(windows > 3);
    CHECK(sum == doctest::Approx(result_of(row, name).summary.mean));
  }
  CHECK_FALSE(check_against_sweep_schema(sweep_json(table)));
  const SweepTable seven = [&] {
    SweepOptions options;
    options.jobs = 7;
    return table_of(plan, sweep(plan, options));
  }();
  CHECK(sweep_csv(table) == sweep_csv(seven));
}

TEST_CASE("columns are what is not always 0, in one order, or what is asked for") {
  SweepPlan plan = reliable({}, 3);
  const SweepResult result = sweep(plan, {});
  const std::vector<std::string> columns = table_of(plan, result).columns;
  CHECK(std::count(columns.begin(), columns.end(), "operations.invoked") == 0);
  CHECK(std::count(columns.begin(), columns.end(), "limit") == 0);
  CHECK(columns.front() == "events");
  const auto total = std::find(columns.begin(), columns.end(), "messages.total");
  REQUIRE(total + 1 < columns.end());
  CHECK(*(total + 1) == "messages.bracha::Echo");
  plan.measures = {"limit", "decided", "latency_mean_ns"};
  const SweepTable table = table_of(plan, result);
  CHECK(table.columns == plan.measures);
  CHECK(result_of(table.rows[0], "limit").fraction.n == 3);
  CHECK(result_of(table.rows[0], "decided").summary.n == 3);
  CHECK(result_of(table.rows[0], "latency_mean_ns").summary.n == 0);
  CHECK_FALSE(check_against_sweep_schema(sweep_json(table)));
  Value broken = sweep_json(table);
  broken.set("rows", 3);
  CHECK(check_against_sweep_schema(broken));
}

TEST_CASE("that no run delivered everything is shown, with its interval") {
  SweepPlan plan = reliable({"/network/default/loss=1"}, 4);
  const SweepTable table = table_of(plan, sweep(plan, {}));
  CHECK(std::count(table.columns.begin(), table.columns.end(), "items_all") == 1);
  CHECK(result_of(table.rows[0], "items_all").fraction.count == 0);
  CHECK(result_of(table.rows[0], "items_all").fraction.interval->high < 1);
}

TEST_CASE("with --check a property's violations are counted, and one that should hold is not met") {
  SweepPlan plan;
  plan.base = scenario("smr/C-24.json");
  plan.check = true;
  plan.seeds = 3;
  SweepRow row = sweep(plan, {}).rows.at(0);
  CHECK(result_of(row, "violated.agreement").fraction.count == 3);
  CHECK(row.status == 0);  // it is expected
  CHECK(row.first_violated.at("agreement") == 0);
  plan.base = scenario("smr/C-24.json", {"/expect={}"});
  row = sweep(plan, {}).rows.at(0);
  CHECK(row.status == 1);
  CHECK(has(sweep_text(table_of(plan, sweep(plan, {}))), "agreement violated: sibyl run "));
  plan.base = scenario("smr/C-24.json", {R"(/deployment={"parties": 4})", "/expect={}"});
  const SweepResult good = sweep(plan, {});
  CHECK(good.rows.at(0).status == 0);
  const auto columns = table_of(plan, good).columns;  // that it never happened is said, too
  CHECK(std::count(columns.begin(), columns.end(), "violated.agreement") == 1);
}

TEST_CASE("what is varied: lists, integers from and to, places together") {
  Vary vary = parse_vary(R"(/a/b=1,"x,y",[1,2],{"k":3})");
  CHECK(vary.pointers == std::vector<std::string>{"/a/b"});
  REQUIRE(vary.settings.size() == 4);
  CHECK(vary.settings[1][0] == Value("x,y"));
  CHECK(vary.settings[2][0].as_list()->size() == 2);
  vary = parse_vary("/a=1..4,10..20/5,-1");
  REQUIRE(vary.settings.size() == 8);
  CHECK(vary.settings[3][0] == Value(4));
  CHECK(vary.settings[6][0] == Value(20));
  vary = parse_vary(R"(/a&/b=1&"p&q",2&null)");
  CHECK(vary.pointers.size() == 2);
  CHECK(vary.settings[0][1] == Value("p&q"));
  const std::vector<Vary> two{parse_vary("/a&/b=1&2,3&4"), parse_vary("/c=5,6,7")};
  CHECK(count_combinations(two) == 6);
  CHECK(settings_words(combination(two, 4)) == "/a=3, /b=4, /c=6");
}

TEST_CASE("what cannot be varied is refused with the reason") {
  CHECK(has(refusal("/a"), "no \"=\""));
  CHECK(has(refusal("a=1"), "no JSON pointer"));
  CHECK(has(refusal("/a="), "a value is missing"));
  CHECK(has(refusal("/a=1,,2"), "a value is missing"));
  CHECK(has(refusal("/a=5ms"), "a string is written \"5ms\""));
  CHECK(has(refusal("/a=1,2,1"), "1 stands there twice"));
  CHECK(has(refusal("/a=1..5,3"), "3 stands there twice"));
  CHECK(has(refusal("/a=5..1"), "must not be larger"));
  CHECK(has(refusal("/a=1..5/0"), "step"));
  CHECK(has(refusal("/a=0..9223372036854775807"), "more than 10000 values"));
  CHECK(has(refusal("/a=-9223372036854775808..9223372036854775807"), "more than 10000 values"));
  CHECK(has(refusal("/a&/b=1&2,3"), "1 values for 2 places"));
  CHECK(has(refusal("/a&/a=1&2"), "varied twice"));
  CHECK(has(refusal("/a&/a/b=1&2"), "inside the other"));
  CHECK(has(refusal("/seed=1,2"), "--seeds"));
  CHECK(has(refusal("/id=\"x\""), "cannot be set"));
  CHECK_THROWS_AS(check_varies({parse_vary("/a=1..200"), parse_vary("/b=1..200")}), ConfigError);
}

TEST_CASE("a combination that is no scenario is refused before anything runs, with its place") {
  const auto complaint = [](const std::string& vary) {
    try {
      check_sweep(reliable({vary}, 2), {});
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("(accepted)");
  };
  CHECK(complaint("/deployment/parties=4,5") == "(accepted)");
  CHECK(has(complaint("/deployment/parties=4,0"), "--vary: /deployment/parties: "));
  CHECK(has(complaint("/deployment/parties=4,0"), "(with /deployment/parties=0)"));
  CHECK(has(complaint("/deployment/partis=4"), "partis"));
  CHECK(has(complaint("/network/default/loss=2"), "--vary: /network/default/loss: "));
}

}  // namespace sibyl::sweep_test
