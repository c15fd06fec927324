"""What is too long, too wide or empty is refused with a reason; small limits stand for the real ones here.

tests/nightly/real_limits.py does the same at the real sizes, and looks at time and memory.
"""

import pyarrow.parquet as pq
import pytest

from csvlake import engine
from csvlake.engine import cutter, records
from csvlake.engine.dialect import decide
from csvlake.engine.model import Converted, ConvertOptions
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_source, open_text
from csvlake.engine.stream import stream
from csvlake.errors import TerminalError

LINES = b"".join(b"%d,some text\n" % number for number in range(1000, 3000))


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORD_BYTES", 1000)
    monkeypatch.setattr(cutter, "RECORD_BYTES", 1000)
    monkeypatch.setattr(cutter, "_MAX_STEP_BYTES", 200)


def convert(data: bytes, batch: int = 200) -> Converted:
    text = open_text(open_source(data), ConvertOptions())
    return stream(text, decide(text, ConvertOptions()), ConvertOptions(), None, None, Sizes(2, batch, 50, 50))


def read_ids(converted: Converted) -> list[int]:
    assert converted.path is not None
    ids: list[int] = pq.read_table(converted.path, columns=["id"], use_threads=False).column(0).to_pylist()
    converted.path.unlink()
    return ids


@pytest.mark.parametrize("batch", [200, 1500, 5000])
def test_a_quote_that_never_closes_costs_its_line_however_long_the_rest(batch: int) -> None:
    data = b"id,note\n" + LINES[: 900 * 15] + b'7,"never closed\n' + LINES
    converted = convert(data, batch)
    assert [reject.raw for reject in converted.report.rejects] == [b'7,"never closed']
    assert converted.report.rejects[0].byte_offset == 8 + 900 * 15
    assert len(read_ids(converted)) == converted.report.rows_written == converted.report.records_read - 1


def test_a_record_without_a_line_end_is_refused() -> None:
    for record in (b"x" * 5000, b"1," * 3000):
        with pytest.raises(TerminalError, match="at byte 20 is longer than 1000"):
            convert(b"id,note\n1,a\n2,b\n3,c\n" + record)


@pytest.mark.parametrize("size", [990, 1100])
def test_a_record_of_about_the_limit_is_a_row_or_a_reject(size: int) -> None:
    converted = convert(b'id,note\n1,a\n2,"' + b"x" * size + b'"\n3,c\n')
    assert converted.report.records_read == 3
    assert len(read_ids(converted)) == 3 - converted.report.records_rejected
    assert all("longer than 1000 bytes" in reject.reason for reject in converted.report.rejects)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (bytes(5000), "empty_file"),
        (b"\n\r\n \n" * 99, "empty_file"),
        (b",".join([b"c"] * 100_000) + b"\n", "too_many_columns"),
        (b"x" * (2 << 20) + b",b\n1,2\n", "header_too_long"),
    ],
)
def test_what_is_no_table_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(TerminalError) as refusal:
        engine.convert(open_source(data))
    assert refusal.value.code == code


def test_a_header_alone_is_a_table_without_rows() -> None:
    converted = engine.convert(open_source(b"id,note\n"))
    assert converted.table is not None
    assert converted.table.column_names == ["id", "note"]
    assert converted.report.records_read == 0


def test_five_thousand_columns_work() -> None:
    names = b",".join(b"c%d" % number for number in range(5000))
    converted = engine.convert(open_source(names + b"\n" + b",".join([b"1"] * 5000) + b"\n"))
    assert converted.table is not None
    assert converted.table.shape == (1, 5000)
