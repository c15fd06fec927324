"""However small the pieces are into which a text is cut, and whatever its dialect, the result is the same."""

import os
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csvlake import engine
from csvlake.engine.dialect import decide
from csvlake.engine.model import Converted, ConvertOptions, Report
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source, open_text
from csvlake.engine.stream import stream
from csvlake.errors import TerminalError
from tests.dialects import DELIMITERS, Style, write

EXAMPLES = int(os.environ.get("CSVLAKE_EXAMPLES", "500"))
CELLS = st.one_of(
    st.text("ab1 ,;|:\"'\\\n\r\0é.-", max_size=6),
    st.integers(-99, 99).map(str),
    st.sampled_from(["12.50", "007", "2020-01-01", "", '5" pipe', "it's", "a\\", "\r\n"]),
)
ODD_LINES = [b"", b'5" pipe,x', b'"open,1', b"'open||1", b'a,"b"c,d', b'"x" ,y', b"\xff", b"# x", b"a,b,c,d,e", b"\\"]


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, ConvertOptions]:
    """Draw a file that is odd here and there, and options that leave nothing to decide."""
    width = draw(st.integers(1, 3))
    style = Style(
        delimiter=draw(st.sampled_from(DELIMITERS)),
        quote=draw(st.sampled_from("\"'")),
        escape=draw(st.sampled_from(["", "\\"])),
        ends=draw(st.sampled_from([("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\r", "\n")])),
        always=draw(st.booleans()),
    )
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12))
    data = write([[f"c{i}" for i in range(width)], *rows], style)
    end = style.ends[0].encode()
    for line in draw(st.lists(st.sampled_from(ODD_LINES), max_size=3)):
        found = [i for i in range(1, len(data)) if data.startswith(end, i)]
        at = draw(st.sampled_from(found)) + len(end) if found else len(data)
        data = data[:at] + line + end + data[at:]
    quote = draw(st.sampled_from([style.quote, style.quote, ""]))
    return data, ConvertOptions(
        delimiter=style.delimiter, quote=quote, escape=style.escape, header=True, encoding="utf-8"
    )


def count(report: Report) -> tuple[Any, ...]:
    rejects = [(reject.line, reject.byte_offset, reject.reason, reject.raw) for reject in report.rejects]
    counts = (report.records_read, report.rows_written, report.records_rejected, report.rows_rescued)
    return report.schema, counts, rejects, report.problems


def convert_cut(data: bytes, options: ConvertOptions, batch: int, piece: int, sample: int) -> Converted:
    text = open_text(open_source(data), options)
    text.encoding_proven = True
    with patch("csvlake.engine.cutter._SLOW_BYTES", piece), patch("csvlake.engine.long_texts._COLUMN_BYTES", 30):
        return stream(text, decide(text, options), options, None, None, Sizes(2, batch, piece, sample))


@example(
    (
        b'c0,c1\n\n"",""\n\\\n',
        ConvertOptions(delimiter=",", quote='"', escape="\\", header=True, encoding="utf-8"),
    ),
    1,
    1,
    1,
)
@given(
    contents(),
    st.sampled_from([1, 2, 7, 30, 200]),
    st.sampled_from([1, 5, 60, 1000]),
    st.sampled_from([1, 20, 1000]),
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_cut_gives_the_same(content: tuple[bytes, ConvertOptions], batch: int, piece: int, sample: int) -> None:
    data, options = content
    try:
        whole = engine.convert(open_source(data), options)
    except TerminalError:
        return  # such as two tables in one file
    cut = convert_cut(data, options, batch, piece, sample)
    assert whole.table is not None
    assert cut.path is not None
    try:
        streamed = pq.read_table(cut.path, use_threads=False)
    finally:
        cut.path.unlink()
    assert count(cut.report) == count(whole.report)
    assert streamed.equals(whole.table)
