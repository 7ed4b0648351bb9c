"""Emits the structs: one header per resource noun, and one for what several nouns share."""
from model import held_by_value

SCALARS = {"string": "std::string", "blob": "std::string", "boolean": "bool", "integer": "std::int32_t",
           "long": "std::int64_t", "double": "double", "timestamp": "Timestamp", "document": "wire::Document"}
INITIALISED = {"boolean": "false", "integer": "0", "long": "0", "double": "0"}

HEADER = """// Generated from model/{service}.json by tools/generate: do not edit.
#pragma once

"""


def cpp_type(shape):
    if shape.aggregate:
        return shape.cpp
    if shape.type == "list":
        if shape.element.type == "boolean":
            raise ValueError(f"{shape.name}: a list of booleans has no addressable elements")
        return f"std::vector<{cpp_type(shape.element)}>"
    if shape.type == "map":
        return f"std::map<std::string, {cpp_type(shape.element)}>"
    return SCALARS[shape.type]


def slot_type(member):
    """The type of the member itself: plain when required, else optional or boxed."""
    inner = cpp_type(member.shape)
    if member.required:
        return inner
    return f"wire::Box<{inner}>" if member.boxed else f"std::optional<{inner}>"


def ordered(shapes):
    """Structures so that what one holds by value stands before it; what it only points to where possible."""
    done, order = set(), []

    def visit(shape, path):
        if shape in done or shape in path or shape not in wanted:
            return
        for child in direct(shape):
            visit(child, path | {shape})
        if shape not in done:
            done.add(shape)
            order.append(shape)

    wanted = set(shapes)
    # By-value parts first: a cycle can only close through a vector, a map or a box.
    for shape in sorted(shapes, key=lambda s: (len(held_by_value(s)), s.cpp)):
        visit(shape, frozenset())
    return order


def direct(shape):
    """The aggregates that a structure's members are made of, through lists and maps."""
    found = []
    for member in shape.members:
        target = member.shape
        while target.type in ("list", "map"):
            target = target.element
        if target.aggregate and not member.boxed:
            found.append(target)
    return found


def struct_text(shape):
    if not shape.members:
        return f"struct {shape.cpp} {{}};\n"
    lines = []
    if shape.type == "union":
        lines.append("/// Exactly one member is set.")
    lines.append(f"struct {shape.cpp} {{")
    for member in shape.members:
        initial = INITIALISED.get(member.shape.type) if member.required else None
        lines.append(f"  {slot_type(member)} {member.cpp}" + (f" = {initial};" if initial else ";"))
    return "\n".join(lines + ["};"]) + "\n"


def group_header(service, group):
    """The header of one noun: structs, and its operations with their types."""
    shapes = [s for s in service.shapes.values() if s.group == group and s.aggregate]
    shared = any(s.group == "shared" and s.aggregate for s in service.shapes.values())
    operations = [o for o in service.operations if o.group == group]
    out = [HEADER.format(service=service.name)]
    if shared and group != "shared":
        out.append(f'#include "gen/{service.name}/shared.h"\n')
    out += ["#include <cstdint>\n#include <map>\n#include <optional>\n#include <string>\n#include <vector>\n\n",
            '#include "base/time.h"\n#include "wire/operation.h"\n\n',
            f"namespace warifu::model::{service.name} {{\n\n"]
    if any(m.boxed for s in shapes for m in s.members):
        out.append("".join(f"struct {s.cpp};\n" for s in sorted(shapes, key=lambda s: s.cpp)) + "\n")
    out.append("\n".join(struct_text(s) for s in ordered(shapes)))
    aliases = [(name, shape) for o in operations for name, shape in o.aliases if name != shape.cpp]
    out += [f"\nusing {name} = {shape.cpp};\n" for name, shape in aliases]
    if operations:
        out.append("\nnamespace tables {\n" + "".join(f"extern const wire::Operation k{o.name};\n" for o in operations)
                   + "}  // namespace tables\n\nnamespace ops {\n")
        for operation in operations:
            out.append(f"/// {operation.data['method']} {operation.data['uri']}\n"
                       f"inline constexpr wire::TypedOperation<{operation.input.cpp}, {operation.output.cpp}> "
                       f"k{operation.name}{{&tables::k{operation.name}}};\n")
        out.append("}  // namespace ops\n")
    out.append(f"\n}}  // namespace warifu::model::{service.name}\n")
    return "".join(out)
