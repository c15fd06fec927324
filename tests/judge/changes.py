"""Scenarios of type changes, with the types that the pipeline shows meanwhile: never may an answer be silently wrong.

`csvlake.lake.retype` gives the order of the steps, docs/adr/0016-type-changes.md the reasons.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from csvlake.engine.model import Column
from csvlake.engine.writer import writer_arguments
from csvlake.lake.matrix import choose_shown, is_silent
from tests.athena_matrix import STORED, STORED_AS
from tests.judge.cells import convert
from tests.judge.questions import write
from tests.judge.scenario import REFUSED, RIGHT, File, Scenario

CHANGES = (
    *(("bigint", to) for to in ("decimal(18,2)", "decimal(38,2)", "double", "string")),
    *(("decimal(18,2)", to) for to in ("decimal(18,4)", "decimal(38,2)", "decimal(38,4)", "double", "string")),
    *(("decimal(18,4)", "decimal(38,4)"), ("decimal(38,2)", "decimal(38,4)"), ("decimal(38,2)", "string")),
    *(("date", "timestamp"), ("date", "string"), ("timestamp", "string"), ("boolean", "string"), ("double", "string")),
)
LOUD = frozenset({"E", "w", "ok"})  # right, or a plain failure
PARTITIONED = {
    *(("bigint", "decimal(18,2)"), ("bigint", "string"), ("decimal(18,2)", "decimal(18,4)"), ("date", "timestamp")),
    ("boolean", "string"),
}


@dataclass(frozen=True)
class Step:
    """A moment of a change.

    Attributes:
        shown: the type that the table shows.
        declared: the type that its partitions declare; None where it has none.
        files: the types that its files store.
    """

    name: str
    shown: str
    declared: str | None
    files: tuple[str, str]

    @property
    def is_settled(self) -> bool:
        """Say whether every query must be answered."""
        return {self.shown, *self.files, self.declared or self.shown} == {self.shown}


def steps(old: str, new: str, *, partitioned: bool) -> Iterator[Step]:
    """Yield the moments of a change of two files, in their order."""
    between = choose_shown([old], new, has_partitions=partitioned)
    mixed, done = (new, old), (new, new)
    if not partitioned:
        yield Step("before", old, None, (old, old))
        yield Step("begun", between, None, (old, old))
        yield Step("one file converted", between, None, mixed)
        yield Step("both files converted", between, None, done)
        yield Step("after", new, None, done)
        return
    yield Step("before", old, old, (old, old))
    yield Step("begun", between, old, (old, old))
    yield Step("one file converted, partitions behind", between, old, mixed)
    yield Step("one file converted", between, between, mixed)
    yield Step("both files converted", between, between, done)
    yield Step("final type shown, partitions behind", new, between, done)
    yield Step("after", new, new, done)


def type_changes() -> Iterator[Scenario]:
    """Yield a table for each moment of each change, and for each stored type under each type that is not silent."""
    for number, (old, new) in enumerate(CHANGES):
        for partitioned in (False, True) if (old, new) in PARTITIONED else (False,):
            for index, step in enumerate(steps(old, new, partitioned=partitioned)):
                name = f"{old} to {new}, {'with partitions, ' if partitioned else ''}{step.name}"
                yield _scenario(f"change_{number}_{int(partitioned)}_{index}", name, old, step)
    for number, (stored, shown) in enumerate(itertools.permutations(STORED_AS, 2)):
        if not is_silent(stored, shown):
            yield _scenario(
                f"loud_{number}", f"{stored} under {shown}", stored, Step("", shown, None, (stored, stored))
            )


def _scenario(table: str, name: str, old: str, step: Step) -> Scenario:
    partitioned = step.declared is not None
    older = STORED[STORED_AS[old]].values * 2
    values = [in_type(in_type(value, kind), step.shown) for kind in step.files for value in older[: len(older) // 2]]
    meaningless = any(new is None and value is not None for new, value in zip(values, older, strict=True))
    truth: dict[str, list[Any] | None] = {"id": list(range(len(older))), "c": None if meaningless else values}
    declared = {"id": "bigint", "c": step.declared or step.shown}
    return Scenario(
        group="type changes, settled" if step.is_settled else "type changes, meanwhile",
        name=name,
        table=table,
        columns={"id": "bigint", "c": step.shown},
        files=tuple(_file(old, kind, index, partitioned=partitioned) for index, kind in enumerate(step.files)),
        truth=truth,
        asked=("c",),
        keys={"p": "string"} if partitioned else {},
        partition_columns={("0",): declared, ("1",): declared} if partitioned else {},
        strict=not step.is_settled,
        local=RIGHT if step.is_settled else REFUSED,
        trino=RIGHT if step.is_settled else LOUD,
    )


def _file(old: str, kind: str, index: int, *, partitioned: bool) -> File:
    """Return a file as the converter writes it: the values of an older type, stored in a newer one."""
    older = STORED[STORED_AS[old]].values
    values = pa.array([in_type(value, kind) for value in older], STORED[STORED_AS[kind]].arrow)
    ids = pa.array(range(index * len(older), (index + 1) * len(older)), pa.int64())
    columns = [Column("id", "bigint", "id"), Column("c", kind, "c")]
    return File(pa.table({"id": ids, "c": values}), (str(index),) if partitioned else (), writer_arguments(columns))


def in_type(value: Any, kind: str) -> Any:
    """Return a value of an older type in a newer one, as converting its CSV again gives it."""
    if kind == "string":
        return write(value)
    if kind == "timestamp" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return convert(value, kind)
