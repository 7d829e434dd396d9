#!/usr/bin/env python3
"""Tables of docs/answers.md and docs/answers/: made again, and compared or replaced.

Usage: answers.py PROGRAM [--update] [--only PART]...

A page asks for a table by a line of its own; what stands between it and <!-- end --> is made here:
  <!-- runs: ID, ID, … -->    scenarios that are run: what is violated, messages, counters
  <!-- whole: ID + …: VARIANT, … -->  variants of scenarios in every order of messages
  <!-- steps: DESIGN; … -->   what single commands cost (all: every design)
  <!-- load: CROSSING -->     clients in a closed loop; so many of 100 pairs are over two groups
  <!-- superset -->, <!-- push -->, <!-- tries -->: see design_costs.py
Their pictures are gallery.py's. Fails where a page does not show what runs show or names a scenario
that there is not, or a run is not as its scenario expects. --only: pages whose path contains this.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys

import design_costs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COUNTERS = ("retry", "consult", "consult-local", "exec", "cached", "lock", "unlock", "lease-over",
            "move", "signal", "variable", "validation", "rollback", "lend", "return", "relocate",
            "fallback", "push", "ask-cache")
NAMED = re.compile(r"`((?:ssmr|dssmr|dynastar)-[\w.-]+(?:/[\w.-]+)?)`")
BLOCK = re.compile(r"<!-- (runs|whole|steps|load|superset|push|tries)(?:: (.*?))? -->\n"
                   r".*?<!-- end -->", re.DOTALL)


class Runs:
    """Reports of the scenarios in scenarios/, by id; a file is run when one of it is asked for."""

    def __init__(self, program):
        self.program, self.reports, self.file_of = program, {}, {}
        for path in glob.glob(os.path.join(ROOT, "scenarios", "partitioned", "*.json")):
            with open(path, encoding="utf-8") as file:
                self.file_of[json.load(file)["id"]] = path

    def report(self, identity):
        if identity not in self.reports:
            path = self.file_of.get(identity.split("/")[0])
            if not path:
                sys.exit(f"no scenario has the id {identity}")
            run = subprocess.run([self.program, "run", path, "--json"], capture_output=True,
                                 text=True, check=False)
            if run.returncode not in (0, 1):
                sys.exit(f"{path}: {run.stderr}")
            made = json.loads(run.stdout)
            for report in made if isinstance(made, list) else [made]:
                self.reports[report["id"]] = report
        if identity not in self.reports:
            sys.exit(f"no variant has the id {identity}")
        if not self.reports[identity]["ok"]:
            sys.exit(f"{identity} is not as its file expects")
        return self.reports[identity]


def verdict(report):
    found = report["properties"].items()
    broken = [name for name, finding in found if finding["verdict"] == "violated"]
    unclear = [name for name, finding in found if finding["verdict"] == "inconclusive"]
    words = [f"**violated**: {', '.join(broken)}"] if broken else []
    words += [f"not decided: {', '.join(unclear)}"] if unclear else []
    return "; ".join(words) or "all holds"


def runs_table(runs, names):
    reports = [runs.report(name) for name in names]
    counters = [c for c in COUNTERS if any(r["metrics"].get(c) for r in reports)]
    lines = ["| run | what | verdict | longest command, ms | messages |"
             + "".join(f" {c} |" for c in counters),
             "|---|---|---|---:|---:|" + "---:|" * len(counters)]
    for name, report in zip(names, reports):
        metrics = report["metrics"]
        longest = metrics["latency_ns"]["max"] if report["operations"]["ok"] else None
        cells = [f"`{name}`", report["title"], verdict(report),
                 "–" if longest is None else f"{longest / 1e6:g}",
                 str(metrics["messages"]["total"]), *(str(metrics.get(c, 0)) for c in counters)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def whole_table(runs, bases, variants):
    """A row a variant, a column a scenario that has it."""
    lines = ["| variant | " + " | ".join(f"`{base}`" for base in bases) + " |",
             "|---" * (len(bases) + 1) + "|"]
    for variant in variants:
        cells = []
        for base in bases:
            run = subprocess.run(
                [runs.program, "explore", runs.file_of[base], "--only", f"{base}/{variant}",
                 "--strategy", "exhaustive", "--json", "--set", "/expect={}", "--set",
                 '/network={"default": {"delay": "1ms"}}'],
                capture_output=True, text=True, check=False)
            if run.returncode not in (0, 1):
                sys.exit(f"{base}/{variant}: {run.stderr or 'not decided'}")
            report = json.loads(run.stdout)
            broken = ", ".join(sorted({found["property"] for found in report["found"]}))
            cells.append((f"**can be violated**: {broken}" if broken else "all holds")
                         + f" ({report['states']} states)")
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return lines


def table(runs, kind, rest):
    names = [part.strip() for part in (rest or "").split(";" if kind == "steps" else ",")]
    if kind == "runs":
        return runs_table(runs, names)
    if kind == "whole":
        bases, variants = rest.split(": ")
        return whole_table(runs, bases.split(" + "), variants.split(", "))
    if kind == "superset":
        return design_costs.superset_table(runs.program)
    if kind == "push":
        return design_costs.push_table(runs.program)
    if kind == "tries":
        return design_costs.tries_table(runs.program, runs.file_of["ssmr-F1"])
    if kind == "load":
        return design_costs.load_table(runs.program, design_costs.DESIGNS, int(rest))
    designs = design_costs.DESIGNS if names == ["all"] else names
    unknown = [name for name in designs if name not in design_costs.DESIGNS]
    if unknown:
        sys.exit(f"no design is called {unknown[0]}; there are "
                 + ", ".join(design_costs.DESIGNS))
    return design_costs.steps_table(runs.program, designs)


def made_anew(runs, text):
    def block(match):
        head = match.group(0)[:match.group(0).index("-->") + 3]
        lines = table(runs, match.group(1), match.group(2))
        return "\n".join([head, *lines, "<!-- end -->"])

    return BLOCK.sub(block, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    docs = os.path.join(ROOT, "docs")
    pages = sorted(glob.glob(os.path.join(docs, "answers", "*.md")))
    pages.append(os.path.join(docs, "answers.md"))
    runs, wrong = Runs(program), []
    for page in pages:
        if arguments.only and not any(part in page for part in arguments.only):
            continue
        with open(page, encoding="utf-8") as file:
            text = file.read()
        new = made_anew(runs, text)
        for identity in NAMED.findall(text):
            runs.report(identity)
        if arguments.update:
            with open(page, "w", encoding="utf-8") as file:
                file.write(new)
        elif new != text:
            wrong.append(os.path.relpath(page, ROOT))
    if wrong:
        sys.exit("not what runs show (`tests/tables/answers.py PROGRAM --update` writes it anew): "
                 + ", ".join(wrong))


if __name__ == "__main__":
    main()
