"""Expand compressed streams piece by piece: however far they expand, no more than a piece is in memory."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from csvlake.engine.model import Source

__all__ = ["CHUNK_BYTES", "STARTS", "XZ_MEMORY_BYTES", "Machine", "SourceFile", "feed", "read_chunks", "read_members"]

CHUNK_BYTES = 1 << 20
_READ_BYTES = 4 << 20  # a zip archive whose directory is longer is not one of one file
XZ_MEMORY_BYTES = 128 << 20  # the dictionary that an xz file may ask for (xz -9 asks for 65 MiB)


class Machine(Protocol):
    """What `bz2`, `lzma` and `zlib` call a decompressor object."""

    @property
    def eof(self) -> bool:
        """Whether the compressed stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What stands behind its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Take compressed bytes, and give at most so many expanded ones."""


STARTS: dict[str, Callable[[], Machine]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES),
}


class SourceFile(io.RawIOBase):
    """A source as a file to read and seek in, for libraries that want one."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._pos = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the new position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._source.size}[whence]
        self._pos = max(0, base + offset)
        return self._pos

    def tell(self) -> int:
        """Return the position."""
        return self._pos

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the source goes."""
        if len(buffer) > _READ_BYTES:
            raise ValueError(f"more than {_READ_BYTES} bytes would have to be read at once")
        data = self._source.read_range(self._pos, len(buffer))
        buffer[: len(data)] = data
        self._pos += len(data)
        return len(data)


def read_chunks(source: Source) -> Iterator[bytes]:
    """Yield all of a source."""
    for offset in range(0, source.size, CHUNK_BYTES):
        yield source.read_range(offset, CHUNK_BYTES)


def read_members(chunks: Iterator[bytes], start: Callable[[], Machine]) -> Iterator[bytes]:
    """Expand one compressed stream after the other; zero bytes between and behind them are padding.

    Raises:
        EOFError: the last one has no end.
    """
    machine: Machine | None = None
    for chunk in chunks:
        pending = chunk
        while pending:
            if machine is None:
                pending = pending.lstrip(b"\0")
                if not pending:
                    break
                machine = start()
            yield from feed(machine, pending)
            pending = b""
            if machine.eof:
                pending, machine = machine.unused_data, None
    if machine is not None:
        raise EOFError("the end of the compressed stream is missing")


def feed(machine: Machine, data: bytes) -> Iterator[bytes]:
    """Give one decompressor data, and take what comes out in pieces of at most ``CHUNK_BYTES``."""
    while True:
        piece = machine.decompress(data, CHUNK_BYTES)
        if piece:
            yield piece
        if machine.eof:
            return
        # zlib hands back the input it has not looked at; the others keep it and say so.
        data = getattr(machine, "unconsumed_tail", b"")
        if not data and (getattr(machine, "needs_input", True) or not piece):
            return
