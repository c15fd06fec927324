"""Count what became of records, batch by batch, and say it in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from csvlake.engine.blocks import Block
from csvlake.engine.fields import Fields
from csvlake.engine.layout import Layout
from csvlake.engine.misfits import Misfit
from csvlake.engine.model import RESCUED_COLUMN, Column, OnMisfit, Reject, Report, Skipped
from csvlake.engine.rejects import Rejects
from csvlake.engine.store import Stored
from csvlake.errors import TransientError

__all__ = ["Tally"]

_MOST_LISTED = 1000  # comments between records: a file may consist of them
_OUTCOMES = {
    "rescue": f"kept in {RESCUED_COLUMN}",
    "widen": f"kept in {RESCUED_COLUMN}",
    "reject_record": "their records are rejected",
}


@dataclass
class Tally:
    """Counts of a stretch of text, and of those behind it once they are joined to it."""

    records: int = 0
    read: int = 0  # rows before misfits reject some
    rows: int = 0
    rescued: int = 0
    lines: int = 0
    blank: int = 0
    comments: int = 0
    listed: list[Skipped] = field(default_factory=list)  # the first of the comments
    ragged: int = 0
    first_ragged: tuple[int, int] = (0, 0)  # its row, from 1, and its cells
    rejects: Rejects = field(default_factory=Rejects)
    misfits: dict[tuple[str, bool], Misfit] = field(default_factory=dict)

    def add(self, stored: Stored, block: Block) -> None:
        """Count a block that follows what was counted; its lines were numbered from 1."""
        if len(block.ragged) and not self.ragged:
            self.first_ragged = (self.read + int(block.ragged.rows[0]) + 1, int(block.ragged.cells[0]))
        self.ragged += len(block.ragged)
        self.read += block.rows
        self.records += stored.records
        self.rows += stored.rows
        if stored.rescued is not None:
            self.rescued += stored.rows - stored.rescued.null_count
        self.rejects.add(stored.rejects, self.lines)
        self._list(block.comments, self.lines)
        self.lines += block.lines
        self.blank += block.blank
        self.comments += len(block.comments)
        for misfit in stored.misfits:
            self._add_misfit(misfit)

    def join(self, other: "Tally") -> None:
        """Count what was counted of the stretch that follows."""
        if other.ragged and not self.ragged:
            row, cells = other.first_ragged
            self.first_ragged = (self.read + row, cells)
        self.rejects.add(other.rejects, self.lines)
        self._list(other.listed, self.lines)
        for name in ("records", "read", "rows", "rescued", "lines", "blank", "comments", "ragged"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for misfit in other.misfits.values():
            self._add_misfit(misfit)

    def _list(self, comments: Sequence[Skipped], lines: int) -> None:
        first = comments[: _MOST_LISTED - len(self.listed)]
        self.listed += (comment.behind(lines) for comment in first)

    def _add_misfit(self, misfit: Misfit) -> None:
        new = replace(misfit, count=0)
        known = self.misfits.setdefault((misfit.column.name, misfit.is_empty), new)
        known.count += misfit.count

    def report(self, layout: Layout, schema: Sequence[Column], fields: Fields, widened: Sequence[str]) -> Report:
        """Return the report of a whole file.

        Raises:
            TransientError: the records that were counted are not those that were written or rejected.
        """
        if self.records != self.rows + len(self.rejects):
            raise TransientError(
                f"{self.records} records were counted, {self.rows} rows made and {len(self.rejects)} records "
                "rejected: these do not add up, so nothing is written"
            )
        columns = tuple(schema) + ((Column(RESCUED_COLUMN, "string"),) if self.rescued else ())
        rejects = self.rejects.finish(layout.first_line - 1)
        problems = [*fields.problems, *widened, *self._describe(layout, schema, fields.on_misfit, rejects)]
        return Report(
            layout.dialect,
            columns,
            self.records,
            self.rows,
            len(rejects),
            self.rescued,
            rejects,
            problems,
            tuple(self._place(layout)),
        )

    def _place(self, layout: Layout) -> list[Skipped]:
        """Return the lines that are no records, those that were counted from the end of the file in their places."""
        before = layout.first_line - 1
        comments = (comment.behind(before) for comment in self.listed)
        skipped = [*layout.header, *layout.skipped, *comments]
        end = layout.first_line + self.lines - min(0, *(line.line for line in skipped), 0)
        placed = [line.behind(end) if line.line < 0 else line for line in skipped]
        return sorted(placed, key=lambda line: line.line)

    def _describe(
        self, layout: Layout, schema: Sequence[Column], on_misfit: OnMisfit, rejects: Sequence[Reject]
    ) -> list[str]:
        names = {column.name: place for place, column in enumerate(schema)}
        misfits = sorted(self.misfits.values(), key=lambda misfit: (names[misfit.column.name], misfit.is_empty))
        problems = [f"{misfit.describe()}: {_OUTCOMES[on_misfit]}; {misfit.describe_remedy()}" for misfit in misfits]
        if self.ragged:
            row, cells = self.first_ragged
            problems.append(
                f"{self.ragged} records have not {layout.width} cells, the first is row {row} with {cells}: "
                f"kept in {RESCUED_COLUMN}"
            )
        if self.blank:
            problems.append(f"{self.blank} blank lines between records are no rows")
        if self.comments:
            problems.append(f"{self.comments} comment lines are no rows")
        if rejects:
            first = rejects[0]
            problems.append(f"{len(rejects)} records were rejected, the first at line {first.line}: {first.reason}")
        return problems
