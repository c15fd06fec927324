"""The command line as a whole: its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

import csvlake
from csvlake import cli
from csvlake.cli import inspect
from csvlake.errors import TransientError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    return path


def test_a_refused_file_is_2_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, out = tmp_path / "empty.csv", tmp_path / "out.parquet"
    empty.touch()
    assert cli.main(["convert", str(empty), str(out)]) == 2
    assert "empty_file: " in capsys.readouterr().err
    assert not out.exists()


def test_trouble_that_may_pass_is_3(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: object) -> None:
        raise TransientError("S3 is away")

    monkeypatch.setattr(inspect, "inspect_file", unreachable)
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


def test_a_reader_that_has_seen_enough_is_no_trouble(source: Path) -> None:
    command = f"{sys.executable} -m csvlake inspect {source} --json; echo $? >&2"
    ended = subprocess.run(
        ["/bin/sh", "-c", f"( {command} ) | true"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(csvlake.__file__).parents[1])},
    )
    assert ended.stderr == "0\n"


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


def test_converting_needs_no_pandas_which_takes_a_quarter_of_a_second(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b,c\n1,x,2020-01-01\n2,y,2020-01-02\n3,odd,2020-01-03,extra\n")
    program = f"""
import sys
from csvlake.__main__ import main
sys.argv = ["csvlake", "convert", {str(tmp_path / "in.csv")!r}, {str(tmp_path / "out.parquet")!r}]
main()
print(sorted({{"pandas", "boto3", "awswrangler"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
