"""Cut a text into batches of whole records, and those into pieces, by counting quotes.

Quotes tell where records end as long as each of them stands where one belongs. Where one does not, the records are
read one by one up to the point from which counting works again. That is done here, in order, because nobody can say
where the next record starts before.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from csvlake.engine.cells import Bytes, Ints
from csvlake.engine.ends import LOOK_BYTES, find_odd_quote
from csvlake.engine.layout import Layout
from csvlake.engine.records import RECORD_BYTES, Records, read_records
from csvlake.engine.source import TextBytes
from csvlake.errors import TransientError

__all__ = ["Batch", "Cutter", "Piece"]

_SLOW_BYTES = 4 << 10  # read one by one before counting is tried again; four times as much after each failure
_GROWTH = 4
_MAX_SLOW_BYTES = 512 << 10  # in a batch: records read one by one take a hundred times their bytes
_MAX_STEP_BYTES = 16 << 20  # read on at a time, while no record ends


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records: bytes ``start`` to ``end`` of a batch, with the records if they had to be read already."""

    start: int
    end: int
    read: Records | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive pieces. Together they are what one row group is made of."""

    number: int
    buffer: bytearray  # for the next batch, when this one is done with
    offset: int  # of the buffer in the text
    pieces: list[Piece]

    def take(self) -> Iterator[tuple[memoryview, Piece]]:
        """Yield the pieces with their bytes."""
        view = memoryview(self.buffer)
        for piece in self.pieces:
            yield view[piece.start : piece.end], piece


class Cutter:
    """Hand out the batches of a text to threads, each with a buffer of its own.

    Args:
        text: what to cut.
        layout: how its records are written, and where they start and end.
        batch_bytes: of text in a batch, about; a record that is longer makes it longer.
        piece_bytes: of text in a piece, about.
    """

    def __init__(self, text: TextBytes, layout: Layout, batch_bytes: int, piece_bytes: int) -> None:
        self._text = text
        self._layout = layout
        self._batch_bytes = batch_bytes
        self._piece_bytes = piece_bytes
        self._lock = threading.Lock()
        self._offset = layout.body_start  # of the next byte to read
        self._rest = b""  # read, but behind the last cut
        self._number = 0
        self._ended = False
        dialect = layout.dialect
        self._quote = ord(dialect.quote) if dialect.quote and dialect.quote.isascii() else None
        self._delimiter = ord(dialect.delimiter) if len(dialect.delimiter.encode()) == 1 else None
        self._line_end = b"\r" if dialect.line_end == "\r" else b"\n"
        self._counts = self._delimiter is not None and not dialect.escape

    def next(self, buffer: bytearray) -> Batch | None:
        """Return the next batch, None after the last; ``buffer`` may be reused for it."""
        with self._lock:
            size = len(self._rest)
            if self._ended and not size:
                return None
            start = self._offset - size
            buffer = _grow(buffer, 0, size)
            buffer[:size] = self._rest
            wanted = self._batch_bytes
            while True:
                if size < wanted and not self._ended:
                    buffer = _grow(buffer, size, wanted)
                    size += self._read(buffer, size, wanted - size)
                part = min(size, wanted)
                is_end = self._ended and part == size
                pieces = self._cut(buffer, part, start, is_end)
                if pieces or is_end:
                    break
                wanted += min(wanted, _MAX_STEP_BYTES)
            used = pieces[-1].end if pieces else 0
            if size and not pieces:
                raise TransientError(f"{size} bytes at the end were not read: a fault of csvlake's reader")
            self._rest = bytes(memoryview(buffer)[used:size])
            if not pieces:
                return None
            self._number += 1
            return Batch(self._number - 1, buffer, start, pieces)

    def _read(self, buffer: bytearray, at: int, length: int) -> int:
        wanted = length
        if self._layout.body_end is not None:
            wanted = min(wanted, self._layout.body_end - self._offset)
        size = self._text.read_into(self._offset, memoryview(buffer)[at : at + wanted]) if wanted > 0 else 0
        self._offset += size
        self._ended = size < length
        return size

    def _cut(self, buffer: bytearray, size: int, offset: int, is_end: bool) -> list[Piece]:
        """Return the pieces of ``buffer[:size]``, up to the last record end that is certain."""
        view = np.frombuffer(buffer, np.uint8, size)
        quotes = _find(view, self._quote)
        pieces: list[Piece] = []
        at, window, slow = 0, _SLOW_BYTES, 0
        while at < size:
            odd = at
            if self._delimiter is not None and self._counts:
                odd = find_odd_quote(view, quotes[np.searchsorted(quotes, at) :], self._delimiter, at, is_end)
            end = self._cut_counted(buffer, quotes, at, odd, size, is_end, pieces)
            if end - at >= window * _GROWTH:
                window = _SLOW_BYTES
            at = end
            if (
                (pieces and at >= self._batch_bytes)
                or at == size
                or (odd == size and not is_end and size - at <= RECORD_BYTES)
            ):
                break
            stop = min(at + window, size)
            read = read_records(
                bytes(view[at:stop]),
                self._layout,
                offset=offset + at,
                line=1,
                final=is_end and stop == size,
                limit=_MAX_SLOW_BYTES,
            )
            window = min(window * _GROWTH, max(_MAX_SLOW_BYTES, _SLOW_BYTES))
            if read.consumed:
                pieces.append(Piece(at, at + read.consumed, read))
                at += read.consumed
                slow += read.consumed
                if slow >= _MAX_SLOW_BYTES:
                    break
            elif stop == size:
                break
            else:
                window = (stop - at) * _GROWTH
        return pieces

    def _cut_counted(
        self, buffer: bytearray, quotes: Ints, at: int, odd: int, size: int, is_end: bool, pieces: list[Piece]
    ) -> int:
        """Add the pieces from ``at`` to the last record end before ``odd``, and return it."""
        first = int(np.searchsorted(quotes, at))
        step = self._piece_bytes
        while at < odd and not (pieces and at >= self._batch_bytes):
            target = min(at + step, odd)
            if target == size and is_end and (len(quotes) - first) % 2 == 0:
                end = size
            else:
                end = self._last_end(buffer, quotes, first, at, target, size)
            if end > at:
                pieces.append(Piece(at, end, None))
                at, step = end, self._piece_bytes
                first = int(np.searchsorted(quotes, at))
            elif target == odd:
                break
            else:
                step *= _GROWTH
        return at

    def _last_end(self, buffer: bytearray, quotes: Ints, first: int, start: int, stop: int, size: int) -> int:
        """Return the end of the last record in a stretch that starts with one, ``start`` if none ends there."""
        at = stop
        while (found := buffer.rfind(self._line_end, start, at)) >= 0:
            is_pair = self._line_end == b"\r" and (found + 1 >= size or buffer[found + 1] == 10)
            if not is_pair and (np.searchsorted(quotes, found) - first) % 2 == 0:
                return found + 1
            at = found
            if len(quotes) > first:  # a line end inside quotes: go on before the quote that opens them
                inside = int(np.searchsorted(quotes, found)) - 1
                if (inside - first) % 2 == 0:
                    at = min(at, int(quotes[inside]))
        return start


def _grow(buffer: bytearray, used: int, size: int) -> bytearray:
    """Return a buffer of at least a size: a new one where it is too small, since others may look into the old."""
    if len(buffer) >= size:
        return buffer
    larger = bytearray(size)
    larger[:used] = memoryview(buffer)[:used]
    return larger


def _find(view: Bytes, byte: int | None) -> Ints:
    """Return the positions of a byte, looking at so much at a time that it stays in the processor's cache."""
    if byte is None:
        return np.empty(0, np.int64)
    starts = range(0, len(view), LOOK_BYTES)
    found = [np.flatnonzero(view[start : start + LOOK_BYTES] == byte) + start for start in starts]
    return np.concatenate(found) if found else np.empty(0, np.int64)
