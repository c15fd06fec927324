"""Read a stretch of whole records into one column of texts a header name, fast where nothing is odd.

The fast way is Arrow's CSV parser. Its result is taken only if every quote is where a quote belongs, the bytes are
UTF-8, and as many records came out as there are record ends by counting quotes and line ends over the bytes. Anything
else is read by `csvlake.engine.records`, whose records must tile the stretch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from csvlake.engine.cells import Bytes
from csvlake.engine.ends import are_quotes_plain, count_ends, count_lines, find_blank, find_cut
from csvlake.engine.layout import Layout
from csvlake.engine.model import Reject
from csvlake.engine.records import Record, Records, read_records
from csvlake.errors import TransientError

__all__ = ["Block", "is_utf8", "join_blocks", "read_block"]

_LINE_ENDS = b"\r\n"
_SLOW_BYTES = 64 << 10  # read record by record; what is longer is halved first, to find the part that is odd


@dataclass
class Block:
    """Whole records as columns of texts.

    Attributes:
        columns: binary arrays, one a name of the layout; an empty cell is null.
        ragged: by row, the records that have too many or too few cells.
        records: how many there were by the second count, rejected ones included.
        blank: blank lines between them.
        lines: physical line ends; rejects number theirs from 1 at the stretch's start.
        offset: of the first record in the text.
    """

    columns: list[pa.Array]
    rows: int
    records: int
    lines: int
    blank: int = 0
    ragged: dict[int, Record] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    comments: int = 0
    offset: int = 0


class _UnvouchedError(Exception):
    """The fast way cannot answer for its result."""


def read_block(
    data: bytes | memoryview, layout: Layout, *, offset: int, read: Records | None = None, vouched: bool = False
) -> Block:
    """Read every record of a stretch that starts and ends at records' bounds.

    Args:
        data: UTF-8 bytes, as far as they are valid.
        layout: how records are written.
        offset: of the stretch in the text.
        read: the stretch's records, where they were read already.
        vouched: whether every quote was found to stand where one belongs.

    Raises:
        TransientError: the two counts of the records differ.
    """
    try:
        block = _read_fast(data, layout, vouched) if read is None else _take_records(bytes(data), layout, offset, read)
    except (_UnvouchedError, pa.ArrowInvalid):
        if vouched and len(data) > _SLOW_BYTES and (halves := _halve(data, layout)):
            middle = len(halves[0])
            parts = [
                read_block(half, layout, offset=offset + start, vouched=True)
                for half, start in zip(halves, (0, middle), strict=True)
            ]
            return join_blocks(parts)
        content = bytes(data)
        read = read_records(content, layout, offset=offset, line=1, final=True)
        block = _take_records(content, layout, offset, read)
    block.offset = offset
    return block


def _halve(data: bytes | memoryview, layout: Layout) -> tuple[memoryview, memoryview] | None:
    """Cut a stretch whose quotes are vouched for at a record's end near its middle."""
    view = memoryview(data)
    quote = ord(layout.dialect.quote) if layout.dialect.quote else None
    cut = find_cut(np.frombuffer(data, np.uint8), quote)
    return (view[:cut], view[cut:]) if cut else None


def join_blocks(blocks: Sequence[Block]) -> Block:
    """Return one block of several that follow each other."""
    whole = Block(
        [pa.concat_arrays(arrays) for arrays in zip(*(block.columns for block in blocks), strict=True)], 0, 0, 0
    )
    whole.offset = blocks[0].offset
    for block in blocks:
        whole.ragged |= {row + whole.rows: record for row, record in block.ragged.items()}
        whole.rejects += [replace(reject, line=reject.line + whole.lines) for reject in block.rejects]
        whole.rows += block.rows
        whole.records += block.records
        whole.lines += block.lines
        whole.blank += block.blank
        whole.comments += block.comments
    return whole


def _read_fast(data: bytes | memoryview, layout: Layout, vouched: bool) -> Block:
    dialect = layout.dialect
    delimiter, quote = dialect.delimiter.encode(), (dialect.quote or "").encode()
    if len(delimiter) != 1 or len(quote) > 1 or dialect.escape or not data:
        raise _UnvouchedError
    view = np.frombuffer(data, np.uint8)
    mark = quote[0] if quote else None
    if mark is not None and not vouched and not are_quotes_plain(view, mark, delimiter[0]):
        raise _UnvouchedError
    if not is_utf8(view):
        raise _UnvouchedError
    odd: list[tuple[int, str]] = []
    columns = _parse(data, layout, delimiter, quote, odd)
    parsed = len(columns[0])
    lines = count_lines(view)
    blank = 0
    # As many records as physical lines: then no line end is in quotes, and none is left to be told apart.
    if parsed + len(odd) != lines + (view[-1] not in _LINE_ENDS):
        ends = count_ends(view, mark)
        blank = ends.records - parsed - len(odd)
        if blank and (layout.width == 1 or blank != find_blank(view, mark)):
            raise _UnvouchedError
    block = Block(columns, parsed, parsed, lines, blank)
    return _insert_ragged(block, odd, layout) if odd else block


def is_utf8(view: Bytes) -> bool:
    """Return whether bytes are valid UTF-8."""
    if view.max() < 128:
        return True
    whole = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.py_buffer(np.array([0, len(view)])), pa.py_buffer(view)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _parse(
    data: bytes | memoryview, layout: Layout, delimiter: bytes, quote: bytes, odd: list[tuple[int, str]]
) -> list[pa.Array]:
    def keep(row: pacsv.InvalidRow) -> str:
        odd.append((row.number - 1, row.text))
        return "skip"

    names = [str(index) for index in range(layout.width)]
    table = pacsv.read_csv(
        pa.BufferReader(pa.py_buffer(data)),
        pacsv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        pacsv.ParseOptions(
            delimiter=delimiter.decode(),
            quote_char=quote.decode() or False,
            newlines_in_values=True,
            ignore_empty_lines=layout.width > 1,
            invalid_row_handler=keep,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        ),
    )
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]


def _insert_ragged(block: Block, odd: list[tuple[int, str]], layout: Layout) -> Block:
    """Put the records that Arrow left out back in their places."""
    found: list[tuple[int, Record]] = []
    comments = 0
    for row, text in odd:
        read = read_records(text.encode(), layout, offset=0, line=1, final=True)
        if read.rejects or len(read.records) + len(read.skipped) != 1:
            raise _UnvouchedError
        comments += len(read.skipped)
        found.extend((row - comments, record) for record in read.records)
    extra = _columns([record.cells for _, record in found], layout.width)
    total = block.rows + len(found)
    order = np.empty(total, np.int64)
    is_extra = np.zeros(total, np.bool_)
    is_extra[[row for row, _ in found]] = True
    order[~is_extra] = np.arange(block.rows)
    order[is_extra] = np.arange(block.rows, total)
    indices = pa.array(order)
    columns = [pa.concat_arrays(pair).take(indices) for pair in zip(block.columns, extra, strict=True)]
    return Block(columns, total, total, block.lines, block.blank, dict(found), comments=comments)


def _columns(rows: list[tuple[bytes, ...]], width: int) -> list[pa.Array]:
    """Return columns out of rows, too long ones cut and too short ones filled up."""
    empty = (b"",) * width
    full = [cells[:width] + empty[len(cells) :] for cells in rows]
    return [pa.array([cell or None for cell in column], pa.binary()) for column in zip(*full, strict=True)] or [
        pa.nulls(len(rows), pa.binary())
    ] * width


def _take_records(data: bytes, layout: Layout, offset: int, read: Records) -> Block:
    width = layout.width
    ragged = {row: record for row, record in enumerate(read.records) if len(record.cells) != width}
    blank = _check_tiling(data, read, offset, width)
    columns = _columns([record.cells for record in read.records], width)
    comments = sum(skipped.kind == "comment" for skipped in read.skipped)
    count = len(read.records) + len(read.rejects)
    return Block(columns, len(read.records), count, read.line - 1, blank, ragged, read.rejects, comments)


def _check_tiling(data: bytes, read: Records, offset: int, width: int) -> int:
    """Return the blank lines of a stretch, after a check that only line ends lie between what was read.

    Raises:
        TransientError: something else lies there, or two records overlap.
    """
    spans = [(record.offset, len(record.raw)) for record in read.records]
    spans += [(reject.byte_offset, len(reject.raw)) for reject in read.rejects]
    spans.sort()
    comments = sorted(skipped.text for skipped in read.skipped if skipped.kind == "comment")
    left: list[bytes] = []
    at = offset
    for start, length in spans:
        if start < at:
            raise TransientError(f"two records overlap at byte {start}: a fault of csvlake's reader; report it")
        left.append(data[at - offset : start - offset])
        at = start + length
    left.append(data[at - offset :])
    between = [text for gap in left for text in gap.splitlines() if text] if comments else b"".join(left).strip(b"\r\n")
    if read.consumed != len(data) or (sorted(between) != comments if comments else between):
        raise TransientError(f"bytes after {offset} were not read: a fault of csvlake's reader; report it")
    lines = sum(len(gap.splitlines()) for gap in left) + (data[-1:] not in (b"\r", b"\n"))
    return max(0, lines - len(spans) - len(comments)) if width > 1 else 0
