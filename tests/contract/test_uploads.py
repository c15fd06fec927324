"""Large files go up in several parts at once, and nothing of them is seen or left where one fails."""

import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from csvlake.aws import S3ObjectStore
from csvlake.aws.upload import PART_BYTES, PARTS_AT_ONCE, send_parts
from csvlake.errors import TransientError
from csvlake.lake.ports import ABSENT
from tests.contract.conftest import BUCKET

WAIT_S = 30
PARTS = 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "scratch.parquet"
    path.write_bytes(b"".join(bytes([number]) * PART_BYTES for number in range(PARTS - 1)) + b"end")
    return path


def refused() -> ClientError:
    return ClientError({"Error": {"Code": "InternalError"}}, "UploadPart")


def test_so_many_parts_are_on_their_way_at_once(aws: boto3.Session, path: Path) -> None:
    store = S3ObjectStore(aws, BUCKET)
    barrier = threading.Barrier(PARTS_AT_ONCE)  # nobody passes before all have come

    def wait(params: dict[str, Any], **_: Any) -> None:
        if params["PartNumber"] <= PARTS_AT_ONCE:
            barrier.wait(WAIT_S)

    store._client.meta.events.register("provide-client-params.s3.UploadPart", wait)
    store.put_file("t.parquet", path, {}, ABSENT)
    assert aws.client("s3").get_object(Bucket=BUCKET, Key="t.parquet")["Body"].read() == path.read_bytes()


def test_parts_that_arrive_out_of_order_are_put_in_order(path: Path) -> None:
    others = threading.Event()

    def send(number: int, body: bytes) -> str:
        if number == 1:
            assert others.wait(WAIT_S)
        if number == PARTS:
            others.set()
        return f"{number}: {len(body)}"

    assert send_parts(path, send) == [
        {"PartNumber": number, "ETag": f"{number}: {PART_BYTES if number < PARTS else 3}"}
        for number in range(1, PARTS + 1)
    ]


def test_a_part_that_fails_leaves_nothing(aws: boto3.Session, path: Path) -> None:
    store = S3ObjectStore(aws, BUCKET)
    told: list[str] = []

    def fail(params: dict[str, Any], **_: Any) -> None:
        if params["PartNumber"] == 2:
            raise refused()

    events = store._client.meta.events
    events.register("provide-client-params.s3.UploadPart", fail)
    events.register("after-call.s3", lambda model, **_: told.append(model.name))
    with pytest.raises(TransientError, match="InternalError"):
        store.put_file("t.parquet", path, {}, ABSENT)
    assert store.head("t.parquet") is None
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=BUCKET)
    # No part ends behind the request that removes them, and none is begun for nothing.
    assert told.index("AbortMultipartUpload") == len([name for name in told if name == "UploadPart"]) + 1
    assert told.count("UploadPart") <= PARTS_AT_ONCE + 1


def test_no_other_part_is_begun_once_one_has_failed(path: Path) -> None:
    begun = []
    all_begun = threading.Barrier(PARTS_AT_ONCE)

    def send(number: int, _body: bytes) -> str:
        begun.append(number)
        all_begun.wait(WAIT_S)
        raise KeyError(number)

    with pytest.raises(KeyError):
        send_parts(path, send)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("csvlake-upload")]
    assert sorted(begun) == list(range(1, PARTS_AT_ONCE + 1))


def test_an_empty_file_is_no_object(aws: boto3.Session, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    path.touch()
    store = S3ObjectStore(aws, BUCKET)
    with pytest.raises(TransientError, match="empty"):
        store.put_file("t.parquet", path)
    assert "Uploads" not in aws.client("s3").list_multipart_uploads(Bucket=BUCKET)
