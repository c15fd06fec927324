"""Read the one file of a zip archive.

`zipfile` finds it. What it holds is expanded here: `zipfile` expands all of a chunk of bzip2 or LZMA at once, and a few
kilobytes of these can be gigabytes.
"""

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from csvlake.engine.inflate import CHUNK_BYTES, XZ_MEMORY_BYTES, Machine, SourceFile, feed
from csvlake.engine.model import Source
from csvlake.errors import TerminalError

__all__ = ["read_zip"]

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE.TXT 4.3.7: signature, …, lengths of name and of extra field
_ENCRYPTED = 1
_HAS_END_MARK = 2  # of LZMA: APPNOTE.TXT 4.4.4, bit 1
_STARTS: dict[int, Callable[[], Machine]] = {
    zipfile.ZIP_DEFLATED: lambda: zlib.decompressobj(wbits=-15),
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    zipfile.ZIP_LZMA: lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, XZ_MEMORY_BYTES),
}


def read_zip(source: Source) -> Iterator[bytes]:
    """Yield the content of an archive's only file in chunks.

    Raises:
        TerminalError: it does not hold exactly one file, or one that cannot be read.
        EOFError, ValueError, lzma.LZMAError, zipfile.BadZipFile, zlib.error: it is damaged.
    """
    try:
        with zipfile.ZipFile(SourceFile(source)) as archive:
            member = _find_member(archive.infolist(), source.name)
    except NotImplementedError as error:  # the directory asks for a later version of the format than there is
        raise TerminalError(
            "unsupported_compression", f"{source.name} is a zip archive that cannot be read ({error}): zip it again"
        ) from error
    chunks = _read_packed(source, member)
    size = crc = 0
    for piece in _expand(chunks, member, source.name):
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        yield piece
    if (size, crc) != (member.file_size, member.CRC):
        raise EOFError("what is in it has not the size or the checksum that it should have")


def _find_member(entries: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo:
    members = [
        entry
        for entry in entries
        if not entry.is_dir()
        and not entry.filename.startswith("__MACOSX/")
        and not entry.filename.split("/")[-1].startswith(".")
    ]
    if any(member.filename == "[Content_Types].xml" for member in members):
        raise TerminalError("not_csv", f"{name} is an Excel or other Office file: export it as CSV")
    if len(members) != 1:
        names = ", ".join(member.filename for member in members[:5])
        raise TerminalError(
            "archive_not_one_file",
            f"{name} is a zip archive of {len(members)} files ({names}): upload each file by itself",
        )
    if members[0].flag_bits & _ENCRYPTED:
        raise TerminalError("encrypted", f"{name} is an encrypted zip archive: upload it decrypted")
    return members[0]


def _read_packed(source: Source, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the compressed bytes of a member."""
    header = source.read_range(member.header_offset, _LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("its file is not where the directory says")
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    offset = member.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    end = offset + member.compress_size
    while offset < end and (chunk := source.read_range(offset, min(CHUNK_BYTES, end - offset))):
        offset += len(chunk)
        yield chunk


def _expand(chunks: Iterator[bytes], member: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    if member.compress_type == zipfile.ZIP_STORED:
        yield from chunks
        return
    if member.compress_type == zipfile.ZIP_LZMA:
        chunks = _as_lzma_file(chunks, member)
    start = _STARTS.get(member.compress_type)
    if start is None:
        raise TerminalError(
            "unsupported_compression",
            f"{name} is a zip archive compressed by method {member.compress_type}: use deflate, bzip2 or LZMA",
        )
    machine = start()
    for chunk in chunks:
        yield from feed(machine, chunk)
        if machine.eof:
            return
    raise EOFError("the end of the compressed file is missing")


def _as_lzma_file(chunks: Iterator[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Turn LZMA as zip archives have it into an .lzma file, whose decoder takes a bound for its memory.

    APPNOTE.TXT 5.8: two bytes of version, two for the length of the properties, the properties. An .lzma file has the
    properties and eight bytes for the size, all ones where a mark stands at the end.
    """
    first = next(chunks, b"")
    if first[2:4] != b"\x05\x00":
        raise zipfile.BadZipFile("its LZMA properties are not five bytes long")
    size = b"\xff" * 8 if member.flag_bits & _HAS_END_MARK else struct.pack("<Q", member.file_size)
    yield first[4:9] + size + first[9:]
    yield from chunks
