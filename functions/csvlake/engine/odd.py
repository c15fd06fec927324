"""Read again the records that the kernel found to have too many or too few cells, and comments."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.columns import Odd
from csvlake.engine.grammar import count_lines
from csvlake.engine.layout import Layout
from csvlake.engine.model import Skipped
from csvlake.engine.ragged import NONE, Ragged, describe_plain, describe_records, find_signs, join_ragged
from csvlake.engine.records import ODD_BYTES, Record, read_records

__all__ = ["read_odd"]

_LINE_END_BYTES = 2  # at most
Table = npt.NDArray[np.int64]


def read_odd(data: bytes | memoryview, layout: Layout, odd: Table) -> tuple[Ragged | None, list[Skipped] | None]:
    """Read again records that have not the table's width, and comments.

    Args:
        data: UTF-8.
        layout: how it is written.
        odd: of the kernel, a record of `csvlake.engine.columns.Odd` each.

    Returns:
        Both; None for what is not as the kernel took it, or holds too long a record. Comments' lines count from the
        start of ``data``.
    """
    is_row = odd[:, 0] >= 0
    return _read_ragged(data, layout, odd[is_row]), _read_comments(data, layout, odd[~is_row])


def _read_ragged(data: bytes | memoryview, layout: Layout, odd: Table) -> Ragged | None:
    """Read records again.

    Those without quotes are looked at all at once, and so are short ones of one line whose quotes are in their places.
    """
    if not len(odd):
        return NONE
    if (odd[:, 2] - odd[:, 1]).max() > ODD_BYTES:
        return None
    delimiter, quote = layout.dialect.delimiter, layout.dialect.quote
    texts = bare = _take(data, odd).cast(pa.string())
    is_plain = np.ones(len(odd), np.bool_)
    if quote and quote in find_signs(texts, quote):
        regular, quoted = _compile(delimiter, quote)
        may_be_plain = pc.or_(pc.invert(pc.match_substring(texts, quote)), pa.array(odd[:, 3] < layout.width))
        is_plain = pc.and_(may_be_plain, pc.match_substring_regex(texts, regular)).to_numpy(zero_copy_only=False)
        texts = texts.filter(pa.array(is_plain))
        bare = pc.replace_substring_regex(texts, quoted, "")
    if not delimiter or not find_signs(texts, "").isdisjoint("\r\n"):
        return None
    plain = odd[is_plain]
    found = describe_plain(plain[:, 0], plain[:, 3], texts, bare, layout.width, delimiter)
    if found is None:
        return None
    parts = [found]
    for run in _find_runs(_as_tuples(odd[~is_plain])):
        records = _read(bytes(data[run[0].start : run[-1].end]), layout, run)
        if records is None:
            return None
        parts.append(describe_records([one.row for one in run], records, layout.width))
    return join_ragged(parts)


@lru_cache(maxsize=64)
def _compile(delimiter: str, quote: str) -> tuple[str, str]:
    """Return RE2's patterns of a line whose quotes are in their places, and of a cell in quotes."""
    d, q = re.escape(delimiter), re.escape(quote)
    cell, quoted = f"[^{q}{d}\r\n]*" if len(delimiter) == 1 else f"[^{q}\r\n]*?", f"{q}(?:[^{q}\r\n]|{q}{q})*{q}"
    return rf"\A(?:{quoted}|{cell})(?:{d}(?:{quoted}|{cell}))*\z", quoted


def _take(data: bytes | memoryview, odd: Table) -> pa.BinaryArray:
    """Return the records' texts, without their line ends: every second one of what the records' bounds part."""
    bounds = odd[:, 1:3].astype(np.int32).ravel()
    buffers = [None, pa.py_buffer(np.ascontiguousarray(bounds)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(bounds) - 1, buffers).take(pa.array(np.arange(0, len(bounds), 2)))


def _as_tuples(odd: Table) -> list[Odd]:
    return list(map(Odd._make, odd.tolist()))


def _read_comments(data: bytes | memoryview, layout: Layout, odd: Table) -> list[Skipped] | None:
    comments: list[Skipped] = []
    quote = (layout.dialect.quote or "").encode()
    at, line = 0, 1
    for run in _find_runs(_as_tuples(odd)):
        start = run[0].start
        content = bytes(data[start : run[-1].end])
        is_plain = not quote or quote not in content
        line += count_lines(bytes(data[at:start]), 0, start - at)
        at = start
        found = _split_comments(content, layout, run, line) if is_plain else _read_quoted(content, layout, run, line)
        if found is None:
            return None
        comments += found
    return comments


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


def _read_quoted(content: bytes, layout: Layout, run: Sequence[Odd], first_line: int) -> list[Skipped] | None:
    """Read comments that have quotes."""
    read = read_records(content, layout, offset=run[0].start, line=1, final=True)
    is_same = not read.records and not read.rejects and len(read.skipped) == len(run)
    return [one.behind(first_line - 1) for one in read.skipped] if is_same else None


def _find_runs(odd: Sequence[Odd]) -> Iterator[Sequence[Odd]]:
    """Yield neighbours together: to read each by itself costs more than its text."""
    first = 0
    for index, (before, after) in enumerate(pairwise(odd), 1):
        if after.start - before.end > _LINE_END_BYTES:
            yield odd[first:index]
            first = index
    if odd:
        yield odd[first:]
