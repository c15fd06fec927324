"""Real files: each is refused with a reason, or every cell's text comes back.

Without them these tests are skipped. What is compared with was read by Python's own csv module, told only the dialect
that the report names.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from csvlake import convert_file
from csvlake.engine.model import RESCUED_COLUMN, Column
from csvlake.errors import TerminalError
from tests.real_files import DATA, NO_DATA, UnreadableError, read_records
from tests.spelling import is_text_of

FOLDERS = [
    "country_codes",
    "csse_daily",
    "csv_spectrum",
    "csvlint_fixtures",
    "duckdb_csv",
    "fivethirtyeight",
    "footballcsv_england",
    "uk_covid",
]
REAL = ["country_codes", "csse_daily", "fivethirtyeight", "footballcsv_england", "uk_covid"]
QUICK = ["country_codes", "csv_spectrum", "csvlint_fixtures", "footballcsv_england"]


def find_difference(columns: list[Column], rows: list[dict[str, Any]], records: list[list[str]]) -> str | None:
    for number, (row, record) in enumerate(zip(rows, records, strict=True), start=1):
        kept = json.loads(row.get(RESCUED_COLUMN) or "{}")
        for column, text in zip(columns, record, strict=False):
            value = row[column.name]
            if not is_text_of(value, text, column.format) and kept.get(column.name) != text:
                return f"row {number}, {column.name}: {value!r} for {text!r}"
        if record[len(columns) :] != kept.get("_extra_cells", []):
            return f"row {number}: {kept} for {record}"
    return None


def compare(path: Path, target: Path) -> str | None:
    """Convert a file and return what is wrong with the result, None for nothing.

    Raises:
        UnreadableError: Python's reader cannot judge.
    """
    report = convert_file(path, target)
    rows = pq.read_table(target, use_threads=False).to_pylist()
    if not report.records_read == len(rows) + report.records_rejected == report.rows_written + report.records_rejected:
        return "the counts do not agree"
    columns = [column for column in report.schema if column.name != RESCUED_COLUMN]
    try:
        records = read_records(path.read_bytes(), report)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableError from error
    if len(records) != len(rows):
        return f"{len(rows)} rows of {len(records)} records"
    return find_difference(columns, rows, records)


def _mark(folder: str) -> Any:
    """Leave the large folders to the nightly run."""
    return folder if folder in QUICK else pytest.param(folder, marks=pytest.mark.nightly)


@pytest.mark.skipif(not DATA.is_dir(), reason=NO_DATA)
@pytest.mark.parametrize("folder", [_mark(folder) for folder in FOLDERS])
def test_real_files_come_back_or_are_refused_with_a_reason(folder: str, tmp_path: Path) -> None:
    refused, wrong, unreadable = {}, {}, []
    paths = sorted(path for path in (DATA / folder).rglob("*") if path.is_file())
    for path in paths:
        try:
            trouble = compare(path, tmp_path / "out.parquet")
        except TerminalError as refusal:
            refused[path.name] = refusal.reason
        except UnreadableError:
            unreadable.append(path.name)
        else:
            if trouble:
                wrong[str(path.relative_to(DATA))] = trouble
    assert not wrong
    if folder in REAL:
        assert len(refused) <= len(paths) * 0.01, refused
        assert not unreadable
