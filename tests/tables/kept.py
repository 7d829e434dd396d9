"""Results of long runs, one line of JSON each: what is there is not run again, so that a table can
be made in several goes."""

import json
import os
import sys


class Kept:
    """By their keys, which are lists of texts and numbers. Without a path nothing is written."""

    def __init__(self, path):
        self.path, self.entries = path, {}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    entry = json.loads(line)
                    self.entries[tuple(entry["key"])] = entry

    def get(self, key, run):
        """The entry of that key; made by run(), which returns a dictionary, where there is none."""
        if tuple(key) not in self.entries:
            entry = {"key": list(key), **run()}
            self.entries[tuple(key)] = entry
            if self.path:
                with open(self.path, "a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            print(json.dumps(entry), file=sys.stderr, flush=True)
        return self.entries[tuple(key)]

    def all(self, *begin):
        """Entries whose key begins so."""
        return [e for key, e in self.entries.items() if key[:len(begin)] == begin]
