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
    quote, comment = (layout.dialect.quote or "").encode(), (layout.comment or "").encode()
    at, line = 0, 1
    for run in _find_runs(odd):
        start = run[0].start
        content = bytes(data[start : run[-1].end])
        is_plain = not quote or quote not in content
        records = _split(content, layout, run) if is_plain else _read(content, layout, run)
        if records is None:
            return None
        if run[0].row >= 0:
            ragged |= zip([one.row for one in run], records, strict=True)
            continue
        if not all(record.raw.lstrip(b" ").startswith(comment) for record in records):
            return None
        line += count_lines(bytes(data[at:start]), 0, start - at)
        at = start
        comments += [Skipped(line + record.line - 1, "comment", record.raw) for record in records]
    return ragged, comments


def _split(content: bytes, layout: Layout, run: Sequence[Odd]) -> list[Record] | None:
    """Take records apart that have no quotes."""
    delimiter = layout.dialect.delimiter.encode()
    records: list[Record] = []
    start = end = run[0].start
    line = 1
    for one in run:
        gap = one.start - end
        line += gap if gap < _LINE_END_BYTES else count_lines(content, end - start, one.start - start)
        end = one.end
        raw = content[one.start - start : end - start]
        cells = tuple(raw.split(delimiter)) if delimiter else (raw,)
        if len(cells) != one.cells or b"\n" in raw or b"\r" in raw or len(raw) > RECORD_BYTES:
            return None
        records.append(Record(line, one.start, raw, cells))
    return records


def _read(content: bytes, layout: Layout, run: Sequence[Odd]) -> list[Record] | None:
    """Read records that may have quotes; a comment's has no cells."""
    read = read_records(content, layout, offset=run[0].start, line=1, final=True)
    if read.rejects:
        return None
    if run[0].row < 0:
        are_comments = not read.records and len(read.skipped) == len(run)
        return [Record(one.line, 0, one.text, ()) for one in read.skipped] if are_comments else None
    found = [(record.offset, len(record.cells)) for record in read.records]
    return read.records if not read.skipped and found == [(one.start, one.cells) for one in run] else None


def _find_runs(odd: Sequence[Odd]) -> Iterator[Sequence[Odd]]:
    """Yield neighbours of one kind, records or comments, together: to read each by itself costs more than its text."""
    first = 0
    for index, (before, after) in enumerate(pairwise(odd), 1):
        if (before.row < 0) != (after.row < 0) or after.start - before.end > _LINE_END_BYTES:
            yield odd[first:index]
            first = index
    if odd:
        yield odd[first:]
