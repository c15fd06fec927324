"""The native kernel reads what the tolerant record reader and pyarrow read, or says that it cannot."""

import csv
import io
from dataclasses import replace
from unittest.mock import patch

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvlake.engine import columns
from csvlake.engine.blocks import Block, _read_natively, _take_records, join_blocks
from csvlake.engine.cells import Cells
from csvlake.engine.kernel import scan, translate
from csvlake.engine.kinds import EMPTY, TEXT, Kind
from csvlake.engine.layout import Layout
from csvlake.engine.model import Dialect
from csvlake.engine.prove import classify
from csvlake.engine.proven import choose_ask
from csvlake.engine.records import read_records

PIECES = [",", "\n", "\n", "\r\n", "\r", '"', '""', "'", "|", "||", ", ", "#", " ", "a", "é", "x" * 70]
PIECES += ['"a",', ',"b\n"', '"' * 3 + '\r\n"\n', "'c''d',", '||"d"', '"",', ',""', "\n'\n',"]
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from([piece.encode() for piece in PIECES]), st.sampled_from([b"\xff", b"\0", b"\xed\xa0\x80"])
    ),
    min_size=1,
    max_size=40,
).map(b"".join)
LAYOUTS = st.builds(
    lambda delimiter, quote, width, comment: Layout(
        Dialect(delimiter, quote, None, "utf-8", None, True, 0, "\n"),
        tuple(map(str, range(width))),
        0,
        1,
        None,
        comment=comment,
    ),
    st.sampled_from([",", ",", "|", "||", ", ", "é", ""]),
    st.sampled_from(['"', '"', "'", None]),
    st.integers(1, 4),
    st.sampled_from([None, "#"]),
)
CELLS = st.one_of(
    st.text(st.sampled_from('ab,|;"\n\r é'), max_size=8),
    st.sampled_from(["", "x" * 20, "y" * 100, "NA"]),
    st.integers(-99, 99).map(str),
)
DIGITS = st.text("0123456789", min_size=1, max_size=20)
NUMBERS = st.one_of(
    st.integers(-(1 << 64), 1 << 64).map(str),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-"]), st.integers(0, 10**6), DIGITS.map(lambda text: text[:6])),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-"]), DIGITS, DIGITS),
    st.integers(-9, 999).map(str),
    DIGITS,
)
DATES = st.one_of(
    st.dates().map(str), st.builds("{:04}-{:02}-{:02}".format, *[st.integers(0, n) for n in (9999, 13, 32)])
)
STAMPS = st.builds(
    "{}{}{:02}:{:02}:{:02}{}".format,
    DATES,
    st.sampled_from([" ", "T"]),
    *[st.integers(0, most) for most in (24, 60, 60)],
    st.sampled_from(["", ".1", ".12", ".123", ".1234"]),
)
WORDS = st.sampled_from(["true", "false", "TRUE", "FALSE", "True", "False", "yes"])
COLUMNS = st.one_of(
    *[st.lists(st.one_of(cells, st.just("")), min_size=1, max_size=12) for cells in (NUMBERS, DATES, STAMPS, WORDS)],
    st.lists(st.one_of(NUMBERS, DATES, STAMPS, WORDS, CELLS, st.just("")), min_size=1, max_size=5),
)


@pytest.fixture(autouse=True)
def small_tiles() -> object:
    """Make tiles of a few cells, so that short texts have several."""
    with patch.object(columns, "_TILE_CELLS", 6), patch.object(columns, "_TILE_ROWS", 2):
        yield


def texts_of(block: Block) -> list[list[bytes | None]]:
    return [column.cells.array.to_pylist() for column in block.columns]


def told(block: Block) -> tuple[object, ...]:
    ragged = (block.ragged.rows.tolist(), block.ragged.cells.tolist(), block.ragged.members.to_pylist())
    return texts_of(block), block.rows, block.records, block.lines, block.blank, block.comments, ragged


def read_slowly(data: bytes, layout: Layout) -> Block:
    return _take_records(data, layout, 0, read_records(data, layout, offset=0, line=1, final=True))


@settings(deadline=None, max_examples=500)
@given(HOSTILE, LAYOUTS)
def test_hostile_bytes_are_read_as_records_or_left_to_them(data: bytes, layout: Layout) -> None:
    found = _read_natively(data, layout, [TEXT] * layout.width)
    if found is not None:
        assert told(found) == told(read_slowly(data, layout))


@settings(deadline=None, max_examples=200)
@given(HOSTILE, LAYOUTS)
def test_every_cut_at_a_records_end_gives_the_same(data: bytes, layout: Layout) -> None:
    tongue, texts = translate(layout), [TEXT] * layout.width
    whole = _read_natively(data, layout, texts)
    assert tongue is not None
    if whole is None:
        return
    expected = told(whole)
    for stop in range(1, len(data)):
        end = scan(data, tongue, start=0, stop=stop, size=len(data), is_final=False).end
        if end:
            parts = [_read_natively(part, layout, texts) for part in (data[:end], data[end:])]
            assert all(part is not None for part in parts)
            assert told(join_blocks([part for part in parts if part is not None])) == expected


@settings(deadline=None, max_examples=200)
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=30)),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", "|", ";"]),
    st.booleans(),
)
def test_a_clean_table_is_read_as_pyarrow_reads_it(
    table: list[list[str]], end: str, delimiter: str, quotes: bool
) -> None:
    width = len(table[0])
    sink = io.StringIO(newline="")
    writer = csv.writer(
        sink, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if quotes else csv.QUOTE_MINIMAL
    )
    writer.writerows(table)
    data = sink.getvalue().encode()
    layout = Layout(Dialect(delimiter, '"', None, "utf-8", None, True, 0, end), ("",) * width, 0, 1, None)
    found = _read_natively(data, layout, [TEXT] * width)
    assert found is not None
    assert texts_of(found) == [[cell.encode() or None for cell in column] for column in zip(*table, strict=True)]
    names = [str(index) for index in range(width)]
    peer = pacsv.read_csv(
        pa.BufferReader(data),
        pacsv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=True, null_values=[""]
        ),
    )
    assert texts_of(found) == [column.to_pylist() for column in peer.columns]


@settings(deadline=None, max_examples=1000)
@given(COLUMNS, st.booleans(), st.booleans())
def test_values_are_those_that_texts_prove(texts: list[str], quotes: bool, is_last: bool) -> None:
    rows = [("x" * 9, text) if is_last else (text, "x" * 9) for text in texts]
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL if quotes else csv.QUOTE_MINIMAL).writerows(rows)
    data = sink.getvalue().encode()
    layout = Layout(Dialect(",", '"', None, "utf-8", None, True, 0, "\n"), ("a", "b"), 0, 1, None)
    for content in (data, data[:-1]):  # the last cell at the very end
        block = _read_natively(content, layout, [EMPTY, EMPTY])
        assert block is not None
        column = block.columns[is_last]
        kind, values = classify(Cells(pa.array([text.encode() or None for text in texts], pa.binary())))
        assert column.kind == kind
        assert column.values.equals(values)
        column.values.validate(full=True)
        assert column.cells.array.to_pylist() == [text.encode() or None for text in texts]


def is_readable(kind: Kind) -> bool:
    return kind.name != "text" and kind != EMPTY and choose_ask(kind) == columns.Ask.VALUES


@settings(deadline=None, max_examples=1000)
@given(COLUMNS)
def test_what_the_kernel_can_read_it_does_not_leave_to_python(texts: list[str]) -> None:
    data = "".join(f"{text},x\n" for text in texts if not set(text) & set(',"\n\r')).encode()
    kind, _ = classify(Cells(pa.array([line.split(b",")[0] or None for line in data.splitlines()], pa.binary())))
    tongue = translate(Layout(Dialect(",", None, None, "utf-8", None, True, 0, "\n"), ("a", "b"), 0, 1, None))
    assert tongue is not None
    if data and is_readable(kind):
        found = columns.read_columns(data, tongue, [columns.Ask.VALUES, columns.Ask.SKIP], len(texts))
        assert found is not None
        assert found.columns[1] is None
        assert found.columns[0] is not None
        assert found.columns[0].name == kind.name


def test_a_dialect_that_the_kernel_does_not_speak_is_left_alone() -> None:
    layout = Layout(Dialect(",", '"', None, "utf-8", None, True, 0, "\n"), ("a",), 0, 1, None)
    odd = [(",", '"', "\\"), (" +", '"', None), ('"', '"', None), ("\r\n", '"', None), (",", "“", None)]
    for delimiter, quote, escape in odd:
        dialect = replace(layout.dialect, delimiter=delimiter, quote=quote, escape=escape)
        assert translate(replace(layout, dialect=dialect)) is None
