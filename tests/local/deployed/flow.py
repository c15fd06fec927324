"""Read what is deployed of events, messages, functions, roles, logs and alarms, in the words of CloudFormation."""

import base64
import hashlib
import json
from collections.abc import Callable

from tests.local.deployed.storage import Clients, Properties, tag_list


def read_topic(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::SNS::Topic."""
    sns = clients("sns")
    found = sns.get_topic_attributes(TopicArn=physical_id)["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=physical_id)["Tags"]
    return {**found, "TopicName": physical_id.rsplit(":", 1)[-1], "Tags": tags}


def read_topic_policy(clients: Clients, _physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::SNS::TopicPolicy: the first topic's policy that is not the expected one, else the expected."""
    policies = [clients("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"] for arn in expected["Topics"]]
    wrong = [policy for policy in policies if json.loads(policy) != expected["PolicyDocument"]]
    return {"Topics": expected["Topics"], "PolicyDocument": (wrong or policies)[0]}


def read_subscription(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::SNS::Subscription; one by e-mail has no attributes until it is confirmed."""
    if expected["Protocol"] == "email":
        pages = clients("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=expected["TopicArn"])
        held = [found for page in pages for found in page["Subscriptions"]]
        return next(found for found in held if found["Endpoint"] == expected["Endpoint"])
    found: Properties = clients("sns").get_subscription_attributes(SubscriptionArn=physical_id)["Attributes"]
    return found


def read_queue(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::SQS::Queue."""
    sqs = clients("sqs")
    found = sqs.get_queue_attributes(QueueUrl=physical_id, AttributeNames=["All"])["Attributes"]
    tags = sqs.list_queue_tags(QueueUrl=physical_id).get("Tags", {})
    return {**found, "QueueName": physical_id.rsplit("/", 1)[-1], "Tags": tag_list(tags)}


def read_queue_policy(clients: Clients, _physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::SQS::QueuePolicy: the first queue's policy that is not the expected one, else the expected."""
    sqs = clients("sqs")
    policies = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy", "{}")
        for url in expected["Queues"]
    ]
    wrong = [policy for policy in policies if json.loads(policy) != expected["PolicyDocument"]]
    return {"Queues": expected["Queues"], "PolicyDocument": (wrong or policies)[0]}


def read_rule(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::Events::Rule."""
    events, name = clients("events"), physical_id.rsplit("|", 1)[-1]
    bus = {"EventBusName": expected["EventBusName"]} if "EventBusName" in expected else {}
    found = events.describe_rule(Name=name, **bus)
    tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    return {**found, "Targets": events.list_targets_by_rule(Rule=name, **bus)["Targets"], "Tags": tags}


def _code(clients: Clients, code: Properties, sha256: str) -> Properties:
    """Return the code as the template names it, if what is deployed has the hash of what lies there."""
    if "S3Bucket" not in code:
        return {"CodeSha256": sha256}
    body = clients("s3").get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])["Body"].read()
    same = base64.b64encode(hashlib.sha256(body).digest()).decode() == sha256
    return code if same else {"CodeSha256": sha256}


def read_function(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::Lambda::Function."""
    answer = clients("lambda").get_function(FunctionName=physical_id)
    found = answer["Configuration"]
    found["Layers"] = [layer["Arn"] for layer in found.get("Layers", [])]
    found["Code"] = _code(clients, expected["Code"], found["CodeSha256"])
    found["ReservedConcurrentExecutions"] = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    return {**found, "Tags": tag_list(answer.get("Tags", {}))}


def read_layer(clients: Clients, physical_id: str, expected: Properties) -> Properties:
    """Read an AWS::Lambda::LayerVersion."""
    found: Properties = clients("lambda").get_layer_version_by_arn(Arn=physical_id)
    found["Content"] = _code(clients, expected["Content"], found["Content"]["CodeSha256"])
    return {**found, "LayerName": physical_id.split(":")[-2]}


def read_event_source(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Lambda::EventSourceMapping."""
    found = clients("lambda").get_event_source_mapping(UUID=physical_id)
    tags = clients("lambda").list_tags(Resource=found["EventSourceMappingArn"])["Tags"]
    name, enabled = found["FunctionArn"].rsplit(":", 1)[-1], found["State"] in {"Enabled", "Enabling", "Creating"}
    return {**found, "FunctionName": name, "Enabled": enabled, "Tags": tag_list(tags)}


def read_role(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::IAM::Role."""
    iam, role = clients("iam"), {"RoleName": physical_id}
    found = iam.get_role(**role)["Role"]
    found["PermissionsBoundary"] = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    found["ManagedPolicyArns"] = [p["PolicyArn"] for p in iam.list_attached_role_policies(**role)["AttachedPolicies"]]
    found["Policies"] = [
        {"PolicyName": name, "PolicyDocument": iam.get_role_policy(**role, PolicyName=name)["PolicyDocument"]}
        for name in iam.list_role_policies(**role)["PolicyNames"]
    ]
    return {"Tags": [], **found}


def read_log_group(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::Logs::LogGroup."""
    groups = clients("logs").describe_log_groups(logGroupNamePrefix=physical_id)["logGroups"]
    found = next(group for group in groups if group["logGroupName"] == physical_id)
    tags = clients("logs").list_tags_log_group(logGroupName=physical_id).get("tags", {})
    names = {"LogGroupName": "logGroupName", "RetentionInDays": "retentionInDays", "KmsKeyId": "kmsKeyId"}
    return {**{name: found.get(api) for name, api in names.items()}, "Tags": tag_list(tags)}


def read_alarm(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::CloudWatch::Alarm."""
    (found,) = clients("cloudwatch").describe_alarms(AlarmNames=[physical_id])["MetricAlarms"]
    tags = clients("cloudwatch").list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return {**found, "Tags": tags}


def read_dashboard(clients: Clients, physical_id: str, _expected: Properties) -> Properties:
    """Read an AWS::CloudWatch::Dashboard."""
    found: Properties = clients("cloudwatch").get_dashboard(DashboardName=physical_id)
    return found


READERS: dict[str, Callable[[Clients, str, Properties], Properties]] = {
    "AWS::SNS::Topic": read_topic,
    "AWS::SNS::TopicPolicy": read_topic_policy,
    "AWS::SNS::Subscription": read_subscription,
    "AWS::SQS::Queue": read_queue,
    "AWS::SQS::QueuePolicy": read_queue_policy,
    "AWS::Events::Rule": read_rule,
    "AWS::Lambda::Function": read_function,
    "AWS::Lambda::LayerVersion": read_layer,
    "AWS::Lambda::EventSourceMapping": read_event_source,
    "AWS::IAM::Role": read_role,
    "AWS::Logs::LogGroup": read_log_group,
    "AWS::CloudWatch::Alarm": read_alarm,
    "AWS::CloudWatch::Dashboard": read_dashboard,
}
