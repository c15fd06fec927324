"""Large files: what is streamed in batches is what would be made at once."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from csvlake import convert_file, engine
from csvlake.engine.dialect import decide
from csvlake.engine.model import Column, ConvertOptions
from csvlake.engine.sizes import Sizes
from csvlake.engine.source import open_text
from csvlake.engine.stream import stream
from csvlake.errors import TerminalError

MEMORY = ConvertOptions(memory_bytes=0)  # the smallest batches: one MiB
ROWS = 60_000


def write(path: Path, body: bytes) -> Path:
    path.write_bytes(b"id,text,amount\n" + body)
    return path


def plain_rows(count: int) -> bytes:
    return b"".join(b'%d,"t ""%d""\n",%d.%02d\n' % (row, row % 10, row, row % 100) for row in range(count))


def test_a_large_file_becomes_row_groups_in_its_order(tmp_path: Path) -> None:
    report = convert_file(write(tmp_path / "in.csv", plain_rows(ROWS)), tmp_path / "out", MEMORY, {"k": "v"})
    assert [column.type for column in report.schema] == ["bigint", "string", "decimal(18,2)"]
    assert (report.records_read, report.rows_written, report.rows_rescued) == (ROWS, ROWS, 0)
    with pq.ParquetFile(tmp_path / "out") as file:
        assert file.num_row_groups > 1
        assert file.schema_arrow.names == ["id", "text", "amount"]
        assert file.schema_arrow.field("text").metadata[b"csvlake.source_name"] == b"text"
        assert file.schema_arrow.metadata[b"k"] == b"v"
        assert file.metadata.num_rows == ROWS
        assert file.metadata.row_group(1).column(0).statistics.min > file.metadata.row_group(0).column(0).statistics.max
        table = file.read(use_threads=False)
    assert table.column("id").to_pylist() == list(range(ROWS))
    assert table.column("text").to_pylist() == [f't "{row % 10}"\n' for row in range(ROWS)]
    assert str(table.column("amount")[12_345].as_py()) == "12345.45"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out"]


def test_a_late_cell_changes_its_columns_type_everywhere(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", plain_rows(ROWS) + b"007,x,1.125\n")
    report = convert_file(source, tmp_path / "out", MEMORY)
    assert [column.type for column in report.schema] == ["string", "string", "decimal(18,3)"]
    table = pq.read_table(tmp_path / "out", use_threads=False)
    assert table.column("id").to_pylist() == [*map(str, range(ROWS)), "007"]


def test_a_late_odd_record_is_rescued_and_the_rest_unharmed(tmp_path: Path) -> None:
    body = plain_rows(ROWS) + b'1,5" pipe,2.00,extra\n' + plain_rows(ROWS)
    report = convert_file(write(tmp_path / "in.csv", body), tmp_path / "out", MEMORY)
    assert (report.records_read, report.rows_rescued) == (2 * ROWS + 1, 1)
    assert report.schema[-1] == Column("_rescued_data", "string")
    row = pq.read_table(tmp_path / "out", use_threads=False).slice(ROWS, 1).to_pylist()[0]
    assert (row["text"], row["_rescued_data"]) == (
        '5" pipe',
        '{"_extra_cells": ["extra"], "_raw": "1,5\\" pipe,2.00,extra"}',
    )


def test_late_undecodable_bytes_are_rejected_with_their_place(tmp_path: Path) -> None:
    body = plain_rows(ROWS)
    report = convert_file(write(tmp_path / "in.csv", body + b"1,\xff\xfe,2\n"), tmp_path / "out", MEMORY)
    assert (report.records_read, report.records_rejected) == (ROWS + 1, 1)
    assert (report.rejects[0].line, report.rejects[0].byte_offset) == (2 + 2 * ROWS, len(body) + 15)


def test_an_error_in_a_thread_reaches_the_caller_and_leaves_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", plain_rows(ROWS) + b"x,x,x\n")
    options = ConvertOptions(memory_bytes=0, on_misfit="reject_file", scratch_dir=tmp_path)

    def agree(columns: list[Column]) -> list[Column]:
        return [Column(column.name, "bigint" if column.name == "id" else "string") for column in columns]

    with pytest.raises(TerminalError, match="'x'"):
        engine.convert(engine.open_source(source), options, agree)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_the_same_large_file_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", plain_rows(ROWS))
    for name in ("a", "b"):
        convert_file(source, tmp_path / name, MEMORY)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_footers_are_listed_by_their_lines(tmp_path: Path) -> None:
    body = b"1,x,2.00\n" * (4 * ROWS) + b"\nSource: somebody\n"
    report = convert_file(write(tmp_path / "in.csv", body), tmp_path / "out", MEMORY)
    assert report.rows_written == 4 * ROWS
    last = body.count(b"\n") + 1
    assert [(line.line, line.kind) for line in report.skipped] == [(1, "header"), (last - 1, "blank"), (last, "footer")]


def stream_small(content: bytes, path: Path) -> pq.FileMetaData:
    """Convert in batches of a kilobyte, and check that no value is lost."""
    text = open_text(engine.open_source(content), ConvertOptions())
    options = ConvertOptions(scratch_dir=path)
    converted = stream(text, decide(text, options), options, None, None, Sizes(2, 1000, 1000, 500))
    assert converted.path is not None
    with pq.ParquetFile(converted.path) as file:
        whole = engine.convert(engine.open_source(content), options).table
        assert file.read(use_threads=False).equals(whole)
        return file.metadata


def test_batches_share_row_groups_and_dictionaries_until_a_new_text_comes(tmp_path: Path) -> None:
    rows = [f"{row},{'red' if row % 2 else 'blue'},{row % 7}\n" for row in range(900)]
    assert stream_small(("id,colour,n\n" + "".join(rows)).encode(), tmp_path).num_row_groups == 1
    rows[500] = "500,green,3\n"
    found = stream_small(("id,colour,n\n" + "".join(rows)).encode(), tmp_path)
    assert found.num_row_groups == 3
    assert "RLE_DICTIONARY" in found.row_group(0).column(1).encodings


def test_columns_in_order_are_told_with_the_page_index(tmp_path: Path) -> None:
    rows = [f"{row // 3},k{row:04},{-row},{row if row % 2 else ''},2020-01-{1 + row // 30:02}\n" for row in range(900)]
    found = stream_small(("a,b,c,d,e\n" + "".join(rows)).encode(), tmp_path).row_group(0)
    assert [(order.column_index, order.descending) for order in found.sorting_columns] == [
        (0, False),
        (1, False),
        (4, False),
    ]
    assert all(found.column(index).has_offset_index and found.column(index).has_column_index for index in range(5))
    rows[899] = "299,k0000,0,1,2020-01-30\n"
    found = stream_small(("a,b,c,d,e\n" + "".join(rows)).encode(), tmp_path).row_group(0)
    assert [order.column_index for order in found.sorting_columns] == [0, 4]
