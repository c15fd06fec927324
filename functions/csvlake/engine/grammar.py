"""Match one record of CSV text in one of the ways in which quotes can be meant."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Grammar", "Match", "compile_grammar", "count_lines", "parse_line", "parse_record"]

_ODD_LINES = 20  # how far a quoted cell with odd quotes inside is followed
_ODD_BYTES = 1 << 20
_CR = 13
_BLANKS = re.compile(rb" *+")
_LINE_END = re.compile(rb"[\r\n]")


class Match(NamedTuple):
    """One record found: its cells, where it ends, and what was odd about its quotes."""

    cells: tuple[bytes, ...]
    end: int  # after its line end
    content_end: int  # before its line end
    odd: bool  # a quote stood where it should not


class Incomplete(Exception):  # noqa: N818 - a state of the reader, not an error
    """The data ends before the record does."""


class Unclosed(Exception):  # noqa: N818
    """A quote opens and nothing closes it."""


class _NeverClosed(Unclosed):
    """The same, and no data to come can change it."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Compiled patterns of one dialect."""

    delimiter: bytes
    quote: bytes
    escape: bytes
    plain: re.Pattern[bytes]  # an unquoted cell
    quoted: re.Pattern[bytes] | None  # a quoted cell from its opening to its closing quote, tolerating quotes inside
    closed: re.Pattern[bytes] | None  # the same to the first quote that is not escaped
    collapse: bool = False  # a run of the delimiter is one; at a record's ends it is nothing

    def unquote(self, content: bytes) -> bytes:
        """Return what the content of a quoted cell stands for."""
        if self.escape and self.escape in content:
            return _unescape(content, self.escape, (self.quote,), self.quote * 2)
        return content.replace(self.quote * 2, self.quote)

    def unescape(self, cell: bytes) -> bytes:
        """Return what an unquoted cell stands for: only a special character loses the escape before it."""
        if not self.escape or self.escape not in cell:
            return cell
        return _unescape(cell, self.escape, tuple(c for c in (self.delimiter, self.quote, b"\r", b"\n") if c))


def _unescape(cell: bytes, escape: bytes, special: tuple[bytes, ...], twice: bytes = b"") -> bytes:
    """Return a cell without the escapes before themselves and what is special; of what is there twice, one.

    Whatever their number, they cost a copy or two of the cell: bytes that UTF-8 does not have stand for what is done. A
    record that has such bytes is rejected, whatever its cells are.
    """
    cell = cell.replace(escape * 2, b"\xff")
    for sign in special:
        cell = cell.replace(escape + sign, b"\xfe" if twice else sign)
    if twice:
        cell = cell.replace(twice, twice[:1]).replace(b"\xfe", twice[:1])
    return cell.replace(b"\xff", escape)


@lru_cache(maxsize=64)
def compile_grammar(delimiter: str, quote: str | None, escape: str | None) -> Grammar:
    """Compile the patterns of a dialect; the delimiter ``" +"`` stands for one blank or more."""
    collapse = delimiter == " +"
    delimiter = delimiter[:1] if collapse else delimiter
    d, q, e = delimiter.encode(), (quote or "").encode(), (escape or "").encode()
    rd, rq, re_ = re.escape(d), re.escape(q), re.escape(e)
    skip = (re_ + rb"(?:\r\n|(?s:.)|\Z)|") if e else b""
    if len(d) == 1:
        plain = rb"(?:" + skip + rb"[^\r\n" + rd + re_ + rb"]++)*+" if e else rb"[^\r\n" + rd + rb"]*+"
    elif d:
        plain = rb"(?:" + skip + rb"(?!" + rd + rb")[^\r\n])*+"
    else:
        plain = rb"(?:" + skip + rb"[^\r\n])*+"
    if not q:
        return Grammar(d, q, e, re.compile(plain), None, None, collapse)
    after = (rd + rb"|" if d else b"") + rb"[\r\n]|\Z"
    inside = rb"[^" + rq + re_ + rb"]++|" + skip + rq + rq
    quoted = rq + rb"((?:" + inside + rb"|" + rq + rb"(?!" + after + rb"))*+)" + rq
    closed = rq + rb"((?:" + inside + rb")*+)" + rq
    return Grammar(d, q, e, re.compile(plain), re.compile(quoted), re.compile(closed), collapse)


def _bound(data: bytes, pos: int) -> int:
    """Return how far a quoted cell with odd quotes may go."""
    end = min(len(data), pos + _ODD_BYTES)
    for _ in range(_ODD_LINES):
        pos = parse_line(data, pos)[1]
        if pos >= end:
            return end
    return pos


def _cell(data: bytes, pos: int, g: Grammar, literal_inside: bool, literal_all: bool) -> tuple[bytes, int, bool]:
    """Return a cell, its end, and whether its quotes were odd."""
    if literal_all or not g.quote or not data.startswith(g.quote, pos):
        found = g.plain.match(data, pos)
        assert found is not None  # noqa: S101 - it matches the empty string
        cell = found[0]
        return g.unescape(cell), found.end(), bool(g.quote) and g.quote in cell
    assert g.closed is not None and g.quoted is not None  # noqa: S101, PT018
    found = g.closed.match(data, pos)
    if found is None:
        raise Unclosed
    end = found.end()
    if _ends_line(data, end) or (g.delimiter and data.startswith(g.delimiter, end)):
        return g.unquote(found[1]), end, False
    if literal_inside:
        bound = _bound(data, pos)
        found = g.quoted.match(data, pos, bound)
        if found is None or (found.end() == bound and bound < len(data)):
            raise _NeverClosed if bound < len(data) else Unclosed
        return g.unquote(found[1]), found.end(), True
    rest = g.plain.match(data, end)
    assert rest is not None  # noqa: S101
    return g.unquote(found[1]) + g.unescape(rest[0]), rest.end(), True


def parse_record(
    data: bytes, pos: int, g: Grammar, final: bool, *, literal_inside: bool = True, literal_all: bool = False
) -> Match:
    """Parse the record at ``pos``.

    Args:
        data: UTF-8 bytes.
        pos: where the record starts; at least one byte must be there.
        g: the dialect.
        final: whether the text ends where ``data`` ends.
        literal_inside: a quote inside a quoted cell that nothing follows up is text; otherwise it closes the quotes
            and the text goes on, as in Python's csv module.
        literal_all: quotes have no meaning.

    Raises:
        Incomplete: the record may go on after ``data``.
        Unclosed: the text ends inside a quoted cell.
    """
    cells: list[bytes] = []
    odd = False
    size = len(data)
    if g.collapse:
        pos = _skip_blanks(data, pos)
    while True:
        try:
            cell, pos, strange = _cell(data, pos, g, literal_inside, literal_all)
        except _NeverClosed:
            raise
        except Unclosed:
            if final:
                raise
            raise Incomplete from None
        cells.append(cell)
        odd = odd or strange
        if g.delimiter and data.startswith(g.delimiter, pos):
            pos = _skip_blanks(data, pos) if g.collapse else pos + len(g.delimiter)
            if not g.collapse or not _ends_line(data, pos):
                continue
        if pos == size and not final:
            raise Incomplete
        return Match(tuple(cells), _line_end(data, pos, final), pos, odd)


def _line_end(data: bytes, pos: int, final: bool) -> int:
    """Return the position after the line end at ``pos``."""
    if data[pos : pos + 1] != b"\r":
        return min(pos + 1, len(data))
    if pos + 1 == len(data) and not final:
        raise Incomplete
    return pos + 2 if data[pos + 1 : pos + 2] == b"\n" else pos + 1


def _ends_line(data: bytes, pos: int) -> bool:
    return pos == len(data) or data[pos] in b"\r\n"


def _skip_blanks(data: bytes, pos: int) -> int:
    found = _BLANKS.match(data, pos)
    return found.end() if found else pos


def parse_line(data: bytes | bytearray, pos: int) -> tuple[int, int]:
    """Return the end of the physical line at ``pos``, before and after its line end."""
    found = _LINE_END.search(data, pos)
    if found is None:
        return len(data), len(data)
    stop, end = found.span()
    return stop, end + (data[stop] == _CR and data.startswith(b"\n", end))


def count_lines(data: bytes, start: int, end: int) -> int:
    """Count the physical line ends between two positions; CRLF is one."""
    ends = data.count(b"\n", start, end) + data.count(b"\r", start, end)
    return ends - data.count(b"\r\n", start, end) if ends else 0
