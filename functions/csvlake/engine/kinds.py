"""Say what a column's cells are, and which type holds two kinds at once. Pure values.

A kind is exact: it holds for a set of cells when each of them can be given back from the type's value as it was
written, up to the equivalences that `GLUE_TYPES` names.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import pyarrow as pa

from csvlake.errors import TerminalError

__all__ = ["EMPTY", "GLUE_TYPES", "TEXT", "Kind", "arrow_type", "glue_type", "join", "parse_decimal", "working_type"]

GLUE_TYPES = {
    "boolean": "true and false; the case in which a whole column writes them is not kept",
    "bigint": "whole numbers of 64 bits in their shortest spelling; no leading zeros, no plus sign, no -0",
    "decimal(18,s)": "the same with a fraction: zeros at its end, up to the scale, are not told apart (12.5 and 12.50)",
    "decimal(38,s)": "as decimal(18,s), and whole numbers beyond 64 bits",
    "double": "never inferred; where a table has one, numbers that 15 digits or Python's repr() give back",
    "date": "YYYY-MM-DD from 0001-01-01 on",
    "timestamp": "YYYY-MM-DD HH:MM:SS with at most three digits of a second and no zone; T stands for the blank",
    "string": "any text; only an empty cell is null, quoted or not",
}

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")

_PLAIN = {
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
    "string": pa.string(),
}

KindName = Literal["empty", "number", "boolean", "date", "timestamp", "text"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What every cell of a column is that is not empty."""

    name: KindName
    digits: int = 0  # number: the most digits before the dot, a lone zero being none
    scale: int = 0  # number: the most digits after the dot
    is_wide: bool = False  # number: beyond 64 bits
    spelling: str = ""  # boolean: the case; timestamp: the separator and the number of fraction digits


EMPTY = Kind("empty")
TEXT = Kind("text")


def join(a: Kind, b: Kind) -> Kind:
    """Return the narrowest kind that holds for the cells of both."""
    if a == b or b == EMPTY:
        return a
    if a == EMPTY:
        return b
    if a.name == b.name == "number":
        both = Kind("number", max(a.digits, b.digits), max(a.scale, b.scale), a.is_wide or b.is_wide)
        return TEXT if glue_type(both) == "string" else both
    return TEXT


def glue_type(kind: Kind) -> str:
    """Return the Glue type that a column of a kind gets by itself."""
    if kind.name in {"empty", "text"}:
        return "string"
    if kind.name != "number":
        return kind.name
    if not kind.scale and not kind.is_wide:
        return "bigint"
    precision = kind.digits + kind.scale
    if precision > 38:
        return "string"
    return f"decimal({18 if precision <= 18 else 38},{kind.scale})"


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
