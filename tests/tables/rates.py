#!/usr/bin/env python3
"""How often random schedules show what is wrong with a partitioned protocol: the table of
docs/partitioned-rates.md.

Usage: rates.py PROGRAM [--runs N] [--seeds K] [--only ROW] [--sound] [--log FILE]
                [--doc FILE --update]. For each row so many random
schedules (20 000): the delay of every directed link is drawn from {1, 1, 2, 5, 20} ticks (answers
to clients take 1), what Skeen's clock shows at first from {0, 10, 20} at every group, and when the
others begin from 0 to 100 ticks. A tick is 1 ms. Judged is linearizability. Beside it stands the
count of the specification's own model, of which only delays and clocks are known, not when its
operations begin. The interval is that of Clopper and Pearson, 99 %. Fails where a row that should
be 0 is not, or one that should not is.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import doc
from kept import Kept

DELAYS = (1, 1, 2, 5, 20)
CLOCKS = (0, 10, 20)
LATEST = 100  # ticks: when the others begin
A_FILE = 500  # schedules in a file, each a variant


def access(client, at, label, *steps):
    return {"client": client, "at": f"{at}ms", "label": label, "do": "access",
            "steps": [list(s) for s in steps]}


def two_partitions(draw):
    """One writes over both; another reads the one, then the other."""
    first, second = draw.choice((("x", "y"), ("y", "x")))
    at = draw.randint(0, LATEST)
    return [access("c1", 0, "W", ("write", "x", 20), ("write", "y", 20)),
            access("c2", at, "R1", ("read", first)), access("c2", at, "R2", ("read", second))]


def chain(draw):
    """Two writes that overlap at the middle one of three; the ends are read, at last the middle."""
    first, second = draw.choice((("a", "c"), ("c", "a")))
    begin = [draw.randint(0, LATEST) for _ in range(3)]
    return [access("c1", begin[0], "Z0", ("write", "a", 1), ("write", "b", 1)),
            access("c2", begin[1], "Z1", ("write", "b", 2), ("write", "c", 2)),
            access("c3", begin[2], "X", ("read", first)),
            access("c3", begin[2], "Y", ("read", second)),
            access("c4", 200, "W", ("read", "b"))]


def create(draw):
    at = draw.randint(0, LATEST)
    return [{"client": "c1", "at": "0ms", "label": "C", "do": "create", "object": "x", "value": 7,
             "to": "P1"},
            {"client": "c2", "at": f"{at}ms", "label": "R1", "do": "read", "object": "x"},
            {"client": "c2", "at": f"{at}ms", "label": "R2", "do": "read", "object": "x"}]


def delete(draw):
    at = draw.randint(0, LATEST)
    return [{"client": "c1", "at": "0ms", "label": "D", "do": "delete", "object": "x"},
            {"client": "c2", "at": f"{at}ms", "label": "R", "do": "read", "object": "x"}]


def objects(**places):
    return {name: {"value": 10, "at": at} for name, at in places.items()}


SSMR_2 = (("Px", "Py"), objects(x="Px", y="Py"), {}, two_partitions)
SSMR_3 = (("a", "b", "c"), {n: {"value": 0, "at": n.upper()} for n in "abc"}, {}, chain)
CREATE = (("P1",), {}, {}, create)
DELETE = (("P1",), objects(x="P1"), {"c2": {"x": "P1"}}, delete)


def ds_smr(**options):
    return {"name": "ds-smr", "options": options}


# name, protocol, deployment and workload, the specification's count, whether it should be 0
ROWS = (
    ("s-smr, no signals; 2 partitions", {"name": "s-smr", "options": {"signals": "none"}}, SSMR_2,
     209, False),
    ("s-smr, signals at enqueue; 2 partitions",
     {"name": "s-smr", "options": {"signals": "enqueue"}}, SSMR_2, 0, True),
    ("s-smr, signals at enqueue; chain of 3", {"name": "s-smr", "options": {"signals": "enqueue"}},
     SSMR_3, 6, False),
    ("s-smr, signals at start; 2 partitions", {"name": "s-smr"}, SSMR_2, 0, True),
    ("s-smr, signals at start; chain of 3", {"name": "s-smr"}, SSMR_3, 0, True),
    ("create: the partition replies and waits for nobody",
     ds_smr(create_reply="partition", create_wait="none", missing="not_found"), CREATE, 136, False),
    ("create: the oracle replies at once; missing: not found",
     ds_smr(create_reply="oracle", create_wait="none", missing="not_found"), CREATE, 72, False),
    ("create: the partition replies, both wait",
     ds_smr(create_reply="partition", create_wait="both"), CREATE, 0, True),
    ("create: the oracle replies at once; missing: retry", ds_smr(), CREATE, 0, True),
    ("delete: the oracle replies at once", ds_smr(delete_reply="oracle", delete_wait="none"),
     DELETE, 141, False),
    ("delete: the oracle waits for the partition", ds_smr(), DELETE, 0, True),
)


def schedule(draw, groups, clients, ops):
    """A variant: what of a scenario is drawn."""
    links = [{"from": a, "to": b, "delay": f"{draw.choice(DELAYS)}ms"}
             for a in (*groups, *clients) for b in groups if a != b]
    made = {"/network/links": links, "/workload/operations": ops}
    for group in groups:
        at = "/deployment/oracle" if group == "O" else f"/deployment/partitions/{group}"
        made[at] = {"clock": draw.choice(CLOCKS)}
    return made


def scenario(protocol, partitions, objects_there, cache, ops):
    oracle = {"oracle": {}} if protocol["name"] == "ds-smr" else {}
    cached = {"cache": cache} if cache else {}
    return {"format": "sibyl-scenario/1", "id": "rates", "title": "rates", "seed": 1,
            "protocol": protocol,
            "deployment": {"partitions": {p: {} for p in partitions}, **oracle,
                           "objects": objects_there},
            "workload": {"operations": ops, **cached}, "ties": "insertion",
            "network": {"default": {"delay": "1ms"}, "links": []}, "limits": {"deadline": "10s"},
            "variants": []}


def judge(program, made):
    """How many of the scenarios of a file violate linearizability, and how many are undecided."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False, encoding="utf-8") as file:
        json.dump(made, file)
    try:
        run = subprocess.run([program, "run", file.name, "--json"], capture_output=True, text=True,
                             check=False)
    finally:
        os.unlink(file.name)
    if run.returncode not in (0, 1, 2):
        sys.exit(run.stderr)
    verdicts = []
    for report in json.loads(run.stdout)[1:]:  # the first is the scenario itself
        verdicts.append(report["properties"]["linearizability"]["verdict"])
    return len(verdicts), verdicts.count("violated"), verdicts.count("inconclusive")


def upper_tail(n, k, p):
    """P(X >= k) of a binomial."""
    if k == 0:
        return 1.0
    log_p, log_q = math.log(p), math.log1p(-p)
    below = sum(math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
                         + i * log_p + (n - i) * log_q) for i in range(k))
    return 1.0 - below


def interval(n, k, alpha=0.01):
    """Of Clopper and Pearson, as counts of n, by bisection."""
    def root(goes_up, level):
        low, high = 1e-12, 1 - 1e-12
        for _ in range(100):
            middle = (low + high) / 2
            if goes_up(middle) < level:
                low = middle
            else:
                high = middle
        return low

    low = 0.0 if k == 0 else root(lambda p: upper_tail(n, k, p), alpha / 2)
    high = root(lambda p: upper_tail(n, k + 1, p), 1 - alpha / 2)
    return low * n, high * n


def measure(program, row, runs, seed=1):
    name, protocol, (partitions, objects_there, cache, make), _, _ = row
    draw = random.Random(f"{seed} {name}")
    partitions = tuple(p.upper() if len(p) == 1 else p for p in partitions)
    groups = (*partitions, "O") if protocol["name"] == "ds-smr" else partitions
    violated = undecided = done = 0
    while done < runs:
        made = None
        for number in range(min(A_FILE, runs - done)):
            ops = make(draw)
            clients = sorted({o["client"] for o in ops})
            if made is None:
                made = scenario(protocol, partitions, objects_there, cache, ops)
            made["variants"].append({"id": f"v{number}", "title": "drawn",
                                     "with": schedule(draw, groups, clients, ops)})
        count, bad, open_ = judge(program, made)
        done += count
        violated += bad
        undecided += open_
        if count != len(made["variants"]):
            sys.exit(f"{name}: {count} of {len(made['variants'])} schedules were judged")
    return {"violated": violated, "undecided": undecided}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=1, help="so many times --runs schedules")
    parser.add_argument("--only", help="rows whose name contains this")
    parser.add_argument("--sound", action="store_true", help="only the rows that have to be 0")
    parser.add_argument("--log", help="results are kept there (kept.py)")
    parser.add_argument("--doc")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    kept = Kept(arguments.log)
    lines = ["| what | specification, of 20 000 | here | of | 99 % interval | undecided |",
             "|---|---:|---:|---:|---|---:|"]
    wrong = []
    rows = [row for row in ROWS if (not arguments.only or arguments.only in row[0])
            and (row[4] or not arguments.sound)]
    for seed in range(1, arguments.seeds + 1):
        for row in rows:
            kept.get((row[0], arguments.runs, seed),
                     lambda row=row, seed=seed: measure(arguments.program, row, arguments.runs,
                                                        seed))
    for row in rows:
        done = kept.all(row[0], arguments.runs)
        runs = arguments.runs * len(done)
        violated, undecided = (sum(e[key] for e in done) for key in ("violated", "undecided"))
        low, high = interval(runs, violated)
        lines.append(f"| {row[0]} | {row[3]} | {violated} | {runs} | {low:.1f} to {high:.1f} | "
                     f"{undecided} |")
        if (violated == 0) != row[4]:
            wrong.append(f"{row[0]}: {violated} violations")
    doc.fill(arguments, "rates-sound" if arguments.sound else "rates", lines)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
