// Consistency against trying all orders, on many small random histories. SIBYL_CONSISTENCY_RUNS
// says how many a kind (5 000 otherwise): SIBYL_CONSISTENCY_RUNS=100000 sibyl_tests_analysis
// -tc="*small random histories*".
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "analysis/check/consistency.hpp"
#include "analysis/check/judge.hpp"
#include "analysis/check/operations.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::consistency_random_test {
namespace {

int runs() {
  const char* said = std::getenv("SIBYL_CONSISTENCY_RUNS");
  return said == nullptr ? 5000 : std::atoi(said);
}

using State = std::map<std::string, Value>;

struct Kind {
  bool commands = true;  ///< else single reads and writes
  bool unique = true;    ///< every write of a key another value
  bool objects = false;  ///< creates, deletes and adds as well; an initial state
  bool cas = false;      ///< of single steps: a cas as well, also of what it writes itself
  bool texts = false;    ///< put, append and get instead
};

Value step_of(const char* f, const std::string& key, Value value) {
  return Value::List{Value(f), Value(key), std::move(value)};
}

/// Does the operation, by a second reading of what steps mean. With `fill`, writes what it finds
/// into it. Returns whether it can have done what it reports.
bool run_steps(Operation& op, State& state, bool fill, bool existence) {
  const bool open = op.outcome == OperationOutcome::unknown;
  const auto read = [&](const State& now, const std::string& key) {
    return now.count(key) > 0 ? Value(now.at(key)) : Value();
  };
  if (op.f != "command") {
    if (op.f == "write" || op.f == "put") {
      state[op.key] = op.value;
      return true;
    }
    if (op.f == "append" || op.f == "get") {
      const std::string old = state.count(op.key) > 0 ? *state.at(op.key).as_string() : "";
      if (op.f == "append") state[op.key] = old + *op.value.as_string();
      if (op.f == "append") return true;
      if (fill) op.value = old;
      return open || *op.value.as_string() == old;
    }
    if (op.f == "cas") {
      Value::List& pair = *op.value.as_list();
      if (fill && pair[0].is_null()) pair[0] = read(state, op.key);
      const bool matched = pair[0] == read(state, op.key);
      if (matched) state[op.key] = pair[1];
      return matched || open;
    }
    if (fill) op.value = read(state, op.key);
    return open || op.value == read(state, op.key);
  }
  State now = state;
  bool refuse = false;
  bool missing = false;
  bool wrong = false;
  for (Value& each : *op.value.as_list()) {
    Value::List& s = *each.as_list();
    const std::string f = *s[0].as_string();
    const std::string key = *s[1].as_string();
    if (f == "create" && state.count(key) > 0) refuse = true;
    if (f == "create") now[key] = s[2];
    if (f == "delete") now.erase(key);
    if (f == "write") {
      if (existence && now.count(key) == 0) missing = true;
      now[key] = s[2];
    }
    if (f == "read") {
      if (fill) s[2] = read(now, key);
      if (!open && s[2] != read(now, key)) wrong = true;
    }
    if (f == "add") {
      if (now.count(key) == 0) {
        missing = true;
        if (fill) now[key] = Value(0);
      }
      if (now.count(key) > 0) now[key] = Value(*now[key].as_int() + *(*s[2].as_list())[0].as_int());
      if (fill) (*s[2].as_list())[1] = now[key];
      if (!open && now.count(key) > 0 && (*s[2].as_list())[1] != now[key]) wrong = true;
    }
  }
  if (refuse || missing || wrong) return false;
  state = now;
  return true;
}

/// Whether one process called b after its operation a had returned.
bool before_in_session(const History& history, std::size_t a, std::size_t b) {
  if (history[a].process != history[b].process || a == b) return false;
  if (history[a].outcome != OperationOutcome::ok) return false;
  return history[a].call < history[b].call || (history[a].call == history[b].call && a < b);
}

bool before_never(const History&, std::size_t, std::size_t) { return false; }

using Before = bool (*)(const History&, std::size_t, std::size_t);

/// Tries all orders.
bool brute(const History& history, std::vector<bool>& done, const State& state, Before before,
           bool existence) {
  bool complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    complete = complete && (done[i] || history[i].outcome != OperationOutcome::ok);
  }
  if (complete) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (done[i] || history[i].outcome == OperationOutcome::fail) continue;
    bool first = true;
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (done[j] || history[j].outcome != OperationOutcome::ok) continue;
      if (before(history, j, i)) first = false;
    }
    State next = state;
    Operation op = history[i];
    if (!first || !run_steps(op, next, false, existence)) continue;
    done[i] = true;
    if (brute(history, done, next, before, existence)) return true;
    done[i] = false;
  }
  return false;
}

Operation random_operation(Random& random, const Kind& kind, std::int64_t& next_value) {
  static const char* const kKeys[] = {"x", "y", "z"};
  const auto value = [&] { return kind.unique ? next_value++ : std::int64_t{random.below(3)}; };
  const auto key = [&] { return kKeys[random.below(random.one_in(3) ? 3 : 2)]; };
  Operation op;
  if (!kind.commands) {
    op.key = key();
    op.f = random.one_in(2) ? "read" : "write";
    if (op.f == "write") op.value = value();
    if (kind.cas && random.one_in(3)) {
      const Value to = value();
      op.f = "cas";
      op.value = Value::List{random.one_in(6) ? to : Value(), to};
    }
    if (kind.texts) {
      static const char* const kTexts[] = {"", "a", "b"};
      op.f = op.f == "read" ? "get" : random.one_in(3) ? "put" : "append";
      op.value = op.f == "get" ? Value() : Value(kTexts[random.below(3)]);
    }
    return op;
  }
  op.f = "command";
  Value::List steps;
  std::set<std::string> created;
  const int n = 1 + random.below(3);
  for (int i = 0; i < n; ++i) {
    const char* k = key();
    const int what = random.below(kind.objects ? 8 : 4);
    if (what < 2) steps.push_back(step_of("read", k, Value()));
    if (what == 2 || what == 3) {
      if (random.one_in(2)) steps.push_back(step_of("read", k, Value()));
      steps.push_back(step_of("write", k, Value(value())));
    }
    if (what == 4) steps.push_back(step_of("delete", k, Value()));
    if (what == 5 && created.insert(k).second)
      steps.push_back(step_of("create", k, Value(value())));
    if (what > 5)
      steps.push_back(step_of("add", k, Value::List{Value(random.below(2) + 1), Value()}));
  }
  op.value = std::move(steps);
  return op;
}

/// A history with the results of some order, here and there another one.
History random_history(Random& random, const Kind& kind, const State& initial) {
  History history;
  const int n = 2 + random.below(5);
  const int processes = 1 + random.below(4);
  std::vector<std::int64_t> free(static_cast<std::size_t>(processes), 0);
  std::int64_t next_value = 10;
  for (int i = 0; i < n; ++i) {
    Operation op = random_operation(random, kind, next_value);
    op.process = random.below(processes);
    std::int64_t& next_call = free[static_cast<std::size_t>(op.process)];
    op.call = next_call + random.below(2);
    op.ret = op.call + random.below(4);
    next_call = *op.ret + (random.one_in(3) ? 0 : 1);
    draw_outcome(op, random, 7, 25);
    history.push_back(std::move(op));
  }
  const std::vector<std::size_t> order = draw_order(history, random, random.below(3));
  State state = initial;
  std::vector<State> states{state};
  for (const std::size_t i : order) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    Operation done = history[i];
    done.outcome = OperationOutcome::ok;
    // Now and then from a stale state.
    State from =
        random.one_in(8)
            ? states[static_cast<std::size_t>(random.below(static_cast<int>(states.size())))]
            : state;
    run_steps(done, from, true, kind.objects);
    if (history[i].outcome == OperationOutcome::ok) history[i] = done;
    Operation again = done;
    if (history[i].outcome == OperationOutcome::ok || random.one_in(2)) {
      again.outcome = OperationOutcome::unknown;
      run_steps(again, state, false, kind.objects);
    }
    states.push_back(state);
  }
  return history;
}

Value value_of(const State& state) {
  Value::Object object;
  for (const auto& [key, value] : state) object.emplace_back(key, value);
  return object;
}

/// A history for people, when a test fails.
std::string text_of(const History& history) {
  std::string out;
  for (const Operation& op : history) {
    out += "\n  p" + std::to_string(op.process) + " [" + std::to_string(op.call) + ", " +
           (op.ret ? std::to_string(*op.ret) : "-") + "] " + op.f + " " + op.key + " " +
           op.value.text() + (op.outcome == OperationOutcome::fail ? " fail" : "");
  }
  return out;
}

struct Tally {
  int good = 0;
  int bad = 0;
  std::map<std::string, int> methods;
  std::map<std::string, int> anomalies;
  std::string text() const {
    std::string out = std::to_string(good) + " hold, " + std::to_string(bad) + " do not;";
    for (const auto& [name, count] : methods) out += " " + name + ": " + std::to_string(count);
    for (const auto& [name, count] : anomalies) out += ", " + name + " " + std::to_string(count);
    return out;
  }
};

bool fits(const History& history, const std::vector<std::uint32_t>& order, State state,
          Before before, bool existence) {
  std::vector<bool> done(history.size(), false);
  for (const std::uint32_t i : order) {
    Operation op = history[i];
    if (done[i] || !run_steps(op, state, false, existence)) return false;
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (!done[j] && j != i && before(history, j, i)) return false;
    }
    done[i] = true;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == OperationOutcome::ok && !done[i]) return false;
  }
  return true;
}

using Check = Consistency (*)(const FlatHistory&, const ConsistencyOptions&);

void compare(std::uint64_t seed, const Kind& kind, Check check, Before before, Tally& tally) {
  Random random(seed);
  State initial;
  for (const char* key : {"x", "y", "z"}) {
    if (kind.objects && !random.one_in(3)) initial[key] = Value(random.below(3));
  }
  const History history = random_history(random, kind, initial);
  std::vector<bool> done(history.size(), false);
  const bool expected = brute(history, done, initial, before, kind.objects);
  ConsistencyOptions options;
  if (kind.objects) options.initial = value_of(initial);
  const FlatHistory made = flat(history);
  const Consistency found = check(made, options);
  CAPTURE(seed);
  CAPTURE(text_of(history));
  CAPTURE(found.summary);
  CAPTURE(found.method);
  REQUIRE(found.verdict != Verdict::inconclusive);
  REQUIRE((found.verdict == Verdict::holds) == expected);
  ++tally.methods[found.method];
  if (expected) {
    ++tally.good;
    REQUIRE(fits(history, found.order, initial, before, kind.objects));
    if (before == precedes) {
      // The order, given as that of application, is a witness; another verdict would be wrong.
      options.applied = found.order;
      REQUIRE(check(made, options).verdict == Verdict::holds);
    }
  } else {
    ++tally.bad;
    ++tally.anomalies[found.anomaly];
    REQUIRE_FALSE(found.operations.empty());
    REQUIRE_FALSE(found.summary.empty());
  }
  if (before != precedes || !kind.objects) return;
  JudgeOptions third;
  third.model = "objects";
  third.initial = options.initial;
  REQUIRE((judge_recorded(history, third).verdict == Verdict::holds) == expected);
}

void compare_all(const std::string& name, const Kind& kind, Check check, Before before) {
  Tally tally;
  for (int seed = 0; seed < runs(); ++seed) {
    compare(static_cast<std::uint64_t>(seed), kind, check, before, tally);
  }
  MESSAGE(name, ": ", tally.text());
  CHECK(tally.good > runs() / 10);
  CHECK(tally.bad > runs() / 50);
}

TEST_CASE("strict serializability agrees with all orders on small random histories") {
  compare_all("single steps", {false, true, false}, check_strict_serializability, precedes);
  compare_all("commands", {true, true, false}, check_strict_serializability, precedes);
  compare_all("equal values", {true, false, false}, check_strict_serializability, precedes);
  compare_all("objects", {true, true, true}, check_strict_serializability, precedes);
  compare_all("cas", {false, true, false, true}, check_strict_serializability, precedes);
  compare_all("texts", {false, false, false, false, true}, check_strict_serializability, precedes);
}

TEST_CASE("serializability agrees with all orders on small random histories") {
  compare_all("commands", {true, true, false}, check_serializability, before_never);
  compare_all("equal values", {true, false, false}, check_serializability, before_never);
  compare_all("objects", {true, true, true}, check_serializability, before_never);
}

TEST_CASE("sequential consistency agrees with all orders on small random histories") {
  compare_all("single steps", {false, true, false}, check_sequential_consistency,
              before_in_session);
  compare_all("equal values", {false, false, false}, check_sequential_consistency,
              before_in_session);
  compare_all("cas", {false, true, false, true}, check_sequential_consistency, before_in_session);
  compare_all("cas, equal values", {false, false, false, true}, check_sequential_consistency,
              before_in_session);
  compare_all("texts", {false, false, false, false, true}, check_sequential_consistency,
              before_in_session);
  compare_all("commands", {true, true, false}, check_sequential_consistency, before_in_session);
}

// --- causality and sessions ---

/// What an operation did to each key, by a second reading: what it found before it wrote the key
/// itself, and what it left. Nothing when it contradicts itself.
struct Did {
  std::map<std::string, Value> found;
  std::map<std::string, Value> left;
  std::vector<std::pair<std::string, Value>> passing;
  bool consistent = true;
};

Did what_it_did(const Operation& op) {
  Did did;
  const bool open = op.outcome == OperationOutcome::unknown;
  const auto read = [&](const std::string& key, const Value& value) {
    if (open) return;
    if (did.left.count(key) > 0) {
      did.consistent = did.consistent && did.left.at(key) == value;
    } else if (!did.found.emplace(key, value).second) {
      did.consistent = did.consistent && did.found.at(key) == value;
    }
  };
  if (op.f == "write") did.left[op.key] = op.value;
  if (op.f == "read") read(op.key, op.value);
  if (op.f != "command") return did;
  for (const Value& each : *op.value.as_list()) {
    const Value::List& s = *each.as_list();
    const std::string key = *s[1].as_string();
    if (*s[0].as_string() == "read") read(key, s[2]);
    if (*s[0].as_string() == "write") did.left[key] = s[2];
  }
  return did;
}

using Matrix = std::vector<std::vector<bool>>;

void close(Matrix& m) {
  for (std::size_t k = 0; k < m.size(); ++k) {
    for (std::size_t i = 0; i < m.size(); ++i) {
      for (std::size_t j = 0; j < m.size(); ++j) {
        if (m[i][k] && m[k][j]) m[i][j] = true;
      }
    }
  }
}

/// Whether the writers can be put in an order that has these pairs.
bool has_order(std::vector<std::size_t> writers,
               const std::vector<std::pair<std::size_t, std::size_t>>& pairs, std::size_t n) {
  do {
    std::vector<std::size_t> place(n, 0);
    for (std::size_t i = 0; i < writers.size(); ++i) place[writers[i]] = i;
    if (std::all_of(pairs.begin(), pairs.end(),
                    [&](const auto& each) { return place[each.first] < place[each.second]; })) {
      return true;
    }
  } while (std::next_permutation(writers.begin(), writers.end()));
  return false;
}

/// What can be said of a history before any guarantee: who took part, who read from whom.
struct Facts {
  std::vector<Did> did;
  std::vector<bool> in;
  /// reads[i][key] = who wrote what i found; the number of operations: it was there at first.
  std::vector<std::map<std::string, std::size_t>> reads;
  Matrix from;     ///< from[w][r]
  Matrix session;  ///< session[a][b]: a process called b after its a
  bool possible = true;
};

Facts facts_of(const History& history) {
  const std::size_t n = history.size();
  Facts f{{}, std::vector<bool>(n), {}, Matrix(n, std::vector<bool>(n)), {}, true};
  f.session = f.from;
  f.reads.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    f.did.push_back(what_it_did(history[i]));
    f.in[i] = history[i].outcome == OperationOutcome::ok;
    if (f.in[i] && !f.did[i].consistent) f.possible = false;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (!f.in[i]) continue;
    for (const auto& [key, value] : f.did[i].found) {
      std::size_t writer = n;
      for (std::size_t w = 0; w < n && !value.is_null(); ++w) {
        if (history[w].outcome == OperationOutcome::fail || w == i) continue;
        if (f.did[w].left.count(key) > 0 && f.did[w].left.at(key) == value) writer = w;
      }
      if (writer == n && !value.is_null()) f.possible = false;
      f.reads[i][key] = writer;
      if (writer < n) f.from[writer][i] = f.in[writer] = true;
    }
  }
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      f.session[a][b] = f.in[a] && f.in[b] && before_in_session(history, a, b);
      if (f.session[a][b] && f.from[b][a]) f.possible = false;  // read before it was written
    }
  }
  return f;
}

/// needs[a][b]: who has b in view has a in view.
Matrix needs_of(const Facts& facts, const std::string& guarantee) {
  const std::size_t n = facts.did.size();
  const Matrix& session = facts.session;
  const Matrix& from = facts.from;
  const auto writer = [&](std::size_t i) { return facts.in[i] && !facts.did[i].left.empty(); };
  Matrix needs(n, std::vector<bool>(n, false));
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (guarantee == "monotonic_writes") needs[a][b] = session[a][b] && writer(a) && writer(b);
      if (guarantee == "causal_consistency") needs[a][b] = session[a][b] || from[a][b];
      for (std::size_t r = 0; r < n && guarantee == "writes_follow_reads"; ++r) {
        if (from[a][r] && (r == b || session[r][b]) && writer(b)) needs[a][b] = true;
      }
    }
  }
  close(needs);
  return needs;
}

/// The views of views.cpp, by matrices and by trying all orders of writes.
bool brute_views(const History& history, const std::string& guarantee) {
  const std::size_t n = history.size();
  const Facts facts = facts_of(history);
  const auto& [did, in, reads, from, session, possible] = facts;
  if (!possible) return false;
  const auto writer = [&, &in = in, &did = did](std::size_t i) {
    return in[i] && !did[i].left.empty();
  };
  const Matrix needs = needs_of(facts, guarantee);
  std::vector<std::pair<std::size_t, std::size_t>> order;  // of writers
  for (std::size_t a = 0; a < n; ++a) {
    if (needs[a][a]) return false;
    for (std::size_t b = 0; b < n; ++b) {
      if (needs[a][b] && writer(a) && writer(b)) order.emplace_back(a, b);
    }
  }
  for (std::size_t r = 0; r < n; ++r) {
    if (history[r].outcome != OperationOutcome::ok) continue;
    std::vector<bool> view(n, false);
    for (std::size_t w = 0; w < n; ++w) {
      if (guarantee == "read_your_writes") {
        view[w] = session[w][r];
        continue;
      }
      bool direct = guarantee == "causal_consistency" && session[w][r];
      for (std::size_t own = 0; own < n; ++own) {
        direct = direct || (from[w][own] && (own == r || session[own][r]));
      }
      for (std::size_t v = 0; v < n && direct; ++v) view[v] = view[v] || v == w || needs[v][w];
    }
    for (const auto& [key, source] : reads[r]) {
      for (std::size_t w = 0; w < n; ++w) {
        if (!view[w] || w == source || w == r || did[w].left.count(key) == 0) continue;
        if (source == n) return false;
        order.emplace_back(w, source);
      }
    }
  }
  std::vector<std::size_t> writers;
  for (std::size_t i = 0; i < n; ++i) {
    if (writer(i)) writers.push_back(i);
  }
  return has_order(std::move(writers), order, n);
}

void compare_views(const std::string& name, const Kind& kind) {
  Tally tally;
  const ConsistencyInfo* info = find_consistency(name);
  REQUIRE(info != nullptr);
  for (int seed = 0; seed < runs(); ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    const History history = random_history(random, kind, {});
    const bool expected = brute_views(history, name);
    const Consistency found = info->check(flat(history), {});
    CAPTURE(name);
    CAPTURE(seed);
    CAPTURE(text_of(history));
    CAPTURE(found.summary);
    REQUIRE((found.verdict == Verdict::holds) == expected);
    REQUIRE((found.verdict == Verdict::violated) == !expected);
    ++(expected ? tally.good : tally.bad);
    if (!expected) REQUIRE(found.operations.size() <= 12);
  }
  MESSAGE(std::string(name),
          kind.commands ? std::string(", commands: ") : std::string(", single steps: "),
          tally.text());
  CHECK(tally.good > runs() / 10);
  CHECK(tally.bad > runs() / 200);
}

TEST_CASE("causality and sessions agree with all orders of writes on small random histories") {
  for (const char* name : {"causal_consistency", "writes_follow_reads", "monotonic_writes",
                           "monotonic_reads", "read_your_writes"}) {
    compare_views(name, {false, true, false});
    compare_views(name, {true, true, false});
  }
}

}  // namespace
}  // namespace sibyl::analysis::consistency_random_test
