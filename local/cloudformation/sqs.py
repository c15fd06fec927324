"""AWS::SQS::Queue: LocalEmu never forgets a RedriveAllowPolicy, neither on an update nor by SetQueueAttributes."""

from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties


class Queue(Completion):
    """A queue."""

    KEPT = ("QueueName",)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Unset what is taken out of the template."""
        if before.get("RedriveAllowPolicy") and not model.get("RedriveAllowPolicy"):
            clients.sqs.set_queue_attributes(QueueUrl=model["QueueUrl"], Attributes={"RedriveAllowPolicy": ""})


def install() -> None:
    """Let SetQueueAttributes unset a RedriveAllowPolicy by an empty one, as SQS does."""
    from localemu.services.sqs.provider import SqsProvider

    original = SqsProvider.set_queue_attributes

    def set_queue_attributes(self: Any, context: Any, queue_url: str, attributes: dict[str, str], **more: Any) -> None:
        original(self, context, queue_url=queue_url, attributes=attributes, **more)
        if attributes and attributes.get("RedriveAllowPolicy") == "":
            self._resolve_queue(context, queue_url=queue_url).attributes.pop("RedriveAllowPolicy", None)

    SqsProvider.set_queue_attributes = set_queue_attributes
