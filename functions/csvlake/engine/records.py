"""Read records one by one, exactly and tolerantly: the slow path, for stretches the fast one cannot vouch for."""

from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from csvlake.engine.grammar import Incomplete, compile_grammar, count_lines, parse_line
from csvlake.engine.layout import Layout, Skipped
from csvlake.engine.model import Reject
from csvlake.engine.reading import read_record
from csvlake.engine.transcode import find_invalid, is_utf8
from csvlake.errors import TerminalError

__all__ = [
    "ODD_BYTES",
    "RECORD_BYTES",
    "Record",
    "Records",
    "raise_too_long",
    "read_records",
    "reject_line",
    "reject_record",
]

RECORD_BYTES = 64 << 20  # a longer record is not read
ODD_BYTES = 4 << 20  # an odd record that is longer is not taken apart, which takes many times its bytes


class Record(NamedTuple):
    """One record: its cells' exact text, and where it stands."""

    line: int  # physical line where it starts, 1-based
    offset: int  # of its first byte in the text
    raw: bytes  # without its line end
    cells: tuple[bytes, ...]  # valid UTF-8; as many as it has, not as many as it should have


@dataclass
class Records:
    """What one stretch of bytes holds."""

    records: list[Record] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)  # blank and comment lines
    consumed: int = 0  # bytes of the stretch that were read: it ends at a record's end
    line: int = 1  # physical line number at ``consumed``


def read_records(
    data: bytes, layout: Layout, *, offset: int, line: int, final: bool, limit: int | None = None
) -> Records:
    """Read every record of a stretch that starts at a record's start.

    Args:
        data: the stretch. Unless ``final``, a record that may go on behind it is left: see ``Records.consumed``.
        layout: how records are written, and how many cells they should have.
        offset: of the stretch in the text.
        line: physical line number at its start.
        final: whether the body ends where the stretch does.
        limit: no record is read that starts so many bytes behind the stretch's start; ``None``: all are.

    Raises:
        TerminalError: a record is longer than ``RECORD_BYTES`` and has no line end within it.
    """
    reader = _Reader(data, layout, offset, final, Records(line=line))
    out = reader.out
    stop = len(data) if limit is None else min(limit, len(data))
    while out.consumed < stop:
        try:
            end = reader.read_one(out.consumed)
        except Incomplete:
            if len(data) - out.consumed <= RECORD_BYTES:
                break
            end = reader.reject_line(out.consumed, _describe_long())
        is_line = end == reader.line_end and data[end - 1] in b"\r\n"  # else it is several, or ends with the data
        out.line += 1 if is_line else count_lines(data, out.consumed, end)
        out.consumed = end
    return out


def reject_line(raw: bytes, size: int, offset: int, *, is_odd: bool) -> Records:
    """Return a stretch of one physical line, ``size`` bytes with its end, at which too long a record starts.

    Args:
        raw: the line without its end.
        size: of the line with it.
        offset: of the line in the text.
        is_odd: whether a quote of the record is not in its place.
    """
    odd = f"a quote is out of place or never closes: no record ends within {ODD_BYTES} bytes"
    reason = odd if is_odd else _describe_long()
    return Records(rejects=[Reject(1, offset, reason, raw)], consumed=size, line=2)


def reject_record(raw: bytes, layout: Layout, offset: int) -> Reject:
    """Reject a record that is too long for one that is odd; it is at the first line of its stretch."""
    reason = _find_invalid(raw, layout) or _describe_odd(layout)
    return Reject(1, offset, reason, raw)


def _describe_long() -> str:
    return f"record longer than {RECORD_BYTES} bytes"


def _describe_odd(layout: Layout) -> str:
    return f"not {layout.width} cells, in a record longer than {ODD_BYTES} bytes"


def _find_invalid(raw: bytes, layout: Layout) -> str | None:
    found = find_invalid(raw)
    return found and f"byte {found[0] + 1} of the record is not {layout.dialect.encoding}: {found[1]}"


def raise_too_long(offset: int) -> NoReturn:
    """Raise ``TerminalError``: no line ends for so long that this is no table."""
    raise TerminalError("record_too_long", f"the record at byte {offset} is longer than {RECORD_BYTES} bytes")


class _Reader:
    """A stretch and what was read of it."""

    def __init__(self, data: bytes, layout: Layout, offset: int, final: bool, out: Records) -> None:
        dialect = layout.dialect
        self.data = data
        self.out = out
        self.line_end = 0  # behind the physical line at which the last record starts
        self._grammar = compile_grammar(dialect.delimiter, dialect.quote, dialect.escape)
        self._layout = layout
        self._width = layout.width
        self._offset = offset
        self._final = final
        self._comment = layout.comment.encode() if layout.comment else None
        self._is_valid = is_utf8(data, final=final)

    def read_one(self, pos: int) -> int:
        """Read the record at ``pos`` and return where the next one starts."""
        data, out = self.data, self.out
        line = parse_line(data, pos)
        stop, self.line_end = line
        if stop == pos and self._width > 1:
            if self.line_end == len(data) and not self._final and data[pos:] == b"\r":
                raise Incomplete
            return self.line_end  # an empty line is no record of a table with several columns
        match = read_record(data, pos, line, self._grammar, self._width, self._final)
        if match is None:
            return self.reject_line(pos, "a quote opens in this line and never closes")
        cells, end, content_end, _ = match
        raw = data[pos:content_end]
        if self._comment and len(cells) != self._width and raw.lstrip(b" ").startswith(self._comment):
            out.skipped.append(Skipped(out.line, "comment", raw))
        elif len(raw) > RECORD_BYTES:
            out.rejects.append(Reject(out.line, self._offset + pos, _describe_long(), raw))
        elif not self._is_valid and (reason := _find_invalid(raw, self._layout)):
            out.rejects.append(Reject(out.line, self._offset + pos, reason, raw))
        elif len(raw) > ODD_BYTES and len(cells) != self._width:
            out.rejects.append(Reject(out.line, self._offset + pos, _describe_odd(self._layout), raw))
        else:
            out.records.append(Record(out.line, self._offset + pos, raw, cells))
        return end

    def reject_line(self, pos: int, reason: str) -> int:
        """Reject the physical line at ``pos``; reading goes on with the next one."""
        stop, end = parse_line(self.data, pos)
        if stop == len(self.data) and not self._final:
            raise_too_long(self._offset + pos)
        self.out.rejects.append(Reject(self.out.line, self._offset + pos, reason, self.data[pos:stop]))
        return end
