"""Say what a column's cells are, and which type holds two kinds at once. Pure values.

A kind is exact: it holds for a set of cells when each of them can be given back from the type's value as it was
written, up to the equivalences that `GLUE_TYPES` names. What a value alone does not tell, such as the order of day and
month, a column's format tells (`choose_format`), which is kept in the Parquet field's metadata.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import pyarrow as pa

from csvlake.errors import TerminalError

__all__ = [
    "DOUBLE_DIGITS",
    "EMPTY",
    "GLUE_TYPES",
    "TEXT",
    "Kind",
    "KindName",
    "arrow_type",
    "choose_format",
    "glue_type",
    "join",
    "loosen",
    "parse_decimal",
    "working_type",
]

GLUE_TYPES = {
    "boolean": "true and false, in one case; yes, y, t and 1 where a contract or table says boolean; see the format",
    "bigint": "whole numbers of 64 bits in their shortest spelling; no leading zeros, no plus sign, no -0; see the "
    "format for the mark between thousands",
    "decimal(18,s)": "the same with a fraction: zeros at its end, up to the scale, are not told apart (12.5 and 12.50)",
    "decimal(38,s)": "as decimal(18,s), and whole numbers beyond 64 bits",
    "double": "numbers of which one has an exponent, and whose digits are the shortest that give the value; how dot "
    "and exponent are written, and zeros at the digits' end, are not told apart (1e-05, 1.0E-5 and 0.00001)",
    "date": "YYYY-MM-DD from 0001-01-01 on, or as the format says; zeros before day, month and hour and the case of a "
    "month's name are not told apart where a contract gives the format and cells differ in them",
    "timestamp": "YYYY-MM-DD HH:MM:SS or as the format says, with at most three digits of a second and no zone; where "
    "the column is not of one format, T and the blank, zeros at the end of the fraction, and a date and its midnight, "
    "are not told apart",
    "string": "any text; only an empty cell is null, quoted or not, and what a contract names as null",
}

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_MAX_PRECISION = 38
_GROUP = 3  # digits between marks of thousands
DOUBLE_DIGITS = 15  # any number of so many significant digits comes back from a double (IEEE 754)
_FILLING = re.compile("%-?[0-9]?")
_PLAIN_FORMATS = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M:%S"}
_TRUE_FALSE = frozenset({"TRUE/FALSE", "True/False"})  # besides the plain true/false

_PLAIN = {
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
    "string": pa.string(),
}

KindName = Literal["empty", "number", "double", "boolean", "date", "timestamp", "text"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What every cell of a column is that is not empty."""

    name: KindName
    digits: int = 0  # number: the most digits before the mark, a lone zero being none; double: where no exponent is
    scale: int = 0  # the same after the mark; behind a comma all cells have so many
    is_wide: bool = False  # number: beyond 64 bits
    formats: frozenset[str] = frozenset()  # boolean, date, timestamp: all that fit every cell; none: the plain one
    group: str = ""  # number: the mark between thousands
    mark: str = "."  # number: the decimal mark
    is_proven: bool = True  # number, double: no other reading makes sense of all cells


EMPTY = Kind("empty")
TEXT = Kind("text")


def join(a: Kind, b: Kind) -> Kind:
    """Return the narrowest kind that holds for the cells of both. Associative and commutative."""
    if a == b or b == EMPTY:
        return a
    if a == EMPTY:
        return b
    if a.name != b.name:
        if {a.name, b.name} != {"number", "double"}:
            return TEXT
        return _join_mixed(a, b) if a.name == "number" else _join_mixed(b, a)
    if a.name == "number":
        return _join_numbers(a, b)
    if a.name == "double":
        return _join_doubles(a, b, is_proven=a.is_proven or b.is_proven)
    common = a.formats & b.formats
    return replace(a, formats=common) if common else TEXT


def _join_numbers(a: Kind, b: Kind) -> Kind:
    plain, other = (a, b) if not a.group else (b, a)
    if a.mark != b.mark or (plain.group and plain.group != other.group) or (a.mark == "," and a.scale != b.scale):
        return TEXT
    if not plain.group and other.group and plain.digits > _GROUP:
        return TEXT  # 1234 beside 1,234
    both = Kind(
        "number",
        max(a.digits, b.digits),
        max(a.scale, b.scale),
        a.is_wide or b.is_wide,
        group=other.group,
        mark=a.mark,
        is_proven=any(kind.is_proven for kind in (a, b) if kind.group == other.group),
    )
    return TEXT if both.digits + both.scale > _MAX_PRECISION else both


def _join_doubles(a: Kind, b: Kind, *, is_proven: bool) -> Kind:
    both = Kind("double", max(a.digits, b.digits), max(a.scale, b.scale), is_proven=is_proven)
    return TEXT if both.digits + both.scale > _MAX_PRECISION else both


def _join_mixed(number: Kind, double: Kind) -> Kind:
    """Join numbers with and without exponents; whether the ones without are short enough, only their cells tell."""
    is_long = number.is_wide or (not number.scale and number.digits > DOUBLE_DIGITS)
    if number.group or number.mark != "." or is_long:
        return TEXT
    return _join_doubles(number, double, is_proven=double.is_proven)


@lru_cache(maxsize=1 << 10)
def glue_type(kind: Kind) -> str:
    """Return the Glue type that a column of a kind gets by itself."""
    if kind.name in {"empty", "text"} or not _is_sure(kind):
        return "string"
    if kind.name != "number":
        return kind.name
    if not kind.scale and not kind.is_wide:
        return "bigint"
    precision = kind.digits + kind.scale
    if precision > _MAX_PRECISION:
        return "string"
    return f"decimal({18 if precision <= 18 else 38},{kind.scale})"


def _is_sure(kind: Kind) -> bool:
    """Whether a column is of its kind without a contract or a table that says so."""
    if kind.name == "boolean":
        return kind.formats <= _TRUE_FALSE
    return kind.is_proven and len({loosen(format_) for format_ in kind.formats}) <= 1


def loosen(date_format: str) -> str:
    """Return a date format that does not tell how many digits its fields have."""
    return _FILLING.sub("%", date_format)


def choose_format(kind: Kind, type_: str, given: str = "") -> str:
    """Return how the cells of a column are read as a type: "" is the plain way, which `GLUE_TYPES` tells.

    Dates are told as in strptime, ``%-d`` being a day without a leading zero and ``%3f`` three digits of a second;
    numbers as in ``#,##0.##``; booleans as in ``Yes/No``.

    Args:
        kind: of all the column's cells.
        type_: the Glue type to store.
        given: by a contract. Of the formats that all cells have, the one that is closest to it is taken.
    """
    if kind.name in {"date", "timestamp"} and type_ in {"date", "timestamp"}:
        plain = _PLAIN_FORMATS[kind.name]
        formats = sorted(kind.formats or {plain}, key=lambda format_: (format_.count("%-"), format_))
        if given:
            formats = [format_ for format_ in formats if loosen(format_) == loosen(given)]
        chosen = formats[0] if formats and (given or _is_sure(kind)) else given
        return "" if chosen == _PLAIN_FORMATS[type_] and not kind.formats else chosen
    if type_ == "boolean":
        if kind.name == "number" and kind.digits <= 1 and not kind.scale:
            return "1/0"
        return next(iter(kind.formats), "") if kind.name == "boolean" else ""
    if given or kind.name != "number" or not kind.group or (type_ not in {"bigint", "double"} and "(" not in type_):
        return given
    fraction = "" if not kind.scale else kind.mark + ("#" if kind.mark == "." else "0") * kind.scale
    return f"#{kind.group}##0{fraction}" if kind.is_proven else ""


def parse_decimal(type_: str) -> tuple[int, int] | None:
    """Return precision and scale of a decimal type, None for any other."""
    found = _DECIMAL.fullmatch(type_)
    return (int(found[1]), int(found[2])) if found else None


@lru_cache(maxsize=256)
def arrow_type(type_: str) -> pa.DataType:
    """Return the Arrow type that a file's schema names for a Glue type: what Athena's engine reads as that type.

    Raises:
        TerminalError: csvlake does not write the type.
    """
    if decimal := parse_decimal(type_):
        return pa.decimal128(*decimal)
    if type_ not in _PLAIN:
        raise TerminalError("unknown_type", f"csvlake writes no {type_!r}: use one of {', '.join(GLUE_TYPES)}")
    return _PLAIN[type_]


@lru_cache(maxsize=256)
def working_type(type_: str) -> pa.DataType:
    """Return the Arrow type in which values are held: as `arrow_type`, but 64 bits for decimals that fit."""
    decimal = parse_decimal(type_)
    return pa.decimal64(*decimal) if decimal and decimal[0] <= 18 else arrow_type(type_)
