"""What every `Catalog` does."""

from dataclasses import replace

import pytest

from csvlake.engine.model import Column
from csvlake.lake.ports import Catalog, Partition, Table, TableChange, TableChanged

NEW = Table(
    "t",
    (Column("id", "bigint", "ID"), Column("name", "string", "name")),
    (Column("dt", "string"), Column("city", "string")),
    "s3://lake/parquet-files/t/",
)
PARTITION = Partition(("2026-01-01", "Zürich / West"), "s3://lake/parquet-files/t/dt=2026-01-01/city=Zürich %2F West/")


def described(columns: tuple[Column, ...]) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in columns]


@pytest.mark.parametrize("name", ["t", "customer_database"])
def test_what_is_absent_is_none(catalog: Catalog, name: str) -> None:
    assert catalog.get_table(name) is None


def test_a_created_table_is_read_back(catalog: Catalog) -> None:
    created = catalog.create_table(NEW)
    read = catalog.get_table("t")
    assert read is not None
    for table in (created, read):
        assert described(table.columns) == [("id", "bigint"), ("name", "string")]
        assert described(table.partition_keys) == [("dt", "string"), ("city", "string")]
        assert table.location == NEW.location
        assert table.columns[0].source_name == "ID"
    assert read.version_id == created.version_id != ""


def test_creating_twice_tells_of_the_change(catalog: Catalog) -> None:
    catalog.create_table(NEW)
    with pytest.raises(TableChanged):
        catalog.create_table(NEW)


def test_columns_are_appended(catalog: Catalog) -> None:
    created = catalog.create_table(NEW)
    changed = catalog.update_table(
        replace(created, columns=(*created.columns, Column("more", "decimal(18,2)", "More!")))
    )
    read = catalog.get_table("t")
    assert read is not None
    assert described(read.columns) == [("id", "bigint"), ("name", "string"), ("more", "decimal(18,2)")]
    assert read.columns[2].source_name == "More!"
    assert changed.version_id == read.version_id != created.version_id


def test_adding_to_a_table_that_is_gone_tells_of_the_change(catalog: Catalog) -> None:
    other = Table("other", NEW.columns, (), "s3://lake/parquet-files/other/")
    created = catalog.create_table(other)
    native = {**created.native, "Name": "gone"} if created.native else None
    with pytest.raises(TableChanged):
        catalog.update_table(replace(created, name="gone", native=native))


def test_everything_that_csvlake_keeps_of_a_table_comes_back(catalog: Catalog) -> None:
    change = TableChange("c1", 1.5, {"id": ("bigint", "decimal(18,2)")}, {"id": "decimal(18,4)"})
    projection = {"projection.enabled": "true", "projection.dt.type": "date"}
    told = replace(NEW, change=change, types_id="t1", contract='{"columns": []}', description="of trust")
    made = catalog.create_table(replace(told, projection=projection))
    for table in (made, catalog.get_table("t")):
        assert table is not None
        assert (table.change, table.types_id, table.contract) == (change, "t1", '{"columns": []}')
        assert (table.description, table.projection) == ("of trust", projection)
        assert table.type_of("id") == "decimal(18,4)"
    changed = catalog.update_table(replace(made, change=None, contract="", description="", projection={}))
    assert (changed.change, changed.contract, changed.description, changed.projection) == (None, "", "", {})
    assert changed.types_id == "t1"


def test_types_change_in_place_and_comments_stay(catalog: Catalog) -> None:
    created = catalog.create_table(NEW)
    columns = (replace(created.columns[0], type="decimal(18,2)"), created.columns[1])
    changed = catalog.update_table(replace(created, columns=columns))
    assert described(changed.columns) == [("id", "decimal(18,2)"), ("name", "string")]
    assert changed.columns[0].source_name == "ID"


def test_partitions_are_aligned_with_their_table(catalog: Catalog) -> None:
    created = catalog.create_table(NEW)
    for day in range(3):
        catalog.create_partition(created, Partition((f"2026-01-0{day + 1}", "x"), f"{NEW.location}{day}/"))
    assert catalog.align_partitions(created) == 0
    changed = catalog.update_table(replace(created, columns=(*created.columns, Column("more", "date"))))
    assert catalog.align_partitions(changed) == 3
    assert catalog.align_partitions(changed) == 0


def test_partitions_may_be_registered_and_removed_again_and_again(catalog: Catalog) -> None:
    table = catalog.create_table(NEW)
    assert not catalog.has_partition("t", PARTITION.values)
    for _ in range(2):
        catalog.create_partition(table, PARTITION)
        assert catalog.has_partition("t", PARTITION.values)
    for _ in range(2):
        catalog.delete_partition("t", PARTITION.values)
        assert not catalog.has_partition("t", PARTITION.values)
    catalog.create_partition(table, PARTITION)
    assert catalog.has_partition("t", PARTITION.values)


def test_partitions_of_no_table(catalog: Catalog) -> None:
    catalog.delete_partition("t", ("1",))
    assert not catalog.has_partition("t", ("1",))
