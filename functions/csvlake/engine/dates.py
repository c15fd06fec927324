"""Read dates and timestamps by a format, and find the formats that all cells of a column have.

Formats are those of strptime (https://docs.python.org/3/library/datetime.html#format-codes), besides ``%-d`` for a
field without a leading zero, as in GNU's strftime, and ``%3f`` for three digits of a second.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Bools, Cells

__all__ = ["find_formats", "read_moments"]

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_PATTERNS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "b": "[A-Za-z]{3}",
    "d": "[0-9]{1,2}",
    "H": "[0-9]{1,2}",
    "I": "[0-9]{1,2}",
    "M": "[0-9]{2}",
    "S": "[0-9]{2}",
    "f": "[0-9]{1,3}",
    "p": "[AP]M",
}
_DIRECTIVE = re.compile(r"%(-?)([0-9]?)([A-Za-z])")
_SHAPE = re.compile(
    r"(?:(?P<year>[0-9]{4})(?P<mark>[/.])[0-9]{1,2}(?P=mark)[0-9]{1,2}"
    r"|[0-9]{1,2}(?P<mark2>[/.-])[0-9]{1,2}(?P=mark2)[0-9]{4}"
    r"|(?P<named>[0-9]{1,2}(?P<mark3>[/. -])[A-Z][a-z]{2}(?P=mark3)[0-9]{4})"
    r"|(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2}(?=[ T])))"
    r"(?P<time>(?P<blank>[ T])[0-9]{1,2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,3})?)?(?P<half> [AP]M)?)?"
)
_VARYING = "mdHI"  # fields that some write without a leading zero
_FILLED = 2  # digits of those that are filled up
_FIRST_YEAR = 1  # Athena's dates have no year 0
_MS = {"H": 3_600_000, "M": 60_000, "S": 1000}
Ints32 = npt.NDArray[np.int32]


def find_formats(cells: Cells, first: str) -> frozenset[str]:
    """Return every format that all cells have, with which each can be written again; none: they have none in common.

    Only formats with a four-digit year are looked for: days and months in either order with ``/``, ``-`` or ``.``
    between them, the year first with ``/`` or ``.``, months by their English names, each with or without a time.

    Args:
        cells: of one column.
        first: the first of them that is not empty.
    """
    found = _SHAPE.fullmatch(first)
    if not found:
        return frozenset()
    dates, time = _dates_of(found), _time_of(found)
    fields = _extract(cells.as_text().drop_null(), _pattern(dates[0] + time, exact=True))
    if fields is None:
        return frozenset()
    formats = [date + time for date in dates if _is_valid(fields, date + time)]
    return frozenset(spelled for format_ in formats for spelled in _spell(fields, format_))


def read_moments(cells: Cells, format_: str) -> pa.Array:
    """Return the moments that cells stand for, to the millisecond; a cell that does not have the format is null."""
    fields = _extract(cells.as_text(), _pattern(format_, exact=False), partly=True)
    if fields is None:
        raise ValueError(f"{format_} gives no fields")
    numbers, fits = _numbers(fields, _names(format_))
    return pa.array(_moments(numbers, fits), pa.timestamp("ms"), mask=~fits)


def _dates_of(found: re.Match[str]) -> list[str]:
    mark = found["mark"] or found["mark2"] or found["mark3"] or "-"
    if found["iso"] or found["year"]:
        return [mark.join(("%Y", "%m", "%d"))]
    if found["named"]:
        return [mark.join(("%d", "%b", "%Y"))]
    return [mark.join(("%d", "%m", "%Y")), mark.join(("%m", "%d", "%Y"))]


def _time_of(found: re.Match[str]) -> str:
    if not found["time"]:
        return ""
    fraction = f".%{len(found['fraction']) - 1}f" if found["fraction"] else ""
    second = ":%S" if found["second"] else ""
    return f"{found['blank']}{'%I' if found['half'] else '%H'}:%M{second}{fraction}{' %p' if found['half'] else ''}"


@lru_cache(maxsize=256)
def _names(format_: str) -> tuple[str, ...]:
    return tuple(match[3] for match in _DIRECTIVE.finditer(format_))


@lru_cache(maxsize=256)
def _pattern(format_: str, *, exact: bool) -> str:
    """Return a regular expression with one group a field.

    Args:
        format_: as above.
        exact: whether a fraction has as many digits as the format says, and names of months one capital letter.
    """
    parts = ["^"]
    end = 0
    for match in _DIRECTIVE.finditer(format_):
        name, pattern = match[3], _PATTERNS[match[3]]
        if exact and name == "f":
            pattern = f"[0-9]{{{match[2]}}}"
        elif exact and name == "b":
            pattern = "[A-Z][a-z]{2}"
        elif format_[match.end() : match.end() + 1] == "%" and pattern.endswith("{1,2}"):
            pattern = "[0-9]{2}"  # a field that ends where the next one begins
        parts += [re.escape(format_[end : match.start()]), f"(?P<{name}>{pattern})"]
        end = match.end()
    return "".join([*parts, re.escape(format_[end:]), "$"])


def _extract(texts: pa.Array, pattern: str, *, partly: bool = False) -> pa.StructArray | None:
    """Return the fields of texts, None where not all texts match; where some may not, theirs are null."""
    fields = pc.extract_regex(texts, pattern)
    return fields if partly or not fields.null_count else None


def _numbers(fields: pa.StructArray, names: tuple[str, ...]) -> tuple[dict[str, Ints32], Bools]:
    """Return the fields in the order that names have there, 0 where a text does not match, and which ones do."""
    fits = fields.is_valid().to_numpy(zero_copy_only=False)
    numbers = {}
    for place, name in enumerate(names):
        texts = pc.if_else(fields.is_valid(), fields.field(place), "0") if fields.null_count else fields.field(place)
        if name == "b":
            indices = pc.index_in(pc.ascii_lower(texts), pa.array(_MONTHS)).fill_null(-1)
            numbers["m"] = indices.to_numpy(zero_copy_only=False) + 1
        elif name == "p":
            numbers[name] = pc.equal(texts, "PM").to_numpy(zero_copy_only=False).astype(np.int32)
        elif name == "f":
            numbers[name] = _int(pc.utf8_rpad(texts, 3, "0"))
        else:
            numbers[name] = _int(texts)
    return numbers, fits


def _int(texts: pa.Array) -> Ints32:
    numbers: Ints32 = pc.cast(texts, pa.int32()).to_numpy(zero_copy_only=False)
    return numbers


def _moments(numbers: dict[str, Ints32], fits: Bools) -> npt.NDArray[Any]:
    """Return moments, and unmark those that no calendar has."""
    year = numbers.get("Y")
    if year is None:
        year = numbers["y"] + np.where(numbers["y"] < 69, 2000, 1900)  # as POSIX and Python's strptime
    month, day = numbers["m"], numbers["d"]
    fits &= (year >= _FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    first = ((year.astype(np.int64) - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]")
    fits &= day <= ((first + 1).astype("datetime64[D]") - days).astype(np.int64)
    hour = numbers.get("H")
    if hour is None and "I" in numbers:
        fits &= (numbers["I"] >= 1) & (numbers["I"] <= 12)
        hour = numbers["I"] % 12 + 12 * numbers["p"]
    moments = (days + (day - 1)).astype("datetime64[ms]")
    for value, limit, unit in ((hour, 24, "H"), (numbers.get("M"), 60, "M"), (numbers.get("S"), 60, "S")):
        if value is not None:
            fits &= value < limit
            moments += value.astype(np.int64) * _MS[unit]
    if "f" in numbers:
        moments += numbers["f"].astype(np.int64)
    return moments


def _is_valid(fields: pa.StructArray, format_: str) -> bool:
    numbers, fits = _numbers(fields, _names(format_))
    _moments(numbers, fits)
    return bool(fits.all())


def _spell(fields: pa.StructArray, format_: str) -> Iterator[str]:
    """Yield a format with each field filled up with zeros or not, as all cells are; ISO's are always filled up."""
    choices = []
    for place, directive in enumerate(_DIRECTIVE.finditer(format_)):
        if directive[3] not in _VARYING:
            choices.append([directive[0]])
            continue
        texts = fields.field(place)
        shortest = pc.min(pc.binary_length(texts)).as_py()
        has_zero = pc.any(pc.match_substring_regex(texts, "^0.")).as_py()
        choices.append([directive[0]] if shortest == _FILLED else [])
        if not has_zero and not format_.startswith("%Y-"):
            choices[-1].append("%-" + directive[3])
    literals = _DIRECTIVE.split(format_)[::4]
    for spelled in product(*choices):
        yield "".join(literal + field for literal, field in zip(literals, (*spelled, ""), strict=True))
