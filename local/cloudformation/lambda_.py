"""AWS::Lambda::Function and EventSourceMapping: what LocalEmu drops and what its updates leave as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, changed_tags, generated_name, pick

# Given to CreateFunction and UpdateFunctionConfiguration besides what LocalEmu gives: to set them afterwards would
# publish a second configuration and restart what has just started.
DROPPED = ("EphemeralStorage", "FileSystemConfigs", "KMSKeyArn", "SnapStart")
DEFAULTS: Properties = {
    "Description": "",
    "EphemeralStorage": {"Size": 512},
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "FileSystemConfigs": [],
    "KMSKeyArn": "",
}


class Function(Completion):
    """A function."""

    KEPT = ("FunctionName",)

    def create(self, request: Any) -> Any:
        """Create it with what LocalEmu would leave out."""
        if not request.desired_state.get("FunctionName"):
            request.desired_state["FunctionName"] = generated_name(request)
        return self._with_all(request, "CreateFunction", {}, super().create)

    def update(self, request: Any) -> Any:
        """Update it; what is taken out of the template goes back to its default."""
        before = _api_names(request.previous_state)
        model = _api_names(request.desired_state)
        gone = {name: value for name, value in DEFAULTS.items() if name in before and name not in model}
        return self._with_all(request, "UpdateFunctionConfiguration", gone, super().update)

    def _updated(self, request: Any) -> Any:
        """LocalEmu answers old and new properties mixed, in which nothing is ever gone."""
        event = super()._updated(request)
        event.resource_model = dict(request.desired_state)
        return event

    def _with_all(self, request: Any, operation: str, defaults: Properties, act: Any) -> Any:
        model = request.desired_state
        name = model.get("FunctionName") or request.previous_state["FunctionName"]
        arguments = defaults | pick(_api_names(model), *DROPPED)
        if size := (arguments.get("EphemeralStorage") or {}).get("Size"):
            arguments["EphemeralStorage"] = {"Size": int(size)}
        with _arguments(request.aws_client_factory.lambda_, operation, name, arguments):
            return act(request)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set what operations of their own set."""
        lambda_, name = clients.lambda_, model["FunctionName"]
        reserved = model.get("ReservedConcurrentExecutions")
        if reserved is not None:
            lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))
        elif before.get("ReservedConcurrentExecutions") is not None:
            lambda_.delete_function_concurrency(FunctionName=name)
        if model.get("RecursiveLoop"):
            lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop=model["RecursiveLoop"])
        if before:
            added, removed = changed_tags(model, before)
            if added:
                lambda_.tag_resource(Resource=model["Arn"], Tags=added)
            if removed:
                lambda_.untag_resource(Resource=model["Arn"], TagKeys=removed)


def _api_names(model: Properties) -> Properties:
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: value for name, value in model.items()}


@contextmanager
def _arguments(client: Any, operation: str, function_name: str, arguments: Properties) -> Iterator[None]:
    """Add arguments to a call that LocalEmu makes for this function; its clients are shared between deployments."""

    def add(params: Properties, **_: Any) -> None:
        if params.get("FunctionName") == function_name:
            for name, value in arguments.items():
                params.setdefault(name, value)

    event, handler_id = f"before-parameter-build.lambda.{operation}", f"complete-{operation}-{function_name}"
    client.meta.events.register(event, add, unique_id=handler_id)
    try:
        yield
    finally:
        client.meta.events.unregister(event, unique_id=handler_id)


class EventSourceMapping(Completion):
    """An event source mapping; LocalEmu's update leaves what is taken out of the template."""

    DEFAULTS: Properties = {  # noqa: RUF012 - never changed
        "BatchSize": 10,
        "Enabled": True,
        "FilterCriteria": {},
        "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0,
        "ScalingConfig": {},
    }

    def update(self, request: Any) -> Any:
        """Update it with the defaults of what is gone."""
        for name, value in self.DEFAULTS.items():
            if name in request.previous_state:
                request.desired_state.setdefault(name, value)
        return super().update(request)
