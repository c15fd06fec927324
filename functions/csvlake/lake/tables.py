"""Keep the catalog in step with the files: a table before its first file, a column before the file that brings it.

The catalog is asked at most every few seconds a table, since a file whose columns the table already has changes nothing
in it. What is remembered may be stale; so it only ever saves a question, and each change is conditional on the version
that it was derived from. Just before a file is published its types are confirmed, so that none of an older look is
(`Tables.confirm`).
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from csvlake.engine.model import Column
from csvlake.errors import TerminalError, TransientError
from csvlake.lake.agree import check_partition_keys, find_conflicts, find_new_columns
from csvlake.lake.changes import Changes
from csvlake.lake.contracts import read_contract
from csvlake.lake.naming import Placement
from csvlake.lake.ports import Catalog, Clock, Table, TableChanged
from csvlake.lake.retype import add_columns, change_types, make_id

__all__ = ["Tables", "TypesMoved"]

_KEEP_S = 8.0  # under the lease, so that a small file needs no second look
_LEASE_S = 10.0  # a file is published by types that were looked at no longer ago; see `csvlake.lake.changes`
_FOLDER_KEY = re.compile(r"partition_[0-9]+")
_MAX_TRIES = 20  # of one change, each lost to another writer's: twenty first files at once must all get through


class TypesMoved(TransientError):  # noqa: N818 - a fact: another file was first, convert again
    """Say that the table's types or contract are no longer those that a file was converted by."""


class Tables:
    """The tables of one lake, as one process knows them. For one thread at a time.

    Args:
        bucket_url: ``s3://bucket/``, before every location.
        registers: False where a crawler makes the tables; they are then only read, so that types agree.
    """

    def __init__(
        self, catalog: Catalog, clock: Clock, changes: Changes, bucket_url: str, *, registers: bool = True
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._changes = changes
        self._bucket_url = bucket_url
        self.registers = registers
        self._known: dict[str, tuple[float, Table | None]] = {}

    def look(self, placement: Placement, table_prefix: str) -> Table | None:
        """Return the table that a file belongs to, as it was a few seconds ago at most.

        Raises:
            TerminalError: the table is not ours to write to, or the file's partition keys are not the table's.
        """
        table = self._get(placement.table, _KEEP_S)
        if table is not None:
            table = table if self.registers else _hide_folders(table)
            self._check(table, placement, table_prefix)
            self._changes.nudge(table)
        return table

    def publish_schema(
        self, written: Sequence[Column], seen: Table | None, placement: Placement, table_prefix: str
    ) -> Table | None:
        """Make the table have every column of a file that is about to be published, in the type that is written.

        Args:
            written: the file's columns.
            seen: the table by which it was converted.

        Returns:
            The table; None where a crawler makes the tables and has not made this one.

        Raises:
            TypesMoved: the table has other types or another contract than ``seen``, which the file does not go with.
            TerminalError: as `look`.
            TransientError: other writers were faster too often.
        """
        table = self.look(placement, table_prefix)
        for _ in range(_MAX_TRIES):
            conflicts = find_conflicts(written, table) if table is not None else []
            self._refuse_stale(seen, table, conflicts)
            if table is not None and not conflicts and not (self.registers and find_new_columns(written, table)):
                return table
            if not self.registers:
                return table
            try:
                if table is None:
                    keys = tuple(Column(key, "string") for key, _ in placement.partitions)
                    table = self._create(seen or self.plan(placement.table, keys, table_prefix), written)
                else:
                    table = self._change(table, conflicts, written)
            except TableChanged:
                self.forget(placement.table)
                table = self.look(placement, table_prefix)
        raise TransientError(f"the table {placement.table} changed under every one of {_MAX_TRIES} updates")

    def confirm(self, table: Table | None, name: str) -> None:
        """Make sure that a table still has the types and the contract that it had at a look, if that is long ago.

        Raises:
            TypesMoved: it has not.
        """
        if not self.registers:
            return
        self._refuse_stale(table, self._get(name, _LEASE_S), [])

    def forget(self, table: str) -> None:
        """Ask the catalog at the next look."""
        self._known.pop(table, None)

    def plan(self, name: str, partition_keys: tuple[Column, ...], table_prefix: str) -> Table:
        """Return a table without columns that is still to be made."""
        return Table(name, (), partition_keys, self._bucket_url + table_prefix, types_id=make_id())

    def _refuse_stale(self, seen: Table | None, table: Table | None, conflicts: Sequence[Column]) -> None:
        """Raise where the table is not what a file was converted by, in what matters for the file."""
        contract = seen.contract if seen is not None else ""
        was_there = seen is not None and bool(seen.version_id)
        if not self.registers:
            rules = read_contract(contract)  # its types win over the crawler's
            ruled = {rule.name for rule in rules.columns if rule.type} if rules else set()
            is_same = all(column.name in ruled for column in conflicts)
        elif table is None:
            is_same = not was_there
        elif seen is None or not was_there:
            is_same = not conflicts and table.contract == contract
        else:
            moved = [column for column in conflicts if seen.type_of(column.name) != table.type_of(column.name)]
            is_same = not moved and (seen.types_id, contract) == (table.types_id, table.contract)
        if not is_same:
            name = table.name if table is not None else seen.name if seen is not None else ""
            raise TypesMoved(f"the table {name} changed while a file was converted")

    def _create(self, planned: Table, written: Sequence[Column]) -> Table:
        made = add_columns(planned, find_new_columns(written, planned))
        return self._remember(self._catalog.create_table(made))

    def _change(self, table: Table, conflicts: Sequence[Column], written: Sequence[Column]) -> Table:
        changed = table
        if conflicts:
            types = {column.name: column.type for column in conflicts}
            changed = change_types(changed, types, self._clock.now().timestamp())
        if new := find_new_columns(written, table):
            changed = add_columns(changed, new)
        return self._remember(self._changes.begin(changed))

    def _check(self, table: Table, placement: Placement, table_prefix: str) -> None:
        ours = self._bucket_url + table_prefix
        if table.location.rstrip("/") != ours.rstrip("/"):
            raise TerminalError(
                "foreign_table",
                f"a table {table.name} exists at {table.location or '(no location)'}, not at {ours}: "
                "use another folder name",
            )
        check_partition_keys(table, [key for key, _ in placement.partitions])

    def _get(self, name: str, max_age_s: float) -> Table | None:
        kept = self._known.get(name)
        if kept is not None and self._clock.monotonic() - kept[0] < max_age_s:
            return kept[1]
        asked_at = self._clock.monotonic()
        table = self._catalog.get_table(name)
        self._known[name] = (asked_at, table)
        return table

    def _remember(self, table: Table) -> Table:
        self._known[table.name] = (self._clock.monotonic(), table)
        return table


def _hide_folders(table: Table) -> Table:
    """Return a table without the partition keys that a crawler made of folders that are no ``k=v``.

    https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
    """
    keys = tuple(key for key in table.partition_keys if not _FOLDER_KEY.fullmatch(key.name))
    return replace(table, partition_keys=keys)
