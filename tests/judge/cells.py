"""Scenarios of single cells: each stored type under each Glue type, and under each type that a partition declares."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.athena_matrix import MATRIX, PARTITION_MATRIX, STORED, STORED_AS, Stored, is_right, may_declare
from tests.judge.scenario import REFUSED, RIGHT, File, Scenario


def stored_cells() -> Iterator[Scenario]:
    """Yield a table for each stored type and Glue type; the file has row groups with and without nulls."""
    for index, (stored, glue) in enumerate(MATRIX):
        yield Scenario(
            group="stored type under table type",
            name=f"{stored} under {glue}",
            table=f"cell_{index}",
            columns={"id": "bigint", "c": glue},
            files=(one_file(STORED[stored]),),
            truth=truth_of(STORED[stored], glue),
            asked=("c",),
            local=RIGHT if is_right(stored, glue) else REFUSED,
            trino=frozenset({MATRIX[stored, glue][2].rstrip("?")}),
        )


def partition_cells() -> Iterator[Scenario]:
    """Yield a table for each type of table and file and each type that its one partition declares."""
    for index, (glue, declared) in enumerate(PARTITION_MATRIX):
        stored = STORED[STORED_AS[glue]]
        yield Scenario(
            group="table type and partition's type",
            name=f"table and file {glue}, partition {declared}",
            table=f"part_{index}",
            columns={"id": "bigint", "c": glue},
            files=(one_file(stored, ("1",)),),
            truth=truth_of(stored, glue),
            asked=("c",),
            keys={"p": "string"},
            partition_columns={("1",): {"id": "bigint", "c": declared} if declared != "-" else {}},
            local=RIGHT if may_declare(declared, glue) else REFUSED,
            trino=frozenset({PARTITION_MATRIX[glue, declared]}),
        )


def one_file(stored: Stored, partition: tuple[str, ...] = ()) -> File:
    """Return a file with a stored type's values in `c`: a row group with nulls, one of nulls alone, one without."""
    values = [*stored.values, *[None] * 4, *[value for value in stored.values if value is not None]]
    rows = pa.table({"id": pa.array(range(len(values)), pa.int64()), "c": pa.array(values, stored.arrow)})
    return File(rows, partition, {"row_group_size": 4, **stored.options})


def truth_of(stored: Stored, glue: str) -> dict[str, list[Any] | None]:
    """Return what the file of `one_file` should read as in a Glue type."""
    values = one_file(stored).rows.column("c").to_pylist()
    if pa.types.is_timestamp(stored.arrow):
        values = [None if value is None else value.replace(tzinfo=None) for value in values]
    converted = [convert(value, glue) for value in values]
    meaningless = any(new is None and old is not None for new, old in zip(converted, values, strict=True))
    return {"id": list(range(len(values))), "c": None if meaningless else converted}


def convert(value: Any, glue: str) -> Any:
    """Return a value in a Glue type if it can be given back exactly, else None."""
    match value:
        case None:
            return None
        case bool():
            return value if glue == "boolean" else None
        case str():
            return value if glue == "string" else None
        case dt.datetime():
            return value if glue == "timestamp" else None
        case dt.date():
            return value if glue == "date" else None
    if glue == "string":
        return str(value)
    if glue == "double":
        return float(value)
    if glue == "bigint":
        return int(value) if value == int(value) else None
    if glue.startswith("decimal"):
        scale = int(glue.split(",")[1].rstrip(")"))
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale))
        return exact if exact == Decimal(str(value)) else None
    return None
