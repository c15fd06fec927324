"""Run whole processes and say what they took: wall time, CPU time, peak memory, and what they wrote."""

import json
import shutil
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pyarrow.types as pt

__all__ = ["ENGINES", "Outcome", "Run", "measure"]

ENGINES = {
    "csvlake": "tests.bench.engines.csvlake_files",
    "polars": "tests.bench.engines.polars_sink",
    "duckdb": "tests.bench.engines.duckdb_copy",
    "pandas": "tests.bench.engines.pandas_frame",
    "pyarrow": "tests.bench.engines.pyarrow_stream",
}
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One process: seconds, seconds of user and system time, megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output_mb: float


@dataclass
class Outcome:
    """All runs of one engine on one table; of a failed run only the last line of its complaint is kept."""

    runs: list[Run] = field(default_factory=list)
    row_count: int = 0
    types: str = ""
    failure: str = ""

    def median(self, figure: str) -> float:
        """Return the median of one of ``Run``'s figures."""
        return float(statistics.median(getattr(run, figure) for run in self.runs))


def measure(engine: str, source: Path, scratch: Path, outcome: Outcome) -> None:
    """Convert ``source``, a file or a folder of files, in a new process, and add what it took to ``outcome``."""
    goal = scratch / "out" if source.is_dir() else scratch / "out.parquet"
    shutil.rmtree(scratch, ignore_errors=True)
    (goal if source.is_dir() else scratch).mkdir(parents=True)
    spawn = [sys.executable, "-S", "-E", str(Path(__file__).with_name("spawn.py"))]
    ended = subprocess.run([*spawn, *_command(engine, source, goal)], cwd=_ROOT, capture_output=True, check=False)
    told = ended.stderr.decode(errors="replace").strip().splitlines()
    if ended.returncode:
        raise RuntimeError(told[-1])
    figures = json.loads(ended.stdout)
    if figures["exit_code"]:
        outcome.failure = told[-1][:200] if told else f"exit code {figures['exit_code']}"
        return
    written = sorted(goal.iterdir()) if source.is_dir() else [goal]
    output_mb = sum(path.stat().st_size for path in written) / 1e6
    outcome.runs.append(Run(figures["wall_s"], figures["cpu_s"], figures["peak_bytes"] / 1e6, output_mb))
    outcome.row_count = sum(pq.read_metadata(path).num_rows for path in written)
    outcome.types = outcome.types or _describe_types(written)
    shutil.rmtree(scratch)


def _command(engine: str, source: Path, goal: Path) -> Sequence[str]:
    if engine == "csvlake" and not source.is_dir():
        return [sys.executable, "-m", "csvlake", "convert", str(source), str(goal)]
    return [sys.executable, "-m", ENGINES[engine], str(source), str(goal)]


def _describe_types(written: Sequence[Path]) -> str:
    """Count the columns of each kind in the first file: what an engine's speed has paid for, or has not."""
    kinds = Counter(_kind(column.type) for column in pq.read_schema(written[0]))
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _kind(kind: object) -> str:
    names = {
        "decimal": pt.is_decimal,
        "integer": pt.is_integer,
        "double": pt.is_floating,
        "date": pt.is_date,
        "timestamp": pt.is_timestamp,
        "time": pt.is_time,
        "boolean": pt.is_boolean,
    }
    return next((name for name, fits in names.items() if fits(kind)), "text")
