"""Make one key's Parquet object what its CSV implies now, whatever events told of it, and in whatever order.

The converter reads what is in S3 at this moment. It publishes on the condition that the target still is what it was
when it was looked at, and looks at the source once more afterwards; when either moved, it starts over. So of two
processes at one key the stale one loses, a deletion that comes in between is seen, and a second delivery changes
nothing (docs/adr/0006-any-order-of-events.md).

A small new file costs one GET, one PUT and one HEAD.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from csvlake.engine.model import Agree, Column, Converted, ConvertOptions
from csvlake.engine.model import Source as EngineSource
from csvlake.errors import TerminalError, TransientError
from csvlake.events import TableRequest
from csvlake.lake.agree import agree_columns
from csvlake.lake.changes import Changes
from csvlake.lake.ledger import Outcome, RejectedRecord
from csvlake.lake.naming import Layout, Placement, place
from csvlake.lake.ports import (
    ABSENT,
    Clock,
    ObjectInfo,
    ObjectStore,
    PreconditionFailed,
    SourceChanged,
    SourceObjectBytes,
    Table,
)
from csvlake.lake.registry import PartitionRegistry
from csvlake.lake.stamp import Stamp
from csvlake.lake.tables import Tables, TypesMoved
from csvlake.lake.widening_limit import WideningLimit

__all__ = ["Converger", "Convert", "Lake", "NoTimeError"]

_MAX_STARTS = 8
_LOOK_FIRST_BYTES = 8 << 20  # from here on a HEAD of the target is cheaper than a conversion that was not needed

Convert = Callable[[EngineSource, ConvertOptions, Agree, dict[str, str]], Converted]


class NoTimeError(TransientError):
    """The key was not begun."""


class _StartOver(TransientError):  # noqa: N818 - an instruction
    """Something moved; look at the key again."""


@dataclass(frozen=True)
class Lake:
    """What a converger works with."""

    store: ObjectStore
    tables: Tables
    changes: Changes
    widening: WideningLimit
    partitions: PartitionRegistry
    layout: Layout
    clock: Clock
    convert: Convert
    options: ConvertOptions
    converter_version: str


@dataclass(frozen=True)
class _Prepared:
    """A conversion that its table takes, and what its object's metadata will tell."""

    converted: Converted
    stamp: Stamp
    table: Table | None
    reason: str | None  # what was not done for the file that could be


class Converger:
    """Converge keys.

    Threads may share it: their requests to S3 overlap, while conversions and changes of tables take turns, so that one
    conversion at a time has the memory, and the first file of a table makes the table before the next one looks for it.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._turn = threading.Lock()

    def is_data(self, key: str) -> bool:
        """Return whether a key is one that a table is made of, refused ones included."""
        try:
            return place(key, self._lake.layout) is not None
        except TerminalError:
            return True

    def converge(self, key: str, has_time: Callable[[], bool] = lambda: True) -> Outcome:
        """Look at a source key and make its target agree with it. Idempotent.

        Args:
            key: of the source.
            has_time: asked when the key's turn to be converted has come, which may be long after this call.

        Raises:
            NoTimeError: there was none; nothing was changed.
            TransientError: the key could not be brought to rest; try again.
        """
        started = self._lake.clock.monotonic()
        try:
            placement = place(key, self._lake.layout)
        except TerminalError as refusal:
            outcome = Outcome(key, "refused", reason=refusal.reason)
        else:
            if placement is None:
                raise ValueError(f"{key} is not data")
            outcome = self._until_at_rest(placement, has_time)
        elapsed_ms = round((self._lake.clock.monotonic() - started) * 1000)
        return replace(
            outcome,
            duration_ms=elapsed_ms,
            converter_version=self._lake.converter_version,
            converted_at=self._lake.clock.now(),
        )

    def converge_table(self, request: TableRequest) -> None:
        """Bring a change of a table's types or contract one step on; see `csvlake.lake.changes`."""
        self._lake.changes.converge(request)

    def _until_at_rest(self, placement: Placement, has_time: Callable[[], bool]) -> Outcome:
        trouble: TransientError | None = None
        for _ in range(_MAX_STARTS):
            try:
                return self._look(placement, has_time)
            except (_StartOver, PreconditionFailed, SourceChanged) as moved:
                trouble = moved
            except TypesMoved as moved:
                self._lake.tables.forget(placement.table)
                trouble = moved
        raise TransientError(f"{placement.source_key} did not come to rest in {_MAX_STARTS} tries: {trouble}")

    def _look(self, placement: Placement, has_time: Callable[[], bool]) -> Outcome:
        store = self._lake.store
        try:
            source = store.open_source(placement.source_key)
        except TerminalError as refusal:
            there = store.head(placement.source_key)
            if there is None:
                raise _StartOver("the source went while it was opened") from refusal
            return self._refuse(placement, there, refusal)
        return self._remove(placement) if source is None else self._replace(placement, source, has_time)

    def _remove(self, placement: Placement) -> Outcome:
        """Remove the rows of a source that is gone."""
        outcome = Outcome(placement.source_key, "deleted", table_name=placement.table, target_key=placement.target_key)
        was_there = self._delete_target(placement, None)
        return replace(outcome, found_nothing=not was_there)

    def _replace(self, placement: Placement, source: SourceObjectBytes, has_time: Callable[[], bool]) -> Outcome:
        """Put the rows of a source in the place of those that were there."""
        outcome = _describe(placement, source.info)
        if source.size > _LOOK_FIRST_BYTES:
            stamp = self._read_stamp(self._lake.store.head(placement.target_key))
            if stamp and not stamp.records_rejected and self._is_settled(stamp, source.info, self._look_up(placement)):
                self._lake.partitions.register(placement, None)
                return replace(outcome, outcome="unchanged").with_stamp(stamp)
        try:
            with self._turn:
                if not has_time():
                    raise NoTimeError(f"no time was left for {placement.source_key}")
                prepared = self._prepare(placement, source)
        except TerminalError as refusal:
            return self._refuse(placement, source.info, refusal)
        try:
            return self._publish(placement, source.info, prepared, outcome)
        finally:
            _remove_scratch(prepared.converted)

    def _refuse(self, placement: Placement, source: ObjectInfo, refusal: TerminalError) -> Outcome:
        # The CSV that implied the old rows is gone, so they go, too.
        self._delete_target(placement, source)
        return replace(_describe(placement, source), outcome="refused", reason=refusal.reason)

    def _prepare(self, placement: Placement, source: SourceObjectBytes) -> "_Prepared":
        """Convert a source and have its table take it, so that nothing but the put is left."""
        seen = self._look_up(placement)
        refusals: dict[str, str] = {}
        converted = self._convert(placement, source, seen, refusals)
        try:
            prefix = self._lake.layout.table_prefix(placement.table)
            table = self._lake.tables.publish_schema(converted.report.schema, seen, placement, prefix)
        except BaseException:
            _remove_scratch(converted)
            raise
        stamp = Stamp.of(source.info, converted.report, self._lake.converter_version, table)
        return _Prepared(converted, stamp, table, "; ".join(refusals.values()) or None)

    def _look_up(self, placement: Placement) -> Table | None:
        return self._lake.tables.look(placement, self._lake.layout.table_prefix(placement.table))

    def _convert(
        self, placement: Placement, source: SourceObjectBytes, table: Table | None, refusals: dict[str, str]
    ) -> Converted:
        lake = self._lake
        keys = [key for key, _ in placement.partitions]

        def may_widen(column: Column, wider: str) -> bool:
            if not lake.tables.registers:
                return False
            refusal = lake.widening.refuse(placement, column, wider)
            if refusal is not None:
                refusals[column.name] = refusal
            return refusal is None

        def agree(inferred: Sequence[Column]) -> Sequence[Column]:
            return agree_columns(inferred, table, keys, may_widen)

        metadata = {
            "csvlake.source_key": placement.source_key,
            "csvlake.source_etag": source.info.etag,
            "csvlake.source_bytes": str(source.info.size),
            "csvlake.converter_version": lake.converter_version,
        }
        converted = lake.convert(source, lake.options, agree, metadata)
        report = converted.report
        if report.records_read != report.rows_written + report.records_rejected:
            raise TransientError(
                f"{placement.source_key}: {report.records_read} records read, {report.rows_written} rows written and "
                f"{report.records_rejected} rejected do not add up; nothing was published"
            )
        return converted

    def _publish(self, placement: Placement, source: ObjectInfo, prepared: "_Prepared", outcome: Outcome) -> Outcome:
        store = self._lake.store
        rejects = [RejectedRecord(source.key, source.etag, reject) for reject in prepared.converted.report.rejects]
        outcome = replace(outcome.with_stamp(prepared.stamp), rejects=tuple(rejects), reason=prepared.reason)
        try:
            self._put(placement, prepared, ABSENT)
        except PreconditionFailed:
            target = store.head(placement.target_key)
            known = self._read_stamp(target)
            self._check_source(source)
            # In a table that others made, types may change without a new id.
            is_same = known is not None and known.columns == prepared.stamp.columns
            if known is not None and is_same and self._is_settled(known, source, prepared.table):
                self._lake.partitions.register(placement, prepared.table)
                return replace(outcome, outcome="unchanged").with_stamp(known)
            self._put(placement, prepared, ABSENT if target is None else target.etag)
        self._lake.partitions.register(placement, prepared.table)
        self._check_source(source)
        return outcome

    def _put(self, placement: Placement, prepared: "_Prepared", expected: str) -> None:
        self._lake.tables.confirm(prepared.table, placement.table)
        key, converted, metadata = placement.target_key, prepared.converted, prepared.stamp.write()
        if converted.table is not None:
            self._lake.store.put_table(key, converted.table, converted.writer_arguments, metadata, expected)
        elif converted.path is not None:
            self._lake.store.put_file(key, converted.path, metadata, expected)
        else:
            raise ValueError("the engine gave neither a table nor a file")

    def _delete_target(self, placement: Placement, source: ObjectInfo | None) -> bool:
        """Delete the target, and return whether there was one.

        Args:
            source: the upload on whose account it goes, to be found unchanged afterwards; None: there is none.
        """
        lake = self._lake
        target = lake.store.head(placement.target_key)
        if target is not None:
            lake.store.delete(placement.target_key, target.etag)
        lake.partitions.settle(placement)
        if source is not None:
            self._check_source(source)
        elif lake.store.head(placement.source_key) is not None:
            raise _StartOver("the source was created again")
        return target is not None

    def _check_source(self, source: ObjectInfo) -> None:
        if not source.is_same_content(self._lake.store.head(source.key)):
            raise _StartOver("the source changed while it was converted")

    def _is_settled(self, stamp: Stamp, source: ObjectInfo, table: Table | None) -> bool:
        return stamp.is_of(source, self._lake.converter_version) and (table is None or stamp.is_in_step(table))

    @staticmethod
    def _read_stamp(target: ObjectInfo | None) -> Stamp | None:
        return Stamp.read(target.metadata) if target is not None else None


def _describe(placement: Placement, source: ObjectInfo) -> Outcome:
    return Outcome(
        placement.source_key,
        "converted",
        source_etag=source.etag,
        source_version=source.version_id,
        source_bytes=source.size,
        table_name=placement.table,
        target_key=placement.target_key,
    )


def _remove_scratch(converted: Converted) -> None:
    if converted.path is not None:
        converted.path.unlink(missing_ok=True)
