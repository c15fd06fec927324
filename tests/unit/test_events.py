"""Every chain of envelopes ends in the same few objects; what is not understood fails alone."""

import json
from typing import Any

import pytest

from csvlake.errors import TransientError
from csvlake.events import LOOK_AT_CRAWLER, CrawlerRequest, SourceObject, look_at_key, parse_messages

KEY = "csv-files/sales/dt=2026-01-01/x.csv"


def eventbridge(key: str = KEY, kind: str = "Object Created", bucket: str = "lake") -> dict[str, Any]:
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": kind,
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 3, "etag": "e"}},
    }


def s3_record(key: str = KEY) -> dict[str, Any]:
    return {"eventSource": "aws:s3", "s3": {"bucket": {"name": "lake"}, "object": {"key": key}}}


def sns(message: Any) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "1", "Message": json.dumps(message)}


def sqs(*bodies: Any) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "eventSource": "aws:sqs",
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for number, body in enumerate(bodies)
        ]
    }


@pytest.mark.parametrize(
    "event",
    [
        sqs(eventbridge()),
        sqs(sns(eventbridge())),
        sqs({"Records": [s3_record("csv-files/sales/dt%3D2026-01-01/x.csv")]}),
        sqs(sns({"Records": [s3_record("csv-files/sales/dt%3D2026-01-01/x.csv")]})),
        sqs(look_at_key("lake", KEY)),
        eventbridge(),
        eventbridge(kind="Object Deleted"),
        {"Records": [s3_record("csv-files/sales/dt%3D2026-01-01/x.csv")]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(eventbridge())}}]},
    ],
)
def test_every_chain_names_the_object(event: dict[str, Any]) -> None:
    (message,) = parse_messages(event)
    assert message.trouble is None
    assert message.objects == (SourceObject("lake", KEY),)
    assert message.message_id == ("m0" if "messageId" in event.get("Records", [{}])[0] else None)


def test_s3_notifications_encode_keys() -> None:
    (message,) = parse_messages({"Records": [s3_record("csv-files/t/a+b%2B%C3%A9%25.csv")]})
    assert message.objects == (SourceObject("lake", "csv-files/t/a b+é%.csv"),)


@pytest.mark.parametrize(
    ("key", "alternative"),
    [
        ("csv-files/t/plain.csv", None),
        ("csv-files/t/a b é.csv", None),
        ("csv-files/t/a%20b%2B0.csv", "csv-files/t/a b+0.csv"),
        ("csv-files/t/a+b.csv", "csv-files/t/a b.csv"),
        ("csv-files/t/100%.csv", None),
        ("csv-files/t/%ff.csv", None),
    ],
)
def test_eventbridge_keys_are_raw_with_a_second_reading(key: str, alternative: str | None) -> None:
    (message,) = parse_messages(sqs(eventbridge(key)))
    assert message.objects == (SourceObject("lake", key, alternative),)
    assert message.objects[0].keys == tuple(filter(None, (key, alternative)))


def test_one_message_may_carry_several_records() -> None:
    (message,) = parse_messages(sqs({"Records": [s3_record("csv-files/a"), s3_record("csv-files/b")]}))
    assert [source.key for source in message.objects] == ["csv-files/a", "csv-files/b"]


def test_the_test_event_asks_for_nothing() -> None:
    (message,) = parse_messages(sqs({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"}))
    assert (message.objects, message.trouble) == ((), None)


def crawler_state(state: str, **told: str) -> dict[str, Any]:
    detail = {"accountId": "1", "crawlerName": "c", "state": state, "message": f"Crawler {state}", **told}
    return {"source": "aws.glue", "detail-type": "Glue Crawler State Change", "detail": detail}


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (LOOK_AT_CRAWLER, ""),
        (crawler_state("Succeeded", tablesCreated="1"), ""),
        (sns(crawler_state("Succeeded")), ""),
        (crawler_state("Stopped"), ""),
        (crawler_state("Failed", errorMessage="Internal Service Exception"), "c: Internal Service Exception"),
        (crawler_state("Failed"), "c: Crawler Failed"),
    ],
)
def test_a_crawlers_events_ask_for_a_look_at_it(body: Any, failure: str) -> None:
    (message,) = parse_messages(sqs(body))
    assert (message.request, message.objects, message.trouble) == (CrawlerRequest(failure), (), None)


def deep(levels: int) -> dict[str, Any]:
    return eventbridge() if levels == 0 else sns(deep(levels - 1))


@pytest.mark.parametrize(
    "poison",
    [
        "not JSON",
        "",
        "null",
        "[]",
        "{}",
        '"{}"',
        {"Records": []},
        {"Records": [{"eventSource": "aws:dynamodb"}]},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
        {"Records": "x"},
        {"Records": [1]},
        {"Records": [None]},
        eventbridge("csv-files/t/half of a pair \ud800.csv"),
        {"source": "aws.ec2", "detail-type": "State change", "detail": {}},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {}}},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": None},
        {"Type": "SubscriptionConfirmation", "Message": "x"},
        {"csvlake": "sing"},
        {"source": "aws.glue", "detail-type": "Glue Job State Change", "detail": {"state": "FAILED"}},
        {"source": "aws.glue", "detail-type": "Glue Crawler State Change", "detail": {}},
        deep(9),
        "[" * 100_000,
    ],
)
def test_what_is_not_understood_fails_alone(poison: Any) -> None:
    good, bad, other = parse_messages(sqs(eventbridge(), poison, eventbridge("csv-files/b.csv")))
    assert isinstance(bad.trouble, TransientError)
    assert bad.message_id == "m1"
    assert not bad.objects
    assert good.trouble is None
    assert other.trouble is None
