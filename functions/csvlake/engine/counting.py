"""Decide on the delimiter by counting, which is enough for a clean file and costs microseconds."""

import re
from itertools import repeat

from csvlake.engine.choice import QUOTED, STRONG, Choice, Given, name_delimiter

__all__ = ["choose_plainly", "find_filler"]


def choose_plainly(data: bytes, final: bool, given: Given) -> Choice | None:
    """Return the delimiter that counting decides, or None when that is not enough.

    It is enough when by one of the usual delimiters every line has the same number of cells, by no other one, and
    quotes stand only where cells begin and end.

    Args:
        data: whole lines. Unless ``final``, the last ones may be the beginning of a record that goes on.
        final: whether the text ends with them.
        given: what the caller says.
    """
    if given.quote not in {None, '"'} or given.escape or (given.delimiter is not None and len(given.delimiter) != 1):
        return None
    bare = _shrink_quoted(data)
    if not final and data.count(b'"') % 2:  # the last quote opens a cell that goes on
        bare = bare[: max(bare.rfind(b"\n", 0, bare.rfind(b'"')), bare.rfind(b"\r", 0, bare.rfind(b'"'))) + 1]
    lines = bare.splitlines()
    if len(lines) < 2 or not all(lines):
        return None
    found = []
    for delimiter in (given.delimiter,) if given.delimiter else STRONG:
        mark = delimiter.encode()
        count = lines[0].count(mark)
        if count and set(map(bytes.count, lines, repeat(mark))) == {count}:
            found.append((delimiter, count + 1))
        elif not given.delimiter and count and delimiter != ",":
            return None  # it is in the header: worth a closer look
    if len(found) != 1:
        return None
    delimiter, width = found[0]
    mark = delimiter.encode()
    if _is_odd(data, bare, mark) or find_filler(lines, delimiter):
        return None
    said = (
        f"{name_delimiter(delimiter)}, which was given"
        if given.delimiter
        else f"{name_delimiter(delimiter)}, and by no other"
    )
    evidence = f"all {len(lines)} lines looked at have {width} cells by {said}"
    return Choice(delimiter, '"', None, (evidence,), uniform=True)


def _shrink_quoted(data: bytes) -> bytes:
    """Return a text with one quote in the place of each run of quoted strings; an unpaired quote stays as it is."""
    parts = data.split(b'"')
    if len(parts) % 2 == 0:
        return QUOTED.sub(b'"', data)
    bare = b'"'.join(parts[::2])
    while b'""' in bare:
        bare = bare.replace(b'""', b'"')
    return bare


def _is_odd(data: bytes, bare: bytes, mark: bytes) -> bool:
    """Whether something asks for a closer look: quotes out of place, single quotes, escapes, blanks at delimiters."""
    if b'"' in bare and not _quotes_at_bounds(bare, mark):
        return True
    if _is_part(bare, mark):
        return True
    if b"'" in bare and (mark + b"'" in bare or b"'" + mark in bare):
        return True
    return b"\\" in data and re.search(rb"\\[\\\"\r\n" + re.escape(mark) + rb"]", data) is not None


def _is_part(bare: bytes, mark: bytes) -> bool:
    """Whether a delimiter always has the same sign before or behind it: then it is part of a longer one."""
    at = bare.find(mark)
    before, after = bare[at - 1 : at] if at else b"", bare[at + 1 : at + 2]
    total = bare.count(mark)
    return any(
        re.fullmatch(rb"[^\w\"'\r\n.)\x80-\xff-]", pair.replace(mark, b"", 1)) is not None and bare.count(pair) == total
        for pair in (before + mark, mark + after)
    )


def _quotes_at_bounds(bare: bytes, mark: bytes) -> bool:
    """Whether every run of quotes, shrunk to one mark, is a whole cell."""
    breaks = rb"[\r\n" + re.escape(mark) + rb"]"
    # The quote comes first in the pattern, so that the search goes from quote to quote.
    whole = re.findall(rb'"(?<=' + breaks + rb'")(?=' + breaks + rb"|\Z)", b"\n" + bare)
    return len(whole) == bare.count(b'"')


def find_filler(lines: list[bytes], delimiter: str) -> str | None:
    """Return a longer delimiter, such as ``||`` or ``|@|``, when every second cell of all lines is the same sign."""
    mark = delimiter.encode()
    lines = lines[:100]
    filler = lines[0].split(mark, 2)[1] if mark in lines[0] else None
    if filler is None or len(filler) > 3 or re.search(rb"[\w\"']", filler):
        return None
    fits = sum(_is_filled(line.split(mark), filler) for line in lines)
    return (mark + filler + mark).decode("utf-8", "replace") if fits >= 0.9 * len(lines) else None


def _is_filled(cells: list[bytes], filler: bytes) -> bool:
    return len(cells) % 2 == 1 and len(cells) > 1 and all(cell == filler for cell in cells[1::2])
