"""What a user does with a deployed lake: put, delete, ask."""

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

import boto3

POLL_S = 0.05


class QueryFailed(AssertionError):
    """A query that did not succeed, with the reason that Athena gave."""


@dataclass
class LakeClient:
    """The stack of .local/stack.json, through boto3 and nothing else."""

    stack: Mapping[str, str]

    def __post_init__(self) -> None:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=self.stack["region"]
        )
        self.client = {
            name: session.client(name, endpoint_url=self.stack["endpoint_url"])  # type: ignore[call-overload]
            for name in ("athena", "glue", "s3", "sqs")
        }

    def put(self, key: str, body: bytes | str) -> None:
        """Upload one object, as `aws s3 cp` does."""
        data = body.encode() if isinstance(body, str) else body
        self.client["s3"].put_object(Bucket=self.stack["bucket"], Key=key, Body=data)

    def delete(self, key: str) -> None:
        """Delete one object."""
        self.client["s3"].delete_object(Bucket=self.stack["bucket"], Key=key)

    def query(self, sql: str) -> list[dict[str, str]]:
        """Ask Athena; each row as column → text, null and the empty string both ``""``.

        Raises:
            QueryFailed: with Athena's reason.
        """
        athena = self.client["athena"]
        identity = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.stack["database"]},
            WorkGroup=self.stack["workgroup"],
        )["QueryExecutionId"]
        while True:
            execution: dict[str, Any] = athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            state = execution["Status"]["State"]
            if state in {"FAILED", "CANCELLED"}:
                raise QueryFailed(execution["Status"].get("StateChangeReason", state))
            if state == "SUCCEEDED":
                break
            time.sleep(POLL_S)
        where = urlparse(execution["ResultConfiguration"]["OutputLocation"])
        body = self.client["s3"].get_object(Bucket=where.netloc, Key=where.path.lstrip("/"))["Body"].read()
        return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))

    def outcomes(self, keys: set[str]) -> dict[str, dict[str, str]]:
        """The newest row of the ledger for each key that has one."""
        rows = self.query("SELECT * FROM conversions ORDER BY converted_at")
        return {row["source_key"]: row for row in rows if row["source_key"] in keys}

    def wait_for_outcomes(self, keys: set[str], timeout_s: float = 300) -> dict[str, dict[str, str]]:
        """Wait until the ledger has an outcome for every key."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = self.outcomes(keys)
            if keys == found.keys():
                return found
            if time.monotonic() > deadline:
                missing = sorted(keys - found.keys())
                raise AssertionError(f"{len(missing)} of {len(keys)} keys have no outcome, such as {missing[:3]}")
            time.sleep(0.3)
