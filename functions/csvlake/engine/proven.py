"""Hold a column of a block with what was proven of it, whether the kernel read its values or only its texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa

from csvlake.engine.cells import Cells, UnreadCells
from csvlake.engine.columns import Ask, FoundColumn
from csvlake.engine.kinds import EMPTY, TEXT, Kind, KindName, glue_type, join, working_type
from csvlake.engine.prove import classify

__all__ = ["Proven", "choose_ask", "join_columns", "make_texts", "prove_found", "prove_texts"]

_READABLE = {"empty", "number", "boolean", "date", "timestamp"}
_MAX_DIGITS = 18  # of decimals that have 64 bits
_BOOLEANS = ("", "TRUE/FALSE", "True/False")
_FRACTIONS = {19: "", 21: ".%1f", 22: ".%2f", 23: ".%3f"}
_PLAIN_STAMP = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Proven:
    """A column of a block with what was proven of it; ``values`` are in the Arrow type of the kind's Glue type."""

    cells: Cells
    kind: Kind
    values: pa.Array
    texts: Cells | None = None  # what a column of strings stores, where that is not ``cells``


def choose_ask(kind: Kind) -> int:
    """Return what to ask the kernel for, of a column that is known to be of a kind; `EMPTY` is not known yet."""
    is_long = kind.is_wide or (kind.scale > 0 and kind.digits + kind.scale > _MAX_DIGITS)
    is_formed = bool(kind.group) or kind.mark != "." or not all(_is_plain(format_) for format_ in kind.formats)
    return Ask.VALUES if kind.name in _READABLE and not is_long and not is_formed else Ask.TEXT


def _is_plain(format_: str) -> bool:
    return format_ in _BOOLEANS or format_.startswith("%Y-%m-%d")


def make_texts(column: FoundColumn, rows: int) -> pa.Array:
    """Return a column's texts as a binary array."""
    return pa.Array.from_buffers(pa.binary(), rows, column.buffers, column.nulls)


def prove_texts(texts: pa.Array, known: Kind) -> Proven:
    """Find out a column's kind from its texts, unless it is known to be none."""
    cells = Cells(texts)
    return Proven(cells, TEXT, cells.as_text()) if known == TEXT else Proven(cells, *classify(cells, known))


def prove_found(column: FoundColumn, rows: int, fetch: Callable[[], pa.Array]) -> Proven:
    """Return a column whose values the kernel read; ``fetch`` is asked for its texts if somebody looks at them."""
    kind = _kind_of(column)
    cells = UnreadCells(rows, fetch)
    if kind == EMPTY:
        return Proven(cells, kind, pa.nulls(rows, pa.string()))
    values = pa.Array.from_buffers(working_type(glue_type(kind)), rows, column.buffers, column.nulls)
    return Proven(cells, kind, values)


def _kind_of(column: FoundColumn) -> Kind:
    if column.name == "number":
        return Kind("number", column.digits, column.scale)
    if column.name == "boolean":
        return _form("boolean", _BOOLEANS[column.form], "")
    if column.name == "timestamp":
        size, separator = divmod(column.form, 256)
        return _form("timestamp", f"%Y-%m-%d{chr(separator)}%H:%M:%S{_FRACTIONS[size]}", _PLAIN_STAMP)
    return Kind("date") if column.name == "date" else EMPTY


def _form(name: KindName, format_: str, plain: str) -> Kind:
    return Kind(name, formats=frozenset([format_] if format_ != plain else []))


def join_columns(parts: Sequence[Proven]) -> Proven:
    """Return one column of several that follow each other."""
    kind = reduce(join, (part.kind for part in parts))

    def fetch() -> pa.Array:
        return pa.concat_arrays([part.cells.array for part in parts])

    if {part.values.type for part in parts} == {working_type(glue_type(kind))}:
        values = pa.concat_arrays([part.values for part in parts])
        return Proven(UnreadCells(len(values), fetch), kind, values)
    return prove_texts(fetch(), TEXT if any(part.kind == TEXT for part in parts) else kind)
