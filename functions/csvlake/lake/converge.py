"""Make one key's Parquet object what its CSV implies now, whatever events told of it, and in whatever order.

The converter reads what is in S3 at this moment. It publishes on the condition that the target still is what it was
when it was looked at, and looks at the source once more afterwards; when either moved, it starts over. So of two
processes at one key the stale one loses, a deletion that comes in between is seen, and a second delivery changes
nothing (docs/adr/0006-any-order-of-events.md).

A small new file costs one GET, one PUT and one HEAD.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from csvlake.errors import TerminalError, TransientError
from csvlake.events import TableRequest
from csvlake.lake.ledger import Outcome
from csvlake.lake.naming import Placement, contract_table, place
from csvlake.lake.ports import (
    ABSENT,
    ObjectInfo,
    PreconditionFailed,
    SourceChanged,
    SourceObjectBytes,
)
from csvlake.lake.prepare import Lake, Prepared, Preparer
from csvlake.lake.stamp import Stamp
from csvlake.lake.tables import TypesMoved

__all__ = ["Converger", "NoTimeError"]

_MAX_STARTS = 8
_LOOK_FIRST_BYTES = 8 << 20  # from here on a HEAD of the target is cheaper than a conversion that was not needed


class NoTimeError(TransientError):
    """The key was not begun."""


class _StartOver(TransientError):  # noqa: N818 - an instruction
    """Something moved; look at the key again."""


class Converger:
    """Converge keys.

    Threads may share it: their requests to S3 overlap, while conversions and changes of tables take turns, so that one
    conversion at a time has the memory, and the first file of a table makes the table before the next one looks for it.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._preparer = Preparer(lake)
        self._turn = threading.Lock()

    def is_data(self, key: str) -> bool:
        """Return whether a key is a contract or one that a table is made of, refused ones included."""
        layout = self._lake.layout
        try:
            return place(key, layout) is not None or contract_table(key, layout) is not None
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
            outcome = self._converge(key, has_time)
        except TerminalError as refusal:
            outcome = Outcome(key, "refused", reason=refusal.reason)
        elapsed_ms = round((self._lake.clock.monotonic() - started) * 1000)
        return replace(
            outcome,
            duration_ms=elapsed_ms,
            converter_version=self._lake.converter_version,
            converted_at=outcome.converted_at or self._lake.clock.now(),
        )

    def converge_table(self, request: TableRequest) -> None:
        """Bring a change of a table's types or contract one step on; see `csvlake.lake.changes`."""
        self._lake.changes.converge(request)

    def _converge(self, key: str, has_time: Callable[[], bool]) -> Outcome:
        table = contract_table(key, self._lake.layout)
        if table is not None:
            outcome = self._lake.contracts.converge(key, table)
            self._lake.tables.forget(table)
            return outcome
        placement = place(key, self._lake.layout)
        if placement is None:
            raise ValueError(f"{key} is not data")
        return self._until_at_rest(placement, has_time)

    def _until_at_rest(self, placement: Placement, has_time: Callable[[], bool]) -> Outcome:
        trouble: TransientError | None = None
        for _ in range(_MAX_STARTS):
            # Not the time of the end: what a look finds is true at its last check, after which another process may be
            # faster with a later change; and the look that an event asks for begins after the change it tells of. So
            # the row with the newest beginning is the one that holds, however long partitions or a slow disk took.
            began_at = self._lake.clock.now()
            try:
                return replace(self._look_by_contract(placement, has_time), converted_at=began_at)
            except (_StartOver, PreconditionFailed, SourceChanged) as moved:
                trouble = moved
            except TypesMoved as moved:
                self._lake.tables.forget(placement.table)
                trouble = moved
        raise TransientError(f"{placement.source_key} did not come to rest in {_MAX_STARTS} tries: {trouble}")

    def _look_by_contract(self, placement: Placement, has_time: Callable[[], bool]) -> Outcome:
        """Look at a key. Where a crawler makes the tables its contract is read again afterwards, as the source is.

        So a file either stands there when a new contract asks for looks at all files, or it meets that contract.
        """
        contracts = self._lake.contracts
        if contracts.registers:
            return self._look(placement, has_time)
        seen = contracts.find(placement.table)
        outcome = self._look(placement, has_time)
        if outcome.outcome != "deleted" and contracts.find(placement.table, max_age_s=0) != seen:
            raise TypesMoved(f"the contract of {placement.table} changed while a file was converted")
        return outcome

    def _look(self, placement: Placement, has_time: Callable[[], bool]) -> Outcome:
        store = self._lake.store
        try:
            source = store.open_source(placement.source_key)
        except TerminalError as refusal:
            there = store.head(placement.source_key)
            if there is None:
                raise _StartOver("the source went while it was opened") from refusal
            return self._refuse(placement, there, refusal)
        if source is None:
            return self._remove(placement)
        with closing(source):
            return self._replace(placement, source, has_time)

    def _remove(self, placement: Placement) -> Outcome:
        """Remove the rows of a source that is gone."""
        outcome = Outcome(placement.source_key, "deleted", table_name=placement.table, target_key=placement.target_key)
        was_there = self._delete_target(placement, None)
        return replace(outcome, found_nothing=not was_there)

    def _replace(self, placement: Placement, source: SourceObjectBytes, has_time: Callable[[], bool]) -> Outcome:
        """Put the rows of a source in the place of those that were there."""
        outcome = _describe(placement, source.info)
        try:
            if source.size > _LOOK_FIRST_BYTES and (stamp := self._find_settled(placement, source.info)):
                self._lake.partitions.register(placement, None)
                return replace(outcome, outcome="unchanged").with_stamp(stamp)
            with self._turn:
                if not has_time():
                    raise NoTimeError(f"no time was left for {placement.source_key}")
                prepared = self._preparer.prepare(placement, source)
        except TerminalError as refusal:
            return self._refuse(placement, source.info, refusal)
        try:
            return self._publish(placement, source.info, prepared, outcome)
        finally:
            prepared.close()

    def _refuse(self, placement: Placement, source: ObjectInfo, refusal: TerminalError) -> Outcome:
        # The CSV that implied the old rows is gone, so they go, too.
        self._delete_target(placement, source)
        return replace(_describe(placement, source), outcome="refused", reason=refusal.reason)

    def _publish(self, placement: Placement, source: ObjectInfo, prepared: Prepared, outcome: Outcome) -> Outcome:
        store = self._lake.store
        rejects = prepared.converted.report.rejects
        outcome = replace(outcome.with_stamp(prepared.stamp), rejects=rejects, reason=prepared.reason)
        try:
            self._put(placement, prepared, ABSENT)
        except PreconditionFailed:
            target = store.head(placement.target_key)
            known = self._read_stamp(target)
            self._check_source(source)
            if known is not None and known.is_like(prepared.stamp) and self._is_settled(known, source):
                self._lake.partitions.register(placement, prepared.table)
                return replace(outcome, outcome="unchanged").with_stamp(known)
            self._put(placement, prepared, ABSENT if target is None else target.etag)
        self._lake.partitions.register(placement, prepared.table)
        self._check_source(source)
        return outcome

    def _put(self, placement: Placement, prepared: Prepared, expected: str) -> None:
        self._lake.tables.confirm(prepared.table, placement.table)
        prepared.put(self._lake.store, placement.target_key, expected)

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

    def _is_settled(self, stamp: Stamp, source: ObjectInfo) -> bool:
        return stamp.is_of(source, self._lake.converter_version)

    def _find_settled(self, placement: Placement, source: ObjectInfo) -> Stamp | None:
        """Return the stamp of a target that need not be made again. Rejects are not kept in it."""
        stamp = self._read_stamp(self._lake.store.head(placement.target_key))
        if stamp is None or stamp.records_rejected or not self._is_settled(stamp, source):
            return None
        table = self._preparer.look_up(placement)
        return stamp if table is not None and stamp.is_in_step(table) else None

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
