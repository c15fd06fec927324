"""A table's types change under the eyes of Athena: every answer is right, or a plain error."""

import time
import uuid
from decimal import Decimal, InvalidOperation

import pytest

from local.lake import QueryError
from tests.local.lake_client import LakeClient

pytestmark = pytest.mark.local

LIMIT_S = 120


def spell(row: dict[str, str]) -> str:
    """Return the text that a cell had: rescued, or the value without zeros at its end."""
    if row.get("_rescued_data"):
        return row["_rescued_data"]
    try:
        return f"{Decimal(row['id']).normalize():f}"
    except InvalidOperation:
        return row["id"]


def watch(lake: LakeClient, table: str, older: list[str], newer: list[str]) -> list[str]:
    """Ask until a file has arrived and its table's types are settled; return the errors met on the way."""
    errors: list[str] = []
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            found = sorted(map(spell, lake.query(f"SELECT * FROM {table}")))
            above = lake.query(f"SELECT id FROM {table} WHERE id >= 2")
        except QueryError as error:
            errors.append(str(error))
        else:
            states = (sorted(older), sorted([*older, *newer]))
            assert found in states
            assert sorted(map(spell, above)) in [[text for text in state if is_above(text)] for state in states]
            if len(found) > len(older) and not is_changing(lake, table):
                return errors
        assert time.monotonic() < deadline, errors[-3:]
        time.sleep(0.5)


def is_above(text: str) -> bool:
    return text[0].isdigit() and Decimal(text) >= 2


def is_changing(lake: LakeClient, table: str) -> bool:
    described = lake.lake.describe_table(table)
    return described is None or "csvlake.converting" in described["Parameters"]


@pytest.mark.parametrize("folder", ["", "dt=1/"])
def test_the_common_case_is_dull(lake: LakeClient, folder: str) -> None:
    """Integers, then halves, then eighths, then a text that is no number."""
    table = f"dull_{uuid.uuid4().hex[:10]}"
    texts: list[str] = []
    for number, cells in enumerate((["1", "2", "3"], ["1.5"], ["1.125", "2"], ["n/a"])):
        lake.put(f"csv-files/{table}/{folder}{number}.csv", "id\n" + "".join(f"{cell}\n" for cell in cells))
        arrived = [cell if cell != "n/a" else '{"id": "n/a"}' for cell in cells]
        for error in watch(lake, table, texts, arrived):
            assert any(word in error for word in ("HIVE_", "does not exist", "TYPE_MISMATCH")), error
        texts += arrived
    types = {column["Name"]: column["Type"] for column in columns_of(lake, table)}
    assert types == {"id": "decimal(18,3)", "_rescued_data": "string"}


def columns_of(lake: LakeClient, table: str) -> list[dict[str, str]]:
    described = lake.lake.describe_table(table)
    assert described is not None
    columns: list[dict[str, str]] = described["StorageDescriptor"]["Columns"]
    return columns
