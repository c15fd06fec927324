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


@pytest.fixture
def unscheduled(glue: Any, crawled: dict[str, str]) -> Iterator[None]:
    """No crawl but those that the converter asks for."""
    glue.stop_crawler_schedule(CrawlerName=crawled["crawler_name"])
    yield
    glue.start_crawler_schedule(CrawlerName=crawled["crawler_name"])


@pytest.mark.usefixtures("unscheduled")
def test_what_is_published_during_a_crawl_is_crawled_when_that_ends(
    lake: LakeClient, glue: Any, crawled: dict[str, str], session: boto3.Session
) -> None:
    """The clock that makes up for lost events ticks every 15 minutes: this is the event's work."""
    s3 = session.client("s3", endpoint_url=crawled["endpoint_url"])
    bucket, mark, days = crawled["bucket"], "meta/_crawl-wanted", 0
    s3.delete_object(Bucket=bucket, Key=mark)
    while not s3.list_objects_v2(Bucket=bucket, Prefix=mark)["KeyCount"]:
        days += 1
        assert days < 500, "no start was ever refused"
        lake.put(f"csv-files/daily/day={days:03}/x.csv", "id\n1\n")
    lake.wait_for_outcomes({f"csv-files/daily/day={day:03}/x.csv" for day in range(1, days + 1)})
    deadline = time.monotonic() + 100
    wait_for_table(glue, crawled["database"], "daily", 1)
    while (found := lake.query("SELECT count(*) AS n FROM daily")) != [{"n": str(days)}]:
        assert time.monotonic() < deadline, f"{found} of {days} rows were ever crawled"
        time.sleep(0.3)


@pytest.mark.usefixtures("unscheduled")
def test_a_contract_changes_the_type_of_a_crawled_table(lake: LakeClient, glue: Any, crawled: dict[str, str]) -> None:
    keys = {f"csv-files/priced/month={month}/x.csv" for month in (1, 2, 3)}
    for key in keys:
        lake.put(key, "price\n12\n")
    lake.wait_for_outcomes(keys)
    wait_for_table(glue, crawled["database"], "priced", 1)
    lake.put("csv-files/priced/_contract.yaml", "columns: [{name: price, type: 'decimal(18,2)'}]\n")
    deadline = time.monotonic() + 100
    while wait_for_table(glue, crawled["database"], "priced", 1)["StorageDescriptor"]["Columns"][0]["Type"] != (
        "decimal(18,2)"
    ):
        assert time.monotonic() < deadline, "the table never followed its contract"
        time.sleep(0.3)
    assert lake.query("SELECT price, count(*) AS n FROM priced GROUP BY 1") == [{"price": "12.00", "n": "3"}]


def test_the_schedule_crawls_what_nobody_asked_for(
    lake: LakeClient, glue: Any, crawled: dict[str, str], session: boto3.Session
) -> None:
    s3 = session.client("s3", endpoint_url=crawled["endpoint_url"])
    listed = s3.list_objects_v2(Bucket=crawled["bucket"], Prefix="parquet-files/orders/")["Contents"]
    source = f"{crawled['bucket']}/{listed[0]['Key']}"
    s3.copy_object(Bucket=crawled["bucket"], Key="parquet-files/by_hand/x.parquet", CopySource=source)
    wait_for_table(glue, crawled["database"], "by_hand", 2)
    assert len(lake.query("SELECT * FROM by_hand")) == 2
