"""The catalog is in step before a file is published, and its version changes only when the schema does."""

from dataclasses import replace

import pytest

from csvlake.engine.model import Column
from csvlake.errors import TransientError
from csvlake.lake.ports import Table
from tests.lakes import LakeInMemory


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def test_the_first_file_creates_the_table(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "Id,Name", "1,a"))
    table = lake.catalog.tables["t"]
    assert table.columns == (Column("Id", "bigint", "Id"), Column("Name", "string", "Name"))
    assert table.partition_keys == (Column("dt", "string"),)
    assert table.location == "s3://lake/parquet-files/t/"


def test_the_schema_is_published_before_the_data(lake: LakeInMemory) -> None:
    def published() -> None:
        assert "t" in lake.catalog.tables

    lake.store.before("put", 1, published)
    assert lake.converge(lake.upload("t/dt=1/x.csv", "id", "1")).outcome == "converted"


def test_new_columns_are_added_and_absent_ones_left_out(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id,old", "1,a"))
    outcome = lake.converge(lake.upload("t/y.csv", "new,id", "b,2"))
    assert list(lake.types("t")) == ["id", "old", "new"]
    assert lake.table("t/y.csv").column_names == ["new", "id"]
    assert outcome.schema_version == "1"


def test_no_version_is_written_without_a_change(lake: LakeInMemory) -> None:
    for name in ("x", "y", "z"):
        lake.converge(lake.upload(f"t/{name}.csv", "id", "1"))
    assert lake.catalog.tables["t"].version_id == "0"
    assert lake.catalog.calls["create_table"] == 1
    assert lake.catalog.calls["update_table"] == 0


def test_a_later_files_misfit_is_rescued(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    outcome = lake.converge(lake.upload("t/y.csv", "id", "2", "n/a"))
    assert lake.types("t") == {"id": "bigint", "_rescued_data": "string"}
    assert lake.rows("t/y.csv") == [(2, None), (None, "{'id': 'n/a'}")]
    assert outcome.rows_rescued == 1


def test_the_catalog_is_asked_once_in_a_while(lake: LakeInMemory) -> None:
    process = lake.process()
    for name in ("a", "b", "c"):
        process.converge(lake.upload(f"t/{name}.csv", "id", "1"))
    assert lake.catalog.calls == {"get_table": 1, "create_table": 1}
    lake.clock.advance(9)
    process.converge(lake.upload("t/d.csv", "id", "1"))
    assert lake.catalog.calls["get_table"] == 2


def test_two_first_files_end_in_the_union(lake: LakeInMemory) -> None:
    """The other process creates the table after we saw that there was none."""
    lake.upload("t/y.csv", "id,b", "1,2")
    lake.catalog.before("create_table", lambda: lake.converge("csv-files/t/y.csv"))
    lake.converge(lake.upload("t/x.csv", "id,a", "1,2"))
    assert lake.types("t") == {"id": "bigint", "b": "bigint", "a": "bigint"}
    assert lake.rows("t/x.csv") == [(1, 2)]


def test_a_type_that_another_file_published_meanwhile_wins(lake: LakeInMemory) -> None:
    lake.upload("t/y.csv", "id", "n/a")
    lake.catalog.before("create_table", lambda: lake.converge("csv-files/t/y.csv"))
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert lake.types("t") == {"id": "string"}
    assert lake.rows("t/x.csv") == [("1",)]


def test_a_stale_memory_of_the_table_never_reaches_the_data(lake: LakeInMemory) -> None:
    """We remember the table without a column that another process has since added, with another type."""
    process = lake.process()
    process.converge(lake.upload("t/x.csv", "id", "1"))
    lake.converge(lake.upload("t/y.csv", "id,more", "1,text"))
    process.converge(lake.upload("t/z.csv", "id,more", "1,2"))
    assert lake.types("t") == {"id": "bigint", "more": "string"}
    assert lake.rows("t/z.csv") == [(1, "2")]


def test_a_catalog_that_never_rests_comes_again_later(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    number = 0

    def restless() -> None:
        nonlocal number
        number += 1
        held = lake.catalog.tables["t"]
        lake.catalog.tables["t"] = replace(held, version_id=str(int(held.version_id) + 1))
        lake.catalog.before("update_table", restless)

    lake.catalog.before("update_table", restless)
    with pytest.raises(TransientError, match="changed under every one"):
        lake.converge(lake.upload("t/y.csv", "new", "1"))
    assert not lake.rows("t/y.csv")


def test_a_table_that_stands_elsewhere_is_not_touched(lake: LakeInMemory) -> None:
    theirs = Table("conversions", (Column("id", "bigint"),), (), "s3://lake/meta/conversions/", "7")
    lake.catalog.tables["conversions"] = theirs
    outcome = lake.converge(lake.upload("conversions/x.csv", "other", "1"))
    assert outcome.outcome == "refused"
    assert outcome.reason is not None
    assert outcome.reason.startswith("foreign_table: a table conversions exists at s3://lake/meta/conversions/")
    assert lake.catalog.tables["conversions"] == theirs


# Where a crawler makes the tables ------------------------------------------------------------------------------------


def test_in_crawler_mode_tables_are_read_and_never_written(lake: LakeInMemory) -> None:
    lake = lake.with_crawler()
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    assert not lake.catalog.tables
    assert not lake.catalog.partitions
    lake.catalog.tables["t"] = Table(
        "t", (Column("id", "string"),), (Column("dt", "string"),), "s3://lake/parquet-files/t/", "3"
    )
    outcome = lake.converge(lake.upload("t/dt=1/y.csv", "id,new", "1,2"))
    assert lake.rows("t/dt=1/y.csv") == [("1", 2)]
    assert outcome.schema_version == "3"
    assert lake.types("t") == {"id": "string"}
