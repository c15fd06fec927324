"""Read one record the way it was most likely meant, when its quotes allow for several."""

import re

from csvlake.engine.grammar import Grammar, Match, Unclosed, parse_line, parse_record
from csvlake.engine.regular import read_regular

__all__ = ["read_record"]

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MEANT_LINES = 20  # a cell with odd quotes that goes over more lines has most likely lost its closing one


def read_record(
    data: bytes, pos: int, line: tuple[int, int], g: Grammar, width: int | None, final: bool
) -> Match | None:
    """Read the record at ``pos``.

    Quotes in their places have one meaning. Others are tried as text inside the quoted cell, then as its end with text
    behind it; the way that gives ``width`` cells within one line is taken first.

    Args:
        data: UTF-8 bytes.
        pos: where the record starts; at least one byte must be there.
        line: where its first physical line ends, as `parse_line` says.
        g: the dialect.
        width: cells that a record should have; None while that is not known.
        final: whether the text ends where ``data`` ends.

    Returns:
        The record, or None when its quote opens in the first line and, most likely, never closes.

    Raises:
        Incomplete: the record may go on after ``data``.
    """
    ended = read_regular(data, pos, *line, g) if final or line[1] < len(data) else None
    if ended is None:
        try:
            ended = parse_record(data, pos, g, final, literal_inside=False)
        except Unclosed:
            ended = None
    elif ended.content_end == line[0]:
        return ended
    if ended is not None and not ended.odd:
        return None if _swallows(data, pos, ended, g, width) else ended
    try:
        inside = parse_record(data, pos, g, final, literal_inside=True)
    except Unclosed:
        inside = None
    ways = [way for way in (inside, ended) if way is not None]
    single = [way for way in ways if not _LINE_END.search(data, pos, way.content_end)]
    for way in ways:
        if (width is None or len(way.cells) == width) and (way in single or _is_meant(data, pos, way, g)):
            return way
    return single[0] if single else None


def _is_meant(data: bytes, pos: int, match: Match, g: Grammar) -> bool:
    """Whether a record with odd quotes over several lines is one: no line of it would be a record by itself."""
    width = len(match.cells)
    line = parse_line(data, pos)[1]
    for _ in range(_MEANT_LINES):
        if line >= match.content_end:
            return width > 1
        stop, end = parse_line(data, line)
        if stop > line and _count_cells(data[line:stop], g) == width:
            return False
        line = end
    return line >= match.content_end and width > 1


def _count_cells(line: bytes, g: Grammar) -> int:
    """Return how many cells a physical line would have by itself, 0 where its quotes do not close."""
    try:
        return len(parse_record(line, 0, g, True, literal_inside=False).cells)
    except Unclosed:
        return 0


def _swallows(data: bytes, pos: int, match: Match, g: Grammar, width: int | None) -> bool:
    """Whether a record of a wrong width has whole records inside its quotes: then its first quote never closes.

    All that is behind its first line must read as records and end where it ends: else it would depend on how much of
    the text is looked at where the next record starts.
    """
    if width is None or width < 2 or len(match.cells) == width:
        return False
    pos = parse_line(data, pos)[1]
    records = same = 0
    while pos < match.content_end:
        stop, end = parse_line(data, pos)
        if stop > pos:
            found = _read_inside(data, pos, (stop, end), g)
            if found is None:
                return False
            records += 1
            same += len(found.cells) == width
            end = found.end
        pos = end
    return pos == match.end and 0 < records <= same * 2


def _read_inside(data: bytes, pos: int, line: tuple[int, int], g: Grammar) -> Match | None:
    try:
        found = read_regular(data, pos, *line, g) or parse_record(data, pos, g, True, literal_inside=False)
    except Unclosed:
        return None
    return None if found.odd else found
