"""Find where records end by counting quotes, without parsing cells: the second opinion on how many there are."""

from dataclasses import dataclass

import numpy as np

from csvlake.engine.cells import Bools, Bytes, Ints

__all__ = [
    "LOOK_BYTES",
    "Ends",
    "are_plain",
    "are_quotes_plain",
    "count_ends",
    "count_lines",
    "find_blank",
    "find_cut",
    "find_odd_quote",
]

LOOK_BYTES = 256 << 10
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
    events = _find_events(data, quote)
    kinds = data[events]
    is_end = kinds != quote if quote is not None else np.ones(len(kinds), np.bool_)
    lines = int(np.count_nonzero(is_end))
    if lines == len(kinds):
        return Ends(lines + open_end, lines)
    outside = _is_outside(is_end)
    return Ends(int(np.count_nonzero(is_end & outside)) + open_end, lines)


def count_lines(data: Bytes) -> int:
    """Count the ends of physical lines, whether they are in quotes or not."""
    lines = 0
    for start in range(0, len(data), LOOK_BYTES):
        stretch = data[start : start + LOOK_BYTES]
        lines += int(np.count_nonzero(stretch == _LF))
        is_return = stretch == _CR
        if returns := int(np.count_nonzero(is_return)):
            following = data[start + 1 : start + LOOK_BYTES + 1]
            lines += returns - int(np.count_nonzero(is_return[: len(following)] & (following == _LF)))
    return lines


def find_blank(data: Bytes, quote: int | None) -> int:
    """Count the blank lines outside quotes: a record end where a record would start."""
    events = _find_events(data, quote)
    is_end = data[events] != quote if quote is not None else np.ones(len(events), np.bool_)
    ends = events[is_end & _is_outside(is_end)]
    if not len(ends):
        return 0
    starts = np.concatenate(([0], ends[:-1] + 1))
    is_pair = (data[ends] == _LF) & (ends > 0) & (data[ends - 1] == _CR)
    return int(np.count_nonzero(ends - is_pair == starts))


def find_cut(data: Bytes, quote: int | None) -> int:
    """Return the end of a record near the middle of a stretch, 0 where there is none within it."""
    events = _find_events(data, quote)
    is_end = data[events] != quote if quote is not None else np.ones(len(events), np.bool_)
    ends = events[is_end & _is_outside(is_end)] + 1
    ends = ends[ends < len(data)]
    return int(ends[np.searchsorted(ends, len(data) // 2).clip(0, len(ends) - 1)]) if len(ends) else 0


def _is_outside(is_end: Bools) -> Bools:
    """Return which events have an even number of quotes before them; those that are no line end are quotes."""
    outside: Bools = (np.cumsum(~is_end) & 1) == 0
    return outside


def _find_events(data: Bytes, quote: int | None) -> Ints:
    """Return the positions of quotes and of line ends, the LF standing for CR LF.

    It looks at so much at a time that it stays in the processor's cache.
    """
    found = []
    for start in range(0, len(data), LOOK_BYTES):
        stretch = data[start : start + LOOK_BYTES]
        is_event = stretch == _LF
        is_return = stretch == _CR
        if np.count_nonzero(is_return):
            following = data[start + 1 : start + LOOK_BYTES + 1]
            is_return[: len(following)] &= following != _LF
            is_event |= is_return
        if quote is not None:
            is_event |= stretch == quote
        found.append(np.flatnonzero(is_event) + start)
    return np.concatenate(found)


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


def are_plain(data: bytes, quote: str, delimiter: str) -> bool:
    """Return whether quote counts tell where the records of a whole body end."""
    mark, separator = quote.encode(), delimiter.encode()
    return len(mark) == len(separator) == 1 and are_quotes_plain(np.frombuffer(data, np.uint8), mark[0], separator[0])


def are_quotes_plain(data: Bytes, quote: int, delimiter: int) -> bool:
    """Return whether every quote of a stretch of whole records opens or closes a cell, or is one of a pair."""
    quotes = np.flatnonzero(data == quote)
    return find_odd_quote(data, quotes, delimiter, 0, True) == len(data)
