"""Read records one by one, exactly and tolerantly: the slow path, for stretches the fast one cannot vouch for."""

from dataclasses import dataclass, field

from csvlake.engine.grammar import Grammar, Incomplete, compile_grammar, count_lines, parse_line
from csvlake.engine.layout import Layout, Skipped
from csvlake.engine.model import Reject
from csvlake.engine.reading import read_record
from csvlake.errors import TerminalError

__all__ = ["RECORD_BYTES", "Record", "Records", "read_records"]

RECORD_BYTES = 64 << 20  # a longer record is not read


@dataclass(frozen=True, slots=True)
class Record:
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
    dialect = layout.dialect
    g = compile_grammar(dialect.delimiter, dialect.quote, dialect.escape)
    out = Records(line=line)
    pos = 0
    stop = len(data) if limit is None else min(limit, len(data))
    while pos < stop:
        try:
            end = _read_one(data, pos, g, layout, offset, final, out)
        except Incomplete:
            if len(data) - pos <= RECORD_BYTES:
                break
            end = _reject_line(data, pos, offset, final, out, f"record longer than {RECORD_BYTES} bytes")
        out.line += count_lines(data, pos, end)
        pos = end
    out.consumed = pos
    return out


def _read_one(data: bytes, pos: int, g: Grammar, layout: Layout, offset: int, final: bool, out: Records) -> int:
    """Read the record at ``pos`` into ``out`` and return where the next one starts."""
    stop, end = parse_line(data, pos)
    if stop == pos and layout.width > 1:
        if end == len(data) and not final and data[pos:end] == b"\r":
            raise Incomplete
        return end  # an empty line is no record of a table with several columns
    match = read_record(data, pos, g, layout.width, final)
    if match is None:
        return _reject_line(data, pos, offset, final, out, "a quote opens in this line and never closes")
    raw = data[pos : match.content_end]
    if len(match.cells) != layout.width and layout.comment and raw.lstrip(b" ").startswith(layout.comment.encode()):
        out.skipped.append(Skipped(out.line, "comment", raw))
        return match.end
    if len(raw) > RECORD_BYTES:
        out.rejects.append(Reject(out.line, offset + pos, f"record longer than {RECORD_BYTES} bytes", raw))
        return match.end
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} of the record is not {layout.dialect.encoding}: {error.reason}"
        out.rejects.append(Reject(out.line, offset + pos, reason, raw))
        return match.end
    out.records.append(Record(out.line, offset + pos, raw, match.cells))
    return match.end


def _reject_line(data: bytes, pos: int, offset: int, final: bool, out: Records, reason: str) -> int:
    """Reject the physical line at ``pos``; reading goes on with the next one."""
    stop, end = parse_line(data, pos)
    if stop == len(data) and not final:
        raise TerminalError(
            "record_too_long",
            f"the record at line {out.line}, byte {offset + pos}, is longer than {RECORD_BYTES} bytes",
        )
    out.rejects.append(Reject(out.line, offset + pos, reason, data[pos:stop]))
    return end
