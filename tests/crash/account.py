"""An AWS account of moto's, the Lambda function in it, and faults at any of its calls.

A fault sits below boto3's retries, at the request itself: what botocore and the adapters make of it is theirs.
"""

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import boto3
import botocore.session
import pyarrow.parquet as pq
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber
from moto.sqs.models import sqs_backends

from csvlake.handlers import convert

ACCOUNT, BUCKET, DATABASE, QUEUE = "123456789012", "lake", "lake", "convert"
REGION: Final = "eu-west-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "CSVLAKE_BUCKET": BUCKET,
    "CSVLAKE_DATABASE": DATABASE,
    "CSVLAKE_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QUEUE}",
    "CSVLAKE_MEMORY_MB": "128",  # little, so that a file of a megabyte is a long one
    "CSVLAKE_TYPE_CHANGE_GRACE_S": "0",  # nothing runs beside the function here
}


_LOADER = botocore.session.get_session().get_component("data_loader")


def new_session() -> boto3.Session:
    """Return a session that does not read the services' descriptions again."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=session, region_name=REGION)


class Killed(BaseException):
    """The process is gone: from here on none of its calls reaches AWS."""


class Context:
    function_name = "csvlake-convert"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:csvlake-convert"

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        while part := self._file.read(1 << 16):
            yield part

    def read(self, *_: Any, **__: Any) -> bytes:
        return self._file.read()


def answer(request: Any, status: int, code: str) -> AWSResponse:
    """Return a service's error as S3 spells it, or as Glue and SQS do."""
    xml = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>told to</Message></Error>"
    is_s3 = ".s3." in request.url or "s3." in request.url
    body = xml if is_s3 else json.dumps({"__type": code, "message": "told to"})
    return AWSResponse(request.url, status, {"x-amzn-errortype": code}, _Raw(body.encode()))  # type: ignore[arg-type]


@dataclass
class Fault:
    """What happens at the ``at``-th request of a process, from 1; nothing for 0.

    ``kind``: ``before`` and ``after`` kill the process around the request; ``throttled`` refuses it once; ``broken``
    answers 500 to it and to whatever follows in this invocation; ``lost`` does it and loses the answer; ``slow`` lets a
    minute pass after it.
    """

    kind: str = ""
    at: int = 0
    seen: int = 0
    requests: list[str] = field(default_factory=list)
    is_dead: bool = False

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        if self.is_dead:
            raise Killed
        self.seen += 1
        self.requests.append(event_name.removeprefix("before-send."))
        is_here = self.seen == self.at
        if self.kind == "broken" and self.at and self.seen >= self.at:
            botocore_stubber.enabled = False
            return answer(request, 500, "InternalError")
        if not is_here:
            return None
        if self.kind == "throttled":
            botocore_stubber.enabled = False
            return answer(request, 503, "SlowDown")
        if self.kind == "before":
            self.is_dead = True
            raise Killed
        if self.kind == "slow":
            offset[0] += 60
            return None
        botocore_stubber(event_name, request)
        if self.kind == "after":
            self.is_dead = True
            raise Killed
        raise ConnectionClosedError(endpoint_url=request.url)


def enable_moto(**_: Any) -> None:
    """Undo what a fault did to keep a request from moto, which is asked behind it."""
    botocore_stubber.enabled = True


offset = [0.0]  # seconds that passed besides those that did


def monotonic() -> float:
    return time.monotonic() + offset[0]


class Account:
    """What a user does, what the queue delivers, and what can be seen afterwards."""

    def __init__(self) -> None:
        session = new_session()
        self.s3, self.glue = session.client("s3"), session.client("glue")
        session.client("sqs").create_queue(QueueName=QUEUE)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.glue.create_database(DatabaseInput={"Name": DATABASE})
        self._invocations = 0

    def put(self, name: str, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"csv-files/{name}", Body=text.encode())

    def remove(self, name: str) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=f"csv-files/{name}")

    def invoke(self, bodies: list[str], fault: Fault | None = None) -> list[str]:
        """Run a new process with a batch, and return the bodies to be delivered again."""
        self._invocations += 1
        session = new_session()
        if fault is not None:
            session.events.register_first("before-send", fault)  # type: ignore[arg-type]
            session.events.register_last("before-send", enable_moto)
        boto3.DEFAULT_SESSION = session
        convert._container.cache_clear()
        records = [{"messageId": str(at), "eventSource": "aws:sqs", "body": body} for at, body in enumerate(bodies)]
        try:
            # The function sets up the default session itself; the one with the fault stays.
            with patch.object(boto3, "setup_default_session"):
                told = convert.handler({"Records": records}, Context(f"request-{self._invocations}"))
        except (Killed, Exception):  # noqa: BLE001 - whatever it was, Lambda acknowledges nothing
            return bodies
        return [bodies[int(failure["itemIdentifier"])] for failure in told["batchItemFailures"]]

    def deliver(self, *names: str, fault: Fault | None = None) -> None:
        """Deliver messages for these keys, again while they fail, and all that the function sends to itself."""
        waiting = [look(name) for name in names]
        for _ in range(60):
            waiting = self.invoke(waiting, fault) if waiting else []
            fault = None
            waiting += self._take_sent()
            if not waiting:
                return
        raise AssertionError(f"never at rest: {waiting}")

    def _take_sent(self) -> list[str]:
        queue = sqs_backends[ACCOUNT][REGION].queues[QUEUE]
        bodies = [message.body for message in queue._messages]
        queue._messages.clear()
        return list(dict.fromkeys(bodies))

    def keys(self, prefix: str) -> list[str]:
        return [held["Key"] for held in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def rows(self, key: str) -> list[dict[str, Any]]:
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        with pq.ParquetFile(io.BytesIO(body)) as file:
            rows: list[dict[str, Any]] = file.read(use_threads=False).to_pylist()
            return rows

    def state(self) -> dict[str, Any]:
        """Return everything that must be the same, whatever happened on the way."""
        tables = self.glue.get_tables(DatabaseName=DATABASE)["TableList"]
        return {
            "files": {key: self.rows(key) for key in self.keys("parquet-files/")},
            "tables": {table["Name"]: _columns(table) for table in tables},
            "in a change": [table["Name"] for table in tables if "csvlake.converting" in table["Parameters"]],
            "partitions": {table["Name"]: self._partitions(table["Name"]) for table in tables},
            "newest outcomes": self.newest_outcomes(),
            "rejects": {(r["source_key"], r["source_etag"], r["line"], r["raw"]) for r in self._ledger("rejects")},
        }

    def newest_outcomes(self) -> dict[str, tuple[Any, ...]]:
        rows = sorted(self._ledger("conversions"), key=lambda row: row["converted_at"])
        counts = ("records_read", "rows_written", "records_rejected", "rows_rescued", "source_etag")
        kinds = {"unchanged": "converted"}
        return {
            row["source_key"]: (kinds.get(row["outcome"], row["outcome"]), *(row[name] for name in counts))
            for row in rows
        }

    def open_uploads(self) -> list[str]:
        return [upload["Key"] for upload in self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def _ledger(self, name: str) -> list[dict[str, Any]]:
        return [row for key in self.keys(f"meta/{name}/") for row in self.rows(key)]

    def _partitions(self, table: str) -> list[Any]:
        found = self.glue.get_partitions(DatabaseName=DATABASE, TableName=table)["Partitions"]
        return sorted((held["Values"], _columns(held)) for held in found)


def look(name: str) -> str:
    return json.dumps({"csvlake": "look_at_key", "bucket": BUCKET, "key": f"csv-files/{name}"})


def _columns(described: Any) -> list[tuple[str, str]]:
    return [(column["Name"], column["Type"]) for column in described["StorageDescriptor"]["Columns"]]


def scratch_files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


Act = Callable[[Account], None]
