"""The converter's own queue as the lake's `Queue`."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import boto3

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import translated
from csvlake.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef as Entry

__all__ = ["SqsQueue"]

_BATCH = 10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_TRIES = 5  # of a batch of which some messages were not taken
_CONFIG = make_config(4)


class SqsQueue:
    """The `Queue` at a URL.

    Args:
        sleep: waits for so many seconds.
    """

    def __init__(self, session: boto3.Session, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client: SQSClient = session.client("sqs", config=_CONFIG)
        self._url = url
        self._sleep = sleep

    def send(self, body: str, delay_s: int) -> None:
        """Send a message that arrives after ``delay_s`` seconds."""
        with translated("send a message to the converter's queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_s)

    def hurry(self, receipt: str, delay_s: int) -> None:
        """Have a message that failed delivered again after ``delay_s`` seconds."""
        with translated("have a message delivered again"):
            self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=delay_s)

    def send_many(self, bodies: Sequence[str], delay_s: int) -> None:
        """Send messages by tens. SQS may take some of a batch and not the others, which are tried again."""
        for first in range(0, len(bodies), _BATCH):
            entries: list[Entry] = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": delay_s}
                for number, body in enumerate(bodies[first : first + _BATCH])
            ]
            for wait_s in _waits():
                with translated("send messages to the converter's queue"):
                    failed = self._client.send_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", [])
                if not failed:
                    break
                told = f"{len(failed)} messages were not sent: {failed[0]['Code']}: {failed[0].get('Message', '')}"
                if wait_s is None or any(failure["SenderFault"] for failure in failed):
                    raise TransientError(told)
                refused = {failure["Id"] for failure in failed}
                entries = [entry for entry in entries if entry["Id"] in refused]
                self._sleep(wait_s)


def _waits() -> Iterator[float | None]:
    """Yield the seconds to wait after each try that failed; None after the last."""
    yield from (0.1 * 2**attempt for attempt in range(_MAX_TRIES - 1))
    yield None
