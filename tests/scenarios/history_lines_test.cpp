// Histories as JSON Lines: what is read, and what is refused, with its place.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "tests/scenarios/history_tools.hpp"

namespace sibyl::test::history_lines_test {
namespace {

constexpr std::string_view kRead =
    R"({"process": 0, "f": "read", "key": "x", "value": 3, "call": 100, "return": 250, )"
    R"("outcome": "ok"})";

/// The line with something in place of something that it has.
std::string with(std::string_view from, std::string_view to) {
  std::string line(kRead);
  const auto at = line.find(from);
  REQUIRE(at != std::string::npos);
  return line.replace(at, from.size(), to);
}

/// Where the text is in the line, from 1, as messages count.
std::string column_of(std::string_view line, std::string_view text) {
  return std::to_string(line.find(text) + 1);
}

TEST_CASE("a line is one operation, whatever the order of its members and the space between") {
  for (const std::string_view line :
       {kRead,
        std::string_view(R"({"outcome":"ok","return":250,"call":100,"value":3,)"
                         R"("key":"x","f":"read","process":0})"),
        std::string_view(
            "  {\t\"process\" :0 , \"f\":\"read\",\"key\":\"x\",\"value\": 3,"
            "\"call\":100,\"return\":250,\"outcome\":\"ok\" , \"label\":\"Cx\" }\r")}) {
    const LoadedHistory history = loaded(line);
    REQUIRE(history.history.operations.size() == 1);
    const Operation op = operation(history, 0);
    CHECK(op.process == 0);
    CHECK(op.f == "read");
    CHECK(op.key == "x");
    CHECK(op.value == Value(3));
    CHECK(op.call == 100);
    CHECK(op.ret == 250);
    CHECK(op.outcome == OperationOutcome::ok);
    CHECK(history.history.operations[0].line == 1);
  }
}

TEST_CASE("the short way and the exact way through a line give the same operation") {
  // An escape sends a line the exact way.
  const std::vector<std::string> lines{
      std::string(kRead),
      with("3", "null"),
      with("3", "-7"),
      with("3", "\"a b\""),
      with("3", "[1, 2]"),
      with("3", "[\"a\", null]"),
      with("\"value\": 3", "\"value\": [5, -6]"),
      with("\"return\": 250, \"outcome\": \"ok\"", "\"outcome\": \"unknown\""),
      with("\"return\": 250, \"outcome\": \"ok\"", "\"return\": null, \"outcome\": \"unknown\""),
      with("\"ok\"", "\"fail\""),
      with("\"key\": \"x\", ", ""),
      with("\"process\": 0", "\"process\": -12"),
      with("3", "9223372036854775807"),
      with("250", "1795253122000000000"),
      with("100", "-9223372036854775807"),
      with("100", "-9223372036854775808")};
  for (const std::string& line : lines) {
    std::string exact = line;
    exact.replace(exact.find("\"f\""), 3, "\"\\u0066\"");
    const Operation a = operation(loaded(line), 0);
    const Operation b = operation(loaded(exact), 0);
    CAPTURE(line);
    CHECK(a.process == b.process);
    CHECK(a.f == b.f);
    CHECK(a.key == b.key);
    CHECK(a.value == b.value);
    CHECK(a.call == b.call);
    CHECK(a.ret == b.ret);
    CHECK(a.outcome == b.outcome);
  }
}

TEST_CASE("outcomes mean what they say") {
  const auto op = [](const std::string& line, const std::string& model = "register") {
    return loaded(line, of_model(model)).history.operations.at(0);
  };
  using analysis::FlatOperation;
  CHECK(op(with("\"ok\"", "\"unknown\"")).ret == FlatOperation::kNever);
  CHECK(op(with("\"ok\"", "\"unknown\"")).outcome == OperationOutcome::unknown);
  CHECK(op(with("\"ok\"", "\"fail\"")).outcome == OperationOutcome::fail);
  CHECK_FALSE(op(with("\"ok\"", "\"fail\"")).refused);
  const std::string cas = with("\"read\"", "\"cas\"");
  const auto changed = [](std::string line, std::string_view from, std::string_view to) {
    return line.replace(line.find(from), from.size(), to);
  };
  const std::string pair = changed(cas, "\"value\": 3", "\"value\": [1, 2]");
  // A cas that fails did not match, unless it says that it failed for another reason.
  CHECK_FALSE(op(pair).refused);
  CHECK(op(changed(pair, "\"ok\"", "\"fail\"")).refused);
  CHECK(op(changed(pair, "\"ok\"", "\"fail\"")).outcome == OperationOutcome::ok);
  const FlatOperation failed = op(changed(pair, "\"ok\"", "\"fail\", \"reply\": \"fail\""));
  CHECK_FALSE(failed.refused);
  CHECK(failed.outcome == OperationOutcome::fail);
  // A command is refused when it was answered nok.
  const std::string command =
      changed(with("\"read\"", "\"command\""), "3", R"([["write", "x", 1]])");
  CHECK_FALSE(op(changed(command, "\"ok\"", "\"fail\""), "objects").refused);
  CHECK(op(changed(command, "\"ok\"", "\"fail\", \"reply\": \"nok\""), "objects").refused);
}

TEST_CASE("commands over several objects keep their steps, whatever they are called") {
  const std::string line =
      R"({"process":1,"f":"move money","value":[["read","x",1],["write","y",[1,2]],["move","z"]],)"
      R"("call":1,"return":2,"outcome":"ok"})";
  const LoadedHistory history = loaded(line, of_model("objects"));
  const Operation op = operation(history, 0);
  CHECK(op.f == "command");
  CHECK(history.history.steps.size() == 3);
  CHECK(op.value == Value(Value::List{Value(Value::List{"read", "x", 1}),
                                      Value(Value::List{"write", "y", Value(Value::List{1, 2})}),
                                      Value(Value::List{"move", "z", Value()})}));
}

TEST_CASE("the get of an absent key may read null, which is the empty string") {
  const auto value = [](const std::string& v) {
    std::string line = with("\"read\"", "\"get\"");
    return operation(loaded(line.replace(line.find("3"), 1, v), of_model("kv")), 0).value;
  };
  CHECK(value("null") == Value(""));
  CHECK(value("\"\"") == Value(""));
  CHECK(value("\"\\u00e9\\n\"") == Value("\xc3\xa9\n"));
}

TEST_CASE("what is wrong with a line is named by line and column, with what would be right") {
  const auto said = [](const std::string& line, const std::string& model = "register") {
    const std::string first =
        model == "kv" ? with("\"read\", \"key\": \"x\", \"value\": 3", "\"get\", \"value\": \"3\"")
                      : std::string(kRead);
    return refusal(first + "\n\n" + line, of_model(model));
  };
  const auto at = [](const std::string& line, std::string_view text) {
    return "h:3:" + column_of(line, text) + ": ";
  };
  const auto changed = [](std::string_view from, std::string_view to) { return with(from, to); };

  std::string line = changed("\"ok\"", "\"maybe\"");
  CHECK(said(line) == at(line, "\"maybe\"") +
                          "\"outcome\": found \"maybe\", expected \"ok\", \"fail\" or \"unknown\"");
  line = changed("100", "\"now\"");
  CHECK(said(line) == at(line, "\"now\"") + "\"call\": found \"now\", expected an integer");
  line = changed("100", "1.5");
  CHECK(said(line) == at(line, "1.5") + "\"call\": found a number, expected an integer");
  line = changed("250", "99");
  CHECK(said(line) ==
        at(line, "99") + "\"return\": found 99, expected 100, the time of the call, or more");
  line = changed("250", "9223372036854775807");
  CHECK(said(line).find("\"return\": found 9223372036854775807, expected at most "
                        "9223372036854775806") != std::string::npos);
  line = changed("250", "9223372036854775808");
  CHECK(said(line).find(at(line, "922") + "\"return\": the integer 9223372036854775808 does not "
                                          "fit in 64 bits") == 0);
  line = changed("250", "null");
  CHECK(said(line).find(at(line, "null") + "\"return\": an operation of outcome \"ok\" has "
                                           "returned") == 0);
  line = changed("\"process\": 0, ", "");
  CHECK(said(line) == "h:3:1: the member \"process\" is missing");
  line = changed("\"value\": 3, ", "");
  CHECK(said(line) == "h:3:1: the member \"value\" is missing");
  line = changed("\"call\"", "\"cal\"");
  CHECK(said(line) ==
        at(line, "\"cal\"") + "an operation has no member \"cal\"; did you mean \"call\"?");
  line = changed("\"call\": 100", "\"f\": \"write\"");
  CHECK(said(line).find(": the key \"f\" stands here twice") != std::string::npos);
  CHECK(said(line).find("h:3:" + std::to_string(line.rfind("\"f\"") + 1)) == 0);
  line = changed("\"read\"", "\"raed\"");
  CHECK(said(line) ==
        at(line, "\"raed\"") +
            "\"f\": \"raed\" is no operation of model register; did you mean \"read\"?");
  line = changed("\"read\"", "\"\"");
  CHECK(said(line) == at(line, "\"\"") + "\"f\": must not be empty");
  line = changed("\"read\"", "\"cas\"");
  CHECK(said(line) ==
        at(line, "3,") + "\"value\": found 3, expected a list [old, new]: the value of cas");
  line = changed("\"read\"", "\"put\"");
  CHECK(said(line, "kv") ==
        at(line, "3,") + "\"value\": found 3, expected a string: the value of put");
  line = changed("\"x\"", "7");
  CHECK(said(line) == at(line, "7,") + "\"key\": found an integer, expected a string");
  line = changed("}", "");
  CHECK(said(line).find("h:3:") == 0);
  CHECK(said("[1]").find("h:3:1: found a list, expected an object") == 0);
  CHECK(said("{} {}").find("h:3:4: ") == 0);
  CHECK(said(std::string(100, '[')).find("nested deeper than 64 levels") != std::string::npos);
  line = changed("\"x\"", "\"\x80\"");
  CHECK(said(line).find("h:3:") == 0);
}

TEST_CASE("what a model makes nothing of is named by place, with what would be right") {
  const auto said = [](const std::string& f, const std::string& value, const char* model) {
    return refusal(R"({"process":0,"f":")" + f + R"(","key":"a","value":)" + value +
                       R"(,"call":1,"return":2,"outcome":"ok"})",
                   of_model(model));
  };
  const auto at = [](const std::string& f) {
    return "h:1:" + std::to_string(39 + f.size()) + ": ";
  };
  const std::string set = at("contains") +
                          "\"value\": the value of contains should be [element, "
                          "true or false], not ";
  CHECK(said("contains", "[1,2]", "set") == set + "[1, 2]");
  CHECK(said("contains", "[1,null]", "set") == set + "[1, null]");
  CHECK(said("contains", "[[1],true,3]", "set") == set + "[[1], true, 3]");
  CHECK(said("deposit", "[-1,null]", "bank") ==
        at("deposit") +
            "\"value\": the value of deposit should be [amount, balance], not [-1, null]");
  CHECK(said("balance", "\"a\"", "bank") ==
        at("balance") + "\"value\": the value of balance should be an integer, not a");
  CHECK(said("total", "2.5", "bank") ==
        at("total") + "\"value\": the value of total should be an integer, not 2.5");
  CHECK(said("open", "3", "bank") ==
        at("open") + "\"value\": the value of open should be [amount, balance], not 3");
  CHECK(said("c", R"([["read","x",1],["reed","x",1]])", "objects") ==
        at("c") +
            "\"value\": \"reed\" is no step (read, write, create, delete, add, append, move, "
            "consult)");
  // What was answered is not looked at where nothing was, and a cut sentence ends.
  CHECK(loaded(R"({"process":0,"f":"contains","value":[1,null],"call":1,"outcome":"unknown"})",
               of_model("set"))
            .history.operations.size() == 1);
  CHECK(loaded(R"({"process":0,"f":"balance","value":"?","call":1,"return":2,"outcome":"fail"})",
               of_model("bank"))
            .history.operations.size() == 1);
  CHECK(said("contains", "\"" + std::string(9'000, 'x') + "\"", "set").size() < 400);
}

TEST_CASE("objects that are equal are one value, whatever the order of their members") {
  const auto value = [](const std::string& text) {
    return R"({"process":0,"f":"write","value":)" + text +
           R"(,"call":1,"return":2,"outcome":"ok"})" + "\n";
  };
  const LoadedHistory history =
      loaded(value(R"({"a":1,"b":[{"c":2,"d":3}]})") + value(R"({"b":[{"d":3,"c":2}],"a":1})") +
             value(R"({"b":[{"d":2,"c":3}],"a":1})") + value("1") + value("1.0") + value("1e0"));
  const auto code = [&](std::size_t i) { return history.history.operations[i].value; };
  CHECK(code(0) == code(1));
  CHECK(code(0) != code(2));
  CHECK(code(3) != code(4));
  CHECK(code(4) == code(5));
}

TEST_CASE("times at the ends of 64 bits are times like others, but the largest means never") {
  const std::string lowest = with("100", "-9223372036854775808");
  const std::string highest = with("250", "9223372036854775806");
  CHECK(operation(loaded(lowest), 0).call == std::numeric_limits<std::int64_t>::min());
  CHECK(operation(loaded(highest), 0).ret == std::numeric_limits<std::int64_t>::max() - 1);
  const std::string last = with("\"call\": 100, \"return\": 250, \"outcome\": \"ok\"",
                                "\"call\": 9223372036854775807, \"outcome\": \"unknown\"");
  CHECK(operation(loaded(last), 0).call == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("a text without an operation, or of no known format, is refused") {
  CHECK(refusal("").find(
            "h:1:1: it is empty, expected at least one operation, such as {\"process\"") == 0);
  CHECK(refusal(" \n\n").find("h:1:1: there is no operation in it, expected at least one") == 0);
  CHECK(refusal("\n\nhello").find("h:3:1: is no history") == 0);
  LoadOptions lines;
  lines.format = "jsonl";
  CHECK(refusal("\n", lines).find("h:1:1: there is no operation in it, expected ") == 0);
  CHECK(refusal("hello", lines).find("h:1:1: ") == 0);
}

TEST_CASE("a byte order mark is called that, in every format, packed or not") {
  const std::string text = "\xef\xbb\xbf" + std::string(kRead) + "\n";
  for (const char* format : {"auto", "jsonl", "edn", "jepsen-log"}) {
    LoadOptions options;
    options.format = format;
    const std::string said = "h:1:1: it begins with a byte order mark (BOM: the bytes EF BB BF), ";
    CHECK(refusal(text, options).find(said) == 0);
    CHECK(refusal(zstd_compress(text), options).find(said) == 0);
  }
  CHECK(refusal("\xff\xfe{").find("h:1:1: it begins with the byte order mark (BOM) of UTF-16") ==
        0);
}

TEST_CASE("empty lines are counted, but not looked at one by one") {
  const std::string empty(3'000'000, '\n');
  const std::string line = std::string(kRead) + "\n";
  CHECK(loaded(line + empty + line).history.operations.back().line == 3'000'002);
  CHECK(refusal(line + empty + "x").find("h:3000002:1: ") == 0);
  TextWindow window(ByteSource::of_text(empty, "h"));
  LineReader lines(window);
  std::string_view read;
  int returned = 0;
  while (lines.next(read)) ++returned;
  CHECK(lines.number() == 3'000'000);
  CHECK(returned < 1'000);
  // Whether to stop is asked all the same.
  LoadOptions options;
  options.stop = [] { return true; };
  CHECK_FALSE(loaded(line + empty + "x", options).incomplete.empty());
}

TEST_CASE("a line beyond the bound is refused by its number, and no crash") {
  const std::string text = std::string(kRead) + "\n" + std::string(kLongestPiece + 1, 'x');
  CHECK(refusal(text) == "h:2:1: the line has more than 16777216 bytes; an operation is shorter");
  // One of just that length is read.
  std::string line = with("3", "\"\"");
  line.insert(line.find("\"\"") + 1, kLongestPiece - line.size(), 'v');
  REQUIRE(line.size() == kLongestPiece);
  CHECK(loaded(line).history.operations.size() == 1);
}

TEST_CASE("compressed histories are read; cut or damaged ones are not") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::string(kRead) + "\n";
  const std::string packed = zstd_compress(text);
  const LoadedHistory history = loaded(packed + packed);
  CHECK(history.history.operations.size() == 40000);
  CHECK(history.bytes == 2 * text.size());
  CHECK(history.history.operations.back().line == 40000);
  CHECK(refusal(packed.substr(0, packed.size() - 5))
            .find("h: damaged zstd data: the end is missing") == 0);
  CHECK(refusal(packed.substr(0, 6)) ==
        "h: damaged zstd data: the end is missing (behind byte 6 of it, 0 unpacked); expected what "
        "zstd -t accepts: copy or compress it again");
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  CHECK(refusal(damaged).find("h") == 0);
  CHECK(refusal(packed + "more").find("h: damaged zstd data: ") == 0);
}

TEST_CASE("a small file that unpacks to endless zeros ends at once") {
  const std::string bomb = zstd_compress(std::string(std::size_t{256} << 20U, '\0'));
  REQUIRE(bomb.size() < 100'000);
  CHECK(refusal(bomb).find("h:1:1: is no history") == 0);
  LoadOptions lines;
  lines.format = "jsonl";
  CHECK(refusal(bomb, lines) ==
        "h:1:1: the line has more than 16777216 bytes; an operation is shorter");
}

TEST_CASE("what unpacks to a thousand times as much is refused, whatever it is") {
  const std::string lines = zstd_compress(std::string(std::size_t{80} << 20U, '\n'));
  const std::string begun = zstd_compress(std::string(kRead) + "\n") + lines;
  LoadOptions options;
  for (const char* format : {"jsonl", "edn", "jepsen-log"}) {
    options.format = format;
    const std::string said = refusal(options.format == "jsonl" ? begun : lines, options);
    CHECK(said.find(" bytes of compressed data expand to more than 1000 times as many") !=
          std::string::npos);
  }
}

TEST_CASE("a line of very many members has its repeated one named") {
  std::string line = "{\"process\":0";
  for (int i = 0; i < 300'000; ++i) line += ",\"m" + std::to_string(i) + "\":0";
  const std::size_t column = line.size() + 2;
  CHECK(refusal(line + ",\"m7\":0}") ==
        "h:1:" + std::to_string(column) + ": the key \"m7\" stands here twice");
}

TEST_CASE("memory is bounded: a history beyond it is left, and says so") {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += with("3", std::to_string(i)) + "\n";
  LoadOptions options;
  options.most_bytes = std::size_t{1} << 20U;
  const LoadedHistory history = loaded(zstd_compress(text), options);
  CHECK(history.incomplete.find("take more than the 1 MiB of memory allowed") != std::string::npos);
  CHECK(history.history.operations.size() < 40000);
  options.most_bytes = std::size_t{4} << 20U;
  CHECK(loaded(text, options).incomplete.empty());
  options.stop = [] { return true; };
  CHECK(loaded(text, options).incomplete == "The time was over before the history was loaded.");
}

}  // namespace
}  // namespace sibyl::test::history_lines_test
