// In what runs leave the model of their protocol: each bound is kept at its value, and exceeded by
// the least more.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "scenarios/json.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/report.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/schema_check.hpp"

namespace sibyl::departures_test {

namespace {

Scenario loaded(const std::string& protocol, const std::string& deployment,
                const std::string& more) {
  const std::string text =
      R"({"format": "sibyl-scenario/1", "id": "model", "protocol": )" + protocol +
      R"(, "deployment": )" + deployment +
      (more.find("\"ties\"") == std::string::npos ? R"(, "ties": "insertion")" : "") +
      (more.find("\"workload\"") == std::string::npos
           ? R"(, "workload": {"broadcasts": [{"party": "P0"}]})"
           : "") +
      (more.empty() ? "" : ", ") + more + "}";
  const Scenario s = load_text(text, "test.json").front();
  CHECK_FALSE(check_against_schema(s.document).has_value());
  return s;
}

/// The sentences, one behind the other.
std::string left(const Scenario& scenario) {
  std::string out;
  for (const Departure& each : run_scenario(scenario).departures) {
    out += (out.empty() ? "" : " | ") + each.text;
  }
  return out;
}

/// Of scheduled broadcast among four with bounds of 2ms, 5ms and 1ms.
std::string slots(const std::string& more) {
  return left(loaded(R"({"name": "scheduled-broadcast", "options":
      {"max_drift": "2ms", "max_trans": "5ms", "max_comp": "1ms"}})",
                     R"({"parties": 4, "faulty": 1})", more));
}

std::string network(const std::string& link, const std::string& more = "") {
  return R"("network": {"default": {)" + link + "}" + (more.empty() ? "" : ", ") + more + "}";
}

std::string of(const std::string& protocol, const std::string& more,
               const std::string& deployment = R"({"parties": 4})") {
  return left(loaded(R"({"name": ")" + protocol + R"("})", deployment, more));
}

const std::string kByzantine = R"(, "byzantine": [{"node": "P3", "behaviour": "silent"}])";

}  // namespace

TEST_CASE("a delay that the network may draw, and one that a message took") {
  CHECK(slots(network(R"("delay": "5ms")")).empty());
  CHECK(slots(network(R"("delay": {"uniform": ["1ms", "5000001ns"]})")) ==
        "a message from P0 to P1 may take 5.000001ms; max_trans is 5ms");
  const std::string link = R"("links": [{"from": "P3", "to": "P1", "delay": "10ms"}])";
  CHECK(slots(network(R"("delay": "1ms")", link)) ==
        "a message from P3 to P1 may take 10ms; max_trans is 5ms");
  CHECK(slots(network(R"("delay": "1ms")", link) + kByzantine).empty());
  CHECK(slots(network(R"("delay": "1ms")", R"("gst": "9ms", "before_gst": "5ms")")).empty());
  CHECK(slots(network(R"("delay": "1ms")", R"("gst": "9ms", "before_gst": "6ms")")) ==
        "a message from P0 to P1 may take 6ms; max_trans is 5ms");
  CHECK(slots(R"("ties": "any")") ==
        "messages take any time (\"ties\": \"any\"); max_trans is 5ms");
  // Held by a link from 5ms on: what is sent at 10ms goes on at 15ms or 15.000001ms.
  const auto clog = [](const std::string& until) {
    return network(R"("delay": "0ms")") + R"(, "faults": [
        {"at": "5ms", "clog": {"from": "P0", "to": "P2"}},
        {"at": ")" +
           until + R"(", "unclog": {"from": "P0", "to": "P2"}}])";
  };
  CHECK(slots(clog("15ms")).empty());
  CHECK(slots(clog("15000001ns")) == "a message from P0 to P2 took 5.000001ms; max_trans is 5ms");
  CHECK(slots(network(R"("delay": "0ms")") +
              R"(, "faults": [{"at": "5ms", "clog": {"from": "P0", "to": "P2"}}])")
            .find("a message from P0 to P2 took ") == 0);
}

TEST_CASE("a clock that is too far off at any time until the end") {
  const std::string delay = network(R"("delay": "1ms")") + ", ";
  CHECK(slots(delay + R"("clocks": {"P1": {"wall_offset": "2ms"}, "P2": {"wall_offset": "-2ms"}})")
            .empty());
  CHECK(slots(delay + R"("clocks": {"P1": {"wall_offset": "-2000001ns"}})") ==
        "the clock of P1 is 2.000001ms off; max_drift is 2ms");
  CHECK(slots(delay + R"("clocks": {"P3": {"wall_offset": "8ms"}})" + kByzantine).empty());
  const std::string drifting = R"("clocks": {"P1": {"wall_offset": "2ms", "drift_ppb": )";
  CHECK(slots(delay + drifting + "-1000000}}").empty());
  CHECK(slots(delay + drifting + "1000000}}").find("the clock of P1 is 2.0") == 0);
  const std::string step = R"("faults": [{"at": "3ms", "clock_step": {"node": "P2", "by": "3ms"}},
                                         {"at": "4ms", "clock_step": {"node": "P2", "by": )";
  CHECK(slots(delay + step + R"("-3ms"}}])") == "the clock of P2 is 3ms off; max_drift is 2ms");
  CHECK(
      slots(delay + R"("faults": [{"at": "1ms", "clock_drift": {"node": "P2", "ppb": 900000000}}])")
          .find("the clock of P2 is ") == 0);
  CHECK(of("reliable-broadcast", R"("clocks": {"P1": {"wall_offset": "8s"}})").empty());
}

TEST_CASE("work and pauses that are too long") {
  const std::string delay = network(R"("delay": "1ms")") + ", ";
  const auto cpu = [](const std::string& time) {
    return R"("cpu": {"default": {"standard": ")" + time + R"("}})";
  };
  CHECK(slots(delay + cpu("1ms")).empty());
  CHECK(slots(delay + cpu("1000001ns")).find("a step of P0 may take 1.000001ms; max_comp is 1ms") ==
        0);
  CHECK(slots(delay + cpu("600us") +
              R"(, "faults": [{"at": "1ms", "slow": {"node": "P2", "percent": 200}}])")
            .find("a step of P2 may take 1.2ms; max_comp is 1ms") == 0);
  // A message is handled when the CPU has done with it, and with those before it.
  CHECK(slots(network(R"("delay": "5ms")") + ", " + cpu("1ms")) ==
        "a message from P3 to P0 took 8ms; max_trans is 5ms");
  const auto pause = [&](const std::string& until) {
    return delay + R"("faults": [{"at": "1ms", "pause": "P1"}, {"at": ")" + until +
           R"(", "resume": "P1"}])";
  };
  CHECK(slots(pause("2ms")).empty());
  CHECK(slots(pause("2000001ns")) == "P1 was paused for 1.000001ms; max_comp is 1ms");
  CHECK(of("reliable-broadcast", pause("90ms")).empty());
}

TEST_CASE("losses and cuts, where nothing may be lost") {
  for (const char* protocol : {"scheduled-broadcast", "reliable-broadcast", "naive-broadcast"}) {
    CAPTURE(protocol);
    CHECK(of(protocol, network(R"("delay": "1ms")")).empty());
    CHECK(of(protocol, network(R"("delay": "1ms", "duplicate": 1)")).empty());
    CHECK(of(protocol, network(R"("delay": "1ms", "loss": 0.25)")) ==
          "messages from P0 to P1 are lost with probability 0.25; links have to lose nothing");
  }
  const auto cut = [](const std::string& from, const std::string& more = "") {
    return network(R"("delay": "1ms")") + R"(, "faults": [{"at": "1ms", "cut":
        {"name": "x", "from": [")" +
           from + R"("], "to": ["P1"]}})" + more + "]";
  };
  const std::string heals = R"(, {"at": "2ms", "heal": "x"})";
  CHECK(of("reliable-broadcast", cut("P2", heals)) ==
        "messages between P2 and P1 are lost by a cut; links have to lose nothing");
  CHECK(of("reliable-broadcast", cut("P2")) ==
        "messages between P2 and P1 are lost by a cut that does not heal; links have to lose "
        "nothing");
  CHECK(of("reliable-broadcast", cut("P3") + kByzantine).empty());
  // It never happens.
  CHECK(of("reliable-broadcast", network(R"("delay": "1ms")") + R"(, "faults": [
      {"after_event": {"event": "Count", "count": 99},
       "cut": {"name": "x", "from": ["P0"], "to": ["P1"]}}])")
            .empty());
  CHECK(of("multi-paxos", cut("P2", heals)).empty());
  CHECK(of("multi-paxos", cut("P2")) ==
        "messages between P2 and P1 are lost by a cut that does not heal; what is repeated has to "
        "arrive");
  CHECK(of("multi-paxos", network(R"("delay": "1ms", "loss": 0.25)")).empty());
  const std::string dead = R"("links": [{"from": "P2", "to": "P1", "loss": 1}])";
  CHECK(of("multi-paxos", network(R"("delay": "1ms")", dead)) ==
        "messages from P2 to P1 are lost with probability 1; what is repeated has to arrive");
  // Clients repeat nothing.
  const std::string client = R"("workload": {"broadcasts": [
      {"client": "c", "command": "set", "value": 1}]}, )";
  CHECK(of("multi-paxos", client + network(R"("delay": "1ms", "loss": 0.25)"),
           R"({"parties": 3, "machine": "counter", "clients": ["c"]})")
            .find("messages from P0 to c are lost with probability 0.25; links") == 0);
}

TEST_CASE("a party that gave up, where something was not delivered in the end") {
  const auto cut = [](const std::string& from, const std::string& to, const std::string& heal) {
    return network(R"("delay": "1ms")") + R"(, "faults": [{"at": "0ms", "cut":
        {"name": "x", "from": [")" +
           from + R"("], "to": [)" + to + R"(]}},
        {"at": ")" +
           heal + R"(", "heal": "x"}])";
  };
  const auto paxos = [&](const std::string& options, const std::string& more) {
    return left(loaded(R"({"name": "multi-paxos", "options": {)" + options + "}}",
                       R"({"parties": 3})", more));
  };
  const std::string majority = R"("P1", "P2")";
  CHECK(paxos("", cut("P0", majority, "100s")).empty());
  CHECK(paxos("", cut("P0", majority, "600s")) ==
        "P0 gave up after 20 tries; m1 of P0 was not delivered by P0");
  CHECK(paxos(R"("tries": 100)", cut("P0", majority, "600s")).empty());
  // A follower hears nothing, and the others go on.
  CHECK(paxos("", cut("P0", R"("P2")", "10s")).empty());
  CHECK(paxos(R"("repetitions": 1)", cut("P0", R"("P2")", "10s")) ==
        "P0 gave up after 1 repetition; m1 of P0 was not delivered by P2");
  CHECK(paxos(R"("tries": 100, "repetitions": 100)", cut("P0", R"("P2")", "600s")).empty());
  // That one has crashed for good is no reason.
  CHECK(paxos(R"("repetitions": 1)",
              network(R"("delay": "1ms")") + R"(, "faults": [{"at": "0ms", "crash": "P2"}])")
            .empty());
  CHECK(paxos(R"("tries": 0)", network(R"("delay": "1ms", "loss": 0.25)"))
            .find("messages from P0 to P1 are lost with probability 0.25; links have") == 0);
  const auto leader = [&](const std::string& epochs) {
    return left(loaded(R"({"name": "rotating-leader", "options": {)" + epochs + "}}",
                       R"({"parties": 4})",
                       R"("workload": {"broadcasts": [{"party": "P0", "at": "900ms"}]}, )" +
                           network(R"("delay": "1ms")")));
  };
  CHECK(leader("").empty());
  CHECK(leader(R"("epochs": 1)") == "P0 gave up after 1 epoch; m1 of P0 was not delivered by P0");
}

TEST_CASE("delta has to be greater than the longest delay and the greatest skew together") {
  const auto real_time = [](const std::string& options, const std::string& offset) {
    return left(loaded(R"({"name": "real-time-order", "options": {)" + options + "}}",
                       R"({"parties": 2})",
                       network(R"("delay": "5ms")") + R"(, "clocks": {"P0": {"wall_offset": ")" +
                           offset + R"("}})"));
  };
  CHECK(real_time(R"("delta": "7000001ns")", "-2ms").empty());
  CHECK(real_time(R"("delta": "7ms")", "-2ms") ==
        "messages take up to 5ms and clocks differ by 2ms; delta has to be greater than both "
        "together, and is 7ms");
  CHECK(real_time(R"("clients_learn": "arrival")", "4999999ns").empty());
  CHECK(real_time(R"("clients_learn": "arrival")", "5ms") ==
        "the clocks of P1 and P0 differ by 5ms; that has to be less than the shortest delay, 5ms");
  // A variant is a fault of the protocol: its Delta of 0 does not make every delay too long.
  CHECK(left(loaded(R"({"name": "real-time-order", "variants": ["delta-too-small"]})",
                    R"({"parties": 2})", network(R"("delay": "1ms")")))
            .empty());
}

TEST_CASE("a deployment that counts on more faulty parties than the protocol bears") {
  const std::string two = R"({"parties": 4, "faulty": 2})";
  const std::string most = "/deployment/faulty is 2; of 4 parties the protocol bears at most 1";
  const std::string delay = network(R"("delay": "1ms")");
  CHECK(of("reliable-broadcast", delay, R"({"parties": 4, "faulty": 1})").empty());
  CHECK(of("reliable-broadcast", delay, two) == most);
  CHECK(of("consensus-broadcast", delay, two) == most);
  CHECK(of("multi-paxos", delay, two) == most);
  CHECK(of("scheduled-broadcast", delay, two).empty());
  CHECK(of("timestamped-broadcast", delay, two).empty());
  CHECK(left(loaded(R"({"name": "consensus-broadcast", "variants": ["signed-flooding"]})", two,
                    delay))
            .empty());
  // Two faulty ones besides.
  const std::string liars = R"(, "byzantine": [{"node": "P2", "behaviour": "silent"},
                                               {"node": "P3", "behaviour": "silent"}])";
  for (const char* protocol : {"reliable-broadcast", "consensus-broadcast"}) {
    CHECK(of(protocol, delay + liars, two) ==
          "2 Byzantine nodes; the protocol is made for at most 1 Byzantine node | " + most);
  }
}

TEST_CASE("votes of t + 1 need 2t + 1 parties; what only clients read is nothing to the order") {
  const auto votes = [](const std::string& parties, const std::string& options = "{}") {
    return left(loaded(
        R"({"name": "fixed-sequencer", "options": )" + options + "}",
        R"({"parties": )" + parties + R"(, "faulty": 1, "machine": "counter", "clients": ["c"]})",
        network(R"("delay": "1ms")") + R"(, "workload": {"broadcasts": [
                           {"client": "c", "command": "set", "value": 1}]})"));
  };
  CHECK(votes("3").empty());
  CHECK(votes("2") ==
        "/deployment/faulty is 1; clients that wait for 2 replies alike bear at most 0 of 2 "
        "parties");
  CHECK(votes("2", R"({"accept": "first"})").empty());
}

TEST_CASE("faulty voters and clients are outside the model, and are none of the faulty parties") {
  const auto voted = [](const std::string& clients, const std::string& more) {
    return left(
        loaded(R"({"name": "rotating-leader", "options": {"epochs": 8}})",
               R"({"parties": 4, "faulty": 1, "machine": "counter", )" + clients + "}",
               R"("workload": {"broadcasts": [{"client": "c", "command": "set", "value": 1}]},
                          "network": {"default": {"delay": "1ms"}})" +
                   more));
  };
  const std::string plain = R"("clients": ["c"], "voter": "V")";
  const auto byzantine = [](const std::string& node) {
    return R"({"node": ")" + node + R"(", "behaviour": "silent"})";
  };
  const auto faults = [&](const std::string& list) { return R"(, "byzantine": [)" + list + "]"; };
  CHECK(voted(plain, "").empty());
  CHECK(voted(plain, faults(byzantine("P2"))).empty());
  CHECK(voted(plain, faults(byzantine("V"))) == "V is faulty; the protocol bears no faulty voter");
  // With a faulty party besides: that one is borne.
  CHECK(voted(plain, faults(byzantine("P2") + ", " + byzantine("V"))) ==
        "V is faulty; the protocol bears no faulty voter");
  CHECK(voted(plain, R"(, "faults": [{"at": "1ms", "crash": "c"},
                                     {"at": "2ms", "recover": {"node": "c"}}])") ==
        "c is faulty; a faulty client is borne only among 2f + 1 replicas of it");
  const std::string replicas = R"("client_replicas": {"c": ["c1", "c2", "c3"]})";
  CHECK(voted(replicas, faults(byzantine("c2"))).empty());
  CHECK(voted(replicas, faults(byzantine("c2") + ", " + byzantine("c3"))) ==
        "c2, c3 are faulty; a faulty client is borne only among 2f + 1 replicas of it");
}

TEST_CASE("a detector of failures has to wait for longer than an answer may take") {
  const auto detected = [](const std::string& options, const std::string& delays) {
    return left(loaded(R"({"name": "lamport-order", "options": {)" + options + "}}",
                       R"({"parties": 3})", delays));
  };
  const std::string delay = network(R"("delay": "5ms")");
  CHECK(detected(R"("suspect_after": "10000001ns")", delay).empty());
  CHECK(detected(R"("suspect_after": "10ms")", delay) ==
        "an answer of P0 may take 10ms; who has not answered after 10ms is taken for crashed");
  CHECK(detected(R"("suspect_after": "15000001ns", "later": "nulls", "period": "5ms")", delay)
            .empty());
  CHECK(detected(R"("suspect_after": "15ms", "later": "nulls", "period": "5ms")", delay)
            .find("an answer of P0 may take 15ms") == 0);
  CHECK(detected(R"("suspect_after": "13ms", "later": "flush", "timeout": "3ms")", delay)
            .find("an answer of P0 may take 13ms") == 0);
  CHECK(detected(R"("suspect_after": "9s", "later": "nothing")", delay) ==
        "nobody has to answer; who has not answered after 9s is taken for crashed");
  CHECK(detected(R"("suspect_after": "9s")", R"("ties": "any")").find("messages take any time") ==
        0);
  // One slow link: to P2 and from it otherwise 1ms.
  const std::string link = R"("links": [{"from": "P0", "to": "P2", "delay": "5ms"}])";
  CHECK(detected(R"("suspect_after": "6000001ns")", network(R"("delay": "1ms")", link)).empty());
  CHECK(detected(R"("suspect_after": "6ms")", network(R"("delay": "1ms")", link))
            .find("an answer of P0 may take 6ms") == 0);
  CHECK(left(loaded(R"({"name": "lamport-order", "variants": ["early-detector"]})",
                    R"({"parties": 3})", delay))
            .empty());
}

TEST_CASE("both reports say what is outside the model, and nothing of a run within it") {
  const Scenario s = loaded(R"({"name": "reliable-broadcast"})", R"({"parties": 4, "faulty": 2})",
                            network(R"("loss": 0.5)"));
  const RunResult r = run_scenario(s);
  CHECK(to_json(*report_json(s, r, false).find("outside_model")) ==
        R"([{"what":"declared","found":"2","bound":"1","text":"/deployment/faulty is 2; )"
        R"(of 4 parties the protocol bears at most 1"},{"what":"loss","found":"0.5","bound":"0",)"
        R"("text":"messages from P0 to P1 are lost with probability 0.5; links have to lose )"
        R"(nothing"}])");
  const std::string text = report_text(s, r, false);
  CHECK(text.find("  outside the model: /deployment/faulty is 2; ") != std::string::npos);
  CHECK(text.find("  outside the model: messages from P0 ") != std::string::npos);
  const Scenario fine = loaded(R"({"name": "reliable-broadcast"})", R"({"parties": 4})", "");
  const RunResult within = run_scenario(fine);
  CHECK(to_json(*report_json(fine, within, false).find("outside_model")) == "[]");
  CHECK(report_text(fine, within, false).find("outside") == std::string::npos);
}

TEST_CASE("of the scenarios of state machine replication these leave the model, and no others") {
  std::map<std::string, std::string> found;
  std::size_t scenarios = 0;
  const std::filesystem::path folder(std::string(SIBYL_SOURCE_DIR) + "/scenarios/smr");
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    for (const Scenario& s : load_file(file.path().string())) {
      ++scenarios;
      std::string& kinds = found[s.id];
      for (const Departure& each : run_scenario(s).departures) {
        kinds += (kinds.empty() ? "" : " ") + each.what;
      }
      if (kinds.empty()) found.erase(s.id);
    }
  }
  CHECK(scenarios > 150);
  const std::map<std::string, std::string> expected{
      {"smr-B-6", "faulty"},
      {"smr-B-6/detected", "faulty"},
      {"smr-B-8", "faulty"},
      {"smr-B-8/stale-acks", "faulty"},
      {"smr-B-8/huge-timestamp", "faulty"},
      {"smr-C-4", "delay"},
      {"smr-C-4/clock", "clock"},
      {"smr-C-10", "faulty"},
      {"smr-C-24", "faulty declared"},
      {"smr-D-11", "votes"},
      {"smr-D-12", "faulty"},
      {"smr-D-12/t-plus-1", "faulty"},
      {"smr-E-6", "faulty declared"},
      {"smr-E-adversary/too-few", "faulty declared"},
      {"smr-E-ben-or-crash/half", "declared"},
      {"smr-E-ben-or-5t", "faulty declared"},
      {"smr-E-ntba/5t", "faulty declared"},
      {"smr-E-weak-5t", "faulty declared"},
      {"smr-F-3", "faulty"},
      {"smr-F-3/detected-in-time", "faulty"},
      {"smr-F-3/no-crash", "detector"},
      {"smr-F-4", "delta"},
      {"smr-F-4/skew", "delta"},
      {"smr-F-4/O2", "skew"},
      {"smr-F-4-from-all/by-time", "delta"},
      {"smr-F-4-from-all/crash", "faulty"},
      {"smr-F-7", "faulty"},
      {"smr-F-7/2f-replicas", "faulty votes"},
      {"smr-F-7/voter", "faulty"},
      {"smr-F-7/faulty-voter", "voter"},
      {"smr-F-7/silent-voter", "voter"},
      {"smr-F-8", "faulty"},
      {"smr-F-8/5-replicas", "faulty"},
      {"smr-F-10", "faulty"},
      {"smr-F-10/f-plus-1", "faulty"},
      {"smr-F-fail-stop", "faulty"},
      {"smr-F-fail-stop/liar", "faulty"},
      {"smr-F-fail-stop/sequencer-stops", "faulty"},
      {"smr-G-pbft-silent-backups/too-many", "faulty"},
      {"smr-paxos-recovery/all", "faulty"},
  };
  for (const auto& each : expected) {
    CAPTURE(each.first);
    CHECK(found[each.first] == each.second);
    found.erase(each.first);
  }
  for (const auto& each : found) FAIL_CHECK(each.first << " leaves the model: " << each.second);
}

}  // namespace sibyl::departures_test
