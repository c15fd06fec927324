"""AWS::SNS::Topic, TopicPolicy and Subscription: what LocalEmu's updates leave out."""

import json
from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties

TOPIC_ATTRIBUTES = {
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
SUBSCRIPTION_ATTRIBUTES = {
    "DeliveryPolicy": "",
    "FilterPolicyScope": "MessageAttributes",  # before the policy, which is judged by it
    "FilterPolicy": "",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
    "SubscriptionRoleArn": "",
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


class Topic(Completion):
    """A topic; LocalEmu's update changes the display name and tags alone, and would rename a generated name."""

    KEPT = ("TopicName",)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set the attributes that changed, back to their default where they are gone."""
        if not before:
            return
        for name, default in TOPIC_ATTRIBUTES.items():
            if model.get(name) != before.get(name):
                value = _text(model[name]) if model.get(name) is not None else default
                clients.sns.set_topic_attributes(TopicArn=model["TopicArn"], AttributeName=name, AttributeValue=value)


class TopicPolicy(Completion):
    """A policy of topics; LocalEmu has no update."""

    UPDATES = True

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set the policy on every topic that it names."""
        if not before:
            return
        for topic in model["Topics"]:
            clients.sns.set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=_text(model["PolicyDocument"])
            )


class Subscription(Completion):
    """A subscription; LocalEmu's update leaves what is taken away, and creation the role."""

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set each attribute again as text, and those that are gone to their default."""
        if model.get("Protocol") == "email":  # waits for the person to confirm, and has no attributes yet
            return
        for name, default in SUBSCRIPTION_ATTRIBUTES.items():
            if model.get(name) is None and before.get(name) is None:
                continue
            value = _text(model[name]) if model.get(name) is not None else default
            clients.sns.set_subscription_attributes(
                SubscriptionArn=model["Id"], AttributeName=name, AttributeValue=value
            )
