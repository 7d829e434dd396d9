#!/usr/bin/env python3
"""What searches without hints find in the partitioned protocols and the multicasts: three tables of
docs/partitioned-rates.md.

Usage: searches.py PROGRAM sound|whole|broken [--seeds N] [--runs N] [--log FILE]
                   [--doc FILE --update]

sound: every row of scenarios/campaigns/partitioned.json that is expected to hold, the delays of its
scenario taken away, and every multicast, by `swarm`: the violations in so many runs (100 000) of
each seed (1 to N). whole: the same scenarios by exhaustive search, with at most --states different
states. broken: every variant of these protocols that breaks something, with drawn workloads: the
first run that violates, a seed a time. What a search said is kept in the log (kept.py). Fails where
a sound form is violated, or a broken one is not found with any seed.
"""

import argparse
import json
import os
import subprocess
import sys

import doc
from kept import Kept

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAMPAIGN = os.path.join(ROOT, "scenarios", "campaigns", "partitioned.json")
MULTICASTS = ("skeen", "ft-skeen", "white-box-multicast", "global-order-multicast")
PARTITIONED = ("s-smr", "ds-smr", "dynastar", "create-everywhere", "location-broker",
               "static-attribute", "shared-cache")
# A search of a broken variant ends after so many runs; where that finds nothing with a seed, the
# table says so.
MOST = {"signals-at-enqueue": 200_000, "delete-answered-by-partition": 100_000,
        "printed-delete": 50_000, "create-without-signals": 50_000,
        "delete-without-signals": 50_000}


def sound_rows():
    """Name and arguments of `explore` of each row."""
    with open(CAMPAIGN, encoding="utf-8") as file:
        campaign = json.load(file)
    rows = []
    for entry in campaign["entries"]:
        crashes = "crashes" in entry or entry.get("faults", {}).get("crashes")
        if entry["expect"] != "holds" or not entry["strategies"] or crashes:
            continue
        arguments = [part for key, value in entry.get("options", {}).items()
                     for part in ("--option", f"{key}={value}")]
        if "protocol" in entry:
            options = ", ".join(f"{k}: {v}" for k, v in entry.get("options", {}).items())
            name = entry["protocol"] + (f" ({options})" if options else "")
            rows.append((name, ["--protocol", entry["protocol"], *arguments]))
            continue
        path = os.path.join(os.path.dirname(CAMPAIGN), entry["scenario"])
        with open(path, encoding="utf-8") as file:
            identity = json.load(file)["id"]
        only = entry["only"] if entry["only"] == identity else f"{identity}/{entry['only']}"
        places = [part for pointer, value in campaign["set"].items()
                  for part in ("--set", f"{pointer}={json.dumps(value)}")]
        rows.append((only, [os.path.relpath(path, ROOT), "--only", only, *places, *arguments]))
    rows += [(name, ["--protocol", name]) for name in MULTICASTS]
    return sorted(rows, key=lambda row: row[1][0] != "--protocol")  # drawn workloads first


def broken_rows(program):
    run = subprocess.run([program, "list", "protocols", "--variants", "--json"],
                         capture_output=True, text=True, check=True)
    rows = []
    for protocol in json.loads(run.stdout):
        if protocol["name"] not in (*PARTITIONED, *MULTICASTS):
            continue
        for variant in protocol["variants"]:
            if variant["breaks"]:
                rows.append((f"{protocol['name']} `{variant['name']}`",
                             ["--protocol", protocol["name"], "--variant", variant["name"],
                              "--causes", "1"]))
    return rows


def search(program, kept, name, arguments, seed, runs):
    """What `explore` says of a row, or has said before."""
    def run():
        done = subprocess.run([program, "explore", *arguments, "--strategy", "swarm", "--seed",
                               str(seed), "--runs", str(runs), "--jobs", "1", "--json"],
                              capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode not in (0, 1, 2):
            sys.exit(f"{name}: {done.stderr}")
        report = json.loads(done.stdout)
        return {"runs": report["runs"], "violating": report["violating"],
                "inconclusive": report["inconclusive"],
                "first": min((f["first_run"] for f in report["found"]), default=None),
                "property": sorted({f["property"] for f in report["found"]}),
                "cpu_seconds": round(report["cpu_seconds"], 2)}

    return kept.get((name, runs, seed), run)


def sound(program, kept, seeds, runs):
    """Seed by seed, so that all rows have about as many runs when it is interrupted."""
    rows = sound_rows()
    for seed in range(1, seeds + 1):
        for name, arguments in rows:
            search(program, kept, name, arguments, seed, runs)
    lines, wrong = ["| sound form | runs | violating | undecided | CPU s |",
                    "|---|---:|---:|---:|---:|"], []
    for name, _ in rows:
        done = kept.all(name, runs)
        if not done:
            continue
        total = {key: sum(e[key] for e in done)
                 for key in ("runs", "violating", "inconclusive", "cpu_seconds")}
        lines.append(f"| {name} | {total['runs']} | {total['violating']} | "
                     f"{total['inconclusive']} | {total['cpu_seconds']:.0f} |")
        if total["violating"]:
            wrong.append(f"{name}: {total['violating']} runs violate")
    return lines, wrong


def whole(program, states):
    """Every order of messages of the scenarios' sound forms."""
    lines = ["| sound form | states | transitions | ends | every order? | violated | CPU s |",
             "|---|---:|---:|---:|---|---|---:|"]
    wrong = []
    for name, arguments in sound_rows():
        if arguments[0] == "--protocol":
            continue
        run = subprocess.run([program, "explore", *arguments, "--strategy", "exhaustive",
                              "--states", str(states), "--memory", "3000", "--json"],
                             capture_output=True, text=True, check=False, cwd=ROOT)
        if run.returncode not in (0, 1, 2):
            sys.exit(f"{name}: {run.stderr}")
        report = json.loads(run.stdout)
        found = ", ".join(sorted({f["property"] for f in report["found"]}))
        complete = "yes" if report["complete"] else f"no: {'; '.join(report['incomplete'])}"
        lines.append(f"| {name} | {report['states']} | {report['transitions']} | "
                     f"{report['ends']} | {complete} | {found or 'nothing'} | "
                     f"{report['cpu_seconds']:.1f} |")
        print(lines[-1], file=sys.stderr, flush=True)
        if found:
            wrong.append(f"{name}: {found}")
    return lines, wrong


def broken(program, kept, seeds):
    lines = ["| broken variant | first violating run, by seed | property | CPU s |",
             "|---|---|---|---:|"]
    wrong = []
    rows = broken_rows(program)
    for seed in range(1, seeds + 1):  # the long ones last
        for name, arguments in sorted(rows, key=lambda row: MOST.get(row[1][3], 0)):
            search(program, kept, name, arguments, seed, MOST.get(arguments[3], 20_000))
    for name, arguments in rows:
        runs = MOST.get(arguments[3], 20_000)
        done = kept.all(name, runs)
        if not done:
            continue
        first = [str(e["first"]) if e["first"] else f"none in {e['runs']}" for e in done]
        found = sorted({p for e in done for p in e["property"]})
        lines.append(f"| {name} | {', '.join(first)} | {', '.join(found)} | "
                     f"{sum(e['cpu_seconds'] for e in done):.1f} |")
        if not found:
            wrong.append(f"{name}: not found")
    return lines, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("program")
    parser.add_argument("which", choices=("sound", "whole", "broken"))
    parser.add_argument("--seeds", type=int, default=3, help="0: what the log has")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--states", type=int, default=2_000_000)
    parser.add_argument("--log", help="one line a search; what is there is not searched again")
    parser.add_argument("--doc")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    kept = Kept(arguments.log)
    if arguments.which == "sound":
        lines, wrong = sound(arguments.program, kept, arguments.seeds, arguments.runs)
    elif arguments.which == "whole":
        lines, wrong = whole(arguments.program, arguments.states)
    else:
        lines, wrong = broken(arguments.program, kept, arguments.seeds)
    doc.fill(arguments, arguments.which, lines)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
