"""Fifty tables at once, each with a random history of uploads, deletions, contracts and duplicate events.

Whatever the order in which their events came through the chain, each table ends as the bucket implies, and the ledger
says so. CSVLAKE_SEQUENCES sets how many there are, CSVLAKE_SEED which.
"""

import csv
import io
import json
import os
import random
import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal

import boto3
import pytest

from local.lake import QueryError
from tests.local.lake_client import LakeClient

pytestmark = pytest.mark.local

COUNT = int(os.environ.get("CSVLAKE_SEQUENCES", "50"))
SEED = int(os.environ.get("CSVLAKE_SEED", "1"))
STEPS = 6
LIMIT_S = 600
CONTENTS = [
    "id,name\n1,a\n2,NA\n",
    "id,name\n3,b\n",
    "id\n4.5\n",
    "id\n5.125\n6\n",
    "id,name\nn/a,c\n",
    "id,more\n7,x\n8,\n",
    "name,id\nd,007\n",
    "",
]
CONTRACTS = [
    "columns: [{name: name, null_tokens: [NA]}]\n",
    "columns: [{name: id, type: string}]\n",
    "on_misfit: rescue\n",
]
CONTRACT = "_contract.yaml"


@dataclass
class History:
    """One table, and what stands in the bucket for it."""

    table: str
    files: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def tokens(self) -> set[str]:
        return {"NA"} if "NA" in self.files.get(CONTRACT, "") else set()

    def rows(self) -> list[list[tuple[str, str]]]:
        """Return the cells that are not null, by column, of every row that the table must have."""
        tokens = self.tokens()
        texts = [text for name, text in self.files.items() if name != CONTRACT]
        rows = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
        return sorted(sorted((k, v) for k, v in row.items() if v and v not in tokens) for row in rows)


def step(history: History, lake: LakeClient, chance: random.Random) -> list[str]:
    """Change one object, and return the keys whose events are to come once more."""
    name = chance.choice(["a.csv", "b.csv", "c.csv", CONTRACT])
    key = f"csv-files/{history.table}/{name}"
    history.names.add(name)
    if name in history.files and chance.random() < 0.3:
        lake.delete(key)
        del history.files[name]
    else:
        history.files[name] = chance.choice(CONTRACTS if name == CONTRACT else CONTENTS)
        lake.put(key, history.files[name])
    return [key] if chance.random() < 0.2 else []


def read(lake: LakeClient, table: str) -> list[list[tuple[str, str]]]:
    """Return a table as `History.rows` does, rescued texts in their places and zeros at a decimal's end left out."""
    found = []
    for row in lake.query(f"SELECT * FROM {table}"):
        cells = {k: v for k, v in row.items() if v and k != "_rescued_data"}
        cells = {k: f"{Decimal(v).normalize():f}" if is_decimal(v) else v for k, v in cells.items()}
        found.append(sorted({**cells, **json.loads(row.get("_rescued_data") or "{}")}.items()))
    return sorted(found)


def is_decimal(text: str) -> bool:
    return "." in text and text.replace(".", "").isdigit()


def differs(history: History, lake: LakeClient) -> str:
    """Return in what way a table is not what the bucket implies; "" where it is."""
    wanted = history.rows()
    described = lake.lake.describe_table(history.table)
    if described is None:
        return "there is no table" if wanted else ""
    if "csvlake.converting" in described["Parameters"]:
        return "in a change"
    try:
        found = read(lake, history.table)
    except QueryError as error:
        return str(error)
    return "" if found == wanted else f"{found} is not {wanted}"


def test_every_table_ends_as_the_bucket_implies(
    lake: LakeClient, stack: dict[str, str], session: boto3.Session
) -> None:
    chance = random.Random(SEED)
    histories = [History(f"sequence_{uuid.uuid4().hex[:8]}") for _ in range(COUNT)]
    queue = session.client("sqs", endpoint_url=stack["endpoint_url"])
    for _ in range(STEPS):
        for history in histories:
            for key in step(history, lake, chance):
                body = json.dumps({"csvlake": "look_at_key", "bucket": stack["bucket"], "key": key})
                delay = chance.randrange(5)
                queue.send_message(QueueUrl=stack["convert_queue_url"], MessageBody=body, DelaySeconds=delay)
    waiting = dict.fromkeys((history.table for history in histories), "not looked at")
    deadline = time.monotonic() + LIMIT_S
    while waiting:
        for history in histories:
            if history.table in waiting:
                waiting[history.table] = differs(history, lake)
        waiting = {table: why for table, why in waiting.items() if why}
        assert time.monotonic() < deadline, waiting
        time.sleep(1)
    check_ledger(histories, lake)
    dead = queue.receive_message(QueueUrl=stack["dlq_url"], MaxNumberOfMessages=10, VisibilityTimeout=0)
    assert [message["Body"] for message in dead.get("Messages", [])] == []


def check_ledger(histories: list[History], lake: LakeClient) -> None:
    """The newest outcome of each key says what stands there now."""
    latest = {row["source_key"]: row for row in lake.query("SELECT * FROM conversions_latest")}
    for history in histories:
        for name in history.names:
            row = latest[f"csv-files/{history.table}/{name}"]
            text = history.files.get(name)
            if text is None:
                assert row["outcome"] == "deleted", row
            elif not text:
                assert row["outcome"] == "refused", row
            else:
                assert row["outcome"] in {"converted", "unchanged"}, row
                if name != CONTRACT:
                    assert row["rows_written"] == row["records_read"] == str(len(text.splitlines()) - 1), row
