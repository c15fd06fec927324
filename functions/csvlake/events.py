"""Read every envelope that can carry news of an S3 object, outer to inner, and decode keys: here and nowhere else.

What arrives, and where its shape is documented:

- Lambda ← SQS: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
- SQS ← SNS without raw delivery: https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
- EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
- S3's own notification: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
- Glue's crawlers: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
- csvlake's own message, on the same queue: ``{"csvlake": "look_at_key", "bucket": …, "key": …}``,
  ``{"csvlake": "converge_table", "table": …, "change_id": …, …}`` and ``{"csvlake": "look_at_crawler"}``, which
  template.yaml sends, too.

An event only says "look at this key", or "look at the crawler": whether it told of a creation or a deletion is not even
kept.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from csvlake.errors import TransientError

__all__ = [
    "LOOK_AT_CRAWLER",
    "CrawlerRequest",
    "Message",
    "SourceObject",
    "TableRequest",
    "look_at_key",
    "parse_messages",
]

LOOK_AT_CRAWLER = json.dumps({"csvlake": "look_at_crawler"})

_MAX_NESTING = 4  # SQS, SNS, EventBridge, and one to spare; a message that nests deeper is not ours


@dataclass(frozen=True)
class SourceObject:
    """An object to look at.

    Attributes:
        alternative_key: another reading of the same text. S3's own notifications encode keys and EventBridge does not,
            as far as could be found; an emulator does. Where decoding a key from EventBridge changes it, both
            readings are looked at: looking is idempotent, so one look too many is never wrong.
    """

    bucket: str
    key: str
    alternative_key: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key to look at."""
        return (self.key,) if self.alternative_key is None else (self.key, self.alternative_key)


@dataclass(frozen=True)
class CrawlerRequest:
    """A look at the crawler.

    Attributes:
        failure: what Glue says of a crawl that failed; "" for none.
    """

    failure: str = ""


@dataclass(frozen=True)
class TableRequest:
    """A change of a table to be brought to its end.

    Attributes:
        tries: how often the message came before, up to a limit.
        behind: how many targets were not in step the last time; None before the first.
        asked: for how many of them a look was asked for that was not seen to be done.
        is_met: whether the change was seen in the catalog. One that is not there may still come.
    """

    table: str
    change_id: str
    tries: int = 0
    behind: int | None = None
    asked: int = 0
    is_met: bool = False

    def write(self) -> str:
        """Return the body of the message."""
        return json.dumps({"csvlake": "converge_table", **asdict(self)})

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "TableRequest":
        """Read the body of the message."""
        behind = body.get("behind")
        return cls(
            _text(body["table"]),
            _text(body["change_id"]),
            int(body.get("tries", 0)),
            None if behind is None else int(behind),
            int(body.get("asked", 0)),
            body.get("is_met") is True,
        )


@dataclass(frozen=True)
class Message:
    """One message and what it asks for; ``trouble`` where it cannot be understood.

    ``message_id`` is None where the function was invoked directly, without a queue. ``receipt`` is what the queue knows
    this delivery by, ``receives`` how often the message was delivered by now.
    """

    message_id: str | None
    objects: tuple[SourceObject, ...] = ()
    request: CrawlerRequest | TableRequest | None = None
    trouble: TransientError | None = None
    receipt: str = ""
    receives: int = 1


_Asked = tuple[list[SourceObject], CrawlerRequest | TableRequest | None]


def parse_messages(event: Mapping[str, Any]) -> list[Message]:
    """Split what Lambda was given into independent messages, in their order.

    Returns:
        One per SQS record; a single one for a direct invocation. A message of a form that is not known carries
        ``trouble``: it must fail, so that the queue redrives it to the dead-letter queue where a person can see it.
    """
    records = event.get("Records")
    if isinstance(records, list) and records and all(_is_sqs(record) for record in records):
        return [_parse_delivery(record) for record in records]
    return [_parse_one(None, event)]


def look_at_key(bucket: str, key: str) -> str:
    """Return the body of the message that asks for a look at one key."""
    return json.dumps({"csvlake": "look_at_key", "bucket": bucket, "key": key})


def _is_sqs(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"


def _parse_delivery(record: Mapping[str, Any]) -> Message:
    count = (record.get("attributes") or {}).get("ApproximateReceiveCount", "1")
    return replace(
        _parse_one(str(record.get("messageId")), record.get("body")),
        receipt=str(record.get("receiptHandle") or ""),
        receives=int(count) if str(count).isdigit() else 1,
    )


def _parse_one(message_id: str | None, body: object) -> Message:
    try:
        objects, request = _open(body, _MAX_NESTING)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        trouble = TransientError(f"unknown message: {type(error).__name__}: {error}")
        return Message(message_id, trouble=trouble)
    return Message(message_id, tuple(dict.fromkeys(objects)), request)


def _open(body: object, depth: int) -> _Asked:
    if depth == 0:
        raise ValueError("envelopes nested too deeply")
    if isinstance(body, str):
        body = json.loads(body)
    if not isinstance(body, Mapping):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a poison message, not a caller's mistake
    if body.get("Type") == "Notification":  # SNS
        return _open(body["Message"], depth - 1)
    if "csvlake" in body:
        return _own(body)
    if body.get("source") == "aws.s3" and "detail-type" in body:
        return [_eventbridge(body["detail"])], None
    if body.get("source") == "aws.glue" and body.get("detail-type") == "Glue Crawler State Change":
        return [], _crawler_state(body["detail"])
    if body.get("Event") == "s3:TestEvent":  # sent once, when a notification is configured
        return [], None
    records = body.get("Records")
    if isinstance(records, list) and records:
        return [found for record in records for found in _record(record, depth)], None
    raise ValueError(f"keys {sorted(map(str, body))[:8]}")


def _record(record: Mapping[str, Any], depth: int) -> list[SourceObject]:
    """Read one record of S3's own notification, or of SNS invoking the function without a queue."""
    if record.get("EventSource") == "aws:sns":
        return _open(record["Sns"]["Message"], depth - 1)[0]
    if record.get("eventSource") == "aws:s3":
        key = unquote_plus(_text(record["s3"]["object"]["key"]), errors="strict")
        return [SourceObject(_text(record["s3"]["bucket"]["name"]), key)]
    raise ValueError(f"a record from {record.get('eventSource')!r}")


def _eventbridge(detail: Mapping[str, Any]) -> SourceObject:
    key = _text(detail["object"]["key"])
    try:
        decoded = unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        decoded = key  # a percent sign that encodes nothing: the key is raw
    return SourceObject(_text(detail["bucket"]["name"]), key, decoded if decoded != key else None)


def _crawler_state(detail: Mapping[str, Any]) -> CrawlerRequest:
    if _text(detail["state"]) != "Failed":
        return CrawlerRequest()
    return CrawlerRequest(f"{detail.get('crawlerName')}: {detail.get('errorMessage') or detail.get('message')}")


def _own(body: Mapping[str, Any]) -> _Asked:
    if body["csvlake"] == "look_at_key":
        return [SourceObject(_text(body["bucket"]), _text(body["key"]))], None
    if body["csvlake"] == "converge_table":
        return [], TableRequest.read(body)
    if body["csvlake"] == "look_at_crawler":
        return [], CrawlerRequest()
    raise ValueError(f"an unknown request {body['csvlake']!r}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text, got {value!r:.80}")
    value.encode()  # half a surrogate pair, which JSON can spell, is in no name of S3's
    return value
