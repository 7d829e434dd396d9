#!/usr/bin/env python3
"""Tests of the lint: planted violations of each rule, and what must not be reported."""

import os
import sys
import tempfile
import unittest

import lint

HEADER = "// A file.\n#pragma once\n"
SOURCE = "// A file.\n"
CLEAN = {
    "CMakeLists.txt": "# The top.\n",
    "cmake/SibylRoom.cmake": "# Rooms.\nset(SIBYL_HISTORY_HEADERS ids.hpp time.hpp)\n",
    "sim/time.hpp": HEADER,
    "sim/world.hpp": HEADER,
    "protocols/skeen.hpp": HEADER + '#include "sim/world.hpp"\n',
    "analysis/check.cpp": SOURCE + '#include "sim/time.hpp"\n',
    "scenarios/loader.hpp": HEADER,
}
LONG_BODY = "".join(f"  x += {i};\n" for i in range(80))

# rule, path, what is added to an opening comment (or the whole file), line that must be reported
PLANTED = [
    ("unordered", "sim/a.cpp", "#include <unordered_map>\n", 2),
    ("unordered", "protocols/a.cpp", "std::unordered_multiset<int> f();\n", 2),
    ("unordered", "scenarios/a.cpp", "\nvoid f() { std::unordered_set<int> seen; }\n", 3),
    ("random", "sim/a.cpp", "#include <random>\n", 2),
    ("random", "protocols/a.cpp", "int f() { return rand(); }\n", 2),
    ("shuffle", "sim/a.cpp", "void f(V& v, R& r) { std::shuffle(v.begin(), v.end(), r); }\n", 2),
    ("hash", "sim/a.cpp", "auto f(int i) { return std::hash<int>{}(i); }\n", 2),
    ("clock", "sim/a.cpp", "auto f() { return std::chrono::steady_clock::now(); }\n", 2),
    ("clock", "protocols/a.cpp", "auto f() { return time(nullptr); }\n", 2),
    ("environment", "sim/a.cpp", 'auto f() { return std::getenv("X"); }\n', 2),
    ("thread", "protocols/a.cpp", "void f() { std::thread t(g); }\n", 2),
    ("thread", "scenarios/a.cpp", "void f() { std::jthread t(g); }\n", 2),
    ("iostream", "protocols/a.cpp", "#include <iostream>\n", 2),
    ("iostream", "sim/a.cpp", "void f() { std::cerr << 1; }\n", 2),
    ("pointer-order", "sim/a.cpp", "void f() { std::set<const Node*> nodes; }\n", 2),
    ("pointer-order", "sim/a.cpp", "void f() { std::map<Node*, int> nodes; }\n", 2),
    ("libm", "sim/a.cpp", "double f(double x) { return std::log(x); }\n", 2),
    ("global", "sim/a.cpp", "int counter = 0;\n", 2),
    ("global", "sim/a.cpp", "namespace a {\nstd::vector<int> all;\n}\n", 3),
    ("global", "sim/a.cpp", "std::map<int, long> all{};\n", 2),
    ("global", "protocols/a.cpp", "int f() {\n  static int calls = 0;\n  return ++calls;\n}\n", 3),
    ("global", "protocols/a.cpp", "struct A {\n  static inline int count{};\n};\n", 3),
    ("line-length", "cli/a.cpp", "// " + "x" * 98 + "\n", 2),
    ("line-length", "tests/a.py", "# " + "x" * 99 + "\n", 2),
    ("file-length", "cli/a.cpp", "//\n" * 600, 601),
    ("file-length", "cli/a.hpp", "#pragma once\n" + "//\n" * 599, 601),
    ("function-length", "cli/a.cpp", "\nint f(int x) {\n" + LONG_BODY + "  return x;\n}\n", 3),
    ("function-length", "cli/a.cpp", "A::A(int y)\n    : x(y) {\n" + LONG_BODY + "}\n", 2),
    ("function-length", "cli/a.hpp", "#pragma once\nstruct A {\n  void f() {\n" + LONG_BODY
     + "  }\n  int x;\n};\n", 4),
    ("function-length", "tests/a.py", "def f(x):\n" + LONG_BODY.replace(";", ""), 2),
    ("layer", "sim/a.cpp", '#include "protocols/skeen.hpp"\n', 2),
    ("layer", "protocols/a.cpp", '#include "scenarios/loader.hpp"\n', 2),
    ("layer", "protocols/a.cpp", '#include "analysis/check.hpp"\n', 2),
    ("layer", "analysis/a.cpp", '#include "protocols/skeen.hpp"\n', 2),
    ("layer", "analysis/a.cpp", '#include "sim/world.hpp"\n', 2),
    ("layer", "scenarios/a.cpp", '#include "cli/run.hpp"\n', 2),
    ("include", "sim/a.cpp", '#include "world.hpp"\n', 2),
    ("include", "sim/a.cpp", '#include "../protocols/skeen.hpp"\n', 2),
    ("include", "sim/a.cpp", '#include "sim/missing.hpp"\n', 2),
    ("include", "cli/a.cpp", "#include <sim/world.hpp>\n", 2),
    ("library", "sim/a.cpp", "#include <nlohmann/json.hpp>\n", 2),
    ("library", "protocols/a.cpp", "#include <nlohmann/json_fwd.hpp>\n", 2),
    ("library", "scenarios/a.cpp", "#include <CLI/CLI.hpp>\n", 2),
    ("library", "scenarios/a.cpp", "#include <boost/graph/adjacency_list.hpp>\n", 2),
    ("library", "analysis/a.cpp", "#include <valijson/validator.hpp>\n", 2),
    ("library", "analysis/a.cpp", "#include <zstd.h>\n", 2),
    ("pragma-once", "cli/a.hpp", "int f();\n", 1),
    ("left-over", "cli/a.cpp", "// TO" "DO: later\n", 2),
    ("left-over", "docs/a.md", "FIX" "ME\n", 2),
    ("tab", "cli/a.cpp", "\tint f();\n", 2),
    ("tab", "tests/a.go", "\tx :=\t1\n", 2),
    ("line-length", "tests/a.go", "// " + "x" * 98 + "\n", 2),
    ("trailing-space", "cli/a.cpp", "int f(); \n", 2),
    ("trailing-space", "scenarios/a.json", "{} \n", 2),
    ("line-end", "cli/a.cpp", "int f();\r\n", 2),
    ("line-end", "cli/a.cpp", "int f();", 2),
]

INNOCENT = r'''
#include "sim/time.hpp"
// std::unordered_map, rand() and std::thread in a comment, and getenv in "a string" below.
namespace sibyl {
class Forward;
inline constexpr int kBound = 1'000'000;
constexpr char kQuote = '"';
const std::map<int, int> kTable{{1, 2}};
static const char* const kText = "std::hash, \" { rand( /* ";
constexpr auto kRaw = R"x(std::cout { " )x";
static int helper(int operand, int brand);
template <class T>
struct Box {
  T value{};
  std::map<int, T*> by_id;
  static constexpr int kSize = 3;
  static Box make() { return {}; }
  bool operator==(const Box&) const = default;
};
enum class Kind : int { one, two };
using Clock = Box<int>;
Box<int> make_box(int runtime) {
  std::vector<int> all = {1, 2, 3};
  static constexpr int kLocal[] = {1, 2};
  auto f = [&](int x) { return x + kLocal[0]; };
  int time_ns = blocktime(0) + f(runtime);
  return Box<int>{time_ns};
}
extern template struct Box<int>;
}  // namespace sibyl
'''


def findings(extra):
    """(path, line, rule) of the lint's findings in the clean tree with these files added."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **extra}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        return [(path, line, rule) for path, line, rule, _ in lint.lint(root)]


def opened(path, text):
    if path.endswith((".cpp", ".hpp", ".go")):
        return SOURCE + text
    return ("# A file.\n" if path.endswith((".py", ".md")) else "\n") + text


class LintTest(unittest.TestCase):
    def test_the_clean_tree_has_no_findings(self):
        self.assertEqual(findings({}), [])

    def test_each_planted_violation_is_found_and_nothing_else(self):
        for rule, path, text, line in PLANTED:
            with self.subTest(rule=rule, path=path, text=text[:60]):
                self.assertEqual(set(findings({path: opened(path, text)})), {(path, line, rule)})

    def test_every_rule_has_a_planted_violation(self):
        self.assertEqual({rule for rule, *_ in PLANTED} | {"opening-comment"}, lint.RULES)

    def test_a_file_has_to_open_with_a_comment(self):
        for path in ("cli/a.cpp", "tests/a.go", "tests/a.py", "tests/a.sh", "cmake/A.cmake"):
            with self.subTest(path=path):
                text = "int f();\n" if path.endswith("cpp") else "pass\n"
                self.assertEqual(findings({path: text}), [(path, 1, "opening-comment")])
        self.assertEqual(findings({"tests/a.sh": "#!/bin/sh\n\n# Late.\n"}),
                         [("tests/a.sh", 2, "opening-comment")])

    def test_innocent_code_is_not_reported(self):
        self.assertEqual(findings({"sim/a.cpp": SOURCE + INNOCENT}), [])
        self.assertEqual(findings({"tests/a.go": SOURCE + "func f() {\n\t\tg()\n}\n"}), [])

    def test_seventy_lines_are_a_function_that_is_short_enough(self):
        text = "int f(int x) {\n" + "  ++x;\n" * 67 + "  return x;\n}\n"
        self.assertEqual(findings({"cli/a.cpp": SOURCE + text}), [])
        text = "int f(int x) {\n" + "  ++x;\n" * 68 + "  return x;\n}\n"
        self.assertEqual(findings({"cli/a.cpp": SOURCE + text}),
                         [("cli/a.cpp", 2, "function-length")])

    def test_a_permission_needs_a_reason_and_holds_for_one_rule(self):
        use = "void f() { std::thread t(g); }"
        allow = "// lint: allow thread: a reason"
        self.assertEqual(findings({"sim/a.cpp": f"//\n{use}  {allow}\n"}), [])
        self.assertEqual(findings({"sim/a.cpp": f"//\n{allow}\n{use}\n"}), [])
        for comment in ("lint: allow thread", "lint: allow clock: a reason"):
            self.assertEqual(findings({"sim/a.cpp": f"//\n{use}  // {comment}\n"}),
                             [("sim/a.cpp", 2, "thread")])

    def test_what_is_built_or_generated_is_not_read(self):
        self.assertEqual(findings({"build/dev/a.cpp": "\t", "tests/golden/a.txt": "x ",
                                   "tests/fuzz/corpus/a.json": "\t"}), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
