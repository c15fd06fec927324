"""The converter's own queue as the lake's `Queue`."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from csvlake.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["SqsQueue"]

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 4})


class SqsQueue:
    """The `Queue` at a URL."""

    def __init__(self, session: boto3.Session, url: str) -> None:
        self._client: SQSClient = session.client("sqs", config=_CONFIG)
        self._url = url

    def send(self, body: str, delay_s: int) -> None:
        """Send a message that arrives after ``delay_s`` seconds."""
        with translated("send a message to the converter's queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=delay_s)
