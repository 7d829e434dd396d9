"""Generated tables in a document: one, which is everything from its first line that begins with
"|" on; or several, each between the lines <!-- table: NAME --> and <!-- end -->."""

import os
import sys


def add_options(parser):
    parser.add_argument("--doc", metavar="FILE", help="the table has to be that of this document")
    parser.add_argument("--update", action="store_true", help="with --doc: write it there")


def show(arguments, lines):
    """Prints the lines; with --doc compares them with the document, or puts them there."""
    if not arguments.doc:
        print("\n".join(lines))
        return
    with open(arguments.doc, encoding="utf-8") as file:
        old = file.read().splitlines()
    begin = next((i for i, line in enumerate(old) if line.startswith("|")), len(old))
    if arguments.update:
        with open(arguments.doc, "w", encoding="utf-8") as file:
            file.write("\n".join(old[:begin] + lines) + "\n")
        return
    for there, here in zip(old[begin:] + [None] * len(lines), lines):
        if there != here:
            sys.exit(f"{arguments.doc} is not what runs show: it has\n{there}\nand not\n{here}\n"
                     f"`{' '.join(sys.argv)} --update` writes it anew")
    if len(old) - begin > len(lines):
        sys.exit(f"{arguments.doc} has more rows than runs show; --update writes it anew")


def fill(arguments, name, lines):
    """The lines in the place of that name: prints them; with --doc compares, or puts them there."""
    if not arguments.doc:
        print("\n".join(lines))
        return
    with open(arguments.doc, encoding="utf-8") as file:
        old = file.read().splitlines()
    mark = f"<!-- table: {name} -->"
    if mark not in old:
        sys.exit(f"{arguments.doc} has no line {mark}")
    begin = old.index(mark) + 1
    if "<!-- end -->" not in old[begin:]:
        sys.exit(f"{arguments.doc} has no line <!-- end --> after {mark}")
    end = old.index("<!-- end -->", begin)
    if arguments.update:
        with open(arguments.doc, "w", encoding="utf-8") as file:
            file.write("\n".join(old[:begin] + lines + old[end:]) + "\n")
    elif old[begin:end] != lines:
        sys.exit(f"{os.path.relpath(arguments.doc)}: the table {name} is not what runs show; "
                 "--update writes it anew")
