"""Tables come back equal, and where a text is cut into batches makes no difference."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from csvlake import engine
from csvlake.engine.contract import ColumnRule, Contract
from csvlake.engine.dialect import decide
from csvlake.engine.model import RESCUED_COLUMN, Column, ConvertOptions, Report
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source, open_text
from csvlake.engine.stream import stream
from csvlake.errors import TerminalError
from tests.spelling import FAMILIES

CELLS = st.one_of(
    st.text(st.sampled_from('ab1 ,;"\n\r\0é.-'), max_size=6),
    st.text(max_size=4).filter(lambda text: text.isprintable() or "\n" in text),
    st.integers(-99, 99).map(str),
    st.sampled_from(["12.50", "1.5", "007", "2020-01-01", "true", "", "NA", '5" pipe', "-0"]),
).filter(lambda text: not any(0xD800 <= ord(char) < 0xE000 for char in text))
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12)
)
COLUMNS = st.tuples(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=2), st.integers(1, 8)).flatmap(
    lambda pair: st.tuples(
        *(st.lists(st.sampled_from(family), min_size=pair[1], max_size=pair[1]) for family in pair[0])
    )
)
TABLES = st.one_of(ROWS, COLUMNS.map(lambda columns: [list(row) for row in zip(*columns, strict=True)]))
ODD_LINES = st.lists(
    st.sampled_from([b'5" pipe,x', b'"open,1', b'a,"b"c,d', b"", b'"x" ,y', b"\xff", b"a,b,c,d,e,f", b"# note", b"#"]),
    max_size=2,
)
CONTRACTS = st.sampled_from(
    [
        None,
        None,
        Contract((ColumnRule("c0", required=True, null_tokens=("NA", "12.50", "1,234")),), null_tokens=("-0", "True")),
        Contract((ColumnRule("c1", type="date", date_format="%d/%m/%Y"),), on_new_column="rescue", null_tokens=("",)),
        Contract((ColumnRule("c0", type="double", number_format="#,##0.#"), ColumnRule("c1", type="string"))),
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def write(table: list[list[str]], end: str, delimiter: str = ",") -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=delimiter, lineterminator=end)
    writer.writerow([f"c{index}" for index in range(len(table[0]))])
    for row in table:
        if end != "\r\n" or any(row):
            writer.writerow(row)
    return sink.getvalue().encode()


def count(report: Report) -> tuple[Any, ...]:
    rejects = [(reject.line, reject.byte_offset, reject.raw) for reject in report.rejects]
    return (
        report.schema,
        report.records_read,
        report.rows_written,
        report.records_rejected,
        report.rows_rescued,
        report.skipped,
        rejects,
    )


@given(TABLES, ENDS, st.sampled_from(",;\t|^~\x1f"))
@settings(deadline=None)
def test_any_table_comes_back(table: list[list[str]], end: str, delimiter: str) -> None:
    width = len(table[0])
    if width > 1:
        table = [row if any(row) else ["x", *row[1:]] for row in table]
    content = write(table, "\n" if end == "\r\n" else end, delimiter)
    options = ConvertOptions(types="text", delimiter=delimiter, quote='"', header=True, encoding="utf-8")
    converted = engine.convert(open_source(content), options)
    assert converted.table is not None
    rows = converted.table.to_pylist()
    assert converted.report.records_read == len(rows) == len(table)
    for row, cells in zip(rows, table, strict=True):
        assert [row[f"c{index}"] or "" for index in range(width)] == cells


@given(
    TABLES,
    ENDS,
    ODD_LINES,
    st.integers(0, 12),
    st.sampled_from([1, 2, 7, 30, 200]),
    st.sampled_from([1, 5, 60, 1000]),
    st.sampled_from([1, 20, 1000]),
    st.sampled_from(["rescue", "widen", "reject_record"]),
    st.sampled_from(["bigint", "date", "timestamp", "decimal(18,2)", "double", "boolean", "string", None, None, None]),
    CONTRACTS,
)
@settings(deadline=None)
def test_every_batch_size_gives_the_same(
    table: list[list[str]],
    end: str,
    odd: list[bytes],
    place: int,
    batch: int,
    piece: int,
    sample: int,
    on_misfit: Any,
    wanted: str | None,
    contract: Contract | None,
) -> None:
    lines = write(table, end).split(end.encode())
    at = place % len(lines)
    content = end.encode().join([*lines[:at], *odd, *lines[at:]])
    options = ConvertOptions(
        delimiter=",", quote='"', header=True, encoding="utf-8", on_misfit=on_misfit, contract=contract
    )

    def agree(columns: Sequence[Column]) -> list[Column]:
        return [Column(c.name, wanted or c.type, c.source_name) if c.name == "c0" else c for c in columns]

    try:
        whole = engine.convert(open_source(content), options, agree)
    except TerminalError:
        return  # such as two tables in one file
    text = open_text(open_source(content), options)
    text.encoding_proven = True
    with patch("csvlake.engine.cutter._SLOW_BYTES", piece):
        cut = stream(text, decide(text, options), options, agree, None, Sizes(2, batch, piece, sample))
    assert whole.table is not None
    assert cut.path is not None
    try:
        streamed = pq.read_table(cut.path, use_threads=False)
    finally:
        cut.path.unlink()
    assert count(cut.report) == count(whole.report)
    if on_misfit != "widen":  # then the first misfits that were met are told
        assert cut.report.problems == whole.report.problems
    assert streamed.equals(whole.table)
    assert streamed.schema.equals(whole.table.schema, check_metadata=True)
    for text_ in streamed.column(RESCUED_COLUMN).to_pylist() if whole.report.rows_rescued else []:
        assert text_ is None or json.loads(text_)
