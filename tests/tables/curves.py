#!/usr/bin/env python3
"""Curves of partitioned state machine replication, and published measurements beside ours.

Usage: curves.py PATH/TO/sibyl [--figure NAME ...] [--seeds N] [--jobs N] [--draw | --quick]

Runs sweeps of docs/curves/{dsn14,dsn16,icdcs19}.json and writes, to docs/curves/, a CSV a figure
with its SVG (drawn by gnuplot), and the tables of docs/curves.md, each below its line
"<!-- NAME -->". --figure chooses some. The costs that were fitted are
constants here, with the cells that they were fitted on. With --draw nothing is run: pictures and
tables are made from the CSVs that there are. With --quick nothing is written: small runs
with fixed seeds, and the shapes are checked (Timeline linear in partitions for all; Post falling
for S-SMR, rising for DS-SMR and DynaStar under strong locality).
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(ROOT, "docs", "curves")
SYSTEMS = {"s-smr": "S-SMR", "ds-smr": "DS-SMR", "dynastar": "DynaStar"}
COLOURS = {"S-SMR": "#0072b2", "S-SMR*": "#0072b2", "DS-SMR": "#d55e00", "DynaStar": "#009e73"}
DASHES = {"S-SMR": 1, "S-SMR*": 1, "DS-SMR": 2, "DynaStar": 3}

# ---- What was fitted ----

# DSN 2016. Time of a replica for each command delivered to it: fitted on the cells of one partition
# and Timeline with two, geometric mean of the times that they imply. DynaStar, of which there are
# no such cells: as DS-SMR, of the same authors.
ORDERED_US = {"s-smr": 31.5, "ds-smr": 34.3, "dynastar": 34.3}
# Time for each message between replicas: on S-SMR, Post, two partitions.
DATA_US = 93.5
# ICDCS 2019: execution on one partition; each message between replicas on two.
TPCC_ORDERED_US = 30
TPCC_EXECUTE_US = {"s-smr": 290, "dynastar": 307}
TPCC_DATA_US = {"s-smr": 329, "dynastar": 688}
# DSN 2014: one partition, no global commands (time a command; the way to and from the ordering is
# in the scenario); one per cent of global commands at the highest load (time a message).
VOLERY_ORDERED_US = 28.6
VOLERY_DATA_US = 5

# ---- Published cells: (clients, throughput a second; None: to be predicted) ----

CHIRPER = {
    "s-smr": {
        "timeline": {1: (100, 31757), 2: (400, 60699), 4: (400, None), 8: (600, None)},
        "post": {1: (110, 32151), 2: (15, 2884), 4: (15, None), 8: (10, None)},
        "follow": {1: (100, 32541), 2: (60, None), 4: (60, None), 8: (30, None)},
        "mix": {1: (110, None), 2: (85, None), 4: (64, None), 8: (85, None)},
    },
    "ds-smr": {
        "timeline": {1: (200, 28882), 2: (400, 55925), 4: (500, None), 8: (1000, None)},
        "post": {1: (100, 14874), 2: (200, None), 4: (400, None), 8: (500, None)},
        "follow": {1: (200, 30215), 2: (300, None), 4: (400, None), 8: (600, None)},
        "mix": {1: (200, None), 2: (300, None), 4: (400, None), 8: (600, None)},
    },
}
CHIRPER["dynastar"] = {name: {p: (n, None) for p, (n, _) in cells.items()}
                       for name, cells in CHIRPER["ds-smr"].items()}
MIXES = {
    "timeline": {"timeline": 1},
    "post": {"post": 1},
    "follow": {"follow": 1, "unfollow": 1},
    "mix": {"timeline": 8500, "post": 750, "follow": 375, "unfollow": 375},
}
TPCC = {"s-smr": {1: 3120, 2: 3370}, "dynastar": {1: 2970, 2: 2650}}
# Latency in ms at about 75 % of that peak.
TPCC_LATENCY = {"s-smr": {1: 7.03, 2: 10.24}, "dynastar": {1: 5.03, 2: 17.57}}
# (global rate, partitions): [(throughput, mean latency in ms)], some of the loads.
VOLERY = {
    (0, 1): [(16883.7, 12.458), (28191.8, 16.412), (32884.2, 19.641), (34433.8, 29.825),
             (34904.3, 68.762), (35307.0, 107.513)],
    (0, 2): [(49964.9, 17.353), (66147.0, 25.077), (67710.1, 40.09), (69503.1, 58.039)],
    (1, 2): [(26096.6, 28.122), (36432.7, 31.622), (48545.0, 46.307), (55319.5, 51.657),
             (59854.0, 68.062)],
}


class Bench:
    """Runs sweeps."""

    def __init__(self, program, seeds, jobs):
        self.program, self.seeds, self.jobs, self.cpu = program, seeds, jobs, 0.0

    def throughput(self, scenario, sets, warm, measured):
        """Commands that returned in the `measured` seconds after the first `warm`, a second. `warm`
        is a multiple of `measured`; clients call until warm + measured."""
        assert round(warm / measured, 6) % 1 == 0
        sets["/workload/generate"]["duration"] = f"{round((warm + measured) * 1000)}ms"
        found = self.sweep(scenario, sets, ["operations.ok"], measured)
        window = found[f"operations.ok@{round(warm / measured)}"]
        return {key: None if value is None else value if key == "n" else value / measured
                for key, value in window.items()}

    def sweep(self, scenario, sets, measures, window):
        """The measures of the scenario, also in windows of so many seconds."""
        command = [self.program, "sweep", os.path.join(OUT, scenario + ".json"), "--json",
                   "--seeds", str(self.seeds), "--jobs", str(self.jobs),
                   "--measure", ",".join(measures), "--window", f"{round(window * 1000)}ms"]
        for pointer, value in sets.items():
            command += ["--set", f"{pointer}={json.dumps(value)}"]
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = os.times()
        self.cpu += (after.children_user + after.children_system
                     - before.children_user - before.children_system)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return json.loads(done.stdout)["rows"][0]["measures"]


def partitions(count, replicas=2):
    return {f"P{i}": {"replicas": replicas} for i in range(1, count + 1)}


def shared(clients, most=10):
    """So many calls under way, of at most `most` clients that have equally many."""
    machines = max(m for m in range(1, most + 1) if clients % m == 0)
    return machines, clients // machines


def costs(system, ordered, data, execute=None):
    def role():
        return {"by_message": {"sequencer::Ordered": f"{ordered}us", "reliable::Data": f"{data}us"}}
    roles = {"partition": role()}
    if execute:
        name = "partitioned::dynastar::Command" if system == "dynastar" else "Access"
        roles["partition"]["by_command"] = {name: f"{execute}us"}
    if system != "s-smr":
        roles["oracle"] = role()
    return roles


def protocol(system):
    if system == "ds-smr":
        return {"name": system, "options": {"fallback_after": 50}}
    if system == "dynastar":
        return {"name": system, "options": {
            "fallback_after": 50, "hint_batch": 64, "plan_threshold": 8000,
            "planning_time": "200ms", "weigh_moves": True, "move_cost": 1}}
    return {"name": system}


def chirper_sets(system, workload, count, clients, edge_cut=0):
    machines, each = shared(clients)
    sets = {
        "/protocol": protocol(system),
        "/deployment/partitions": partitions(count),
        "/workload/generate": {"clients": machines, "outstanding": each, "mix": MIXES[workload]},
        "/cpu/by_role": costs(system, ORDERED_US[system], DATA_US),
    }
    options = "/deployment/application/options/"
    if edge_cut:
        sets[options + "edge_cut"] = edge_cut
    if system != "s-smr":
        sets["/deployment/oracle"] = {"replicas": 2}
    if system == "dynastar":
        sets[options + "followers_known"] = "learned"
    if workload == "timeline" and system != "s-smr":
        sets["/workload/warm_caches"] = True
    return sets


def chirper_times(system, workload, count):
    """(warm-up, measured) in seconds: the warm-up is as long as objects move and caches fill."""
    if workload == "timeline":
        return 0.2, 0.2
    if system == "s-smr":
        return 0.5, 0.5
    return (2.0, 0.5) if count == 1 else (5.0, 0.5)


def chirper_cell(bench, system, workload, count, edge_cut=0):
    clients, published = CHIRPER[system][workload][count]
    warm, measured = chirper_times(system, workload, count)
    sets = chirper_sets(system, workload, count, clients, edge_cut)
    found = bench.throughput("dsn16", sets, warm, measured)
    return row(SYSTEMS[system], workload, count, clients, published, found)


def row(system, workload, count, clients, published, found):
    return {"system": system, "workload": workload, "partitions": count, "clients": clients,
            "published_per_s": published or "", "ours_per_s": round(found["mean"], 1),
            "ratio": round(found["mean"] / published, 3) if published else "",
            "low": round(found["low"], 1) if found.get("low") is not None else "",
            "high": round(found["high"], 1) if found.get("high") is not None else "",
            "seeds": found["n"]}


# ---- Files ----


def write_csv(name, rows):
    with open(os.path.join(OUT, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(name):
    def typed(text):
        try:
            return int(text)
        except ValueError:
            try:
                return float(text)
            except ValueError:
                return text
    with open(os.path.join(OUT, name + ".csv"), encoding="utf-8", newline="") as file:
        return [{key: typed(value) for key, value in row.items()} for row in csv.DictReader(file)]


def gnuplot(name, script):
    done = subprocess.run(["gnuplot", "-"], input=script, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"gnuplot: {done.stderr}")
    with open(os.path.join(OUT, name + ".svg"), "w", encoding="utf-8") as file:
        file.write("\n".join(line.replace("\t", " ").rstrip()
                             for line in done.stdout.splitlines()) + "\n")


def head(title, xlabel, ylabel, size="620,380"):
    return (f'set terminal svg size {size} noenhanced font "sans,13" background "white"\n'
            f'set title "{title}"\nset xlabel "{xlabel}"\nset ylabel "{ylabel}"\n'
            'set grid lc rgb "#dddddd"\nset border 3\nset tics nomirror\n'
            "set key outside top center horizontal\nset yrange [0:*]\n")


def draw_lines(name, title, rows, counts):
    """A line a system with its intervals, in thousands a second; published cells are crosses. Of
    the figures in LOGARITHMIC both axes are."""
    both = ", logarithmic" if name in LOGARITHMIC else ""
    script = head(title, "partitions" + both, f"throughput (1000/s{both})")
    script += "set xtics (" + ",".join(str(c) for c in counts) + ")\n"
    if name in LOGARITHMIC:
        script += f"set logscale\nset yrange [*:*]\nset xrange [0.9:{counts[-1] * 1.1}]\n"
        script += 'set format y "%g"\n'
    else:
        script += f"set xrange [0:{counts[-1] * 1.05}]\n"
    plots, names = [], list(dict.fromkeys(r["system"] for r in rows))
    for i, system in enumerate(names):
        mine = [r for r in rows if r["system"] == system]
        script += f"$s{i} << EOD\n"
        for r in mine:
            y = r["ours_per_s"] / 1000
            low = r["low"] / 1000 if r["low"] != "" else y
            high = r["high"] / 1000 if r["high"] != "" else y
            script += f"{r['partitions']} {y} {low} {high}\n"
        script += "EOD\n"
        plots.append(f'$s{i} using 1:2:3:4 with yerrorlines lc rgb "{COLOURS[system]}" '
                     f'lw 1.8 dt {DASHES[system]} pt {9 - 2 * DASHES[system]} ps 0.7 '
                     f'title "{system}"')
        known = [r for r in mine if r["published_per_s"] != ""]
        if known:
            script += f"$k{i} << EOD\n" + "".join(
                f"{r['partitions']} {r['published_per_s'] / 1000}\n" for r in known) + "EOD\n"
            plots.append(f'$k{i} with points lc rgb "{COLOURS[system]}" pt 2 ps 1.2 lw 2 '
                         f'title "{system}, measured"')
    gnuplot(name, script + "plot " + ", \\\n     ".join(plots) + "\n")


def number(x):
    return f"{x:,.0f}".replace(",", " ") if x != "" else "–"


def table_of(rows):
    lines = ["| system | workload | partitions | clients | measured | ours | 99 % interval | "
             "ours / measured |", "|---|---|---|---|---|---|---|---|"]
    for r in rows:
        interval = f"{number(r['low'])} to {number(r['high'])}" if r["low"] != "" else "–"
        lines.append(f"| {r['system']} | {r['workload']} | {r['partitions']} | {r['clients']} | "
                     f"{number(r['published_per_s'])} | {number(r['ours_per_s'])} | {interval} | "
                     f"{r['ratio'] if r['ratio'] != '' else '–'} |")
    return lines


def put(name, lines):
    """Replaces what is between "<!-- NAME -->" and the next empty line after the table."""
    path = os.path.join(ROOT, "docs", "curves.md")
    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n")
    mark = f"<!-- {name} -->"
    if mark not in text:
        sys.exit(f"docs/curves.md has no line {mark}")
    begin = text.index(mark) + 1
    end = begin
    while end < len(text) and text[end].startswith("|"):
        end += 1
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(text[:begin] + lines + text[end:]))


# ---- Figures ----


def chirper(bench, workload, edge_cut=0):
    rows = []
    systems = [s for s in SYSTEMS if not edge_cut or s != "s-smr"]
    for system in systems:
        for count in (1, 2, 4, 8):
            rows.append(chirper_cell(bench, system, workload, count, edge_cut))
            if edge_cut:
                rows[-1]["published_per_s"] = rows[-1]["ratio"] = ""
    return rows


def tpcc_sets(system, count, clients):
    machines, each = shared(clients, 64)
    sets = {
        "/protocol": {"name": system},
        "/deployment/partitions": partitions(count),
        "/workload/generate": {"clients": machines, "outstanding": each},
        "/cpu/by_role": costs(system, TPCC_ORDERED_US, TPCC_DATA_US[system],
                              TPCC_EXECUTE_US[system]),
    }
    if system == "dynastar":
        sets["/protocol"]["options"] = {"plan_threshold": 0}
        sets["/workload/warm_caches"] = True
        sets["/deployment/oracle"] = {"replicas": 2}
    return sets


def tpcc(bench):
    """The peak: with more clients than are needed, 24 a partition."""
    rows = []
    for system in ("s-smr", "dynastar"):
        for count in (1, 2, 4, 8, 16, 32):
            clients = 24 * count
            found = bench.throughput("icdcs19", tpcc_sets(system, count, clients), 1.0, 1.0)
            rows.append(row({"s-smr": "S-SMR*"}.get(system, "DynaStar"), "TPC-C", count, clients,
                            TPCC[system].get(count), found))
    return rows


def latency(bench):
    """TPC-C at 75 % of the peak: how many calls under way give that, and so the mean latency."""
    rows = []
    for system in ("s-smr", "dynastar"):
        for count in (1, 2, 4):
            def throughput(clients):
                return bench.throughput("icdcs19", tpcc_sets(system, count, clients),
                                        1.0, 1.0)["mean"]
            low, high = (0, 0.0), (24 * count, throughput(24 * count))
            goal = 0.75 * high[1]
            while high[0] - low[0] > 1:
                clients = (low[0] + high[0]) // 2
                found = (clients, throughput(clients))
                low, high = (found, high) if found[1] < goal else (low, found)
            clients = low[0] + (goal - low[1]) / (high[1] - low[1])
            ours = 1000 * clients / goal
            published = TPCC_LATENCY[system].get(count)
            rows.append({"system": {"s-smr": "S-SMR*"}.get(system, "DynaStar"),
                         "partitions": count, "throughput_per_s": round(goal, 1),
                         "calls_under_way": round(clients, 1), "published_ms": published or "",
                         "ours_ms": round(ours, 2),
                         "ratio": round(ours / published, 2) if published else ""})
    return rows


def latency_table(rows):
    return ["| system | partitions | 75 % of our peak | calls under way | measured, ms | "
            "ours, ms | ours / measured |", "|---|---|---|---|---|---|---|",
            *(f"| {r['system']} | {r['partitions']} | {number(r['throughput_per_s'])} | "
              f"{r['calls_under_way']} | {r['published_ms'] or '–'} | {r['ours_ms']} | "
              f"{r['ratio'] or '–'} |" for r in rows)]


def oracle(bench):
    """Questions to DynaStar's oracle, and commands, in windows of 100 ms; Mix without follows."""
    window = 0.1
    sets = chirper_sets("dynastar", "mix", 4, 400)
    sets["/workload/generate"].update(mix={"timeline": 85, "post": 15}, duration="6s")
    sets["/protocol"]["options"]["plan_threshold"] = 40000
    names = ["exec", "operations.ok", "plan", "lend"]
    found = bench.sweep("dsn16", sets, names, window)
    rows = []
    for k in range(int(6.0 / window)):
        at = {name: found.get(f"{name}@{k}", {"mean": 0})["mean"] for name in names}
        rows.append({"second": round(k * window, 3),
                     "queries_per_s": round(at["exec"] / window, 1),
                     "commands_per_s": round(at["operations.ok"] / window, 1),
                     "objects_lent_messages_per_s": round(at["lend"] / window, 1),
                     "plans": round(at["plan"] / 2, 3)})
    return rows


def draw_oracle(rows):
    window = rows[1]["second"]
    data = "$d << EOD\n" + "".join(
        f"{r['second'] + window / 2} {r['commands_per_s'] / 1000} {r['queries_per_s'] / 1000}\n"
        for r in rows) + "EOD\n"
    script = head("DynaStar, Mix 85/15, 4 partitions: the oracle around a plan",
                  "virtual time (s)", "1000/s", "760,400") + data
    plans = [r for r in rows if r["plans"] > 0]
    for r in plans:
        script += (f"set arrow from {r['second'] + window / 2}, graph 0 to "
                   f"{r['second'] + window / 2}, graph 1 nohead lc rgb '#888888' dt 2\n")
    blue, red = COLOURS["S-SMR"], COLOURS["DS-SMR"]
    script += (f'plot $d using 1:2 with lines lw 1.8 lc rgb "{blue}" title "commands", '
               f'$d using 1:3 with lines lw 1.8 lc rgb "{red}" '
               'title "questions to the oracle"')
    if plans:
        script += (', NaN with lines lc rgb "#888888" dt 2 '
                   'title "plans, of all runs"')
    script += "\n"
    gnuplot("oracle", script)


def draw_volery(rows):
    """Throughput against load, a line and the published cells for each workload."""
    script = head("S-SMR, Volery", "commands under way", "throughput (1000/s)", "680,400")
    plots = []
    colours = list(COLOURS.values())[1:]
    loads = dict.fromkeys((r["workload"], r["partitions"]) for r in rows)
    for i, (workload, count) in enumerate(loads):
        mine = [r for r in rows if (r["workload"], r["partitions"]) == (workload, count)]
        script += f"$v{i} << EOD\n" + "".join(
            f"{r['clients']} {r['ours_per_s'] / 1000} {r['low'] / 1000} {r['high'] / 1000} "
            f"{r['published_per_s'] / 1000}\n" for r in mine) + "EOD\n"
        words = f"{workload.removeprefix('Volery, ')}, {count} partition{'s' * (count > 1)}"
        style = f'lc rgb "{colours[i]}"'
        plots.append(f'$v{i} using 1:2:3:4 with yerrorlines {style} lw 1.8 dt {i + 1} '
                     f'pt {7 - 2 * i} ps 0.7 title "{words}"')
        plots.append(f'$v{i} using 1:5 with points {style} pt 2 ps 1.2 lw 2 notitle')
    plots.append('NaN with points lc rgb "#444444" pt 2 ps 1.2 lw 2 '
                 'title "measured, in the colour of the line"')
    gnuplot("volery", script + "plot " + ", \\\n     ".join(plots) + "\n")


def volery(bench):
    """Load curves: so many commands under way as were (throughput x latency)."""
    rows = []
    for (rate, count), loads in VOLERY.items():
        for throughput, latency in loads:
            clients = max(1, round(throughput * latency / 1000 / 25))
            sets = {
                "/deployment/partitions": partitions(count, 3),
                "/workload/generate": {"clients": clients, "outstanding": 25,
                                       "mix": {"set_data": 100 - rate, "global": rate}},
                "/cpu/by_role": costs("s-smr", VOLERY_ORDERED_US, VOLERY_DATA_US),
            }
            found = bench.throughput("dsn14", sets, 0.4, 0.4)
            rows.append(row("S-SMR", f"Volery, {rate} % global", count, clients * 25,
                            round(throughput), found))
    return rows


FIGURES = {
    "timeline": lambda bench: chirper(bench, "timeline"),
    "post": lambda bench: chirper(bench, "post"),
    "follow": lambda bench: chirper(bench, "follow"),
    "mix": lambda bench: chirper(bench, "mix"),
    "post-weak": lambda bench: chirper(bench, "post", 10),
    "tpcc": tpcc,
    "latency": latency,
    "oracle": oracle,
    "volery": volery,
}
TITLES = {
    "timeline": "Chirper: timeline", "post": "Chirper: post, strong locality",
    "follow": "Chirper: follow and unfollow, strong locality",
    "mix": "Chirper: mix, strong locality",
    "post-weak": "Chirper: post, 10 % of the edges cross groups",
    "tpcc": "TPC-C, a warehouse a partition: peak",
}
LOGARITHMIC = {"post"}  # of throughputs that differ by a factor of more than 100


def show(name, rows):
    """The picture and the table of a figure."""
    if name == "oracle":
        return draw_oracle(rows)
    if name == "latency":
        return put(name, latency_table(rows))
    if name == "volery":
        draw_volery(rows)
    if name in TITLES:
        draw_lines(name, TITLES[name], rows, sorted({r["partitions"] for r in rows}))
    return put(name, table_of(rows))


# ---- The quick check ----


def quick(bench):
    """Shapes, on small runs: three points a curve, few users."""
    def point(system, workload, count, clients, warm, measured):
        sets = chirper_sets(system, workload, count, clients)
        if workload == "post":
            sets["/deployment/application/options/users"] = 480
            sets["/deployment/application/options/groups"] = 80
        if system == "dynastar":
            sets["/protocol"]["options"]["plan_threshold"] = 1000
        return bench.throughput("dsn16", sets, warm, measured)["mean"]

    def check(what, holds):
        if not holds:
            sys.exit(f"curves.py: the shape is lost: {what}")
        print(what)

    for system, name in SYSTEMS.items():
        one, two, four = (point(system, "timeline", c, 100 * c, 0.1, 0.1) for c in (1, 2, 4))
        check(f"Timeline, {name}: {one:.0f}, {two:.0f}, {four:.0f}: linear within 12 %",
              abs(two / one - 2) < 0.24 and abs(four / one - 4) < 0.48)
    one, two, four = (point("s-smr", "post", c, 20, 0.1, 0.1) for c in (1, 2, 4))
    check(f"Post, S-SMR: {one:.0f}, {two:.0f}, {four:.0f}: falls", one > 4 * two > 4 * four)
    for system in ("ds-smr", "dynastar"):
        one, four = (point(system, "post", c, 100 * c, 1.2, 0.1) for c in (1, 4))
        check(f"Post, {SYSTEMS[system]}: {one:.0f}, {four:.0f}: rises", four > 1.8 * one)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--figure", action="append", choices=FIGURES, help="may be repeated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        return quick(Bench(arguments.program, 1, 1))
    bench = Bench(arguments.program, arguments.seeds, arguments.jobs)
    for name in arguments.figure or FIGURES:
        begin, before = time.time(), bench.cpu
        if not arguments.draw:
            write_csv(name, FIGURES[name](bench))
        show(name, read_csv(name))
        print(f"{name}: {bench.cpu - before:.0f} CPU s, {time.time() - begin:.0f} s", flush=True)
    return None


if __name__ == "__main__":
    main()
