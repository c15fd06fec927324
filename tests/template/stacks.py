"""Read template.yaml the way AWS does: transform it with SAM's own translator, then work out its intrinsic functions.

References to resources stay readable: ``!Ref DataBucket`` becomes ``DataBucket`` and ``!GetAtt DataBucket.Arn``
becomes ``DataBucket.Arn``.
"""

import base64
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "csvlake",
}
_ABSENT: Any = object()


def read_source() -> dict[str, Any]:
    """Return template.yaml as it is written."""
    source: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return source


@cache
def _transformed(overrides: frozenset[tuple[str, str]]) -> dict[str, Any]:
    source = read_source()
    for resource in source["Resources"].values():
        for place in ("CodeUri", "ContentUri"):  # `sam package` puts the archive's address there
            if place in resource.get("Properties", {}):
                resource["Properties"][place] = "s3://bucket/archive.zip"
    values = {name: given["Default"] for name, given in source["Parameters"].items()} | dict(overrides)
    with mock.patch.dict("os.environ", AWS_DEFAULT_REGION=PSEUDO["AWS::Region"]):
        result: dict[str, Any] = transform(source, values, ManagedPolicyLoader(None))
    return result


def transform_template(**overrides: str) -> dict[str, Any]:
    """Return the CloudFormation template that SAM makes of template.yaml."""
    return copy.deepcopy(_transformed(frozenset(overrides.items())))


@dataclass
class Stack:
    """The template with all functions worked out for one choice of parameters."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties."""
        found: dict[str, Any] = self.resources[logical_id].get("Properties", {})
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        return {name: self.properties(name) for name, resource in self.resources.items() if resource["Type"] == kind}

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every policy statement with the resource that holds it."""
        for name, resource in self.resources.items():
            yield from ((name, statement) for statement in _find_statements(resource.get("Properties", {})))


def build_stack(**overrides: str) -> Stack:
    """Return the stack that these parameters give; the others keep their defaults."""
    template = transform_template(**overrides)
    resolver = _Resolver(template, overrides)
    wanted = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or resolver.decide(template["Conditions"][resource["Condition"]])
    }
    return Stack(resolver.resolve(wanted), resolver.resolve(template["Outputs"]))


def as_list(value: Any) -> list[Any]:
    """Return what a policy gives alone or in a list as a list."""
    return value if isinstance(value, list) else [value]


def _find_statements(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Statement":
                yield from as_list(value)
            else:
                yield from _find_statements(value)
    elif isinstance(node, list):
        for item in node:
            yield from _find_statements(item)


class _Resolver:
    def __init__(self, template: dict[str, Any], overrides: dict[str, str]) -> None:
        self._mappings = template.get("Mappings", {})
        self._conditions = template.get("Conditions", {})
        defaults = {name: str(given["Default"]) for name, given in template["Parameters"].items()}
        self._values = PSEUDO | defaults | overrides

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not _ABSENT]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), *_ = node.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _ABSENT}

    def decide(self, node: Any) -> bool:
        (name, argument), *_ = node.items()
        match name:
            case "Condition":
                return self.decide(self._conditions[argument])
            case "Fn::Not":
                return not self.decide(argument[0])
            case "Fn::Equals":
                left, right = map(self.resolve, argument)
                return str(left) == str(right)
        raise NotImplementedError(f"{name}: teach it to _Resolver")

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return _ABSENT if argument == "AWS::NoValue" else self._values.get(argument, argument)
            case "Fn::GetAtt":
                return ".".join(as_list(argument))
            case "Fn::If":
                condition, then, otherwise = argument
                return self.resolve(then if self.decide(self._conditions[condition]) else otherwise)
            case "Fn::FindInMap":
                mapping, first, second = map(self.resolve, argument)
                return self._mappings[mapping][first][second]
            case "Fn::Join":
                return argument[0].join(map(str, self.resolve(argument[1])))
            case "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            case "Fn::Base64":
                return base64.b64encode(self.resolve(argument).encode()).decode()
            case "Fn::Sub":
                return re.sub(r"\$\{(!?)([^}]+)\}", self._substitute, argument)
        raise NotImplementedError(f"{name}: teach it to _Resolver")

    def _substitute(self, found: re.Match[str]) -> str:
        literal, name = found.groups()
        return f"${{{name}}}" if literal else str(self._values.get(name, name))
