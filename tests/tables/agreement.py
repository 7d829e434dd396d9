#!/usr/bin/env python3
"""Expected rounds, messages and latencies of agreements beside what runs measure.

Usage: agreement.py PATH/TO/sibyl [--quick] [--jobs N] [--only PART,...] [--update FILE]

Prints tables in Markdown, every row with its sample size and the 99 % interval of the mean, from
seeds 1 on (each run's own seed is made from the number of the run). Where the specification has a
closed form, the row says whether the interval holds it, which one in a hundred does not by
chance; the command exits with 1 where a mean is more than four standard errors off (of the
difference, where the expectation is a figure of an independent model, which has an error of its
own). --quick takes a twentieth of the seeds; --update writes the tables into a document, from its
first heading of the second level on; with --only those of the parts named, in the place of what
has their headings.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

# What the expectation is: a closed form, or a figure that an independent model of the rules showed.
EXACT, MODEL = "closed form", "model"
MODEL_HALF = 0.07  # half the 99 % interval of the model's figures, which are means of 3000 runs


def sweep(sibyl, document, seeds, measures, jobs, vary=None):
    """Rows of `sibyl sweep --json`: one a combination."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(document, file)
    command = [sibyl, "sweep", file.name, "--seeds", str(seeds), "--seed", "1", "--json",
               "--jobs", str(jobs), "--measure", ",".join(measures)]
    for pointer, values in (vary or {}).items():
        command += ["--vary", pointer + "=" + ",".join(json.dumps(v) for v in values)]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    finally:
        os.unlink(file.name)
    if run.returncode not in (0, 2):  # 2: limits ended runs
        sys.exit(f"{' '.join(command)}: exit {run.returncode}")
    return json.loads(run.stdout)["rows"]


def scenario(protocol, parties, workload, **more):
    return {"format": "sibyl-scenario/1", "id": "measured", "protocol": protocol,
            "deployment": {"parties": parties}, "workload": workload,
            "limits": {"events": 100_000_000}, **more}


def interval(cell):
    return f"{cell['mean']:.4f}", f"{cell['low']:.4f} to {cell['high']:.4f}"


class Tables:
    def __init__(self, sibyl, jobs, quick):
        self.sibyl, self.jobs, self.share = sibyl, jobs, 20 if quick else 1
        self.failed = False
        self.lines = []

    def sweep(self, document, seeds, measures, vary=None):
        return sweep(self.sibyl, document, max(seeds // self.share, 20), measures, self.jobs, vary)

    def head(self, title, *columns):
        self.say(f"\n## {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")

    def row(self, *cells):
        self.say(f"| {' | '.join(str(c) for c in cells)} |")

    def say(self, text):
        print(text, flush=True)
        self.lines.append(text)

    def expected(self, cell, value, kind, width=4):
        """The expectation as text; it must not be far from the mean."""
        if value is None:
            return "-"
        own = MODEL_HALF if kind == MODEL else 0
        half = math.hypot(cell["high"] - cell["mean"], own)  # of the difference
        text = f"{value:.{width}f}" + (f" ± {own}" if own else "")
        if abs(value - cell["mean"]) <= half:
            return f"{text} ({kind})"
        # 2.58 standard errors are half an interval of 99 %.
        far = abs(value - cell["mean"]) > 4 / 2.58 * half
        self.failed = self.failed or far
        return f"{text} ({'**far off**' if far else 'outside the interval'})"


# ---- Weak agreement: iterations of the non-terminating agreement ----

def weak_agreement(tables):
    tables.head("Weak agreement until all have a bit", "n", "t", "expected", "mean",
                "99 % interval", "n of runs", "messages of one")
    for n, t in ((6, 1), (11, 2), (16, 3), (21, 4)):
        m = n - t
        p = 2 * sum(math.comb(m, k) for k in range(n - 2 * t, m + 1)) / 2 ** m
        split = [i % 2 for i in range(m)] + [0] * t  # no bit has n - 2t votes
        document = scenario(
            {"name": "non-terminating-agreement", "options": {"bits_in_a_row": 1}},
            n, {"inputs": split},
            byzantine=[{"node": f"P{i}", "behaviour": "silent"} for i in range(m, n)],
            network={"default": {"delay": "1ms"}})
        cell = tables.sweep(document, 10_000, ["rounds"])[0]["measures"]["rounds"]
        tables.row(n, t, tables.expected(cell, 1 + 1 / p, EXACT), *interval(cell), cell["n"],
                   n * (n - 1))


# ---- Binary agreement ----

def binary_agreement(tables):
    """Uniformly random order of arrivals; TERM off, so that everybody decides by a coin."""
    tables.head("Binary agreement: the last round in which a party decides", "form", "n", "inputs",
                "expected", "mean", "99 % interval", "runs", "messages, mean")
    expectations = {("podc14", "0011"): 2.78, ("conf", "0011"): 2.76}
    for form in ("podc14", "conf", "crusader"):
        for inputs in ("1111", "0111", "0011"):
            document = scenario(
                {"name": "binary-agreement", "options": {"form": form, "ending": "second_coin"}},
                4, {"inputs": [int(c) for c in inputs]},
                scheduler={"strategy": "random"})
            cells = tables.sweep(document, 20_000, ["rounds", "messages.total"])[0]["measures"]
            value, kind = (2, EXACT) if inputs == "1111" else (
                expectations.get((form, inputs)), MODEL)
            tables.row(form, 4, inputs, tables.expected(cells["rounds"], value, kind, 2),
                       *interval(cells["rounds"]), cells["rounds"]["n"],
                       f"{cells['messages.total']['mean']:.1f}")
    unanimous(tables)
    weak_coin(tables)


def unanimous(tables):
    """Equal inputs and constant delays: with k the round, 4n(n - 1) messages a round."""
    tables.head("Binary agreement with CONF, equal inputs, constant delays", "n", "rounds expected",
                "mean", "99 % interval", "runs",
                "messages less 4n(n-1) a round, n(n-1) TERM and n(n-1) of a next BVAL")
    for n, seeds in ((4, 10_000), (7, 10_000), (16, 10_000), (31, 10_000), (64, 2000)):
        document = scenario({"name": "binary-agreement"}, n, {"inputs": [1] * n},
                            network={"default": {"delay": "1ms"}}, ties="insertion")
        cells = tables.sweep(document, seeds, ["rounds", "messages.total"])[0]["measures"]
        pairs = n * (n - 1)
        rest = cells["messages.total"]["mean"] - pairs * (4 * cells["rounds"]["mean"] + 2)
        if abs(rest) > 1e-6 * cells["messages.total"]["mean"]:
            tables.failed = True
        tables.row(n, tables.expected(cells["rounds"], 2, EXACT), *interval(cells["rounds"]),
                   cells["rounds"]["n"], f"{rest:.3f}")


def weak_coin(tables):
    tables.head("Weak coins, what is left to the adversary by chance: equal inputs", "1 / eps",
                "expected", "mean",
                "99 % interval", "runs")
    for one_in in (2, 3, 4, 10):
        document = scenario(
            {"name": "binary-agreement", "options": {"coin": {"one_in": one_in}}},
            4, {"inputs": [1] * 4}, network={"default": {"delay": "1ms"}})
        cell = tables.sweep(document, 10_000, ["rounds"])[0]["measures"]["rounds"]
        # By chance what is left to the adversary is 1 for some: the bound is from above.
        bound = "at most " if one_in > 2 else ""
        tables.row(one_in, f"{bound}{one_in}", *interval(cell), cell["n"])
        if cell["low"] > one_in:
            tables.failed = True


# ---- Common subset ----

def largest_of(n):
    """E[max of n geometric variables with parameter 1/2]."""
    return sum(1 - (1 - 0.5 ** k) ** n for k in range(0, 200))


def common_subset(tables):
    tables.head("Common subset: the largest round of its n agreements", "n", "expected", "mean",
                "99 % interval", "runs", "messages, mean")
    sizes = ((4, 10_000), (7, 10_000), (10, 10_000), (16, 10_000), (31, 1000), (64, 200))
    for n, seeds in sizes if tables.share == 1 else sizes[:3]:
        document = scenario({"name": "common-subset"}, n,
                            {"inputs": [f"block {i}" for i in range(n)]},
                            network={"default": {"delay": "1ms"}})
        cells = tables.sweep(document, seeds, ["rounds", "messages.total"])[0]["measures"]
        tables.row(n, tables.expected(cells["rounds"], largest_of(n), EXACT),
                   *interval(cells["rounds"]), cells["rounds"]["n"],
                   f"{cells['messages.total']['mean']:.0f}")


# ---- The attack ----

def attack(tables):
    """smr-E-2, under its script and under random orders: rounds, and who decided."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "..", "scenarios", "smr", "E-2.json")
    with open(path, encoding="utf-8") as file:
        base = json.load(file)
    base.pop("variants")
    base.pop("expect")
    base.pop("story")
    tables.head("The attack on the agreement of PODC 2014 (smr-E-2)", "form", "order of messages",
                "seeds", "all decided", "rounds of those: mean", "99 % interval", "most")
    rows = (("podc14", "scripted", 20, {"events": 145_000}), ("conf", "scripted", 2000, None),
            ("crusader", "scripted", 2000, None), ("podc14", "random", 100_000, None),
            ("conf", "random", 10_000, None))
    for form, order, seeds, limits in rows:
        document = json.loads(json.dumps(base))
        document["protocol"] = {"name": "binary-agreement", "options": {"form": form}}
        document.pop("liveness", None)
        document["limits"] = limits or {"events": 1_000_000}
        if order == "random":
            document["scheduler"] = {"strategy": "random"}
        measures = ["decided_all", "rounds", "round"]
        cells = sweep(tables.sibyl, document, max(seeds // tables.share, 2), measures, tables.jobs)
        cells = cells[0]["measures"]
        decided = cells["decided_all"]
        some = cells["rounds"].get("n", 0) > 1 and cells["rounds"]["mean"] is not None
        mean = interval(cells["rounds"]) if some and decided["count"] else ("-", "-")
        most = cells["rounds"]["max"] if decided["count"] else \
            f"none in {cells['round']['min'] / 4:.0f} rounds"
        tables.row(form, order, decided["n"], f"{decided['count']} of {decided['n']}", *mean, most)
        wanted = 0 if (form, order) == ("podc14", "scripted") else decided["n"]
        if decided["count"] != wanted:
            tables.failed = True


# ---- Mutants and leaking coins: what the specification only expects ----

def mutants(tables):
    """n = 4, P3 says everything; rounds until the last correct party has decided."""
    tables.head("Binary agreement against P3, which says both bits, and all sets", "variant",
                "coin",
                "order", "inputs", "runs", "all decided", "rounds: mean", "99 % interval", "most")
    both = [{"node": "P3", "behaviour": "also", "field": "value", "values": [False, True]},
            {"node": "P3", "behaviour": "also", "field": "values",
             "values": ["zero", "one", "both"], "messages": ["Conf"]}]
    without_conf = both[:1]
    for variant in ("", "podc14", "crusader", "keeps-estimate", "conf-carries-bin-values",
                    "estimates-from-bin-values"):
        for order in ("random", "coin_aware"):
            for leaks in (False, True) if order == "coin_aware" else (False,):
                protocol = {"name": "binary-agreement", "options": {"coin": {"leaks": leaks}}}
                if variant:
                    protocol["variants"] = [variant]
                lies = without_conf if variant in ("podc14", "crusader") else both
                document = scenario(protocol, 4, {"inputs": [0, 0, 1, 1]}, byzantine=lies,
                                    scheduler={"strategy": order})
                document["limits"] = {"events": 6000}
                rows = tables.sweep(document, 10_000, ["rounds", "decided_all"],
                                    {"/workload/inputs": [[0, 0, 1, 1], [0, 1, 1, 1]]})
                for row in rows:
                    cell, decided = row["measures"]["rounds"], row["measures"]["decided_all"]
                    tables.row(variant or "as it should be", "leaks" if leaks else "", order,
                               json.dumps(row["settings"]["/workload/inputs"][:3]), row["runs"],
                               decided["count"], *interval(cell), cell["max"])
                    if variant in ("", "crusader") and not leaks and \
                            decided["count"] != row["runs"]:
                        tables.failed = True


# ---- PBFT ----

def pbft(tables):
    tables.head("PBFT: the time until n - floor((n-1)/3) nodes have decided, ms", "delay", "n",
                "mean", "99 % interval", "deviation", "runs", "messages", "2n(n-1)")
    for mean, deviation in ((250, 50), (500, 100), (1000, 300)):
        for n in (4, 7, 16, 31, 64):
            document = scenario(
                {"name": "pbft", "options": {"timeout": "1000s"}}, n,
                {"broadcasts": [{"party": "P0", "label": "m"}]},
                network={"default": {"delay": {"normal": {
                    "mean": f"{mean}ms", "deviation": f"{deviation}ms", "lowest": "0ns",
                    "highest": f"{mean + 20 * deviation}ms"}}}})
            cells = sweep(tables.sibyl, document, 200, ["delivery_quorum_ns", "messages.total"],
                          tables.jobs)[0]["measures"]
            cell = cells["delivery_quorum_ns"]
            messages = cells["messages.total"]
            tables.row(f"N({mean}, {deviation})", n, f"{cell['mean'] / 1e6:.2f}",
                       f"{cell['low'] / 1e6:.2f} to {cell['high'] / 1e6:.2f}",
                       f"{cell['deviation'] / 1e6:.2f}", cell["n"], f"{messages['mean']:.0f}",
                       2 * n * (n - 1))
            if messages["min"] != 2 * n * (n - 1) or messages["max"] != 2 * n * (n - 1):
                tables.failed = True


PARTS = {"weak": weak_agreement, "binary": binary_agreement, "subset": common_subset,
         "attack": attack, "mutants": mutants, "pbft": pbft}


def put(path, lines, whole):
    """Sections into a document: all that it has, or in the place of those with the same titles."""
    def title(section):
        return section.split("\n", 1)[0]

    with open(path, encoding="utf-8") as file:
        head, *sections = file.read().split("\n## ")
    made = {title(section): section for section in "\n".join(lines).split("\n## ")[1:]}
    sections = [] if whole else [made.pop(title(s), s) for s in sections]
    sections += made.values()  # what the document has not is behind all
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n\n## ".join(part.rstrip("\n") for part in [head, *sections]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sibyl")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the seeds")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--update", metavar="FILE", help="a document that has the tables")
    options = parser.parse_args()
    tables = Tables(options.sibyl, options.jobs, options.quick)
    for part in options.only.split(","):
        if part not in PARTS:
            parser.error(f"--only {part}: there are {', '.join(PARTS)}")
        PARTS[part](tables)
    if options.update:
        put(options.update, tables.lines, {*options.only.split(",")} == {*PARTS})
    return 1 if tables.failed else 0


if __name__ == "__main__":
    sys.exit(main())
