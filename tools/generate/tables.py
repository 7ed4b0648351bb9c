"""Emits the constant tables that the decoder, the encoder, the router and the pipeline read."""
import re

from names import literal, pascal
from structs import HEADER, cpp_type, slot_type

KINDS = {"string": "kString", "blob": "kBlob", "boolean": "kBoolean", "integer": "kInteger", "long": "kLong",
         "double": "kDouble", "timestamp": "kTimestamp", "document": "kDocument", "structure": "kStructure",
         "union": "kUnion", "list": "kList", "map": "kMap"}
LOCATIONS = {"label": "kLabel", "query": "kQuery", "header": "kHeader", "prefix_headers": "kPrefixHeaders",
             "payload": "kPayload", "status": "kStatus"}
TIME_FORMATS = {"iso8601": "kIso8601", "unixTimestamp": "kEpoch", "rfc822": "kHttpDate"}
PROTOCOLS = {"rest-json": "kRestJson", "query": "kQuery", "json1.0": "kJson10", "json1.1": "kJson11",
             "rest-xml": "kRestXml"}
RE2_REPEAT_MAX = 1000
# RE2 has no lookaround: what AWS's patterns with one mean, in RE2's words.
RE2_OF = {"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$": "[a-z0-9](?:-?[a-z0-9])+",
          r"[0-9A-Za-z\.\-_]*(?<!\.)": r"(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?"}


def symbol(shape):
    return "shapes::k" + pascal(shape.name)


def re2_of(pattern):
    """(RE2 text, RE2 text of what must not match)."""
    if pattern in RE2_OF:
        return RE2_OF[pattern], ""
    excluded = ""
    lookahead = re.match(r"\(\?!([^()]*)\)", pattern)
    if lookahead:
        excluded = lookahead.group(1).replace("$", "")
        pattern = pattern[lookahead.end():]
    pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern)
    return re.sub(r"(\[[^\]]*\]|\\.|[^\\{}()])\{(\d+),(\d+)\}", split_repetition, pattern), excluded


def split_repetition(match):
    """RE2 repeats at most 1000 times: `x{2,1023}` becomes `x{2,1000}x{0,23}`."""
    atom, low, high = match.group(1), int(match.group(2)), int(match.group(3))
    if high <= RE2_REPEAT_MAX:
        return match.group(0)
    if low > RE2_REPEAT_MAX:
        raise ValueError(f"cannot write {match.group(0)} for RE2")
    parts, rest = [f"{atom}{{{low},{RE2_REPEAT_MAX}}}"], high - RE2_REPEAT_MAX
    while rest > 0:
        parts.append(f"{atom}{{0,{min(rest, RE2_REPEAT_MAX)}}}")
        rest -= RE2_REPEAT_MAX
    return "".join(parts)


def number(value):
    return repr(float(value)) if isinstance(value, float) else f"{value}"


def fields(pairs):
    return ", ".join(f".{name} = {value}" for name, value in pairs if value not in (None, '""', "false"))


def shape_text(shape):
    name = pascal(shape.name)
    out, pairs = [], [("name", literal(shape.name)), ("kind", f"wire::Kind::{KINDS[shape.type]}")]
    data = shape.data
    if data.get("sensitive"):
        pairs.append(("sensitive", "true"))
    for bound in ("min", "max"):
        if bound in data:
            pairs.append((bound, number(data[bound])))
    if "pattern" in data:
        re2, excluded = re2_of(data["pattern"])
        parts = fields([("text", literal(data["pattern"])), ("re2", literal(re2)), ("excluded", literal(excluded))])
        out.append(f"constinit const Pattern kPattern_{name}{{{parts}}};\n")
        pairs.append(("pattern", f"&kPattern_{name}"))
    if "enum" in data:
        values = ", ".join(literal(v) for v in data["enum"])
        out.append(f"constexpr std::string_view kValues_{name}[] = {{{values}}};\n")
        pairs.append(("values", f"kValues_{name}"))
    pairs.append(("invalid_message", literal(data.get("invalid_message", ""))))
    if shape.aggregate:
        if shape.members:
            members = "".join(member_text(shape, m) for m in shape.members)
            out.append(f"constexpr wire::Member kMembers_{name}[] = {{\n{members}}};\n")
            pairs.append(("members", f"kMembers_{name}"))
        pairs.append(("structure", f"&kStructOps<{shape.cpp}>"))
    if shape.type in ("list", "map"):
        pairs.append(("element", "&" + symbol(shape.element)))
    if shape.type == "map":
        pairs += [("key", "&" + symbol(shape.key)), ("map", f"&kMapOps<{cpp_type(shape.element)}>")]
    if shape.type == "list":
        pairs.append(("list", f"&kListOps<{cpp_type(shape.element)}>"))
        if "element_name" in data:
            pairs.append(("element_name", literal(data["element_name"])))
    return "".join(out), f"constinit const wire::Shape k{name}{{{fields(pairs)}}};\n"


def member_text(shape, member):
    data = member.data
    time_format = data.get("timestampFormat", member.shape.data.get("timestampFormat"))
    pairs = [("name", literal(member.name)), ("wire_name", literal(data.get("name", member.name))),
             ("shape", "&" + symbol(member.shape)), ("offset", f"offsetof({shape.cpp}, {member.cpp})")]
    if "in" in data:
        pairs.append(("location", f"wire::Location::{LOCATIONS[data['in']]}"))
    if time_format:
        pairs.append(("time_format", f"wire::TimeFormat::{TIME_FORMATS[time_format]}"))
    if member.required:
        pairs.append(("required", "true"))
    else:
        pairs.append(("slot", f"&kSlotOps<{slot_type(member)}>"))
    if member.shape.data.get("flattened"):
        pairs.insert(-1, ("flattened", "true"))
    order = ["name", "wire_name", "shape", "offset", "location", "time_format", "required", "flattened", "slot"]
    pairs.sort(key=lambda p: order.index(p[0]))
    return f"    {{{fields(pairs)}}},\n"


def context_text(rules):
    entries = []
    for key, rule in rules.items():
        pairs = [("key", literal(key))]
        if isinstance(rule, str):
            pairs.append(("member", literal(rule)))
        elif "path" in rule:
            pairs += [("member", literal(rule["path"])), ("path", "true")]
        elif "each" in rule:
            pairs += [("source", "wire::ContextSource::kEach"), ("member", literal(rule["each"])),
                      ("parts", literal(",".join(rule["paths"]))), ("path", "true")]
        elif "list" in rule:
            pairs += [("member", literal(rule["list"])), ("multivalued", "true")]
        elif "number" in rule:
            pairs += [("source", "wire::ContextSource::kNumber"), ("member", literal(rule["number"]))]
        elif "query_tags" in rule:
            pairs += [("source", "wire::ContextSource::kQueryTags"), ("member", literal(rule["query_tags"]))]
        elif "query_tag_keys" in rule:
            pairs += [("source", "wire::ContextSource::kQueryTagKeys"), ("member", literal(rule["query_tag_keys"])),
                      ("multivalued", "true")]
        elif "request_tags" in rule:
            pairs += [("source", "wire::ContextSource::kRequestTags"), ("member", literal(rule["request_tags"]))]
        elif "tag_keys" in rule:
            pairs += [("source", "wire::ContextSource::kTagKeys"), ("member", literal(rule["tag_keys"])),
                      ("multivalued", "true")]
        elif "present" in rule:
            pairs += [("source", "wire::ContextSource::kPresent"), ("member", literal(rule["present"])),
                      ("literal", literal(rule["then"])), ("parts", literal(rule["otherwise"]))]
        elif "literal" in rule:
            pairs += [("source", "wire::ContextSource::kLiteral"), ("literal", literal(rule["literal"]))]
        else:
            pairs.append(("source", "wire::ContextSource::kEntity"))
        entries.append("{" + fields(pairs) + "}")
    return ",\n    ".join(entries)


def error_text(code, error):
    member = f", {literal(error['message'])}" if "message" in error else ""
    return f"{{{literal(code)}, {error['status']}{member}}}"


def operation_text(service, operation):
    name, data, rules = operation.name, operation.data, operation.rules
    out = []
    pairs = [("service", "&kService"), ("name", literal(name)), ("method", literal(data["method"])),
             ("uri", literal(data["uri"]))]
    if "status" in data:
        pairs.append(("status", str(data["status"])))
    pairs += [("input", "&" + symbol(operation.input)), ("output", "&" + symbol(operation.output))]
    declared = [(code, service.data["errors"][code]) for code in data.get("errors", [])]
    errors = ", ".join(error_text(code, error) for code, error in declared)
    if errors:
        out.append(f"constexpr wire::ErrorShape kErrors_{name}[] = {{{errors}}};\n")
        pairs.append(("errors", f"kErrors_{name}"))
    if rules["authorizer"] != "kPolicies":
        pairs.append(("authorizer", f"wire::Authorizer::{rules['authorizer']}"))
    out.append(permissions_text(name, rules["permissions"]))
    pairs.append(("permissions", f"kPermissions_{name}"))
    if rules["context"]:
        out.append(f"constexpr wire::ContextKey kContext_{name}[] = {{\n    {context_text(rules['context'])}}};\n")
        pairs.append(("context", f"kContext_{name}"))
    token = [m.name for m in operation.input.members if m.data.get("idempotencyToken")]
    pairs += [("idempotency_member", literal(token[0] if token else "")),
              ("body_bytes_max", str(rules["body_bytes_max"])),
              ("unsigned_allowed", "true" if data.get("unsigned") else "false"),
              ("read_only", "true" if rules["read_only"] else "false"),
              ("data_event", "true" if rules["data_event"] else "false"),
              ("recorded", literal(",".join(rules["recorded"]))),
              ("result_wrapper", literal(data.get("result_wrapper", "")))]
    return "".join(out), f"constinit const wire::Operation k{name}{{{fields(pairs)}}};\n"


def permissions_text(name, permissions):
    out, entries = [], []
    for index, permission in enumerate(permissions):
        pairs = [("action", literal(permission["action"])), ("resource", literal(permission["resource"])),
                 ("accepts_arn", "true" if permission["accepts_arn"] else "false"),
                 ("caller_when_absent", "true" if permission["caller_when_absent"] else "false")]
        if permission["lookup"] != "kNone":
            pairs.append(("lookup", f"wire::Lookup::{permission['lookup']}"))
        pairs += [("when", literal(permission["when"])), ("unless", literal(permission["unless"]))]
        if permission["context"]:
            context = context_text(permission["context"])
            out.append(f"constexpr wire::ContextKey kContext_{name}_{index}[] = {{{context}}};\n")
            pairs.append(("context", f"kContext_{name}_{index}"))
        entries.append("    {" + fields(pairs) + "},\n")
    return "".join(out) + f"constexpr wire::Permission kPermissions_{name}[] = {{\n{''.join(entries)}}};\n"


def group_source(service, group):
    shapes = sorted((s for s in service.shapes.values() if s.group == group), key=lambda s: s.name)
    operations = [o for o in service.operations if o.group == group]
    private, public = [], []
    for shape in shapes:
        before, text = shape_text(shape)
        private.append(before)
        public.append(text)
    op_private, op_public = [], []
    for operation in operations:
        before, text = operation_text(service, operation)
        op_private.append(before)
        op_public.append(text)
    return (HEADER.format(service=service.name).replace("#pragma once\n\n", "")
            + f'#include "gen/{service.name}/{group}.h"\n\n#include <cstddef>\n\n'
            + f'#include "gen/{service.name}/service.h"\n'
            + f'#include "gen/{service.name}/shapes.h"\n\n'
            + "// Our aggregates have no virtual functions or bases: offsetof is well defined for them in clang.\n"
            + '#pragma clang diagnostic ignored "-Winvalid-offsetof"\n\n'
            + f"namespace warifu::model::{service.name} {{\n\nusing namespace wire;\n\n"
            + "namespace {\n" + "".join(private) + "".join(op_private) + "}  // namespace\n\n"
            + "namespace shapes {\n" + "".join(public) + "}  // namespace shapes\n\n"
            + "namespace tables {\n" + "".join(op_public) + "}  // namespace tables\n\n"
            + f"}}  // namespace warifu::model::{service.name}\n")


def shapes_header(service):
    names = sorted(pascal(s.name) for s in service.shapes.values())
    for first, second in zip(names, names[1:]):
        if first == second:
            raise ValueError(f"{service.name}: two shapes are called {first}")
    return (HEADER.format(service=service.name) + '#include "wire/shape.h"\n\n'
            + "/// The tables of every shape, for each other's sake.\n"
            + f"namespace warifu::model::{service.name}::shapes {{\n\n"
            + "".join(f"extern const wire::Shape k{n};\n" for n in names)
            + f"\n}}  // namespace warifu::model::{service.name}::shapes\n")


def service_header(service):
    return (HEADER.format(service=service.name) + '#include "wire/operation.h"\n\n'
            + f"namespace warifu::model::{service.name} {{\n\n/// The service and all its operations.\n"
            + f"extern const wire::Service kService;\n\n}}  // namespace warifu::model::{service.name}\n")


def service_source(service):
    data = service.data
    pairs = [("name", literal(service.name)), ("signing_name", literal(data["signing_name"])),
             ("event_source", literal(data["event_source"])),
             ("protocol", "wire::Protocol::" + PROTOCOLS[data.get("protocol", "rest-json")]),
             ("global", "true" if data.get("global") else "false"), ("version", literal(data.get("version", ""))),
             ("xml_namespace", literal(data.get("xml_namespace", ""))),
             ("target_prefix", literal(data.get("target_prefix", ""))),
             ("typed_errors", "true" if data.get("typed_errors") else "false"),
             ("operations", "kOperations")]
    groups = [g for g in service.groups()]
    return (HEADER.format(service=service.name).replace("#pragma once\n\n", "")
            + f'#include "gen/{service.name}/service.h"\n\n'
            + "".join(f'#include "gen/{service.name}/{g}.h"\n' for g in groups)
            + f"\nnamespace warifu::model::{service.name} {{\n\n"
            + "namespace {\nconstexpr const wire::Operation* kOperations[] = {\n"
            + "".join(f"    &tables::k{o.name},\n" for o in service.operations) + "};\n}  // namespace\n\n"
            + f"constinit const wire::Service kService{{{fields(pairs)}}};\n\n"
            + f"}}  // namespace warifu::model::{service.name}\n")
