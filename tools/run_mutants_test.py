#!/usr/bin/env python3
"""The runner of mutants reads patches, samples them repeatably, and tells caught from survived from broken."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import run_mutants
from run_mutants import Broken, Mutant, choose, output_of, read_mutant, run


class RunMutantsTest(unittest.TestCase):
    def patch(self, text: str) -> Path:
        file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "deny_is_ignored.patch"
        file.write_text(text)
        return file

    def test_reads_the_targets_of_a_patch(self):
        mutant = read_mutant(self.patch("# target: policy_test access_test\n--- a/x\n"))
        self.assertEqual((mutant.name, mutant.targets), ("deny_is_ignored", ("policy_test", "access_test")))

    def test_refuses_a_patch_without_targets(self):
        for text in ("--- a/x\n", "# target:\n--- a/x\n", ""):
            with self.assertRaises(Broken):
                read_mutant(self.patch(text))

    def test_a_sample_repeats_for_its_seed_and_differs_between_seeds(self):
        mutants = [Mutant(f"m{index}", Path(), ("t",)) for index in range(30)]
        self.assertEqual(choose(mutants, 3, "a"), choose(mutants, 3, "a"))
        self.assertGreater(len({tuple(choose(mutants, 3, str(seed))) for seed in range(10)}), 5)
        self.assertEqual(choose(mutants, None, "a"), mutants)

    def outcome(self, ground: str | None, caught_by: object) -> dict[str, list[str]]:
        mutant = Mutant("m", Path(), ("t",))
        with mock.patch.multiple(run_mutants, copy_sources=mock.DEFAULT, configure=mock.DEFAULT), \
                mock.patch.object(run_mutants, "output_of", return_value=(0, "")), \
                mock.patch.object(run_mutants, "suites_fail", side_effect=[ground, caught_by]), \
                mock.patch("builtins.print"):
            return run([mutant])

    def test_tells_caught_survived_and_broken_apart(self):
        self.assertEqual(self.outcome(None, "t")["caught"], ["m"])
        self.assertEqual(self.outcome(None, None)["survived"], ["m"])
        self.assertEqual(self.outcome(None, Broken("does not build"))["broken"], ["m"])

    def test_a_suite_that_fails_anyway_catches_nothing(self):
        self.assertEqual(self.outcome("t", "t"), {"caught": [], "survived": [], "broken": ["m"]})

    def test_every_patch_still_applies_to_the_sources(self):
        for patch in sorted((run_mutants.ROOT / "test" / "mutants").glob("*.patch")):
            read_mutant(patch)
            status, output = output_of(["git", "apply", "--check", str(patch)], run_mutants.ROOT)
            self.assertEqual(status, 0, f"{patch.name} must be planted anew: {output}")


if __name__ == "__main__":
    unittest.main()
