"""Parquet footers, read from the end of an object, and Glue's types of what they say."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.glue.footer import NotParquetError, read_footer
from local.glue.types import merge_types

TYPES = {
    "b": (pa.bool_(), "boolean"),
    "i8": (pa.int8(), "tinyint"),
    "i32": (pa.int32(), "int"),
    "i64": (pa.int64(), "bigint"),
    "f": (pa.float32(), "float"),
    "d": (pa.float64(), "double"),
    "m": (pa.decimal128(18, 2), "decimal(18,2)"),
    "w": (pa.decimal128(38, 4), "decimal(38,4)"),
    "day": (pa.date32(), "date"),
    "t": (pa.timestamp("ms"), "timestamp"),
    "s": (pa.string(), "string"),
    "c": (pa.dictionary(pa.int32(), pa.string()), "string"),
    "x": (pa.binary(), "binary"),
    "l": (pa.list_(pa.int64()), "array<bigint>"),
    "st": (pa.struct([("a", pa.string()), ("n", pa.decimal128(18, 2))]), "struct<a:string,n:decimal(18,2)>"),
    "mp": (pa.map_(pa.string(), pa.int32()), "map<string,int>"),
}


def parquet(schema: pa.Schema) -> bytes:
    sink = io.BytesIO()
    pq.write_table(schema.empty_table(), sink)
    return sink.getvalue()


def test_every_type_has_glue_s_name() -> None:
    data = parquet(pa.schema([(name, arrow) for name, (arrow, _) in TYPES.items()]))
    found = read_footer("k", len(data), lambda count: data[-count:])
    assert found.columns == {name: glue for name, (_, glue) in TYPES.items()}
    assert (found.rows, found.size) == (0, len(data))


def test_names_are_in_lower_case() -> None:
    data = parquet(pa.schema([("Id", pa.int64())]))
    assert read_footer("k", len(data), lambda count: data[-count:]).columns == {"id": "bigint"}


def test_a_footer_longer_than_the_first_read_is_read_again() -> None:
    data = parquet(pa.schema([(f"column_{n:05}", pa.int64()) for n in range(2000)]))
    reads: list[int] = []

    def tail(count: int) -> bytes:
        reads.append(count)
        return data[-count:]

    assert len(read_footer("k", len(data), tail).columns) == 2000
    assert len(reads) == 2


@pytest.mark.parametrize("data", [b"", b"id,name\n1,a\n", b"PAR1" + b"\0" * 20 + b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1"])
def test_what_is_not_parquet_is_said_to_be(data: bytes) -> None:
    with pytest.raises(NotParquetError):
        read_footer("k", len(data), lambda count: data[-count:] if count else b"")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("int", "bigint", "bigint"),
        ("float", "double", "double"),
        ("bigint", "double", "string"),
        ("date", "timestamp", "string"),
        ("decimal(18,2)", "decimal(18,2)", "decimal(18,2)"),
        ("decimal(18,2)", "decimal(18,4)", "string"),
    ],
)
def test_types_that_differ_become_the_wider_or_text(one: str, other: str, both: str) -> None:
    assert merge_types(one, other) == merge_types(other, one) == both
