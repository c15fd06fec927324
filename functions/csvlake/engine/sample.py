"""Read the first records of a text in a way that is only being tried."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from csvlake.engine.grammar import Grammar, Incomplete, count_lines, parse_line, parse_record
from csvlake.engine.reading import read_record

__all__ = ["TRIAL_ROWS", "Row", "Trial", "read_rows"]


TRIAL_ROWS = 1000
_LONG_BYTES = 256 << 10  # a quote that is not closed within so much of a sample never closes


class Row(NamedTuple):
    """One record, or blank line, of a trial."""

    line: int
    start: int
    end: int  # after its line end
    cells: tuple[bytes, ...]  # none for a blank line
    raw: bytes
    odd: bool = False

    @property
    def width(self) -> int:
        """Number of cells."""
        return len(self.cells)

    @property
    def is_comment(self) -> bool:
        """Whether it looks like a comment; it may be a record all the same."""
        return self.raw.lstrip(b" ")[:1] == b"#"

    @property
    def filled(self) -> int:
        """Number of cells that are not empty."""
        return sum(bool(cell.strip()) for cell in self.cells)


@dataclass
class Trial:
    """The rows that one grammar finds."""

    grammar: Grammar
    rows: list[Row] = field(default_factory=list)  # blank lines among them
    broken: int = 0  # quotes that never close
    complete: bool = False  # the rows go to the end of the text

    def __post_init__(self) -> None:
        self._widths: Counter[int] | None = None

    @property
    def widths(self) -> Counter[int]:
        """How many rows have how many cells; blank lines and, where others have another width, comments left out."""
        if self._widths is None:
            plain = Counter(row.width for row in self.rows if row.cells and not row.is_comment)
            mode = max(plain, key=lambda w: (plain[w], w), default=0)
            remarks = [row.width for row in self.rows if row.is_comment]
            self._widths = plain + Counter(w for w in remarks if w == mode or not plain)
        return self._widths

    @property
    def mode(self) -> int:
        """The most frequent width; of equals, the larger."""
        return max(self.widths.items(), key=lambda item: (item[1], item[0]))[0] if self.widths else 0

    @property
    def agreement(self) -> float:
        """Share of the rows that have the most frequent width."""
        total = self.widths.total() + self.broken
        return self.widths[self.mode] / total if total else 0.0

    @property
    def oddity(self) -> float:
        """Share of the rows with quotes where they should not be."""
        total = self.widths.total() + self.broken
        return (sum(row.odd for row in self.rows) + self.broken) / total if total else 0.0


def read_rows(data: bytes, grammar: Grammar, final: bool, limit: int) -> Trial:
    """Read up to ``limit`` records; a record that is cut off at the end of a sample is left out."""
    trial = Trial(grammar)
    pos = 0
    line = 1
    while pos < len(data) and len(trial.rows) < limit:
        stop, end = parse_line(data, pos)
        if stop == pos:
            trial.rows.append(Row(line, pos, end, (), b""))
        else:
            try:
                match = read_record(data, pos, (stop, end), grammar, None, final)
            except Incomplete:
                if len(data) - pos < _LONG_BYTES:
                    break
                match = None
            if match is None:
                trial.broken += 1
                match = parse_record(data, pos, grammar, final or stop < len(data), literal_all=True)
            end = match.end
            trial.rows.append(Row(line, pos, end, match.cells, data[pos : match.content_end], match.odd))
        line += count_lines(data, pos, end)
        pos = end
    trial.complete = final and pos >= len(data)
    return trial
