"""Read a stretch of whole records into columns: by the kernel where nothing is odd, else record by record.

The kernel's result is taken only if the bytes are UTF-8 and as many records came out as there are record ends by
counting quotes and line ends over the bytes. Anything else is read by `csvlake.engine.records`, whose records must
tile the stretch.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from csvlake.engine.cells import is_utf8
from csvlake.engine.columns import Ask, Found, read_columns
from csvlake.engine.grammar import count_lines
from csvlake.engine.kernel import MAX_BYTES, Scanned, Tongue, scan, translate
from csvlake.engine.kinds import TEXT, Kind
from csvlake.engine.layout import Layout
from csvlake.engine.model import Reject, Skipped
from csvlake.engine.odd import read_odd
from csvlake.engine.proven import Proven, choose_ask, join_columns, make_texts, prove_found, prove_texts
from csvlake.engine.ragged import NONE, Ragged, describe_records, join_ragged
from csvlake.engine.records import ODD_BYTES, Records, read_records, reject_record
from csvlake.errors import TransientError

__all__ = ["Block", "join_blocks", "read_block"]

_SLOW_BYTES = 64 << 10  # read record by record; what is longer is halved first, to find the part that is odd


@dataclass
class Block:
    """Whole records as columns.

    Attributes:
        columns: one a name of the layout.
        ragged: the records that have too many or too few cells.
        records: how many there were by the second count, rejected ones included.
        blank: blank lines between them.
        lines: physical line ends; rejects and comments number theirs from 1 at the stretch's start.
        offset: of the first record in the text.
    """

    columns: list[Proven]
    rows: int
    records: int
    lines: int
    blank: int = 0
    ragged: Ragged = NONE
    rejects: list[Reject] = field(default_factory=list)
    comments: list[Skipped] = field(default_factory=list)
    offset: int = 0


def read_block(
    data: bytes | memoryview,
    layout: Layout,
    known: Sequence[Kind],
    *,
    offset: int,
    counted: Scanned | Records | None = None,
) -> Block:
    """Read every record of a stretch that starts and ends at records' bounds.

    Args:
        data: UTF-8 bytes, as far as they are valid. They are looked at again when a column's texts are.
        layout: how records are written.
        known: each column's kind as far as it is known. One that is text is not looked at.
        offset: of the stretch in the text.
        counted: what counting quotes told of the stretch, all of them being in their places; or its records.

    Raises:
        TransientError: the two counts of the records differ.
    """
    block = None if isinstance(counted, Records) else _read_natively(data, layout, known, counted)
    if block is None:
        block = _read_texts(data, layout, offset, counted)
        texts = [column.cells.array for column in block.columns]
        block.columns = [prove_texts(array, kind) for array, kind in zip(texts, known, strict=True)]
    block.offset = offset
    return block


def _read_texts(data: bytes | memoryview, layout: Layout, offset: int, counted: Scanned | Records | None) -> Block:
    """Read what the kernel does not read as a whole, all columns as texts."""
    if isinstance(counted, Records):
        return _take_records(data, layout, offset, counted)
    return join_blocks(_read_parts(data, layout, offset, counted))


def _read_parts(data: bytes | memoryview, layout: Layout, offset: int, counted: Scanned | None) -> list[Block]:
    if counted is not None and len(data) > _SLOW_BYTES:
        view = memoryview(data)
        parts = []
        for start, end, half in _halve(data, layout):
            block = _read_natively(view[start:end], layout, [TEXT] * layout.width, half)
            parts += [block] if block else _read_parts(view[start:end], layout, offset + start, half)
        if parts:
            return parts
        if len(data) > ODD_BYTES and not _is_comment(view, layout):
            return [_reject_whole(view, layout, offset, counted)]
    content = bytes(data)
    return [_take_records(content, layout, offset, read_records(content, layout, offset=offset, line=1, final=True))]


def _is_comment(data: memoryview, layout: Layout) -> bool:
    return bool(layout.comment) and bytes(data[:_SLOW_BYTES]).lstrip(b" ").startswith(str(layout.comment).encode())


def _reject_whole(data: memoryview, layout: Layout, offset: int, counted: Scanned) -> Block:
    """Reject the one record of a stretch."""
    end = bytes(data[-2:])
    raw = bytes(data[: len(data) - len(end) + len(end.rstrip(b"\r\n"))])
    return Block(_columns([], layout.width), 0, 1, counted.lines, rejects=[reject_record(raw, layout, offset)])


def _halve(data: bytes | memoryview, layout: Layout) -> list[tuple[int, int, Scanned]]:
    """Cut a stretch whose quotes are all in their places at a record's end near its middle, if there is one."""
    tongue = translate(layout)
    size = len(data)
    if tongue is None:
        return []
    for stop, most in ((size // 2, size), (size, 1)):
        first = scan(data, tongue, start=0, stop=stop, size=size, is_final=True, most_records=most)
        if 0 < first.end < size:
            second = scan(data, tongue, start=first.end, stop=size, size=size, is_final=True)
            return [(0, first.end, first), (first.end, size, second)]
    return []


def join_blocks(blocks: Sequence[Block]) -> Block:
    """Return one block of several that follow each other."""
    if len(blocks) == 1:
        return blocks[0]
    columns = [join_columns(parts) for parts in zip(*(block.columns for block in blocks), strict=True)]
    whole = Block(columns, 0, 0, 0)
    whole.offset = blocks[0].offset
    ragged = []
    for block in blocks:
        ragged.append(block.ragged.behind(whole.rows))
        whole.rejects += [reject.behind(whole.lines) for reject in block.rejects]
        whole.comments += [comment.behind(whole.lines) for comment in block.comments]
        whole.rows += block.rows
        whole.records += block.records
        whole.lines += block.lines
        whole.blank += block.blank
    whole.ragged = join_ragged(ragged)
    return whole


def _read_natively(
    data: bytes | memoryview, layout: Layout, known: Sequence[Kind], counted: Scanned | None = None
) -> Block | None:
    """Read by the kernel; None where it cannot vouch for the result."""
    tongue = translate(layout)
    if tongue is None or not 0 < len(data) < MAX_BYTES:
        return None
    size = len(data)
    if counted is None:
        counted = scan(data, tongue, start=0, stop=size, size=size, is_final=True)
        if counted.end != size:
            return None
    asks = [choose_ask(kind) for kind in known]
    found = read_columns(data, tongue, asks, counted.records)
    if found is None or found.rows + found.blank + found.comments != counted.records:
        return None
    if not found.is_ascii and not is_utf8(np.frombuffer(data, np.uint8)):
        return None
    ragged, comments = read_odd(data, layout, found.odd) if len(found.odd) else (NONE, [])
    if ragged is None or comments is None:
        return None
    columns = _prove(data, tongue, found, known, counted.records)
    return Block(columns, found.rows, found.rows, counted.lines, found.blank, ragged, comments=comments)


def _prove(data: bytes | memoryview, tongue: Tongue, found: Found, known: Sequence[Kind], records: int) -> list[Proven]:
    """Return the columns with their kinds; where the kernel did not find one, what their texts tell."""

    def fetch_one(index: int) -> pa.Array:
        return fetch({index})[index]

    def fetch(wanted: Set[int]) -> list[pa.Array | None]:
        asks = [Ask.TEXT if index in wanted else Ask.SKIP for index in range(len(known))]
        again = read_columns(data, tongue, asks, records)
        if again is None:
            raise TransientError("a text changed while it was read")
        return [column and make_texts(column, found.rows) for column in again.columns]

    refuted = {index for index, column in enumerate(found.columns) if column and column.name == "refuted"}
    texts = fetch(refuted) if refuted else []
    out = []
    for index, (column, kind) in enumerate(zip(found.columns, known, strict=True)):
        assert column is not None  # noqa: S101 - none was left out
        if index in refuted:
            out.append(prove_texts(texts[index], kind))
        elif column.name == "text":
            out.append(prove_texts(make_texts(column, found.rows), kind))
        else:
            out.append(prove_found(column, found.rows, partial(fetch_one, index)))
    return out


def _columns(rows: list[tuple[bytes, ...]], width: int) -> list[Proven]:
    """Return columns of texts out of rows, too long ones cut and too short ones filled up."""
    empty = (b"",) * width
    full = [cells[:width] + empty[len(cells) :] for cells in rows]
    arrays = [pa.array([cell or None for cell in column], pa.binary()) for column in zip(*full, strict=True)] or [
        pa.nulls(len(rows), pa.binary())
    ] * width
    return [prove_texts(array, TEXT) for array in arrays]


def _take_records(data: bytes | memoryview, layout: Layout, offset: int, read: Records) -> Block:
    width = layout.width
    odd = [(row, record) for row, record in enumerate(read.records) if len(record.cells) != width]
    ragged = describe_records([row for row, _ in odd], [record for _, record in odd], width)
    blank = _check_tiling(data, read, offset, width)
    columns = _columns([record.cells for record in read.records], width)
    comments = [skipped for skipped in read.skipped if skipped.kind == "comment"]
    count = len(read.records) + len(read.rejects)
    return Block(columns, len(read.records), count, read.line - 1, blank, ragged, read.rejects, comments)


def _check_tiling(data: bytes | memoryview, read: Records, offset: int, width: int) -> int:
    """Return the blank lines of a stretch, after a check that only line ends lie between what was read.

    Raises:
        TransientError: something else lies there, or two records overlap.
    """
    spans = [(record.offset, len(record.raw)) for record in read.records]
    spans += [(reject.byte_offset, len(reject.raw)) for reject in read.rejects]
    spans.sort()
    comments = [skipped.text for skipped in read.skipped if skipped.kind == "comment"]
    said = sorted(line for text in comments for line in text.splitlines() if line)  # in quotes one may go over several
    left: list[bytes] = []
    at = offset
    for start, length in spans:
        if start < at:
            raise TransientError(f"two records overlap at byte {start}: a fault of csvlake's reader; report it")
        left.append(bytes(data[at - offset : start - offset]))
        at = start + length
    left.append(bytes(data[at - offset :]))
    between = [text for gap in left for text in gap.splitlines() if text] if comments else b"".join(left).strip(b"\r\n")
    if read.consumed != len(data) or (sorted(between) != said if comments else between):
        raise TransientError(f"bytes after {offset} were not read: a fault of csvlake's reader; report it")
    # The last line may have no end: a line end that stands in it, escaped, is none.
    is_open = len(data) > 0 and left[-1][-1:] not in (b"\r", b"\n")
    lines = sum(count_lines(gap, 0, len(gap)) for gap in left) + is_open
    lines -= sum(1 + count_lines(text, 0, len(text)) for text in comments)
    return max(0, lines - len(spans)) if width > 1 else 0
