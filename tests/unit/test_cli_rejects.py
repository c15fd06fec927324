"""``csvlake rejects``."""

import csv
from pathlib import Path

import pytest

from csvlake import cli
from tests.lakes import run
from tests.operator_fakes import StackInMemory


@pytest.fixture
def given() -> StackInMemory:
    stack = StackInMemory()
    lake = stack.lake
    keys = [lake.upload("t/a.csv", "id", "1", 'x,"\t'), lake.upload("t/empty.csv"), lake.upload("u/x.csv", "id", "2,3")]
    assert not run(lake.batch(), *keys)
    return stack


def test_refused_files_and_rejected_records_are_listed(
    given: StackInMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rejects"], given.open) == 0
    assert capsys.readouterr().out.splitlines() == [
        "refused file\treason",
        "csv-files/t/empty.csv\tempty_file: the file has no bytes",
        "file\tline\treason\trecord",
        "csv-files/t/a.csv\t1\ttoo many cells\tx,\\t\\n",
        "csv-files/u/x.csv\t0\ttoo many cells\t2,3",
    ]


def test_of_one_table(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rejects", "u"], given.open) == 0
    told = capsys.readouterr().out
    assert "csv-files/u/x.csv" in told
    assert "csv-files/t/" not in told


def test_only_the_newest_conversion_counts(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    lake = given.lake
    lake.clock.advance(1)
    keys = [lake.upload("t/a.csv", "id", "1"), lake.upload("t/empty.csv", "id", "1"), lake.upload("u/x.csv", "id")]
    assert not run(lake.batch(), *keys, request_id="r2")
    assert cli.main(["rejects"], given.open) == 0
    assert capsys.readouterr().out == "no file is refused, and no record is rejected\n"


def test_a_csv_has_all_of_them(given: StackInMemory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = given.lake.upload("v/many.csv", "id", *(f"{number},{'x' * 99}" for number in range(50)))
    assert not run(given.lake.batch(), many, request_id="r2")
    assert cli.main(["rejects", "v"], given.open) == 0
    assert "and more: --out F.csv" in capsys.readouterr().out
    out = tmp_path / "out.csv"
    assert cli.main(["rejects", "--out", str(out)], given.open) == 0
    assert capsys.readouterr().out == f"{out}: 1 refused files, 52 rejected records\n"
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["reason"] == "empty_file: the file has no bytes"
    assert (rows[1]["table_name"], rows[1]["line"], rows[1]["raw"]) == ("t", "1", "x,\t\n")
    assert rows[-1]["raw"] in {f"{number},{'x' * 99}" for number in range(50)}
