"""Tables with odd quotes in most lines are read as the record reader reads them, whoever reads and cuts them."""

from dataclasses import replace
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvlake import engine
from csvlake.engine import columns, ranges
from csvlake.engine.blocks import _read_natively, join_blocks
from csvlake.engine.kernel import scan, translate
from csvlake.engine.kinds import TEXT
from csvlake.engine.layout import Layout
from csvlake.engine.model import ConvertOptions, Dialect
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source
from csvlake.errors import TerminalError
from tests.property.test_every_cut import EXAMPLES, convert_cut, count
from tests.property.test_kernel import read_slowly, told
from tests.property.test_ranges import convert_in_ranges

PLAIN = ["a", "x" * 70 + "é", "", "12", '"a,|"', "x" * 80]
CLEAR = ['5" disk', 'x "y" z', 'x""y', '12"', 'é"é', '"a "b" c"', '"5" disk"', '"a ""b"" "c" d"']
BEHIND = ['"a" b', '"1"2', '"a ""b""" c "d" e', '""x']
DOUBTFUL = [
    '"a" "b"',
    '"open',
    '"',
    '"""',
    '"x\n"y" z"',
    '"\n"',
    '# "',
    '"a"b,"c',
    '"a" b""',
    "# x",
    '5" ' + "x" * 70 + "\udcff",
]
DELIMITERS = st.sampled_from([",", "|", "||", ", ", "é"])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
Lines = list[list[str]]


def draw_lines(cells: list[str], width: int, others: int) -> st.SearchStrategy[Lines]:
    """Draw lines of so many cells, and some that have fewer or more."""
    widths = st.sampled_from([*[width] * 4, max(1, width - others), width + others])
    line = widths.flatmap(lambda size: st.lists(st.sampled_from(cells), min_size=size, max_size=size))
    return st.lists(line, min_size=1, max_size=20)


TABLES = st.one_of(
    st.integers(1, 4).flatmap(lambda width: draw_lines(PLAIN + CLEAR, width, 0)),
    st.integers(2, 4).flatmap(lambda width: draw_lines(PLAIN + BEHIND, width, 0)),
)
ODD_TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(st.just(width), draw_lines(PLAIN + CLEAR + BEHIND + DOUBTFUL, width, 1))
)


def join(lines: Lines, delimiter: str, end: str) -> bytes:
    return "".join(delimiter.join(line).replace("\n", end) + end for line in lines).encode(errors="surrogateescape")


def make_layout(delimiter: str, width: int, comment: str | None = None) -> Layout:
    dialect = Dialect(delimiter if width > 1 else "", '"', None, "utf-8", None, True, 0, "\n")
    return Layout(dialect, tuple(map(str, range(width))), 0, 1, None, comment=comment)


@pytest.fixture(autouse=True)
def small_tiles() -> object:
    """Make tiles of a few cells, so that short texts have several."""
    with patch.object(columns, "_TILE_CELLS", 6), patch.object(columns, "_TILE_ROWS", 2):
        yield


@given(TABLES, st.sampled_from([",", "|", "|@|"]), ENDS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_quote_that_leaves_no_doubt_is_left_to_the_kernel(lines: Lines, delimiter: str, end: str) -> None:
    layout = make_layout(delimiter, len(lines[0]))
    data = join(lines, delimiter, end)
    for content in (data, data.removesuffix(end.encode()) or data):
        found = _read_natively(content, layout, [TEXT] * layout.width)
        assert found is not None
        assert told(found) == told(read_slowly(content, layout))


@given(ODD_TABLES, DELIMITERS, ENDS, st.sampled_from([None, "#"]), st.integers(0, 100))
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_kernel_reads_what_the_record_reader_reads(
    table: tuple[int, Lines], delimiter: str, end: str, comment: str | None, less: int
) -> None:
    layout, texts = make_layout(delimiter, table[0], comment), [TEXT] * table[0]
    data, tongue = join(table[1], delimiter, end), translate(layout)
    found = _read_natively(data, layout, texts)
    assert tongue is not None
    if found is None:
        return
    expected = told(found)
    assert expected == told(read_slowly(data, layout))
    size = max(1, len(data) - less)  # what was read of the text so far
    for stop in range(1, size):
        cut = scan(data[:size], tongue, start=0, stop=stop, size=size, is_final=False).end
        if cut:
            parts = [_read_natively(part, layout, texts) for part in (data[:cut], data[cut:])]
            assert told(join_blocks([part for part in parts if part is not None])) == expected


@given(ODD_TABLES, DELIMITERS, ENDS, st.sampled_from([1, 7, 30, 200]), st.sampled_from([1, 5, 60]), st.integers(1, 60))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whoever_cuts_gets_what_the_record_reader_gives(
    table: tuple[int, Lines], delimiter: str, end: str, batch: int, piece: int, size: int
) -> None:
    width, lines = table
    data = join([[f"c{number}" for number in range(width)], *lines], delimiter, end)
    options = ConvertOptions(delimiter=delimiter, quote='"', escape="", header=True, encoding="utf-8")
    try:
        with patch("csvlake.engine.blocks._read_natively", return_value=None):
            whole = engine.convert(open_source(data), options)
        job = ranges.prepare(open_source(data), options)
    except TerminalError:
        return  # such as two tables in one file
    cut = convert_cut(data, options, batch, piece, sample=20)
    assert cut.path is not None
    try:
        assert pq.read_table(cut.path, use_threads=False).equals(whole.table)
    finally:
        cut.path.unlink()
    assert count(cut.report) == count(whole.report)
    if job is not None:
        job = replace(job, sizes=Sizes(1, 2 * piece, piece, piece), verdict=replace(job.verdict, proven=True))
        report, made = convert_in_ranges(data, job, size)
        assert count(report) == count(whole.report)
        assert pq.read_table(pa.BufferReader(made), use_threads=False).equals(whole.table)
