#!/usr/bin/env python3
"""The generator against expected text, and against models that contradict themselves.

After a change of the generator that is meant: tools/generate/generate_test.py --accept, then read the difference.
"""
import copy
import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import main  # noqa: E402
import status  # noqa: E402
from model import ModelError, Service, load  # noqa: E402
from names import literal, snake  # noqa: E402
from tables import re2_of  # noqa: E402

TESTDATA = HERE / "testdata"
EXPECTED = TESTDATA / "expected"


def generated():
    return main.generate(load(TESTDATA / "model"))


class Golden(unittest.TestCase):
    def test_every_generated_file_is_what_is_expected(self):
        expected = {p.relative_to(EXPECTED).as_posix().removesuffix(".txt"): p.read_text()
                    for p in EXPECTED.rglob("*.txt")}
        actual = generated()
        self.assertEqual(sorted(actual), sorted(expected))
        for name, text in actual.items():
            self.assertEqual(text, expected[name], name)

    def test_the_order_of_the_model_file_does_not_matter(self):
        data, authorization = sources()
        turned = copy.deepcopy(data)
        turned["shapes"] = dict(reversed(data["shapes"].items()))
        turned["operations"] = dict(reversed(data["operations"].items()))
        self.assertEqual(main.generate([Service(turned, authorization)]), main.generate([Service(data, authorization)]))

    def test_unchanged_files_keep_their_time_and_stale_ones_go(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            main.write(out, generated())
            before = (out / "orchard/trees.h").stat().st_mtime_ns
            (out / "orchard/stale.h").write_text("")
            main.write(out, generated())
            self.assertEqual((out / "orchard/trees.h").stat().st_mtime_ns, before)
            self.assertFalse((out / "orchard/stale.h").exists())


def sources():
    data = json.loads((TESTDATA / "model/orchard.json").read_text())
    return data, json.loads((TESTDATA / "model/authorization/orchard.json").read_text())


class Contradictions(unittest.TestCase):
    def refused(self, change):
        data, authorization = sources()
        change(data, authorization)
        with self.assertRaises(ModelError) as caught:
            Service(data, authorization)
        return str(caught.exception)

    def test_an_operation_without_authorization(self):
        message = self.refused(lambda data, rules: rules["groups"]["trees"].pop("GetTree"))
        self.assertIn("no authorization for GetTree", message)

    def test_authorization_without_an_operation(self):
        message = self.refused(lambda data, rules: rules["groups"]["trees"].update({"Graft": {"on": "*"}}))
        self.assertIn("unknown operation Graft", message)

    def test_a_condition_key_from_a_member_that_is_not_there(self):
        def change(data, rules):
            rules["groups"]["trees"]["GetTree"]["context"] = {"orchard:kind": "kindd"}
        self.assertIn("GetTree has no member kindd", self.refused(change))

    def test_a_resource_from_a_member_that_is_not_there(self):
        def change(data, rules):
            rules["resources"]["row"]["arn"] = "arn:{partition}:x:::row/{rowID}"
        self.assertIn("has no member rowID", self.refused(change))

    def test_a_resource_that_nobody_declared(self):
        def change(data, rules):
            rules["groups"]["trees"]["GetTree"]["on"] = "raw"
        self.assertIn("unknown resource raw", self.refused(change))

    def test_a_shape_that_nobody_declared(self):
        def change(data, rules):
            data["shapes"]["Tree"]["members"]["alive"]["shape"] = "Flagg"
        self.assertIn("unknown shape Flagg", self.refused(change))

    def test_a_structure_that_requires_itself(self):
        def change(data, rules):
            data["shapes"]["Branch"]["members"]["grafted"]["required"] = True
        self.assertIn("Branch requires itself", self.refused(change))

    def test_two_members_of_one_name(self):
        def change(data, rules):
            data["shapes"]["Tree"]["members"]["tree_id"] = {"shape": "RowId"}
        self.assertIn("two members of Tree share a name", self.refused(change))

    def test_too_many_members(self):
        def change(data, rules):
            data["shapes"]["Tree"]["members"] = {f"m{i}": {"shape": "Flag"} for i in range(257)}
        self.assertIn("Tree has more than 256 members", self.refused(change))

    def test_too_many_operations_in_a_group(self):
        def change(data, rules):
            for i in range(14):
                data["operations"][f"Op{i}"] = data["operations"]["FellTree"]
                rules["groups"]["trees"][f"Op{i}"] = {"on": "*"}
        self.assertIn("more than 15 operations", self.refused(change))


class Names(unittest.TestCase):
    def test_members_become_snake_case(self):
        cases = {"memoryId": "memory_id", "jobID": "job_id", "MFADevices": "mfa_devices", "operator": "operator_",
                 "OpenIDConnectProviderArn": "open_id_connect_provider_arn", "SAMLAssertion": "saml_assertion",
                 "ClientIDList": "client_id_list", "PolicyARN": "policy_arn", "inline": "inline_"}
        for name, expected in cases.items():
            self.assertEqual(snake(name), expected)

    def test_literals_are_escaped(self):
        self.assertEqual(literal('a"\\\n'), '"a\\"\\\\\\012"')
        self.assertEqual(literal("é"), '"\\303\\251"')

    def test_patterns_become_re2(self):
        self.assertEqual(re2_of("(?!a$|b$)[a-z]*"), ("[a-z]*", "a|b"))
        self.assertEqual(re2_of("[\\u0020-\\u00FF]+"), ("[\\x{0020}-\\x{00FF}]+", ""))
        self.assertEqual(re2_of("x.{0,1023}"), ("x.{0,1000}.{0,23}", ""))
        self.assertEqual(re2_of("[ab]{2,2048}"), ("[ab]{2,1000}[ab]{0,1000}[ab]{0,48}", ""))
        self.assertEqual(re2_of("[a]{1,5}"), ("[a]{1,5}", ""))


class Status(unittest.TestCase):
    def test_bound_handlers_are_found_by_their_service(self):
        with tempfile.TemporaryDirectory() as folder:
            service = pathlib.Path(folder) / "trees"
            service.mkdir()
            (service / "operations.cc").write_text(
                '#include "gen/orchard/trees.h"\nregistry.bind(m::ops::kGetTree, get_tree);\n')
            (service / "operations_test.cc").write_text("registry.bind(m::ops::kPlantTree, f);\n")
            bound = status.bound_operations(pathlib.Path(folder))
        self.assertEqual(bound, {("orchard", "GetTree")})
        text = status.table(load(TESTDATA / "model"), bound)
        self.assertIn("## orchard (1 of 3)", text)
        self.assertIn("| GetTree | trees | yes | `orchard:GetTree` |", text)
        self.assertIn("| PlantTree | trees | – | `orchard:PlantTree` + `orchard:Water` |", text)
        self.assertIn("| FellTree | felling | – | the role's trust policy |", text)

    def test_the_table_in_the_docs_says_what_the_sources_say(self):
        root = HERE.parents[1]
        text = status.table(load(root / "model"), status.bound_operations(root / "src/services"))
        self.assertEqual((root / "docs/operations.md").read_text(), text, "run tools/generate/status.py")


if __name__ == "__main__":
    if "--accept" in sys.argv:
        for name, text in generated().items():
            path = EXPECTED / (name + ".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    else:
        unittest.main()
