"""`CatalogMode=crawler`, with IAM policies enforced: the same files become tables through the Glue crawler."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import boto3
import pytest

from local.__main__ import bring_up
from local.screen import Screen
from local.server import stop_server
from local.state import State
from tests.local.lake_client import LakeClient

pytestmark = pytest.mark.local

EVERY_MINUTE = "cron(0/1 * * * ? *)"


@pytest.fixture(scope="module")
def crawled() -> Iterator[dict[str, str]]:
    """A stack in crawler mode, on a local AWS of its own; its folder keeps what is slow to build."""
    state = State(State().folder / "crawler-mode")
    state.folder.mkdir(parents=True, exist_ok=True)
    parameters = {"CatalogMode": "crawler", "CrawlerSchedule": EVERY_MINUTE}
    _, stack = bring_up(state, Screen(), parameters, iam=True)
    yield asdict(stack)
    stop_server(state)


@pytest.fixture(scope="module")
def lake(crawled: dict[str, str]) -> LakeClient:
    return LakeClient(crawled)


@pytest.fixture(scope="module")
def glue(crawled: dict[str, str], session: boto3.Session) -> Any:
    return session.client("glue", endpoint_url=crawled["endpoint_url"])


def wait_for_table(glue: Any, database: str, table: str, columns: int, limit_s: float = 100) -> dict[str, Any]:
    """Wait until the crawler has made the table with so many columns."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        try:
            found: dict[str, Any] = glue.get_table(DatabaseName=database, Name=table)["Table"]
        except glue.exceptions.EntityNotFoundException:
            found = {}
        if found and len(found["StorageDescriptor"]["Columns"]) == columns:
            return found
        time.sleep(0.2)
    raise AssertionError(f"the crawler did not make {table} with {columns} columns in {limit_s} s")


def test_the_converter_starts_the_crawler_which_makes_the_table(
    lake: LakeClient, glue: Any, crawled: dict[str, str]
) -> None:
    keys = {f"csv-files/orders/month=2026-0{month}/x.csv" for month in (1, 2)}
    for key in sorted(keys):
        lake.put(key, "id,amount\n001,12.50\n002,\n")
    outcomes = lake.wait_for_outcomes(keys)
    assert {row["outcome"] for row in outcomes.values()} == {"converted"}
    table = wait_for_table(glue, crawled["database"], "orders", 2)
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert types == {"id": "string", "amount": "decimal(18,2)"}
    assert [key["Name"] for key in table["PartitionKeys"]] == ["month"]
    assert "CRAWLER" in str(table["Parameters"])
    deadline = (
        time.monotonic() + 100
    )  # a file published while the crawler ran is found by the start that was remembered
    while len(rows := lake.query("SELECT * FROM orders ORDER BY month, id")) < 4:
        assert time.monotonic() < deadline, f"only {len(rows)} rows were ever crawled"
        time.sleep(0.3)
    assert [tuple(row.values()) for row in rows] == [
        ("001", "12.50", "2026-01"),
        ("002", "", "2026-01"),
        ("001", "12.50", "2026-02"),
        ("002", "", "2026-02"),
    ]


def test_the_schedule_crawls_what_nobody_asked_for(
    lake: LakeClient, glue: Any, crawled: dict[str, str], session: boto3.Session
) -> None:
    s3 = session.client("s3", endpoint_url=crawled["endpoint_url"])
    listed = s3.list_objects_v2(Bucket=crawled["bucket"], Prefix="parquet-files/orders/")["Contents"]
    source = f"{crawled['bucket']}/{listed[0]['Key']}"
    s3.copy_object(Bucket=crawled["bucket"], Key="parquet-files/by_hand/x.parquet", CopySource=source)
    wait_for_table(glue, crawled["database"], "by_hand", 2)
    assert len(lake.query("SELECT * FROM by_hand")) == 2
