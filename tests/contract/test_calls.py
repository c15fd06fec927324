"""What small files cost: the requests that the function makes to AWS, counted as botocore sends them."""

from collections import Counter
from typing import Any

import boto3
import pytest

from csvlake.handlers import convert
from csvlake.settings import Settings
from tests.contract.conftest import BUCKET, DATABASE
from tests.lakes import sqs_event
from tests.unit.test_handler import Context

FILES = 10
Calls = Counter[str]


@pytest.fixture
def calls(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Make a container over moto, and count its requests by operation."""
    counted: Calls = Counter()

    def count(model: Any, **_: Any) -> None:
        counted[model.name] += 1

    session = boto3.Session(region_name=aws.region_name)
    session.events.register("before-call", count)
    queue_url = session.client("sqs").create_queue(QueueName="convert")["QueueUrl"]
    container = convert._Container(Settings(BUCKET, DATABASE, queue_url), session)
    monkeypatch.setattr(convert, "_container", lambda: container)
    return counted


def invoke(aws: boto3.Session, *names: str) -> None:
    """Upload a file under each name, and have one invocation told of all of them."""
    s3 = aws.client("s3")
    for number, name in enumerate(names):
        s3.put_object(Bucket=BUCKET, Key=f"csv-files/{name}", Body=f"id,name\n{number},a\n".encode())
    answer = convert.handler(sqs_event(*(f"csv-files/{name}" for name in names)), Context())
    assert answer == {"batchItemFailures": []}


@pytest.mark.parametrize("folder", ["t", "t/dt=2026-01-31"])
def test_a_small_file_costs_three_requests(aws: boto3.Session, calls: Calls, folder: str) -> None:
    invoke(aws, f"{folder}/first.csv")
    calls.clear()
    invoke(aws, *(f"{folder}/{number}.csv" for number in range(FILES)))
    assert calls.pop("GetTable", 0) <= 1  # none where the invocation before asked a few seconds ago
    assert calls.pop("CreatePartition", 0) <= 1
    assert calls == {"GetObject": FILES, "PutObject": FILES + 1, "HeadObject": FILES}


def test_a_redelivery_changes_nothing_and_costs_one_more(aws: boto3.Session, calls: Calls) -> None:
    names = [f"t/{number}.csv" for number in range(FILES)]
    invoke(aws, *names)
    calls.clear()
    event = sqs_event(*(f"csv-files/{name}" for name in names))
    assert convert.handler(event, Context()) == {"batchItemFailures": []}
    assert calls.pop("GetTable", 0) <= 1
    assert calls == {"GetObject": FILES, "PutObject": FILES + 1, "HeadObject": 2 * FILES}
