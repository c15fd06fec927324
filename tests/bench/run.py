"""The benchmark: ``python -m tests.bench.run [--quick]``, or ``make bench``.

Every engine converts every table as a whole process, all engines in turn, round after round, so that what else the
machine does falls on all of them. Figures are medians; a ratio is the median of the rounds' own ratios to polars.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from tests.bench.machine import describe_machine, read_busy_seconds, used_here_s
from tests.bench.make_data import TABLES, table_path
from tests.bench.measure import ENGINES, Outcome, measure
from tests.bench.report import Result, describe_table, write_document

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what data is absent, run, print, and write the document if the run is a full one.

    Returns:
        0, or 1 when an engine failed on a table or row counts differ.
    """
    asked = _parse(arguments)
    folder = asked.data / f"scale-{asked.scale:g}"
    command = [sys.executable, "-m", "tests.bench.make_data", str(folder), str(asked.scale), *asked.tables]
    subprocess.run(command, cwd=_ROOT, check=True)
    machine, began, busy, used = describe_machine(), time.monotonic(), read_busy_seconds(), used_here_s()
    results = [_run_table(table, folder, asked.engines, asked.rounds) for table in asked.tables]
    machine.foreign_cpu_share = max(0.0, (read_busy_seconds() - busy) - (used_here_s() - used)) / (
        (time.monotonic() - began) * machine.cores
    )
    print(f"\nOther programs used {machine.foreign_cpu_share:.0%} of the machine's CPU time meanwhile.")
    if asked.document:
        write_document(asked.document, results, machine, asked.scale, asked.rounds)
        print(f"written: {asked.document}")
    return 1 if any(result.trouble() for result in results) else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the data, one round, no document")
    parser.add_argument("--scale", type=float, help="1 is 766 MB of lineitem, 200 MB of text, of wide (default: 1)")
    parser.add_argument("--rounds", type=int, help="default: 3, and 1 for --quick")
    parser.add_argument("--tables", type=_names(TABLES), default=list(TABLES), help=f"of {','.join(TABLES)}")
    parser.add_argument("--engines", type=_names(ENGINES), default=list(ENGINES), help=f"of {','.join(ENGINES)}")
    parser.add_argument("--data", type=Path, default=_ROOT / "bench-data", help="where the data is made and kept")
    parser.add_argument("--document", type=Path, help="the file to write (default: docs/bench.md for a whole run)")
    asked = parser.parse_args(arguments)
    asked.data = asked.data.resolve()
    asked.scale = asked.scale or (0.01 if asked.quick else 1.0)
    asked.rounds = asked.rounds or (1 if asked.quick else 3)
    whole = asked.scale == 1 and asked.rounds >= 3 and (asked.tables, asked.engines) == (list(TABLES), list(ENGINES))
    asked.document = asked.document or (_ROOT / "docs" / "bench.md" if whole else None)
    return asked


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
        return names

    return parse


def _run_table(table: str, folder: Path, engines: Sequence[str], rounds: int) -> Result:
    source = table_path(folder, table)
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    size = sum(_warm(path) for path in files)
    result = Result(table, size, len(files), {engine: Outcome() for engine in engines})
    print(f"\n{table}: {size / 1e6:,.1f} MB in {len(files):,} file{'s' if len(files) > 1 else ''}", flush=True)
    for number in range(rounds):
        first = number % len(engines)
        for engine in [*engines[first:], *engines[:first]]:
            outcome = result.outcomes[engine]
            if outcome.failure:
                continue
            measure(engine, source, folder / "scratch", outcome)
            said = outcome.failure or f"{outcome.runs[-1].wall_s:7.2f} s"
            print(f"  round {number + 1} of {rounds}  {engine:8}  {said}", flush=True)
    print("\n" + describe_table(result))
    return result


def _warm(path: Path) -> int:
    """Read a file, so that every engine finds it in the page cache; return its size."""
    size = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(1 << 20):
            size += len(block)
    return size


if __name__ == "__main__":
    sys.exit(main())
