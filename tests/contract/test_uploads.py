"""Large files go up in several parts at once, while they are made, and nothing of them is left where one fails."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from csvlake.aws import S3ObjectStore
from csvlake.aws.upload import PART_BYTES, PARTS_AT_ONCE, S3Upload
from csvlake.errors import TransientError
from csvlake.lake.ports import ABSENT, PreconditionFailed
from tests.contract.conftest import BUCKET

WAIT_S = 30
PARTS = 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "scratch.parquet"
    path.write_bytes(b"".join(bytes([number]) * PART_BYTES for number in range(PARTS - 1)) + b"end")
    return path


@pytest.fixture
def upload(aws: boto3.Session) -> Iterator[S3Upload]:
    with closing(S3ObjectStore(aws, BUCKET).begin_file("t.parquet")) as upload:
        yield upload


def on_part(upload: S3Upload, act: Any) -> None:
    """Have something done in the thread that sends a part, with the part's number."""

    def tell(params: dict[str, Any], **_: Any) -> None:
        act(params["PartNumber"])

    upload._client.meta.events.register("provide-client-params.s3.UploadPart", tell)


def calls_of(upload: S3Upload) -> list[str]:
    told: list[str] = []
    upload._client.meta.events.register("after-call.s3", lambda model, **_: told.append(model.name))
    return told


def refuse(number: int) -> None:
    raise ClientError({"Error": {"Code": "InternalError", "Message": str(number)}}, "UploadPart")


def stored(aws: boto3.Session) -> bytes:
    return aws.client("s3").get_object(Bucket=BUCKET, Key="t.parquet")["Body"].read()


def unfinished(aws: boto3.Session) -> int:
    return len(aws.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


def test_so_many_parts_are_on_their_way_at_once(aws: boto3.Session, upload: S3Upload, path: Path) -> None:
    barrier = threading.Barrier(PARTS_AT_ONCE)  # nobody passes before all have come
    on_part(upload, lambda number: number > PARTS_AT_ONCE or barrier.wait(WAIT_S))
    upload.complete(path, ABSENT)
    assert stored(aws) == path.read_bytes()


def test_parts_that_arrive_out_of_order_are_put_in_order(aws: boto3.Session, upload: S3Upload, path: Path) -> None:
    last = threading.Event()
    on_part(upload, lambda number: last.set() if number == PARTS else number > 1 or last.wait(WAIT_S))
    upload.complete(path, ABSENT)
    assert stored(aws) == path.read_bytes()


def test_whole_parts_are_sent_before_the_file_is_complete(upload: S3Upload, path: Path) -> None:
    sent: set[int] = set()
    both = threading.Event()

    def take(number: int) -> None:
        sent.add(number)
        if {1, 2} <= sent:
            both.set()

    on_part(upload, take)
    upload.grow(path, PART_BYTES - 1)
    upload.grow(path, 3 * PART_BYTES - 1)
    assert both.wait(WAIT_S)
    assert sent == {1, 2}


def test_a_file_of_less_than_a_part_needs_three_requests(upload: S3Upload, tmp_path: Path) -> None:
    path = tmp_path / "short.parquet"
    path.write_bytes(b"PAR1")
    told = calls_of(upload)
    upload.grow(path, 4)
    assert told == []
    upload.complete(path, ABSENT)
    assert told == ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]


def test_a_part_that_fails_leaves_nothing(aws: boto3.Session, upload: S3Upload, path: Path) -> None:
    told = calls_of(upload)
    on_part(upload, lambda number: refuse(number) if number == 2 else None)
    with pytest.raises(TransientError, match="InternalError"):
        upload.complete(path, ABSENT)
    upload.close()
    assert "CompleteMultipartUpload" not in told
    assert unfinished(aws) == 0
    # No part ends behind the request that removes them, and none is begun for nothing.
    assert told.index("AbortMultipartUpload") == len([name for name in told if name == "UploadPart"]) + 1
    assert told.count("UploadPart") <= PARTS_AT_ONCE + 1


def test_no_other_part_is_begun_once_one_has_failed(upload: S3Upload, path: Path) -> None:
    begun = []
    all_begun = threading.Barrier(PARTS_AT_ONCE)

    def fail(number: int) -> None:
        begun.append(number)
        all_begun.wait(WAIT_S)
        refuse(number)

    on_part(upload, fail)
    with pytest.raises(TransientError):
        upload.complete(path, ABSENT)
    upload.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("csvlake-upload")]
    assert sorted(begun) == list(range(1, PARTS_AT_ONCE + 1))


def test_what_is_not_completed_is_aborted(aws: boto3.Session, upload: S3Upload, path: Path) -> None:
    upload.grow(path, 3 * PART_BYTES)
    upload.close()
    assert unfinished(aws) == 0


def test_parts_are_sent_once_whatever_stands_at_the_key(aws: boto3.Session, upload: S3Upload, path: Path) -> None:
    there = aws.client("s3").put_object(Bucket=BUCKET, Key="t.parquet", Body=b"older")["ETag"].strip('"')
    told = calls_of(upload)
    with pytest.raises(PreconditionFailed):
        upload.complete(path, ABSENT)
    upload.complete(path, there)
    assert told.count("UploadPart") == PARTS
    assert (stored(aws), unfinished(aws)) == (path.read_bytes(), 0)


@pytest.mark.parametrize("codes", [["ConditionalRequestConflict"], ["PreconditionFailed", "NoSuchUpload"]])
def test_where_the_parts_do_not_stand_they_are_sent_again(
    aws: boto3.Session, upload: S3Upload, path: Path, codes: list[str]
) -> None:
    """S3 says so in its answer 409: another request for the key is under way. After 412 it says that they stand."""
    answers = list(codes)

    def refuse_complete(**_: Any) -> None:
        if answers:
            raise ClientError({"Error": {"Code": answers.pop(0)}}, "CompleteMultipartUpload")

    upload._client.meta.events.register("provide-client-params.s3.CompleteMultipartUpload", refuse_complete)
    told = calls_of(upload)
    with pytest.raises(PreconditionFailed):
        upload.complete(path, ABSENT)
    upload.complete(path, ABSENT)
    assert (told.count("CreateMultipartUpload"), answers) == (2, [])
    assert (stored(aws), unfinished(aws)) == (path.read_bytes(), 0)


def test_an_empty_file_is_no_object(aws: boto3.Session, upload: S3Upload, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    path.touch()
    with pytest.raises(TransientError, match="empty"):
        upload.complete(path, None)
    assert unfinished(aws) == 0
