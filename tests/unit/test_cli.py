"""The command line: what it prints, what it writes, and its exit codes."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import csvlake
from csvlake import cli, files
from csvlake.errors import TransientError


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


def test_convert_writes_parquet_and_reports(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, rejects, report = tmp_path / "out.parquet", tmp_path / "rejects.csv", tmp_path / "report.json"
    assert cli.main(["convert", str(source), str(out), "--rejects", str(rejects), "--report", str(report)]) == 0
    with pq.ParquetFile(out) as file:
        rows = [tuple(row.values()) for row in file.read(use_threads=False).to_pylist()]
    assert rows == [(1, "é", "00501"), (2, "NA", None)]
    assert rejects.read_text() == "line,byte_offset,reason,raw\n"
    assert json.loads(report.read_text())["rows_written"] == 2
    assert capsys.readouterr().out == f"{out}: 2 read, 2 rows, 0 rejected\n"


def test_options_reach_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.txt"
    path.write_text("1,5\t2\n3,5\t4\n", encoding="utf-8")
    arguments = ["--types", "text", "--delimiter", "\\t", "--no-header", "--json"]
    assert cli.main(["inspect", str(path), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [column["type"] for column in told["schema"]] == ["string", "string"]
    assert told["records_read"] == 2


def test_a_refused_file_is_2_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, out = tmp_path / "empty.csv", tmp_path / "out.parquet"
    empty.touch()
    assert cli.main(["convert", str(empty), str(out)]) == 2
    assert "empty_file: " in capsys.readouterr().err
    assert not out.exists()


def test_a_csv_is_never_replaced_by_its_parquet(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = source.read_bytes()
    assert cli.main(["convert", str(source), str(source)]) == 2
    assert "same_file: " in capsys.readouterr().err
    assert source.read_bytes() == before


def test_trouble_that_may_pass_is_3(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: object) -> None:
        raise TransientError("S3 is away")

    monkeypatch.setattr(cli, "inspect_file", unreachable)
    assert cli.main(["inspect", str(source)]) == 3
    assert capsys.readouterr().err == f"csvlake: {source}: S3 is away\n"


@pytest.mark.parametrize(
    "arguments", [[], ["sing"], ["inspect"], ["convert", "x"], ["inspect", "x", "--types", "guess"]]
)
def test_wrong_usage_is_1(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 1
    assert "usage: csvlake" in capsys.readouterr().err


def test_rejects_are_written_as_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    report = files.inspect_file(path)
    report.rejects = [csvlake.engine.model.Reject(3, 9, "cannot be read", b'3,"\xff\n')]
    cli._write_rejects(tmp_path / "rejects.csv", report.rejects)
    with (tmp_path / "rejects.csv").open(newline="") as file:
        assert list(csv.reader(file))[1] == ["3", "9", "cannot be read", '3,"\\xff\n']
    assert cli._plain(report)["rejects"][0]["raw"] == '3,"\\xff\n'
    assert "line 3: cannot be read" in cli._describe(report)


def test_it_runs_as_a_module(source: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "csvlake", "inspect", str(source)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(csvlake.__file__).parents[1])},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "2 read" in ended.stdout
