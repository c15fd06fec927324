"""``csvlake status``."""

import json

import pytest

from csvlake import __version__, cli
from tests.lakes import run
from tests.operator_fakes import StackInMemory


@pytest.fixture
def given() -> StackInMemory:
    stack = StackInMemory()
    lake = stack.lake
    lake.version = __version__
    keys = [lake.upload("t/a.csv", "id", "1", "2,3"), lake.upload("t/empty.csv"), lake.upload("u/x.csv", "id", "1")]
    assert not run(lake.batch(), *keys)
    return stack


def test_a_table_is_a_line(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--stack-name", "mine"], given.open) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "queue         0 waiting, 0 being converted, 0 for later",
        "dead letters  0 failed conversions, 0 undelivered events",
        "",
        "table\tfiles\tsettled\trefused\twaiting\trows\trejected records\trescued rows",
        "t\t2\t1\t1\t0\t1\t1\t0",
        "u\t1\t1\t0\t0\t1\t0\t0",
        "",
        "1 files refused: csvlake rejects says why",
    ]
    assert given.opened == ["mine"]


def test_what_is_wrong_comes_with_advice(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    given.lake.version = "0.0.1"
    assert not run(given.lake.batch(), given.lake.upload("u/x.csv", "id", "2"), request_id="r2")
    given.failed.bodies = ["x"]
    given.queue.send("y", 0)
    given.queue.send("z", 60)
    assert cli.main(["status", "u"], given.open) == 0
    told = capsys.readouterr().out
    assert "1 waiting, 0 being converted, 1 for later" in told
    assert "1 dead letters: mend the cause" in told
    assert f"1 files converted by another version than {__version__}: csvlake backfill" in told
    assert "\nt\t" not in told


def test_as_json_it_is_for_programs(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "t", "--json"], given.open) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["queue"] == {"waiting": 0, "in_flight": 0, "delayed": 0}
    assert told["dead_letters"] == {"failed conversions": 0, "undelivered events": 0}
    assert list(told["tables"]) == ["t"]
    assert (told["tables"]["t"]["files"], told["tables"]["t"]["refused"]) == (2, 1)


def test_a_table_that_nobody_knows_is_2(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "none"], given.open) == 2
    assert "no_such_table" in capsys.readouterr().err
