"""Find where a table begins and ends among the lines of a file: preamble, comments and footer are not in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from csvlake.engine.header import is_header_like
from csvlake.engine.layout import Skipped, SkippedKind
from csvlake.engine.looks import is_value, look_at
from csvlake.engine.sample import Row
from csvlake.errors import TerminalError

__all__ = ["Extent", "find_extent", "find_hint", "may_be_footer"]

_COMMENTS = ("#", "//", "%", "--", "!")
_PREAMBLE_LINES = 100
_FOOTER_LINES = 30
_PAIRS = 10  # lines of a name and a value that may stand above a table
_FOOTER = re.compile(
    rb"\W*(?:grand total|sub ?total|total|sum|source|note|footnote|data (?:from|source)|end of|copyright|generated"
    rb"|report|\d+ (?:rows?|records?)|rows?:|records?:|last updated|\(\d+ rows?|\*+ *\w)",
    re.IGNORECASE,
)
_TOTAL = re.compile(rb"\W*(?:grand |sub)?totals?\W*", re.IGNORECASE)
_HINT = re.compile(rb'"?sep=([^\w"\'\r\n\x80-\xff])"?', re.IGNORECASE)


@dataclass
class Extent:
    """The rows of the table, header first, and the lines around them."""

    rows: list[Row]
    width: int
    skipped: list[Skipped] = field(default_factory=list)
    comment: str | None = None
    end: int | None = None  # offset of the footer, None when there is none

    def skip(self, rows: Sequence[Row], kind: SkippedKind) -> None:
        """List lines that are no records; blank ones as such."""
        self.skipped.extend(Skipped(row.line, kind if row.filled else "blank", row.raw) for row in rows)

    def drop_footer(self) -> None:
        """Take lines that are no records off the end: blank ones, notes, and totals that no column could hold."""
        rows, width = self.rows, self.width
        end = len(rows)
        while end > 1 and not rows[end - 1].cells:
            end -= 1
        cut, notes = end, end
        for index in range(end - 1, max(1, end - _FOOTER_LINES) - 1, -1):
            row = rows[index]
            if not row.filled:
                continue
            after_blank = not rows[index - 1].filled
            is_only = index == 1 and row.width == width
            if is_only or not (_is_note(row, width, after_blank) or _is_total(row, rows[1:index], width)):
                break
            notes = index
        if notes < end:
            cut = notes
            while cut > 1 and not rows[cut - 1].filled:
                cut -= 1  # what parts records and footer; without a footer, cells that are empty are a record
        if cut < len(rows):
            self.end = rows[cut].start
            self.skip(rows[cut:], "footer")
            self.rows = rows[:cut]


def find_hint(data: bytes) -> tuple[str, bytes] | None:
    """Return the delimiter that a first line such as ``sep=;`` names, and the line."""
    line = re.split(rb"[\r\n]", data[:16], maxsplit=1)[0]
    found = _HINT.fullmatch(line)
    return (found[1].decode(), line) if found else None


def may_be_footer(line: bytes) -> bool:
    """Whether the last line of a file begins as footers do."""
    return _FOOTER.match(line) is not None


def find_extent(rows: Sequence[Row], mode: int, complete: bool, name: str) -> Extent:
    """Find the table in the rows of a file.

    Args:
        rows: all rows that were read, blank ones among them.
        mode: the most frequent width.
        complete: whether they are all there are, so that the footer is among them.
        name: of the file, for messages.

    Raises:
        TerminalError: there are several tables.
    """
    extent = Extent(list(rows), mode)
    comments = _drop_comments(extent)
    start = _find_start(extent.rows, extent.width)
    extent.skip([row for row in comments if extent.rows[start:] and row.line < extent.rows[start].line], "comment")
    extent.skip(extent.rows[:start], "preamble")
    extent.rows = extent.rows[start:]
    if complete:
        extent.drop_footer()
    _refuse_several(extent, name)
    extent.rows = [row for row in extent.rows if row.cells]
    return extent


def _drop_comments(extent: Extent) -> list[Row]:
    """Take comment lines out, when a file has them above or between records that are plainly longer.

    Returns:
        Those behind the first row, which are listed when they are read again, if they are in the table.
    """
    for mark in _COMMENTS:
        prefix = mark.encode()
        found = [row for row in extent.rows if row.raw.lstrip().startswith(prefix)]
        leading = next((row for row in extent.rows if row.cells), None)
        if not found or leading is None or not any(row.width != extent.width for row in found):
            continue
        if leading is not found[0] and len(found) < 2:
            continue
        if extent.width == 1 and (leading is not found[0] or len(found) > len(extent.rows) / 2):
            continue
        drop = {row.start for row in found if row.width != extent.width or extent.width == 1}
        last = next((i for i, row in enumerate(extent.rows) if row.cells and row.start not in drop), len(extent.rows))
        extent.comment = mark if extent.width > 1 else None
        leading_rows = [row for row in extent.rows[:last] if row.start in drop or not row.cells]
        extent.skip(leading_rows, "comment")
        between = [row for row in extent.rows[last:] if extent.width > 1 and row.start in drop]
        extent.rows = [row for row in extent.rows[last:] if extent.width == 1 or row.start not in drop]
        return between
    return []


def _find_start(rows: Sequence[Row], width: int) -> int:
    """Return the index of the table's first row: header or record."""
    filled = [(i, row) for i, row in enumerate(rows) if row.cells][: _PREAMBLE_LINES + 1]
    if not filled:
        return 0
    first = filled[0][0]
    if width < 2:
        return first
    start = next((i for i, row in filled if row.width >= width), None)
    if start is None:
        return first
    if rows[start].width == width and rows[start].filled < max(2, (width + 1) // 2) and width > 2:
        # Padded with delimiters to the table's width: a title above a header that fills its cells.
        better = next((i for i, row in filled if row.width == width and is_header_like(row)), None)
        if better is not None and all(row.filled < max(2, (width + 1) // 2) for i, row in filled if i < better):
            start = better
    before = [(i, row) for i, row in filled if i < start]
    block = [(i, row) for i, row in before if row.filled > 1]
    if not block:
        return start
    last, above = before[-1]
    if above.width > 1 and not is_header_like(rows[start]) and _names_columns(above, rows[start]):
        return last  # a header with fewer names than there are cells
    if above.width > 1 and len(before) == 1 and sum(row.width == width for row in rows) < 2:
        return last
    pairs = width > 3 and len(block) <= _PAIRS and all(row.width == 2 for _, row in block)
    if (len(block) == 1 or pairs) and is_header_like(rows[start]):
        return start
    return block[0][0]  # records of another width, not a preamble


def _names_columns(above: Row, below: Row) -> bool:
    """Whether a shorter row names columns: no value in it, at least as many cells as half of the row below."""
    return above.width * 2 >= below.width and is_header_like(above)


def _is_note(row: Row, width: int, after_blank: bool) -> bool:
    """Whether a row is a note below the table: one text where a record has several cells."""
    if width < 2 or row.filled > 1 or not row.cells[0].strip() or row.width > width:
        return False
    said = bool(_FOOTER.match(row.raw))
    if row.width == width:
        return width > 2 and said
    return said or after_blank or (width > 2 and b" " in row.cells[0].strip() and not is_value(look_at(row.cells[0])))


def _is_total(row: Row, body: Sequence[Row], width: int) -> bool:
    """Whether a row sums up the ones above: ``Total`` where they all have values."""
    if row.width != width or width < 2 or not _TOTAL.fullmatch(row.cells[0].strip()):
        return False
    firsts = [look_at(r.cells[0]) for r in body if r.width == width]
    return len(firsts) >= 2 and all(is_value(look) for look in firsts)


def _refuse_several(extent: Extent, name: str) -> None:
    """Raise when a blank line parts tables of different widths."""
    part: list[Row] = []
    parts = [part]
    for row in extent.rows:
        if row.filled:
            part.append(row)
        elif part:
            part = []
            parts.append(part)
    for earlier, later in pairwise(parts):
        widths = {row.width for row in later}
        if len(later) < 2 or len(widths) > 1 or len(earlier) < 2 or len({row.width for row in earlier}) > 1:
            continue
        if widths != {earlier[-1].width} and later[0].width > 1 and is_header_like(later[0]):
            raise TerminalError(
                "several_tables",
                f"{name} holds several tables: lines {earlier[0].line} to {earlier[-1].line} have {earlier[0].width} "
                f"columns, those from line {later[0].line} on {later[0].width}: upload each table as a file of its own",
            )
