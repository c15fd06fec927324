"""Use a deployed stack as its users do: put and delete objects, ask Athena."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from local.deployment import Stack
from local.server import ACCESS_KEY, SECRET_KEY

ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
QUERY_POLL_S = 0.02
_CHANGED = "changed while the query ran"
_MOST_TRIES = 5


class QueryError(RuntimeError):
    """Athena did not answer; the message is its reason."""


@dataclass(frozen=True)
class Answer:
    """A query's column names and rows, every value as the text that the API gives, null as None."""

    columns: list[str]
    rows: list[tuple[str | None, ...]]


class Lake:
    """The stack behind `Stack`, through the ordinary APIs."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=stack.region)
        self._s3 = session.client("s3", endpoint_url=stack.endpoint_url)
        self._glue = session.client("glue", endpoint_url=stack.endpoint_url)
        self._athena = session.client("athena", endpoint_url=stack.endpoint_url)

    def put(self, key: str, body: bytes) -> None:
        """Upload one object."""
        self._s3.put_object(Bucket=self._stack.bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """Delete one object."""
        self._s3.delete_object(Bucket=self._stack.bucket, Key=key)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._stack.bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", []))

    def describe_table(self, name: str) -> dict[str, Any] | None:
        """Return what the catalog says of a table, None where it has none."""
        try:
            table: dict[str, Any] = dict(self._glue.get_table(DatabaseName=self._stack.database, Name=name)["Table"])
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return table

    def ask(self, sql: str) -> Answer:
        """Run one query and wait for its rows; again where a file of the table was replaced meanwhile, as people do.

        Raises:
            QueryError: it failed.
        """
        for _ in range(_MOST_TRIES - 1):
            try:
                return self._run(sql)
            except QueryError as error:
                if _CHANGED not in str(error):
                    raise
        return self._run(sql)

    def _run(self, sql: str) -> Answer:
        query = self._athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self._stack.database},
            WorkGroup=self._stack.workgroup,
        )["QueryExecutionId"]
        status: Any = None
        while status is None or status["State"] not in ENDED:
            if status is not None:
                time.sleep(QUERY_POLL_S)
            status = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] != "SUCCEEDED":
            raise QueryError(status.get("StateChangeReason", status["State"]))
        return self._fetch(query)

    def _fetch(self, query: str) -> Answer:
        columns: list[str] = []
        rows: list[tuple[str | None, ...]] = []
        for page in self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
            columns = [column["Name"] for column in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
            rows += [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["ResultSet"]["Rows"]]
        return Answer(columns, rows[1:])  # the first row of a SELECT is its header
