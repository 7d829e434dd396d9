#!/usr/bin/env python3
"""Shows that an include across layers does not compile, with each room's own compile command.

Usage: layers.py BUILD_DIR. For every pair of rooms a source of the one that looks for a header of
the other is preprocessed with the flags that the build uses: it has to find it down the layers, and
not to find it up them. Of sim, analysis has to find the history headers and no other.
"""

import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

from lint import MAY_INCLUDE, history_headers

ROOMS = ("sim", "protocols", "analysis", "scenarios", "cli")
TARGETS = {room: f"sibyl_{room}.dir" for room in ROOMS[:4]} | {"cli": "sibyl_verbs.dir"}


def commands(build):
    """The arguments of one compile command of each room, without source and output."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        database = json.load(file)
    found = {}
    for room, target in TARGETS.items():
        entry = next(e for e in database if f"/{target}/" in e["command"])
        words = shlex.split(re.sub(r" && .*", "", entry["command"]))
        start = next(i for i, w in enumerate(words) if re.search(r"(\+\+|cc|clang)[-\d.]*$", w)
                     and "tidy" not in w and "ccache" not in w)
        words = words[start:words.index("-o")]
        found[room] = [w for w in words if w != "-c"]
    return found


def sees(command, header, folder):
    """Whether a source with this command finds the header."""
    source = os.path.join(folder, "planted.cpp")
    with open(source, "w", encoding="utf-8") as file:
        file.write(f'#if !__has_include("{header}")\n#error not seen\n#endif\n')
    run = subprocess.run([*command, "-E", source], capture_output=True, text=True, check=False)
    if run.returncode != 0 and "not seen" not in run.stderr:
        raise RuntimeError(f"{shlex.join(command)}: {run.stderr}")
    return run.returncode == 0


def main():
    build = sys.argv[1]
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        root = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", file.read(), re.M).group(1)
    history = history_headers(root)
    wrong = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        for room, command in commands(build).items():
            for other in ROOMS:
                headers = sorted(glob.glob(f"{root}/{other}/**/*.hpp", recursive=True))
                for header in (os.path.relpath(h, root) for h in headers[:40]):
                    expected = other in MAY_INCLUDE[room]
                    if room == "analysis" and other == "sim":
                        expected = header in history
                    tried += 1
                    if sees(command, header, folder) != expected:
                        wrong += 1
                        print(f"{room}/ {'may not' if not expected else 'should'} see {header}")
    print(f"{tried} includes tried, {wrong} wrong")
    return 1 if wrong or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
