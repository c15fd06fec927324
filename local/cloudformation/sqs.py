"""AWS::SQS::Queue: LocalEmu's update never forgets some attributes."""

from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties

FORGOTTEN = {"RedriveAllowPolicy": ""}


class Queue(Completion):
    """A queue."""

    KEPT = ("QueueName",)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Unset what is taken out of the template."""
        for name, default in FORGOTTEN.items():
            if before.get(name) and not model.get(name):
                clients.sqs.set_queue_attributes(QueueUrl=model["QueueUrl"], Attributes={name: default})
