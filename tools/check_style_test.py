#!/usr/bin/env python3
"""The style check can fail: each rule, broken once."""

import tempfile
import unittest
from pathlib import Path

from check_style import LINE_COLUMNS_MAX, check_decisions, check_file, check_links, check_readmes

SOUND_HEADER = "/// What it is.\n#pragma once\n\n#include <string>\n\nint f();\n"


class StyleTest(unittest.TestCase):
    def findings(self, path: str, text: str) -> list[str]:
        return [str(finding) for finding in check_file(path, text)]

    def assert_found(self, path: str, text: str, line: int, what: str) -> None:
        found = self.findings(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:{line}: "), found)
        self.assertIn(what, found[0])

    def test_sound_files_have_no_findings(self):
        self.assertEqual(self.findings("src/a/b.h", SOUND_HEADER), [])
        self.assertEqual(self.findings("Makefile", "all:\n\t@true\n"), [])
        self.assertEqual(self.findings("src/a/b.cc", "// TODO(needs RocksDB 8): say so\nint x;\n"), [])

    def test_each_rule_of_a_line_is_found(self):
        for line, what in (
                ("int x; ", "trailing blanks"),
                ("\tint x;", "a tab"),
                ("x" * (LINE_COLUMNS_MAX + 1), "columns"),
                ("// TODO: later", "without its reason"),
                ("// FIXME", "without its reason"),
                ('open("/home/ann/x");', "one machine"),
                ('open("/root/x");', "one machine"),
                ("pip install --index-url http://x y", "registry"),
                ("#include <iostream>", "banned"),
                ("#include <regex>", "banned"),
                ("#include <format>", "banned")):
            with self.subTest(line=line):
                self.assert_found("src/a/b.cc", f"int y;\n{line}\n", 2, what)

    def test_a_line_at_the_limit_holds(self):
        self.assertEqual(self.findings("src/a/b.cc", "x" * LINE_COLUMNS_MAX + "\n"), [])

    def test_a_header_without_its_guard_is_found(self):
        self.assert_found("src/a/b.h", "int f();\n", 1, "#pragma once")

    def test_a_header_that_opens_a_namespace_for_all_is_found(self):
        self.assert_found("src/a/b.h", "#pragma once\nusing namespace std;\n", 1, "using namespace")

    def test_the_end_of_a_file_is_checked(self):
        self.assert_found("src/a/b.cc", "int x;", 1, "does not end")
        self.assert_found("src/a/b.cc", "int x;\n\n", 2, "blank lines at the end")

    def test_vectors_of_others_are_left_alone(self):
        self.assertEqual(self.findings("test/wire/vector.txt", "x \t"), [])

    def test_a_link_that_leads_nowhere_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "there.md").write_text("x\n")
            text = "[a](there.md) [b](there.md#part) [c](https://elsewhere.example) [d](#here)\n[e](gone.md)\n"
            found = [str(finding) for finding in check_links(Path(folder), "page.md", text)]
            self.assertEqual(found, ["page.md:2: a link to gone.md, which is not there"])

    def test_a_module_without_a_readme_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            module = Path(folder) / "src" / "a"
            module.mkdir(parents=True)
            self.assertEqual(check_readmes(Path(folder), ["a"]), [])
            (module / "a.cc").write_text("int x;\n")
            self.assertEqual(len(check_readmes(Path(folder), ["a"])), 1)
            (module / "README.md").write_text("What it is.\n")
            self.assertEqual(check_readmes(Path(folder), ["a"]), [])

    def test_decisions_have_numbers_of_their_own(self):
        with tempfile.TemporaryDirectory() as folder:
            pages = Path(folder) / "docs" / "decisions"
            pages.mkdir(parents=True)
            (pages / "0001-one.md").write_text("# 1. One\n")
            (pages / "0002-two.md").write_text("# 2. Two\n")
            self.assertEqual(check_decisions(Path(folder)), [])
            (pages / "0002-three.md").write_text("# 3. Three\n")
            self.assertEqual(len(check_decisions(Path(folder))), 2)


if __name__ == "__main__":
    unittest.main()
