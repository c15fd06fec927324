"""Objects that are longer than what comes with the first request: how they are asked for, and what trouble does."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore import endpoint
from botocore.awsrequest import AWSResponse
from moto.core.models import botocore_stubber

from csvlake import engine
from csvlake.aws import S3ObjectStore
from csvlake.aws.source import S3Source
from csvlake.engine.model import ConvertOptions
from csvlake.errors import TransientError
from tests.contract.conftest import BUCKET
from tests.crash.account import answer

FIRST, BLOCK = 8 << 20, 4 << 20
LIBRARIES = 90 << 20
RECORD = b"12345,some text,2026-01-31\n"
CONTENT = b"id,text,day\n" + RECORD * (18_000_000 // len(RECORD))


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None))  # between boto3's own tries


@pytest.fixture
def store(aws: boto3.Session) -> S3ObjectStore:
    aws.client("s3").put_object(Bucket=BUCKET, Key="x", Body=CONTENT)
    return S3ObjectStore(aws, BUCKET)


@pytest.fixture
def source(store: S3ObjectStore) -> Iterator[S3Source]:
    source = store.open_source("x")
    assert source is not None
    yield source
    source.close()


def slow_down(store: S3ObjectStore, begin: int, times: int) -> Counter[str]:
    """Have S3 refuse requests for the block that begins there so many times; count them."""
    refused: Counter[str] = Counter()

    def refuse(request: Any, **_: Any) -> AWSResponse | None:
        asked = request.headers.get("Range", b"")
        if asked.startswith(f"bytes={begin}-".encode()) and refused["GET"] < times:
            refused["GET"] += 1
            return answer(request, 503, "SlowDown")
        response: AWSResponse | None = botocore_stubber("before-send.s3.GetObject", request)
        return response

    store._client.meta.events.register_first("before-send.s3.GetObject", refuse)  # type: ignore[arg-type]
    return refused


def test_an_object_that_is_read_in_order_is_asked_for_once(store: S3ObjectStore) -> None:
    asked: list[str] = []
    store._client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"]["Range"])
    )
    source = store.open_source("x")
    assert source is not None
    found = b"".join(source.read_range(at, 1 << 20) for at in range(0, len(CONTENT), 1 << 20))
    source.close()
    assert found == CONTENT
    begins = [0, *range(FIRST, len(CONTENT), BLOCK)]
    ends = [FIRST, *(min(begin + BLOCK, len(CONTENT)) for begin in begins[1:])]
    assert sorted(asked) == sorted(f"bytes={begin}-{end - 1}" for begin, end in zip(begins, ends, strict=True))


def test_a_conversion_is_that_of_the_same_bytes_elsewhere(source: S3Source, tmp_path: Path) -> None:
    options = ConvertOptions(memory_bytes=0, scratch_dir=tmp_path)  # the smallest batches, and so many of them
    paths = [engine.convert(one, options).path for one in (source, engine.open_source(CONTENT))]
    assert all(paths)
    here, there = (path.read_bytes() for path in paths if path is not None)
    assert here == there
    assert pq.read_metadata(paths[0]).num_rows == CONTENT.count(b"\n") - 1


def test_being_throttled_ahead_of_the_reader_goes_unnoticed(store: S3ObjectStore, source: S3Source) -> None:
    refused = slow_down(store, FIRST + BLOCK, 2)
    assert source.read_range(0, len(CONTENT)) == CONTENT
    assert refused["GET"] == 2


def test_being_throttled_for_long_is_trouble_at_the_read_that_needs_it(store: S3ObjectStore, source: S3Source) -> None:
    slow_down(store, FIRST + BLOCK, 5)  # as often as boto3 tries
    assert source.read_range(0, FIRST + BLOCK) == CONTENT[: FIRST + BLOCK]
    with pytest.raises(TransientError, match="SlowDown"):
        source.read_range(FIRST + BLOCK, BLOCK)
    assert source.read_range(FIRST + BLOCK, BLOCK) == CONTENT[FIRST + BLOCK : FIRST + 2 * BLOCK]


def test_looks_that_are_expected_may_be_past_the_end_or_in_trouble(store: S3ObjectStore, source: S3Source) -> None:
    end = len(CONTENT)
    slow_down(store, end - 10, 5)
    source.expect([(end - 10, 100), (0, 10), (end, 10)])
    with pytest.raises(TransientError, match="SlowDown"):
        source.read_range(end - 10, 100)
    assert source.read_range(end - 10, 100) == CONTENT[-10:]
    assert source.read_range(0, 10) == CONTENT[:10]
    assert source.read_range(end, 10) == b""


def test_memory_is_told_of(source: S3Source) -> None:
    assert source.held_bytes == LIBRARIES + min(len(CONTENT), FIRST + 4 * BLOCK)
