#!/usr/bin/env python3
"""Shrinks many random violating scenarios, and tells how long it takes and how small they become.

    tests/shrink_itself.py SIBYL [COUNT]        (default 1000)

Each result is run once more: it must be as expected, minimal by the shrinker's own last check, and
of the same property and cause as before. Exit status 1 when one is not.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile

VARIANTS = ["create-answered-alone", "not-found-early-ack", "printed-delete", "stale-copy",
            "delete-answered-by-partition"]


def scenario(number):
    """A scenario of the partitioned store with a rule that breaks linearizability."""
    dice = random.Random(number)
    partitions = [f"P{i}" for i in range(dice.randint(1, 3))]
    clients = [f"c{i}" for i in range(dice.randint(2, 4))]
    operations = []
    for i in range(dice.randint(4, 12)):
        do = dice.choice(["create", "delete", "write", "move", "read", "read", "access"])
        op = {"client": dice.choice(clients), "at": f"{dice.randint(0, 40)}ms", "label": f"o{i}",
              "do": do}
        if do == "access":
            op["steps"] = [["read", "x"], ["write", "y", i]]
        else:
            op["object"] = dice.choice("xyz")
        if do in ("create", "move"):
            op["to"] = dice.choice(partitions)
        if do == "write":
            op["value"] = 20 + i
        operations.append(op)
    places = {name: dice.choice(partitions) for name in "xy"}
    ends = [dice.choice(partitions), "O"]
    dice.shuffle(ends)
    return {
        "format": "sibyl-scenario/1", "id": f"random-{number}", "seed": number,
        "protocol": {"name": "ds-smr", "variants": [dice.choice(VARIANTS)]},
        "deployment": {
            "partitions": {p: {"clock": dice.randint(0, 12)} for p in partitions},
            "oracle": {"clock": dice.randint(0, 12)},
            "objects": {name: {"value": 1, "at": at} for name, at in places.items()}},
        "workload": {"operations": operations, "cache": {operations[0]["client"]: places}},
        "network": {"default": {"delay": {"uniform": ["1ms", "5ms"]}},
                    "links": [{"from": ends[0], "to": ends[1],
                               "delay": f"{dice.randint(20, 60)}ms"}]},
        "limits": {"deadline": "10s", "events": 20000},
    }


def run(*command):
    """Output, exit status and CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (done, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def cause_of(sibyl, path, name):
    """The signature of the property's violation, or None."""
    done, _ = run(sibyl, "run", path, "--json", "--explain")
    found = json.loads(done.stdout)["properties"].get(name, {})
    return found.get("explanation", {}).get("signature")


def percentile(values, percent):
    """By the nearest rank."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def main():
    sibyl = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seconds, tries, before, after, bad = [], [], [], [], []
    number = 0
    with tempfile.TemporaryDirectory() as folder:
        given, small = os.path.join(folder, "given.json"), os.path.join(folder, "small.json")
        while len(seconds) < count:
            number += 1
            with open(given, "w", encoding="utf-8") as file:
                json.dump(scenario(number), file)
            done, cpu = run(sibyl, "shrink", given, "-o", small, "--search", "0", "--json")
            if done.returncode == 65 and "shows no violation" in done.stderr:
                continue
            if done.returncode != 0:
                bad.append((number, done.stderr.strip()))
                seconds.append(cpu)
                continue
            result = json.loads(done.stdout)
            seconds.append(cpu)
            tries.append(result["tries"])
            before.append(result["things_before"])
            after.append(result["things_after"])
            again, _ = run(sibyl, "run", small, "--quiet")
            if again.returncode != 0 or not result["minimal"]:
                bad.append((number, "not as expected, or not minimal"))
            elif cause_of(sibyl, small, result["property"]) != result["cause"]:
                bad.append((number, "another cause"))
    print(f"{count} violating scenarios of {number} random ones; {len(bad)} wrong")
    for name, values, unit in (("CPU time", [1000 * s for s in seconds], " ms"),
                               ("tries", tries, ""), ("things before", before, ""),
                               ("things after", after, "")):
        if values:
            line = ", ".join(f"{p}% {percentile(values, p):.0f}{unit}" for p in (10, 50, 90, 99))
            print(f"  {name:14}{line}, most {max(values):.0f}{unit}")
    for number, why in bad:
        print(f"  random-{number}: {why}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
