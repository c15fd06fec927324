"""What came of the files that were dropped at once: sentences, and docs/bench-lake.md."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.machine import Machine

__all__ = ["LIGHT_PEER", "OURS", "PEER", "Drop", "Round", "describe", "describe_ratios", "write_document"]

_AIM = 3.0
OURS, PEER, LIGHT_PEER = "csvlake", "common Lambda", "common Lambda, no update a file"

_METHOD = """\
All files are put at once on the local stack (`make up`), by 16 connections whose requests are signed before; the clock
runs from the first PUT until the queue is empty and every Parquet object stands. The common Lambda is
`pandas.read_csv` and `awswrangler.s3.to_parquet(dataset=True, mode="append")` with the Glue table, as most have it
(tests/bench/lake_peer.py), on the same stack with a rule, a topic and a queue of its own,
with the same runtime, layer, memory, batch size and number of functions at a time. Its
tables are partitioned by the day of loading, so that awswrangler updates the catalog with every file
(BatchCreatePartition); without partitions it only reads the catalog, and that is the other figure. The local AWS shares
the processors with the functions: what S3, SQS and Glue do for a file is in all figures."""


@dataclass(frozen=True)
class Drop:
    """What came of one way's files."""

    files: int
    seconds: float
    cpu_s: float  # of the function's containers
    counts: Mapping[str, int]  # as `Lane.count` gives them

    @property
    def rate(self) -> float:
        """Return files a second."""
        return self.files / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Return the function's CPU time for a file."""
        return self.cpu_s / self.files * 1000


@dataclass
class Round:
    """All ways, one after the other."""

    tables: int
    lanes: dict[str, Drop] = field(default_factory=dict)

    def ratio(self, peer: str = PEER) -> float:
        """Return how many times as many files a second csvlake converted as a peer."""
        return self.lanes[OURS].rate / self.lanes[peer].rate

    def cpu_ratio(self, peer: str = PEER) -> float:
        """Return how many times as many files csvlake's function converts in the same CPU time."""
        return self.lanes[peer].cpu_ms / self.lanes[OURS].cpu_ms

    def trouble(self) -> list[str]:
        """Return a sentence for each thing that does not hold of csvlake."""
        ours = self.lanes[OURS]
        tables = min(self.tables, ours.files)
        wanted = {
            "files": ours.files,
            "tables": tables,
            "table versions": tables,  # none but the first: no file has another schema
            "dead letters": 0,
            "failed messages": 0,
        }
        return [
            f"{name}: {ours.counts[name]}, not {count}" for name, count in wanted.items() if ours.counts[name] != count
        ]


def describe(outcome: Round) -> str:
    """Return a Markdown table of one round, and what does not hold."""
    names = list(next(iter(outcome.lanes.values())).counts)
    rows = [["", "dropped", "s", "files/s", "CPU ms/file", *names], ["---"] + ["--:"] * (4 + len(names))]
    for lane, drop in outcome.lanes.items():
        counts = [f"{drop.counts[name]:,}" for name in names]
        figures = [f"{drop.files:,}", f"{drop.seconds:.1f}", f"{drop.rate:.1f}", f"{drop.cpu_ms:.1f}"]
        rows.append([lane, *figures, *counts])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([*lines, "", *(outcome.trouble() or ["Of csvlake all holds that must."])])


def describe_ratios(rounds: Sequence[Round]) -> str:
    """Return the medians of the rounds' ratios, and whether the aim is reached."""
    rate, light_rate = (statistics.median(one.ratio(peer) for one in rounds) for peer in (PEER, LIGHT_PEER))
    cpu, light_cpu = (statistics.median(one.cpu_ratio(peer) for one in rounds) for peer in (PEER, LIGHT_PEER))
    verdict = "" if rate >= _AIM else f" The aim, {_AIM:g} times as many a second, is not reached."
    return (
        f"csvlake converts **{rate:.1f} times** as many files a second as the common Lambda, which updates the Glue "
        f"catalog with every file, and **{cpu:.1f} times** as many in the same CPU time of the function.{verdict} "
        f"Against one that does not the figures are {light_rate:.1f} and {light_cpu:.1f}."
    )


def write_document(path: Path, rounds: Sequence[Round], machine: Machine) -> None:
    """Write the figures, and what they were measured on."""
    first = rounds[0]
    what = f"{first.lanes[OURS].files:,} files of 100 rows in {first.tables} tables, dropped at once"
    found = (
        f"{machine.date}, revision {machine.revision}: {machine.cpu}, {machine.cores} cores, {machine.memory_gb:.0f} GB"
    )
    text = [
        "# Small files through the whole chain",
        f"Written by `make bench-lake`: {what}.",
        describe_ratios(rounds),
        *("\n" + describe(one) for one in rounds),
        "\n## How",
        _METHOD,
        "\n## On what",
        f"{found}, {machine.system}; {machine.load:.1f} processes ran or waited over the minute before.",
        "",
    ]
    path.write_text("\n".join(text))
