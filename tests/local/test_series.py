"""Real series over the whole chain: after every file Athena gives every cell's text of every file so far.

CSVLAKE_SERIES=all takes every file of four series, else a few that change their table. The files are not part of the
project; without them (CSVLAKE_DATA) the tests are skipped. They are read here by Python's csv module.
"""

import io
import json
import os
import re
import time
import uuid
from collections import Counter
from datetime import date, datetime
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest

from csvlake import engine
from csvlake.engine.model import RESCUED_COLUMN
from tests.local.lake_client import LakeClient
from tests.real_files import DATA, NO_DATA, read_records
from tests.series import list_series
from tests.spelling import write

pytestmark = [pytest.mark.local, pytest.mark.skipif(not DATA.is_dir(), reason=NO_DATA)]

FEW = {"csse_daily": [0, 10, 60, 90], "delegate_targets": [0, 3, 6], "brackets": [0, 1, 60], "nhsr": [0, 1, 18]}
LIMIT_S = 300
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
EXPONENT = re.compile(r"-?[0-9.]+[eE][-+]?[0-9]+")


@pytest.mark.parametrize("series", FEW)
def test_athena_gives_every_text_after_every_file(
    lake: LakeClient, session: boto3.Session, stack: dict[str, str], series: str
) -> None:
    s3 = session.client("s3", endpoint_url=stack["endpoint_url"])
    table = f"{series}_{uuid.uuid4().hex[:10]}"
    files = list(list_series(series).items())
    if os.environ.get("CSVLAKE_SERIES") != "all":
        files = [files[at] for at in FEW[series]]
    wanted: dict[str, tuple[list[str], Counter[tuple[str, ...]]]] = {}
    for number, (name, content) in enumerate(files):
        target = f"parquet-files/{table}/{number:03}.csv.parquet"
        wanted[f"s3://{stack['bucket']}/{target}"] = read_texts(content)
        lake.put(f"csv-files/{table}/{number:03}.csv", content)
        wait_until_settled(lake, table, target)
        found: dict[str, list[dict[str, str]]] = {path: [] for path in wanted}
        for row in lake.query(f'SELECT *, "$path" AS path FROM {table}'):
            found[row.pop("path")].append(row)
        for path, (columns, texts) in wanted.items():
            body = s3.get_object(Bucket=stack["bucket"], Key=path.removeprefix(f"s3://{stack['bucket']}/"))[
                "Body"
            ].read()
            assert Counter(spell(row, columns, formats_of(body)) for row in found[path]) == texts, (name, path)


def wait_until_settled(lake: LakeClient, table: str, target: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while target not in set(lake.lake.list(f"parquet-files/{table}/")) or is_changing(lake, table):
        assert time.monotonic() < deadline, target
        time.sleep(0.5)


def is_changing(lake: LakeClient, table: str) -> bool:
    described = lake.lake.describe_table(table)
    return described is None or "csvlake.converting" in described["Parameters"]


def read_texts(content: bytes) -> tuple[list[str], Counter[tuple[str, ...]]]:
    """Return a file's column names, and its records."""
    report = engine.inspect(engine.open_source(content))
    columns = [column.name for column in report.schema if column.name != RESCUED_COLUMN]
    return columns, Counter(tuple(map(simplify, record)) for record in read_records(content, report))


def formats_of(parquet: bytes) -> dict[str, str]:
    fields = pq.read_schema(io.BytesIO(parquet))
    return {field.name: (field.metadata or {}).get(b"csvlake.format", b"").decode() for field in fields}


def spell(row: dict[str, str], columns: list[str], formats: dict[str, str]) -> tuple[str, ...]:
    """Return the texts that a row's cells had."""
    rescued = json.loads(row.get(RESCUED_COLUMN) or "{}")
    return tuple(simplify(rescued.get(name, spell_cell(row[name], formats[name]))) for name in columns)


def spell_cell(value: str, format_: str) -> str:
    if not value or not format_:
        return value.removesuffix(".000") if re.fullmatch(r"\S{10} \S{8}\.000", value) else value
    parsed: Any = value == "true" if "/" in format_ else value
    if "%" in format_:
        parsed = datetime.fromisoformat(value) if ":" in value else date.fromisoformat(value)
    return write(parsed, format_)


def simplify(text: str) -> str:
    """Return what is told apart of a number: no zeros at its end, no way to write an exponent."""
    if DECIMAL.fullmatch(text):
        return text.rstrip("0").rstrip(".")
    return repr(float(text)) if EXPONENT.fullmatch(text) else text
