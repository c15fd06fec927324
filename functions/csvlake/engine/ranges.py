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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import BinaryIO

from csvlake.engine.blocks import read_block
from csvlake.engine.cutter import Batch, Cutter
from csvlake.engine.dialect import decide
from csvlake.engine.encode import encode_batch
from csvlake.engine.fields import Fields, name_fields, obey
from csvlake.engine.footer import MAGIC
from csvlake.engine.kernel import Tongue, balance, translate
from csvlake.engine.kinds import Kind, join
from csvlake.engine.layout import Layout
from csvlake.engine.misfits import Misfit
from csvlake.engine.model import Agree, ConvertOptions, Report, Source
from csvlake.engine.order import Bounds, Order
from csvlake.engine.plan import Plan, Watch, choose_encodings, make_plan, prove_columns
from csvlake.engine.rowgroups import RowGroups, Written
from csvlake.engine.sizes import Sizes, choose_sizes
from csvlake.engine.source import TextBytes, open_text
from csvlake.engine.stream import describe_empty, read_sample
from csvlake.engine.tally import Tally
from csvlake.engine.transcode import Encoding
from csvlake.engine.writer import make_schema
from csvlake.errors import TransientError

__all__ = ["Job", "Part", "Scan", "convert", "cuts", "finish", "prepare", "replan", "scan", "stats"]

_STEP_BYTES = 8 << 20  # scanned at a time
_LONG = 2  # pieces: a longer one holds a record that is worked on by itself


@dataclass(frozen=True)
class Job:
    """What all ranges have to know of a text.

    Attributes:
        layout: how records are written; its ``body_start`` and ``body_end`` are the bounds of all ranges.
        plan: what is assumed of the columns.
        verdict: on the source's encoding.
        widened: by column, why a misfit made it text.
    """

    layout: Layout
    fields: Fields
    plan: Plan
    verdict: Encoding
    sizes: Sizes
    widened: Mapping[str, str] = field(default_factory=dict)

    @property
    def body_end(self) -> int:
        """First byte behind the records."""
        assert self.layout.body_end is not None  # noqa: S101 - `prepare` sets it
        return self.layout.body_end

    def open(self, source: Source) -> TextBytes:
        """Return the source's text."""
        return TextBytes(source, b"", self.verdict)

    def cut(self, source: Source, start: int, end: int) -> Iterator[Batch]:
        """Yield the batches between two places at which records start."""
        layout = replace(self.layout, body_start=start, body_end=end)
        cutter = Cutter(self.open(source), layout, self.sizes.batch_bytes, self.sizes.piece_bytes)
        buffer = bytearray()
        while (batch := cutter.next(buffer)) is not None:
            yield batch
            buffer = batch.buffer


@dataclass(frozen=True)
class Scan:
    """What counting quotes tells of a stretch, which may begin outside quotes (the first of two) or inside.

    Attributes:
        first: behind the first record end; None where there is none.
        odd: the first quote that is out of place; None where there is none.
    """

    start: int
    end: int
    quotes: int
    first: tuple[int | None, int | None]
    odd: tuple[int | None, int | None]


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


def prepare(source: Source, options: ConvertOptions | None = None, agree: Agree | None = None) -> Job | None:
    """Decide how a source is read and what its columns probably are.

    Returns:
        None for what has to be read from its start on: compressed, in an encoding other than UTF-8, with an escape
        sign or blanks between cells, or without a record.

    Raises:
        TerminalError: the file can never be converted as it is.
    """
    options = obey(options or ConvertOptions())
    text = open_text(source, options)
    layout = decide(text, options)
    if type(text) is not TextBytes or text.size is None or translate(layout) is None:
        return None
    layout = replace(layout, body_end=text.size if layout.body_end is None else layout.body_end)
    if layout.body_start == layout.body_end:
        return None
    fields, sizes = name_fields(layout, options), choose_sizes(options.memory_bytes)
    plan = make_plan(read_sample(text, layout, fields, sizes.sample_bytes), fields, agree)
    return Job(layout, fields, plan, text.verdict, sizes)


def scan(source: Source, job: Job, start: int, end: int) -> Scan:
    """Count the quotes of a stretch that may begin and end anywhere."""
    text, tongue = job.open(source), _tongue(job)
    around = tongue.delimiter_size + 1
    quotes = 0
    first: list[int | None] = [None, None]
    odd: list[int | None] = [None, None]
    for at in range(start, end, _STEP_BYTES):
        stop = min(at + _STEP_BYTES, end)
        low, high = max(job.layout.body_start, at - around), min(job.body_end, stop + around)
        data = text.read_range(low, high - low)
        found = balance(data, tongue, start=at - low, stop=stop - low, is_final=high == job.body_end)
        for began in (0, 1):
            now = began ^ (quotes & 1)
            for places, place in ((first, found.first[now]), (odd, found.odd[now])):
                if places[began] is None and place >= 0:
                    places[began] = low + place
        quotes += found.quotes
    return Scan(start, end, quotes, (first[0], first[1]), (odd[0], odd[1]))


def cuts(source: Source, job: Job, scans: Sequence[Scan]) -> list[tuple[int, int]]:
    """Return ranges of whole records, about as long as the stretches that were scanned.

    Where a quote is out of place, the source is read on from the last cut, until counting works again; all of it where
    a quote never closes.

    Args:
        scans: of stretches that follow each other, from the first record to the last.
    """
    starts = _fold(source, job, scans)
    if starts is None:
        starts = [job.layout.body_start]
        for one in scans:
            starts.append(_read_on(source, job, starts[-1], one.end))
    ordered = sorted({*starts, job.body_end})
    return list(pairwise(ordered))


def _fold(source: Source, job: Job, scans: Sequence[Scan]) -> list[int] | None:
    """Return where ranges start; None if the quotes of the whole are not balanced."""
    at = job.layout.body_start  # so far everything is known
    starts, is_inside = [at], False
    for each in scans:
        one = each
        if one.end <= at:
            continue
        if one.start < at:
            starts.append(at)
            one = scan(source, job, at, one.end)
        first, odd = one.first[is_inside], one.odd[is_inside]
        if one.start > starts[-1] and first is not None and (odd is None or first <= odd):
            starts.append(first)
        at = one.end
        if odd is None:
            is_inside ^= bool(one.quotes & 1)
        else:
            at, is_inside = _read_on(source, job, starts[-1], at), False
    return None if is_inside else starts


def _read_on(source: Source, job: Job, start: int, end: int) -> int:
    """Return where the first record starts behind a place, or at it, reading from where one starts."""
    if start >= end:
        return start
    for batch in job.cut(source, start, job.body_end):
        for piece in batch.pieces:
            if batch.offset + piece.end >= end:
                return batch.offset + piece.end
    return job.body_end


def _tongue(job: Job) -> Tongue:
    tongue = translate(job.layout)
    assert tongue is not None  # noqa: S101 - `prepare` made sure
    return tongue


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
        if encoded.part is not None and watch.holds:
            order.add(encoded.bounds)
            groups.add(encoded.part)
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
