"""Keep the catalog in step with the files: a table before its first file, a column before the file that brings it.

The catalog is asked at most every few seconds a table, since a file whose columns the table already has changes nothing
in it. What is remembered may be stale; so it only ever saves a question, and each change is conditional on the version
that it was derived from.
"""

from collections.abc import Sequence

from csvlake.engine.model import Column
from csvlake.errors import TerminalError, TransientError
from csvlake.lake.agree import check_partition_keys, find_conflicts, find_new_columns
from csvlake.lake.naming import Placement
from csvlake.lake.ports import Catalog, Clock, Table, TableChanged

__all__ = ["Tables", "TypesMoved"]

_KEEP_S = 5.0
_MAX_TRIES = 20  # of one change, each lost to another writer's: twenty first files at once must all get through


class TypesMoved(TransientError):  # noqa: N818 - a fact: another file was first, convert again
    """Say that the table's types are no longer those that a file was converted with."""


class Tables:
    """The tables of one lake, as one process knows them. For one thread at a time.

    Args:
        bucket_url: ``s3://bucket/``, before every location.
        registers: False where a crawler makes the tables; they are then only read, so that types agree.
    """

    def __init__(self, catalog: Catalog, clock: Clock, bucket_url: str, *, registers: bool = True) -> None:
        self._catalog = catalog
        self._clock = clock
        self._bucket_url = bucket_url
        self._registers = registers
        self._known: dict[str, tuple[float, Table | None]] = {}

    def look(self, placement: Placement, table_prefix: str) -> Table | None:
        """Return the table that a file belongs to, as it was a few seconds ago at most.

        Raises:
            TerminalError: the table is not ours to write to, or the file's partition keys are not the table's.
        """
        kept = self._known.get(placement.table)
        if kept is not None and self._clock.monotonic() - kept[0] < _KEEP_S:
            table = kept[1]
        else:
            table = self._remember(placement.table, self._catalog.get_table(placement.table))
        if table is not None:
            self._check(table, placement, table_prefix)
        return table

    def publish_schema(self, written: Sequence[Column], placement: Placement, table_prefix: str) -> Table | None:
        """Make the table have every column of a file that is about to be published.

        Returns:
            The table; None where a crawler makes the tables and has not made this one.

        Raises:
            TypesMoved: the table has another type for a column than was written.
            TerminalError: as `look`.
            TransientError: other writers were faster too often.
        """
        table = self.look(placement, table_prefix)
        for _ in range(_MAX_TRIES):
            if table is not None and find_conflicts(written, table):
                raise TypesMoved(f"the types of table {table.name} changed while a file was converted")
            if not self._registers or (table is not None and not find_new_columns(written, table)):
                return table
            try:
                table = self._change(table, written, placement, table_prefix)
            except TableChanged:
                self.forget(placement.table)
                table = self.look(placement, table_prefix)
        raise TransientError(f"the table {placement.table} changed under every one of {_MAX_TRIES} updates")

    def forget(self, table: str) -> None:
        """Ask the catalog at the next look."""
        self._known.pop(table, None)

    def _change(
        self, table: Table | None, written: Sequence[Column], placement: Placement, table_prefix: str
    ) -> Table | None:
        if table is not None:
            changed = self._catalog.add_columns(table, find_new_columns(written, table))
            return self._remember(table.name, changed)
        created = self._catalog.create_table(
            Table(
                placement.table,
                tuple(written),
                tuple(Column(key, "string") for key, _ in placement.partitions),
                self._bucket_url + table_prefix,
            )
        )
        return self._remember(created.name, created)

    def _check(self, table: Table, placement: Placement, table_prefix: str) -> None:
        ours = self._bucket_url + table_prefix
        if table.location.rstrip("/") != ours.rstrip("/"):
            raise TerminalError(
                "foreign_table",
                f"a table {table.name} exists at {table.location or '(no location)'}, not at {ours}: "
                "use another folder name",
            )
        check_partition_keys(table, [key for key, _ in placement.partitions])

    def _remember(self, name: str, table: Table | None) -> Table | None:
        self._known[name] = (self._clock.monotonic(), table)
        return table
