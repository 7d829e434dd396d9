"""A generated table in a document: everything from its first line that begins with "|" on."""

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
