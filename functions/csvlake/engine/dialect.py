"""Decide how a file was written: delimiter, quotes, header, and where its table begins and ends."""

import csv
from collections import Counter
from dataclasses import replace
from itertools import islice

from csvlake.engine.choice import ENDS, Choice, Given
from csvlake.engine.counting import choose_plainly
from csvlake.engine.extent import Extent, find_extent, find_hint, may_be_footer
from csvlake.engine.grammar import Grammar, compile_grammar
from csvlake.engine.header import Header, decide_header
from csvlake.engine.layout import Layout, Skipped
from csvlake.engine.model import ConvertOptions, Dialect
from csvlake.engine.sample import Row, Trial, read_rows
from csvlake.engine.text import TextBytes
from csvlake.engine.trying import choose_delimiter
from csvlake.errors import TerminalError

__all__ = ["Layout", "Skipped", "decide"]

SAMPLE_BYTES = 1 << 20
TAIL_BYTES = 64 << 10
MAX_COLUMNS = 20_000
_HEADER_ROWS = 40  # enough to decide on a header
_ROWS = 20_000
_SURE = 0.9  # share of the tail's lines that have the table's width


def decide(text: TextBytes, options: ConvertOptions) -> Layout:
    """Decide how a text was written, from its first ``SAMPLE_BYTES`` and its end; what the options say wins.

    Returns:
        The layout, with its evidence in sentences for a person and every line that is no record listed.

    Raises:
        TerminalError: there is no text, or the evidence does not decide; the message names the option that would.
    """
    data = text.read_range(0, SAMPLE_BYTES)
    final = text.size is not None and len(data) == text.size
    name = text.source.name
    if not data.strip(b" \t\r\n\0"):
        raise TerminalError("empty_file", f"{name} holds no text")
    skip, hints, hinted = _read_hint(data)
    sample = _whole_lines(data[skip:], final, name)
    given = Given(options.delimiter or hinted, options.quote, options.escape)
    given.check()
    choice = choose_plainly(sample, final, given) or choose_delimiter(sample, final, given, name)
    if choice.uniform and final and may_be_footer(sample.rstrip(b"\r\n").rpartition(b"\n")[2].rpartition(b"\r")[2]):
        choice = replace(choice, uniform=False)
    trial = _read(sample, final, choice)
    extent = _find(trial, choice, final, name)
    if not extent.rows:
        raise TerminalError("empty_file", f"{name} holds no records: comments and blank lines only")
    if not final and text.size is not None:
        _find_footer(text, extent, trial.grammar, skip)
    header = decide_header(extent.rows[:_HEADER_ROWS], extent.width, options.header)
    names = _fit_names(header, extent)
    if len(names) > MAX_COLUMNS:
        raise TerminalError("too_many_columns", f"{name} has {len(names)} columns; at most {MAX_COLUMNS} are read")
    top = extent.rows[header.rows - 1] if header.rows else extent.rows[0]
    moved = len(hints)
    skipped = (*hints, *(Skipped(s.line + moved * (s.line > 0), s.kind, s.text) for s in extent.skipped))
    return Layout(
        dialect=_describe(text, choice, header, skipped, top.line + moved, _line_end(sample)),
        names=names,
        body_start=skip + (top.end if header.rows else top.start),
        first_line=moved + (_line_after(sample, top) if header.rows else top.line),
        body_end=None if extent.end is None else extent.end + skip,
        header=tuple(Skipped(row.line + moved, "header", row.raw) for row in extent.rows[: header.rows]),
        skipped=skipped,
        comment=extent.comment,
    )


def _describe(
    text: TextBytes, choice: Choice, header: Header, skipped: tuple[Skipped, ...], top_line: int, line_end: str
) -> Dialect:
    return Dialect(
        delimiter=choice.delimiter,
        quote=choice.quote,
        escape=choice.escape,
        encoding=text.encoding,
        compression=text.compression,
        has_header=bool(header.rows),
        skipped_lines=sum(0 < s.line < top_line for s in skipped),
        line_end=line_end,
        evidence=(*text.evidence, *choice.evidence, *header.evidence, *_tell(skipped)),
    )


def _find_footer(text: TextBytes, extent: Extent, grammar: Grammar, skip: int) -> None:
    """Look for a footer at the end of a text that is longer than its sample."""
    assert text.size is not None  # noqa: S101 - the caller looked
    offset = max(text.size - TAIL_BYTES, SAMPLE_BYTES)
    tail = text.read_range(offset, TAIL_BYTES)
    found = ENDS.search(tail)
    if found is None:
        return
    rows = read_rows(tail[found.end() :], grammar, True, TAIL_BYTES)
    if rows.mode != extent.width or rows.agreement < _SURE or rows.oddity:
        return  # the tail begins inside quotes, or is odd: its lines are read as records
    end = Extent(rows.rows, extent.width)
    end.drop_footer()
    if end.end is not None:
        last = rows.rows[-1].line + 1
        extent.end = offset + found.end() + end.end - skip
        extent.skipped += [Skipped(s.line - last, s.kind, s.text) for s in end.skipped]


def _read_hint(data: bytes) -> tuple[int, tuple[Skipped, ...], str | None]:
    """Return the bytes of a separator hint line, its listing, and the delimiter it names."""
    hint = find_hint(data)
    if hint is None:
        return 0, (), None
    delimiter, line = hint
    found = ENDS.match(data, len(line))
    return (found.end() if found else len(line)), (Skipped(1, "hint", line),), delimiter


def _whole_lines(data: bytes, final: bool, name: str) -> bytes:
    """Cut a sample behind its last line end."""
    if final:
        return data
    end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
    if not end:
        raise TerminalError("header_too_long", f"the first line of {name} is longer than {SAMPLE_BYTES} bytes")
    return data[:end]


def _read(sample: bytes, final: bool, choice: Choice) -> Trial:
    grammar = compile_grammar(choice.delimiter, choice.quote, choice.escape)
    if not choice.uniform:
        return read_rows(sample, grammar, final, _ROWS)
    rows = _read_uniform(sample, choice)
    return read_rows(sample, grammar, final, _HEADER_ROWS) if rows is None else Trial(grammar, rows)


def _read_uniform(sample: bytes, choice: Choice) -> list[Row] | None:
    """Read the first records of a text all of whose quotes are in their places, which Python's csv reads as we do.

    None for what it does not take: a cell of more than 128 KiB, a delimiter that is not ASCII, the end within quotes.
    """
    if not choice.delimiter.isascii():
        return None
    lines = sample.splitlines(keepends=True)
    texts = (line.decode("latin-1") for line in lines)
    reader = csv.reader(texts, delimiter=choice.delimiter, quotechar=choice.quote, strict=True)
    rows: list[Row] = []
    pos = before = 0
    try:
        for cells in islice(reader, _HEADER_ROWS):
            raw = lines[before] if reader.line_num == before + 1 else b"".join(lines[before : reader.line_num])
            end = pos + len(raw)
            encoded = tuple([cell.encode("latin-1") for cell in cells])
            rows.append(Row(before + 1, pos, end, encoded, raw.rstrip(b"\r\n")))
            pos, before = end, reader.line_num
    except csv.Error:
        return None
    return rows


def _find(trial: Trial, choice: Choice, final: bool, name: str) -> Extent:
    """Find the table; where every line is a record there is nothing to look for."""
    if not trial.rows:
        raise TerminalError("undecided_quote", f"the first record of {name} has no end: set quote=")
    first = trial.rows[0]
    if choice.uniform and first.filled * 2 > first.width and not first.raw.startswith(b"#"):
        return Extent([row for row in trial.rows if row.cells], first.width)
    return find_extent(trial.rows, trial.mode, final and trial.complete, name)


def _fit_names(header: Header, extent: Extent) -> tuple[str, ...]:
    """Make as many names as the table has columns."""
    names, width = header.names, extent.width
    if header.rows == 0 or len(names) == width:
        return names
    body = [row for row in extent.rows[1:] if row.width == width]
    if len(names) == width + 1 and not names[-1].strip():
        return names[:-1]  # the header alone ends with a delimiter
    if len(names) > width:
        return names
    if len(names) == width - 1 and not all(not row.cells[-1] for row in body) and _are_row_names(body):
        return ("", *names)
    return names + ("",) * (width - len(names))


def _are_row_names(body: list[Row]) -> bool:
    """Whether the first cells only number or name the rows, as R writes them under a header that leaves them out."""
    firsts = [row.cells[0] for row in body]
    return len(set(firsts)) == len(firsts) and firsts[0] in {b"0", b"1"} and all(cell.isdigit() for cell in firsts)


def _line_after(sample: bytes, row: Row) -> int:
    return row.line + len(ENDS.findall(sample, row.start, row.end))


def _line_end(sample: bytes) -> str:
    pairs = sample.count(b"\r\n")
    counts = {"\r\n": pairs, "\n": sample.count(b"\n") - pairs, "\r": sample.count(b"\r") - pairs}
    ends = [end for end, count in counts.items() if count]
    return "mixed" if len(ends) > 1 else ends[0] if ends else "\n"


def _tell(skipped: tuple[Skipped, ...]) -> tuple[str, ...]:
    """Say which lines are no records."""
    kinds = Counter(s.kind for s in skipped)
    return tuple(
        f"{count} {kind} line{'s' if count > 1 else ''} skipped, the first is line "
        f"{next(s.line for s in skipped if s.kind == kind)}"
        for kind, count in kinds.items()
    )
