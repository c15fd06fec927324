"""The operator's adapters over moto; what moto cannot do is answered by hooks."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.exceptions
import pytest
from moto.athena.models import QueryResults, athena_backends
from moto.core import DEFAULT_ACCOUNT_ID

from csvlake.aws.athena import AthenaLedger
from csvlake.aws.dead_letters import SqsDeadLetters, WatchedSqsQueue
from csvlake.aws.stack import GlueTables, open_stack
from csvlake.errors import TransientError
from csvlake.lake.operator import LatestOutcome, LatestReject, QueueDepth
from csvlake.settings import NoStackError
from tests.contract.conftest import BUCKET, DATABASE, REGION


def answer_with(client: Any, operation: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let an operation of a service that moto lacks be answered by a function of its parameters."""
    asked: list[dict[str, Any]] = []
    service = client.meta.service_model.service_name
    client.meta.events.register(
        f"provide-client-params.{service}.{operation}", lambda params, **_: asked.append(params)
    )
    client.meta.events.register(
        f"before-call.{service}.{operation}", lambda **_: (SimpleNamespace(status_code=200), answer(asked[-1]))
    )


def refusal(code: str) -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": "x"}}, "StartMessageMoveTask")


class Queues:
    """The converter's queue and a dead-letter queue with three messages."""

    def __init__(self, session: boto3.Session) -> None:
        self.client = session.client("sqs")
        self.url, self.dead_url = (self.client.create_queue(QueueName=name)["QueueUrl"] for name in ("q", "q-dlq"))
        self.queue = WatchedSqsQueue(session, self.url)
        self.pauses: list[float] = []
        self.letters = SqsDeadLetters(session, self.dead_url, "letters", self.queue, self.url, self.pauses.append)
        for body in "abc":
            self.client.send_message(QueueUrl=self.dead_url, MessageBody=body)

    def received(self) -> list[str]:
        messages = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        return sorted(message["Body"] for message in messages)


@pytest.fixture
def queues(aws: boto3.Session) -> Queues:
    return Queues(aws)


def test_how_deep_a_queue_is(queues: Queues) -> None:
    assert queues.letters.depth() == QueueDepth(3, 0, 0)
    queues.queue.send("x", 0)
    queues.queue.send("y", 900)
    assert queues.received() == ["x"]
    assert queues.queue.depth() == QueueDepth(0, 1, 1)
    assert queues.queue.depth().all == 2


def tell_tasks(queues: Queues, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """Let SQS tell of these tasks, one a look, and return what was asked to be started."""
    told, started = list(tasks), list[dict[str, Any]]()

    def start(asked: dict[str, Any]) -> dict[str, Any]:
        started.append(asked)
        return {"TaskHandle": "h"}

    answer_with(queues.letters._client, "ListMessageMoveTasks", lambda _: {"Results": [told.pop(0)]})
    answer_with(queues.letters._client, "StartMessageMoveTask", start)
    return started


def test_sqs_moves_the_messages_and_is_watched(queues: Queues) -> None:
    started = tell_tasks(
        queues,
        {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 99},  # last week's
        {"Status": "RUNNING"},
        {"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 2},
        {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 3},
    )
    assert list(queues.letters.redrive()) == [0, 2, 3]
    assert queues.pauses == [0.5, 0.5]
    arns = [f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:{name}" for name in ("q-dlq", "q")]
    assert started == [{"SourceArn": arns[0], "DestinationArn": arns[1]}]


def test_a_move_that_runs_is_joined(queues: Queues) -> None:
    running = {"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 1}
    started = tell_tasks(queues, running, running, {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 3})
    assert list(queues.letters.redrive()) == [1, 3]
    assert started == []


def test_a_move_that_fails_is_trouble(queues: Queues) -> None:
    failed = {"Status": "FAILED", "FailureReason": "AWS.SQS.AccessDenied"}
    tell_tasks(queues, failed, failed)
    with pytest.raises(TransientError, match=r"letters did not all move: AWS\.SQS\.AccessDenied"):
        list(queues.letters.redrive())


@pytest.mark.parametrize(
    "code", ["InvalidParameterValue", "AWS.SimpleQueueService.UnsupportedOperation", "InvalidAction"]
)
def test_what_sqs_cannot_move_is_moved_here(queues: Queues, code: str) -> None:
    def refuse(**_: object) -> None:
        raise refusal(code)

    queues.letters._client.meta.events.register("before-call.sqs.ListMessageMoveTasks", refuse)
    for number in range(20):
        queues.client.send_message(QueueUrl=queues.dead_url, MessageBody=f"{number}")
    assert list(queues.letters.redrive())[-1] == 23
    assert (queues.letters.depth().all, queues.queue.depth().waiting) == (0, 23)


def test_a_message_that_cannot_be_sent_on_stays(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise refusal("InvalidAction")

    def away(*_: object) -> None:
        raise TransientError("SQS is away")

    queues.letters._client.meta.events.register("before-call.sqs.ListMessageMoveTasks", refuse)
    monkeypatch.setattr(queues.queue, "send_many", away)
    with pytest.raises(TransientError, match="SQS is away"):
        list(queues.letters.redrive())
    assert queues.letters.depth().all == 3


@pytest.mark.parametrize("code", ["AccessDenied", "InternalError"])
def test_a_refusal_is_not_taken_for_an_absent_api(queues: Queues, code: str) -> None:
    def refuse(**_: object) -> None:
        raise refusal(code)

    queues.letters._client.meta.events.register("before-call.sqs.ListMessageMoveTasks", refuse)
    with pytest.raises(TransientError, match=code):
        list(queues.letters.redrive())


def athena_that_tells(session: boto3.Session, *rows: list[str | None]) -> tuple[AthenaLedger, list[str]]:
    """Return the ledger's reader, whose next query has these rows, and the queries that it asks."""
    cells = [[{"VarCharValue": value} if value is not None else {} for value in row] for row in rows]
    told = QueryResults([{"Data": data} for data in [[{"VarCharValue": "header"}], *cells]], [])
    athena_backends[DEFAULT_ACCOUNT_ID][REGION].query_results_queue.append(told)
    session.client("athena").create_work_group(Name="lake", Configuration={})
    ledger, asked = AthenaLedger(session, "lake", DATABASE, lambda _: None), list[str]()
    ledger._client.meta.events.register(
        "provide-client-params.athena.StartQueryExecution", lambda params, **_: asked.append(params["QueryString"])
    )
    return ledger, asked


def test_outcomes_are_read(aws: boto3.Session) -> None:
    ledger, asked = athena_that_tells(
        aws,
        ["csv-files/a", "e", "t", "converted", None, "2", "1", "0", "0.1.0"],
        ["csv-files/b", None, None, "refused", "bad_key: it's odd", None, None, None, "0.1.0"],
    )
    assert list(ledger.outcomes("csv-files/it's", "t")) == [
        LatestOutcome("csv-files/a", "e", "t", "converted", None, 2, 1, 0, "0.1.0"),
        LatestOutcome("csv-files/b", None, None, "refused", "bad_key: it's odd", 0, 0, 0, "0.1.0"),
    ]
    (sql,) = asked
    assert "starts_with(source_key, 'csv-files/it''s') AND table_name = 't' ORDER BY source_key" in sql


def test_rejects_are_read(aws: boto3.Session) -> None:
    ledger, asked = athena_that_tells(aws, ["t", "csv-files/a", "3", "17", "odd", None, "2026-01-02 03:04:05.678"])
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert list(ledger.rejects()) == [LatestReject("t", "csv-files/a", 3, 17, "odd", "", at)]
    assert "table_name = " not in asked[0]


def test_a_query_is_waited_for_and_its_failure_told(aws: boto3.Session) -> None:
    ledger, _ = athena_that_tells(aws)
    states = ["QUEUED", "RUNNING", "FAILED"]
    pauses: list[float] = []
    ledger._pause = pauses.append
    answer_with(
        ledger._client,
        "GetQueryExecution",
        lambda _: {"QueryExecution": {"Status": {"State": states.pop(0), "StateChangeReason": "no such view"}}},
    )
    with pytest.raises(TransientError, match="could not ask Athena for the ledger: no such view"):
        list(ledger.outcomes(""))
    assert pauses == [0.1, 0.2]


def test_the_parameters_of_all_tables(aws: boto3.Session) -> None:
    glue = aws.client("glue")
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "a", "Parameters": {"x": "1"}})
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "b"})
    assert GlueTables(aws, DATABASE).parameters() == {"a": {"x": "1"}, "b": {}}


# Which stack ---------------------------------------------------------------------------------------------------------

OUTPUTS = ("Bucket", "Database", "WorkGroup", "ConvertQueueUrl", "ConvertDlqUrl", "EventDlqUrl")


def deploy(session: boto3.Session, *outputs: str) -> None:
    told = "".join(f'"{name}": {{"Value": "{BUCKET if name == "Bucket" else name}"}},' for name in outputs).rstrip(",")
    resources = '"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}'
    body = f'{{"Resources": {{{resources}}}, "Outputs": {{{told}}}}}'
    session.client("cloudformation").create_stack(StackName="mine", TemplateBody=body)


def test_a_stack_is_found_by_its_name(aws: boto3.Session) -> None:
    deploy(aws, *OUTPUTS)
    stack = open_stack("mine")
    assert (stack.bucket, stack.queue._url, stack.dead_letters[1]._url) == (BUCKET, "ConvertQueueUrl", "EventDlqUrl")  # type: ignore[attr-defined]
    assert [letters.name for letters in stack.dead_letters] == ["failed conversions", "undelivered events"]


def test_another_stack_is_not_ours(aws: boto3.Session) -> None:
    deploy(aws, "Bucket")
    with pytest.raises(NoStackError, match="lacks ConvertDlqUrl, ConvertQueueUrl"):
        open_stack("mine")
    with pytest.raises(NoStackError, match="there is no stack yours"):
        open_stack("yours")


def test_the_environment_names_a_stack(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bucket", "database", "workgroup", "convert_queue_url", "dlq_url", "event_dlq_url"):
        monkeypatch.setenv(f"CSVLAKE_{name.upper()}", f"my-{name}")
    assert open_stack(None).bucket == "my-bucket"
    monkeypatch.delenv("CSVLAKE_DLQ_URL")
    with pytest.raises(NoStackError, match="lacks CSVLAKE_DLQ_URL: set them, or give --stack-name"):
        open_stack(None)


def test_without_a_region_there_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(TransientError, match="region"):
        open_stack("mine")
