"""Read again the records that the kernel found to have too many or too few cells."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from csvlake.engine.columns import Odd
from csvlake.engine.grammar import count_lines
from csvlake.engine.layout import Layout
from csvlake.engine.model import Skipped
from csvlake.engine.records import RECORD_BYTES, Record, read_records

__all__ = ["read_odd"]

_LINE_END_BYTES = 2  # at most


def read_odd(
    data: bytes | memoryview, layout: Layout, odd: Sequence[Odd]
) -> tuple[dict[int, Record], list[Skipped]] | None:
    """Read again the records that have not the table's width; None where one is not what the kernel took it for.

    Lines of records count from the first of those that follow each other, all else from the start of ``data``.
    """
    ragged: dict[int, Record] = {}
    comments: list[Skipped] = []
    quote = (layout.dialect.quote or "").encode()
    at, line = 0, 1
    for run in _find_runs(odd):
        start = run[0].start
        content = bytes(data[start : run[-1].end])
        is_plain = not quote or quote not in content
        if run[0].row >= 0:
            records = _split(content, layout, run) if is_plain else _read(content, layout, run)
            if records is None:
                return None
            ragged |= zip([one.row for one in run], records, strict=True)
            continue
        line += count_lines(bytes(data[at:start]), 0, start - at)
        at = start
        found = _split_comments(content, layout, run, line) if is_plain else _read_comments(content, layout, run, line)
        if found is None:
            return None
        comments += found
    return ragged, comments


def _split(content: bytes, layout: Layout, run: Sequence[Odd]) -> list[Record] | None:
    """Take records apart that have no quotes."""
    delimiter = layout.dialect.delimiter.encode()
    records: list[Record] = []
    for line, raw, one in _cut(content, run, 1):
        cells = tuple(raw.split(delimiter)) if delimiter else (raw,)
        if len(cells) != one.cells or b"\n" in raw or b"\r" in raw or len(raw) > RECORD_BYTES:
            return None
        records.append(Record(line, one.start, raw, cells))
    return records


def _split_comments(content: bytes, layout: Layout, run: Sequence[Odd], first_line: int) -> list[Skipped] | None:
    """Return comments that have no quotes."""
    mark = (layout.comment or "").encode()
    found: list[Skipped] = []
    for line, raw, _ in _cut(content, run, first_line):
        if not raw.lstrip(b" ").startswith(mark) or b"\n" in raw or b"\r" in raw:
            return None
        found.append(Skipped(line, "comment", raw))
    return found


def _cut(content: bytes, run: Sequence[Odd], line: int) -> Iterator[tuple[int, bytes, Odd]]:
    """Yield the line at which each record starts, its text, and what the kernel says of it."""
    start = end = run[0].start
    for one in run:
        gap = one.start - end
        line += gap if gap < _LINE_END_BYTES else count_lines(content, end - start, one.start - start)
        end = one.end
        yield line, content[one.start - start : end - start], one


def _read(content: bytes, layout: Layout, run: Sequence[Odd]) -> list[Record] | None:
    """Read records that have quotes."""
    read = read_records(content, layout, offset=run[0].start, line=1, final=True)
    found = [(record.offset, len(record.cells)) for record in read.records]
    is_same = not read.rejects and not read.skipped and found == [(one.start, one.cells) for one in run]
    return read.records if is_same else None


def _read_comments(content: bytes, layout: Layout, run: Sequence[Odd], first_line: int) -> list[Skipped] | None:
    """Read comments that have quotes."""
    read = read_records(content, layout, offset=run[0].start, line=1, final=True)
    is_same = not read.records and not read.rejects and len(read.skipped) == len(run)
    return [one.behind(first_line - 1) for one in read.skipped] if is_same else None


def _find_runs(odd: Sequence[Odd]) -> Iterator[Sequence[Odd]]:
    """Yield neighbours of one kind, records or comments, together: to read each by itself costs more than its text."""
    first = 0
    for index, (before, after) in enumerate(pairwise(odd), 1):
        if (before.row < 0) != (after.row < 0) or after.start - before.end > _LINE_END_BYTES:
            yield odd[first:index]
            first = index
    if odd:
        yield odd[first:]
