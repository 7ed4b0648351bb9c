"""What S3 asks beside the one obvious permission: each request here was let through by a server that did not."""

import http.client
from typing import Any

import pytest

from support import Keys, Server, allow, deny, policy, refused


@pytest.fixture
def bucket(server: Server, owner: Keys) -> str:
    name = f"policies-{owner.account}"
    server.client("s3", owner).create_bucket(Bucket=name)
    return name


def arns(bucket: str) -> list[str]:
    return [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def test_a_marker_shows_no_key_before_the_prefix(server: Server, owner: Keys, bucket: str, make_user: Any) -> None:
    mine = server.client("s3", owner)
    for key in ("a.txt", "b-secret.txt", "home/zed/1"):
        mine.put_object(Bucket=bucket, Key=key, Body=b"x")
    only = {"StringEquals": {"s3:prefix": "home/zed/"}}
    theirs = server.client("s3", make_user(allow("s3:ListBucketVersions", arns(bucket)[0], Condition=only)))
    listed = theirs.list_object_versions(
        Bucket=bucket, Prefix="home/zed/", KeyMarker="a.txt", VersionIdMarker="null"
    )
    assert [version["Key"] for version in listed["Versions"]] == ["home/zed/1"]


def test_no_other_account_changes_or_reads_a_buckets_policy(
    server: Server, owner: Keys, stranger: Keys, bucket: str
) -> None:
    document = policy(
        allow("s3:*", arns(bucket), Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"})
    )
    server.client("s3", owner).put_bucket_policy(Bucket=bucket, Policy=document)
    theirs = server.client("s3", stranger)
    assert theirs.list_objects_v2(Bucket=bucket)["KeyCount"] == 0, "what the policy does give"
    with refused("MethodNotAllowed", 405):
        theirs.get_bucket_policy(Bucket=bucket)
    with refused("MethodNotAllowed", 405):
        theirs.put_bucket_policy(Bucket=bucket, Policy=document)
    with refused("MethodNotAllowed", 405):
        theirs.delete_bucket_policy(Bucket=bucket)


def test_a_denial_by_an_objects_tag_holds(server: Server, owner: Keys, bucket: str, make_user: Any) -> None:
    mine = server.client("s3", owner)
    mine.put_object(Bucket=bucket, Key="open", Body=b"x", Tagging="class=public")
    mine.put_object(Bucket=bucket, Key="shut", Body=b"x", Tagging="class=secret")
    secret = {"StringEquals": {"s3:ExistingObjectTag/class": "secret"}}
    keys = make_user(allow("s3:*", arns(bucket)), deny("s3:GetObject*", "*", Condition=secret))
    theirs = server.client("s3", keys)
    assert theirs.get_object(Bucket=bucket, Key="open")["Body"].read() == b"x"
    for read in (theirs.get_object, theirs.head_object, theirs.get_object_tagging):
        with pytest.raises(theirs.exceptions.ClientError) as failure:
            read(Bucket=bucket, Key="shut")
        assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with refused("AccessDenied", 403):
        theirs.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "shut"})


def test_a_copy_takes_tags_over_only_from_who_may_read_them(
    server: Server, owner: Keys, bucket: str, make_user: Any
) -> None:
    server.client("s3", owner).put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="a=b")
    source = {"Bucket": bucket, "Key": "tagged"}
    copies = allow(["s3:GetObject", "s3:PutObject"], arns(bucket))
    theirs = server.client("s3", make_user(copies, name="copies"))
    with refused("AccessDenied", 403, pattern="s3:GetObjectTagging"):
        theirs.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    theirs.copy_object(Bucket=bucket, Key="copy", CopySource=source, TaggingDirective="REPLACE")
    reads = allow("s3:GetObjectTagging", arns(bucket))
    with refused("AccessDenied", 403, pattern="s3:PutObjectTagging"):
        server.client("s3", make_user(copies, reads, name="reads")).copy_object(
            Bucket=bucket, Key="copy", CopySource=source
        )


@pytest.mark.parametrize("spelled", ["{}/quarantine/x", "/{}/quarantine/x"])
def test_a_copys_source_is_judged_by_what_it_means(
    server: Server, owner: Keys, bucket: str, make_user: Any, spelled: str
) -> None:
    server.client("s3", owner).put_object(Bucket=bucket, Key="quarantine/x", Body=b"x")
    shut = {"StringLike": {"s3:x-amz-copy-source": f"{bucket}/quarantine/*"}}
    keys = make_user(allow("s3:*", arns(bucket)), deny("s3:PutObject", "*", Condition=shut))
    with refused("AccessDenied", 403):
        server.client("s3", keys).copy_object(Bucket=bucket, Key="y", CopySource=spelled.format(bucket))


def test_the_expected_owner_of_a_copys_source_is_heeded(
    server: Server, owner: Keys, stranger: Keys, bucket: str
) -> None:
    mine = server.client("s3", owner)
    mine.put_object(Bucket=bucket, Key="x", Body=b"x")
    source = {"Bucket": bucket, "Key": "x"}
    with refused("AccessDenied", 403):
        mine.copy_object(
            Bucket=bucket, Key="y", CopySource=source, ExpectedSourceBucketOwner=stranger.account
        )
    mine.copy_object(Bucket=bucket, Key="y", CopySource=source, ExpectedSourceBucketOwner=owner.account)


@pytest.mark.parametrize("wide", ["0.0.0.0/1", "1.2.3.4/0", "2000::/3"])
def test_a_wide_range_of_addresses_is_the_public(server: Server, owner: Keys, bucket: str, wide: str) -> None:
    condition = {"IpAddress": {"aws:SourceIp": wide}}
    with refused("AccessDenied", 403):
        server.client("s3", owner).put_bucket_policy(
            Bucket=bucket, Policy=policy(allow("s3:GetObject", arns(bucket)[1], Principal="*", Condition=condition))
        )


def test_nobody_uploads_in_parts_without_a_name(server: Server, owner: Keys, bucket: str) -> None:
    mine = server.client("s3", owner)
    mine.delete_public_access_block(Bucket=bucket)
    mine.put_bucket_policy(Bucket=bucket, Policy=policy(allow("s3:PutObject", arns(bucket)[1], Principal="*")))
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    line.request("PUT", f"/{bucket}/whole", body=b"x")
    answer = line.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    line.request("POST", f"/{bucket}/parts?uploads")
    answer = line.getresponse()
    assert answer.status == 403 and b"Anonymous users cannot initiate multipart uploads" in answer.read()


def test_a_bucket_is_judged_by_the_region_in_which_it_lies(
    server: Server, owner: Keys, bucket: str, make_user: Any
) -> None:
    server.client("s3", owner).put_object(Bucket=bucket, Key="x", Body=b"x")
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    keys = make_user(allow("s3:*", arns(bucket)), deny("s3:*", "*", Condition=elsewhere))
    with refused("AccessDenied", 403):
        server.client("s3", keys, region="eu-west-1").get_object(Bucket=bucket, Key="x")
