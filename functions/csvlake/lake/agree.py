"""Decide what types a file's columns take, so that every file of a table stores what the table says. Pure.

Order of authority: the contract, the table, inference. Columns are matched by name. Where a wider type holds the
table's column and the file's, the table is widened (`csvlake.lake.changes`); any other cell that does not fit the
table's type is the engine's to handle, as the policy ``on_misfit`` says.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from csvlake.engine.model import RESCUED_COLUMN, Column
from csvlake.errors import TerminalError
from csvlake.lake.ports import Table
from csvlake.lake.widening import widen_type

__all__ = ["agree_columns", "check_partition_keys", "find_conflicts", "find_new_columns"]

_WRITABLE = re.compile(r"boolean|bigint|double|date|timestamp|string|decimal\((?:18|38),\d{1,2}\)")


def agree_columns(
    inferred: Sequence[Column],
    table: Table | None,
    partition_keys: Sequence[str],
    may_widen: Callable[[Column, str], bool] = lambda _column, _wider: True,
) -> list[Column]:
    """Return the columns to write: the same ones in the same order, each of a type that the table has or will have.

    Args:
        inferred: every column of the file with the narrowest type that loses nothing, or the contract's type.
        table: None where there is none yet.
        partition_keys: from the file's path; they are columns of the table, too.
        may_widen: asked with a column of the table and a wider type, which is taken only if it says yes.

    Raises:
        TerminalError: a column has the name of a partition key, or the table wants a type that csvlake does not write.
    """
    taken = {*partition_keys, *(key.name for key in table.partition_keys)} if table else set(partition_keys)
    agreed = []
    for column in inferred:
        if column.name in taken:
            raise TerminalError(
                "partition_key_is_column",
                f"the column {column.name!r} has the name of a partition key in the path: rename one of them",
            )
        known = table.type_of(column.name) if table else None
        if known is not None and not _WRITABLE.fullmatch(known):
            raise TerminalError(
                "foreign_type",
                f"the table's column {column.name!r} has the type {known}, which csvlake does not write: change it to "
                "boolean, bigint, double, date, timestamp, string, decimal(18,s) or decimal(38,s)",
            )
        agreed.append(replace(column, type=_agree(column, known, may_widen)) if known else column)
    return agreed


def _agree(column: Column, known: str, may_widen: Callable[[Column, str], bool]) -> str:
    wider = widen_type(known, column)
    if wider is None or wider == known:
        return known
    return wider if may_widen(replace(column, type=known), wider) else known


def find_new_columns(written: Sequence[Column], table: Table) -> list[Column]:
    """Return the columns that a file has and its table has not, in the file's order, the rescued data last."""
    return sorted(
        (column for column in written if table.type_of(column.name) is None), key=lambda new: new.name == RESCUED_COLUMN
    )


def find_conflicts(written: Sequence[Column], table: Table) -> list[Column]:
    """Return the columns whose written type is not the table's: the file must be converted again."""
    return [column for column in written if table.type_of(column.name) not in (None, column.type)]


def check_partition_keys(table: Table, partition_keys: Sequence[str]) -> None:
    """Compare a path's partition keys with the table's.

    Raises:
        TerminalError: they differ, or a partition key has the name of a column.
    """
    wanted = [key.name for key in table.partition_keys]
    if list(partition_keys) != wanted:
        raise TerminalError(
            "partition_layout",
            f"the path has the partition keys {_names(partition_keys)}, and the table {table.name} has "
            f"{_names(wanted)}: move the file to folders like those of the other files",
        )
    for name in partition_keys:
        if table.type_of(name) is not None:
            raise TerminalError(
                "partition_key_is_column",
                f"the partition key {name!r} has the name of a column of {table.name}: rename it",
            )


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "(none)"
