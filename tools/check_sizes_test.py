#!/usr/bin/env python3
"""The size check can fail: each limit, passed once, and the shapes of C++ that a scanner could misread."""

import unittest

from check_sizes import FUNCTION_LINES_MAX, HEADER_LINES_MAX, SOURCE_LINES_MAX, functions, judge, measure, read_ratchet


def body(lines: int) -> str:
    return "{\n" + "  x();\n" * (lines - 2) + "}\n"


class FunctionsTest(unittest.TestCase):
    def names(self, text: str) -> list[tuple[str, int]]:
        return [(name, lines) for name, _, lines in functions(text)]

    def test_a_function_is_measured_from_its_signature_to_its_brace(self):
        text = "namespace a {\nint f(int x,\n      int y) {\n  return x;\n}\n}  // namespace a\n"
        self.assertEqual(functions(text), [("f", 2, 4)])

    def test_members_of_classes_are_functions(self):
        self.assertEqual(self.names("class A {\n public:\n  int f() const { return 1; }\n  int g();\n};\n"), [("f", 1)])

    def test_templates_declare_no_class(self):
        self.assertEqual(self.names("template <class T, class U = std::vector<T>>\nvoid f(T t) " + body(4)), [("f", 5)])

    def test_a_specification_of_linkage_is_no_container(self):
        self.assertEqual(self.names('extern "C" int f(int x) ' + body(3)), [("f", 3)])

    def test_tables_are_not_functions(self):
        self.assertEqual(self.names("const int kTable[] = {\n" + "  f(1),\n" * 90 + "};\n"), [])
        self.assertEqual(self.names("struct A { int a = f(1); };\nint g() { return 1; }\n"), [("g", 1)])

    def test_default_arguments_and_operators_do_not_hide_a_function(self):
        self.assertEqual(self.names("int f(int x = g(1)) { return x; }\n"), [("f", 1)])
        self.assertEqual(len(self.names("bool operator==(A a, A b) { return true; }\n")), 1)

    def test_lambdas_belong_to_the_function_around_them(self):
        self.assertEqual(self.names("void f() {\n  auto g = [](int x) {\n    return x;\n  };\n}\n"), [("f", 5)])

    def test_braces_in_comments_strings_and_raw_strings_do_not_count(self):
        text = 'void f() {\n  // }\n  a("}");\n  b(R"x(\n}}}\n)x");\n  c(\'}\');\n  /* } */\n}\n'
        self.assertEqual(self.names(text), [("f", 9)])

    def test_digit_separators_are_no_character_literals(self):
        self.assertEqual(self.names("void f() { a(1'000'000); }\nvoid g() { b('}'); }\n"), [("f", 1), ("g", 1)])

    def test_macros_are_left_out(self):
        self.assertEqual(self.names("#define M(x) \\\n  { \\\n    x\nvoid f() { }\n"), [("f", 1)])

    def test_a_test_is_named_after_its_sentence(self):
        self.assertEqual(self.names("TEST(ArnTest, parses) {\n}\n"), [("ArnTest.parses", 2)])


class LimitsTest(unittest.TestCase):
    def findings(self, path: str, text: str, ratchet: str = "") -> list[str]:
        return [str(finding) for finding in judge(measure(path, text), read_ratchet(ratchet))]

    def test_a_function_at_the_limit_holds_and_one_past_it_is_found(self):
        self.assertEqual(self.findings("src/a/b.cc", "void f() " + body(FUNCTION_LINES_MAX)), [])
        self.assertEqual(len(self.findings("src/a/b.cc", "void f() " + body(FUNCTION_LINES_MAX + 1))), 1)

    def test_a_file_at_the_limit_holds_and_one_past_it_is_found(self):
        limits = {"src/a/b.cc": SOURCE_LINES_MAX, "src/a/b.h": HEADER_LINES_MAX, "src/a/README.md": 40,
                  "README.md": 149}
        for path, limit in limits.items():
            self.assertEqual(self.findings(path, "\n" * limit), [], path)
            self.assertEqual(len(self.findings(path, "\n" * (limit + 1))), 1, path)

    def test_the_ratchet_excuses_what_it_names_and_nothing_more(self):
        text = "\n" * (HEADER_LINES_MAX + 10)
        self.assertEqual(self.findings("src/a/b.h", text, f"src/a/b.h {HEADER_LINES_MAX + 10}"), [])
        self.assertEqual(len(self.findings("src/a/b.h", text, f"src/a/b.h {HEADER_LINES_MAX + 9}")), 1)

    def test_the_ratchet_only_falls(self):
        text = "\n" * (HEADER_LINES_MAX + 10)
        self.assertIn("lower it", self.findings("src/a/b.h", text, f"src/a/b.h {HEADER_LINES_MAX + 11}")[0])
        self.assertIn("remove it", self.findings("src/a/b.h", "\n", f"src/a/b.h {HEADER_LINES_MAX + 11}")[0])


if __name__ == "__main__":
    unittest.main()
