"""Find where records start in a text that is looked at in stretches, each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from csvlake.engine.jobs import Job
from csvlake.engine.kernel import Tongue, balance, translate
from csvlake.engine.model import Source

__all__ = ["Scan", "cuts", "scan"]

_STEP_BYTES = 8 << 20  # scanned at a time


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
