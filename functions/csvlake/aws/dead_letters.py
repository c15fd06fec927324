"""Queues as their operator sees them: how deep they are, and dead letters to be sent back."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import code_of, translated
from csvlake.aws.sqs import SqsQueue
from csvlake.errors import TransientError
from csvlake.lake.operator import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["SqsDeadLetters", "WatchedSqsQueue"]

_CONFIG = make_config(4)
_POLL_S = 0.5
_BATCH = 10
_HIDDEN_S = 60  # what was received here and could not be sent on comes back to the dead letters after this
# What says that SQS cannot move the messages of this queue, or not at all.
_BEYOND_SQS: Final = frozenset(
    {
        "AWS.SimpleQueueService.UnsupportedOperation",
        "UnsupportedOperation",
        "InvalidParameterValue",  # "Source queue must be configured as a Dead Letter Queue."
        "InvalidAction",
        "NotImplemented",
        "501",
    }
)
_MOVING: Final = frozenset({"RUNNING", "CANCELLING"})


class WatchedSqsQueue(SqsQueue):
    """The `WatchedQueue` at a URL."""

    def depth(self) -> QueueDepth:
        """Return about how many messages there are."""
        return _depth(self._client, self._url)


class SqsDeadLetters:
    """The `DeadLetters` at a URL.

    Args:
        name: what its messages are, for a person.
        queue: where they go back to.
        queue_url: of the same.
        pause: waits for so many seconds.
    """

    def __init__(
        self,
        session: boto3.Session,
        url: str,
        name: str,
        queue: SqsQueue,
        queue_url: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client: SQSClient = session.client("sqs", config=_CONFIG)
        self._url = url
        self.name = name
        self._queue = queue
        self._queue_url = queue_url
        self._pause = pause

    def depth(self) -> QueueDepth:
        """Return about how many messages there are."""
        return _depth(self._client, self._url)

    def redrive(self) -> Iterator[int]:
        """Have SQS move the messages, or move them here where it cannot; see `DeadLetters.redrive`.

        SQS moves the dead letters of its own queues only, not those of EventBridge and SNS:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        """
        arn = self._arn(self._url)
        if self._start_moving(arn):
            yield from self._watch(arn)
        else:
            yield from self._move_here(self.depth().waiting)

    def _start_moving(self, arn: str) -> bool:
        """Return whether SQS moves the messages."""
        with translated(f"move the {self.name}"):
            try:
                newest = self._client.list_message_move_tasks(SourceArn=arn, MaxResults=1).get("Results", [])
                if not newest or newest[0].get("Status") not in _MOVING:
                    self._client.start_message_move_task(SourceArn=arn, DestinationArn=self._arn(self._queue_url))
            except ClientError as error:
                if code_of(error) not in _BEYOND_SQS:
                    raise
                return False
        return True

    def _watch(self, arn: str) -> Iterator[int]:
        while True:
            with translated(f"watch the {self.name} move"):
                task = self._client.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
            yield task.get("ApproximateNumberOfMessagesMoved", 0)
            if task["Status"] not in _MOVING:
                break
            self._pause(_POLL_S)
        if task["Status"] != "COMPLETED":
            raise TransientError(f"the {self.name} did not all move: {task.get('FailureReason') or task['Status']}")

    def _move_here(self, count: int) -> Iterator[int]:
        """Receive, send and only then delete, so that none is lost; at most ``count``, as some may soon be back."""
        moved = 0
        while moved < count:
            with translated(f"move the {self.name}"):
                received = self._client.receive_message(
                    QueueUrl=self._url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=_HIDDEN_S, WaitTimeSeconds=1
                ).get("Messages", [])
            if not received:
                break
            self._queue.send_many([message["Body"] for message in received], 0)
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(received)]
            with translated(f"delete {self.name} that were moved"):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]
            moved += len(received)
            yield moved

    def _arn(self, url: str) -> str:
        with translated(f"look at the queue {url}"):
            return self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
                "QueueArn"
            ]


def _depth(client: "SQSClient", url: str) -> QueueDepth:
    with translated(f"look at the queue {url}"):
        told = client.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
    return QueueDepth(
        int(told["ApproximateNumberOfMessages"]),
        int(told["ApproximateNumberOfMessagesNotVisible"]),
        int(told["ApproximateNumberOfMessagesDelayed"]),
    )
