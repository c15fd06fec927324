"""Real files: each is refused with a reason, or every cell's text comes back.

The folder is ``$CSVLAKE_DATA``, or ``../shared/data`` beside the project; without it these tests are skipped. What is
compared with was read by Python's own csv module, told only the dialect that the report names.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from csvlake import convert_file
from csvlake.engine.model import RESCUED_COLUMN, Column, Report
from csvlake.errors import TerminalError
from tests.spelling import is_text_of

DATA = Path(os.environ.get("CSVLAKE_DATA") or Path(__file__).parents[3] / "shared" / "data")
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
STAND_INS = "\x1e\x1d\ue000"  # Python's reader takes delimiters of one character
OPENERS = {"gzip": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}


class UnreadableError(Exception):
    """Python's csv module reads the file otherwise, because it is not written as that module wants it."""


def read_records(path: Path, report: Report) -> list[list[str]]:
    """Read a file's records strictly: a quote where none belongs is an error.

    Lines that the report lists as no records or as rejected are left out; all others must be rows.
    """
    dialect = report.dialect
    if dialect.escape or dialect.delimiter == " +" or len(report.skipped) > 1000:
        raise UnreadableError
    content = path.read_bytes()
    if dialect.compression:
        content = OPENERS[dialect.compression](content)
    text = content.decode(dialect.encoding, "surrogateescape").removeprefix("\ufeff")
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n|$)", text)
    for line, raw in [(s.line, s.text) for s in report.skipped] + [(r.line, r.raw) for r in report.rejects]:
        for place in range(line - 1, line + len(re.findall(rb"\r\n|\r|\n", raw))):
            lines[place] = ""
    if any("\udc80" <= char <= "\udcff" for line in lines for char in line):
        raise UnreadableError
    body = "".join(lines)
    delimiter = dialect.delimiter if len(dialect.delimiter) == 1 else next(c for c in STAND_INS if c not in body)
    reader = csv.reader(
        io.StringIO(body.replace(dialect.delimiter, delimiter), newline=""),
        delimiter=delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        doublequote=not dialect.escape,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    width = sum(column.name != RESCUED_COLUMN for column in report.schema)
    records = [record or [""] for record in reader if record or width == 1]
    return [[cell.replace(delimiter, dialect.delimiter) for cell in record] for record in records]


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
        records = read_records(path, report)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableError from error
    if len(records) != len(rows):
        return f"{len(rows)} rows of {len(records)} records"
    return find_difference(columns, rows, records)


def _mark(folder: str) -> Any:
    """Leave the large folders to the nightly run."""
    return folder if folder in QUICK else pytest.param(folder, marks=pytest.mark.nightly)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real files at {DATA}: set CSVLAKE_DATA to a folder of CSV files")
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
