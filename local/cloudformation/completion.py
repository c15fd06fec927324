"""What LocalEmu's own resource types drop, applied after their create and update.

LocalEmu 1.3.2 reports UPDATE_COMPLETE for types whose update it does not have, and ignores properties that it does not
know. `install` puts a completion around those types, and makes an update that nobody implements fail the stack.
"""

import importlib
from typing import Any, ClassVar

from localemu.services.cloudformation.resource_provider import (
    OperationStatus,
    ResourceProvider,
    ResourceProviderExecutor,
)

from local.cloudformation.resource import Properties, done, failed

COMPLETIONS = {  # by name, so that a service's code is imported when a template first uses it
    "AWS::CloudWatch::Alarm": "local.cloudformation.cloudwatch:Alarm",
    "AWS::Events::Rule": "local.cloudformation.events:Rule",
    "AWS::IAM::Role": "local.cloudformation.iam:Role",
    "AWS::Lambda::EventSourceMapping": "local.cloudformation.lambda_:EventSourceMapping",
    "AWS::Lambda::Function": "local.cloudformation.lambda_:Function",
    "AWS::Logs::LogGroup": "local.cloudformation.logs:LogGroup",
    "AWS::S3::Bucket": "local.cloudformation.s3:Bucket",
    "AWS::S3::BucketPolicy": "local.cloudformation.s3:BucketPolicy",
    "AWS::SNS::Subscription": "local.cloudformation.sns:Subscription",
    "AWS::SNS::Topic": "local.cloudformation.sns:Topic",
    "AWS::SNS::TopicPolicy": "local.cloudformation.sns:TopicPolicy",
    "AWS::SQS::Queue": "local.cloudformation.sqs:Queue",
}


class UpdateMissingError(RuntimeError):
    """Nobody implements the update of a resource type."""


class Completion(ResourceProvider):  # type: ignore[misc] # LocalEmu is untyped
    """A resource type of LocalEmu with its gaps filled.

    Attributes:
        UPDATES: whether `apply` is a whole update, for types whose update LocalEmu does not have.
        KEPT: names that LocalEmu generates, which an update must not generate anew.
    """

    UPDATES: ClassVar[bool] = False
    KEPT: ClassVar[tuple[str, ...]] = ()

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.SCHEMA = inner.SCHEMA  # what CloudFormation's engine reads the physical id and the replacements from

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Bring about what LocalEmu left out; `before` is empty on creation."""

    def create(self, request: Any) -> Any:
        """Create, then complete. LocalEmu calls again while a creation is in progress."""
        event = self._inner.create(request)
        if event.status is OperationStatus.SUCCESS:
            self.apply(request.aws_client_factory, event.resource_model, {})
        return event

    def update(self, request: Any) -> Any:
        """Update, then complete."""
        model, before = request.desired_state, request.previous_state
        for name in self.KEPT:
            if name in before:
                model.setdefault(name, before[name])
        try:
            event = self._updated(request)
            if event.status is OperationStatus.SUCCESS:
                self._keep_attributes(event.resource_model, before)
                self.apply(request.aws_client_factory, event.resource_model, before)
        except Exception as error:  # noqa: BLE001 - else LocalEmu calls it done where the message has "not found" in it
            return failed(str(error), before)
        return event

    def _updated(self, request: Any) -> Any:
        try:
            return self._inner.update(request)
        except NotImplementedError:
            if self.UPDATES:
                return done(request.desired_state, request)
            raise UpdateMissingError(f"The local AWS cannot update {request.resource_type}") from None

    def _keep_attributes(self, model: Properties, before: Properties) -> None:
        for path in self.SCHEMA.get("readOnlyProperties", []):
            name = path.removeprefix("/properties/")
            if name in before:
                model.setdefault(name, before[name])

    def delete(self, request: Any) -> Any:
        """Delete as LocalEmu does."""
        return self._inner.delete(request)

    def read(self, request: Any) -> Any:
        """Read as LocalEmu does."""
        return self._inner.read(request)


def complete(resource_type: str, inner: Any) -> Any:
    """Return the resource type with its gaps filled, or at least honest about them."""
    module, _, name = COMPLETIONS.get(resource_type, "").partition(":")
    return getattr(importlib.import_module(module), name)(inner) if module else Completion(inner)


def install() -> None:
    """Complete every resource type that LocalEmu loads from now on."""
    load = ResourceProviderExecutor.try_load_resource_provider

    def load_completed(resource_type: str) -> Any:
        inner = load(resource_type)
        return inner and complete(resource_type, inner)

    ResourceProviderExecutor.try_load_resource_provider = staticmethod(load_completed)
