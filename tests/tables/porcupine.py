#!/usr/bin/env python3
"""How long sibyl and Porcupine take to judge the same histories: the table in docs/checking.md.

Usage: porcupine.py SIBYL_BENCH [--porcupine FOLDER] [--doc docs/checking.md --update] [FILE …]

Without FILEs the histories are those of `sibyl bench --histories` (750 MB of temporary files);
FILEs are histories in JSON Lines of --model. Needs Go, and Porcupine: its source in FOLDER, or the
network, where Go gets it from. Each is given one core, so many gigabytes, and Porcupine so many
seconds; times are CPU time of the check alone, without loading, in a fresh process: of Porcupine
once, of sibyl the median of --rounds. The two have to agree.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import doc
import kept

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "bench", "porcupine")
HEADER = ("| values | keys | clients | operations | history | sibyl, ms | peak, MB | Porcupine, ms "
          "| peak, MB | ratio |\n|---|---|---|---|---|---|---|---|---|---|")


def build(go, porcupine, folder):
    """The program of tests/bench/porcupine, tested, and built in that folder."""
    module = os.path.join(folder, "go.mod")
    shutil.copy(os.path.join(PROGRAM, "go.mod"), module)
    if porcupine:
        with open(module, "a", encoding="utf-8") as file:
            file.write(f"\nreplace github.com/anishathalye/porcupine => "
                       f"{os.path.abspath(porcupine)}\n")
    program = os.path.join(folder, "porcupine")
    # Its tests first: what it reads and judges are the histories that it is timed with. What go
    # prints is not part of the table.
    subprocess.run([go, "test", "-mod=mod", f"-modfile={module}", "."], cwd=PROGRAM, check=True,
                   stdout=sys.stderr)
    subprocess.run([go, "build", "-mod=mod", f"-modfile={module}", "-o", program, "."],
                   cwd=PROGRAM, check=True)
    return program


def answers(command, gigabytes, **environment):
    """The lines of JSON that it prints, its CPU time in ms, and how it ended."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (gigabytes << 30, gigabytes << 30))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         preexec_fn=limit, env={**os.environ, **environment}, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [json.loads(line) for line in ran.stdout.splitlines()], 1000 * cpu, ran


def by_porcupine(arguments, program, about):
    """What its program prints behind the check; verdict "memory" where that ended it."""
    command = [program, f"-model={about['model']}", f"-seconds={arguments.seconds}"]
    lines, cpu, ran = answers(command + ["-hash"] * arguments.hash + [about["file"]],
                              arguments.gigabytes, GOMAXPROCS="1")
    if len(lines) == 2:
        return lines[1]
    if len(lines) == 1 and "out of memory" in ran.stderr:
        return {"verdict": "memory", "cpu_ms": cpu - lines[0]["cpu_ms"],
                "peak_kb": arguments.gigabytes << 20}
    sys.exit(f"{' '.join(command)}: {ran.returncode}\n{ran.stderr[:2000]}")


def by_sibyl(arguments, about):
    """Of several processes, each of which judges once: the one of the median time."""
    command = [arguments.bench, "--histories", f"--judge={about['file']}",
               f"--model={about['model']}", "--rounds=1"]
    found = []
    for _ in range(arguments.rounds):
        lines, _, ran = answers(command, arguments.gigabytes)
        if len(lines) != 1:
            sys.exit(f"{' '.join(command)}: {ran.returncode}\n{ran.stderr[:2000]}")
        found += lines
    return sorted(found, key=lambda each: each["cpu_ms"])[len(found) // 2]


def row(about, sibyl, porcupine):
    ended = porcupine["verdict"] in ("holds", "violated")
    if ended and porcupine["verdict"] != sibyl["verdict"]:
        sys.exit(f"{about['file']}: sibyl says {sibyl['verdict']}, "
                 f"Porcupine {porcupine['verdict']}")
    ratio = porcupine["cpu_ms"] / sibyl["cpu_ms"]
    cells = [about["values"], about["keys"], about["clients"], about["operations"],
             f"{about['history']}, {sibyl['verdict']}", f"{sibyl['cpu_ms']:.3f}",
             f"{sibyl['peak_kb'] / 1024:.0f}",
             f"{'' if ended else 'none in '}{porcupine['cpu_ms']:.0f}",
             f"{'all ' if porcupine['verdict'] == 'memory' else ''}"
             f"{porcupine['peak_kb'] / 1024:.0f}",
             f"{'' if ended else '> '}{ratio:.{1 if ratio < 10 else 0}f}"]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def histories(arguments, folder):
    """What there is to judge: descriptions as `sibyl bench --histories --write` prints them."""
    if not arguments.files:
        written = subprocess.run([arguments.bench, "--histories", f"--write={folder}"],
                                 stdout=subprocess.PIPE, text=True, check=True)
        return [json.loads(line) for line in written.stdout.splitlines()]
    found = []
    for path in arguments.files:
        keys, clients, count, most = set(), 0, 0, []
        with open(path, encoding="utf-8") as file:
            for line in file:
                op = json.loads(line)
                keys.add(op.get("key"))
                most += [(op["call"], 1)] + [(op["return"], -1)] * (op["return"] is not None)
                count += 1
        at_once = 0
        for _, change in sorted(most):
            at_once += change
            clients = max(clients, at_once)
        found.append({"file": path, "values": os.path.basename(path), "keys": len(keys),
                      "clients": clients, "operations": count, "history": "given",
                      "model": arguments.model})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("bench", help="sibyl_bench")
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--porcupine", metavar="FOLDER", help="its source")
    parser.add_argument("--go", default="go")
    parser.add_argument("--model", default="register", help="of the FILEs")
    parser.add_argument("--hash", action="store_true", help="Porcupine's model has a Hash")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--gigabytes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kept", metavar="FILE", help="results, not to be measured again")
    doc.add_options(parser)
    arguments = parser.parse_intermixed_args()
    results = kept.Kept(arguments.kept)
    lines = HEADER.split("\n")
    with tempfile.TemporaryDirectory() as folder:
        program = build(arguments.go, arguments.porcupine, folder)
        for about in histories(arguments, folder):
            name = os.path.basename(about["file"])
            sibyl = results.get([name, "sibyl"], lambda: by_sibyl(arguments, about))
            porcupine = results.get([name, "porcupine"],
                                    lambda: by_porcupine(arguments, program, about))
            lines.append(row(about, sibyl, porcupine))
    doc.fill(arguments, "porcupine", lines)


if __name__ == "__main__":
    main()
