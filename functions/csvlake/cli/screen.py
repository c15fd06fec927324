"""Show counts and progress: for a person on a terminal, for a program in a pipe."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

__all__ = ["Telling", "show_table", "telling"]


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: with lines on a terminal, tab-separated elsewhere."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(_line(cell) for cell in row))
        return
    table = Table()
    for number, column in enumerate(columns):
        is_count = bool(rows) and all(isinstance(row[number], int) for row in rows)
        table.add_column(column, justify="right" if is_count else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    Console().print(table)


class Telling:
    """What is being done now."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def say(self, text: str) -> None:
        """Replace the line; shown on a terminal only."""
        self._progress.update(self._task, description=text)


@contextmanager
def telling() -> Iterator[Telling]:
    """Keep a line on the terminal's standard error up to date, and take it away at the end."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Telling(progress)


def _line(cell: object) -> str:
    return str(cell).replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
