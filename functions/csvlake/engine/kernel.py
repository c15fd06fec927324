"""Load the native kernel (``native/*.c``), and have it find where records end.

It is loaded with ctypes, which lets go of Python's lock while it runs and does not ask for one version of Python.
"""

import ctypes
import os
import sys
from functools import cache, lru_cache
from pathlib import Path

import pyarrow as pa

from csvlake.engine.layout import Layout

__all__ = ["MAX_BYTES", "Balance", "Scanned", "Tongue", "balance", "library", "scan", "translate"]

MAX_BYTES = (1 << 31) - (1 << 20)  # of a text: offsets of cells have 32 bits, and some lie behind its end
_PLATFORM = f"{sys.platform}-{os.uname().machine}"
_LIBRARY = Path(__file__).with_name("native") / f"kernel.{_PLATFORM}.so"


class Tongue(ctypes.Structure):
    """The part of a dialect that the kernel speaks (``struct dialect``)."""

    _fields_ = (
        ("delimiter", ctypes.c_char_p),
        ("delimiter_size", ctypes.c_int64),
        ("quote", ctypes.c_int64),
        ("comment", ctypes.c_char_p),
        ("comment_size", ctypes.c_int64),
        ("width", ctypes.c_int64),
    )


class Scanned(ctypes.Structure):
    """What counting quotes tells of a stretch (``struct scanned``): positions, and numbers up to ``end``."""

    _fields_ = tuple((name, ctypes.c_int64) for name in ("end", "records", "lines", "odd", "has_quotes"))
    end: int
    records: int
    lines: int
    odd: int
    has_quotes: int


class Balance(ctypes.Structure):
    """What counting quotes tells of a stretch that begins anywhere (``struct balance``)."""

    _fields_ = (("quotes", ctypes.c_int64), ("first", ctypes.c_int64 * 2), ("odd", ctypes.c_int64 * 2))
    quotes: int
    first: "ctypes.Array[ctypes.c_int64]"
    odd: "ctypes.Array[ctypes.c_int64]"


@cache
def library() -> ctypes.CDLL:
    """Load the kernel.

    Raises:
        ImportError: it is not there, or was built for another processor.
    """
    try:
        loaded = ctypes.CDLL(str(_LIBRARY))
    except OSError as error:
        raise ImportError(
            f"cannot load csvlake's kernel: {error}. `make setup` builds the one for this machine ({_PLATFORM}), "
            "`sam build` those for Lambda, `make wheel` all"
        ) from error
    loaded.csvlake_scan.restype = None
    loaded.csvlake_scan.argtypes = (
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64),
        *(ctypes.POINTER(Tongue), ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(Scanned)),
    )
    loaded.csvlake_balance.restype = None
    loaded.csvlake_balance.argtypes = (
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64),
        *(ctypes.POINTER(Tongue), ctypes.c_int64, ctypes.POINTER(Balance)),
    )
    loaded.csvlake_read.restype = ctypes.c_int64
    loaded.csvlake_read.argtypes = (ctypes.c_void_p, ctypes.POINTER(Tongue), ctypes.c_void_p)
    return loaded


def translate(layout: Layout) -> Tongue | None:
    """Return what the kernel has to know of a dialect, None where it does not speak it."""
    dialect = layout.dialect
    if dialect.escape:
        return None
    return _translate(dialect.delimiter, dialect.quote or "", layout.comment or "", layout.width)


@lru_cache(maxsize=64)
def _translate(delimiter: str, quote: str, comment: str, width: int) -> Tongue | None:
    # One column has no delimiter: a line end can stand for it, which ends its cell anyway.
    d, q, c = delimiter.encode() or b"\n", quote.encode(), comment.encode()
    is_odd = delimiter == " +" or len(q) > 1 or (q and q in d) or (delimiter and set(d) & {10, 13})
    return None if is_odd or b"\0" in d + c else Tongue(d, len(d), q[0] if q else -1, c, len(c), width)


def scan(
    data: bytes | bytearray | memoryview,
    tongue: Tongue,
    *,
    start: int,
    stop: int,
    size: int,
    is_final: bool,
    most_records: int = 1 << 62,
) -> Scanned:
    """Find the last record's end in ``data[start:stop]``, and count up to there, by the parity of quotes.

    A line one of whose quotes is out of place counts as a record where there is no doubt that it is one (``lines.h``).

    Args:
        data: text, of which ``size`` bytes count.
        tongue: how it is written.
        start: where a record starts.
        stop: how far to look. Whether a quote there is in its place, the bytes up to ``size`` tell.
        size: see ``data``.
        is_final: whether the text ends at ``size``: the last record then needs no line end, and its quotes must close.
        most_records: where to stop at the latest.

    Returns:
        The end, equal to ``start`` where no record ends; records up to there, blank lines among them; the position of
        the first quote that is out of place and leaves its record in doubt, else -1.
    """
    out = Scanned()
    if not start <= stop <= size <= len(data):
        raise ValueError(f"{start}, {stop}, {size} do not lie in {len(data)} bytes")
    if stop > start:
        buffer = pa.py_buffer(data)
        library().csvlake_scan(buffer.address, size, start, stop, tongue, is_final, most_records, out)
    else:
        out.end, out.odd = start, -1
    return out


def balance(data: bytes, tongue: Tongue, *, start: int, stop: int, is_final: bool) -> Balance:
    """Count the quotes of ``data[start:stop]``, which may begin inside quotes or outside.

    Args:
        data: text; the bytes around the stretch tell whether a quote at its edge is in its place.
        tongue: how it is written.
        start: of the stretch.
        stop: of it.
        is_final: whether the text ends with ``data``.
    """
    if not 0 <= start < stop <= len(data) < MAX_BYTES:
        raise ValueError(f"{start}, {stop} do not lie in {len(data)} bytes")
    out = Balance()
    library().csvlake_balance(pa.py_buffer(data).address, len(data), start, stop, tongue, is_final, out)
    return out
