"""A scenario: one table with its files, and what each engine is to make of it."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

RIGHT = frozenset({"ok"})
REFUSED = frozenset({"E"})


@dataclass(frozen=True)
class File:
    """One Parquet object: its rows, the partition that it is in, and options of the writer."""

    rows: pa.Table
    partition: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A table and the verdicts that are expected on it.

    Attributes:
        group: under what the summary counts it.
        name: what is special about it, for people.
        columns: name → Glue type. The first is `id`, unique over all files.
        asked: the columns that are asked about, each with predicates of its own; all of them when empty.
        truth: column → the value of each row, in the order of `id`, as the table's type should have them; None for a
            column whose stored values mean nothing in the table's type.
        keys: name → Glue type of the partition keys.
        partition_columns: partition → columns that it declares, where they are not the table's.
        strict: where SELECT fails, each predicate must fail too, or be answered rightly.
        local: verdicts of the local Athena that are as they should be (`tests.athena_matrix.MEANING`).
        trino: those of Trino.
    """

    group: str
    name: str
    table: str
    columns: dict[str, str]
    files: tuple[File, ...]
    truth: dict[str, list[Any] | None]
    asked: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    partition_columns: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    strict: bool = False
    local: frozenset[str] = RIGHT
    trino: frozenset[str] = RIGHT
