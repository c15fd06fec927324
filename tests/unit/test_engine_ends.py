"""Where records end, by counting; and Parquet footers, byte for byte."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake.engine import footer
from csvlake.engine.ends import Ends, are_quotes_plain, count_ends, count_lines, find_blank, find_cut

QUOTE = ord('"')


def view(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)


@pytest.mark.parametrize(
    ("content", "records", "lines", "blank"),
    [
        (b"", 0, 0, 0),
        (b"a\nb\n", 2, 2, 0),
        (b"a\r\nb", 2, 1, 0),
        (b"a\rb\r\rc", 4, 3, 1),
        (b'"x\ny",1\n\n"\r\n"\r\n', 3, 5, 1),
        (b"\n\n", 2, 2, 2),
    ],
)
def test_records_lines_and_blank_lines_are_counted(content: bytes, records: int, lines: int, blank: int) -> None:
    assert count_ends(view(content), QUOTE) == Ends(records, lines)
    assert count_lines(view(content)) == lines
    if content:
        assert find_blank(view(content), QUOTE) == blank


@pytest.mark.parametrize("content", [b'"a","b ""c"""\n""\n', b"a,b\n", b'"",""\r\n"\n"\r'])
def test_quotes_that_belong_are_plain(content: bytes) -> None:
    assert are_quotes_plain(view(content), QUOTE, ord(","))


@pytest.mark.parametrize("content", [b'5" pipe\n', b'"a"b\n', b'"a\n', b'a "b"\n', b'"a" ,b\n', b'"5" pipe"\n'])
def test_any_other_quote_is_odd(content: bytes) -> None:
    assert not are_quotes_plain(view(content), QUOTE, ord(","))


def test_a_cut_is_a_records_end_near_the_middle() -> None:
    assert find_cut(view(b'1\n"2\n3"\n4\n'), QUOTE) == 8
    assert find_cut(view(b'"1\n2\n"'), QUOTE) == 0


def test_a_footer_is_read_and_written_unchanged() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1, None], "b": ["x", "y"], "c": [True, False]}), sink)
    content = sink.getvalue()
    metadata, size = footer.split(content)
    assert footer.write(metadata) == content[-size:]
    with pytest.raises(ValueError, match="not the end"):
        footer.split(content[:-1])
    with pytest.raises(ValueError, match="were given"):
        footer.split(content[-20:])


def test_row_groups_of_two_files_become_one_file() -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    bodies, parts, at = [footer.MAGIC], [], len(footer.MAGIC)
    for rows in ([1, 2], [3]):
        sink = io.BytesIO()
        pq.write_table(pa.table({"a": rows, "b": [None] * len(rows)}, schema=schema), sink)
        metadata, size = footer.split(sink.getvalue())
        bodies.append(sink.getvalue()[4:-size])
        parts.append(footer.drop_last_column(footer.shift(metadata, at - 4)))
        at += len(bodies[-1])
    empty = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), empty)
    base = footer.split(empty.getvalue())[0]
    whole = b"".join(bodies) + footer.write(footer.merge(base, parts))
    assert pq.read_table(pa.BufferReader(whole), use_threads=False).to_pydict() == {"a": [1, 2, 3]}
