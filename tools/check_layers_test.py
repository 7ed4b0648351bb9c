#!/usr/bin/env python3
"""The layer check can fail: each rule, broken once."""

import unittest

from check_layers import MAIN, check_file, check_table, read_modules

CMAKE = """
warifu_module(base)
warifu_module(crypto DEPS base LIBS OpenSSL::Crypto)
warifu_module(store DEPS base LIBS RocksDB::rocksdb-shared)
warifu_module(api DEPS base store)
warifu_module(services/iam DEPS base
    api)
warifu_module(services/memory DEPS base api)
"""


class LayersTest(unittest.TestCase):
    modules = read_modules(CMAKE)

    def findings(self, path: str, text: str) -> list[str]:
        return [f"{finding.line}: {finding.what}" for finding in check_file(path, text, self.modules)]

    def test_reads_the_table_over_several_lines_and_without_libraries(self):
        self.assertEqual(self.modules["base"], set())
        self.assertEqual(self.modules["crypto"], {"base"})
        self.assertEqual(self.modules["services/iam"], {"base", "api"})

    def test_a_sound_file_has_no_findings(self):
        includes = '#include <string>\n#include "base/arn.h"\n#include "store/store.h"\n'
        self.assertEqual(self.findings("api/call.h", includes), [])
        includes = '#include "gen/iam/users.h"\n#include "api/call.h"\n'
        self.assertEqual(self.findings("services/iam/users.cc", includes), [])

    def test_including_upward_is_found_with_its_line(self):
        found = self.findings("store/store.cc", '#include "base/arn.h"\n#include "api/call.h"\n')
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith("2: store includes api/call.h"))

    def test_one_service_including_another_is_found(self):
        self.assertTrue(self.findings("services/iam/users.cc", '#include "services/memory/events.h"\n'))

    def test_base_including_anything_of_ours_is_found(self):
        self.assertTrue(self.findings("base/arn.cc", '#include "store/store.h"\n'))

    def test_a_third_party_outside_its_module_is_found(self):
        self.assertTrue(self.findings("store/store.cc", "#include <openssl/evp.h>\n"))
        self.assertEqual(self.findings("crypto/digest.cc", "#include <openssl/evp.h>\n"), [])

    def test_sockets_outside_net_are_found(self):
        self.assertTrue(self.findings("api/pipeline.cc", "#include <sys/socket.h>\n"))
        self.assertTrue(self.findings("api/pipeline.cc", "#include <boost/asio/ip/tcp.hpp>\n"))
        self.assertEqual(self.findings("api/pipeline.cc", "#include <boost/asio/awaitable.hpp>\n"), [])

    def test_an_unknown_third_party_is_found(self):
        self.assertTrue(self.findings("api/pipeline.cc", "#include <absl/strings/str_cat.h>\n"))

    def test_test_frameworks_belong_to_tests(self):
        self.assertTrue(self.findings("api/pipeline.cc", "#include <gtest/gtest.h>\n"))
        for path in ("api/pipeline_test.cc", "api/testing.h", "store/conformance_cases.h", "store/test_world.h"):
            self.assertEqual(self.findings(path, "#include <gtest/gtest.h>\n"), [], path)

    def test_what_tests_share_belongs_to_tests(self):
        self.assertTrue(self.findings("api/pipeline.cc", '#include "test/policy/cases.h"\n'))
        self.assertEqual(self.findings("api/pipeline_test.cc", '#include "test/policy/cases.h"\n'), [])

    def test_data_of_the_build_belongs_to_its_module(self):
        self.assertEqual(self.findings("api/pipeline.cc", '#include "api_data/table.inc"\n'), [])
        self.assertTrue(self.findings("api/pipeline.cc", '#include "store_data/table.inc"\n'))

    def test_generated_headers_stay_at_the_edge(self):
        self.assertTrue(self.findings("store/store.cc", '#include "gen/iam/users.h"\n'))

    def test_main_joins_the_halves_of_the_command_only(self):
        modules = self.modules | {"server": {"api"}, "cli": set()} | MAIN
        self.assertEqual(check_file("main.cc", '#include "server/app.h"\n', modules), [])
        self.assertTrue(check_file("main.cc", '#include "store/store.h"\n', modules))

    def test_a_folder_without_a_module_is_found(self):
        self.assertTrue(self.findings("stray/thing.cc", "int x;\n"))

    def test_a_service_that_may_include_another_is_found_in_the_table(self):
        modules = read_modules(CMAKE + "warifu_module(services/sts DEPS base services/iam)\n")
        self.assertIn("one service never includes another", str(check_table(modules)[0]))

    def test_a_circle_is_found(self):
        modules = read_modules("warifu_module(a DEPS b)\nwarifu_module(b DEPS c)\nwarifu_module(c DEPS a)\n")
        self.assertTrue(any("circle" in finding.what for finding in check_table(modules)))
        self.assertEqual(check_table(self.modules), [])

    def test_an_unknown_dependency_is_found(self):
        self.assertTrue(check_table(read_modules("warifu_module(a DEPS ghost)\n")))

    def test_base_with_a_dependency_is_found(self):
        self.assertTrue(check_table(read_modules("warifu_module(json)\nwarifu_module(base DEPS json)\n")))


if __name__ == "__main__":
    unittest.main()
