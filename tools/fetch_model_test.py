#!/usr/bin/env python3
"""Tests of what `make model` shows."""

import io
import sys
import tempfile
import unittest
from pathlib import Path

from fetch_model import Progress, Refused, run, size_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ProgressTest(unittest.TestCase):
    def test_a_log_gets_a_line_for_every_tenth(self) -> None:
        out = io.StringIO()
        progress = Progress(5_000_000, out)
        for done in range(0, 5_000_001, 20_000):
            progress.at(done)
        progress.end()
        lines = out.getvalue().splitlines()
        self.assertEqual(len(lines), 10)
        self.assertEqual(lines[0], "   10 %  0.5 of 5.0 MB")
        self.assertEqual(lines[-1], "  100 %  5.0 of 5.0 MB")

    def test_a_terminals_line_is_written_over(self) -> None:
        out = Terminal()
        progress = Progress(2_000_000, out)
        for done in (0, 1_000_000, 1_000_001, 2_500_000):
            progress.at(done)
        progress.end()
        self.assertEqual(out.getvalue(), "\r   50 %  1.0 of 2.0 MB\r  100 %  2.5 of 2.0 MB\n")


class RunTest(unittest.TestCase):
    def test_a_failure_says_what_the_command_said(self) -> None:
        with self.assertRaisesRegex(Refused, "no such package"):
            run("fetching", [sys.executable, "-c", "import sys; sys.exit('no such package')"], 1_000, [], {})

    def test_what_grows_in_a_folder_is_seen(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            inner = Path(folder) / "inner"
            inner.mkdir()
            (inner / "part").write_bytes(b"x" * 700)
            self.assertEqual(size_of([Path(folder), Path(folder) / "nowhere"]), 700)


if __name__ == "__main__":
    unittest.main()
