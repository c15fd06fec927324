"""Recognise compressed content by its first bytes, never by a name, and expand it as a stream in bounded memory."""

import bz2
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

from csvlake.engine.model import Source
from csvlake.errors import TerminalError

__all__ = ["CHUNK_BYTES", "SourceFile", "detect_compression", "expand", "refuse_other_formats"]

CHUNK_BYTES = 1 << 20
EXPANSION_RATIO = 1000  # no table that anybody made compresses further; a bomb does
EXPANSION_FLOOR_BYTES = 64 << 20  # below this the ratio does not matter
_XZ_MEMORY_BYTES = 128 << 20  # the dictionary that an xz file may ask for (xz -9 asks for 65 MiB)

_MAGIC = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_OTHER_FORMATS = (
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or other Office file"),
    (b"%PDF-", "a PDF document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1\x00\x00", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89PNG\r\n", "a PNG picture"),
)


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class SourceFile(io.RawIOBase):
    """A source as a file to read and seek in."""

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
        data = self._source.read_range(self._pos, len(buffer))
        buffer[: len(data)] = data
        self._pos += len(data)
        return len(data)


def detect_compression(head: bytes) -> str | None:
    """Return ``gzip``, ``zip``, ``zstd``, ``bz2`` or ``xz``, or None for anything else."""
    for magic, name in _MAGIC:
        if head.startswith(magic) and (name != "bz2" or head[4:10] in {b"1AY&SY", b"\x17rE8P\x90"}):
            return name
    return None


def refuse_other_formats(head: bytes, name: str) -> None:
    """Raise ``TerminalError`` when the content is known to be something else than text."""
    for magic, what in _OTHER_FORMATS:
        if head.startswith(magic):
            raise TerminalError("not_csv", f"{name} is {what}, not CSV text: export it as CSV")


def expand(source: Source, compression: str) -> Iterator[bytes]:
    """Yield the expanded content in chunks of about ``CHUNK_BYTES``.

    Raises:
        TerminalError: the content is damaged or cut off, expands more than ``EXPANSION_RATIO`` times, or the archive
            does not hold exactly one file.
    """
    limit = max(EXPANSION_FLOOR_BYTES, EXPANSION_RATIO * source.size)
    total = 0
    try:
        for chunk in _chunks(source, compression):
            total += len(chunk)
            if total > limit:
                raise TerminalError(
                    "expands_too_far",
                    f"{source.name} ({source.size} bytes of {compression}) expands to more than {limit} bytes, over "
                    f"{EXPANSION_RATIO} times its size: upload it uncompressed if that is meant",
                )
            yield chunk
    except (zlib.error, EOFError, zipfile.BadZipFile, lzma.LZMAError, pa.ArrowException, OSError, ValueError) as error:
        raise TerminalError(
            "damaged_compression",
            f"{source.name} is {compression}, but damaged or cut off behind its first {total} expanded bytes: {error}",
        ) from error


def _chunks(source: Source, compression: str) -> Iterator[bytes]:
    if compression == "gzip":
        return _members(source, lambda: zlib.decompressobj(wbits=31))
    if compression == "bz2":
        return _members(source, bz2.BZ2Decompressor)
    if compression == "xz":
        return _members(source, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES))
    if compression == "zstd":
        return _zstd(source)
    return _zip(source)


def _members(source: Source, start: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Expand one compressed stream after the other; zero bytes between and behind them are padding."""
    offset = 0
    pending = b""
    machine: _Decompressor | None = None
    while True:
        if not pending:
            pending = source.read_range(offset, CHUNK_BYTES)
            offset += len(pending)
            if not pending:
                break
        if machine is None:
            pending = pending.lstrip(b"\0")
            if not pending:
                continue
            machine = start()
        yield from _feed(machine, pending)
        pending = b""
        if machine.eof:
            pending, machine = machine.unused_data, None
    if machine is not None:
        raise EOFError("the end of the compressed stream is missing")


def _feed(machine: _Decompressor, data: bytes) -> Iterator[bytes]:
    """Give one decompressor data, and take what comes out in pieces."""
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


def _zstd(source: Source) -> Iterator[bytes]:
    with pa.PythonFile(SourceFile(source), mode="r") as raw, pa.CompressedInputStream(raw, "zstd") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _zip(source: Source) -> Iterator[bytes]:
    with zipfile.ZipFile(SourceFile(source)) as archive:
        members = [
            m
            for m in archive.infolist()
            if not m.is_dir()
            and not m.filename.startswith("__MACOSX/")
            and not m.filename.split("/")[-1].startswith(".")
        ]
        names = ", ".join(m.filename for m in members[:5])
        if any(m.filename == "[Content_Types].xml" for m in members):
            raise TerminalError("not_csv", f"{source.name} is an Excel or other Office file: export it as CSV")
        if len(members) != 1:
            raise TerminalError(
                "archive_not_one_file",
                f"{source.name} is a zip archive of {len(members)} files ({names}): upload each file by itself",
            )
        if members[0].flag_bits & 1:
            raise TerminalError("encrypted", f"{source.name} is an encrypted zip archive: upload it decrypted")
        try:
            with archive.open(members[0]) as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except NotImplementedError as error:
            raise TerminalError("unsupported_compression", f"{source.name}: {error}") from error
