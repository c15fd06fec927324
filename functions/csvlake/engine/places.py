"""Find where rows of a block stand in its text, in as few steps as the text allows."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from csvlake.engine.blocks import Block
from csvlake.engine.kernel import scan, translate
from csvlake.engine.layout import Layout
from csvlake.engine.records import read_records
from csvlake.errors import TransientError

__all__ = ["Place", "find_places"]

_FEW = 4  # in one row of so many at most: then counting up to each is less than reading all of them


class Place(NamedTuple):
    """Where a row stands."""

    line: int  # physical line, from 1 at the block's start
    offset: int  # of its first byte in the text
    raw: bytes  # without its line end


def find_places(block: Block, data: bytes | memoryview, layout: Layout, rows: Sequence[int]) -> dict[int, Place]:
    """Return where rows stand.

    Args:
        block: as read.
        data: the bytes that it was read from.
        layout: how they are written.
        rows: which ones, in any order.

    Raises:
        TransientError: two ways to read the block differ.
    """
    content = bytes(data)
    return (
        _split_lines(block, content, layout, rows)
        or _count_up(block, content, layout, rows)
        or _read_all(block, content, layout, rows)
    )


def _split_lines(block: Block, data: bytes, layout: Layout, rows: Sequence[int]) -> dict[int, Place] | None:
    """Take each line for a record; None where a line may be something else."""
    quote = (layout.dialect.quote or "").encode()
    if layout.dialect.escape or (quote and quote in data):
        return None
    lines = data.splitlines(keepends=True)
    if len(lines) != block.rows:
        return None
    starts = list(accumulate(map(len, lines), initial=block.offset))
    return {row: Place(row + 1, starts[row], lines[row].rstrip(b"\r\n")) for row in rows}


def _count_up(block: Block, data: bytes, layout: Layout, rows: Sequence[int]) -> dict[int, Place] | None:
    """Count from row to row; None where not only rows would be counted, or there are too many."""
    tongue = translate(layout)
    if tongue is None or block.blank or block.comments or block.rejects or len(rows) * _FEW > block.rows:
        return None
    places: dict[int, Place] = {}
    size, at, line, next_row = len(data), 0, 1, 0
    for row in sorted(rows):
        for count in (row - next_row, 1):
            found = scan(data, tongue, start=at, stop=size, size=size, is_final=True, most_records=count)
            if found.records != count:
                return None  # a quote is out of place
            start, first_line = at, line
            at, line = found.end, line + found.lines
        end = at - (data[at - 1 : at] == b"\n")
        end -= data[end - 1 : end] == b"\r"
        places[row] = Place(first_line, block.offset + start, data[start:end])
        next_row = row + 1
    return places


def _read_all(block: Block, data: bytes, layout: Layout, rows: Sequence[int]) -> dict[int, Place]:
    records = read_records(data, layout, offset=block.offset, line=1, final=True).records
    if len(records) != block.rows:
        raise TransientError(f"{block.rows} records were read first and {len(records)} then: a fault of csvlake's")
    return {row: Place(*records[row][:3]) for row in rows}
