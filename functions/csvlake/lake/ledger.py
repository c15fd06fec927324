"""Keep what became of every file as Parquet objects that Athena reads: the tables ``conversions`` and ``rejects``.

One object a table and invocation, written before the messages are acknowledged: a failed write fails the batch, and
the redelivered messages find their files converted, with the counts in the objects' metadata. So a row may come twice,
and is never missing; the newest row of a ``source_key`` is its state.

The Glue tables are declared in template.yaml with partition projection on ``day``; a test compares them with the
columns here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal

import pyarrow as pa

from csvlake.engine.model import Reject
from csvlake.lake.ports import ObjectStore
from csvlake.lake.stamp import Stamp

__all__ = ["LEDGER_COLUMNS", "REJECT_COLUMNS", "Ledger", "Outcome", "OutcomeKind", "RejectedRecord"]

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

_ARROW_TYPES = {"string": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("ms")}
_WRITER_ARGUMENTS: Final[Mapping[str, Any]] = {
    "compression": "zstd",
    "coerce_timestamps": "ms",
    "flavor": None,
    "version": "2.6",
}


@dataclass(frozen=True)
class RejectedRecord:
    """A record that no table holds, and the file it came from."""

    source_key: str
    source_etag: str
    reject: Reject


@dataclass(frozen=True)
class Outcome:
    """What became of one source key. None: not known, or nothing of the kind.

    Attributes:
        converted_at: when the key came to rest, in UTC. The rest of its batch may take minutes more, in which another
            process may find the key changed; None: when the ledger is written.
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
    rejects: tuple[RejectedRecord, ...] = ()
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

    def write(self, outcomes: Iterable[Outcome], request_id: str, now: datetime) -> None:
        """Keep the outcomes of one invocation, and the records that its files rejected.

        Idempotent: writing again under the same request id replaces.

        Args:
            now: in UTC; gives the partition ``day``.

        Raises:
            TransientError: it could not be written; no message of the batch may be acknowledged.
        """
        kept = list(outcomes)
        at = now.replace(tzinfo=None)
        rejected = [
            {
                "source_key": record.source_key,
                "source_etag": record.source_etag,
                "line": record.reject.line,
                "byte_offset": record.reject.byte_offset,
                "reason": record.reject.reason,
                "raw": record.reject.raw.decode("utf-8", "backslashreplace"),
                "rejected_at": at,
            }
            for outcome in kept
            for record in outcome.rejects
        ]
        rows = [
            {
                **{name: getattr(outcome, name, None) for name in LEDGER_COLUMNS},
                "request_id": request_id,
                "converted_at": (outcome.converted_at or now).replace(tzinfo=None),
            }
            for outcome in kept
        ]
        self._put("rejects", REJECT_COLUMNS, rejected, request_id, at)
        self._put("conversions", LEDGER_COLUMNS, rows, request_id, at)

    def _put(
        self, table: str, columns: Mapping[str, str], rows: list[dict[str, Any]], request_id: str, at: datetime
    ) -> None:
        if not rows:
            return
        schema = pa.schema([(name, _ARROW_TYPES[type_]) for name, type_ in columns.items()])
        key = f"{self._meta_prefix}{table}/day={at:%Y-%m-%d}/{request_id}.parquet"
        self._store.put_table(key, pa.Table.from_pylist(rows, schema=schema), _WRITER_ARGUMENTS)
