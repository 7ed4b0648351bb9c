"""Turns model/managed_policies/*.json into the C++ table that src/identity/aws_policies.cc includes.

Each file holds one policy of AWS's: Arn, PolicyId, Description, DefaultVersionId, CreateDate, UpdateDate, Document.
Name and path follow from the ARN. The table is sorted by ARN, and a file whose text did not change is left alone.
"""

import argparse
import json
import pathlib
import re
import sys

ARN = re.compile(r"arn:aws:iam::aws:policy(/(?:[\w.-]+/)*)([\w+=,.@-]{1,128})")
POLICY_ID = re.compile(r"ANPA[A-Z2-7]{17}")
DELIMITER = "policy"


def literal(text):
    if f"){DELIMITER}\"" in text:
        raise ValueError("the text holds the literal's own delimiter")
    return f'R"{DELIMITER}({text}){DELIMITER}"'


def entry(path):
    policy = json.loads(path.read_text(encoding="utf-8"))
    match = ARN.fullmatch(policy["Arn"])
    if not match or match[2] != path.stem:
        raise ValueError(f"{path.name}: its ARN does not fit its name")
    if not POLICY_ID.fullmatch(policy["PolicyId"]):
        raise ValueError(f"{path.name}: bad PolicyId")
    document = json.dumps(policy["Document"], separators=(",", ":"), ensure_ascii=False)
    fields = [policy["Arn"], match[2], match[1], policy["PolicyId"], policy["Description"], policy["DefaultVersionId"],
              policy["CreateDate"], policy["UpdateDate"], document]
    return policy["Arn"], "    {" + ",\n     ".join(literal(field) for field in fields) + "},\n"


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policies", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args(arguments)
    entries = sorted(entry(path) for path in options.policies.glob("*.json"))
    ids = [json.loads(path.read_text(encoding="utf-8"))["PolicyId"] for path in options.policies.glob("*.json")]
    if len(set(ids)) != len(ids):
        raise ValueError("two policies share a PolicyId")
    text = "constexpr AwsPolicy kAwsPolicies[] = {\n" + "".join(body for _, body in entries) + "};\n"
    if options.out.exists() and options.out.read_text(encoding="utf-8") == text:
        return
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
