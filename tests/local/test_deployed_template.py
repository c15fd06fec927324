"""What is deployed is what template.yaml says, property by property, as the services themselves answer."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.local.deployed.compare import client_factory, compare_stack, scope_of

pytestmark = pytest.mark.local

Clients = Callable[[str], Any]
Undo = Callable[[], object]


@pytest.fixture(scope="module")
def clients(stack: Mapping[str, str]) -> Clients:
    return client_factory(stack["endpoint_url"], stack["region"])


@pytest.fixture(scope="module")
def stack_name(clients: Clients, stack: Mapping[str, str]) -> str:
    """The stack that has this bucket among its outputs."""
    pages = clients("cloudformation").get_paginator("describe_stacks").paginate()
    described = [one for page in pages for one in page["Stacks"]]
    return next(
        str(one["StackName"])
        for one in described
        if stack["bucket"] in {output.get("OutputValue") for output in one.get("Outputs", [])}
    )


@pytest.fixture(scope="module")
def ids(clients: Clients, stack_name: str) -> dict[str, str]:
    return scope_of(clients, stack_name).ids


def test_every_property_is_deployed(clients: Clients, stack_name: str) -> None:
    found = compare_stack(clients, stack_name)
    print(f"{found.compared} properties compared; what no API shows:")  # noqa: T201 - so that it is never forgotten
    print("\n".join(found.hidden))  # noqa: T201
    assert not found.differences, "\n".join(map(str, found.differences))
    assert found.compared > 200
    assert len(found.hidden) <= 1


def change_versioning(clients: Clients, ids: dict[str, str]) -> Undo:
    s3, bucket = clients("s3"), ids["DataBucket"]
    was = s3.get_bucket_versioning(Bucket=bucket)["Status"]
    now = "Suspended" if was == "Enabled" else "Enabled"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": now})
    return lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": was})


def drop_a_lifecycle_rule(clients: Clients, ids: dict[str, str]) -> Undo:
    s3, bucket = clients("s3"), ids["DataBucket"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]

    def put(which: list[Any]) -> None:
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": which})

    put(rules[:-1])
    return lambda: put(rules)


def change_the_bucket_policy(clients: Clients, ids: dict[str, str]) -> Undo:
    s3, bucket = clients("s3"), ids["DataBucket"]
    was = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.put_bucket_policy(Bucket=bucket, Policy=was.replace("aws:SecureTransport", "aws:MultiFactorAuthPresent"))
    return lambda: s3.put_bucket_policy(Bucket=bucket, Policy=was)


def open_the_bucket(clients: Clients, ids: dict[str, str]) -> Undo:
    s3, bucket = clients("s3"), ids["DataBucket"]
    was = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**was, "BlockPublicPolicy": False})
    return lambda: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=was)


def shorten_the_visibility(clients: Clients, ids: dict[str, str]) -> Undo:
    sqs, url = clients("sqs"), ids["ConvertQueue"]
    names = ["VisibilityTimeout"]
    was = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "31"})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=was)


def unhook_the_dead_letters(clients: Clients, ids: dict[str, str]) -> Undo:
    sqs, url = clients("sqs"), ids["ConvertQueue"]
    was = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=was)


def change_the_queue_policy(clients: Clients, ids: dict[str, str]) -> Undo:
    sqs, url = clients("sqs"), ids["ConvertQueue"]
    was = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": was["Policy"].replace("SendFromTopic", "Anybody")})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=was)


def wrap_the_messages(clients: Clients, ids: dict[str, str]) -> Undo:
    sns, arn = clients("sns"), ids["ConvertSubscription"]

    def put(value: str) -> None:
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue=value)

    put("false")
    return lambda: put("true")


def change_the_event_pattern(clients: Clients, ids: dict[str, str]) -> Undo:
    events, name = clients("events"), ids["ObjectsRule"].rsplit("|", 1)[-1]
    was = events.describe_rule(Name=name)
    rest = {"Name": name, "State": was["State"], "Description": was["Description"]}
    pattern = json.loads(was["EventPattern"])
    pattern["detail-type"] = pattern["detail-type"][:1]
    events.put_rule(**rest, EventPattern=json.dumps(pattern))
    return lambda: events.put_rule(**rest, EventPattern=was["EventPattern"])


def drop_the_target_s_dead_letters(clients: Clients, ids: dict[str, str]) -> Undo:
    events, name = clients("events"), ids["ObjectsRule"].rsplit("|", 1)[-1]
    was = events.list_targets_by_rule(Rule=name)["Targets"]
    events.put_targets(Rule=name, Targets=[{"Id": target["Id"], "Arn": target["Arn"]} for target in was])
    return lambda: events.put_targets(Rule=name, Targets=was)


def keep_logs_for_a_day(clients: Clients, ids: dict[str, str]) -> Undo:
    logs, name = clients("logs"), ids["ConvertLogGroup"]
    (was,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    return lambda: logs.put_retention_policy(logGroupName=name, retentionInDays=was["retentionInDays"])


def widen_the_role(clients: Clients, ids: dict[str, str]) -> Undo:
    iam, role = clients("iam"), ids["ConvertRole"]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    was = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    wider = {**was, "Statement": [{**was["Statement"][0], "Resource": "*"}, *was["Statement"][1:]]}

    def put(document: Any) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    put(wider)
    return lambda: put(was)


def swap_two_columns(clients: Clients, ids: dict[str, str]) -> Undo:
    glue, database = clients("glue"), ids["Database"]
    was = glue.get_table(DatabaseName=database, Name=ids["ConversionsTable"])["Table"]
    names = ("Name", "Description", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    table = {name: was[name] for name in names}
    first, second, *rest = table["StorageDescriptor"]["Columns"]
    swapped = {**table["StorageDescriptor"], "Columns": [second, first, *rest]}
    glue.update_table(DatabaseName=database, TableInput={**table, "StorageDescriptor": swapped})
    return lambda: glue.update_table(DatabaseName=database, TableInput=table)


def change_the_crawler(clients: Clients, ids: dict[str, str]) -> Undo:
    glue, name = clients("glue"), ids["Crawler"]
    was = glue.get_crawler(Name=name)["Crawler"]["Configuration"]
    glue.update_crawler(Name=name, Configuration='{"Version": 1.0}')
    return lambda: glue.update_crawler(Name=name, Configuration=was)


def lift_the_scan_limit(clients: Clients, ids: dict[str, str]) -> Undo:
    athena, name = clients("athena"), ids["WorkGroup"]
    was = athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]["BytesScannedCutoffPerQuery"]

    def put(limit: int) -> None:
        athena.update_work_group(WorkGroup=name, ConfigurationUpdates={"BytesScannedCutoffPerQuery": limit})

    put(was * 2)
    return lambda: put(was)


def batch_less(clients: Clients, ids: dict[str, str]) -> Undo:
    lambda_, uuid = clients("lambda"), ids["ConvertFunctionMessages"]
    was = lambda_.get_event_source_mapping(UUID=uuid)["BatchSize"]
    lambda_.update_event_source_mapping(UUID=uuid, BatchSize=was - 1)
    return lambda: lambda_.update_event_source_mapping(UUID=uuid, BatchSize=was)


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (change_versioning, "DataBucket.VersioningConfiguration/Status"),
        (drop_a_lifecycle_rule, "DataBucket.LifecycleConfiguration/Rules"),
        (open_the_bucket, "DataBucket.PublicAccessBlockConfiguration/BlockPublicPolicy"),
        (change_the_bucket_policy, "DataBucketPolicy.PolicyDocument/Statement"),
        (shorten_the_visibility, "ConvertQueue.VisibilityTimeout"),
        (unhook_the_dead_letters, "ConvertQueue.RedrivePolicy"),
        (change_the_queue_policy, "ConvertQueuePolicy.PolicyDocument/Statement"),
        (wrap_the_messages, "ConvertSubscription.RawMessageDelivery"),
        (change_the_event_pattern, "ObjectsRule.EventPattern/detail-type"),
        (drop_the_target_s_dead_letters, "ObjectsRule.Targets"),
        (keep_logs_for_a_day, "ConvertLogGroup.RetentionInDays"),
        (widen_the_role, "ConvertRole.Policies[0]/PolicyDocument/Statement"),
        (swap_two_columns, "ConversionsTable.TableInput/StorageDescriptor/Columns"),
        (change_the_crawler, "Crawler.Configuration"),
        (lift_the_scan_limit, "WorkGroup.WorkGroupConfiguration/BytesScannedCutoffPerQuery"),
        (batch_less, "ConvertFunctionMessages.BatchSize"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_difference_is_found_where_it_is(
    clients: Clients,
    stack_name: str,
    ids: dict[str, str],
    plant: Callable[[Clients, dict[str, str]], Undo],
    where: str,
) -> None:
    undo = plant(clients, ids)
    try:
        found = compare_stack(clients, stack_name, only=where.split(".")[0]).differences
    finally:
        undo()
    assert found, "nothing was noticed"
    assert all(f"{one.resource}.{one.path}".startswith(where) for one in found), list(map(str, found))


def test_what_was_planted_is_gone_again(clients: Clients, stack_name: str) -> None:
    assert not compare_stack(clients, stack_name).differences
