"""The lake's owner, reached through a topic."""

from typing import TYPE_CHECKING

import boto3

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

__all__ = ["SnsOwner"]

_CONFIG = make_config(4)
_MAX_SUBJECT = 100  # ASCII characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


class SnsOwner:
    """The `Owner` behind a topic.

    Args:
        topic_arn: "" where nobody is to be told.
    """

    def __init__(self, session: boto3.Session, topic_arn: str) -> None:
        self._client: SNSClient = session.client("sns", config=_CONFIG)
        self._topic_arn = topic_arn

    def tell(self, subject: str, text: str) -> None:
        """Publish a message."""
        if not self._topic_arn:
            return
        line = "".join(char if char.isascii() and char.isprintable() else "?" for char in subject)[:_MAX_SUBJECT]
        with translated("tell the owner"):
            self._client.publish(TopicArn=self._topic_arn, Subject=line, Message=text)
