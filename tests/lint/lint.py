#!/usr/bin/env python3
"""Lints the tree: determinism bans, layers, lengths, and the plain form of every text file.

Usage: lint.py [ROOT]. Prints one line `path:line: [rule] what, and what would be right` a finding;
exit status 1 when there is any. Needs only the standard library. A determinism ban that does not
hold for a good reason is lifted by `// lint: allow RULE: why`, on the line or on the one above.
"""

import ast
import os
import re
import sys

import cpp_scan

MAX_LINE = 100
MAX_FILE = 600
MAX_FUNCTION = 70

CODE = (".hpp", ".cpp", ".h", ".py", ".sh", ".cmake", ".js", ".ts", ".go")
TEXT = CODE + (".md", ".json", ".in", ".yml", ".css", ".html", ".txt", ".svg")
SCRIPTS = ("sibyl", ".ci/run")  # bash without a suffix
SKIPPED_DIRS = {".git", "build", "out", "node_modules", "__pycache__", ".cache", "corpus", "golden",
                "dist"}
ROOMS = ("sim", "protocols", "analysis", "scenarios", "cli", "tests")
MAY_INCLUDE = {
    "sim": {"sim"},
    "protocols": {"sim", "protocols"},
    "analysis": {"sim", "analysis"},
    "scenarios": {"sim", "protocols", "analysis", "scenarios"},
    "cli": {"sim", "protocols", "analysis", "scenarios", "cli"},
    "tests": set(ROOMS),
}
# Libraries that may be used in some rooms only.
LIBRARIES = [
    (re.compile(r"nlohmann/"), "nlohmann/json", {"analysis", "scenarios", "cli", "tests"}),
    (re.compile(r"valijson/"), "valijson", {"scenarios", "tests"}),
    (re.compile(r"CLI/"), "CLI11", {"cli", "tests"}),
    (re.compile(r"zstd\.h"), "zstd", {"scenarios", "tests"}),
    (re.compile(r"boost/graph/"), "Boost.Graph", {"analysis", "protocols/partitioned", "tests"}),
]
DETERMINISTIC = ("sim", "protocols", "scenarios")

# rule, pattern on code without comments and strings, what would be right
BANS = [
    ("unordered", r"\bunordered_(?:flat_|node_)?(?:multi)?(?:map|set)\b",
     "iteration order differs between libraries; use std::map, or a sorted vector"),
    ("random", r"#\s*include\s*<random>|\brandom_device\b|\bmt19937|\bminstd_rand"
     r"|\b(?:uniform_(?:int|real)|normal|exponential|bernoulli|poisson)_distribution\b"
     r"|\bs?rand\s*\(|\bd?rand48\s*\(", "draw from a random stream of sim/"),
    ("shuffle", r"\b(?:std::|ranges::)(?:shuffle|random_shuffle|sample)\b",
     "its numbers differ between libraries; shuffle with a random stream of sim/"),
    ("hash", r"\bstd::hash\b|\bboost::hash", "differs between libraries; use sim/hash.hpp"),
    ("clock", r"_clock::now\b|#\s*include\s*<(?:chrono|ctime|time\.h|sys/time\.h)>|\bgettimeofday\b"
     r"|\bclock_gettime\b|\bstd::time\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)"
     r"|__DATE__|__TIME__", "only simulated time exists here"),
    ("environment", r"\b(?:secure_)?getenv\b|\bsetlocale\b|\bstd::locale\b",
     "a run depends on its scenario and seed alone"),
    ("thread", r"\bstd::j?thread\b|\bstd::async\b|\bpthread_|\bthread_local\b"
     r"|#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|future|atomic)>",
     "one world, one thread"),
    ("iostream", r"#\s*include\s*<(?:iostream|fstream|cstdio|stdio\.h)>"
     r"|\bstd::c(?:out|err|log|in)\b", "no input or output here; report a note, or return text"),
    ("pointer-order", r"\bstd::(?:multi)?(?:map|set)<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*"
     r"|\bstd::less<\s*(?:const\s+)?[\w:]+\s*\*|\bstd::(?:owner_less|less<void)",
     "addresses differ between runs; order by an id"),
    ("libm", r"\bstd::(?:exp2?|expm1|log(?:2|10|1p)?|pow|cbrt|hypot|a?(?:sin|cos|tan)h?|atan2|erfc?"
     r"|[tl]gamma)f?\s*\(", "its last bit differs between C libraries; use the functions of sim/"),
]
BANS = [(rule, re.compile(pattern), right) for rule, pattern, right in BANS]
# What scenarios/ may do, being at the edge: read and write files, and summarise.
NOT_BANNED_IN = {"scenarios": {"iostream", "libm", "global"}}

RULES = {rule for rule, _, _ in BANS} | {
    "global", "line-length", "file-length", "function-length", "layer", "include", "library",
    "opening-comment", "pragma-once", "left-over", "tab", "trailing-space", "line-end"}

LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
ALLOW = re.compile(r"//\s*lint: allow ([\w-]+): \S")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
GENERATED = re.compile(r"(?:sibyl_version\.hpp|sibyl_embedded/\w+\.hpp)$")


def text_files(root):
    """Paths, relative to root and sorted, of the files that are linted."""
    found = []
    for folder, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d not in SKIPPED_DIRS and not d.startswith("build"))
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if name.endswith(TEXT) or path in SCRIPTS:
                found.append(path)
    return sorted(found)


def history_headers(root):
    """The headers of sim that analysis may see, from the one place that lists them."""
    try:
        with open(os.path.join(root, "cmake/SibylRoom.cmake"), encoding="utf-8") as file:
            found = re.search(r"set\(SIBYL_HISTORY_HEADERS ([^)]*)\)", file.read())
    except OSError:
        found = None
    return {"sim/" + name for name in found.group(1).split()} if found else set()


def is_code(path):
    return path.endswith(CODE) or path.endswith("CMakeLists.txt") or path in SCRIPTS


def check_form(path, text, lines):
    """Tabs, spaces, ends of lines, left-over marks, lengths."""
    if "\r" in text:
        yield text[:text.index("\r")].count("\n") + 1, "line-end", "a carriage return"
    if text and not text.endswith("\n"):
        yield len(lines), "line-end", "the last line has no end"
    for number, line in enumerate(lines, 1):
        if "\t" in (line.lstrip("\t") if path.endswith(".go") else line):  # gofmt indents by tabs
            yield number, "tab", "a tab; use spaces"
        if line != line.rstrip(" \t"):
            yield number, "trailing-space", "spaces at the end of the line"
        if LEFT_OVER.search(line):
            yield number, "left-over", "unfinished work; finish it or write an issue"
        if is_code(path) and len(line) > MAX_LINE:
            yield number, "line-length", f"{len(line)} columns; at most {MAX_LINE}"
    if is_code(path) and len(lines) > MAX_FILE:
        yield MAX_FILE + 1, "file-length", f"{len(lines)} lines; at most {MAX_FILE}, cut it in two"


def check_opening(path, lines):
    """Every code file opens by saying what it is."""
    if not is_code(path):
        return
    first = 1 if lines and lines[0].startswith("#!") else 0
    opening = lines[first] if len(lines) > first else ""
    if path.endswith((".hpp", ".cpp", ".h", ".js", ".ts", ".go")):
        good = opening.startswith(("//", "/*"))
    else:
        good = opening.startswith(("#", '"""'))
    if not good:
        yield first + 1, "opening-comment", "the file has to open with a comment saying what it is"


def check_includes(root, path, lines, history):
    """Includes are written from the root, exist, and go down the layers only."""
    room = path.split("/")[0]
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found or room not in MAY_INCLUDE:
            continue
        quote, target = found.groups()
        for pattern, library, where in LIBRARIES:
            if pattern.match(target) and not any(path.startswith(w + "/") for w in where):
                yield number, "library", f"{library} belongs to {', '.join(sorted(where))} only"
        of_room = target.split("/")[0] if "/" in target else None
        if of_room in ROOMS and of_room not in MAY_INCLUDE[room]:
            yield number, "layer", f"{room}/ may not include {of_room}/"
        elif room == "analysis" and of_room == "sim" and target not in history:
            yield number, "layer", "analysis/ may see of sim/ only " + ", ".join(sorted(history))
        elif GENERATED.match(target):
            continue
        elif path.startswith("tests/consumer/") and "/" not in target:
            continue  # a project of its own
        elif quote == '"' and (of_room not in ROOMS or not os.path.exists(f"{root}/{target}")):
            yield number, "include", 'not a file of the tree; includes are written "room/file.hpp"'
        elif quote == "<" and of_room in ROOMS:
            yield number, "include", 'own headers are written "room/file.hpp", in quotes'


def allowed(lines, number, rule):
    """Whether line `number` (from 1) or the one above carries the permission for `rule`."""
    near = [ALLOW.search(line) for line in lines[max(0, number - 2):number]]
    return any(found and found.group(1) == rule for found in near)


def check_bans(room, lines, code_lines, variables):
    """What would make a run depend on more than its scenario and seed."""
    found = [(number, "global", "a variable that outlives a world; state belongs to the world")
             for number in variables]
    for number, code in enumerate(code_lines, 1):
        for rule, pattern, right in BANS:
            hit = pattern.search(code)
            if hit:
                found.append((number, rule, f"{hit.group(0).strip()}: {right}"))
    for number, rule, message in found:
        if rule not in NOT_BANNED_IN.get(room, ()) and not allowed(lines, number, rule):
            yield number, rule, message


def check_cpp(root, path, text, lines, history):
    code = cpp_scan.without_comments_and_strings(text)
    if path.endswith((".hpp", ".h")) and "#pragma once" not in lines:
        yield 1, "pragma-once", "a header has to say #pragma once"
    yield from check_includes(root, path, lines, history)
    functions, variables = cpp_scan.scan(code)
    room = path.split("/")[0]
    if room in DETERMINISTIC:
        yield from check_bans(room, lines, code.split("\n")[:len(lines)], variables)
    for first, last in functions:
        if last - first + 1 > MAX_FUNCTION:
            yield first, "function-length", f"{last - first + 1} lines; at most {MAX_FUNCTION}"


def check_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > MAX_FUNCTION:
                yield node.lineno, "function-length", f"{length} lines; at most {MAX_FUNCTION}"


def lint(root):
    """All findings in the tree as (path, line, rule, message), in order of path and line."""
    findings = []
    history = history_headers(root)
    for path in text_files(root):
        with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
            text = file.read()
        lines = text.split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        found = list(check_form(path, text, lines)) + list(check_opening(path, lines))
        if path.endswith((".hpp", ".cpp", ".h")):
            found += check_cpp(root, path, text, lines, history)
        elif path.endswith(".py"):
            found += check_python(text)
        findings += [(path, *finding) for finding in sorted(found)]
    return findings


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    if not os.path.exists(os.path.join(root, "CMakeLists.txt")):
        print(f"lint.py: {root} is not the top of the tree", file=sys.stderr)
        return 64
    findings = lint(root)
    for path, line, rule, message in findings:
        print(f"{path}:{line}: [{rule}] {message}")
    print(f"{len(findings)} findings in {len(text_files(root))} files", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
