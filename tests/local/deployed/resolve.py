"""Resolve a processed CloudFormation template against the stack that was made from it.

Nothing is taken from what the deployer kept: references become the physical ids that DescribeStackResources gives, and
attributes are spelt here as AWS documents them.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NO_VALUE = object()
SUB = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True)
class Scope:
    """What a template may refer to.

    Attributes:
        template: the processed template.
        parameters: name → value of every parameter.
        ids: logical id → physical id of every resource.
        pseudo: the AWS:: parameters.
    """

    template: dict[str, Any]
    parameters: dict[str, str]
    ids: dict[str, str]
    pseudo: dict[str, str]

    def condition(self, name: str) -> bool:
        """Evaluate a condition by name."""
        return _truth(resolve(self.template["Conditions"][name], self))

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources that the conditions let through."""
        return {
            name: resource
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def ref(self, name: str) -> Any:
        """Return what Ref gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        for known in (self.pseudo, self.ids):
            if name in known:
                return known[name]
        value = self.parameters[name]
        kind = self.template["Parameters"][name]["Type"]
        return value.split(",") if kind == "CommaDelimitedList" or kind.startswith("List<") else value

    def attribute(self, name: str, attribute: str) -> str:
        """Return what Fn::GetAtt gives.

        Raises:
            KeyError: no rule for this type's attribute is written here.
        """
        kind, own = self.template["Resources"][name]["Type"], self.ids[name]
        region, account = self.pseudo["AWS::Region"], self.pseudo["AWS::AccountId"]
        last = re.split(r"[/:|]", own)[-1]
        known = {
            ("AWS::S3::Bucket", "Arn"): f"arn:aws:s3:::{own}",
            ("AWS::SQS::Queue", "Arn"): f"arn:aws:sqs:{region}:{account}:{last}",
            ("AWS::SQS::Queue", "QueueName"): last,
            ("AWS::SQS::Queue", "QueueUrl"): own,
            ("AWS::SNS::Topic", "TopicName"): last,
            ("AWS::SNS::Topic", "TopicArn"): own,
            ("AWS::Events::Rule", "Arn"): f"arn:aws:events:{region}:{account}:rule/{last}",
            ("AWS::IAM::Role", "Arn"): f"arn:aws:iam::{account}:role/{own}",
            ("AWS::Lambda::Function", "Arn"): f"arn:aws:lambda:{region}:{account}:function:{own}",
            ("AWS::Logs::LogGroup", "Arn"): f"arn:aws:logs:{region}:{account}:log-group:{own}:*",
            ("AWS::CloudWatch::Alarm", "Arn"): f"arn:aws:cloudwatch:{region}:{account}:alarm:{own}",
            ("AWS::Athena::NamedQuery", "NamedQueryId"): own,
        }
        return known[kind, attribute]


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def resolve(value: Any, scope: Scope) -> Any:
    """Return the value with every intrinsic function carried out.

    Raises:
        KeyError: something is referred to that does not exist, or a function is not known here.
    """
    if isinstance(value, list):
        return [item for item in (resolve(item, scope) for item in value) if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument, scope)
        if name.startswith("Fn::"):
            raise KeyError(f"{name} is not known to the comparison")
    resolved = {key: resolve(item, scope) for key, item in value.items()}
    return {key: item for key, item in resolved.items() if item is not NO_VALUE}


def _get_att(argument: Any, scope: Scope) -> str:
    name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(name, attribute)


def _sub(argument: Any, scope: Scope) -> str:
    text, names = (argument, {}) if isinstance(argument, str) else argument
    own = resolve(names, scope)

    def put(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in own:
            return str(own[name])
        return str(_get_att(name, scope) if "." in name else scope.ref(name))

    return SUB.sub(put, text)


def _join(argument: Any, scope: Scope) -> str:
    separator, parts = argument
    return str(separator).join(str(part) for part in resolve(parts, scope))


def _select(argument: Any, scope: Scope) -> Any:
    index, parts = argument
    return resolve(parts, scope)[int(resolve(index, scope))]


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, text = argument
    return str(resolve(text, scope)).split(separator)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (resolve(part, scope) for part in argument)
    return scope.template["Mappings"][name][first][second]


def _if(argument: Any, scope: Scope) -> Any:
    condition, then, otherwise = argument
    return resolve(then if scope.condition(condition) else otherwise, scope)


def _equals(argument: Any, scope: Scope) -> bool:
    first, second = (resolve(part, scope) for part in argument)
    return _text(first) == _text(second)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": lambda argument, scope: scope.ref(argument),
    "Condition": lambda argument, scope: scope.condition(argument),
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Base64": lambda argument, scope: base64.b64encode(resolve(argument, scope).encode()).decode(),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::Not": lambda argument, scope: not _truth(resolve(argument[0], scope)),
    "Fn::And": lambda argument, scope: all(_truth(resolve(part, scope)) for part in argument),
    "Fn::Or": lambda argument, scope: any(_truth(resolve(part, scope)) for part in argument),
}
