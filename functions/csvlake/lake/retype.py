"""Say what a table becomes when its columns change. Pure; the order of steps is argued in docs/adr/0016.

While files of several stored types stand under a table, the catalog shows a type as which none of them is read silently
wrong: the type to come, or another one until every file stores it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from csvlake.engine.model import Column
from csvlake.lake.matrix import choose_shown
from csvlake.lake.ports import Table, TableChange

__all__ = ["add_columns", "change_types", "finish_change", "make_id", "start_change"]


def make_id() -> str:
    """Return a name that nothing else has."""
    return uuid.uuid4().hex[:12]


def add_columns(table: Table, columns: Sequence[Column]) -> Table:
    """Return the table with more columns at its end. Partitions that lack them are read right all the same."""
    return replace(table, columns=(*table.columns, *columns))


def change_types(table: Table, types: Mapping[str, str], now: float) -> Table:
    """Return the table with other types for some of its columns, as it is to be shown from now on."""
    changed = start_change(table, now)
    assert changed.change is not None  # noqa: S101 - just made
    stored, final, shown = dict(changed.change.stored), dict(changed.change.final), {}
    for name, wanted in types.items():
        before = table.type_of(name)
        if before is None:
            raise ValueError(f"table {table.name} has no column {name}")
        stored[name] = tuple(dict.fromkeys((*stored.get(name, ()), before)))
        shown[name] = choose_shown(stored[name], wanted, has_partitions=_must_align(table))
        final.pop(name, None)
        if shown[name] != wanted:
            final[name] = wanted
    columns = tuple(replace(column, type=shown.get(column.name, column.type)) for column in table.columns)
    change = replace(changed.change, stored=stored, final=final)
    return replace(changed, columns=columns, types_id=make_id(), change=change)


def start_change(table: Table, now: float, *, is_contract: bool = False) -> Table:
    """Return the table with a note that files or partitions have to be brought in step with it."""
    change = table.change or TableChange("", now)
    is_contract = is_contract or change.is_contract
    return replace(table, change=replace(change, id=make_id(), since=now, is_contract=is_contract))


def finish_change(table: Table, now: float) -> Table:
    """Return the table when all its files and partitions are in step.

    Where another type was shown it shows the final one now. Its partitions must show that, too: one more change.
    """
    if table.change is None or not table.change.final:
        return replace(table, change=None)
    final = table.change.final
    columns = tuple(replace(column, type=final.get(column.name, column.type)) for column in table.columns)
    done = replace(table, columns=columns, change=None)
    return start_change(done, now) if _must_align(table) else done


def _must_align(table: Table) -> bool:
    """Return whether the table's partitions stand in the catalog, with columns of their own."""
    return bool(table.partition_keys) and not table.projection
