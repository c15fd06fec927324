"""Let Athena count out a table's partitions instead of asking Glue for them. Pure.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
No ``storage.location.template`` is needed: folders are ``key=value`` in the keys' order, as Athena takes for granted:
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from csvlake.engine.contract import Contract, Projection
from csvlake.lake.partitions import NULL_VALUE, escape_value

__all__ = [
    "PROJECTED_FORMATS",
    "PROJECTION_FIELDS",
    "find_projection_faults",
    "make_projection",
    "projection_parameters",
    "read_date",
    "read_moment",
]

# As in strptime: as in java.time, and the unit in which values follow each other.
_FORMATS = {
    "%Y-%m-%d": ("yyyy-MM-dd", "DAYS"),
    "%Y%m%d": ("yyyyMMdd", "DAYS"),
    "%Y-%m": ("yyyy-MM", "MONTHS"),
    "%Y%m": ("yyyyMM", "MONTHS"),
    "%Y-%m-%d-%H": ("yyyy-MM-dd-HH", "HOURS"),
    "%Y%m%d%H": ("yyyyMMddHH", "HOURS"),
}
PROJECTED_FORMATS = tuple(_FORMATS)

PROJECTION_FIELDS: dict[str, tuple[str, ...]] = {  # by type; where it has any, the first is required
    "enum": ("values",),
    "integer": ("range", "digits"),
    "date": ("range", "format"),
    "injected": (),
}
# Athena's engine is Trino, which takes no others:
# https://github.com/trinodb/trino/tree/master/plugin/trino-hive/src/main/java/io/trino/plugin/hive/projection
_KEY_TYPES = {
    "enum": ("string",),
    "integer": ("string", "bigint", "int"),
    "date": ("string", "date"),
    "injected": ("string", "bigint", "int", "date"),
}
_NOW = re.compile(r"NOW(?:[+-][0-9]{1,6}(?:YEAR|MONTH|WEEK|DAY|HOUR)S?)?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def projection_parameters(contract: Contract) -> dict[str, str]:
    """Return the Glue table's parameters for a contract's projection; none where it has none.

    They are all those of a table whose names begin with ``projection.``: what is not here is to be taken away.
    """
    if not contract.projection:
        return {}
    out = {"projection.enabled": "true"}
    for key in contract.partition_keys:
        projection = contract.projection[key]
        mine: dict[str, str] = {"type": projection.type}
        if projection.values:
            mine["values"] = ",".join(projection.values)
        if projection.range:
            mine["range"] = ",".join(projection.range)
        if projection.digits:
            mine["digits"] = str(projection.digits)
        if projection.type == "date":
            java, unit = _FORMATS[projection.format or "%Y-%m-%d"]
            mine |= {"format": java, "interval": "1", "interval.unit": unit}
        out |= {f"projection.{key}.{name}": value for name, value in mine.items()}
    return out


def find_projection_faults(type_: str | None, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one key's projection: the field, and the fault.

    Args:
        type_: of the partition key, None where it has a problem.
        given: the fields of `Projection` that were given, each of its own form; None where a field has a problem.
    """
    kind = str(given["type"])
    if type_ is not None and type_ not in _KEY_TYPES[kind]:
        yield "type", f"{kind} needs a partition key of type {' or '.join(_KEY_TYPES[kind])}, not {type_}"
    for name in given:
        if name != "type" and name not in PROJECTION_FIELDS[kind]:
            yield name, f"is not of projections of type {kind}"
    for name in PROJECTION_FIELDS[kind][:1]:
        if name not in given:
            yield "", f"has no {name}"
    if any(value is None or (isinstance(value, list) and None in value) for value in given.values()):
        return
    projection = make_projection(given)
    if kind == "enum":
        yield from _find_enum_faults(projection.values)
    if kind == "integer" and projection.range:
        yield from _find_integer_faults(projection.range)
    if kind == "date" and projection.range:
        yield from _find_date_faults(projection, projection.range, type_)


def make_projection(given: Mapping[str, object]) -> Projection:
    """Return a projection of its fields' plain values."""
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return Projection(**{**given, **lists})  # type: ignore[arg-type]


def read_moment(bound: str, projection: Projection) -> datetime | None:
    """Return the moment of a range's bound, None for one that moves with NOW."""
    return read_date(bound, projection.format or "%Y-%m-%d")


def read_date(text: str, date_format: str) -> datetime | None:
    """Return the moment that a text spells in a projected format, with all its digits; None where it does not."""
    shape = re.sub("%.", lambda found: "[0-9]{4}" if found[0] == "%Y" else "[0-9]{2}", date_format)
    try:
        return datetime.strptime(text, date_format).replace(tzinfo=UTC) if re.fullmatch(shape, text) else None
    except ValueError:
        return None


def _find_enum_faults(values: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(values):
        if "," in value or value != value.strip() or escape_value(value) != value or value == NULL_VALUE:
            fault = "cannot be projected: it has a comma, blanks around it, or what a path escapes"
            yield f"values[{number}]", f"{value!r} {fault}"


def _find_integer_faults(bounds: tuple[str, str]) -> Iterator[tuple[str, str]]:
    wrong = [number for number, bound in enumerate(bounds) if not _WHOLE.fullmatch(bound)]
    for number in wrong:
        yield f"range[{number}]", f"{bounds[number]!r} is not a whole number"
    if not wrong and int(bounds[0]) > int(bounds[1]):
        yield "range", f"{bounds[0]} is more than {bounds[1]}"


def _find_date_faults(projection: Projection, bounds: tuple[str, str], type_: str | None) -> Iterator[tuple[str, str]]:
    date_format = projection.format or "%Y-%m-%d"
    if type_ == "date" and date_format != "%Y-%m-%d":
        yield "format", "folders of a key of type date are written %Y-%m-%d; make the key a string"
    moments = [read_moment(bound, projection) for bound in bounds]
    for number, (bound, moment) in enumerate(zip(bounds, moments, strict=True)):
        if moment is None and not _NOW.fullmatch(bound):
            yield f"range[{number}]", f"{bound!r} is neither of the format {date_format} nor such as NOW or NOW-30DAYS"
    first, last = moments
    if first is not None and last is not None and first >= last:
        yield "range", f"{bounds[0]} is not before {bounds[1]}"
