"""Find where records end by counting quotes, without parsing cells: the second opinion on how many there are."""

from dataclasses import dataclass

import numpy as np

from csvlake.engine.cells import Bytes, Ints

__all__ = ["Ends", "are_quotes_plain", "count_ends", "find_blank", "find_odd_quote"]

_LF, _CR = b"\n\r"


@dataclass(frozen=True, slots=True)
class Ends:
    """What a stretch of whole records holds."""

    records: int  # record ends outside quotes, blank lines among them, and a last record without one
    lines: int  # physical line ends, those inside quotes among them


def count_ends(data: Bytes, quote: int | None) -> Ends:
    """Count the ends of records and of physical lines: LF, CR LF or CR.

    Args:
        data: a stretch that starts at a record's start and ends at a record's end.
        quote: the quote's byte; a line end after an odd number of them is text.
    """
    if not len(data):
        return Ends(0, 0)
    open_end = int(data[-1] not in (_LF, _CR))
    quotes = np.flatnonzero(data == quote) if quote is not None else ()
    if not len(quotes):
        lines = int(np.count_nonzero(data == _LF))
        is_return = data == _CR
        if returns := int(np.count_nonzero(is_return)):
            lines += returns - int(np.count_nonzero(is_return[:-1] & (data[1:] == _LF)))
        return Ends(lines + open_end, lines)
    ends = _line_ends(data)
    outside = (np.searchsorted(quotes, ends) & 1) == 0
    return Ends(int(np.count_nonzero(outside)) + open_end, len(ends))


def find_blank(data: Bytes, quote: int | None) -> int:
    """Count the blank lines outside quotes: a record end where a record would start."""
    ends = _line_ends(data)
    if quote is not None:
        ends = ends[(np.searchsorted(np.flatnonzero(data == quote), ends) & 1) == 0]
    if not len(ends):
        return 0
    starts = np.concatenate(([0], ends[:-1] + 1))
    is_pair = (data[ends] == _LF) & (ends > 0) & (data[ends - 1] == _CR)
    return int(np.count_nonzero(ends - is_pair == starts))


def _line_ends(data: Bytes) -> Ints:
    """Return the position of each line end's last byte."""
    is_end = data == _LF
    is_return = data == _CR
    if is_return.any():
        is_return[:-1] &= data[1:] != _LF
        is_end |= is_return
    return np.flatnonzero(is_end)


def find_odd_quote(data: Bytes, quotes: Ints, delimiter: int, start: int, is_end: bool) -> int:
    """Return the position of the first quote that neither opens nor closes a cell, ``len(data)`` where there is none.

    Up to there quote counts tell where records end.

    Args:
        data: bytes, in which a record starts at ``start``.
        quotes: positions of the quotes from ``start`` on.
        delimiter: the delimiter's byte.
        start: where counting starts.
        is_end: whether the text ends where ``data`` does; then a quote that nothing closes is odd, too.
    """
    size = len(data)
    if not len(quotes):
        return size
    breaks = np.zeros(256, np.bool_)
    # A quote before an opening one must be the closing one before it: the first half of a pair.
    breaks[[delimiter, _LF, _CR, data[quotes[0]]]] = True
    opening, closing = quotes[::2], quotes[1::2]
    odd_opening = np.flatnonzero(~breaks[data[np.maximum(opening - 1, 0)]] & (opening != start))
    odd_closing = np.flatnonzero(~breaks[data[np.minimum(closing + 1, size - 1)]] & (closing != size - 1))
    first = size
    if len(odd_opening):
        first = int(opening[odd_opening[0]])
    if len(odd_closing):
        first = min(first, int(closing[odd_closing[0]]))
    if is_end and len(quotes) % 2:
        first = min(first, int(quotes[-1]))
    return first


def are_quotes_plain(data: Bytes, quote: int, delimiter: int) -> bool:
    """Return whether every quote of a stretch of whole records opens or closes a cell, or is one of a pair."""
    quotes = np.flatnonzero(data == quote)
    return find_odd_quote(data, quotes, delimiter, 0, True) == len(data)
