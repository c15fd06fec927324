"""``csvlake inspect``."""

import json
from pathlib import Path

import pytest

from csvlake import cli
from csvlake.cli import inspect
from csvlake.engine.model import Reject
from csvlake.files import inspect_file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("Id,Plain Name,zip\n1,é,00501\n2,NA,\n", encoding="utf-8")
    return path


def test_inspect_says_what_would_be_done(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(source)]) == 0
    told = capsys.readouterr().out
    assert "delimiter=','" in told
    assert 'plain_name  string  "Plain Name"' in told
    assert "2 read, 2 rows, 0 rejected" in told
    assert list(source.parent.iterdir()) == [source]


def test_inspect_as_json_is_the_whole_report(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(source), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dialect"]["delimiter"] == ","
    assert [(column["name"], column["type"], column["source_name"]) for column in told["schema"]] == [
        ("id", "bigint", "Id"),
        ("plain_name", "string", "Plain Name"),
        ("zip", "string", "zip"),
    ]
    assert (told["records_read"], told["rows_written"], told["records_rejected"]) == (2, 2, 0)


def test_options_reach_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.txt"
    path.write_text("1,5\t2\n3,5\t4\n", encoding="utf-8")
    arguments = ["--types", "text", "--delimiter", "\\t", "--no-header", "--json"]
    assert cli.main(["inspect", str(path), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [column["type"] for column in told["schema"]] == ["string", "string"]
    assert told["records_read"] == 2


def test_rejects_are_listed(source: Path) -> None:
    report = inspect_file(source)
    report.rejects = [Reject(line, 9, "cannot be read", b'3,"\xff\n') for line in range(3, 30)]
    told = inspect._describe(report)
    assert "line 3: cannot be read" in told
    assert "and 7 more: see --json" in told
