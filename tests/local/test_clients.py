"""The clients that people use read every table of the deployed stack as the API gives it.

This file runs last, so that the tables of the tests before it are read too.
"""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pyathena
import pytest
import sqlalchemy

from local.lake import QueryError
from local.sam import aws_environment
from local.tools import ensure_aws
from tests.local.lake_client import LakeClient

pytestmark = [
    pytest.mark.local,
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # awswrangler's own use of pandas
]

MOST_ROWS = 500
FILES = {  # of tables that have in them what a client may read wrongly
    "types/a.csv": 'id,flag,count,price,big,ratio,day,at,note\n'
    '007,true,1,12.50,12345678901234567890123.45,1.5e3,2026-02-28,2026-02-28 10:11:12.345,"He said ""hi"",\nthen ü"\n'
    "008,false,,,,,,,\n"
    "009,,9223372036854775807,-0.01,0.10,-2.5e-7,1969-12-31,1969-12-31 23:59:59.999,NA\n",
    "parts/region=eu/day=2026-01-01/a.csv": "id,amount\n1,1.10\n2,\n",
    "parts/region=a%2Fb/day=2026-01-02/b.csv": "id,amount,extra\n3,2.00,x\n",
    "rescued/a.csv": "id,n\n1,2\n2,3,surplus\n3\n",
    "replaced/a.csv": "id\n1\n",
}  # fmt: skip
Rows = list[tuple[str | None, ...]]


@pytest.fixture(scope="module")
def tables(lake: LakeClient) -> list[str]:
    """Tables of this file's own, uploaded and converted; one of its files was replaced, one deleted."""
    prefix = f"clients_{uuid.uuid4().hex[:8]}"
    keys = {f"csv-files/{prefix}_{name}": body for name, body in FILES.items()}
    for key, body in keys.items():
        lake.put(key, body)
    lake.wait_for_outcomes(set(keys))
    lake.put(f"csv-files/{prefix}_replaced/a.csv", "id\n2\n3\n")
    table = f"{prefix}_replaced"
    deadline = time.monotonic() + 60
    while lake.query(f"SELECT id FROM {table} ORDER BY id") != [{"id": "2"}, {"id": "3"}]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return sorted({key.split("/")[1] for key in keys})


@pytest.fixture(scope="module")
def truth(lake: LakeClient, stack: dict[str, str], session: boto3.Session, tables: list[str]) -> dict[str, Rows]:
    """Every table of the database that can be read and is not too long → what the API says of it."""
    glue: Any = session.client("glue", endpoint_url=stack["endpoint_url"])
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=stack["database"])
    found: dict[str, Rows] = {}
    for name in (table["Name"] for page in pages for table in page["TableList"]):
        try:
            if int(lake.query(f'SELECT count(*) AS n FROM "{name}"')[0]["n"]) <= MOST_ROWS:
                found[name] = in_order(lake.lake.ask(f'SELECT * FROM "{name}"').rows)
        except QueryError:
            assert name not in tables
    assert set(tables) < set(found)
    return found


@pytest.fixture(autouse=True)
def environment(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `. .local/env` sets."""
    for name, value in aws_environment(stack["endpoint_url"]).items():
        monkeypatch.setenv(name, value)
    boto3.DEFAULT_SESSION = None
    yield
    boto3.DEFAULT_SESSION = None


def in_order(rows: Sequence[Sequence[str | None]]) -> Rows:
    return sorted((tuple(row) for row in rows), key=lambda row: [cell or "" for cell in row])


def text(value: Any) -> str | None:
    """Write a client's value as the API does."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    match value:
        case bool():
            return str(value).lower()
        case float():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case datetime():  # pandas' Timestamp is one
            return value.isoformat(" ", "milliseconds")
    return str(value)


def same(found: Rows, wanted: Rows, empty_is_null: bool = False) -> bool:
    """Compare cell by cell: doubles by value, since Python writes them in another form."""

    def equal(one: str | None, other: str | None) -> bool:
        if one == other or (empty_is_null and not one and not other):
            return True
        try:
            return one is not None and other is not None and "E" in other + one.upper() and float(one) == float(other)
        except ValueError:
            return False

    def key(rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: [cell or "" for cell in row])

    pairs = zip(key(found), key(wanted), strict=False)
    return len(found) == len(wanted) and all(len(a) == len(b) and all(map(equal, a, b)) for a, b in pairs)


def check_all(truth: dict[str, Rows], read: Callable[[str], Rows], *, empty_is_null: bool = False) -> None:
    wrong = [name for name, rows in truth.items() if not same(read(name), rows, empty_is_null)]
    assert not wrong, [(name, read(name)[:3], truth[name][:3]) for name in wrong[:3]]


def test_the_api_gives_every_kind_of_value(truth: dict[str, Rows], tables: list[str]) -> None:
    """What the clients are compared with is itself what the CSVs say."""
    by_name = {name.split("_", 2)[2]: truth[name] for name in tables}
    assert by_name["types"][0] == (
        *("007", "true", "1", "12.50", "12345678901234567890123.45", "1500.0", "2026-02-28", "2026-02-28 10:11:12.345"),
        'He said "hi",\nthen ü',
    )
    assert by_name["types"][1] == ("008", "false", *[None] * 7)
    assert by_name["replaced"] == [("2",), ("3",)]
    rescued = [json.loads(row[-1] or "{}") for row in by_name["rescued"]]
    assert rescued == [{}, {"_extra_cells": ["surplus"], "_raw": "2,3,surplus"}, {"_missing_cells": 1, "_raw": "3"}]
    assert len(by_name["parts"]) == 3


def test_awswrangler(truth: dict[str, Rows], stack: dict[str, str]) -> None:
    def read(name: str) -> Rows:
        frame = wr.athena.read_sql_query(
            f'SELECT * FROM "{name}"',
            database=stack["database"],
            workgroup=stack["workgroup"],
            ctas_approach=False,
            athena_query_wait_polling_delay=0.02,
        )
        return [tuple(map(text, row)) for row in frame.astype(object).itertuples(index=False, name=None)]

    check_all(truth, read, empty_is_null=True)  # it reads the result's CSV with pandas, to which both are the same


def test_pyathena(truth: dict[str, Rows], stack: dict[str, str]) -> None:
    with pyathena.connect(
        region_name=stack["region"], schema_name=stack["database"], work_group=stack["workgroup"], poll_interval=0.02
    ) as connection:

        def read(name: str) -> Rows:
            cursor = connection.cursor()
            cursor.execute(f'SELECT * FROM "{name}"')
            return [tuple(map(text, row)) for row in cursor.fetchall()]

        check_all(truth, read)


def test_sqlalchemy(truth: dict[str, Rows], stack: dict[str, str]) -> None:
    address = f"awsathena+rest://@athena.{stack['region']}.amazonaws.com:443/{stack['database']}"
    engine = sqlalchemy.create_engine(f"{address}?work_group={stack['workgroup']}&poll_interval=0.02")
    with engine.connect() as connection:

        def read(name: str) -> Rows:
            table = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=engine)
            return [tuple(map(text, row)) for row in connection.execute(sqlalchemy.select(table))]

        check_all(truth, read)
    engine.dispose()


@pytest.fixture(scope="module")
def aws() -> Path:
    """The AWS CLI."""
    return ensure_aws(print)


def test_the_aws_cli(aws: Path, truth: dict[str, Rows], tables: list[str], stack: dict[str, str]) -> None:
    def call(*arguments: str) -> Any:
        done = subprocess.run(
            [aws, "athena", *arguments, "--output", "json"], capture_output=True, text=True, check=True, env=os.environ
        )
        return json.loads(done.stdout)

    def read(name: str) -> Rows:
        query = call(
            *("start-query-execution", "--query-string", f'SELECT * FROM "{name}"', "--work-group", stack["workgroup"]),
            *("--query-execution-context", f"Database={stack['database']}"),
        )["QueryExecutionId"]
        while (state := call("get-query-execution", "--query-execution-id", query)["QueryExecution"]["Status"])[
            "State"
        ] in {"QUEUED", "RUNNING"}:
            time.sleep(0.1)
        assert state["State"] == "SUCCEEDED"
        rows = call("get-query-results", "--query-execution-id", query)["ResultSet"]["Rows"][1:]
        return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows]

    check_all({name: truth[name] for name in tables}, read)
