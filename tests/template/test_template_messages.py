import json

import pytest

from csvlake.events import LOOK_AT_CRAWLER
from tests.template.stacks import Stack, as_list, build_stack, read_source


@pytest.fixture(scope="module")
def stack() -> Stack:
    return build_stack()


@pytest.mark.parametrize("timeout", read_source()["Parameters"]["TimeoutSeconds"]["AllowedValues"])
def test_visibility_is_six_times_the_timeout_whichever_is_chosen(timeout: str) -> None:
    stack = build_stack(TimeoutSeconds=timeout)
    assert int(stack.properties("ConvertFunction")["Timeout"]) == int(timeout)
    assert stack.properties("ConvertQueue")["VisibilityTimeout"] == 6 * int(timeout)
    assert stack.properties("ConvertQueue")["VisibilityTimeout"] < 43200  # SQS allows no more than 12 hours


def test_the_dead_letter_queue_can_fill(stack: Stack) -> None:
    redrive = stack.properties("ConvertQueue")["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == "ConvertDlq.Arn"
    assert int(redrive["maxReceiveCount"]) == 5
    allowed = stack.properties("ConvertDlq")["RedriveAllowPolicy"]
    name = stack.properties("ConvertQueue")["QueueName"]
    assert allowed == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:eu-west-1:111122223333:{name}"],
    }


def test_dead_letters_outlive_the_queue_and_raise_an_alarm(stack: Stack) -> None:
    for dlq in ("ConvertDlq", "EventDlq"):
        assert stack.properties(dlq)["MessageRetentionPeriod"] == 14 * 86400
        alarm = stack.properties(f"{dlq}Alarm")
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"{dlq}.QueueName"}]
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        assert "AlarmActions" not in alarm
    assert stack.properties("ConvertQueue")["MessageRetentionPeriod"] < 14 * 86400


def test_an_address_is_told_of_alarms() -> None:
    stack = build_stack(AlarmEmail="a@example.org")
    assert stack.properties("AlarmSubscription") == {
        "TopicArn": "AlarmTopic",
        "Protocol": "email",
        "Endpoint": "a@example.org",
    }
    assert all(stack.properties(f"{dlq}Alarm")["AlarmActions"] == ["AlarmTopic"] for dlq in ("ConvertDlq", "EventDlq"))
    assert not [
        name for name in build_stack().resources if name in ("AlarmTopic", "AlarmSubscription", "AlarmTopicPolicy")
    ]


def test_failed_messages_of_a_batch_come_back_alone(stack: Stack) -> None:
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping["EventSourceArn"] == "ConvertQueue.Arn"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert int(mapping["ScalingConfig"]["MaximumConcurrency"]) >= 2


def test_every_change_under_csv_files_goes_to_the_topic(stack: Stack) -> None:
    rule = stack.properties("ObjectsRule")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": ["DataBucket"]}, "object": {"key": [{"prefix": "csv-files/"}]}},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == "ObjectsTopic"
    assert target["DeadLetterConfig"] == {"Arn": "EventDlq.Arn"}
    notifications = stack.properties("DataBucket")["NotificationConfiguration"]
    assert notifications["EventBridgeConfiguration"]["EventBridgeEnabled"] is True


def test_the_topic_feeds_the_queue(stack: Stack) -> None:
    (subscription,) = stack.of_type("AWS::SNS::Subscription").values()
    assert (subscription["TopicArn"], subscription["Endpoint"]) == ("ObjectsTopic", "ConvertQueue.Arn")
    assert subscription["RawMessageDelivery"] is True
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": "EventDlq.Arn"}


@pytest.mark.parametrize(
    ("policy", "service", "action", "source"),
    [
        ("ObjectsTopicPolicy", "events.amazonaws.com", "sns:Publish", "ObjectsRule.Arn"),
        ("ConvertQueuePolicy", "sns.amazonaws.com", "sqs:SendMessage", "ObjectsTopic"),
        ("EventDlqPolicy", "events.amazonaws.com", "sqs:SendMessage", "ObjectsRule.Arn"),
        ("EventDlqPolicy", "sns.amazonaws.com", "sqs:SendMessage", "ObjectsTopic"),
    ],
)
def test_only_the_one_before_may_send(stack: Stack, policy: str, service: str, action: str, source: str) -> None:
    statements = as_list(stack.properties(policy)["PolicyDocument"]["Statement"])
    (found,) = [given for given in statements if given["Principal"] == {"Service": service}]
    assert found["Effect"] == "Allow"
    assert as_list(found["Action"]) == [action]
    operator = "ArnEqualsIfExists" if policy == "ObjectsTopicPolicy" else "ArnEquals"
    (condition,) = [found["Condition"][operator]]
    assert as_list(condition["aws:SourceArn"]) == [source]


def test_the_crawlers_ends_and_a_clock_go_to_the_topic_in_crawler_mode_only(stack: Stack) -> None:
    assert list(stack.of_type("AWS::Events::Rule")) == ["ObjectsRule"]
    crawled = build_stack(CatalogMode="crawler")
    rules = crawled.of_type("AWS::Events::Rule")
    assert rules["CrawlerRule"]["EventPattern"] == {
        "source": ["aws.glue"],
        "detail-type": ["Glue Crawler State Change"],
        "detail": {"crawlerName": ["Crawler"], "state": ["Succeeded", "Failed"]},
    }
    assert rules["CrawlerClockRule"]["ScheduleExpression"] == "rate(15 minutes)"
    (target,) = rules["CrawlerClockRule"]["Targets"]
    assert json.loads(target["Input"]) == json.loads(LOOK_AT_CRAWLER)
    for rule in rules.values():
        (target,) = rule["Targets"]
        assert (target["Arn"], target["DeadLetterConfig"]) == ("ObjectsTopic", {"Arn": "EventDlq.Arn"})
    senders = {
        arn
        for _, statement in crawled.statements()
        if statement.get("Principal") == {"Service": "events.amazonaws.com"}
        for named in statement["Condition"].values()
        for arn in as_list(named["aws:SourceArn"])
    }
    assert senders == {f"{name}.Arn" for name in rules}


def test_nobody_else_is_let_in_by_a_resource_policy(stack: Stack) -> None:
    kinds = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    allowed = [
        (name, json.dumps(statement["Principal"]))
        for name, statement in stack.statements()
        if stack.resources[name]["Type"] in kinds and statement["Effect"] == "Allow"
    ]
    assert len(allowed) == 4
    assert all("amazonaws.com" in principal for _, principal in allowed)


def test_queues_are_encrypted_with_the_key_that_is_given() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/m"
    for plain in build_stack().of_type("AWS::SQS::Queue").values():
        assert plain["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in plain
    stack = build_stack(MessageKmsKeyArn=key)
    for keyed in [*stack.of_type("AWS::SQS::Queue").values(), stack.properties("ObjectsTopic")]:
        assert keyed["KmsMasterKeyId"] == key
        assert "SqsManagedSseEnabled" not in keyed
