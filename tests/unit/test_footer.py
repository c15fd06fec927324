"""Parquet footers byte for byte, and row groups that are put together."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake.engine import footer
from csvlake.engine.chunks import take_chunks
from csvlake.engine.rowgroups import Part, RowGroups


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


def test_a_struct_that_was_written_takes_more_fields() -> None:
    first: footer.Struct = {2: (footer.I64, 0), 3: (footer.STRUCT, {1: (footer.I32, 7)})}
    more: footer.Struct = {4: (footer.I64, 1 << 40), 7: (footer.I32, -5), 40: (footer.I32, 1)}
    content = footer.extend(footer.encode(first), 3, more)
    assert content == footer.encode(first | more)
    assert footer.decode(footer.extend(content, 40, {})) == first | more
    inside: footer.Struct = {1: (footer.STRUCT, content), 2: (footer.LIST, (footer.STRUCT, [content, content]))}
    assert footer.decode(footer.encode(inside))[2] == (footer.LIST, (footer.STRUCT, [first | more] * 2))


def file_of(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, table.schema, write_page_index=True, use_dictionary=["c"], data_page_size=100, write_batch_size=10
    ) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def join(
    tables: list[pa.Table], *, held: int = 1 << 20, text: int = 1 << 20, drops_last: bool = False
) -> pq.ParquetFile:
    sink = io.BytesIO()
    sink.write(footer.MAGIC)
    groups = RowGroups(sink, held, text)
    for table in tables:
        content = file_of(table)
        groups.add(Part(take_chunks(content), table.num_rows, len(content), table.num_rows))
    kept = tables[0].schema.names[: -1 if drops_last else None]
    base = footer.split(file_of(pa.table({name: tables[0][name].slice(0, 0) for name in kept})))[0]
    groups.finish(base, drops_last=drops_last, sorted_columns=[0])
    return pq.ParquetFile(pa.BufferReader(sink.getvalue()))


def table_of(first: int, count: int, words: str = "xy") -> pa.Table:
    rows = range(first, first + count)
    dictionary = pa.array(list(words))
    return pa.table(
        {
            "a": pa.array(rows, pa.int64()),
            "b": pa.array([None if row % 3 else f"text {row}" for row in rows], pa.string()),
            "c": pa.DictionaryArray.from_arrays(pa.array([row % 2 for row in rows], pa.int32()), dictionary),
            "d": pa.array([Decimal(row) - 50 for row in rows], pa.decimal128(38, 2)),
            "e": pa.nulls(count, pa.string()),
        }
    )


def as_texts(tables: list[pa.Table]) -> Any:
    return pa.concat_tables([table.set_column(2, "c", table["c"].cast(pa.string())) for table in tables]).to_pydict()


def test_row_groups_become_one_with_their_statistics_and_page_index() -> None:
    tables = [table_of(0, 70), table_of(70, 1), table_of(71, 100)]
    file = join(tables)
    group = file.metadata.row_group(0)
    assert (file.metadata.num_row_groups, file.metadata.num_rows, group.num_rows) == (1, 171, 171)
    assert file.read(use_threads=False).to_pydict() == as_texts(tables)
    statistics = [group.column(index).statistics for index in range(5)]
    assert [(one.min, one.max, one.null_count) for one in statistics[:2]] == [(0, 170, 0), ("text 0", "text 99", 114)]
    assert (statistics[3].min, statistics[3].max) == (Decimal("-50.00"), Decimal("120.00"))
    assert (statistics[4].has_min_max, statistics[4].null_count) == (False, 171)
    assert [group.column(index).num_values for index in range(5)] == [171] * 5
    assert all(group.column(index).has_column_index and group.column(index).has_offset_index for index in range(5))
    assert [(order.column_index, order.descending) for order in group.sorting_columns] == [(0, False)]


def test_what_duckdb_finds_by_the_page_index_is_there(tmp_path: Path) -> None:
    tables = [table_of(first, 500) for first in range(0, 3000, 500)]
    join(tables)
    path = tmp_path / "out.parquet"
    sink = path.open("wb")
    with sink:
        sink.write(footer.MAGIC)
        groups = RowGroups(sink, 1 << 20, 1 << 20)
        for table in tables:
            content = file_of(table)
            groups.add(Part(take_chunks(content), table.num_rows, len(content), 1))
        groups.finish(footer.split(file_of(tables[0].slice(0, 0)))[0], drops_last=False, sorted_columns=[])
    found = duckdb.sql(f"select a, b, c, d from '{path}' where a in (3, 1001, 2999) order by a").fetchall()
    assert found == [
        (3, "text 3", "y", Decimal("-47.00")),
        (1001, None, "y", Decimal("951.00")),
        (2999, None, "y", Decimal("2949.00")),
    ]


def test_other_dictionaries_and_limits_start_another_row_group() -> None:
    tables = [table_of(0, 10), table_of(10, 10, "yx"), table_of(20, 10, "yx")]
    assert [join(tables).metadata.row_group(index).num_rows for index in range(2)] == [10, 20]
    assert join(tables[1:], text=19).metadata.num_row_groups == 2
    assert join(tables[1:], held=10).metadata.num_row_groups == 2
    assert join(tables, text=1).read(use_threads=False).to_pydict() == as_texts(tables)


def test_the_last_column_can_be_left_out() -> None:
    file = join([table_of(0, 10), table_of(10, 5)], drops_last=True)
    assert file.schema_arrow.names == ["a", "b", "c", "d"]
    assert file.read(use_threads=False).num_rows == 15
    group = file.metadata.row_group(0)
    assert group.total_byte_size == sum(group.column(index).total_uncompressed_size for index in range(4))
