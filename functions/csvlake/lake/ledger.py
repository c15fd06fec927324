"""Keep what became of every file as Parquet objects that Athena reads: the tables ``conversions`` and ``rejects``.

One object a table and invocation, written before the messages are acknowledged: a failed write fails the batch, and
the redelivered messages find their files converted, with the counts in the objects' metadata. So a row may come twice,
and is never missing; the newest row of a ``source_key`` is its state. A conversion and the records that it rejected
have the same ``source_key`` and the same time, by which the views of template.yaml join them.

The Glue tables are declared in template.yaml with partition projection on ``day``; a test compares them with the
columns here.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal

import pyarrow as pa

from csvlake.engine.model import Reject
from csvlake.lake.ports import ObjectStore
from csvlake.lake.stamp import Stamp

__all__ = ["LEDGER_COLUMNS", "REJECT_COLUMNS", "Entry", "Ledger", "Outcome", "OutcomeKind"]

OutcomeKind = Literal["converted", "unchanged", "refused", "deleted"]

LEDGER_COLUMNS: Final[Mapping[str, str]] = {
    "source_key": "string",
    "source_etag": "string",
    "source_version": "string",
    "source_bytes": "bigint",
    "table_name": "string",
    "target_key": "string",
    "records_read": "bigint",
    "rows_written": "bigint",
    "records_rejected": "bigint",
    "rows_rescued": "bigint",
    "dialect": "string",
    "schema_version": "string",
    "duration_ms": "bigint",
    "converter_version": "string",
    "outcome": "string",
    "reason": "string",
    "request_id": "string",
    "converted_at": "timestamp",
}
REJECT_COLUMNS: Final[Mapping[str, str]] = {
    "source_key": "string",
    "source_etag": "string",
    "line": "bigint",
    "byte_offset": "bigint",
    "reason": "string",
    "raw": "string",
    "rejected_at": "timestamp",
}

_RAW_BYTES = 1 << 20  # of a record that is longer; byte_offset says where the rest is
_REJECT_BYTES = 1 << 10  # what a rejected record takes in memory besides its text
_PART_BYTES = 32 << 20  # of rejected records in memory; more are written as several objects
_ARROW_TYPES = {"string": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("ms")}
_WRITER_ARGUMENTS: Final[Mapping[str, Any]] = {
    "compression": "zstd",
    "coerce_timestamps": "ms",
    "flavor": None,
    "version": "2.6",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one source key. None: not known, or nothing of the kind.

    Attributes:
        converted_at: when the look at the key began that brought it to rest, in UTC, so that of two rows the newer one
            tells the newer state; None: when the ledger is written.
        found_nothing: neither a source nor a target stood at the key, so there was nothing to do.
    """

    source_key: str
    outcome: OutcomeKind
    source_etag: str | None = None
    source_version: str | None = None
    source_bytes: int | None = None
    table_name: str | None = None
    target_key: str | None = None
    records_read: int | None = None
    rows_written: int | None = None
    records_rejected: int | None = None
    rows_rescued: int | None = None
    dialect: str | None = None
    schema_version: str | None = None
    duration_ms: int = 0
    converter_version: str | None = None
    reason: str | None = None
    rejects: Sequence[Reject] = ()
    converted_at: datetime | None = None
    found_nothing: bool = False

    def with_stamp(self, stamp: Stamp) -> "Outcome":
        """Return the outcome with the counts that a target's metadata tells."""
        known = {field.name for field in fields(self)}
        told = {name: value for name, value in vars(stamp).items() if name in known}
        return replace(self, **{**told, "source_version": stamp.source_version or None})


class Ledger:
    """The ledger of one lake.

    Args:
        meta_prefix: where it stands, with a slash at the end.
    """

    def __init__(self, store: ObjectStore, meta_prefix: str) -> None:
        self._store = store
        self._meta_prefix = meta_prefix

    def begin(self, request_id: str, now: datetime) -> "Entry":
        """Begin the entry of one invocation, under a name that no other has, one with the same request id included.

        Args:
            now: in UTC; gives the partition ``day``.
        """
        return Entry(self._store, self._meta_prefix, request_id, now)


class Entry:
    """What one invocation tells the ledger. Threads may share it."""

    def __init__(self, store: ObjectStore, meta_prefix: str, request_id: str, now: datetime) -> None:
        self._store = store
        self._meta_prefix = meta_prefix
        self._request_id = request_id
        self._now = now
        self._lock = threading.Lock()
        self._rejected: list[dict[str, Any]] = []
        self._rejected_bytes = 0
        self._parts = 0

    def add_rejects(self, outcome: Outcome) -> None:
        """Take the records that a file rejected; written at once when they are many, so that memory stays bounded.

        Raises:
            TransientError: they could not be written; the message may not be acknowledged.
        """
        at = _ms(outcome.converted_at or self._now)
        with self._lock:
            for reject in outcome.rejects:
                self._rejected.append({**_describe(outcome, reject), "rejected_at": at})
                self._rejected_bytes += min(len(reject.raw), _RAW_BYTES) + _REJECT_BYTES
                if self._rejected_bytes >= _PART_BYTES:
                    self._put_rejects()

    def finish(self, outcomes: Iterable[Outcome]) -> None:
        """Write the rejects that are left, then the outcomes.

        Raises:
            TransientError: it could not be written; no message of the batch may be acknowledged.
        """
        rows = [
            {
                **{name: getattr(outcome, name, None) for name in LEDGER_COLUMNS},
                "request_id": self._request_id,
                "converted_at": _ms(outcome.converted_at or self._now),
            }
            for outcome in outcomes
        ]
        with self._lock:
            self._put_rejects()
            self._put("conversions", "", LEDGER_COLUMNS, rows)

    def _put_rejects(self) -> None:
        self._put("rejects", f"-{self._parts}", REJECT_COLUMNS, self._rejected)
        self._rejected, self._rejected_bytes, self._parts = [], 0, self._parts + 1

    def _put(self, table: str, part: str, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        schema = pa.schema([(name, _ARROW_TYPES[type_]) for name, type_ in columns.items()])
        name = f"{self._request_id}-{self._now:%H%M%S%f}{part}.parquet"
        key = f"{self._meta_prefix}{table}/day={self._now:%Y-%m-%d}/{name}"
        self._store.put_table(key, pa.Table.from_pylist(rows, schema=schema), _WRITER_ARGUMENTS)


def _describe(outcome: Outcome, reject: Reject) -> dict[str, Any]:
    reason = reject.reason
    if len(reject.raw) > _RAW_BYTES:
        reason = f"{reason} (of its {len(reject.raw)} bytes the first {_RAW_BYTES} are kept here)"
    return {
        "source_key": outcome.source_key,
        "source_etag": outcome.source_etag,
        "line": reject.line,
        "byte_offset": reject.byte_offset,
        "reason": reason,
        "raw": reject.raw[:_RAW_BYTES].decode("utf-8", "backslashreplace"),
    }


def _ms(at: datetime) -> datetime:
    """Return a time as the tables have it, so that a conversion and its rejects can be joined by it."""
    return at.replace(tzinfo=None, microsecond=at.microsecond // 1000 * 1000)
