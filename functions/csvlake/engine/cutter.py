"""Cut a text into batches of whole records, and those into pieces, by counting quotes.

Quotes tell where records end as long as each of them stands where one belongs, or its line leaves no doubt. Where one
does, the records are read one by one up to the point from which counting works again. That is done here, in order,
because nobody can say where the next record starts before.
"""

import threading

from csvlake.engine.grammar import parse_line
from csvlake.engine.kernel import scan, translate
from csvlake.engine.layout import Layout
from csvlake.engine.pieces import Batch, Piece, grow
from csvlake.engine.records import ODD_BYTES, RECORD_BYTES, raise_too_long, read_records, reject_line
from csvlake.engine.source import TextBytes
from csvlake.errors import TransientError

__all__ = ["Cutter"]

_SLOW_BYTES = 4 << 10  # read one by one before counting is tried again; four times as much after each failure
_GROWTH = 4
_MAX_SLOW_BYTES = 512 << 10  # in a batch: records read one by one take a hundred times their bytes
_CELL_BYTES = 2  # a cell takes so much at least, unless records lack cells: a piece gets as many rows as fit in then
_MOST_RECORDS = 1 << 15  # in a piece: should all of them be odd, each is an object of half a kilobyte
_SPARE = 2  # a buffer that is so much larger than a batch is let go
_LEAST_BYTES = 2 << 20  # of the last batches, which become smaller and smaller
_LEAST_COLUMN_BYTES = 32 << 10  # the same for each column, which costs something in each batch
_MAX_STEP_BYTES = 16 << 20  # read on at a time, while no record ends


class Cutter:
    """Hand out the batches of a text to threads, each with a buffer of its own.

    Args:
        text: what to cut.
        layout: how its records are written, and where they start and end.
        batch_bytes: of text in a batch, about; a record that is longer makes it longer.
        piece_bytes: of text in a piece, about.
        shares: among how many threads the rest of a text is shared out when it is less than a batch for each.
    """

    def __init__(self, text: TextBytes, layout: Layout, batch_bytes: int, piece_bytes: int, shares: int = 1) -> None:
        self._text = text
        self._layout = layout
        self._batch_bytes = batch_bytes
        self._piece_bytes = piece_bytes
        self._shares = shares
        self._lock = threading.Lock()
        self._offset = layout.body_start  # of the next byte to read
        self._rest: bytes | bytearray = b""  # read, but behind the last cut
        self._at = 0  # so much of it was taken
        self._number = 0
        self._ended = False
        self._tongue = translate(layout)

    def next(self, buffer: bytearray) -> Batch | None:
        """Return the next batch, None after the last; ``buffer`` may be reused for it."""
        with self._lock:
            try:
                return self._next(buffer)
            except BaseException:
                self._rest, self._at, self._ended = b"", 0, True  # the other threads have nothing more to do
                raise

    def _next(self, buffer: bytearray) -> Batch | None:
        if self._ended and not self._left():
            return None
        start = self._offset - self._left()
        if len(buffer) > _SPARE * self._batch_bytes:
            buffer = bytearray()  # it has grown for a long record
        size, fresh, wanted = 0, 0, self._next_bytes(start)
        while True:
            buffer = grow(buffer, size, wanted)
            size += self._take(buffer, size, wanted - size)
            if size < wanted:
                read = self._read(buffer, size, wanted - size)
                size += read
                fresh += read
            is_end = self._ended and not self._left()
            pieces = self._cut(buffer, size, start, is_end)
            if pieces or is_end:
                break
            wanted += min(wanted, _MAX_STEP_BYTES)
        used = pieces[-1].end if pieces else 0
        if size and not pieces:
            raise TransientError(f"{size} bytes at the end were not read: a fault of csvlake's reader")
        if not pieces:
            return None
        if not fresh:
            self._at -= size - used
        elif used < size - used:  # behind a long stretch without a cut: what is less is copied
            del buffer[size:]
            self._rest, self._at, buffer = buffer, used, buffer[:used]
        else:
            self._rest, self._at = bytes(memoryview(buffer)[used:size]), 0
        self._number += 1
        return Batch(self._number - 1, buffer, start, pieces)

    def _next_bytes(self, start: int) -> int:
        """Return how much the batch at ``start`` takes: less and less at the end, lest one thread works on alone."""
        end = self._layout.body_end if self._layout.body_end is not None else self._text.size
        share = self._batch_bytes if end is None else (end - start) // self._shares
        return min(self._batch_bytes, max(share, _LEAST_BYTES, _LEAST_COLUMN_BYTES * self._layout.width))

    def _left(self) -> int:
        return len(self._rest) - self._at

    def _take(self, buffer: bytearray, at: int, length: int) -> int:
        """Fill the buffer with what was read before. Long records leave much of it: it is not copied more than once."""
        length = min(length, self._left())
        buffer[at : at + length] = memoryview(self._rest)[self._at : self._at + length]
        self._at += length
        return length

    def _read(self, buffer: bytearray, at: int, length: int) -> int:
        wanted = 0 if self._ended else length
        if self._layout.body_end is not None:
            wanted = min(wanted, self._layout.body_end - self._offset)
        size = self._text.read_into(self._offset, memoryview(buffer)[at : at + wanted]) if wanted > 0 else 0
        self._offset += size
        self._ended = size < length
        return size

    def _cut(self, buffer: bytearray, size: int, offset: int, is_end: bool) -> list[Piece]:
        """Return the pieces of ``buffer[:size]``, up to the last record end that is certain."""
        pieces: list[Piece] = []
        at, limit, slow = 0, _SLOW_BYTES, 0
        while at < size:
            end, is_odd = self._cut_counted(buffer, at, size, is_end, pieces)
            if end - at >= limit * _GROWTH:
                limit = _SLOW_BYTES
            at = end
            if (
                (pieces and at >= self._batch_bytes)
                or at == size
                or (not is_odd and not is_end and size - at <= RECORD_BYTES)
            ):
                break
            if is_odd or is_end:
                piece = self._read_slowly(buffer, at, size, offset, is_end, limit)
            else:
                piece = self._reject_line(buffer, at, size, offset, is_end=False)
            if piece is None:
                break
            limit = min(limit * _GROWTH, _MAX_SLOW_BYTES)
            pieces.append(piece)
            slow += piece.end - at
            at = piece.end
            if slow >= _MAX_SLOW_BYTES:
                break
        return pieces

    def _read_slowly(
        self, buffer: bytearray, at: int, size: int, offset: int, is_end: bool, limit: int
    ) -> Piece | None:
        """Return the records that start within ``limit`` bytes, or the one that is longer; None to read on."""
        window = limit
        while True:
            stop = min(at + window, size)
            read = read_records(
                bytes(memoryview(buffer)[at:stop]),
                self._layout,
                offset=offset + at,
                line=1,
                final=is_end and stop == size,
                limit=limit,
            )
            if read.consumed:
                return Piece(at, at + read.consumed, read)
            if self._tongue is not None and stop - at >= ODD_BYTES:
                return self._reject_line(buffer, at, size, offset, is_odd=True, is_end=is_end)
            if stop == size:
                return None
            # To see where one record ends is no reason to read many.
            window = (stop - at) * _GROWTH if self._tongue is None else min((stop - at) * _GROWTH, ODD_BYTES)

    def _reject_line(
        self, buffer: bytearray, at: int, size: int, offset: int, *, is_odd: bool = False, is_end: bool
    ) -> Piece | None:
        """Return the physical line at ``at`` as a piece of its own; None where its end is not there yet.

        Raises:
            TerminalError: it is longer than a record may be.
        """
        stop, end = (min(place, size) for place in parse_line(buffer, at))  # behind it there may be anything
        if stop - at > RECORD_BYTES:
            raise_too_long(offset + at)
        if not is_end and stop >= size - 1:
            return None
        read = reject_line(bytes(memoryview(buffer)[at:stop]), end - at, offset + at, is_odd=is_odd)
        return Piece(at, end, read)

    def _cut_counted(
        self, buffer: bytearray, at: int, size: int, is_end: bool, pieces: list[Piece]
    ) -> tuple[int, bool]:
        """Add the pieces from ``at`` on as far as counting goes; return where that is, and whether a quote is odd."""
        if self._tongue is None:
            return at, True
        step = self._piece_bytes
        while at < size and not (pieces and at >= self._batch_bytes):
            stop = min(at + step, size)
            found = scan(
                buffer,
                self._tongue,
                start=at,
                stop=stop,
                size=size,
                is_final=is_end,
                most_records=max(1, min(_MOST_RECORDS, self._piece_bytes // (_CELL_BYTES * self._layout.width))),
            )
            if found.end > at:
                pieces.append(Piece(at, found.end, found))
                at, step = found.end, self._piece_bytes
            elif found.odd >= 0:
                return at, True
            elif stop == size:
                break
            else:
                step *= _GROWTH
        return at, False
