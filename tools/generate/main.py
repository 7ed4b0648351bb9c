#!/usr/bin/env python3
"""Turns model/*.json and model/authorization/*.json into C++: structs, codec tables, operation tables.

Files whose text did not change keep their time, so that a build rebuilds only what a change touches; files that are no
longer generated are removed.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from model import ModelError, load  # noqa: E402
from structs import group_header  # noqa: E402
from tables import group_source, service_header, service_source, shapes_header  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        files = generate(load(arguments.model))
    except (ModelError, ValueError, KeyError) as error:
        sys.exit(f"generate: {error}")
    write(arguments.out / "gen", files)


def generate(services):
    """Path below `gen/` -> text."""
    files = {}
    for service in services:
        files[f"{service.name}/service.h"] = service_header(service)
        files[f"{service.name}/service.cc"] = service_source(service)
        files[f"{service.name}/shapes.h"] = shapes_header(service)
        shared = ["shared"] if any(s.group == "shared" for s in service.shapes.values()) else []
        for group in shared + service.groups():
            files[f"{service.name}/{group}.h"] = group_header(service, group)
            files[f"{service.name}/{group}.cc"] = group_source(service, group)
    files.update(all_services(services))
    return files


def all_services(services):
    head = "// Generated from model/*.json by tools/generate: do not edit.\n"
    header = (head + '#pragma once\n\n#include <span>\n\n#include "wire/operation.h"\n\nnamespace warifu::model {\n\n'
              "/// Every service of the model.\n[[nodiscard]] std::span<const wire::Service* const> services();\n\n"
              "}  // namespace warifu::model\n")
    source = (head + '#include "gen/model/services.h"\n\n'
              + "".join(f'#include "gen/{s.name}/service.h"\n' for s in services)
              + "\nnamespace warifu::model {\n\nnamespace {\nconstexpr const wire::Service* kServices[] = {"
              + ", ".join(f"&{s.name}::kService" for s in services) + "};\n}  // namespace\n\n"
              "std::span<const wire::Service* const> services() { return kServices; }\n\n"
              "}  // namespace warifu::model\n")
    return {"model/services.h": header, "model/services.cc": source}


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    for path in list(folder.rglob("*.h")) + list(folder.rglob("*.cc")):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()


if __name__ == "__main__":
    main()
