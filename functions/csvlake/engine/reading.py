"""Read one record the way it was most likely meant, when its quotes allow for several."""

import re

from csvlake.engine.grammar import Grammar, Match, Unclosed, parse_line, parse_record
from csvlake.engine.regular import read_regular

__all__ = ["read_record"]

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MEANT_LINES = 20  # a cell with odd quotes that goes over more lines has most likely lost its closing one
_SWALLOWED_LINES = 200  # looked at, of those inside a record that has not the width of the others


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


def _lines_inside(data: bytes, pos: int, match: Match, g: Grammar, limit: int) -> list[int] | None:
    """Return how many cells each physical line but the first would have by itself; None when they are too many."""
    widths: list[int] = []
    line = parse_line(data, pos)[1]
    while line < match.content_end:
        if len(widths) == limit:
            return None
        stop, end = parse_line(data, line)
        try:
            widths.append(
                len(parse_record(data[line:stop], 0, g, True, literal_inside=False).cells) if stop > line else 0
            )
        except Unclosed:
            widths.append(0)
        line = end
    return widths


def _is_meant(data: bytes, pos: int, match: Match, g: Grammar) -> bool:
    """Whether a record with odd quotes over several lines is one: no line of it would be a record by itself."""
    widths = _lines_inside(data, pos, match, g, _MEANT_LINES)
    return widths is not None and len(match.cells) > 1 and len(match.cells) not in widths


def _swallows(data: bytes, pos: int, match: Match, g: Grammar, width: int | None) -> bool:
    """Whether a record of a wrong width has whole records inside its quotes: then its quote never closes."""
    if width is None or width < 2 or len(match.cells) == width or not _LINE_END.search(data, pos, match.content_end):
        return False
    widths = _lines_inside(data, pos, match, g, _SWALLOWED_LINES)
    return widths is None or sum(w == width for w in widths) * 2 >= len(widths)
