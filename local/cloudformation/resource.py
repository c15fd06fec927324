"""The base of resource types that LocalEmu lacks: create, update and delete as small functions over boto3 clients.

Values may arrive as text where a template refers to a parameter; LocalEmu's clients turn whole numbers and booleans
into what an operation takes.
"""

from typing import Any, ClassVar

import localemu.services.cloudformation.provider_utils as util
from localemu.services.cloudformation.resource_provider import OperationStatus, ProgressEvent, ResourceProvider

Properties = dict[str, Any]


def done(model: Properties, request: Any) -> Any:
    """Return the event that ends an operation well, with the resource's properties and attributes."""
    return ProgressEvent(
        status=OperationStatus.SUCCESS, resource_model=model, custom_context=getattr(request, "custom_context", {})
    )


def failed(message: str, model: Properties | None = None) -> Any:
    """Return the event that fails an operation, and with it the stack's; `model` is what stays deployed."""
    return ProgressEvent(status=OperationStatus.FAILED, resource_model=model or {}, message=message)


def generated_name(request: Any) -> str:
    """Return a unique name from stack and logical id, as CloudFormation gives where a template names nothing."""
    return str(util.generate_default_name(request.stack_name, request.logical_resource_id))


class Resource(ResourceProvider):  # type: ignore[misc] # LocalEmu is untyped
    """One resource type: subclasses say how it is made, changed and dropped.

    Attributes:
        TYPE: the CloudFormation type.
        REF: the property (or attribute that `make` sets) whose value `Ref` returns; a path with slashes.
        REPLACED_BY: properties whose change makes a new resource; CloudFormation deletes the old one afterwards.
    """

    TYPE: ClassVar[str]
    REF: ClassVar[str] = "Name"
    REPLACED_BY: ClassVar[tuple[str, ...]] = ("Name",)
    SCHEMA: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        cls.SCHEMA = {
            "typeName": cls.TYPE,
            "primaryIdentifier": [f"/properties/{cls.REF}"],
            "createOnlyProperties": [f"/properties/{name}" for name in cls.REPLACED_BY],
        }

    def name(self, model: Properties, request: Any) -> None:
        """Name what has no name yet, in place."""
        if self.REF in self.REPLACED_BY and not model.get(self.REF):
            model[self.REF] = generated_name(request)

    def make(self, clients: Any, model: Properties) -> None:
        """Create the resource and set its attributes in the model."""
        raise NotImplementedError

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Make the resource as the model says; what is absent there goes back to its default."""
        raise NotImplementedError

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete the resource."""
        raise NotImplementedError

    def create(self, request: Any) -> Any:
        """Answer CloudFormation's Add."""
        model = request.desired_state
        self.name(model, request)
        self.make(request.aws_client_factory, model)
        return done(model, request)

    def update(self, request: Any) -> Any:
        """Answer CloudFormation's Modify; a generated name stays."""
        model, before = request.desired_state, request.previous_state
        for name in {self.REF, *self.REPLACED_BY} & before.keys():
            model.setdefault(name, before[name])
        self.change(request.aws_client_factory, model, before)
        return done(model, request)

    def delete(self, request: Any) -> Any:
        """Answer CloudFormation's Remove."""
        self.drop(request.aws_client_factory, request.previous_state)
        return done({}, request)


def list_tags(model: Properties) -> dict[str, str]:
    """Return tags as a map, whether the type writes them as a list of Key and Value or as a map."""
    tags = model.get("Tags") or {}
    if isinstance(tags, dict):
        return {key: str(value) for key, value in tags.items()}
    return {tag["Key"]: str(tag["Value"]) for tag in tags}


def changed_tags(model: Properties, before: Properties) -> tuple[dict[str, str], list[str]]:
    """Return the tags to set and the keys to remove."""
    wanted, had = list_tags(model), list_tags(before)
    return {k: v for k, v in wanted.items() if had.get(k) != v}, [k for k in had if k not in wanted]


def pick(model: Properties, *names: str) -> Properties:
    """Return those properties that are given."""
    return {name: model[name] for name in names if model.get(name) is not None}
