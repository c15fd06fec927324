"""What types a file's columns take, and when a file is refused for its columns."""

import pytest

from csvlake.engine.model import RESCUED_COLUMN, Column
from csvlake.errors import TerminalError
from csvlake.lake.agree import agree_columns, check_partition_keys, find_conflicts, find_new_columns
from csvlake.lake.ports import Table


def table(*columns: str, keys: str = "") -> Table:
    pairs = (column.partition(":")[::2] for column in columns)
    return Table(
        "t", tuple(Column(*pair) for pair in pairs), tuple(Column(k, "string") for k in keys.split()), "s3://x/"
    )


def test_without_a_table_the_inferred_types_stand() -> None:
    inferred = [Column("b", "bigint", "B"), Column("a", "date", "A")]
    assert agree_columns(inferred, None, []) == inferred


def test_the_tables_types_win_by_name_and_order_stays() -> None:
    inferred = [Column("b", "bigint", "B "), Column("new", "double"), Column("a", "bigint", digits=16)]
    agreed = agree_columns(inferred, table("a:decimal(18,2)", "b:string", "other:date"), [])
    assert agreed == [Column("b", "string", "B "), Column("new", "double"), Column("a", "decimal(18,2)")]


@pytest.mark.parametrize("foreign", ["int", "array<string>", "varchar(10)", "decimal(10,2)", "decimal(18, 2)", "float"])
def test_a_type_that_is_not_ours_to_write_is_refused(foreign: str) -> None:
    with pytest.raises(TerminalError, match="which csvlake does not write") as refusal:
        agree_columns([Column("a", "bigint")], table(f"a:{foreign}"), [])
    assert refusal.value.code == "foreign_type"


@pytest.mark.parametrize(("from_path", "known"), [(["a"], None), ([], table("b:string", keys="a"))])
def test_a_column_with_the_name_of_a_partition_key_is_refused(from_path: list[str], known: Table | None) -> None:
    with pytest.raises(TerminalError, match="rename one of them") as refusal:
        agree_columns([Column("a", "bigint")], known, from_path)
    assert refusal.value.code == "partition_key_is_column"


def test_a_partition_key_with_the_name_of_a_column_is_refused() -> None:
    with pytest.raises(TerminalError, match="name of a column") as refusal:
        check_partition_keys(table("a:string", keys="a"), ["a"])
    assert refusal.value.code == "partition_key_is_column"


@pytest.mark.parametrize("keys", [[], ["b"], ["b", "a"], ["a", "b", "c"]])
def test_another_layout_of_partitions_is_refused(keys: list[str]) -> None:
    with pytest.raises(TerminalError, match="the table t has a, b") as refusal:
        check_partition_keys(table("x:string", keys="a b"), keys)
    assert refusal.value.code == "partition_layout"


def test_new_columns_come_in_the_files_order_with_rescued_data_last() -> None:
    written = [Column("a", "bigint"), Column(RESCUED_COLUMN, "string"), Column("z", "date"), Column("b", "date")]
    assert [column.name for column in find_new_columns(written, table("a:bigint"))] == ["z", "b", RESCUED_COLUMN]


def test_conflicts_are_columns_of_another_type() -> None:
    written = [Column("a", "bigint"), Column("b", "date"), Column("c", "date")]
    assert find_conflicts(written, table("a:bigint", "b:string")) == [Column("b", "date")]
