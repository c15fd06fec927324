"""Stretches of whole records, and the buffers that hold their text."""

from collections.abc import Iterator
from dataclasses import dataclass

from csvlake.engine.kernel import Scanned
from csvlake.engine.records import Records

__all__ = ["Batch", "Piece", "grow"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records: bytes ``start`` to ``end`` of a batch, counted, or read already if they had to be."""

    start: int
    end: int
    known: Scanned | Records


@dataclass(slots=True)
class Batch:
    """Consecutive pieces. Together they are what one row group is made of."""

    number: int
    buffer: bytearray  # with their text; for the next batch, when this one is done with
    offset: int  # of the buffer in the text
    pieces: list[Piece]

    @property
    def longest(self) -> int:
        """Bytes of its longest piece."""
        return max(piece.end - piece.start for piece in self.pieces)

    def take(self) -> Iterator[tuple[memoryview, Piece]]:
        """Yield the pieces with their bytes."""
        view = memoryview(self.buffer)
        for piece in self.pieces:
            yield view[piece.start : piece.end], piece


def grow(buffer: bytearray, used: int, size: int) -> bytearray:
    """Return a buffer of at least a size: a new one where it is too small, since others may look into the old."""
    if len(buffer) >= size:
        return buffer
    try:
        buffer.extend(bytes(size - len(buffer)))  # in place it is not in memory twice
    except BufferError:
        pass
    else:
        return buffer
    larger = bytearray(size)
    larger[:used] = memoryview(buffer)[:used]
    return larger
