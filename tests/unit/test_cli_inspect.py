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


def test_lines_that_are_no_records_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b'sep=;\nReport of May\n\nid;name\n1;"a\nb"\n2;c\nTotal;2\n')
    assert cli.main(["inspect", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = lines.index("no data   line 1, hint: sep=;")
    assert [line.strip() for line in lines[first + 1 :]] == [
        "line 2, preamble: Report of May",
        "line 3, blank:",
        "line 4, header: id;name",
        "line 8, footer: Total;2",
    ]
    assert cli.main(["inspect", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["skipped"][1] == {"line": 2, "kind": "preamble", "text": "Report of May"}


def test_forms_and_problems_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, contract = tmp_path / "in.csv", tmp_path / "c.yaml"
    path.write_bytes(b"day,n\n31/01/2026,x\n01/02/2026,2\n")
    contract.write_text("columns: [{name: day}, {name: n, type: bigint}, {name: left_out}]\n")
    assert cli.main(["inspect", str(path), "--with", str(contract)]) == 0
    told = capsys.readouterr().out
    assert "day            date as %d/%m/%Y" in told
    assert "the file has no column 'left_out' of the contract: it is null in its rows" in told
    assert "1 cell of column 'n' is no bigint, as 'x': kept in _rescued_data; in a contract, under columns" in told


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
