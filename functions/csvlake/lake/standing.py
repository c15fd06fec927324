"""Say how each table stands: what is in the bucket, beside what the ledger tells of it.

Two streams in the order of their keys, the bucket's listing and the ledger's newest outcomes, are merged: the memory
is the same for ten files and ten million. What the ledger does not know, since its rows were removed or never written,
is looked up at the target.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from csvlake.errors import TerminalError
from csvlake.lake.naming import Layout, is_data, place
from csvlake.lake.operator import LatestOutcome, Stack
from csvlake.lake.ports import ObjectInfo
from csvlake.lake.survey import TargetState, list_prefix, list_table, survey

__all__ = ["NO_TABLE", "TableStanding", "join_ledger", "stand"]

NO_TABLE = "(no table)"  # of files whose key is refused

Joined = tuple[ObjectInfo | None, LatestOutcome | None]


@dataclass
class TableStanding:
    """Counts of one table. files = settled + refused + waiting, less deletions that wait."""

    files: int = 0  # CSVs in the bucket
    settled: int = 0  # whose rows are in the table
    refused: int = 0
    waiting: int = 0  # uploaded, or deleted, and not converged yet
    older: int = 0  # settled ones that another version converted
    rows: int = 0
    records_rejected: int = 0
    rows_rescued: int = 0


def join_ledger(sources: Iterable[ObjectInfo], outcomes: Iterable[LatestOutcome], layout: Layout) -> Iterator[Joined]:
    """Merge a listing and the ledger by key.

    Args:
        sources: data, in the order of their keys' UTF-8 bytes, as ``outcomes``.
        outcomes: those of contracts are left out.

    Yields:
        A pair for each key that is in either, in the same order; None stands for what is not there.
    """
    listed = ((source.key.encode(), source) for source in sources)
    told = ((one.source_key.encode(), one) for one in outcomes if is_data(one.source_key, layout))
    merged: Iterator[tuple[bytes, ObjectInfo | LatestOutcome]] = heapq.merge(listed, told, key=lambda pair: pair[0])
    for _, same in groupby(merged, key=lambda pair: pair[0]):
        found = [one for _, one in same]
        yield (
            next((one for one in found if isinstance(one, ObjectInfo)), None),
            next((one for one in found if isinstance(one, LatestOutcome)), None),
        )


def stand(stack: Stack, converter_version: str, table: str | None = None) -> dict[str, TableStanding]:
    """Count how the tables stand, by name.

    Args:
        converter_version: what was converted by another one counts as ``older``.
        table: None for all.
    """
    return _Count(stack, converter_version, table).run()


@dataclass
class _Count:
    stack: Stack
    version: str
    table: str | None
    tables: dict[str, TableStanding] = field(default_factory=dict)

    def run(self) -> dict[str, TableStanding]:
        store, layout = self.stack.store, self.stack.layout
        outcomes = self.stack.ledger.outcomes(layout.source_prefix, self.table)
        sources = list_prefix(store, layout) if self.table is None else list_table(store, layout, self.table)
        for found in survey(store, layout, self._count_known(sources, outcomes), self.version):
            standing = self._of(found.source.key)
            standing.files += 1
            if found.state in (TargetState.SETTLED, TargetState.OLDER_VERSION) and found.stamp is not None:
                stamp = found.stamp
                standing.settled += 1
                standing.older += found.state is TargetState.OLDER_VERSION
                standing.rows += stamp.rows_written
                standing.records_rejected += stamp.records_rejected
                standing.rows_rescued += stamp.rows_rescued
            else:
                standing.waiting += 1
        return dict(sorted(self.tables.items()))

    def _count_known(self, sources: Iterable[ObjectInfo], outcomes: Iterable[LatestOutcome]) -> Iterator[ObjectInfo]:
        """Count what the ledger knows, and yield the other sources."""
        for source, told in join_ledger(sources, outcomes, self.stack.layout):
            if source is None:
                if told is not None and told.has_rows:
                    self._of(told.source_key).waiting += 1
            elif told is None:
                yield source
            else:
                self._add(self._of(source.key), source, told)

    def _add(self, standing: TableStanding, source: ObjectInfo, told: LatestOutcome) -> None:
        standing.files += 1
        if told.source_etag != source.etag:
            # A key that cannot be mapped is refused without a look at the object.
            is_refused = told.outcome == "refused" and told.source_etag is None
            standing.refused += is_refused
            standing.waiting += not is_refused
        elif told.has_rows:
            standing.settled += 1
            standing.older += told.converter_version != self.version
            standing.rows += told.rows_written
            standing.records_rejected += told.records_rejected
            standing.rows_rescued += told.rows_rescued
        else:
            standing.refused += 1

    def _of(self, key: str) -> TableStanding:
        try:
            placement = place(key, self.stack.layout)
        except TerminalError:
            placement = None
        return self.tables.setdefault(NO_TABLE if placement is None else placement.table, TableStanding())
