"""What the designs of docs/answers cost: small workloads, the same for each, every message 1 ms."""

import json
import os
import subprocess
import sys
import tempfile

UNIT_NS = 1_000_000

# name in the tables: protocol, whether clients can move objects, whether there is an oracle
DESIGNS = {
    "s-smr": ({"name": "s-smr"}, "fixed", False),
    "static attribute": ({"name": "static-attribute"}, "fixed", False),
    "shared cache": ({"name": "shared-cache"}, "fixed", False),
    "create everywhere": ({"name": "create-everywhere"}, "moves", False),
    "broker, no locks": ({"name": "location-broker", "options": {"locks": "none"}}, "moves", True),
    "broker, locks": ({"name": "location-broker"}, "moves", True),
    "ds-smr, no caches": ({"name": "ds-smr", "options": {"cache": "none"}}, "moves", True),
    "ds-smr, pull": ({"name": "ds-smr"}, "moves", True),
    "ds-smr, pull, to the most": (
        {"name": "ds-smr", "options": {"move_target": "most"}}, "moves", True),
    "ds-smr, push": ({"name": "ds-smr", "options": {"cache": "push"}}, "moves", True),
    "dynastar": ({"name": "dynastar"}, "plans", True),
}
# What a and b do one after the other; x is new, y is at the other partition after the move.
STEPS = (("a creates x", "a", {"do": "create", "object": "x", "value": 1}),
         ("b reads x", "b", {"do": "read", "object": "x"}),
         ("again", "b", {"do": "read", "object": "x"}),
         ("b writes x", "b", {"do": "write", "object": "x", "value": 2}),
         ("a moves x", "a", {"do": "move", "object": "x", "to": "P2"}),
         ("b reads x", "b", {"do": "read", "object": "x"}),
         ("b adds to x and y", "b", {"do": "access", "steps": [["add", "x", 1], ["add", "y", -1]]}),
         ("again", "b", {"do": "access", "steps": [["add", "x", 1], ["add", "y", -1]]}),
         ("a deletes x", "a", {"do": "delete", "object": "x"}))
# In the static attribute's design the names say where objects are.
NAMES = {"x": "alice/1", "y": "bob/1"}
QUESTIONS = ("consult", "exec", "lock")


def run(program, document, *arguments):
    """Reports of a scenario and its variants, the scenario's own first."""
    done = subprocess.run([program, "run", "-", "--json", *arguments], input=json.dumps(document),
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{document['protocol']['name']}: {done.stderr or done.stdout}")
    reports = json.loads(done.stdout)
    return reports if isinstance(reports, list) else [reports]


def scenario(protocol, deployment, workload, **more):
    return {"format": "sibyl-scenario/1", "id": "cost", "title": "cost", "seed": 1,
            "protocol": protocol, "deployment": deployment, "workload": workload,
            "ties": "insertion", "network": {"default": {"delay": "1ms"}},
            "limits": {"deadline": "100s"}, **more}


def renamed(value):
    if isinstance(value, dict):
        return {key: renamed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part) for part in value]
    return NAMES.get(value, value)


def steps_of(design):
    """The scenario of the steps: at 0, 100 ms, 200 ms, …; a plan stands for a move."""
    protocol, moves, oracle = DESIGNS[design]
    operations, plans = [], []
    for number, (_, client, what) in enumerate(STEPS):
        at = f"{100 * number}ms"
        if what["do"] == "move" and moves != "moves":
            plans.append({"at": at, "moves": {"x": "P2"}})
            continue
        entry = {"client": client, "at": at, "label": str(number), **what}
        if what["do"] == "create" and protocol["name"] != "static-attribute":
            entry["to"] = "P1"
        operations.append(entry)
    deployment = {"partitions": {"P1": {}, "P2": {}}, "clients": ["a", "b"],
                  "objects": {"y": {"value": 10, "at": "P2" if moves == "fixed" else "P1"}}}
    if moves == "plans":
        # The plan is about x alone: where a new object goes to is the oracle's choice.
        operations[0].pop("to")
        deployment["objects"]["z"] = {"value": 0, "at": "P2"}
    if protocol["name"] == "static-attribute":
        operations = renamed(operations)
        deployment["objects"] = {"bob/1": {"value": 10, "at": "P2"}}
    if oracle:
        deployment["oracle"] = {}
    return scenario(protocol, deployment, {"operations": operations}), plans


def step_costs(program, design):
    """For each step: messages, message delays or None, retries; None where there is no such step.
    What is sent up to a step is that of the run that ends with it."""
    document, plans = steps_of(design)
    moves = DESIGNS[design][1]
    operations = document["workload"]["operations"]
    document["variants"] = []
    for number in range(len(STEPS) + 1):
        made = {"/workload/operations": [o for o in operations if int(o["label"]) < number]}
        if plans and moves == "plans" and number > 4:
            made["/workload/plans"] = plans
        document["variants"].append({"id": f"v{number}", "title": "so far", "with": made})
    reports = run(program, document)[1:]
    sent = [r["metrics"]["messages"]["total"] for r in reports]
    retries = [r["metrics"].get("retry", 0) for r in reports]
    if any(r["outcome"] != "quiescent" for r in reports):
        sys.exit(f"{design}: a run has not ended")
    last = document["variants"][-1]["with"]
    del document["variants"]
    document["workload"].update({key.rsplit("/", 1)[1]: value for key, value in last.items()})
    times = delays(program, document)
    costs = []
    for number, (_, _, what) in enumerate(STEPS):
        if what["do"] == "move" and moves == "fixed":
            costs.append(None)
        else:
            costs.append((sent[number + 1] - sent[number], times.get(str(number)),
                          retries[number + 1] - retries[number]))
    return costs


def delays(program, document):
    """Label -> message delays from call to return. Moves have labels, too."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "t.jsonl")
        run(program, document, "--trace", trace)
        begun, took = {}, {}
        with open(trace, encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                if not any(n in line for n in ("Invoke", "Return", "ActionCall", "ActionDone")):
                    continue
                event = json.loads(line)
                number = event["data"].get("op")
                if event["name"] in ("note::Invoke", "note::ActionCall"):
                    begun[number] = event["data"]["label"], event["t"]
                elif event["name"] in ("note::Return", "note::ActionDone"):
                    label, at = begun[number]
                    took[label] = (event["t"] - at) // UNIT_NS
        return took


def steps_table(program, designs):
    lines = ["| design | " + " | ".join(name for name, _, _ in STEPS) + " |",
             "|---" * (len(STEPS) + 1) + "|"]
    for design in designs:
        cells = []
        for cost in step_costs(program, design):
            if cost is None:
                cells.append("–")
                continue
            messages, took, retries = cost
            cells.append(f"{messages}" + ("" if took is None else f"; {took}")
                         + (f" ({retries} retry)" if retries else ""))
        lines.append(f"| {design} | " + " | ".join(cells) + " |")
    return lines


def load_table(program, designs, crossing):
    """Eight clients in a closed loop for 250 ms; 16 objects in 2 groups, one a partition, where
    the design lets us say so; a fifth of the commands move a unit from one object to another."""
    lines = ["| design | commands | mean delays | 99th percentile | messages a command "
             "| questions or locks a command | retries a 1000 | moves or loans a 1000 |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for design in designs:
        protocol, _, oracle = DESIGNS[design]
        hashed = protocol["name"] == "static-attribute"
        deployment = {"partitions": {"P1": {}, "P2": {}},
                      "application": {"name": "store", "options": {
                          "objects": 16, "groups": 2, "crossing": crossing}},
                      "generate": {"placement": "hash" if hashed else "group"}}
        if oracle:
            deployment["oracle"] = {}
        report = run(program, scenario(protocol, deployment, {"generate": {
            "clients": 8, "duration": "250ms", "mix": {"read": 80, "pair": 20}}}))[0]
        metrics, done = report["metrics"], report["operations"]["ok"]
        promised = [name for name, finding in report["properties"].items()
                    if finding["verdict"] != "holds" and not finding.get("vacuous")]
        if promised:
            sys.exit(f"{design}: {promised}")
        questions = sum(metrics.get(name, 0) for name in QUESTIONS) / done
        moved = 1000 * sum(metrics.get(name, 0) for name in ("move", "lend")) / done
        lines.append(
            f"| {design} | {done} | {metrics['latency_ns']['mean'] / UNIT_NS:.2f} | "
            f"{metrics['latency_ns']['p99'] / UNIT_NS:g} | "
            f"{metrics['messages']['total'] / done:.2f} | {questions:.2f} | "
            f"{1000 * metrics.get('retry', 0) / done:.0f} | {moved:.0f} |")
    return lines


def superset_table(program):
    """A read by a client whose oracle knows, and by one whose oracle names all; then how many
    commands a second partitions execute, each in 1 ms, when all clients are of either kind."""
    lines = ["| partitions | messages of a read: known | all | executions: known | all "
             "| commands a second: known | all |", "|---:|---:|---:|---:|---:|---:|---:|"]
    for partitions in (1, 2, 4, 8):
        names = [f"P{i}" for i in range(1, partitions + 1)]
        objects = {f"x{i}": {"value": 0, "at": at} for i, at in enumerate(names)}
        row = []
        for knows in (True, False):
            views = {} if knows else {"oracle_views": {"c": {name: None for name in objects}}}
            deployment = {"partitions": {at: {} for at in names}, "objects": objects, **views}
            one = run(program, scenario({"name": "s-smr"}, deployment, {"operations": [
                {"client": "c", "do": "read", "object": "x0"}]}))[0]["metrics"]
            executions = one["consult-local"] - 1
            row.append((one["messages"]["total"], executions, loaded(program, names, knows)))
        (a, e, x), (b, f, y) = row
        lines.append(f"| {partitions} | {a} | {b} | {e} | {f} | {x:.0f} | {y:.0f} |")
    return lines


def loaded(program, names, knows):
    clients = [f"c{i}" for i in range(1, 8 * len(names) + 1)]
    objects = [f"x{i}" for i in range(8 * len(names))]
    deployment = {"partitions": {at: {} for at in names},
                  "application": {"name": "store", "options": {
                      "objects": len(objects), "groups": len(names), "crossing": 0}},
                  "generate": {"placement": "group"}}
    if not knows:
        deployment["oracle_views"] = {c: {name: None for name in objects} for c in clients}
    report = run(program, scenario(
        {"name": "s-smr"}, deployment,
        {"generate": {"clients": len(clients), "duration": "250ms", "mix": {"read": 100}}},
        cpu={"by_role": {"partition": {"by_command": {"Access": "1ms"}}}}))[0]
    return report["metrics"]["throughput_per_s"]


def push_table(program):
    """x is cached by all clients, and is moved; then some of them read it."""
    lines = ["| clients | of them read x after the move | messages: pull | push "
             "| mean delays of these reads: pull | push |", "|---:|---:|---:|---:|---:|---:|"]
    for clients in (4, 16, 64):
        for readers in (0, clients // 4, clients):
            row = []
            for cache in ("pull", "push"):
                names = [f"c{i}" for i in range(clients)]
                operations = [{"client": "m", "at": "0ms", "do": "move", "object": "x",
                               "to": "P2"}]
                operations += [{"client": c, "at": "100ms", "do": "read", "object": "x",
                                "label": c} for c in names[:readers]]
                report = run(program, scenario(
                    {"name": "ds-smr", "options": {"cache": cache}},
                    {"partitions": {"P1": {}, "P2": {}}, "clients": ["m", *names],
                     "objects": {"x": {"value": 1, "at": "P1"}}},
                    {"operations": operations,
                     "cache": {c: {"x": "P1"} for c in ["m", *names]}}))[0]["metrics"]
                mean = report["latency_ns"]["mean"] / UNIT_NS if readers else None
                row.append((report["messages"]["total"],
                            "–" if mean is None else f"{mean:g}"))
            lines.append(f"| {clients} | {readers} | {row[0][0]} | {row[1][0]} | {row[0][1]} | "
                         f"{row[1][1]} |")
    return lines


def tries_table(program, path):
    """The commands of the scenario F1 with another bound of retries each, over 20 seeds."""
    lines = ["| `fallback_after` | retries | fallbacks | messages | longest command, ms |",
             "|---:|---:|---:|---:|---:|"]
    for bound in (0, 1, 2, 3, 5, 10):
        done = subprocess.run(
            [program, "sweep", path, "--only", "ssmr-F1", "--json", "--seeds", "20", "--set",
             f"/protocol/options/fallback_after={bound}", "--set", "/expect={}", "--set",
             '/network={"default": {"delay": {"uniform": ["1ms", "5ms"]}}}', "--measure",
             "retry,fallback,messages.total,latency_max_ns"],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr or done.stdout)
        cells = json.loads(done.stdout)["rows"][0]["measures"]
        lines.append(f"| {bound if bound else 'never'} | {cells['retry']['mean']:.1f} | "
                     f"{cells['fallback']['mean']:.1f} | {cells['messages.total']['mean']:.0f} | "
                     f"{cells['latency_max_ns']['max'] / UNIT_NS:.1f} |")
    return lines
