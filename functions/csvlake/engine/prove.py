"""Find the narrowest kind of a column, and prove for every cell that its value gives its text back. Vectorised.

A proof looks at all bytes: which of them occur, where dots and signs stand, how long the parts are. Only then is the
column cast, so what a library's parser takes beyond our spellings (``0xF4``, ``1e3``, ``.5``, the year 0000) cannot
slip in.
"""

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Bytes, Cells, Ints, make_array
from csvlake.engine.dates import find_formats, read_moments
from csvlake.engine.doubles import read_doubles
from csvlake.engine.kinds import EMPTY, TEXT, Kind, glue_type, working_type
from csvlake.engine.numerals import find_marks

__all__ = ["BOOLEANS", "classify"]

_MINUS, _DOT, _SLASH, _ZERO, _NINE, _BLANK, _COLON, _T = b"-./09 :T"
_POWERS = 10 ** np.arange(19, dtype=np.int64)
_DATE_LENGTH = 10
_STAMP_LENGTHS = {19: "", 21: ".%1f", 22: ".%2f", 23: ".%3f"}
_PLAIN_STAMP = "%Y-%m-%d %H:%M:%S"
_FIRST_DAY = -719_162  # 0001-01-01: the year 0000 is none of Athena's dates
_DAY_MS = 86_400_000
BOOLEANS = {  # by format
    "": (b"true", b"false"),
    **{
        format_: tuple(word.encode() for word in format_.split("/"))
        for format_ in ["TRUE/FALSE", "True/False", "t/f", "T/F", "yes/no", "Yes/No", "YES/NO", "y/n", "Y/N", "1/0"]
    },
}
_MAY_BE_DOUBLE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_FORM_BYTES = 64  # no number or date is longer than that
_LOWER, _E = 32, ord("e")
_WORDS = {word: format_ for format_, pair in BOOLEANS.items() for word in pair}


class _RefutedError(Exception):
    """A cell is not a canonical spelling of the kind that was tried."""


def _need(holds: object) -> None:
    if not holds:
        raise _RefutedError


def classify(cells: Cells, known: Kind = EMPTY) -> tuple[Kind, pa.Array]:
    """Return a column's narrowest kind, and its values in the Arrow type of its Glue type (see `working_type`).

    Args:
        cells: of a column or a part of it.
        known: the kind of other parts. Beside doubles, numbers are looked at as doubles.
    """
    if not len(cells.data):
        return EMPTY, pa.nulls(cells.count, pa.string())
    if known.name == "double":
        kind, values = read_doubles(cells) or (TEXT, None)
        return _store(kind, values, cells)
    start = int(cells.offsets[:-1][cells.present()][0]) if cells.nulls else 0
    length = int(cells.offsets[np.searchsorted(cells.offsets, start, "right")]) - start
    first = cells.data[start : start + length]
    try:
        if first[0] in (_MINUS, *range(_ZERO, _NINE + 1)):
            if length == _DATE_LENGTH and first[4] == _MINUS:
                return _prove_date(cells)
            if length in _STAMP_LENGTHS and first[4] == _MINUS:
                return _prove_timestamp(cells, first)
            return _prove_number(cells)
        if first.tobytes() in _WORDS:
            return _prove_boolean(cells, _WORDS[first.tobytes()])
    except (_RefutedError, pa.ArrowInvalid):
        if first[0] <= _NINE and length <= _FORM_BYTES:
            return _classify_form(cells, first.tobytes().decode())
    return TEXT, cells.as_text()


def _classify_form(cells: Cells, first: str) -> tuple[Kind, pa.Array]:
    """Classify cells of which the first looks like a number or a date, but which are no plain ones."""
    for prove in (_prove_exponents, _prove_marked, _prove_formats):
        try:
            kind, values = prove(cells, first)
        except (_RefutedError, pa.ArrowInvalid):
            continue
        return _store(kind, values, cells)
    return TEXT, cells.as_text()


def _store(kind: Kind, values: pa.Array, cells: Cells) -> tuple[Kind, pa.Array]:
    """Keep the texts of what is of its kind only if others say so."""
    return kind, values if glue_type(kind) != "string" else cells.as_text()


def _prove_exponents(cells: Cells, first: str) -> tuple[Kind, pa.Array]:
    _need(_MAY_BE_DOUBLE.fullmatch(first) and ((cells.data | _LOWER) == _E).any())
    found = read_doubles(cells)
    if found is None:
        raise _RefutedError
    return found


def _prove_marked(cells: Cells, first: str) -> tuple[Kind, pa.Array]:
    found = find_marks(cells, first)
    if found is None:
        raise _RefutedError
    marks, plain, is_proven = found
    kind, values = _prove_number(plain)
    return replace(kind, group=marks.group, mark=marks.mark, is_proven=is_proven), values


def _prove_formats(cells: Cells, first: str) -> tuple[Kind, pa.Array]:
    formats = find_formats(cells, first)
    _need(formats)
    moments = read_moments(cells, min(formats))
    is_date = not any("%M" in format_ for format_ in formats)
    kind = Kind("date" if is_date else "timestamp", formats=formats)
    return kind, pc.cast(moments, pa.date32()) if is_date else moments


def _prove_number(cells: Cells) -> tuple[Kind, pa.Array]:
    data = cells.data
    _need(data.min() >= _MINUS and data.max() <= _NINE and not (data == _SLASH).any())
    starts, ends = cells.bounds()
    is_negative = data[starts] == _MINUS
    _need(np.count_nonzero(data == _MINUS) == np.count_nonzero(is_negative))
    first = starts + is_negative
    _need((first < ends).all())
    dots = np.flatnonzero(data == _DOT)
    whole_ends, fractions = ends, None
    if len(dots):
        owners = np.searchsorted(starts, dots, "right") - 1
        _need((np.diff(owners) > 0).all())
        whole_ends = ends.copy()
        whole_ends[owners] = dots
        fractions = np.zeros(len(starts), np.int64)
        fractions[owners] = ends[owners] - dots - 1
        _need((fractions[owners] > 0).all() and (whole_ends > first).all())
    wholes = whole_ends - first
    is_zero = data[first] == _ZERO
    _need((~is_zero | (wholes == 1)).all())
    digits = int((wholes * ~is_zero).max())
    if fractions is None:
        kind, array = _cast_whole(cells, digits)
    else:
        kind = Kind("number", digits, int(fractions.max()))
        array = _cast_fraction(cells, kind, dots, fractions)
    if is_negative.any():
        _need(not _is_negative_zero(array, is_negative, cells))
    return kind, array


def _cast_whole(cells: Cells, digits: int) -> tuple[Kind, pa.Array]:
    text = cells.as_text()
    if digits < len(_POWERS) + 1:
        try:
            return Kind("number", digits), pc.cast(text, pa.int64())
        except pa.ArrowInvalid:
            pass  # 19 digits may be beyond 64 bits
    kind = Kind("number", digits, 0, is_wide=True)
    _need(glue_type(kind) != "string")
    return kind, pc.cast(text, working_type(glue_type(kind)))


def _cast_fraction(cells: Cells, kind: Kind, dots: Ints, fractions: Ints) -> pa.Array:
    type_ = glue_type(kind)
    _need(type_ != "string")
    if kind.digits + kind.scale >= len(_POWERS):
        return pc.cast(cells.as_text(), working_type(type_))
    owners = np.searchsorted(cells.offsets, dots, "right") - 1
    unscaled = _int64(pc.cast(cells.without(dots, owners), pa.int64()))
    missing = np.full(cells.count, kind.scale, np.int64)
    missing[cells.present()] -= fractions
    return make_array(working_type(type_), unscaled * _POWERS[missing], cells)


def _int64(array: pa.Array) -> Ints:
    return np.frombuffer(array.buffers()[1], np.int64, len(array), array.offset * 8)


def _is_negative_zero(array: pa.Array, is_negative: npt.NDArray[np.bool_], cells: Cells) -> bool:
    zero = pc.equal(array, pa.scalar(0, array.type)).fill_null(False)
    zeros = zero.to_numpy(zero_copy_only=False)
    return bool((zeros[cells.present()] & is_negative).any())


def _prove_date(cells: Cells) -> tuple[Kind, pa.Array]:
    starts, ends = cells.bounds()
    _need((ends - starts == _DATE_LENGTH).all())  # of ten bytes, Arrow takes YYYY-MM-DD alone
    array = pc.cast(cells.as_text(), pa.date32())
    days = np.frombuffer(array.buffers()[1], np.int32, cells.count)
    _need((days[cells.present()] >= _FIRST_DAY).all())
    return Kind("date"), array


def _prove_timestamp(cells: Cells, first: Bytes) -> tuple[Kind, pa.Array]:
    length = len(first)
    starts, ends = cells.bounds()
    _need((ends - starts == length).all() and first[10] in (_BLANK, _T))
    table = cells.data.reshape(-1, length)
    _need((table[:, 10] == first[10]).all() and (table[:, 16] == _COLON).all())
    if length > 19:
        _need((table[:, 19] == _DOT).all())
    array = pc.cast(cells.as_text(), pa.timestamp("ms"))
    _need((_int64(array)[cells.present()] >= _FIRST_DAY * _DAY_MS).all())
    format_ = f"%Y-%m-%d{chr(first[10])}%H:%M:%S{_STAMP_LENGTHS[length]}"
    return Kind("timestamp", formats=frozenset([format_] if format_ != _PLAIN_STAMP else [])), array


def _prove_boolean(cells: Cells, format_: str) -> tuple[Kind, pa.Array]:
    true, false = BOOLEANS[format_]
    values = pc.equal(cells.array, pa.scalar(true, pa.binary()))
    either = pc.or_(values, pc.equal(cells.array, pa.scalar(false, pa.binary())))
    _need(pc.all(either).as_py())
    kind = Kind("boolean", formats=frozenset([format_] if format_ else []))
    return _store(kind, values, cells)
