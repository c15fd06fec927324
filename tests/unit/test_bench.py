"""The benchmark's harness: it runs whole processes, checks their rows and says where csvlake is behind."""

from pathlib import Path

import pytest

from tests.bench import run
from tests.bench.machine import Machine
from tests.bench.make_data import make_table
from tests.bench.measure import Outcome, Run
from tests.bench.report import Result, describe_table, write_document


def _outcome(walls: list[float], row_count: int = 7, failure: str = "") -> Outcome:
    return Outcome([Run(wall, 2 * wall, 100.0, 5.0) for wall in walls], row_count, "1 text", failure)


def test_a_tiny_run_converts_by_every_engine_asked_and_agrees(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--scale", "0.0005", "--rounds", "1", "--tables", "text,small", "--engines", "csvlake,duckdb"]
    assert run.main([*arguments, "--data", str(tmp_path)]) == 0
    told = capfd.readouterr().out
    assert "text: 0.2 MB in 1 file\n" in told
    assert "small: 0.0 MB in 3 files\n" in told
    assert told.count("All read") == 2
    assert not (tmp_path / "scale-0.0005" / "scratch").exists()


def test_the_same_scale_makes_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        make_table(tmp_path / folder, "text", 0.001)
        make_table(tmp_path / folder, "wide", 0.001)
    for name in ("text.csv", "wide.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    outcomes = {"csvlake": _outcome([1.0, 8.0, 3.0]), "polars": _outcome([2.0, 4.0, 3.0])}
    assert Result("text", 10, 1, outcomes).ratio("csvlake", "wall_s") == 1.0


def test_failures_and_differing_rows_are_trouble_and_told() -> None:
    outcomes = {"csvlake": _outcome([1.0]), "polars": _outcome([2.0], row_count=6), "pandas": _outcome([], 0, "boom")}
    result = Result("text", 10, 1, outcomes)
    assert result.trouble() == ["pandas failed: boom", "row counts differ: csvlake 7, polars 6"]
    assert "pandas failed: boom" in describe_table(result)


def test_the_document_names_what_is_slower_and_a_busy_machine(tmp_path: Path) -> None:
    outcomes = {"csvlake": _outcome([3.0]), "polars": _outcome([2.0])}
    machine = Machine("a cpu", 2, 8.0, "an OS", 1.5, "abc", "today", foreign_cpu_share=0.4)
    write_document(tmp_path / "bench.md", [Result("wide", 10, 1, outcomes)], machine, 1.0, 1)
    text = (tmp_path / "bench.md").read_text(encoding="utf-8")
    assert "**The machine was not quiet**: load 1.5 before the run, and other programs used 40%" in text
    assert "slower than polars (1.50 times as much)." in text
    assert "the aim of 1.1 times polars is missed in wall time: 1.50" in text
