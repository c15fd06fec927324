"""The whole chain on the deployed stack: S3 → EventBridge → SNS → SQS → Lambda → Glue → Athena."""

import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import psutil
import pytest

from local.lake import QueryError
from local.server import Server
from tests.local.lake_client import LakeClient

pytestmark = pytest.mark.local

OPEN_POLL_S = 6  # local.event_source.WAIT_S and one more: after this, no poll is open that began before


@pytest.fixture
def table() -> str:
    """A table name of the test's own, since the stack may be a person's."""
    return f"pipeline_{uuid.uuid4().hex[:10]}"


def wait_for(done: Callable[[], bool], what: str, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline, f"waited {limit_s} s in vain for {what}"
        time.sleep(0.1)


def rows(lake: LakeClient, table: str, columns: str = "*") -> list[tuple[str, ...]]:
    """All rows in the order of all columns; none while the table is not there."""
    try:
        answer = lake.query(f"SELECT {columns} FROM {table}")
    except QueryError as error:
        if "does not exist" not in str(error):
            raise
        return []
    return sorted(tuple(row.values()) for row in answer)


def has_rows(lake: LakeClient, table: str, columns: str, *wanted: tuple[str, ...]) -> bool:
    return rows(lake, table, columns) == list(wanted)


def test_upload_replace_and_delete_change_that_files_rows_alone(lake: LakeClient, table: str) -> None:
    lake.put(f"csv-files/{table}/a.csv", "id,name\n001,NA\n002,\n")
    lake.put(f"csv-files/{table}/b.csv", 'id,name\n003,"two\nlines"\n')
    wait_for(lambda: rows(lake, table) == [("001", "NA"), ("002", ""), ("003", "two\nlines")], "both files")
    lake.put(f"csv-files/{table}/a.csv", "id,name\n001,new\n")
    wait_for(lambda: rows(lake, table) == [("001", "new"), ("003", "two\nlines")], "the new rows of a.csv")
    lake.delete(f"csv-files/{table}/a.csv")
    wait_for(lambda: rows(lake, table) == [("003", "two\nlines")], "the rows of a.csv to be gone")


def test_every_key_that_s3_takes_arrives_once(lake: LakeClient, table: str) -> None:
    names = [
        "a b.csv",
        "a+b.csv",
        "a%20b.csv",
        "50%.csv",
        "k=v.csv",
        "ünïcödé 東京.csv",
        "q?&#.csv",
        "sub/folder/x.CSV",
    ]
    keys = {f"csv-files/{table}/{name}": str(number) for number, name in enumerate(names)}
    for key, number in keys.items():
        lake.put(key, f"n\n{number}\n")
    wait_for(lambda: len(rows(lake, table)) == len(names), "one row a file")
    assert rows(lake, table, "n") == [(str(number),) for number in range(len(names))]
    outcomes = lake.wait_for_outcomes(set(keys))
    # An event's key can be read in two ways ("a b.csv" and "a%20b.csv" here), and both keys are looked at.
    assert {row["outcome"] for row in outcomes.values()} <= {"converted", "unchanged"}
    for key in keys:
        lake.delete(key)
    wait_for(lambda: rows(lake, table) == [], "all rows to be gone")


def test_folders_named_key_equals_value_are_partitions(lake: LakeClient, table: str) -> None:
    for day, region, value in (("2026-01-01", "EU", "1"), ("2026-01-01", "US", "2"), ("2026-01-02", "EU", "3")):
        lake.put(f"csv-files/{table}/day={day}/region={region}/x.csv", f"v\n{value}\n")
    wait_for(lambda: len(rows(lake, table)) == 3, "three partitions")
    assert rows(lake, table, "v, day, region") == [
        ("1", "2026-01-01", "EU"),
        ("2", "2026-01-01", "US"),
        ("3", "2026-01-02", "EU"),
    ]
    assert rows(lake, f"{table} WHERE region = 'US'", "v") == [("2",)]


def test_what_cannot_be_converted_is_refused_with_a_reason(lake: LakeClient, table: str) -> None:
    key = f"csv-files/{table}/empty.csv"
    lake.put(key, b"")
    outcome = lake.wait_for_outcomes({key})[key]
    assert outcome["outcome"] == "refused"
    assert "empty" in outcome["reason"]


class Queue:
    """The stack's queue and what feeds from it, to hold still and to hurry."""

    def __init__(self, session: boto3.Session, stack: dict[str, str]) -> None:
        self.stack = stack
        self.sqs: Any = session.client("sqs", endpoint_url=stack["endpoint_url"])
        self.client: Any = session.client("lambda", endpoint_url=stack["endpoint_url"])
        self.url = stack["convert_queue_url"]

    def counts(self) -> tuple[int, int]:
        """How many messages wait, and how many are being worked on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        waiting, hidden = (int(attributes[name]) for name in names)
        return waiting, hidden

    def tell_again(self, key: str) -> None:
        """Send S3's event for a key once more."""
        event = {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": {"bucket": {"name": self.stack["bucket"]}, "object": {"key": key}},
        }
        self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(event))

    def is_empty(self) -> bool:
        """Whether nothing is left in it, messages for later included."""
        names = ["ApproximateNumberOfMessagesDelayed"]
        later = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return (*self.counts(), int(later[names[0]])) == (0, 0, 0)

    @contextlib.contextmanager
    def patience(self, *, visibility_s: int, tries: int) -> Iterator[None]:
        """Let failed messages come back soon; as deployed it takes half an hour."""
        names = ["VisibilityTimeout", "RedrivePolicy"]
        before = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        redrive = json.dumps(json.loads(before["RedrivePolicy"]) | {"maxReceiveCount": tries})
        changed = {"VisibilityTimeout": str(visibility_s), "RedrivePolicy": redrive}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=changed)
        time.sleep(OPEN_POLL_S)  # it would take its messages with the old timeout
        try:
            yield
        finally:
            self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=before)

    @contextlib.contextmanager
    def nobody_reading(self) -> Iterator[None]:
        """Keep the function from the queue, once it has done what the tests before have left it to do."""
        wait_for(self.is_empty, "the queue to be empty", 120)
        mapping = self.client.list_event_source_mappings(FunctionName=self.stack["function_name"])
        uuid = mapping["EventSourceMappings"][0]["UUID"]
        self._switch(uuid, "Disabled")
        try:
            yield
        finally:
            self._switch(uuid, "Enabled")

    def take_dead(self, body: str) -> bool:
        """Take a message out of the dead-letter queue, once it is there; what other tests look for stays."""
        url = self.stack["dlq_url"]
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=1)
        found = [message for message in answer.get("Messages", []) if message["Body"] == body]
        for message in found:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bool(found)

    def _switch(self, uuid: str, state: str) -> None:
        self.client.update_event_source_mapping(UUID=uuid, Enabled=state == "Enabled")
        wait_for(
            lambda: self.client.get_event_source_mapping(UUID=uuid)["State"] == state, f"the mapping to be {state}"
        )
        time.sleep(OPEN_POLL_S if state == "Disabled" else 0)  # it takes one more batch


@pytest.fixture
def queue(session: boto3.Session, stack: dict[str, str]) -> Queue:
    return Queue(session, stack)


def test_of_ten_messages_nine_are_converted_once_and_the_poison_is_dead_lettered(
    lake: LakeClient, queue: Queue, table: str
) -> None:
    keys = {f"csv-files/{table}/{number}.csv" for number in range(9)}
    poison = f"not an event: {table}"
    with queue.patience(visibility_s=15, tries=2):
        with queue.nobody_reading():
            for number, key in enumerate(sorted(keys)):
                lake.put(key, f"n\n{number}\n")
            queue.sqs.send_message(QueueUrl=queue.url, MessageBody=poison)
            wait_for(lambda: queue.counts() == (10, 0), "ten messages in the queue")
        wait_for(lambda: queue.take_dead(poison), "the poison in the dead-letter queue", 120)
        assert queue.counts() == (0, 0)
    assert rows(lake, table, "n") == [(str(number),) for number in range(9)]
    told = [row for row in lake.query("SELECT * FROM conversions") if row["source_key"] in keys]
    assert sorted(row["source_key"] for row in told) == sorted(keys)  # none twice
    assert {row["outcome"] for row in told} == {"converted"}
    assert len({row["request_id"] for row in told}) == 1  # one batch


def test_a_process_killed_in_the_middle_is_made_up_for(
    lake: LakeClient, queue: Queue, server: Server, stack: dict[str, str], table: str
) -> None:
    lake.put(f"csv-files/{table}/small.csv", "id,text\n1,x\n")
    wait_for(lambda: len(rows(lake, table)) == 1, "the small file")
    count = 1_500_000
    large = "id,text\n" + "".join(f"{number},some text {number}\n" for number in range(count))
    with queue.patience(visibility_s=30, tries=5):
        lake.put(f"csv-files/{table}/large.csv", large)
        wait_for(lambda: queue.counts()[1] == 1, "the conversion to begin", 10)
        killed = 0
        for process in psutil.Process(server.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == stack["function_name"]:
                    process.kill()
                    killed += 1
        assert killed
        assert list(lake.lake.list(f"parquet-files/{table}/large")) == []  # it had not ended
        wait_for(lambda: queue.counts() == (0, 0), "the message to be converted after all", 120)
    assert rows(lake, table, "count(*), count(DISTINCT id), max(id)") == [(str(count + 1), str(count), str(count - 1))]
    outcomes = lake.wait_for_outcomes({f"csv-files/{table}/large.csv"})
    assert [row["outcome"] for row in outcomes.values()] == ["converted"]


def test_a_large_file_is_replaced_and_known_again(lake: LakeClient, queue: Queue, table: str) -> None:
    """It is sent while it is made, and what it was made from is told by its footer."""
    key, count = f"csv-files/{table}/large.csv", 400_000
    for word in ("first", "second"):
        texts = (hashlib.sha256(f"{word} {number}".encode()).hexdigest() for number in range(count))
        lake.put(key, "id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(texts)) + "7,a,b\n")
        third = hashlib.sha256(f"{word} 3".encode()).hexdigest()
        sql = f"count(*), count(CASE text WHEN '{third}' THEN 1 END)"
        wait_for(partial(has_rows, lake, table, sql, (str(count + 1), "1")), f"the {word} file", 120)
    wait_for(lambda: queue.counts() == (0, 0), "the queue to be empty")
    queue.tell_again(key)
    wait_for(lambda: queue.counts() == (0, 0), "the event to be dealt with")
    row = lake.outcomes({key})[key]
    assert row["outcome"] == "unchanged"
    assert (row["records_read"], row["rows_written"], row["rows_rescued"]) == (str(count + 1), str(count + 1), "1")


def test_an_event_that_comes_again_changes_nothing(lake: LakeClient, queue: Queue, table: str) -> None:
    key = f"csv-files/{table}/a.csv"
    lake.put(key, "n\n1\n")
    wait_for(lambda: rows(lake, table) == [("1",)], "the row")
    for _ in range(2):
        queue.tell_again(key)
    wait_for(lambda: queue.counts() == (0, 0), "both to be dealt with")
    assert rows(lake, table) == [("1",)]
    told = [row["outcome"] for row in lake.query("SELECT * FROM conversions") if row["source_key"] == key]
    assert told.count("converted") == 1
