"""Tables that many files feed, in the order of their time and in others: nothing is lost, and nothing read wrong.

After every single file each cell's text of each file so far stands in the table, and once the queue is empty every file
stores the types that the catalog shows. After every call that changes something no file would be read silently wrong.
"""

import random
from typing import Any

import pytest

from tests.real_files import DATA, NO_DATA
from tests.series import SERIES, SeriesLake, list_series

ORDERS = range(4)  # 0: as they were written; the others are seeds
SMALL = {
    "the first file is too narrow": [
        "a\n1\n2\n",
        "a\n1.5\n",
        "a\n1.125\n",
        "a\n1e-05\n",
        "a\nn/a\n",
        "a\n99999999999999999999\n",
    ],
    "columns come and go": [
        "a,b\n1,x\n",
        "b,c\ny,2\n",
        "c,a\n3,4\n",
        "d\n2020-01-31\n",
        "a,b,c,d\n5,z,6.5,2020-02-01 10:00:00\n",
        "d\n2020-02-01T10:00\n",
    ],
    "dates in three spellings": [
        "d\n2020-01-31\n",
        "d\n31/01/2020\n",
        "d\n01/31/2020\n",
        "d\n01/02/2020\n",
        "d\n1.2.2020\n",
    ],
    "zeros in front in some files": ["zip\n501\n7030\n", "zip\n00501\n07030\n", "zip\n10001\n"],
    "NA is text": ["c,n\nNA,1\nDE,2\n", "c,n\nNA,NA\n", "c,n\nFR,\n"],
    "a column is empty at first": ["a,b\n1,\n2,\n", "a,b\n3,4\n", "a,b\n5,6.5\n"],
    "a column is full at first": ["a,b\n3,4\n", "a,b\n1,\n2,\n", "a,b\n5,6.5\n"],
    "records of other lengths": ["a,b\n1,2\n", 'a,b\n3\n4,5,6\n7,8\n"",9\n', "a,b,c\n1,2,3\n"],
    "truth and more of it": ["t\ntrue\nfalse\n", "t\nTRUE\n", "t\n1\n", 't\ntrue\n""\n'],
}
CONTRACT = """
columns:
  - {name: lat, aliases: [Latitude]}
  - {name: long, aliases: [Longitude, Long_]}
  - {name: fips, type: string}
  - {name: last_update, type: string}
"""


def shuffle(files: dict[str, bytes], order: int) -> list[tuple[str, bytes]]:
    listed = list(files.items())
    if order:
        random.Random(order).shuffle(listed)
    return listed


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("series", SMALL)
def test_small_series_stay_whole(series: str, order: int) -> None:
    lake = SeriesLake()
    files = {f"{number}.csv": text.encode() for number, text in enumerate(SMALL[series])}
    for name, content in shuffle(files, order):
        assert lake.arrive("t", name, content).outcome == "converted"
    assert len(lake.proven) == len(files)


def test_a_contract_brings_columns_of_two_names_together() -> None:
    lake = SeriesLake()
    lake.arrive("t", "1.csv", b"Latitude,FIPS\n1.5,08001\n")
    lake.arrive("t", "2.csv", b"Lat,FIPS\n1.25,8001\n")
    assert set(lake.lake.types("t")) == {"latitude", "fips", "lat"}
    lake.bring_contract("t", CONTRACT)
    lake.arrive("t", "3.csv", b"Latitude,FIPS,Long_\n7,00501,1\n")
    assert lake.lake.types("t")["lat"] == "decimal(18,2)"
    assert [float(lake.lake.rows(f"t/{number}.csv")[0][0]) for number in "123"] == [1.5, 1.25, 7]


def _mark(table: str, order: int) -> Any:
    """Leave other orders, and the longest series, to the nightly run."""
    is_long = order > 0 or table == "csse_daily"
    return pytest.param(table, order, marks=pytest.mark.nightly) if is_long else (table, order)


@pytest.mark.skipif(not DATA.is_dir(), reason=NO_DATA)
@pytest.mark.parametrize(("table", "order"), [_mark(table, order) for table in SERIES for order in ORDERS])
def test_real_series_stay_whole(table: str, order: int) -> None:
    lake = SeriesLake()
    files = list_series(table)
    assert len(files) >= 5
    for name, content in shuffle(files, order):
        assert lake.arrive(table, name, content).outcome == "converted"  # none of them is refused
    assert len(lake.proven) == len(files)
    assert len(lake.lake.catalog.partitions) == 0


@pytest.mark.nightly
@pytest.mark.skipif(not DATA.is_dir(), reason=NO_DATA)
def test_a_contract_leaves_no_cell_to_rescue() -> None:
    lake = SeriesLake()
    files = list(list_series("csse_daily").items())
    for number, (name, content) in enumerate(files):
        if number == len(files) // 2:
            lake.bring_contract("csse_daily", CONTRACT)
        lake.arrive("csse_daily", name, content)
    assert len(lake.proven) == len(files)
    assert sum(report.rows_rescued for report in lake.reports.values()) == 0
