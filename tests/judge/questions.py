"""Questions on a table, each with the rows that the answer must have: every column, with predicates of every kind."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Question:
    """A query and its right answer.

    Attributes:
        rows: as texts, sorted; None where no answer is right.
    """

    sql: str
    rows: list[tuple[str | None, ...]] | None


def select_all(table: str, columns: list[str], truth: dict[str, list[Any] | None]) -> Question:
    """Ask for all rows of some columns."""
    listed = ", ".join(map(quote, columns))
    values = [truth[name] for name in columns]
    rows = None
    if all(one is not None for one in values):
        rows = in_order([tuple(map(write, row)) for row in zip(*[v for v in values if v is not None], strict=True)])
    return Question(f'SELECT {listed} FROM "{table}"', rows)


def predicates(kind: str, values: list[Any]) -> Iterator[tuple[str, Test]]:
    """Yield predicates on a column of a Glue type, `{c}` for its name: SQL, and what it means for one value."""
    present = [value for value in values if value is not None] or list(SAMPLES[family(kind)])
    first, last = present[0], present[-1]
    low, high = min(first, last), max(first, last)
    a, b = literal(first, kind), literal(last, kind)
    yield f"{{c}} = {a}", lambda v: v is not None and v == first
    yield f"{{c}} < {b}", lambda v: v is not None and v < last
    yield f"{{c}} IN ({a}, {b})", lambda v: v is not None and v in {first, last}
    yield (
        f"{{c}} BETWEEN {literal(low, kind)} AND {literal(high, kind)}",
        lambda v: v is not None and low <= v <= high,
    )
    if far := FAR.get(family(kind)):  # beyond what the file's statistics span, in whatever type they are read
        yield f"{{c}} = {literal(far, kind)}", lambda v: v == far
    yield "{c} IS NULL", lambda v: v is None
    yield "{c} IS NOT NULL", lambda v: v is not None


def one_by_one(table: str, column: str, kind: str, ids: list[Any], values: list[Any] | None) -> Iterator[Question]:
    """Yield a question for each predicate; the rows by their `id`."""
    for predicate, test in predicates(kind, values or []):
        condition = predicate.replace("{c}", quote(column))
        rows = None if values is None else [(write(i),) for i, v in zip(ids, values, strict=True) if test(v)]
        sql = f'SELECT id FROM "{table}" WHERE {condition}'
        yield Question(sql, None if rows is None else in_order(rows))


SAMPLES: dict[str, tuple[Any, Any]] = {
    "boolean": (True, False),
    "number": (1, 300),
    "double": (1.25, 300.0),
    "date": (dt.date(2026, 1, 2), dt.date(1969, 12, 31)),
    "timestamp": (dt.datetime(2026, 1, 2), dt.datetime(1969, 12, 31)),
    "string": ("a", "7"),
}


FAR: dict[str, Any] = {
    "number": 9_999_999_999_999,
    "double": 1e300,
    "date": dt.date(9999, 12, 31),
    "timestamp": dt.datetime(9999, 12, 31),
    "string": "~~~",
}


def family(kind: str) -> str:
    """Return which literals a Glue type takes."""
    return "number" if kind.startswith("decimal") or kind.endswith("int") else kind


def quote(name: str) -> str:
    """Write a column's name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any, kind: str) -> str:
    """Write a value as a literal of a Glue type."""
    if kind == "double":
        return f"DOUBLE '{value!r}'"
    if kind.startswith("decimal"):
        return f"CAST('{value}' AS {kind})"
    match value:
        case bool():
            return str(value).upper()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case dt.datetime():
            return f"TIMESTAMP '{write(value)}'"
        case dt.date():
            return f"DATE '{value}'"
    return str(value)


def write(value: Any) -> str | None:
    """Write a value as Athena does; doubles are few and short in these tests, so that Python's form is Java's."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return value.isoformat(" ", "milliseconds")
        case Decimal():
            return f"{value:f}"
    return str(value)


def in_order(rows: Iterable[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Sort rows; nulls last."""
    return sorted(rows, key=lambda row: [(cell is None, cell or "") for cell in row])
