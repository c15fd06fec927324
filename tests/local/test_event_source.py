"""Lambda behind SQS: batches, failures, dead letters, concurrency, a process that dies."""

import json
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.server import Server
from tests.local.functions import make_function

pytestmark = pytest.mark.local

NOTE = """
import os, time
def note(*words):
    with open(os.environ["NOTES"], "a") as file:
        print(*words, file=file)
"""


class Chain:
    """A queue with a dead-letter queue and a function on it, which notes what it does in a file."""

    def __init__(self, session: boto3.Session, server: Server, notes: Path, source: str, **mapping: Any) -> None:
        self.sqs: Any = session.client("sqs", endpoint_url=server.endpoint_url)
        self.client: Any = session.client("lambda", endpoint_url=server.endpoint_url)
        self.logs: Any = session.client("logs", endpoint_url=server.endpoint_url)
        name = uuid.uuid4().hex
        self.dlq = self.sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self._arn(self.dlq), "maxReceiveCount": 3}
        attributes: Any = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(redrive)}
        self.queue = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.notes = notes
        notes.touch()
        environment = {"Variables": {"NOTES": str(notes)}}
        self.function = make_function(session, server.endpoint_url, NOTE + source, Environment=environment)
        self._settings: dict[str, Any] = {
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BatchSize": 10,
        } | mapping
        self.mapping = ""

    def connect(self) -> None:
        """Put the function on the queue."""
        made = self.client.create_event_source_mapping(
            FunctionName=self.function, EventSourceArn=self._arn(self.queue), **self._settings
        )
        self.mapping = made["UUID"]

    def send(self, *bodies: str) -> None:
        """Send messages, all at once."""
        entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)

    def lines(self) -> list[list[str]]:
        """What the function noted, in words."""
        return [line.split() for line in self.notes.read_text().splitlines()]

    def dead(self) -> list[str]:
        """The bodies in the dead-letter queue."""
        answer = self.sqs.receive_message(QueueUrl=self.dlq, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in answer.get("Messages", [])]

    def waiting(self) -> int:
        """How many messages the queue still holds, hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def remove(self) -> None:
        """Leave nothing on a stack that others use."""
        if self.mapping in [m["UUID"] for m in self.client.list_event_source_mappings()["EventSourceMappings"]]:
            self.client.delete_event_source_mapping(UUID=self.mapping)
        self.client.delete_function(FunctionName=self.function)
        for url in (self.queue, self.dlq):
            self.sqs.delete_queue(QueueUrl=url)

    def _arn(self, url: str) -> str:
        return str(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


MakeChain = Callable[..., Chain]


@pytest.fixture
def chain(session: boto3.Session, server: Server, tmp_path: Path) -> Iterator[MakeChain]:
    made: list[Chain] = []

    def make(source: str, **mapping: Any) -> Chain:
        made.append(Chain(session, server, tmp_path / "notes", source, **mapping))
        return made[-1]

    yield make
    for each in made:
        each.remove()


def wait_for(done: Callable[[], bool], limit_s: float = 40) -> None:
    deadline = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_nine_of_ten_succeed_once_and_the_poison_is_dead_lettered(chain: MakeChain) -> None:
    made = chain("""
def handler(event, context):
    failures = []
    for record in event["Records"]:
        note(record["body"], len(event["Records"]), record["attributes"]["ApproximateReceiveCount"])
        if record["body"] == "poison":
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""")
    made.send(*(f"good{number}" for number in range(9)), "poison")
    made.connect()
    wait_for(lambda: made.dead() == ["poison"])
    wait_for(lambda: made.waiting() == 0)
    seen = made.lines()
    assert Counter(body for body, *_ in seen) == Counter({f"good{n}": 1 for n in range(9)} | {"poison": 3})
    assert seen[0][1] == "10"  # one batch
    assert [count for body, _, count in seen if body == "poison"] == ["1", "2", "3"]


def test_a_function_that_raises_fails_its_whole_batch(chain: MakeChain) -> None:
    made = chain("""
def handler(event, context):
    note(*sorted(record["body"] for record in event["Records"]))
    raise ValueError("no")
""")
    made.send("a", "b")
    made.connect()
    wait_for(lambda: sorted(made.dead()) == ["a", "b"])
    assert made.lines() == [["a", "b"]] * 3


def test_no_more_batches_run_at_once_than_allowed(chain: MakeChain) -> None:
    made = chain(
        """
def handler(event, context):
    note("begin")
    time.sleep(1)
    note("end")
""",
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 3},
    )
    made.sqs.set_queue_attributes(QueueUrl=made.queue, Attributes={"VisibilityTimeout": "60"})
    made.send(*"abcdefg")
    made.connect()
    wait_for(lambda: len(made.lines()) == 14)
    running = [0]
    for (word,) in made.lines():
        running.append(running[-1] + (1 if word == "begin" else -1))
    assert 1 < max(running) <= 3
    wait_for(lambda: made.waiting() == 0)  # the last message goes when its batch has ended


def test_a_process_killed_in_the_middle_means_redelivery(chain: MakeChain) -> None:
    made = chain("""
def handler(event, context):
    count = event["Records"][0]["attributes"]["ApproximateReceiveCount"]
    note("begin", os.getpid(), count)
    if count == "1":
        time.sleep(60)
    note("end", os.getpid(), count)
""")
    made.sqs.set_queue_attributes(QueueUrl=made.queue, Attributes={"VisibilityTimeout": "4"})
    made.connect()
    made.send("a")
    wait_for(lambda: len(made.lines()) == 1)
    pid = int(made.lines()[0][1])
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(made.lines()) == 3)
    (_, second), (_, third) = [line[:2] for line in made.lines()[1:]]
    assert second == third != str(pid)
    assert [line[2] for line in made.lines()] == ["1", "2", "2"]
    wait_for(lambda: made.waiting() == 0)
    group = f"/aws/lambda/{made.function}"
    wait_for(lambda: "signal: killed" in logged(made, group))


def logged(made: Chain, group: str) -> str:
    return "".join(event["message"] for event in made.logs.filter_log_events(logGroupName=group)["events"])


def test_a_deleted_mapping_takes_no_more(chain: MakeChain) -> None:
    made = chain("def handler(event, context):\n    note(event['Records'][0]['body'])")
    made.connect()
    made.send("first")
    wait_for(lambda: made.lines() == [["first"]])
    made.client.delete_event_source_mapping(UUID=made.mapping)
    wait_for(lambda: made.client.list_event_source_mappings(FunctionName=made.function)["EventSourceMappings"] == [])
    made.send("second")
    time.sleep(2)
    assert made.lines() == [["first"]]
    assert made.waiting() == 1


def test_another_runtime_is_refused_with_the_reason(session: boto3.Session, server: Server) -> None:
    client = session.client("lambda", endpoint_url=server.endpoint_url)
    with pytest.raises(Exception, match="FunctionActiveV2"):
        make_function(session, server.endpoint_url, "", Runtime="python3.12")
    failed = [f for f in client.list_functions()["Functions"] if f["Runtime"] == "python3.12"]
    reason = client.get_function(FunctionName=failed[0]["FunctionName"])["Configuration"]["StateReason"]
    assert "runs python3.13 only" in reason
