"""The ledger's views, asked through Athena."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3

from csvlake.aws.client_config import make_config
from csvlake.aws.errors import translated, translated_pages
from csvlake.errors import TransientError
from csvlake.lake.operator import LatestOutcome, LatestReject

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

__all__ = ["AthenaLedger"]

_CONFIG = make_config(6)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0
_ASKING = "ask Athena for the ledger"

_OUTCOMES = """\
SELECT source_key, source_etag, table_name, outcome, reason, rows_written, records_rejected, rows_rescued,
  converter_version
FROM conversions_latest WHERE starts_with(source_key, {prefix}){and_table} ORDER BY source_key"""

_REJECTS = """\
SELECT table_name, source_key, line, byte_offset, reason, raw, rejected_at
FROM rejects_latest WHERE table_name IS NOT NULL{and_table} ORDER BY source_key, byte_offset"""

_Row = list[str | None]


class AthenaLedger:
    """The `LedgerReader` of a workgroup and database.

    Args:
        pause: waits for so many seconds.
    """

    def __init__(
        self, session: boto3.Session, workgroup: str, database: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client: AthenaClient = session.client("athena", config=_CONFIG)
        self._workgroup = workgroup
        self._database = database
        self._pause = pause

    def outcomes(self, prefix: str, table: str | None = None) -> Iterator[LatestOutcome]:
        """Yield the newest outcome of each key; see `LedgerReader.outcomes`.

        Trino compares text by its UTF-8 bytes, as S3 does: https://trino.io/docs/current/language/types.html#varchar
        """
        for key, etag, name, outcome, reason, rows, rejected, rescued, version in self._rows(
            _OUTCOMES.format(prefix=_quote(prefix), and_table=_and_table(table))
        ):
            yield LatestOutcome(
                source_key=_text(key),
                source_etag=etag,
                table_name=name,
                outcome=_text(outcome),
                reason=reason,
                rows_written=int(rows or 0),
                records_rejected=int(rejected or 0),
                rows_rescued=int(rescued or 0),
                converter_version=_text(version),
            )

    def rejects(self, table: str | None = None) -> Iterator[LatestReject]:
        """Yield the rejects of each key's newest conversion; see `LedgerReader.rejects`."""
        for name, key, line, offset, reason, raw, at in self._rows(_REJECTS.format(and_table=_and_table(table))):
            yield LatestReject(
                table_name=_text(name),
                source_key=_text(key),
                line=int(_text(line)),
                byte_offset=int(_text(offset)),
                reason=_text(reason),
                raw=_text(raw),
                rejected_at=datetime.fromisoformat(_text(at)).replace(tzinfo=UTC),
            )

    def _rows(self, sql: str) -> Iterator[_Row]:
        """Run a query and yield its rows, every value as the text that the API gives."""
        with translated(_ASKING):
            query = self._client.start_query_execution(
                QueryString=sql, QueryExecutionContext={"Database": self._database}, WorkGroup=self._workgroup
            )["QueryExecutionId"]
        self._wait(query)
        pages = self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query)
        is_header = True  # the first row of a SELECT
        for page in translated_pages(pages, _ASKING):
            for row in page["ResultSet"]["Rows"]:
                if not is_header:
                    yield [cell.get("VarCharValue") for cell in row["Data"]]
                is_header = False

    def _wait(self, query: str) -> None:
        wait_s = _FIRST_WAIT_S
        while True:
            with translated(_ASKING):
                status = self._client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                return
            if status["State"] in ("FAILED", "CANCELLED"):
                raise TransientError(f"could not {_ASKING}: {status.get('StateChangeReason', status['State'])}")
            self._pause(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def _and_table(table: str | None) -> str:
    return "" if table is None else f" AND table_name = {_quote(table)}"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _text(value: str | None) -> str:
    return value or ""  # Athena's API leaves the value of an empty text out, in some columns
