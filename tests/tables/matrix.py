#!/usr/bin/env python3
"""Which protocol, and which variant of it, keeps which property: from the runs of scenarios.

Usage: matrix.py PATH/TO/sibyl SCENARIO.json... [--doc docs/verdicts.md [--update]]

Runs the files and prints a table in Markdown: a row a protocol or variant, a column a property. A
cell is "holds (k)" when k runs had something to judge and all kept it; else the scenarios in which
it is violated (ids without "smr-"), and behind them how many others keep it. A star marks runs
outside the model of the protocol, a dagger those of a protocol with options, which may make it
another one. Exits with 1 when a run is not as its file expects. With --doc the table has to be
that of the file; --update writes it there.
"""

import argparse
import json
import subprocess
import sys

import doc

ORDER = ["validity", "integrity", "agreement", "uniform_agreement", "total_order", "fifo_order",
         "causal_order", "termination", "replica_state", "rsm_safety", "rsm_liveness_1",
         "rsm_liveness_2", "mutual_exclusion", "fairness", "no_starvation"]


def documents(path):
    """Of each scenario of the file: its id, and the name and variants of its protocol."""
    with open(path, encoding="utf-8") as file:
        base = json.load(file)
    yield base["id"], base["protocol"]
    for variant in base.get("variants", []):
        protocol = dict(base["protocol"])
        for pointer, value in variant.get("with", {}).items():
            parts = pointer.split("/")[1:]
            if parts[0] != "protocol":
                continue
            if len(parts) == 1:
                protocol = value
            elif parts[1] == "variants" and len(parts) == 3:
                protocol["variants"] = protocol.get("variants", []) + [value]
            elif len(parts) == 2:
                protocol[parts[1]] = value
            elif parts[1] == "options":
                protocol["options"] = {**protocol.get("options", {}), parts[2]: value}
        yield f"{base['id']}/{variant['id']}", protocol


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("files", nargs="+")
    doc.add_options(parser)
    arguments = parser.parse_args()
    program, files = arguments.program, sorted(arguments.files)
    run = subprocess.run([program, "run", "--json", *files], capture_output=True, text=True,
                         check=False)
    if run.returncode not in (0, 1):
        sys.exit(run.stderr)
    reports = json.loads(run.stdout)
    by_id = {r["id"]: r for r in (reports if isinstance(reports, list) else [reports])}
    rows = {}
    for path in files:
        for identity, protocol in documents(path):
            name = " + ".join([protocol["name"], *protocol.get("variants", [])])
            report = by_id[identity]
            star = "*" if report.get("outside_model") else ""
            star += "†" if protocol.get("options") else ""
            for prop, finding in report["properties"].items():
                cell = rows.setdefault(name, {}).setdefault(prop, {"kept": 0, "broken": []})
                if finding["verdict"] == "violated":
                    cell["broken"].append(identity.removeprefix("smr-") + star)
                elif finding["verdict"] == "holds" and not finding.get("vacuous"):
                    cell["kept"] += 1
    seen = {prop for cells in rows.values() for prop in cells}
    columns = [p for p in ORDER if p in seen] + sorted(seen - set(ORDER))
    lines = [" ".join(["| protocol |", " | ".join(columns), "|"]),
             "|---" * (len(columns) + 1) + "|"]
    for name in sorted(rows):
        cells = []
        for prop in columns:
            cell = rows[name].get(prop, {"kept": 0, "broken": []})
            text = ", ".join(cell["broken"])
            if cell["broken"]:
                text = f"**violated** {text}"
                text += f"; holds ({cell['kept']})" if cell["kept"] else ""
            elif cell["kept"]:
                text = f"holds ({cell['kept']})"
            cells.append(text)
        lines.append(" ".join([f"| {name} |", " | ".join(cells), "|"]))
    doc.show(arguments, lines)
    unmet = [r["id"] for r in by_id.values() if not r["ok"]]
    if unmet:
        sys.exit(f"not as expected: {', '.join(unmet)}")


if __name__ == "__main__":
    main()
