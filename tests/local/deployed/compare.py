"""Compare a deployed stack with its processed template, property by property, through the services' own APIs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from tests.local.deployed import flow, storage
from tests.local.deployed.resolve import Scope, resolve

READERS = {**storage.READERS, **flow.READERS}

# What no API shows.
HIDDEN = {
    ("AWS::Athena::WorkGroup", "RecursiveDeleteOption"): "says only what deleting it does",
    ("AWS::Lambda::Function", "Code/ZipFile"): "source in the template; Lambda answers the hash of an archive",
}
UNORDERED = {"Tags", "Policies", "Targets", "ManagedPolicyArns", "Dimensions"}


@dataclass(frozen=True)
class Difference:
    """One property that is not deployed as the template says."""

    resource: str
    path: str
    template: Any
    deployed: Any

    def __str__(self) -> str:
        return f"{self.resource}.{self.path}: template {self.template!r}, deployed {self.deployed!r}"


@dataclass(frozen=True)
class Comparison:
    """What a comparison found."""

    differences: list[Difference]
    compared: int
    hidden: list[str]


def client_factory(endpoint_url: str, region: str) -> Callable[[str], Any]:
    """Return service name → client; an AWS service keeps one client."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)

    @cache
    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint_url)  # type: ignore[call-overload]

    return client


def scope_of(clients: Callable[[str], Any], stack_name: str) -> Scope:
    """Read stack and processed template."""
    cloudformation = clients("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    body = cloudformation.get_template(StackName=stack_name, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    held = cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
    defaults = {name: str(p["Default"]) for name, p in template.get("Parameters", {}).items() if "Default" in p}
    given = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
    pseudo = {
        "AWS::AccountId": clients("sts").get_caller_identity()["Account"],
        "AWS::Partition": "aws",
        "AWS::Region": cloudformation.meta.region_name,
        "AWS::StackId": stack["StackId"],
        "AWS::StackName": stack["StackName"],
        "AWS::URLSuffix": "amazonaws.com",
    }
    ids = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in held if "DELETE" not in r["ResourceStatus"]}
    return Scope(template, defaults | given, ids, pseudo)


def compare_stack(clients: Callable[[str], Any], stack_name: str, only: str | None = None) -> Comparison:
    """Compare every property of every resource, or of one by its logical id.

    A resource that is missing, left over, or of a type that nothing here reads is a difference too.
    """
    scope = scope_of(clients, stack_name)
    resources = scope.resources()
    differences = [Difference(name, "", "absent", scope.ids[name]) for name in scope.ids.keys() - resources.keys()]
    hidden: list[str] = []
    compared = 0
    for name, resource in sorted(resources.items()):
        if only not in {None, name}:
            continue
        kind = resource["Type"]
        if name not in scope.ids or kind not in READERS:
            differences.append(
                Difference(name, "", kind, "nothing deployed" if kind in READERS else "nothing reads it")
            )
            continue
        expected = resolve(resource.get("Properties", {}), scope)
        found = READERS[kind](clients, scope.ids[name], expected)
        for path, wanted, got in _leaves(expected, found):
            if reason := HIDDEN.get((kind, path)):
                hidden.append(f"{name}.{path}: {reason}")
                continue
            compared += 1
            if wanted != got:
                differences.append(Difference(name, path, wanted, got))
    return Comparison(differences, compared, hidden)


def _leaves(expected: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Give path, template's value and deployed value of everything that the template says."""
    if isinstance(expected, dict) and expected:
        found = _parse(found)
        for key, value in expected.items():
            inner = found.get(key) if isinstance(found, dict) else None
            yield from _leaves(value, inner, f"{path}/{key}".lstrip("/"))
        return
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        last = path.rsplit("/", 1)[-1]
        pairs = zip(
            *(sorted(x, key=_order) if last in UNORDERED else x for x in (expected, found)), strict=True
        )  # a list of another length is one difference, seen whole
        for index, (one, other) in enumerate(pairs):
            yield from _leaves(one, other, f"{path}[{index}]")
        return
    yield path, _plain(expected), _plain(found)


def _order(value: Any) -> str:
    if isinstance(value, dict):
        return str(next((value[key] for key in ("Id", "Key", "PolicyName", "Name") if key in value), value))
    return str(value)


def _parse(value: Any) -> Any:
    """Return what a JSON object's text holds, and everything else as it is."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _plain(value: Any) -> Any:
    """Return the value without the differences in spelling that mean nothing: 10 and "10", True and "true"."""
    value = _parse(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
