"""What every `ObjectStore` does."""

import datetime
import gc
import io
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from csvlake.lake.ports import ABSENT, IN_FOOTER, PreconditionFailed, SourceChanged
from tests.contract.conftest import StoreUnderTest

KEY = "csv-files/t/a b+ü%.csv"
ARGUMENTS = {
    "compression": "zstd",
    "store_decimal_as_integer": True,
    "coerce_timestamps": "ms",
    "flavor": None,
    "version": "2.6",
    "use_dictionary": ["text"],
}
SCHEMA = pa.schema(
    [
        pa.field("whole", pa.int64(), metadata={"csvlake.source_name": "Whole é"}),
        pa.field("small", pa.decimal128(18, 2)),
        pa.field("large", pa.decimal128(38, 4)),
        pa.field("day", pa.date32()),
        pa.field("moment", pa.timestamp("ms")),
        pa.field("text", pa.string()),
        pa.field("flag", pa.bool_()),
        pa.field("real", pa.float64()),
    ],
    metadata={"csvlake.source_key": KEY},
)
ROW = {
    "whole": 2**63 - 1,
    "small": Decimal("12.50"),
    "large": Decimal("1.0000"),
    "day": datetime.date(1, 1, 1),
    "moment": datetime.datetime(1, 1, 1, 1, 1, 1, 123000),
    "text": "NA",
    "flag": False,
    "real": float("nan"),
}
FULL = pa.Table.from_pylist([ROW, dict.fromkeys(ROW), {**ROW, "text": "", "real": -0.0}], schema=SCHEMA)


def parquet_bytes(table: pa.Table, arguments: dict[str, Any] = ARGUMENTS) -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, **arguments) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    return sink.getvalue()


def test_a_source_is_read_in_ranges(under_test: StoreUnderTest) -> None:
    info = under_test.upload(KEY, b"0123456789")
    source = under_test.store.open_source(KEY)
    assert source is not None
    assert (source.size, source.info.etag, source.info.version_id) == (10, info.etag, info.version_id)
    assert source.name == f"s3://lake/{KEY}"
    assert source.read_range(0, 10) == b"0123456789"
    assert source.read_range(3, 4) == b"3456"
    assert source.read_range(8, 100) == b"89"
    assert source.read_range(10, 5) == b""


def test_an_empty_source_is_empty(under_test: StoreUnderTest) -> None:
    under_test.upload(KEY, b"")
    source = under_test.store.open_source(KEY)
    assert source is not None
    assert (source.size, source.read_range(0, 10)) == (0, b"")


def test_what_is_absent_is_none(under_test: StoreUnderTest) -> None:
    assert under_test.store.open_source(KEY) is None
    assert under_test.store.head(KEY) is None


def test_a_large_source_is_read_at_one_etag(under_test: StoreUnderTest) -> None:
    data = bytes(range(256)) * (9 << 12)  # 9 MiB: more than comes with the first request
    under_test.upload(KEY, data)
    source = under_test.store.open_source(KEY)
    assert source is not None
    assert source.read_range(0, len(data)) == data
    assert source.read_range(len(data) - 3, 10) == data[-3:]
    under_test.upload(KEY, data[::-1])
    with pytest.raises(SourceChanged):
        source.read_range(8 << 20, 1 << 20)
    under_test.remove(KEY)
    with pytest.raises(SourceChanged):
        source.read_range(8 << 20, 1 << 20)


# The last one is large enough for awswrangler.
LARGE = pa.concat_tables([FULL, pa.Table.from_pylist([{**ROW, "text": "x" * (5 << 20)}, ROW], schema=SCHEMA)])
TABLES = {"rows": FULL, "none": FULL.slice(0, 0), "chunks": pa.concat_tables([FULL, FULL]), "large": LARGE}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_written_byte_by_byte_as_pyarrow_does(under_test: StoreUnderTest, name: str) -> None:
    table = TABLES[name]
    under_test.store.put_table("t.parquet", table, ARGUMENTS)
    assert under_test.read("t.parquet") == parquet_bytes(table)
    schema = pq.read_schema(io.BytesIO(under_test.read("t.parquet")))
    assert schema.equals(SCHEMA, check_metadata=True)


def test_a_table_of_many_parts_is_one_object(under_test: StoreUnderTest) -> None:
    numbers = np.random.default_rng(0).integers(0, 2**62, 2_000_000)  # 16 MB, whatever the codec
    table = pa.table({"n": pa.array(numbers, pa.int64())})
    arguments = {"compression": "snappy", "use_dictionary": False, "flavor": None, "version": "2.6"}
    under_test.store.put_table("t.parquet", table, arguments, {"a": "b"}, ABSENT)
    assert under_test.read("t.parquet") == parquet_bytes(table, arguments)
    info = under_test.store.head("t.parquet")
    assert info is not None
    assert info.metadata["a"] == "b"
    with pytest.raises(PreconditionFailed):
        under_test.store.put_table("t.parquet", table, arguments, {}, ABSENT)


def test_a_file_is_published_whole(under_test: StoreUnderTest, tmp_path: Path) -> None:
    path = tmp_path / "scratch.parquet"
    path.write_bytes(bytes(range(256)) * (17 << 12))
    publish(under_test, path, {"csvlake-x": "1"}, ABSENT)
    assert under_test.read("t.parquet") == path.read_bytes()
    info = under_test.store.head("t.parquet")
    assert info is not None
    assert (info.size, dict(info.metadata)) == (17 << 20, {"csvlake-x": "1"})
    with pytest.raises(PreconditionFailed):
        publish(under_test, path, {}, ABSENT)
    path.write_bytes(b"PAR1")
    publish(under_test, path, {}, info.etag)
    assert under_test.read("t.parquet") == b"PAR1"


def publish(under_test: StoreUnderTest, path: Path, metadata: dict[str, str], expected: str) -> None:
    with closing(under_test.store.begin_file("t.parquet", metadata)) as upload:
        upload.complete(path, expected)


def test_a_file_is_sent_while_it_grows(under_test: StoreUnderTest, tmp_path: Path) -> None:
    path = tmp_path / "scratch.parquet"
    content = bytes(range(256)) * (21 << 12)
    with closing(under_test.store.begin_file("t.parquet")) as upload, path.open("wb", buffering=0) as file:
        for start in range(0, len(content), 5 << 20):
            file.write(content[start : start + (5 << 20)])
            upload.grow(path, file.tell())
        assert under_test.store.head("t.parquet") is None
        upload.complete(path, ABSENT)
    assert under_test.read("t.parquet") == content


def test_what_was_dropped_is_not_in_the_file(under_test: StoreUnderTest, tmp_path: Path) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    first.write_bytes(b"a" * (20 << 20))
    second.write_bytes(b"b" * (9 << 20))
    with closing(under_test.store.begin_file("t.parquet")) as upload:
        upload.grow(first, 20 << 20)
        upload.drop()
        upload.grow(second, 8 << 20)
        upload.complete(second, ABSENT)
    assert under_test.read("t.parquet") == second.read_bytes()


def test_a_file_that_was_refused_is_taken_on_another_condition(under_test: StoreUnderTest, tmp_path: Path) -> None:
    path = tmp_path / "scratch.parquet"
    path.write_bytes(b"PAR1")
    there = under_test.upload("t.parquet", b"older")
    with closing(under_test.store.begin_file("t.parquet")) as upload:
        with pytest.raises(PreconditionFailed):
            upload.complete(path, ABSENT)
        assert under_test.read("t.parquet") == b"older"
        upload.complete(path, there.etag)
    assert under_test.read("t.parquet") == b"PAR1"


@pytest.mark.parametrize("columns", [3, 3000], ids=["short", "long"])
def test_a_footer_tells_what_the_metadata_leave_to_it(under_test: StoreUnderTest, tmp_path: Path, columns: int) -> None:
    path = tmp_path / "scratch.parquet"
    table = pa.table({f"column_{number}": [1] for number in range(columns)})
    told = {"csvlake-records-read": "1", "csvlake-dialect": "delimiter=','"}
    pq.write_table(table.replace_schema_metadata({**told, "csvlake.source_key": "k"}), path)
    publish(under_test, path, dict(IN_FOOTER), ABSENT)
    info = under_test.store.head("t.parquet")
    assert info is not None
    assert dict(info.metadata) == {**IN_FOOTER, **told}


@pytest.mark.parametrize(
    "content", [b"x", b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"PAR1" + b"x" * 20 + b"\x14\0\0\0PAR1"]
)
def test_a_footer_that_is_none_tells_nothing(under_test: StoreUnderTest, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scratch.parquet"
    path.write_bytes(content)
    publish(under_test, path, dict(IN_FOOTER), ABSENT)
    info = under_test.store.head("t.parquet")
    assert info is not None
    assert dict(info.metadata) == dict(IN_FOOTER)


def test_metadata_comes_back(under_test: StoreUnderTest) -> None:
    metadata = {"csvlake-source-etag": "abc", "csvlake-dialect": "delimiter=',' quote='%22'", "csvlake-empty": ""}
    under_test.store.put_table("t.parquet", FULL, ARGUMENTS, metadata)
    info = under_test.store.head("t.parquet")
    assert info is not None
    assert dict(info.metadata) == metadata


def test_conditions_on_a_put(under_test: StoreUnderTest) -> None:
    put = under_test.store.put_table
    with pytest.raises(PreconditionFailed):
        put("t.parquet", FULL, ARGUMENTS, {}, "0123456789abcdef0123456789abcdef")
    put("t.parquet", FULL, ARGUMENTS, {}, ABSENT)
    first = under_test.store.head("t.parquet")
    assert first is not None
    with pytest.raises(PreconditionFailed):
        put("t.parquet", FULL.slice(0, 1), ARGUMENTS, {}, ABSENT)
    put("t.parquet", FULL.slice(0, 1), ARGUMENTS, {}, first.etag)
    with pytest.raises(PreconditionFailed):
        put("t.parquet", FULL, ARGUMENTS, {}, first.etag)
    put("t.parquet", FULL.slice(0, 2), ARGUMENTS)
    assert under_test.read("t.parquet") == parquet_bytes(FULL.slice(0, 2))


@pytest.mark.parametrize("text", ["", "x" * (5 << 20)], ids=["small", "large"])
def test_a_writer_that_fails_publishes_nothing(under_test: StoreUnderTest, text: str) -> None:
    table = pa.table({"text": [text, ""], "moment": pa.array([0, 1], pa.timestamp("us"))})
    with pytest.raises(pa.ArrowInvalid, match="would lose data"):
        under_test.store.put_table("t.parquet", table, ARGUMENTS)
    gc.collect()
    assert under_test.store.head("t.parquet") is None


def test_touching_tells_when(under_test: StoreUnderTest) -> None:
    under_test.store.touch("meta/_mark")
    first = under_test.store.head("meta/_mark")
    under_test.store.touch("meta/_mark")
    second = under_test.store.head("meta/_mark")
    assert under_test.read("meta/_mark") == b""
    assert first is not None
    assert second is not None
    assert first.last_modified is not None
    assert second.last_modified is not None
    assert second.last_modified >= first.last_modified


def test_deleting(under_test: StoreUnderTest) -> None:
    info = under_test.upload(KEY, b"x")
    under_test.store.delete(KEY, info.etag)
    assert under_test.store.head(KEY) is None
    under_test.store.delete(KEY, info.etag)  # gone already


def test_prefixes(under_test: StoreUnderTest) -> None:
    assert not under_test.store.has_any("parquet-files/t/dt=1/")
    under_test.upload("parquet-files/t/dt=10/x.parquet", b"x")
    assert not under_test.store.has_any("parquet-files/t/dt=1/")
    under_test.upload("parquet-files/t/dt=1/x.parquet", b"x")
    assert under_test.store.has_any("parquet-files/t/dt=1/")


def test_listing(under_test: StoreUnderTest) -> None:
    keys = [
        "csv-files/a b+ü%.csv",
        "csv-files/t/1.csv",
        "csv-files/t/2.csv",
        "csv-files/t/\U0001f600",
        "csv-files/t/\uff5e",
    ]
    infos = {key: under_test.upload(key, key.encode()) for key in keys}
    under_test.upload("csv-file", b"x")
    under_test.upload("csv-files0", b"x")
    listed = list(under_test.store.list_objects("csv-files/"))
    in_order = sorted(keys, key=str.encode)
    assert [info.key for info in listed] == in_order
    assert [(info.etag, info.size) for info in listed] == [(infos[key].etag, infos[key].size) for key in in_order]
    assert all(info.last_modified is not None and not info.metadata for info in listed)
    for number, key in enumerate(in_order):
        after = [info.key for info in under_test.store.list_objects("csv-files/", after=key)]
        assert after == in_order[number + 1 :]
    assert [info.key for info in under_test.store.list_objects("csv-files/", after="csv-files/s")] == in_order[1:]
    assert list(under_test.store.list_objects("other/")) == []
    single = [info.key for info in under_test.store.list_objects("csv-files/", deep=False)]
    assert single == in_order[:1]
    assert list(under_test.store.list_objects("csv-files/", in_order[0], deep=False)) == []


def test_listing_more_than_a_page(under_test: StoreUnderTest) -> None:
    keys = [f"t/{number:04}/x" for number in range(1_003)]
    for key in keys:
        under_test.upload(key, b"")
    assert [info.key for info in under_test.store.list_objects("t/")] == keys
    assert list(under_test.store.list_folders("t/")) == [key.removesuffix("x") for key in keys]


def test_folders(under_test: StoreUnderTest) -> None:
    for key in (
        "csv-files/loose.csv",
        "csv-files/b ü/1/x",
        "csv-files/b ü/2/x",
        "csv-files/a/",
        "csv-files/a-b/x",
        "x/y",
    ):
        under_test.upload(key, b"x")
    assert list(under_test.store.list_folders("csv-files/")) == ["csv-files/a-b/", "csv-files/a/", "csv-files/b ü/"]
    assert list(under_test.store.list_folders("csv-files/b")) == ["csv-files/b ü/"]
    assert list(under_test.store.list_folders("")) == ["csv-files/", "x/"]
