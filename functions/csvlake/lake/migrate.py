"""Change a column's type because the owner asks for it, and watch the older files follow.

What a conversion does by itself below ``AutoMigrateBytes`` (`csvlake.lake.tables`) is done here whatever the size. The
converter does the work, by messages; whoever watches may stop watching.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from csvlake.errors import TerminalError, TransientError
from csvlake.events import TableRequest
from csvlake.lake.changes import Changes
from csvlake.lake.contract import read_contract_json
from csvlake.lake.operator import Stack
from csvlake.lake.ports import Table, TableChanged
from csvlake.lake.retype import change_types

__all__ = ["Progress", "TypeChanges", "describe_change"]

CHANGE_PARAMETER = "csvlake.converting"  # of a Glue table that is in a change
_MAX_TRIES = 10
_POLL_S = 5.0


@dataclass(frozen=True)
class Progress:
    """How far a change is: files that are not in step with the table yet, 0 while it only waits out its time."""

    behind: int


class TypeChanges:
    """The changes of one stack's tables."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._changes = Changes(stack.catalog, stack.store, stack.queue, stack.clock, stack.layout, stack.bucket)

    def change(self, name: str, column: str, type_: str) -> Table:
        """Give a column another type and have the older files follow. Cells that do not fit are rescued.

        Args:
            type_: as Glue spells it.

        Raises:
            TerminalError: there is no such table or column, the contract decides its type, or it has this one already.
            TransientError: others changed the table again and again.
        """
        for _ in range(_MAX_TRIES):
            table = self._get(name)
            self._check(table, column, type_)
            try:
                return self._changes.begin(change_types(table, {column: type_}, self._stack.clock.now().timestamp()))
            except TableChanged:
                continue
        raise TransientError(f"the table {name} changed under every one of {_MAX_TRIES} updates")

    def resume(self, name: str) -> Table:
        """Have the converter take up the change that a table is in, if it is in one.

        Raises:
            TerminalError: there is no such table.
        """
        table = self._get(name)
        if table.change is not None:
            self._stack.queue.send(TableRequest(name, table.change.id).write(), 0)
        return table

    def find_behind(self, table: Table) -> int:
        """Return how many of a table's files are not in step with it; one HEAD a file."""
        return len(self._changes.find_behind(table))

    def watch(self, name: str) -> Iterator[Progress]:
        """Yield how far a table's change is, every few seconds, until it is over."""
        while (table := self._get(name)).change is not None:
            yield Progress(self.find_behind(table))
            self._stack.pause(_POLL_S)

    def find_changing(self) -> Iterator[Table]:
        """Yield the tables that are in a change, by name; the catalog is listed once."""
        for name, parameters in sorted(self._stack.tables.parameters().items()):
            if CHANGE_PARAMETER in parameters:
                table = self._stack.catalog.get_table(name)
                if table is not None and table.change is not None:
                    yield table

    def _get(self, name: str) -> Table:
        table = self._stack.catalog.get_table(name)
        ours = f"s3://{self._stack.bucket}/{self._stack.layout.table_prefix(name)}"
        if table is None:
            raise TerminalError("no_such_table", f"the catalog has no table {name}")
        if table.location.rstrip("/") != ours.rstrip("/"):
            raise TerminalError(
                "foreign_table", f"the table {name} is at {table.location or '(no location)'}: not ours"
            )
        return table

    @staticmethod
    def _check(table: Table, column: str, type_: str) -> None:
        known = table.type_of(column)
        if known is None:
            names = ", ".join(known.name for known in table.columns)
            raise TerminalError("no_such_column", f"table {table.name} has no column {column}; it has {names}")
        rule = read_contract_json(table.contract).rule_for(column) if table.contract else None
        if rule is not None and rule.type is not None:
            message = f"the contract of {table.name} says that {column} is {rule.type}: change it there"
            raise TerminalError("contract_decides", message)
        if known == type_:
            raise TerminalError("same_type", f"column {column} of {table.name} is {type_} already, or about to be")


def describe_change(table: Table) -> str:
    """Return what a table's change is about, in words; "" where it is in none."""
    if table.change is None:
        return ""
    types = ", ".join(f"{column} → {table.type_of(column)}" for column in sorted(table.change.stored))
    return types or "files and partitions follow the table"
