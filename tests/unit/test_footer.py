"""Parquet footers, byte for byte."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake.engine import footer


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
