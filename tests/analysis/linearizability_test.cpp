// Judgement on histories made by hand: those of the notes, and the rules one by one.
#include <doctest/doctest.h>

#include "analysis/check/judge.hpp"
#include "analysis/history.hpp"
#include "analysis/models/models.hpp"
#include "analysis/properties.hpp"
#include "tests/analysis/trace_builder.hpp"

namespace sibyl::analysis::linearizability_test {

namespace {

/// A completed command; `ret` < 0: it never returned.
Operation command(const char* label, std::int64_t call, std::int64_t ret, std::vector<Value> list,
                  const char* reply = "ok") {
  Operation op;
  op.label = label;
  op.f = "command";
  op.value = steps(std::move(list));
  op.call = call;
  op.reply = reply;
  if (ret >= 0) {
    op.ret = ret;
    op.outcome = OperationOutcome::ok;
  }
  return op;
}

Operation simple(const char* f, const char* key, Value value, std::int64_t call, std::int64_t ret) {
  Operation op = command("", call, ret, {});
  op.f = f;
  op.key = key;
  op.value = std::move(value);
  return op;
}

Value objects(std::vector<std::pair<std::string, Value>> list) { return Value(std::move(list)); }

Judgement judge(const History& history, const Value& initial = {}) {
  JudgeOptions options;
  options.initial = initial;
  options.wants_order = true;
  return judge_recorded(history, options);
}

std::vector<std::string> names(const Judgement& judged) {
  std::vector<std::string> result;
  for (const WindowOperation& op : judged.window) result.push_back(op.name);
  return result;
}

using Names = std::vector<std::string>;

const Value kXy = objects({{"x", 10}, {"y", 10}});

}  // namespace

TEST_CASE("A1: S-SMR without signals is not linearizable, with them it is") {
  const Operation cxy = command("Cxy", 0, 3, {step("write", "x", 20), step("write", "y", 20)});
  const Operation cx = command("Cx", 3, 5, {step("read", "x", 20)});
  const Judgement bad = judge({cxy, cx, command("Cy", 6, 22, {step("read", "y", 10)})}, kXy);
  CHECK(bad.verdict == Verdict::violated);
  CHECK(names(bad) == Names{"Cxy", "Cy"});
  CHECK(
      bad.summary ==
      "Not linearizable: Cy read y = 10, but Cxy, which sets y to 20, had ended before Cy began.");
  const Judgement good = judge({cxy, cx, command("Cy", 6, 22, {step("read", "y", 20)})}, kXy);
  CHECK(good.verdict == Verdict::holds);
  CHECK(good.order == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("A1 with a slow reply: the circle goes over the read of the other object") {
  const Operation cxy = command("Cxy", 0, 30, {step("write", "x", 20), step("write", "y", 20)});
  const Operation cx = command("Cx", 3, 5, {step("read", "x", 20)});
  const Judgement bad = judge({cxy, cx, command("Cy", 6, 22, {step("read", "y", 10)})}, kXy);
  CHECK(bad.verdict == Verdict::violated);
  CHECK(names(bad) == Names{"Cxy", "Cx", "Cy"});
  CHECK(bad.because ==
        Names{"Cxy before Cx: Cx read x = 20 from Cxy",
              "Cx before Cy: Cx had ended before Cy began",
              "Cy before Cxy: Cy read y = 10, the initial state, and Cxy sets y to 20"});
  History overlapping{cxy, cx, command("Cy", 5, 22, {step("read", "y", 10)})};
  for (std::size_t i = 0; i < 3; ++i) overlapping[i].process = static_cast<std::int64_t>(i);
  CHECK(judge(overlapping, kXy).verdict == Verdict::holds);  // Cx returns when Cy is called
  overlapping[2].process = overlapping[1].process;  // but a process calls one after the other
  CHECK(judge(overlapping, kXy).verdict == Verdict::violated);
}

TEST_CASE("A2: a chain of blind writes with early signals is not linearizable") {
  const Value initial = objects({{"a", 0}, {"b", 0}, {"c", 0}});
  const auto history = [&](int y) {
    return History{command("z0", 0, 22, {step("write", "a", 1), step("write", "b", 1)}),
                   command("z1", 3, 24, {step("write", "b", 2), step("write", "c", 2)}),
                   command("x", 8, 10, {step("read", "c", 2)}),
                   command("y", 11, 22, {step("read", "a", y)}),
                   command("w", 200, 202, {step("read", "b", 2)})};
  };
  const Judgement bad = judge(history(0), initial);
  CHECK(bad.verdict == Verdict::violated);
  CHECK(names(bad) == Names{"z0", "z1", "x", "y", "w"});
  CHECK(bad.because.size() == 4);
  CHECK(bad.summary.find("w read b = 2 from z1, and z0, which comes before w, sets b to 1") !=
        std::string::npos);
  CHECK(judge(history(1), initial).verdict == Verdict::holds);
}

TEST_CASE("B1 and B2: a read that misses an object whose create had ended") {
  const Operation create = command("create", 0, 3, {step("create", "x", 1)});
  for (const Operation& read : {command("read", 4, 22, {step("read", "x")}, "nok"),
                                command("read", 4, 22, {step("read", "x")}, "ok")}) {
    const Judgement bad = judge({create, read});
    CHECK(bad.verdict == Verdict::violated);
    CHECK(names(bad) == Names{"create", "read"});
    CHECK(bad.summary ==
          "Not linearizable: read found x absent, but create, which sets x to 1, had ended before "
          "read began.");
  }
  // Fixed by waiting (the create takes longer, so that they overlap) or by retrying (the read finds
  // x).
  CHECK(judge({command("create", 0, 23, {step("create", "x", 1)}),
               command("read", 4, 22, {step("read", "x")}, "nok")})
            .verdict == Verdict::holds);
  CHECK(judge({create, command("read", 4, 40, {step("read", "x", 1)})}).verdict == Verdict::holds);
}

TEST_CASE("B3: a read of an object whose delete had ended") {
  const Value initial = objects({{"v", 7}});
  const Judgement bad = judge(
      {command("delete", 0, 3, {step("delete", "v")}), command("r", 4, 22, {step("read", "v", 7)})},
      initial);
  CHECK(bad.verdict == Verdict::violated);
  CHECK(bad.summary ==
        "Not linearizable: r read v = 7, but delete, which removes v, had ended before r began.");
  CHECK(judge({command("delete", 0, 24, {step("delete", "v")}),
               command("read", 4, 22, {step("read", "v", 7)})},
              initial)
            .verdict == Verdict::holds);
  CHECK(judge({command("delete", 0, 3, {step("delete", "v")}),
               command("read", 4, 22, {step("read", "v")}, "nok")},
              initial)
            .verdict == Verdict::holds);
}

TEST_CASE("the same from a trace: events of the window, and the initial state from its notes") {
  TraceBuilder w;
  const NodeId p1 = w.node("P1", "partition");
  const NodeId p2 = w.node("P2", "partition");
  const NodeId a = w.node("a", "client");
  const NodeId b = w.node("b", "client");
  w.initial(p1, "x", 10);
  w.initial(p2, "y", 10);
  w.initial(p2, "x", 99);  // a second replica's word does not count
  const Value both = steps({step("write", "x", 20), step("write", "y", 20)});
  const EventId called = w.invoke(a, 1, "Cxy", both);
  const EventId returned = w.give_back(a, 1, "ok", both);
  w.invoke(b, 2, "Cx", steps({step("read", "x")}));
  w.give_back(b, 2, "ok", steps({step("read", "x", 20)}));
  const EventId read = w.invoke(b, 3, "Cy", steps({step("read", "y")}));
  SUBCASE("a stale read") {
    const EventId stale = w.give_back(b, 3, "ok", steps({step("read", "y", 10)}));
    const Finding finding = w.check("linearizability");
    CHECK(finding.verdict == Verdict::violated);
    CHECK(finding.events == std::vector<EventId>{called, returned, read, stale});
    REQUIRE(finding.window.has_value());
    CHECK(finding.window->first == Time{3});
    CHECK(finding.window->second == Time{8});
    CHECK(finding.witness.find("operations")->as_list()->size() == 2);
  }
  SUBCASE("an open read") {
    CHECK(w.check("linearizability").verdict == Verdict::holds);
    CHECK(history_of(w.trace()).operations.back().outcome == OperationOutcome::unknown);
  }
  SUBCASE("operations of which none returned leave nothing to judge") {
    TraceBuilder none;
    none.invoke(none.node("c", "client"), 1, "R", steps({step("read", "x")}));
    const Finding finding = none.check("linearizability");
    CHECK(finding.verdict == Verdict::holds);
    CHECK(finding.vacuous);
  }
  SUBCASE("a later reply is ignored") {
    w.give_back(b, 3, "ok", steps({step("read", "y", 20)}));
    w.give_back(b, 3, "ok", steps({step("read", "y", 10)}));
    CHECK(w.check("linearizability").verdict == Verdict::holds);
  }
  SUBCASE("a return of nothing is a problem of the trace") {
    w.give_back(b, 4, "ok", steps({}));
    CHECK(w.check("linearizability").verdict == Verdict::inconclusive);
    CHECK(w.check("linearizability").summary ==
          "event 9 returns operation 4, which was not called.");
  }
}

TEST_CASE("an operation that never returned may take effect late, or never, but not twice") {
  const History history{
      command("w", 0, -1, {step("write", "x", 1)}), command("r1", 10, 11, {step("read", "x", 0)}),
      command("r2", 12, 13, {step("read", "x", 1)}), command("r3", 14, 15, {step("read", "x", 1)})};
  const Value initial = objects({{"x", 0}});
  CHECK(judge(history, initial).verdict == Verdict::holds);
  History back = history;
  back[3].value = steps({step("read", "x", 0)});
  const Judgement bad = judge(back, initial);
  CHECK(bad.verdict == Verdict::violated);
  CHECK(names(bad) == Names{"w", "r2", "r3"});
  CHECK(judge({history[0], history[1]}, initial).order == std::vector<std::uint32_t>{1});
}

TEST_CASE("a failed operation had no effect") {
  Operation write = command("w", 0, 1, {step("write", "x", 1)});
  write.outcome = OperationOutcome::fail;
  const Value initial = objects({{"x", 0}});
  CHECK(judge({write, command("r", 2, 3, {step("read", "x", 0)})}, initial).verdict ==
        Verdict::holds);
  CHECK(judge({write, command("r", 2, 3, {step("read", "x", 1)})}, initial).verdict ==
        Verdict::violated);
}

TEST_CASE("steps of a command see the earlier ones, and nok changes nothing") {
  CHECK(judge({command("c", 0, 1,
                       {step("create", "x", 1), step("add", "x", Value::List{2, 3}),
                        step("read", "x", 3), step("delete", "x"), step("read", "x")})})
            .verdict == Verdict::holds);
  const Value initial = objects({{"x", 5}});
  const auto nok = [&](std::vector<Value> list) {
    return judge({command("c", 0, 1, std::move(list), "nok"),
                  command("r", 2, 3, {step("read", "x", 5)})},
                 initial)
        .verdict;
  };
  CHECK(nok({step("create", "x", 9)}) == Verdict::holds);
  CHECK(nok({step("create", "y", 9)}) == Verdict::violated);
  CHECK(nok({step("write", "x", 9), step("write", "y", 9)}) == Verdict::holds);
  CHECK(nok({step("write", "x", 9)}) == Verdict::violated);
  CHECK(nok({step("delete", "y")}) == Verdict::violated);
  CHECK(nok({step("move", "y", "P2")}) == Verdict::holds);
}

TEST_CASE("an append tells the text as it is then, and says nothing while its reply is not known") {
  const Value initial = objects({{"x", "a"}});
  const auto append = [](std::int64_t call, std::int64_t ret, const char* suffix, Value result) {
    return command("", call, ret, {step("append", "x", Value::List{suffix, std::move(result)})});
  };
  const auto verdict = [&](const History& history) { return judge(history, initial).verdict; };
  CHECK(verdict({append(0, 10, "b", "acb"), append(0, 10, "c", "ac")}) == Verdict::holds);
  CHECK(verdict({append(0, 10, "b", "ab"), append(0, 10, "c", "ac")}) == Verdict::violated);
  CHECK(verdict({append(0, -1, "b", Value()), append(20, 30, "c", "abc")}) == Verdict::holds);
  CHECK(verdict({append(0, -1, "b", Value()), append(20, 30, "c", "ac")}) == Verdict::holds);
  CHECK(verdict({append(0, -1, "b", Value()), append(20, 30, "c", "adc")}) == Verdict::violated);
  // Of an object that is not there, or holds no text.
  CHECK(judge({append(0, 10, "b", "b")}).verdict == Verdict::violated);
  CHECK(judge({append(0, 10, "b", "7b")}, objects({{"x", 7}})).verdict == Verdict::violated);
}

TEST_CASE("two additions that both saw the old value are a lost update") {
  const Judgement bad = judge({command("a", 0, 10, {step("add", "x", Value::List{1, 1})}),
                               command("b", 0, 10, {step("add", "x", Value::List{1, 1})})},
                              objects({{"x", 0}}));
  CHECK(bad.verdict == Verdict::violated);
  CHECK(names(bad) == Names{"a", "b"});
  CHECK(bad.because.size() == 2);
}

TEST_CASE("register: a cas that failed found something else") {
  const auto cas = [](const char* reply) {
    Operation op = simple("cas", "", Value::List{1, 2}, 2, 3);
    op.reply = reply;
    return op;
  };
  const Operation write = simple("write", "", 1, 0, 1);
  CHECK(judge({write, cas("ok"), simple("read", "", 2, 4, 5)}).verdict == Verdict::holds);
  CHECK(judge({write, cas("ok"), simple("read", "", 1, 4, 5)}).verdict == Verdict::violated);
  CHECK(judge({write, cas("nok")}).verdict == Verdict::violated);
  CHECK(judge({cas("nok"), simple("read", "", Value(), 4, 5)}).verdict == Verdict::holds);
}

TEST_CASE("kv: gets see puts and appends; an absent key reads as the empty string") {
  const History good{simple("get", "k", "", 0, 1), simple("append", "k", "a", 2, 6),
                     simple("append", "k", "b", 3, 5), simple("get", "k", "ba", 7, 8)};
  CHECK(judge(good).verdict == Verdict::holds);
  History bad = good;
  bad[3].value = "b";
  CHECK(judge(bad).verdict == Verdict::violated);
  CHECK(judge({simple("put", "k", "1", 0, 1), simple("get", "k", "", 2, 3)}).summary ==
        "Not linearizable: operation 1 read k = \"\", but operation 0, which sets k to \"1\", had "
        "ended before operation 1 began.");
}

TEST_CASE("independent keys are judged on their own and merged into one order") {
  const History history{simple("write", "x", 1, 0, 10), simple("write", "y", 1, 0, 1),
                        simple("read", "y", 1, 2, 3), simple("read", "x", Value(), 4, 5)};
  CHECK(judge(history).order == std::vector<std::uint32_t>{1, 2, 3, 0});
  History bad = history;
  bad[2].value = Value();
  CHECK(judge(bad).verdict == Verdict::violated);
  for (const WindowOperation& op : judge(bad).window) CHECK(history[op.index].key == "y");
}

TEST_CASE("a violation late in a long history is cut down to the operations that show it") {
  History history;
  for (int i = 0; i < 2000; ++i) {
    history.push_back(command("", i * 10, i * 10 + 12,
                              {i % 2 == 0 ? step("write", "x", i / 2) : step("read", "x", i / 2)}));
  }
  CHECK(judge(history, objects({{"x", 0}})).verdict == Verdict::holds);
  history[1801].value = steps({step("read", "x", 17)});
  const Judgement bad = judge(history, objects({{"x", 0}}));
  CHECK(bad.verdict == Verdict::violated);
  CHECK(bad.window.size() <= 3);
  CHECK(bad.window.back().index == 1801);
}

TEST_CASE("a value that nobody wrote is told as such") {
  const Judgement bad = judge(
      {command("w", 0, 1, {step("write", "x", 1)}), command("r", 2, 3, {step("read", "x", 7)})},
      objects({{"x", 0}}));
  CHECK(bad.summary ==
        "Not linearizable: r read x = 7, but x was 0 at first and nothing writes 7.");
  CHECK(names(bad) == Names{"r"});
}

TEST_CASE("several thousand operations of few clients are judged quickly") {
  History history;
  for (int i = 0; i < 8000; ++i) {
    const int client = i % 5;
    const int t = i / 5 * 10 + client;
    history.push_back(i % 3 == 0
                          ? command("", t, t + 9, {step("add", "x", Value::List{1, Value()})})
                          : command("", t, t + 9, {step("write", "y", i)}));
  }
  const Judgement good = judge(history, objects({{"x", 0}, {"y", 0}}));
  CHECK(good.verdict == Verdict::holds);
  CHECK(good.steps < 100000);
}

TEST_CASE("a bound makes the verdict inconclusive, never a pass") {
  History history;
  for (int i = 0; i < 16; ++i) {
    history.push_back(command("", 0, 100, {step("add", "x", Value::List{1 << i, Value()})}));
  }
  history.push_back(command("", 200, 201, {step("read", "x", 1)}));
  JudgeOptions options;
  options.initial = objects({{"x", 0}});
  options.max_bytes = 20'000;
  const Judgement bounded = judge_recorded(history, options);
  CHECK(bounded.verdict == Verdict::inconclusive);
  CHECK(bounded.summary.find("the memory allowed was used up") != std::string::npos);
  options.max_bytes = JudgeOptions().max_bytes;
  options.stop = [] { return true; };
  CHECK(judge_recorded(history, options).verdict == Verdict::inconclusive);
  const Value initial = options.initial;
  CHECK(judge(history, initial).verdict == Verdict::violated);
}

TEST_CASE("the property's search asks whether to go on, and is inconclusive when it may not") {
  // Fourteen writes at once, and then a read of what none of them wrote.
  TwoGroups w;
  w.initial(w.a1, "x", 0);
  for (int i = 1; i <= 14; ++i) {
    w.invoke(w.node("C" + std::to_string(i), "client"), i, "", steps({step("write", "x", i)}));
  }
  for (int i = 1; i <= 14; ++i) {
    w.give_back(NodeId{static_cast<std::uint32_t>(4 + i)}, i, "ok", steps({step("write", "x", i)}));
  }
  w.invoke(w.client, 15, "", steps({step("read", "x")}));
  w.give_back(w.client, 15, "ok", steps({step("read", "x", 99)}));
  int asked = 0;
  const Finding stopped = check("linearizability", w.trace(), {[&] { return ++asked > 0; }});
  CHECK(asked > 0);
  CHECK(stopped.verdict == Verdict::inconclusive);
  CHECK(stopped.property == "linearizability");
  CHECK(w.check("linearizability").verdict == Verdict::violated);
}

TEST_CASE("an operation that cannot be read is named") {
  const auto summary = [](const Operation& op) {
    JudgeOptions options;
    options.model = "objects";
    const Judgement judged = judge_recorded({op}, options);
    CHECK(judged.verdict == Verdict::inconclusive);
    return judged.summary;
  };
  CHECK(summary(command("c", 0, 1, {step("raed", "x")})) ==
        "c cannot be judged: \"raed\" is no step (read, write, create, delete, add, append, move, "
        "consult).");
  CHECK(summary(command("c", 0, 1, {Value(3)})) ==
        "c cannot be judged: a step should be [f, key, value], not 3.");
  CHECK(summary(command("c", 0, 1, {step("add", "x", "one")})) ==
        "c cannot be judged: an add should have [delta, result], both integers, not one.");
  CHECK(summary(command("", 5, 1, {step("read", "x")})) ==
        "operation 0 cannot be judged: it returned at 1, before its call at 5.");
  CHECK(summary(command("c", 0, 1, {step("read", "x")}, "perhaps")) ==
        "c cannot be judged: the reply \"perhaps\" should be ok or nok.");
}

TEST_CASE("models are found by name and by their operations") {
  CHECK(find_model("kv") == &kv_model());
  CHECK(find_model("queue") == &queue_model());
  CHECK(find_model("stack") == nullptr);
  CHECK(model_for({simple("read", "x", 1, 0, 1), simple("cas", "x", Value::List{1, 2}, 0, 1)}) ==
        &register_model());
  CHECK(model_for({simple("get", "x", "", 0, 1)}) == &kv_model());
  CHECK(model_for({simple("access", "", steps({step("read", "x")}), 0, 1)}) == &objects_model());
  CHECK(model_for({simple("enqueue", "", 1, 0, 1)}) == &queue_model());
  CHECK(model_for({simple("push", "", 1, 0, 1)}) == nullptr);
  for (const Model* model : models()) {
    CAPTURE(model->name());
    CHECK_FALSE(model->functions().empty());
    for (const std::string_view f : model->functions()) {
      Operation op = simple("", "x", 1, 0, 1);
      op.f = f;
      CHECK(model->understands(op));
    }
  }
}

}  // namespace sibyl::analysis::linearizability_test
