#!/usr/bin/env python3
"""The partitioner's cuts beside METIS's: the table of docs/partitioner.md.

Usage: partitioner.py PROGRAM [--most VERTICES] [--seeds N] [--doc FILE --update]. For each graph
and number of parts: cuts of `sibyl partition` over the seeds (20; 5 above 10^4 vertices, 2 above
10^5), divided by the least cut of METIS's k-way and recursive partitioning over as many seeds, at
most 10 (of those within 20 % where there are any); CPU time of a run divided by that of METIS's
k-way, in the median. Fails where a median is above 1.10, a ratio above 1.30, a part too heavy, or,
from 10^4 vertices on, the time above 10 times METIS's. The whole takes an hour; --most 10000 some
minutes.
"""

import argparse
import json
import statistics
import subprocess
import sys

import doc

KINDS = (("planted", "planted communities, 20 % mixing"),
         ("planted-40", "planted communities, 40 % mixing"),
         ("ba", "Barabasi-Albert, 4 edges"), ("grid", "grid"))
SIZES = (1000, 10_000, 100_000, 1_000_000)
PARTS = (2, 4, 8, 16)
MOST_PERMILLE = 200


def runs(program, graph, parts, engine, seeds):
    run = subprocess.run([program, "partition", "--generate", *graph, "--parts", str(parts),
                          "--with", engine, "--runs", str(seeds), "--json"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def row(program, name, graph, parts, seeds):
    """A line of the table, what is wrong with it, and times of both in ns an edge."""
    own = runs(program, graph, parts, "own", seeds)
    few = min(seeds, 10)
    kway = runs(program, graph, parts, "metis", few)["runs"]
    recursive = runs(program, graph, parts, "metis-recursive", few)["runs"]
    both = kway + recursive
    within = [r for r in both if r["imbalance_permille"] <= MOST_PERMILLE] or both
    best = min(r["cut"] for r in within)
    ratios = sorted(r["cut"] / best for r in own["runs"])
    imbalance = max(r["imbalance_permille"] for r in own["runs"])
    heaviest = max(own["loads"])
    times = [statistics.median(r["cpu_seconds"] for r in list_of) * 1e9 / own["edges"]
             for list_of in (own["runs"], kway)]
    time = times[0] / times[1]
    median = statistics.median(ratios)
    vertices = own["vertices"]
    wrong = []
    if median > 1.10 or ratios[-1] > 1.30:
        wrong.append("cut")
    if heaviest > own["load_limit"] or (vertices >= 100 and imbalance > MOST_PERMILLE):
        wrong.append("imbalance")
    if vertices >= 10_000 and time > 10:
        wrong.append("time")
    mark = f" **{', '.join(wrong)}**" if wrong else ""
    line = (f"| {name} | {vertices} | {own['edges']} | {parts} | {best} | {median:.3f} | "
            f"{ratios[-1]:.3f} | {imbalance / 10:.1f} % | {seeds} | {time:.1f} |{mark}")
    return line, wrong, times


def growth(times):
    """A line a graph: CPU time of an edge at each size, of sibyl and of METIS."""
    sizes = sorted({n for _, n in times})
    head = ["CPU ns an edge, 16 parts"] + [f"{n} vertices" for n in sizes]
    lines = ["", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for _, name in KINDS:
        for who, engine in enumerate(("sibyl", "METIS")):
            cells = (f"{times[name, n][who]:.0f}" for n in sizes)
            lines.append(f"| {name}: {engine} | " + " | ".join(cells) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--most", type=int, default=max(SIZES), help="vertices of a graph")
    parser.add_argument("--seeds", type=int, default=20, help="at most")
    doc.add_options(parser)
    arguments = parser.parse_args()
    lines = ["| graph | vertices | edges | parts | METIS's best cut | median | worst | imbalance | "
             "seeds | time |", "|---|---|---|---|---|---|---|---|---|---|"]
    graphs = [("karate club", ["karate"], 34)]
    graphs += [(name, [kind, "--vertices", str(n)], n)
               for n in SIZES if n <= arguments.most for kind, name in KINDS]
    failed, times = 0, {}
    for name, graph, vertices in graphs:
        few = 20 if vertices <= 10_000 else 5 if vertices <= 100_000 else 2
        seeds = min(few, arguments.seeds)
        for parts in PARTS if vertices > 100 else (2, 4):
            line, wrong, taken = row(arguments.program, name, graph, parts, seeds)
            print(line, file=sys.stderr, flush=True)
            lines.append(line)
            failed += bool(wrong)
            if parts == 16:
                times[name, vertices] = taken
    doc.show(arguments, lines + growth(times))
    if failed:
        sys.exit(f"{failed} rows are not within the bounds")


if __name__ == "__main__":
    main()
