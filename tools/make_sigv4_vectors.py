#!/usr/bin/env python3
"""Writes test/wire/sigv4/vectors.json: requests with their right signatures, and each step on the way to them.

  published   the suites of aws-c-auth and botocore, from checkouts of both (--aws-c-auth DIR, --botocore DIR)
  live        requests that botocore builds and signs here, with the clock held still: AgentCore's routes with ARNs and
              event ids in their labels, query protocol, presigned URLs, session tokens, S3's payload modes

Needs botocore and boto3. Nothing goes over a network: each request is caught before it is sent.
"""

import argparse
import base64
import datetime
import io
import json
import pathlib

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config

SUITE = {"access_key_id": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "region": "us-east-1",
         "service": "service", "now": "20150830T123600Z"}
LIVE_NOW = datetime.datetime(2026, 7, 4, 11, 38, 50)
ACCOUNT = "111111111111"
MEMORY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:{ACCOUNT}:memory/Name-NCd6eP6wJq"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/agents/Reader"
EVENT_ID = "0000001783165130534#3f3e979a"
# Unsigned, and different at every run.
UNSTABLE_HEADERS = {"user-agent", "amz-sdk-invocation-id"}
SESSION_TOKEN = base64.b64encode(bytes(range(256)) + b"session").decode()


def parse_raw_request(text):
    """The suites' request files: LF line ends, folded header values, a body after an empty line."""
    head, _, body = text.partition("\n\n")
    lines = head.split("\n")
    method, rest = lines[0].split(" ", 1)
    target = rest.rsplit(" ", 1)[0]
    headers = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t"):
            headers[-1][1] += "\n" + line
        elif line:
            name, _, value = line.partition(":")
            headers.append([name, value])
    return {"method": method, "target": target, "headers": headers, "body": body}


def read(path):
    return path.read_bytes().decode().replace("\r\n", "\n")


def published_c_auth(root):
    for case in sorted((root / "tests/aws-signing-test-suite/v4").iterdir()):
        context = json.loads(read(case / "context.json"))
        for style in ("header", "query"):
            signed = parse_raw_request(read(case / f"{style}-signed-request.txt"))
            if signed["body"].endswith("\n"):  # the suite ends each bodiless file with an empty line
                signed["body"] = signed["body"].rstrip("\n")
            yield SUITE | signed | {
                "name": f"aws-c-auth {case.name} {style}",
                "style": style,
                "normalize": context["normalize"],
                "token": context["credentials"].get("token", ""),
                "token_signed": not context.get("omit_session_token", False),
                "expires": context["expiration_in_seconds"],
                "unsigned": parse_raw_request(read(case / "request.txt")),
                "canonical_request": read(case / f"{style}-canonical-request.txt"),
                "string_to_sign": read(case / f"{style}-string-to-sign.txt"),
                "signature": read(case / f"{style}-signature.txt").strip(),
            }


def published_botocore(root):
    suite = root / "tests/unit/auth/aws4_testsuite"
    for path in sorted(suite.rglob("*.sreq")):
        authorization = read(path.with_suffix(".authz")).strip()
        request = parse_raw_request(read(path))
        # get-vanilla-with-session-token.sreq holds another signature than its .authz, which is the right one.
        request["headers"] = [[k, authorization if k == "Authorization" else v] for k, v in request["headers"]]
        yield SUITE | request | {
            "name": f"aws4_testsuite {path.stem}",
            "style": "header",
            "normalize": True,
            "canonical_request": read(path.with_suffix(".creq")),
            "string_to_sign": read(path.with_suffix(".sts")),
            "signature": authorization.rpartition("Signature=")[2],
        }


class Recorder:
    """Builds requests with boto3, and keeps what it signed instead of sending it."""

    def __init__(self):
        self.steps = {}
        self.vectors = []
        for cls in (botocore.auth.SigV4Auth, botocore.auth.S3SigV4Auth):
            for step in ("canonical_request", "string_to_sign", "signature"):
                self._record(cls, step)
        botocore.auth.get_current_datetime = lambda *a, **k: LIVE_NOW

    def _record(self, cls, step):
        if step not in cls.__dict__:
            return
        inner = getattr(cls, step)

        def outer(auth, *args):
            value = inner(auth, *args)
            self.steps[step] = value
            return value

        setattr(cls, step, outer)

    def client(self, service, token="", region="us-east-1", endpoint="http://127.0.0.1:4566", **config):
        client = boto3.client(
            service, region_name=region, endpoint_url=endpoint, aws_access_key_id=self.key_id(token),
            aws_secret_access_key=SUITE["secret"], aws_session_token=token or None,
            config=botocore.config.Config(inject_host_prefix=False, retries={"max_attempts": 1}, **config))
        client.meta.events.register("before-send", self.catch)
        return client

    @staticmethod
    def key_id(token):
        return "ASIAIOSFODNN7EXAMPLE" if token else "AKIAIOSFODNN7EXAMPLE"

    def catch(self, request, **_):
        self.sent = request
        return botocore.awsrequest.AWSResponse(request.url, 599, {}, None)

    def call(self, title, client, operation, /, **arguments):
        self.sent = None
        try:
            getattr(client, operation)(**arguments)
        except Exception as error:  # the stand-in answer is an error to every parser
            if self.sent is None:
                raise SystemExit(f"{title}: {error}")
        body = self.sent.body or b""
        if hasattr(body, "read"):
            body = body.read()
        self.add(title, client, self.sent.method, self.sent.url, self.sent.headers.items(),
                 body if isinstance(body, bytes) else body.encode(), "header")

    def presign(self, name, client, method, url):
        self.add(name, client, method, url, [], b"", "query")

    def add(self, name, client, method, url, headers, body, style):
        scheme, _, rest = url.partition("://")
        host, slash, target = rest.partition("/")
        if "?" in host:
            host, _, query = host.partition("?")
            target = "?" + query
        assert len(self.steps) == 3, name
        credentials = client._request_signer._credentials
        vector = {
            "name": f"botocore {name}", "style": style, "now": LIVE_NOW.strftime("%Y%m%dT%H%M%SZ"),
            "access_key_id": credentials.access_key, "secret": credentials.secret_key, "token": credentials.token or "",
            "region": client.meta.region_name, "service": client._service_model.signing_name, "method": method,
            "target": "/" + target,
            "headers": [["Host", host]] + [[k, v.decode() if isinstance(v, bytes) else v] for k, v in headers
                                           if k.lower() not in UNSTABLE_HEADERS],
            **self.steps,
        }
        self.steps = {}
        try:
            vector["body"] = body.decode()
        except UnicodeDecodeError:
            vector["body_base64"] = base64.b64encode(body).decode()
        self.vectors.append(vector)


def live_agentcore(record):
    for token in ("", SESSION_TOKEN):
        kind = "temporary" if token else "long-term"
        data = record.client("bedrock-agentcore", token)
        control = record.client("bedrock-agentcore-control", token)
        record.call(f"CreateEvent by ARN, {kind}", data, "create_event", memoryId=MEMORY_ARN, actorId="team/user:1",
                    sessionId="session-1", eventTimestamp=LIVE_NOW, clientToken="c" * 36,
                    payload=[{"conversational": {"content": {"text": "grüße, 世界"}, "role": "USER"}}])
        record.call(f"GetEvent by ARN, {kind}", data, "get_event", memoryId=MEMORY_ARN, actorId="team/user:1",
                    sessionId="session-1", eventId=EVENT_ID)
        record.call(f"GetEvent by short id, {kind}", data, "get_event", memoryId="Name-NCd6eP6wJq", actorId="actor one",
                    sessionId="session-1", eventId=EVENT_ID)
        record.call(f"DeleteEvent, {kind}", data, "delete_event", memoryId=MEMORY_ARN, actorId="a", sessionId="s",
                    eventId=EVENT_ID)
        record.call(f"ListEvents, {kind}", data, "list_events", memoryId=MEMORY_ARN, actorId="a~b+c", sessionId="s",
                    includePayloads=True, maxResults=10)
        record.call(f"ListActors, {kind}", data, "list_actors", memoryId=MEMORY_ARN)
        record.call(f"DeleteMemoryRecord, {kind}", data, "delete_memory_record", memoryId=MEMORY_ARN,
                    memoryRecordId="mem-" + "0" * 36, namespace="/a b/&=?")
        record.call(f"RetrieveMemoryRecords, {kind}", data, "retrieve_memory_records", memoryId=MEMORY_ARN,
                    namespace="/facts/{actorId}", searchCriteria={"searchQuery": "naïve", "topK": 3})
        record.call(f"InvokeAgentRuntime, {kind}", data, "invoke_agent_runtime", payload=b"\x00\x01\xff",
                    agentRuntimeArn=MEMORY_ARN.replace("memory", "runtime"), qualifier="DEFAULT",
                    runtimeSessionId="s" * 33, runtimeUserId="user")
        record.call(f"CreateMemory, {kind}", control, "create_memory", name="Name", eventExpiryDuration=30,
                    clientToken="c" * 36)
        record.call(f"GetMemory, {kind}", control, "get_memory", memoryId="Name-NCd6eP6wJq", view="full")
        record.call(f"DeleteMemory, {kind}", control, "delete_memory", memoryId="Name-NCd6eP6wJq", clientToken="c" * 36)
        record.call(f"PutResourcePolicy, {kind}", control, "put_resource_policy", resourceArn=MEMORY_ARN, policy="{}")
        record.call(f"TagResource, {kind}", control, "tag_resource", resourceArn=MEMORY_ARN, tags={"a": "b"})
        record.call(f"UntagResource, {kind}", control, "untag_resource", resourceArn=MEMORY_ARN,
                    tagKeys=["b=", "a &", "A"])


def live_query_and_json(record):
    for token in ("", SESSION_TOKEN):
        kind = "temporary" if token else "long-term"
        sts = record.client("sts", token)
        iam = record.client("iam", token, region="eu-central-1")
        record.call(f"GetCallerIdentity, {kind}", sts, "get_caller_identity")
        record.call(f"AssumeRole, {kind}", sts, "assume_role", RoleArn=ROLE_ARN, RoleSessionName="a@b=c",
                    Policy='{"Version":"2012-10-17"}', Tags=[{"Key": "k 1", "Value": "ü+%"}])
        record.call(f"CreateUser, {kind}", iam, "create_user", UserName="u", Path="/a/b/")
        record.call(f"ListKeys, {kind}", record.client("kms", token, region="us-gov-west-1"), "list_keys", Limit=5)
        public = record.client("sts", token, endpoint="https://sts.us-east-1.amazonaws.com")
        record.call(f"default port, {kind}", public, "get_caller_identity")
        for method in ("GET", "POST"):
            url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)
            record.presign(f"presigned GetCallerIdentity {method}, {kind}", sts, method, url)


def live_s3(record):
    key = "päth/with space/+plus/%25/../dots//~tilde"
    for token in ("", SESSION_TOKEN):
        kind = "temporary" if token else "long-term"
        for name, endpoint in (("http", "http://127.0.0.1:4566"), ("https", "https://localhost:4566")):
            s3 = record.client("s3", token, endpoint=endpoint, s3={"addressing_style": "path"},
                               signature_version="s3v4")
            record.call(f"PutObject {name}, {kind}", s3, "put_object", Bucket="bucket", Key=key, Body=b"content \xff",
                        Metadata={"note": "  two   spaces "})
            record.call(f"PutObject stream {name}, {kind}", s3, "put_object", Bucket="bucket", Key=key,
                        Body=io.BytesIO(b"streamed content"), ChecksumAlgorithm="CRC32")
            record.call(f"GetObject {name}, {kind}", s3, "get_object", Bucket="bucket", Key=key)
            record.call(f"ListObjectsV2 {name}, {kind}", s3, "list_objects_v2", Bucket="bucket", Prefix="a b/ü+c",
                        Delimiter="/")
            url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": key}, ExpiresIn=604800)
            record.presign(f"presigned GetObject {name}, {kind}", s3, "GET", url)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--aws-c-auth", type=pathlib.Path, required=True)
    parser.add_argument("--botocore", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("test/wire/sigv4/vectors.json"))
    arguments = parser.parse_args()

    record = Recorder()
    live_agentcore(record)
    live_query_and_json(record)
    live_s3(record)
    vectors = [*published_c_auth(arguments.aws_c_auth), *published_botocore(arguments.botocore), *record.vectors]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    arguments.out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(vectors)} vectors, {len(record.vectors)} of them live")


if __name__ == "__main__":
    main()
