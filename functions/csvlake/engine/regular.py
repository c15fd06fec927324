"""Read records that nothing is odd about, in few steps. What it does not take is left to `csvlake.engine.reading`."""

import re
from functools import lru_cache

from csvlake.engine.grammar import Grammar, Match

__all__ = ["read_regular"]


def read_regular(data: bytes, pos: int, stop: int, end: int, g: Grammar) -> Match | None:
    """Parse the record at ``pos`` if its quotes open or close cells, or come in pairs, or if no cell begins with one.

    Args:
        data: UTF-8 bytes.
        pos: where the record starts.
        stop: where its first physical line ends, before its line end.
        end: the same, behind it.
        g: the dialect.

    Returns:
        None for what is odd, and for dialects that have an escape: it may be a record all the same.
    """
    if g.collapse or g.escape:
        return None
    is_quoted = bool(g.quote) and data.find(g.quote, pos, stop) >= 0
    if not is_quoted or not (
        data.startswith(g.quote, pos) or (g.delimiter and data.find(g.delimiter + g.quote, pos, stop) >= 0)
    ):
        line = data[pos:stop]  # no cell begins with a quote
        return Match(tuple(line.split(g.delimiter)) if g.delimiter else (line,), end, stop, is_quoted)
    if not g.delimiter:
        return None
    match = _compile(g.delimiter, g.quote).match
    cells: list[bytes] = []
    twice = g.quote * 2
    size = len(data)
    while found := match(data, pos):
        quoted, plain, mark = found.groups()
        cells.append(plain if quoted is None else quoted.replace(twice, g.quote))
        pos = found.end()
        if mark != g.delimiter:
            # At the end of the data the record, or its CR LF, may go on.
            return Match(tuple(cells), pos, pos - len(mark), False) if mark and (mark != b"\r" or pos < size) else None
    return None


@lru_cache(maxsize=64)
def _compile(delimiter: bytes, quote: bytes) -> re.Pattern[bytes]:
    """Compile one cell and what ends it; a cell without quotes has none in it."""
    d, q = re.escape(delimiter), re.escape(quote)
    plain = rb"[^\r\n" + d + q + rb"]*+" if len(delimiter) == 1 else rb"(?:(?!" + d + rb")[^\r\n" + q + rb"])*+"
    quoted = q + rb"((?:[^" + q + rb"]++|" + q * 2 + rb")*+)" + q
    return re.compile(rb"(?:" + quoted + rb"|(" + plain + rb"))(" + d + rb"|\r\n|[\r\n]|\Z)")
