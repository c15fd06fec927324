"""What a table's owner says of its files, as plain values: the engine obeys it, the lake parses and keeps it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "DATE_DIRECTIVES",
    "MAX_FORMAT_CHARS",
    "ColumnRule",
    "Contract",
    "OnMissingColumn",
    "OnNewColumn",
    "Projection",
    "ProjectionType",
    "find_date_fault",
]

OnMisfit = Literal["rescue", "widen", "reject_record", "reject_file"]
OnNewColumn = Literal["add", "rescue", "reject_file"]
OnMissingColumn = Literal["null", "reject_file"]
ProjectionType = Literal["enum", "integer", "date", "injected"]

MAX_FORMAT_CHARS = 100  # of dates and numbers
# What a date_format may hold besides text that stands for itself, as in strptime:
# https://docs.python.org/3/library/datetime.html#format-codes
DATE_DIRECTIVES = {
    "%Y": "year, four digits",
    "%y": "year, two digits: 69 to 99 are of the 20th century",
    "%m": "month, 01 to 12",
    "%b": "month, Jan to Dec",
    "%d": "day, 01 to 31",
    "%H": "hour, 00 to 23",
    "%I": "hour, 01 to 12, with %p",
    "%p": "AM or PM",
    "%M": "minute",
    "%S": "second",
    "%f": "fraction of a second, at most three digits",
}
# As GNU's strftime has it: a field without a leading zero. And %3f: a fraction of so many digits.
_LOOSE = ("%-m", "%-d", "%-H", "%-I", "%1f", "%2f", "%3f")
_DIRECTIVE = re.compile(r"%-?[0-9]?.?", re.DOTALL)
_DATE_PARTS = (("%Y", "%y"), ("%m", "%b"), ("%d",))
_TIME_PARTS = (("%H", "%I"), ("%M",))


@dataclass(frozen=True)
class ColumnRule:
    """What is known of one column; None or empty: nothing."""

    name: str  # as Glue and Athena know it
    aliases: tuple[str, ...] = ()  # header texts that mean this column, besides those that clean to its name
    type: str | None = None  # Glue type
    required: bool = False  # a file must have the column, and each of its cells a value
    date_format: str | None = None  # as in strptime, of a date or timestamp: "%d/%m/%Y"
    null_tokens: tuple[str, ...] = ()  # cells that are null, besides the empty one and the contract's own tokens
    description: str = ""
    number_format: str | None = None  # of a number: "#,##0.##", "#.##0,00", "0,##", "$0.00", "0%" (50% is 50)


@dataclass(frozen=True)
class Projection:
    """Which values of a partition key Athena counts out instead of asking Glue."""

    type: ProjectionType
    values: tuple[str, ...] = ()  # enum
    range: tuple[str, str] | None = None  # integer, date: first and last; of a date also NOW, NOW-30DAYS
    digits: int | None = None  # integer: 2 for 01
    format: str | None = None  # date: as in strptime; None: "%Y-%m-%d"


@dataclass(frozen=True)
class Contract:
    """What is known of a table's files. What it leaves open is found out file by file."""

    columns: tuple[ColumnRule, ...] = ()
    delimiter: str | None = None
    quote: str | None = None  # "": quotes are text like any other
    escape: str | None = None
    encoding: str | None = None
    header: bool | None = None  # False: the columns' names are the contract's, in their order
    null_tokens: tuple[str, ...] = ()
    on_misfit: OnMisfit | None = None  # None: ConvertOptions'
    on_new_column: OnNewColumn = "add"
    on_missing_column: OnMissingColumn = "null"
    partition_keys: Mapping[str, str] = field(default_factory=dict)  # name → Glue type, in the path's order
    projection: Mapping[str, Projection] = field(default_factory=dict)  # all of the partition keys or none
    description: str = ""

    def rule_for(self, name: str) -> ColumnRule | None:
        """Return the rule of a column by its cleaned name, None where the contract does not have it."""
        return next((rule for rule in self.columns if rule.name == name), None)


def find_date_fault(date_format: str, type_: str) -> str | None:
    """Return what is wrong with a ``date_format`` of a date or timestamp, None where nothing is."""
    if len(date_format) > MAX_FORMAT_CHARS:
        return f"it is longer than {MAX_FORMAT_CHARS} characters"
    spelled = _DIRECTIVE.findall(date_format)
    unknown = next((part for part in spelled if part not in DATE_DIRECTIVES and part not in _LOOSE), None)
    if unknown is not None:
        return f"{unknown} is not known here; {', '.join(DATE_DIRECTIVES)} are"
    found = [f"%{part[-1]}" for part in spelled]
    parts = _DATE_PARTS if type_ == "date" else (*_DATE_PARTS, *_TIME_PARTS)
    for part in parts:
        if sum(found.count(directive) for directive in part) != 1:
            return f"it needs {' or '.join(part)} once"
    rest = set(found) - {directive for part in parts for directive in part}
    if type_ == "date" and rest:
        return f"{min(rest)} is no part of a date; use type timestamp"
    if any(found.count(directive) > 1 for directive in rest) or ("%f" in rest and "%S" not in rest):
        return "it needs %S and %f at most once, and %f only behind %S"
    return None if ("%p" in rest) == ("%I" in found) else "%I and %p need each other"
