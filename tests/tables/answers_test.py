#!/usr/bin/env python3
"""That tables of answers do without scenarios that there are not any more, and say so."""

import unittest

import answers

KNOWN = {"ssmr-A", "ssmr-A/x", "ssmr-A/y", "ssmr-B", "ssmr-B/x"}


class Gone(unittest.TestCase):
    def left(self, kind, rest):
        gone = []
        return answers.without_gone(KNOWN, kind, rest, gone), gone

    def test_runs(self):
        self.assertEqual(self.left("runs", "ssmr-A, ssmr-B/x"), ("ssmr-A, ssmr-B/x", []))
        self.assertEqual(self.left("runs", "ssmr-A, ssmr-A/z, ssmr-B/x"),
                         ("ssmr-A, ssmr-B/x", ["ssmr-A/z"]))
        self.assertEqual(self.left("runs", "ssmr-C"), (None, ["ssmr-C"]))

    def test_whole(self):
        self.assertEqual(self.left("whole", "ssmr-A + ssmr-B: x"), ("ssmr-A + ssmr-B: x", []))
        self.assertEqual(self.left("whole", "ssmr-A + ssmr-B: x, y"),
                         ("ssmr-A + ssmr-B: x", ["ssmr-B/y"]))
        self.assertEqual(self.left("whole", "ssmr-A + ssmr-C: x, y"),
                         ("ssmr-A: x, y", ["ssmr-C"]))
        self.assertEqual(self.left("whole", "ssmr-C: x"), (None, ["ssmr-C"]))

    def test_others(self):
        self.assertEqual(self.left("steps", "all"), ("all", []))
        self.assertEqual(self.left("superset", None), (None, []))

    def test_a_table_of_which_nothing_is_left_stays(self):
        class Runs:
            known = KNOWN

        page = "a\n<!-- runs: ssmr-C -->\n| old |\n<!-- end -->\nb\n"
        gone, stale = [], []
        self.assertEqual(answers.made_anew(Runs(), page, gone, stale), page)
        self.assertEqual(gone, ["ssmr-C"])
        self.assertEqual(stale, ["nothing is left of the table runs: ssmr-C"])


if __name__ == "__main__":
    unittest.main()
