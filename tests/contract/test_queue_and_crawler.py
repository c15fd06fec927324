"""What every `Queue` and every `Crawler` does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from csvlake.aws import GlueCrawler, SqsQueue
from csvlake.errors import TransientError
from csvlake.lake.ports import Crawler, CrawlerState, Queue
from tests.contract.conftest import BUCKET, DATABASE
from tests.fakes import MemoryClock, MemoryCrawler, MemoryQueue


@dataclass
class QueueUnderTest:
    queue: Queue
    receive: Callable[[], list[str]]


@pytest.fixture(params=["memory", "sqs"])
def sent(request: pytest.FixtureRequest) -> QueueUnderTest:
    if request.param == "memory":
        queue = MemoryQueue(MemoryClock())
        return QueueUnderTest(queue, queue.receive)
    session: boto3.Session = request.getfixturevalue("aws")
    client = session.client("sqs")
    url = client.create_queue(QueueName="convert")["QueueUrl"]

    def receive() -> list[str]:
        received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    return QueueUnderTest(SqsQueue(session, url), receive)


@pytest.fixture(params=["memory", "glue"])
def crawler(request: pytest.FixtureRequest) -> Crawler:
    if request.param == "memory":
        return MemoryCrawler(MemoryClock())
    session: boto3.Session = request.getfixturevalue("aws")
    targets = {"S3Targets": [{"Path": f"s3://{BUCKET}/parquet-files/"}]}
    session.client("glue").create_crawler(Name="c", Role="r", DatabaseName=DATABASE, Targets=targets)  # type: ignore[arg-type]
    return GlueCrawler(session, "c")


def test_a_message_arrives(sent: QueueUnderTest) -> None:
    sent.queue.send('{"key": "é"}', 0)
    assert sent.receive() == ['{"key": "é"}']
    assert sent.receive() == []


def test_a_late_message_is_not_there_yet(sent: QueueUnderTest) -> None:
    sent.queue.send("x", 900)
    assert sent.receive() == []


def test_many_messages_arrive(sent: QueueUnderTest) -> None:
    bodies = [f"é{number}" for number in range(23)]
    sent.queue.send_many(bodies, 0)
    received: list[str] = []
    while some := sent.receive():
        received += some
    assert sorted(received) == sorted(bodies)
    sent.queue.send_many(["late"], 900)
    sent.queue.send_many([], 0)
    assert sent.receive() == []


def refuse_some(queue: SqsQueue, times: int, *, fault_of_sender: bool = False) -> list[list[str]]:
    """Let SQS not take the last message of each of the first so many batches; return what each batch asked for."""
    asked: list[list[str]] = []
    failure = {"Id": "", "SenderFault": fault_of_sender, "Code": "InternalError", "Message": "try again"}

    def spoil(params: dict[str, Any], **_: object) -> None:
        asked.append([entry["MessageBody"] for entry in params["Entries"]])
        failure["Id"] = params["Entries"][-1]["Id"]

    def answer(parsed: dict[str, Any], **_: object) -> None:
        if len(asked) <= times:
            parsed["Failed"] = [failure]

    queue._client.meta.events.register("provide-client-params.sqs.SendMessageBatch", spoil)
    queue._client.meta.events.register("after-call.sqs.SendMessageBatch", answer)
    return asked


def test_messages_that_sqs_did_not_take_are_sent_again(aws: boto3.Session) -> None:
    waited: list[float] = []
    queue = SqsQueue(aws, aws.client("sqs").create_queue(QueueName="q")["QueueUrl"], waited.append)
    asked = refuse_some(queue, times=2)
    queue.send_many(["a", "b", "c"], 0)
    assert asked == [["a", "b", "c"], ["c"], ["c"]]
    assert waited == [0.1, 0.2]


@pytest.mark.parametrize(("fault_of_sender", "tries"), [(False, 5), (True, 1)])
def test_messages_that_sqs_never_takes_are_trouble(aws: boto3.Session, fault_of_sender: bool, tries: int) -> None:
    queue = SqsQueue(aws, aws.client("sqs").create_queue(QueueName="q")["QueueUrl"], lambda _: None)
    asked = refuse_some(queue, 99, fault_of_sender=fault_of_sender)
    with pytest.raises(TransientError, match="1 messages were not sent: InternalError: try again"):
        queue.send_many(["a"], 0)
    assert len(asked) == tries


def test_a_crawler_starts_once_at_a_time(crawler: Crawler) -> None:
    assert crawler.look() == CrawlerState(is_running=False)
    assert crawler.start()
    assert not crawler.start()
    assert crawler.look().is_running


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"State": "READY"}, CrawlerState(is_running=False)),
        ({"State": "READY", "LastCrawl": {"Status": "SUCCEEDED"}}, CrawlerState(is_running=False)),
        (
            {"State": "READY", "LastCrawl": {"Status": "SUCCEEDED", "StartTime": 1_000_000.5}},
            CrawlerState(is_running=False, began_at=1_000_000.5),
        ),
        (
            {"State": "STOPPING", "CrawlElapsedTime": 9, "LastCrawl": {"Status": "FAILED", "StartTime": 1_000_000.5}},
            CrawlerState(is_running=False, began_at=1_000_000.5, has_failed=True),
        ),
        (
            {"State": "RUNNING", "CrawlElapsedTime": 9, "LastCrawl": {"Status": "CANCELLED", "StartTime": 1.0}},
            CrawlerState(is_running=True, began_at=1.0, has_failed=True),
        ),
    ],
)
def test_what_glue_tells_of_a_crawler(aws: boto3.Session, told: dict[str, object], expected: CrawlerState) -> None:
    assert glue_crawler_that_tells(aws, told).look() == expected


def glue_crawler_that_tells(session: boto3.Session, told: dict[str, object]) -> GlueCrawler:
    """Return a crawler of which Glue says this."""
    crawler = GlueCrawler(session, "c")

    def answer(**_: object) -> tuple[object, dict[str, object]]:
        last = told.get("LastCrawl")
        if isinstance(last, dict) and "StartTime" in last:
            last = {**last, "StartTime": datetime.fromtimestamp(last["StartTime"], UTC)}
        return SimpleNamespace(status_code=200), {"Crawler": {**told, **({"LastCrawl": last} if last else {})}}

    events: Any = crawler._client.meta.events  # the stubs do not know that a hook may answer
    events.register("before-call.glue.GetCrawler", answer)
    return crawler
