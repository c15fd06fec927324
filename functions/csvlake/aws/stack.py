"""The composition root of the operator's commands: one deployed stack, on AWS and on the local one alike."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError

from csvlake.aws.athena import AthenaLedger
from csvlake.aws.clock import SystemClock
from csvlake.aws.dead_letters import SqsDeadLetters, WatchedSqsQueue
from csvlake.aws.errors import translated, translated_pages
from csvlake.aws.glue import GlueCatalog
from csvlake.aws.s3 import S3ObjectStore
from csvlake.lake.naming import Layout
from csvlake.lake.operator import Stack
from csvlake.settings import NoStackError, StackSettings, use_exports

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

__all__ = ["open_stack"]

LOCAL_EXPORTS = Path(".local/env")  # what `make up` writes, in the project's folder

_OUTPUTS: Final = {
    "bucket": "Bucket",
    "database": "Database",
    "workgroup": "WorkGroup",
    "convert_queue_url": "ConvertQueueUrl",
    "dlq_url": "ConvertDlqUrl",
    "event_dlq_url": "EventDlqUrl",
}


def open_stack(name: str | None) -> Stack:
    """Reach a stack: by its name in CloudFormation, else the one of the environment, else the local one.

    Raises:
        NoStackError: none of them is there.
        TransientError: AWS could not be asked.
    """
    with translated("reach the stack"):
        if name is None and not StackSettings.are_given():
            if not LOCAL_EXPORTS.is_file():
                raise NoStackError("which stack? Give --stack-name, set CSVLAKE_BUCKET and its like, or run make up")
            use_exports(LOCAL_EXPORTS)
        session = boto3.Session()
        settings = StackSettings.from_environment() if name is None else _read_outputs(session, name)
        return _compose(session, settings)


def _read_outputs(session: boto3.Session, name: str) -> StackSettings:
    try:
        (described,) = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            raise NoStackError(f"there is no stack {name} in {session.region_name}") from error
        raise
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if lacking := sorted(set(_OUTPUTS.values()) - outputs.keys()):
        raise NoStackError(f"the stack {name} is not csvlake's, or not complete: it lacks {', '.join(lacking)}")
    return StackSettings(**{field: outputs[output] for field, output in _OUTPUTS.items()})


def _compose(session: boto3.Session, settings: StackSettings) -> Stack:
    url = settings.convert_queue_url
    queue = WatchedSqsQueue(session, url)
    return Stack(
        bucket=settings.bucket,
        layout=Layout(),
        store=S3ObjectStore(session, settings.bucket),
        catalog=GlueCatalog(session, settings.database),
        tables=GlueTables(session, settings.database),
        queue=queue,
        dead_letters=(
            SqsDeadLetters(session, settings.dlq_url, "failed conversions", queue, url),
            SqsDeadLetters(session, settings.event_dlq_url, "undelivered events", queue, url),
        ),
        ledger=AthenaLedger(session, settings.workgroup, settings.database),
        clock=SystemClock(),
        pause=time.sleep,
    )


class GlueTables:
    """The `TableReader` of a Glue database."""

    def __init__(self, session: boto3.Session, database: str) -> None:
        self._client: GlueClient = session.client("glue")
        self._database = database

    def parameters(self) -> dict[str, dict[str, str]]:
        """Return the parameters of each table by its name."""
        pages = self._client.get_paginator("get_tables").paginate(DatabaseName=self._database)
        return {
            table["Name"]: table.get("Parameters", {})
            for page in translated_pages(pages, f"list the tables of {self._database}")
            for table in page["TableList"]
        }
