"""Amazon S3 by boto3 and the AWS CLI: both addressing styles, checksums, presigned URLs, versions, policies."""

import base64
import hashlib
import json
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support import Keys, Server, run_aws

MB = 1 << 20


@pytest.fixture(scope="module")
def owner(server: Server) -> Keys:
    return server.new_account()


@pytest.fixture(scope="module")
def stranger(server: Server) -> Keys:
    return server.new_account()


def s3(server: Server, keys: Keys, **config: Any) -> Any:
    return server.client("s3", keys, config=Config(retries={"total_max_attempts": 1}, **config))


def code(failure: pytest.ExceptionInfo[ClientError]) -> str:
    return failure.value.response["Error"]["Code"]


def crc(body: bytes, polynomial: int, bits: int) -> str:
    """A reflected CRC, all ones at both ends, as S3 writes it."""
    ones = (1 << bits) - 1
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    sum_ = ones
    for byte in body:
        sum_ = sum_ >> 8 ^ table[(sum_ ^ byte) & 0xFF]
    return base64.b64encode((sum_ ^ ones).to_bytes(bits // 8, "big")).decode()


def test_objects_round_trip_in_every_checksum_mode(server: Server, owner: Keys) -> None:
    client = s3(server, owner)
    client.create_bucket(Bucket="checksums")
    body = b"some bytes" * 20_000
    for kind in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
        # boto3 itself computes these two only where awscrt is installed; checksums given are sent as they are.
        given = {"CRC32C": crc(body, 0x82F63B78, 32), "CRC64NVME": crc(body, 0x9A6C9329AC4BC9B5, 64)}.get(kind)
        sum_ = {f"Checksum{kind}": given} if given else {"ChecksumAlgorithm": kind}
        put = client.put_object(Bucket="checksums", Key=kind, Body=body, **sum_)
        got = client.get_object(Bucket="checksums", Key=kind, ChecksumMode="ENABLED")
        assert got["Body"].read() == body
        assert got[f"Checksum{kind}"] == put[f"Checksum{kind}"] == (given or put[f"Checksum{kind}"])
        assert got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    with pytest.raises(ClientError) as failure:
        client.put_object(Bucket="checksums", Key="x", Body=body, ContentMD5=base64.b64encode(b"0" * 16).decode())
    assert code(failure) == "BadDigest"


def test_buckets_stand_in_the_host_too(server: Server, owner: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 6761 §6.3: names below localhost are this machine's; not every resolver knows it.
    known = socket.getaddrinfo
    here = lambda host, *more: known("127.0.0.1" if str(host).endswith("localhost") else host, *more)  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", here)
    url = server.url.replace("127.0.0.1", "localhost")
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=owner.access_key,
        aws_secret_access_key=owner.secret,
        config=Config(s3={"addressing_style": "virtual"}, retries={"total_max_attempts": 1}),
    )
    client.create_bucket(Bucket="virtual-style")
    client.put_object(Bucket="virtual-style", Key="a key/ü+ %", Body=b"x")
    assert client.get_object(Bucket="virtual-style", Key="a key/ü+ %")["Body"].read() == b"x"
    assert [o["Key"] for o in s3(server, owner).list_objects_v2(Bucket="virtual-style")["Contents"]] == ["a key/ü+ %"]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_of_both_kinds(server: Server, owner: Keys, version: str) -> None:
    client = s3(server, owner, signature_version=version)
    bucket = f"presigned-{version}"
    client.create_bucket(Bucket=bucket) if version == "s3v4" else s3(server, owner).create_bucket(Bucket=bucket)
    put = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(put, data=b"by url", method="PUT", headers={"Content-Type": ""}))
    get = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    assert urllib.request.urlopen(get).read() == b"by url"
    for changed in (get.replace("/k?", "/other?"), get + "&versionId=1"):
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(changed)
        assert failure.value.code == 403


def test_large_files_go_in_parts(server: Server, owner: Keys, tmp_path: Path) -> None:
    client = s3(server, owner)
    client.create_bucket(Bucket="multipart")
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * (20 * MB // 256))
    client.upload_file(str(source), "multipart", "large")
    client.download_file("multipart", "large", str(tmp_path / "target"))
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
    head = client.head_object(Bucket="multipart", Key="large")
    digests = [hashlib.md5(source.read_bytes()[i : i + 8 * MB]).digest() for i in range(0, 20 * MB, 8 * MB)]
    assert head["ETag"] == f'"{hashlib.md5(b"".join(digests)).hexdigest()}-3"'
    ranged = client.get_object(Bucket="multipart", Key="large", Range=f"bytes={8 * MB - 3}-{8 * MB + 2}")
    assert ranged["Body"].read() == source.read_bytes()[8 * MB - 3 : 8 * MB + 3]


def test_versions_and_delete_markers(server: Server, owner: Keys) -> None:
    client = s3(server, owner)
    client.create_bucket(Bucket="versions")
    client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="versions", Key="k", Body=b"1")["VersionId"]
    client.put_object(Bucket="versions", Key="k", Body=b"2")
    assert client.delete_object(Bucket="versions", Key="k")["DeleteMarker"]
    listed = client.list_object_versions(Bucket="versions")
    assert len(listed["Versions"]) == 2 and listed["DeleteMarkers"][0]["IsLatest"]
    assert client.get_object(Bucket="versions", Key="k", VersionId=first)["Body"].read() == b"1"


def test_pages_and_delimiters(server: Server, owner: Keys) -> None:
    client = s3(server, owner)
    client.create_bucket(Bucket="listing")
    for key in ("a", "b/1", "b/2", "c/1", "d"):
        client.put_object(Bucket="listing", Key=key, Body=b"")
    asked = {"Bucket": "listing", "Delimiter": "/", "PaginationConfig": {"PageSize": 1}}
    pages = list(client.get_paginator("list_objects_v2").paginate(**asked))
    assert len(pages) == 4
    seen = [o["Key"] for p in pages for o in p.get("Contents", [])]
    prefixes = [o["Prefix"] for p in pages for o in p.get("CommonPrefixes", [])]
    assert (seen, prefixes) == (["a", "d"], ["b/", "c/"])
    client.delete_objects(Bucket="listing", Delete={"Objects": [{"Key": k} for k in ("a", "b/1", "b/2", "c/1", "d")]})
    client.delete_bucket(Bucket="listing")


def test_each_half_of_the_tally_is_needed(server: Server, owner: Keys, stranger: Keys) -> None:
    mine, theirs = s3(server, owner), s3(server, stranger)
    mine.create_bucket(Bucket="shared-bucket")
    mine.put_object(Bucket="shared-bucket", Key="k", Body=b"x")
    with pytest.raises(ClientError) as failure:
        theirs.get_object(Bucket="shared-bucket", Key="k")
    assert code(failure) == "AccessDenied"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{stranger.account}:root"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shared-bucket/*",
    }
    mine.put_bucket_policy(
        Bucket="shared-bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert theirs.get_object(Bucket="shared-bucket", Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError):
        theirs.put_object(Bucket="shared-bucket", Key="k", Body=b"y")
    iam = server.client("iam", stranger)
    iam.create_user(UserName="without")
    made = iam.create_access_key(UserName="without")["AccessKey"]
    without = s3(server, Keys(stranger.account, made["AccessKeyId"], made["SecretAccessKey"]))
    with pytest.raises(ClientError) as failure:
        without.get_object(Bucket="shared-bucket", Key="k")
    assert code(failure) == "AccessDenied"


def test_the_command_line_tool_copies_and_lists(server: Server, owner: Keys, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("one", "two"):
        (tmp_path / "folder" / name).write_text(name)
    run_aws(server.environment(owner), "s3", "mb", "s3://cli-bucket")
    run_aws(server.environment(owner), "s3", "sync", str(tmp_path / "folder"), "s3://cli-bucket/folder")
    listed = run_aws(server.environment(owner), "s3", "ls", "s3://cli-bucket/folder/")
    assert "one" in listed.stdout and "two" in listed.stdout
    run_aws(server.environment(owner), "s3", "cp", "s3://cli-bucket/folder/one", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "one"
    run_aws(server.environment(owner), "s3", "rm", "--recursive", "s3://cli-bucket")
    run_aws(server.environment(owner), "s3", "rb", "s3://cli-bucket")
