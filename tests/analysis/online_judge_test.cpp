// Long histories judged while they grow, against judge() of their beginnings.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "analysis/check/judge.hpp"
#include "analysis/check/online_judge.hpp"
#include "analysis/models/models.hpp"
#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::online_judge_test {
namespace {

struct Kind {
  const char* model;
  int values = 0;  ///< 0: all different
  int clients = 4;
  bool spoils = true;
  int lost = 0;  ///< one call in so many never returns, and may have had its effect
  int operations = 200;
};

/// What a client does.
struct Client {
  bool busy = false;
  bool done = false;
  std::uint32_t number = 0;
  FlatOperation op;
};

/// A simulated object whose operations take effect at one instant between call and return; late
/// ones report what is not so, where the kind says it. The history is fed to `judge` and kept.
class Store {
 public:
  Store(const Kind& kind, std::uint64_t seed) : kind_(kind), random_(seed) {}

  void run(OnlineJudge& judge, FlatHistory& words, int operations) {
    std::vector<Client> clients(static_cast<std::size_t>(kind_.clients));
    for (std::int64_t at = 1; done_ < operations && !judge.violation(); ++at) {
      const int who = random_.below(kind_.clients);
      Client& client = clients[static_cast<std::size_t>(who)];
      if (!client.busy) {
        client = Client();
        client.busy = true;
        draw(client.op, words);
        client.op.process = static_cast<std::uint32_t>(who + kind_.clients * lives_);
        client.op.call = at;
        client.number = judge.call(client.op);
      } else if (!client.done) {
        take(client.op, words, operations);
        client.done = true;
        if (kind_.lost != 0 && random_.one_in(kind_.lost)) {
          client.busy = false;
          ++lives_;
        }
      } else {
        client.op.ret = at;
        client.op.outcome = OperationOutcome::ok;
        judge.end(client.number, client.op);
        client.busy = false;
        ++done_;
      }
    }
    judge.finish();
  }

 private:
  void draw(FlatOperation& op, FlatHistory& words) {
    const bool queue = std::string(kind_.model) == "queue";
    const bool kv = std::string(kind_.model) == "kv";
    const bool reads = random_.one_in(2);
    const char* f = queue ? (reads ? "dequeue" : "enqueue")
                    : kv  ? (reads ? "get" : "append")
                          : (reads ? "read" : "write");
    op.f = static_cast<std::uint16_t>(words.functions.number(f));
    op.key = words.keys.number(random_.one_in(3) ? "y" : "x");
    op.outcome = OperationOutcome::unknown;
    ++next_;
    if (reads) return;
    const int value = kind_.values == 0 ? next_ : random_.below(kind_.values);
    op.value = kv ? words.values.code(Value(std::to_string(value) + ";"))
                  : words.values.code(std::int64_t{value});
  }

  void take(FlatOperation& op, FlatHistory& words, int operations) {
    std::vector<ValueCode>& cell = cells_[op.key];
    const bool late = kind_.spoils && done_ > operations / 2 && random_.one_in(20);
    const std::string& f = words.functions.word(op.f);
    if (f == "write") cell = {cell.empty() ? kNullCode : cell.back(), op.value};
    if (f == "read" && !cell.empty()) op.value = late ? cell.front() : cell.back();
    if (f == "enqueue") cell.push_back(op.value);
    if (f == "dequeue") {
      op.refused = cell.empty();
      const std::size_t place = late && cell.size() > 1 ? 1 : 0;
      if (!cell.empty()) op.value = cell[place];
      if (!cell.empty()) cell.erase(cell.begin() + static_cast<std::ptrdiff_t>(place));
    }
    if (f == "append") {
      text_[op.key] += words.values.text(op.value);
    }
    if (f == "get") {
      const std::string now = text_[op.key];
      op.value = words.values.code(std::string_view(now).substr(late ? now.size() / 2 : 0));
    }
  }

  Kind kind_;
  Random random_;
  std::map<std::uint32_t, std::vector<ValueCode>> cells_;
  std::map<std::uint32_t, std::string> text_;
  int next_ = 0;
  int done_ = 0;
  int lives_ = 0;
};

/// All that the judge was shown up to an event, as a history of its own.
struct Shown {
  int violated = 0;
  int held = 0;
};

void compare(const Kind& kind, std::uint64_t seed, Shown& shown) {
  FlatHistory words;
  for (int i = 0; i < 4096; ++i) words.processes.number(std::to_string(i));
  OnlineOptions options;
  options.batch = 1 + seed % 3 * 20;
  OnlineJudge judge_online(words, *find_model(kind.model), Value(), options);
  Store(kind, seed).run(judge_online, words, kind.operations);
  CAPTURE(seed);
  CAPTURE(kind.model);
  REQUIRE(judge_online.undecided().empty());
  JudgeOptions quiet;
  quiet.model = kind.model;
  quiet.explains = false;
  const auto event =
      judge_online.violation() ? judge_online.violation()->event : judge_online.events();
  FlatHistory beginning = judge_online.beginning(event);
  REQUIRE((judge(beginning, quiet).verdict == Verdict::holds) == !judge_online.violation());
  ++(judge_online.violation() ? shown.violated : shown.held);
  if (!judge_online.violation()) return;
  beginning = judge_online.beginning(event - 1);
  REQUIRE(judge(beginning, quiet).verdict == Verdict::holds);
  REQUIRE(judge(judge_online.proof(), quiet).verdict == Verdict::violated);
}

void check_kind(const Kind& kind) {
  Shown shown;
  for (std::uint64_t seed = 0; seed < 12; ++seed) compare(kind, seed, shown);
  CHECK((kind.spoils ? shown.violated : shown.held) > 2);
}

TEST_CASE("a value that only a failed operation would have made is none that a key starts with") {
  History history(2);
  history[0].f = "append";
  history[0].call = 1;
  history[0].ret = 5;
  history[0].outcome = OperationOutcome::fail;
  history[1].process = 1;
  history[1].f = "get";
  history[1].call = 3;
  history[1].ret = 13;
  history[1].outcome = OperationOutcome::ok;
  for (Operation& op : history) op.key = "x";
  for (Operation& op : history) op.value = Value("b");
  FlatHistory flat_history = flat(history);
  OnlineJudge judge(flat_history, *find_model("kv"), Value::Object{{"x", Value("a")}});
  const std::uint32_t append = judge.call(flat_history.operations[0]);
  const std::uint32_t get = judge.call(flat_history.operations[1]);
  judge.end(append, flat_history.operations[0]);
  judge.end(get, flat_history.operations[1]);
  judge.finish();
  REQUIRE(judge.violation());
  CHECK(judge.violation()->event == 4);
}

TEST_CASE("long histories of values that all differ stop being linearizable where judge() says") {
  check_kind({"register"});
  check_kind({"register", 0, 4, false});
}

TEST_CASE("long histories of values that repeat stop being linearizable where judge() says") {
  check_kind({"register", 3, 4, false});
  check_kind({"register", 40, 4, true});
  check_kind({"register", 40, 4, true, 40});
}

TEST_CASE("long histories of texts stop being linearizable where judge() says") {
  check_kind({"kv"});
  check_kind({"kv", 0, 4, false, 60});
}

TEST_CASE("long histories of queues stop being linearizable where judge() says") {
  check_kind({"queue", 0, 3, true, 0, 60});
  check_kind({"queue", 0, 3, false, 0, 200});
}

}  // namespace
}  // namespace sibyl::analysis::online_judge_test
