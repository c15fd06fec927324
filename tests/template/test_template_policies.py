import ast
from typing import Any

import boto3
import pytest

from tests.template.stacks import ROOT, Stack, as_list, build_stack

KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
EVERYTHING = {
    "AlarmEmail": "a@example.org",
    "KmsKeyArn": KEY,
    "MessageKmsKeyArn": KEY,
    "Tracing": "Active",
    "CrawlerSchedule": "cron(15 * * * ? *)",
}
# Sid of each statement that names no resource, and why it cannot.
WITHOUT_RESOURCE = {"Tracing": "X-Ray's write actions know no resources"}


@pytest.fixture(scope="module", params=["direct", "crawler"])
def stack(request: pytest.FixtureRequest) -> Stack:
    return build_stack(CatalogMode=request.param, **EVERYTHING)


def statements_of(stack: Stack, role: str) -> dict[str, dict[str, Any]]:
    (policy,) = stack.properties(role)["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def test_every_permission_names_its_resources(stack: Stack) -> None:
    blanket = [
        statement["Sid"]
        for _, statement in stack.statements()
        if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource", []))
    ]
    assert blanket == list(WITHOUT_RESOURCE)


def test_no_permission_is_a_pattern_of_actions(stack: Stack) -> None:
    allowed = [statement for _, statement in stack.statements() if statement["Effect"] == "Allow"]
    assert len(allowed) > 15
    assert [action for statement in allowed for action in as_list(statement["Action"]) if "*" in action] == []
    assert not [statement for statement in allowed if "NotAction" in statement or "NotResource" in statement]


def test_resources_stay_inside_the_stack(stack: Stack) -> None:
    # What has no name of its own in the stack: the catalog that holds the database, and the log group of all crawlers.
    shared = (":catalog", ":log-group:/aws-glue/crawlers", ":log-group:/aws-glue/crawlers:*")
    glue = ("database/Database", "table/Database/*", "crawler/Crawler")
    foreign = [
        (sid, arn)
        for role in ("ConvertRole", "CrawlerRole")
        for sid, statement in statements_of(stack, role).items()
        for arn in as_list(statement["Resource"])
        if sid not in WITHOUT_RESOURCE
        and arn.split(".Arn")[0] not in stack.resources
        and not arn.endswith(shared)
        and arn.removeprefix("arn:aws:glue:eu-west-1:111122223333:") not in glue
        and arn != KEY
    ]
    assert foreign == []


def test_the_converter_reads_csvs_and_never_writes_them(stack: Stack) -> None:
    granted = statements_of(stack, "ConvertRole")
    on_source = {
        action
        for statement in granted.values()
        for arn in as_list(statement["Resource"])
        if arn in ("DataBucket.Arn/csv-files/*", "DataBucket.Arn/*")
        for action in as_list(statement["Action"])
    }
    assert on_source == {"s3:GetObject", "s3:GetObjectVersion"}
    assert set(granted["PublishParquet"]["Action"]) == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
    }
    assert set(granted["WriteLedger"]["Action"]) == {"s3:PutObject", "s3:AbortMultipartUpload"}


def test_a_missing_object_answers_404(stack: Stack) -> None:
    listing = statements_of(stack, "ConvertRole")["ListKeys"]
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "DataBucket.Arn")
    # Reading a key that is absent is checked against s3:ListBucket without a prefix in the request.
    assert list(listing["Condition"]) == ["StringLikeIfExists"]


def test_the_converter_writes_the_catalog_in_direct_mode_only() -> None:
    direct, crawler = (statements_of(build_stack(CatalogMode=mode), "ConvertRole") for mode in ("direct", "crawler"))
    assert "glue:CreateTable" in direct["WriteCatalog"]["Action"]
    assert "StartCrawler" not in direct
    assert "WriteCatalog" not in crawler
    assert "glue:StartCrawler" in crawler["StartCrawler"]["Action"]
    assert "ReadMark" not in direct
    assert crawler["ReadMark"]["Resource"] == "DataBucket.Arn/meta/_crawl-wanted"
    assert crawler["StartCrawler"]["Resource"] == "arn:aws:glue:eu-west-1:111122223333:crawler/Crawler"


def called_actions(*modules: str) -> set[str]:
    """Return the actions behind the calls that the adapters make on boto3's clients, as IAM spells them."""
    parsed = [ast.parse((ROOT / "functions/csvlake/aws" / name).read_text()) for name in modules]
    calls = {
        node.func.attr
        for node in (node for tree in parsed for node in ast.walk(tree))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    calls |= {
        str(node.args[0].value)
        for node in (node for tree in parsed for node in ast.walk(tree))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get_paginator"
        and isinstance(node.args[0], ast.Constant)
    }
    calls = {"send_message" if call == "send_message_batch" else call for call in calls}  # one action allows both
    operations = {
        service: boto3.Session(region_name="eu-west-1").client(service).meta.method_to_api_mapping
        for service in ("glue", "sqs")
    }
    # SQS's batches need the right for one: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    return {
        f"{service}:{names[call].removesuffix('Batch')}"
        for service, names in operations.items()
        for call in calls & names.keys()
    }


def test_the_converter_may_do_in_the_catalog_exactly_what_its_adapter_calls() -> None:
    granted = {
        action
        for mode in ("direct", "crawler")
        for statement in statements_of(build_stack(CatalogMode=mode), "ConvertRole").values()
        for action in as_list(statement["Action"])
    }
    received = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert {action for action in granted if action.startswith(("glue:", "sqs:"))} - received == called_actions(
        "glue.py", "glue_crawler.py", "sqs.py"
    )


def test_the_converter_may_do_what_a_queue_reader_must(stack: Stack) -> None:
    messages = statements_of(stack, "ConvertRole")["Messages"]
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= set(messages["Action"])
    assert messages["Resource"] == "ConvertQueue.Arn"


def test_keys_are_used_through_their_service_only(stack: Stack) -> None:
    uses = [s for _, s in stack.statements() if any(a.startswith("kms:") for a in as_list(s["Action"]))]
    assert len(uses) == 3
    assert all(use["Resource"] == KEY and use["Condition"]["StringEquals"]["kms:ViaService"] for use in uses)


def test_plain_http_is_refused_everywhere(stack: Stack) -> None:
    guarded = {
        name
        for name, statement in stack.statements()
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    kinds = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    assert guarded == {name for name, resource in stack.resources.items() if resource["Type"] in kinds}
    queues = {queue for policy in stack.of_type("AWS::SQS::QueuePolicy").values() for queue in policy["Queues"]}
    assert queues == set(stack.of_type("AWS::SQS::Queue"))


def test_a_role_is_assumed_by_its_service_alone(stack: Stack) -> None:
    services = {
        name: [s["Principal"] for s in as_list(role["AssumeRolePolicyDocument"]["Statement"])]
        for name, role in stack.of_type("AWS::IAM::Role").items()
    }
    assert services == {
        "ConvertRole": [{"Service": "lambda.amazonaws.com"}],
        "CrawlerRole": [{"Service": "glue.amazonaws.com"}],
    }
    assert not [role for role in stack.of_type("AWS::IAM::Role").values() if role.get("ManagedPolicyArns")]
