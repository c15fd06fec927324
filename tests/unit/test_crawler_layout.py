"""Which tables and partitions folders are."""

from hypothesis import given
from hypothesis import strategies as st

from local.glue.layout import FoundFile, find_tables, table_name

ONE = {"id": "bigint", "name": "string", "at": "date"}
TWO = {"code": "string", "price": "double"}


def file(key: str, columns: dict[str, str] | None = None, rows: int = 1) -> FoundFile:
    return FoundFile(key, 10, rows, columns or ONE)


def tables(files: list[FoundFile], level: int | None = None, root: str = "lake") -> dict[str, list[str]]:
    return {"/".join(t.folders): t.partition_keys for t in find_tables(files, (root,), level)}


def test_each_folder_at_the_level_is_a_table_whatever_its_schema() -> None:
    files = [file("lake/a/x.parquet"), file("lake/b/dt=1/y.parquet"), file("lake/b/dt=2/z.parquet")]
    assert tables(files, level=3) == {"lake/a": [], "lake/b": ["dt"]}


def test_a_file_above_the_level_is_part_of_no_table() -> None:
    assert tables([file("lake/x.parquet"), file("lake/a/y.parquet")], level=3) == {"lake/a": []}


def test_folders_without_names_are_numbered_partitions() -> None:
    (table,) = find_tables([file("lake/a/2026/k=x%20y/f.parquet")], ("lake",), 3)
    assert table.partition_keys == ["partition_0", "k"]
    assert list(table.partitions()) == [("2026", "x y")]


def test_without_a_level_folders_alike_are_partitions_and_others_tables() -> None:
    alike = [file("lake/2025/x.parquet"), file("lake/2026/y.parquet", {**ONE, "extra": "string"})]
    assert tables(alike) == {"lake": ["partition_0"]}
    unlike = [file("lake/a/x.parquet"), file("lake/b/y.parquet", TWO)]
    assert tables(unlike) == {"lake/a": [], "lake/b": []}
    named = [file("lake/k=1/x.parquet"), file("lake/k=2/y.parquet", TWO)]
    assert tables(named) == {"lake": ["k"]}


def test_files_that_lie_elsewhere_are_left_out_and_named() -> None:
    files = [file("lake/a/k=1/x.parquet"), file("lake/a/k=2/y.parquet"), file("lake/a/stray.parquet")]
    (table,) = find_tables(files, ("lake",), 3)
    assert table.left_out == ["lake/a/stray.parquet"]
    assert [f.key for f in table.files] == ["lake/a/k=1/x.parquet", "lake/a/k=2/y.parquet"]


def test_columns_are_merged_in_order_and_folders_win_over_columns() -> None:
    files = [
        file("lake/a/k=1/x.parquet", {"k": "bigint", "n": "int", "t": "string"}),
        file("lake/a/k=2/y.parquet", {"n": "bigint", "more": "double", "t": "date"}),
    ]
    (table,) = find_tables(files, ("lake",), 3)
    assert list(table.columns.items()) == [("n", "bigint"), ("t", "string"), ("more", "double")]


def test_names_are_glue_names() -> None:
    assert table_name(("lake", "My-Table.v2"), "bucket", "raw_") == "raw_my_table_v2"
    assert table_name((), "my-bucket", "") == "my_bucket"


FOLDERS = st.lists(st.sampled_from(["a", "b", "k=1", "k=2"]), max_size=3)


@given(st.lists(FOLDERS, min_size=1, max_size=8), st.sampled_from([None, 2, 3]))
def test_no_file_is_in_two_tables_and_none_is_lost_in_silence(folders: list[list[str]], level: int | None) -> None:
    files = [file("/".join(["lake", *parts, f"{n}.parquet"])) for n, parts in enumerate(folders)]
    found = find_tables(files, ("lake",), level)
    held = [f.key for table in found for f in table.files] + [key for table in found for key in table.left_out]
    deep_enough = [f.key for f in files if level is None or len(f.folders) >= level - 1]
    assert sorted(held) == sorted(deep_enough)
    for table in found:
        assert sum(len(part) for part in table.partitions().values()) == (
            len(table.files) if table.partition_keys else 0
        )
