"""Write tables in any dialect, and read them back: what the tests of reading have in common."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from csvlake import engine
from csvlake.engine.dialect import decide
from csvlake.engine.layout import Layout
from csvlake.engine.model import ConvertOptions
from csvlake.engine.records import Records, read_records
from csvlake.engine.source import open_source, open_text

__all__ = ["DELIMITERS", "PACKINGS", "Style", "Table", "convert_cells", "pack", "read_slowly", "write"]

Table = Sequence[Sequence[str]]  # header first
DELIMITERS = [",", ";", "\t", "|", ":", "^", "~", " ", " +", "\x1f", "||", ", ", "::", "|@|"]


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    delimiter: str = ","
    quote: str = '"'  # empty: none
    escape: str = ""  # empty: quotes are doubled
    ends: tuple[str, ...] = ("\n",)  # taken in turn
    always: bool = True  # whether every cell is quoted, or only those that need it
    encoding: str = "utf-8"
    packing: str = "none"


def write(table: Table, style: Style, above: Sequence[str] = (), below: Sequence[str] = ()) -> bytes:
    """Return a file with lines above and below its table."""
    delimiter = "  " if style.delimiter == " +" else style.delimiter
    lines = [*above, *(delimiter.join(_cell(text, style) for text in row) for row in table), *below]
    ended = [line + style.ends[number % len(style.ends)] for number, line in enumerate(lines)]
    return pack("".join(ended).encode(style.encoding), style.packing)


def _cell(text: str, style: Style) -> str:
    special = [*style.delimiter.rstrip("+"), style.quote, style.escape, "\r", "\n"]
    if style.quote and (style.always or not text or text != text.strip() or any(s and s in text for s in special)):
        if style.escape:
            text = text.replace(style.escape, style.escape * 2).replace(style.quote, style.escape + style.quote)
        else:
            text = text.replace(style.quote, style.quote * 2)
        return style.quote + text + style.quote
    return text


def _zip(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", data)
    return file.getvalue()


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "gzip of two members": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "zip": _zip,
    "zstd": _zstd,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def pack(data: bytes, packing: str) -> bytes:
    """Return the data compressed."""
    return PACKINGS[packing](data)


def read_slowly(data: bytes, options: ConvertOptions) -> tuple[Layout, Records]:
    """Return the layout of a file, and all its records as the reader of odd stretches gives them."""
    text = open_text(open_source(data), options)
    layout = decide(text, options)
    assert text.size is not None
    end = layout.body_end if layout.body_end is not None else text.size
    body = text.read_range(layout.body_start, end - layout.body_start)
    return layout, read_records(body, layout, offset=layout.body_start, line=layout.first_line, final=True)


def convert_cells(data: bytes, options: ConvertOptions) -> list[list[str]]:
    """Return the cells of a file as a user gets them: header first, nothing rejected and nothing rescued."""
    converted = engine.convert(open_source(data), options)
    assert converted.table is not None
    assert not converted.report.records_rejected
    assert not converted.report.rows_rescued
    names = [column.source_name for column in converted.report.schema]
    return [names, *([cell or "" for cell in row.values()] for row in converted.table.to_pylist())]
