// Histories as events: Jepsen's EDN and text log, and porcupine's kv text.
#include <doctest/doctest.h>

#include <string>

#include "scenarios/histories/edn.hpp"
#include "tests/scenarios/history_tools.hpp"

namespace sibyl::test::history_events_test {
namespace {

using analysis::FlatOperation;

/// "f key value call..return outcome" of each operation, a line each; "-" for no key, "never" for
/// no return.
std::string told(const LoadedHistory& loaded) {
  std::string text;
  for (std::size_t i = 0; i < loaded.history.operations.size(); ++i) {
    const FlatOperation& flat = loaded.history.operations[i];
    const Operation op = operation(loaded, i);
    text += std::to_string(op.process) + " " + op.f + " " + (op.key.empty() ? "-" : op.key) + " " +
            op.value.text() + " " + std::to_string(op.call) + ".." +
            (op.ret ? std::to_string(*op.ret) : "never");
    text += flat.refused                           ? " refused"
            : op.outcome == OperationOutcome::ok   ? " ok"
            : op.outcome == OperationOutcome::fail ? " fail"
                                                   : " unknown";
    text += "\n";
  }
  return text;
}

constexpr std::string_view kJepsen =
    "{:type :invoke, :f :read, :value nil, :process 0, :time 10, :index 0}\n"
    "{:type :invoke, :f :write, :value 3, :process 1, :time 10, :index 1}\n"
    "{:process :nemesis, :type :info, :f :start, :value nil, :time 11, :index 2}\n"
    "{:type :ok, :f :read, :value 3, :process 0, :time 20, :index 5}\n"
    "{:type :info, :f :write, :value 3, :process 1, :time 21, :index 6, :error :timeout,\n"
    " :exception {:via [{:type java.net.SocketTimeoutException :at [#object[a.B 0x1f \"x\"]]}]}}\n"
    "{:type :invoke, :f :cas, :value [3 4], :process 2, :index 7}\n"
    "{:type :fail, :f :cas, :value [3 4], :process 2, :index 8}\n"
    "{:type :invoke, :f :cas, :value [3 4], :process 2, :index 9}\n"
    "{:type :fail, :f :cas, :value [3 4], :process 2, :index 10, :error :no-leader}\n"
    "{:type :invoke, :f :write, :value 9, :process 6, :index 11}\n";

constexpr std::string_view kTold =
    "0 read - 3 1..3 ok\n"
    "1 write - 3 2..never unknown\n"
    "2 cas - [3, 4] 5..6 refused\n"
    "2 cas - [3, 4] 7..8 fail\n"
    "6 write - 9 9..never unknown\n";

TEST_CASE("Jepsen's events become operations in the order of events, not of times") {
  const LoadedHistory history = loaded(kJepsen, of_model("register"));
  CHECK(history.format == HistoryFormat::edn);
  CHECK(told(history) == kTold);
  CHECK(history.skipped == 1);
  CHECK(history.history.operations[3].line == 9);
}

TEST_CASE("one vector of maps, with tags, comments and what is discarded, is read as well") {
  std::string text = "; a history\n[";
  for (const char c : kJepsen) text += c == '\n' ? ' ' : c;
  std::string tagged = text + "]\n";
  for (std::size_t at = 0; (at = tagged.find("{:type :in", at)) != std::string::npos; at += 30) {
    tagged.insert(at, "#jepsen.history.Op");
  }
  CHECK(told(loaded(tagged)) == kTold);
  const auto place = tagged.find(":f :read");
  tagged.insert(place, "#_ :old #_{:a [1 2]} ");
  CHECK(told(loaded(tagged)) == kTold);
  CHECK(refusal(text).find("the vector has no end: ] is missing") != std::string::npos);
  CHECK(refusal(tagged + "{}").find("nothing may follow the vector of operations") !=
        std::string::npos);
}

TEST_CASE("porcupine's kv text is read") {
  const std::string text =
      "{:process 9, :type :invoke, :f :append, :key \"0\", :value \"x 9 0 y\"}\n"
      "{:process 1, :type :invoke, :f :get, :key \"9\", :value nil}\n"
      "{:process 1, :type :ok, :f :get, :key \"9\", :value \"\"}\n"
      "{:process 9, :type :ok, :f :append, :key \"0\", :value \"x 9 0 y\"}\n"
      "{:process 1, :type :invoke, :f :put, :key \"9\", :value \"q\"}\n";
  CHECK(told(loaded(text, of_model("kv"))) ==
        "9 append 0 \"x 9 0 y\" 1..4 ok\n"
        "1 get 9 \"\" 2..3 ok\n"
        "1 put 9 q 5..never unknown\n");
}

TEST_CASE("values of jepsen.independent have their key split off when that is said") {
  const std::string text =
      "{:type :invoke, :f :read, :value [5 nil], :process 0}\n"
      "{:type :ok, :f :read, :value [5 7], :process 0}\n"
      "{:type :invoke, :f :cas, :value [:b [1 2]], :process 0}\n"
      "{:type :fail, :f :cas, :value :timeout, :process 0}\n";
  LoadOptions options = of_model("register");
  options.keyed = true;
  CHECK(told(loaded(text, options)) ==
        "0 read 5 7 1..2 ok\n"
        "0 cas b [1, 2] 3..4 fail\n");
  CHECK(refusal("{:type :invoke, :f :read, :value 5, :process 0}", options) ==
        "h:1:34: found 5, expected [key value]");
}

TEST_CASE("transactions become commands of steps") {
  const std::string text =
      "{:type :invoke, :f :txn, :value [[:r 1 nil] [:w 2 3]], :process 0}\n"
      "{:type :ok, :f :txn, :value [[:r 1 8] [:w 2 3]], :process 0}\n";
  CHECK(told(loaded(text, of_model("objects"))) ==
        "0 command - [[read, \"1\", 8], [write, \"2\", 3]] 1..2 ok\n");
  std::string other = text;
  other.replace(other.rfind("2 3"), 3, "2 4");
  CHECK(refusal(other, of_model("objects")).find("h:2:29: found ") == 0);
}

TEST_CASE("a list of events that cannot be is refused, by line and column") {
  const std::string invoke = "{:process 3, :type :invoke, :f :write, :value 1}\n";
  const std::string ok = "{:process 3, :type :ok, :f :write, :value 1}\n";
  const std::string info = "{:process 3, :type :info, :f :write, :value 1}\n";
  CHECK(refusal(ok) == "h:1:11: process 3 completes an operation that it has not invoked");
  CHECK(refusal(invoke + ok + ok) ==
        "h:3:11: process 3 completes an operation that it has not invoked");
  CHECK(refusal(invoke + invoke) ==
        "h:2:11: process 3 invokes an operation while that of line 1 is open: expected its :ok, "
        ":fail or :info before");
  CHECK(refusal(invoke + info + invoke) ==
        "h:3:11: process 3 invokes an operation, but its last one ended in :info: its number must "
        "not be used again");
  CHECK(refusal(invoke + info + ok) ==
        "h:3:11: process 3 completes an operation that it has not invoked");
  CHECK(refusal(invoke + "{:process 3, :type :ok, :f :read, :value 1}") ==
        "h:2:28: process 3 completes read, but it has invoked write (line 1)");
  CHECK(refusal(invoke + "{:process 3, :type :ok, :f :write, :value 2}") ==
        "h:2:43: found 2, expected the value of the invocation (line 1), 1");
  CHECK(refusal(invoke + "{:process 3, :type :ok, :key 1, :f :write, :value 1}") ==
        "h:2:30: found the key 1, expected that of the invocation (line 1)");
}

TEST_CASE("a malformed event is refused, by line and column, with what would be right") {
  const std::string good = "{:process 3, :type :invoke, :f :write, :value 1}\n";
  const auto said = [&](const std::string& text, const std::string& model = "register") {
    return refusal(good + text, of_model(model));
  };
  CHECK(said("{:process 4, :type :maybe, :f :read}") ==
        "h:2:20: found \":maybe\", expected :invoke, :ok, :fail or :info");
  CHECK(said("{:process 4, :type 7, :f :read}") ==
        "h:2:20: found \"7\", expected :invoke, :ok, :fail or :info");
  CHECK(said("{:process \"a\", :type :invoke, :f :read}") ==
        "h:2:11: found \"\\\"\", expected a process: an integer, or a keyword such as :nemesis");
  CHECK(said("{:type :invoke, :f :read}") == "h:2:1: the key :process is missing");
  CHECK(said("{:process 4, :f :read}") == "h:2:1: the key :type is missing");
  CHECK(said("{:process 4, :type :invoke}") == "h:2:1: the key :f is missing");
  CHECK(said("{:process 4, :type :invoke, :type :ok, :f :read}") ==
        "h:2:29: the key :type stands here twice");
  CHECK(said("{:process 4, :type :invoke, :f :write}") == "h:2:11: its value is missing");
  CHECK(said("{:process 4,\n :type :invoke,\n :f :raed}") ==
        "h:4:5: \"raed\" is no operation of model register; did you mean \"read\"?");
  CHECK(said("{:process 4, :type :invoke, :f :cas, :value 1}") ==
        "h:2:45: found 1, expected a list [old, new]: the value of cas");
  CHECK(said("{:process 4, :type :invoke, :f :write, :value foo}")
            .find("h:2:47: found \"foo\", expected a value: nil, true, false, a number") == 0);
  CHECK(said("{:process 4, :type :invoke, :f :write, :value 12345678901234567890}")
            .find("h:2:47: the integer \"12345678901234567890\" does not fit in 64 bits") == 0);
  CHECK(said("{:process 4, :type :invoke, :f :write, :value \"a\\q\"}").find("h:2:50: ") == 0);
  CHECK(said("{:process 4, :type :invoke, :f :write, :value \"\x80\"}") ==
        "h:2:47: the string is no UTF-8");
  CHECK(said("{:process 4, :type :invoke, :f :write, :value (1]}").find("h:2:49: ") == 0);
  CHECK(
      said("{:process 4, :type :invoke, :f :write, :value 1").find("h:2:1: this form has no end") ==
      0);
  CHECK(said("{:process 4, :type :invoke, :f :write, :value " + std::string(100, '[') +
             std::string(100, ']') + "}")
            .find("nested deeper than 64 levels") != std::string::npos);
  CHECK(said("nonsense").find("h:2:1: expected a map") == 0);
  CHECK(said("{:index 4, :process 4, :type :invoke, :f :read}\n"
             "{:index 4, :process 5, :type :invoke, :f :read}")
            .find("h:3:9: found 4, expected more than 4") == 0);
}

TEST_CASE("forms of EDN become values, and sets and maps do not depend on their order") {
  const auto value = [](std::string_view text) {
    EdnReader in(text);
    Value v = in.value();
    REQUIRE(in.at_end());
    return v;
  };
  CHECK(value("nil") == Value());
  CHECK(value("-7") == Value(-7));
  CHECK(value("+7N") == Value(7));
  CHECK(value("1.5e1") == Value(15.0));
  CHECK(value("2.5M") == Value(2.5));
  CHECK(value("\"a\\n\\u00e9\\ud83d\\ude00\"") == Value("a\n\xc3\xa9\xf0\x9f\x98\x80"));
  CHECK(value("\\newline") == Value("\n"));
  CHECK(value("\\u0041") == Value("A"));
  CHECK(value(":a/b") == Value(":a/b"));
  CHECK(value("(1, [2] ; two\n #inst \"x\")") == Value(Value::List{1, Value(Value::List{2}), "x"}));
  CHECK(value("#{3 1 2}") == value("#{2 3 1}"));
  CHECK(value("#{3 1 2}") == Value(Value::List{1, 2, 3}));
  CHECK(value("{:b 1 :a 2}") == value("{:a 2, :b 1}"));
  for (const std::string_view bad : {"", "]", "{:a}", "{:a 1 :a 2}", "#{1 1}", "#{[1] 2 [1]}", "\"",
                                     "\\", "1/2", "##Inf", "foo", "#", "\"\\ud800\"", "1x", "[1"}) {
    CAPTURE(bad);
    EdnReader in(bad);
    CHECK_THROWS_AS(in.value(), EdnMistake);
  }
}

TEST_CASE("Jepsen's text log is read, other loggers' messages are passed over") {
  const std::string text =
      "INFO  jepsen.os.debian - :n1 setting up\n"
      "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"
      "INFO  jepsen.util - 3 :invoke :cas [1 2]\n"
      "WARN  jepsen.core - Process 3 indeterminate\n"
      "java.util.concurrent.TimeoutException\n"
      "\tat a.b.C (C.java:12)\n"
      "\n"
      "INFO  jepsen.util - :nemesis :info :start nil\n"
      "INFO  jepsen.util - 0\t:ok\t:read\t4\n"
      "INFO  jepsen.util - 3 :info :cas :timed-out\n"
      "INFO  jepsen.util - 0 :invoke :cas [3 0]\n"
      "INFO  jepsen.util - 0 :fail :cas [3 0]\n"
      "2026-11-21 03:40:00,123{GMT}\tINFO\t[jepsen worker 4] jepsen.util: 4\t:invoke\t:write\t2\n"
      "INFO  jepsen.util - 4 :fail :write 2 :no-leader\n";
  const LoadedHistory history = loaded(text, of_model("register"));
  CHECK(history.format == HistoryFormat::jepsen_log);
  CHECK(told(history) ==
        "0 read - 4 1..3 ok\n"
        "3 cas - [1, 2] 2..never unknown\n"
        "0 cas - [3, 0] 5..6 refused\n"
        "4 write - 2 7..8 fail\n");
  CHECK(history.skipped == 5);
}

TEST_CASE("a stack trace between operations of a log is passed over, whoever wrote it") {
  const LoadedHistory history = loaded(
      "INFO  jepsen.util - 0 :invoke :read nil\n"
      "java.net.SocketTimeoutException: Read timed out\n"
      "\tat jepsen.util$timeout.invoke(util.clj:275)\n"
      "Caused by: java.io.IOException: 7 :ok\n"
      "INFO  jepsen.util - 0 :ok :read 4\n",
      of_model("register"));
  CHECK(told(history) == "0 read - 4 1..2 ok\n");
  CHECK(history.skipped == 3);
}

TEST_CASE("a history of a nemesis alone is refused with what its own format wants") {
  CHECK(refusal("INFO  jepsen.util - :nemesis :info :start nil\n") ==
        "h:1:1: there is no operation in it (1 line or event passed over), expected at least one "
        "operation, such as INFO  jepsen.util - 0 :invoke :read nil in a line of its own "
        "(jepsen-log)");
  CHECK(refusal("{:process :nemesis, :type :info, :f :start}\n{:process :nemesis, :type :info, :f "
                ":stop}\n") ==
        "h:1:1: there is no operation in it (2 lines or events passed over), expected at least one "
        "operation, such as {:process 0, :type :invoke, :f :read, :value nil} (edn)");
}

TEST_CASE("what a model makes nothing of is named by place in events, too") {
  const auto said = [](const std::string& text, const char* model) {
    return refusal(text, of_model(model));
  };
  CHECK(said("{:process 0, :type :invoke, :f :contains, :value [1 nil]}\n"
             "{:process 0, :type :ok, :f :contains, :value [1 2]}\n",
             "set") ==
        "h:2:46: the value of contains should be [element, true or false], not [1, 2]");
  CHECK(said("{:process 0, :type :invoke, :f :deposit, :key \"a\", :value [-1 nil]}\n", "bank") ==
        "h:1:59: the value of deposit should be [amount, balance], not [-1, null]");
  CHECK(said("INFO  jepsen.util - 0 :invoke :txn [[:reed 1 nil]]\n", "objects")
            .find("h:1:36: \"reed\" is no step (read, write, ") == 0);
}

TEST_CASE("a malformed line of a log is refused, by line and column") {
  const auto said = [](const std::string& text) {
    return refusal("INFO  jepsen.util - 0 :invoke :read nil\n" + text, of_model("register"));
  };
  CHECK(said("INFO  jepsen.util - 1 :invok :read nil") ==
        "h:2:23: found \":invok\", expected :invoke, :ok, :fail or :info");
  CHECK(said("INFO  jepsen.util - one :invoke :read nil").find("h:2:21: found \"one\"") == 0);
  CHECK(said("INFO  jepsen.util - 1 :invoke :read") ==
        "h:2:36: the value is missing; expected nil for none");
  CHECK(said("INFO  jepsen.util - 1 :invoke :read nil :a :b").find("h:2:44: found \":b\"") == 0);
  CHECK(said("INFO  jepsen.util - 0 :ok :write 1") ==
        "h:2:27: process 0 completes write, but it has invoked read (line 1)");
  CHECK(said("0 :ok :read nil").find("h:2:1: expected a line of a log") == 0);
  CHECK(
      said("WARN jepsen.core - x\njepsen.util - 0 :ok :read nil").find("h:3:1: expected a line") ==
      0);
  CHECK(said("INFO  jepsen.util -").find("h:2:") == 0);
}

}  // namespace
}  // namespace sibyl::test::history_events_test
