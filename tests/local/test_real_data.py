"""Real CSV files through the whole chain: every cell's text comes back from Athena.

The files are not part of the project: CSVLAKE_DATA names their folder, by default ../shared/data; absent, the test is
skipped and says so. They are read here by Python's csv module, which shares nothing with the engine.
"""

import csv
import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.local.lake_client import LakeClient

DATA = Path(os.environ.get("CSVLAKE_DATA", Path(__file__).parents[3] / "shared" / "data"))
SETS = ("footballcsv_england", "country_codes")
DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")

pytestmark = pytest.mark.local


def same_text(written: str, answered: str) -> bool:
    """Whether the answer gives the cell's text back, up to what docs/types.md names."""
    if written == answered:
        return True
    if DECIMAL.fullmatch(answered) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", written):
        return Decimal(written) == Decimal(answered)  # trailing zeros within the column's scale
    if answered in {"true", "false"}:
        return written.lower() == answered
    return re.fullmatch(r"[0-9-]{10}[ T][0-9:]{8}(\.[0-9]+)?", written) is not None and written.replace(
        "T", " "
    ) == answered.rstrip("0").rstrip(".")


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.reader(file) if row]


@pytest.mark.parametrize("name", SETS)
def test_every_cell_of_every_file_comes_back(lake: LakeClient, name: str) -> None:
    files = sorted((DATA / name).rglob("*.csv")) if DATA.is_dir() else []
    if not files:
        pytest.skip(f"no real CSV files at {DATA / name}; CSVLAKE_DATA names their folder")
    keys = {path: f"csv-files/real_{name}_{number}/{path.name}" for number, path in enumerate(files)}
    for path, key in keys.items():
        lake.put(key, path.read_bytes())
    outcomes = lake.wait_for_outcomes(set(keys.values()))
    refused = {key: row for key, row in outcomes.items() if row["outcome"] == "refused"}
    assert refused == {}
    for path, key in keys.items():
        header, *written = rows_of(path)
        answered = lake.query(f'SELECT * FROM "{key.split("/")[1]}"')
        assert len(answered) == len(written), path
        table = [[row[column] for column in row if column != "_rescued_data"] for row in answered]
        assert all(len(row) == len(header) for row in table), path
        left = Counter(map(tuple, written)) - Counter(map(tuple, table))
        right = Counter(map(tuple, table)) - Counter(map(tuple, written))
        # what differs in spelling must pair up, in order of the remaining text
        for expected, row in zip(sorted(left.elements()), sorted(right.elements()), strict=True):
            assert all(map(same_text, expected, row)), (path, expected, row)
