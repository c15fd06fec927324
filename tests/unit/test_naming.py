"""Which table, partition and target a source key has."""

import re

import pytest

from csvlake.errors import TerminalError
from csvlake.lake.naming import Layout, Placement, place

LAYOUT = Layout()
HASHED = r"-[0-9a-f]{12}"


def placed(key: str) -> Placement:
    placement = place(key, LAYOUT)
    assert placement is not None
    return placement


@pytest.mark.parametrize(
    ("key", "table", "partitions", "target"),
    [
        ("csv-files/sales/x.csv", "sales", (), "parquet-files/sales/x.csv.parquet"),
        (
            "csv-files/sales/dt=2026-01-01/x.csv",
            "sales",
            (("dt", "2026-01-01"),),
            "parquet-files/sales/dt=2026-01-01/x.csv.parquet",
        ),
        ("csv-files/sales/2026/01/X-1.csv.gz", "sales", (), "parquet-files/sales/2026/01/X-1.csv.gz.parquet"),
        ("csv-files/sales/noextension", "sales", (), "parquet-files/sales/noextension.parquet"),
        (
            "csv-files/sales/y=1/m=02/x.tsv",
            "sales",
            (("y", "1"), ("m", "02")),
            "parquet-files/sales/y=1/m=02/x.tsv.parquet",
        ),
    ],
)
def test_clean_keys_are_mirrored(key: str, table: str, partitions: tuple[tuple[str, str], ...], target: str) -> None:
    placement = placed(key)
    assert (placement.table, placement.partitions, placement.target_key) == (table, partitions, target)


@pytest.mark.parametrize(
    ("key", "table", "pattern"),
    [
        ("csv-files/orders.csv", "orders", r"parquet-files/orders/orders-HASH\.csv\.parquet"),
        ("csv-files/orders.CSV.GZ", "orders", r"parquet-files/orders/orders-HASH\.CSV\.GZ\.parquet"),
        ("csv-files/orders.2024.csv", "orders_2024", r"parquet-files/orders_2024/orders\.2024-HASH\.csv\.parquet"),
        ("csv-files/Sales/x.csv", "sales", r"parquet-files/sales/x-HASH\.csv\.parquet"),
        ("csv-files/sales/a b+c%d#.csv", "sales", r"parquet-files/sales/a_b_c_d_-HASH\.csv\.parquet"),
        ("csv-files/größe/Straße.csv", "grosse", r"parquet-files/grosse/Strasse-HASH\.csv\.parquet"),
        ("csv-files/sales/日本.csv", "sales", r"parquet-files/sales/x-HASH\.csv\.parquet"),
        ("csv-files/sales//x.csv", "sales", r"parquet-files/sales/x/x-HASH\.csv\.parquet"),
        ("csv-files/sales/2026/dt=1/x.csv", "sales", r"parquet-files/sales/dt=1/2026/x-HASH\.csv\.parquet"),
        ("csv-files/sales/DT=1/x.csv", "sales", r"parquet-files/sales/dt=1/x-HASH\.csv\.parquet"),
        ("csv-files/sales/=1/x.csv", "sales", r"parquet-files/sales/1/x-HASH\.csv\.parquet"),
        ("csv-files/sales/x-0123456789ab.csv", "sales", r"parquet-files/sales/x-0123456789ab-HASH\.csv\.parquet"),
    ],
)
def test_changed_names_get_a_hash(key: str, table: str, pattern: str) -> None:
    placement = placed(key)
    assert placement.table == table
    assert re.fullmatch(pattern.replace("-HASH", HASHED), placement.target_key), placement.target_key


@pytest.mark.parametrize(
    ("folder", "value", "target_folder"),
    [
        ("city=New York", "New York", "city=New York"),
        ("d=2024%2F01", "2024/01", "d=2024%2F01"),
        ("d=10:30", "10:30", "d=10%3A30"),
        ("p=5%", "5%", "p=5%25"),
        ("p=%zz%ff", "%zz%ff", "p=%25zz%25ff"),
        ("p=a=b", "a=b", "p=a%3Db"),
        ("city=Zürich", "Zürich", "city=Zürich"),
        ("d=", "__HIVE_DEFAULT_PARTITION__", "d=__HIVE_DEFAULT_PARTITION__"),
        ("d=%00", "%00", "d=%2500"),
    ],
)
def test_partition_values_are_spelled_as_hive_does(folder: str, value: str, target_folder: str) -> None:
    placement = placed(f"csv-files/t/{folder}/x.csv")
    assert [held for _, held in placement.partitions] == [value]
    assert placement.partition_prefix == f"parquet-files/t/{target_folder}/"
    assert placement.target_key.startswith(placement.partition_prefix)


@pytest.mark.parametrize(
    "key",
    [
        "csv-files/",
        "csv-files/sales/",
        "csv-files/sales/_contract.yaml",
        "csv-files/_tmp/x.csv",
        "csv-files/sales/.x.csv.swp",
        "csv-files/sales/.hidden/x.csv",
        "csv-files/_SUCCESS",
        "parquet-files/sales/x.csv",
        "x.csv",
        "",
    ],
)
def test_what_is_not_data(key: str) -> None:
    assert place(key, LAYOUT) is None


def test_files_that_clean_to_the_same_name_do_not_meet() -> None:
    keys = [
        "orders.csv",
        "orders/orders.csv",
        "Orders/orders.csv",
        "orders/ORDERS.csv",
        "orders/o rders.csv",
        "orders/o_rders.csv",
    ]
    targets = {placed(f"csv-files/{key}").target_key for key in keys}
    assert len(targets) == len(keys)
    assert {placed(f"csv-files/{key}").table for key in keys} == {"orders"}


def test_tables_whose_letters_have_no_ascii_do_not_meet() -> None:
    tables = {placed(f"csv-files/{folder}/x.csv").table for folder in ("销售", "库存", "sales_销售", "sales_库存")}
    assert len(tables) == 4
    assert all(table.isascii() and table[0].isalpha() for table in tables)


def test_one_partition_key_twice_is_refused() -> None:
    with pytest.raises(TerminalError, match="'a' stands twice") as refusal:
        place("csv-files/t/a=1/A=2/x.csv", LAYOUT)
    assert refusal.value.code == "partition_layout"


def test_partition_folders_without_room_are_refused() -> None:
    with pytest.raises(TerminalError, match="no room") as refusal:
        place(f"csv-files/t/a={'%' * 700}/x.csv", LAYOUT)
    assert refusal.value.code == "key_too_long"


def test_a_long_key_keeps_its_partition_and_loses_its_name() -> None:
    placement = placed(f"csv-files/t/a=1/{'x' * 1000}.csv")
    assert placement.target_key.startswith("parquet-files/t/a=1/")
    assert len(placement.target_key) < 100
