"""Reads model/<service>.json with its authorization and resolves them into objects that the emitters walk."""
import json

from names import pascal, snake

AGGREGATES = ("structure", "union")
READS = ("Get", "List", "Retrieve", "Simulate", "Decode", "Describe", "Lookup")
BODY_BYTES_MAX = 1024 * 1024
LOOKUPS = {None: "kNone", "user": "kUser", "group": "kGroup", "role": "kRole", "instance_profile": "kInstanceProfile",
           "access_key": "kAccessKeyOwner", "service_linked_role": "kServiceLinkedRole",
           "renamed_user": "kRenamedUser", "renamed_group": "kRenamedGroup", "model": "kModel",
           "organization": "kOrganization", "lambda_function": "kLambdaFunction",
           "lambda_unqualified": "kLambdaUnqualified", "lambda_layer_version": "kLambdaLayerVersion",
           "log_group": "kLogGroup", "bucket": "kBucket", "new_bucket": "kNewBucket",
           "copy_source": "kCopySource", "copy_source_version": "kCopySourceVersion"}
AUTHORIZERS = {"policies": "kPolicies", "trust": "kTrust", "none": "kNone", "handler": "kHandler"}
CONTEXT_PATHS = ("list", "request_tags", "tag_keys", "path", "each", "present", "number", "query_tags",
                 "query_tag_keys")
EVENTS = {"management": False, "data": True}
OPERATIONS_PER_GROUP_MAX = 15
MEMBERS_MAX = 256  # the decoder keeps a bit for each


class ModelError(Exception):
    """The model contradicts itself: the message says where."""


class Shape:
    def __init__(self, name, data):
        self.name, self.data, self.type = name, data, data["type"]
        self.cpp = pascal(name)
        self.members, self.element, self.key = [], None, None
        self.group = None

    @property
    def aggregate(self):
        return self.type in AGGREGATES


class Member:
    def __init__(self, name, data, shape, in_union):
        self.name, self.data, self.shape = name, data, shape
        self.cpp = snake(name)
        self.wire_name = (data.get("in", "body"), data.get("name", name))
        self.required = bool(data.get("required")) and not in_union
        self.boxed = False


class Operation:
    def __init__(self, name, data, group):
        self.name, self.data, self.group = name, data, group
        self.input = self.output = None
        self.aliases = []  # (name, shape): where two operations share an input or output


class Service:
    def __init__(self, data, authorization):
        self.data, self.name, self.authorization = data, data["service"], authorization
        self.shapes = {name: Shape(name, entry) for name, entry in data["shapes"].items()}
        self.operations = []
        self._link()
        self._operations()
        self._assign_groups()
        self._box()

    def groups(self):
        return list(self.authorization["groups"])

    def _link(self):
        for shape in self.shapes.values():
            for name, entry in shape.data.get("members", {}).items():
                target = self._shape(entry["shape"], shape.name)
                shape.members.append(Member(name, entry, target, shape.type == "union"))
            self._check_members(shape)
            if shape.type == "list":
                shape.element = self._shape(shape.data["element"], shape.name)
            if shape.type == "map":
                shape.key = self._shape(shape.data["key"], shape.name)
                shape.element = self._shape(shape.data["value"], shape.name)

    def _check_members(self, shape):
        if len(shape.members) > MEMBERS_MAX:
            raise ModelError(f"{self.name}: {shape.name} has more than {MEMBERS_MAX} members")
        for key in ("cpp", "wire_name"):
            names = [getattr(m, key) for m in shape.members]
            if len(set(names)) != len(names):
                raise ModelError(f"{self.name}: two members of {shape.name} share a name")

    def _shape(self, name, user):
        if name not in self.shapes:
            raise ModelError(f"{self.name}: {user} uses the unknown shape {name}")
        return self.shapes[name]

    def _operations(self):
        modelled = dict(self.data["operations"])
        for group, operations in self.authorization["groups"].items():
            if len(operations) > OPERATIONS_PER_GROUP_MAX:
                raise ModelError(f"{self.name}: group {group} has more than {OPERATIONS_PER_GROUP_MAX} operations")
            for name, rules in operations.items():
                if name not in modelled:
                    raise ModelError(f"{self.name}: authorization of the unknown operation {name}")
                operation = Operation(name, modelled.pop(name), group)
                operation.rules = self._rules(operation, rules)
                operation.input = self._side(operation, "input", "Input")
                operation.output = self._side(operation, "output", "Output")
                self.operations.append(operation)
        if modelled:
            raise ModelError(f"{self.name}: no authorization for {', '.join(sorted(modelled))}")
        for operation in self.operations:
            self._check_paths(operation)

    def _side(self, operation, side, suffix):
        """Inputs and outputs are named after their operation, whatever AWS calls them; absent ones are empty."""
        name = operation.data.get(side)
        if name is None:
            shape = Shape(operation.name + suffix, {"type": "structure", "members": {}})
            self.shapes[shape.name] = shape
            return shape
        shape = self._shape(name, operation.name)
        users = [o for o in self.data["operations"].values() for s in ("input", "output") if o.get(s) == name]
        if len(users) == 1:
            shape.cpp = operation.name + suffix
        else:
            operation.aliases.append((operation.name + suffix, shape))
        return shape

    def _rules(self, operation, rules):
        pairs = [self._permission(operation, rules, {})]
        pairs += [self._permission(operation, r, r.get("context", {})) for r in rules.get("also", [])]
        authorizer = rules.get("authorizer", "policies")
        return {
            "permissions": pairs,
            "authorizer": AUTHORIZERS[authorizer],
            "context": rules.get("context", {}),
            "body_bytes_max": rules.get("body_bytes_max", BODY_BYTES_MAX),
            "read_only": rules.get("read_only", operation.name.startswith(READS)),
            "data_event": EVENTS[rules.get("event", "management")],
            "recorded": rules.get("recorded", []),
        }

    def _permission(self, operation, rules, context):
        on = rules["on"]
        resource = dict(self.authorization["resources"].get(on, {"arn": on}))
        if on != "*" and "{" not in resource["arn"] and ":" not in resource["arn"]:
            raise ModelError(f"{self.name}: {operation.name} is on the unknown resource {on}")
        return {
            "action": rules.get("action", f"{self.data['signing_name']}:{operation.name}"),
            "resource": resource["arn"],
            "accepts_arn": resource.get("accepts_arn", rules.get("accepts_arn", False)),
            "caller_when_absent": resource.get("caller_when_absent", False),
            "lookup": LOOKUPS[resource.get("lookup")],
            "when": rules.get("when", ""),
            "unless": rules.get("unless", ""),
            "context": context,
        }

    def _check_paths(self, operation):
        """Every member that authorization reads must exist: a misspelt one would silently supply nothing."""
        for name in operation.rules["recorded"]:
            self.member_at(operation, name)
        for permission in operation.rules["permissions"]:
            for name in placeholders(permission["resource"]):
                if name not in ("partition", "region", "account", "caller"):
                    self.member_at(operation, name)
            for context in (operation.rules["context"], permission["context"]):
                for rule in context.values():
                    path = rule if isinstance(rule, str) else next(
                        (rule[k] for k in CONTEXT_PATHS if k in rule), None)
                    for part in rule.get("paths", []) if isinstance(rule, dict) else []:
                        self.member_at(operation, f"{rule['each']}.{part}")
                    if path is not None:
                        self.member_at(operation, path)
            for condition in ("when", "unless"):
                if permission[condition]:
                    self.member_at(operation, permission[condition])

    def member_at(self, operation, path):
        shape = operation.input
        for part in path.split("."):
            while shape.type == "list":
                shape = shape.element
            found = [m for m in shape.members if m.name == part]
            if not found:
                raise ModelError(f"{self.name}: {operation.name} has no member {path}")
            shape = found[0].shape
        return shape

    def _assign_groups(self):
        """A shape lives with the one group that uses it, or with `shared`."""
        for group in self.groups():
            seen = set()
            for operation in self.operations:
                if operation.group == group:
                    for shape in (operation.input, operation.output):
                        self._reach(shape, seen)
            for shape in seen:
                shape.group = group if shape.group is None else "shared"
        for name in [n for n, s in self.shapes.items() if s.group is None]:
            del self.shapes[name]

    def _reach(self, shape, seen):
        if shape in seen:
            return
        seen.add(shape)
        for child in children(shape):
            self._reach(child, seen)

    def _box(self):
        """A member through which a structure would hold itself by value is boxed; vectors and maps already are."""
        for shape in self.shapes.values():
            for member in shape.members:
                if member.shape.aggregate and shape in held_by_value(member.shape):
                    if member.required:
                        raise ModelError(f"{self.name}: {shape.name} requires itself")
                    member.boxed = True


def children(shape):
    return [m.shape for m in shape.members] + [s for s in (shape.element, shape.key) if s is not None]


def held_by_value(shape, seen=None):
    seen = set() if seen is None else seen
    if shape not in seen:
        seen.add(shape)
        for member in shape.members:
            if member.shape.aggregate and not member.boxed:
                held_by_value(member.shape, seen)
    return seen


def placeholders(template):
    """The member paths in `arn:…/{Path|/}{Url:without_scheme}`."""
    names = []
    for part in template.split("{")[1:]:
        names.append(part.split("}")[0].split("|")[0].split(":")[0])
    return names


def load(folder):
    services = []
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text())
        authorization = json.loads((folder / "authorization" / path.name).read_text())
        services.append(Service(data, authorization))
    return services
