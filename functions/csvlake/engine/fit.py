"""Bring a column to the type that its table wants, cell by cell where it does not fit whole."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Cells
from csvlake.engine.dates import read_moments
from csvlake.engine.kinds import DOUBLE_DIGITS, Kind, choose_format, glue_type, parse_decimal, working_type
from csvlake.engine.numerals import read_plain
from csvlake.engine.prove import BOOLEANS, classify

__all__ = ["fit_cell", "fit_column"]

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_DOUBLE = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?")


def fit_column(
    cells: Cells, kind: Kind, values: pa.Array, wanted: str, format_: str = ""
) -> tuple[pa.Array, dict[int, str]]:
    """Return a column in a Glue type, and the texts of the cells that do not fit, which are null there, by row.

    Args:
        cells: the texts.
        kind: of the column, proven.
        values: as `csvlake.engine.prove.classify` gave them.
        wanted: the Glue type to store.
        format_: how cells are read as that type: see `csvlake.engine.kinds.choose_format`.
    """
    type_ = working_type(wanted)
    if wanted == "string":
        return (values if kind.name == "text" else cells.as_text()), {}
    if kind.name == "empty":
        return pa.nulls(cells.count, type_), {}
    is_read = glue_type(kind) != "string" and choose_format(kind, wanted) == format_
    if is_read and glue_type(kind) == wanted:
        return values, {}
    if is_read and _fits_whole(kind, wanted):
        return _cast(cells, values, type_), {}
    if format_:
        return _fit_formatted(cells, wanted, format_)
    return _fit_each(cells, wanted, type_)


def _fit_formatted(cells: Cells, wanted: str, format_: str) -> tuple[pa.Array, dict[int, str]]:
    """Read cells by their column's format; one that does not have it does not fit."""
    if wanted == "boolean":
        true, false = (pc.equal(cells.array, pa.scalar(word, pa.binary())) for word in BOOLEANS[format_])
        array = pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))
    elif wanted in {"date", "timestamp"}:
        array = read_moments(cells, format_)
        if wanted == "date":
            days = pc.cast(array, pa.date32(), safe=False)
            is_midnight = pc.equal(pc.cast(days, array.type), array)
            array = pc.if_else(is_midnight, days, pa.scalar(None, pa.date32()))
    else:
        plain = read_plain(cells, format_)
        array, _ = fit_column(plain, *classify(plain), wanted)
    return array, _find_misfits(cells, array)


def _find_misfits(cells: Cells, array: pa.Array) -> dict[int, str]:
    if array.null_count == cells.nulls:
        return {}
    is_misfit = pc.and_(array.is_null(), cells.array.is_valid()).to_numpy(zero_copy_only=False)
    return {int(row): cells.array[int(row)].as_py().decode() for row in np.flatnonzero(is_misfit)}


def _fits_whole(kind: Kind, wanted: str) -> bool:
    if kind.name == "date":
        return wanted == "timestamp"
    if kind.name != "number":
        return False
    if wanted == "double":
        return kind.digits + kind.scale <= DOUBLE_DIGITS
    if decimal := parse_decimal(wanted):
        precision, scale = decimal
        return kind.scale <= scale and kind.digits + scale <= precision
    return False


def _cast(cells: Cells, values: pa.Array, type_: pa.DataType) -> pa.Array:
    if pa.types.is_floating(type_):
        return pc.cast(cells.as_text(), type_)
    if pa.types.is_integer(values.type):  # Arrow asks for room for any integer, not for these
        unscaled = pa.decimal64(18, 0) if pa.types.is_decimal64(type_) else pa.decimal128(38, 0)
        values = values.view(unscaled) if pa.types.is_decimal64(unscaled) else pc.cast(values, unscaled)
    return pc.cast(values, type_)


def _fit_each(cells: Cells, wanted: str, type_: pa.DataType) -> tuple[pa.Array, dict[int, str]]:
    values: list[Any] = []
    misfits: dict[int, str] = {}
    for row, text in enumerate(cells.texts()):
        value = None if text is None else fit_cell(text, wanted)
        if value is None and text is not None:
            misfits[row] = text
        values.append(value)
    return pa.array(values, type_), misfits


def fit_cell(text: str, wanted: str) -> Any:
    """Return the value of one cell in a Glue type other than string, None where it does not fit."""
    if decimal := parse_decimal(wanted):
        return _fit_decimal(text, *decimal)
    return _FIT[wanted](text)


def _fit_decimal(text: str, precision: int, scale: int) -> Decimal | None:
    found = _NUMBER.fullmatch(text)
    if not found or _is_negative_zero(found):
        return None
    whole, fraction = found[2] if found[2] != "0" else "", found[3] or ""
    return Decimal(text) if len(fraction) <= scale and len(whole) + scale <= precision else None


def _is_negative_zero(found: re.Match[str]) -> bool:
    return bool(found[1]) and not (found[2] + (found[3] or "")).strip("0")


def _fit_bigint(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    if not found or found[3] or _is_negative_zero(found) or len(text) > 20:
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def _fit_double(text: str) -> float | None:
    found = _DOUBLE.fullmatch(text)
    if not found:
        return None
    value, digits = float(text), found[2] + (found[3] or "")
    is_long = found[3] is None and found[4] is None and len(digits) > DOUBLE_DIGITS
    shortest = repr(value).partition("e")[0].replace(".", "").strip("-0")
    is_negative_zero = found[1] and not value
    return None if is_long or is_negative_zero or shortest != digits.strip("0") else value


def _fit_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _fit_timestamp(text: str) -> datetime | None:
    if _DATE.fullmatch(text):
        text += " 00:00:00"
    try:
        return datetime.fromisoformat(text) if _STAMP.fullmatch(text) else None
    except ValueError:
        return None


def _fit_boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower()) if text.isascii() else None


_FIT: dict[str, Callable[[str], Any]] = {
    "bigint": _fit_bigint,
    "double": _fit_double,
    "date": _fit_date,
    "timestamp": _fit_timestamp,
    "boolean": _fit_boolean,
}
