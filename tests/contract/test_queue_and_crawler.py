"""What every `Queue` and every `Crawler` does."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from csvlake.aws import GlueCrawler, SqsQueue
from csvlake.lake.ports import Crawler, Queue
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
        return [message["Body"] for message in client.receive_message(QueueUrl=url).get("Messages", [])]

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


def test_a_crawler_starts_once_at_a_time(crawler: Crawler) -> None:
    assert crawler.last_started_at() is None
    assert crawler.start()
    assert not crawler.start()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"State": "READY"}, None),
        ({"State": "READY", "LastCrawl": {"Status": "SUCCEEDED"}}, None),
        ({"State": "READY", "LastCrawl": {"StartTime": 1_000_000.5}}, 1_000_000.5),
        ({"State": "STOPPING", "CrawlElapsedTime": 9, "LastCrawl": {"StartTime": 1_000_000.5}}, 1_000_000.5),
    ],
)
def test_glue_tells_when_the_last_crawl_began(
    aws: boto3.Session, told: dict[str, object], expected: float | None
) -> None:
    assert glue_crawler_that_tells(aws, told).last_started_at() == expected


def test_glue_tells_of_a_running_crawl_how_long_it_has_run(aws: boto3.Session) -> None:
    told = {"State": "RUNNING", "CrawlElapsedTime": 100_000, "LastCrawl": {"StartTime": 1.0}}
    started_at = glue_crawler_that_tells(aws, told).last_started_at()
    assert started_at is not None
    assert 0 <= time.time() - 100 - started_at < 60


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
