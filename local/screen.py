"""Tell a person what goes on: with rich on a terminal, in plain lines elsewhere."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.status import Status
from rich.table import Table


class Screen:
    """Lines, steps and tables on the standard output. One step runs at a time; the next one ends it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._began = self._step_began = time.monotonic()
        self._spinner: Status | None = None
        self._step: str | None = None

    def step(self, text: str) -> None:
        """Say what is being done from now on; on a terminal it spins, and its time is shown when it is over."""
        self.end_step()
        self._step, self._step_began = text, time.monotonic()
        if self._console.is_terminal:
            self._spinner = self._console.status(f"{text} …")
            self._spinner.start()
        else:
            self._console.print(f"[{self._step_began - self._began:6.1f} s] {text}", markup=False, soft_wrap=True)

    def end_step(self) -> None:
        """Say that the step is over, if there is one."""
        if self._spinner:
            self._spinner.stop()
            took = time.monotonic() - self._step_began
            self._console.print(f"[green]✓[/green] {self._step} [dim]{took:.1f} s[/dim]")
        self._spinner = self._step = None

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Write one line as it is."""
        self.end_step()
        self._console.print(text, markup=False, style=style, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Write a table; None is shown as `null`, so that it differs from an empty text."""
        self.end_step()
        shown = [["null" if cell is None else cell for cell in row] for row in rows]
        if self._console.is_terminal:
            table = Table(*columns)
            for row in shown:
                table.add_row(*row)
            self._console.print(table, markup=False)
            return
        for row in [list(columns), *shown]:
            cells = " | ".join(cell.replace("\n", "\\n") for cell in row)
            self._console.print(f"  {cells}", markup=False, soft_wrap=True)
