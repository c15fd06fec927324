"""Errors of LocalEmu's CloudFormation engine (1.3.2), put right.

- It replaces a resource when anything changes in what a create-only property refers to: a new rule on a bucket would
  delete the bucket's policy. Replacement is decided by the resolved values.
- DescribeStackResources forgets a resource that was replaced.
- After an update that failed it no longer knows the resources that the update did not reach.
- A stack whose resources could not be deleted is DELETE_COMPLETE. It is DELETE_FAILED.
"""

from collections.abc import Callable
from typing import Any

from localemu.services.cloudformation.engine.v2.change_set_model import is_nothing
from localemu.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
from localemu.services.cloudformation.resource_provider import ResourceProviderExecutor


class DeletionFailedError(RuntimeError):
    """A stack's resources that could not be deleted."""


def is_replaced(schema: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a change from one set of resolved properties to another needs a new resource."""
    names = [path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", [])]
    return any(before.get(name) != after.get(name) for name in names)


def _resolved_replacement(change: Callable[..., None]) -> Callable[..., None]:
    def execute_resource_change(self: Any, name: str, before: Any, after: Any) -> None:
        same_type = not is_nothing(before) and not is_nothing(after) and before.resource_type == after.resource_type
        if same_type and after.requires_replacement:
            provider = ResourceProviderExecutor.try_load_resource_provider(after.resource_type)
            if provider:
                after.requires_replacement = is_replaced(
                    provider.SCHEMA, before.properties.properties, after.properties.properties
                )
        change(self, name, before, after)

    return execute_resource_change


def _keeping_replaced(defer: Callable[..., None]) -> Callable[..., None]:
    def defer_action(self: Any, name: str, action: Callable[[], None]) -> None:
        replaced = name.removeprefix("cleanup-from-replacement-")

        def act() -> None:
            states = self._change_set.stack.resource_states
            new = states.get(replaced)
            action()
            if new:
                states[replaced] = new

        defer(self, name, action if replaced == name else act)

    return defer_action


def _honest_about_failure(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_all(self: Any) -> Any:
        stack = self._change_set.stack
        deletes = str(stack.status) == "DELETE_IN_PROGRESS"
        deployed = dict(stack.resolved_resources)
        result = execute(self)
        if result.failure_message and not deletes:
            for name, resource in deployed.items():
                if not result.resources.get(name, {}).get("PhysicalResourceId"):
                    result.resources[name] = resource
        left = [name for name, state in stack.resource_states.items() if state["ResourceStatus"] == "DELETE_FAILED"]
        if deletes and left:
            raise DeletionFailedError(f"The following resource(s) failed to delete: {sorted(left)}")
        return result

    return execute_all


def install() -> None:
    """Put the engine right."""
    engine = ChangeSetModelExecutor
    engine._execute_resource_change = _resolved_replacement(engine._execute_resource_change)
    engine._defer_action = _keeping_replaced(engine._defer_action)
    engine.execute = _honest_about_failure(engine.execute)
