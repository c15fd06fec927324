"""What every `Catalog` does."""

import pytest

from csvlake.engine.model import Column
from csvlake.lake.ports import Catalog, Partition, Table, TableChanged

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
    changed = catalog.add_columns(created, [Column("more", "decimal(18,2)", "More!")])
    read = catalog.get_table("t")
    assert read is not None
    assert described(read.columns) == [("id", "bigint"), ("name", "string"), ("more", "decimal(18,2)")]
    assert read.columns[2].source_name == "More!"
    assert changed.version_id == read.version_id != created.version_id


def test_adding_to_a_table_that_is_gone_tells_of_the_change(catalog: Catalog) -> None:
    other = Table("other", NEW.columns, (), "s3://lake/parquet-files/other/")
    created = catalog.create_table(other)
    gone = Table("gone", created.columns, (), created.location, created.version_id, created.native)
    with pytest.raises(TableChanged):
        catalog.add_columns(_renamed(gone), [Column("more", "date")])


def _renamed(table: Table) -> Table:
    native = {**table.native, "Name": table.name} if table.native else None
    return Table(table.name, table.columns, table.partition_keys, table.location, table.version_id, native)


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
