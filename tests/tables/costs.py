#!/usr/bin/env python3
"""Closed forms of the broadcast family's costs beside what runs measure.

Usage: costs.py PATH/TO/sibyl [--most N] [--doc docs/costs.md [--update]]

One broadcast by P0 among n parties, or one message of a client to groups, without faults, every
message taking exactly one unit. Prints a table in Markdown: messages on the network (those to
oneself excluded) and message delays until the last party has delivered, by formula and as measured,
and with those to oneself; and exits with 1 where they differ. A row is left out for an n that the
protocol has no room for. The slow sizes are left out with --most 16. With --doc the table has to be
that of the file; --update writes it there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import doc

UNIT_MS = 1
SIZES = (4, 7, 10, 16, 31, 64)
BEGINS = ("note::Broadcast", "note::Multicast")
ENDS = ("note::BroadcastDelivery", "note::Deliver")


class Row:
    """A protocol with its closed forms. `delays` counts units, or is None where time is not counted
    in message delays; `options` may depend on n."""

    def __init__(self, name, what, messages, delays, options=None, formula="", sizes=SIZES,
                 entry=None, deployment=None, deadline=None, at="0ms", more=None, with_self=None):
        self.name, self.what, self.formula = name, what, formula
        self.messages, self.delays, self.options = messages, delays, options or (lambda n: {})
        self.sizes, self.entry, self.deployment = sizes, entry or {}, deployment or (lambda n: {})
        self.deadline, self.at, self.more, self.with_self = deadline, at, more, with_self

    def scenario(self, n):
        entry = {"party": "P0", "label": "m", "at": self.at}
        entry.update(self.entry)
        document = {
            "format": "sibyl-scenario/1",
            "id": "cost",
            "protocol": {"name": self.name, "options": self.options(n)},
            "deployment": {"parties": n, **self.deployment(n)},
            "workload": {"broadcasts": [entry]},
            "ties": "insertion",
            "network": {"default": {"delay": f"{UNIT_MS}ms"}},
            "limits": {"events": 2000000},
        }
        document.update(self.more(n) if self.more else {})
        if self.deadline:
            document["limits"]["deadline"] = self.deadline(n)
        return document


class MulticastRow(Row):
    """One message of a client to all groups: `groups` is a function of n."""

    def __init__(self, name, what, messages, delays, formula, groups):
        super().__init__(name, what, messages, delays, formula=formula)
        self.groups = groups

    def scenario(self, n):
        groups = self.groups(n)
        return {
            "format": "sibyl-scenario/1",
            "id": "cost",
            "protocol": {"name": self.name},
            "deployment": {"groups": groups, "clients": ["c"]},
            "workload": {"multicasts": [{"from": "c", "to": list(groups)}]},
            "ties": "insertion",
            "network": {"default": {"delay": f"{UNIT_MS}ms"}},
            "limits": {"events": 2000000},
        }


class CommandRow(Row):
    """A command that adds to an object at each of n partitions, by a client that knows where they
    are: multicast, what partitions tell each other, and replies."""

    def __init__(self, name, what, messages, formula, cache):
        super().__init__(name, what, messages, None, formula=formula)
        self.cache = cache

    def scenario(self, n):
        places = {f"o{i}": f"P{i}" for i in range(1, n + 1)}
        workload = {"operations": [{"client": "c", "do": "access",
                                    "steps": [["add", name, 1] for name in places]}]}
        if self.cache:
            workload["cache"] = {"c": places}
        return {
            "format": "sibyl-scenario/1",
            "id": "cost",
            "protocol": {"name": self.name},
            "deployment": {"partitions": {at: {} for at in places.values()},
                           "objects": {name: {"at": at} for name, at in places.items()}},
            "workload": workload,
            "ties": "insertion",
            "network": {"default": {"delay": f"{UNIT_MS}ms"}},
            "limits": {"events": 2000000},
        }


def singles(n):
    """n groups of one member."""
    return {f"G{i}": 1 for i in range(n)}


def two(n):
    """Two groups of n members."""
    return {"A": n, "B": n}


def faults(n):
    """t + 1 of the most that n > 3t parties bear."""
    return (n - 1) // 3 + 1


ROWS = [
    Row("naive-broadcast", "naive broadcast", lambda n: n - 1, lambda n: 1, formula="n-1; 1"),
    Row("flooding-broadcast", "flooding", lambda n: n * (n - 1), lambda n: 1,
        formula="n(n-1); 1"),
    Row("reliable-broadcast", "reliable broadcast (Bracha)", lambda n: (n - 1) * (2 * n + 1),
        lambda n: 3, formula="(n-1)(2n+1); 3", with_self=lambda n: n + 2 * n * n),
    Row("reliable-broadcast", "the same, t silent",
        lambda n: (n - 1) * (1 + 2 * (n - (n - 1) // 3)), lambda n: 3,
        formula="(n-1)(1+2(n-t)); 3", more=lambda n: {"byzantine": [
            {"node": f"P{n - 1 - i}", "behaviour": "silent"} for i in range((n - 1) // 3)]}),
    Row("fifo-broadcast", "FIFO", lambda n: n - 1, lambda n: 1, formula="n-1; 1"),
    Row("causal-broadcast", "causal, vector clocks", lambda n: n - 1, lambda n: 1,
        formula="n-1; 1"),
    Row("causal-broadcast", "causal, sets", lambda n: n - 1, lambda n: 1, formula="n-1; 1",
        options=lambda n: {"past": "sets"}),
    Row("lamport-order", "logical clocks, acks", lambda n: n * (n - 1), lambda n: 2,
        formula="n(n-1); 2"),
    Row("lamport-order", "logical clocks, nulls each 5", lambda n: n * (n - 1), lambda n: 7,
        options=lambda n: {"later": "nulls", "period": f"{5 * UNIT_MS}ms"},
        formula="n(n-1); 2 + period"),
    Row("lamport-order", "logical clocks, flush after 5",
        lambda n: (n - 1) + 2 * (n - 1) + (n - 1) * 2 * (n - 2), lambda n: 8,
        options=lambda n: {"later": "flush", "timeout": f"{5 * UNIT_MS}ms"},
        formula="(n-1)(2n-1); 3 + timeout"),
    Row("real-time-order", "real-time clocks, Delta 10", lambda n: n - 1, lambda n: 10,
        options=lambda n: {"delta": f"{10 * UNIT_MS}ms"}, formula="n-1; Delta"),
    Row("real-time-order", "real-time clocks, stable from all, nulls each 5",
        lambda n: n * (n - 1), lambda n: 7,
        options=lambda n: {"stability": "from_all", "period": f"{5 * UNIT_MS}ms"},
        formula="n(n-1); 2 + period"),
    Row("replica-ids", "replica ids, coordinator", lambda n: 3 * (n - 1), lambda n: 3,
        formula="3(n-1); 3"),
    Row("replica-ids", "replica ids, all to all", lambda n: n * (n - 1), lambda n: 2,
        options=lambda n: {"form": "all_to_all"}, formula="n(n-1); 2"),
    # Slots of L = 13 units by default, whatever messages take; the first begins at L.
    Row("scheduled-broadcast", "scheduled, Dolev-Strong", lambda n: n * (n - 1),
        lambda n: 13 * (1 + faults(n)), formula="n(n-1); L + (t+1)L"),
    Row("scheduled-broadcast", "scheduled, king algorithm",
        lambda n: (n - 1) + faults(n) * (2 * n * (n - 1) + (n - 1)),
        lambda n: 13 * (1 + 3 * faults(n) + 1), options=lambda n: {"agreement": "king"},
        formula="n-1+(t+1)(2n(n-1)+n-1); L + (3(t+1)+1)L"),
    Row("rotating-leader", "rotating leader, 3 epochs, 1 input", lambda n: 4 * n * (n - 1),
        lambda n: 13 * (1 + faults(n)), options=lambda n: {"epochs": 3},
        formula="3n(n-1)+n(n-1); L + E"),
    Row("rotating-leader", "the same, inputs by Bracha",
        lambda n: 3 * n * (n - 1) + (n - 1) * (2 * n + 2), lambda n: 13 * (1 + faults(n)),
        options=lambda n: {"epochs": 3, "inputs": "bracha"},
        formula="3n(n-1)+(n-1)(2n+2); L + E"),
    Row("multi-paxos", "Multi-Paxos, an item of the leader", lambda n: 4 * (n - 1), lambda n: 3,
        formula="3(n-1)+n-1; 3"),
    Row("multi-paxos", "Multi-Paxos, an item of another", lambda n: 4 * (n - 1) + 1, lambda n: 4,
        formula="3(n-1)+1+n-1; 4", entry={"party": "P1"}),
    Row("multi-paxos", "the same, `settle: false`", lambda n: 3 * (n - 1) + 1, lambda n: 4,
        options=lambda n: {"settle": False}, formula="3(n-1)+1; 4", entry={"party": "P1"}),
    Row("pbft", "PBFT, an item of the primary", lambda n: 2 * n * (n - 1), lambda n: 3,
        formula="2n(n-1); 3"),
    Row("pbft", "PBFT, an item of another", lambda n: 2 * n * (n - 1) + 1, lambda n: 4,
        formula="2n(n-1)+1; 4", entry={"party": "P1"}),
    Row("consensus-broadcast", "signed flooding", lambda n: n * (n - 1), lambda n: 1,
        options=lambda n: {"backend": "signed_flooding"}, formula="n(n-1); 1"),
    Row("timestamped-broadcast", "time-stamped Dolev-Strong", lambda n: n * (n - 1),
        lambda n: 13 * (1 + faults(n)), formula="n(n-1); L + (t+1)L"),
    Row("fixed-sequencer", "fixed sequencer", lambda n: n, lambda n: 2, formula="1+(n-1); 2",
        entry={"party": "P1"}),
    Row("fixed-sequencer", "its own broadcasts", lambda n: n - 1, lambda n: 1, formula="n-1; 1"),
    # Multicasts: where there are leaders, a delay more to the members that do not lead.
    # Multicasts: delays to the members that do not lead, one more than to leaders.
    MulticastRow("ideal-multicast", "ideal multicast, n groups of 1", lambda n: 1 + n,
                 lambda n: 2, "1+n; 2", singles),
    MulticastRow("skeen", "Skeen's multicast, n groups of 1", lambda n: n + n * (n - 1),
                 lambda n: 2, "n+n(n-1); 2", singles),
    MulticastRow("ft-skeen", "Skeen over logs, 2 groups of n",
                 lambda n: 4 * n + 16 * (n - 1), lambda n: 7, "2n+2n+16(n-1); 6+1", two),
    MulticastRow("ft-skeen", "the same, 1 group of n", lambda n: n + 4 * (n - 1), lambda n: 4,
                 "n+4(n-1); 3+1", lambda n: {"A": n}),
    MulticastRow("white-box-multicast", "white-box multicast, 2 groups of n",
                 lambda n: 2 * n + 4 * (2 * n - 1) + 2 * (n - 1), lambda n: 4,
                 "2n+4(2n-1)+2(n-1); 3+1", two),
    MulticastRow("global-order-multicast", "one global order, 2 groups of n",
                 lambda n: 2 * n + 4 * (2 * n - 1), lambda n: 4, "2n+4(2n-1); 3+1", two),
    # Commands over n partitions of one replica, on Skeen's multicast.
    CommandRow("s-smr", "S-SMR: signals, variables, n replies",
               lambda n: n * n + 2 * n * (n - 1) + n, "n^2+2n(n-1)+n", False),
    CommandRow("dynastar", "DynaStar: loans, returns, 1 reply",
               lambda n: n * n + 2 * (n - 1) + 1, "n^2+2(n-1)+1", True),
]


def measure(program, row, n):
    """Messages on the network, and units from the broadcast to the last first delivery."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t.jsonl")
        run = subprocess.run([program, "run", "-", "--json", "--trace", trace],
                             input=json.dumps(row.scenario(n)), capture_output=True, text=True,
                             check=False)
        if run.returncode not in (0, 1):
            sys.exit(f"{row.name}, n = {n}: {run.stderr.strip() or run.stdout}")
        report = json.loads(run.stdout)
        first, last = None, None
        with open(trace, encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                if not any(note in line for note in BEGINS + ENDS):
                    continue
                event = json.loads(line)
                if event["name"] in BEGINS and first is None:
                    first = event["t"]
                elif event["name"] in ENDS and event["data"].get("content", True):
                    last = event["t"]
        if first is None or last is None:
            sys.exit(f"{row.name}, n = {n}: nothing was broadcast, or nothing delivered")
        messages = report["metrics"]["messages"]
        return messages["total"], (last - first) / (UNIT_MS * 1e6), messages["own"]


def table(program, most):
    """Lines of the table, and how many rows differ from their formula."""
    wrong = 0
    lines = ["| protocol | formula: messages; delays | n | messages | measured | delays | measured "
             "| with self |", "|---|---|---|---|---|---|---|---|"]
    for row in ROWS:
        for n in (size for size in row.sizes if size <= most):
            messages, delays, own = measure(program, row, n)
            expected = row.delays(n) if row.delays else None
            equal = messages == row.messages(n) and (expected is None or expected == delays)
            equal = equal and (not row.with_self or row.with_self(n) == messages + own)
            wrong += not equal
            lines.append(f"| {row.what} | {row.formula} | {n} | {row.messages(n)} | {messages} | "
                         f"{'' if expected is None else f'{expected:g}'} | {delays:g} | "
                         f"{messages + own} |{'' if equal else ' **differs**'}")
    return lines, wrong


def average_wait(program):
    """Of the rotating leader, over inputs at times evenly spread over an epoch: D_U + 1.5 E."""
    lines, wrong = ["| rotating leader, n | D_U + 1.5 E | average wait |", "|---|---|---|"], 0
    for n in (4, 7, 10, 16):
        epoch = 13 * faults(n) * UNIT_MS  # in ms; the first one begins after a slot
        document = Row("rotating-leader", "", None, None,
                       options=lambda n: {"epochs": 5}).scenario(n)
        times = [f"{(13 * UNIT_MS + epoch + k) * 1000 + 500}us" for k in range(epoch)]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(document, file)
            file.flush()
            run = subprocess.run(
                [program, "sweep", file.name, "--json", "--measure", "delivery_last_ns", "--vary",
                 "/workload/broadcasts/0/at=" + ",".join(json.dumps(at) for at in times)],
                capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(run.stderr)
        waits = [row["measures"]["delivery_last_ns"]["mean"]
                 for row in json.loads(run.stdout)["rows"]]
        mean = sum(waits) / len(waits) / (UNIT_MS * 1e6)
        expected = 1 + 1.5 * epoch / UNIT_MS
        wrong += abs(mean - expected) > 1e-9
        lines.append(f"| {n} | {expected:g} | {mean:g} |")
    return lines, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--most", type=int, default=max(SIZES))
    doc.add_options(parser)
    arguments = parser.parse_args()
    lines, wrong = table(arguments.program, arguments.most)
    more, wrong_waits = average_wait(arguments.program)
    doc.show(arguments, lines + [""] + more)
    if wrong + wrong_waits:
        sys.exit(f"{wrong + wrong_waits} rows differ from their formula")


if __name__ == "__main__":
    main()
