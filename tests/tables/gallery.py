#!/usr/bin/env python3
"""The pictures of docs/gallery and docs/answers, each made by the command below it.

    gallery.py SIBYL PAGE... [--update]

Draws every picture that the pages name, and compares it with the file that is there; --update
writes it instead. Exit status 1 when one differs, or is larger than 100 000 bytes.
"""
import argparse
import pathlib
import re
import subprocess
import sys

LARGEST = 100_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sibyl")
    parser.add_argument("pages", type=pathlib.Path, nargs="+")
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    commands = [command for page in args.pages for command in
                re.findall(r"^    \./sibyl (view .+) -o (\S+)$", page.read_text(), re.M)]
    if not commands:
        sys.exit(f"{args.pages[0]}: no picture's command is there")
    wrong = []
    for command, picture in commands:
        drawn = subprocess.run([pathlib.Path(args.sibyl).resolve(), *command.split(), "--to",
                                "svg", "-o", "-"],
                               cwd=root, check=True, capture_output=True).stdout
        path = root / picture
        if len(drawn) > LARGEST:
            wrong.append(f"{picture} has more than {LARGEST} bytes")
        if args.update:
            path.write_bytes(drawn)
        elif not path.exists() or path.read_bytes() != drawn:
            wrong.append(f"{picture} is not what its command draws now (gallery.py … --update)")
    for line in wrong:
        print(line)
    print(f"{len(commands)} pictures, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
