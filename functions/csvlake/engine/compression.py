"""Recognise compressed content by its first bytes, never by a name, and expand it as a stream in bounded memory."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator

import pyarrow as pa

from csvlake.engine.archive import read_zip
from csvlake.engine.inflate import CHUNK_BYTES, STARTS, SourceFile, read_chunks, read_members
from csvlake.engine.model import Source
from csvlake.errors import TerminalError

__all__ = ["detect_compression", "expand", "refuse_other_formats"]

EXPANSION_RATIO = 1000  # no table that anybody made compresses further; a bomb does
EXPANSION_FLOOR_BYTES = 64 << 20  # below this the ratio does not matter

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
        for chunk in _expand_all(source, compression):
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


def _expand_all(source: Source, compression: str) -> Iterator[bytes]:
    if compression == "zip":
        return read_zip(source)
    if compression == "zstd":
        return _read_zstd(source)
    return read_members(read_chunks(source), STARTS[compression])


def _read_zstd(source: Source) -> Iterator[bytes]:
    with pa.PythonFile(SourceFile(source), mode="r") as raw, pa.CompressedInputStream(raw, "zstd") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
