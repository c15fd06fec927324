"""Compressed sources: recognised by content, read whole, refused when they are damaged or a bomb."""

import bz2
import gzip
import io
import lzma
import zipfile

import pyarrow as pa
import pytest

from csvlake.engine.archive import read_zip
from csvlake.engine.inflate import CHUNK_BYTES
from csvlake.engine.model import ConvertOptions
from csvlake.engine.source import open_source, open_text
from csvlake.errors import TerminalError

TEXT = b"".join(b"%d,abc,%d\n" % (i, i * 7919 % 100003) for i in range(120_000))
HALF = len(TEXT) // 2
AS_DEFLATE64 = (b"\x01\x02\x14\x03\x14\0\0\0\0\0", b"\x01\x02\x14\x03\x14\0\0\0\x09\0")  # a method in the directory


def zip_of(method: int = zipfile.ZIP_DEFLATED, /, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return file.getvalue()


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    ("compression", "data"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:HALF]) + gzip.compress(TEXT[HALF:]) + bytes(512)),
        ("zip", zip_of(a_csv=TEXT)),
        ("zip", zip_of(zipfile.ZIP_STORED, a_csv=TEXT)),
        ("zip", zip_of(zipfile.ZIP_BZIP2, a_csv=TEXT)),
        ("zip", zip_of(zipfile.ZIP_LZMA, a_csv=TEXT)),
        ("zstd", zstd(TEXT)),
        ("zstd", zstd(TEXT[:HALF]) + zstd(TEXT[HALF:])),
        ("bz2", bz2.compress(TEXT)),
        ("bz2", bz2.compress(TEXT[:HALF]) + bz2.compress(TEXT[HALF:])),
        ("xz", lzma.compress(TEXT)),
        ("xz", lzma.compress(TEXT[:HALF]) + lzma.compress(TEXT[HALF:])),
    ],
)
def test_ranges_of_compressed_text_are_ranges_of_the_text(compression: str, data: bytes) -> None:
    text = open_text(open_source(data), ConvertOptions())
    assert (text.compression, text.encoding, text.size) == (compression, "utf-8", len(TEXT))
    assert text.read_range(HALF, 1000) == TEXT[HALF : HALF + 1000]
    assert text.read_range(len(TEXT) - 7, 100) == TEXT[-7:]
    assert text.read_range(5, 9) == TEXT[5:14]  # back at the start
    assert text.read_range(0, len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("damaged_compression", gzip.compress(TEXT)[:-20]),
        ("damaged_compression", gzip.compress(TEXT) + b"garbage"),
        ("damaged_compression", zip_of(a_csv=TEXT)[:-50]),
        ("damaged_compression", zip_of(zipfile.ZIP_STORED, a_csv=TEXT).replace(b"7,abc,", b"8,abc,", 1)),
        ("damaged_compression", b"PK\x03\x04" + zip_of(a_csv=TEXT).replace(b"PK\x03\x04", b"PK\x03\x05")),
        ("unsupported_compression", zip_of(zipfile.ZIP_STORED, a_csv=TEXT).replace(*AS_DEFLATE64)),
        ("unsupported_compression", zip_of(a_csv=TEXT).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\x6e")),
        ("damaged_compression", zstd(TEXT)[:-10]),
        ("damaged_compression", bz2.compress(TEXT)[:-10]),
        ("damaged_compression", lzma.compress(TEXT)[:-10]),
        ("compressed_twice", gzip.compress(gzip.compress(TEXT))),
        ("archive_not_one_file", zip_of(a_csv=b"a\n", b_csv=b"b\n")),
        ("archive_not_one_file", zip_of()),
        ("empty_file", gzip.compress(b"", mtime=0)),
        ("not_csv", b"PAR1" + bytes(100)),
    ],
)
def test_what_cannot_be_expanded_is_refused(code: str, data: bytes) -> None:
    with pytest.raises(TerminalError) as refusal:
        open_text(open_source(data), ConvertOptions())
    assert refusal.value.code == code


def test_a_small_file_that_expands_without_end_is_refused() -> None:
    machine = lzma.LZMACompressor()
    bomb = b"".join([*(machine.compress(bytes(1 << 20)) for _ in range(80)), machine.flush()])
    assert len(bomb) < 42_000
    with pytest.raises(TerminalError, match="1000 times its size"):
        open_text(open_source(bomb), ConvertOptions())


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_more_than_a_piece_of_an_archive_is_in_memory(method: int) -> None:
    zeros = 64 << 20
    packed = zip_of(method, a_csv=bytes(zeros))
    sizes = [len(piece) for piece in read_zip(open_source(packed))]
    assert sum(sizes) == zeros
    assert max(sizes) <= CHUNK_BYTES
