"""Say where a file's table is and how its records are written. Plain values, no behaviour."""

from dataclasses import dataclass

from csvlake.engine.model import Dialect, Skipped, SkippedKind

__all__ = ["Layout", "Skipped", "SkippedKind"]


@dataclass(frozen=True)
class Layout:
    """What the dialect's decision gives: all that a reader of the body needs.

    Offsets are bytes of the decompressed UTF-8 text, after its byte order mark.
    """

    dialect: Dialect
    names: tuple[str, ...]  # raw header texts, or column_1… when there is no header; its length is the table's width
    body_start: int  # first byte after the header
    first_line: int  # physical line number at body_start, 1-based
    body_end: int | None  # first byte of the footer; None: the end of the text
    skipped: tuple[Skipped, ...] = ()  # lines that are no records, as far as they were looked at; without the header's
    comment: str | None = None  # prefix of comment lines; such a line is skipped unless it has the table's width
    header: tuple[Skipped, ...] = ()  # the lines that name the columns

    @property
    def width(self) -> int:
        """Cells that a record should have."""
        return len(self.names)
