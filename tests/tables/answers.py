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
that there is not, or a run is not as its scenario expects. --update drops scenarios that there are
not from the tables that ask for them, and says so; where the text names one it says so and fails,
when all pages are written. --only: pages whose path contains this.
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
        self.program, self.reports, self.file_of, self.known = program, {}, {}, set()
        for path in glob.glob(os.path.join(ROOT, "scenarios", "partitioned", "*.json")):
            with open(path, encoding="utf-8") as file:
                scenario = json.load(file)
            base = scenario["id"]
            self.file_of[base] = path
            self.known.add(base)
            self.known.update(f"{base}/{each['id']}" for each in scenario.get("variants", []))

    def report(self, identity):
        """Of a scenario that is known."""
        if identity not in self.reports:
            path = self.file_of[identity.split("/")[0]]
            run = subprocess.run([self.program, "run", path, "--json"], capture_output=True,
                                 text=True, check=False)
            if run.returncode not in (0, 1):
                sys.exit(f"{path}: {run.stderr}")
            made = json.loads(run.stdout)
            for report in made if isinstance(made, list) else [made]:
                self.reports[report["id"]] = report
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


def without_gone(known, kind, rest, gone):
    """What a table asks for, without scenarios that there are not, which are added to `gone`; None
    where nothing is left of it."""
    def left(names, of):
        kept = [name for name in names if all(each in known for each in of(name))]
        gone.extend(each for name in names for each in of(name) if each not in known)
        return kept

    if kind == "runs":
        names = left([part.strip() for part in rest.split(",")], lambda name: [name])
        return ", ".join(names) or None
    if kind == "whole":
        bases, variants = rest.split(": ")
        bases = left(bases.split(" + "), lambda base: [base])
        variants = left(variants.split(", "), lambda name: [f"{base}/{name}" for base in bases])
        return f"{' + '.join(bases)}: {', '.join(variants)}" if bases and variants else None
    return rest


def made_anew(runs, text, gone, stale):
    """The page as it should be; scenarios that its tables ask for and that there are not are left
    out, and added to `gone`. A table of which nothing is left stays, and is added to `stale`."""
    def block(match):
        kind, asked = match.group(1), match.group(2)
        rest = without_gone(runs.known, kind, asked, gone)
        if asked and not rest:
            stale.append(f"nothing is left of the table {kind}: {asked}")
            return match.group(0)
        head = f"<!-- {kind}: {rest} -->" if rest else f"<!-- {kind} -->"
        return "\n".join([head, *table(runs, kind, rest), "<!-- end -->"])

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
    runs, wrong, unknown = Runs(program), [], []
    for page in pages:
        if arguments.only and not any(part in page for part in arguments.only):
            continue
        with open(page, encoding="utf-8") as file:
            text = file.read()
        gone, stale = [], []
        new = made_anew(runs, text, gone, stale)
        where = os.path.relpath(page, ROOT)
        unknown += [f"{where}: {each}; take it out" for each in stale]
        for identity in gone:
            print(f"{where}: a table asks for {identity}, which there is not"
                  + ("; left out" if arguments.update else ""), file=sys.stderr)
        for identity in NAMED.findall(new):
            if identity in runs.known:
                runs.report(identity)
            else:
                unknown.append(f"{where} names {identity}, which there is not")
        if arguments.update:
            with open(page, "w", encoding="utf-8") as file:
                file.write(new)
        elif new != text:
            wrong.append(where)
    if wrong:
        unknown.append("not what runs show (`tests/tables/answers.py PROGRAM --update` writes it "
                       "anew): " + ", ".join(wrong))
    if unknown:
        sys.exit("\n".join(unknown))


if __name__ == "__main__":
    main()
