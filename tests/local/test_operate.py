"""The operator's commands against the deployed stack, run as a person runs them in the project's folder."""

import csv
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.state import ROOT
from tests.local.lake_client import LakeClient

pytestmark = pytest.mark.local


def csvlake(*arguments: str) -> str:
    """Run a command on the stack that `make up` left, and return what it said."""
    ended = subprocess.run(
        [sys.executable, "-m", "csvlake", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def wait_for(happened: Callable[[], bool], what: str, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.5)


class Table:
    """A table of this test alone: three files that convert, one of them with a rejected record, and a refused one."""

    def __init__(self, lake: LakeClient, session: boto3.Session, stack: dict[str, str]) -> None:
        self.name = f"operate_{uuid.uuid4().hex[:8]}"
        self.bucket = stack["bucket"]
        self.s3 = session.client("s3", endpoint_url=stack["endpoint_url"])
        self.sqs = session.client("sqs", endpoint_url=stack["endpoint_url"])
        files = {"a": b"id\n1\n2\n", "b": b"id\n3\n", "bad": "id,name\n4,日本\n".encode() + b"5,\xff\n", "empty": b""}
        for name, body in files.items():
            lake.put(self.key(name), body)
        lake.wait_for_outcomes({self.key(name) for name in files})

    def key(self, name: str) -> str:
        return f"csv-files/{self.name}/{name}.csv"

    def has_target(self, name: str) -> bool:
        prefix = f"parquet-files/{self.name}/{name}.csv.parquet"
        return bool(self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents"))

    def lose_target(self, name: str) -> None:
        """Take a Parquet object away behind csvlake's back."""
        self.s3.delete_object(Bucket=self.bucket, Key=f"parquet-files/{self.name}/{name}.csv.parquet")
        assert not self.has_target(name)

    def status(self) -> Any:
        return json.loads(csvlake("status", self.name, "--json"))


@pytest.fixture(scope="module")
def table(lake: LakeClient, session: boto3.Session, stack: dict[str, str]) -> Table:
    return Table(lake, session, stack)


def test_status_counts_what_became_of_the_files(table: Table) -> None:
    told = table.status()["tables"][table.name]
    assert told == {
        "files": 4,
        "settled": 3,
        "refused": 1,
        "waiting": 0,
        "older": 0,
        "rows": 4,
        "records_rejected": 1,
        "rows_rescued": 0,
    }


def test_rejects_are_those_of_the_newest_conversion(table: Table, lake: LakeClient, tmp_path: Path) -> None:
    out = tmp_path / "rejects.csv"
    csvlake("rejects", table.name, "--out", str(out))
    with out.open(newline="", encoding="utf-8") as file:
        refused, rejected = csv.DictReader(file)
    assert refused["source_key"] == table.key("empty")
    assert refused["reason"].startswith("empty_file: ")
    assert (rejected["source_key"], rejected["line"], rejected["raw"]) == (table.key("bad"), "3", "5,\\xff")
    (view,) = lake.query(f"SELECT * FROM rejects_latest WHERE table_name = '{table.name}'")
    assert view["raw"] == "5,\\xff"


def test_a_backfill_brings_back_what_is_missing(table: Table) -> None:
    table.lose_target("a")
    assert f"{table.key('a')}\tnever converted\n" in csvlake("backfill", f"{table.name}/", "--dry-run")
    assert not table.has_target("a")
    assert "4 looked at, 1 sent" in csvlake("backfill", f"{table.name}/")
    wait_for(lambda: table.has_target("a"), "the lost Parquet object")
    assert "4 looked at, 0 sent" in csvlake("backfill", f"{table.name}/")


def test_dead_letters_of_both_queues_go_back(table: Table, stack: dict[str, str]) -> None:
    for name, url in (("a", stack["dlq_url"]), ("b", stack["event_dlq_url"])):
        table.lose_target(name)
        body = json.dumps({"csvlake": "look_at_key", "bucket": table.bucket, "key": table.key(name)})
        table.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert csvlake("redrive").splitlines() == ["failed conversions: 1 moved", "undelivered events: 1 moved"]
    wait_for(lambda: table.has_target("a") and table.has_target("b"), "the conversions to be done")
    assert table.status()["dead_letters"] == {"failed conversions": 0, "undelivered events": 0}


def test_a_type_is_changed_on_request(table: Table, lake: LakeClient) -> None:
    assert "id → string" in csvlake("migrate", table.name, "id", "string", "--no-wait")
    (change,) = table.status()["type_changes"]
    assert (change["table"], change["about"]) == (table.name, "id → string")
    wait_for(lambda: table.status()["type_changes"][0]["behind"] == 0, "the older files to follow")
    rows = lake.query(f"SELECT id FROM {table.name} WHERE id > '0' ORDER BY id")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
