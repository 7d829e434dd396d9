#!/usr/bin/env python3
"""The pictures of docs/gallery, each made by the command below it.

    gallery.py SIBYL README [--update]

Draws every picture that the page names, and compares it with the file that is there; --update
writes it instead. Exit status 1 when one differs.
"""
import argparse
import pathlib
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sibyl")
    parser.add_argument("readme", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    root = args.readme.resolve().parents[2]
    commands = re.findall(r"^    \./sibyl (view .+) -o (\S+)$", args.readme.read_text(), re.M)
    if not commands:
        sys.exit(f"{args.readme}: no picture's command is there")
    stale = []
    for command, picture in commands:
        drawn = subprocess.run([args.sibyl, *command.split(), "--to", "svg", "-o", "-"],
                               cwd=root, check=True, capture_output=True).stdout
        path = root / picture
        if args.update:
            path.write_bytes(drawn)
        elif not path.exists() or path.read_bytes() != drawn:
            stale.append(picture)
    for picture in stale:
        print(f"{picture} is not what its command draws now (gallery.py … --update)")
    print(f"{len(commands)} pictures, {len(stale)} stale")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
