"""Every exception of the libraries below the adapters becomes one of ours, and a new one of theirs does, too."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import botocore.exceptions
import pytest
from awswrangler import exceptions as wrangler_errors

from csvlake.aws import GlueCatalog, GlueCrawler, S3ObjectStore, SnsOwner, SqsQueue, open_s3_source
from csvlake.aws.errors import FOREIGN_ERRORS, translate, translated
from csvlake.engine.model import Column
from csvlake.errors import CsvlakeError, TerminalError, TransientError
from csvlake.lake.ports import ABSENT, Partition, PreconditionFailed, Table, TableChanged


def client_error(code: str, message: str = "x") -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def errors_of(module: Any) -> list[type[Exception]]:
    found = [value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, Exception)]
    return [error for error in found if error.__module__ == module.__name__ and error.__name__ not in NOT_OURS_TO_MAP]


# Warnings, and faults of botocore's installed models: nothing that trying again or another file could change.
NOT_OURS_TO_MAP = {
    "ImminentRemovalWarning",
    "UnsupportedTLSVersionWarning",
    "MissingServiceIdError",
    "UndefinedModelAttributeError",
}


@pytest.mark.parametrize("error", [*errors_of(botocore.exceptions), *errors_of(wrangler_errors)])
def test_every_foreign_error_is_translated(error: type[Exception]) -> None:
    assert issubclass(error, FOREIGN_ERRORS)


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("PreconditionFailed", PreconditionFailed),
        ("412", PreconditionFailed),
        ("ConditionalRequestConflict", PreconditionFailed),
        ("InvalidObjectState", TerminalError),
        ("SlowDown", TransientError),
        ("InternalError", TransientError),
        ("AccessDenied", TransientError),
        ("ThrottlingException", TransientError),
    ],
)
def test_the_code_of_an_answer_decides(code: str, ours: type[CsvlakeError]) -> None:
    error = client_error(code)
    assert type(translate(error, "try")) is ours
    with pytest.raises(ours) as caught, translated("try"):
        raise error
    assert caught.value.__cause__ is error


def test_errors_of_our_own_pass_as_they_are() -> None:
    with pytest.raises(KeyError), translated("try"):
        raise KeyError("a bug")


TABLE = Table(
    "t",
    (Column("a", "bigint"),),
    (),
    "s3://lake/parquet-files/t/",
    "1",
    native={"Name": "t", "StorageDescriptor": {}},
)


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("s3", lambda aws: S3ObjectStore(aws, "lake").open_source("x")),
        ("s3", lambda aws: S3ObjectStore(aws, "lake").head("x")),
        ("s3", lambda aws: S3ObjectStore(aws, "lake").touch("x")),
        ("s3", lambda aws: S3ObjectStore(aws, "lake").delete("x", "e")),
        ("s3", lambda aws: S3ObjectStore(aws, "lake").has_any("x")),
        ("s3", lambda aws: list(S3ObjectStore(aws, "lake").list_objects("x"))),
        ("s3", lambda aws: list(S3ObjectStore(aws, "lake").list_folders("x"))),
        ("glue", lambda aws: GlueCatalog(aws, "lake").get_table("t")),
        ("glue", lambda aws: GlueCatalog(aws, "lake").create_table(TABLE)),
        ("glue", lambda aws: GlueCatalog(aws, "lake").update_table(TABLE)),
        ("glue", lambda aws: GlueCatalog(aws, "lake").align_partitions(TABLE)),
        ("glue", lambda aws: GlueCatalog(aws, "lake").create_partition(TABLE, Partition(("1",), "s3://lake/x/"))),
        ("glue", lambda aws: GlueCatalog(aws, "lake").delete_partition("t", ["1"])),
        ("glue", lambda aws: GlueCatalog(aws, "lake").has_partition("t", ["1"])),
        ("glue", lambda aws: GlueCrawler(aws, "c").start()),
        ("glue", lambda aws: GlueCrawler(aws, "c").look()),
        ("sns", lambda aws: SnsOwner(aws, "arn:aws:sns:eu-west-1:1:x").tell("x", "y")),
        ("sqs", lambda aws: SqsQueue(aws, "http://q").send("x", 1)),
        ("sqs", lambda aws: SqsQueue(aws, "http://q").hurry("r", 1)),
        ("sqs", lambda aws: SqsQueue(aws, "http://q").send_many(["x"], 1)),
    ],
)
@pytest.mark.parametrize(
    "error",
    [client_error("InternalError"), botocore.exceptions.EndpointConnectionError(endpoint_url="http://x")],
    ids=["answer", "connection"],
)
def test_every_call_of_the_adapters_translates(
    aws: boto3.Session, service: str, call: Callable[[boto3.Session], object], error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    # The session makes the adapter's clients: each is made to fail at whatever it sends.
    aws.events.register(f"before-call.{service}", fail)
    with pytest.raises(TransientError) as caught:
        call(aws)
    assert caught.value.__cause__ is error


def test_a_version_that_moved_is_a_changed_table(aws: boto3.Session) -> None:
    catalog = GlueCatalog(aws, "lake")
    created = catalog.create_table(TABLE)
    sent: dict[str, Any] = {}

    def moved(params: dict[str, Any], **_: object) -> None:
        sent.update(params)
        raise client_error("ConcurrentModificationException")

    catalog._client.meta.events.register("provide-client-params.glue.UpdateTable", moved)
    with pytest.raises(TableChanged):
        catalog.update_table(replace(created, columns=(*created.columns, Column("b", "date"))))
    assert sent["VersionId"] == created.version_id


def test_a_database_that_is_gone_is_no_absent_table(aws: boto3.Session) -> None:
    with pytest.raises(TransientError, match="Database"):
        GlueCatalog(aws, "gone").get_table("t")


def test_a_partition_that_glue_refuses_is_told(aws: boto3.Session) -> None:
    catalog = GlueCatalog(aws, "lake")
    created = catalog.create_table(TABLE)

    def refuse(parsed: dict[str, Any], **_: object) -> None:
        parsed["Errors"] = [{"ErrorDetail": {"ErrorCode": "InternalServiceException"}}]

    catalog._client.meta.events.register("after-call.glue.BatchCreatePartition", refuse)
    with pytest.raises(TransientError, match="InternalServiceException"):
        catalog.create_partition(created, Partition(("1",), "s3://lake/x/"))


def test_a_store_without_conditional_deletes_deletes_all_the_same(aws: boto3.Session) -> None:
    store = S3ObjectStore(aws, "lake")
    store._client.put_object(Bucket="lake", Key="x", Body=b"1")

    def refuse(params: dict[str, Any], **_: object) -> None:
        if "IfMatch" in params:
            raise client_error("NotImplemented")

    store._client.meta.events.register("provide-client-params.s3.DeleteObject", refuse)
    store.delete("x", "etag")
    assert store.head("x") is None


def test_a_conditional_delete_that_fails_is_a_lost_race(aws: boto3.Session) -> None:
    store = S3ObjectStore(aws, "lake")

    def refuse(**_: object) -> None:
        raise client_error("PreconditionFailed")

    store._client.meta.events.register("provide-client-params.s3.DeleteObject", refuse)
    with pytest.raises(PreconditionFailed):
        store.delete("x", ABSENT)


def test_s3_urls(aws: boto3.Session) -> None:
    aws.client("s3").put_object(Bucket="lake", Key="a/b?c#d.csv", Body=b"1")
    assert open_s3_source("s3://lake/a/b?c#d.csv", aws).read_range(0, 9) == b"1"
    with pytest.raises(FileNotFoundError):
        open_s3_source("s3://lake/none", aws)
    for wrong in ("s3://lake", "s3:///x", "http://lake/x"):
        with pytest.raises(ValueError, match="form s3://bucket/key"):
            open_s3_source(wrong, aws)
