"""Partition projection: partitions computed from a table's properties, Glue has none.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from local.athena.catalog import Partition, Table, default_location
from local.athena.errors import QueryError

LIMIT = 1_000_000
UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400, "WEEKS": 604800}
NOW = re.compile(r"NOW(?:([+-])(\d+)(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
LETTERS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def is_projected(table: Table) -> bool:
    """Say whether the table's partitions come from its properties."""
    return table.parameters.get("projection.enabled", "").lower() == "true" and bool(table.keys)


def project(table: Table, injected: dict[str, list[str]], now: datetime | None = None) -> list[Partition]:
    """Return the table's projected partitions.

    Args:
        table: with `projection.*` properties for each key.
        injected: the values that the query's WHERE gives for keys (`=` and `IN`), in the keys' own spelling; those
            of type `injected` need them.
        now: what NOW means.

    Raises:
        QueryError: INVALID_TABLE_PROPERTY, or CONSTRAINT_VIOLATION where an injected key has no value.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    values = [list(_values(table, key, injected, now)) for key in table.keys]
    count = 1
    for one in values:
        count *= len(one)
    if count > LIMIT:
        raise QueryError("HIVE_EXCEEDED_PARTITION_LIMIT", f"{table.label} projects {count} partitions")
    template = table.parameters.get("storage.location.template")
    return [Partition(chosen, _location(table, chosen, template)) for chosen in itertools.product(*values)]


def _location(table: Table, values: tuple[str, ...], template: str | None) -> str:
    if not template:
        return default_location(table, values)
    filled = template
    for key, value in zip(table.keys, values, strict=True):
        filled = value.join(re.split(r"\$\{" + re.escape(key) + r"\}", filled, flags=re.I))
    return filled if filled.endswith("/") else f"{filled}/"


def _values(table: Table, key: str, injected: dict[str, list[str]], now: datetime) -> Iterator[str]:
    kind = _property(table, key, "type")
    if kind == "enum":
        return iter([value.strip() for value in _property(table, key, "values").split(",")])
    if kind == "integer":
        return _integers(table, key)
    if kind == "date":
        return _dates(table, key, now)
    if kind == "injected":
        if key not in injected:
            raise QueryError(
                "CONSTRAINT_VIOLATION",
                f"For the injected projected partition column {key}, the WHERE clause must contain only static "
                "equality conditions, and at least one such condition must be present.",
            )
        return iter(injected[key])
    raise QueryError("INVALID_TABLE_PROPERTY", f"projection.{key}.type is {kind!r} in {table.label}")


def _property(table: Table, key: str, name: str, default: str | None = None) -> str:
    value = table.parameters.get(f"projection.{key}.{name}", default)
    if value is None:
        raise QueryError(
            "INVALID_TABLE_PROPERTY", f"Table {table.label} is missing the property projection.{key}.{name}"
        )
    return value


def _range(table: Table, key: str) -> tuple[str, str]:
    low, comma, high = _property(table, key, "range").partition(",")
    if not comma:
        raise QueryError("INVALID_TABLE_PROPERTY", f"projection.{key}.range of {table.label} is not 'low,high'")
    return low.strip(), high.strip()


def _integers(table: Table, key: str) -> Iterator[str]:
    low, high = _range(table, key)
    digits = int(_property(table, key, "digits", "0"))
    return (str(n).zfill(digits) for n in range(int(low), int(high) + 1, int(_property(table, key, "interval", "1"))))


def _dates(table: Table, key: str, now: datetime) -> Iterator[str]:
    pattern = _property(table, key, "format")
    layout = strftime_layout(pattern)
    low, high = (_moment(text, layout, now, table) for text in _range(table, key))
    unit = _property(table, key, "interval.unit", _finest_unit(pattern)).upper().rstrip("S") + "S"
    interval = int(_property(table, key, "interval", "1"))
    last = None
    moment = datetime.strptime(low.strftime(layout), layout)
    while moment <= high:
        text = moment.strftime(layout)
        if text != last:
            yield text
        last = text
        moment = _step(moment, interval, unit, table)


def _moment(text: str, layout: str, now: datetime, table: Table) -> datetime:
    if match := NOW.fullmatch(text.replace(" ", "")):
        if not match[1]:
            return now
        return _step(now, int(f"{match[1]}{match[2]}"), f"{match[3]}S", table)
    try:
        return datetime.strptime(text, layout)
    except ValueError as error:
        raise QueryError("INVALID_TABLE_PROPERTY", f"A date range of {table.label} has {text!r}: {error}") from error


def _step(moment: datetime, count: int, unit: str, table: Table) -> datetime:
    if unit in {"MONTHS", "YEARS"}:
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEARS" else 1)
        return moment.replace(year=months // 12, month=months % 12 + 1, day=min(moment.day, 28))
    if unit not in UNITS:
        raise QueryError("INVALID_TABLE_PROPERTY", f"{unit} is not a unit of a date projection in {table.label}")
    return moment + timedelta(seconds=count * UNITS[unit])


def _finest_unit(pattern: str) -> str:
    for letters, unit in (("ss", "SECONDS"), ("mm", "MINUTES"), ("HH", "HOURS"), ("dd", "DAYS"), ("MM", "MONTHS")):
        if letters in pattern:
            return unit
    return "YEARS"


def strftime_layout(pattern: str) -> str:
    """Turn a Java date pattern into strftime's.

    Raises:
        QueryError: it has a letter that is not known here.
    """
    out, rest = "", pattern
    while rest:
        if quoted := re.match(r"'([^']*)'", rest):
            out, rest = out + quoted[1].replace("%", "%%"), rest[quoted.end() :]
        elif run := re.match(r"([A-Za-z])\1*", rest):
            if run[0] not in LETTERS:
                raise QueryError("NOT_SUPPORTED", f"Date format {pattern!r}: {run[0]!r} is not supported")
            out, rest = out + LETTERS[run[0]], rest[run.end() :]
        else:
            out, rest = out + rest[0].replace("%", "%%"), rest[1:]
    return out
