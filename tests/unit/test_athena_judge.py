"""The matrix of FACTS.md, cell by cell: which stored type reads rightly as which Glue type on every engine tried."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.athena.errors import QueryError
from local.athena.hive_types import parse_hive_type
from local.athena.judge import judge_file, judge_partition
from tests.athena_matrix import GLUE, MATRIX, MEANING, PARTITION_MATRIX, STORED, is_right, may_declare


def footer_of(table: pa.Table, **options: Any) -> pq.FileMetaData:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return pq.ParquetFile(io.BytesIO(sink.getvalue())).metadata


def judge(table: pa.Table, columns: dict[str, str], **options: Any) -> None:
    kinds = {name: parse_hive_type(kind) for name, kind in columns.items()}
    judge_file(footer_of(table, **options), kinds, "s3://b/t/f.parquet")


@pytest.mark.parametrize(("stored", "glue"), MATRIX)
def test_each_cell_of_the_matrix(stored: str, glue: str) -> None:
    one = STORED[stored]
    table = pa.table({"c": pa.array(one.values, one.arrow)})
    if is_right(stored, glue):
        assert footer_of(table, **one.options).num_columns == 1
        judge(table, {"c": glue}, **one.options)
        return
    with pytest.raises(QueryError, match=r"Field c's type .* in parquet file s3://b/t/f.parquet is incompat") as caught:
        judge(table, {"c": glue}, **one.options)
    assert caught.value.code == "HIVE_BAD_DATA"


def test_the_matrix_is_whole() -> None:
    assert len(MATRIX) == len(STORED) * len(GLUE) == 170
    assert {verdict.rstrip("?") for verdicts in MATRIX.values() for verdict in verdicts} == set(MEANING)


@pytest.mark.parametrize(
    ("glue", "arrow", "right"),
    [
        ("int", pa.int32(), True),
        ("int", pa.int64(), False),
        ("smallint", pa.int16(), True),
        ("smallint", pa.int32(), False),
        ("tinyint", pa.int8(), True),
        ("bigint", pa.uint32(), False),
        ("bigint", pa.int8(), True),
        ("float", pa.float32(), True),
        ("double", pa.float32(), False),
        ("binary", pa.binary(), True),
        ("string", pa.binary(), False),
        ("varchar(10)", pa.string(), True),
        ("array<bigint>", pa.list_(pa.int64()), True),
        ("array<bigint>", pa.list_(pa.string()), False),
        ("array<bigint>", pa.int64(), False),
        ("bigint", pa.list_(pa.int64()), False),
        ("map<string,bigint>", pa.map_(pa.string(), pa.int64()), True),
        ("map<string,bigint>", pa.map_(pa.string(), pa.string()), False),
        ("struct<a:bigint>", pa.struct([("a", pa.int64())]), True),
        ("struct<a:bigint>", pa.struct([("a", pa.string())]), False),
    ],
)
def test_types_beyond_the_matrix(glue: str, arrow: pa.DataType, right: bool) -> None:
    table = pa.table({"c": pa.array([None], arrow)})
    if right:
        judge(table, {"c": glue})
        assert table.num_columns == 1
    else:
        with pytest.raises(QueryError, match="HIVE_BAD_DATA"):
            judge(table, {"c": glue})


def test_only_the_columns_that_are_read_are_judged() -> None:
    table = pa.table({"a": ["x"], "b": [1]})
    judge(table, {"b": "bigint"})
    with pytest.raises(QueryError, match="Field a's type BINARY"):
        judge(table, {"a": "bigint", "b": "bigint"})


def test_columns_match_without_case_and_missing_ones_are_right() -> None:
    table = pa.table({"ID": [1]})
    judge(table, {"id": "bigint", "gone": "date"})
    with pytest.raises(QueryError, match="Field id's type INT64"):
        judge(table, {"id": "string"})


def test_of_two_spellings_the_first_is_read() -> None:
    table = pa.table([pa.array([1]), pa.array(["x"])], names=["id", "ID"])
    judge(table, {"id": "bigint"})
    with pytest.raises(QueryError):
        judge(table, {"id": "string"})


@pytest.mark.parametrize("codec", ["lz4", "brotli"])
def test_codecs_that_the_engine_lacks(codec: str) -> None:
    with pytest.raises(QueryError, match=r"Codec .* in Parquet file s3://b/t/f.parquet"):
        judge(pa.table({"a": [1]}), {"a": "bigint"}, compression=codec)


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd"])
def test_codecs_that_it_has(codec: str) -> None:
    judge(pa.table({"a": [1]}), {"a": "bigint"}, compression=codec)
    assert codec in {"none", "snappy", "gzip", "zstd"}


def test_byte_stream_split_only_on_floats() -> None:
    split = {"column_encoding": {"a": "BYTE_STREAM_SPLIT"}, "use_dictionary": False}
    judge(pa.table({"a": [1.5]}), {"a": "double"}, **split)
    with pytest.raises(QueryError, match="BYTE_STREAM_SPLIT of INT64"):
        judge(pa.table({"a": [1]}), {"a": "bigint"}, **split)


def test_partitions_declare_what_the_table_declares() -> None:
    wide, narrow, text = parse_hive_type("bigint"), parse_hive_type("int"), parse_hive_type("string")
    judge_partition("db.t", "p=1", {"a": wide}, {"a": narrow, "other": text})
    with pytest.raises(
        QueryError, match=r"declared as type 'bigint', but partition 'p=1' declared .* 'varchar'"
    ) as caught:
        judge_partition("db.t", "p=1", {"a": wide}, {"a": text})
    assert caught.value.code == "HIVE_PARTITION_SCHEMA_MISMATCH"
    with pytest.raises(QueryError):
        judge_partition("db.t", "p=1", {"a": narrow}, {"a": wide})


@pytest.mark.parametrize(("glue", "declared"), PARTITION_MATRIX)
def test_each_type_that_a_partition_declares(glue: str, declared: str) -> None:
    """The judge is stricter than the engine, which lets some pairs pass and of those rounds some."""
    own = {} if declared == "-" else {"a": parse_hive_type(declared)}
    if may_declare(declared, glue) or (glue, declared) == ("bigint", "int"):
        assert PARTITION_MATRIX[glue, declared] == "ok"
        judge_partition("db.t", "p=1", {"a": parse_hive_type(glue)}, own)
        return
    with pytest.raises(QueryError, match="HIVE_PARTITION_SCHEMA_MISMATCH"):
        judge_partition("db.t", "p=1", {"a": parse_hive_type(glue)}, own)


@pytest.mark.parametrize(
    "name", ["text", "integer", "Decimal(18, 2)", "decimal(18, 2)", "decimal(39,2)", "array<text>"]
)
def test_type_names_that_athena_refuses(name: str) -> None:
    with pytest.raises(QueryError, match="type expected at the position 0"):
        parse_hive_type(name)


@pytest.mark.parametrize(
    ("hive", "duckdb", "trino"),
    [
        ("string", "VARCHAR", "varchar"),
        ("int", "INTEGER", "integer"),
        ("decimal(18,2)", "DECIMAL(18, 2)", "decimal(18,2)"),
        ("array<decimal(5,1)>", "DECIMAL(5, 1)[]", "array(decimal(5,1))"),
        ("map<string,array<int>>", "MAP(VARCHAR, INTEGER[])", "map(varchar, array(integer))"),
        ("struct<a:int,b:string>", 'STRUCT("a" INTEGER, "b" VARCHAR)', "row(a integer, b varchar)"),
    ],
)
def test_type_names(hive: str, duckdb: str, trino: str) -> None:
    kind = parse_hive_type(hive)
    assert (kind.duckdb, kind.trino) == (duckdb, trino)
