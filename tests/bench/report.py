"""Tables and sentences from the figures: what is printed after each table, and docs/bench.md."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.machine import Machine
from tests.bench.measure import Outcome

__all__ = ["Result", "describe_table", "write_document"]

_PEER = "polars"
_TITLES = {
    "lineitem": "TPC-H lineitem",
    "text": "Long text with quoted newlines",
    "wide": "300 columns of numbers and dates",
    "small": "Small files, all in one process",
}
_BOUNDS = {"lineitem": 0.95, "text": 0.85, "wide": 1.1}  # what csvlake wants of wall and CPU time, as ratios
_WORSE = {
    "wall_s": "slower",
    "cpu_s": "more CPU time",
    "peak_mb": "more memory",
    "output_mb": "larger output",
}
_PEAK_MB = 315  # 300 MiB, for the whole process
_SMALL_FILES_PER_S = 400

_METHOD = """\
Each figure is of a whole process, from its start to its end, imports included. The engines take turns, round after
round; input lies in the page cache, output goes to the same disk. Times and peaks (`wait4`) are medians; a ratio is the
median of the rounds' own ratios to polars: less than 1 is better. MB are millions of bytes.

csvlake runs `csvlake convert` with no option: it finds out the dialect, proves every type for every value, and reports.
polars: `scan_csv(try_parse_dates=True)` to `sink_parquet(zstd)`. DuckDB: `COPY` with zstd. pandas: `read_csv` to
`to_parquet(zstd)`. pyarrow: `open_csv` with newlines in cells allowed, to `ParquetWriter(zstd)`. The others are not
tuned either, and their types are what they guess: the last column tells."""


@dataclass(frozen=True)
class Result:
    """One table's figures, by engine."""

    table: str
    source_bytes: int
    file_count: int
    outcomes: Mapping[str, Outcome]

    def ratio(self, engine: str, figure: str) -> float | None:
        """Return the median of the rounds' ratios to polars, None where one of the two has no figures."""
        ours, theirs = self.outcomes[engine], self.outcomes.get(_PEER, Outcome())
        if ours.failure or theirs.failure or not theirs.runs or not ours.runs:
            return None
        pairs = zip(ours.runs, theirs.runs, strict=True)
        return float(statistics.median(getattr(one, figure) / getattr(other, figure) for one, other in pairs))

    def trouble(self) -> list[str]:
        """Return a sentence for each engine that failed, and one if the row counts differ."""
        told = [f"{engine} failed: {outcome.failure}" for engine, outcome in self.outcomes.items() if outcome.failure]
        counts = {engine: outcome.row_count for engine, outcome in self.outcomes.items() if outcome.runs}
        if len(set(counts.values())) > 1:
            told.append("row counts differ: " + ", ".join(f"{engine} {count:,}" for engine, count in counts.items()))
        return told


def describe_table(result: Result) -> str:
    """Return a Markdown table of one table's figures, fit for a terminal too, and what went wrong below it."""
    small = result.file_count > 1
    head = ["engine", "wall s", "from - to", "CPU s", "peak MB", "output MB", "wall ratio", "CPU ratio", "types"]
    rows = [head if not small else [*head[:1], "files/s", *head[1:]]]
    for engine, outcome in result.outcomes.items():
        if not outcome.runs or outcome.failure:
            rows.append([engine, "failed", *[""] * (len(rows[0]) - 2)])
            continue
        walls = [run.wall_s for run in outcome.runs]
        row = [
            engine,
            f"{outcome.median('wall_s'):.2f}",
            f"{min(walls):.2f} - {max(walls):.2f}",
            f"{outcome.median('cpu_s'):.2f}",
            f"{outcome.median('peak_mb'):,.0f}",
            f"{outcome.median('output_mb'):,.1f}",
            _times(result.ratio(engine, "wall_s")),
            _times(result.ratio(engine, "cpu_s")),
            outcome.types,
        ]
        rows.append([row[0], f"{result.file_count / outcome.median('wall_s'):,.0f}", *row[1:]] if small else row)
    counted = {outcome.row_count for outcome in result.outcomes.values() if outcome.runs}
    agreed = [f"All read {counted.pop():,} rows."] if len(counted) == 1 and not result.trouble() else []
    return "\n".join([*_align(rows), "", *(agreed or result.trouble())])


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = {0, len(rows[0]) - 1}
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = "|".join("-" * (width + 1) + ("-" if column in texts else ":") for column, width in enumerate(widths))
    return [lines[0], f"|{rule}|", *lines[1:]]


def write_document(path: Path, results: Sequence[Result], machine: Machine, scale: float, rounds: int) -> None:
    """Write the figures, what they were measured on, and where csvlake is behind."""
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    facts = [
        f"{machine.cores} cores ({machine.cpu}), {machine.memory_gb:.0f} GB of memory; {machine.system}",
        f"csvlake at commit {machine.revision}; {versions}",
        f"{machine.date}, scale {scale:g}, {rounds} rounds",
        _describe_load(machine),
    ]
    parts = [
        "# How fast, next to what",
        "Written by `make bench`; do not edit. Run it on your own machine: ratios move with the hardware.",
        "## Machine",
        _list(facts),
        "## How it is measured",
        _METHOD,
        *(part for result in results for part in (_title(result), describe_table(result))),
        "## Where csvlake is behind",
        _list(_remarks(results) or ["Nowhere in this run."]),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _describe_load(machine: Machine) -> str:
    share = f"other programs used {machine.foreign_cpu_share:.0%} of the CPU time during the run"
    if machine.foreign_cpu_share < 0.05:
        return f"The machine was quiet: {share}."
    return (
        f"**The machine was not quiet**: load {machine.load:.1f} before the run, and {share}. Wall times are too high "
        "for everyone, most for those with two busy threads; CPU times and peaks suffer less."
    )


def _title(result: Result) -> str:
    many = f" in {result.file_count:,} files" if result.file_count > 1 else ""
    return f"## {_TITLES[result.table]} ({result.source_bytes / 1e6:,.0f} MB{many})"


def _remarks(results: Sequence[Result]) -> list[str]:
    """Return where another engine is better, and which of the project's own bounds are missed."""
    told = []
    for result in results:
        told += [f"{_TITLES[result.table]}: {sentence}" for sentence in [*_behind(result), *_missed(result)]]
    return told


def _behind(result: Result) -> list[str]:
    """Return a sentence for each figure in which another engine is better by over half a percent."""
    told = []
    for figure, word in _WORSE.items():
        better = []
        for engine, outcome in result.outcomes.items():
            if outcome.runs and result.outcomes["csvlake"].runs:
                times = result.outcomes["csvlake"].median(figure) / outcome.median(figure)
                better += [f"{engine} ({times:.2f} times as much)"] if times > 1.005 else []
        if better:
            told.append(f"{word} than {', '.join(better)}.")
    return told


def _missed(result: Result) -> list[str]:
    ours, told = result.outcomes["csvlake"], []
    if not ours.runs:
        return ["csvlake failed."]
    bound = _BOUNDS.get(result.table)
    for figure, word in (("wall_s", "wall"), ("cpu_s", "CPU")):
        ratio = result.ratio("csvlake", figure)
        if bound and ratio and ratio > bound:
            told.append(f"the aim of {bound} times polars is missed in {word} time: {ratio:.2f}.")
    if ours.median("peak_mb") > _PEAK_MB:
        told.append(f"the bound of 300 MiB ({_PEAK_MB} MB) is missed: {ours.median('peak_mb'):.0f} MB.")
    rate = result.file_count / ours.median("wall_s")
    if result.table == "small" and rate < _SMALL_FILES_PER_S:
        told.append(f"the aim of {_SMALL_FILES_PER_S} files/s is missed: {rate:.0f}, start of the process included.")
    return told
