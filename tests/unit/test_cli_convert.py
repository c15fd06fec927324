"""``csvlake convert``."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from csvlake import cli
from csvlake.cli import convert
from csvlake.engine.model import Reject
from csvlake.errors import TransientError
from csvlake.files import convert_file, inspect_file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("Id,Plain Name,zip\n1,é,00501\n2,NA,\n", encoding="utf-8")
    return path


def test_convert_writes_parquet_and_reports(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, rejects, report = tmp_path / "out.parquet", tmp_path / "rejects.csv", tmp_path / "report.json"
    assert cli.main(["convert", str(source), str(out), "--rejects", str(rejects), "--report", str(report)]) == 0
    with pq.ParquetFile(out) as file:
        rows = [tuple(row.values()) for row in file.read(use_threads=False).to_pylist()]
    assert rows == [(1, "é", "00501"), (2, "NA", None)]
    assert rejects.read_text() == "line,byte_offset,reason,raw\n"
    assert json.loads(report.read_text())["rows_written"] == 2
    assert capsys.readouterr().out == f"{out}: 2 read, 2 rows, 0 rejected\n"


def test_a_csv_is_never_replaced_by_its_parquet(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = source.read_bytes()
    assert cli.main(["convert", str(source), str(source)]) == 2
    assert "same_file: " in capsys.readouterr().err
    assert source.read_bytes() == before


def test_rejects_are_written_as_a_csv(source: Path, tmp_path: Path) -> None:
    report = inspect_file(source)
    report.rejects = [Reject(3, 9, "cannot be read", b'3,"\xff\n')]
    convert._write_rejects(tmp_path / "rejects.csv", report.rejects)
    with (tmp_path / "rejects.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["3", "9", "cannot be read", '3,"\\xff\n']


def test_a_target_below_a_file_is_told_of(tmp_path: Path) -> None:
    source = tmp_path / "x.csv"
    source.write_text("id\n1\n")
    with pytest.raises(TransientError, match="cannot write"):
        convert_file(source, source / "x.parquet")
