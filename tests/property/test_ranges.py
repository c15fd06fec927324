"""Ranges that are converted apart, whatever they are cut at, make the file that is made of the whole."""

import gzip
import io
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvlake import engine
from csvlake.engine import ranges
from csvlake.engine.kernel import balance, translate
from csvlake.engine.layout import Layout
from csvlake.engine.model import Column, ConvertOptions, Report
from csvlake.engine.ranges import Job, Part
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source
from csvlake.engine.transcode import Encoding
from csvlake.errors import TerminalError
from tests.property.test_every_cut import EXAMPLES, contents, count
from tests.property.test_kernel import HOSTILE, LAYOUTS

PASSES = 6


def stretches(job: Job, size: int) -> list[tuple[int, int]]:
    start, end = job.layout.body_start, job.body_end
    return [(at, min(at + size, end)) for at in range(start, end, size)]


def convert_in_ranges(data: bytes, job: Job, size: int) -> tuple[Report, bytes]:
    """Convert as processes would that share nothing but what can be pickled."""
    source = open_source(data)
    scans = [ranges.scan(source, job, *bounds) for bounds in stretches(job, size)]
    bounds = ranges.cuts(source, job, scans)
    assert [bounds[0][0], *(end for _, end in bounds)] == [*(start for start, _ in bounds), job.body_end]
    for _ in range(PASSES):
        files = [io.BytesIO() for _ in bounds]
        job = pickle.loads(pickle.dumps(job))
        made = [
            pickle.loads(pickle.dumps(ranges.convert(source, job, *one, file)))
            for one, file in zip(bounds, files, strict=True)
        ]
        again = ranges.replan(source, job, made)
        if again is None:
            report, tail = ranges.finish(job, made)
            return report, b"PAR1" + b"".join(file.getvalue() for file in files) + tail
        job = again
    raise AssertionError("the types did not settle")


@given(contents(), st.integers(1, 60), st.sampled_from([1, 5, 60, 1000]))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_ranges_give_what_the_whole_gives(content: tuple[bytes, ConvertOptions], size: int, piece: int) -> None:
    data, options = content
    try:
        whole = engine.convert(open_source(data), options)
        job = ranges.prepare(open_source(data), options)
    except TerminalError:
        return  # such as two tables in one file
    if job is None:
        assert options.escape or options.delimiter == " +" or whole.report.records_read == 0
        return
    job = replace(job, sizes=Sizes(1, 2 * piece, piece, piece), verdict=replace(job.verdict, proven=True))
    with patch("csvlake.engine.cutter._SLOW_BYTES", piece):
        report, made = convert_in_ranges(data, job, size)
    assert count(report) == count(whole.report)
    assert pq.read_table(pa.BufferReader(made), use_threads=False).equals(whole.table)


@given(HOSTILE, LAYOUTS, st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_quotes_tell_does_not_depend_on_the_stretches(data: bytes, layout: Layout, draw: st.DataObject) -> None:
    tongue = translate(layout)
    if tongue is None:
        return
    whole = balance(data, tongue, start=0, stop=len(data), is_final=True)
    cut = draw.draw(st.integers(0, len(data)))
    job = Job(replace(layout, body_end=len(data)), None, None, Encoding("utf-8", 0, (), True), Sizes(1, 9, 9))  # type: ignore[arg-type]
    parts = [ranges.scan(open_source(data), job, *pair) for pair in ((0, cut), (cut, len(data)))]
    for began in (0, 1):
        state = began
        first, odd = None, None
        for part in parts:
            first = part.first[state] if first is None else first
            odd = part.odd[state] if odd is None else odd
            state ^= part.quotes & 1
        assert (-1 if first is None else first, -1 if odd is None else odd) == (whole.first[began], whole.odd[began])
    quotes = data.count(layout.dialect.quote.encode()) if layout.dialect.quote else 0
    assert sum(part.quotes for part in parts) == whole.quotes == quotes


BODY = b"".join(b'%d,"text ""%d"", and\nmore",%d.%02d\n' % (row, row % 7, row, row % 100) for row in range(120_000))
KINDS = [
    pytest.param(BODY, id="regular"),
    pytest.param(BODY[:2_000_000].rpartition(b"\n")[0] + b'\n7,5" pipe,1.00\n' + BODY, id="a quote out of place"),
    pytest.param(BODY[: BODY.index(b"\n9999,") + 1] + b'1,"never,2.00\n' + BODY, id="a quote that never closes"),
    pytest.param(BODY + b"007,x,1.125\n", id="a late cell of another type"),
]


def _convert(path: Path, job: Job, start: int, end: int, target: Path) -> Part:
    with target.open("wb") as file:
        return ranges.convert(open_source(path), job, start, end, file)


@pytest.mark.parametrize("body", KINDS)
def test_processes_make_one_file(body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"id,text,amount\n" + body)
    source = open_source(path)
    job = ranges.prepare(source, ConvertOptions(memory_bytes=0))
    assert job is not None
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        scans = [ranges.scan(source, job, *bounds) for bounds in stretches(job, 1 << 20)]
        bounds = ranges.cuts(source, job, scans)
        assert len(bounds) > 3
        files = [tmp_path / f"{number}" for number in range(len(bounds))]
        for _ in range(PASSES):
            tasks = [pool.submit(_convert, path, job, *one, file) for one, file in zip(bounds, files, strict=True)]
            parts = [task.result() for task in tasks]
            if (again := ranges.replan(source, job, parts)) is None:
                break
            job = again
    report, tail = ranges.finish(job, parts, {"k": "v"})
    whole = tmp_path / "whole"
    whole.write_bytes(b"PAR1" + b"".join(file.read_bytes() for file in files) + tail)
    expected = engine.convert(source, ConvertOptions(scratch_dir=tmp_path), metadata={"k": "v"})
    assert count(report) == count(expected.report)
    made = pq.read_table(whole, use_threads=False)
    assert expected.path is not None or expected.table is not None
    assert made.equals(expected.table if expected.path is None else pq.read_table(expected.path, use_threads=False))


def test_stats_tell_what_a_conversion_would_find() -> None:
    data = b"a,b,c\n" + b"1,2020-01-01,x\n" * 200_000 + b"1.5,2020-01-02,y\n"
    source = open_source(data)
    job = ranges.prepare(source, ConvertOptions(memory_bytes=0))
    assert job is not None
    kinds = ranges.stats(source, job, job.layout.body_start, job.body_end)
    part = ranges.convert(source, job, job.layout.body_start, job.body_end, io.BytesIO())
    assert not part.holds
    assert kinds == part.kinds
    assert [kind.name for kind in kinds] == ["number", "date", "text"]
    assert kinds[0].scale == 1


def test_a_table_s_types_are_asked_for() -> None:
    def agree(columns: list[Column]) -> list[Column]:
        return [replace(column, type="string") for column in columns]

    source = open_source(b"a\n1\n2\n3.5\n")
    job = ranges.prepare(source, ConvertOptions(), agree)  # type: ignore[arg-type]
    assert job is not None
    file = io.BytesIO()
    part = ranges.convert(source, job, job.layout.body_start, job.body_end, file)
    assert ranges.replan(source, job, [part], agree) is None  # type: ignore[arg-type]
    report, tail = ranges.finish(job, [part])
    table = pq.read_table(pa.BufferReader(b"PAR1" + file.getvalue() + tail), use_threads=False)
    assert (table.column("a").to_pylist(), report.schema[0].type) == (["1", "2", "3.5"], "string")


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08", "a;b\nä;ö\n".encode("utf-16"), b"a,b\n"])
def test_what_must_be_read_from_its_start_is_not_cut(content: bytes) -> None:
    data = gzip.compress(b"a,b\n1,2\n") if content.startswith(b"\x1f") else content
    assert ranges.prepare(open_source(data)) is None
