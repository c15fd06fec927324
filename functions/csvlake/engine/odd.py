"""Read again the records that the kernel found to have too many or too few cells."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from csvlake.engine.columns import Odd
from csvlake.engine.grammar import count_lines
from csvlake.engine.layout import Layout
from csvlake.engine.model import Skipped
from csvlake.engine.records import Record, read_records

__all__ = ["read_odd"]

_LINE_END_BYTES = 2  # at most


def read_odd(
    data: bytes | memoryview, layout: Layout, odd: Sequence[Odd]
) -> tuple[dict[int, Record], list[Skipped]] | None:
    """Read again the records that have not the table's width; None where one is not what the kernel took it for."""
    ragged: dict[int, Record] = {}
    comments: list[Skipped] = []
    at, line = 0, 1
    for run in _find_runs(odd):
        start, end = run[0][1], run[-1][2]
        read = read_records(bytes(data[start:end]), layout, offset=0, line=1, final=True)
        if run[0][0] < 0:
            if read.records or read.rejects or len(read.skipped) != len(run):
                return None
            line += count_lines(bytes(data[at:start]), 0, start - at)
            at = start
            comments += [Skipped(line + one.line - 1, one.kind, one.text) for one in read.skipped]
            continue
        found = [(start + record.offset, len(record.cells)) for record in read.records]
        if read.rejects or read.skipped or found != [(one[1], one[3]) for one in run]:
            return None
        ragged |= zip([one[0] for one in run], read.records, strict=True)
    return ragged, comments


def _find_runs(odd: Sequence[Odd]) -> Iterator[Sequence[Odd]]:
    """Yield neighbours of one kind, records or comments, together: to read each by itself costs more than its text."""
    first = 0
    for index, (before, after) in enumerate(pairwise(odd), 1):
        if (before[0] < 0) != (after[0] < 0) or after[1] - before[2] > _LINE_END_BYTES:
            yield odd[first:index]
            first = index
    if odd:
        yield odd[first:]
