"""Stacks of every resource type that pipelines are made of: deployed, changed, emptied and deleted, as AWS does it."""

import copy
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from local.server import REGION, Server
from tests.local.deployed.compare import client_factory, compare_stack

pytestmark = pytest.mark.local

Clients = Callable[[str], Any]
Template = dict[str, Any]


class Stack:
    """One stack under test."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.name = f"t{uuid.uuid4().hex[:10]}"
        self.cloudformation = clients("cloudformation")

    def deploy(self, resources: Template, outputs: Template | None = None, /, **parameters: str) -> dict[str, str]:
        """Create or update through a change set, as `sam deploy` does; return the outputs."""
        exists = bool(self.ids())
        template = {
            "Parameters": {name: {"Type": "String"} for name in parameters},
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        }
        change = f"c{uuid.uuid4().hex[:8]}"
        where = {"StackName": self.name, "ChangeSetName": change}
        self.cloudformation.create_change_set(
            **where,
            TemplateBody=json.dumps(template),
            ChangeSetType="UPDATE" if exists else "CREATE",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        fast = {"Delay": 1, "MaxAttempts": 60}
        self.cloudformation.get_waiter("change_set_create_complete").wait(**where, WaiterConfig=fast)
        self.cloudformation.execute_change_set(**where)
        stack = self._wait()
        if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
            raise AssertionError([e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]])
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _wait(self) -> Any:
        """Return the stack once nothing is in progress."""
        deadline = time.monotonic() + 60
        while True:
            (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            assert time.monotonic() < deadline, stack
            time.sleep(0.1)

    def ids(self) -> dict[str, str]:
        """Return logical id → physical id."""
        try:
            held = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        except ClientError:
            return {}
        return {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in held}

    def assert_deployed(self) -> None:
        """Assert that everything is as the template says."""
        found = compare_stack(self.clients, self.name)
        assert not found.differences, "\n".join(map(str, found.differences))
        assert found.compared > 0

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self.cloudformation.delete_stack(StackName=self.name)
        self.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


@pytest.fixture(scope="module")
def clients(server: Server) -> Clients:
    return client_factory(server.endpoint_url, REGION)


@pytest.fixture
def own(clients: Clients) -> Iterator[Stack]:
    made = Stack(clients)
    yield made
    if made.ids():
        made.delete()


def policy(service: str, action: str, resource: Any) -> Template:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}],
    }


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

STORAGE: Template = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
                ]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": False,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "results",
                        "Status": "Enabled",
                        "Prefix": "results/",
                        "ExpirationInDays": {"Ref": "Days"},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2},
                    },
                    {
                        "Id": "uploads",
                        "Status": "Enabled",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
                    },
                    {"Id": "markers", "Status": "Disabled", "ExpiredObjectDeleteMarker": True},
                    {
                        "Id": "cold",
                        "Status": "Enabled",
                        "Prefix": "old/",
                        "TagFilters": [{"Key": "cold", "Value": "yes"}],
                        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}],
                    },
                ]
            },
            "Tags": [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "b"}],
        },
    },
    "Policy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": policy("glue.amazonaws.com", "s3:GetObject", {"Fn::Sub": "${Bucket.Arn}/*"}),
        },
    },
}


def test_storage_is_deployed_changed_and_stripped(own: Stack) -> None:
    own.deploy(STORAGE, Days="7")
    own.assert_deployed()
    bucket = own.ids()["Bucket"]

    changed = copy.deepcopy(STORAGE)
    properties = changed["Bucket"]["Properties"]
    properties["VersioningConfiguration"]["Status"] = "Suspended"
    properties["PublicAccessBlockConfiguration"]["IgnorePublicAcls"] = True
    properties["LifecycleConfiguration"]["Rules"][1]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] = 5
    properties["Tags"] = [{"Key": "team", "Value": "c"}]
    changed["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"] = "s3:PutObject"
    own.deploy(changed, Days="9")
    own.assert_deployed()
    assert own.ids()["Bucket"] == bucket, "the generated name stays"

    stripped = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "team", "Value": "c"}]}}}
    own.deploy(stripped)
    s3 = own.clients("s3")
    for read in ("get_bucket_lifecycle_configuration", "get_public_access_block", "get_bucket_policy"):
        with pytest.raises(ClientError):
            getattr(s3, read)(Bucket=bucket)
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", "S3's own default"


def test_a_bucket_that_holds_objects_is_not_deleted(own: Stack) -> None:
    own.deploy({"Bucket": {"Type": "AWS::S3::Bucket"}})
    bucket, s3 = own.ids()["Bucket"], own.clients("s3")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    with pytest.raises(WaiterError):
        own.delete()
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"x"
    s3.delete_object(Bucket=bucket, Key="kept")


MESSAGES: Template = {
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one", "Tags": [{"Key": "a", "Value": "1"}]}},
    "TopicPolicy": {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {
            "Topics": [{"Ref": "Topic"}],
            "PolicyDocument": policy("events.amazonaws.com", "sns:Publish", {"Ref": "Topic"}),
        },
    },
    "Dlq": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "MessageRetentionPeriod": 1209600,
            "SqsManagedSseEnabled": True,
            "RedriveAllowPolicy": {"redrivePermission": "allowAll"},
        },
    },
    "Queue": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "VisibilityTimeout": 300,
            "DelaySeconds": 3,
            "MaximumMessageSize": 4096,
            "ReceiveMessageWaitTimeSeconds": 20,
            "MessageRetentionPeriod": {"Ref": "Retention"},
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dlq", "Arn"]}, "maxReceiveCount": 3},
            "Tags": [{"Key": "q", "Value": "1"}],
        },
    },
    "QueuePolicy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Queue"}],
            "PolicyDocument": policy("sns.amazonaws.com", "sqs:SendMessage", {"Fn::GetAtt": ["Queue", "Arn"]}),
        },
    },
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            "RawMessageDelivery": True,
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": {"detail": {"object": {"size": [{"numeric": ["<=", 1000]}]}}},
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dlq", "Arn"]}},
        },
    },
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": "one",
            "State": "ENABLED",
            "EventPattern": {
                "source": ["aws.s3"],
                "detail": {"object": {"key": [{"prefix": "in/"}], "size": [{"numeric": [">", 0]}]}},
            },
            "Targets": [
                {
                    "Id": "topic",
                    "Arn": {"Ref": "Topic"},
                    "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 5},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dlq", "Arn"]}},
                },
                {"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}},
            ],
        },
    },
}


def test_messages_are_deployed_changed_and_stripped(own: Stack) -> None:
    own.deploy(MESSAGES, Retention="86400")
    own.assert_deployed()
    before = own.ids()

    changed = copy.deepcopy(MESSAGES)
    changed["Topic"]["Properties"] |= {"DisplayName": "two", "Tags": [{"Key": "b", "Value": "2"}]}
    changed["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Sid"] = "Changed"
    changed["Queue"]["Properties"] |= {"VisibilityTimeout": 60, "DelaySeconds": 0}
    changed["Subscription"]["Properties"] |= {
        "RawMessageDelivery": False,
        "FilterPolicy": {"detail": {"object": {"size": [{"numeric": [">", 1000]}]}}},
    }
    rule = changed["Rule"]["Properties"]
    rule |= {"Description": "two", "State": "DISABLED", "Targets": rule["Targets"][:1]}
    rule["EventPattern"]["detail"]["object"]["key"] = [{"prefix": "other/"}]
    rule["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] = 9
    own.deploy(changed, Retention="90000")
    own.assert_deployed()
    assert own.ids() == before, "nothing is made anew"
    targets = own.clients("events").list_targets_by_rule(Rule=before["Rule"].rsplit("|", 1)[-1])["Targets"]
    assert [target["Id"] for target in targets] == ["topic"]

    for name, properties in {
        "Subscription": ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"),
        "Dlq": ("RedriveAllowPolicy",),
        "Queue": ("RedrivePolicy", "VisibilityTimeout"),
    }.items():
        for gone in properties:
            changed[name]["Properties"].pop(gone)
    own.deploy(changed, Retention="90000")
    subscription = own.clients("sns").get_subscription_attributes(SubscriptionArn=before["Subscription"])["Attributes"]
    assert not subscription.get("FilterPolicy")
    assert subscription["RawMessageDelivery"] == "false"
    sqs = own.clients("sqs")
    queue = sqs.get_queue_attributes(QueueUrl=before["Queue"], AttributeNames=["All"])["Attributes"]
    assert "RedrivePolicy" not in queue
    assert queue["VisibilityTimeout"] == "30"
    dlq = sqs.get_queue_attributes(QueueUrl=before["Dlq"], AttributeNames=["All"])["Attributes"]
    assert "RedriveAllowPolicy" not in dlq


COMPUTE: Template = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Path": "/service/",
            "Description": "one",
            "MaxSessionDuration": 7200,
            "PermissionsBoundary": BOUNDARY,
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [
                {
                    "PolicyName": "read",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:x"}],
                    },
                }
            ],
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    },
    "Logs": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"RetentionInDays": {"Ref": "Days"}, "Tags": [{"Key": "a", "Value": "1"}]},
    },
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 300}},
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/service/${Role}"},
            "Code": {"ZipFile": "def handler(event, context):\n    return event\n"},
            "Description": "one",
            "MemorySize": 256,
            "Timeout": 30,
            "EphemeralStorage": {"Size": {"Ref": "Disk"}},
            "Environment": {"Variables": {"A": "1", "SIZE": {"Ref": "Disk"}}},
            "TracingConfig": {"Mode": "Active"},
            "Architectures": ["arm64"],
            "ReservedConcurrentExecutions": 3,
            "LoggingConfig": {
                "LogGroup": {"Ref": "Logs"},
                "LogFormat": "JSON",
                "ApplicationLogLevel": "DEBUG",
                "SystemLogLevel": "WARN",
            },
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    },
    "Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "BatchSize": 5,
            "MaximumBatchingWindowInSeconds": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "Concurrency"}},
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": "one",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": {"Ref": "Limit"},
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    },
    "Dashboard": {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardBody": {"Fn::Sub": '{"widgets": [{"type": "text", "properties": {"markdown": "one"}}]}'}
        },
    },
}
FIRST = {"Days": "7", "Disk": "1024", "Concurrency": "4", "Limit": "1"}


def test_compute_is_deployed_changed_and_stripped(own: Stack) -> None:
    own.deploy(COMPUTE, {"Arn": {"Fn::GetAtt": ["Function", "Arn"]}}, **FIRST)
    own.assert_deployed()
    before = own.ids()

    changed = copy.deepcopy(COMPUTE)
    role, function = changed["Role"]["Properties"], changed["Function"]["Properties"]
    role |= {"Description": "two", "MaxSessionDuration": 3600, "Tags": [{"Key": "b", "Value": "2"}]}
    role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] = "sqs:SendMessage"
    role.pop("PermissionsBoundary")
    function |= {"MemorySize": 512, "Timeout": 60, "Description": "two", "Tags": [{"Key": "b", "Value": "2"}]}
    function["LoggingConfig"]["ApplicationLogLevel"] = "INFO"
    function["Environment"]["Variables"]["A"] = "2"
    changed["Mapping"]["Properties"] |= {"BatchSize": 7, "FunctionResponseTypes": []}
    changed["Alarm"]["Properties"] |= {"AlarmDescription": "two", "Period": 120}
    changed["Dashboard"]["Properties"]["DashboardBody"] = '{"widgets": []}'
    own.deploy(changed, None, **(FIRST | {"Days": "14", "Disk": "2048", "Concurrency": "9", "Limit": "2.5"}))
    own.assert_deployed()
    assert own.ids() == before, "nothing is made anew"
    assert "PermissionsBoundary" not in own.clients("iam").get_role(RoleName=before["Role"])["Role"]

    for name in ("EphemeralStorage", "MemorySize", "Timeout", "ReservedConcurrentExecutions", "Environment"):
        function.pop(name)
    for name in ("ScalingConfig", "FilterCriteria", "MaximumBatchingWindowInSeconds"):
        changed["Mapping"]["Properties"].pop(name)
    changed["Logs"]["Properties"].pop("RetentionInDays")
    own.deploy(changed, None, **(FIRST | {"Limit": "2.5"}))
    answer = own.clients("lambda").get_function(FunctionName=before["Function"])
    found = answer["Configuration"]
    assert (found["EphemeralStorage"]["Size"], found["MemorySize"], found["Timeout"]) == (512, 128, 3)
    assert not found.get("Environment", {}).get("Variables")
    assert "Concurrency" not in answer
    mapping = own.clients("lambda").get_event_source_mapping(UUID=before["Mapping"])
    assert not mapping.get("ScalingConfig")
    assert mapping["MaximumBatchingWindowInSeconds"] == 0
    (group,) = own.clients("logs").describe_log_groups(logGroupNamePrefix=before["Logs"])["logGroups"]
    assert "retentionInDays" not in group


COLUMNS = [{"Name": "id", "Type": "bigint"}, {"Name": "amount", "Type": "decimal(18,2)", "Comment": "paid"}]
CATALOG: Template = {
    "Database": {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Description": "one"}},
    },
    "Table": {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": {
                "Name": "sales",
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
                "PartitionKeys": [{"Name": "day", "Type": "string"}],
                "StorageDescriptor": {"Location": "s3://lake/sales/", "Columns": COLUMNS, "Compressed": False},
            },
        },
    },
    "Crawler": {
        "Type": "AWS::Glue::Crawler",
        "Properties": {
            "Description": "one",
            "Role": "arn:aws:iam::000000000000:role/service/crawl",
            "DatabaseName": {"Ref": "Database"},
            "Targets": {"S3Targets": [{"Path": "s3://lake/sales/", "Exclusions": ["**/_tmp/**"]}]},
            "Schedule": {"ScheduleExpression": "cron(15 12 * * ? *)"},
            "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
            "SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"},
            "TablePrefix": "raw_",
            "Configuration": '{"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}',
            "Tags": {"a": "1"},
        },
    },
    "Job": {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Description": "one",
            "Role": "arn:aws:iam::000000000000:role/service/crawl",
            "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://lake/job.py"},
            "DefaultArguments": {"--a": "1"},
            "ExecutionProperty": {"MaxConcurrentRuns": 2},
            "ExecutionClass": "STANDARD",
            "GlueVersion": "5.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "Timeout": {"Ref": "Minutes"},
            "MaxRetries": 1,
            "Tags": {"a": "1"},
        },
    },
    "WorkGroup": {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": {"Fn::Sub": "${AWS::StackName}-group"},
            "Description": "one",
            "State": "ENABLED",
            "RecursiveDeleteOption": True,
            "Tags": [{"Key": "a", "Value": "1"}],
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": True,
                "BytesScannedCutoffPerQuery": 10485760,
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
                "ResultConfiguration": {
                    "OutputLocation": "s3://lake/results/",
                    "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                },
            },
        },
    },
    "Query": {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {
            "Name": "latest",
            "Description": "one",
            "Database": {"Ref": "Database"},
            "WorkGroup": {"Ref": "WorkGroup"},
            "QueryString": "SELECT 1",
        },
    },
}


def test_a_catalog_is_deployed_changed_and_deleted(own: Stack) -> None:
    outputs = {
        "Database": {"Ref": "Database"},
        "Table": {"Ref": "Table"},
        "Crawler": {"Ref": "Crawler"},
        "Job": {"Ref": "Job"},
        "WorkGroup": {"Ref": "WorkGroup"},
        "Query": {"Ref": "Query"},
        "QueryId": {"Fn::GetAtt": ["Query", "NamedQueryId"]},
        "Engine": {"Fn::GetAtt": ["WorkGroup", "WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion"]},
    }
    said = own.deploy(CATALOG, outputs, Minutes="60")
    own.assert_deployed()
    assert (said["Table"], said["WorkGroup"]) == ("sales", f"{own.name}-group")
    assert said["Query"] == said["QueryId"]
    assert said["Database"] == said["Database"].lower()
    assert said["Database"].startswith(f"{own.name}-database-")
    assert said["Crawler"].startswith(f"{own.name}-Crawler-")
    assert said["Engine"] == "Athena engine version 3"

    changed = copy.deepcopy(CATALOG)
    changed["Database"]["Properties"]["DatabaseInput"]["Description"] = "two"
    changed["Table"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"] = [
        *COLUMNS,
        {"Name": "note", "Type": "string"},
    ]
    crawler = changed["Crawler"]["Properties"]
    crawler |= {"Description": "two", "TablePrefix": "x_", "Tags": {"b": "2"}}
    crawler["SchemaChangePolicy"]["UpdateBehavior"] = "UPDATE_IN_DATABASE"
    crawler["Schedule"] = {"ScheduleExpression": "cron(0 1 * * ? *)"}
    changed["Job"]["Properties"] |= {"NumberOfWorkers": 5, "DefaultArguments": {"--b": "2"}, "Tags": {"b": "2"}}
    group = changed["WorkGroup"]["Properties"]
    group |= {"Description": "two", "State": "DISABLED"}
    group["WorkGroupConfiguration"] |= {"BytesScannedCutoffPerQuery": 20971520, "EnforceWorkGroupConfiguration": False}
    group["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"] = "s3://lake/other/"
    changed["Query"]["Properties"]["QueryString"] = "SELECT 2"
    again = own.deploy(changed, outputs, Minutes="90")
    own.assert_deployed()
    assert again["Query"] != said["Query"], "a named query is replaced"
    with pytest.raises(ClientError):
        own.clients("athena").get_named_query(NamedQueryId=said["Query"])
    assert {k: v for k, v in again.items() if "Query" not in k} == {k: v for k, v in said.items() if "Query" not in k}

    crawler.pop("Schedule")
    group["WorkGroupConfiguration"].pop("BytesScannedCutoffPerQuery")
    own.deploy(changed, outputs, Minutes="90")
    assert "Schedule" not in own.clients("glue").get_crawler(Name=said["Crawler"])["Crawler"]
    found = own.clients("athena").get_work_group(WorkGroup=said["WorkGroup"])["WorkGroup"]
    assert "BytesScannedCutoffPerQuery" not in found["Configuration"]

    own.clients("glue").create_table(DatabaseName=said["Database"], TableInput={"Name": "made_by_others"})
    own.delete()
    for service, read, argument in (
        ("glue", "get_database", {"Name": said["Database"]}),
        ("glue", "get_crawler", {"Name": said["Crawler"]}),
        ("glue", "get_job", {"JobName": said["Job"]}),
        ("athena", "get_named_query", {"NamedQueryId": again["Query"]}),
        ("athena", "get_work_group", {"WorkGroup": said["WorkGroup"]}),
    ):
        with pytest.raises(ClientError):
            getattr(own.clients(service), read)(**argument)


def test_a_type_that_nobody_implements_fails_the_change_set(own: Stack) -> None:
    with pytest.raises(WaiterError):
        own.deploy({"Detector": {"Type": "AWS::GuardDuty::Nothing", "Properties": {"Enable": True}}})


def test_an_update_that_nobody_implements_fails_and_leaves_what_was(own: Stack) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
    resources: Template = {
        "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
    }
    own.deploy(resources)
    before = own.ids()
    document["Statement"] = [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]
    with pytest.raises(AssertionError, match="cannot update AWS::IAM::ManagedPolicy"):
        own.deploy(resources)
    own.delete()
    with pytest.raises(ClientError):
        own.clients("sqs").get_queue_attributes(QueueUrl=before["Queue"])
