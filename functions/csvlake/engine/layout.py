"""Say where a file's table is and how its records are written. Plain values, no behaviour."""

from dataclasses import dataclass
from typing import Literal

from csvlake.engine.model import Dialect

__all__ = ["Layout", "Skipped", "SkippedKind"]

SkippedKind = Literal["preamble", "comment", "blank", "footer", "header", "hint"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that is no record. None is dropped without one of these."""

    line: int  # 1-based physical line; below 0, counted from the end of a long file, whose last line is -1
    kind: SkippedKind
    text: bytes  # the line without its end


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
    skipped: tuple[Skipped, ...] = ()
    comment: str | None = None  # prefix of comment lines; such a line is skipped unless it has the table's width

    @property
    def width(self) -> int:
        """Cells that a record should have."""
        return len(self.names)
