#!/usr/bin/env python3
"""Sums up gcov's counters of a coverage build: lines executed of each file, room and the whole.

Usage: coverage.py [BUILD_DIR], after
  cmake --preset coverage && cmake --build --preset coverage && ctest --preset coverage
Needs gcov of the compiler's version (another one: environment variable GCOV).
"""

import collections
import glob
import json
import os
import subprocess
import sys

ROOMS = ("sim", "protocols", "analysis", "scenarios", "cli")


def counters(build):
    """Executions by (path from the root, line), summed over all objects."""
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
    lines = collections.Counter()
    for data in sorted(glob.glob(f"{build}/**/*.gcda", recursive=True)):
        gcov = os.environ.get("GCOV", "gcov")
        run = subprocess.run([gcov, "--json-format", "--stdout", os.path.abspath(data)], check=True,
                             capture_output=True, text=True, cwd=build)
        for report in map(json.loads, filter(None, run.stdout.splitlines())):
            for file in report["files"]:
                path = os.path.realpath(os.path.join(root, file["file"]))
                path = os.path.relpath(path, root)
                if path.split(os.sep)[0] not in ROOMS:
                    continue
                for line in file["lines"]:
                    lines[path, line["line_number"]] += line["count"]
    return lines


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build/coverage"
    totals = collections.defaultdict(lambda: [0, 0])
    for (path, _), count in counters(build).items():
        for key in (path, path.split(os.sep)[0] + "/", "all"):
            totals[key][0] += count > 0
            totals[key][1] += 1
    if not totals:
        print(f"coverage.py: no counters below {build}; run the tests first", file=sys.stderr)
        return 65
    for key in sorted(totals, key=lambda k: (k == "all", k)):
        hit, every = totals[key]
        print(f"{100 * hit / every:6.1f} %  {hit:6} of {every:6} lines  {key}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
