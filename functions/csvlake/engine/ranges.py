"""Convert one text in byte ranges, each by whoever has time for it: scan, cuts, stats, convert, finish.

Plain functions over a source and values that can be pickled, for processes or machines that share nothing else. They
do what `csvlake.engine.stream` does with threads, by the same steps: a cutter's batches, encoded into row groups.

    job = prepare(source, options)
    scans = [scan(source, job, *bounds) for bounds in any stretches that follow each other from body_start to body_end]
    ranges = cuts(source, job, scans)
    parts = [convert(source, job, *bounds, file) for bounds in ranges]  # each with a file of its own
    again = replan(source, job, parts)  # not None: a type was refuted; convert again by that job
    report, tail = finish(job, parts)   # PAR1, the files in their order and the tail are one Parquet file
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from csvlake.engine.blocks import read_block
from csvlake.engine.cuts import Scan, cuts, scan
from csvlake.engine.encode import encode_batch
from csvlake.engine.footer import MAGIC
from csvlake.engine.jobs import Job, prepare
from csvlake.engine.kinds import Kind, join
from csvlake.engine.misfits import Misfit
from csvlake.engine.model import Agree, Report, Source
from csvlake.engine.order import Bounds, Order
from csvlake.engine.plan import Plan, Watch, choose_encodings, prove_columns
from csvlake.engine.rowgroups import RowGroups, Written
from csvlake.engine.stream import describe_empty, read_sample
from csvlake.engine.tally import Tally
from csvlake.engine.writer import make_schema
from csvlake.errors import TransientError

__all__ = ["Job", "Part", "Scan", "convert", "cuts", "finish", "prepare", "replan", "scan", "stats"]

_LONG = 2  # pieces: a longer one holds a record that is worked on by itself


@dataclass(frozen=True)
class Part:
    """A range that was converted.

    Attributes:
        kinds: of its columns, joined with those of the plan.
        misfits: cells that have no place in their column, under the policy that widens it.
        holds: whether the plan does, so that the range was written.
        tally: what became of the records; lines count from the range's start.
        bounds: of the columns in whose order the rows are.
        groups: of each row group its column chunks, placed as if the file began with them, and its rows.
        size: of the file, in bytes.
    """

    kinds: tuple[Kind, ...]
    misfits: tuple[Misfit, ...]
    holds: bool
    tally: Tally
    bounds: Bounds
    groups: list[tuple[list[Written], int]]
    size: int


def stats(source: Source, job: Job, start: int, end: int) -> tuple[Kind, ...]:
    """Return the kinds of a range's columns, joined with those of the plan: what `convert` would find, sooner."""
    kinds: Sequence[Kind] = job.plan.kinds
    for batch in job.cut(source, start, end):
        for data, piece in batch.take():
            block = read_block(data, job.layout, kinds, offset=batch.offset + piece.start, counted=piece.known)
            columns = prove_columns(block, job.fields, kinds)
            kinds = [join(known, column.kind) for known, column in zip(kinds, columns, strict=True)]
    return tuple(kinds)


def convert(source: Source, job: Job, start: int, end: int, file: BinaryIO) -> Part:
    """Write the row groups of a range to a file of their own, as far as the job's plan holds.

    Raises:
        NotUtf8Error: the encoding was not proven, and the range refutes it.
        TerminalError: a cell does not fit and the policy is ``reject_file``.
    """
    watch = Watch(job.plan, None, job.fields, job.widened)
    order = Order(len(job.plan.wanted))
    tally = Tally()
    groups = RowGroups(file, job.sizes.held_bytes, job.sizes.group_bytes)
    for batch in job.cut(source, start, end):
        encoded = encode_batch(
            *(batch, job.layout, job.fields, job.plan, watch, order),
            is_proven=job.verdict.proven,
            is_long=batch.longest > _LONG * job.sizes.piece_bytes,
        )
        tally.join(encoded.tally)
        for made, bounds in encoded.parts if watch.holds else ():
            order.add(bounds)
            groups.add(made)
    misfits = tuple(tally.misfits.values()) if job.fields.on_misfit == "widen" else ()
    return Part(tuple(watch.kinds), misfits, watch.holds, tally, order.bounds, groups.flush(), file.tell())


def replan(source: Source, job: Job, parts: Iterable[Part], agree: Agree | None = None) -> Job | None:
    """Return the job to convert all ranges by again; None where its plan holds for all of them.

    Args:
        source: what is converted.
        job: by which the parts were made.
        parts: of all ranges; or of some, where one does not hold.
        agree: see `csvlake.engine.convert`.
    """
    watch = Watch(job.plan, agree, job.fields, job.widened)
    holds = [watch.see(part.kinds, part.misfits) and part.holds for part in parts]
    if all(holds):
        return None
    sample = read_sample(job.open(source), job.layout, job.fields, job.sizes.sample_bytes)
    encodings = choose_encodings(sample, job.fields, watch.wanted)
    return replace(job, plan=Plan(tuple(watch.kinds), watch.wanted, encodings), widened=watch.widened)


def finish(job: Job, parts: Sequence[Part], metadata: Mapping[str, str] | None = None) -> tuple[Report, bytes]:
    """Return the report of the whole, and the end of the file: ``PAR1``, the parts' files in their order, and this.

    Args:
        job: whose plan holds for all parts.
        parts: of all ranges, in their order.
        metadata: for the Parquet file's key-value metadata.

    Raises:
        TransientError: the records' counts do not agree.
    """
    at, tally, order = len(MAGIC), Tally(), Order(len(job.plan.wanted))
    tail = _Tail(at + sum(part.size for part in parts))
    groups = RowGroups(tail, 0, 0)
    for part in parts:
        groups.take(part.groups, at)
        at += part.size
        tally.join(part.tally)
        if part.groups:
            order.add(part.bounds)
    report = tally.report(job.layout, job.plan.wanted, job.fields, [job.widened[name] for name in sorted(job.widened)])
    if groups.rows != report.rows_written:
        raise TransientError(f"{report.rows_written} rows were made, {groups.rows} written: a fault of csvlake's")
    base = describe_empty(make_schema(report.schema, report.dialect, metadata), report.schema)
    groups.finish(base, drops_last=not tally.rescued, sorted_columns=sorted(order.columns))
    return report, tail.getvalue()


class _Tail(io.BytesIO):
    """The end of a file, the rest of which stands elsewhere."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self._start = start

    def tell(self) -> int:
        return self._start + super().tell()
